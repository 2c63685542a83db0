# ===- architectures.py - Tensor names and shapes of real models ------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# One function per architecture: sizes in, config.json's content and the tensors
# out, as the published checkpoints of that architecture have them, with their
# buffers (masks, rotary frequencies, position numbers).
#
# ===------------------------------------------------------------------------===#

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np


@dataclass
class Sizes:
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    vocab: int
    positions: int
    experts: int
    vision_layers: int

    @property
    def head_size(self):
        return self.hidden // self.heads


@dataclass
class Tensor:
    name: str
    shape: Tuple[int, ...] = ()
    mean: float = 0.0
    values: Optional[np.ndarray] = None  # A buffer's fixed content,
    dtype: Optional[str] = None  # and its type.


def linear(name, rows, columns, bias=False):
    tensors = [Tensor(name + ".weight", (rows, columns))]
    return tensors + [Tensor(name + ".bias", (rows,))] if bias else tensors


def norm(name, size, bias=False):
    tensors = [Tensor(name + ".weight", (size,), mean=1.0)]
    return tensors + [Tensor(name + ".bias", (size,))] if bias else tensors


def buffer(name, dtype, values):
    return [Tensor(name, values.shape, values=values, dtype=dtype)]


def inverse_frequencies(size):
    return 10000.0 ** (-np.arange(0, size, 2) / size)


def causal_mask(positions):
    return np.tril(np.ones((1, 1, positions, positions)))


def attention(prefix, s, bias=False):
    """Grouped-query attention as Llama names it."""
    narrow = s.kv_heads * s.head_size
    return (
        linear(prefix + "q_proj", s.heads * s.head_size, s.hidden, bias)
        + linear(prefix + "k_proj", narrow, s.hidden, bias)
        + linear(prefix + "v_proj", narrow, s.hidden, bias)
        + linear(prefix + "o_proj", s.hidden, s.heads * s.head_size)
    )


def gated_mlp(prefix, s):
    return (
        linear(prefix + "gate_proj", s.intermediate, s.hidden)
        + linear(prefix + "up_proj", s.intermediate, s.hidden)
        + linear(prefix + "down_proj", s.hidden, s.intermediate)
    )


def expert_mlps(prefix, s):
    tensors = linear(prefix + "gate", s.experts, s.hidden)
    for expert in range(s.experts):
        name = "%sexperts.%d." % (prefix, expert)
        tensors += linear(name + "w1", s.intermediate, s.hidden)
        tensors += linear(name + "w2", s.hidden, s.intermediate)
        tensors += linear(name + "w3", s.intermediate, s.hidden)
    return tensors


def llama_tensors(s, root="", bias=False, mlp=None):
    tensors = linear(root + "model.embed_tokens", s.vocab, s.hidden)
    for n in range(s.layers):
        layer = "%smodel.layers.%d." % (root, n)
        tensors += norm(layer + "input_layernorm", s.hidden)
        tensors += attention(layer + "self_attn.", s, bias)
        tensors += norm(layer + "post_attention_layernorm", s.hidden)
        tensors += mlp(layer) if mlp else gated_mlp(layer + "mlp.", s)
    tensors += norm(root + "model.norm", s.hidden)
    return tensors + linear(root + "lm_head", s.vocab, s.hidden)


def llama_config(s, architecture, model_type, **more):
    return {
        "architectures": [architecture],
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": s.hidden,
        "initializer_range": 0.02,
        "intermediate_size": s.intermediate,
        "max_position_embeddings": s.positions,
        "model_type": model_type,
        "num_attention_heads": s.heads,
        "num_hidden_layers": s.layers,
        "num_key_value_heads": s.kv_heads,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": s.vocab,
        **more,
    }


def llama(s):
    return llama_config(s, "LlamaForCausalLM", "llama"), llama_tensors(s)


def mistral(s):
    config = llama_config(s, "MistralForCausalLM", "mistral", sliding_window=4096)
    return config, llama_tensors(s)


def qwen2(s):
    config = llama_config(s, "Qwen2ForCausalLM", "qwen2")
    return config, llama_tensors(s, bias=True)


