# ===- tokenizer_files.py - A small byte-level BPE tokenizer ----------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

import itertools

SPECIAL_TOKENS = ["<unk>", "<s>", "</s>"]


def byte_characters():
    """The printable character that byte-level BPE writes for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b if b in printable else next(others)) for b in range(256)]


def vocabulary(size):
    """`size` tokens, specials first, and the merges that make those longer than
    one character."""
    tokens = (SPECIAL_TOKENS + byte_characters())[:size]
    letters = "etaoinshrdlu\u0120cmwfgypbvkjxqz"
    merges = []
    pairs = ["".join(p) for p in itertools.product(letters, repeat=2)]
    longer = itertools.chain(
        zip(itertools.repeat(None), pairs),
        itertools.product(pairs, letters),
        itertools.product(pairs, pairs),
    )
    for left, right in longer:
        if len(tokens) >= size:
            break
        first, second = (right[0], right[1]) if left is None else (left, right)
        tokens.append(first + second)
        merges.append(first + " " + second)
    return {token: i for i, token in enumerate(tokens)}, merges


def tokenizer_files(size):
    """{file name: content} for a vocabulary of `size`."""
    vocab, merges = vocabulary(size)
    specials = [token for token in SPECIAL_TOKENS if token in vocab]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}
    added = [
        {"id": vocab[token], "content": token, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True}
        for token in specials
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocab,
            "merges": merges,
        },
    }
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    return {
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {
            **names,
            "model_max_length": 2048,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
        "special_tokens_map.json": names,
    }
