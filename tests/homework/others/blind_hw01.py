"""hw01: more answers, written from the task's words alone."""

import functools

import numpy as np

from minigan.tensor import Tensor

from . import right, wrong


def number(x):
    return x.data if isinstance(x, Tensor) else x


def spread(g, a, axis):
    """g of a sum over `axis`, in the shape of a."""
    return np.broadcast_to(g.reshape(a.sum(axis=axis, keepdims=True).shape), a.shape)


# Right -------------------------------------------------------------------------------------------------


class Times:
    """A pullback as an object."""

    def __init__(self, factor, sign=1):
        self.factor, self.sign = factor, sign

    def __call__(self, g):
        return np.multiply(g, self.factor)


@right
def mul__by_objects(x, y):
    a, b = number(x), number(y)
    edges = [(t, Times(other)) for t, other in ((x, b), (y, a)) if isinstance(t, Tensor)]
    return Tensor(np.multiply(a, b), *edges)


def over(b, g):
    return g / b


def quotient_share(a, b, g):
    return -(g / b) * (a / b)


@right
def div__by_partials(x, y):
    a, b = number(x), number(y)
    return Tensor(a / b, (x, functools.partial(over, b)), (y, functools.partial(quotient_share, a, b)))


@right
def matmul__by_einsum(x, y):
    a, b = x.data, y.data
    if a.shape[-1] != b.shape[-2]:
        raise ValueError("the inner lengths differ")

    def dx(g):
        return np.einsum("...ij,...kj->...ik", g, b)

    def dy(g):
        return np.einsum("...ki,...kj->...ij", a, g)

    return Tensor(np.einsum("...ik,...kj->...ij", a, b), (x, dx), (y, dy))


@right
def sum__axis_after_axis(x, axis=None, keepdims=False):
    a = x.data
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(int(i) % a.ndim for i in axes)
    y = a
    for i in axes[::-1]:
        y = np.add.reduce(y, axis=i, keepdims=keepdims)

    def pullback(g):
        if not keepdims:
            for i in axes:
                g = np.expand_dims(g, i)
        for i in axes:
            g = np.repeat(g, a.shape[i], axis=i)
        return g

    return Tensor(np.array(y), (x, pullback))


@right
def max__last_winner_by_loops(x, axis, keepdims=False):
    a = np.moveaxis(x.data, axis, -1)
    y, winner = np.empty(a.shape[:-1], a.dtype), {}
    for i in np.ndindex(a.shape[:-1]):
        winner[i] = a.shape[-1] - 1 - int(np.argmax(a[i][::-1]))
        y[i] = a[i][winner[i]]

    def pullback(g):
        g = g.reshape(a.shape[:-1])
        dx = np.zeros_like(x.data)
        view = np.moveaxis(dx, axis, -1)
        for i, j in winner.items():
            view[i][j] = g[i]
        return dx

    return Tensor(np.expand_dims(y, axis) if keepdims else y, (x, pullback))


@right
def max__put_along_axis(x, axis, keepdims=False):
    a = x.data
    where = np.argmax(a, axis=axis, keepdims=True)
    y = np.take_along_axis(a, where, axis)

    def pullback(g):
        dx = np.zeros(a.shape, a.dtype)
        np.put_along_axis(dx, where, g.reshape(where.shape), axis)
        return dx

    return Tensor(y if keepdims else np.squeeze(y, axis), (x, pullback))


@right
def exp__recomputed(x):
    kept = x.data.copy()
    return Tensor(np.exp(kept), (x, lambda g: np.exp(kept) * g))


# Wrong -------------------------------------------------------------------------------------------------


@wrong("makes_an_array")
def mul__number_as_float64_array(x, y):
    """float32 becomes float64."""
    shape = (x if isinstance(x, Tensor) else y).shape
    a, b = (t.data if isinstance(t, Tensor) else np.full(shape, t, float) for t in (x, y))
    return Tensor(a * b, (x, lambda g: g * b), (y, lambda g: g * a))


