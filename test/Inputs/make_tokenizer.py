#!/usr/bin/env python3
# ===- make_tokenizer.py - Small tokenizers in real formats ------------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# Gives a model directory a tokenizer of few tokens, in place of any it has:
#
#   make_tokenizer.py a --kind bpe --words low,lower --special '<|end|>'
#   make_tokenizer.py b --kind spm --form model --words low,new
#
# Kinds: `bpe` (byte-level), `spm` (SentencePiece BPE with byte fallback),
# `unigram`, `wordpiece`. Forms: `json` (tokenizer.json), `model`
# (tokenizer.model), `vocab` (vocab.json and merges.txt). A word brings its
# prefixes and the merges that lead to it. `_` in a word stands for a space.
#
# ===------------------------------------------------------------------------===#

import argparse
import json
import os
import struct

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SPACE = {"bpe": "\u0120", "spm": "\u2581", "unigram": "\u2581", "wordpiece": ""}
UNKNOWN = {"bpe": "<unk>", "spm": "<unk>", "unigram": "<unk>", "wordpiece": "[UNK]"}


def vocabulary(options):
    """Tokens in the order of their ids, and the merges that make them."""
    space = SPACE[options.kind]
    tokens = list(options.first)
    if options.kind == "spm":
        tokens += ["<0x%02X>" % byte for byte in range(256)]
    tokens += [c for c in space + options.letters if c not in tokens]
    if options.kind == "wordpiece":
        tokens += ["##" + c for c in options.letters]
    merges = []
    for word in options.words:
        word = word.replace("_", space)
        if options.kind == "wordpiece":
            tokens += [word] if word not in tokens else []
            continue
        for end in range(2, len(word) + 1):
            if word[:end] not in tokens:
                tokens.append(word[:end])
                merges.append((word[: end - 1], word[end - 1]))
    return tokens, merges


def scores(options, tokens):
    """Of SentencePiece: longer pieces first, then earlier ones."""
    fixed = len(options.first) + (256 if options.kind == "spm" else 0)
    if options.kind == "spm":
        return [0.0 if i < fixed else float(fixed - 1 - i) for i in range(len(tokens))]
    return [
        0.0 if i < fixed else round(-10.0 + len(t) * 2 - i / 1000, 6)
        for i, t in enumerate(tokens)
    ]


def added_entry(token, number, special):
    return {
        "id": number,
        "content": token,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": not special,
        "special": special,
    }


