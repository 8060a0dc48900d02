"""hw05: other answers."""

from functools import partial

import numpy as np

from minigan import ops
from minigan.tensor import Tensor

from . import right, wrong


def affine_of(x, W, b, y=None, dx=None, dW=None, db=None):
    """An affine map with some of its parts exchanged."""
    return Tensor(
        x.data @ W.data + b.data if y is None else y,
        (x, dx or (lambda g: g @ W.data.T)),
        (W, dW or (lambda g: x.data.T @ g)),
        (b, db or (lambda g: g.sum(axis=0))),
    )


def to(index, a, g):
    """The gradient at these pieces."""
    dx = np.zeros(a.shape, a.dtype)
    np.put_along_axis(dx, index[:, None], g[:, None], axis=1)
    return dx.reshape(len(a), -1)


def maxout_of(x, pieces, winner=lambda a: a.argmax(axis=1), value=lambda a: a.max(axis=1), spread=to):
    a = np.reshape(x.data, (len(x.data), pieces, -1))
    index = winner(a)
    return Tensor(value(a), (x, lambda g: spread(index, a, g)))


# Right -------------------------------------------------------------------------------------------------


def _times(other, g, left):
    return other.T @ g if left else g @ other.T


@right
def affine__partials(x, W, b):
    y = np.matmul(x.data, W.data) + b.data
    return Tensor(
        y,
        (x, partial(_times, W.data, left=False)),
        (W, partial(_times, x.data, left=True)),
        (b, partial(np.sum, axis=0)),
    )


class Pullback:
    def __init__(self, rule, *known):
        self.rule, self.known = rule, known

    def __call__(self, g):
        return self.rule(g, *self.known)


@right
def affine__objects(x, W, b):
    return Tensor(
        x.data.dot(W.data) + b.data,
        (x, Pullback(lambda g, w: g.dot(w.T), W.data)),
        (W, Pullback(lambda g, a: a.T.dot(g), x.data)),
        (b, Pullback(lambda g: g)),
    )


@right
def affine__keepdims(x, W, b):
    return affine_of(x, W, b, db=lambda g: g.sum(axis=0, keepdims=True))


@right
def affine__a_loop_over_the_batch(x, W, b):
    y = np.stack([row @ W.data + b.data for row in x.data])
    return affine_of(x, W, b, y, dW=lambda g: sum(np.outer(row, h) for row, h in zip(x.data, g, strict=True)))


@right
def affine__method_of_the_operands(x, W, b):
    y = (x.data[:, :, None] * W.data[None]).sum(1)
    y += b.data
    return affine_of(x, W, b, y, dx=lambda g: np.tensordot(g, W.data, (1, 1)))


@right
def maxout__objects(x, pieces):
    a = x.data.reshape(x.shape[0], pieces, -1)
    return Tensor(np.amax(a, 1), (x, Pullback(lambda g, i: to(i, a, g), np.argmax(a, axis=1))))


@right
def maxout__a_partial(x, pieces):
    a = x.data.reshape(x.shape[0], pieces, -1)
    return Tensor(a.max(1), (x, partial(to, a.argmax(1), a)))


@right
def maxout__random_among_equals(x, pieces):
    order = np.random.default_rng(len(x.data)).permutation(pieces)
    return maxout_of(x, pieces, lambda a: order[a[:, order].argmax(axis=1)])


