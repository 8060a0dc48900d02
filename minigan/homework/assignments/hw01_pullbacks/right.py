"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigan.tensor import Array, Tensor


def array_of(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else x


def mul__plain(x: Any, y: Any) -> Tensor:
    a, b = array_of(x), array_of(y)
    dx = lambda g: g * b  # noqa: E731
    dy = lambda g: g * a  # noqa: E731
    return Tensor(a * b, (x, dx), (y, dy))


def div__plain(x: Any, y: Any) -> Tensor:
    a, b = array_of(x), array_of(y)
    dx = lambda g: g / b  # noqa: E731
    dy = lambda g: -g * a / b**2  # noqa: E731
    return Tensor(a / b, (x, dx), (y, dy))


def exp__partial(x: Tensor) -> Tensor:
    y = np.exp(x.data)
    return Tensor(y, (x, partial(np.multiply, y)))


def log__computed_twice(x: Tensor) -> Tensor:
    return Tensor(np.log(x.data), (x, lambda g: g * (1 / x.data)))


def matmul__by_einsum(x: Tensor, y: Tensor) -> Tensor:
    a, b = x.data, y.data
    dx = lambda g: np.einsum("...mk,...nk->...mn", g, b)  # noqa: E731
    dy = lambda g: np.einsum("...mn,...mk->...nk", a, g)  # noqa: E731
    return Tensor(np.einsum("...mn,...nk->...mk", a, b), (x, dx), (y, dy))


class Spread:
    """A pullback that is an object."""

    def __init__(self, a: Array, axis: Any) -> None:
        self.shape, self.kept = a.shape, a.sum(axis=axis, keepdims=True).shape

    def __call__(self, g: Array) -> Array:
        return g.reshape(self.kept) + np.zeros(self.shape, g.dtype)


def sum__an_object(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    return Tensor(np.sum(x.data, axis, keepdims=keepdims), (x, Spread(x.data, axis)))


def max__put_along(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    a = x.data
    first = np.expand_dims(a.argmax(axis=axis), axis)
    y = np.take_along_axis(a, first, axis)

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, first, g.reshape(first.shape), axis)
        return dx

    return Tensor(y if keepdims else y.squeeze(axis), (x, pullback))


def max__last_by_mask(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    a = np.moveaxis(x.data, axis, 0)
    wins = a == a.max(axis=0)
    wins &= wins[::-1].cumsum(axis=0)[::-1] == 1

    def pullback(g: Array) -> Array:
        return np.moveaxis(wins * (np.moveaxis(g, axis, 0) if keepdims else g), 0, axis)

    return Tensor(x.data.max(axis, keepdims=keepdims), (x, pullback))
