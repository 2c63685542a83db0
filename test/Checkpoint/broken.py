#!/usr/bin/env python3
# ===- broken.py - Broken checkpoints ---------------------------------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# `broken.py CASE DIRECTORY` makes a model directory that is broken in one way.
# Every case is a function below; what is right about all of them is made by
# `write`, and each says what is wrong.
#
# ===------------------------------------------------------------------------===#

import json
import os
import struct
import sys

CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


# Two sound tensors, 32 bytes of data.
A = tensor("F32", [2, 2], 0, 16)
B = tensor("F32", [4], 16, 32)


def write(path, text, data=32, length=None):
    """A safetensors file; `text` is its JSON, as text, bytes or a value."""
    if not isinstance(text, (str, bytes)):
        text = json.dumps(text)
    if isinstance(text, str):
        text = text.encode()
    if isinstance(data, int):
        data = bytes(data)
    length = len(text) if length is None else length
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", length) + text + data)


def write_text(path, text):
    if not isinstance(text, (str, bytes)):
        text = json.dumps(text)
    if isinstance(text, str):
        text = text.encode()
    with open(path, "wb") as file:
        file.write(text)


def single(text, **how):
    write("model.safetensors", text, **how)


def pairs(*items):
    """A JSON object that may hold a key twice."""
    return "{" + ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in items) + "}"


# The file itself.


@case
def empty_file():
    write_text("model.safetensors", "")


@case
def four_bytes():
    write_text("model.safetensors", "\x08\0\0\0")


@case
def header_of_zero():
    single({"a": A, "b": B}, length=0)


@case
def header_absurd():
    single({"a": A, "b": B}, length=2**62)


@case
def header_over_limit():
    single({"a": A, "b": B}, length=100_000_001)


@case
def header_past_end():
    single({"a": A, "b": B}, length=5000)


@case
def zip_inside():
    write_text("model.safetensors", b"PK\x03\x04" + bytes(100))


@case
def gguf_inside():
    write_text("model.safetensors", b"GGUF\x03\0\0\0" + bytes(100))


@case
def web_page():
    write_text("model.safetensors", "<!DOCTYPE html><html>404: not found</html>")


LFS_POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""


@case
def lfs_pointer():
    write_text("model.safetensors", LFS_POINTER)


@case
def lfs_pointers():
    for number in 1, 2, 3:
        write_text(f"model-0000{number}-of-00003.safetensors", LFS_POINTER)


@case
def directory_as_file():
    os.mkdir("model.safetensors")


@case
def truncated():
    single({"a": A, "b": B}, data=20)


@case
def truncated_early():
    single({"a": A, "b": B, "c": tensor("F64", [8], 32, 96)}, data=0)


# The header's JSON.


@case
def not_json():
    single("{'a': 1}")


@case
def json_cut():
    single(json.dumps({"a": A, "b": B})[:-30])


@case
def not_utf8():
    single(b'{"a\xff": ' + json.dumps(A).encode() + b"}")


@case
def root_list():
    single([A, B])


@case
def deep_nesting():
    single('{"a": ' + "[" * 1_000_000, data=0)


@case
def metadata_text():
    single({"__metadata__": "pt", "a": A, "b": B})


@case
def metadata_twice():
    single(pairs(("__metadata__", {}), ("a", A), ("__metadata__", {})))


@case
def entry_number():
    single({"a": A, "b": 7})


@case
def tensor_twice():
    single(pairs(("a", A), ("b", B), ("a", tensor("F32", [1], 32, 36))), data=36)


@case
def field_twice():
    entry = pairs(("dtype", "F32"), ("shape", [4]), ("shape", [4]), ("data_offsets", [0, 16]))
    single('{"a": ' + entry + "}")


@case
def fields_missing():
    single({"a": {"dtype": "F32"}, "b": B})


@case
def dtype_number():
    single({"a": {**A, "dtype": 32}, "b": B})


@case
def shape_number():
    single({"a": {**A, "shape": 4}, "b": B})


@case
def shape_negative():
    single({"a": {**A, "shape": [2, -2]}, "b": B})


@case
def shape_fraction():
    single({"a": {**A, "shape": [2, 2.5]}, "b": B})


@case
def shape_huge():
    single({"a": {**A, "shape": [2, 10**20]}, "b": B})


@case
def shape_nested():
    single({"a": {**A, "shape": [[2, 2]]}, "b": B})


@case
def shape_overflow():
    single({"a": {**A, "shape": [2**40, 2**40]}, "b": B})


@case
def offsets_single():
    single({"a": {**A, "data_offsets": [0]}, "b": B})


@case
def offsets_text():
    single({"a": {**A, "data_offsets": ["0", "16"]}, "b": B})


@case
def offsets_reversed():
    single({"a": {**A, "data_offsets": [16, 0]}, "b": B})


@case
def size_lies():
    single({"a": tensor("BF16", [2, 2], 0, 16), "b": B})


@case
def half_a_byte():
    single({"a": tensor("F4", [3], 0, 2), "b": B})


@case
def offset_lies():
    single({"a": A, "b": tensor("F32", [4], 2**63, 2**63 + 16)})


