"""A small digits game, played live: maxout and dropout, Algorithm 1, and ways to break it.

Small enough for a minute in a browser; the recipe of the command is larger and takes longer (paper.py).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from minigan import data
from minigan.algorithm1 import Game, Update, alternating, g_step
from minigan.backend import Backend
from minigan.data import Minibatches
from minigan.game import minimax, non_saturating
from minigan.nn import Dropout, Layer, Linear, Maxout, Sequential
from minigan.ops import affine_relu, affine_sigmoid, logistic
from minigan.optim import Adam, Momentum
from minigan.random import Stream, Streams
from minigan.tensor import Array, Tensor

Z, HIDDEN, UNITS, PIECES = 16, 64, 32, 3
KEEP_INPUT, KEEP_HIDDEN = 0.8, 0.5
BATCH, LR_G, LR_D, BETA1, LR_PLAIN = 50, 1e-3, 2e-3, 0.5, 0.1
UPDATES = 4000  # the whole game
SHOWN = 60  # samples, always of the same z


@dataclass(frozen=True)
class Way:
    """How the game is played.

    saturating: G descends log(1 - D(G(z))) by plain gradient steps, whose size is the gradient's. Adam divides
    by that size, and so hides saturation.
    """

    saturating: bool = False
    faster: float = 1.0  # than the recipe, both players
    momentum: float = BETA1
    D_moves: bool = True


WAYS = {
    "well": Way(),
    "collapse": Way(D_moves=False, faster=5),  # "the Helvetica scenario" (paper, section 6)
    "oscillation": Way(faster=2, momentum=0.95),
    "saturation": Way(saturating=True),
}


class Digits:
    """The game at update t."""

    def __init__(self) -> None:
        self.way = WAYS["well"]
        self.dataset = data.load("digits")
        self.begin(seed=1)

    def begin(self, seed: int) -> None:
        backend = Backend("numpy", "float32")
        streams = Streams(seed, backend)
        G, D = generator(streams("init", 0)), discriminator(streams("init", 1))
        batches = Minibatches(self.dataset.train, BATCH, streams, backend, self.dataset.prepare)
        self.adam_G = Adam(G.parameters(), lambda t: LR_G * self.way.faster)
        self.adam_D = Adam(D.parameters(), lambda t: LR_D * self.way.faster)
        self.plain = Momentum(G.parameters(), lambda t: LR_PLAIN, lambda epoch: 0.0)
        self.game = Game(G, D, batches, lambda rng: prior(rng, BATCH), streams, self.adam_G, self.adam_D)
        self.z = Tensor(prior(streams("sample"), SHOWN))
        self.t, self.D_real, self.D_fake = 0, 0.5, 0.5

    def change(self, way: str | None = None, seed: int | None = None) -> None:
        """Play on in another of WAYS; a seed begins anew."""
        self.way = WAYS[way] if way else self.way
        if seed is not None:
            self.begin(seed)

    def play(self, updates: int) -> None:
        for _ in range(updates):
            self._update()

    def frame(self, seconds: float) -> dict:
        """Play for so long, one update at least; what there is to see then."""
        end = time.perf_counter() + seconds
        self._update()
        while time.perf_counter() < end and self.t < UPDATES:
            self._update()
        pictures = self.dataset.restore(self.game.G(self.z, None).data)
        return {
            "t": self.t,
            "over": self.t >= UPDATES,
            "pictures": np.rint(255 * pictures).astype(np.uint8).tobytes(),
            "real": self.D_real,
            "fake": self.D_fake,
        }

    def _update(self) -> None:
        game, t = self.game, self.t
        game.generator_loss = minimax if self.way.saturating else non_saturating
        game.optimiser_G = self.plain if self.way.saturating else self.adam_G
        self.adam_G.beta1 = self.adam_D.beta1 = self.way.momentum
        if self.way.D_moves:
            self._watch(alternating(game, t))
        else:
            g_step(game, Tensor(game.prior(game.streams("noise", t))), game.streams("dropout", t), t, 0)
        self.t += 1

    def _watch(self, update: Update) -> None:
        """What D says of real and of generated digits, smoothed over some 30 updates."""
        self.D_real += (float(logistic(update.a_real).mean()) - self.D_real) / 30
        self.D_fake += (float(logistic(update.a_fake).mean()) - self.D_fake) / 30


def generator(rng: Stream) -> Layer:
    return Sequential(
        Linear(Z, HIDDEN, rng, 0.15, affine_relu),
        Linear(HIDDEN, HIDDEN, rng, 0.15, affine_relu),
        Linear(HIDDEN, 64, rng, 0.15, affine_sigmoid),
    )


def discriminator(rng: Stream) -> Layer:
    return Sequential(
        Dropout(KEEP_INPUT),
        Maxout(64, UNITS, PIECES, rng, 0.1),
        Dropout(KEEP_HIDDEN),
        Maxout(UNITS, UNITS, PIECES, rng, 0.1),
        Dropout(KEEP_HIDDEN),
        Linear(UNITS, 1, rng, 0.1),
    )


def prior(rng: Stream, m: int) -> Array:
    return rng.uniform((m, Z), -1.7, 1.7)
