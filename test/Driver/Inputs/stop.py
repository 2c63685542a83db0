# Runs a merge until so many tensors are in its journal, then sends it a signal; says
# what it printed last. One that is done too soon is tried again.
#
#   stop.py SIGNAL TENSORS OUTPUT COMMAND...

import glob
import os
import shutil
import signal
import subprocess
import sys
import time

number, tensors, output = getattr(signal, sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def complete():
    count = 0
    for path in glob.glob(f".{output}.mergec-*/.mergec-journal"):
        with open(path) as journal:
            count += journal.read().count("\n") - 1
    return count


for _ in range(50):
    process = subprocess.Popen(sys.argv[4:], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT,
                               env=dict(os.environ, MERGEC_JOURNAL_SECONDS="0.001"))
    # It is running when its directory is there.
    while process.poll() is None and (
            complete() < tensors if tensors else not glob.glob(f".{output}.mergec-*")):
        time.sleep(0.001)
    process.send_signal(number)
    said = process.communicate()[0].strip().splitlines()[-1:]
    if process.returncode != 0:
        break
    shutil.rmtree(output)
print("exit", process.returncode, *said)
print("left:", *(n for n in sorted(os.listdir(".")) if f"{output}.mergec-" in n))
