# ===- random_masks.py - The masks that random methods drew -----*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# Which elements a random method keeps is for it to say, but it must stand by it:
# a mask depends on the seed, the output tensor's name, the source's place in the
# plan and the element's index alone (and on the magnitudes in its row, for della).
# So a plan's masks are read off probes of the same plan in which one model at a
# time has weight 1 and all others 0, with nothing rescaled, rounded or voted on;
# then the plan's own result must be what the formula gives for these masks.
#
# ===----------------------------------------------------------------------===#

import copy

import numpy as np

PROBES = {"dare_linear": "dare_linear", "dare_ties": "dare_linear",
          "della": "della_linear", "della_linear": "della_linear"}


def probe_plan(plan, ordinal):
    """The plan with only the source at `ordinal` counting."""
    probe = copy.deepcopy(plan)
    probe["merge_method"] = PROBES[plan["merge_method"]]
    probe.pop("out_dtype", None)
    probe["dtype"] = "float64"
    parameters = probe.setdefault("parameters", {})
    for name in ("weight", "consensus_method"):
        parameters.pop(name, None)
    parameters.update({"normalize": False, "rescale": False, "lambda": 1})
    for part in probe.get("slices") or [{"sources": probe["models"]}]:
        for place, source in enumerate(part["sources"]):
            mine = source.setdefault("parameters", {})
            mine["weight"] = 1 if place == ordinal else 0
            if "dare" in mine:
                mine["density"] = 1  # The draw alone, before any trimming.
    return probe


def read_mask(delta, base, result):
    """True where the delta has arrived in a probe's result. Zero deltas can't be
    seen; they count as kept, which makes no difference."""
    moved = np.asarray(result.float64()) != np.asarray(base.tensor.float64())
    return moved | (np.asarray(delta) == 0)
