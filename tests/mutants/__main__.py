"""python -m tests.mutants: make each mistake in turn, run its module's tests, write docs/verification.md.

Exit status 0 if a test rejected every wrong answer, 1 if one survived or could not be tried.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "verification.md"
BEGINS = "<!-- Wrong answers: `python -m tests.mutants` writes this part. -->\n"
ENDS = "<!-- Wrong answers end. -->\n"
PROCESSES = 2
SECONDS = 300  # for one wrong answer; most need two


def main() -> int:
    right = trial()
    if right["broken"] or right["rejected_by"]:
        print(f"The tests must pass before mistakes are made, but: {right}", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(PROCESSES) as pool:
        results = []
        for mutant, result in zip(MUTANTS, pool.map(trial, range(len(MUTANTS))), strict=True):
            results.append(result)
            print(f"{verdict(result):60.60} {mutant.target}: {mutant.mistake}", flush=True)
    write(report(right, results))
    survivors = sum(not is_rejected(result) for result in results)
    print(f"{len(MUTANTS)} wrong answers, {survivors} of them not rejected; see {DOCUMENT.relative_to(ROOT)}")
    return 1 if survivors else 0


def trial(number: int | None = None) -> dict[str, Any]:
    """What becomes of the tests with wrong answer `number`, in a process of its own."""
    arguments = [] if number is None else [str(number)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.mutants.plant", *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"rejected_by": None, "broken": f"no end within {SECONDS} seconds"}
    except (IndexError, ValueError):
        return {"rejected_by": None, "broken": (done.stderr.splitlines() or ["no answer"])[-1]}


def is_rejected(result: dict[str, Any]) -> bool:
    return bool(result["rejected_by"]) and not result["broken"]


def verdict(result: dict[str, Any]) -> str:
    if result["broken"]:
        return f"ERROR {result['broken']}"
    return result["rejected_by"] or "NONE"


def report(right: dict[str, Any], results: list[dict[str, Any]]) -> str:
    trials = list(zip(MUTANTS, results, strict=True))
    tried = Counter(mutant.module for mutant in MUTANTS)
    rejected = Counter(mutant.module for mutant, result in trials if is_rejected(result))
    return f"""## Wrong answers

`python -m tests.mutants` makes each mistake below in a copy of the module, runs that module's tests on NumPy
(`tests/test_ops.py` for `minigan/ops.py`), and writes down which test was the first to fail. Without a mistake
these are {right["tests"]:,} tests, and all pass; {right["gradient_checks"]} of them are gradient checks.

| module | wrong answers | rejected | survivors |
|---|---:|---:|---:|
{rows((f"`{module}`", n, rejected[module], n - rejected[module]) for module, n in tried.items())}
| all | {tried.total()} | {rejected.total()} | {tried.total() - rejected.total()} |

| where | wrong answer | test that rejects it |
|---|---|---|
{rows((f"`{mutant.target}`", mutant.mistake, f"`{verdict(result)}`") for mutant, result in trials)}
"""


def rows(cells: Iterable[tuple[Any, ...]]) -> str:
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells)


def write(text: str) -> None:
    """Put the text between the marks; they are made at the end where there are none."""
    document = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "# Verification\n"
    if BEGINS not in document:
        document += f"\n{BEGINS}{ENDS}"
    before, _, rest = document.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    DOCUMENT.write_text(f"{before}{BEGINS}\n{text}\n{ENDS}{after}", "utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
