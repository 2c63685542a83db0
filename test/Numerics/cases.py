# ===- cases.py - Whole plans for the five first methods -------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Each group is a function that gives its cases, in the order in which they run.
# Models are made from seeds, so that a case is the same wherever it runs.
#
# ===----------------------------------------------------------------------===#

from dataclasses import dataclass, field

import numpy as np

import models as m
from safetensors_io import Tensor


@dataclass
class Case:
    name: str
    models: dict  # Name, as in the plan, to ModelSpec.
    plan: dict
    arguments: list = field(default_factory=list)
    seed: int = 0  # Of the random methods.
    # What the oracle judges by instead, where it is to see something simpler.
    oracle_models: dict = None
    oracle_plan: dict = None


def model(name, **parameters):
    return {"model": name, "parameters": parameters} if parameters else {
        "model": name}


def source(name, first, last, **parameters):
    return {"layer_range": [first, last], **model(name, **parameters)}


def family(count, seed, dtype="BF16", odd=True, **options):
    """A base and `count` finetunes of it: `base`, `a`, `b`, …"""
    if odd:
        options["extra"] = m.ODD_SHAPES + tuple(options.get("extra", ()))
    base = m.base_model(seed, dtype, **options)
    result = {"base": base}
    for name in "abcdefgh"[:count]:
        result[name] = m.finetune(base, f"{seed}/{name}")
    return result


def edge_family(dtype, seed):
    """A family whose layers hold the edges of the dtype as well."""
    models = family(3, seed, dtype, layers=1)
    for turn, name in enumerate(models):
        models[name] = m.with_tensors(models[name], {
            "model.layers.0.odd.edges": m.edge_values(dtype, turn)})
    return models


DTYPE_PLANS = (("BF16", "bfloat16"), ("F16", "float16"), ("F32", "float32"),
               ("F64", "float64"))


# Plans that use each of the five methods on `base`, `a`, `b`, `c`.
def each_method(**more):
    weighted = [model("a", weight=0.5), model("b", weight=0.3),
                model("c", weight=0.7)]
    dense = [model("a", weight=0.5, density=0.3),
             model("b", weight=0.3, density=0.7),
             model("c", weight=0.7, density=0.5)]
    yield "linear", {"merge_method": "linear", "models": weighted, **more}
    yield "passthrough", {"merge_method": "passthrough",
                          "models": [model("a", scale=0.3)], **more}
    yield "slerp", {"merge_method": "slerp", "models": [model("a"), model("b")],
                    "base_model": "a", "parameters": {"t": 0.4}, **more}
    yield "task_arithmetic", {"merge_method": "task_arithmetic",
                              "models": weighted, "base_model": "base", **more}
    yield "ties", {"merge_method": "ties", "models": dense, "base_model": "base",
                   **more}


def linear():
    models = family(3, "linear")
    trio = [model("a", weight=0.2), model("b", weight=0.3), model("c", weight=1.7)]

    def plan(models, **parameters):
        return {"merge_method": "linear", "models": models, "dtype": "bfloat16",
                "parameters": parameters}
    return [
        Case("normalized", models, plan(trio)),
        Case("not-normalized", models, plan(trio, normalize=False)),
        Case("negative-weight", models, plan(
            [model("a", weight=1.5), model("b", weight=-0.7)])),
        Case("negative-sum", models, plan(
            [model("a", weight=-1.5), model("b", weight=0.3)])),
        Case("one-model", models, plan([model("a", weight=0.3)])),
        Case("one-model-raw", models, plan([model("a", weight=0.3)],
                                           normalize=False)),
        Case("zero-weight", models, plan(
            [model("a", weight=0), model("b", weight=0.6), model("c", weight=0.1)])),
        Case("same-model-twice", models, plan(
            [model("a", weight=0.4), model("b", weight=0.4),
             model("a", weight=0.3)])),
        Case("base-only-donates", models, {**plan(trio), "base_model": "base"}),
        Case("cancelling", models, plan(
            [model("a", weight=1), model("b", weight=-1)], normalize=False)),
        Case("eight-models", family(8, "linear8", layers=1), plan(
            [model(n, weight=0.1 + 0.07 * i) for i, n in enumerate("abcdefgh")])),
    ]


