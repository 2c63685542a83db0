# ===- plan.py - What a merge plan asks of each tensor ---------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
# From a plan and its models to one `Job` per output tensor: which tensors go in,
# in plan order, which of them is the base, what every parameter is worth there,
# and the dtype of the result. Layers are renumbered, heads untied and embeddings
# cut to their common rows here, so that the formulas see plain arrays.
#
# ===----------------------------------------------------------------------===#

import json
import re
from dataclasses import dataclass, field

from safetensors_io import PLAN_NAMES, Tensor

# What a method makes of `base_model`, where it is not "none".
BASE_USE = {"slerp": "first", "nuslerp": "optional", "multislerp": "optional"}
BASE_USE.update({m: "required" for m in (
    "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs",
    "breadcrumbs_ties", "della", "della_linear", "sce", "model_stock",
    "nearswap", "arcee_fusion", "ram", "ramplus_tl")})

BUFFERS = ("rotary_emb.inv_freq", "masked_bias", "attn.bias")


class Model:
    """A model's tensors and where its layers are."""

    def __init__(self, tensors, config):
        self.tensors = tensors
        self.config = config
        self.layer_count = config["num_hidden_layers"]
        self.layer_prefix = self._find_layers()

    def _find_layers(self):
        numbers = {}
        for name in self.tensors:
            for match in re.finditer(r"(?<=\.)(\d+)(?=\.)", name):
                prefix = name[:match.start()]
                numbers.setdefault(prefix, set()).add(int(match.group()))
        wanted = set(range(self.layer_count))
        stacks = [p for p, found in numbers.items() if found == wanted]
        return min(stacks, key=lambda p: (p.count("."), p)) if stacks else None

    def split(self, name):
        """(layer, rest) for a tensor inside the layers."""
        if self.layer_prefix and name.startswith(self.layer_prefix):
            number, _, rest = name[len(self.layer_prefix):].partition(".")
            if number.isdigit():
                return int(number), rest
        return None

    def embedding(self):
        return next((n for n in self.tensors if is_embedding(n)), None)


def is_embedding(name):
    return name.endswith(("embed_tokens.weight", "wte.weight"))


def is_head(name):
    return name.endswith("lm_head.weight")


def is_before_layers(name):
    return "embed" in name or name.endswith(("wte.weight", "wpe.weight"))


@dataclass
class Input:
    tensor: Tensor
    parameters: object  # Callable: name to value or None.
    model: str


@dataclass
class Job:
    name: str
    method: str
    inputs: list  # Without the base.
    base: object  # An Input or None.
    parameters: object  # Callable: global parameters.
    dtype: str  # Of the result.
    ordinals: list = field(default_factory=list)  # Of the inputs, in the plan.

    def all_inputs(self):
        return self.inputs + ([self.base] if self.base else [])


def interpolate(points, position):
    scaled = position * (len(points) - 1)
    low = min(int(scaled), len(points) - 1)
    high = min(low + 1, len(points) - 1)
    fraction = scaled - low
    return (1 - fraction) * points[low] + fraction * points[high]


def evaluate(setting, name, position):
    """The value a setting yields for a tensor; None if no filter matches."""
    alternatives = setting if isinstance(setting, list) else [setting]
    if all(isinstance(a, (int, float)) for a in alternatives):
        return interpolate(alternatives, position)
    for alternative in alternatives:
        if not isinstance(alternative, dict) or "value" not in alternative:
            return alternative  # A value, or a nested mapping such as `dare`.
        wanted = alternative.get("filter")
        if wanted in (None, "*") or wanted in name:
            value = alternative["value"]
            return interpolate(value, position) if isinstance(value, list) else value
    return None


def look_up(places, parameter, name, position):
    for place in places:
        if place and parameter in place:
            value = evaluate(place[parameter], name, position)
            if value is not None:
                return value
    return None


def read_plan(path):
    """Plans of the tests are JSON, which is YAML."""
    with open(path) as file:
        return json.load(file)


