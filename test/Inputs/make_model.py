#!/usr/bin/env python3
# ===- make_model.py - Small models in real layouts -------------------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# Makes a model directory as published ones are: safetensors (one file, or
# shards with an index), config.json, generation_config.json and a tokenizer,
# with the tensor names and shapes of a real architecture at a small size.
#
#   make_model.py base --arch llama --layers 4 --seed 1
#   make_model.py tuned --base base --delta 0.02 --seed 2 --shards 3
#
# Values depend on the seed and the tensor's name alone, so that models that
# differ in layout (shards, order, other tensors) still agree in values.
# safetensors_io.py, beside this file, holds the file format.
#
# ===------------------------------------------------------------------------===#

import argparse
import fnmatch
import hashlib
import json
import os
import re
import shutil
import sys
import zlib

import numpy as np

import safetensors_io
from architectures import ARCHITECTURES, Sizes
from tokenizer_files import tokenizer_files

FLOATS = {"bf16": "BF16", "f16": "F16", "f32": "F32", "f64": "F64"}
TORCH_NAMES = {
    "BF16": "bfloat16",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
}


def generator(seed, name, purpose=0):
    """Random numbers of one tensor, others for each purpose."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), purpose])


def fresh_values(tensor, seed):
    """A float64 array (or the tensor's own, if it is no weight) as training
    would leave it: norms near 1, biases near 0, weights of deviation 0.02."""
    if tensor.values is not None:
        return tensor.values
    noise = generator(seed, tensor.name).standard_normal(tensor.shape) * 0.02
    return noise + tensor.mean


def tuned_values(name, values, delta, seed):
    """`values` plus a change whose size is `delta` times their root mean
    square."""
    if not np.issubdtype(values.dtype, np.floating) or values.size == 0:
        return values
    scale = delta * np.sqrt(np.mean(values * values))
    change = generator(seed, name, purpose=1).standard_normal(values.shape)
    return values + change * scale


SPECIALS = {
    "nan": lambda info: np.nan,
    "inf": lambda info: np.inf,
    "-inf": lambda info: -np.inf,
    "-0": lambda info: -0.0,
    "0": lambda info: 0.0,
    "denormal": lambda info: info["denormal"],
    "-denormal": lambda info: -info["denormal"] * 3,
    "max": lambda info: info["max"],
    "min": lambda info: info["min"],
}
LIMITS = {
    "F64": dict(denormal=5e-324, max=1.7976931348623157e308, min=2.0**-1022),
    "F32": dict(denormal=2.0**-149, max=3.4028234663852886e38, min=2.0**-126),
    "F16": dict(denormal=2.0**-24, max=65504.0, min=2.0**-14),
    "BF16": dict(denormal=2.0**-133, max=3.3895313892515355e38, min=2.0**-126),
}


def put_specials(values, dtype, kinds):
    """Replaces some elements, at places that the size alone fixes."""
    values = values.copy()
    flat = values.reshape(-1)
    for i, kind in enumerate(kinds):
        place = (i * 7919 + 3) % max(flat.size, 1)
        if flat.size > len(kinds):
            flat[place] = SPECIALS[kind](LIMITS[dtype])
    return values


def snapshot_of(path):
    """`path`, or the snapshot inside it if it is a hub cache's model folder."""
    main = os.path.join(path, "refs", "main")
    if not os.path.exists(main):
        return path
    with open(main) as file:
        return os.path.join(path, "snapshots", file.read().strip())


def read_base(path):
    """Tensors {name: (dtype, float64 or raw array)} and other files of a model
    directory."""
    path = snapshot_of(path)
    tensors, files = {}, {}
    for name in sorted(os.listdir(path)):
        full = os.path.join(path, name)
        if name.endswith(".safetensors"):
            tensors.update(safetensors_io.read(full))
        elif name.endswith(".json") and not name.endswith(".index.json"):
            with open(full) as file:
                files[name] = json.load(file)
    if not tensors:
        sys.exit("error: no safetensors in `%s`" % path)
    return tensors, files


def new_model(options):
    """Tensors and files of a model without a base."""
    sizes = Sizes(
        layers=options.layers,
        hidden=options.hidden,
        intermediate=options.intermediate,
        heads=options.heads,
        kv_heads=options.kv_heads,
        vocab=options.vocab,
        positions=options.positions,
        experts=options.experts,
        vision_layers=options.vision_layers,
    )
    config, described = ARCHITECTURES[options.arch](sizes)
    dtype = FLOATS[options.dtype or "bf16"]
    tensors = {}
    for tensor in described:
        values = fresh_values(tensor, options.seed)
        tensors[tensor.name] = (tensor.dtype or dtype, values)
    files = {"config.json": config}
    files["generation_config.json"] = {
        "_from_model_config": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    files.update(tokenizer_files(sizes.vocab))
    return tensors, files


def apply_options(options, tensors, files):
    """Edits a model as the command line asks."""
    if options.base and options.dtype:
        for name, (dtype, values) in tensors.items():
            if dtype in TORCH_NAMES:
                tensors[name] = (FLOATS[options.dtype], values)
    for pattern, dtype in options.cast:
        for name, (_, values) in tensors.items():
            if fnmatch.fnmatchcase(name, pattern):
                tensors[name] = (dtype, values)
    if options.tie:
        for head in ("lm_head.weight", "embed_out.weight"):
            tensors.pop(head, None)
        files["config.json"]["tie_word_embeddings"] = True
    for pattern in options.drop:
        doomed = [n for n in tensors if fnmatch.fnmatchcase(n, pattern)]
        if not doomed:
            sys.exit("error: `--drop %s` matches no tensor" % pattern)
        for name in doomed:
            del tensors[name]
    for old, new in options.rename:
        renamed = {re.sub(old, new, n): value for n, value in tensors.items()}
        tensors.clear()
        tensors.update(renamed)
    for name, dtype, shape in options.extra:
        noise = generator(options.seed, name).standard_normal(shape) * 0.02
        tensors[name] = (dtype, noise if dtype in TORCH_NAMES else noise * 1000)
    if options.specials:
        kinds = list(SPECIALS) if options.specials == "all" else None
        kinds = kinds or options.specials.split(",")
        for name, (dtype, values) in tensors.items():
            if dtype in LIMITS:
                tensors[name] = (dtype, put_specials(values, dtype, kinds))
    weights = [d for d, _ in tensors.values() if d in TORCH_NAMES]
    if weights:
        most = max(sorted(set(weights)), key=weights.count)
        files["config.json"]["torch_dtype"] = TORCH_NAMES[most]
    for key, value in options.config_json:
        place = files["config.json"]
        *parents, last = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value


def weight_files(options, tensors):
    """{file name: bytes}, the index among them when there are shards."""
    # As safetensors' own writer orders them: wide types first, then by name.
    width = lambda name: np.dtype(safetensors_io.STORAGE[tensors[name][0]]).itemsize
    names = sorted(tensors, key=lambda name: (-width(name), name))
    if options.shuffle is not None:
        np.random.default_rng(options.shuffle).shuffle(names)
    encoded = {n: safetensors_io.encode(*tensors[n]) for n in names}
    total = sum(len(data) for _, _, data in encoded.values())
    shards, size = [[]], 0
    for name in names:
        # A shard is full when it has its share of the bytes.
        if size >= total * len(shards) / options.shards and shards[-1]:
            shards.append([])
        shards[-1].append(name)
        size += len(encoded[name][2])
    files, index = {}, {}
    for i, shard in enumerate(shards):
        file = "model.safetensors"
        if options.shards > 1:
            file = "model-%05d-of-%05d.safetensors" % (i + 1, len(shards))
        files[file] = safetensors_io.file_bytes(
            {n: encoded[n] for n in shard}, header_seed=options.shuffle
        )
        index.update({n: file for n in shard})
    if options.shards > 1:
        text = json.dumps(
            {"metadata": {"total_size": total}, "weight_map": index}, indent=2
        )
        files["model.safetensors.index.json"] = (text + "\n").encode()
    return files


def place_in_hub(options, files):
    """Writes files as `huggingface_hub` caches them: blobs by hash, and a
    snapshot of links to them."""
    cache, name = options.hub
    model = os.path.join(cache, "models--" + name.replace("/", "--"))
    commit = hashlib.sha1(
        ("%s %d %s" % (name, options.seed, options.revision)).encode()
    ).hexdigest()
    snapshot = os.path.join(model, "snapshots", commit)
    shutil.rmtree(snapshot, ignore_errors=True)
    for folder in (snapshot, os.path.join(model, "blobs"), os.path.join(model, "refs")):
        os.makedirs(folder, exist_ok=True)
    with open(os.path.join(model, "refs", options.revision), "w") as file:
        file.write(commit)
    for file_name, data in files.items():
        blob = hashlib.sha256(data).hexdigest()
        with open(os.path.join(model, "blobs", blob), "wb") as file:
            file.write(data)
        os.symlink(
            os.path.join("..", "..", "blobs", blob), os.path.join(snapshot, file_name)
        )


def write_directory(path, files):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    for name, data in files.items():
        with open(os.path.join(path, name), "wb") as file:
            file.write(data)


def key_value(text):
    """`key=value`; the value is JSON, else text; nothing removes the key."""
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("`%s` is not KEY=VALUE" % text)
    if not value:
        return key, None
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def cast(text):
    pattern, _, dtype = text.rpartition("=")
    return pattern, FLOATS.get(dtype, dtype)


def substitution(text):
    old, _, new = text.partition("=")
    return old, new


def extra_tensor(text):
    """`name:F32:4x8`; no shape is a scalar."""
    name, dtype, shape = (text.split(":") + [""])[:3]
    return name, FLOATS.get(dtype, dtype), tuple(int(e) for e in shape.split("x") if e)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Makes a small model.")
    add = parser.add_argument
    add("directory", nargs="?", help="replaced if it exists")
    add("--hub", nargs=2, metavar=("CACHE", "ORG/NAME"),
        help="place the model into a Hugging Face cache instead")
    add("--revision", default="main", help="the ref that names the snapshot")
    add("--arch", choices=sorted(ARCHITECTURES), default="llama")
    add("--layers", type=int, default=4)
    add("--hidden", type=int, default=64)
    add("--intermediate", type=int, default=172)
    add("--heads", type=int, default=4)
    add("--kv-heads", type=int, default=2)
    add("--vocab", type=int, default=320)
    add("--positions", type=int, default=32)
    add("--experts", type=int, default=4)
    add("--vision-layers", type=int, default=3)
    add("--dtype", choices=sorted(FLOATS), help="default bf16, or the base's")
    add("--seed", type=int, default=0)
    add("--base", metavar="DIR", help="finetune the model in this directory")
    add("--delta", type=float, default=0.02,
        help="size of the finetune's change, relative to each tensor's RMS")
    add("--shards", type=int, default=1)
    add("--shuffle", type=int, metavar="SEED", help="tensors in random order")
    add("--tie", action="store_true", help="no head of its own")
    add("--drop", action="append", default=[], metavar="PATTERN")
    add("--rename", type=substitution, action="append", default=[],
        metavar="REGEX=NEW")
    add("--cast", type=cast, action="append", default=[], metavar="PATTERN=DTYPE")
    add("--extra", type=extra_tensor, action="append", default=[],
        metavar="NAME:DTYPE:4x8", help="one more tensor, of any safetensors dtype")
    add("--specials", nargs="?", const="all", metavar="KIND,...",
        help="put special values into each tensor: " + ", ".join(SPECIALS))
    add("--config-json", type=key_value, action="append", default=[],
        metavar="KEY=VALUE", help="set (or, without value, remove) a key")
    add("--no-file", action="append", default=[], metavar="PATTERN",
        help="leave out files, say tokenizer*")
    options = parser.parse_args()
    if bool(options.directory) == bool(options.hub):
        parser.error("give either a directory or --hub")
    return options


def main():
    options = parse_arguments()
    if options.base:
        tensors, files = read_base(options.base)
        tensors = {
            name: (dtype, tuned_values(name, values, options.delta, options.seed))
            for name, (dtype, values) in tensors.items()
        }
    else:
        tensors, files = new_model(options)
    apply_options(options, tensors, files)
    out = {
        name: (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
        for name, content in files.items()
    }
    out.update(weight_files(options, tensors))
    for pattern in options.no_file:
        for name in [n for n in out if fnmatch.fnmatchcase(n, pattern)]:
            del out[name]
    if options.hub:
        place_in_hub(options, out)
    else:
        write_directory(options.directory, out)


if __name__ == "__main__":
    main()
