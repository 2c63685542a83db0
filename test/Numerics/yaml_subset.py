# ===- yaml_subset.py - The YAML that published plans use -------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Block mappings and sequences, flow sequences of scalars, plain scalars and
# comments: enough to read the plans under test without a YAML library.
#
# ===----------------------------------------------------------------------===#

import re


def scalar(text):
    text = text.strip()
    if text.startswith("["):
        inner = text[1:text.rindex("]")]
        return [scalar(part) for part in inner.split(",")]
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text.strip("\"'")


def load(text):
    lines = []
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).rstrip()
        if line:
            lines.append([len(line) - len(line.lstrip()), line.lstrip()])
    value, rest = _block(lines, lines[0][0])
    assert not rest, f"not understood: {rest[0]}"
    return value


def _block(lines, indent):
    """The value that starts at `lines[0]`, and the lines behind it."""
    if lines[0][1].startswith("- "):
        items = []
        while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
            # What follows the dash is a block of its own, further in.
            inner = lines[0][1][2:]
            deeper = indent + 2 + len(inner) - len(inner.lstrip())
            lines = [[deeper, inner.lstrip()]] + lines[1:]
            item, lines = _block(lines, deeper)
            items.append(item)
        return items, lines
    if not re.match(r"[\w-]+:( |$)", lines[0][1]):
        return scalar(lines[0][1]), lines[1:]
    mapping = {}
    while lines and lines[0][0] == indent and not lines[0][1].startswith("- "):
        key, _, value = lines[0][1].partition(":")
        lines = lines[1:]
        if value.strip():
            mapping[key] = scalar(value)
        elif lines and (lines[0][0] > indent or lines[0][1].startswith("- ")
                        and lines[0][0] == indent):
            mapping[key], lines = _block(lines, lines[0][0])
        else:
            mapping[key] = None
    return mapping, lines