def mixtral(s):
    config = llama_config(
        s,
        "MixtralForCausalLM",
        "mixtral",
        num_local_experts=s.experts,
        num_experts_per_tok=min(2, s.experts),
    )
    mlp = lambda layer: expert_mlps(layer + "block_sparse_moe.", s)
    return config, llama_tensors(s, mlp=mlp)


def gpt2(s):
    config = {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "layer_norm_epsilon": 1e-05,
        "model_type": "gpt2",
        "n_ctx": s.positions,
        "n_embd": s.hidden,
        "n_head": s.heads,
        "n_layer": s.layers,
        "n_positions": s.positions,
        "vocab_size": s.vocab,
    }
    tensors = linear("wte", s.vocab, s.hidden) + linear("wpe", s.positions, s.hidden)
    for n in range(s.layers):
        layer = "h.%d." % n
        # GPT-2 stores these matrices transposed, inputs first.
        dense = lambda name, rows, columns: [
            Tensor(layer + name + ".weight", (rows, columns)),
            Tensor(layer + name + ".bias", (columns,)),
        ]
        tensors += norm(layer + "ln_1", s.hidden, True)
        tensors += buffer(layer + "attn.bias", "F32", causal_mask(s.positions))
        tensors += dense("attn.c_attn", s.hidden, 3 * s.hidden)
        tensors += dense("attn.c_proj", s.hidden, s.hidden)
        tensors += norm(layer + "ln_2", s.hidden, True)
        tensors += dense("mlp.c_fc", s.hidden, 4 * s.hidden)
        tensors += dense("mlp.c_proj", 4 * s.hidden, s.hidden)
    return config, tensors + norm("ln_f", s.hidden, True)


