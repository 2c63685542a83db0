# ===- cases_further.py - Whole plans for the other methods ----*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# One group per kind of method. Every group runs its methods through all dtypes
# and through the same degenerate models (`degenerate`), then each method through
# its own parameters.
#
# ===----------------------------------------------------------------------===#

import numpy as np

import models as m
from cases import DTYPE_PLANS, Case, edge_family, family, large_models, model
from safetensors_io import Tensor

WEIGHTS = (0.5, 0.3, 0.7)
DENSITIES = (0.3, 0.7, 0.5)


def trio(names="abc", **parameters):
    """The three models with weights, and densities where they are asked for:
    a value for all, or one each."""
    result = []
    for i, name in enumerate(names):
        mine = {k: v[i] if isinstance(v, tuple) else v
                for k, v in parameters.items()}
        result.append(model(name, **mine))
    return result


def each_further_method(**more):
    """Plans for all methods besides the first five on `base`, `a`, `b`, `c`."""
    def plan(method, models, base=True, **parameters):
        result = {"merge_method": method, "models": models, **more}
        if base:
            result["base_model"] = "base"
        if parameters:
            result["parameters"] = parameters
        return method, result
    plain, weighted = trio(), trio(weight=WEIGHTS)
    dense = trio(weight=WEIGHTS, density=DENSITIES)
    yield plan("nuslerp", weighted[:2], base=False)
    yield plan("multislerp", weighted, base=False)
    yield plan("karcher", plain, base=False)
    yield plan("model_stock", plain)
    yield plan("sce", plain, select_topk=0.3)
    yield plan("nearswap", plain[:1], t=0.002)
    yield plan("arcee_fusion", plain[:1])
    yield plan("ram", plain)
    yield plan("ramplus_tl", plain)
    yield plan("breadcrumbs", dense)
    yield plan("breadcrumbs_ties", dense)
    yield plan("dare_linear", dense)
    yield plan("dare_ties", dense)
    yield plan("della", dense)
    yield plan("della_linear", dense)


def plans_of(methods, **more):
    return [(n, p) for n, p in each_further_method(**more) if n in methods]


def through_dtypes(methods):
    cases = []
    for stored, _ in DTYPE_PLANS:
        models = edge_family(stored, f"further-{stored}")
        for method, plan in plans_of(methods):
            cases.append(Case(f"{method}-{stored}-kept", models, plan))
    plain = family(3, "further", "F32")
    mixed = {n: m.mixed_dtypes(s, ("F32", "F16", "BF16"), n)
             for n, s in plain.items()}
    wide = {n: m.mixed_dtypes(s, ("F64", "F32", "F16", "BF16"), n)
            for n, s in plain.items()}
    for label, models in (("mixed", mixed), ("wide", wide)):
        for _, name in DTYPE_PLANS:
            for method, plan in plans_of(methods, dtype=name):
                cases.append(Case(f"{method}-{label}-to-{name}", models, plan))
    return cases


def degenerate(methods, *without):
    """Zero, identical and opposite models."""
    models = family(3, "degenerate")
    base, a = models["base"], models["a"]

    def made(tensor):
        return m.ModelSpec({n: Tensor.of("BF16", tensor(n)) for n in a.tensors},
                           a.config)
    zero = made(lambda n: np.zeros(a.tensors[n].shape))
    negative = made(lambda n: -a.tensors[n].float64())
    opposite = made(lambda n: 2 * base.tensors[n].float64()
                    - a.tensors[n].float64())
    sets = {
        "identical": {"b": a, "c": a},
        "same-as-base": {"a": base, "b": base, "c": base},
        "one-same-as-base": {"b": base},
        "zero-model": {"b": zero},
        "zero-base": {"base": zero},
        "all-zero": {"base": zero, "a": zero, "b": zero, "c": zero},
        "negative": {"b": negative},
        "opposite-task": {"b": opposite},
    }
    return [Case(f"{method}-{label}", {**models, **changes}, plan)
            for label, changes in sets.items() if label not in without
            for method, plan in plans_of(methods, dtype="float32")]


def missing(methods):
    """A tensor that one model lacks."""
    models = family(3, "missing")
    models["b"] = m.without_tensors(models["b"], [
        "model.layers.0.mlp.up_proj.weight", "model.norm.weight"])
    return [Case(f"{method}-missing", models, plan, ["--allow-missing"])
            for method, plan in plans_of(methods)]


