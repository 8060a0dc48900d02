"""Figure 1's game, played live: a generator and a discriminator on the line, by Algorithm 1 and momentum SGD.

    p_data = sum of N(mean_i, STD^2) / number of modes,    z ~ U[-1, 1],    D* = p_data / (p_data + p_g)

Every setting can change between two updates; the game goes on from where it is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from minigan.algorithm1 import Game, alternating
from minigan.backend import Backend
from minigan.game import GENERATOR_LOSSES, discriminator_loss
from minigan.nn import Layer, Linear, Sequential
from minigan.ops import affine_tanh, logistic
from minigan.optim import Momentum
from minigan.random import Stream, Streams
from minigan.tensor import Array, Tensor
from minigan.theory import Normals, jsd, optimal_discriminator, value

X = np.linspace(-4, 4, 121)  # where the curves are shown
STD = 0.45
BATCH, UNITS = 128, 24
SLOWER = 10  # times G's learning rate is smaller than D's, so that D can stay near D*
WIDTH, SMOOTH = 0.04, 0.08  # of the histogram of G(z), and of the Gaussian that smooths it


@dataclass
class Settings:
    lr: float = 0.1
    k: int = 2
    momentum: float = 0.5
    loss: str = "non-saturating"
    seed: int = 1
    modes: Sequence[float] = (-1.4, 1.4)


@dataclass
class Modes:
    """p_data."""

    streams: Streams
    normals: Normals
    per_epoch: int = 1

    def minibatch(self, i: int) -> Array:
        return self.normals.sample(BATCH, self.streams("data", i)).astype(np.float32)


class Line:
    """The game at update t."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.begin()

    def begin(self) -> None:
        """From the start, with the seed of the settings."""
        streams = Streams(self.settings.seed, Backend("numpy", "float32"))
        G, D = net(streams("init", 0), 3.0), net(streams("init", 1), 1.0)

        def rate(t: int) -> float:
            return self.settings.lr

        def slower(t: int) -> float:
            return self.settings.lr / SLOWER

        def momentum(epoch: int) -> float:
            return self.settings.momentum

        players = Momentum(G.parameters(), slower, momentum), Momentum(D.parameters(), rate, momentum)
        box = partial(discriminator_loss, scale=1.0)
        self.game = Game(
            G, D, Modes(streams, _normals(())), _prior, streams, *players, discriminator_loss=box
        )
        self.t = 0
        self._play_by_the_settings()

    def change(self, **settings: object) -> None:
        """Play on with other settings; a new seed begins anew."""
        self.settings = replace(self.settings, **settings)
        if "seed" in settings:
            self.begin()
        self._play_by_the_settings()

    def _play_by_the_settings(self) -> None:
        self.game.k = int(self.settings.k)
        self.game.generator_loss = GENERATOR_LOSSES[self.settings.loss]
        self.game.data.normals = _normals(self.settings.modes)

    def play(self, updates: int) -> None:
        for _ in range(updates):
            alternating(self.game, self.t)
            self.t += 1

    def frame(self, seconds: float) -> dict:
        """Play for so long, one update at least; the curves then, V and the Jensen-Shannon divergence."""
        end = time.perf_counter() + seconds
        self.play(1)
        while time.perf_counter() < end:
            self.play(1)
        return self.curves()

    def curves(self) -> dict:
        """On X: p_data, p_g, D and D*."""
        p, q = self.game.data.normals.density(X), density(self._samples())
        D = logistic(self.game.D(Tensor(X[:, None].astype(np.float32)), None).data[:, 0]).astype(float)
        step = X[1] - X[0]
        return {
            "t": self.t,
            "x": X.tolist(),
            "data": p.tolist(),
            "p": q.tolist(),
            "D": D.tolist(),
            "best": optimal_discriminator(p, q).tolist(),
            "V": value(np.clip(D, 1e-12, 1 - 1e-12), p, q, step),
            "jsd": jsd(p, q, step),
        }

    def _samples(self) -> Array:
        """G(z) for z in the middles of equal parts of its interval: as p_z, without its luck."""
        z = 2 * (np.arange(1000, dtype=np.float32) + 0.5) / 1000 - 1
        return self.game.G(Tensor(z[:, None]), None).data[:, 0]


def net(rng: Stream, first: float) -> Layer:
    """1 -> UNITS -> UNITS -> 1; `first` is the scale of the first weights."""
    layers = [
        Linear(1, UNITS, rng, first, affine_tanh),
        Linear(UNITS, UNITS, rng, f=affine_tanh),
        Linear(UNITS, 1, rng, 0.3),
    ]
    layers[0].b.data[...] = rng.uniform(UNITS, -2, 2)
    return Sequential(*layers)


def density(x: Array) -> Array:
    """p_g on X: a histogram of the samples x, smoothed with a Gaussian."""
    edges = np.arange(-5, 5 + WIDTH / 2, WIDTH)
    histogram = np.histogram(x, edges)[0] / (len(x) * WIDTH)
    reach = np.arange(-3 * SMOOTH, 3 * SMOOTH + WIDTH / 2, WIDTH)
    kernel = np.exp(-(reach**2) / (2 * SMOOTH**2))
    middles = (edges[1:] + edges[:-1]) / 2
    return np.interp(X, middles, np.convolve(histogram, kernel / kernel.sum(), mode="same"))


def _prior(stream: Stream) -> Array:
    return stream.uniform((BATCH, 1), -1, 1)


def _normals(modes: Sequence[float]) -> Normals:
    means = tuple(map(float, modes)) or (0.0,)
    return Normals(means, (STD,) * len(means), (1 / len(means),) * len(means))
