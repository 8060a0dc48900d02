"""What is checked of an operation of one tensor that a formula gives: value, gradient, and what it owes.

An assignment's calls.py has for such an operation, say softplus, the calls softplus, softplus_gradient,
softplus_again and softplus_edges, which are one line each with operations.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.judge import Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS

FAR = [sign * a for a in (0.0, 13.0, 16.0, 36.7, 40.0, 100.0, 800.0, 1e4) for sign in (1, -1)]
KINDS = (("float64", BY_ROWS), ("float32", BY_COLUMNS))
Case = tuple[tuple[int, ...], tuple[Any, ...]]  # the shape of a, and the arguments after it


@dataclass(frozen=True)
class Formula:
    """value: of an array a and the other arguments.  slope: what g is multiplied by, in the shape of a."""

    name: str
    value: Callable[..., np.ndarray]
    slope: Callable[..., np.ndarray]

    def values(self, trial: Trial, cases: Sequence[Case]) -> None:
        def test(case: Case) -> None:
            for dtype, memory in KINDS:
                self._value(trial, drawn(trial, case[0], dtype), case[1], memory)

        trial.forall(cases, test, _smaller)

    def gradients(self, trial: Trial, cases: Sequence[Case]) -> None:
        def test(case: Case) -> None:
            for dtype, memory in KINDS:
                self._gradient(trial, drawn(trial, case[0], dtype), case[1], memory)

        trial.forall(cases, test, _smaller)

    def at(self, trial: Trial, points: Sequence[float], *more: Any) -> None:
        """Value and gradient where a is one number over and over, in a (3, 1)."""

        def test(case: tuple[float, str, tuple[Any, ...]]) -> None:
            point, dtype, rest = case
            a = np.full((3, 1), point, dtype)
            self._value(trial, a, rest, BY_ROWS)
            self._gradient(trial, a, rest, BY_ROWS)

        trial.forall([(p, dtype, rest) for p in points for dtype, _ in KINDS for rest in more or [()]], test)

    def manners(self, trial: Trial, cases: Sequence[Case]) -> None:
        def test(case: Case) -> None:
            for dtype, _ in KINDS:
                a, rest = drawn(trial, case[0], dtype), case[1]
                trial.dtype("the value", trial.ask(self.name, a, *rest, BY_ROWS), dtype)
                trial.untouched()
                g = self._upstream(trial, a, rest)
                owed.manners(trial, self._asked(trial, a, rest, g, BY_ROWS), g, "the logits")

        trial.forall(cases, test, _smaller)

    def again(self, trial: Trial, cases: Sequence[Case]) -> None:
        def test(case: Case) -> None:
            a, rest = drawn(trial, case[0]), case[1]
            g, other = self._upstream(trial, a, rest), 1 - a
            alone = [
                trial.fields(self._asked(trial, b, rest, h, BY_ROWS), "gradient", "witness")[0]
                for b, h in ((a, g), (other, 2 * g))
            ]
            owed.same_again(trial, trial.ask(f"{self.name}_again", a, *rest, g, [other]), alone)

        trial.forall(cases, test, _smaller)

    def edges(self, trial: Trial) -> None:
        owed.has_edges(trial, trial.ask(f"{self.name}_edges", drawn(trial, (3, 2))), "x")

    def _value(self, trial: Trial, a: np.ndarray, rest: tuple[Any, ...], memory: str) -> None:
        want = np.asarray(self.value(a.astype(float), *rest)).astype(a.dtype)
        trial.same("the value", trial.ask(self.name, a, *rest, memory), want, dtype=False)

    def _gradient(self, trial: Trial, a: np.ndarray, rest: tuple[Any, ...], memory: str) -> None:
        g = self._upstream(trial, a, rest)
        gradient, _ = trial.fields(self._asked(trial, a, rest, g, memory), "gradient", "witness")
        want = (g * self.slope(a.astype(float), *rest)).astype(a.dtype)
        trial.same("the gradient", gradient, want, dtype=False)

    def _asked(self, trial: Trial, a: np.ndarray, rest: tuple[Any, ...], g: np.ndarray, memory: str) -> Any:
        return trial.ask(f"{self.name}_gradient", a, *rest, g, memory)

    def _upstream(self, trial: Trial, a: np.ndarray, rest: tuple[Any, ...]) -> np.ndarray:
        """A random g, of the shape of the value and far from 0."""
        shape = np.shape(self.value(a.astype(float), *rest))
        return np.asarray(trial.rng(*a.shape, 1).uniform(1, 3, shape)).astype(a.dtype)


def drawn(trial: Trial, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Logits of either sign up to 8, and 0 among them where there are three or more."""
    a = (4 * trial.rng(*shape).standard_normal(shape)).clip(-8, 8)
    a.ravel()[2::7] = 0
    return np.asarray(a).astype(dtype)


def logistic(a: np.ndarray) -> np.ndarray:
    """sigmoid(a), which does not overflow"""
    return np.exp(-np.logaddexp(0, -a))


def _smaller(case: Case) -> Iterator[Case]:
    shape, rest = case
    for i, n in enumerate(shape):
        if n > 1:
            yield (*shape[:i], n - 1, *shape[i + 1 :]), rest
