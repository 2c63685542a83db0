# ===- resume.py - Merges that are killed and go on ------------*- Python -*-===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===----------------------------------------------------------------------===#
#
#   resume.py --work DIRECTORY [--first SEED --count N]
#
# Kills merges at random points, again and again until one completes, each with
# other threads, memory and choices for intermediate values; then compares all
# that they wrote with a run that was left alone. While there is no result,
# nothing may look like one, and a run must go on where the last has stopped.
#
# ===----------------------------------------------------------------------===#

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAKE_MODEL = [sys.executable, str(HERE.parent / "Inputs" / "make_model.py")]

PLANS = {
    "ties": """
merge_method: ties
base_model: base
models: [{model: a}, {model: b}]
parameters: {weight: 0.7, density: 0.5}
dtype: bfloat16
""",
    # Random masks, several shards.
    "dare": """
merge_method: dare_ties
base_model: base
models: [{model: a}, {model: b}]
parameters: {weight: 0.7, density: 0.5}
dtype: float16
""",
    # A stage that is held between sweeps and written, too.
    "chain": """
name: blend
merge_method: slerp
models: [{model: a}, {model: b}]
base_model: a
parameters: {t: 0.4}
dtype: bfloat16
---
merge_method: della
base_model: base
models: [{model: blend}, {model: b}]
parameters: {weight: 0.5, density: 0.5, epsilon: 0.1}
dtype: bfloat16
""",
    # Results that share what they read.
    "variants": """
merge_method: ties
base_model: base
models: [{model: a}, {model: b}]
parameters: {weight: 1}
matrix: {parameters.density: [0.3, 0.6]}
dtype: bfloat16
""",
}
OPTIONS = {
    "ties": ["-o", "out"],
    "dare": ["-o", "out", "--out-shard-size", "3MB", "--seed", "7"],
    "chain": ["-o", "out", "--keep", "blend=blend"],
    "variants": ["--out-root", "outs"],
}


def make_models(work):
    shape = ["--layers", "16", "--hidden", "128", "--intermediate", "384",
             "--vocab", "2048"]
    for name, more in (("base", shape), ("a", ["--base", "base"]),
                       ("b", ["--base", "base"])):
        subprocess.run([*MAKE_MODEL, name, "--seed", str(ord(name[0])), *more],
                       cwd=work, check=True)


def contents(root):
    """All files below, by their paths."""
    return {str(p.relative_to(root)): p.read_bytes()
            for p in sorted(root.rglob("*")) if p.is_file()}


def io_modes(work):
    """Direct writes, where the file system has them."""
    try:
        os.close(os.open(work / "probe", os.O_CREAT | os.O_WRONLY | os.O_DIRECT))
    except OSError:
        return ("auto", "buffered")
    return ("direct", "direct", "buffered")


def results(place):
    """Directories that are not hidden and hold files, models that are read aside."""
    return {str(p.relative_to(place)) for d in (place, place / "outs") if d.is_dir()
            for p in d.glob("[!.]*") if p.is_dir() and not p.is_symlink()
            and any(not q.is_dir() for q in p.iterdir())}


def journal_lines(place):
    """Of the journal that is there, hidden directories included."""
    lines = 0
    for directory, _, names in os.walk(place):
        if ".mergec-journal" in names:
            try:
                text = Path(directory, ".mergec-journal").read_text()
            except FileNotFoundError:  # It was being removed.
                continue
            lines += text.count("\n") - 1
    return lines


def run(command, place, number, rng):
    """Runs until it is done or killed; what it said, whether it is done."""
    environment = dict(os.environ, MERGEC_JOURNAL_SECONDS="0.001")
    before = journal_lines(place)
    process = subprocess.Popen(command, cwd=place, env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    more = rng.choice((0, 1, 5, 20, 60))
    while process.poll() is None and journal_lines(place) < before + more:
        time.sleep(0.001)
    time.sleep(rng.choice((0, 0, 0.02 * rng.random())))
    process.send_signal(number)
    out, err = process.communicate()
    if process.returncode not in (0, -number, 130):
        sys.exit(f"{command}: exit {process.returncode}\n{err}")
    return out, process.returncode == 0


def check(work, name, seed, modes):
    rng = random.Random(f"{name}-{seed}")
    place = work / f"{name}-{seed}"
    reference = work / f"{name}-alone"
    for directory in (place, reference):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for model in ("base", "a", "b"):
            (directory / model).symlink_to(work / model)
        (directory / "plan.yml").write_text(PLANS[name])
    command = ["mergec", "plan.yml", *OPTIONS[name]]
    subprocess.run(command, cwd=reference, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    runs = resumed = 0
    done = False
    while not done:
        runs += 1
        left = journal_lines(place)
        number = (signal.SIGKILL, signal.SIGINT)[rng.random() < 0.3]
        out, done = run([*command, "--threads", str(rng.randint(1, 3)),
                         "--memory", rng.choice(("24MiB", "64MiB", "256MiB")),
                         "--hold", rng.choice(("auto", "recompute", "memory", "scratch")),
                         "--io", rng.choice(modes)],
                        place, number, rng)
        if ("going on where" in out) != (left > 0) and done:
            sys.exit(f"{place}: {left} tensors were there, and the run said\n{out}")
        resumed += left > 0
        # What shows is complete, also if the signal came as it appeared.
        shown, expected = results(place), results(reference)
        for result in shown:
            if contents(place / result) != contents(reference / result):
                sys.exit(f"{place}: {result} differs after {runs} runs")
        if done and shown != expected:
            sys.exit(f"{place}: has {shown}, not {expected}")
        done = shown == expected
        if not done:
            for result in shown:
                shutil.rmtree(place / result)
    hidden = [p for p in place.rglob(".*")]
    if hidden:
        sys.exit(f"{place}: {hidden} was left behind")
    return runs, resumed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    make_models(work)
    modes = io_modes(work)
    runs = resumed = 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        for name in PLANS:
            more = check(work, name, seed, modes)
            runs += more[0]
            resumed += more[1]
    if not resumed:
        sys.exit("no run went on where another had stopped")
    print(f"{runs} runs, of which {resumed} went on where another had stopped")


if __name__ == "__main__":
    main()
