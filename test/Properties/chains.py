# ===- chains.py - A chain is its stages run one by one ---------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   chains.py --work DIRECTORY [--first N] [--count N]
#
# Chains of two to six stages, made at random: methods, dtypes, seeds, slices of
# models and of stages, so that the number of layers changes on the way, and
# filters. Each runs as one graph and stage by stage through files. Every file of
# the result, and of a stage that is kept, must be the same, but for the two that
# tell how it was made. Chain number n is the same wherever it runs.
#
# ===----------------------------------------------------------------------===#

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Numerics"))

import models as m  # noqa: E402
from safetensors_io import Tensor  # noqa: E402
from same_bytes import allows_direct_io  # noqa: E402

HISTORY = ("README.md", "mergekit_config.yml")
FILTERS = ("self_attn", "mlp", "norm", "down_proj", "layers.1.", "odd")
BASELESS, OPTIONAL, BASED = "baseless", "optional", "based"
# Method: what becomes of a base, how many models besides it, parameters of each
# model and of the merge: name to (low, high) or choices.
METHODS = {
    "linear": (BASELESS, 1, 4, {"weight": (0.1, 1.5)}, {"normalize": (True, False)}),
    "passthrough": (BASELESS, 1, 1, {"scale": (-2.0, 2.0)}, {}),
    "slerp": (BASED, 1, 1, {}, {"t": (0.0, 1.0)}),
    "nuslerp": (OPTIONAL, 2, 2, {"weight": (0.1, 1.0)},
                {"nuslerp_flatten": (True, False)}),
    "multislerp": (OPTIONAL, 2, 4, {"weight": (0.2, 1.0)}, {}),
    "karcher": (BASELESS, 2, 4, {}, {"max_iter": (3, 10)}),
    "task_arithmetic": (BASED, 1, 4, {"weight": (0.1, 1.0)}, {"lambda": (0.2, 1.0)}),
    "ties": (BASED, 1, 4, {"weight": (0.1, 1.0), "density": (0.0, 1.0)},
             {"rescale": (True, False), "consensus_method": ("sum", "count")}),
    "dare_linear": (BASED, 1, 3, {"weight": (0.1, 1.0), "density": (0.1, 1.0)}, {}),
    "dare_ties": (BASED, 1, 3, {"weight": (0.1, 1.0), "density": (0.1, 1.0)},
                  {"rescale": (True, False)}),
    "breadcrumbs": (BASED, 1, 3, {"weight": (0.1, 1.0), "density": (0.2, 0.9),
                                  "gamma": (0.0, 0.1)}, {}),
    "breadcrumbs_ties": (BASED, 1, 3, {"weight": (0.1, 1.0), "density": (0.2, 0.9),
                                       "gamma": (0.0, 0.1)}, {}),
    "della": (BASED, 1, 3, {"weight": (0.1, 1.0), "density": (0.4, 0.6),
                            "epsilon": (0.1, 0.3)}, {}),
    "della_linear": (BASED, 1, 3, {"weight": (0.1, 1.0), "density": (0.4, 0.6),
                                   "epsilon": (0.1, 0.3)}, {"rescale": (True, False)}),
    "sce": (BASED, 1, 3, {}, {"select_topk": (0.1, 1.0)}),
    "model_stock": (BASED, 2, 3, {}, {"filter_wise": (True, False)}),
    "nearswap": (BASED, 1, 1, {}, {"t": (0.0001, 0.01)}),
    "arcee_fusion": (BASED, 1, 1, {}, {}),
    "ram": (BASED, 1, 3, {}, {}),
    "ramplus_tl": (BASED, 1, 3, {}, {"r": (0.0, 0.5)}),
}


def with_less_vocabulary(spec):
    """Of rows that not all models have the common ones are merged."""
    shorter = {n: Tensor(t.dtype, t.bits[:-2]) for n, t in spec.tensors.items()
               if "embed_tokens" in n or "lm_head" in n}
    spec = m.with_tensors(spec, shorter)
    spec.config["vocab_size"] -= 2
    return spec


