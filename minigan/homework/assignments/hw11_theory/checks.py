"""What is checked.  Expected values come from the definitions, point after point, with Python's logarithm.

A case is (shape, the kind of weights, what the densities are like).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import inf, log
from typing import Any

import numpy as np

from minigan.homework.judging.judge import Trial, smaller

Case = tuple[tuple[int, ...], str, str]
POINTS = [(5,), (4, 3), (3, 3), (1,), (2, 1, 2), (0,)]
VALUES: list[Case] = [
    (shape, weights, "positive")
    for shape in ((5,), (3, 4), (2,), (1,))
    for weights in ("atoms", "a number", "weights")
]
OVERLAP: list[Case] = [((6,), weights, "overlap") for weights in ("atoms", "weights")]
ZEROS: list[Case] = [
    *OVERLAP,
    *(((5,), "weights", kind) for kind in ("disjoint", "equal", "nearly")),
    ((4, 3), "a number", "overlap"),
]
VANISH = ("equal", "p vanishes", "q vanishes", "both vanish")
KL_ZEROS: list[Case] = [((5,), "weights", kind) for kind in VANISH]
UNITS = (1e-20, 1e20, 1e-200, 1e100)


def D_star(trial: Trial) -> None:
    def test(shape: tuple[int, ...]) -> None:
        _same_D(trial, *trial.rng(*shape).uniform(0.1, 2, (2, *shape)))

    trial.forall(POINTS, test)


def D_zeros(trial: Trial) -> None:
    def test(pair: tuple[float, float]) -> None:
        p, q = (np.array([x, 1.5, x]) for x in pair)
        _same_D(trial, p, q)

    trial.forall([(0.0, 2.0), (0.7, 0.0), (0.0, 0.0)], test)


def D_scale(trial: Trial) -> None:
    def test(unit: float) -> None:
        _same_D(trial, *(unit * trial.rng(1).uniform(0.1, 2, (2, 4))))

    trial.forall([*UNITS, 1e-9, 1e-12, 1e-15], test)


def units(trial: Trial) -> None:
    """Densities per metre or per light year, and lengths accordingly: no integral depends on it."""

    def test(case: tuple[str, float]) -> None:
        name, unit = case
        p, q, w = _given(trial, ((5,), "weights", "positive"))
        trial.same(
            name, trial.ask(name, p * unit, q * unit, w / unit), np.array(BY_DEFINITION[name](p, q, w))
        )

    trial.forall([(name, unit) for name in BY_DEFINITION for unit in UNITS], test)


def manners(trial: Trial) -> None:
    p, q, w = _given(trial, ((3, 4), "weights", "positive"))
    trial.ask("optimal_discriminator", p, q)
    trial.untouched()
    for name in BY_DEFINITION:
        trial.ask(name, p, q, w)
        trial.untouched()
    answer = trial.several(trial.ask("optimal_discriminator_twice", p, q), 2)
    for D, want in zip(answer, (_D(p, q), _D(q, p)), strict=True):
        trial.same("D of two, when both are there", D, want)


def _number(trial: Trial, name: str, cases: list[Case]) -> None:
    def test(case: Case) -> None:
        p, q, w = _given(trial, case)
        weights = np.ones(p.shape) if w is None else np.full(p.shape, w)
        trial.same(name, trial.ask(name, p, q, w), np.array(BY_DEFINITION[name](p, q, weights)))

    trial.forall(cases, test, _smaller)


def _same_D(trial: Trial, p: np.ndarray, q: np.ndarray) -> None:
    trial.same("D", trial.ask("optimal_discriminator", p, q), _D(p, q))


def _given(trial: Trial, case: Case) -> tuple[np.ndarray, np.ndarray, Any]:
    """Two densities, each with an integral of 1 under the weights."""
    shape, weights, kind = case
    rng = trial.rng(*shape)
    p, q = rng.uniform(0.2, 2, (2, *shape))
    w = {"atoms": None, "a number": 0.25, "weights": rng.uniform(0.1, 0.6, shape)}[weights]
    first, last = p.flat[:1].size, max(p.size - 2, 1)
    if kind == "equal":
        q = p.copy()
    elif kind == "nearly":  # D* rounds to 1 at the first point, and to 0 at the last
        q.flat[0], p.flat[-1] = 1e-30, 1e-30
    elif kind == "disjoint":
        p.flat[last:], q.flat[:last] = 0, 0
    elif kind == "overlap":
        p.flat[0], q.flat[-1], p.flat[1], q.flat[1] = 0, 0, 0, 0
    if kind in ("p vanishes", "both vanish"):
        p.flat[first] = 0
    if kind in ("q vanishes", "both vanish"):
        q.flat[first] = 0
    mass = 1.0 if w is None else w
    return p / (p * mass).sum(), q / (q * mass).sum(), w


def _D(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    pairs = zip(p.flat, q.flat, strict=True)
    return np.array([x / (x + y) if x + y else 0.5 for x, y in pairs]).reshape(p.shape)


def _kl(p: np.ndarray, q: np.ndarray, w: np.ndarray) -> float:
    terms = [v * x * (log(x / y) if y else inf) for x, y, v in zip(p.flat, q.flat, w.flat, strict=True) if x]
    return float(sum(terms))


def _jsd(p: np.ndarray, q: np.ndarray, w: np.ndarray) -> float:
    return (_kl(p, (p + q) / 2, w) + _kl(q, (p + q) / 2, w)) / 2


def _criterion(p: np.ndarray, q: np.ndarray, w: np.ndarray) -> float:
    return _kl(p, p + q, w) + _kl(q, p + q, w)


def _smaller(case: Case) -> Iterator[Case]:
    shape, weights, kind = case
    if kind == "positive":
        yield from ((fewer, weights, kind) for fewer in smaller(shape))


BY_DEFINITION = {"kl": _kl, "jsd": _jsd, "criterion": _criterion}
kl_values = partial(_number, name="kl", cases=VALUES)
kl_zeros = partial(_number, name="kl", cases=KL_ZEROS)
jsd_values = partial(_number, name="jsd", cases=VALUES)
jsd_zeros = partial(_number, name="jsd", cases=ZEROS)
criterion_values = partial(_number, name="criterion", cases=VALUES)
criterion_zeros = partial(_number, name="criterion", cases=ZEROS)
