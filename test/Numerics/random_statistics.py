# ===- random_statistics.py - Random masks are random and reproducible -*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   random_statistics.py dare|della --work DIRECTORY
#
# The base is zero and the models are 1, 2 and 4 everywhere, so that the sum of
# what a method keeps spells out its masks. Their rates, and the correlations
# between models, tensors, seeds and neighbours, lie within four standard
# deviations of what independent draws give: the seeds are fixed, so a mask that
# passes will always pass.
#
# ===----------------------------------------------------------------------===#

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np

import models as m
from run import merge
from safetensors_io import Tensor, read_model

SHAPE = (1024, 1536)
FIRST, SECOND = (f"model.layers.{i}.mlp.up_proj.weight" for i in range(2))
SIGMAS = 4
DENSITIES = (0.3, 0.5, 0.9)

FAILURES = []


def check(what, holds):
    print(f"{'ok' if holds else 'FAIL'}: {what}")
    if not holds:
        FAILURES.append(what)


def constant(value):
    return model_of({FIRST: np.full(SHAPE, value), SECOND: np.full(SHAPE, value)})


def model_of(values):
    around = m.base_model("statistics", shapes={
        "model.embed_tokens.weight": (4, 4), "model.norm.weight": (4,),
        "lm_head.weight": (4, 4)}, layers=2)
    return m.with_tensors(around, {n: Tensor.of("F32", v)
                                   for n, v in values.items()})


def draw(work, method, names=("base", "a", "b", "c"), seed=0, **parameters):
    """The tensors that a plan of weights 1 gives."""
    plan = {"merge_method": method, "base_model": names[0], "dtype": "float32",
            "models": [{"model": n, "parameters": {
                "weight": 1, "density": p, **parameters}}
                for n, p in zip(names[1:], DENSITIES)],
            "parameters": {"rescale": False, "normalize": False}}
    (work / "plan.yml").write_text(json.dumps(plan))
    code, words = merge("mergec", work, "out",
                        ["--quiet", "--force", "--seed", str(seed)])
    if code:
        sys.exit(f"exit code {code}\n{words}")
    return {n: np.array(t.float64()) for n, t in read_model(work / "out").items()}


def masks_of(values):
    return [(values.astype(np.int64) >> bit & 1).astype(bool) for bit in range(3)]


def correlation(a, b):
    """In standard deviations of that of independent masks."""
    a, b = a.ravel() - a.mean(), b.ravel() - b.mean()
    return np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)) * np.sqrt(a.size)


def uncorrelated(what, a, b):
    r = correlation(a, b)
    check(f"{what}: {r:+.2f} sigma", abs(r) < SIGMAS)


def dare(work):
    for name, value in zip(("base", "a", "b", "c"), (0, 1, 2, 4)):
        constant(value).write(work / name, name)
    result = draw(work, "dare_linear")
    first, second = masks_of(result[FIRST]), masks_of(result[SECOND])
    n = first[0].size
    for mask, density in zip(first + second, DENSITIES * 2):
        sigma = np.sqrt(density * (1 - density) / n)
        off = (mask.mean() - density) / sigma
        check(f"rate of density {density}: {off:+.2f} sigma", abs(off) < SIGMAS)
        rows = (mask.mean(axis=1) - density) / (sigma * np.sqrt(SHAPE[0]))
        check(f"rows of density {density}: spread {rows.std():.3f}",
              abs(rows.std() - 1) < SIGMAS / np.sqrt(2 * SHAPE[0]))
        uncorrelated("neighbours in a row", mask[:, 1:], mask[:, :-1])
        uncorrelated("neighbours in a column", mask[1:], mask[:-1])
        for lag in (2, 4, 8, 16, 4096):
            flat = mask.ravel()
            uncorrelated(f"elements {lag} apart", flat[lag:], flat[:-lag])
    for i in range(3):
        uncorrelated("tensors of one model", first[i], second[i])
        uncorrelated("models", first[i], first[(i + 1) % 3])
        uncorrelated("models, of different tensors", first[i], second[(i + 1) % 3])
    for seed in (1, 1 << 32, (1 << 64) - 1):
        other = masks_of(draw(work, "dare_linear", seed=seed)[FIRST])
        for i in range(3):
            uncorrelated(f"seeds 0 and {seed}", first[i], other[i])

    again = draw(work, "dare_linear")
    check("equal seeds give equal masks",
          (again[FIRST] == result[FIRST]).all())
    for name in ("base", "a", "b", "c"):
        shutil.copytree(work / name, work / f"other-{name}")
    renamed = draw(work, "dare_linear", [f"other-{n}" for n in
                                         ("base", "a", "b", "c")])
    check("masks don't depend on the names of models",
          (renamed[FIRST] == result[FIRST]).all())


def della(work):
    """Each row holds the magnitudes 1 to 256 in an order of its own."""
    length, density, epsilon = 256, DENSITIES[0], 0.2
    rng = m.generator("della")
    sizes = np.argsort(rng.random((8192, length)), axis=1) + 1.0
    signs = np.where(rng.random(sizes.shape) < 0.5, -1, 1)
    model_of({FIRST: sizes * 0, SECOND: sizes * 0}).write(work / "zero", "zero")
    model_of({FIRST: sizes * signs, SECOND: sizes}).write(work / "ranks", "ranks")
    result = draw(work, "della_linear", ("zero", "ranks"), epsilon=epsilon)
    kept = result[FIRST] != 0
    check("what is kept is unchanged",
          (result[FIRST][kept] == (sizes * signs)[kept]).all())
    rates = np.array([kept[sizes == r + 1].mean() for r in range(length)])
    wanted = density - epsilon + 2 * epsilon * np.arange(length) / (length - 1)
    off = (rates - wanted) / np.sqrt(wanted * (1 - wanted) / len(sizes))
    check(f"keep rates are linear in rank: worst {abs(off).max():.2f} sigma",
          abs(off).max() < SIGMAS + 0.5)
    check(f"their deviations are random: spread {off.std():.3f}",
          abs(off.std() - 1) < SIGMAS / np.sqrt(2 * length))
    chance = wanted[sizes.astype(int) - 1]
    uncorrelated("tensors, given the ranks", kept - chance,
                 (result[SECOND] != 0) - chance)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("dare", "della"))
    parser.add_argument("--work", required=True, type=Path)
    options = parser.parse_args()
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    {"dare": dare, "della": della}[options.kind](work)
    if not FAILURES:
        shutil.rmtree(work)
    sys.exit(1 if FAILURES else 0)


if __name__ == "__main__":
    main()
