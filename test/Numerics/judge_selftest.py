# ===- judge_selftest.py - The judge accepts right and rejects wrong -*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Judges results made here instead of by the tool: correct ones, which must pass,
# and ones with a single planted mistake, each of which must be noticed.
#
# ===----------------------------------------------------------------------===#

import sys

import numpy as np

import cases
import cases_further
import models as m
import selection
import task_vectors
from judge import judge
from methods import FORMULAS, RANDOM_FORMULAS
from operands import Operands
from run import expectations
from safetensors_io import Tensor, bf16_to_float32, float64_to_bf16

FAILURES = []


def check(what, holds):
    print(f"{'ok' if holds else 'FAIL'}: {what}")
    if not holds:
        FAILURES.append(what)


def verdict(job, got):
    with np.errstate(all="ignore"):
        return judge(job, formula(job), got)


def formula(job):
    if job.method in FORMULAS:
        return FORMULAS[job.method](job)
    rng = m.generator(job.name)
    masks = [rng.random(i.tensor.shape) < (i.parameters("density") or 0)
             for i in job.inputs]
    return RANDOM_FORMULAS[job.method](job, masks)


def rounded(job):
    with np.errstate(all="ignore"):
        expected = formula(job)
    if expected.copy is not None:
        return expected.copy
    return Tensor.of(job.dtype, np.asarray(expected.value))


def conversions():
    every = np.arange(1 << 16, dtype=np.uint16)
    finite = every[(every & 0x7FFF) <= 0x7F80]
    check("every bfloat16 survives float64", (float64_to_bf16(
        bf16_to_float32(finite).astype(np.float64)) == finite).all())
    # Midpoints between neighbours, and a hair to either side of them, far below
    # what float32 can tell.
    low = every[(every < 0x7F7F)]
    a, b = (bf16_to_float32(x).astype(np.float64) for x in (low, low + 1))
    middle = (a + b) / 2
    check("midpoints go to even", (float64_to_bf16(middle) == low + (low & 1)).all())
    check("below a midpoint goes down",
          (float64_to_bf16(np.nextafter(middle, 0)) == low).all())
    check("above a midpoint goes up",
          (float64_to_bf16(np.nextafter(middle, np.inf)) == low + 1).all())
    check("overflow is infinite", float64_to_bf16(np.array([3.4e38]))[0] == 0x7F80)


def tie_rule():
    keys = np.array([3, 1, 1, 1, 1, 0, 5], np.float32)
    check("thinning is even", selection.keep_ranks(keys, 0, 4).tolist()
          == [True, False, True, False, True, False, True])
    check("outliers are thinned on both edges", selection.keep_ranks(
        np.full(8, 2, np.float32), 3, 2).tolist()
        == [False, False, False, True, False, False, False, True])
    check("a tiny density keeps one", selection.magnitude_mask(
        np.array([1, 4, 2], np.float32), 1e-9).tolist() == [False, True, False])
    check("equal magnitudes share a rank", selection.mean_ranks(
        np.array([2, 1, 2, 0, 2])).tolist() == [3, 1, 3, 0, 3])


def correct_results(groups):
    """Every formula on every case: no exception, and its own rounding passes."""
    for group, make in groups.items():
        if group.startswith("large"):
            continue
        bad = [f"{case.name}/{job.name}: {v.message}" for case in make()
               for job in expectations(case).values()
               for v in [verdict(job, rounded(job))] if not v.passed]
        check(f"the rounded oracle passes: {group} {bad[:3] or ''}", not bad)


def job_of(group, case, tensor):
    (chosen,) = [c for c in cases.GROUPS[group]() if c.name == case]
    return expectations(chosen)[tensor]


def moved(tensor, index, units):
    bits = tensor.bits.copy()
    flat = bits.reshape(-1).view(f"u{bits.itemsize}")
    flat[index] += np.array(units).astype(flat.dtype)
    return Tensor(tensor.dtype, bits)


def plain_float32():
    job = job_of("linear", "normalized", "model.layers.0.mlp.up_proj.weight")
    weights = np.array([0.2, 0.3, 1.7])
    weights = (weights / weights.sum()).astype(np.float32)
    sums = np.zeros(job.inputs[0].tensor.shape, np.float32)
    for weight, entry in zip(weights, job.inputs):
        sums = sums + weight * entry.tensor.float32()
    got = Tensor.of("BF16", sums.astype(np.float64))
    check("float32 arithmetic passes", verdict(job, got).passed)
    job.dtype = "F32"
    check("float32 arithmetic passes unrounded",
          verdict(job, Tensor("F32", sums)).passed)
    job.dtype = "BF16"

    # What a merge in bfloat16 would give.
    steps = np.zeros(sums.shape)
    for weight, entry in zip(weights, job.inputs):
        product = bf16_to_float32(float64_to_bf16(
            float(weight) * entry.tensor.float64()))
        steps = bf16_to_float32(float64_to_bf16(
            steps + product.astype(np.float64))).astype(np.float64)
    check("bfloat16 arithmetic fails",
          not verdict(job, Tensor.of("BF16", steps)).passed)