def passthrough():
    models = family(1, "passthrough")
    integers = m.generator("integers").integers(-100, 100, (5, 6))
    exotic = m.with_tensors(models["a"], {
        "model.layers.0.odd.i64": Tensor("I64", integers.astype("<i8")),
        "model.layers.0.odd.i8": Tensor("I8", integers.astype("i1")),
        "model.layers.0.odd.f8": Tensor("F8_E4M3", integers.astype("u1")),
        "model.layers.0.odd.bool": Tensor("BOOL", (integers > 0).astype("u1")),
        "model.layers.0.odd.nan": Tensor("BF16", np.array(
            [0x7FC1, 0xFFC0, 0x7F81, 0x7F80, 0xFF80], np.uint16)),
    })
    exotic.config["num_hidden_layers"] = 2
    edges = edge_family("F32", "passthrough-edges")

    def plan(name="a", **more):
        return {"merge_method": "passthrough", "models": [model(name)], **more}
    return [
        Case("copy", models, plan()),
        Case("copy-same-dtype", models, plan(dtype="bfloat16")),
        Case("copy-any-dtype", {"a": exotic}, plan()),
        Case("widen", models, plan(dtype="float32")),
        Case("to-half", models, plan(dtype="float16")),
        Case("edges-to-bfloat16", edges, plan(dtype="bfloat16")),
        Case("edges-to-half", edges, plan(dtype="float16")),
        Case("double-to-single", edge_family("F64", "pass64"),
             plan(dtype="float32")),
        Case("double-to-bfloat16", edge_family("F64", "pass64"),
             plan(dtype="bfloat16")),
        Case("scale", models, plan(parameters={"scale": 0.37})),
        Case("scale-one", models, plan(parameters={"scale": 1})),
        Case("scale-zero", models, plan(parameters={"scale": 0.0})),
        Case("scale-some", models, plan(parameters={"scale": [
            {"filter": "o_proj", "value": 0}, {"filter": "down_proj", "value": -2.5}]})),
    ]


def slerp():
    models = family(2, "slerp")
    a = models["a"]
    independent = m.base_model("elsewhere", extra=m.ODD_SHAPES)
    opposite = m.ModelSpec({n: Tensor.of("BF16", -t.float64())
                            for n, t in a.tensors.items()}, a.config)
    zero = m.ModelSpec({n: Tensor.of("BF16", np.zeros(t.shape))
                        for n, t in a.tensors.items()}, a.config)
    tiny = m.ModelSpec({n: Tensor.of("BF16", t.float64() * 1e-12)
                        for n, t in a.tensors.items()}, a.config)
    mirrored = m.ModelSpec({n: Tensor.of("BF16", -t.float64() + 0.3 * s.float64())
                            for (n, t), s in zip(a.tensors.items(),
                                                 independent.tensors.values())},
                           a.config)
    models = {**models, "x": independent, "opposite": opposite, "zero": zero,
              "tiny": tiny, "mirrored": mirrored}

    def plan(first, second, t, base="a", **more):
        result = {"merge_method": "slerp", "models": [model(first), model(second)],
                  "parameters": {"t": t}, "dtype": "bfloat16", **more}
        if base:
            result["base_model"] = base
        return result
    return [
        Case("near", models, plan("a", "b", 0.3)),
        Case("orthogonal", models, plan("a", "x", 0.3)),
        Case("obtuse", models, plan("a", "mirrored", 0.6)),
        Case("base-second", models, plan("x", "a", 0.2)),
        Case("base-outside", models, {
            "merge_method": "slerp", "models": [model("x")], "base_model": "a",
            "parameters": {"t": 0.2}}),
        Case("no-base", models, plan("x", "a", 0.8, base=None)),
        Case("t-zero", models, plan("a", "x", 0)),
        Case("t-one", models, plan("a", "x", 1)),
        Case("equal-tensors", {"a": a, "b": a}, plan("a", "b", 0.35)),
        Case("antipodal", models, plan("a", "opposite", 0.25)),
        Case("zero-base", models, plan("zero", "a", 0.4, base="zero")),
        Case("zero-other", models, plan("a", "zero", 0.4)),
        Case("both-zero", {"a": zero, "b": zero}, plan("a", "b", 0.4)),
        Case("tiny-norm", models, plan("a", "tiny", 0.4)),
        Case("extrapolate", models, plan("a", "x", 1.3)),
    ]


