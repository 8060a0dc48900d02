"""What is checked.  The oracle is a table: for each number of the rows, which number of x it is a copy of.

A case is (shape of x, windows); of a transposed convolution it is the shape of y.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.judge import Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS

Case = tuple[tuple[int, ...], tuple[int, int, int]]
LINES: list[Case] = [
    ((2, 6, 3), (3, 1, 0)), ((1, 1, 1), (1, 1, 0)), ((2, 7, 2), (4, 2, 1)), ((3, 5, 1), (2, 3, 0)),
    ((2, 3, 2), (3, 2, 2)), ((1, 4, 1), (4, 1, 0)), ((2, 2, 2), (2, 1, 1)), ((1, 2, 2), (1, 1, 2)),
    ((3, 3, 3), (3, 3, 3)), ((2, 2, 1), (4, 2, 1)),
]  # fmt: skip
ANY: list[Case] = [
    ((2, 4, 5, 3), (3, 1, 1)), ((1, 6, 6, 1), (4, 2, 1)), ((2, 2, 3, 2), (2, 2, 0)),
    ((2, 2, 2, 2), (2, 1, 0)), ((1, 3, 4, 2, 2), (2, 1, 0)), ((2, 2, 2, 2, 1), (2, 2, 1)),
    ((1, 5, 1, 2, 1), (1, 2, 0)), ((1, 2, 3, 1), (4, 2, 1)),
]  # fmt: skip
NUMBERS = [([28], (4, 2, 1)), ([7, 8], (4, 2, 1)), ([8], (3, 2, 1)), ([5, 5, 5], (5, 1, 0)), ([2], (1, 3, 0)),
           ([1], (1, 1, 0)), ([2, 3], (4, 2, 1)), ([5, 9], (2, 4, 3)), ([6, 7, 8], (3, 3, 0))]  # fmt: skip
FEW: list[Case] = [LINES[0], LINES[4], LINES[8]]


def windows_places(trial: Trial) -> None:
    def test(case: tuple[list[int], tuple[int, int, int]]) -> None:
        n, windows = case
        _counts(trial, "places", n, windows, _places(n, windows))

    trial.forall(NUMBERS, test)


def windows_refuse(trial: Trial) -> None:
    def test(case: tuple[list[int], tuple[int, int, int]]) -> None:
        n, windows = case
        trial.refuses(f"Windows{windows} on {n}", "places", n, list(windows))

    cases = [([3], (4, 1, 0)), ([9, 3], (4, 2, 0)), ([9, 1], (4, 2, 0)), ([1, 9], (4, 2, 1)),
             ([5], (0, 1, 0)), ([5], (2, 0, 0)), ([3], (4, -1, 0)), ([5], (2, 1, -1)),
             ([5], (-1, 1, 0))]  # fmt: skip
    trial.forall(cases, test)


def windows_lengths(trial: Trial) -> None:
    def test(case: tuple[list[int], tuple[int, int, int]]) -> None:
        n, windows = case
        places = _places(n, windows)
        enough = [[k for k in range(1, length + 1) if _places([k], windows) == [count]]
                  for length, count in zip(n, places, strict=True)]  # fmt: skip
        _counts(trial, "lengths", places, windows, [lengths[0] for lengths in enough])

    trial.forall(NUMBERS, test)


def patches_line(trial: Trial) -> None:
    _all(trial, "patches", LINES)


def patches_line_gradient(trial: Trial) -> None:
    _all(trial, "patches", LINES, gradient=True)


def patches_any(trial: Trial) -> None:
    _all(trial, "patches", ANY)


def patches_any_gradient(trial: Trial) -> None:
    _all(trial, "patches", ANY, gradient=True)


def patches_owe(trial: Trial) -> None:
    _owes(trial, "patches")


def overlap_line(trial: Trial) -> None:
    _all(trial, "overlap", LINES)


def overlap_any(trial: Trial) -> None:
    _all(trial, "overlap", ANY)


def overlap_gradient(trial: Trial) -> None:
    _all(trial, "overlap", LINES + ANY, gradient=True)


def overlap_refuses(trial: Trial) -> None:
    def test(case: tuple[tuple[int, int], tuple[int, ...], tuple[int, int, int]]) -> None:
        rows, shape, windows = case
        given = trial.rng(*rows).standard_normal(rows)
        what = f"rows {rows} for {shape} and Windows{windows}"
        trial.refuses(what, "overlap", given, list(shape), list(windows), BY_ROWS)

    cases = [((7, 6), (2, 6, 2), (3, 1, 0)), ((8, 5), (2, 6, 2), (3, 1, 0)), ((6, 8), (2, 6, 2), (3, 1, 0)),
             ((1, 6), (2, 6, 2), (3, 1, 0)), ((16, 3), (2, 6, 2), (3, 1, 0)),
             ((4, 4), (1, 4, 4, 1), (2, 1, 0)), ((9, 8), (1, 4, 4, 1), (2, 1, 0))]  # fmt: skip
    trial.forall(cases, test)


def overlap_owes(trial: Trial) -> None:
    _owes(trial, "overlap")


def convolve_values(trial: Trial) -> None:
    _all(trial, "convolve", LINES + ANY)


def convolve_gradient(trial: Trial) -> None:
    _all(trial, "convolve", LINES + ANY, gradient=True)


def convolve_owes(trial: Trial) -> None:
    _owes(trial, "convolve")


def transposed_values(trial: Trial) -> None:
    _all(trial, "transposed", _shortest(LINES + ANY))


def transposed_gradient(trial: Trial) -> None:
    _all(trial, "transposed", _shortest(LINES + ANY), gradient=True)


def transposed_owes(trial: Trial) -> None:
    _owes(trial, "transposed")


def _counts(
    trial: Trial, name: str, given: Sequence[int], windows: tuple[int, int, int], want: list[int]
) -> None:
    got = trial.ask(name, list(given), list(windows))
    if not isinstance(got, list) or not all(type(k) is int for k in got):
        got = f"no sequence of integers but a {got}" if isinstance(got, str) else "no numbers"
    trial.expect(got == want, f"expected {want}, got {got}", got)


def _all(trial: Trial, name: str, cases: list[Case], gradient: bool = False) -> None:
    """The value, or the gradients by each input, of every case, in memory by rows and by columns."""

    def test(case: Case) -> None:
        for dtype, memory in (("float64", BY_ROWS), ("float64" if gradient else "float32", BY_COLUMNS)):
            inputs, rest, g = _given(trial, name, case, dtype)
            if not gradient:
                got = trial.ask(name, *inputs, *rest, memory)
                trial.same("y", got, _value(name, inputs, case).astype(dtype), dtype=False)
                continue
            for by, want in enumerate(_gradients(name, inputs, case, g)):
                answer = trial.ask(f"{name}_gradient", *inputs, *rest, g, by, memory)
                got = trial.fields(answer, "gradient", "witness")[0]
                trial.same(f"the gradient by {_names(name)[by]}", got, want.astype(dtype), dtype=False)

    trial.forall(cases, test, lambda case: _smaller(case, name == "transposed"))


def _owes(trial: Trial, name: str) -> None:
    for case in _shortest(FEW):
        for dtype in ("float32", "float64"):
            inputs, rest, g = _given(trial, name, case, dtype)
            trial.dtype("y", trial.ask(name, *inputs, *rest, BY_ROWS), dtype)
            trial.untouched()
            for by, of in enumerate(_names(name)):
                owed.manners(trial, trial.ask(f"{name}_gradient", *inputs, *rest, g, by, BY_ROWS), g, of)
        inputs, rest, g = _given(trial, name, case)
        other = [1 - a for a in inputs]
        alone = [
            trial.fields(trial.ask(f"{name}_gradient", *a, *rest, h, 0, BY_ROWS), "gradient", "witness")[0]
            for a, h in ((inputs, g), (other, 2 * g))
        ]
        owed.same_again(trial, trial.ask(f"{name}_again", *inputs, *rest, g, other), alone)


def _names(name: str) -> list[str]:
    return {"patches": ["x"], "overlap": ["the rows"]}.get(name, ["x", "W", "b"])


def _given(
    trial: Trial, name: str, case: Case, dtype: str = "float64"
) -> tuple[list[np.ndarray], list[Any], Any]:
    """The tensors, the arguments after them, and an upstream gradient.  W leads to or from two channels."""
    (m, *n, c), windows = case
    places, row = _places(n, windows), windows[0] ** len(n) * c
    x, rows, y, W = (m, *n, c), (m * prod(places), row), (m, *places, 2), (row, 2)
    shapes, last, result = {
        "patches": ([x], [], rows),
        "overlap": ([rows], [[*x]], x),
        "convolve": ([x, W, (2,)], [], y),
        "transposed": ([y, W, (c,)], [], x),
    }[name]
    rng = trial.rng(*x, *windows)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in [*shapes, result]]
    return arrays[:-1], [*last, list(windows)], arrays[-1]


def _value(name: str, inputs: list[np.ndarray], case: Case) -> np.ndarray:
    a, *others = (i.astype(float) for i in inputs)
    if name == "patches":
        return _rows(a, case)
    if name == "overlap":
        return _sum(a, case)
    W, b = others
    (m, *n, _), windows = case
    if name == "convolve":
        return (_rows(a, case) @ W + b).reshape(m, *_places(n, windows), 2)
    return _sum(a.reshape(-1, 2) @ W.T, case) + b


def _gradients(name: str, inputs: list[np.ndarray], case: Case, g: np.ndarray) -> list[np.ndarray]:
    g = g.astype(float)
    if name == "patches":
        return [_sum(g, case)]
    if name == "overlap":
        return [_rows(g, case)]
    x, W, _ = (i.astype(float) for i in inputs)
    by_b = g.reshape(-1, g.shape[-1]).sum(axis=0)
    if name == "convolve":
        flat = g.reshape(-1, 2)
        return [_sum(flat @ W.T, case), _rows(x, case).T @ flat, by_b]
    return [(_rows(g, case) @ W).reshape(x.shape), _rows(g, case).T @ x.reshape(-1, 2), by_b]


@cache
def _table(case: Case) -> np.ndarray:
    """(rows, numbers in a row): the place in x, counted from 1 in C order; 0 is a padded zero."""
    (m, *n, c), (size, stride, pad) = case
    numbered = np.pad(
        np.arange(1, m * prod(n) * c + 1).reshape(m, *n, c), [(0, 0), *[(pad, pad)] * len(n), (0, 0)]
    )
    starts = [range(0, length + 2 * pad - size + 1, stride) for length in n]
    rows = [
        numbered[(e, *(slice(i, i + size) for i in at))].ravel() for e in range(m) for at in product(*starts)
    ]
    return np.array(rows)


def _rows(x: np.ndarray, case: Case) -> np.ndarray:
    return np.concatenate([[0.0], x.ravel()])[_table(case)]


def _sum(rows: np.ndarray, case: Case) -> np.ndarray:
    return np.bincount(_table(case).ravel(), rows.ravel(), prod(case[0]) + 1)[1:].reshape(case[0])


def _places(n: Sequence[int], windows: tuple[int, int, int]) -> list[int]:
    size, stride, pad = windows
    return [len(range(0, length + 2 * pad - size + 1, stride)) for length in n]


def _shortest(cases: list[Case]) -> list[Case]:
    """The same with what no window reaches cut off; without those of which only padding would be left."""
    found = []
    for (m, *n, c), (size, stride, pad) in cases:
        n = [(k - 1) * stride + size - 2 * pad for k in _places(n, (size, stride, pad))]
        if min(n) > 0:
            found.append(((m, *n, c), (size, stride, pad)))
    return found


def _smaller(case: Case, shortest: bool) -> Iterator[Case]:
    shape, windows = case
    for i, n in enumerate(shape):
        smaller = (*shape[:i], n - 1, *shape[i + 1 :]), windows
        if n > 1 and 0 not in _places(smaller[0][1:-1], windows):
            yield from _shortest([smaller]) if shortest else [smaller]
