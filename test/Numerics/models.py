# ===- models.py - Small models for the tests ------------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Models of real architectures' tensor names and toy sizes, finetunes of them, and
# the odd shapes and values that formulas stumble over.
#
# ===----------------------------------------------------------------------===#

import zlib
from dataclasses import dataclass, field

import numpy as np

from safetensors_io import Tensor, write_model


def generator(*seed):
    """A generator that depends on the words alone."""
    return np.random.default_rng([zlib.crc32(str(s).encode()) for s in seed])


@dataclass
class ModelSpec:
    tensors: dict
    config: dict
    shards: int = 1
    shuffled: bool = False
    files: dict = field(default_factory=dict)  # Further files: name to text.

    def write(self, directory, name):
        order = generator("order", name) if self.shuffled else None
        write_model(directory, self.tensors, self.config, self.shards, order)
        for file, text in self.files.items():
            (directory / file).write_text(text)


def config(layers=2, hidden=16, vocab=48, tied=False, dtype="bfloat16", **more):
    result = {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
              "num_hidden_layers": layers, "hidden_size": hidden,
              "intermediate_size": 2 * hidden, "num_attention_heads": 2,
              "num_key_value_heads": 1, "vocab_size": vocab,
              "tie_word_embeddings": tied, "torch_dtype": dtype}
    result.update(more)
    return result


def llama_shapes(layers=2, hidden=16, vocab=48, tied=False, extra=()):
    """Name to shape. `extra`: (name inside a layer, shape) pairs."""
    shapes = {"model.embed_tokens.weight": (vocab, hidden)}
    for layer in range(layers):
        inside = {
            "self_attn.q_proj.weight": (hidden, hidden),
            "self_attn.k_proj.weight": (hidden // 2, hidden),
            "self_attn.v_proj.weight": (hidden // 2, hidden),
            "self_attn.o_proj.weight": (hidden, hidden),
            "mlp.gate_proj.weight": (2 * hidden, hidden),
            "mlp.up_proj.weight": (2 * hidden, hidden),
            "mlp.down_proj.weight": (hidden, 2 * hidden),
            "input_layernorm.weight": (hidden,),
            "post_attention_layernorm.weight": (hidden,),
        }
        inside.update(extra)
        shapes.update({f"model.layers.{layer}.{n}": s for n, s in inside.items()})
    shapes["model.norm.weight"] = (hidden,)
    if not tied:
        shapes["lm_head.weight"] = (vocab, hidden)
    return shapes


# Shapes that are not matrices.
ODD_SHAPES = (("odd.scalar", ()), ("odd.one", (1,)), ("odd.one_row", (1, 7)),
              ("odd.one_column", (7, 1)), ("odd.rank3", (3, 5, 7)),
              ("odd.empty", (0, 4)), ("odd.long", (1027,)))


def base_model(seed, dtype="BF16", scale=0.02, shapes=None, **options):
    """`options` as of llama_shapes."""
    extra = options.pop("extra", ())
    rng = generator("base", seed)
    shapes = shapes or llama_shapes(extra=extra, **options)
    tensors = {n: Tensor.of(dtype, rng.normal(0, scale, s))
               for n, s in shapes.items()}
    return ModelSpec(tensors, config(**options))


def finetune(base, seed, dtype=None, step=0.004, keep=0.25):
    """Nudges the elements; a share `keep` of them stays as it is."""
    rng = generator("finetune", seed)
    tensors = {}
    for name, tensor in base.tensors.items():
        moved = rng.normal(0, step, tensor.shape) * (
            rng.random(tensor.shape) >= keep)
        tensors[name] = Tensor.of(dtype or tensor.dtype, tensor.float64() + moved)
    return ModelSpec(tensors, dict(base.config))


def with_tensors(spec, changes):
    """The same model with some tensors replaced or added."""
    return ModelSpec({**spec.tensors, **changes}, dict(spec.config), spec.shards,
                     spec.shuffled)


def without_tensors(spec, names):
    return ModelSpec({n: t for n, t in spec.tensors.items() if n not in names},
                     dict(spec.config), spec.shards, spec.shuffled)


def mixed_dtypes(spec, dtypes, seed):
    """Each tensor in one of the dtypes, in turn."""
    order = generator("dtypes", seed).integers(0, len(dtypes), len(spec.tensors))
    return ModelSpec({n: Tensor.of(dtypes[i], t.float64())
                      for i, (n, t) in zip(order, spec.tensors.items())},
                     dict(spec.config))


# Bit patterns at the edges of each format: zeros of both signs, the smallest and
# largest denormals, the smallest normal, magnitudes large enough to lose all of
# a small one but too small to overflow in a sum, ones, a third.
EDGES = {
    "BF16": [0x0000, 0x8000, 0x0001, 0x8001, 0x007F, 0x807F, 0x0080, 0x8080,
             0x7D7F, 0xFD7F, 0x3F80, 0xBF80, 0x3F81, 0x0002, 0x0041, 0x3EAB],
    "F16": [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x8400,
            0x6FFF, 0xEFFF, 0x3C00, 0xBC00, 0x3C01, 0x0002, 0x0201, 0x3555],
    "F32": [0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007FFFFF,
            0x807FFFFF, 0x00800000, 0x80800000, 0x7D7FFFFF, 0xFD7FFFFF,
            0x3F800000, 0xBF800000, 0x3F800001, 0x00000002, 0x00400001,
            0x3EAAAAAB],
    "F64": [0x0000000000000000, 0x8000000000000000, 0x36A0000000000000,
            0xB6A0000000000000, 0x380FFFFFC0000000, 0xB80FFFFFC0000000,
            0x3810000000000000, 0xB810000000000000, 0x47AFFFFFE0000000,
            0xC7AFFFFFE0000000, 0x3FF0000000000000, 0xBFF0000000000000,
            0x3FF0000000000001, 0x3FF0000020000000, 0x3FD5555555555555,
            0x3EB0000000000000],
}
BITS = {"BF16": np.uint16, "F16": np.uint16, "F32": np.uint32, "F64": np.uint64}


def edge_values(dtype, turn):
    """A matrix of the edges. Those of different turns, side by side, put every
    edge against others; turn 0 has the same row 16 times, turn 1 has each row
    moved on by one, turn 2 by two, …"""
    edges = np.array(EDGES[dtype], BITS[dtype])
    rows = [np.roll(edges, turn * row) for row in range(len(edges))]
    return Tensor.from_bits(dtype, np.stack(rows))