def task_arithmetic():
    models = family(3, "task")
    trio = [model("a", weight=0.6), model("b", weight=0.5), model("c", weight=-0.4)]

    def plan(models, **parameters):
        return {"merge_method": "task_arithmetic", "models": models,
                "base_model": "base", "dtype": "bfloat16",
                "parameters": parameters}
    return [
        Case("plain", models, plan(trio)),
        Case("normalized", models, plan(trio, normalize=True)),
        Case("lambda", models, plan(trio, **{"lambda": 0.37})),
        Case("lambda-normalized", models, plan(
            trio, normalize=True, **{"lambda": 2.5})),
        Case("base-among-models", models, plan(
            [model("base", weight=3)] + trio)),
        Case("same-model-twice", models, plan(trio + [model("a", weight=0.25)])),
        Case("identical-to-base", {**models, "b": models["base"],
                                   "c": models["base"]}, plan(trio)),
        Case("one-model", models, plan([model("a", weight=0.8)])),
        Case("zero-weights", models, plan([model("a", weight=0),
                                           model("b", weight=0)])),
        Case("unused-parameters", models, plan(
            [model("a", weight=0.6, density=0.3)], rescale=True, int8_mask=True)),
    ]


def ties():
    models = family(3, "ties")

    def trio(density):
        return [model("a", weight=0.6, density=density),
                model("b", weight=0.5, density=density),
                model("c", weight=0.7, density=density)]

    def plan(models, **parameters):
        return {"merge_method": "ties", "models": models, "base_model": "base",
                "dtype": "bfloat16", "parameters": parameters}
    a, base = models["a"], models["base"]
    opposite = m.ModelSpec({
        n: Tensor.of("BF16", 2 * base.tensors[n].float64() - t.float64())
        for n, t in a.tensors.items()}, a.config)
    cases = [Case(f"density-{d}", models, plan(trio(d)))
             for d in (0, 1e-6, 0.001, 0.1, 0.3, 0.5, 0.9, 0.999, 1)]
    return cases + [
        Case("default-density", models, plan([model("a", weight=0.4),
                                              model("b", weight=1)])),
        Case("not-normalized", models, plan(trio(0.3), normalize=False)),
        Case("lambda", models, plan(trio(0.3), **{"lambda": 0.37})),
        Case("rescale", models, plan(trio(0.3), rescale=True)),
        Case("rescale-raw", models, plan(trio(0.2), rescale=True,
                                         normalize=False)),
        Case("count", models, plan(trio(0.5), consensus_method="count")),
        Case("count-one-negative", models, plan(
            [model("a", weight=0.6, density=0.8),
             model("b", weight=-0.5, density=0.8),
             model("c", weight=0.7, density=0.8)], consensus_method="count")),
        Case("negative-weight", models, plan(
            [model("a", weight=0.6, density=0.4),
             model("b", weight=-0.5, density=0.4)])),
        Case("cancelling-divisor", models, plan(
            [model("a", weight=0.5, density=1), model("b", weight=-0.5, density=1),
             model("c", weight=0.25, density=1)])),
        Case("equal-votes", {**models, "b": opposite}, plan(
            [model("a", weight=0.5, density=0.5),
             model("b", weight=0.5, density=0.5)])),
        Case("equal-votes-rescaled", {**models, "b": opposite}, plan(
            [model("a", weight=0.5, density=0.5),
             model("b", weight=0.5, density=0.5)], rescale=True)),
        Case("identical-models", {**models, "b": a}, plan(
            [model("a", weight=0.5, density=0.3),
             model("b", weight=0.4, density=0.3)])),
        Case("identical-to-base", {**models, "b": base}, plan(trio(0.3))),
        Case("all-identical-to-base", {"base": base, "a": base, "b": base}, plan(
            [model("a", weight=0.5, density=0.3),
             model("b", weight=0.4, density=0.3)], rescale=True)),
        Case("same-model-twice", models, plan(trio(0.4) + [
            model("a", weight=0.6, density=0.1)])),
        Case("base-among-models", models, plan(
            [model("base", weight=1, density=0.2)] + trio(0.4))),
        Case("one-model", models, plan([model("a", weight=0.6, density=0.25)])),
        Case("int8-mask", models, plan(trio(0.3), int8_mask=True)),
        Case("mixed-densities", models, plan(
            [model("a", weight=0.6, density=0), model("b", weight=0.5, density=1),
             model("c", weight=0.7, density=0.05)])),
    ]


