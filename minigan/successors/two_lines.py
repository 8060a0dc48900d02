"""Two parallel lines: where the paper's game is flat, and the Wasserstein distance is not.

p_data is uniform on (0, u), p_g on (theta, u), u from 0 to 1 (Arjovsky et al. 2017, example 1).  The two
have no point in common unless theta = 0, so a perfect D tells them apart at any distance: JSD = log 2, with
slope 0 by theta.  The distance over which the mass has to be carried is W1 = abs(theta).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Any

from minigan import game
from minigan.backend import Backend
from minigan.nn import Layer
from minigan.ops import concatenate, mean
from minigan.random import Stream, Streams
from minigan.successors.losses import upwards, wasserstein
from minigan.successors.networks import adam, mlp
from minigan.successors.penalty import between, gradient_penalty
from minigan.tensor import Array, Tensor, backward


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    thetas: tuple[float, ...] = (-1.0, -0.5, -0.25, -0.1, 0.1, 0.25, 0.5, 1.0)
    updates: int = 1000
    batch: int = 100
    units: int = 64
    learning_rate: float = 1e-3
    decay: float = 1.003
    penalty: float = 10.0


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each theta what D makes of the two lines, JSD and W1, and the slopes by theta that G sees."""
    rows = []
    for theta in settings.thetas:
        js, js_slope = jensen_shannon(theta, seed, settings)
        w, w_slope = distance(theta, seed, settings)
        rows.append({"theta": theta, "js": js, "js_slope": js_slope, "w": w, "w_slope": w_slope})
        say(
            f"theta {theta:5.2f}:  JSD {js:.3f} (log 2 = {log(2):.3f}), slope {js_slope:+.5f}   "
            f"W1 {w:.3f} (exact {abs(theta):.2f}), slope {w_slope:+.3f}"
        )
    return {
        "rows": rows,
        "worst_w": max(abs(row["w"] - abs(row["theta"])) for row in rows),
        "worst_js": max(abs(row["js"] - log(2)) for row in rows),
    }


def jensen_shannon(theta: float, seed: int, settings: Settings) -> tuple[float, float]:
    """V(D, G) / 2 + log 2 for a trained D, and the slope of the minimax loss by theta"""

    def loss(D: Layer, x: Array, fake: Array, rng: Stream) -> Tensor:
        return game.discriminator_loss(D(Tensor(_both(x, fake)), None))

    D, streams = _trained(theta, seed, settings, loss)
    real, fake = (Tensor(_line(streams("test"), at, 2000)) for at in (0.0, theta))
    value = game.value(D(real, None), D(fake, None))
    return float(value.data) / 2 + log(2), _slope(game.minimax, D, fake)


def distance(theta: float, seed: int, settings: Settings) -> tuple[float, float]:
    """mean D(x) - mean D(G(z)) for a D whose slopes are kept near 1, and the slope of G's loss by theta

    The best D has the slope 1 + abs(theta) / (2 penalty), where s abs(theta) - penalty (s - 1)^2 is largest.
    So the estimate comes out theta^2 / (2 penalty) too large.
    """

    def loss(D: Layer, x: Array, fake: Array, rng: Stream) -> Tensor:
        penalty = gradient_penalty(D, between(x, fake, rng))
        return wasserstein(D(Tensor(_both(x, fake)), None)) + penalty * settings.penalty

    D, streams = _trained(theta, seed, settings, loss)
    real, fake = (Tensor(_line(streams("test"), at, 2000)) for at in (0.0, theta))
    value = mean(D(real, None)) - mean(D(fake, None))
    return float(value.data), _slope(upwards, D, fake)


def _trained(
    theta: float, seed: int, settings: Settings, loss: Callable[[Layer, Array, Array, Stream], Tensor]
) -> tuple[Layer, Streams]:
    streams = Streams(seed, Backend())
    D = mlp([2, settings.units, settings.units, 1], streams("init"), slope=0.2)
    optimiser = adam(D, settings.learning_rate, decay=settings.decay)
    for t in range(settings.updates):
        rng = streams("data", t)
        x, fake = (_line(rng, at, settings.batch) for at in (0.0, theta))
        backward(loss(D, x, fake, rng), wrt=D.parameters())
        optimiser.step(t, 0)
    return D, streams


def _both(x: Array, fake: Array) -> Array:
    return concatenate([Tensor(x), Tensor(fake)]).data


def _line(rng: Stream, at: float, count: int) -> Array:
    """(at, u), u uniform from 0 to 1"""
    points = rng.uniform((count, 2))
    points[:, 0] = at
    return points


def _slope(loss: game.Loss, D: Layer, fake: Tensor) -> float:
    """d loss / d theta: all samples move together"""
    backward(loss(D(fake, None)), wrt=[fake])
    slopes: Array = fake.grad
    return float(slopes[:, 0].sum())
