# ===- memory_cgroup.py - Running commands in little memory -----*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# Memory cgroups (version 1 or 2), which limit the page cache that a command fills
# as well. They are made below this process's own, which is all that a container
# may change.
#
# ===------------------------------------------------------------------------===#

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path


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
def limited(limit):
    """A cgroup of `limit` bytes: what makes a command one that runs there."""
    parent, name = own_cgroup()
    group = parent / f"mergec-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / name).write_text(str(limit))
        yield lambda command: [
            "sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"),
            *command]
    finally:
        for _ in range(100):  # It is in use until the last page is uncharged.
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.05)


def possible(limit):
    """Whether cgroups can be made here; says why not."""
    try:
        with limited(limit) as inside:
            return subprocess.run(inside(["true"])).returncode == 0
    except OSError as error:
        print(error)
        return False