def rules(options):
    """The parts of tokenizer.json that say how texts are cut."""
    if options.kind == "bpe":
        level = {"type": "ByteLevel", "add_prefix_space": False,
                 "trim_offsets": True, "use_regex": True}
        return None, level, level
    if options.kind == "spm":
        normalizer = {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u2581"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
        decoder = {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
        return normalizer, None, decoder
    if options.kind == "unigram":
        space = {"type": "Metaspace", "replacement": "\u2581",
                 "prepend_scheme": "always", "split": True}
        return None, space, space
    decoder = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    return None, {"type": "Whitespace"}, decoder


def model(options, tokens, merges):
    vocab = {token: i for i, token in enumerate(tokens)}
    unknown = UNKNOWN[options.kind]
    if options.kind == "unigram":
        pairs = [list(pair) for pair in zip(tokens, scores(options, tokens))]
        return {"type": "Unigram", "unk_id": 0, "vocab": pairs, "byte_fallback": False}
    if options.kind == "wordpiece":
        return {"type": "WordPiece", "unk_token": unknown, "vocab": vocab,
                "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    written = [list(m) if options.pairs else " ".join(m) for m in merges]
    return {"type": "BPE", "dropout": None, "unk_token": unknown,
            "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": options.kind == "spm",
            "byte_fallback": options.kind == "spm",
            "vocab": vocab, "merges": written}


def varint(number):
    out = b""
    while True:
        more = number >> 7
        out += bytes([number & 127 | (128 if more else 0)])
        number = more
        if not more:
            return out


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3) + varint(value)


def sentencepiece(options, tokens):
    """tokenizer.model's bytes."""
    out = b""
    for token, score in zip(tokens, scores(options, tokens)):
        kind = 2 if token == "<unk>" else 3 if token in options.first else 1
        if token.startswith("<0x"):
            kind = 6
        out += field(1, field(1, token.encode()) + field(2, score) + field(3, kind))
    trainer = field(3, 2 if options.kind == "spm" else 1)
    trainer += field(35, int(options.kind == "spm"))
    out += field(2, trainer)
    return out + field(3, field(3, 1) + field(4, 0) + field(5, 1))


def files(options):
    tokens, merges = vocabulary(options)
    after = list(options.special) + list(options.plain)
    added = [added_entry(t, tokens.index(t), True) for t in options.first]
    for number, token in enumerate(after, len(tokens)):
        added.append(added_entry(token, number, token in options.special))
    roles = dict(zip(("unk_token", "bos_token", "eos_token"), options.first))
    roles.update(options.role)
    config = {**roles, "model_max_length": 2048,
              "tokenizer_class": "PreTrainedTokenizerFast"}
    if options.template:
        config["chat_template"] = options.template
    if options.form != "json" or options.decoder:
        config["added_tokens_decoder"] = {
            str(a["id"]): {k: v for k, v in a.items() if k != "id"} for a in added
        }
    out = {"tokenizer_config.json": config, "special_tokens_map.json": roles}
    if options.form == "model":
        config["tokenizer_class"] = "LlamaTokenizer"
        out["tokenizer.model"] = sentencepiece(options, tokens)
    elif options.form == "vocab":
        config["tokenizer_class"] = "GPT2Tokenizer"
        out["vocab.json"] = {token: i for i, token in enumerate(tokens)}
        lines = ["#version: 0.2"] + [" ".join(m) for m in merges]
        out["merges.txt"] = ("\n".join(lines) + "\n").encode()
        out["added_tokens.json"] = {t: len(tokens) + i for i, t in enumerate(after)}
    else:
        normalizer, pre, decoder = rules(options)
        out["tokenizer.json"] = {
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre,
            "post_processor": None, "decoder": decoder,
            "model": model(options, tokens, merges),
        }
    return out, len(tokens) + len(after)


OLD = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json",
       "special_tokens_map.json", "added_tokens.json", "merges.txt")


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description="Makes a small tokenizer.")
    names = lambda text: [name for name in text.split(",") if name]
    add = parser.add_argument
    add("directory")
    add("--kind", choices=sorted(SPACE), default="bpe")
    add("--form", choices=["json", "model", "vocab"], default="json")
    add("--first", type=names, help="the first tokens: unknown, begin, end")
    add("--letters", default=LETTERS)
    add("--words", type=names, default=[], help="`_` stands for a space")
    add("--special", type=names, default=[], help="special tokens at the end")
    add("--plain", type=names, default=[], help="added tokens that are not special")
    add("--pairs", action="store_true", help="merges as pairs, not as texts")
    add("--decoder", action="store_true", help="write added_tokens_decoder")
    add("--role", action="append", default=[], type=lambda t: t.split("=", 1))
    add("--template", help="a chat template")
    options = parser.parse_args(arguments)
    if options.first is None:
        options.first = [UNKNOWN[options.kind], "<s>", "</s>"]
    return options


def main():
    options = parse_arguments()
    os.makedirs(options.directory, exist_ok=True)
    for name in OLD:
        if os.path.exists(os.path.join(options.directory, name)):
            os.remove(os.path.join(options.directory, name))
    out, count = files(options)
    for name, content in out.items():
        if not isinstance(content, bytes):
            content = (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
        with open(os.path.join(options.directory, name), "wb") as file:
            file.write(content)
    print("%d tokens" % count)


if __name__ == "__main__":
    main()
