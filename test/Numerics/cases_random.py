# ===- cases_random.py - Plans made at random -------------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# What nobody thought of: methods, dtypes, shapes, slices, places of parameters,
# filters and gradients, combined by a generator. Case number n is the same
# wherever it runs; `run.py random_plans --first 40 --count 1000` tries others.
#
# ===----------------------------------------------------------------------===#

import numpy as np

import models as m
from cases import Case
from safetensors_io import Tensor

FILTERS = ("self_attn", "mlp", "layernorm", "down_proj", "layers.1.", "norm",
           "embed_tokens", "odd", "*")
DTYPES = ("BF16", "BF16", "F16", "F32", "F64")


class _Maker:
    def __init__(self, number):
        self.rng = m.generator("random plan", number)
        self.number = number

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def value(self, low, high):
        """A number, a gradient, or alternatives behind filters."""
        def plain():
            return round(float(self.rng.uniform(low, high)), 3)

        def number_or_gradient():
            if self.chance(0.25):
                return [plain() for _ in range(self.rng.integers(1, 5))]
            return plain()
        if self.chance(0.25):
            found = [{"filter": self.pick(FILTERS), "value": number_or_gradient()}
                     for _ in range(self.rng.integers(1, 4))]
            return found + [{"value": plain()}]
        return number_or_gradient()

    def models(self):
        layers, hidden = int(self.rng.integers(1, 5)), 2 * int(self.rng.integers(1, 9))
        vocab = int(self.rng.integers(3, 60))
        odd = [(f"odd.{i}", tuple(int(x) for x in self.rng.integers(1, 40, rank)))
               for i, rank in enumerate(self.rng.integers(0, 4, 3))]
        if self.chance(0.3):
            odd.append(("odd.wide", (int(self.rng.integers(1, 5)),
                                     int(self.rng.integers(60000, 300000)))))
        base = m.base_model(f"random/{self.number}", self.pick(DTYPES),
                            float(self.pick((0.02, 1, 1e-6, 300))), layers=layers,
                            hidden=hidden, vocab=vocab, extra=tuple(odd))
        names = "abcd"[:self.rng.integers(1, 5)]
        result = {"base": base}
        scale = float(np.std(base.tensors["model.norm.weight"].float64())) or 1
        for name in names:
            result[name] = m.finetune(base, f"random/{self.number}/{name}",
                                      self.pick((None, self.pick(DTYPES))),
                                      scale * float(self.pick((0.01, 0.2, 2))),
                                      float(self.pick((0, 0.3, 0.9))))
        for name, spec in result.items():
            if self.chance(0.2):
                spec = m.mixed_dtypes(spec, DTYPES, f"{self.number}/{name}")
            if self.chance(0.2):
                victim = self.pick(list(spec.tensors))
                tensor = spec.tensors[victim]
                spec.tensors[victim] = Tensor.of(tensor.dtype,
                                                 np.zeros(tensor.shape))
            spec.shards = int(self.rng.integers(1, 4))
            spec.shuffled = self.chance(0.5)
            result[name] = spec
        return result, layers, list(names)

    def source(self, method, name):
        parameters = {}
        if method in ("linear", "task_arithmetic", "ties"):
            # Weights that never sum to zero, mostly of one sign.
            parameters["weight"] = self.value(0.1, 1.5)
        if method == "ties" and self.chance(0.9):
            parameters["density"] = self.value(0, 1)
        if method == "passthrough" and self.chance(0.6):
            parameters["scale"] = self.value(-2, 2)
        return {"model": name, "parameters": parameters}

    def case(self):
        models, layers, names = self.models()
        method = self.pick(("linear", "passthrough", "slerp", "task_arithmetic",
                            "ties", "ties"))
        plan = {"merge_method": method, "parameters": {}}

        def sources():
            if method == "passthrough":
                return [self.source(method, self.pick(names))]
            if method == "slerp":
                return [{"model": "base"}, {"model": self.pick(names)}]
            found = [self.source(method, n) for n in names]
            if self.chance(0.2):
                found.append(self.source(method, self.pick(names)))
            return found
        if method in ("slerp", "task_arithmetic", "ties"):
            plan["base_model"] = "base"
        if self.chance(0.5):
            plan["models"] = sources()
        else:
            plan["slices"] = []
            for _ in range(self.rng.integers(1, 4)):
                first = int(self.rng.integers(0, layers))
                last = int(self.rng.integers(first + 1, layers + 1))
                part = {"sources": [{**s, "layer_range": [first, last]}
                                    for s in sources()]}
                if self.chance(0.3):
                    part["parameters"] = self.globals_of(method)
                plan["slices"].append(part)
        plan["parameters"] = self.globals_of(method)
        if method == "slerp":
            plan["parameters"].setdefault("t", self.value(0, 1))
        if self.chance(0.7):
            plan["dtype"] = self.pick(("bfloat16", "float32", "float16", "float64"))
        if self.chance(0.2):
            plan["out_dtype"] = self.pick(("bfloat16", "float32", "float64"))
        arguments = ["--threads", str(self.rng.integers(1, 5)), "--memory",
                     self.pick(("48MiB", "200MiB", "1GiB"))]
        if self.chance(0.3):
            arguments += ["--out-shard-size", "20K"]
        return Case(f"{self.number}-{method}", models, plan, arguments)

    def globals_of(self, method):
        found = {}
        if method == "slerp":
            if self.chance(0.7):
                found["t"] = self.value(0, 1)
            return found
        if method == "passthrough":
            return found
        if self.chance(0.5):
            found["normalize"] = bool(self.chance(0.5))
        if method != "linear" and self.chance(0.4):
            found["lambda"] = self.value(-1, 2)
        if method == "ties":
            if self.chance(0.3):
                found["rescale"] = True
            if self.chance(0.2):
                found["consensus_method"] = self.pick(("sum", "count"))
        return found


def random_plans(first=0, count=40):
    for number in range(first, first + count):
        yield _Maker(number).case()


GROUPS = {"random_plans": random_plans}
