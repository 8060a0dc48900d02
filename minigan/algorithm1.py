"""Algorithm 1 of the paper: minibatch stochastic gradient descent training of generative adversarial nets.

`alternating` is the box, line for line.  `simultaneous` is what the authors' released code ran: both
players' gradients at the same point, on the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from minigan.game import Loss, discriminator_loss, non_saturating
from minigan.nn import Layer
from minigan.ops import concatenate
from minigan.optim import Optimiser
from minigan.random import Stream, Streams
from minigan.tensor import Array, Tensor, backward


class Data(Protocol):
    """p_data: minibatch(i) is the i-th of the run, (m, features); `per_epoch` of them are one pass."""

    per_epoch: int

    def minibatch(self, i: int) -> Array:
        """Minibatch i, (m, features), in the backend's dtype."""


@dataclass
class Game:
    """Two players, the data they play about, and the rules."""

    G: Layer
    D: Layer  # gives logits a: D(x) = sigmoid(a)
    data: Data
    prior: Callable[[Stream], Array]  # m samples of p_g(z), (m, dimensions)
    streams: Streams
    optimiser_G: Optimiser
    optimiser_D: Optimiser
    generator_loss: Loss = non_saturating  # of D's logits on m samples
    discriminator_loss: Loss = discriminator_loss  # on m examples and, below them, m samples
    k: int = 1
    weighted: Loss = lambda loss: loss  # by its rows, where several workers share a minibatch


class Update(NamedTuple):
    """What one update leaves to look at: arrays on the backend, not fetched."""

    d_loss: Array
    g_loss: Array
    a_real: Array
    a_fake: Array


def alternating(game: Game, t: int) -> Update:
    """One pass through the outer loop of Algorithm 1: k steps of D, then one of G."""
    k = game.k
    epoch = t * k // game.data.per_epoch
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)

    for i in range(t * k, t * k + k):
        z = Tensor(game.prior(noise))  # a minibatch of m noise samples from p_g(z)
        x = Tensor(game.data.minibatch(i))  # a minibatch of m examples from p_data(x)
        d_loss, a_real, a_fake = d_step(game, x, z, dropout, i, epoch)  # ascend V

    z = Tensor(game.prior(noise))  # fresh noise for G
    g_loss = g_step(game, z, dropout, t, epoch)  # descend by theta_g
    return Update(d_loss, g_loss, a_real, a_fake)


def d_step(
    game: Game, x: Tensor, z: Tensor, dropout: Stream | None, i: int, epoch: int
) -> tuple[Array, Array, Array]:
    """Ascend V by theta_d: D's step number i descends its loss, -V times a factor.

    D judges examples and samples in one pass; a D with batch norm would take its statistics over both.
    dropout: None for none.  Returns the loss, and D's logits on x and on G(z).
    """
    a = game.D(concatenate([x, game.G(z, dropout)]), dropout)
    loss = game.discriminator_loss(a)
    backward(loss, wrt=game.D.parameters())
    game.optimiser_D.step(i, epoch)
    m = len(a.data) // 2  # a D may judge several examples at once
    return loss.data, a.data[:m], a.data[m:]


def g_step(game: Game, z: Tensor, dropout: Stream | None, t: int, epoch: int) -> Array:
    """Descend by theta_g, through D and its dropout: G's step number t.  Returns G's loss."""
    loss = game.generator_loss(game.D(game.G(z, dropout), dropout))
    backward(loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, epoch)
    return loss.data


def simultaneous(game: Game, t: int) -> Update:
    """Both gradients at the old parameters; D and G share z, G(z) and the dropout masks on it.

    D's pass over the samples is done once.  k has no meaning here: ValueError unless it is 1.
    """
    if game.k != 1:
        raise ValueError(f"simultaneous: expected k = 1, got {game.k}; use alternating")
    G, D = game.G, game.D
    epoch = t // game.data.per_epoch
    dropout = game.streams("dropout", t)

    z = Tensor(game.prior(game.streams("noise", t)))
    x = Tensor(game.data.minibatch(t))
    a_real = D(x, dropout)
    a_fake = D(G(z, dropout), dropout)
    d_loss = game.discriminator_loss(concatenate([a_real, a_fake]))
    g_loss = game.generator_loss(a_fake)
    backward(d_loss, wrt=D.parameters(), keep_graph=True)
    backward(g_loss, wrt=G.parameters())
    game.optimiser_D.step(t, epoch)
    game.optimiser_G.step(t, epoch)
    return Update(d_loss.data, g_loss.data, a_real.data, a_fake.data)


UPDATES: dict[str, Callable[[Game, int], Update]] = {"alternating": alternating, "simultaneous": simultaneous}


def train(
    game: Game, update: Callable[[Game, int], Update], start: int, stop: int
) -> Iterator[tuple[int, Update]]:
    """Play updates start, ..., stop - 1; update t is the same whatever was played before it is called on."""
    for t in range(start, stop):
        yield t, update(game, t)
