# ===- geometry.py - Methods of lengths and angles -------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Written with whole vectors throughout, where an implementation that streams
# works on Gram matrices: the two agree only if both are right.
#
# ===----------------------------------------------------------------------===#

import numpy as np

from operands import Operands, dot, norm


def slerp(job):
    ops = Operands(job)
    ops.reduced = True
    if job.base is None or not ops.x:
        return ops.combination([ops.real(1)], ops.x or [ops.b])
    t, x, b = ops.real(ops.number("t")), ops.x[0], ops.b

    def unit(v):
        length = norm(v)
        return v / length if length > 1e-8 else v
    cosine = dot(unit(b), unit(x))
    if abs(cosine) > 0.9995:
        result = ops.combination([1 - t, t], [b, x])
    else:
        angle = np.arccos(cosine)
        result = ops.combination([np.sin((1 - t) * angle) / np.sin(angle),
                                  np.sin(t * angle) / np.sin(angle)], [b, x])
    result.models = 2
    return result


def nuslerp(job):
    ops = Operands(job)
    ops.reduced = True
    first, second = ops.each("weight")
    t = 0.5 if abs(first + second) < 1e-6 else second / (first + second)
    a, b = ops.x if ops.b is None else ops.deltas()
    if ops.flag("nuslerp_flatten", True):
        axis = tuple(range(a.ndim))
    elif a.ndim == 0:
        axis = ()
    else:
        axis = 0 if ops.flag("nuslerp_row_wise", False) else -1

    def total(v):
        return np.sum(v, axis=axis, keepdims=True)
    lengths = [np.maximum(np.sqrt(total(v * v)), 1e-7) for v in (a, b)]
    cosine = np.clip(total((a / lengths[0]) * (b / lengths[1])), -1, 1)
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    flat = abs(sine) < 1e-8
    safe = np.where(flat, 1, sine)
    coefficients = [np.where(flat, 1 - t, np.sin((1 - t) * angle) / safe),
                    np.where(flat, t, np.sin(t * angle) / safe)]
    if ops.b is None:
        return ops.combination(coefficients, [a, b])
    return ops.combination([1] + coefficients, [ops.b, a, b])


def multislerp(job):
    ops = Operands(job)
    ops.reduced = True
    y = ops.x if ops.b is None else ops.deltas()
    based = ([ops.real(1)], [ops.b]) if ops.b is not None else ([], [])
    if len(y) == 1:
        return ops.combination([ops.real(1)], ops.x)
    weights = np.array(ops.each("weight"), ops.real)
    if ops.flag("normalize_weights", True):
        weights = weights / weights.sum()
    epsilon = ops.number("eps", 1e-8)
    lengths = [norm(v) for v in y]
    units = [v / (n + epsilon) for v, n in zip(y, lengths)]
    mean = sum(w * u for w, u in zip(weights, units))
    size = norm(mean)
    if size < epsilon:
        assert len(y) == 2 or not y[0].size, "an error, not a result"
        return ops.combination(based[0] + list(weights), based[1] + y)
    mean = mean / size
    tangent = sum(w * (u - dot(u, mean) * mean) for w, u in zip(weights, units))
    tau = norm(tangent) + epsilon
    scale = sum(w * n for w, n in zip(weights, lengths))
    value = scale * (mean * np.cos(tau) + tangent * np.sin(tau) / tau)
    # As coefficients of the inputs, for the terms alone.
    along = sum(w * dot(u, mean) for w, u in zip(weights, units))
    terms = 0
    for w, n, v in zip(weights, lengths, y):
        share = w / (n + epsilon)
        coefficient = share / size * np.cos(tau) + (
            share - along * share / size) * np.sin(tau) / tau
        terms = terms + abs(scale * coefficient * v)
    if ops.b is not None:
        value, terms = value + ops.b, terms + abs(ops.b)
    return ops.expected(value, terms)


def karcher(job):
    ops = Operands(job)
    ops.reduced = True
    tolerance = ops.number("tol", 1e-5)
    rounds = int(ops.number("max_iter", 10))
    lengths = [norm(v) for v in ops.x]
    real = [i for i, n in enumerate(lengths) if n > tolerance]
    if not real:
        return ops.expected(np.zeros(ops.shape), np.zeros(ops.shape))
    units = [ops.x[i] / lengths[i] for i in real]
    share = 1 / ops.real(len(real))
    # u = sum of c_i · unit_i; the coefficients are kept for the terms.
    c = np.full(len(real), share)

    def vector(coefficients):
        return sum(k * v for k, v in zip(coefficients, units))
    size = norm(vector(c))
    c = c / size if size >= tolerance else np.eye(len(real), dtype=ops.real)[0]
    for _ in range(rounds):
        u = vector(c)
        step = np.zeros_like(c)
        for i, v in enumerate(units):
            cosine = np.clip(dot(v, u), -1, 1)
            angle = np.arccos(cosine)
            if angle < tolerance or angle > np.pi - tolerance:
                continue
            pull = share * angle / np.sin(angle)
            step[i] += pull
            step -= pull * cosine * c
        length = norm(vector(step))
        if length < tolerance:
            break
        c = np.cos(length) * c + np.sin(length) * step / length
        c = c / norm(vector(c))
    scale = sum(lengths) / ops.count
    return ops.combination([scale * k / lengths[i] for k, i in zip(c, real)],
                           [ops.x[i] for i in real])


def model_stock(job):
    ops = Operands(job)
    ops.reduced = True
    n = ops.count
    deltas = ops.deltas()
    rows = ops.flag("filter_wise", False) and deltas[0].ndim > 0
    axis = -1 if rows else None

    def inner(a, b):
        return np.sum(a * b, axis=axis, keepdims=True)
    cosines = []
    for i in range(n):
        for j in range(i + 1, n):
            size = np.sqrt(inner(deltas[i], deltas[i])) * np.sqrt(
                inner(deltas[j], deltas[j]))
            cosines.append(np.clip(inner(deltas[i], deltas[j])
                                   / np.maximum(size, 1e-6), -1, 1))
    c = sum(cosines) / len(cosines)
    below = 1 + (n - 1) * c
    t = np.where(below == 0, 0, n * c / np.where(below == 0, 1, below))
    if not rows:
        t = t.reshape(())
    return ops.combination([t / n] * n + [1 - t], ops.x + [ops.b])
