# ===- run.py - Merges the cases of a group and judges them ----*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   run.py GROUP --work DIRECTORY [--tool MERGEC] [--only CASE] [--method NAME]
#   run.py random_plans --work DIRECTORY [--first N] [--count N]
#
# Makes the models of each case, runs the merge, and holds every tensor of the
# result against the float64 oracle. Says which tensors fail, with the worst
# element of each; exit code 1 if any does.
#
# ===----------------------------------------------------------------------===#

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import cases
import cases_further
import cases_random
import cases_vocabulary
import plan as plans
import random_masks
from judge import Verdict, judge
from methods import FORMULAS, RANDOM_FORMULAS
from operands import Operands
from safetensors_io import read_model

# A failing tensor is one line; more of them than this are counted.
SHOWN = 6


def prepare(case, directory):
    """Writes models and plan; returns the plan's path."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, spec in case.models.items():
        spec.write(directory / name, name)
    path = directory / "plan.yml"
    path.write_text(json.dumps(case.plan, indent=1) + "\n")
    return path


def merge(tool, directory, out="out", arguments=()):
    """Runs the tool on the plan in `directory`; its exit code and its words."""
    done = subprocess.run([tool, "plan.yml", "-o", out, *arguments],
                          cwd=directory, capture_output=True, text=True)
    return done.returncode, done.stderr


def expectations(case):
    """The jobs of a case, by the name of the tensor they make."""
    seen = case.oracle_models or case.models
    models = {n: plans.Model(s.tensors, s.config) for n, s in seen.items()}
    return {job.name: job for job in
            plans.output_jobs(case.oracle_plan or case.plan, models)}


def judge_result(case, jobs, directory, masks=None):
    """`masks`: by tensor, a list of one per model; of random methods."""
    result = read_model(directory)
    verdicts = []
    for name in sorted(set(jobs) | set(result)):
        if name not in result:
            verdicts.append(Verdict(name, 0, message="is missing"))
        elif name not in jobs:
            verdicts.append(Verdict(name, 0, message="should not be there"))
        else:
            verdicts.append(judge_tensor(jobs[name], result[name],
                                         masks and masks[name]))
    layers = json.loads((directory / "config.json").read_text())["num_hidden_layers"]
    slices = case.plan.get("slices")
    if slices:
        wanted = sum(s["sources"][0]["layer_range"][1]
                     - s["sources"][0]["layer_range"][0] for s in slices)
        if layers != wanted:
            verdicts.append(Verdict("config.json", 0, message=(
                f"says {layers} layers, expected {wanted}")))
    return verdicts


def judge_tensor(job, got, masks):
    with np.errstate(all="ignore"):
        if job.method in RANDOM_FORMULAS:
            expected = RANDOM_FORMULAS[job.method](job, masks)
        else:
            expected = FORMULAS[job.method](job)
        return judge(job, expected, got)


def probe_masks(case, jobs, tool, directory):
    """The masks that a random method draws in this case, by tensor."""
    masks = {name: [] for name in jobs}
    for ordinal in sorted({o for job in jobs.values() for o in job.ordinals}):
        probe = random_masks.probe_plan(case.plan, ordinal)
        (directory / "plan.yml").write_text(json.dumps(probe))
        out = f"probe-{ordinal}"
        code, words = merge(tool, directory, out, ["--quiet", *case.arguments])
        assert code == 0, f"probe: exit code {code}\n{words}"
        result = read_model(directory / out)
        for name, job in jobs.items():
            if ordinal in job.ordinals:
                delta = Operands(job).deltas()[job.ordinals.index(ordinal)]
                masks[name].append(random_masks.read_mask(
                    delta, job.base, result[name]))
        del result
    return masks


def run_case(case, tool, work):
    directory = work / case.name
    prepare(case, directory)
    code, words = merge(tool, directory, arguments=["--quiet", *case.arguments])
    if code:
        return [Verdict("the merge", 0,
                        message=f"exit code {code}\n{words.rstrip()}")]
    jobs, masks = expectations(case), None
    if case.plan["merge_method"] in RANDOM_FORMULAS:
        try:
            masks = probe_masks(case, jobs, tool, directory)
        except AssertionError as failure:
            return [Verdict("the merge", 0, message=str(failure))]
    verdicts = judge_result(case, jobs, directory / "out", masks)
    if all(v.passed for v in verdicts):
        shutil.rmtree(directory)
    return verdicts


def report(case, verdicts):
    failed = [v for v in verdicts if not v.passed]
    elements = sum(v.elements for v in verdicts)
    off = sum(v.off for v in verdicts)
    worst = max((v.worst for v in verdicts), default=0)
    print(f"{'FAIL' if failed else 'ok'}: {case.name}: {len(verdicts)} tensors, "
          f"{elements} elements, {off} off by one, worst {worst:.2f} of the bound")
    for verdict in failed[:SHOWN]:
        print(f"    {verdict.name}: {verdict.message}")
    if len(failed) > SHOWN:
        print(f"    and {len(failed) - SHOWN} more tensors")
    return not failed


def all_method_plans():
    """(method, plan) for every method."""
    yield from cases.each_method()
    yield from cases_further.each_further_method()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("group")
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--tool", default="mergec")
    parser.add_argument("--only", help="the case of this name")
    parser.add_argument("--method", help="the cases of this method")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    tool = shutil.which(options.tool)
    if tool is None:
        sys.exit(f"no `{options.tool}` to run")
    tool, work = str(Path(tool).resolve()), options.work.resolve()
    if options.group in cases_random.GROUPS:
        chosen = cases_random.GROUPS[options.group](options.first, options.count)
    else:
        chosen = {**cases.GROUPS, **cases_further.GROUPS,
                  **cases_vocabulary.GROUPS}[options.group]()
    results = [report(c, run_case(c, tool, work)) for c in chosen
               if options.only in (None, c.name)
               and options.method in (None, c.plan["merge_method"])]
    print(f"{sum(results)} of {len(results)} cases pass")
    sys.exit(0 if all(results) and results else 1)


if __name__ == "__main__":
    main()