@wrong("with_itself")
def mul__same_tensor_gets_one_edge(x, y):
    """x * x has one edge, with half the gradient."""
    a, b = number(x), number(y)
    if x is y:
        return Tensor(a * b, (x, lambda g: g * a))
    return Tensor(a * b, (x, lambda g: g * b), (y, lambda g: g * a))


@wrong("writes_into_g")
def mul__writes_g(x, y):
    a, b = number(x), number(y)

    def dx(g):
        g *= b
        return g

    return Tensor(a * b, (x, dx if np.shape(b) == np.shape(a) else lambda g: g * b), (y, lambda g: g * a))


@wrong("ignores_x")
def div__numerator_forgotten(x, y):
    a, b = number(x), number(y)
    return Tensor(a / b, (x, lambda g: g / b), (y, lambda g: -g / b**2))


@wrong("by_y_without_the_square")
def div__denominator_once(x, y):
    a, b = number(x), number(y)
    return Tensor(a / b, (x, lambda g: g / b), (y, lambda g: -g * a / b))


@wrong()
def div__abs_denominator(x, y):
    """sqrt(b^2) where b was meant: wrong for negative denominators only."""
    a, b = number(x), number(y)
    return Tensor(a / b, (x, lambda g: g / abs(b)), (y, lambda g: -g * (a / b) / b))


@wrong()
def div__number_over_tensor_is_a_constant(x, y):
    a, b = number(x), number(y)
    if not isinstance(x, Tensor):
        return Tensor(a / b)
    return Tensor(a / b, (x, lambda g: g / b), (y, lambda g: -g * (a / b) / b))


@wrong("into_its_value")
def exp__in_place(x):
    """The value is later multiplied in place."""
    y = np.asarray(np.exp(x.data))

    def pullback(g):
        np.multiply(y, g, out=y)
        return y

    return Tensor(y, (x, pullback))


@wrong("as_a_power")
def exp__power_rule(x):
    a = x.data
    return Tensor(np.exp(a), (x, lambda g: g * a * np.exp(a - 1)))


@wrong()
def exp__drops_an_axis_of_length_1(x):
    y = np.exp(x.data)
    return Tensor(y, (x, lambda g: np.squeeze(g * y)))


@wrong("with_an_epsilon")
def log__shifted(x):
    a = x.data
    return Tensor(np.log(a), (x, lambda g: g / (a + 1e-8)))


@wrong()
def log__always_float32(x):
    a = x.data
    return Tensor(np.log(a).astype(np.float32), (x, lambda g: g / a))


@wrong()
def log__log1p(x):
    a = x.data
    return Tensor(np.log1p(a), (x, lambda g: g / (1 + a)))


@wrong()
def matmul__dot(x, y):
    """np.dot, which is another product for stacks."""
    a, b = x.data, y.data
    return Tensor(
        np.dot(a, b),
        (x, lambda g: np.dot(g, b.swapaxes(-1, -2))),
        (y, lambda g: np.dot(a.swapaxes(-1, -2), g)),
    )


@wrong("all_axes_turned")
def matmul__reversed_all_axes(x, y):
    """.T turns a stack around."""
    a, b = x.data, y.data
    return Tensor(a @ b, (x, lambda g: g @ b.T), (y, lambda g: a.T @ g))


@wrong()
def matmul__square_not_transposed(x, y):
    a, b = x.data, y.data
    bt = b if b.shape[-1] == b.shape[-2] else b.swapaxes(-1, -2)
    return Tensor(a @ b, (x, lambda g: g @ bt), (y, lambda g: a.swapaxes(-1, -2) @ g))


@wrong("wrong_factor")
def matmul__second_order_swapped(x, y):
    a, b = x.data, y.data
    return Tensor(
        a @ b, (x, lambda g: g @ b.swapaxes(-1, -2)), (y, lambda g: (a.swapaxes(-1, -2) @ g).swapaxes(-1, -2))
    )


