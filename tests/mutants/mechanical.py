"""python -m tests.mutants.mechanical: what a machine changes, cosmic-ray's operators, and who notices.

    python -m tests.mutants.mechanical [--every N] [--anew] [MODULE ...]

Needs cosmic-ray (pip install cosmic-ray).  It changes one place at a time in each module, runs the module's
tests, keeps the counts and every change that no test rejected in mechanical.json, and writes all of them into
docs/verification.md, each with the reason that survivors.txt gives for it.

What was counted is kept after each module.  Of a module whose text has not changed since, only those changes
are made again that no test noticed and no reason explains; with --anew, all.  To count all modules takes some
hours on two cores; with --every 3, each third change is made in those still to be counted.
"""

import argparse
import ast
import difflib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import count, pairwise
from pathlib import Path

from . import HERE, files_of, path_of
from .__main__ import PROCESSES, is_rejected, rows, trial, verdict, write
from .plant import TOO_LATE

MECHANICAL = ("kernels", "tensor", "ops", "nn", "game", "optim", "algorithm1", "random")
MECHANICAL += ("data", "data.dataset", "data.idx", "data.fetch", "data.digits", "data.mnist", "data.cifar10")
MECHANICAL += ("data.minibatches", "data.mixtures", "data.folder", "data.make_digits", "data.__main__")
MECHANICAL += (
    "modes",
    "theory",
    "parzen",
    "classifier",
    "settings",
    "players",
    "run",
    "training",
    "progress",
)
MECHANICAL += ("pictures", "train", "sample", "evaluation", "evaluate")
MECHANICAL += tuple(
    f"reproduce.{name}"
    for name in (
        *("report", "figures", "milestones", "ruler", "centres", "classifier", "table1", "curve"),
        *("figure1", "figure2", "figure3", "modes", "theory", "__main__"),
    )
)
MECHANICAL += tuple(
    f"successors.{name}"
    for name in (
        *("networks", "losses", "penalty", "two_lines", "one_dimension", "moments", "spectral_norm"),
        *("convolution", "conditional", "twice", "fooling", "sequences", "speed", "pictures", "__main__"),
    )
)
RESULTS = HERE / "mechanical.json"
BEGINS = "<!-- Mechanical changes: `python -m tests.mutants.mechanical` writes this part. -->\n"
ENDS = "<!-- Mechanical changes end. -->\n"

BINARY = (
    "Add_Sub Sub_Add Mul_Div Div_Mul Div_FloorDiv FloorDiv_Div Mod_FloorDiv Pow_Mul BitAnd_BitOr BitXor_BitOr"
)
COMPARISON = "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_GtE Gt_LtE LtE_Gt GtE_Lt Is_IsNot IsNot_Is"
OPERATORS = [
    *(f"ReplaceBinaryOperator_{pair}" for pair in BINARY.split()),
    *(f"ReplaceComparisonOperator_{pair}" for pair in COMPARISON.split()),
    *(
        "ReplaceUnaryOperator_USub_UAdd",
        "ReplaceUnaryOperator_Delete_USub",
        "ReplaceUnaryOperator_Delete_Not",
    ),
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "NumberReplacer"),
    *("RemoveDecorator", "ZeroIterationForLoop"),
]


@dataclass(frozen=True)
class Change:
    """A mistake that a machine made: the whole text of the module with it, and its lines before and after."""

    module: str
    text: str
    before: str
    after: str
    line: int  # the first that is another
    target: str = ""  # no test is the first to ask by its name
    mistake: str = ""

    def source(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.after or f"{self.before} (left out)"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.mechanical")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="these, and no others")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="make each Nth change (default: 1)")
    parser.add_argument("--anew", action="store_true", help="count also what has been counted")
    asked = parser.parse_args(arguments)
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    noticed = unexplained = 0
    for module in asked.modules or MECHANICAL:
        results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        known = results.get(module, {})
        if asked.anew or known.get("source") != _digest(module):
            found = changes(module)
            known = {"source": _digest(module), "changes": len(found), "every": asked.every}
            to_make, left = found[:: asked.every], []
            known["made"] = len(to_make)
        else:
            again = {line for line in known["not_noticed"] if f"{module}: {line}" not in reasons()}
            to_make = [change for change in changes(module) if str(change) in again] if again else []
            left = [line for line in known["not_noticed"] if line not in again]
        known["not_noticed"] = sorted([*left, *(str(change) for change in survivors(to_make))])
        results[module] = known
        print(f"{module}: {known['made'] - len(known['not_noticed'])} of {known['made']} noticed", flush=True)
        text = json.dumps({name: results[name] for name in MECHANICAL if name in results}, indent=2)
        unfinished = RESULTS.with_suffix(".part")
        unfinished.write_text(text + "\n", "utf-8", newline="\n")
        unfinished.replace(RESULTS)
        text, noticed, unexplained = report(results)
        write(text, BEGINS, ENDS)
    return 0 if noticed >= 0.95 and not unexplained else 1


def survivors(made: list[Change]) -> Iterator[Change]:
    """The changes that no test of their module notices."""
    right = {change.module: _right(change.module) for change in made}
    with ThreadPoolExecutor(PROCESSES) as pool:
        trials = pool.map(
            lambda change: trial(change, [change.module], order(change, right[change.module])), made
        )
        for change, result in zip(made, trials, strict=True):
            if TOO_LATE in str(result["broken"]):
                sys.exit(result["broken"])
            print(f"{verdict(result):70.70} {change.module}: {change}", flush=True)
            # A module that can no longer be imported, or tests that never end, are noticed as well.
            if not is_rejected(result) and not result["broken"]:
                yield change


@cache
def _right(module: str) -> dict:
    """What the tests say of the module as it is, how long each takes, and which lines of it each reaches."""
    right = _of_files(tuple(files_of(module)))
    if right["broken"] or right["rejected_by"]:
        sys.exit(f"Before changes are made, all tests must pass, but: {verdict(right)}")
    return {"seconds": right["seconds"], "reached": right["reached"][str(path_of(module))]}


@cache
def _of_files(tests: tuple[Path, ...]) -> dict:
    modules = [module for module in MECHANICAL if tuple(files_of(module)) == tests]
    return trial(None, modules[:1], watched=[str(path_of(module)) for module in modules])


def order(change: Change, right: dict) -> dict[str, float]:
    """The tests that reach the changed statement come first, then those that reach what it stands in; of them
    the quick ones."""
    lines = path_of(change.module).read_text("utf-8").splitlines()
    around = [(1, len(lines))]
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.stmt):
            first = min(x.lineno for x in (node, *getattr(node, "decorator_list", ())))
            if first <= change.line <= node.end_lineno:
                around.append((first, node.end_lineno))
    far = {test: len(lines) + 1 for test in right["seconds"]}
    for first, last in sorted(around, key=lambda span: span[0] - span[1]):
        near = {test for line in range(first, last + 1) for test in right["reached"].get(line, ())}
        far |= dict.fromkeys(near & far.keys(), last - first)
    return {test: 1000 * far[test] + seconds for test, seconds in right["seconds"].items()}


