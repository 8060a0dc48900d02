"""What is checked.  Rows are put together number by number, gradients come from their formulas in float64.

A case of with_labels is (m, n, classes); of Conditional (m, n of z, classes, columns of the net).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.formula import Case, Formula
from minigan.homework.judging.judge import Failed, Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS
from minigan.homework.judging.sandbox import Ended

ROWS = [(3, 2, 4), (4, 4, 4), (1, 1, 1), (2, 5, 3), (6, 1, 2), (1, 3, 7)]
LAYERS = [(3, 2, 4, 5), (2, 2, 2, 2), (1, 1, 1, 1), (4, 1, 3, 2), (3, 4, 1, 1), (2, 3, 3, 6)]
TWICE: list[Case] = [((2 * m, 1), ()) for m in (1, 2, 3, 4, 5)]
ONCE: list[Case] = [((m, 1), ()) for m in (4, 1, 2, 3, 7)]
KINDS = (("float64", BY_ROWS), ("float32", BY_COLUMNS))
SIGMA = 6
MINIBATCHES = [(2, 6000, 1), (3, 6000, 1), (5, 6000, 1), (2, 1, 500), (2, 3, 500)]  # classes, rows, how many


def _wanted(a: np.ndarray) -> np.ndarray:
    if len(a) % 2:  # when a smaller case is looked for
        raise Ended("bad_reply", "no smaller number of logits has two halves")
    return np.repeat([1.0, 0.0], len(a) // 2)[:, None]


LEAST_SQUARES = Formula(
    "least_squares", lambda a: ((a - _wanted(a)) ** 2).sum() / len(a), lambda a: 2 * (a - _wanted(a)) / len(a)
)
TO_ONE = Formula("to_one", lambda a: ((a - 1) ** 2).sum() / (2 * len(a)), lambda a: (a - 1) / len(a))

least_squares_values = partial(LEAST_SQUARES.values, cases=TWICE)
least_squares_gradient = partial(LEAST_SQUARES.gradients, cases=TWICE)
to_one_values = partial(TO_ONE.values, cases=ONCE)
to_one_gradient = partial(TO_ONE.gradients, cases=ONCE)


def labels_rows(trial: Trial) -> None:
    def test(case: tuple[int, int, int]) -> None:
        x, labels = _examples(trial, case)
        for memory in (BY_ROWS, BY_COLUMNS):
            got = trial.ask("with_labels", x, labels, case[2], memory)
            trial.same("the rows", got, _want(x, labels, case[2]), dtype=False)

    trial.forall(ROWS, test, _smaller)


def labels_owe(trial: Trial) -> None:
    def test(case: tuple[int, int, int]) -> None:
        for dtype in ("float32", "float64"):
            x, labels = _examples(trial, case, dtype)
            trial.dtype("the rows", trial.ask("with_labels", x, labels, case[2], BY_ROWS), dtype)
            trial.untouched()
        other = (labels + 1) % case[2]
        first, second = trial.several(trial.ask("with_labels_again", x, labels, case[2], 1 - x, other), 2)
        trial.same("the rows, after others were made", first, _want(x, labels, case[2]), dtype=False)
        trial.same("the rows of a second call", second, _want(1 - x, other, case[2]), dtype=False)

    trial.forall(ROWS[:3], test)


def labels_refuse(trial: Trial) -> None:
    def test(case: tuple[str, Any]) -> None:
        what, labels = case
        x = trial.rng(3).standard_normal((3, 2))
        trial.refuses(what, "with_labels", x, np.array(labels), 4, BY_ROWS)

    cases = [("a label of 4, of 4 classes", [0, 4, 1]), ("a label of 9, of 4 classes", [9, 0, 1]),
             ("a label of -1", [1, 0, -1]), ("two labels for three examples", [1, 0]),
             ("four labels for three examples", [1, 0, 3, 1]), ("one label for three examples", [2]),
             ("labels of shape (3, 1)", [[0], [1], [2]])]  # fmt: skip
    trial.forall(cases, test)


def drawn_rows(trial: Trial) -> None:
    def test(case: tuple[int, int, int]) -> None:
        m, n, classes = case
        for dtype in ("float32", "float64"):
            z = trial.rng(*case).standard_normal((m, n)).astype(dtype)
            for scale in ([], [2.5]):
                (rows,) = _drawn(trial, z, classes, scale)
                shape = rows.shape if isinstance(rows, np.ndarray) else type(rows).__name__
                fits = shape == (m, n + classes)
                trial.expect(fits, f"expected rows {(m, n + classes)}, got {shape}", list(np.shape(rows)))
                trial.untouched()
                trial.dtype("the rows", rows, dtype)
                trial.same("z", rows[:, :n], z)
                y, at = rows[:, n:], scale[0] if scale else 1.0
                alone = bool(((y != 0).sum(axis=1) == 1).all())
                trial.expect(alone, f"expected one {at} and else 0 in each y, got {y[0].tolist()} first",
                             "no labels")  # fmt: skip
                largest = float(y.max())
                at_label = bool((y.max(axis=1) == at).all())
                trial.expect(at_label, f"expected {at} at the label, got {largest}", largest)

    trial.forall(ROWS, test, _smaller)


def drawn_evenly(trial: Trial) -> None:
    def test(case: tuple[int, int, int]) -> None:
        classes, m, times = case
        minibatches = _drawn(trial, np.zeros((m, 1)), classes, times=times)
        labels = np.array([_labels(rows, (m, 1 + classes)) for rows in minibatches])
        p, of_m = 1 / classes, f" in minibatches of {m}"
        shares = np.bincount(labels.ravel(), minlength=classes) / labels.size
        z = (shares - p) / (p * (1 - p) / labels.size) ** 0.5
        often = [int(s) for s in np.sign(z) * (abs(z) > SIGMA)]
        says = f"the shares of the classes are {np.round(shares, 3).tolist()}{of_m}"
        trial.expect(not any(often), says, often)
        pairs = labels[:, 1:] == labels[:, :-1]
        alike = pairs.mean() if pairs.size else p
        off = abs(alike - p) > SIGMA * (p * (1 - p) / max(pairs.size, 1)) ** 0.5
        says = f"a label is that of the row above in {alike:.0%} of rows, expected {p:.0%}{of_m}"
        trial.expect(not off, says, [bool(off), bool(alike > p)])

    trial.forall(MINIBATCHES, test)


def drawn_again(trial: Trial) -> None:
    z, classes = np.zeros((20, 1)), 1000  # so many that none comes again by chance, though one stood for all

    def labels(seed: int) -> list[np.ndarray]:
        drawn = _drawn(trial, z, classes, times=3, seed=seed)
        return [_labels(rows, (20, 1 + classes)) for rows in drawn]

    first, second, other = labels(0), labels(0), labels(1)
    same = all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    trial.expect(same, "equal streams gave other labels")
    again = np.array_equal(first[0], first[1]) or np.array_equal(first[1], first[2])
    trial.expect(not again, "a second call gave the labels of the first")
    trial.expect(not np.array_equal(first[0], other[0]), "another stream gave the same labels")


def conditional_rows(trial: Trial) -> None:
    def test(case: tuple[int, int, int, int]) -> None:
        for dtype, memory in KINDS:
            x, W, _ = _layer(trial, case, dtype)
            for training in (False, True):
                answer = trial.ask("conditional", x, W, case[2], training, memory)
                rows, asked = trial.fields(answer, "rows", "asked")
                want = np.concatenate([x.astype(float) @ W, x[:, case[1] :]], axis=1).astype(dtype)
                trial.same("the rows", rows, want, dtype=False)
                count = len(asked) if isinstance(asked, list) else 0
                trial.expect(count == 1, f"the net was asked {count} times, expected once")
                seen = asked[0] if isinstance(asked[0], list) and len(asked[0]) == 2 else [None, False]
                trial.same("what the net saw", seen[0], x, dtype=False)
                trial.expect(seen[1] is True, "the net did not get the rng that Conditional got")

    trial.forall(LAYERS, test, _smaller)


def conditional_gradient(trial: Trial) -> None:
    def test(case: tuple[int, int, int, int]) -> None:
        for memory in (BY_ROWS, BY_COLUMNS):
            x, W, g = _layer(trial, case)
            handed_on = np.zeros_like(x)
            handed_on[:, case[1] :] = g[:, case[3] :]
            of_net = g[:, : case[3]].astype(float)
            wants = of_net @ W.T + handed_on, x.T @ of_net
            for by, (name, want) in enumerate(zip(("x", "the net's W"), wants, strict=True)):
                answer = trial.ask("conditional_gradient", x, W, case[2], g, by, memory)
                gradient, _ = trial.fields(answer, "gradient", "witness")
                trial.same(f"the gradient by {name}", gradient, want, dtype=False)

    trial.forall(LAYERS, test, _smaller)


def conditional_owes(trial: Trial) -> None:
    def test(case: tuple[int, int, int, int]) -> None:
        for dtype, _ in KINDS:
            x, W, g = _layer(trial, case, dtype)
            rows, _ = trial.fields(trial.ask("conditional", x, W, case[2], True, BY_ROWS), "rows", "asked")
            trial.dtype("the rows", rows, dtype)
            trial.untouched()
            owed.manners(trial, trial.ask("conditional_gradient", x, W, case[2], g, 0, BY_ROWS), g, "x")
        x, W, g = _layer(trial, case)
        other = [1 - x, 2 * W]
        alone = [
            trial.fields(trial.ask("conditional_gradient", *given, case[2], h, 0, BY_ROWS), "gradient",
                         "witness")[0]
            for given, h in (([x, W], g), (other, 2 * g))
        ]  # fmt: skip
        owed.same_again(trial, trial.ask("conditional_again", x, W, case[2], g, other), alone)

    trial.forall(LAYERS[:3], test)


def conditional_refuses(trial: Trial) -> None:
    def test(width: int) -> None:
        x, W = trial.rng(width).standard_normal((3, width)), np.ones((width, 2))
        trial.refuses(f"x with {width} columns and 4 classes", "conditional", x, W, 4, False, BY_ROWS)

    trial.forall([4, 3, 1], test)


def least_squares_refuses(trial: Trial) -> None:
    def test(count: int) -> None:
        a = trial.rng(count).standard_normal((count, 1))
        trial.refuses(f"{count} logits", "least_squares", a, BY_ROWS)

    trial.forall([5, 0, 1], test)


def losses_owe(trial: Trial) -> None:
    for formula in (LEAST_SQUARES, TO_ONE):
        formula.manners(trial, TWICE[:2])
        formula.again(trial, TWICE[:2])


def _examples(
    trial: Trial, case: tuple[int, int, int], dtype: str = "float64"
) -> tuple[np.ndarray, np.ndarray]:
    m, n, classes = case
    rng = trial.rng(*case)
    return rng.standard_normal((m, n)).astype(dtype), rng.integers(classes, size=m)


def _want(x: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    rows = zip(x, labels, strict=True)
    return np.array([[*row, *(float(k == label) for k in range(classes))] for row, label in rows])


def _layer(trial: Trial, case: tuple[int, int, int, int], dtype: str = "float64") -> list[np.ndarray]:
    """x, W of the net, and an upstream gradient."""
    m, n, classes, width = case
    rng = trial.rng(*case)
    shapes = (m, n + classes), (n + classes, width), (m, width + classes)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def _drawn(
    trial: Trial, z: np.ndarray, classes: int, scale: Sequence[float] = (), times: int = 1, seed: int = 0
) -> list[Any]:
    seed += int(trial.rng(7).integers(2**31))
    return trial.several(trial.ask("drawn", z, classes, list(scale), times, seed), times)


def _labels(rows: Any, shape: tuple[int, int]) -> np.ndarray:
    if not isinstance(rows, np.ndarray) or rows.shape != shape:
        raise Failed(f"expected rows {shape}")
    return rows[:, 1:].argmax(axis=1)


def _smaller(case: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for i, n in enumerate(case):
        if n > 1:
            yield (*case[:i], n - 1, *case[i + 1 :])