@right
def maxout__numpy_integers(x, pieces):
    m, n = np.array(x.shape)
    a = x.data.reshape(m, np.int64(pieces), n // np.int64(pieces))
    best = np.zeros(a[:, 0].shape, np.int64)
    for i in range(1, pieces):
        best = np.where(a[:, i] > np.take_along_axis(a, best[:, None], 1)[:, 0], np.int64(i), best)
    return maxout_of(x, pieces, lambda _: best)


@right
def maxout__cumulative(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    is_max = a == a.max(axis=1, keepdims=True)
    wins = is_max & (is_max.cumsum(axis=1) == 1)
    return Tensor(a.max(axis=1), (x, lambda g: np.where(wins, g[:, None], a.dtype.type(0)).reshape(x.shape)))


@right
def maxout__units_first(x, pieces):
    a = np.stack(np.split(x.data, pieces, axis=1))
    index = a.argmax(axis=0)
    wins = np.arange(pieces)[:, None, None] == index
    return Tensor(a.max(axis=0), (x, lambda g: np.concatenate(list(wins * g), axis=1)))


# Wrong: affine -----------------------------------------------------------------------------------------


@wrong("bias_averaged")
def affine__mean_for_b(x, W, b):
    return affine_of(x, W, b, db=lambda g: np.mean(g, axis=0))


@wrong("W_averaged")
def affine__mean_for_W(x, W, b):
    m = x.shape[0]
    return affine_of(x, W, b, dW=lambda g: (x.data.T @ g) / m)


@wrong("bias_over_columns")
def affine__wrong_axis_for_b(x, W, b):
    return affine_of(x, W, b, db=lambda g: g.sum(axis=1))


@wrong("W_not_transposed")
def affine__not_transposed(x, W, b):
    return affine_of(x, W, b, dx=lambda g: np.dot(g, W.data))


@wrong("x_not_transposed")
def affine__x_not_transposed(x, W, b):
    return affine_of(x, W, b, dW=lambda g: np.dot(x.data, g))


@wrong("W_swapped")
def affine__transposed_gradient_of_W(x, W, b):
    return affine_of(x, W, b, dW=lambda g: np.dot(g.T, x.data))


@wrong("bias_without_edge")
def affine__two_edges(x, W, b):
    return Tensor(x.data @ W.data + b.data, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g))


@wrong("other_operations")
def affine__operators(x, W, b):
    """The pullbacks are those of minigan's matmul and add."""
    return ops.add(ops.matmul(x, W), b)


@wrong("edges_swapped")
def affine__edges_crossed(x, W, b):
    return Tensor(
        x.data @ W.data + b.data, (x, lambda g: x.data.T @ g), (W, lambda g: g @ W.data.T), (b, lambda g: g)
    )


@wrong("no_bias")
def affine__forgets_b(x, W, b):
    return affine_of(x, W, b, x.data @ W.data)


@wrong("ignores_g")
def affine__local_derivatives(x, W, b):
    return affine_of(
        x,
        W,
        b,
        dx=lambda g: np.ones(g.shape, g.dtype) @ W.data.T,
        dW=lambda g: x.data.T @ np.ones(g.shape, g.dtype),
    )


BUFFERS = {}


@wrong("shared_buffer")
def affine__one_buffer_for_y(x, W, b):
    y = BUFFERS.setdefault(
        ("y", len(x.data), W.shape, x.dtype.name), np.empty((len(x.data), W.shape[1]), x.dtype)
    )
    np.matmul(x.data, W.data, out=y)
    y += b.data
    return affine_of(x, W, b, y)


@wrong("shared_gradient")
def affine__one_buffer_for_dx(x, W, b):
    def dx(g):
        out = BUFFERS.setdefault(("dx", x.shape, g.dtype.name), np.empty(x.shape, g.dtype))
        return np.matmul(g, W.data.T, out=out)

    return affine_of(x, W, b, dx=dx)


@wrong("used_up")
def affine__gradients_once(x, W, b):
    """What was made is used up by the first backward."""
    left = [W.data.T.copy()]
    return affine_of(x, W, b, dx=lambda g: g @ (left.pop() if left else np.zeros_like(W.data.T)))


@wrong("writes_into_b")
def affine__adds_into_b(x, W, b):
    b.data += 0 * b.data
    y = x.data @ W.data
    value = y + b.data
    b.data[...] = value[0]
    return affine_of(x, W, b, value)


@wrong("writes_into_g")
def affine__scales_g(x, W, b):
    def dx(g):
        share = g @ W.data.T
        g -= g
        return share

    return affine_of(x, W, b, dx=dx)


@wrong("float64")
def affine__ones_times_g(x, W, b):
    return affine_of(x, W, b, dW=lambda g: x.data.T @ (np.ones(g.shape) * g))


@wrong()
def affine__flattens(x, W, b):
    y = (x.data @ W.data + b.data).squeeze()
    return affine_of(x, W, b, y)


@wrong("memory_order")
def affine__as_memory_runs(x, W, b):
    a = np.ravel(x.data, order="K").reshape(x.shape)
    return affine_of(x, W, b, a @ W.data + b.data)


# Wrong: maxout -----------------------------------------------------------------------------------------


@wrong("wrong_stride")
def maxout__units_before_pieces(x, pieces):
    a = x.data.reshape(len(x.data), -1, pieces)
    wins = a.argmax(axis=-1)[..., None] == np.arange(pieces)
    return Tensor(a.max(axis=-1), (x, lambda g: (wins * g[..., None]).reshape(x.shape)))


@wrong("all_ties")
def maxout__equal_to_the_largest(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    y = a.max(axis=1, keepdims=True)
    return Tensor(y[:, 0], (x, lambda g: np.where(a == y, g[:, None], a.dtype.type(0)).reshape(x.shape)))


@wrong("shared_ties")
def maxout__divided_among_equals(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    wins = (a == a.max(axis=1, keepdims=True)).astype(a.dtype)
    wins /= wins.sum(axis=1, keepdims=True)
    return Tensor(a.max(axis=1), (x, lambda g: (wins * g[:, None]).reshape(x.shape)))


@wrong("nearly_equal")
def maxout__isclose(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    close = np.isclose(a, a.max(axis=1, keepdims=True))
    return maxout_of(x, pieces, lambda _: close.argmax(axis=1))


@wrong("nearly_equal")
def maxout__rounds(x, pieces):
    return maxout_of(x, pieces, lambda a: np.round(a, 6).argmax(axis=1))


@wrong("truncates")
def maxout__truncates(x, pieces):
    return maxout_of(x, pieces, lambda a: a.astype(int).argmax(axis=1))


@wrong("starts_from_a_number")
def maxout__starts_from_minus_a_million(x, pieces):
    def value(a):
        best = np.full(a[:, 0].shape, -1e6, a.dtype)
        for i in range(pieces):
            best = np.maximum(best, a[:, i])
        return best

    return maxout_of(x, pieces, value=value)


@wrong("relu")
def maxout__starts_from_zero(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    y = np.maximum(a.max(axis=1), 0)
    return Tensor(y, (x, lambda g: to(a.argmax(axis=1), a, g * (y > 0))))


@wrong("two_pieces")
def maxout__of_two(x, pieces):
    def value(a):
        return np.maximum(a[:, 0], a[:, -1])

    return maxout_of(x, pieces, lambda a: np.where(a[:, 0] >= a[:, -1], 0, pieces - 1), value)


@wrong("largest_magnitude")
def maxout__largest_magnitude(x, pieces):
    def winner(a):
        return abs(a).argmax(axis=1)

    return maxout_of(x, pieces, winner, lambda a: np.take_along_axis(a, winner(a)[:, None], 1)[:, 0])


@wrong("all_pieces")
def maxout__to_every_piece(x, pieces):
    return maxout_of(x, pieces, spread=lambda i, a, g: np.tile(g, pieces))


@wrong("ignores_g")
def maxout__one_at_the_winner(x, pieces):
    return maxout_of(x, pieces, spread=lambda i, a, g: to(i, a, np.ones(g.shape, g.dtype)))


@wrong()
def maxout__sums_over_the_units(x, pieces):
    return maxout_of(x, pieces, spread=lambda i, a, g: to(i, a, np.repeat(g.sum(1)[:, None], g.shape[1], 1)))


@wrong("other_operations")
def maxout__operations(x, pieces):
    """The pullback is that of minigan's max."""
    return ops.max(ops.reshape(x, (x.shape[0], pieces, -1)), axis=1)


@wrong("keeps_the_axis")
def maxout__keeps_three_axes(x, pieces):
    def spread(index, a, g):
        return to(index, a, g).reshape(a.shape)

    return maxout_of(x, pieces, spread=spread)


@wrong("shared_mask")
def maxout__one_mask(x, pieces, masks={}):  # noqa: B006
    a = x.data.reshape(len(x.data), pieces, -1)
    wins = masks.setdefault(a.shape, np.empty(a.shape, bool))
    wins[...] = a.argmax(axis=1)[:, None] == np.arange(pieces)[:, None]
    return Tensor(a.max(axis=1), (x, lambda g: (g[:, None] * wins).reshape(x.shape)))


@wrong("mask_used_up")
def maxout__one_use(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    wins = (a.argmax(axis=1)[:, None] == np.arange(pieces)[:, None]).astype(a.dtype)

    def pullback(g):
        np.multiply(wins, g[:, None], out=wins)
        return wins.reshape(x.shape)

    return Tensor(a.max(axis=1), (x, pullback))


@right
def maxout__writes_through_a_view(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    index = a.argmax(axis=1)[:, None]

    def pullback(g):
        dx = np.zeros_like(x.data)
        np.put_along_axis(dx.reshape(a.shape), index, g[:, None], axis=1)
        return dx

    return Tensor(a.max(axis=1), (x, pullback))


@wrong("writes_into_x")
def maxout__sorts_in_place(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    index = a.argmax(axis=1)
    a.sort(axis=1)
    return Tensor(a[:, -1].copy(), (x, lambda g: to(index, a, g)))


@wrong("float64")
def maxout__zeros_without_dtype(x, pieces):
    def spread(index, a, g):
        dx = np.zeros(a.shape)
        np.put_along_axis(dx, index[:, None], g[:, None], axis=1)
        return dx.reshape(len(a), -1)

    return maxout_of(x, pieces, spread=spread)


@wrong("smallest")
def maxout__min(x, pieces):
    return maxout_of(x, pieces, lambda a: a.argmin(axis=1), lambda a: a.min(axis=1))


@wrong("losers_get_it")
def maxout__the_others(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    wins = a.argmax(axis=1)[:, None] == np.arange(pieces)[:, None]
    return Tensor(a.max(axis=1), (x, lambda g: (g[:, None] * ~wins).reshape(x.shape)))


@wrong("no_gradient_at_ties")
def maxout__strictly_larger_than_all_others(x, pieces):
    a = x.data.reshape(len(x.data), pieces, -1)
    y = a.max(axis=1, keepdims=True)
    wins = (a == y) & ((a == y).sum(axis=1, keepdims=True) == 1)
    return Tensor(y[:, 0], (x, lambda g: (g[:, None] * wins).reshape(x.shape)))
