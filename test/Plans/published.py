# ===- published.py - Runs published plans on small models ------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   published.py SCENARIO --work DIRECTORY
#
# A scenario is one plan of Inputs, word for word as it was published, on models
# of the names it mentions: in a Hugging Face cache laid out as the hub's client
# does it (blobs, and links to them in a snapshot), or beside the plan for names
# without an organisation. It either runs, and the result is judged by the float64
# oracle of test/Numerics, or is refused with the diagnostics listed here.
#
# ===----------------------------------------------------------------------===#

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Numerics"))

import cases_vocabulary as vocabularies  # noqa: E402
import models as m  # noqa: E402
import yaml_subset  # noqa: E402
from cases import Case  # noqa: E402
from run import (  # noqa: E402
    RANDOM_FORMULAS, expectations, judge_result, probe_masks, report)
from safetensors_io import Tensor, read_model  # noqa: E402

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Scenario:
    plan: str
    models: dict  # Name to ModelSpec.
    # Regular expressions that standard error must match.
    says: list = field(default_factory=list)
    refused: bool = False
    # At most so many errors, each mismatching group being explained once.
    most_errors: int = 0
    out: str = "out"
    # Scenarios whose result is a model of this one.
    before: list = field(default_factory=list)


def llama(seed, layers=32, hidden=8, vocab=16, like=None, **settings):
    spec = (m.finetune(like, seed) if like else
            m.base_model(seed, layers=layers, hidden=hidden, vocab=vocab))
    spec.config.update(settings)
    return spec


def mistral(seed, like=None, **options):
    return llama(seed, like=like, architectures=["MistralForCausalLM"],
                 model_type="mistral", **options)


def mixtral_shapes(layers=32, hidden=8, vocab=16, experts=2):
    shapes = m.llama_shapes(layers, hidden, vocab)
    for name in [n for n in shapes if ".mlp." in n]:
        del shapes[name]
    for layer in range(layers):
        moe = f"model.layers.{layer}.block_sparse_moe"
        shapes[f"{moe}.gate.weight"] = (experts, hidden)
        for expert in range(experts):
            shapes[f"{moe}.experts.{expert}.w1.weight"] = (2 * hidden, hidden)
            shapes[f"{moe}.experts.{expert}.w2.weight"] = (hidden, 2 * hidden)
            shapes[f"{moe}.experts.{expert}.w3.weight"] = (2 * hidden, hidden)
    return shapes


def mixtral(seed, like=None):
    spec = (m.finetune(like, seed) if like else
            m.base_model(seed, shapes=mixtral_shapes(), layers=32, hidden=8,
                         vocab=16))
    spec.config.update(architectures=["MixtralForCausalLM"], model_type="mixtral",
                       num_local_experts=2)
    return spec


def cohere(seed, layers=40, hidden=8, vocab=16):
    shapes = {n: s for n, s in m.llama_shapes(layers, hidden, vocab, True).items()
              if "post_attention" not in n}
    spec = m.base_model(seed, "F16", shapes=shapes, layers=layers, hidden=hidden,
                        vocab=vocab, tied=True)
    spec.config.update(architectures=["CohereForCausalLM"], model_type="cohere")
    return spec


def qwen3(seed):
    spec = m.base_model(seed, layers=32, hidden=16, vocab=24,
                        extra=(("self_attn.q_norm.weight", (8,)),
                               ("self_attn.k_norm.weight", (8,))))
    spec.config.update(architectures=["Qwen3ForCausalLM"], model_type="qwen3")
    return spec


