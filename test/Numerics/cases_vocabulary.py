# ===- cases_vocabulary.py - Merges of different vocabularies --*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# The oracle sees models whose embeddings have been put into the result's order
# here, by the rules of docs/Tokenizers.md, and a plan that says nothing of
# tokenizers. mergec sees the models as they are.
#
# ===----------------------------------------------------------------------===#

import json

import numpy as np

import models as m
from cases import Case, family, model
from safetensors_io import Tensor

TENSORS = ("model.embed_tokens.weight", "lm_head.weight")


def with_vocabulary(spec, tokens, rows, seed):
    """The same model with `rows` rows and a tokenizer of `tokens`, in the order
    of their ids; None is an id that no token has."""
    rng = m.generator("rows", seed)
    changes = {}
    for name in TENSORS:
        if name in spec.tensors:
            old = spec.tensors[name]
            values = rng.normal(0, 0.02, (rows, old.shape[1]))
            changes[name] = Tensor.of(old.dtype, values)
    result = m.with_tensors(spec, changes)
    result.config["vocab_size"] = rows
    vocab = {t: i for i, t in enumerate(tokens) if t is not None}
    added = [{"id": i, "content": t, "special": True} for t, i in vocab.items()
             if t.startswith("<")]
    result.files["tokenizer.json"] = json.dumps({
        "version": "1.0", "added_tokens": added,
        "model": {"type": "BPE", "vocab": vocab, "merges": []}})
    result.tokens = vocab
    return result


def united(plan, models):
    """Token to id, in the result."""
    names = [entry["model"] for entry in plan["models"]]
    lead = plan.get("base_model", names[0])
    source = plan["tokenizer"].get("source", "union")
    vocab = dict(models[lead if source in ("union", "base") else source].tokens)
    further = [t for n in names for t in sorted(
        models[n].tokens, key=models[n].tokens.get)] if source == "union" else []
    for token in further + list(plan["tokenizer"].get("tokens", {})):
        if token not in vocab:
            vocab[token] = max(vocab.values()) + 1
    return vocab


def wide(spec, tensor):
    """The tensor in float64, converted once."""
    kept = spec.__dict__.setdefault("wide", {})
    if tensor not in kept:
        kept[tensor] = spec.tensors[tensor].float64()
    return kept[tensor]


def row(plan, models, name, tensor, token):
    """One row of model `name`'s tensor, as the method is to see it."""
    order = [entry["model"] for entry in plan["models"]]
    base = plan.get("base_model")
    if base and base not in order:
        order.append(base)
    values = lambda n, i: wide(models[n], tensor)[i]
    own = models[name].tokens.get(token)
    said = plan["tokenizer"].get("tokens", {}).get(token, {})
    if own is not None and not said.get("force"):
        return values(name, own)
    source = said.get("source")
    if isinstance(source, str):
        return values(source, models[source].tokens[token])
    if source and source["kind"] == "zero":
        return np.zeros_like(values(name, 0))
    if source:
        other = models[source["model"]]
        number = source.get("token_id")
        if number is None:
            number = other.tokens[source["token"]]
        return values(source["model"], number)
    if base and token in models[base].tokens:
        return values(base, models[base].tokens[token])
    those = [values(n, models[n].tokens[token]) for n in order
             if token in models[n].tokens]
    if not those:
        return np.zeros_like(values(name, 0))
    return np.mean(those, axis=0) if len(those) > 1 else those[0]


