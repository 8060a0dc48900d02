"""What is checked.  Expected values are sums written out with einsum and loops, in float64.

A case is a tuple of sizes: (batch, inputs, outputs) for affine, (batch, pieces, units) for maxout.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging.formula import Case, Formula
from minigan.homework.judging.judge import Failed, Trial, smaller
from minigan.homework.judging.operations import BY_ROWS

Sizes = tuple[int, int, int]

SIZES = [(4, 3, 2), (1, 5, 3), (6, 1, 4), (3, 3, 3), (7, 4, 1), (2, 2, 5), (1, 1, 1)]
AFFINES: list[Case] = [(sizes, ()) for sizes in SIZES]
PIECES = [(3, 2, 4), (1, 3, 2), (4, 5, 1), (2, 1, 3), (3, 3, 3), (5, 4, 3), (2, 3, 2), (1, 1, 1)]
MAXOUTS: list[Case] = [(sizes, ()) for sizes in PIECES]
SCALES = (1.0, -1.0, 1e30, -1e30, 1e-30, -1e-30)


def _affine_inputs(trial: Trial, sizes: Sizes, dtype: str) -> list[np.ndarray]:
    m, inputs, outputs = sizes
    rng = trial.rng(*sizes)
    return [rng.standard_normal(shape).astype(dtype) for shape in ((m, inputs), (inputs, outputs), outputs)]


def _maxout_inputs(trial: Trial, sizes: Sizes, dtype: str) -> list[Any]:
    m, pieces, units = sizes
    a = trial.rng(*sizes).standard_normal((m, pieces * units)) - 0.2
    return [a.astype(dtype), pieces]


def _in_pieces(x: np.ndarray, pieces: int) -> np.ndarray:
    return x.reshape(len(x), pieces, x.shape[1] // pieces)


def _largest(a: np.ndarray) -> np.ndarray:
    m, pieces, units = a.shape
    return np.array([[max(a[i, :, j]) for j in range(units)] for i in range(m)], a.dtype).reshape(m, units)


def _to_winner(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    gradient = np.zeros_like(a)
    for i, j in np.ndindex(g.shape):
        gradient[i, list(a[i, :, j]).index(max(a[i, :, j])), j] = g[i, j]
    return gradient.reshape(len(a), -1)


AFFINE = Formula(
    "affine",
    lambda x, W, b: np.einsum("mi,io->mo", x, W) + b,
    by={
        "x": lambda g, x, W, b: np.einsum("mo,io->mi", g, W),
        "W": lambda g, x, W, b: np.einsum("mi,mo->io", x, g),
        "b": lambda g, x, W, b: np.einsum("mo->o", g),
    },
    draw=_affine_inputs,
)
MAXOUT = Formula(
    "maxout",
    lambda x, pieces: _largest(_in_pieces(x, pieces)),
    by={"x": lambda g, x, pieces: _to_winner(_in_pieces(x, pieces), g)},
    draw=_maxout_inputs,
)

affine_values = partial(AFFINE.values, cases=AFFINES)
affine_x = partial(AFFINE.gradients, cases=AFFINES, by="x")
affine_W = partial(AFFINE.gradients, cases=AFFINES, by="W")
affine_b = partial(AFFINE.gradients, cases=AFFINES, by="b")
affine_manners = partial(AFFINE.manners, cases=[((4, 3, 2), ()), ((1, 2, 5), ())])
affine_again = partial(AFFINE.again, cases=[((4, 3, 2), ()), ((2, 2, 2), ())])
affine_edges = partial(AFFINE.edges, case=AFFINES[0])
maxout_values = partial(MAXOUT.values, cases=MAXOUTS)
maxout_gradient = partial(MAXOUT.gradients, cases=MAXOUTS)
maxout_manners = partial(MAXOUT.manners, cases=[((3, 2, 4), ()), ((2, 3, 2), ())])
maxout_again = partial(MAXOUT.again, cases=[((3, 2, 4), ()), ((2, 3, 2), ())])
maxout_edges = partial(MAXOUT.edges, case=MAXOUTS[0])


def maxout_ties(trial: Trial) -> None:
    """On a grid of -1, 0 and 1 ties are everywhere.  Any one of the equal pieces may win."""

    def test(case: Sizes) -> None:
        m, pieces, units = case
        a = trial.rng(*case).integers(-1, 2, case).astype(float)
        g = trial.rng(*case, 1).uniform(1, 2, (m, units))
        x = a.reshape(m, -1)
        gradient = trial.fields(trial.ask("maxout_gradient", x, pieces, g, BY_ROWS), "gradient", "witness")[0]
        share = _shares(gradient, case)
        trial.same("the gradient by x, summed over the pieces", share.sum(axis=1), g)
        trial.expect(not share[a < _largest(a)[:, None]].any(), "a piece that lost gets a gradient")
        winners = (share != 0).sum(axis=1)
        trial.expect(
            bool((winners == 1).all()),
            "more than one of the equal pieces gets a gradient",
            winners.astype(float),
        )

    trial.forall([(4, 3, 2), (5, 2, 3), (3, 5, 4)], test, smaller)


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
        answer = trial.ask("maxout_gradient", x, 4, g, BY_ROWS)
        gradient, _ = trial.fields(answer, "gradient", "witness")
        trial.same("the gradient by x", gradient, _to_winner(a, g), dtype=False)

    trial.forall([(scale, dtype) for dtype in ("float64", "float32") for scale in SCALES], test)


def _shares(gradient: object, sizes: Sizes) -> np.ndarray:
    m, pieces, units = sizes
    if not isinstance(gradient, np.ndarray) or gradient.shape != (m, pieces * units):
        raise Failed(f"the gradient by x: expected shape {(m, pieces * units)}")
    return gradient.reshape(sizes)