def quantised(spec):
    """As GPTQ stores it: packed integers, scales and zero points."""
    tensors = {}
    for name, tensor in spec.tensors.items():
        if not name.endswith("proj.weight"):
            tensors[name] = tensor
            continue
        stem, (rows, columns) = name[:-len("weight")], tensor.shape
        packed = m.generator(name).integers(0, 1 << 30, (columns // 8, rows))
        tensors[stem + "qweight"] = Tensor("I32", packed.astype("<i4"))
        tensors[stem + "qzeros"] = Tensor("I32", packed[:1, :rows // 8].astype("<i4"))
        tensors[stem + "scales"] = Tensor.of("F16", packed[:1] / 2.0 ** 34)
        tensors[stem + "g_idx"] = Tensor("I32", (packed[0, :1] * 0).repeat(
            columns).astype("<i4"))
    config = {**spec.config, "quantization_config": {
        "quant_method": "gptq", "bits": 4, "group_size": 128}}
    return m.ModelSpec(tensors, config)


def mixed_pair():
    first = mistral("pair")
    return first, mistral("pair/second", like=first)


def mixtral_scenarios(plan, dense, sparse):
    base = mixtral("mixtral")
    alike = {n: mixtral(n, like=base) for n in dense + sparse}
    yield f"{plan}-alike", Scenario(
        plan, {"mistralai/Mixtral-8x7B-v0.1": base, **alike})
    models = {"mistralai/Mixtral-8x7B-v0.1": base,
              **{n: mixtral(n, like=base) for n in sparse}}
    for name in dense:
        models[name] = mistral(name)
    yield plan, Scenario(
        plan, models, refused=True, most_errors=14, says=[
            r"error: .*\[(architecture-mismatch|missing-tensor)\]",
            r"(?i)mixtral", re.escape(dense[0])])


def scenarios():
    implied = [r"remark: .*\[implied-base\]"]
    first, second = mixed_pair()
    yield "marcoro14-7b-slerp", Scenario("marcoro14-7b-slerp", {
        "AIDC-ai-business/Marcoroni-7B-v3": first,
        "EmbeddedLLM/Mistral-7B-Merge-14-v0.1": second}, implied)
    yield "legal-assistant", Scenario("legal-assistant", {
        "law-ai/legal-bert-7b": first,
        "teknium/OpenHermes-2.5-Mistral-7B": second}, implied)

    gptq, plain = ("alpindale/c4ai-command-r-plus-GPTQ",
                   "CohereForAI/c4ai-command-r-v01")
    yield "goliath-120b-alike", Scenario("goliath-120b", {
        gptq: cohere("plus"), plain: cohere("v01")}, implied)
    yield "goliath-120b", Scenario(
        "goliath-120b", {gptq: quantised(cohere("plus", layers=64, hidden=24)),
                         plain: cohere("v01")},
        refused=True, most_errors=20,
        says=[r"(?i)error: .*quanti[sz]ed", r"(?i)gptq",
              r"error: .*\[shape-mismatch\]", r"embed_tokens",
              r"input_layernorm"])

    yield "chat-roleplay", Scenario(
        "chat-roleplay", {
            "teknium/OpenHermes-2.5-Mistral-7B": mistral("hermes"),
            "Undi95/MLewd-ReMM-L2-Chat-20B-Part1": llama("20b", layers=62,
                                                        hidden=16)},
        refused=True, most_errors=14,
        says=[r"error: .*\[shape-mismatch\]", r"16x16|\[16, ?16\]",
              r"8x8|\[8, ?8\]", r"down_proj", r"q_proj"])

    yield from mixtral_scenarios("math-code-mixtral", ["WizardLM/WizardMath-7B-V1.1"],
                                 ["ajibawa-2023/Code-Mixtral-8x7B"])
    yield from mixtral_scenarios("multi-task-mixtral", [
        "WizardLM/WizardMath-7B-V1.1", "teknium/OpenHermes-2.5-Mistral-7B"],
        ["ajibawa-2023/Code-Mixtral-8x7B"])

    names = ["garage-bAInd/Platypus2-13B", "WizardLM/WizardLM-13B-V1.2",
             "psmathur/orca_mini_v3_13b"]
    start = llama("13b", layers=40)
    yield "platypus-hermes-13b", Scenario("platypus-hermes-13b", {
        n: llama(n, like=start) for n in names})
    # Finetunes of one model that have added tokens of their own.
    start = llama("llama3", vocab=20)
    tokens = ["<s>", *"abcdefghijklmn", "<end>"]
    names = {"flammenai/Mahou-1.3-llama3-8B": ["<im>"],
             "Danielbrdz/Barcenas-Llama3-8b-ORPO": [],
             "Weyaxi/Einstein-v6.1-Llama3-8B": ["<pad>", "<im>"]}
    yield "linear-union-llama3", Scenario("linear-union-llama3", {
        n: vocabularies.with_vocabulary(llama(n, like=start), tokens + more, 20, n)
        for n, more in names.items()})
    yield "medical-specialist", Scenario("medical-specialist", {
        "mistralai/Mistral-7B-v0.1": first,
        "medalpaca/medalpaca-7b": second,
        "teknium/OpenHermes-2.5-Mistral-7B": mistral("hermes", like=first)})

    names = ["alpindale/Llama-3.2-3B", "unsloth/Llama-3.2-3B-Instruct",
             "belyakoff/llama-3.2-3b-instruct-fine-tuned",
             "Medragondot/llama-3.2-3b-thinking"]
    start = llama("3b", layers=28)
    yield "dare-ties-llama-3.2", Scenario(
        "dare-ties-llama-3.2",
        {n: llama(n, like=start) if n != names[0] else start for n in names},
        says=[r"warning: .*`interpolation_factor`"])
    start = llama("7b")
    yield "dare-ties-llama", Scenario("dare-ties-llama", {
        "meta-llama/Llama-2-7b-hf": start,
        **{n: llama(n, like=start) for n in (
            "WizardLM/WizardLM-7B-V1.0", "garage-bAInd/Platypus-7B")}})

    names = ["mistralai/Mistral-7B-v0.1", "CohereForAI/aya-23-7B", "Qwen/Qwen3-7B"]
    yield "multilingual-merge-alike", Scenario("multilingual-merge", {
        n: mistral(n, like=first) for n in names})
    yield "multilingual-merge", Scenario(
        "multilingual-merge", dict(zip(names, (
            first, cohere("aya", layers=32, hidden=12, vocab=40), qwen3("qwen")))),
        refused=True, most_errors=30,
        says=[r"error: .*\[(architecture-mismatch|shape-mismatch|missing-tensor)\]",
              r"(?i)cohere|aya", r"(?i)qwen"])

    step1 = Scenario("step1", {
        "base_model": first, "specialist_1": second}, implied, out="merged_step1")
    yield "step1", step1
    yield "step2", Scenario("step2", {"specialist_2": mistral("two", like=first)},
                            implied, before=[step1])
    for variant in "ab":
        yield f"variant_{variant}", Scenario(f"variant_{variant}", {
            "base_model": first, "specialist": second}, implied)

    yield "frankenmerge", Scenario("frankenmerge", {
        f"model_{x}": llama(f"franken-{x}") for x in "abc"})
    # Lost indentation, which moved `weight` out of its model and left an empty
    # `parameters` behind; the adapter is a matter of its own.
    yield "linear-lora-misindented", Scenario(
        "linear-lora-misindented", {}, refused=True, most_errors=4, says=[
            r"(?i)misindented|indent", r"`weight`"])


def place(name, spec, work):
    """Writes a model to where a plan's reference finds it."""
    if "/" not in name or name.startswith("."):
        spec.write(work / name, name)
        return
    folder = work / "hub" / ("models--" + name.replace("/", "--"))
    snapshot = folder / "snapshots" / COMMIT
    spec.write(snapshot, name)
    (folder / "blobs").mkdir()
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    for number, file in enumerate(sorted(snapshot.iterdir())):
        blob = folder / "blobs" / f"{number:040x}"
        file.rename(blob)
        file.symlink_to(os.path.relpath(blob, snapshot))


def run(scenario, work):
    """One line per failure of the scenario."""
    failures = []
    for earlier in scenario.before:
        failures += run(earlier, work)
    for name, spec in scenario.models.items():
        place(name, spec, work)
    text = (HERE / "Inputs" / f"{scenario.plan}.yml").read_text()
    (work / "plan.yml").write_text(text)
    done = subprocess.run(
        ["mergec", "plan.yml", "-o", scenario.out], cwd=work, text=True,
        capture_output=True, env={**os.environ, "HF_HUB_CACHE": str(work / "hub")})
    print(done.stderr, end="")
    for pattern in scenario.says:
        if not re.search(pattern, done.stderr):
            failures.append(f"does not say /{pattern}/")
    if done.returncode != (1 if scenario.refused else 0):
        return failures + [f"exit code {done.returncode}"]
    if scenario.refused:
        errors = len(re.findall(r"^[^\n]*\berror: ", done.stderr, re.M))
        if errors > scenario.most_errors:
            failures.append(f"{errors} errors, more than {scenario.most_errors}")
        if (work / scenario.out).exists():
            failures.append("leaves an output directory")
        return failures
    return failures + judge_scenario(scenario, work)


def judge_scenario(scenario, work):
    plan = yaml_subset.load((work / "plan.yml").read_text())
    models = dict(scenario.models)
    for earlier in scenario.before:
        models["./" + earlier.out] = m.ModelSpec(
            read_model(work / earlier.out),
            dict(next(iter(earlier.models.values())).config))
    case = Case(scenario.plan, models, plan)
    if "tokenizer_source" in plan:
        source = {"tokenizer": {"source": plan["tokenizer_source"]}}
        case.oracle_models = vocabularies.as_seen({**plan, **source}, models)
    jobs, masks = expectations(case), None
    if plan["merge_method"] in RANDOM_FORMULAS:
        os.environ["HF_HUB_CACHE"] = str(work / "hub")
        masks = probe_masks(case, jobs, "mergec", work)
    verdicts = judge_result(case, jobs, work / scenario.out, masks)
    return [] if report(case, verdicts) else ["the result is not what it should be"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("--work", required=True, type=Path)
    options = parser.parse_args()
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    failures = run(dict(scenarios())[options.scenario], work)
    for failure in failures:
        print(f"FAIL: {options.scenario}: {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
