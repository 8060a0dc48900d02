"""Which known mistake was made?  Each check that was lost is asked of each known wrong answer.

One that lets the check observe exactly what the student's answer let it observe explains that check.  What
a check does not judge does not count, nor does what other checks saw: so a second mistake hides nothing.
No match, no guess.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.answers.known import Answer, asked, wrong
from minigan.homework.judging.judge import TOLERANCE, Facts, Trial, Verdict, check_with
from minigan.homework.tasks.spec import Assignment, Check

END = object()


def diagnose(assignment: Assignment, verdict: Verdict, facts: Facts) -> None:
    """Fill in verdict.likely: what was lost is explained by as few known mistakes as can be."""
    lost = {outcome.name for outcome in verdict.outcomes if outcome.status != "pass"}
    checks = [check for check in assignment.checks if check.name in lost and facts.get(check.name)]
    explained = []
    for answer in wrong(assignment) if checks else []:
        alike = {c.name for c in checks if imitates(assignment, answer, c, facts[c.name], verdict.seed)}
        if any(_says_something(facts[name]) for name in alike) or _is_all(answer, alike, checks, lost):
            explained.append((answer, alike))
    order, first_of = [check.name for check in checks], dict[str, int]()
    left = set(order)
    while explained:
        answer, names = max(explained, key=lambda pair: (len(pair[1] & left), pair[0].loses <= lost))
        if not names & left:
            break
        left -= names
        first_of.setdefault(answer.says, min(map(order.index, names)))
    verdict.likely = sorted(first_of, key=lambda says: first_of[says])  # as the checks that they explain


def _says_something(facts: list[tuple[bool, Any]]) -> bool:
    """Something wrong was seen; an exception of the same kind is what many mistakes have in common."""
    return not all(holds for holds, _ in facts)


def _is_all(answer: Answer, alike: set[str], checks: list[Check], lost: set[str]) -> bool:
    """Everything that this mistake loses was lost, and in the same way."""
    return answer.loses <= lost and alike == answer.loses & {check.name for check in checks}


def imitates(
    assignment: Assignment, answer: Answer, check: Check, facts: list[tuple[bool, Any]], seed: int
) -> bool:
    """Whether this check observes of the known answer just what it observed of the student's."""
    if check.name not in answer.loses:
        return False
    left = iter(facts)

    class Compared(Trial):
        def note(self, holds: bool, fact: Any) -> None:
            if self.noting and not agree([bool(holds), fact], list(next(left, (False, END)))):
                raise Different

    try:
        with np.errstate(all="ignore"):
            check_with(assignment, check, asked(assignment, answer), seed, Compared)
    except Different:
        return False
    return next(left, END) is END


class Different(BaseException):
    """The known answer lets a check observe something else.  No check may catch it."""


def agree(a: Any, b: Any) -> bool:
    """Equal trees: shapes and dtypes exactly, numbers up to rounding."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(agree(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        tolerance = TOLERANCE.get(a.dtype.name, 0)
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        )
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))
    return type(a) is type(b) and a == b
