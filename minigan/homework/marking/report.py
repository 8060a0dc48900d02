"""A verdict for a reader at a terminal, without the control characters a student may have put in."""

from __future__ import annotations

import unicodedata

from minigan.homework.judging.judge import Outcome, Verdict
from minigan.homework.tasks.spec import Assignment

PRINTED_LINES = 12


def clean(text: object, keep: str = "\n\t") -> str:
    """Text without control characters, terminal escapes, bidirectional overrides and lone surrogates."""
    return "".join(
        c if c in keep or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else "?"
        for c in str(text)
    )


def one_line(text: object) -> str:
    return " ".join(clean(text, keep="").split())


def summary(assignment: Assignment, verdict: Verdict) -> str:
    """All checks in a line each, the first that failed in full, and what it looks like."""
    lines = [f"{assignment.id}  {assignment.title}: {verdict.score} of 100", ""]
    lines += [_line(outcome) for outcome in verdict.outcomes]
    if failed := first_failed(verdict):
        lines += ["", *in_full(failed)]
    lines += [f"looks like: {text}" for text in verdict.likely]
    if failed and failed.status == "fail" and not verdict.likely:
        lines.append("looks like none of the mistakes that I know")
    if failed and verdict.output.strip():
        printed = clean(verdict.output).strip().splitlines()
        lines += ["", "your code printed:", *(f"    {line}" for line in printed[:PRINTED_LINES])]
        if len(printed) > PRINTED_LINES:
            lines.append(f"    ... and {len(printed) - PRINTED_LINES} lines more")
    return "\n".join(
        [*lines, "", f"seed {verdict.seed}, isolation L{verdict.level}, {verdict.seconds:.1f} s"]
    )


def first_failed(verdict: Verdict) -> Outcome | None:
    return next((outcome for outcome in verdict.outcomes if outcome.status != "pass"), None)


def in_full(outcome: Outcome) -> list[str]:
    """What was expected, what came, and the input."""
    lines = [f"{outcome.name}: {outcome.says}", f"    {clean(outcome.message)}"]
    if outcome.given:
        lines += ["    the smallest input found: " + clean(outcome.given).replace("\n", "\n        ")]
    return lines


def _line(outcome: Outcome) -> str:
    return f"  {outcome.status:12} {outcome.score:3}/{outcome.points:<3} {outcome.name:22} {outcome.says}"
