# ===- one_infinite.py - One element more that is not finite ----*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   one_infinite.py make MODEL COPY ELEMENT
#   one_infinite.py compare RESULT OTHER
#
# Makes a copy of a model of BF16 in which one element of the embedding is
# infinite; says which elements of two results' embeddings differ.
#
# ===----------------------------------------------------------------------===#

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np

TENSOR = "model.embed_tokens.weight"


def words(directory):
    """A tensor's 16-bit words in a file that may be written to."""
    path = Path(directory) / "model.safetensors"
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length))[TENSOR]
    assert entry["dtype"] == "BF16"
    begin, end = entry["data_offsets"]
    return np.memmap(path, "<u2", "r+", 8 + length + begin, ((end - begin) // 2,))


command, first, second, *element = sys.argv[1:]
if command == "make":
    shutil.copytree(first, second)
    words(second)[int(element[0])] = 0x7F80
else:
    (places,) = np.nonzero(words(first) != words(second))
    print("differ:", *places)
