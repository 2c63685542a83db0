# ===- limited_memory.py - Merging inside a memory cgroup ------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   limited_memory.py --work DIRECTORY [--methods linear,…] [--rows R]
#   limited_memory.py --possible
#
# Merges models that are several times larger than the memory that a cgroup
# allows, page cache included: the budget of 64 MiB and 64 MiB more. The merge must
# finish, with the bytes of one that is not limited. `--possible` says by its exit
# code whether cgroups can be made here. (How long it takes is for
# `utils/benchmark limited` to say: these models are holes in their files, which
# no disk is read for.)
#
# ===----------------------------------------------------------------------===#

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "utils")]

from memory_cgroup import limited, possible  # noqa: E402
from peak_memory import MODELS, all_method_plans, write_model  # noqa: E402

BUDGET, LIMIT = 64 << 20, 128 << 20


def forget(work):
    """Drops the models from the page cache, where they are another's."""
    for path in work.glob("*/model.safetensors"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def merge(work, out, way, enter=lambda command: command):
    shutil.rmtree(work / out, ignore_errors=True)
    forget(work)
    done = subprocess.run(
        enter(["mergec", "plan.yml", "-o", out, "--quiet", f"--memory={BUDGET}",
               f"--io={way}"]), cwd=work)
    if done.returncode:
        sys.exit(f"{out}: exit code {done.returncode}")


def main():
    parser = argparse.ArgumentParser()
    listed = lambda text: text.split(",")
    parser.add_argument("--possible", action="store_true")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--methods", type=listed, default=["linear", "ties"])
    parser.add_argument("--ways", type=listed, default=["buffered", "auto"])
    parser.add_argument("--rows", type=int, default=16384)
    options = parser.parse_args()
    if options.possible:
        sys.exit(0 if possible(LIMIT) else 1)
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    for name in MODELS:
        write_model(work / name, options.rows, 4096, 1)
    failures = 0
    for method in options.methods:
        (work / "plan.yml").write_text(json.dumps(dict(all_method_plans())[method]))
        for way in options.ways:
            merge(work, "free", way)
            with limited(LIMIT) as enter:
                merge(work, "limited", way, enter)
            same = filecmp.cmp(work / "free" / "model.safetensors",
                               work / "limited" / "model.safetensors", shallow=False)
            failures += not same
            print(f"{method}, {way}: the bytes {'are the same' if same else 'differ'}")
    if not failures:
        shutil.rmtree(work)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
