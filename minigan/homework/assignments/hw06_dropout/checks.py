"""What is checked.  No draw is expected: the mask is read off the value, and counts are judged at 6 sigma."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.judge import Failed, Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS

Array = np.ndarray
KEEPS = (0.5, 0.8, 0.25)


def values(trial: Trial) -> None:
    def test(keep: float) -> None:
        for shape in ((4, 5), (40, 30)):
            x, _ = _drawn(trial, shape)
            _mask(trial, trial.ask("dropout", x, keep, _seed(trial, 5)), x, keep)

    trial.forall(KEEPS, test)


def independent(trial: Trial) -> None:
    x, _ = _drawn(trial, (60, 50))
    kept = _array(trial.ask("dropout", x, 0.5, _seed(trial, 6)), x.shape) != 0
    share = kept.mean()
    for axis, where in ((1, "in a row"), (0, "in a column")):
        alike = np.diff(kept, axis=axis) == 0
        what = f"the share of neighbours {where} of which both are kept or both dropped"
        _about(trial, what, alike.mean(), share**2 + (1 - share) ** 2, 1 / alike.size)
    many = _array(trial.ask("many", [1, 8], 0.5, _seed(trial, 7), 400), (400, 1, 8))
    counts = (many != 0).sum(axis=(1, 2))
    spread, want = counts.var(), counts.mean() * (1 - counts.mean() / 8)
    says = f"how many of 8 are kept has variance {spread:.2g} over 400 calls; expected about {want:.2g}"
    trial.expect(bool(abs(spread - want) < 6 * want * (2 / 400) ** 0.5), says, round(spread))


def probability(trial: Trial) -> None:
    def test(keep: float) -> None:
        x, _ = _drawn(trial, (100, 60))
        kept = _array(trial.ask("dropout", x, keep, _seed(trial, 8)), x.shape) != 0
        _about(trial, "the share of entries that are kept", kept.mean(), keep, keep * (1 - keep) / kept.size)

    trial.forall((0.5, 0.8, 0.1, 0.95), test)


def gradient(trial: Trial) -> None:
    def test(keep: float) -> None:
        x, g = _drawn(trial, (20, 30))
        _same_mask(trial, trial.ask("gradient", x, keep, _seed(trial, 9), g, BY_ROWS), x, g, keep)

    trial.forall(KEEPS, test)


def zeros(trial: Trial) -> None:
    x, g = _drawn(trial, (60, 40))
    x[:, ::2] = 0
    answer = trial.ask("gradient", x, 0.8, _seed(trial, 10), g, BY_ROWS)
    share = _array(_fields(trial, answer)[1], x.shape)[:, ::2]
    some = 0 < np.count_nonzero(share) < share.size
    trial.expect(some, "where x is 0 the mask is drawn as well; in the gradient it is the same everywhere")
    wrong = (share != 0) & ~np.isclose(share, g[:, ::2] / 0.8)
    trial.expect(not wrong.any(), "where x is 0, a gradient is neither 0 nor g / keep")


def stream(trial: Trial) -> None:
    x, _ = _drawn(trial, (20, 30))
    answer = trial.several(trial.ask("twice", x, 0.5, _seed(trial, 11)), 4)
    ys = [_array(y, x.shape) for y in answer]
    trial.expect(not np.array_equal(ys[0], ys[1]), "two calls with one stream have the same mask")
    equal = np.array_equal(ys[0], ys[2]) and np.array_equal(ys[1], ys[3])
    trial.expect(equal, "two streams that begin alike give different masks")
    other = _array(trial.ask("dropout", x, 0.5, _seed(trial, 12)), x.shape)
    trial.expect(not np.array_equal(ys[0], other), "two streams that begin differently give the same mask")


def shapes(trial: Trial) -> None:
    def test(shape: tuple[int, ...]) -> None:
        x, g = _drawn(trial, shape)
        for memory in (BY_ROWS, BY_COLUMNS):
            _same_mask(trial, trial.ask("gradient", x, 0.5, _seed(trial, 13), g, memory), x, g, 0.5)

    trial.forall([(6,), (1,), (), (1, 5), (5, 1), (2, 3, 4), (0, 3), (3, 3)], test)


def keep(trial: Trial) -> None:
    x, g = _drawn(trial, (4, 5))
    for given in (1, 1.0):
        y, gradient, _ = _fields(trial, trial.ask("gradient", x, given, _seed(trial, 14), g, BY_ROWS))
        trial.same("y with keep = 1", y, x, dtype=False)
        trial.same("the gradient with keep = 1", gradient, g, dtype=False)
    for given in (0, -0.5, 1.5, 2):
        trial.refuses(f"keep = {given}", "dropout", x, given, 15)


def owes(trial: Trial) -> None:
    x, g = _drawn(trial, (5, 6))
    for dtype in ("float64", "float32"):
        a, h = x.astype(dtype), g.astype(dtype)
        y, gradient, witness = _fields(trial, trial.ask("gradient", a, 0.8, _seed(trial, 16), h, BY_ROWS))
        trial.dtype("y", y, dtype)
        owed.manners(trial, {"gradient": gradient, "witness": witness}, h, "x")
    owed.has_edges(trial, trial.ask("edges", x, 0.8, _seed(trial, 16)), "x")
    alone = [
        _fields(trial, trial.ask("gradient", array, 0.8, _seed(trial, 16), upstream, BY_ROWS))[1]
        for array, upstream in ((x, g), (-x, 2 * g))
    ]
    owed.same_again(trial, trial.ask("again", x, 0.8, _seed(trial, 16), g, -x), alone)


def layer_training(trial: Trial) -> None:
    def test(keep: float) -> None:
        x, g = _drawn(trial, (40, 30))
        _same_mask(trial, trial.ask("layer", x, keep, True, g), x, g, keep)

    trial.forall(KEEPS, test)
    first, _, second = _layer_again(trial)
    trial.expect(not np.array_equal(first, second), "two calls of one layer in training have the same mask")


def layer_evaluation(trial: Trial) -> None:
    for keep in KEEPS:
        x, g = _drawn(trial, (4, 5))
        y, gradient, _ = _fields(trial, trial.ask("layer", x, keep, False, g))
        trial.same("y", y, x)
        trial.same("the gradient", gradient, g)
    trial.same("y, after a call in training", _layer_again(trial)[1], _drawn(trial, (20, 30))[0])


def _layer_again(trial: Trial) -> list[Array]:
    x, _ = _drawn(trial, (20, 30))
    return [_array(y, x.shape) for y in trial.several(trial.ask("layer_again", x, 0.5), 3)]


def _mask(trial: Trial, y: Any, x: Array, keep: float) -> Array:
    """What y is x times, entry by entry."""
    mask = _array(y, x.shape) / x
    right = np.isclose(mask, 0) | np.isclose(mask, 1 / keep)
    found = ", ".join(f"{m:.6g}" for m in np.unique(mask.round(6))[:4])
    trial.expect(
        bool(right.all()),
        f"y / x has to be 0 or 1 / keep = {1 / keep:.6g}; it is {found}",
        np.unique(mask.round(6))[:4],
    )
    if x.size > 100:
        trial.expect(0 < np.count_nonzero(mask) < x.size, "all entries are kept, or none")
    return mask


def _same_mask(trial: Trial, answer: Any, x: Array, g: Array, keep: float) -> None:
    y, gradient, _ = _fields(trial, answer)
    mask, share = _mask(trial, y, x, keep), _array(gradient, x.shape, "the gradient") / g
    pairs = np.unique(np.stack([mask.round(6).ravel(), share.round(6).ravel()]), axis=1)[:, :6]
    found = ", ".join(f"{a:.6g} and {b:.6g}" for a, b in pairs.T)
    says = f"y / x and the gradient / g have to be equal; they are {found}"
    trial.expect(bool(np.allclose(mask, share)), says, pairs)


def _about(trial: Trial, what: str, got: float, want: float, variance: float) -> None:
    holds = abs(got - want) < 6 * variance**0.5
    trial.expect(bool(holds), f"{what} is {got:.3g}; expected about {want:.3g}", round(float(got), 1))


def _seed(trial: Trial, n: int) -> int:
    """For the student's stream."""
    return int(trial.rng(n).integers(2**32))


def _drawn(trial: Trial, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """x and g, away from 0."""
    rng = trial.rng(*shape)
    x, g = (rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape) for _ in range(2))
    return np.asarray(x), np.asarray(g)


def _fields(trial: Trial, answer: Any) -> list[Any]:
    return trial.fields(answer, "y", "gradient", "witness")


def _array(value: Any, shape: tuple[int, ...], what: str = "the result") -> Array:
    if not isinstance(value, Array) or value.shape != shape:
        got = value.shape if isinstance(value, Array) else type(value).__name__
        raise Failed(f"{what}: expected an array of shape {shape}, got {got}")
    return value.astype(float)
