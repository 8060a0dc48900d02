"""python -m tests.mutants.mechanical: what a machine changes, cosmic-ray's operators, and who notices.

Needs cosmic-ray (pip install cosmic-ray); about an hour on two cores.  It changes one place at a time
in each module (or in those named), runs the module's tests, keeps the counts and every change that no test
rejected in mechanical.json, and writes all of them into docs/verification.md, each with the reason that
survivors.txt gives for it.
"""

import ast
import difflib
import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import HERE, path_of
from .__main__ import PROCESSES, is_rejected, rows, trial, write
from .plant import TOO_LATE

MECHANICAL = ("kernels", "tensor", "ops", "nn", "game", "optim", "algorithm1", "random")
MECHANICAL += ("modes", "theory", "classifier", "sample", "data.dataset", "data.minibatches", "data.mixtures")
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
    target: str = ""  # no test is the first to ask
    mistake: str = ""

    def source(self) -> str:
        return self.text


def main(modules: list[str]) -> int:
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    found = [change for module in modules or MECHANICAL for change in changes(module)]
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for module, count in Counter(change.module for change in found).items():
        results[module] = {"changes": count, "not_noticed": []}
    seconds = {module: trial(None, [module])["seconds"] for module in {change.module for change in found}}
    with ThreadPoolExecutor(PROCESSES) as pool:
        trials = pool.map(lambda change: trial(change, [change.module], seconds[change.module]), found)
        for change, result in zip(found, trials, strict=True):
            if TOO_LATE in str(result["broken"]):
                sys.exit(result["broken"])
            # A module that can no longer be imported, or tests that never end, are noticed as well.
            if not is_rejected(result) and not result["broken"]:
                results[change.module]["not_noticed"].append(change.after or f"{change.before} (left out)")
                print(f"{change.module}: - {change.before}\n{change.module}: + {change.after}", flush=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    text, noticed, unexplained = report(results)
    write(text, BEGINS, ENDS)
    return 0 if noticed >= 0.95 and not unexplained else 1


def changes(module: str) -> list[Change]:
    """Every change of one operator at one place that is not one of a type annotation."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    code = path_of(module).read_text("utf-8")
    known, found = {_without_annotations(code)}, []
    for name in OPERATORS:
        operator, place = get_operator(f"core/{name}")(), 0
        while (text := mutate_code(code, operator, place)) not in (None, code):
            place += 1
            try:
                tree = _without_annotations(text)
            except SyntaxError:
                continue
            if tree not in known:
                known.add(tree)
                found.append(Change(module, text, *_difference(code, text)))
    return found


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


def _difference(code: str, text: str) -> tuple[str, str]:
    lines = list(difflib.unified_diff(code.splitlines(), text.splitlines(), lineterm="", n=0))[2:]
    return tuple(" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")


def report(results: dict[str, dict]) -> tuple[str, float, int]:
    """The part of the document, the share of changes noticed, and how many of the others have no reason."""
    lines = (HERE / "survivors.txt").read_text("utf-8").splitlines()
    reasons = dict(line.split(" ## ", 1) for line in lines)
    table, told, unexplained = [], [], 0
    for module in filter(results.get, MECHANICAL):
        count, survivors = results[module]["changes"], results[module]["not_noticed"]
        table.append((f"`{module}`", count, count - len(survivors), len(survivors)))
        for line in survivors:
            reason = reasons.get(f"{module}: {line}")
            unexplained += reason is None
            told.append((f"`{module}`", f"`{line}`", reason or "not explained"))
    total = sum(row[1] for row in table)
    noticed = (total - len(told)) / total
    text = f"""## Mechanical changes

`python -m tests.mutants.mechanical` has cosmic-ray change one operator, comparison, number or constant
at a time (not in type annotations, at which Python does not look), and runs the module's tests on NumPy.
{total - len(told)} of {total} changes were noticed: {100 * noticed:.1f} %.

| module | changes | noticed | not noticed |
|---|---:|---:|---:|
{rows(table)}

| module | a line that nobody noticed | why |
|---|---|---|
{rows(told)}
"""
    return text, noticed, unexplained


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
