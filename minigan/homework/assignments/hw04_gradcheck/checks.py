"""What is checked: which functions gradcheck accepts, and which it rejects.

A case is (f, fault, which inputs' pullbacks have it, shape of x, shape of y or None); see calls.py.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging.judge import Failed, Trial

Shape = tuple[int, ...]
Case = tuple[str, str, str, Shape, Shape | None]

SOME = (2, 3)
SQUARE = (3, 3)
CALCULUS: list[Case] = [
    ("1000 x", "", "", (3,), None),
    *(("x^2", fault, "x", (3,), None) for fault in ("the wrong sign", "half of it", "zero", "0.1 added")),
    ("x^2", "rows reversed", "x", SQUARE, None),
    ("A x", "", "", (3,), None),
    ("A x, by A g", "", "", (3,), None),
    ("x / 1000", "half of it", "x", SOME, None),
]
UPSTREAM: list[Case] = [
    *(("x^2", fault, "x", (3,), None) for fault in ("g left out", "g averaged", "g squared", "g reversed")),
    *(("x + y", fault, "xy", SOME, SOME) for fault in ("g left out", "g averaged", "g reversed")),
    ("x^2, by its value for g", "", "", (3,), None),
    ("the sum of 2 x", "g left out", "x", SOME, None),
    ("x transposed", "g left out", "x", SOME, None),
    ("x @ y", "g left out", "xy", SOME, (3, 4)),
]
ENTRIES: list[Case] = [
    *(("x^2", f"entry {i} half", "x", (4,), None) for i in range(4)),
    *(("x^2", f"entry {i} half", "x", SOME, None) for i in range(6)),
    *(("A x", f"entry {i} half", "x", (3, 4), None) for i in (0, 5, 11)),
    ("x^2", "transposed", "x", SQUARE, None),
    ("the sum of 2 x", "entry 2 half", "x", (3,), None),
]
INPUTS: list[Case] = [
    *((f, "half of it", of, SOME, SOME) for f in ("x y", "x + y") for of in ("x", "y", "xy")),
    ("x @ y", "0.1 added", "y", SOME, (3, 2)),
    ("x + y", "half of it", "y", SOME, (3,)),
    ("2 x, and no y", "half of it", "x", SOME, SOME),
    ("2 y, and no x", "half of it", "y", SOME, SOME),
]
NO_NUMBER: list[Case] = [("x^2", "nan", "x", SOME, None), ("A x", "nan", "x", (3,), None)]
FORMS: list[Case] = [
    ("x^2", fault, "x", SOME, None) for fault in ("its first row", "an entry too many", "float32")
]
WRITES: list[Case] = [
    *(("x^2", fault, "x", SOME, None) for fault in ("writes into x", "a pullback writes into x")),
    *(("x + y", fault, "y", SOME, SOME) for fault in ("writes into x", "a pullback writes into x")),
    ("2 x, and no y", "writes into x", "y", SOME, SOME),
]
OFFSETS: list[Case] = [
    ("x^2", fault, "x", SOME, None) for fault in ("another offset each time", "an offset at the first call")
]
RIGHT: list[Case] = [
    ("sin(20 x)", "", "", (3,), None),
    ("sin(20 x)", "", "", SOME, None),
    ("x / 1000", "", "", SOME, None),
    ("the sum of 2 x", "", "", SOME, None),
    ("sin(20 times the sum of x)", "", "", SOME, None),
    ("x transposed", "", "", SOME, None),
    ("x y", "", "", SOME, (3,)),
    ("x + y", "", "", SOME, (2, 1)),
    ("x @ y", "", "", SOME, (3, 2)),
    ("x @ y", "", "", (1, 3), (3, 1)),
    ("2 x, and no y", "", "", SOME, (4,)),
    ("2 y, and no x", "", "", SOME, (4,)),
    ("1000 x", "", "", (), None),
    ("x y", "", "", (), SOME),
    ("1000 x", "", "", (0, 3), None),
]


def accepts(trial: Trial) -> None:
    def test(case: Case) -> None:
        errors = [_verdict(trial, case)[1] for _ in range(2)]
        trial.untouched()
        small = all(type(error) is float and 0 <= error <= 1e-6 for error in errors)
        trial.expect(small, f"expected an error from 0 to 1e-6 to be returned, got {errors[0]!r}", small)
        trial.expect(errors[0] == errors[1], "the same call gave another result: draw from `seed`", True)

    trial.forall(RIGHT, test)
    kind = trial.ask("float32", trial.rng(1).standard_normal(3).astype("float32"))
    trial.expect(kind == "TypeError", f"expected a TypeError for float32, got {kind!r}"[:100], kind)


def little(trial: Trial) -> None:
    for options, fault, holds in (
        ({}, "1.00001 times", False),
        ({"tolerance": 1e-3, "seed": 3}, "1.00001 times", True),
        ({"tolerance": 1e-3}, "half of it", False),
        ({"h": 1e-2}, "", False),
    ):
        f = "1000 x" if fault else "sin(20 x)"
        _, error = _verdict(trial, (f, fault, "x", SOME, None), holds, options)
        if holds:
            is_it = type(error) is float and 0.9e-5 < error < 1.1e-5
            trial.expect(is_it, f"expected the largest error, 1e-5, to be returned, got {error!r}", is_it)


def _judge(trial: Trial, cases: list[Case]) -> None:
    """Right is what has no fault."""
    trial.forall(cases, lambda case: _verdict(trial, case))


def _verdict(trial: Trial, case: Case, holds: bool | None = None, options: dict | None = None) -> list[Any]:
    f, fault, of, *both = case
    rng = trial.rng(*(n for shape in both for n in shape or ()))
    x, y = (
        None if s is None else np.asarray(rng.uniform(0.3, 1.5, s) * rng.choice([-1, 1], s)) for s in both
    )
    want = "accepted" if (not fault and ", by " not in f if holds is None else holds) else "rejected"
    answer = trial.ask("gradcheck", f, fault, of, x, y, options or {})
    if not isinstance(answer, list) or len(answer) != 2:
        raise Failed("expected a verdict")
    said = str(answer[0])
    trial.expect(said == want, f"this has to be {want}, and was {answer[0]!r}"[:100], said)
    return answer


calculus = partial(_judge, cases=CALCULUS)
upstream = partial(_judge, cases=UPSTREAM)
every_entry = partial(_judge, cases=ENTRIES)
every_input = partial(_judge, cases=INPUTS)
no_number = partial(_judge, cases=NO_NUMBER)
shapes = partial(_judge, cases=FORMS)
writes = partial(_judge, cases=WRITES)
again = partial(_judge, cases=OFFSETS)
