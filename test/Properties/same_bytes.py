# ===- same_bytes.py - Equal plans give equal bytes -------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   same_bytes.py METHOD --work DIRECTORY [--set PARAMETER=VALUE]...
#
# Merges the same models with one, two and eight threads, under small and large
# budgets, on every instruction set that this CPU has, without the C library's
# fast paths, through the page cache and past it, and from differently sharded
# files; compares every tensor with the
# first result, byte for byte. Whatever is written into the directory besides has
# to be the same from run to run, too.
#
# ===----------------------------------------------------------------------===#

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Numerics"))

import numpy as np  # noqa: E402

import models as m  # noqa: E402
from run import all_method_plans, prepare  # noqa: E402
from cases import Case  # noqa: E402
from safetensors_io import Tensor, read_model  # noqa: E402

# Several segments, none of them a whole number of chunks.
LONG = (701, 1999)


def make_models():
    """Four models with every float dtype, odd shapes, and one long tensor whose
    deltas fall into few classes."""
    base = m.base_model("bytes", extra=m.ODD_SHAPES)
    result = {"base": base}
    for name in "abc":
        result[name] = m.finetune(base, f"bytes/{name}")
    result = {n: m.mixed_dtypes(s, ("BF16", "F16", "F32", "BF16", "F64"), "bytes")
              for n, s in result.items()}
    long = Tensor.of("BF16", m.generator("long").normal(0, 0.02, LONG))
    for name, spec in result.items():
        steps = m.generator("steps", name).integers(-3, 4, LONG)
        if name == "base":
            steps = 0
        bits = (long.bits.astype(np.int32) + steps).astype(np.uint16)
        result[name] = m.with_tensors(spec, {
            "model.layers.0.mlp.long.weight": Tensor("BF16", bits),
            "model.layers.1.mlp.long.weight": Tensor("BF16", bits[:1])})
    return result


def instruction_sets():
    flags = set()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                flags = set(line.split())
                break
    except OSError:
        pass
    yield "portable"
    if {"avx2", "f16c"} <= flags:
        yield "avx2"
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
        yield "avx512"


def allows_direct_io(directory):
    """Whether the file system does."""
    path = directory / "direct"
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT))
    except OSError:
        print("direct input and output is not tested: the file system has none")
        return False
    finally:
        path.unlink(missing_ok=True)
    return True


def variants(work):
    """(label, plan's directory, arguments, environment)"""
    for threads in ("1", "2", "8"):
        yield f"threads {threads}", "straight", ["--threads", threads], {}
    for memory in ("64MiB", "2GiB"):
        yield f"memory {memory}", "straight", ["--memory", memory], {}
    yield ("memory 64MiB, threads 8", "straight",
           ["--memory", "64MiB", "--threads", "8"], {})
    for isa in instruction_sets():
        yield f"instruction set {isa}", "straight", [], {"MERGEC_ISA": isa}
    yield ("the C library's plain paths", "straight", [],
           {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"})
    yield "through the page cache", "straight", ["--io=buffered"], {}
    if allows_direct_io(work):
        yield "past the page cache", "straight", ["--io=direct"], {}
        yield ("past the page cache, small chunks", "straight",
               ["--io=direct", "--memory", "8MiB", "--threads", "8"], {})
        yield ("past the page cache, many shards", "shuffled",
               ["--io=direct", "--out-shard-size", "100K", "--threads", "8"], {})
    yield "shuffled shards", "shuffled", [], {}
    yield "sharded result", "straight", ["--out-shard-size", "1M"], {}


def run(directory, out, arguments, environment):
    done = subprocess.run(
        ["mergec", "plan.yml", "-o", out, "--quiet", *arguments], cwd=directory,
        capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        print(done.stderr)
        sys.exit(f"exit code {done.returncode}: {arguments} {environment}")


def tensor_differences(first, other):
    if set(first) != set(other):
        yield f"other tensors: {sorted(set(first) ^ set(other))}"
        return
    for name, tensor in first.items():
        mine, theirs = tensor.bytes(), other[name].bytes()
        if (tensor.dtype, tensor.shape) != (other[name].dtype, other[name].shape):
            yield f"{name}: other dtype or shape"
        elif mine != theirs:
            width = tensor.bits.itemsize
            unequal = np.frombuffer(mine, f"u{width}") != np.frombuffer(
                theirs, f"u{width}")
            yield (f"{name}: {np.count_nonzero(unequal)} of {unequal.size} elements"
                   f" differ, first at {int(np.argmax(unequal))}")


def files_of(directory):
    return {p.name: p.read_bytes() for p in directory.iterdir()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("method")
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--set", action="append", default=[],
                        metavar="PARAMETER=VALUE", help="a value in JSON")
    options = parser.parse_args()
    work = options.work.resolve()
    models = make_models()
    plan = dict(all_method_plans())[options.method]
    for setting in options.set:
        name, value = setting.split("=", 1)
        plan.setdefault("parameters", {})[name] = json.loads(value)
    prepare(Case("straight", models, plan), work / "straight")
    for spec in models.values():
        spec.shards, spec.shuffled = 3, True
    prepare(Case("shuffled", models, plan), work / "shuffled")

    run(work / "straight", "first", ["--threads", "2"], {})
    first = read_model(work / "straight" / "first")
    failures = 0
    for label, directory, arguments, environment in variants(work):
        out = work / directory / "out"
        shutil.rmtree(out, ignore_errors=True)
        run(work / directory, "out", arguments, environment)
        wrong = list(tensor_differences(first, read_model(out)))
        if label == "threads 2":
            here, there = files_of(out), files_of(work / directory / "first")
            wrong += [f"the file {n} differs from run to run"
                      for n in sorted(set(here) | set(there))
                      if here.get(n) != there.get(n)]
        print(f"{'FAIL' if wrong else 'ok'}: {options.method}, {label}")
        for line in wrong[:5]:
            print(f"    {line}")
        failures += bool(wrong)
    if not failures:
        shutil.rmtree(work)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
