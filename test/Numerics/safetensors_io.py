# ===- safetensors_io.py - Exact reading and writing of tensors -*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# A safetensors reader and writer of a few lines, so that the oracle shares no
# code with what it judges. A `Tensor` keeps the stored bits; conversions to
# float64 are exact, conversions from it round once, to nearest even.
#
# ===----------------------------------------------------------------------===#

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# The numpy type that holds an element's bits. bfloat16 has none of its own.
STORAGE = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"), "I64": np.dtype("<i8"), "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"), "I8": np.dtype("i1"), "U8": np.dtype("u1"),
    "BOOL": np.dtype("u1"), "F8_E4M3": np.dtype("u1"), "F8_E5M2": np.dtype("u1"),
}
FLOATS = ("F64", "F32", "F16", "BF16")
PLAN_NAMES = {"float64": "F64", "float32": "F32", "float16": "F16",
              "bfloat16": "BF16"}


def bf16_to_float32(bits):
    wide = np.atleast_1d(bits).astype(np.uint32) << 16
    return wide.view(np.float32).reshape(bits.shape)


def float64_to_bf16(values):
    """Rounds once: to float32 towards odd, which keeps all that the second
    rounding, to nearest even, needs to know."""
    shape = np.shape(values)
    values = np.atleast_1d(np.asarray(values, np.float64))
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    even = (narrow.view(np.uint32) & 1) == 0
    inexact = np.isfinite(values) & (narrow.astype(np.float64) != values)
    toward = np.where(narrow.astype(np.float64) < values, np.float32(np.inf),
                      np.float32(-np.inf))
    odd = np.where(inexact & even, np.nextafter(narrow, toward), narrow)
    bits = odd.view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded).reshape(shape)


@dataclass
class Tensor:
    dtype: str
    bits: np.ndarray  # Of STORAGE[dtype], in the tensor's shape.

    def __post_init__(self):
        self.bits = np.asarray(self.bits)

    @staticmethod
    def of(dtype, values):
        """The tensor of the given dtype nearest to the float64 `values`."""
        values = np.asarray(values)
        if dtype == "BF16":
            return Tensor(dtype, float64_to_bf16(values))
        with np.errstate(over="ignore"):
            return Tensor(dtype, values.astype(STORAGE[dtype]))

    @staticmethod
    def from_bits(dtype, bits):
        return Tensor(dtype, np.asarray(bits).view(STORAGE[dtype]))

    @property
    def shape(self):
        return self.bits.shape

    def is_float(self):
        return self.dtype in FLOATS

    def float32(self):
        """Exact; not for F64."""
        assert self.dtype in ("F32", "F16", "BF16")
        if self.dtype == "BF16":
            return bf16_to_float32(self.bits)
        return self.bits.astype(np.float32)

    def float64(self):
        """Exact."""
        assert self.is_float()
        if self.dtype == "F64":
            return self.bits
        return self.float32().astype(np.float64)

    def rows(self, count):
        return Tensor(self.dtype, self.bits[:count])

    def bytes(self):
        return np.ascontiguousarray(self.bits).tobytes()


def write_file(path, tensors):
    """`tensors`: name to Tensor, written in the mapping's order."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        size = tensor.bits.nbytes
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            out.write(tensor.bytes())


def read_file(path):
    """Name to Tensor, mapped, not read."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    data = np.memmap(path, np.uint8, "r") if header else None
    result = {}
    for name, entry in header.items():
        first, last = (8 + length + o for o in entry["data_offsets"])
        storage = STORAGE.get(entry["dtype"], np.dtype("u1"))
        bits = np.asarray(data[first:last])
        if first % storage.itemsize:
            bits = bits.copy()
        result[name] = Tensor(entry["dtype"],
                              bits.view(storage).reshape(entry["shape"]))
    return result


def read_model(directory):
    """All tensors of a model directory: name to Tensor."""
    directory = Path(directory)
    index = directory / "model.safetensors.index.json"
    if not index.exists():
        return read_file(directory / "model.safetensors")
    weight_map = json.loads(index.read_text())["weight_map"]
    files = {f: read_file(directory / f) for f in sorted(set(weight_map.values()))}
    stored = {n for tensors in files.values() for n in tensors}
    assert stored == set(weight_map), "index and shards name different tensors"
    return {name: files[file][name] for name, file in weight_map.items()}


def write_model(directory, tensors, config, shards=1, shuffle=None):
    """A model directory. `shuffle`, a numpy generator, deals the tensors to the
    shards, and orders them inside each, at random."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    names = list(tensors)
    if shuffle is not None:
        names = [names[i] for i in shuffle.permutation(len(names))]
    if shards == 1:
        write_file(directory / "model.safetensors", {n: tensors[n] for n in names})
        return
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        mine = names[shard::shards]
        write_file(directory / file, {n: tensors[n] for n in mine})
        weight_map.update({n: file for n in mine})
    total = sum(t.bits.nbytes for t in tensors.values())
    (directory / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": total}, "weight_map": weight_map}))
