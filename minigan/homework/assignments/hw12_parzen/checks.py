"""What is checked.  Expected values are the formula in float64, with the differences themselves.

A case is a tuple of sizes: (examples, centres, dimensions).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import log, pi, sqrt
from typing import Any

import numpy as np

from minigan.homework.judging.judge import TOLERANCE, Trial, difference, smaller

Case = tuple[int, int, int]

WIDTHS = (0.3, 1.0, 2.5)
DIGITS = 1e-5  # that log p is computed in float64 is one check, and these digits are enough for the others
SIGMAS = [[0.4, 0.1, 1.6, 0.2, 0.8], [0.1, 0.2, 0.4, 0.8, 1.6], [1.6, 0.4, 0.1], [0.2, 0.4], [0.2]]


def far(trial: Trial) -> None:
    """Images at sigma .1; points so far that exp of their exponent is 0; a centre itself among far ones."""

    def test(case: tuple[Case, float, float]) -> None:
        sizes, sigma, away = case
        x, centres = _points(trial, sizes)
        _same(trial, x + away, centres, sigma)
        _same(trial, centres[:1], np.concatenate([centres + away, centres[:1]]), sigma)

    cases = [((2, 3, 784), 0.1, 0.0), ((3, 4, 1), 0.1, 50.0), ((2, 3, 2), 0.02, -30.0), ((2, 4, 3), 5.0, 900)]
    trial.forall(cases, test)


def size(trial: Trial) -> None:
    for case in ((1100, 3, 2), (4, 1300, 2), (1024, 512, 1)):
        x, centres = _points(trial, case)
        _same(trial, x, centres, 0.5)


def float64(trial: Trial) -> None:
    def test(case: Case) -> None:
        x, centres = (a.astype(np.float32) for a in _points(trial, case))
        got, want = trial.ask("log_likelihood", x, centres, 0.3), _by_definition(x, centres, 0.3)
        trial.dtype("log p", got, "float64")
        if difference(got, want, TOLERANCE["float64"]) and not difference(got, want, TOLERANCE["float32"]):
            # which digits are lost depends on the order of the operations: they are no fact
            complaint = (
                f"log p is right to float32's digits only: {difference(got, want, TOLERANCE['float64'])}"
            )
            trial.expect(False, complaint, "float32's digits")
        trial.same("log p", got, want)

    trial.forall([(3, 4, 2), (2, 5, 6), (5, 3, 40)], test, smaller)


def manners(trial: Trial) -> None:
    x, centres = _points(trial, (4, 3, 2))
    other = [x + 1, centres * 2]
    trial.ask("log_likelihood", x, centres, 0.5)
    trial.untouched()
    answer = trial.several(trial.ask("log_likelihood_again", x, centres, 0.5, other, 0.8), 3)
    trial.untouched()
    for got, want in zip(answer, ((x, centres, 0.5), (*other, 0.5), (x, centres, 0.8)), strict=True):
        trial.same("log p", got, _by_definition(*want), DIGITS)


def _log_p(trial: Trial, cases: list[Case]) -> None:
    def test(case: Case) -> None:
        x, centres = _points(trial, case)
        for sigma in WIDTHS:
            _same(trial, x, centres, sigma)

    trial.forall(cases, test, smaller)


def _same(trial: Trial, x: np.ndarray, centres: np.ndarray, sigma: float) -> None:
    got, want = trial.ask("log_likelihood", x, centres, sigma), _by_definition(x, centres, sigma)
    trial.same("log p", got, want, DIGITS)


def _choice(trial: Trial, part: int, what: str) -> None:
    def test(case: tuple[Case, float, list[float]]) -> None:
        valid, centres, sigmas = _near(trial, case)
        answer = trial.fields(trial.ask("choose_sigma", valid, centres, sigmas), "sigma", "mean")
        _number(trial, what, answer[part], _best(valid, centres, sigmas)[part])

    trial.forall(_CHOICES, test, _fewer)


def _table(trial: Trial, part: int, what: str) -> None:
    """Validation examples near the centres and test examples far from them, or the other way round.

    The standard error may be with m or with m - 1 in the standard deviation: both are in use.
    """

    def test(case: tuple[Case, float, float, int]) -> None:
        sizes, near, away, count = case
        valid, centres, sigmas = _near(trial, (sizes, near, SIGMAS[0]))
        rng = trial.rng(count)
        test = centres[rng.integers(0, len(centres), count)] + away * rng.standard_normal((count, sizes[2]))
        sigma, _ = _best(valid, centres, sigmas)
        nats = _by_definition(test, centres, sigma)
        errors = [nats.std(ddof=less) / sqrt(len(test)) for less in (0, 1)]
        answer = trial.fields(trial.ask("of_table1", valid, test, centres, sigmas), "sigma", "mean", "error")[
            part
        ]
        want = [sigma, float(nats.mean()), errors[0]][part]
        if part == 2 and isinstance(answer, float) and abs(answer - errors[1]) <= DIGITS:
            answer = errors[0]
        _number(trial, what, answer, want)

    trial.forall([((7, 5, 3), 0.15, 0.7, 12), ((9, 4, 2), 0.9, 0.1, 5), ((3, 6, 4), 0.1, 0.4, 30)], test)


def _number(trial: Trial, what: str, got: Any, want: float) -> None:
    trial.same(what, np.array(got) if isinstance(got, float) else got, np.array(want), DIGITS)


def _by_definition(x: np.ndarray, centres: np.ndarray, sigma: float) -> np.ndarray:
    """Example by example; logaddexp adds two terms without leaving the logarithms."""
    x, centres = x.astype(float), centres.astype(float)
    n, d = centres.shape
    exponents = [-((row - centres) ** 2).sum(axis=1) / (2 * sigma**2) for row in x]
    total = np.array([np.logaddexp.reduce(of_row) for of_row in exponents])
    return total - log(n) - d * log(sigma * sqrt(2 * pi))


def _best(valid: np.ndarray, centres: np.ndarray, sigmas: list[float]) -> tuple[float, float]:
    means = [float(_by_definition(valid, centres, sigma).mean()) for sigma in sigmas]
    return max(zip(sigmas, means, strict=True), key=lambda pair: pair[1])


def _points(trial: Trial, case: Case) -> list[np.ndarray]:
    m, n, d = case
    rng = trial.rng(*case)
    return [rng.standard_normal((m, d)), rng.standard_normal((n, d))]


_CHOICES = [
    ((m, n, d), away, sigmas)
    for sigmas in SIGMAS
    for (m, n, d), away in (
        ((6, 4, 2), 0.1),
        ((8, 5, 3), 0.5),
        ((5, 3, 1), 1.2),
        ((7, 3, 40), 0.25),
        ((6, 4, 20), 0.02),
        ((2, 3, 2), 0.3),
    )
]


def _near(trial: Trial, case: tuple[Case, float, list[float]]) -> list:
    """Examples about so far from a centre, but for one that is four times as far; the centres; the sigmas."""
    (m, n, d), away, sigmas = case
    rng = trial.rng(m, n, d, int(100 * away))
    centres = 3 * rng.standard_normal((n, d))
    steps = away * rng.standard_normal((m, d))
    steps[0] *= 4
    return [centres[rng.integers(0, n, m)] + steps, centres, sigmas]


def _fewer(case: tuple[Case, float, list[float]]) -> Iterator[tuple[Case, float, list[float]]]:
    sizes, away, sigmas = case
    for i in range(len(sigmas)) if len(sigmas) > 1 else ():
        yield sizes, away, [*sigmas[:i], *sigmas[i + 1 :]]
    yield from ((fewer, away, sigmas) for fewer in smaller(sizes))


one_centre = partial(_log_p, cases=[(1, 1, 1), (3, 1, 2), (2, 1, 5), (4, 1, 1)])
many_centres = partial(_log_p, cases=[(3, 2, 1), (4, 5, 2), (2, 7, 3), (3, 3, 3), (5, 4, 1), (1, 6, 4)])
chosen = partial(_choice, part=0, what="the chosen sigma")
chosen_mean = partial(_choice, part=1, what="the mean")
table_sigma = partial(_table, part=0, what="sigma")
table_mean = partial(_table, part=1, what="the mean")
table_error = partial(_table, part=2, what="the standard error")