def as_seen(plan, models):
    """The models with their rows in the result's order."""
    vocab = united(plan, models)
    source = plan["tokenizer"].get("source", "union")
    lead = plan.get("base_model", plan["models"][0]["model"])
    count = max(vocab.values()) + 1
    rows = count
    if source != "union":
        origin = models[lead if source == "base" else source]
        rows = max(rows, origin.tensors[TENSORS[0]].shape[0])
    multiple = plan["tokenizer"].get("pad_to_multiple_of", 1)
    rows = -(-rows // multiple) * multiple
    tokens = {number: token for token, number in vocab.items()}
    seen = {}
    for name, spec in models.items():
        changes = {}
        for tensor in TENSORS:
            if tensor not in spec.tensors:
                continue
            old = spec.tensors[tensor].float64()
            taken = set(spec.tokens.values())
            new = []
            for number in range(rows):
                kept = source != "union" or number < count
                if number in tokens:
                    new.append(row(plan, models, name, tensor, tokens[number]))
                elif kept and number < len(old) and number not in taken:
                    new.append(old[number])
                else:
                    new.append(old.mean(axis=0))
            # A mean is no bf16; it is rounded to float32, at most once.
            changes[tensor] = Tensor.of("F32", np.array(new))
        seen[name] = m.with_tensors(spec, changes)
    return seen


def case(name, models, plan, arguments=()):
    plan = {"dtype": "bfloat16", **plan}
    silent = {key: value for key, value in plan.items() if key != "tokenizer"}
    return Case(name, models, plan, list(arguments),
                oracle_models=as_seen(plan, models), oracle_plan=silent)


def words(*parts):
    """Tokens: numbers stand for ordinary ones, in order."""
    return [t for part in parts
            for t in (["w%d" % i for i in part] if isinstance(part, range) else [part])]


def vocabularies(rows=48, step=0, **options):
    """A base and three others with vocabularies that overlap."""
    models = family(3, "vocabulary", odd=False, layers=1, **options)
    many = rows - 12
    lists = {
        "base": words("<s>", range(many), "<end>"),
        "a": words("<s>", range(many), "<end>", "<im>", "<tool>"),
        "b": words("<im>", "<s>", range(5, many + 5), "<tool>", "<only b>"),
        "c": words(range(many, 0, -1), "<s>", None, "<end>"),
    }
    return {name: with_vocabulary(spec, lists[name], rows + step * i, name)
            for i, (name, spec) in enumerate(models.items())}


def vocabulary():
    weighted = [model("a", weight=0.5), model("b", weight=0.3),
                model("c", weight=0.7)]
    dense = [model("a", weight=0.5, density=0.3),
             model("b", weight=0.3, density=0.7),
             model("c", weight=0.7, density=0.5)]
    union = {"source": "union"}
    tokens = {
        "<end>": {"source": "a", "force": True},
        "<im>": {"source": {"kind": "zero"}},
        "<copy>": {"source": {"kind": "model_token", "model": "b",
                              "token": "<only b>"}},
        "<row>": {"source": {"kind": "model_token", "model": "c", "token_id": 47}},
        "<none>": {"source": None, "force": True},
        "w3": {"source": None, "force": True},
    }
    plain = vocabularies()
    without_base = {n: s for n, s in plain.items() if n != "base"}
    two = {n: plain[n] for n in "ab"}
    yield case("linear-union", without_base,
               {"merge_method": "linear", "models": weighted, "tokenizer": union})
    yield case("linear-padded", without_base, {
        "merge_method": "linear", "models": weighted,
        "tokenizer": {"pad_to_multiple_of": 32, "tokens": tokens}})
    yield case("slerp-union", two, {
        "merge_method": "slerp", "models": [model("a"), model("b")],
        "base_model": "a", "parameters": {"t": 0.4}, "tokenizer": union})
    yield case("slerp-of-the-other", two, {
        "merge_method": "slerp", "models": [model("a"), model("b")],
        "base_model": "a", "parameters": {"t": 0.6}, "tokenizer": {"source": "b"}})
    ties = {"merge_method": "ties", "models": dense, "base_model": "base"}
    yield case("ties-union", plain, {**ties, "tokenizer": union})
    yield case("ties-tokens", plain, {
        **ties, "tokenizer": {"source": "union", "tokens": tokens,
                              "pad_to_multiple_of": 16}})
    # Padding that is kept, of models whose lengths differ.
    longer = vocabularies(step=7)
    yield case("base-padding", longer, {**ties, "tokenizer": {"source": "base"}})
    yield case("model-padding", longer, {**ties, "tokenizer": {"source": "c"}})
    yield case("tied", vocabularies(tied=True), {**ties, "tokenizer": union})
    # Several segments, with little memory.
    yield case("segments", vocabularies(rows=9000, hidden=64),
               {**ties, "tokenizer": {"pad_to_multiple_of": 64}},
               ["--memory", "24MiB"])
    mixed = dict(without_base)
    for name, dtype in (("a", "F16"), ("b", "F32")):
        tensors = {n: Tensor.of(dtype, t.float64())
                   for n, t in mixed[name].tensors.items()}
        spec = m.with_tensors(mixed[name], tensors)
        spec.files, spec.tokens = mixed[name].files, mixed[name].tokens
        mixed[name] = spec
    yield case("dtypes", mixed, {"merge_method": "linear", "models": weighted,
                                 "tokenizer": {"tokens": tokens}})
    # By columns and by rows.
    yield case("nuslerp-columns", two, {
        "merge_method": "nuslerp", "models": weighted[:2],
        "parameters": {"nuslerp_flatten": False, "nuslerp_row_wise": True},
        "tokenizer": union})
    yield case("nuslerp-rows", two, {
        "merge_method": "nuslerp", "models": weighted[:2],
        "parameters": {"nuslerp_flatten": False}, "tokenizer": union})


GROUPS = {"vocabulary": vocabulary}
