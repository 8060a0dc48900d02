"""python -m tests.mutants: make each mistake in turn, run its module's tests, write docs/verification.md.

With a word, only the mistakes that have it in their description, and nothing is written.
Exit status 0 if every wrong answer was rejected by a test, 1 if one survived or could not be tried.
"""

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

from . import MUTANTS, Mutant
from .plant import run_tests

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "verification.md"
BEGINS = "<!-- Wrong answers: `python -m tests.mutants` writes this part. -->\n"
ENDS = "<!-- Wrong answers end. -->\n"
PROCESSES = 2
SECONDS = 900  # for the tests of a module; most wrong answers need two


# Processes that begin with these modules loaded, where the system can do that: it saves a second each.
FRESH = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
FRESH.set_forkserver_preload(["tests.mutants.warm"])


def main(word: str = "") -> int:
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    mutants = [mutant for mutant in MUTANTS if word in f"{mutant.target}: {mutant.mistake}"]
    right = trial(None, {mutant.module: None for mutant in mutants})
    if right["broken"] or right["rejected_by"]:
        print(f"Before mistakes are made, all tests must pass, but: {verdict(right)}", file=sys.stderr)
        return 1
    trials = []
    with ThreadPoolExecutor(PROCESSES) as pool:
        for mutant, result in zip(mutants, pool.map(trial, mutants), strict=True):
            trials.append((mutant, result))
            print(f"{verdict(result):70.70} {mutant.target}: {mutant.mistake}", flush=True)
    if not word:
        write(report(right, trials), BEGINS, ENDS)
    survivors = sum(not is_rejected(result) for _, result in trials)
    print(f"{len(trials)} wrong answers, {survivors} of them not rejected")
    return 1 if survivors else 0


def trial(
    mutant: Mutant | None,
    modules: Iterable[str] = (),
    order: Mapping[str, float] = MappingProxyType({}),
    watched: Iterable[str] = (),
) -> dict[str, Any]:
    """What becomes of the tests of these modules, or the mutant's, with this mistake, in a new process."""
    modules = list(modules) or [mutant.module]
    result, answer = FRESH.Pipe(duplex=False)
    process = FRESH.Process(target=run_tests, args=(mutant, modules, dict(order), list(watched), answer))
    process.start()
    answer.close()
    limit = SECONDS * len(modules)
    try:
        return result.recv() if result.poll(limit) else {"broken": f"no end within {limit} seconds"}
    except EOFError:
        return {"broken": "the process died"}
    finally:
        process.kill()
        process.join()


def is_rejected(result: dict[str, Any]) -> bool:
    """By a test that failed, not by one that could not begin."""
    return not result["broken"] and bool(result["rejected_by"])


def verdict(result: dict[str, Any]) -> str:
    if result["broken"]:
        return f"ERROR {result['broken']}"
    return result["rejected_by"] or "NONE"


def report(right: dict[str, Any], trials: list[tuple[Mutant, dict[str, Any]]]) -> str:
    tried = Counter(mutant.module for mutant, _ in trials)
    rejected = Counter(mutant.module for mutant, result in trials if is_rejected(result))
    return f"""## Wrong answers

`python -m tests.mutants` makes each mistake below in a copy of the module, runs that module's tests on NumPy
(`tests/test_ops.py` for `minigan/ops.py`; `tests/mutants/__init__.py` says where they are elsewhere) and its
CUDA compiled for the CPU, and writes down the first that fails. Without a mistake all these
{right["tests"]:,} tests pass; {right["gradient_checks"]} of them check gradients.

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


def write(text: str, begins: str, ends: str) -> None:
    """Put the text between its marks, which are made at the end of the document where there are none."""
    document = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "# Verification\n"
    if begins not in document:
        document += f"\n{begins}{ends}"
    before, _, rest = document.partition(begins)
    _, _, after = rest.partition(ends)
    DOCUMENT.write_text(f"{before}{begins}\n{text}\n{ends}{after}", "utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
