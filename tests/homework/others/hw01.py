"""hw01: other answers."""

import operator
from functools import partial

import numpy as np

from minigan import ops
from minigan.tensor import Tensor, unbroadcast

from . import right, wrong


def values(*operands):
    return [t.data if isinstance(t, Tensor) else t for t in operands]


# Right -------------------------------------------------------------------------------------------------


@right
def mul__sums_down_itself(x, y):
    a, b = values(x, y)
    out = np.multiply(a, b)
    edges = []
    if isinstance(x, Tensor):
        edges.append((x, lambda g: unbroadcast(np.asarray(g * b), a.shape)))
    if isinstance(y, Tensor):
        edges.append((y, lambda g: unbroadcast(np.asarray(g * a), b.shape)))
    return Tensor(out, *edges)


@right
def mul__cases(x, y):
    if not isinstance(y, Tensor):
        return Tensor(x.data * y, (x, lambda g: y * g))
    if not isinstance(x, Tensor):
        return mul__cases(y, x)
    return Tensor(x.data * y.data, (x, lambda g: g * y.data), (y, lambda g: g * x.data))


@right
def div__by_the_result(x, y):
    a, b = values(x, y)
    q = a / b
    return Tensor(q, (x, lambda g: g / b), (y, lambda g: -(g * q) / b))


@right
def div__reciprocal(x, y):
    a, b = values(x, y)
    one_over = 1 / b
    return Tensor(a / b, (y, lambda g: -g * a * one_over * one_over), (x, partial(operator.mul, one_over)))


@right
def exp__numpy_of_the_tensor(x):
    return Tensor(np.exp(x.data), (x, lambda g: np.exp(x.data) * g))


@right
def log__masked_nothing(x):
    (a,) = ops._arrays("log", x)

    def backwards(upstream):
        share = np.empty(np.shape(a), a.dtype)
        share[...] = upstream
        share /= a
        return share

    return Tensor(np.log(a), (x, backwards))


@right
def matmul__moveaxis(x, y):
    a, b = x.data, y.data
    return Tensor(
        np.matmul(a, b),
        (x, lambda g: np.matmul(g, np.moveaxis(b, -1, -2))),
        (y, lambda g: np.matmul(np.moveaxis(a, -2, -1), g)),
    )


@right
def matmul__tensordot_for_plain_matrices(x, y):
    a, b = x.data, y.data
    if a.ndim == b.ndim == 2:
        dx, dy = lambda g: g.dot(b.T), lambda g: np.tensordot(a, g, axes=(0, 0))
    else:
        dx, dy = lambda g: g @ np.swapaxes(b, -2, -1), lambda g: np.swapaxes(a, -2, -1) @ g
    return Tensor(a @ b, (x, dx), (y, dy))


@right
def sum__by_expand_dims(x, axis=None, keepdims=False):
    a = x.data

    def pullback(g):
        if not keepdims and axis is not None:
            axes = axis if isinstance(axis, tuple) else (axis,)
            g = np.expand_dims(g, tuple(i % a.ndim for i in axes))
        return np.broadcast_to(g, a.shape)

    return Tensor(a.sum(axis, keepdims=keepdims), (x, pullback))


@right
def sum__times_ones(x, axis=None, keepdims=False):
    a, ones = x.data, np.ones_like(x.data)
    shape = np.sum(a, axis=axis, keepdims=True).shape
    return Tensor(np.add.reduce(a, axis=axis, keepdims=keepdims), (x, lambda g: ones * np.reshape(g, shape)))


@right
def max__where_cumulated(x, axis, keepdims=False):
    a = x.data
    top = a.max(axis=axis, keepdims=True)
    hit = a == top
    first = hit & (np.cumsum(hit, axis=axis) == 1)

    def pullback(g):
        return np.where(first, g if keepdims else np.expand_dims(g, axis), np.zeros((), a.dtype))

    return Tensor(top if keepdims else top.squeeze(axis=axis), (x, pullback))


@right
def max__flat_indices(x, axis, keepdims=False):
    a = x.data
    rows = np.moveaxis(a, axis, -1)
    winner = rows.argmax(-1)

    def pullback(g):
        share = np.zeros(rows.size, a.dtype)
        np.add.at(share, np.arange(winner.size) * rows.shape[-1] + winner.ravel(), g.ravel())
        return np.moveaxis(share.reshape(rows.shape), -1, axis)

    return Tensor(np.max(a, axis=axis, keepdims=keepdims), (x, pullback))


# Wrong -------------------------------------------------------------------------------------------------


@wrong("swapped")
def mul__own_factor(x, y):
    a, b = values(x, y)
    return Tensor(a * b, (x, lambda g: np.asarray(a * g)), (y, lambda g: np.asarray(g * b)))


@wrong("ignores_g")
def mul__no_upstream(x, y):
    a, b = values(x, y)
    shape = np.shape(a * b)
    return Tensor(a * b, (x, lambda g: np.broadcast_to(b, shape)), (y, lambda g: np.broadcast_to(a, shape)))


@wrong("tensors_only")
def mul__no_numbers(x, y):
    return Tensor(x.data * y.data, (x, lambda g: g * y.data), (y, lambda g: g * x.data))


@wrong("makes_an_array")
def mul__numbers_as_tensors(x, y):
    x, y = (t if isinstance(t, Tensor) else Tensor(np.array(float(t))) for t in (x, y))
    return Tensor(x.data * y.data, (x, lambda g: g * y.data), (y, lambda g: g * x.data))