def planted_mistakes():
    job = job_of("linear", "normalized", "model.layers.0.mlp.up_proj.weight")
    good = rounded(job)
    check("one element off by one unit passes", verdict(job, moved(good, 5, 1)).passed)
    check("two elements off by one unit fail",
          not verdict(job, moved(moved(good, 5, 1), 9, 1)).passed)
    check("one element off by two units fails",
          not verdict(job, moved(good, 5, 2)).passed)
    check("another dtype fails", not verdict(
        job, Tensor.of("F16", good.float64())).passed)
    check("another shape fails", not verdict(
        job, Tensor("BF16", good.bits.reshape(-1))).passed)
    check("a NaN fails", not verdict(
        job, Tensor("BF16", np.where(np.arange(good.bits.size).reshape(good.shape)
                                     == 7, np.uint16(0x7FC0), good.bits))).passed)

    job.dtype = "F32"
    single = rounded(job)
    check("float32 off by one unit passes", verdict(job, moved(single, 3, 1)).passed)
    check("float32 off by 64 units fails",
          not verdict(job, moved(single, 3, 64)).passed)

    job = job_of("passthrough", "copy", "model.norm.weight")
    copied = rounded(job)
    check("a changed copy fails", not verdict(job, moved(copied, 2, 1)).passed)
    zeros = Tensor("BF16", np.zeros(copied.shape, np.uint16))
    job.inputs[0].tensor = zeros
    check("a zero that lost its sign fails",
          not verdict(job, moved(zeros, 0, 0x8000)).passed)


def wrong_decisions():
    job = job_of("ties", "density-0.5", "model.layers.0.mlp.up_proj.weight")
    expected = FORMULAS["ties"](job)
    ops = Operands(job)
    deltas = ops.deltas()
    sizes = task_vectors.magnitudes(deltas)
    masks = [selection.magnitude_mask(s, 0.5) for s in sizes]

    def result(masks, factor=None):
        parts = [np.where(mask, d, 0) * w for mask, d, w in
                 zip(masks, deltas, (0.6, 0.5, 0.7))]
        ballot = sum(parts)
        elected = np.where(ballot >= 0, 1, -1)
        if factor is not None:
            elected = elected * factor
        agree = [np.sign(p) == elected for p in parts]
        below = sum(w * a for w, a in zip((0.6, 0.5, 0.7), agree))
        return ops.b + sum(np.where(a, p, 0) for a, p in zip(agree, parts)
                           ) / np.where(below == 0, 1, below)
    check("a second writing of ties agrees",
          judge(job, expected, Tensor.of("BF16", result(masks))).passed)

    # One survivor exchanged for its equal: right sizes, wrong choice.
    threshold = sizes[0][masks[0]].min()
    tied = sizes[0] == threshold
    inside, outside = (np.flatnonzero(tied & side) for side in (masks[0], ~masks[0]))
    check("the threshold falls into a class", inside.size > 0 and outside.size > 0)
    caught = 0
    for gone, come in zip(inside, outside):
        other = masks[0].copy()
        other.reshape(-1)[[gone, come]] = False, True
        caught += not judge(job, expected, Tensor.of(
            "BF16", result([other] + masks[1:]))).passed
    check("an exchanged survivor fails", caught > 0)

    strong = np.argmax(abs(sum(np.where(k, d, 0) for k, d in zip(masks, deltas))))
    flip = np.ones(ops.b.size)
    flip[strong] = -1
    check("one wrong sign fails", not judge(job, expected, Tensor.of(
        "BF16", result(masks, flip.reshape(ops.b.shape)))).passed)
    one_less = masks[2].copy()
    one_less.reshape(-1)[np.argmax(sizes[2])] = False
    check("one survivor too few fails", not judge(job, expected, Tensor.of(
        "BF16", result(masks[:2] + [one_less]))).passed)


def wrong_parameters():
    job = job_of("parameters", "gradients-behind-filters",
                 "model.layers.2.mlp.up_proj.weight")
    check("the right gradient passes", verdict(job, rounded(job)).passed)
    other = job_of("parameters", "gradients-behind-filters",
                   "model.layers.1.mlp.up_proj.weight")
    check("filters have their gradients", (job.parameters("t"),
                                           other.parameters("t")) == (0.7, 0.5))
    norm = job_of("parameters", "gradients-behind-filters", "model.norm.weight")
    check("the last filter is for all others", norm.parameters("t") == 0.5)
    heads = expectations([c for c in cases.structure()
                          if c.name == "tied-and-untied"][0])
    check("a tied head is untied", "lm_head.weight" in heads)
    rows = job_of("structure", "common-rows-ties", "lm_head.weight")
    check("common rows are kept", rows.base.tensor.shape[0] == 40
          and rows.inputs[0].tensor.shape[0] == 40)


def main():
    if sys.argv[1:] == ["further"]:
        correct_results(cases_further.GROUPS)
    else:
        conversions()
        tie_rule()
        plain_float32()
        planted_mistakes()
        wrong_decisions()
        wrong_parameters()
        correct_results(cases.GROUPS)
    print(f"{len(FAILURES)} failures")
    sys.exit(1 if FAILURES else 0)


if __name__ == "__main__":
    main()
