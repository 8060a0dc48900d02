"""The gradient penalty (Gulrajani et al. 2017) without differentiating twice.

A D of linear layers, ReLUs, leaky ReLUs and maxout is linear around almost every x: which side of its kinks
each unit is on does not change with a small step.  With these sides as masks M, the slope is a product,

    D(x) = (... (x W1) M1 ...) w        dD/dx = w^T ... M2 W2^T M1 W1^T,

a network of the same weights, run backwards, in which the masks are constants.  So the slope is a Tensor with
an ordinary graph, and `backward` gives the derivative of a function of it.  This is exact: where a mask
changes, on a set without volume, the slope has no derivative, and nothing is lost between.
"""

from __future__ import annotations

from functools import singledispatch

from minigan import ops
from minigan.algorithm1 import Game, Update, g_step
from minigan.backend import xp_of
from minigan.nn import Dropout, Layer, LeakyReLU, Linear, Maxout, Sequential
from minigan.random import Stream
from minigan.successors.convolution import Conv, ConvTranspose, Reshape, overlap, patches
from minigan.tensor import Array, Tensor, backward


def input_gradient(D: Layer, x: Array) -> Tensor:
    """dD/dx for every row of x, in its shape, as a function of D's weights        D(x) (m, 1)

    TypeError for a layer that is not linear between kinks, or not known here.
    """
    ones = Tensor(xp_of(x).ones((len(x), 1), x.dtype))
    return slope(D, Tensor(x), ones)


def gradient_penalty(D: Layer, x: Array, one_sided: bool = True) -> Tensor:
    """mean max(|dD/dx| - 1, 0)^2; two-sided: mean (|dD/dx| - 1)^2        Gulrajani et al. 2017

    One-sided (Petzka et al. 2018): W1 wants slopes of at most 1, not of 1.  On a line the two-sided penalty
    is a wall: a slope that should change its sign has to pass through 0, where the penalty is largest.
    """
    g = input_gradient(D, x)
    square = ops.sum(g * g, axis=tuple(range(1, len(g.shape))))
    excess = (square + 1e-12) ** 0.5 - 1.0  # a slope of 0 has no direction: the root is kept from its kink
    return ops.mean((ops.relu(excess) if one_sided else excess) ** 2)


def between(x: Array, fake: Array, rng: Stream) -> Array:
    """e x + (1 - e) fake, e uniform for each row: where the penalty is asked for"""
    e = rng.uniform((len(x), *(1 for _ in x.shape[1:])))
    return e * x + (1 - e) * fake


# One rule for each kind of layer ---------------------------------------------------------------------


@singledispatch
def slope(layer: Layer, x: Tensor, g: Tensor) -> Tensor:
    """g dlayer/dx, from the gradient by what the layer makes of x to that by x.  Masks are constants.

    TypeError for a layer that is not known here.
    """
    raise TypeError(f"input_gradient: {type(layer).__name__} is not known to be linear between kinks")


@slope.register
def _of_sequential(layer: Sequential, x: Tensor, g: Tensor) -> Tensor:
    inputs = [x]
    for part in layer.layers[:-1]:
        inputs.append(part(inputs[-1], None))
    for part, came in zip(layer.layers[::-1], inputs[::-1], strict=True):
        g = slope(part, came, g)
    return g


@slope.register
def _of_linear(layer: Linear, x: Tensor, g: Tensor) -> Tensor:
    if type(layer) is not Linear or layer.f not in (ops.affine, ops.affine_identity, ops.affine_relu):
        name = f"{type(layer).__name__} with {layer.f.__name__}"
        raise TypeError(f"input_gradient: {name} is not known to be linear between kinks")
    if layer.f is ops.affine_relu:
        g = g * _constant(layer(x, None).data > 0, g)
    return g @ ops.transpose(layer.W)


@slope.register
def _of_maxout(layer: Maxout, x: Tensor, g: Tensor) -> Tensor:
    m, units = g.shape
    a = (x.data @ layer.W.data + layer.b.data).reshape(m, layer.pieces, units)
    first = xp_of(a).arange(layer.pieces)[:, None] == a.argmax(axis=1)[:, None]
    spread = ops.reshape(g, (m, 1, units)) * _constant(first, g)
    return ops.reshape(spread, (m, layer.pieces * units)) @ ops.transpose(layer.W)


@slope.register
def _of_leaky_relu(layer: LeakyReLU, x: Tensor, g: Tensor) -> Tensor:
    return g * _constant(xp_of(x.data).where(x.data > 0, 1.0, layer.slope), g)


@slope.register
def _of_dropout(layer: Dropout, x: Tensor, g: Tensor) -> Tensor:
    return g  # D is asked without dropout


@slope.register
def _of_conv(layer: Conv, x: Tensor, g: Tensor) -> Tensor:
    rows = ops.reshape(g, (-1, g.shape[-1])) @ ops.transpose(layer.W)
    return overlap(rows, x.shape, layer.windows)


@slope.register
def _of_conv_transpose(layer: ConvTranspose, x: Tensor, g: Tensor) -> Tensor:
    return ops.reshape(patches(g, layer.windows) @ layer.W, x.shape)


@slope.register
def _of_reshape(layer: Reshape, x: Tensor, g: Tensor) -> Tensor:
    return ops.reshape(g, x.shape)


def _constant(mask: Array, like: Tensor) -> Tensor:
    return Tensor(mask.astype(like.dtype))


# Algorithm 1 with a penalty --------------------------------------------------------------------------


def penalised(game: Game, t: int, scale: float = 10.0, one_sided: bool = True) -> Update:
    """As algorithm1.alternating, but D's loss has scale * gradient_penalty at points between x and G(z)."""
    epoch = t * game.k // game.data.per_epoch
    noise, dropout = game.streams("noise", t), game.streams("dropout", t)
    for i in range(t * game.k, t * game.k + game.k):
        fake = game.G(Tensor(game.prior(noise)), dropout).data
        x = game.data.minibatch(i)
        a = game.D(ops.concatenate([Tensor(x), Tensor(fake)]), dropout)
        points = between(x, fake, game.streams("between", i))
        penalty = game.weighted(gradient_penalty(game.D, points, one_sided) * scale)
        loss = game.discriminator_loss(a) + penalty
        backward(loss, wrt=game.D.parameters())
        game.optimiser_D.step(i, epoch)
    g_loss = g_step(game, Tensor(game.prior(noise)), dropout, t, epoch)
    return Update(loss.data, g_loss, a.data[: len(x)], a.data[len(x) :])