@wrong()
def mul__one_pullback_for_both(x, y):
    a, b = values(x, y)
    return Tensor(a * b, (x, lambda g: g * b), (y, lambda g: g * b))


@wrong("sign")
def div__plus(x, y):
    a, b = values(x, y)
    return Tensor(a / b, (x, lambda g: g * (1 / b)), (y, lambda g: g * (a / (b * b))))


@wrong("by_y_without_the_square")
def div__once(x, y):
    a, b = values(x, y)
    return Tensor(a / b, (x, lambda g: g / b), (y, lambda g: g * -(a / b)))


@wrong()
def div__integers(x, y):
    a, b = values(x, y)
    return Tensor(a // b, (x, lambda g: g / b), (y, lambda g: -g * a / b**2))


@wrong("as_if_linear")
def exp__passes_g(x):
    return Tensor(np.exp(x.data), (x, lambda g: 1 * g))


@wrong("times_x")
def exp__power_rule(x):
    return Tensor(np.exp(x.data), (x, lambda g: x.data * g))


@wrong("remembered")
def exp__keeps_the_first_x(x, seen={}):  # noqa: B006
    y = seen.setdefault(x.shape, np.exp(x.data))
    return Tensor(np.exp(x.data), (x, lambda g: g * y.astype(g.dtype)))


@wrong("base_ten")
def log__decadic(x):
    return Tensor(np.log10(x.data), (x, lambda g: g / x.data))


@wrong("times_x")
def log__multiplies(x):
    a = x.data
    return Tensor(np.log(a), (x, lambda g: g * a))


@wrong("with_an_epsilon")
def log__clipped(x):
    a = x.data + 1e-8
    return Tensor(np.log(a), (x, lambda g: g / a))


@wrong("not_transposed")
def matmul__as_they_are(x, y):
    a, b = x.data, y.data
    return Tensor(a @ b, (x, lambda g: np.matmul(g, b)), (y, lambda g: np.matmul(a, g)))


@wrong("all_axes_turned")
def matmul__capital_t(x, y):
    a, b = x.data, y.data
    return Tensor(a @ b, (x, lambda g: g @ b.T), (y, lambda g: a.T @ g))


@wrong("swapped")
def matmul__g_on_the_wrong_side(x, y):
    a, b = x.data, y.data
    return Tensor(a @ b, (x, lambda g: np.swapaxes(b, -1, -2) @ g), (y, lambda g: g @ np.swapaxes(a, -1, -2)))


@wrong("averaged")
def sum__shares_g_out(x, axis=None, keepdims=False):
    y = x.data.sum(axis=axis, keepdims=keepdims)
    kept = x.data.sum(axis=axis, keepdims=True).shape
    n = x.data.size / y.size if y.size else 1
    return Tensor(y, (x, lambda g: np.broadcast_to(g.reshape(kept) / (n or 1), x.shape)))


@wrong("ignores_g")
def sum__ones(x, axis=None, keepdims=False):
    return Tensor(x.data.sum(axis=axis, keepdims=keepdims), (x, lambda g: np.ones_like(x.data)))


@wrong("without_the_axis")
def sum__plain_broadcast(x, axis=None, keepdims=False):
    return Tensor(x.data.sum(axis=axis, keepdims=keepdims), (x, lambda g: np.broadcast_to(g, x.shape)))


@wrong("without_keepdims")
def sum__no_keepdims(x, axis=None, keepdims=False):
    kept = x.data.sum(axis=axis, keepdims=True).shape
    return Tensor(x.data.sum(axis=axis), (x, lambda g: np.broadcast_to(g.reshape(kept), x.shape)))


@wrong("all_ties")
def max__equal_to_the_max(x, axis, keepdims=False):
    top = x.data.max(axis=axis, keepdims=True)
    y = top if keepdims else top.squeeze(axis)
    return Tensor(y, (x, lambda g: (x.data == top) * g.reshape(top.shape)))


@wrong("shared_ties")
def max__shares(x, axis, keepdims=False):
    top = x.data.max(axis=axis, keepdims=True)
    mask = x.data == top
    count = mask.sum(axis=axis, keepdims=True).astype(x.dtype)
    y = top if keepdims else top.squeeze(axis)
    return Tensor(y, (x, lambda g: mask * g.reshape(top.shape) / count))


@wrong("nearly_equal")
def max__close(x, axis, keepdims=False):
    top = x.data.max(axis=axis, keepdims=True)
    mask = np.isclose(x.data, top)
    mask &= mask.cumsum(axis=axis) == 1
    return Tensor(top if keepdims else top.squeeze(axis), (x, lambda g: mask * g.reshape(top.shape)))


@wrong()
def max__positive_axis_only(x, axis, keepdims=False):
    a = x.data
    mask = np.zeros(a.shape, bool)
    for index in np.ndindex(tuple(n for i, n in enumerate(a.shape) if i != axis)):
        where = (*index[:axis], slice(None), *index[axis:])
        mask[where] = np.arange(a.shape[axis]) == a[where].argmax()
    kept = a.max(axis=axis, keepdims=True)
    return Tensor(kept if keepdims else kept.squeeze(axis), (x, lambda g: mask * g.reshape(kept.shape)))


@wrong("everywhere")
def max__spreads(x, axis, keepdims=False):
    top = x.data.max(axis=axis, keepdims=True)
    y = x.data.max(axis=axis, keepdims=keepdims)
    return Tensor(y, (x, lambda g: np.broadcast_to(g.reshape(top.shape), x.shape)))
