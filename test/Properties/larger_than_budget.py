# ===- larger_than_budget.py - A tensor larger than all memory --*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   larger_than_budget.py METHOD --work DIRECTORY
#
# Merges tensors of 96 MiB under a budget of 64 MiB, watches the process's peak
# resident memory, and compares the bytes with those of a run that has plenty.
#
# ===----------------------------------------------------------------------===#

import argparse
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Numerics"))

import numpy as np  # noqa: E402

import models as m  # noqa: E402
from run import all_method_plans, prepare  # noqa: E402
from cases import Case  # noqa: E402
from safetensors_io import Tensor, read_model  # noqa: E402

ROWS, COLUMNS = 6144, 4096  # As float32: 96 MiB.
BUDGET = 64 << 20
# What a process holds besides: its code, the C++ library's, the plan, the
# headers of the models, the threads' stacks.
BESIDES = 32 << 20


def make_models():
    config = m.config(layers=1, hidden=4, vocab=8)
    small = m.base_model("budget", shapes={"model.embed_tokens.weight": (8, 4),
                                           "model.norm.weight": (4,),
                                           "lm_head.weight": (8, 4)}, layers=1)
    rng = m.generator("budget")
    piece = rng.standard_normal((ROWS // 16, COLUMNS), np.float32)
    result = {}
    for scale, name in enumerate(("base", "a", "b", "c")):
        # Distinct values, of which making a quarter at random suffices.
        values = np.concatenate([piece * np.float32(1 + i / 64 + scale / 512)
                                 for i in range(16)])
        result[name] = m.with_tensors(
            small, {"model.layers.0.mlp.huge.weight": Tensor("F32", values)})
        result[name].config.update(config)
    return result


def make(work, method):
    """In a process of its own: a child's peak starts with its parent's size."""
    plan = dict(all_method_plans())[method]
    child = os.fork()
    if child == 0:
        prepare(Case("budget", make_models(), plan), work)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("can't make the models")


def run(directory, out, memory):
    """Peak resident bytes of the merge."""
    child = os.posix_spawnp(
        "/bin/sh", ["sh", "-c", 'cd "$0" && exec mergec plan.yml -o "$1" --quiet '
                    '--memory "$2"', str(directory), out, memory], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"the merge failed with a memory of {memory}")
    return usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("method")
    parser.add_argument("--work", required=True, type=Path)
    options = parser.parse_args()
    work = options.work.resolve()
    make(work, options.method)
    peak = run(work, "small", f"{BUDGET >> 20}MiB")
    run(work, "large", "4GiB")
    small, large = (read_model(work / o) for o in ("small", "large"))
    different = [n for n in large if small[n].bytes() != large[n].bytes()]
    print(f"peak {peak >> 20} MiB under a budget of {BUDGET >> 20} MiB; "
          f"differing tensors: {different or 'none'}")
    del small, large
    shutil.rmtree(work)
    sys.exit(1 if different or peak > BUDGET + BESIDES else 0)


if __name__ == "__main__":
    main()