def dtypes():
    """Inputs and outputs of every dtype, through every method."""
    cases = []
    for stored, _ in DTYPE_PLANS:
        models = edge_family(stored, f"dtype-{stored}")
        for method, plan in each_method():
            cases.append(Case(f"{method}-{stored}-kept", models, plan))
        for wanted, name in DTYPE_PLANS:
            # Halves overflow where the others' large edges go.
            if stored == wanted:
                continue
            plain = models if wanted != "F16" else family(3, f"plain-{stored}",
                                                          stored, layers=1)
            for method, plan in each_method(dtype=name):
                cases.append(Case(f"{method}-{stored}-to-{wanted}", plain, plan))
    plain = family(3, "mixed", "F32", layers=2)
    mixed = {n: m.mixed_dtypes(s, ("F32", "F16", "BF16"), n)
             for n, s in plain.items()}
    wide = {n: m.mixed_dtypes(s, ("F64", "F32", "F16", "BF16"), n)
            for n, s in plain.items()}
    for label, models in (("mixed", mixed), ("wide", wide)):
        for more in ({}, {"dtype": "bfloat16"}, {"dtype": "float32"},
                     {"dtype": "float16", "out_dtype": "float32"},
                     {"dtype": "float32", "out_dtype": "bfloat16"},
                     {"out_dtype": "float64"}):
            suffix = "-".join(f"{k}-{v}" for k, v in more.items()) or "kept"
            for method, plan in each_method(**more):
                cases.append(Case(f"{method}-{label}-{suffix}", models, plan))
    return cases


def parameters():
    """How values are found: gradients, filters, the order of places."""
    models = family(2, "parameters", layers=5, odd=False)
    gradient = {"merge_method": "slerp", "models": [model("a"), model("b")],
                "base_model": "a", "dtype": "float32"}
    filtered = {"t": [{"filter": "self_attn", "value": [0, 0.5, 0.3, 0.7, 1]},
                      {"filter": "mlp", "value": [1, 0.5, 0.7, 0.3, 0]},
                      {"value": 0.5}]}
    two = {"merge_method": "linear", "dtype": "float32"}

    def weights(a, b, **more):
        return {**two, "models": [model("a", weight=a), model("b", weight=b)],
                **more}
    four = family(2, "places", layers=8, odd=False)
    slices = {
        "merge_method": "linear", "dtype": "float32",
        "parameters": {"weight": [{"filter": "mlp", "value": 0.9}, {"value": 0.8}],
                       "normalize": [{"filter": "q_proj", "value": False}]},
        "slices": [
            {"sources": [source("a", 0, 3, weight=[{"filter": "self_attn",
                                                    "value": [0.1, 0.5]}]),
                         source("b", 2, 5)],
             "parameters": {"weight": {"filter": "up_proj", "value": 0.25}}},
            {"sources": [source("b", 4, 8, weight=0.35), source("a", 3, 7)],
             "parameters": {"normalize": {"filter": "layers.4", "value": False}}},
            {"sources": [source("a", 7, 8, weight=[0, 1, 3]),
                         source("b", 6, 7, weight=[{"filter": "layers.6",
                                                    "value": 0.45}])]}]}
    return [
        Case("gradient", models, {**gradient, "parameters": {"t": [0, 0.25, 1]}}),
        Case("gradient-two-points", models, {**gradient,
                                             "parameters": {"t": [0.1, 0.9]}}),
        Case("gradient-one-point", models, {**gradient, "parameters": {"t": [0.3]}}),
        Case("gradient-more-points-than-layers", models, {
            **gradient, "parameters": {"t": [0, 1, 0.5, 0.2, 0.9, 0.1, 0.7]}}),
        Case("gradients-behind-filters", models, {**gradient,
                                                  "parameters": filtered}),
        Case("filter-star", models, {**gradient, "parameters": {"t": [
            {"filter": "layernorm", "value": 0.1}, {"filter": "*", "value": 0.6}]}}),
        Case("one-filter", models, weights(
            {"filter": "mlp", "value": 0.2}, 1,
            parameters={"weight": 0.6})),
        Case("weight-gradients", models, weights([0, 1], [1, 0])),
        Case("filter-by-layer", models, weights(
            [{"filter": "layers.1.", "value": 0.2},
             {"filter": "layers.3.mlp", "value": 0.9}, {"value": 0.4}], 0.5)),
        Case("top-level-weight", models, {
            **two, "models": [model("a"), model("b", weight=0.2)],
            "parameters": {"weight": 0.9}}),
        Case("flag-by-filter", models, weights(0.4, 0.4, parameters={
            "normalize": [{"filter": "mlp", "value": False}, {"value": True}]})),
        Case("places-in-order", four, slices),
        Case("lambda-gradient", models, {
            "merge_method": "task_arithmetic", "base_model": "a",
            "models": [model("b", weight=1)], "dtype": "float32",
            "parameters": {"lambda": [0, 0.5, 2]}}),
        Case("density-gradient", models, {
            "merge_method": "ties", "base_model": "a", "dtype": "float32",
            "models": [model("b", weight=1, density=[0.1, 0.875])]}),
        Case("module", models, {
            "merge_method": "linear", "dtype": "float32",
            "parameters": {"weight": 0.3, "normalize": False},
            "modules": {"default": {
                "parameters": {"weight": {"filter": "mlp", "value": 0.7}},
                "slices": [{"sources": [source("a", 0, 5, weight=0.5),
                                        source("b", 0, 5)]}]}}}),
    ]


