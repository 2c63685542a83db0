# ===- peak_memory.py - What a merge takes of memory -----------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   peak_memory.py --work DIRECTORY [--budgets 64MiB,…] [--threads 1,…]
#                  [--methods linear,…] [--rows R] [--columns C] [--tensors N]
#
# Merges four models, of one BF16 tensor that is larger than the budget and N
# small ones, by each of the methods under each of the budgets with each number
# of threads, and watches the peak resident memory: at most the budget and
# 32 MiB, and for each tensor beyond 2000 another KiB. The models are sparse
# files, of which only the beginning is not zero, so that they take no room;
# results are removed.
#
# The whole grid, as docs/Performance.md shows it:
#   --budgets 64MiB,256MiB,2GiB --threads 1,2,8,32
# One embedding of four models that is many times the budget:
#   --rows 128256 --columns 8192 --methods ties
#
# ===----------------------------------------------------------------------===#

import argparse
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Numerics"))

from run import all_method_plans  # noqa: E402

MODELS = ("base", "a", "b", "c")
# What a process holds besides: its code, the C++ library's, the plan, the
# headers of the models, the threads' stacks.
BESIDES = 32 << 20
RANDOM_BYTES = 8 << 20
UNITS = {"KiB": 10, "MiB": 20, "GiB": 30}


def bytes_of(text):
    return int(text[:-3]) << UNITS[text[-3:]]


def write_model(directory, rows, columns, tensors):
    directory.mkdir(parents=True)
    # The small ones first, so that all have elements that are not zero.
    shapes = {f"model.layers.{i}.input_layernorm.weight": (64,)
              for i in range(tensors)}
    shapes["model.embed_tokens.weight"] = (rows, columns)
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * shape[0] * (shape[1] if shape[1:] else 1)
        header[name] = {"dtype": "BF16", "shape": shape,
                        "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with open(directory / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        # Small positive and negative numbers: the upper bits of BF16 are even.
        noise = bytearray(os.urandom(min(RANDOM_BYTES, end)))
        noise[1::2] = bytes(0x3c | (b & 0x80) for b in noise[1::2])
        file.write(noise)
        file.truncate(8 + len(text) + end)
    (directory / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "num_hidden_layers": tensors, "hidden_size": columns,
        "intermediate_size": columns, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vocab_size": rows,
        "tie_word_embeddings": True, "torch_dtype": "bfloat16"}))


def peak(directory, arguments):
    """Of a merge; None if it failed. As the process itself is told by the kernel:
    seen from here, a child's peak begins with this process's size."""
    done = subprocess.run(
        ["sh", "-c", 'mergec plan.yml -o out --quiet --stats "$@"; exit $?', "sh",
         *arguments], cwd=directory, stdout=subprocess.PIPE, text=True)
    shutil.rmtree(directory / "out", ignore_errors=True)
    found = re.search(r"peak memory ([0-9.]+) (.iB)", done.stdout)
    return None if done.returncode else int(float(found[1]) * 2**UNITS[found[2]])


def main():
    parser = argparse.ArgumentParser()
    listed = lambda text: text.split(",")
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--budgets", type=listed, default=["64MiB"])
    parser.add_argument("--threads", type=listed, default=["8"])
    parser.add_argument("--methods", type=listed)
    parser.add_argument("--rows", type=int, default=12288)
    parser.add_argument("--columns", type=int, default=4096)
    parser.add_argument("--tensors", type=int, default=1)
    options = parser.parse_args()
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    for name in MODELS:
        write_model(work / name, options.rows, options.columns, options.tensors)
    plans = dict(all_method_plans())
    beyond = max(0, options.tensors + 1 - 2000) * 1024
    failures = runs = 0
    for method in options.methods or plans:
        (work / "plan.yml").write_text(json.dumps(plans[method]))
        for budget in options.budgets:
            peaks = []
            for threads in options.threads:
                most = peak(work, ["--memory", budget, "--threads", threads])
                good = (most is not None
                        and most <= bytes_of(budget) + BESIDES + beyond)
                failures += not good
                runs += 1
                peaks.append("failed" if most is None else
                             f"{most / 2**20:.0f}{'' if good else ' (too much)'}")
            print(f"{method}, budget {budget}: peak "
                  f"{', '.join(peaks)} MiB with {', '.join(options.threads)} "
                  f"thread{'' if options.threads == ['1'] else 's'}", flush=True)
    if not failures:
        shutil.rmtree(work)
    print(f"{runs - failures} of {runs} runs stay within the budget and "
          f"{(BESIDES + beyond) >> 20} MiB")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