def _digest(module: str) -> str:
    return hashlib.sha256(path_of(module).read_bytes()).hexdigest()


def changes(module: str) -> list[Change]:
    """Every change of one operator at one place that is not one of a type annotation."""
    lines, found = path_of(module).read_text("utf-8").splitlines(keepends=True), []
    starts = [
        min(x.lineno for x in (s, *getattr(s, "decorator_list", ()))) for s in ast.parse("".join(lines)).body
    ]
    for first, last in pairwise([*starts, len(lines) + 1]):  # by itself each is parsed in little time
        code = "".join(lines[first - 1 : last - 1])
        for text in _changed(code):
            whole = "".join([*lines[: first - 1], text, *lines[last - 1 :]])
            before, after, line = _difference(code, text)
            found.append(Change(module, whole, before, after, first - 1 + line))
    return found


def _changed(code: str) -> Iterator[str]:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    known = {_without_annotations(code)}
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        for place in count():
            try:
                text = mutate_code(code, operator, place)
                if text in (None, code):
                    break
                tree = _without_annotations(text)
            except (SyntaxError, AttributeError):  # the latter: cosmic-ray, of `except urllib.error.URLError`
                continue
            if tree not in known:
                known.add(tree)
                yield text


def _without_annotations(code: str) -> str:
    """What decides: Python does not look at annotations."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                node.returns = None
            case ast.arg():
                node.annotation = None
            case ast.AnnAssign():
                node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _difference(code: str, text: str) -> tuple[str, str, int]:
    old, new = code.splitlines(), text.splitlines()
    lines = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
    before, after = (" ".join(line[1:].strip() for line in lines if line[0] == sign).strip() for sign in "-+")
    return before, after, 1 + next(i for i, line in enumerate(old) if new[i : i + 1] != [line])


def reasons() -> dict[str, str]:
    """Why no test can notice a change, by module and line."""
    lines = (HERE / "survivors.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ## ", 1) for line in lines)


def report(results: dict[str, dict]) -> tuple[str, float, int]:
    """The part of the document, the share of changes noticed, and how many of the others have no reason."""
    table, told, unexplained = [], [], 0
    for module in filter(results.get, MECHANICAL):
        made, survivors = results[module]["made"], results[module]["not_noticed"]
        table.append((f"`{module}`", results[module]["changes"], made, made - len(survivors), len(survivors)))
        for line in survivors:
            reason = reasons().get(f"{module}: {line}")
            unexplained += reason is None
            told.append((f"`{module}`", f"`{line}`", reason or "not explained"))
    total = sum(row[2] for row in table)
    sampled = any(row[1] > row[2] for row in table)
    of_some = " Where fewer were made, they are each second, third ... of all." if sampled else ""
    noticed = (total - len(told)) / total
    left = ", ".join(f"`{module}`" for module in MECHANICAL if module not in results)
    to_count = f"\n\nStill to be counted: {left}." if left else ""
    text = f"""## Mechanical changes

`python -m tests.mutants.mechanical` has cosmic-ray change one operator, comparison, number or constant
at a time (not in type annotations, at which Python does not look), and runs the module's tests on NumPy.
{total - len(told)} of {total} changes were noticed: {100 * noticed:.1f} %.{of_some}{to_count}

| module | changes | made | noticed | not noticed |
|---|---:|---:|---:|---:|
{rows(table)}

| module | a line that nobody noticed | why |
|---|---|---|
{rows(told)}
"""
    return text, noticed, unexplained


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
