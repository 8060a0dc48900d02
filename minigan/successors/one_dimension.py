"""Three modes on a line, where the distance W1 can be computed, and five games that want to make it small.

W1 of two samples of equal size on a line is the mean distance of their sorted points.  So what D estimates
can be compared with the truth, update by update: by a gradient penalty the estimate is in the units of x;
by weight clipping it is in units that nobody knows; the paper's loss is no distance at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minigan.algorithm1 import Game, Update, alternating
from minigan.backend import Backend
from minigan.data import mixtures
from minigan.game import discriminator_loss, non_saturating
from minigan.optim import Optimiser
from minigan.random import Stream, Streams
from minigan.successors.losses import Clipped, upwards, wasserstein
from minigan.successors.networks import adam, mlp
from minigan.successors.penalty import penalised
from minigan.tensor import Array, Tensor

MODES, STD = (-2.0, 0.0, 2.0), 0.1
GAMES = ("one-sided penalty", "two-sided penalty", "clipping", "GAN")


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    updates: int = 600
    batch: int = 100
    units: int = 64
    k: int = 5
    learning_rate_G: float = 3e-4
    learning_rate_D: float = 1e-3
    penalty: float = 10.0
    clip: float = 0.1
    every: int = 10
    points: int = 2000


class Line:
    """p_data: three normal distributions of standard deviation .1, at -2, 0 and 2"""

    per_epoch = 1000

    def __init__(self, streams: Streams, batch: int) -> None:
        self.streams, self.batch = streams, batch

    def minibatch(self, i: int) -> Array:
        return sample(self.streams("data", i), self.batch)


def sample(rng: Stream, count: int) -> Array:
    """(count, 1)"""
    return mixtures.sample(np.array(MODES, rng.dtype)[:, None], STD, count, rng)


def w1(x: Array, y: Array) -> float:
    """W1 of two samples of equal size on a line, (m,) or (m, 1): the mean distance of their sorted points

    Of all ways to carry the points x to the points y, the one that keeps their order is the cheapest.
    ValueError where the shapes differ.
    """
    if x.shape != y.shape:
        raise ValueError(f"w1: got samples of shapes {x.shape} and {y.shape}; expected the same")
    return float(abs(np.sort(x, axis=0) - np.sort(y, axis=0)).mean())


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each game lists of update, exact W1 and estimate, and their means over the last quarter."""
    streams = Streams(seed, Backend())
    a, b = (sample(streams("floor", i), settings.points) for i in range(2))
    found: dict[str, Any] = {"floor": w1(a, b), "games": {}}
    for name in GAMES:
        track = play(name, seed, settings)
        last = len(track["exact"]) - len(track["exact"]) // 4
        exact, estimate = (float(np.mean(track[what][last:])) for what in ("exact", "estimate"))
        summary = {"first": track["exact"][0], "exact": exact, "estimate": estimate}
        found["games"][name] = track | {"summary": summary}
        say(
            f"{name:18}  exact W1 {summary['first']:.3f} to {exact:.3f}   D's estimate of it {estimate:.3f} "
            f"({estimate / exact:.2f} of it)"
        )
    return found


def play(name: str, seed: int, settings: Settings) -> dict[str, Any]:
    """One game: lists update, exact, estimate, and the samples of its end."""
    streams = Streams(seed, Backend())
    game, update = _game(name, streams, settings)
    x = sample(streams("test"), settings.points)
    z = Tensor(streams("testz").normal((settings.points, 1)))
    track: dict[str, Any] = {"update": [], "exact": [], "estimate": []}
    for t in range(settings.updates):
        update(game, t)
        if (t + 1) % settings.every == 0:
            fake = np.sort(game.G(z, None).data, axis=0)
            heights = (game.D(Tensor(points), None).data.mean() for points in (x, fake))
            track["update"].append(t + 1)
            track["exact"].append(w1(x, fake))
            track["estimate"].append(float(next(heights) - next(heights)))
    return track | {"samples": fake[:, 0].tolist()}


def _game(name: str, streams: Streams, settings: Settings) -> tuple[Game, Callable[[Game, int], Update]]:
    G = mlp([1, settings.units, settings.units, 1], streams("init", 0))
    D = mlp([1, settings.units, settings.units, 1], streams("init", 1), slope=0.2)
    of_G = adam(G, settings.learning_rate_G, beta1=0.0)
    of_D: Optimiser = adam(D, settings.learning_rate_D, beta1=0.0)
    if name == "clipping":
        of_D = Clipped(of_D, D.parameters(), settings.clip)
    paper = name == "GAN"
    d_loss, g_loss = (discriminator_loss, non_saturating) if paper else (wasserstein, upwards)
    data = Line(streams, settings.batch)
    prior = partial(_noise, settings.batch)
    game = Game(G, D, data, prior, streams, of_G, of_D, g_loss, d_loss, settings.k)
    if name.endswith("penalty"):
        one_sided = name.startswith("one")
        return game, partial(penalised, scale=settings.penalty, one_sided=one_sided)
    return game, alternating


def _noise(batch: int, rng: Stream) -> Array:
    return rng.normal((batch, 1))
