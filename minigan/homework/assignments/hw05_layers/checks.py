"""What is checked.  Expected values are sums written out with einsum and loops, in float64 and in float32.

A case is a tuple of sizes: (batch, inputs, outputs) for affine, (batch, pieces, units) for maxout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from minigan.homework.judge import Failed, Trial

Case = tuple[int, int, int]

DTYPES = ("float64", "float32")
AFFINE = [(4, 3, 2), (1, 5, 3), (6, 1, 4), (3, 3, 3), (7, 4, 1)]
MAXOUT = [(3, 2, 4), (1, 3, 2), (4, 5, 1), (2, 1, 3), (3, 3, 3), (5, 4, 3)]


def affine_values(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            x, W, b, _ = (a.astype(dtype) for a in _affine_inputs(trial, case))
            _same_numbers(trial, "y", trial.ask("affine", x, W, b), np.einsum("mi,io->mo", x, W) + b)

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
            x, W, b, g = (a.astype(dtype) for a in _affine_inputs(trial, case))
            _has_dtype(trial, "y", trial.ask("affine", x, W, b), dtype)
            trial.untouched()
            for name in ("x", "W", "b"):
                answer = trial.ask("affine_gradient", x, W, b, g, name)
                gradient, witness = trial.fields(answer, "gradient", "witness")
                _has_dtype(trial, f"the gradient by {name}", gradient, dtype)
                _manners(trial, witness, g)

    trial.forall([(4, 3, 2), (1, 2, 5)], test, _smaller)


def maxout_values(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            a, x, _ = (a.astype(dtype) for a in _maxout_inputs(trial, case))
            _same_numbers(trial, "y", trial.ask("maxout", x, case[1]), _largest(a))

    trial.forall(MAXOUT, test, _smaller)


def maxout_gradient(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            a, x, g = (a.astype(dtype) for a in _maxout_inputs(trial, case))
            gradient, _ = trial.fields(trial.ask("maxout_gradient", x, case[1], g), "gradient", "witness")
            _same_numbers(trial, "the gradient by x", gradient, _to_winner(a, g))

    trial.forall(MAXOUT, test, _smaller)


def maxout_ties(trial: Trial) -> None:
    """On a grid of -1, 0 and 1 ties are everywhere.  Any one of the equal pieces may win."""

    def test(case: Case) -> None:
        m, pieces, units = case
        a = trial.rng(*case).integers(-1, 2, case).astype(float)
        g = trial.rng(*case, 1).uniform(1, 2, (m, units))
        x = a.reshape(m, -1)
        trial.same("y", trial.ask("maxout", x, pieces), _largest(a))
        gradient, _ = trial.fields(trial.ask("maxout_gradient", x, pieces, g), "gradient", "witness")
        trial.same("the gradient by x, summed over the pieces", _pieces(gradient, case).sum(axis=1), g)
        share = _pieces(gradient, case)
        trial.expect(not share[a < _largest(a)[:, None]].any(), "a piece that lost gets a gradient")
        trial.expect(
            bool(((share != 0).sum(axis=1) == 1).all()), "more than one of the equal pieces gets a gradient"
        )

    trial.forall([(4, 3, 2), (5, 2, 3), (3, 5, 4)], test, _smaller)


def maxout_manners(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            _, x, g = (a.astype(dtype) for a in _maxout_inputs(trial, case))
            _has_dtype(trial, "y", trial.ask("maxout", x, case[1]), dtype)
            trial.untouched()
            gradient, witness = trial.fields(
                trial.ask("maxout_gradient", x, case[1], g), "gradient", "witness"
            )
            _has_dtype(trial, "the gradient by x", gradient, dtype)
            _manners(trial, witness, g)

    trial.forall([(3, 2, 4), (2, 3, 2)], test, _smaller)


def _affine_gradient(trial: Trial, name: str, formula: Callable[..., np.ndarray]) -> None:
    def test(case: Case) -> None:
        for dtype in DTYPES:
            x, W, b, g = (a.astype(dtype) for a in _affine_inputs(trial, case))
            gradient, _ = trial.fields(trial.ask("affine_gradient", x, W, b, g, name), "gradient", "witness")
            _same_numbers(trial, f"the gradient by {name}", gradient, formula(x, W, g))

    trial.forall(AFFINE, test, _smaller)


def _affine_inputs(trial: Trial, case: Case) -> list[np.ndarray]:
    m, inputs, outputs = case
    rng = trial.rng(*case)
    return [
        rng.standard_normal(shape) for shape in ((m, inputs), (inputs, outputs), (outputs,), (m, outputs))
    ]


def _maxout_inputs(trial: Trial, case: Case) -> list[np.ndarray]:
    """The pieces (m, pieces, units) without ties, the same as the student gets them, and g."""
    m, pieces, units = case
    rng = trial.rng(*case)
    a = rng.permutation(m * pieces * units).reshape(case) - m * pieces * units / 1.5
    return [a, a.reshape(m, pieces * units), rng.standard_normal((m, units))]


def _largest(a: np.ndarray) -> np.ndarray:
    m, pieces, units = a.shape
    return np.array([[max(a[i, :, j]) for j in range(units)] for i in range(m)]).reshape(m, units)


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


def _same_numbers(trial: Trial, what: str, got: object, want: np.ndarray) -> None:
    """Whatever the dtype, which the checks of manners look at."""
    if isinstance(got, np.ndarray) and got.dtype.kind == "f":
        want = want.astype(got.dtype)
    trial.same(what, got, want)


def _has_dtype(trial: Trial, what: str, array: object, dtype: str) -> None:
    if not isinstance(array, np.ndarray):
        raise Failed(f"{what}: expected an array, got {type(array).__name__}")
    trial.expect(array.dtype == dtype, f"{what}: expected {dtype}, got {array.dtype}")


def _manners(trial: Trial, witness: object, g: np.ndarray) -> None:
    trial.untouched()
    kept = isinstance(witness, np.ndarray) and np.array_equal(witness, g)
    trial.expect(kept, "your pullback wrote into g, which other operations still need")


def _smaller(case: Case) -> Iterator[Case]:
    for i, n in enumerate(case):
        if n > 1:
            yield (*case[:i], n - 1, *case[i + 1 :])
