# ===- importance.py - Methods that pick what matters most ----*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#

import numpy as np

import selection
from operands import Operands

# The importance of arcee_fusion is what cancellation leaves of a sum of
# logarithms: this close to the threshold, either side is right.
CLOSE_IMPORTANCE = 1e-6


def sce(job):
    ops = Operands(job)
    ops.reduced = True
    deltas = ops.deltas()
    share = ops.number("select_topk", 1.0)
    if share < 1:
        narrow = [d.astype(np.float64) for d in deltas]
        mean = sum(narrow) / ops.count
        variance = (sum((d - mean) ** 2 for d in narrow) / ops.count).astype(np.float32)
        keep = selection.keep_ranks(variance, 0,
                                    int(share * np.count_nonzero(variance)))
        deltas = [np.where(keep, d, 0) for d in deltas]
    weights = [np.sum(d.astype(np.float64) ** 2) / max(d.size, 1) for d in deltas]
    total = sum(weights)
    weights = ([w / total for w in weights] if total >= 1e-6
               else [1 / ops.count] * ops.count)
    ballot = np.zeros(ops.shape)
    for delta in deltas:
        ballot = ballot + delta.astype(np.float64)
    elected = np.where(ballot >= 0, 1.0, -1.0)
    agree = [np.sign(d) == elected for d in deltas]
    below = sum(np.where(a, w, 0.0) for a, w in zip(agree, weights))
    below = np.maximum(below, 1e-6)
    parts = [np.where(a, w * d, 0) / below
             for a, w, d in zip(agree, weights, deltas)]
    return ops.combination([1] * (ops.count + 1), [ops.b] + parts)


def arcee_fusion(job):
    ops = Operands(job)
    (delta,) = ops.deltas()
    if not delta.size:
        return ops.combination([1], [ops.b])
    shape = ops.shape if len(ops.shape) else (1,)
    x = ops.job.inputs[0].tensor.float64().reshape(shape)
    b = ops.job.base.tensor.float64().reshape(shape)

    def soft(v):
        v = np.exp(v - v.max(axis=-1, keepdims=True))
        return v / v.sum(axis=-1, keepdims=True) + 1e-8
    p, q = soft(x), soft(b)
    divergence = np.sum(p * np.log(p / q), axis=-1, keepdims=True)
    size = abs(delta).astype(np.float64).reshape(shape)
    weight = (size * divergence).astype(np.float32)
    order = np.sort(weight, axis=None)

    def quantile(q):
        return float(order[int(np.floor(q * (order.size - 1)))])
    threshold = np.float32(quantile(0.5)
                           + 1.5 * (quantile(0.75) - quantile(0.25)))
    moved = (weight >= threshold).reshape(ops.shape)
    spread = CLOSE_IMPORTANCE * max(abs(quantile(0.75)), abs(threshold), 1e-30)
    close = (abs(weight - threshold) <= spread).reshape(ops.shape)

    def result(chosen):
        part = np.where(chosen, delta, 0)
        return ops.b + part, abs(ops.b) + abs(part)
    return ops.expected(*result(moved), alternatives=[(close, *result(~moved))])
