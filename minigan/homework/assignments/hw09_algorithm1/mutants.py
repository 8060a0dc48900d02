"""Wrong answers that people give, each with the checks it loses and what to tell whoever gave it."""

from __future__ import annotations

from minigan.algorithm1 import Game, Update
from minigan.game import discriminator_loss, non_saturating
from minigan.homework.answers import wrong
from minigan.ops import concatenate
from minigan.tensor import Tensor, backward


def _D_loss(game: Game, i: int, z: Tensor, dropout) -> tuple[Tensor, Tensor, Tensor]:
    a_real = game.D(Tensor(game.data.minibatch(i)), dropout)
    a_fake = game.D(game.G(z, dropout), dropout)
    return game.discriminator_loss(concatenate([a_real, a_fake])), a_real, a_fake


def _G_loss(game: Game, z: Tensor, dropout) -> Tensor:
    return game.generator_loss(game.D(game.G(z, dropout), dropout))


def _step_D(game: Game, loss: Tensor, i: int, epoch: int) -> None:
    backward(loss, wrt=game.D.parameters())
    game.optimiser_D.step(i, epoch)


def _step_G(game: Game, loss: Tensor, t: int, epoch: int) -> None:
    backward(loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, epoch)


def _begin(game: Game, t: int):
    return game.streams("noise", t), game.streams("dropout", t), t * game.k // game.data.per_epoch


def _update(d_loss: Tensor, g_loss: Tensor, a_real: Tensor, a_fake: Tensor) -> Update:
    return Update(d_loss.data, g_loss.data, a_real.data, a_fake.data)


@wrong("D_gradient fresh_noise fresh_data", "D descends V: its loss has the wrong sign")
def alternating__D_descends(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, -d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("G_gradient fresh_noise", "G ascends its loss; in the box it descends")
def alternating__G_ascends(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, -g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("fresh_noise", "G's step uses the noise of D's last step again; it draws its own")
def alternating__G_reuses_noise(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        z = Tensor(game.prior(noise))
        d_loss, a_real, a_fake = _D_loss(game, i, z, dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, z, dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("fresh_noise", "D's k steps share one minibatch of noise; each draws its own")
def alternating__D_reuses_noise(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    z = Tensor(game.prior(noise))
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, z, dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong(
    "fresh_noise", "you take the noise stream anew for each draw, and it begins anew: the same z each time"
)
def alternating__stream_anew(game: Game, t: int) -> Update:
    _, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        z = Tensor(game.prior(game.streams("noise", t)))
        d_loss, a_real, a_fake = _D_loss(game, i, z, dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(game.streams("noise", t))), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("rhythm", "G takes a step after each of D's; it takes one after all k")
def alternating__k_steps_of_G(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
        g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
        _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("rhythm G_gradient fresh_noise", "G moves in D's step, by D's loss; in each step one player moves")
def alternating__G_moves_in_Ds_step(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        backward(d_loss, wrt=game.D.parameters() + game.G.parameters())
        game.optimiser_D.step(i, epoch)
        game.optimiser_G.step(t, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("rhythm", "G moves first; in the box D takes its k steps, then G")
def alternating__G_first(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("rhythm fresh_data", "D takes one step whatever k is")
def alternating__one_step_of_D(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    i = t * game.k
    d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
    _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("fresh_data", "all k steps of D see the same minibatch of data")
def alternating__same_data(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, t * game.k, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong(
    "fresh_data clock",
    "you count D's steps and minibatches from 0 in each update; they go on through the run, from t * k",
)
def alternating__counts_from_0(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("D_gradient fresh_noise fresh_data", "real and generated are swapped in D's loss")
def alternating__real_and_fake_swapped(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        _, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        d_loss = game.discriminator_loss(concatenate([a_fake, a_real]))
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong(
    "D_gradient fresh_noise fresh_data",
    "you always use minigan's own loss for D; the game says which (discriminator_loss)",
)
def alternating__always_half(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        _, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        d_loss = discriminator_loss(concatenate([a_real, a_fake]))
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong(
    "G_gradient fresh_noise", "you always use the non-saturating loss; the game says which (generator_loss)"
)
def alternating__always_non_saturating(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = non_saturating(game.D(game.G(Tensor(game.prior(noise)), dropout), dropout))
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong(
    "G_gradient fresh_noise",
    "G learns from D as it was before D's steps; compute G's loss after them, with noise of its own",
)
def alternating__old_D(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    backward(g_loss, wrt=game.G.parameters())
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    game.optimiser_G.step(t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("clock", "your epoch is t // per_epoch; an update uses k minibatches, so it is t * k // per_epoch")
def alternating__epoch_without_k(game: Game, t: int) -> Update:
    noise, dropout, _ = _begin(game, t)
    epoch = t // game.data.per_epoch
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("clock", "you give optimiser_D the number of the update; it wants the number of D's step, i")
def alternating__D_hears_t(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, t, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("dropout", "you call the nets with None, which is evaluation; training passes the dropout stream")
def alternating__evaluation_mode(game: Game, t: int) -> Update:
    noise, _, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), None)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), None)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)


@wrong("report", "you return the logits in the wrong order: Update(d_loss, g_loss, a_real, a_fake)")
def alternating__logits_swapped(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_fake, a_real)


@wrong("report", "you return Tensors; an Update holds arrays, the .data of each")
def alternating__forgets_data(game: Game, t: int) -> Update:
    noise, dropout, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), dropout)
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), dropout)
    _step_G(game, g_loss, t, epoch)
    return Update(d_loss, g_loss, a_real, a_fake)


@wrong("dropout", "you take the dropout stream anew for each step, and it begins anew: the same masks again")
def alternating__dropout_anew(game: Game, t: int) -> Update:
    noise, _, epoch = _begin(game, t)
    for i in range(t * game.k, t * game.k + game.k):
        d_loss, a_real, a_fake = _D_loss(game, i, Tensor(game.prior(noise)), game.streams("dropout", t))
        _step_D(game, d_loss, i, epoch)
    g_loss = _G_loss(game, Tensor(game.prior(noise)), game.streams("dropout", t))
    _step_G(game, g_loss, t, epoch)
    return _update(d_loss, g_loss, a_real, a_fake)
