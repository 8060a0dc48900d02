"""Which known wrong answer gives the student's numbers?  If one does on every input, its message is shown.

No match, no guess: an answer that agrees on the inputs of a failing check but not on the others is not it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.answers import Answer, Known, mutants
from minigan.homework.judge import TOLERANCE, Observation, Verdict
from minigan.homework.sandbox import Raised
from minigan.homework.spec import Assignment


def diagnose(assignment: Assignment, verdict: Verdict, observed: list[Observation]) -> None:
    """Fill in verdict.likely: one message for each target whose numbers a known wrong answer reproduces."""
    if verdict.score < 100:
        verdict.likely = [
            a.says for target in assignment.targets if (a := likely(assignment, target, observed))
        ]


def likely(assignment: Assignment, target: str, observed: list[Observation]) -> Answer | None:
    """The known wrong answer that did what the student's function did, each time it was called."""
    calls = [o for o in observed if o.call.startswith(target)]
    if not calls or reproduces(Known(assignment), calls):
        return None
    answers = (answer for answer in mutants(assignment) if answer.target == target)
    return next((answer for answer in answers if reproduces(Known(assignment, answer), calls)), None)


def reproduces(known: Known, calls: list[Observation]) -> bool:
    return all(_same_outcome(known, call) for call in calls)


def _same_outcome(known: Known, call: Observation) -> bool:
    try:
        with np.errstate(all="ignore"):
            value = known.ask(call.call, *call.arguments)
    except Raised as error:
        return call.raised is not None and call.raised[0] == error.kind
    return call.raised is None and agree(value, call.value) and agree(known.after, call.after)


def agree(a: Any, b: Any) -> bool:
    """Equal trees: shapes and dtypes exactly, numbers up to rounding."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(agree(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(agree(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        tolerance = TOLERANCE.get(a.dtype.name, 0)
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        )
    return type(a) is type(b) and a == b
