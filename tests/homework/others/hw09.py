"""hw09: other answers."""

from types import SimpleNamespace

import numpy as np

from minigan import ops
from minigan.algorithm1 import Update
from minigan.game import non_saturating
from minigan.tensor import Tensor, backward

from . import right, wrong


def play(game, t, **otherwise):
    """One update as the task has it, with some of its parts exchanged."""
    how = SimpleNamespace(**{**USUAL, **otherwise})
    k, epoch = how.k(game, t), how.epoch(game, t)
    noise, dropout = how.streams(game, t)
    last = None
    for i in how.numbers(game, t, k):
        z, x = how.z(game, noise, last), Tensor(game.data.minibatch(how.data(game, t, i)))
        d_loss, a_real, a_fake = how.D_loss(game, x, z, dropout)
        backward(how.sign_D(d_loss), wrt=how.wrt_D(game))
        how.step_D(game, how.number_D(game, t, i), epoch)
        last = z
    z = how.z_of_G(game, noise, last)
    g_loss = how.G_loss(game, z, dropout)
    backward(how.sign_G(g_loss), wrt=game.G.parameters())
    game.optimiser_G.step(how.number_G(game, t), how.epoch_G(game, t))
    return how.update(d_loss, g_loss, a_real, a_fake)


def two_calls(game, x, z, dropout):
    a_real, a_fake = game.D(x, dropout), game.D(game.G(z, dropout), dropout)
    return game.discriminator_loss(ops.concatenate([a_real, a_fake])), a_real, a_fake


def one_call(game, x, z, dropout):
    a = game.D(ops.concatenate([x, game.G(z, dropout)]), dropout)
    return game.discriminator_loss(a), a[: len(x.data)], a[len(x.data) :]


def draw(game, noise, _=None):
    return Tensor(game.prior(noise))


USUAL = {
    "k": lambda game, t: game.k,
    "epoch": lambda game, t: t * game.k // game.data.per_epoch,
    "epoch_G": lambda game, t: t * game.k // game.data.per_epoch,
    "streams": lambda game, t: (game.streams("noise", t), game.streams("dropout", t)),
    "numbers": lambda game, t, k: range(t * k, t * k + k),
    "z": draw,
    "z_of_G": draw,
    "data": lambda game, t, i: i,
    "D_loss": two_calls,
    "G_loss": lambda game, z, dropout: game.generator_loss(game.D(game.G(z, dropout), dropout)),
    "sign_D": lambda loss: loss,
    "sign_G": lambda loss: loss,
    "wrt_D": lambda game: game.D.parameters(),
    "number_D": lambda game, t, i: i,
    "number_G": lambda game, t: t,
    "step_D": lambda game, i, epoch: game.optimiser_D.step(i, epoch),
    "update": lambda d, g, a, b: Update(d.data, g.data, a.data, b.data),
}

# Right -------------------------------------------------------------------------------------------------


@right
def alternating__two_calls_of_D(game, t):
    return play(game, t)


@right
def alternating__one_call_of_D(game, t):
    return play(game, t, D_loss=one_call)


@right
def alternating__samples_first(game, t):
    def D_loss(game, x, z, dropout):
        samples = Tensor(game.G(z, dropout).data)
        a_fake = game.D(samples, dropout)
        a_real = game.D(x, dropout)
        return game.discriminator_loss(ops.concatenate([a_real, a_fake])), a_real, a_fake

    return play(game, t, D_loss=D_loss)


@right
def alternating__numpy_integers(game, t):
    return play(
        game, t, numbers=lambda game, t, k: np.arange(t * k, t * k + k), number_G=lambda game, t: np.int64(t)
    )


