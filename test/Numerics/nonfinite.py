# ===- nonfinite.py - NaN and infinity are reported -------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   nonfinite.py METHOD --work DIRECTORY
#
# A NaN in a model, an infinity in a model, and finite weights too large for the
# output's dtype: each is a warning that names the tensor, and an error under
# --strict, which leaves no output.
#
# ===----------------------------------------------------------------------===#

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np

import models as m
from run import all_method_plans, merge
from safetensors_io import Tensor

TENSOR = "model.layers.1.mlp.up_proj.weight"
# Methods that drop what differs most from the base: a weight that is too large
# never reaches the result.
DROP_THE_LARGEST = ("nearswap", "breadcrumbs", "breadcrumbs_ties")


def poisoned(spec, value, name=TENSOR):
    values = spec.tensors[name].float64().copy()
    values.reshape(-1)[[3, 70]] = value
    return m.with_tensors(spec, {name: Tensor.of("F32", values)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("method")
    parser.add_argument("--work", required=True, type=Path)
    options = parser.parse_args()
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    plan = dict(all_method_plans())[options.method]
    base = m.base_model("nonfinite", "F32")
    family = {"base": base, "b": m.finetune(base, "nonfinite/b"),
              "c": m.finetune(base, "nonfinite/c")}
    for name, spec in family.items():
        spec.write(work / name, name)
    good = m.finetune(base, "nonfinite/a")
    failures = 0
    for label, value, dtype in (("NaN", np.nan, "float32"),
                                ("infinity", np.inf, "float32"),
                                ("overflow", 1e30, "float16")):
        if label == "overflow" and options.method in DROP_THE_LARGEST:
            continue
        shutil.rmtree(work / "a", ignore_errors=True)
        poisoned(good, value).write(work / "a", "a")
        (work / "plan.yml").write_text(json.dumps({**plan, "dtype": dtype}))
        for strict in (False, True):
            shutil.rmtree(work / "out", ignore_errors=True)
            code, words = merge("mergec", work, "out",
                                ["--strict"] if strict else [])
            word = "error" if strict else "warning"
            line = next((x for x in words.splitlines()
                         if "[non-finite]" in x), "")
            right = (code == (1 if strict else 0) and f"{word}: " in line
                     and TENSOR in words and (work / "out").exists() != strict)
            print(f"{'ok' if right else 'FAIL'}: {options.method}, {label}, "
                  f"{'strict' if strict else 'lenient'}: exit code {code}: {line}")
            failures += not right
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
