"""Before the game: G matches moments of the data, and there is no D.

Two moments first, mean and covariance; then all of them at once, by a kernel: the maximum mean discrepancy,

    MMD^2 = E k(x, x') - 2 E k(x, y) + E k(y, y'),    k(a, b) = sum_sigma exp(-|a - b|^2 / 2 sigma^2),

is 0 only where x and y have one distribution (Gretton et al. 2012).  G descends it on minibatches: generative
moment matching networks (Li et al. 2015; Dziugaite et al. 2015).  The same number, among many
random splits of the pooled points, is a test of whether two samples have one distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigan import data, ops
from minigan.backend import Backend
from minigan.data import Minibatches
from minigan.modes import ceiling, coverage
from minigan.ops import mean
from minigan.random import Stream, Streams
from minigan.successors.networks import adam, mlp
from minigan.tensor import Array, Tensor, backward

LOSSES = ("two moments", "MMD")
TESTED = 500  # points of each of the two samples of a test, and of those that are drawn


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    data: str = "ring8"
    updates: int = 3000
    batch: int = 200
    units: int = 128
    z: int = 2
    sigmas: tuple[float, ...] = (0.02, 0.1, 0.5, 1.0)
    learning_rate: float = 1e-3
    decay: float = 1.0005
    samples: int = 2500
    splits: int = 200


def two_moments(x: Tensor, y: Tensor) -> Tensor:
    """|mean x - mean y|^2 + |cov x - cov y|^2"""

    def both(a: Tensor) -> tuple[Tensor, Tensor]:
        centred = a - mean(a, axis=0)
        return mean(a, axis=0), ops.transpose(centred) @ centred / len(a.data)

    (m, C), (n, E) = both(x), both(y)
    return ops.sum((m - n) ** 2) + ops.sum((C - E) ** 2)


def mmd2(x: Tensor, y: Tensor, sigmas: Sequence[float]) -> Tensor:
    """MMD^2 with the means over all pairs, an example and itself among them        x (m, d), y (n, d)"""

    def k(a: Tensor, b: Tensor) -> Tensor:
        lengths = [ops.sum(c * c, axis=1, keepdims=True) for c in (a, b)]
        squares = lengths[0] + ops.transpose(lengths[1]) - (a @ ops.transpose(b)) * 2
        first, *others = (ops.exp(squares * (-0.5 / sigma**2)) for sigma in sigmas)
        return mean(sum(others, first))

    return k(x, x) - k(x, y) * 2 + k(y, y)


def p_value(x: Array, y: Array, sigmas: Sequence[float], splits: int, rng: Stream) -> float:
    """How often a random split of the pooled points has at least their MMD        x, y (n, d) NumPy's

    Small where x and y are from two distributions; from one, every value from 0 to 1 is equally likely.
    """
    both = np.concatenate([x, y]).astype(np.float64)
    lengths = (both * both).sum(axis=1)
    squares = lengths[:, None] + lengths - 2 * both @ both.T
    kernel = sum(np.exp(-0.5 * squares / sigma**2) for sigma in sigmas)

    def statistic(order: Array) -> float:
        sign = np.ones(len(both))
        sign[order[len(x) :]] = -len(x) / len(y)
        return sign @ kernel @ sign

    here = statistic(np.arange(len(both))) * (1 - 1e-12)
    return float(np.mean([statistic(rng.permutation(len(both))) >= here for _ in range(splits)]))


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each loss the modes, the share of high quality, the p-value and samples; the data's beside it.

    ValueError where the data are no mixture.
    """
    dataset = data.load(settings.data)
    if not isinstance(dataset, data.Mixture):
        raise ValueError(f"moments: expected a mixture, got {settings.data}")
    streams = Streams(seed, Backend())
    found: dict[str, Any] = {
        "ceiling": ceiling(dataset.modes.shape[1]),
        "modes": len(dataset.modes),
        "losses": {},
    }
    test = dataset.test[: settings.samples]
    halves = dataset.test[:TESTED], dataset.valid[:TESTED]
    found["p_of_data"] = p_value(*halves, settings.sigmas, settings.splits, streams("splits"))
    found["real"] = test[:TESTED].tolist()
    for name in LOSSES:
        fake = _train(name, dataset, streams, settings)
        covered = coverage(fake, dataset.modes, dataset.std)
        p = p_value(fake[:TESTED], test[:TESTED], settings.sigmas, settings.splits, streams("splits"))
        found["losses"][name] = {
            "modes": covered.modes,
            "high_quality": covered.high_quality,
            "p": p,
            "samples": fake[:TESTED].tolist(),
        }
        say(
            f"{name:12}  {covered.modes} of {len(dataset.modes)} modes, "
            f"{100 * covered.high_quality:.1f} % on them (the data {100 * found['ceiling']:.1f})   "
            f"MMD test p = {p:.3f} (two samples of the data {found['p_of_data']:.3f})"
        )
    return found


def _train(name: str, dataset: data.Mixture, streams: Streams, settings: Settings) -> Array:
    """Samples of a generator trained with that loss"""
    batches = Minibatches(dataset.train, settings.batch, streams, streams.backend, dataset.prepare)
    G = mlp([settings.z, settings.units, settings.units, dataset.train.shape[1]], streams("init"))
    optimiser = adam(G, settings.learning_rate, beta1=0.9, decay=settings.decay)
    for t in range(settings.updates):
        x = Tensor(batches.minibatch(t))
        y = G(Tensor(streams("noise", t).normal((settings.batch, settings.z))), None)
        loss = two_moments(x, y) if name == "two moments" else mmd2(x, y, settings.sigmas)
        backward(loss, wrt=G.parameters())
        optimiser.step(t, 0)
    return G(Tensor(streams("sample").normal((settings.samples, settings.z))), None).data