def variation(method, models, name, plan_models=None, base="base", **parameters):
    plan = dict(plans_of([method], dtype="float32"))[method]
    plan["parameters"] = {**plan.get("parameters", {}), **parameters}
    if plan_models is not None:
        plan["models"] = plan_models
    if base:
        plan["base_model"] = base
    return Case(f"{method}-{name}", models, plan)


ANGULAR = ("nuslerp", "multislerp", "karcher", "model_stock")


def angular():
    models = family(3, "angular")
    models["x"] = m.base_model("angular-elsewhere", extra=m.ODD_SHAPES)
    models["negative"] = m.ModelSpec({
        n: Tensor.of("BF16", -t.float64()) for n, t in models["a"].tensors.items()},
        models["a"].config)
    far = trio(("a", "x", "b"), weight=WEIGHTS)
    pair = trio("ax", weight=WEIGHTS)
    one = trio("a", weight=0.7)
    cases = through_dtypes(ANGULAR)
    # Where cos = -1, what nuslerp divides by is rounding alone, and so is what
    # model_stock does; three zeros give multislerp no direction, an error.
    cases += degenerate(("nuslerp",), "negative")
    cases += degenerate(("multislerp",), "all-zero")
    cases += degenerate(("karcher",))
    cases += degenerate(("model_stock",), "opposite-task")
    cases += missing(("multislerp", "karcher", "model_stock"))
    for flatten in (True, False):
        for row_wise in (True, False):
            for base in (None, "base"):
                cases.append(variation(
                    "nuslerp", models, f"flatten-{flatten}-rows-{row_wise}-{base}",
                    pair, base=base, nuslerp_flatten=flatten,
                    nuslerp_row_wise=row_wise))
    return cases + [
        variation("nuslerp", models, "no-weight",
                  trio("ax", weight=(0.5, -0.5)), base=None),
        variation("nuslerp", models, "one-side", trio("ax", weight=(0.0, 2.0)),
                  base=None),
        variation("multislerp", models, "far", far, base=None),
        variation("multislerp", models, "far-based", far),
        variation("multislerp", models, "raw-weights", far, base=None,
                  normalize_weights=False),
        variation("multislerp", models, "eps", far, base=None, eps=0.01),
        variation("multislerp", models, "one-model", one, base=None),
        variation("multislerp", models, "antipodal", trio(
            ("a", "negative"), weight=0.5), base=None),
        variation("multislerp", models, "twice", trio("axa", weight=WEIGHTS),
                  base=None),
        variation("karcher", models, "far", far, base=None),
        variation("karcher", models, "one-model", one, base=None),
        variation("karcher", models, "antipodal", trio(("a", "negative")),
                  base=None),
        variation("karcher", models, "twice", trio("axa"), base=None),
        variation("karcher", models, "one-round", far, base=None, max_iter=1),
        variation("karcher", models, "no-round", far, base=None, max_iter=0),
        variation("karcher", models, "loose", far, base=None, tol=0.05),
        variation("karcher", models, "loose-drops-models", far, base=None, tol=1.0),
        variation("model_stock", models, "far", far),
        variation("model_stock", models, "two", pair),
        variation("model_stock", models, "rows", far, filter_wise=True),
        variation("model_stock", models, "twice", trio("axa")),
    ]


PICKY = ("sce", "nearswap", "arcee_fusion", "ram", "ramplus_tl")


def picky():
    models = family(3, "picky")
    cases = through_dtypes(PICKY) + degenerate(PICKY)
    cases += missing(("sce", "ram", "ramplus_tl"))
    for share in (0, 1e-6, 0.1, 0.5, 0.99, 1):
        cases.append(variation("sce", models, f"share-{share}", select_topk=share))
    for t in (0, 1e-7, 0.0005, 0.01, 1):
        cases.append(variation("nearswap", models, f"t-{t}", t=t))
    for epsilon in (0, 0.003, 1):
        cases.append(variation("ram", models, f"epsilon-{epsilon}",
                               epsilon=epsilon))
    cases.append(variation("ramplus_tl", models, "boosted", epsilon=0.004, r=2,
                           alpha=0.5))
    cases.append(variation("ramplus_tl", models, "no-limit", epsilon=0.006, r=0.5,
                           alpha=100))
    for method in ("sce", "ram", "ramplus_tl"):
        cases.append(variation(method, models, "one-model", trio("a")))
        cases.append(variation(method, models, "twice", trio("aba")))
        cases.append(variation(method, models, "base-listed",
                               trio(("base", "a", "b"))))
    return cases


