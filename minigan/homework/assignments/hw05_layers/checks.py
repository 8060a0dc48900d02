"""What is checked.  Expected values are sums written out with einsum and loops, in float64 and in float32.

A case is a tuple of sizes: (batch, inputs, outputs) for affine, (batch, pieces, units) for maxout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.judge import Failed, Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS

Case = tuple[int, int, int]

DTYPES = ("float64", "float32")
MEMORY = (BY_ROWS, BY_COLUMNS)
AFFINE = [(4, 3, 2), (1, 5, 3), (6, 1, 4), (3, 3, 3), (7, 4, 1), (2, 2, 5), (1, 1, 1)]
MAXOUT = [(3, 2, 4), (1, 3, 2), (4, 5, 1), (2, 1, 3), (3, 3, 3), (5, 4, 3), (2, 3, 2), (1, 1, 1)]
SCALES = (1.0, -1.0, 1e30, -1e30, 1e-30, -1e-30)


def affine_values(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype, memory in zip(DTYPES, MEMORY, strict=True):
            x, W, b, _ = _affine_inputs(trial, case, dtype)
            want = np.einsum("mi,io->mo", x, W) + b
            trial.same("y", trial.ask("affine", x, W, b, memory), want, dtype=False)

    trial.forall(AFFINE, test, _smaller)


def affine_x(trial: Trial) -> None:
    _affine_gradient(trial, "x", lambda x, W, g: np.einsum("mo,io->mi", g, W))


def affine_W(trial: Trial) -> None:
    _affine_gradient(trial, "W", lambda x, W, g: np.einsum("mi,mo->io", x, g))


def affine_b(trial: Trial) -> None:
    _affine_gradient(trial, "b", lambda x, W, g: np.einsum("mo->o", g))


def affine_manners(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            x, W, b, g = _affine_inputs(trial, case, dtype)
            trial.dtype("y", trial.ask("affine", x, W, b, BY_ROWS), dtype)
            trial.untouched()
            for name in "xWb":
                owed.manners(trial, trial.ask("affine_gradient", x, W, b, g, name, BY_ROWS), g, name)

    trial.forall([(4, 3, 2), (1, 2, 5)], test, _smaller)


def affine_again(trial: Trial) -> None:
    def test(case: Case) -> None:
        x, W, b, g = _affine_inputs(trial, case)
        other = [a + 1 for a in (x, W, b)]
        for name in "xWb":
            alone = [
                trial.fields(trial.ask("affine_gradient", *arrays, name, BY_ROWS), "gradient", "witness")[0]
                for arrays in ((x, W, b, g), (*other, 2 * g))
            ]
            owed.same_again(trial, trial.ask("affine_again", x, W, b, g, name, other), alone)

    trial.forall([(4, 3, 2), (2, 2, 2)], test, _smaller)


def affine_edges(trial: Trial) -> None:
    x, W, b, _ = _affine_inputs(trial, (4, 3, 2))
    owed.has_edges(trial, trial.ask("affine_edges", x, W, b), "xWb")


def maxout_values(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype, memory in zip(DTYPES, MEMORY, strict=True):
            a, x, _ = _maxout_inputs(trial, case, dtype)
            trial.same("y", trial.ask("maxout", x, case[1], memory), _largest(a), dtype=False)

    trial.forall(MAXOUT, test, _smaller)


def maxout_gradient(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype, memory in zip(DTYPES, MEMORY, strict=True):
            a, x, g = _maxout_inputs(trial, case, dtype)
            _maxout_gradient(trial, a, x, g, memory)

    trial.forall(MAXOUT, test, _smaller)


def maxout_ties(trial: Trial) -> None:
    """On a grid of -1, 0 and 1 ties are everywhere.  Any one of the equal pieces may win."""

    def test(case: Case) -> None:
        m, pieces, units = case
        a = trial.rng(*case).integers(-1, 2, case).astype(float)
        g = trial.rng(*case, 1).uniform(1, 2, (m, units))
        x = a.reshape(m, -1)
        gradient = trial.fields(trial.ask("maxout_gradient", x, pieces, g, BY_ROWS), "gradient", "witness")[0]
        share = _pieces(gradient, case)
        trial.same("the gradient by x, summed over the pieces", share.sum(axis=1), g)
        trial.expect(not share[a < _largest(a)[:, None]].any(), "a piece that lost gets a gradient")
        winners = (share != 0).sum(axis=1)
        trial.expect(
            bool((winners == 1).all()),
            "more than one of the equal pieces gets a gradient",
            winners.astype(float),
        )

    trial.forall([(4, 3, 2), (5, 2, 3), (3, 5, 4)], test, _smaller)


def maxout_near(trial: Trial) -> None:
    """Neighbours among the floating point numbers, large and small: the larger wins, by however little."""

    def test(case: tuple[float, str]) -> None:
        scale, dtype = case
        rng = trial.rng(SCALES.index(scale))
        steps = rng.permuted(np.tile(np.arange(4), (3, 2, 1)), axis=2).swapaxes(1, 2)
        start = np.array(scale, dtype)
        a = start + steps.astype(dtype) * abs(np.spacing(start))
        x, g = a.reshape(3, -1), rng.standard_normal((3, 2)).astype(dtype)
        trial.same("y", trial.ask("maxout", x, 4, BY_ROWS), _largest(a), tolerance=0)
        _maxout_gradient(trial, a, x, g, BY_ROWS)

    trial.forall([(scale, dtype) for dtype in DTYPES for scale in SCALES], test)


def maxout_manners(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            _, x, g = _maxout_inputs(trial, case, dtype)
            trial.dtype("y", trial.ask("maxout", x, case[1], BY_ROWS), dtype)
            trial.untouched()
            owed.manners(trial, trial.ask("maxout_gradient", x, case[1], g, BY_ROWS), g, "x")

    trial.forall([(3, 2, 4), (2, 3, 2)], test, _smaller)


def maxout_again(trial: Trial) -> None:
    def test(case: Case) -> None:
        _, x, g = _maxout_inputs(trial, case)
        alone = [
            trial.fields(trial.ask("maxout_gradient", a, case[1], h, BY_ROWS), "gradient", "witness")[0]
            for a, h in ((x, g), (-x, 2 * g))
        ]
        owed.same_again(trial, trial.ask("maxout_again", x, case[1], g, [-x]), alone)

    trial.forall([(3, 2, 4), (2, 3, 2)], test, _smaller)


def maxout_edges(trial: Trial) -> None:
    owed.has_edges(trial, trial.ask("maxout_edges", _maxout_inputs(trial, (3, 2, 4))[1], 2), "x")


def _affine_gradient(trial: Trial, name: str, formula: Callable[..., np.ndarray]) -> None:
    def test(case: Case) -> None:
        for dtype, memory in zip(DTYPES, MEMORY, strict=True):
            x, W, b, g = _affine_inputs(trial, case, dtype)
            answer = trial.ask("affine_gradient", x, W, b, g, name, memory)
            gradient, _ = trial.fields(answer, "gradient", "witness")
            trial.same(f"the gradient by {name}", gradient, formula(x, W, g), dtype=False)

    trial.forall(AFFINE, test, _smaller)


def _maxout_gradient(trial: Trial, a: np.ndarray, x: np.ndarray, g: np.ndarray, memory: str) -> None:
    answer = trial.ask("maxout_gradient", x, a.shape[1], g, memory)
    gradient, _ = trial.fields(answer, "gradient", "witness")
    trial.same("the gradient by x", gradient, _to_winner(a, g), dtype=False)


def _affine_inputs(trial: Trial, case: Case, dtype: str = "float64") -> list[np.ndarray]:
    m, inputs, outputs = case
    rng = trial.rng(*case, DTYPES.index(dtype))
    shapes = ((m, inputs), (inputs, outputs), (outputs,), (m, outputs))
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def _maxout_inputs(trial: Trial, case: Case, dtype: str = "float64") -> list[np.ndarray]:
    """The pieces (m, pieces, units), the same as the student gets them, and g."""
    m, pieces, units = case
    rng = trial.rng(*case, DTYPES.index(dtype))
    a = (rng.standard_normal(case) - 0.2).astype(dtype)
    return [a, a.reshape(m, pieces * units), rng.standard_normal((m, units)).astype(dtype)]


def _largest(a: np.ndarray) -> np.ndarray:
    m, pieces, units = a.shape
    return np.array([[max(a[i, :, j]) for j in range(units)] for i in range(m)], a.dtype).reshape(m, units)


def _to_winner(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    gradient = np.zeros_like(a)
    for i, j in np.ndindex(g.shape):
        gradient[i, list(a[i, :, j]).index(max(a[i, :, j])), j] = g[i, j]
    return gradient.reshape(len(a), -1)


def _pieces(gradient: object, case: Case) -> np.ndarray:
    m, pieces, units = case
    if not isinstance(gradient, np.ndarray) or gradient.shape != (m, pieces * units):
        raise Failed(f"the gradient by x: expected shape {(m, pieces * units)}")
    return gradient.reshape(case)


def _smaller(case: Case) -> Iterator[Case]:
    for i, n in enumerate(case):
        if n > 1:
            yield (*case[:i], n - 1, *case[i + 1 :])