def output_jobs(plan, models):
    """All jobs of a plan. `models`: name to Model."""
    method = plan["merge_method"]
    if "modules" in plan:
        ((_, module),) = plan["modules"].items()
    else:
        module = {}
    slices = plan.get("slices") or module.get("slices")
    if slices is None:
        slices = [{"sources": [dict(m) for m in plan.get("models")
                               or module["models"]]}]
    stretched, jobs, layer = [], [], 0
    for part in slices:
        stretched.append(_Slice(plan, module, part, models, method))
    for index, part in enumerate(stretched):
        if index == 0:
            jobs += part.outside(before=True)
        for offset in range(part.length):
            jobs += part.layer(offset, layer)
            layer += 1
        if index == len(stretched) - 1:
            jobs += part.outside(before=False)
    return jobs


class _Slice:
    def __init__(self, plan, module, part, models, method):
        self.plan, self.method = plan, method
        self.part = part
        self.global_places = [part.get("parameters"), module.get("parameters"),
                              plan.get("parameters")]
        # (model name, Model, first layer, source settings, is the base?)
        self.sources = []
        use = BASE_USE.get(method, "none")
        base = part.get("base_model") or plan.get("base_model")
        if use == "first" and base is None:
            base = part["sources"][0]["model"]
        self.length = None
        for source in part["sources"]:
            model = models[source["model"]]
            first, last = source.get("layer_range") or (0, model.layer_count)
            self.length = last - first
            self.sources.append((source["model"], model, first,
                                 source.get("parameters"),
                                 use != "none" and source["model"] == base))
        if use != "none" and base and not any(s[4] for s in self.sources):
            self.sources.append((base, models[base], self.sources[0][2], None, True))

    def outside(self, before):
        names = []
        for _, model, _, _, _ in self.sources:
            names += [n for n in model.tensors if model.split(n) is None
                      and is_before_layers(n) == before and n not in names]
        return [self._job(n, [n] * len(self.sources), 0.0 if before else 1.0)
                for n in names]

    def layer(self, offset, number):
        rests, jobs = [], []
        for _, model, first, _, _ in self.sources:
            for name in model.tensors:
                place = model.split(name)
                if place and place[0] == first + offset and place[1] not in rests:
                    rests.append(place[1])
        position = offset / (self.length - 1) if self.length > 1 else 1.0
        for rest in rests:
            names = [f"{m.layer_prefix}{first + offset}.{rest}"
                     for _, m, first, _, _ in self.sources]
            prefix = self.sources[0][1].layer_prefix
            jobs.append(self._job(f"{prefix}{number}.{rest}", names, position))
        return jobs

    def _job(self, out_name, names, position):
        inputs, ordinals, base = [], [], None
        for ordinal, (source, name) in enumerate(zip(self.sources, names)):
            model_name, model, _, settings, is_base = source
            stored = name
            if name not in model.tensors and is_head(name):
                stored = model.embedding()
            if stored not in model.tensors:
                continue  # Only with --allow-missing.
            places = [settings] + self.global_places
            entry = Input(model.tensors[stored],
                          lambda p, places=places, name=name: look_up(
                              places, p, name, position), model_name)
            if is_base:
                base = entry
            else:
                inputs.append(entry)
                ordinals.append(ordinal)
        first = base or inputs[0]
        # Buffers are kept as the base, or the first, has them.
        if out_name.endswith(BUFFERS):
            return Job(out_name, "passthrough",
                       [Input(first.tensor, lambda p: None, first.model)], None,
                       lambda p: None, first.tensor.dtype)
        wanted = self.plan.get("out_dtype") or self.plan.get("dtype")
        stored = first.tensor.dtype
        dtype = PLAN_NAMES[wanted] if wanted and first.tensor.is_float() else stored
        job = Job(out_name, self.method, inputs, base,
                  lambda p: look_up(self.global_places, p, out_name, position),
                  dtype, ordinals)
        if is_embedding(out_name) or is_head(out_name):
            common = min(i.tensor.shape[0] for i in job.all_inputs())
            for entry in job.all_inputs():
                entry.tensor = entry.tensor.rows(common)
        return job
