"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from minigan import ops
from minigan.algorithm1 import Game, Update
from minigan.tensor import Tensor, backward


def alternating__as_hint_3(game: Game, t: int) -> Update:
    """All in one, and D judges real and generated samples in one call."""
    k = game.k
    epoch = t * k // game.data.per_epoch
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    for i in range(t * k, t * k + k):
        z = Tensor(game.prior(noise))
        x = Tensor(game.data.minibatch(i))
        a = game.D(ops.concatenate([x, game.G(z, dropout)]), dropout)
        d_loss = game.discriminator_loss(a)
        backward(d_loss, wrt=game.D.parameters())
        game.optimiser_D.step(i, epoch)
    z = Tensor(game.prior(noise))
    g_loss = game.generator_loss(game.D(game.G(z, dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, epoch)
    a_real, a_fake = a.data[: len(x.data)], a.data[len(x.data) :]
    return Update(d_loss.data, g_loss.data, a_real, a_fake)


def alternating__two_calls(game: Game, t: int) -> Update:
    """D judges them in two calls; samples are constants for D, drawn from noise that was drawn ahead."""
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    draws = [game.prior(noise) for _ in range(game.k + 1)]
    for j in range(game.k):
        i = t * game.k + j
        samples = Tensor(game.G(Tensor(draws[j]), dropout).data)
        a_fake = game.D(samples, dropout)
        a_real = game.D(Tensor(game.data.minibatch(i)), dropout)
        d_loss = game.discriminator_loss(ops.concatenate([a_real, a_fake]))
        backward(d_loss, wrt=game.D.parameters())
        game.optimiser_D.step(i, i // game.data.per_epoch)
    g_loss = game.generator_loss(game.D(game.G(Tensor(draws[-1]), dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, t * game.k // game.data.per_epoch)
    return Update(d_loss.data, g_loss.data, a_real.data, a_fake.data)