class Maker:
    def __init__(self, number):
        self.rng = m.generator("chain", number)
        self.number = number

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def models(self):
        """Specs by name, and the number of layers of each."""
        layers = int(self.rng.integers(1, 5))
        odd = (("odd.scalar", ()), ("odd.rank3", (3, 5, 7)), ("odd.long", (1027,)))
        base = m.base_model(f"chain/{self.number}", self.pick(("BF16", "F16", "F32")),
                            layers=layers, hidden=2 * int(self.rng.integers(2, 9)),
                            vocab=int(self.rng.integers(5, 50)),
                            tied=bool(self.chance(0.3)),
                            extra=odd if self.chance(0.5) else ())
        result = {"base": base}
        for name in "abc":
            result[name] = m.finetune(base, f"chain/{self.number}/{name}")
            if self.chance(0.2):
                result[name] = m.mixed_dtypes(result[name], ("BF16", "F32", "F64"),
                                              f"{self.number}/{name}")
            if self.chance(0.15):
                result[name] = with_less_vocabulary(result[name])
        return result, {name: layers for name in result}

    def value(self, bounds):
        if not isinstance(bounds[0], float):
            return self.pick([x.item() if hasattr(x, "item") else x for x in bounds])
        low, high = bounds

        def plain():
            return round(float(self.rng.uniform(low, high)), 4)

        if self.chance(0.15):
            return [plain() for _ in range(self.rng.integers(2, 4))]
        if self.chance(0.15):
            return [{"filter": self.pick(FILTERS), "value": plain()},
                    {"value": plain()}]
        return plain()

    def parameters(self, table, share):
        return {name: self.value(bounds) for name, bounds in table.items()
                if name in ("weight", "t") or self.chance(share)}

    def stage(self, layers, newest):
        """A plan over models with these numbers of layers, and its own number.
        It uses the newest stage, so that the chain is one."""
        method = self.pick(list(METHODS))
        base, least, most, of_model, of_merge = METHODS[method]
        count = int(self.rng.integers(least, most + 1))
        takes_base = base == BASED or (base == OPTIONAL and self.chance(0.5))
        names = [self.pick(list(layers)) for _ in range(count + takes_base)]
        if newest:
            names[self.rng.integers(len(names))] = newest
        while takes_base and names[0] in names[1:]:
            names[0] = self.pick(list(layers))
            if newest and newest not in names:
                names[1] = newest
        plan = {"merge_method": method, "parameters": self.parameters(of_merge, 0.6)}
        if takes_base:
            plan["base_model"] = names[0]

        def sources(length=None):
            found = []
            for name in names:
                item = {"model": name}
                if not (takes_base and name == names[0]):
                    item["parameters"] = self.parameters(of_model, 0.8)
                if length:
                    first = int(self.rng.integers(0, layers[name] - length + 1))
                    item["layer_range"] = [first, first + length]
                found.append(item)
            return found

        shortest = min(layers[name] for name in names)
        if len({layers[name] for name in names}) == 1 and self.chance(0.6):
            plan["models"], total = sources(), shortest
        else:
            plan["slices"], total = [], 0
            for _ in range(self.rng.integers(1, 4)):
                length = int(self.rng.integers(1, shortest + 1))
                plan["slices"].append({"sources": sources(length)})
                total += length
                if total > 8:
                    break
        if self.chance(0.7):
            plan["dtype"] = self.pick(("bfloat16", "bfloat16", "float16", "float32",
                                       "float64"))
        if self.chance(0.3):
            plan["seed"] = int(self.rng.integers(0, 1000))
        return plan, total

    def chain(self):
        models, layers = self.models()
        stages, newest = {}, None
        for i in range(self.rng.integers(2, 7)):
            plan, total = self.stage(layers, newest)
            newest = f"s{i}"
            stages[newest] = plan
            layers[newest] = total
        return models, stages


def run(directory, arguments):
    done = subprocess.run(["mergec", *arguments, "--quiet"], cwd=directory,
                          capture_output=True, text=True)
    return done.returncode, done.stderr


