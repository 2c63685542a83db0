# ===- judge.py - Does a merged tensor meet the bar ------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# The bar. 16-bit results: an element is right if it is the rounding of some v
# with |v - r| <= 2^-20 sum|terms|, r being the formula's value; at least 99.99 %
# are right and the rest within one unit of r's rounding. 32-bit results: off by
# no more than (N+2) 2^-24 sum|terms| for N models. 64-bit results of float64
# arithmetic: (N+2) 2^-52 sum|terms|, or 2^-44 where a factor is itself a float64
# sum over the tensor, of up to millions of elements.
#
# A wrong decision (a sign, a survivor) moves an element by a whole term and so
# fails the same test; copies must be equal byte for byte.
#
# ===----------------------------------------------------------------------===#

from dataclasses import dataclass

import numpy as np

from safetensors_io import Tensor

# Roundings a method needs beyond one per model and two: measured, with reasons.
EXTRA_ROUNDINGS = {}

# Half the smallest float32, what one operation on denormals may lose.
TINY = 2.0 ** -150


@dataclass
class Verdict:
    name: str
    elements: int
    off: int = 0  # Not right, but within what a few may be.
    wrong: int = 0
    worst: float = 0.0  # Error in units of what is allowed; 32 and 64 bits.
    message: str = ""

    @property
    def passed(self):
        return not self.message


def ordered(bits):
    """16-bit floats as integers that count units; both zeros are 0."""
    bits = bits.astype(np.int32)
    return np.where(bits & 0x8000, -(bits & 0x7FFF), bits)


def judge(job, expected, got):
    """`got` as stored; returns a Verdict."""
    verdict = Verdict(job.name, int(np.prod(got.shape)))
    shape = (expected.copy.shape if expected.copy is not None
             else np.shape(expected.value))
    if got.dtype != job.dtype or got.shape != shape:
        verdict.message = (f"is {got.dtype}{list(got.shape)}, expected "
                           f"{job.dtype}{list(shape)}")
        return verdict
    if expected.copy is not None:
        return _judge_copy(expected, got, verdict)
    if expected.conversion:
        rounded = Tensor.of(got.dtype, np.asarray(expected.value))
        expected.copy = rounded
        return _judge_copy(expected, got, verdict)
    outcomes = [(None, expected.value, expected.terms)] + expected.alternatives
    if got.dtype in ("F16", "BF16"):
        return _judge_narrow(outcomes, got, verdict)
    extra = EXTRA_ROUNDINGS.get(job.method, 0)
    return _judge_wide(outcomes, got, verdict, expected, extra)


def _judge_copy(expected, got, verdict):
    wanted = np.atleast_1d(expected.copy.bits)
    stored = np.atleast_1d(got.bits)
    plain = f"u{wanted.itemsize}"
    different = wanted.view(plain) != stored.view(plain)
    if different.any():
        verdict.wrong = int(different.sum())
        at = np.unravel_index(int(np.argmax(different)), wanted.shape)
        verdict.message = (f"{verdict.wrong} elements are not copied; first at "
                           f"{_index(at)}: {stored[at]!r}, expected {wanted[at]!r}")
    return verdict


def _judge_narrow(outcomes, got, verdict):
    stored = np.atleast_1d(got.bits)
    stored = ordered(stored.view(np.uint16)).reshape(np.atleast_1d(got.bits).shape)
    right = np.zeros(stored.shape, bool)
    distance = np.full(stored.shape, 1 << 30)
    infinite = np.where(np.isnan(np.atleast_1d(got.float64())), True, False)
    for allowed, value, terms in outcomes:
        value = np.atleast_1d(np.asarray(value, np.float64))
        slack = 2.0 ** -20 * np.atleast_1d(terms) + TINY
        low, middle, high = (_rounded(got.dtype, v)
                             for v in (value - slack, value, value + slack))
        allowed = np.atleast_1d(True if allowed is None else allowed)
        both_nan = np.isnan(value) & infinite
        right |= allowed & (((low <= stored) & (stored <= high) & ~infinite
                             & ~np.isnan(value)) | both_nan)
        distance = np.where(allowed, np.minimum(distance, abs(stored - middle)),
                            distance)
    distance = np.where(infinite & ~right, 1 << 30, distance)
    off = ~right
    verdict.off = int(np.count_nonzero(off))
    verdict.wrong = int(np.count_nonzero(off & (distance > 1)))
    few = max(1, verdict.elements // 10000)
    if verdict.wrong or verdict.off > few:
        at = np.unravel_index(int(np.argmax(np.where(off, distance, -1))),
                              stored.shape)
        verdict.message = (
            f"{verdict.off} of {verdict.elements} elements are not right, "
            f"{verdict.wrong} by more than one unit; worst at {_index(at)}: "
            f"{_at(got.float64(), at)!r}, expected {_at(outcomes[0][1], at)!r} "
            f"(terms {_at(outcomes[0][2], at)!r}), {int(distance[at])} units")
    return verdict


def _rounded(dtype, values):
    with np.errstate(over="ignore", invalid="ignore"):
        bits = Tensor.of(dtype, values).bits
    return ordered(bits.view(np.uint16)).reshape(values.shape)


def _judge_wide(outcomes, got, verdict, expected, extra):
    stored = np.atleast_1d(got.bits).astype(np.longdouble)
    double = got.dtype == "F64" and expected.wide
    unit = 2.0 ** -24
    if double:
        unit = 2.0 ** -44 if expected.reduced else 2.0 ** -52
    tiny = 2.0 ** -1074 if double else TINY
    roundings = expected.models + 2 + extra
    ratio = np.full(stored.shape, np.inf)
    for allowed, value, terms in outcomes:
        value = np.atleast_1d(np.asarray(value, np.longdouble))
        bound = roundings * (unit * np.atleast_1d(terms) + tiny)
        with np.errstate(invalid="ignore", over="ignore"):
            error = (abs(stored - value) / bound).astype(np.float64)
            same = stored == value.astype(got.bits.dtype)
        error = np.where(same | (np.isnan(stored) & np.isnan(value)), 0, error)
        error = np.where(np.isnan(error), np.inf, error)
        if allowed is not None:
            error = np.where(np.atleast_1d(allowed), error, np.inf)
        ratio = np.minimum(ratio, error)
    if not ratio.size:
        return verdict
    verdict.worst = float(ratio.max())
    verdict.wrong = int(np.count_nonzero(ratio > 1))
    if verdict.wrong:
        at = np.unravel_index(int(np.argmax(ratio)), stored.shape)
        verdict.message = (
            f"{verdict.wrong} of {verdict.elements} elements are beyond "
            f"({roundings})·{unit:.3g}·terms; worst at {_index(at)}: "
            f"{_at(got.bits, at)!r}, expected {_at(outcomes[0][1], at)!r} "
            f"(terms {_at(outcomes[0][2], at)!r}), {verdict.worst:.3g} times "
            "what is allowed")
    return verdict


def _at(array, index):
    return float(np.atleast_1d(np.asarray(array))[index])


def _index(at):
    return "[" + ", ".join(str(int(i)) for i in at) + "]"
