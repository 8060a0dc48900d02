"""Results for other programs: CSV, JSON, Gradescope's results.json and JUnit XML."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from minigan.files import write_atomically, write_json
from minigan.homework.judging.judge import Outcome, Verdict
from minigan.homework.marking.batch import Graded
from minigan.homework.marking.report import clean, in_full, one_line
from minigan.homework.tasks.spec import Assignment

OUTPUT_LIMIT = 8000


def write_results(assignment: Assignment, results: list[Graded], out: Path, formats: list[str]) -> None:
    """One file for each format into the folder `out`."""
    for name in formats:
        FORMATS[name](assignment, results, out)


def write_csv(assignment: Assignment, results: list[Graded], out: Path) -> None:
    """One row for each student: score, seed, level, and each check's status."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    checks = [check.name for check in assignment.checks]
    rows.writerow(["student", "homework", "score", "seed", "level", *checks, "looks like"])
    for graded in results:
        v = graded.verdict
        score = "" if v.broken else v.score
        statuses = [outcome.status for outcome in v.outcomes]
        row = [graded.student, v.homework, score, v.seed, f"L{v.level}", *statuses, "; ".join(v.likely)]
        rows.writerow([cell(value) for value in row])
    write_atomically(out / "results.csv", lambda file: file.write(text.getvalue().encode()))


def cell(value: object) -> str:
    """A spreadsheet runs what begins like a formula; a quote in front makes it text."""
    text = one_line(value)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text


def write_all_json(assignment: Assignment, results: list[Graded], out: Path) -> None:
    values = [
        {"student": clean(g.student), "sha256": g.sha256, "verdict": g.verdict.as_dict()} for g in results
    ]
    write_json(out / "results.json", {"homework": assignment.id, "results": values})


def write_gradescope(assignment: Assignment, results: list[Graded], out: Path) -> None:
    """One results.json for each student; none where the grader failed: it would read as a zero."""
    folder = out / "gradescope"
    folder.mkdir(exist_ok=True)
    for graded in results:
        if not graded.verdict.broken:
            write_json(folder / f"{file_name(graded.student)}.json", gradescope(graded.verdict))


def gradescope(verdict: Verdict) -> dict[str, Any]:
    """Gradescope's form.  No top-level score: it would override the sum of the tests."""
    tests = [
        {
            "name": outcome.says,
            "number": str(number),
            "score": outcome.score,
            "max_score": outcome.points,
            "status": "passed" if outcome.status == "pass" else "failed",
            "output": _markdown(outcome, verdict),
            "output_format": "md",
            "tags": [outcome.name, outcome.status],
            "visibility": "visible",
            "extra_data": {"check": outcome.name, "status": outcome.status, "seed": verdict.seed},
        }
        for number, outcome in enumerate(verdict.outcomes, 1)
    ]
    return {
        "execution_time": round(verdict.seconds, 3),
        "output": f"seed {verdict.seed}, isolation L{verdict.level}; repeat it with --seed {verdict.seed}",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def unfinished(assignment: Assignment) -> dict[str, Any]:
    """What stands in results.json until the verdict does."""
    outcomes = [
        Outcome(c.name, c.says, c.points, "error", "the grader did not finish") for c in assignment.checks
    ]
    return gradescope(Verdict(assignment.id, 0, 0, outcomes)) | {"output": "the grader did not finish"}


def write_junit(assignment: Assignment, results: list[Graded], out: Path) -> None:
    """One test suite for each student, one test case for each check."""
    root = ElementTree.Element("testsuites")
    for graded in results:
        outcomes = graded.verdict.outcomes
        failures = sum(o.status == "fail" for o in outcomes)
        skipped = sum(o.status in ("blocked", "grader_error") for o in outcomes)
        errors = sum(o.status != "pass" for o in outcomes) - failures - skipped
        counts = {"tests": len(outcomes), "failures": failures, "errors": errors, "skipped": skipped}
        named = {"name": one_line(graded.student), "time": f"{graded.verdict.seconds:.3f}"}
        suite = ElementTree.SubElement(root, "testsuite", named | {key: str(n) for key, n in counts.items()})
        for outcome in outcomes:
            _add_case(suite, assignment, outcome)
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    write_atomically(out / "junit.xml", lambda file: file.write(text))


def _add_case(suite: ElementTree.Element, assignment: Assignment, outcome: Outcome) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=assignment.id, name=outcome.name, time=f"{outcome.seconds:.3f}"
    )
    if outcome.status == "pass":
        return
    kind = {"fail": "failure", "blocked": "skipped", "grader_error": "skipped"}.get(outcome.status, "error")
    detail = ElementTree.SubElement(case, kind, message=one_line(outcome.message))
    if kind != "skipped":
        detail.set("type", outcome.status)
        detail.text = clean("\n".join(in_full(outcome)))


def _markdown(outcome: Outcome, verdict: Verdict) -> str:
    if outcome.status == "pass":
        return "passed"
    fenced = clean("\n".join(in_full(outcome))).replace("```", "'''")[:OUTPUT_LIMIT]
    likely = "".join(f"\n\nlooks like: {one_line(text)}" for text in verdict.likely)
    return f"```\n{fenced}\n```{likely}"


def file_name(student: str) -> str:
    """A file name that is safe everywhere, and still another one for each student."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", student).lstrip(".") or "_"
    if safe == student:
        return safe
    return f"{safe}-{hashlib.sha256(student.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


FORMATS: dict[str, Callable[[Assignment, list[Graded], Path], None]] = {
    "csv": write_csv,
    "json": write_all_json,
    "gradescope": write_gradescope,
    "junit": write_junit,
}
