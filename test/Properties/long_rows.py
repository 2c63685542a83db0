# ===- long_rows.py - Ranks in rows longer than a chunk --------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   long_rows.py --work DIRECTORY
#
# della compares elements of a row with others of it. Rows that fit a worker's
# chunk are in memory as a whole, of longer ones the others are picked out while
# the row is read again: which of the two depends on the memory, and the result
# must not. Each row is held against the rates that its ranks call for, and
# against a row of equals.
#
# ===----------------------------------------------------------------------===#

import argparse
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Numerics"))

import numpy as np  # noqa: E402

import models as m  # noqa: E402
import selection  # noqa: E402
from cases import Case  # noqa: E402
from run import merge, prepare  # noqa: E402
from safetensors_io import Tensor, read_model  # noqa: E402

SHAPES = {"short": (30, 4000), "middle": (3, 70001), "long": (2, 300007),
          "flat": (90001,)}
DENSITY, EPSILON = 0.4, 0.3
# The least budget first: there every row but the short ones is in pieces.
BUDGETS = (("24MiB", "1"), ("64MiB", "8"), ("1GiB", "2"))


def make_models():
    around = m.base_model("long rows", shapes={
        "model.embed_tokens.weight": (4, 4), "model.norm.weight": (4,),
        "lm_head.weight": (4, 4)}, layers=1)
    rng = m.generator("long rows")
    base, tuned = {}, {}
    for name, shape in SHAPES.items():
        # bf16: a few thousand magnitudes, so most are shared by several.
        values = Tensor.of("BF16", rng.normal(0, 1, shape))
        base[f"model.layers.0.{name}.weight"] = Tensor.of("BF16",
                                                          np.zeros(shape))
        tuned[f"model.layers.0.{name}.weight"] = values
    return {"base": m.with_tensors(around, base),
            "a": m.with_tensors(around, tuned)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True, type=Path)
    work = parser.parse_args().work.resolve()
    models = make_models()
    prepare(Case("rows", models, {
        "merge_method": "della_linear", "base_model": "base", "dtype": "bfloat16",
        "models": [{"model": "a", "parameters": {
            "weight": 1, "density": DENSITY, "epsilon": EPSILON}}],
        "parameters": {"rescale": False}}), work)
    results = []
    for memory, threads in BUDGETS:
        code, words = merge("mergec", work, f"out-{memory}", [
            "--quiet", "--memory", memory, "--threads", threads])
        if code:
            sys.exit(f"exit code {code} with {memory}\n{words}")
        results.append(read_model(work / f"out-{memory}"))
    failures = 0
    for name in SHAPES:
        name = f"model.layers.0.{name}.weight"
        same = all(r[name].bytes() == results[0][name].bytes() for r in results)
        # Independent draws with the chances that the ranks give: the numbers of
        # survivors in tenths of the ranks lie within four deviations.
        size = abs(models["a"].tensors[name].float32())
        chance = selection.magprune_probabilities(size, DENSITY, EPSILON).ravel()
        kept = (results[0][name].float64() != 0).ravel() & (size.ravel() != 0)
        chance = np.where(size.ravel() != 0, chance, 0)
        tenth = np.minimum((chance - 0.1) / 0.6 * 10, 9).astype(int)
        worst = 0.0
        for t in range(10):
            p = chance[(tenth == t) & (size.ravel() != 0)]
            off = kept[(tenth == t) & (size.ravel() != 0)].sum() - p.sum()
            worst = max(worst, abs(off) / np.sqrt((p * (1 - p)).sum()))
        good = same and worst < 4
        print(f"{'ok' if good else 'FAIL'}: {name}: "
              f"{'the same' if same else 'different'} bytes, "
              f"worst {worst:.2f} sigma")
        failures += not good
    if not failures:
        shutil.rmtree(work)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