def structure():
    """Slices, renumbered layers, heads and embeddings."""
    models = family(3, "structure", layers=6)
    tied = family(3, "tied", layers=2, tied=True)
    untied = family(3, "tied", layers=2)
    short = {"base": m.base_model("short", vocab=40),
             "a": m.base_model("short-a", vocab=48),
             "b": m.base_model("short-b", vocab=44)}
    slerped = {"merge_method": "slerp", "base_model": "a", "dtype": "float16",
               "slices": [
                   {"sources": [source("a", 0, 4), source("b", 1, 5)]},
                   {"sources": [source("b", 2, 6), source("a", 2, 6)],
                    "parameters": {"t": 0.7}}],
               "parameters": {"t": [0, 1]}}
    franken = {"merge_method": "passthrough", "dtype": "bfloat16", "slices": [
        {"sources": [source("a", 0, 2)]}, {"sources": [source("b", 1, 4)]},
        {"sources": [source("a", 2, 3)]},
        {"sources": [source("c", 4, 6, scale=[{"filter": "down_proj",
                                               "value": 0.5}])]}]}
    outside = {"merge_method": "ties", "base_model": "base", "dtype": "bfloat16",
               "slices": [{"sources": [source("a", 3, 6, weight=0.5, density=0.4),
                                       source("b", 3, 6, weight=0.7,
                                              density=0.6)]},
                          {"sources": [source("c", 0, 1, weight=1)]}]}
    per_slice = {"merge_method": "task_arithmetic", "base_model": "base",
                 "dtype": "bfloat16", "slices": [
                     {"sources": [source("a", 0, 2, weight=0.5)]},
                     {"base_model": "b",
                      "sources": [source("a", 1, 3, weight=0.5),
                                  source("b", 3, 5)]}]}
    deep = {"a": m.base_model("deep-a", layers=12),
            "b": m.base_model("deep-b", layers=4)}
    gpt = {n: m.ModelSpec({
        "wte.weight": Tensor.of("F16", r.normal(0, 1, (20, 8))),
        "wpe.weight": Tensor.of("F16", r.normal(0, 1, (10, 8))),
        **{f"h.{i}.attn.c_attn.weight": Tensor.of("F16", r.normal(0, 1, (8, 24)))
           for i in range(3)},
        **{f"h.{i}.attn.bias": Tensor("BOOL", np.tril(np.ones((1, 1, 9, 9), "u1")))
           for i in range(3)},
        **{f"h.{i}.attn.rotary_emb.inv_freq": Tensor.of(
            "F32", 10.0 ** -np.arange(4)) for i in range(3)},
        "ln_f.weight": Tensor.of("F16", r.normal(0, 1, 8))},
        {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2",
         "n_layer": 3, "num_hidden_layers": 3, "n_embd": 8, "vocab_size": 20})
        for n, r in (("a", m.generator("gpt", "a")), ("b", m.generator("gpt", "b")))}
    mean = {"merge_method": "linear", "dtype": "bfloat16",
            "models": [model("a", weight=0.5), model("b", weight=0.25)]}
    everyone = {"merge_method": "ties", "base_model": "base", "models": [
        model("a", weight=0.5, density=0.5), model("b", weight=1, density=0.25)]}
    sharded = {n: m.ModelSpec(s.tensors, s.config, shards=i + 1, shuffled=True)
               for i, (n, s) in enumerate(models.items())}
    lacking = {**models, "b": m.without_tensors(models["b"], [
        "model.layers.0.mlp.up_proj.weight", "model.norm.weight",
        "model.embed_tokens.weight"])}
    return [
        Case("linear-lacking", lacking, mean, ["--allow-missing"]),
        Case("ties-lacking", lacking, everyone, ["--allow-missing"]),
        Case("slerp-lacking", lacking, {
            "merge_method": "slerp", "base_model": "a", "parameters": {"t": 0.3},
            "models": [model("a"), model("b")]}, ["--allow-missing"]),
        Case("slerp-base-lacking", lacking, {
            "merge_method": "slerp", "base_model": "b", "parameters": {"t": 0.3},
            "models": [model("a"), model("b")]}, ["--allow-missing"]),
        Case("slerp-slices", models, slerped),
        Case("frankenmerge", models, franken),
        Case("frankenmerge-uneven-depths", deep, {
            "merge_method": "passthrough", "slices": [
                {"sources": [source("b", 0, 4)]},
                {"sources": [source("a", 9, 12)]}]}),
        Case("slices-base-outside", models, outside),
        Case("base-per-slice", models, per_slice),
        Case("tied", tied, {**mean}),
        Case("tied-and-untied", {"a": untied["a"], "b": tied["b"]}, mean),
        Case("tied-first", {"a": tied["a"], "b": untied["b"]}, mean),
        Case("tied-base", {"base": tied["base"], "a": untied["a"],
                           "b": tied["b"]}, everyone),
        Case("common-rows-linear", short, {
            "merge_method": "linear", "dtype": "bfloat16", "models": [
                model("a", weight=0.5), model("b", weight=0.5)]}),
        Case("common-rows-ties", short, everyone),
        Case("common-rows-slerp", short, {
            "merge_method": "slerp", "base_model": "base",
            "models": [model("base"), model("a")], "parameters": {"t": 0.4}}),
        Case("gpt-names", gpt, mean),
        Case("sharded-inputs", sharded, everyone),
        Case("sharded-output", models, everyone,
             ["--out-shard-size", "4K"]),
    ]


