# ===- task_vectors.py - The task-vector family ----------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Differences from a base, thinned out, weighted, perhaps put to a vote on the
# sign, and added to the base. The decisions are to the bit: magnitudes are
# float32, votes are float64 sums in plan order of (weight · rescale) · d.
#
# ===----------------------------------------------------------------------===#

import numpy as np

import selection
from operands import Operands

# Where rescale factors come from a reduction, a vote closer than this share of
# what was cast may go either way.
CLOSE_VOTE = 1e-12


def magnitudes(deltas):
    return [abs(d).astype(np.float32) for d in deltas]


def task_arithmetic(job):
    ops = Operands(job)
    return _merge(ops, ops.deltas(), None, normalize=False)


def ties(job):
    ops = Operands(job)
    deltas = ops.deltas()
    masks = [selection.magnitude_mask(m, p) for m, p in
             zip(magnitudes(deltas), ops.each("density", 1))]
    return _merge(ops, deltas, masks, normalize=True, rescale=False, vote=True)


def breadcrumbs(job, vote=False):
    ops = Operands(job)
    deltas = ops.deltas()
    masks = [selection.outlier_mask(m, p, g) for m, p, g in
             zip(magnitudes(deltas), ops.each("density"), ops.each("gamma", 0.01))]
    return _merge(ops, deltas, masks, normalize=False, rescale=False, vote=vote)


def breadcrumbs_ties(job):
    return breadcrumbs(job, vote=True)


def dare_linear(job, masks, vote=False):
    ops = Operands(job)
    deltas = ops.deltas()
    factors = None
    drops = [i.parameters("dare") for i in job.inputs]
    if any(drops):
        # Random drop first, then magnitude trimming, and no other rescaling.
        factors = [1 / (1 - d["drop_rate"]) if d else None for d in drops]
        masks = [m & selection.magnitude_mask(np.where(m, size, 0), p) if d else m
                 for m, d, size, p in zip(masks, drops, magnitudes(deltas),
                                          ops.each("density"))]
    return _merge(ops, deltas, masks, normalize=False, rescale=True, vote=vote,
                  factors=factors)


def dare_ties(job, masks):
    return dare_linear(job, masks, vote=True)


def della(job, masks):
    ops = Operands(job)
    return _merge(ops, ops.deltas(), masks, normalize=True, rescale=True, vote=True)


def della_linear(job, masks):
    ops = Operands(job)
    return _merge(ops, ops.deltas(), masks, normalize=False, rescale=True)


def _rescale(delta, mask):
    whole = float(np.sum(abs(delta), dtype=np.float64))
    kept = float(np.sum(abs(delta[mask]), dtype=np.float64))
    return 1.0 if whole < 1e-7 or kept < 1e-7 else whole / kept


def _merge(ops, deltas, masks, normalize, rescale=None, vote=False, factors=None):
    weights = ops.each("weight")
    scales = [1.0] * ops.count
    rescaled = rescale is not None and ops.flag("rescale", rescale)
    if masks is not None:
        if rescaled:
            ops.reduced = True
            scales = [_rescale(d, m) for d, m in zip(deltas, masks)]
        if factors is not None:
            scales = [s if f is None else f for s, f in zip(scales, factors)]
        deltas = [np.where(m, d, 0) for d, m in zip(deltas, masks)]
    votes = [(w * s) * d.astype(np.float64)
             for w, s, d in zip(weights, scales, deltas)]
    parts = [ops.real(w * s) * d for w, s, d in zip(weights, scales, deltas)]
    if not vote:
        divisor = 1.0
        if ops.flag("normalize", normalize):
            divisor = sum(weights)
            divisor = 1.0 if abs(divisor) < 1e-8 else divisor
        value, terms = _sum(ops, parts, divisor)
        return ops.expected(value, terms)
    if ops.word("consensus_method", "sum") == "count":
        ballot = sum(np.sign(v) for v in votes)
        close = np.zeros(ops.shape, bool)
    else:
        ballot = np.zeros(ops.shape, np.float64)
        for cast in votes:
            ballot = ballot + cast
        close = abs(ballot) <= CLOSE_VOTE * sum(abs(v) for v in votes)
        close &= ballot != 0
    elected = np.where(ballot >= 0, 1.0, -1.0)
    value, terms = _consensus(ops, elected, votes, parts, weights, normalize)
    alternatives = []
    if rescaled and close.any():
        alternatives = [(close, *_consensus(ops, -elected, votes, parts, weights,
                                            normalize))]
    return ops.expected(value, terms, alternatives=alternatives)


def _consensus(ops, elected, votes, parts, weights, normalize):
    agree = [np.sign(v) == elected for v in votes]
    divisor = 1.0
    if ops.flag("normalize", normalize):
        divisor = np.zeros(ops.shape, np.float64)
        for weight, mine in zip(weights, agree):
            divisor = divisor + np.where(mine, weight, 0.0)
        divisor = np.where(divisor == 0, 1.0, divisor)
    return _sum(ops, [np.where(a, p, 0) for a, p in zip(agree, parts)], divisor)


def _sum(ops, parts, divisor):
    factor = ops.real(ops.number("lambda", 1)) / divisor
    scaled = [factor * p for p in parts]
    return ops.b + sum(scaled), abs(ops.b) + sum(abs(s) for s in scaled)
