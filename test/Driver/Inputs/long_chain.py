"""Prints a plan of N stages, each a merge of the one before it with a model.

usage: long_chain.py N METHOD MODEL...
"""

import json
import sys

count, method, models = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
for i in range(count):
    other = models[1 + i % (len(models) - 1)]
    before = f"s{i - 1}" if i else models[0]
    plan = {"merge_method": method, "dtype": "bfloat16"}
    if i + 1 != count:
        plan["name"] = f"s{i}"
    if method == "slerp":
        plan.update(base_model=before, parameters={"t": round(0.1 + 0.01 * i, 2)},
                    models=[{"model": before}, {"model": other}])
    else:
        plan.update(parameters={"weight": round(0.5 + 0.001 * i, 3)},
                    models=[{"model": before}, {"model": other}])
    print("---\n" + json.dumps(plan))
