"""Wrong answers that people give, each with the checks it loses and what to tell whoever gave it."""

from __future__ import annotations

import numpy as np

from minigan.homework.answers import wrong
from minigan.tensor import Array, Tensor


@wrong("affine_values", "you leave b out of the value")
def affine__no_bias(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g), (b, lambda g: g))


@wrong("affine_values", "you subtract b")
def affine__minus_bias(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data - b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g), (b, lambda g: g))


@wrong("affine_b", "you average the gradient of b over the batch; each example adds its share")
def affine__bias_averaged(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g), (b, lambda g: g.mean(axis=0)))


@wrong("affine_W", "you average the gradient of W over the batch; the 1/m belongs to the loss")
def affine__W_averaged(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g / len(g)), (b, lambda g: g))


@wrong("affine_b", "your gradient of b ignores g: it counts the examples")
def affine__bias_counts(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g), (b, lambda g: np.ones_like(g)))


@wrong("affine_x affine_W", "your gradients of x and W ignore g: multiply by it")
def affine__ignores_g(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(
        y,
        (x, lambda g: np.ones_like(g) @ W.data.T),
        (W, lambda g: x.data.T @ np.ones_like(g)),
        (b, lambda g: g),
    )


@wrong(
    "affine_x affine_manners",
    "your gradient of x multiplies by W where it needs W transposed",
)
def affine__W_not_transposed(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data), (W, lambda g: x.data.T @ g), (b, lambda g: g))


@wrong(
    "affine_x affine_manners",
    "your gradient of x has its two factors swapped: g comes first, as x did",
)
def affine__x_swapped(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: W.data.T @ g), (W, lambda g: x.data.T @ g), (b, lambda g: g))


@wrong(
    "affine_W affine_manners",
    "your gradient of W has its two factors swapped: g^T x has the shape of W transposed",
)
def affine__W_swapped(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: g.T @ x.data), (b, lambda g: g))


@wrong("affine_b", "b has no edge, so it never learns")
def affine__bias_without_edge(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g))


@wrong("affine_manners", "you write the value into b or x (+=): these arrays belong to others")
def affine__writes_into_x(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    before = x.data.copy()
    y = x.data @ W.data + b.data
    x.data *= 0
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: before.T @ g), (b, lambda g: g))


GRADIENT = "maxout_gradient maxout_ties"


@wrong(
    f"maxout_values {GRADIENT}",
    "you group the columns wrongly: x holds piece after piece, (batch, pieces, units) in memory",
)
def maxout__wrong_stride(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), -1, pieces)
    first = a.argmax(axis=2)[:, :, None]

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, g[:, :, None], axis=2)
        return dx.reshape(x.shape)

    return Tensor(a.max(axis=2), (x, pullback))


@wrong("maxout_ties", "each of several equal pieces gets the whole gradient; one of them should")
def maxout__all_ties(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    y = a.max(axis=1)
    return Tensor(y, (x, lambda g: ((a == y[:, None]) * g[:, None]).reshape(x.shape)))


@wrong("maxout_ties", "you share the gradient among equal pieces; one of them gets it whole")
def maxout__shared_ties(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    y = a.max(axis=1)
    wins = a == y[:, None]
    count = wins.sum(axis=1, keepdims=True).astype(a.dtype)
    return Tensor(y, (x, lambda g: (wins * g[:, None] / count).reshape(x.shape)))


@wrong(f"maxout_values {GRADIENT}", "you take max(x, 0), as ReLU does; maxout has no 0 in it")
def maxout__relu(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    first = a.argmax(axis=1)[:, None]
    y = a.max(axis=1)

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, (g * (y > 0))[:, None], axis=1)
        return dx.reshape(x.shape)

    return Tensor(np.maximum(y, 0), (x, pullback))


@wrong(GRADIENT, "every piece gets the gradient; only the one that won should")
def maxout__all_pieces(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    return Tensor(a.max(axis=1), (x, lambda g: np.broadcast_to(g[:, None], a.shape).reshape(x.shape).copy()))


@wrong(GRADIENT, "your gradient ignores g: it is 1 at the winner")
def maxout__ignores_g(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    first = a.argmax(axis=1)[:, None]

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, 1, axis=1)
        return dx.reshape(x.shape)

    return Tensor(a.max(axis=1), (x, pullback))


@wrong(f"maxout_values {GRADIENT}", "you take the smallest piece")
def maxout__smallest(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    first = a.argmin(axis=1)[:, None]

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, g[:, None], axis=1)
        return dx.reshape(x.shape)

    return Tensor(a.min(axis=1), (x, pullback))


@wrong("maxout_manners", "you write into x while you look for the maximum (out=); start from a copy")
def maxout__writes_into_x(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    first = a.argmax(axis=1)[:, None]
    y = a[:, 0]
    for i in range(1, pieces):
        np.maximum(y, a[:, i], out=y)

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, g[:, None], axis=1)
        return dx.reshape(x.shape)

    return Tensor(y.copy(), (x, pullback))


@wrong("maxout_manners", "your pullback writes into g; make an array of your own")
def maxout__writes_into_g(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    first = a.argmax(axis=1)[:, None]

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, g[:, None], axis=1)
        g *= 0
        return dx.reshape(x.shape)

    return Tensor(a.max(axis=1), (x, pullback))


@wrong(
    "maxout_gradient maxout_manners", "your value is float64 for a float32 input (np.zeros without a dtype?)"
)
def maxout__float64(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1).astype(np.float64)
    first = a.argmax(axis=1)[:, None]

    def pullback(g: Array) -> Array:
        dx = np.zeros(a.shape)
        np.put_along_axis(dx, first, g[:, None], axis=1)
        return dx.reshape(x.shape)

    return Tensor(a.max(axis=1), (x, pullback))
