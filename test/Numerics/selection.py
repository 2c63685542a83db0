# ===- selection.py - Which elements survive -------------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Selections by rank, exact to the element. Magnitudes are float32. A class of
# equal magnitudes that an edge cuts is thinned evenly: of its m elements, in
# index order, number j is among the r survivors iff
# floor((j+1)r/m) > floor(jr/m).
#
# ===----------------------------------------------------------------------===#

import numpy as np


def keep_ranks(keys, first, count):
    """True for the elements with ranks [first, first + count), 0 the largest."""
    keys = np.asarray(keys, np.float32)
    flat = keys.ravel()
    last = min(first + count, flat.size)
    if last <= first:
        return np.zeros(keys.shape, bool)
    edges = {_ranked(flat, first), _ranked(flat, last - 1)}
    keep = (flat < max(edges)) & (flat > min(edges))
    for edge in edges:
        above = int(np.count_nonzero(flat > edge))
        members = np.flatnonzero(flat == edge)
        m = members.size
        r = min(above + m, last) - max(above, first)
        j = np.arange(m, dtype=np.int64)
        keep[members[(j + 1) * r // m > j * r // m]] = True
    assert np.count_nonzero(keep) == last - first
    return keep.reshape(keys.shape)


def _ranked(flat, rank):
    position = flat.size - 1 - rank
    return np.partition(flat, position)[position]


def magnitude_mask(magnitudes, density):
    if density >= 1:
        return np.ones(magnitudes.shape, bool)
    count = int(density * magnitudes.size)
    if count == 0 and density > 0 and magnitudes.size:
        count = 1
    return keep_ranks(magnitudes, 0, count)


def outlier_mask(magnitudes, density, gamma):
    if density >= 1:
        return np.ones(magnitudes.shape, bool)
    n = magnitudes.size
    count = int(density * n)
    dropped = min(int(gamma * n), n - count)
    return keep_ranks(magnitudes, dropped, count)


def mean_ranks(row):
    """Rank of each magnitude in its row, 0 the smallest; equals share the mean."""
    values, inverse, counts = np.unique(row, return_inverse=True,
                                        return_counts=True)
    first = np.cumsum(counts) - counts
    return (first + (counts - 1) / 2)[inverse]


def magprune_probabilities(magnitudes, density, epsilon):
    """The chance of each element to be kept."""
    if density >= 1:
        return np.ones(magnitudes.shape)
    if density <= 0:
        return np.zeros(magnitudes.shape)
    rows = magnitudes.reshape(-1, magnitudes.shape[-1] if magnitudes.ndim else 1)
    length = rows.shape[1]
    if length == 1 or not magnitudes.size:
        return np.full(magnitudes.shape, density)
    ranks = np.stack([mean_ranks(row) for row in rows])
    return (density - epsilon + 2 * epsilon * ranks / (length - 1)).reshape(
        magnitudes.shape)