def large_models():
    """Tensors of several segments; deltas in heavy classes of equal magnitude."""
    n = (1536, 2048)
    rng = m.generator("large")
    base = Tensor.of("BF16", rng.normal(0, 0.02, n))
    shapes = {"model.embed_tokens.weight": (8, 4),
              "model.layers.0.mlp.up_proj.weight": n,
              "model.layers.0.odd.vector": (700001,),
              "model.layers.0.odd.rank3": (3, 300, 401),
              "model.norm.weight": (4,), "lm_head.weight": (8, 4)}
    start = m.base_model("large", shapes=shapes, layers=1)
    name = "model.layers.0.mlp.up_proj.weight"
    models = {"base": m.with_tensors(start, {name: base})}
    for finetuned in "abc":
        rng = m.generator("large", finetuned)
        # A few steps of the stored format: few distinct magnitudes of the delta.
        moved = base.bits.astype(np.int32) + rng.integers(-2, 3, n)
        models[finetuned] = m.with_tensors(
            m.finetune(start, f"large/{finetuned}"),
            {name: Tensor("BF16", moved.astype(np.uint16))})
    for spec in models.values():
        spec.config.update(num_hidden_layers=1, vocab_size=8, hidden_size=4)
    return models


def large():
    models = large_models()
    cases = [Case(method, models, plan)
             for method, plan in each_method(dtype="bfloat16")]
    sparse = {"merge_method": "ties", "base_model": "base", "models": [
        model("a", weight=1, density=0.01), model("b", weight=1, density=0.37),
        model("c", weight=1, density=0.95)]}
    return cases + [
        Case("ties-rescaled", models, {**sparse, "dtype": "float32",
                                       "parameters": {"rescale": True}}),
        Case("ties-count", models, {**sparse, "parameters": {
            "consensus_method": "count", "normalize": False}}),
        Case("slerp-far", models, {
            "merge_method": "slerp", "models": [model("a"), model("c")],
            "base_model": "a", "dtype": "float32", "parameters": {"t": 0.4}},
             ["--memory", "64MiB", "--threads", "2"]),
    ]


GROUPS = {g.__name__: g for g in (linear, passthrough, slerp, task_arithmetic,
                                  ties, dtypes, parameters, structure, large)}
