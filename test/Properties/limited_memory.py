# ===- limited_memory.py - Merging inside a memory cgroup ------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   limited_memory.py --work DIRECTORY [--methods linear,…] [--rows R] [--runs N]
#   limited_memory.py --possible
#
# Merges models that are several times larger than the memory that a cgroup
# (version 1 or 2) allows, page cache included: the budget of 64 MiB and 64 MiB
# more. The merge must finish, with the bytes of one that is not limited. Says how
# long both took, the best of N. `--possible` says by its exit code whether
# cgroups can be made here: below this process's own, which is all that a
# container may change.
#
# ===----------------------------------------------------------------------===#

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from peak_memory import MODELS, all_method_plans, write_model  # noqa: E402

BUDGET, LIMIT = 64 << 20, 128 << 20


def own_cgroup():
    """Its directory, and the name of the file that holds the limit."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for _, at, kind, flags, *_ in mounts:
            if kind == "cgroup" and "memory" in controllers.split(",") and (
                    "memory" in flags.split(",")):
                return Path(at + path), "memory.limit_in_bytes"
            if kind == "cgroup2" and not controllers:
                files = Path(at + path) / "cgroup.subtree_control"
                if files.exists() and "memory" in files.read_text().split():
                    return Path(at + path), "memory.max"
    raise OSError("no memory controller")


@contextmanager
def limited():
    """A cgroup; its cgroup.procs."""
    parent, limit = own_cgroup()
    group = parent / f"mergec-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / limit).write_text(str(LIMIT))
        yield group / "cgroup.procs"
    finally:
        for _ in range(100):  # It is in use until the last page is uncharged.
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.05)


def possible():
    try:
        with limited() as procs:
            return subprocess.run(["sh", "-c", f'echo $$ > "{procs}"']).returncode == 0
    except OSError as error:
        print(error)
        return False


def forget(work):
    """Drops the models from the page cache, where they are another's."""
    for path in work.glob("*/model.safetensors"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def merge(work, out, procs, arguments):
    """Seconds; None if it failed."""
    shutil.rmtree(work / out, ignore_errors=True)
    forget(work)
    enter = f'echo $$ > "{procs}" && ' if procs else ""
    start = time.monotonic()
    done = subprocess.run(["sh", "-c", enter + 'exec mergec plan.yml -o "$0" --quiet '
                           '"$@"', out, f"--memory={BUDGET}", *arguments], cwd=work)
    if done.returncode:
        print(f"{out}: exit code {done.returncode}")
        return None
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    listed = lambda text: text.split(",")
    parser.add_argument("--possible", action="store_true")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--methods", type=listed, default=["linear", "ties"])
    parser.add_argument("--ways", type=listed, default=["buffered", "auto"])
    parser.add_argument("--rows", type=int, default=16384)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    if options.possible:
        sys.exit(0 if possible() else 1)
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    for name in MODELS:
        write_model(work / name, options.rows, 4096, 1)
    failures = 0
    for method in options.methods:
        (work / "plan.yml").write_text(json.dumps(dict(all_method_plans())[method]))
        for way in options.ways:
            best = {"free": None, "limited": None}
            for _ in range(options.runs):
                for out in best:
                    if out == "free":
                        seconds = merge(work, out, None, [f"--io={way}"])
                    else:
                        with limited() as procs:
                            seconds = merge(work, out, procs, [f"--io={way}"])
                    if seconds is None:
                        sys.exit(1)
                    best[out] = min(best[out] or seconds, seconds)
            same = filecmp.cmp(work / "free" / "model.safetensors",
                               work / "limited" / "model.safetensors", shallow=False)
            failures += not same
            print(f"{method}, {way}: {best['free']:.2f} s, limited "
                  f"{best['limited']:.2f} s, ratio {best['free'] / best['limited']:.2f}"
                  f"{'' if same else '; the bytes differ'}", flush=True)
    if not failures:
        shutil.rmtree(work)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
