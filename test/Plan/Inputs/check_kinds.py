"""Every kind of diagnostic is documented, and some golden shows it.

usage: check_kinds.py <root of the sources>

Prints what is missing: kinds without an entry in docs/Diagnostics.md, entries
of kinds that are gone or have another severity, kinds that no test expects.
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
table = re.findall(
    r'^MERGEC_DIAGNOSTIC\((\w+), "([a-z-]+)", (\w+)\)',
    (root / "include/mergec/Diagnostics/Kinds.def").read_text(),
    re.MULTILINE,
)
kinds = {name: severity for _, name, severity in table}
documented = dict(
    re.findall(
        r"^### ([a-z-]+) \((\w+)\)$",
        (root / "docs/Diagnostics.md").read_text(),
        re.MULTILINE,
    )
)

expected = set()
for test in (root / "test").rglob("*"):
    if test.suffix not in (".yml", ".mir", ".test") or "Inputs" in test.parts:
        continue
    for line in test.read_text(errors="replace").splitlines():
        # A line that FileCheck reads: `# CHECK-NEXT: …: error: … [kind]`.
        if re.match(r"(#|//)\s*[\w-]+:", line):
            expected.update(re.findall(r"\[([a-z-]+)\]", line))

# What no command line can bring about in time (a file that changes under a
# run) is expected by a unit test.
units = "".join(p.read_text() for p in (root / "test/Unit").glob("*.cpp"))
expected.update(name for id, name, _ in table if re.search(rf"EXPECT\w*\(.*Kind::{id}\b", units))

missing = [
    f"`{kind}` is not documented as a {severity.lower()}"
    for kind, severity in kinds.items()
    if documented.get(kind) != severity.lower()
]
missing += [f"`{kind}` is documented, and is no kind" for kind in documented.keys() - kinds.keys()]
missing += [f"no test expects `{kind}`" for kind in kinds if kind not in expected]
print("\n".join(missing) or f"all {len(kinds)} kinds")
sys.exit(bool(missing))