@right
def alternating__epoch_of_the_step(game, t):
    return play(
        game,
        t,
        step_D=lambda game, i, _: game.optimiser_D.step(i, i // game.data.per_epoch),
        epoch_G=lambda game, t: (t * game.k + game.k - 1) // game.data.per_epoch,
    )


@right
def alternating__all_noise_first(game, t):
    draws = []

    def streams(game, t):
        noise = game.streams("noise", t)
        draws.extend(game.prior(noise) for _ in range(game.k + 1))
        return noise, game.streams("dropout", t)

    def z(game, noise, _):
        return Tensor(draws.pop())

    return play(game, t, streams=streams, z=z, z_of_G=z)


@right
def alternating__more_noise_than_needed(game, t):
    def z(game, noise, _):
        game.prior(noise)
        return Tensor(game.prior(noise))

    return play(game, t, z_of_G=z)


@right
def alternating__keeps_the_graph(game, t):
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    i, stop = t * game.k, t * game.k + game.k
    while i < stop:
        x = Tensor(game.data.minibatch(i))
        d_loss, a_real, a_fake = one_call(game, x, draw(game, noise), dropout)
        backward(d_loss, list(game.D.parameters()), keep_graph=True)
        game.optimiser_D.step(i, i // game.data.per_epoch)
        i += 1
    g_loss = game.generator_loss(game.D(game.G(draw(game, noise), dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, t * game.k // game.data.per_epoch)
    return Update(a_fake=a_fake.data, a_real=a_real.data, g_loss=g_loss.data, d_loss=d_loss.data)


# Wrong: what is kept between updates or steps -------------------------------------------------------------


@wrong("game_changed")
def alternating__counts_k_down(game, t):
    k, i = game.k, t * game.k
    noise, dropout, epoch = game.streams("noise", t), game.streams("dropout", t), i // game.data.per_epoch
    while game.k > 0:
        d_loss, a_real, a_fake = two_calls(game, Tensor(game.data.minibatch(i)), draw(game, noise), dropout)
        backward(d_loss, wrt=game.D.parameters())
        game.optimiser_D.step(i, epoch)
        i, game.k = i + 1, game.k - 1
    g_loss = game.generator_loss(game.D(game.G(draw(game, noise), dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(t, t * k // game.data.per_epoch)
    return Update(d_loss.data, g_loss.data, a_real.data, a_fake.data)


KEPT = {}


@wrong("streams_once")
def alternating__streams_made_once(game, t):
    def streams(game, t):
        if KEPT.get("game") is not game:
            KEPT.update(game=game, streams=(game.streams("noise", t), game.streams("dropout", t)))
        return KEPT["streams"]

    return play(game, t, streams=streams)


@wrong("noise_kept")
def alternating__noise_of_the_last_update(game, t):
    """D plays against the samples that G was just trained on."""

    def z(game, noise, _):
        if KEPT.get("for") is game and t > KEPT["t"]:
            KEPT["t"] = t
            return KEPT["z"]
        return draw(game, noise)

    def z_of_G(game, noise, _):
        KEPT.update({"for": game, "t": t, "z": draw(game, noise)})
        return KEPT["z"]

    return play(game, t, z=z, z_of_G=z_of_G)


@wrong("G_reuses_noise")
def alternating__same_z_for_G(game, t):
    return play(game, t, z_of_G=lambda game, noise, last: last)


@wrong("D_reuses_noise")
def alternating__z_before_the_loop(game, t):
    return play(game, t, z=lambda game, noise, last: last or draw(game, noise))


@wrong("stream_anew")
def alternating__streams_in_the_loop(game, t):
    def z(game, *_):
        return draw(game, game.streams("noise", t))

    return play(game, t, z=z, z_of_G=z)


@wrong("stream_of_step")
def alternating__stream_of_each_step(game, t):
    numbers = iter(range(t * game.k, t * game.k + game.k))

    def z(game, *_):
        return draw(game, game.streams("noise", next(numbers)))

    return play(game, t, z=z)


@wrong("stream_0")
def alternating__stream_without_t(game, t):
    return play(game, t, streams=lambda game, t: (game.streams("noise", 0), game.streams("dropout", 0)))


@wrong("streams_swapped")
def alternating__streams_crossed(game, t):
    return play(game, t, streams=lambda game, t: (game.streams("dropout", t), game.streams("noise", t)))


@wrong("clips")
def alternating__clips_D(game, t):
    def step_D(game, i, epoch):
        game.optimiser_D.step(i, epoch)
        for p in game.D.parameters():
            np.clip(p.data, -0.1, 0.1, out=p.data)

    return play(game, t, step_D=step_D)


# Wrong: who moves, when -----------------------------------------------------------------------------------


@wrong("one_step_of_D")
def alternating__k_is_1(game, t):
    return play(game, t, numbers=lambda game, t, k: range(t * k, t * k + 1))


@wrong("k_steps_of_G", "dropout_anew")
def alternating__both_in_the_loop(game, t):
    def step_D(game, i, epoch):
        game.optimiser_D.step(i, epoch)
        if i + 1 < (t + 1) * game.k:
            noise, dropout = game.streams("noise", t), game.streams("dropout", t)
            z = [game.prior(noise) for _ in range(i - t * game.k + 2)][-1]
            backward(
                game.generator_loss(game.D(game.G(Tensor(z), dropout), dropout)), wrt=game.G.parameters()
            )
            game.optimiser_G.step(t, epoch)

    return play(game, t, step_D=step_D)


@wrong("G_moves_in_Ds_step")
def alternating__both_move(game, t):
    def step_D(game, i, epoch):
        game.optimiser_D.step(i, epoch)
        game.optimiser_G.step(t, epoch)

    return play(
        game, t, wrt_D=lambda g: [*g.D.parameters(), *g.G.parameters()], step_D=step_D, D_loss=one_call
    )


@wrong()
def alternating__D_steps_twice(game, t):
    def step_D(game, i, epoch):
        game.optimiser_D.step(i, epoch)
        game.optimiser_D.step(i, epoch)

    return play(game, t, step_D=step_D)


@wrong("old_D")
def alternating__G_loss_before_D(game, t):
    first = []

    def streams(game, t):
        noise, dropout = game.streams("noise", t), game.streams("dropout", t)
        first.append(USUAL["G_loss"](game, draw(game, noise), dropout))
        return noise, dropout

    return play(game, t, streams=streams, G_loss=lambda *_: first[0], z_of_G=lambda *_: None)


@wrong("real_and_fake_apart")
def alternating__two_steps_for_one(game, t):
    """As tutorials do: one backward on real, one on fake; here the second gradient replaces the first."""

    def D_loss(game, x, z, dropout):
        a_real, a_fake = game.D(x, dropout), game.D(game.G(z, dropout), dropout)
        backward(ops.mean(ops.softplus(-a_real)), wrt=game.D.parameters())
        return ops.mean(ops.softplus(a_fake)), a_real, a_fake

    return play(game, t, D_loss=D_loss)


# Wrong: the gradients -------------------------------------------------------------------------------------


@wrong("D_descends")
def alternating__D_minimises_V(game, t):
    return play(game, t, sign_D=lambda loss: loss * -1.0)


@wrong("D_descends")
def alternating__D_minimises_V_in_one_call(game, t):
    return play(game, t, D_loss=one_call, sign_D=lambda loss: -loss)


@wrong("G_ascends")
def alternating__G_maximises(game, t):
    return play(game, t, sign_G=lambda loss: -loss, D_loss=one_call)


@wrong("real_and_fake_swapped")
def alternating__samples_above(game, t):
    def D_loss(game, x, z, dropout):
        a = game.D(ops.concatenate([game.G(z, dropout), x]), dropout)
        return game.discriminator_loss(a), a[len(x.data) :], a[: len(x.data)]

    return play(game, t, D_loss=D_loss)


@wrong("always_non_saturating")
def alternating__non_saturating_only(game, t):
    return play(
        game, t, D_loss=one_call, G_loss=lambda g, z, dropout: non_saturating(g.D(g.G(z, dropout), dropout))
    )


@wrong("own_loss_of_D")
def alternating__the_paper_s_loss(game, t):
    """V as equation 1 has it, whatever the game says."""

    def D_loss(game, x, z, dropout):
        a_real, a_fake = game.D(x, dropout), game.D(game.G(z, dropout), dropout)
        return ops.mean(ops.softplus(-a_real)) + ops.mean(ops.softplus(a_fake)), a_real, a_fake

    return play(game, t, D_loss=D_loss)


@wrong()
def alternating__gradient_clipped(game, t):
    def step_D(game, i, epoch):
        for p in game.D.parameters():
            np.clip(p.grad, -0.01, 0.01, out=p.grad)
        game.optimiser_D.step(i, epoch)

    return play(game, t, step_D=step_D)


# Wrong: counting ------------------------------------------------------------------------------------------


@wrong("counts_from_0")
def alternating__range_k(game, t):
    return play(game, t, numbers=lambda game, t, k: range(k), D_loss=one_call)


@wrong("same_data")
def alternating__minibatch_t(game, t):
    return play(game, t, data=lambda game, t, i: t * game.k)


@wrong("data_of_t")
def alternating__minibatch_of_the_update(game, t):
    return play(game, t, data=lambda game, t, i: t)


@wrong("data_backwards")
def alternating__last_minibatch_first(game, t):
    """Each minibatch once, but not with its own step."""
    return play(game, t, data=lambda game, t, i: 2 * t * game.k + game.k - 1 - i)


@wrong("data_modulo")
def alternating__minibatch_of_the_epoch(game, t):
    return play(game, t, data=lambda game, t, i: i % game.data.per_epoch)


@wrong("D_hears_t")
def alternating__t_for_D(game, t):
    return play(game, t, number_D=lambda game, t, i: t, D_loss=one_call)


@wrong("D_hears_j")
def alternating__j_for_D(game, t):
    return play(game, t, number_D=lambda game, t, i: i - t * game.k)


@wrong("G_hears_i")
def alternating__last_i_for_G(game, t):
    return play(game, t, number_G=lambda game, t: t * game.k + game.k - 1)


@wrong("epoch_without_k")
def alternating__t_by_per_epoch(game, t):
    epoch = {
        "epoch": lambda game, t: t // game.data.per_epoch,
        "epoch_G": lambda game, t: t // game.data.per_epoch,
    }
    return play(game, t, D_loss=one_call, **epoch)


@wrong("epoch_without_k")
def alternating__epoch_of_G_without_k(game, t):
    return play(game, t, epoch_G=lambda game, t: t // game.data.per_epoch)


@wrong("epoch_no_integer")
def alternating__true_division(game, t):
    def epoch(game, t):
        return t * game.k / game.data.per_epoch

    return play(game, t, epoch=epoch, epoch_G=epoch)


# Wrong: dropout and the report ----------------------------------------------------------------------------


@wrong("evaluation_mode")
def alternating__evaluates(game, t):
    return play(game, t, streams=lambda game, t: (game.streams("noise", t), None), D_loss=one_call)


@wrong("evaluation_of_samples")
def alternating__G_evaluates_for_D(game, t):
    def D_loss(game, x, z, dropout):
        a_real, a_fake = game.D(x, dropout), game.D(game.G(z, None), dropout)
        return game.discriminator_loss(ops.concatenate([a_real, a_fake])), a_real, a_fake

    return play(game, t, D_loss=D_loss)


@wrong("noise_for_dropout")
def alternating__one_stream_for_all(game, t):
    def streams(game, t):
        noise = game.streams("noise", t)
        return noise, noise

    return play(game, t, streams=streams)


@wrong("dropout_anew")
def alternating__same_masks(game, t):
    def D_loss(game, x, z, _):
        return one_call(game, x, z, game.streams("dropout", t))

    return play(game, t, D_loss=D_loss)


@wrong("forgets_data")
def alternating__tensors(game, t):
    return play(game, t, update=lambda *parts: Update(*parts), D_loss=one_call)


@wrong("floats")
def alternating__floats(game, t):
    return play(game, t, update=lambda d, g, a, b: Update(float(d.data), float(g.data), a.data, b.data))


@wrong("logits_swapped")
def alternating__fake_before_real(game, t):
    return play(game, t, update=lambda d, g, a, b: Update(d.data, g.data, b.data, a.data), D_loss=one_call)


@wrong("losses_swapped")
def alternating__g_before_d(game, t):
    return play(game, t, update=lambda d, g, a, b: Update(g.data, d.data, a.data, b.data))


@wrong("probabilities")
def alternating__probabilities(game, t):
    def update(d, g, a, b):
        return Update(d.data, g.data, *(1 / (1 + np.exp(-s.data)) for s in (a, b)))

    return play(game, t, update=update)


@wrong("losses_of_all_steps")
def alternating__mean_over_the_steps(game, t):
    losses = []

    def D_loss(game, x, z, dropout):
        loss, a_real, a_fake = two_calls(game, x, z, dropout)
        losses.append(loss.data)
        return loss, a_real, a_fake

    update = lambda d, g, a, b: Update(np.mean(losses), g.data, a.data, b.data)  # noqa: E731
    return play(game, t, D_loss=D_loss, update=update)


@wrong("first_logits")
def alternating__logits_of_the_first_step(game, t):
    seen = []

    def D_loss(game, x, z, dropout):
        parts = two_calls(game, x, z, dropout)
        seen.append(parts)
        return parts

    return play(
        game,
        t,
        D_loss=D_loss,
        update=lambda d, g, a, b: Update(*(v.data for v in (seen[0][0], g, *seen[0][1:]))),
    )


@wrong("no_update")
def alternating__a_dict(game, t):
    return play(game, t, update=lambda d, g, a, b: (d.data, g.data, a.data, b.data))