def gptneox(s):
    config = {
        "architectures": ["GPTNeoXForCausalLM"],
        "hidden_act": "gelu",
        "hidden_size": s.hidden,
        "intermediate_size": s.intermediate,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": s.positions,
        "model_type": "gpt_neox",
        "num_attention_heads": s.heads,
        "num_hidden_layers": s.layers,
        "rotary_pct": 0.5,
        "tie_word_embeddings": False,
        "vocab_size": s.vocab,
    }
    tensors = linear("gpt_neox.embed_in", s.vocab, s.hidden)
    for n in range(s.layers):
        layer = "gpt_neox.layers.%d." % n
        tensors += norm(layer + "input_layernorm", s.hidden, True)
        tensors += norm(layer + "post_attention_layernorm", s.hidden, True)
        tensors += buffer(layer + "attention.bias", "BOOL", causal_mask(s.positions))
        tensors += buffer(layer + "attention.masked_bias", "F16", np.array(-1e4))
        frequencies = inverse_frequencies(s.head_size // 2)
        tensors += buffer(layer + "attention.rotary_emb.inv_freq", "F16", frequencies)
        name = layer + "attention.query_key_value"
        tensors += linear(name, 3 * s.hidden, s.hidden, True)
        tensors += linear(layer + "attention.dense", s.hidden, s.hidden, True)
        name = layer + "mlp.dense_"
        tensors += linear(name + "h_to_4h", s.intermediate, s.hidden, True)
        tensors += linear(name + "4h_to_h", s.hidden, s.intermediate, True)
    tensors += norm("gpt_neox.final_layer_norm", s.hidden, True)
    return config, tensors + linear("embed_out", s.vocab, s.hidden)


def bert(s):
    config = {
        "architectures": ["BertForMaskedLM"],
        "hidden_act": "gelu",
        "hidden_size": s.hidden,
        "intermediate_size": s.intermediate,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": s.positions,
        "model_type": "bert",
        "num_attention_heads": s.heads,
        "num_hidden_layers": s.layers,
        "type_vocab_size": 2,
        "vocab_size": s.vocab,
    }
    root = "bert.embeddings."
    numbers = np.arange(s.positions).reshape(1, -1)
    tensors = linear(root + "word_embeddings", s.vocab, s.hidden)
    tensors += linear(root + "position_embeddings", s.positions, s.hidden)
    tensors += linear(root + "token_type_embeddings", 2, s.hidden)
    tensors += norm(root + "LayerNorm", s.hidden, True)
    tensors += buffer(root + "position_ids", "I64", numbers)
    for n in range(s.layers):
        layer = "bert.encoder.layer.%d." % n
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            tensors += linear(layer + "attention." + part, s.hidden, s.hidden, True)
        tensors += norm(layer + "attention.output.LayerNorm", s.hidden, True)
        name = layer + "intermediate.dense"
        tensors += linear(name, s.intermediate, s.hidden, True)
        tensors += linear(layer + "output.dense", s.hidden, s.intermediate, True)
        tensors += norm(layer + "output.LayerNorm", s.hidden, True)
    tensors += [Tensor("cls.predictions.bias", (s.vocab,))]
    name = "cls.predictions.transform."
    tensors += linear(name + "dense", s.hidden, s.hidden, True)
    tensors += norm(name + "LayerNorm", s.hidden, True)
    return config, tensors


def phi(s):
    config = llama_config(s, "PhiForCausalLM", "phi", partial_rotary_factor=0.4)
    tensors = linear("model.embed_tokens", s.vocab, s.hidden)
    for n in range(s.layers):
        layer = "model.layers.%d." % n
        tensors += norm(layer + "input_layernorm", s.hidden, True)
        for part in ("q_proj", "k_proj", "v_proj", "dense"):
            tensors += linear(layer + "self_attn." + part, s.hidden, s.hidden, True)
        tensors += linear(layer + "mlp.fc1", s.intermediate, s.hidden, True)
        tensors += linear(layer + "mlp.fc2", s.hidden, s.intermediate, True)
    tensors += norm("model.final_layernorm", s.hidden, True)
    return config, tensors + linear("lm_head", s.vocab, s.hidden, True)


def vision_text(s):
    """A language model with a vision tower of another depth, as LLaVA has."""
    patch = 4
    config = {
        "architectures": ["LlavaForConditionalGeneration"],
        "image_token_index": s.vocab - 1,
        "model_type": "llava",
        "projector_hidden_act": "gelu",
        "text_config": llama_config(s, "LlamaForCausalLM", "llama"),
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "vision_config": {
            "hidden_size": s.hidden,
            "image_size": 16,
            "intermediate_size": s.intermediate,
            "model_type": "clip_vision_model",
            "num_attention_heads": s.heads,
            "num_hidden_layers": s.vision_layers,
            "patch_size": patch,
        },
    }
    root = "vision_tower.vision_model."
    tensors = [
        Tensor(root + "embeddings.class_embedding", (s.hidden,)),
        Tensor(root + "embeddings.patch_embedding.weight", (s.hidden, 3, patch, patch)),
    ]
    tensors += linear(root + "embeddings.position_embedding", 17, s.hidden)
    tensors += norm(root + "pre_layrnorm", s.hidden, True)
    for n in range(s.vision_layers):
        layer = "%sencoder.layers.%d." % (root, n)
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            tensors += linear(layer + "self_attn." + part, s.hidden, s.hidden, True)
        tensors += norm(layer + "layer_norm1", s.hidden, True)
        tensors += linear(layer + "mlp.fc1", s.intermediate, s.hidden, True)
        tensors += linear(layer + "mlp.fc2", s.hidden, s.intermediate, True)
        tensors += norm(layer + "layer_norm2", s.hidden, True)
    tensors += norm(root + "post_layernorm", s.hidden, True)
    tensors += linear("multi_modal_projector.linear_1", s.hidden, s.hidden, True)
    tensors += linear("multi_modal_projector.linear_2", s.hidden, s.hidden, True)
    return config, tensors + llama_tensors(s, root="language_model.")


ARCHITECTURES = {
    "bert": bert,
    "gpt2": gpt2,
    "gptneox": gptneox,
    "llama": llama,
    "mistral": mistral,
    "mixtral": mixtral,
    "phi": phi,
    "qwen2": qwen2,
    "vision-text": vision_text,
}
