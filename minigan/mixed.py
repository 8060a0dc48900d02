"""Two updates between the paper's box and its authors' program: each takes one thing from either.

`alternating` differs from `simultaneous` twice: G moves after D, and G meets fresh noise and fresh dropout
masks.  Here each difference comes without the other, so that an experiment can tell which of them matters.
"""

from __future__ import annotations

from collections.abc import Callable

from minigan.algorithm1 import Game, Update
from minigan.ops import concatenate
from minigan.random import Stream
from minigan.tensor import Array, Tensor, backward


def simultaneous_fresh(game: Game, t: int) -> Update:
    """Both gradients at the old parameters, as in `simultaneous`, but G's on noise and masks of its own."""
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    d_loss, a_real, a_fake = _gradient_of_D(game, t, Tensor(game.prior(noise)), dropout)
    g_loss = _gradient_of_G(game, Tensor(game.prior(noise)), dropout)
    epoch = t // game.data.per_epoch
    game.optimiser_D.step(t, epoch)
    game.optimiser_G.step(t, epoch)
    return Update(d_loss, g_loss, a_real, a_fake)


def alternating_shared(game: Game, t: int) -> Update:
    """G moves after D, as in `alternating`, but on the noise and by the masks that D has just met."""
    z = Tensor(game.prior(game.streams("noise", t)))
    epoch = t // game.data.per_epoch
    d_loss, a_real, a_fake = _gradient_of_D(game, t, z, game.streams("dropout", t))
    game.optimiser_D.step(t, epoch)
    g_loss = _gradient_of_G(game, z, game.streams("dropout", t))
    game.optimiser_G.step(t, epoch)
    return Update(d_loss, g_loss, a_real, a_fake)


def _gradient_of_D(game: Game, t: int, z: Tensor, dropout: Stream) -> tuple[Array, Array, Array]:
    """Left in D's parameters; the loss is returned, and D's logits on the examples and the samples.

    The samples are judged first: a new stream begins with their masks again.
    """
    a_fake = game.D(game.G(z, dropout), dropout)
    a_real = game.D(Tensor(game.data.minibatch(t)), dropout)
    loss = game.discriminator_loss(concatenate([a_real, a_fake]))
    backward(loss, wrt=game.D.parameters())
    return loss.data, a_real.data, a_fake.data


def _gradient_of_G(game: Game, z: Tensor, dropout: Stream) -> Array:
    """Left in G's parameters; the loss is returned."""
    loss = game.generator_loss(game.D(game.G(z, dropout), dropout))
    backward(loss, wrt=game.G.parameters())
    return loss.data


UPDATES: dict[str, Callable[[Game, int], Update]] = {
    "simultaneous-fresh": simultaneous_fresh,
    "alternating-shared": alternating_shared,
}
