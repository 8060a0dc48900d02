"""What is checked.  The judge draws the data from the ring, and looks at the samples that come back."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

import numpy as np

from minigan.homework.judging.judge import Failed, Trial
from minigan.modes import coverage

MODES = np.array([(np.cos(angle), np.sin(angle)) for angle in 2 * pi * np.arange(8) / 8])
STD = 0.1
POINTS = 2000
GAMES, UPDATES = 3, 700
COVERED, NEAR = 7, 0.5  # modes that have to be covered; the share of the samples that has to be near one
ENOUGH = 20  # samples within three STD that cover a mode: a hundredth of all
SIGMAS = [0.05, 0.1, 0.2, 0.6]


def runs(trial: Trial) -> None:
    losses, samples, finite = _played(trial, 20, 0)
    trial.expect(finite, "the samples or the parameters are not finite", "finite")
    trial.same("the losses: how many are finite", np.isfinite(losses).sum(axis=0) / 1.0, np.full(2, 20.0))
    trial.expect(samples.std() > 0, "all samples of G are the same number", "spread")


def measured(trial: Trial) -> None:
    _, samples, _ = _played(trial, 20, 0)
    valid, test = _points(trial, 1)[:50], _points(trial, 2)[:60]
    samples = samples[:300].astype(float)
    p, q = (trial.rng(3 + i).dirichlet(np.ones(8)) for i in range(2))
    answer = trial.ask("measure", samples, valid, test, p, q)
    if not isinstance(answer, list) or len(answer) != 6 or not all(type(n) is float for n in answer):
        raise Failed("expected six numbers")
    best = max(SIGMAS, key=lambda sigma: _log_p(valid, samples, sigma).mean())
    nats = _log_p(test, samples, best)
    trial.same("sigma and the mean", np.array(answer[:2]), np.array([best, nats.mean()]), tolerance=1e-6)
    error = np.array(nats.std() / sqrt(len(test)))  # with m or m - 1, as hw12 leaves it open
    trial.same("the standard error", np.array(answer[2]), error, tolerance=0.02)
    jsd = (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))).sum() / 2
    trial.same("C(G) and JSD", np.array(answer[3:5]), np.array([2 * jsd - log(4), jsd]))
    trial.expect(
        0 <= answer[5] < 1e-5, f"your gradient check finds an error of {answer[5]:.2g} in your D's loss"
    )


def ring(trial: Trial) -> None:
    found = []
    for number in range(GAMES):
        losses, samples, finite = _played(trial, UPDATES, number)
        if not finite:
            bad = int((~np.isfinite(losses)).any(axis=1).argmax())
            found.append(f"numbers that are not finite, from update {bad} on")
            continue
        of = coverage(samples, MODES, STD)
        covered = int((of.counts >= ENOUGH).sum())
        found.append(f"{covered} of {len(MODES)} modes with {of.high_quality:.0%} of the samples near one")
        if covered >= COVERED and of.high_quality >= NEAR:
            return trial.expect(True, "")
    wanted = f"in one of {GAMES} games at least {COVERED} modes, and {NEAR:.0%} of the samples near one"
    trial.expect(False, f"expected {wanted}; got {'; '.join(found)}")


def _played(trial: Trial, updates: int, number: int) -> tuple[np.ndarray, np.ndarray, bool]:
    seed = int(trial.rng(number).integers(1 << 32))
    answer = trial.ask("train", updates, seed, _points(trial, 0))
    losses, samples, finite = trial.fields(answer, "losses", "samples", "finite")
    _of_form("the losses", losses, (updates, 2))
    _of_form("samples", samples, (POINTS, 2))
    return losses, samples, finite is True and bool(np.isfinite(samples).all())


def _of_form(what: str, got: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(got, np.ndarray) or got.dtype.kind != "f" or got.shape != shape:
        raise Failed(f"{what}: expected numbers of shape {shape}")


def _points(trial: Trial, part: int) -> np.ndarray:
    rng = trial.rng(100 + part)
    return MODES[rng.integers(0, len(MODES), POINTS)] + STD * rng.standard_normal((POINTS, 2))


def _log_p(x: np.ndarray, centres: np.ndarray, sigma: float) -> np.ndarray:
    exponents = -((x[:, None] - centres) ** 2).sum(axis=2) / (2 * sigma**2)
    return np.logaddexp.reduce(exponents, axis=1) - log(len(centres)) - 2 * log(sigma * sqrt(2 * pi))
