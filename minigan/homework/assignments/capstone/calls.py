"""The library with all of the student's files in it plays a game on the ring.  Runs in the judged process.

Every name is looked up in minigan as it is used, and is the student's wherever a file of theirs has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan import algorithm1, game, gradcheck, nn, ops, optim, parzen, theory
from minigan.backend import Backend
from minigan.random import Stream, Streams
from minigan.tensor import Tensor

BATCH, NOISE, UNITS, PIECES, KEEP, EPOCHS = 64, 2, 32, 2, 0.9, 20
RATES = 0.08, 0.015  # D's learning rate, at first and in the end; G's is half of it
SAMPLES = 2000


def train(target: Any, updates: int, _seed: int, _data: np.ndarray) -> dict[str, Any]:
    """A game on the ring: this many updates of Algorithm 1, and then samples of G

    The losses of the updates, samples (n, 2), and how the parameters stand at the end: all of them finite?
    """
    played = _game(_seed, _data, updates)
    losses = []
    for t in range(updates):
        update = algorithm1.alternating(played, t)
        losses.append([float(update.d_loss), float(update.g_loss)])
    z = Tensor(played.streams("sample").normal((SAMPLES, NOISE)))
    parameters = [p.data for p in played.G.parameters() + played.D.parameters()]
    return {
        "losses": np.array(losses),
        "samples": np.asarray(played.G(z, None).data),
        "finite": all(bool(np.isfinite(p).all()) for p in parameters),
    }


def measure(
    target: Any, samples: np.ndarray, valid: np.ndarray, test: np.ndarray, p: np.ndarray, q: np.ndarray
) -> list[float]:
    """Table 1's three numbers for these samples; C(G) and JSD of p and q; the error of D's gradient

    That is: parzen.of_table1, theory.criterion and theory.jsd, gradcheck.
    """
    table = parzen.of_table1(valid, test, samples, [0.05, 0.1, 0.2, 0.6])
    inputs = valid[:6].astype(float), valid[6:8].astype(float).T[:, :1], np.zeros(1)
    error = gradcheck.gradcheck(lambda x, W, b: _discriminator_loss(ops.affine(x, W, b)), *inputs)
    return [float(number) for number in (*table, theory.criterion(p, q), theory.jsd(p, q), error)]


def _game(seed: int, data: np.ndarray, updates: int) -> algorithm1.Game:
    backend = Backend("numpy", "float32")
    streams = Streams(seed, backend)
    G = nn.Sequential(
        _Hidden(NOISE, UNITS, streams("G", 0)),
        _Hidden(UNITS, UNITS, streams("G", 1)),
        nn.Linear(UNITS, 2, streams("G", 2), f=ops.affine),
    )
    D = nn.Sequential(
        _Maxout(2, UNITS, streams("D", 0)),
        _Dropout(),
        _Maxout(UNITS, UNITS, streams("D", 1)),
        nn.Linear(UNITS, 1, streams("D", 2), f=ops.affine),
    )

    def optimiser(player: nn.Layer, slower: int) -> optim.Momentum:
        start, end = (rate / slower for rate in RATES)
        rate = optim.exponential_decay(start, (start / end) ** (1 / updates), end)
        return optim.Momentum(player.parameters(), rate, optim.linear_ramp(0.5, 0.7, EPOCHS))

    per_epoch = -(-updates // EPOCHS)
    return algorithm1.Game(
        G=G,
        D=D,
        data=_Ring(data.astype(np.float32), per_epoch, streams),
        prior=lambda rng: rng.normal((BATCH, NOISE)),
        streams=streams,
        optimiser_G=optimiser(G, 2),
        optimiser_D=optimiser(D, 1),
        generator_loss=game.non_saturating,
        discriminator_loss=_discriminator_loss,
        k=1,
    )


def _discriminator_loss(a: Tensor) -> Tensor:
    """-V, of operations alone: -log D of the first half of the logits, -log(1 - D) of the second."""
    m = len(a.data) // 2
    signs = np.where(np.arange(2 * m) < m, -1, 1).astype(a.dtype)[:, None]
    return ops.mul(ops.sum(ops.softplus(ops.mul(a, Tensor(signs)))), 1 / m)


class _Hidden(nn.Layer):
    """leaky_relu(x W + b)"""

    def __init__(self, inputs: int, outputs: int, rng: Stream) -> None:
        self.linear = nn.Linear(inputs, outputs, rng, f=ops.affine)

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return ops.leaky_relu(self.linear(x, rng))

    def named_parameters(self) -> dict[str, Tensor]:
        return self.linear.named_parameters()


class _Maxout(_Hidden):
    """maxout(x W + b)"""

    def __init__(self, inputs: int, units: int, rng: Stream) -> None:
        super().__init__(inputs, PIECES * units, rng)

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return ops.maxout(self.linear(x, rng), PIECES)


class _Dropout(nn.Layer):
    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return x if rng is None else ops.dropout(x, KEEP, rng)


class _Ring:
    """Minibatches drawn from points."""

    def __init__(self, points: np.ndarray, per_epoch: int, streams: Streams) -> None:
        self.points, self.per_epoch, self.streams = points, per_epoch, streams

    def minibatch(self, i: int) -> np.ndarray:
        rows = self.streams("data", i).uniform((BATCH,)) * len(self.points)
        return self.points[rows.astype(int)]