@case
def overlap():
    single({"a": A, "b": tensor("F32", [4], 12, 28)})


@case
def same_bytes():
    single({"lm_head.weight": A, "model.embed_tokens.weight": A})


@case
def many_faults():
    single({f"t{i:02}": tensor("F32", [i], 0, 1) for i in range(11)})


@case
def control_characters():
    single({"a\n\x1b[31m": {**A, "shape": [5]}, "b": B})


@case
def no_tensors():
    single({"__metadata__": {"format": "pt"}})


# The index.

INDEX = "model.safetensors.index.json"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def sharded(index):
    write(ONE, {"a": A, "b": B})
    write(TWO, {"c": A, "d": B})
    write_text(INDEX, index)


WEIGHT_MAP = {"a": ONE, "b": ONE, "c": TWO, "d": TWO}


@case
def index_not_json():
    sharded('{"weight_map": {"a": "model-00001')


@case
def index_list():
    sharded([ONE, TWO])


@case
def index_without_map():
    sharded({"metadata": {"total_size": 64}})


@case
def index_map_list():
    sharded({"weight_map": [ONE, TWO]})


@case
def index_file_missing():
    sharded({"weight_map": WEIGHT_MAP})
    os.remove(TWO)


@case
def index_link_dangles():
    sharded({"weight_map": WEIGHT_MAP})
    os.remove(TWO)
    os.symlink("../../blobs/0123", TWO)


@case
def index_dangles():
    sharded({"weight_map": WEIGHT_MAP})
    os.remove(INDEX)
    os.symlink("../../blobs/0123", INDEX)


@case
def index_tensor_missing():
    sharded({"weight_map": {**WEIGHT_MAP, "e": TWO}})


@case
def index_wrong_shard():
    sharded({"weight_map": {**WEIGHT_MAP, "a": TWO}})


@case
def index_escapes():
    sharded({"weight_map": {**WEIGHT_MAP, "e": "../other/model.safetensors"}})


@case
def index_absolute():
    sharded({"weight_map": {**WEIGHT_MAP, "e": "/etc/model.safetensors"}})


@case
def index_pytorch():
    sharded({"weight_map": {**WEIGHT_MAP, "e": "pytorch_model-00001.bin"}})


@case
def index_tensor_twice():
    sharded('{"weight_map": ' + pairs(*WEIGHT_MAP.items(), ("a", TWO)) + "}")


@case
def index_number():
    sharded({"weight_map": {**WEIGHT_MAP, "b": 1}})


# Sets of files.


@case
def tensor_in_two_files():
    write("part-a.safetensors", {"a": A, "b": B})
    write("part-b.safetensors", {"b": A, "c": B})


@case
def shard_missing():
    write("model-00001-of-00003.safetensors", {"a": A})
    write("model-00003-of-00003.safetensors", {"b": B})


@case
def pytorch_only():
    write_text("pytorch_model.bin", b"PK\x03\x04")


@case
def gguf_only():
    write_text("model-Q4_K_M.gguf", b"GGUF")


@case
def adapter_only():
    write_text("adapter_config.json", {"r": 8})
    write("adapter_model.safetensors", {"a": A, "b": B})


@case
def nothing():
    pass


# The configuration.


def layered(config, layers=(0, 1, 2, 3), prefix="model.layers."):
    header, at = {}, 0
    for layer in layers:
        header[f"{prefix}{layer}.mlp.weight"] = tensor("F32", [4], at, at + 16)
        at += 16
    header["model.embed_tokens.weight"] = tensor("F32", [4], at, at + 16)
    single(header, data=at + 16)
    write_text("config.json", config)


@case
def config_not_json():
    layered('{\n  "model_type": "llama",\n  "num_hidden_layers": 4,\n}\n')


@case
def config_dangles():
    layered({"num_hidden_layers": 4})
    os.remove("config.json")
    os.symlink("../../blobs/0123", "config.json")


@case
def config_list():
    layered([])


@case
def config_deep():
    layered('{"a": ' + "[" * 500 + "]" * 500 + "}")


@case
def config_wrong_types():
    layered({
        "architectures": "LlamaForCausalLM",
        "model_type": 7,
        "num_hidden_layers": "4",
        "vocab_size": -1,
    })


@case
def layer_missing():
    layered({"num_hidden_layers": 4}, layers=(0, 1, 3))


@case
def layers_missing():
    layered({"text_config": {"num_hidden_layers": 20}}, layers=(0, 19))


@case
def last_layer_missing():
    layered({"num_hidden_layers": 4}, layers=(0, 1, 2))


@case
def layers_too_many():
    layered({"n_layer": 3}, prefix="transformer.h.")


@case
def layers_absent():
    layered({"num_hidden_layers": 4}, layers=())


# All at once.


@case
def everything():
    write(ONE, {"a": {**A, "shape": [3]}, "b": B})
    write(TWO, {"c": A, "d": B}, data=8)
    write_text(INDEX, {"weight_map": {**WEIGHT_MAP, "e": "model-3.safetensors"}})
    write_text("config.json", {"num_hidden_layers": 1.5})


def main():
    name, directory = sys.argv[1:]
    os.makedirs(directory)
    os.chdir(directory)
    CASES[name]()


main()
