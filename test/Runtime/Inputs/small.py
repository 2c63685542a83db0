# Merges models of tensors that have no, one, or hardly any elements by each of the
# methods, and prints what became of the ones whose values are known.
#
#   small.py METHOD PARAMETERS     (PARAMETERS: a line of YAML)
#
# `base` is 1, `a` is 2, `b` is 4, in every element of every tensor.

import json
import os
import struct
import subprocess
import sys

SHAPES = {"empty": [0], "rows0": [0, 8], "columns0": [8, 0], "scalar": [],
          "one": [1], "matrix": [1, 1, 1]}


def make(name, value):
    header, at = {}, 0
    for tensor, shape in SHAPES.items():
        count = 1
        for extent in shape:
            count *= extent
        header[tensor] = {"dtype": "F32", "shape": shape,
                          "data_offsets": [at, at + 4 * count]}
        at += 4 * count
    text = json.dumps(header).encode()
    os.makedirs(name, exist_ok=True)
    with open(os.path.join(name, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.write(struct.pack("<f", value) * (at // 4))


def values(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header, data = json.loads(file.read(size)), file.read()
    for tensor, shape in SHAPES.items():
        entry = header[tensor]
        assert entry["shape"] == shape, entry
        begin, end = entry["data_offsets"]
        yield tensor, ["%g" % v for v, in struct.iter_unpack("<f", data[begin:end])]


method, parameters = sys.argv[1:]
sources = {"passthrough": ["b"], "linear": ["a", "b"], "slerp": ["base", "b"]}
with open("plan.yml", "w") as plan:
    plan.write("merge_method: %s\nmodels:\n" % method)
    for model in sources.get(method, ["a", "b"]):
        plan.write("  - model: %s\n" % model)
    if method not in ("passthrough", "linear"):
        plan.write("base_model: base\n")
    plan.write("parameters: {%s}\n" % parameters)
for name, value in ("base", 1), ("a", 2), ("b", 4):
    make(name, value)
for threads in "1", "8":
    command = ["mergec", "plan.yml", "-o", "out", "--force", "--quiet"]
    subprocess.run(command + ["--threads", threads], check=True)
    print(*(tensor + " " + " ".join(v) for tensor, v in
            values("out/model.safetensors")), sep=", ")