CRUMBS = ("breadcrumbs", "breadcrumbs_ties")


def breadcrumbs():
    models = family(3, "crumbs")
    cases = through_dtypes(CRUMBS) + degenerate(CRUMBS) + missing(CRUMBS)
    for method in CRUMBS:
        for density in (0, 0.1, 0.5, 0.9, 0.999, 1):
            for gamma in (0, 0.001, 0.1, 0.6):
                cases.append(variation(
                    method, models, f"density-{density}-gamma-{gamma}",
                    trio(weight=WEIGHTS, density=density, gamma=gamma)))
        dense = trio(weight=WEIGHTS, density=DENSITIES)
        cases += [
            variation(method, models, "normalized", dense, normalize=True),
            variation(method, models, "rescaled", dense, rescale=True),
            variation(method, models, "lambda", dense, **{"lambda": -0.6}),
            variation(method, models, "twice", trio(
                "aba", weight=WEIGHTS, density=DENSITIES)),
            variation(method, models, "one-model", dense[:1]),
        ]
    cases.append(variation("breadcrumbs_ties", models, "count",
                           trio(weight=WEIGHTS, density=DENSITIES),
                           consensus_method="count"))
    return cases


RANDOM = ("dare_linear", "dare_ties", "della", "della_linear")


def random():
    models = family(3, "random")
    cases = through_dtypes(RANDOM) + degenerate(RANDOM) + missing(RANDOM)
    dense = trio(weight=WEIGHTS, density=DENSITIES)
    for method in RANDOM:
        cases += [
            variation(method, models, "normalized", dense, normalize=True),
            variation(method, models, "raw", dense, normalize=False),
            variation(method, models, "not-rescaled", dense, rescale=False),
            variation(method, models, "lambda", dense, **{"lambda": 0.6}),
            variation(method, models, "twice", trio(
                "aba", weight=WEIGHTS, density=DENSITIES)),
            variation(method, models, "one-model", dense[:1]),
            variation(method, models, "base-listed", [
                model("base", weight=1, density=0.5)] + dense),
            variation(method, models, "density-0", trio(weight=WEIGHTS, density=0)),
            variation(method, models, "density-1", trio(weight=WEIGHTS, density=1)),
        ]
    for method in ("dare_linear", "dare_ties"):
        drop = {"drop_rate": 0.4}
        cases += [
            variation(method, models, "sparse", trio(weight=WEIGHTS, density=0.01)),
            variation(method, models, "drop-then-trim", trio(
                weight=WEIGHTS, density=0.2, dare=drop)),
            variation(method, models, "drop-more-than-trim", trio(
                weight=WEIGHTS, density=0.9, dare=drop)),
        ]
    for method in ("della", "della_linear"):
        cases += [
            variation(method, models, "no-epsilon", trio(
                weight=WEIGHTS, density=DENSITIES, epsilon=0)),
            variation(method, models, "epsilon", trio(
                weight=WEIGHTS, density=DENSITIES, epsilon=(0.29, 0.05, 0.49))),
        ]
    for method in ("dare_ties", "della"):
        cases.append(variation(method, models, "count", dense,
                               consensus_method="count"))
    seeded = variation("dare_ties", models, "seed", dense)
    seeded.arguments = ["--seed", "12345678901234567890"]
    return cases + [seeded]


def large_further():
    models = large_models()
    cases = [Case(method, models, plan) for method, plan in
             plans_of([n for n, _ in each_further_method()], dtype="bfloat16")]
    stock = variation("model_stock", models, "rows", filter_wise=True)
    return cases + [
        stock, variation("sce", models, "all", select_topk=1),
        variation("sce", models, "most", select_topk=0.9),
        variation("nuslerp", models, "columns", base=None, nuslerp_flatten=False,
                  nuslerp_row_wise=True),
        variation("nuslerp", models, "rows", nuslerp_flatten=False),
        variation("della", models, "not-rescaled", rescale=False),
    ]


GROUPS = {g.__name__: g for g in (angular, picky, breadcrumbs, random,
                                  large_further)}
