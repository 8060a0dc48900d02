"""Mistakes that are not among those the grader knows: none may be taken for one that is."""

import numpy as np

from minigan import ops
from minigan.algorithm1 import Update
from minigan.game import value
from minigan.tensor import Tensor, backward

from . import wrong


def _axes(g, shape):
    added = g.ndim - len(shape)
    if added < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[added:], strict=True)):
        raise ValueError
    return tuple(range(added)) + tuple(added + i for i, n in enumerate(shape) if n == 1)


@wrong()
def unbroadcast__twice(g, shape, source=""):
    return 2 * g.sum(axis=_axes(g, shape)).reshape(shape)


@wrong()
def unbroadcast__zeros(g, shape, source=""):
    _axes(g, shape)
    return np.zeros(shape, g.dtype)


@wrong()
def unbroadcast__last_share(g, shape, source=""):
    _axes(g, shape)
    g = g.reshape(-1)[-int(np.prod(shape)) :]
    return g.reshape(shape)


@wrong()
def unbroadcast__smallest_share(g, shape, source=""):
    return g.min(axis=_axes(g, shape)).reshape(shape)


@wrong()
def unbroadcast__root_of_n(g, shape, source=""):
    total = g.sum(axis=_axes(g, shape)).reshape(shape)
    return (total / np.sqrt(g.size / max(total.size, 1))).astype(g.dtype)


@wrong()
def unbroadcast__sums_everything(g, shape, source=""):
    _axes(g, shape)
    return np.full(shape, g.sum(), g.dtype)


@wrong()
def unbroadcast__absolute(g, shape, source=""):
    return abs(g).sum(axis=_axes(g, shape)).reshape(shape)


@wrong()
def unbroadcast__float32_always(g, shape, source=""):
    return g.sum(axis=_axes(g, shape)).reshape(shape).astype(np.float32)


def _affine(x, W, b, dx=None, dW=None, db=None, y=None):
    value = x.data @ W.data + b.data if y is None else y
    return Tensor(
        value,
        (x, dx or (lambda g: g @ W.data.T)),
        (W, dW or (lambda g: x.data.T @ g)),
        (b, db or (lambda g: g)),
    )


@wrong()
def affine__twice_the_bias(x, W, b):
    return _affine(x, W, b, y=x.data @ W.data + 2 * b.data)


@wrong()
def affine__negative_gradient(x, W, b):
    return _affine(x, W, b, dW=lambda g: -(x.data.T @ g))


@wrong()
def affine__half_of_x(x, W, b):
    return _affine(x, W, b, dx=lambda g: g @ W.data.T / 2)


@wrong()
def affine__bias_of_first_example(x, W, b):
    return _affine(x, W, b, db=lambda g: g[0])


@wrong()
def affine__relu_inside(x, W, b):
    return ops.relu(ops.add(ops.matmul(x, W), b))


def _maxout(x, pieces, share, value=None):
    a = x.data.reshape(len(x.data), pieces, -1)
    y = a.max(axis=1) if value is None else value(a)
    return Tensor(y, (x, lambda g: share(a, g).astype(a.dtype).reshape(x.shape)))


def _at(a, index, g):
    share = np.zeros_like(a)
    np.put_along_axis(share, index[:, None], g[:, None], axis=1)
    return share


@wrong()
def maxout__mean(x, pieces):
    def share(a, g):
        return np.repeat(g[:, None], pieces, 1) / pieces

    return _maxout(x, pieces, share, lambda a: a.mean(axis=1))


@wrong()
def maxout__to_the_first_piece(x, pieces):
    return _maxout(x, pieces, lambda a, g: _at(a, np.zeros_like(a[:, 0], int), g))


@wrong("smallest")
def maxout__to_the_loser(x, pieces):
    return _maxout(x, pieces, lambda a, g: _at(a, a.argmin(axis=1), g))


@wrong("largest_magnitude")
def maxout__largest_magnitude(x, pieces):
    def value(a):
        return np.take_along_axis(a, abs(a).argmax(axis=1)[:, None], axis=1)[:, 0]

    return _maxout(x, pieces, lambda a, g: _at(a, abs(a).argmax(axis=1), g), value)


def _play(game, t, d_loss=None, data=lambda game, i: i, G_step=lambda t: t, D_twice=False):
    """d_loss: of a_real, a_fake and the factor on V, in place of the game's."""
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    epoch = t * game.k // game.data.per_epoch
    for i in range(t * game.k, t * game.k + game.k):
        a_fake = game.D(game.G(Tensor(game.prior(noise)), dropout), dropout)
        a_real = game.D(Tensor(game.data.minibatch(data(game, i))), dropout)
        loss = game.discriminator_loss(ops.concatenate([a_real, a_fake]))
        if d_loss:
            scale = loss.data.item() / -value(a_real, a_fake).data.item()
            loss = d_loss(a_real, a_fake, scale)
        backward(loss, wrt=game.D.parameters())
        for _ in range(1 + D_twice):
            game.optimiser_D.step(i, epoch)
    g_loss = game.generator_loss(game.D(game.G(Tensor(game.prior(noise)), dropout), dropout))
    backward(g_loss, wrt=game.G.parameters())
    game.optimiser_G.step(G_step(t), epoch)
    return Update(loss.data, g_loss.data, a_real.data, a_fake.data)


@wrong()
def alternating__only_real(game, t):
    return _play(game, t, lambda a, b, scale: scale * ops.mean(ops.softplus(-a)))


@wrong()
def alternating__only_fake(game, t):
    return _play(game, t, lambda a, b, scale: scale * ops.mean(ops.softplus(b)))


@wrong()
def alternating__squares_the_scale(game, t):
    return _play(game, t, lambda a, b, scale: value(a, b) * (-0.9 * scale * scale))


@wrong()
def alternating__steps_twice(game, t):
    return _play(game, t, D_twice=True)


@wrong()
def alternating__next_minibatch(game, t):
    return _play(game, t, data=lambda game, i: i + 1)


@wrong()
def alternating__counts_G_from_1(game, t):
    return _play(game, t, G_step=lambda t: t + 1)


@wrong()
def alternating__sums_the_batch(game, t):
    return _play(game, t, lambda a, b, s: s * (ops.sum(ops.softplus(-a)) + ops.sum(ops.softplus(b))))


@wrong()
def with_any_label__the_same_from_every_stream(z, classes, rng, scale=1.0):
    """Its only fault is what the check looks at last, where answers that fail elsewhere do well."""
    rng.calls = getattr(rng, "calls", 0) + 1
    labels = np.random.default_rng(rng.calls).integers(classes, size=len(z))
    return np.concatenate([z, scale * np.eye(classes, dtype=z.dtype)[labels]], axis=1)
