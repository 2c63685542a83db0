# Sends a signal to a running merge and says what became of it and what it left.
#
#   interrupt.py SIGNAL COMMAND...
#
# The models `a`, `b` and `base` that the plan reads are made here, of one tensor
# each, full of zeros and without blocks on the disk. If the merge is over before the
# signal comes, it is tried again with larger ones.

import json
import os
import signal
import struct
import subprocess
import sys
import time


def make_models(elements):
    header = {"w.weight": {"dtype": "F32", "shape": [elements // 1024, 1024],
                           "data_offsets": [0, 4 * elements]}}
    text = json.dumps(header).encode()
    for name in ("a", "b", "base"):
        os.makedirs(name, exist_ok=True)
        with open(os.path.join(name, "model.safetensors"), "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + 4 * elements)


def run(number, command):
    before = set(os.listdir("."))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # It is running when its directory is there.
    while process.poll() is None and set(os.listdir(".")) == before:
        time.sleep(0.002)
    time.sleep(0.05)
    process.send_signal(number)
    said = process.communicate()[0].decode().strip().splitlines()[-1:]
    return process.returncode, said, sorted(set(os.listdir(".")) - before)


for elements in (1 << 25, 1 << 27, 1 << 29):
    make_models(elements)
    code, said, left = run(getattr(signal, sys.argv[1]), sys.argv[2:])
    if code != 0:
        break
    subprocess.run(["rm", "-rf"] + left)
print("exit", code, *said)
print("left:", *left)
