# ===- safetensors_io.py - The safetensors format, with NumPy alone ---------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# Independent of mergec, so that tests can trust it. Float tensors are float64
# arrays in memory (every F16, BF16 and F32 value is one exactly) and rounded to
# nearest even when written; all others are kept in their storage type.
#
# ===------------------------------------------------------------------------===#

import json
import struct

import numpy as np

STORAGE = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "<u1",
    "F8_E4M3": "<u1",
    "F8_E5M2": "<u1",
}
FLOATS = ("F64", "F32", "F16", "BF16")


def to_bf16(values):
    """Bit patterns of the nearest bfloat16, ties to even."""
    with np.errstate(all="ignore"):
        # Through float32 with odd rounding, so that rounding twice is rounding
        # once: an inexact float32 has its last bit set.
        single = values.astype(np.float32)
        back = single.astype(np.float64)
    bits = single.view(np.uint32).astype(np.int64)
    inexact = np.isfinite(single) & (back != values)
    # Magnitudes grow with the bits: step towards zero, then make it odd.
    too_big = inexact & (np.abs(back) > np.abs(values))
    bits = np.where(too_big, bits - 1, bits)
    bits = np.where(inexact, bits | 1, bits)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    quiet_nan = (bits >> 16) | 0x40
    return np.where(np.isnan(values), quiet_nan, rounded).astype("<u2")


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def decode(dtype, shape, data):
    """An array from a tensor's bytes."""
    values = np.frombuffer(data, dtype=STORAGE[dtype]).reshape(shape)
    if dtype == "BF16":
        return from_bf16(values)
    return values.astype(np.float64) if dtype in FLOATS else values


def encode(dtype, values):
    """(dtype, shape, bytes) of an array."""
    values = np.asarray(values)
    if dtype == "BF16":
        stored = to_bf16(values.astype(np.float64))
    else:
        with np.errstate(all="ignore"):
            stored = values.astype(STORAGE[dtype])
    return dtype, list(values.shape), stored.tobytes()


def file_bytes(tensors, header_seed=None):
    """A file of {name: (dtype, shape, bytes)} in that order; with a seed the
    header names them in another one."""
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [offset, offset + len(data)],
        }
        offset += len(data)
    names = list(header)
    if header_seed is not None:
        np.random.default_rng(header_seed + 1).shuffle(names)
    ordered = {"__metadata__": {"format": "pt"}}
    ordered.update({name: header[name] for name in names})
    text = json.dumps(ordered, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    parts = [struct.pack("<Q", len(text)), text]
    return b"".join(parts + [data for _, _, data in tensors.values()])


def read_header(path):
    """The header as it stands, and where the data begins."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), 8 + length


def read_raw(path):
    """{name: (dtype, shape, bytes)} of one file, in the order of the data."""
    header, start = read_header(path)
    header.pop("__metadata__", None)
    tensors = {}
    with open(path, "rb") as file:
        for name, entry in sorted(
            header.items(), key=lambda item: item[1]["data_offsets"]
        ):
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            tensors[name] = (entry["dtype"], entry["shape"], file.read(end - begin))
    return tensors


def read(path):
    """{name: (dtype, array)} of one file."""
    return {
        name: (dtype, decode(dtype, shape, data))
        for name, (dtype, shape, data) in read_raw(path).items()
    }
