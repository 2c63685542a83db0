#!/usr/bin/env python3
# ===- check_model.py - Is this directory a whole model? --------------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# Checks a model directory that mergec wrote as strictly as the readers of its
# files do, and what mergec promises beyond that, with Python's own library only.
# Prints a summary for FileCheck; anything wrong goes to stderr, all at once, and
# the exit code is 1.
#
#   check_model.py out
#   check_model.py out --tensors     # dtype and shape of every tensor as well
#
# ===------------------------------------------------------------------------===#

import argparse
import json
import os
import re
import struct
import sys

LONGEST_HEADER = 100_000_000
BLOCK = 4096
BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip

faults = []


def fault(text):
    faults.append(text)


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    for key in set(keys):
        if keys.count(key) > 1:
            raise ValueError("the key `%s` occurs twice" % key)
    return dict(pairs)


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=no_duplicates)
    except (OSError, ValueError) as error:
        fault("%s: %s" % (path, error))
        return {}


def read_header(path):
    """The header of a safetensors file and the offset at which data begin."""
    with open(path, "rb") as file:
        prefix = file.read(8)
        if len(prefix) != 8:
            raise ValueError("shorter than a header's length")
        (length,) = struct.unpack("<Q", prefix)
        if length > LONGEST_HEADER:
            raise ValueError("a header of %d bytes" % length)
        text = file.read(length)
    if len(text) != length:
        raise ValueError("the header ends early")
    if text[:1] != b"{":
        raise ValueError("the header does not begin with `{`")
    header = json.loads(text.decode(), object_pairs_hook=no_duplicates)
    if length % 8 != 0 or (8 + length) % BLOCK != 0:
        raise ValueError("data begin at %d" % (8 + length))
    return header, 8 + length


def check_shard(path):
    """The tensors of one file: name to (dtype, shape, bytes)."""
    tensors = {}
    try:
        header, start = read_header(path)
    except ValueError as error:
        fault("%s: %s" % (path, error))
        return tensors
    if header.pop("__metadata__", None) != {"format": "pt"}:
        fault("%s: `__metadata__` is not {format: pt}" % path)
    end = 0
    for name, entry in sorted(
        header.items(), key=lambda item: item[1]["data_offsets"]
    ):
        where = "%s: tensor `%s`" % (path, name)
        if set(entry) != {"dtype", "shape", "data_offsets"}:
            fault("%s: its keys are %s" % (where, sorted(entry)))
        begin, stop = entry["data_offsets"]
        if begin != end:
            fault("%s: begins at %d and not at %d" % (where, begin, end))
        end = stop
        bits = BITS.get(entry["dtype"])
        if bits:
            for extent in entry["shape"]:
                bits *= extent
            if bits != (stop - begin) * 8:
                fault("%s: has %d bytes" % (where, stop - begin))
            width = BITS[entry["dtype"]] // 8
            if width and (start + begin) % width:
                fault("%s: its elements are not aligned" % where)
        tensors[name] = (entry["dtype"], entry["shape"], stop - begin)
    if os.path.getsize(path) != start + end:
        fault(
            "%s: has %d bytes and should have %d"
            % (path, os.path.getsize(path), start + end)
        )
    return tensors


def check_weights(directory, names):
    """All tensors, after comparing the files with one another."""
    shards = [name for name in names if name.endswith(".safetensors")]
    by_shard = {
        shard: check_shard(os.path.join(directory, shard)) for shard in shards
    }
    tensors = {}
    for shard, its_tensors in by_shard.items():
        for name in tensors.keys() & its_tensors.keys():
            fault("tensor `%s` is in two shards" % name)
        tensors.update(its_tensors)

    count = len(shards)
    expected = ["model.safetensors"]
    if count != 1:
        expected = [
            "model-%05d-of-%05d.safetensors" % (i + 1, count) for i in range(count)
        ]
    if shards != expected:
        fault("the shards are called %s" % ", ".join(shards))

    indexes = [name for name in names if name.endswith(".index.json")]
    if indexes != (["model.safetensors.index.json"] if count != 1 else []):
        fault("%d shards, and the indexes %s" % (count, indexes))
    for name in indexes:
        index = read_json(os.path.join(directory, name))
        total = sum(bytes for _, _, bytes in tensors.values())
        if index.get("metadata", {}).get("total_size") != total:
            fault("%s: `total_size` is not %d" % (name, total))
        weight_map = index.get("weight_map", {})
        if list(weight_map) != sorted(weight_map, key=str.encode):
            fault("%s: `weight_map` is not sorted" % name)
        actual = {t: shard for shard in by_shard for t in by_shard[shard]}
        if weight_map != actual:
            fault("%s: `weight_map` is not what the shards hold" % name)
    return shards, tensors


def check_card(directory):
    try:
        with open(os.path.join(directory, "README.md"), encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        fault(str(error))
        return
    head = re.match(r"---\n(.*?)\n---\n\n", text, re.DOTALL)
    if not head:
        fault("README.md: has no YAML head")
    elif "library_name: transformers" not in head[1].splitlines():
        fault("README.md: has no `library_name`")


def check_directory(directory):
    names = sorted(os.listdir(directory))
    for name in names:
        path = os.path.join(directory, name)
        if name.startswith("."):
            fault("%s: has been left behind" % path)
        elif os.path.islink(path) or not os.path.isfile(path):
            fault("%s: is not a plain file" % path)
    parent = os.path.dirname(os.path.abspath(directory))
    for name in os.listdir(parent):
        if name.startswith(".%s.mergec-" % os.path.basename(directory)):
            fault("%s: has been left behind" % os.path.join(parent, name))
    for name in ("config.json", "mergekit_config.yml"):
        if name not in names:
            fault("there is no %s" % name)
    return names


def print_config(config):
    for where in (config, config.get("text_config", {})):
        for key in (
            "architectures", "num_hidden_layers", "n_layer", "num_layers",
            "vocab_size", "torch_dtype", "dtype", "tie_word_embeddings",
        ):  # fmt: skip
            if key in where:
                print("%s: %s" % (key, json.dumps(where[key])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--tensors", action="store_true")
    arguments = parser.parse_args()
    directory = arguments.directory.rstrip("/")

    names = check_directory(directory)
    shards, tensors = check_weights(directory, names)
    check_card(directory)
    config = {}
    for name in names:
        if name.endswith(".json") and not name.endswith(".index.json"):
            content = read_json(os.path.join(directory, name))
            if name == "config.json":
                config = content

    print("files: %s" % " ".join(names))
    print("shards: %d" % len(shards))
    print("tensors: %d" % len(tensors))
    print("bytes: %d" % sum(bytes for _, _, bytes in tensors.values()))
    print("dtypes: %s" % " ".join(sorted({t[0] for t in tensors.values()})))
    layers = {
        int(match[1])
        for name in tensors
        for match in [re.search(r"\blayers\.(\d+)\.", name)]
        if match
    }
    print("layers: %d" % len(layers))
    if layers and layers != set(range(len(layers))):
        fault("the layers are numbered %s" % sorted(layers))
    if layers and config.get("num_hidden_layers", len(layers)) != len(layers):
        fault("config.json: `num_hidden_layers` is not %d" % len(layers))
    print_config(config)
    if arguments.tensors:
        for name in sorted(tensors):
            dtype, shape, _ = tensors[name]
            print("%s: %s %s" % (name, dtype, "x".join(map(str, shape))))

    for text in faults:
        print("check_model.py: " + text, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
