"""What is checked of an operation that a formula gives: value, gradients, and what it owes.

An assignment's calls.py has for such an operation what operations.calls makes, and its checks are one line
each: `softplus_values = partial(SOFTPLUS.values, cases=SHAPES)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.judge import Trial, smaller
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS

FAR = [sign * a for a in (0.0, 13.0, 16.0, 36.7, 40.0, 100.0, 800.0, 1e4) for sign in (1, -1)]
KINDS = (("float64", BY_ROWS), ("float32", BY_COLUMNS))
DOUBLE = (("float64", BY_ROWS), ("float64", BY_COLUMNS))
Array = np.ndarray
Case = tuple[tuple[int, ...], tuple[Any, ...]]  # the shape of a, and the arguments after it


def drawn(trial: Trial, shape: tuple[int, ...], dtype: str = "float64") -> Array:
    """Logits of either sign up to 8, and 0 among them where there are three or more."""
    a = (4 * trial.rng(*shape).standard_normal(shape)).clip(-8, 8)
    a.ravel()[2::7] = 0
    return np.asarray(a).astype(dtype)


@dataclass(frozen=True)
class Formula:
    """value: of an array a and the other arguments.  slope: what g is multiplied by, in the shape of a.

    Where there are several arrays, or g is not only multiplied: `by` gives for the name of each array the
    gradient, of g and all arguments, and `draw` the arguments, of the sizes that stand for the shape.
    kinds: the dtypes and memories with which values and gradients are asked for.
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[..., Array] | None = None
    by: Mapping[str, Callable[..., Array]] = field(default_factory=dict)
    draw: Callable[..., Any] = drawn
    kinds: Sequence[tuple[str, str]] = KINDS

    def values(self, trial: Trial, cases: Sequence[Case]) -> None:
        self._forall(trial, cases, self._value)

    def gradients(self, trial: Trial, cases: Sequence[Case], by: str = "") -> None:
        """By all of its arrays, or one of them."""
        self._forall(trial, cases, partial(self._gradients, by=by))

    def rule(self, trial: Trial, cases: Sequence[Case]) -> None:
        """Value and gradients."""

        def test(*given: Any) -> None:
            self._value(*given)
            self._gradients(*given)

        self._forall(trial, cases, test)

    def at(self, trial: Trial, points: Sequence[float], *more: Any) -> None:
        """Value and gradient where a is one number over and over, in a (3, 1)."""

        def test(case: tuple[float, str, tuple[Any, ...]]) -> None:
            point, dtype, rest = case
            a = [np.full((3, 1), point, dtype)]
            self._value(trial, a, rest, BY_ROWS)
            self._gradients(trial, a, rest, BY_ROWS)

        trial.forall([(p, dtype, rest) for p in points for dtype, _ in KINDS for rest in more or [()]], test)

    def manners(self, trial: Trial, cases: Sequence[Case]) -> None:
        def test(case: Case) -> None:
            for dtype, _ in KINDS:
                arrays, rest = self._given(trial, case, dtype)
                trial.dtype("the value", trial.ask(self.name, *arrays, *rest, BY_ROWS), dtype)
                trial.untouched()
                g = self._upstream(trial, arrays, rest)
                for name in self._pullbacks:
                    owed.manners(trial, self._asked(trial, arrays, rest, g, name), g, name or "the logits")

        trial.forall(cases, test, _smaller)

    def again(self, trial: Trial, cases: Sequence[Case]) -> None:
        def test(case: Case) -> None:
            arrays, rest = self._given(trial, case)
            g, other = self._upstream(trial, arrays, rest), _others(arrays)
            for name in self._pullbacks:
                alone = [
                    trial.fields(self._asked(trial, given, rest, h, name), "gradient", "witness")[0]
                    for given, h in ((arrays, g), (other, 2 * g))
                ]
                answer = trial.ask(f"{self.name}_again", *arrays, *rest, g, *self._by(name), other)
                owed.same_again(trial, answer, alone)

        trial.forall(cases, test, _smaller)

    def edges(self, trial: Trial, case: Case = ((3, 2), ())) -> None:
        arrays, rest = self._given(trial, case)
        owed.has_edges(trial, trial.ask(f"{self.name}_edges", *arrays, *rest), "".join(self.by) or "x")

    def _forall(self, trial: Trial, cases: Sequence[Case], test: Callable[..., None]) -> None:
        """Whichever way the memory runs, with other numbers of the same shapes each time."""

        def each(case: Case) -> None:
            for dtype, memory in self.kinds:
                arrays, rest = self._given(trial, case, dtype)
                test(trial, arrays if memory == BY_ROWS else _others(arrays), rest, memory)

        trial.forall(cases, each, _smaller)

    def _given(self, trial: Trial, case: Case, dtype: str = "float64") -> tuple[list[Array], tuple[Any, ...]]:
        """The arrays, and the arguments after them."""
        sizes, rest = case
        given = self.draw(trial, sizes, dtype)
        given = given if isinstance(given, list) else [given]
        arrays = [a for a in given if isinstance(a, Array)]
        return arrays, (*given[len(arrays) :], *rest)

    @property
    def _pullbacks(self) -> Mapping[str, Callable[..., Array]]:
        slope = self.slope
        return self.by if slope is None else {"": lambda g, a, *rest: g * slope(a, *rest)}

    def _by(self, name: str) -> list[str]:
        return [name] if len(self.by) > 1 else []

    def _value(self, trial: Trial, arrays: list[Array], rest: tuple[Any, ...], memory: str) -> None:
        want = np.asarray(self.value(*_wide(arrays), *rest)).astype(arrays[0].dtype)
        trial.same("the value", trial.ask(self.name, *arrays, *rest, memory), want, dtype=False)

    def _gradients(
        self, trial: Trial, arrays: list[Array], rest: tuple[Any, ...], memory: str, by: str = ""
    ) -> None:
        g = self._upstream(trial, arrays, rest)
        for name, pullback in self._pullbacks.items():
            if by in ("", name):
                answer = self._asked(trial, arrays, rest, g, name, memory)
                gradient, _ = trial.fields(answer, "gradient", "witness")
                want = pullback(g, *_wide(arrays), *rest).astype(arrays[0].dtype)
                trial.same(f"the gradient by {name}" if name else "the gradient", gradient, want, dtype=False)

    def _asked(
        self,
        trial: Trial,
        arrays: list[Array],
        rest: tuple[Any, ...],
        g: Array,
        by: str,
        memory: str = BY_ROWS,
    ) -> Any:
        return trial.ask(f"{self.name}_gradient", *arrays, *rest, g, *self._by(by), memory)

    def _upstream(self, trial: Trial, arrays: list[Array], rest: tuple[Any, ...]) -> Array:
        """A random g, of the shape of the value and far from 0."""
        shape = np.shape(self.value(*_wide(arrays), *rest))
        return np.asarray(trial.rng(*arrays[0].shape, 1).uniform(1, 3, shape)).astype(arrays[0].dtype)


def logistic(a: Array) -> Array:
    """sigmoid(a), which does not overflow"""
    return np.exp(-np.logaddexp(0, -a))


def _others(arrays: list[Array]) -> list[Array]:
    """Other numbers of the same shapes, which may stand where the first did."""
    return [np.asarray(np.flip(a) / 2) for a in arrays]


def _wide(arrays: list[Array]) -> list[Array]:
    return [a.astype(float) for a in arrays]


def _smaller(case: Case) -> Iterator[Case]:
    return ((sizes, case[1]) for sizes in smaller(case[0]))
