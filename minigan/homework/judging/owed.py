"""What every operation owes: its dtype, arrays left alone, an edge for each input, and the same again.

They judge what the calls of operations.py report.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.judging.judge import Failed, Trial

AGAIN = [
    f"the gradient of the {which} of two, by {how}"
    for how in ("backward", "a second backward over the same graph")
    for which in ("first", "second")
]


def manners(trial: Trial, answer: object, g: np.ndarray, name: str) -> None:
    gradient, witness = trial.fields(answer, "gradient", "witness")
    trial.dtype(f"the gradient by {name}", gradient, g.dtype.name)
    trial.untouched()
    kept = isinstance(witness, np.ndarray) and np.array_equal(witness, g)
    trial.expect(kept, f"your pullback for {name} wrote into g, which other operations still need")


def same_again(trial: Trial, answer: object, alone: list[Any]) -> None:
    """Judged by what the operation says when it is alone, right or wrong."""
    arrays: list[Any] = [*answer, *alone] if isinstance(answer, list) else []
    if len(arrays) != 8 or not all(isinstance(array, np.ndarray) for array in arrays):
        raise Failed("expected arrays")
    value, later, *gradients = arrays[: -len(alone)]
    trial.same("y, after another result was made", later, value)
    for what, got, want in zip(AGAIN, gradients, alone * 2, strict=True):
        trial.same(what, got, want)


def has_edges(trial: Trial, answer: object, names: str) -> None:
    edges = sorted(answer) if isinstance(answer, list) and all(type(i) is int for i in answer) else []
    says = ", ".join("another tensor" if i not in range(len(names)) else names[i] for i in edges) or "nothing"
    trial.expect(
        edges == list(range(len(names))),
        f"expected one edge to each of {', '.join(names)}, with a pullback of yours; they lead to {says}",
    )
