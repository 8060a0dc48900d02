"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

import numpy as np

from minigan import ops
from minigan.algorithm1 import Game, Update
from minigan.homework.answers import right
from minigan.tensor import Tensor, backward


@right
def alternating__one_pass_of_D(game: Game, t: int) -> Update:
    """Real and generated samples in one call, and the epoch of each step."""
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    for i in range(t * game.k, (t + 1) * game.k):
        x, z = Tensor(game.data.minibatch(i)), Tensor(game.prior(noise))
        a = game.D(ops.concatenate([x, game.G(z, dropout)]), dropout)
        a_real, a_fake = a[: x.shape[0]], a[x.shape[0] :]
        d_loss = game.discriminator_loss(ops.concatenate([a_real, a_fake]))
        backward(d_loss, wrt=game.D.parameters())
        game.optimiser_D.step(i, i // game.data.per_epoch)
    z = Tensor(game.prior(noise))
    g_loss = game.generator_loss(game.D(game.G(z, dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, t * game.k // game.data.per_epoch)
    return Update(d_loss.data, g_loss.data, a_real.data, a_fake.data)


@right
def alternating__all_noise_first(game: Game, t: int) -> Update:
    """Draws everything ahead, uses the noise backwards; samples are constants for D."""
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    draws = [game.prior(noise) for _ in range(game.k + 1)]
    data = [game.data.minibatch(t * game.k + j) for j in range(game.k)]
    epoch = t * game.k // game.data.per_epoch
    for j, x in enumerate(data):
        samples = game.G(Tensor(draws[game.k - j]), dropout).data
        a_fake = game.D(Tensor(samples), dropout)
        a_real = game.D(Tensor(x), dropout)
        d_loss = game.discriminator_loss(ops.concatenate([a_real, a_fake]))
        backward(d_loss, wrt=game.D.parameters())
        game.optimiser_D.step(t * game.k + j, epoch)
    g_loss = game.generator_loss(game.D(game.G(Tensor(draws[0]), dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, epoch)
    return Update(d_loss.data, g_loss.data, a_real.data, a_fake.data)


@right
def alternating__numpy_numbers(game: Game, t: int) -> Update:
    """Counts with NumPy."""
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    epoch = np.floor_divide(t * game.k, game.data.per_epoch)
    for i in np.arange(t * game.k, t * game.k + game.k):
        x, z = Tensor(game.data.minibatch(i)), Tensor(game.prior(noise))
        a = game.D(ops.concatenate([x, game.G(z, dropout)]), dropout)
        d_loss = game.discriminator_loss(a)
        backward(d_loss, wrt=game.D.parameters())
        game.optimiser_D.step(i, epoch)
    g_loss = game.generator_loss(game.D(game.G(Tensor(game.prior(noise)), dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, epoch)
    return Update(d_loss.data, g_loss.data, a.data[: len(x.data)], a.data[len(x.data) :])