def renamed(plan, names):
    """The plan with its models called otherwise."""
    if isinstance(plan, dict):
        return {k: names.get(v, v) if k in ("model", "base_model")
                else renamed(v, names) for k, v in plan.items()}
    return [renamed(p, names) for p in plan] if isinstance(plan, list) else plan


def differences(a, b):
    names = {p.name for d in (a, b) for p in d.iterdir()} - set(HISTORY)
    return [n for n in sorted(names) if not (a / n).is_file()
            or not (b / n).is_file() or (a / n).read_bytes() != (b / n).read_bytes()]


def chain_arguments(maker, directory, stages):
    """Writes the chain as one file, as several, or as plans of a staged run."""
    form = maker.pick(("documents", "files", "bindings"))
    last = list(stages)[-1]
    if form == "documents":
        text = [json.dumps({"name": n, **p}) if n != last else json.dumps(p)
                for n, p in stages.items()]
        maker.rng.shuffle(text)
        (directory / "plan.yml").write_text("\n---\n".join(text) + "\n")
        return ["plan.yml"]
    names = {} if form == "bindings" else {n: f"{n}.yml" for n in stages}
    for name, plan in stages.items():
        (directory / f"{name}.yml").write_text(json.dumps(renamed(plan, names)))
    # What the result does not need no plan that is read mentions.
    return [f"{last}.yml", *(f"--stage={n}={n}.yml" for n in reaches(stages, last)
                             if form == "bindings" and n != last)]


def check(number, work, direct):
    """Nothing, or what is wrong."""
    maker = Maker(number)
    models, stages = maker.chain()
    shutil.rmtree(work, ignore_errors=True)
    staged, chained = work / "staged", work / "chained"
    chained.mkdir(parents=True)
    for name, spec in models.items():
        spec.write(staged / name, name)
        (chained / name).symlink_to(staged / name)
    for name, plan in stages.items():
        (staged / f"{name}.yml").write_text(json.dumps(plan, indent=1))
        code, words = run(staged, [f"{name}.yml", "-o", name])
        if code:
            return f"stage {name}: exit code {code}\n{words}"
    arguments = chain_arguments(maker, chained, stages)
    last, kept = list(stages)[-1], maker.pick(list(stages)[:-1])
    if kept in reaches(stages, last) and maker.chance(0.6):
        call = f"{kept}.yml" if (chained / f"{kept}.yml").exists() and not any(
            a.startswith("--stage") for a in arguments) else kept
        arguments.append(f"--keep={call}=kept")
    code, words = run(chained, [
        *arguments, "-o", "out", "--threads", str(maker.rng.integers(1, 4)),
        "--hold", maker.pick(("auto", "auto", "recompute", "memory", "scratch")),
        *(["--io=direct"] if direct and number % 2 else [])])
    if code:
        return f"the chain: exit code {code}\n{words}"
    wrong = differences(staged / last, chained / "out")
    if (chained / "kept").exists():
        wrong += [f"kept/{n}" for n in differences(staged / kept, chained / "kept")]
    return f"these differ: {', '.join(wrong)}" if wrong else None


def used(plan):
    """The models that a plan mentions."""
    if isinstance(plan, dict):
        return {v for k, v in plan.items() if k in ("model", "base_model")}.union(
            *(used(v) for v in plan.values()))
    return set().union(*map(used, plan)) if isinstance(plan, list) else set()


def reaches(stages, name):
    """The stages that it needs, and itself."""
    found = {name}
    for stage in reversed(list(stages)):
        if stage in found:
            found |= used(stages[stage]) & set(stages)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    failures = 0
    options.work.mkdir(parents=True, exist_ok=True)
    direct = allows_direct_io(options.work)
    for number in range(options.first, options.first + options.count):
        work = options.work.resolve() / str(number)
        wrong = check(number, work, direct)
        if wrong:
            print(f"FAIL: chain {number}: {wrong}")
            failures += 1
        else:
            shutil.rmtree(work)
    print(f"{options.count - failures} of {options.count} chains give the same "
          "bytes as their stages")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