@wrong("averaged")
def sum__divides(x, axis=None, keepdims=False):
    a = x.data
    y = a.sum(axis=axis, keepdims=keepdims)
    n = np.maximum(a.size // np.maximum(y.size, 1), 1)
    return Tensor(y, (x, lambda g: spread(g, a, axis) / a.dtype.type(n)))


@wrong("without_keepdims")
def sum__keepdims_ignored(x, axis=None, keepdims=False):
    a = x.data
    return Tensor(a.sum(axis=axis), (x, lambda g: spread(g, a, axis)))


@wrong("axis_0")
def sum__axis_zero_is_no_axis(x, axis=None, keepdims=False):
    """`if axis:` is false for 0."""
    a = x.data
    y = a.sum(axis=axis, keepdims=keepdims) if axis else a.sum(keepdims=keepdims)
    return Tensor(y, (x, lambda g: spread(g, a, axis if axis else None)))


@wrong()
def sum__tuple_of_first_axis(x, axis=None, keepdims=False):
    a = x.data
    one = axis[0] if isinstance(axis, tuple) else axis

    def pullback(g):
        if axis is None or keepdims:
            return np.broadcast_to(g, a.shape)
        return np.broadcast_to(np.expand_dims(g, one), a.shape)

    return Tensor(a.sum(axis=axis, keepdims=keepdims), (x, pullback))


@wrong()
def sum__negative_axis_in_pullback(x, axis=None, keepdims=False):
    """A new axis is put in before the last, not after it."""
    a = x.data

    def pullback(g):
        if axis is None or keepdims:
            return np.broadcast_to(g.reshape(np.sum(a, axis=axis, keepdims=True).shape), a.shape)
        axes = [i if i >= 0 else i + a.ndim - 1 for i in (axis if isinstance(axis, tuple) else (axis,))]
        try:
            return np.broadcast_to(np.expand_dims(g, tuple(axes)), a.shape)
        except ValueError:
            return np.zeros(a.shape, a.dtype)

    return Tensor(a.sum(axis=axis, keepdims=keepdims), (x, pullback))


@wrong("shared_ties")
def max__ties_share(x, axis, keepdims=False):
    a = x.data
    y = a.max(axis=axis, keepdims=True)
    wins = a == y
    return Tensor(
        y if keepdims else y.squeeze(axis),
        (x, lambda g: g.reshape(y.shape) * wins / wins.sum(axis=axis, keepdims=True).astype(a.dtype)),
    )


@wrong("nearly_equal")
def max__near_ties_win(x, axis, keepdims=False):
    a = x.data
    y = a.max(axis=axis, keepdims=True)
    wins = np.isclose(a, y)
    wins &= np.cumsum(wins, axis=axis) == 1
    return Tensor(y if keepdims else y.squeeze(axis), (x, lambda g: g.reshape(y.shape) * wins))


@wrong()
def max__of_all(x, axis, keepdims=False):
    """The winner is looked for in the flattened array."""
    a = x.data
    y = a.max(axis=axis, keepdims=keepdims)

    def pullback(g):
        dx = np.zeros_like(a)
        if a.size:
            dx.flat[np.argmax(a)] = g.sum()
        return dx

    return Tensor(y, (x, pullback))


@wrong()
def max__absolute_value(x, axis, keepdims=False):
    a = x.data
    where = (
        np.argmax(abs(a), axis=axis, keepdims=True)
        if a.size
        else np.zeros(a.max(axis=axis, keepdims=True).shape, int)
    )
    first = (
        np.arange(a.shape[axis]).reshape([-1 if i == axis % a.ndim else 1 for i in range(a.ndim)]) == where
    )
    return Tensor(a.max(axis=axis, keepdims=keepdims), (x, lambda g: g.reshape(where.shape) * first))


@wrong("buffer")
def max__shared_buffer(x, axis, keepdims=False, buffers={}):  # noqa: B006
    """One array of zeros for each shape, used again by the next call."""
    a = x.data
    where = np.argmax(a, axis=axis, keepdims=True)

    def pullback(g):
        dx = buffers.setdefault((a.shape, a.dtype), np.zeros_like(a))
        dx[...] = 0
        np.put_along_axis(dx, where, g.reshape(where.shape), axis)
        return dx

    return Tensor(a.max(axis=axis, keepdims=keepdims), (x, pullback))
