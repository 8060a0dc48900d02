"""python -m tests.covered: run all tests, and write which lines and branches none of them reaches.

The table goes into docs/verification.md: line and branch coverage of the core, and what is not covered.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from .mutants.__main__ import rows, write
from .test_house import NOT_CORE, ROOT, core_files, module_name

TOO_SMALL_A_DISK = "tests/test_run.py::test_the_systems_own_limit"  # for what coverage writes there
BEGINS = "<!-- Coverage: `python -m tests.covered` writes this part. -->\n"
ENDS = "<!-- Coverage ends. -->\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        options = [
            f"--deselect={TOO_SMALL_A_DISK}",
            "--cov",
            "--cov-report",
            f"json:{report}",
            "-n",
            "auto",
            "-q",
            "--no-header",
        ]
        status = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT).returncode
        if status:
            return status
        files = json.loads(report.read_text("utf-8"))["files"]
    core = [file for file in core_files() if module_name(file) not in NOT_CORE]
    table, total, covered = [], 0, 0
    for file in core:
        found = files[str(file.relative_to(ROOT))]
        summary = found["summary"]
        here = summary["num_statements"] + summary["num_branches"]
        reached = summary["covered_lines"] + summary["covered_branches"]
        total, covered = total + here, covered + reached
        missing = [str(line) for line in found["missing_lines"]]
        missing += [f"{a} to {b if b > 0 else 'the end'}" for a, b in found["missing_branches"]]
        table.append(
            (f"`{module_name(file)}`", here, f"{100 * reached / max(here, 1):.1f} %", ", ".join(missing))
        )
    write(
        f"""## Coverage

`python -m tests.covered`: lines and branches of the core that some test reaches, on NumPy and on the stand-in
for CuPy. In all {100 * covered / total:.1f} % of {total}.

| module | lines and branches | reached | not reached: lines, and branches from a line to a line |
|---|---:|---:|---|
{rows(table)}
""",
        BEGINS,
        ENDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
