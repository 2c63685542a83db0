# ===- methods.py - Every merge method in float64 --------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# The table of formulas, and those that look at one position at a time.
#
# ===----------------------------------------------------------------------===#

import numpy as np

import geometry
import importance
import task_vectors
from operands import Expected, Operands


def linear(job):
    ops = Operands(job)
    weights = ops.each("weight")
    divisor = sum(weights) if ops.flag("normalize", True) else 1.0
    return ops.combination([ops.real(w) / divisor for w in weights], ops.x)


def passthrough(job):
    (only,) = job.inputs
    scale = only.parameters("scale")
    if scale is None:
        if only.tensor.dtype == job.dtype:
            return Expected(None, None, 1, copy=only.tensor)
        ops = Operands(job)
        return ops.expected(ops.x[0], abs(ops.x[0]), conversion=True)
    ops = Operands(job)
    return ops.combination([ops.real(scale)], ops.x)


def nearswap(job):
    ops = Operands(job)
    # The distance decides nothing, so it is not rounded to float32.
    distance = abs(ops.x[0] - ops.b)
    share = np.clip(ops.number("t") / np.maximum(distance, 1e-6), 0, 1)
    result = ops.combination([share, 1 - share], [ops.x[0], ops.b])
    if ops.wide:
        # Float64 is all there is for a weight that is nearly 1, and what 1 - weight
        # has lost then counts in units of the base.
        result.terms = result.terms + abs(ops.b).astype(np.float64)
    return result


def ram(job):
    return _ram(job, lambda ops, shared, unique: 1.0)


def ramplus_tl(job):
    def boost(ops, shared, unique):
        ratio = shared / max(unique, ops.number("epsilon", 1e-5))
        return 1 + ops.number("r", 0.1) * min(max(ratio, 0), ops.number("alpha", 0.2))
    return _ram(job, boost)


def _ram(job, boost):
    ops = Operands(job)
    epsilon = ops.number("epsilon", 1e-5)
    deltas = ops.deltas()
    active = [abs(d).astype(np.float32).astype(np.float64) > epsilon for d in deltas]
    count = sum(a.astype(np.int64) for a in active)
    parts = []
    for delta, mine in zip(deltas, active):
        unique, shared = mine & (count == 1), mine & (count > 1)
        factor = boost(ops, int(shared.sum()), int(unique.sum()))
        parts.append(np.where(unique, factor * delta, 0)
                     + np.where(shared, delta / np.maximum(count, 1), 0))
    return ops.combination([1] * (len(parts) + 1), [ops.b] + parts)


FORMULAS = {
    "linear": linear,
    "passthrough": passthrough,
    "nearswap": nearswap,
    "ram": ram,
    "ramplus_tl": ramplus_tl,
    "slerp": geometry.slerp,
    "nuslerp": geometry.nuslerp,
    "multislerp": geometry.multislerp,
    "karcher": geometry.karcher,
    "model_stock": geometry.model_stock,
    "sce": importance.sce,
    "arcee_fusion": importance.arcee_fusion,
    "task_arithmetic": task_vectors.task_arithmetic,
    "ties": task_vectors.ties,
    "breadcrumbs": task_vectors.breadcrumbs,
    "breadcrumbs_ties": task_vectors.breadcrumbs_ties,
}

# These take a list of masks besides the job.
RANDOM_FORMULAS = {
    "dare_linear": task_vectors.dare_linear,
    "dare_ties": task_vectors.dare_ties,
    "della": task_vectors.della,
    "della_linear": task_vectors.della_linear,
}
