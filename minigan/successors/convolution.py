"""Convolution in one, two, three or more dimensions, from two operations that are each other's derivative.

Windows of `size` places in every direction stand `stride` places apart on x, around which there are `pad`
zeros on each side.  `patches` copies each window into a row: a linear map, P.  `overlap` puts rows back where
their windows stood and sums where these overlap: the transpose of P, because <P x, r> = <x, P^T r> for all x
and r.  The derivative of a linear map is the map itself, and its pullback the transpose, so the pullback of
each is the other.  A convolution is a matrix product after the one, y = P(x) W + b, and a transposed
convolution a product before the other, y = P^T(x W^T) + b.  Channels come last: x (m, *n, c) holds m examples
with c numbers at each place.  Nothing below knows how many dimensions n has.  TypeError where dtypes differ;
ValueError where shapes do not fit each other or the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod, sqrt
from typing import NamedTuple

import numpy as np

from minigan import ops
from minigan.backend import xp_of
from minigan.nn import BatchNorm, Layer
from minigan.random import Stream
from minigan.tensor import Array, Tensor, into

Shape = tuple[int, ...]
CACHE = 2**19  # numbers that stay near the processor while a matrix product is on its way


class Windows(NamedTuple):
    """Where windows stand, the same in every direction."""

    size: int
    stride: int = 1
    pad: int = 0

    def places(self, n: Sequence[int]) -> tuple[int, ...]:
        """How many windows stand on an array of lengths n: (n + 2 pad - size) / stride + 1, rounded down"""
        size, stride, pad = self
        ends = [length + 2 * pad - size for length in n]
        if min(size, stride) < 1 or min(pad, *ends) < 0:
            raise ValueError(f"{self} do not stand on {tuple(n)}: smaller windows, or more padding")
        return tuple(end // stride + 1 for end in ends)

    def lengths(self, places: Sequence[int]) -> tuple[int, ...]:
        """The shortest array on which so many windows stand: (places - 1) stride + size - 2 pad"""
        size, stride, pad = self
        return tuple((k - 1) * stride + size - 2 * pad for k in places)


HALVING = Windows(4, 2, 1)  # places: half as many as the lengths


# The two operations ----------------------------------------------------------------------------------


def patches(x: Tensor, windows: Windows) -> Tensor:
    """P(x), every window of x as a row        x (m, *n, c); rows (m * places, size^d * c)"""
    shape = x.shape
    return Tensor(_patches(x.data, windows), (x, lambda g: _overlap(g, shape, windows)))


def overlap(rows: Tensor, shape: Sequence[int], windows: Windows) -> Tensor:
    """P^T(rows), the array of that shape, (m, *n, c), that is the sum of the rows as windows"""
    y = _overlap(rows.data, shape, windows)
    return Tensor(y, (rows, lambda g: _patches(g, windows)))


def _patches(x: Array, windows: Windows) -> Array:
    m, *n, c = x.shape
    d, places, size = len(n), windows.places(n), windows.size
    view = xp_of(x).lib.stride_tricks.sliding_window_view
    found = view(_padded(x, windows.pad), (size,) * d, tuple(range(1, d + 1)))  # (m, *n, c, *size), no copy
    found = found[(slice(None), *[slice(None, None, windows.stride)] * d)]
    channels_last = (*range(d + 1), *range(d + 2, 2 * d + 2), d + 1)
    return found.transpose(channels_last).reshape(m * prod(places), size**d * c)


def _overlap(rows: Array, shape: Sequence[int], windows: Windows) -> Array:
    m, *n, c = shape
    d, places, (size, stride, pad) = len(n), windows.places(n), windows
    if rows.shape != (m * prod(places), size**d * c):
        raise ValueError(f"overlap: rows are {rows.shape}; expected {(m * prod(places), size**d * c)}")
    rows = rows.reshape(m, *places, *[size] * d, c)
    y = xp_of(rows).zeros((m, *(length + 2 * pad for length in n), c), rows.dtype)
    for corner in product(range(size), repeat=d):  # one place of all windows at once: none is met twice
        there = (slice(first, first + stride * k, stride) for first, k in zip(corner, places, strict=True))
        part = y[(slice(None), *there)]
        part += rows[(*[slice(None)] * (d + 1), *corner)]
    return y[_inside(n, pad)]


def _padded(x: Array, pad: int) -> Array:
    if not pad:
        return x
    m, *n, c = x.shape
    padded = xp_of(x).zeros((m, *(length + 2 * pad for length in n), c), x.dtype)
    padded[_inside(n, pad)] = x
    return padded


def _inside(n: Sequence[int], pad: int) -> tuple[slice, ...]:
    """Where the padded array is not padding"""
    return (slice(None), *(slice(pad, pad + length) for length in n))


# The convolutions as layers run them -------------------------------------------------------------------
#
# The windows of a few examples at a time, which stay in the processor's cache, and which nobody keeps: they
# are size^d / stride^d times as many numbers as x.


def convolve(x: Tensor, W: Tensor, b: Tensor, windows: Windows) -> Tensor:
    """y = P(x) W + b        x (m, *n, inputs), W (size^d inputs, outputs), b (outputs,), y (m, *n', outputs)

    The same as ops.affine(patches(x, windows), W, b), in the shape of x.
    """
    _check("convolve", x, W, b, windows, x.shape[-1:], b.shape)
    a, shape = x.data, x.shape
    y = _forward(a, W.data, windows)
    y += b.data
    return Tensor(
        y,
        (x, lambda g: _transposed(g, W.data, shape, windows)),
        (W, into(lambda g, out=None: _by_W(a, g, windows, out))),
        (b, lambda g: g),
    )


def convolve_transposed(x: Tensor, W: Tensor, b: Tensor, windows: Windows) -> Tensor:
    """y = P^T(x W^T) + b        x (m, *n', inputs), W (size^d outputs, inputs), b (outputs,)

    As a map of x the transpose of P(.) W, so `convolve` read backwards: y is what a gradient by x is there,
    and the other way round.  y (m, *n, outputs) with n the shortest lengths that have n' windows.
    """
    _check("convolve_transposed", x, W, b, windows, b.shape, x.shape[-1:])
    a = x.data
    y = _transposed(a, W.data, (len(a), *windows.lengths(x.shape[1:-1]), len(b.data)), windows)
    y += b.data
    return Tensor(
        y,
        (x, lambda g: _forward(g, W.data, windows)),
        (W, into(lambda g, out=None: _by_W(g, a, windows, out))),
        (b, lambda g: g),
    )


def _forward(x: Array, W: Array, windows: Windows) -> Array:
    """y = P(x) W"""
    xp, (m, *n, _) = xp_of(x), x.shape
    y = xp.empty((m, *windows.places(n), W.shape[1]), x.dtype)
    for part in _parts(y, len(W)):
        xp.matmul(_patches(x[part], windows), W, out=_rows(y[part]))
    return y


def _transposed(y: Array, W: Array, shape: Sequence[int], windows: Windows) -> Array:
    """x = P^T(y W^T), of that shape"""
    x = xp_of(y).empty(shape, y.dtype)
    for part in _parts(y, len(W)):
        x[part] = _overlap(_rows(y[part]) @ W.T, x[part].shape, windows)
    return x


def _by_W(x: Array, y: Array, windows: Windows, out: Array | None) -> Array:
    """P(x)^T y"""
    first, *others = _parts(y, windows.size ** (x.ndim - 2) * x.shape[-1])
    dW = xp_of(x).matmul(_patches(x[first], windows).T, _rows(y[first]), out=out)
    for part in others:
        dW += _patches(x[part], windows).T @ _rows(y[part])
    return dW


def _parts(y: Array, row: int) -> list[slice]:
    """Few of the examples of y at a time, whose windows have at most CACHE numbers; on a GPU all at once"""
    m, *places, _ = y.shape
    count = max(1, CACHE // (prod(places) * row)) if xp_of(y) is np else m
    return [slice(i, i + count) for i in range(0, m, count)]


def _rows(y: Array) -> Array:
    return y.reshape(-1, y.shape[-1])


def _check(name: str, x: Tensor, W: Tensor, b: Tensor, windows: Windows, wide: Shape, narrow: Shape) -> None:
    """W leads from windows with so many channels, `wide`, to places with `narrow`; both (channels,)."""
    xp_of(x.data, W.data, b.data)
    if len({x.dtype, W.dtype, b.dtype}) > 1:
        raise TypeError(f"{name}: x is {x.dtype}, W {W.dtype} and b {b.dtype}; a network has one dtype")
    d = x.data.ndim - 2
    if d < 1 or not x.data.size or b.data.ndim != 1 or W.shape != (windows.size**d * wide[0], *narrow):
        raise ValueError(
            f"{name}: x is {x.shape}, W is {W.shape} and b is {b.shape}; expected x (batch, lengths, "
            "channels) and W from the windows of the one side to the channels of the other"
        )


# Layers ----------------------------------------------------------------------------------------------


class Conv(Layer):
    """y = P(x) W + b        W (size^dims inputs, outputs) ~ U(-scale, scale), b (outputs,) = 0

    x (m, *n, inputs), y (m, *n', outputs) with n' = (n + 2 pad - size) / stride + 1, rounded down.  Without a
    scale: Glorot's, as a Linear's with W of that shape.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: Stream,
        windows: Windows = HALVING,
        dims: int = 2,
        scale: float | None = None,
    ) -> None:
        wide, narrow = self._sides(inputs, outputs)
        shape = windows.size**dims * wide, narrow
        scale = sqrt(6 / sum(shape)) if scale is None else scale
        self.W = Tensor(rng.uniform(shape, -scale, scale))
        self.b = Tensor(xp_of(self.W.data).zeros(outputs, self.W.dtype))
        self.windows = windows

    def _sides(self, inputs: int, outputs: int) -> tuple[int, int]:
        """Channels of the windows, and of the places."""
        return inputs, outputs

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return convolve(x, self.W, self.b, self.windows)

    def named_parameters(self) -> dict[str, Tensor]:
        return {"W": self.W, "b": self.b}


class ConvTranspose(Conv):
    """y = P^T(x W^T) + b        W (size^dims outputs, inputs) and b (outputs,) as Conv's

    x (m, *n, inputs), y (m, *n', outputs) with n' = (n - 1) stride + size - 2 pad, which a Conv with the same
    windows leads back to n.
    """

    def _sides(self, inputs: int, outputs: int) -> tuple[int, int]:
        return outputs, inputs

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return convolve_transposed(x, self.W, self.b, self.windows)


class ChannelNorm(BatchNorm):
    """BatchNorm of each channel, over the examples and the places        x (m, *n, features)"""

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return ops.reshape(super().__call__(ops.reshape(x, (-1, x.shape[-1])), rng), x.shape)


class Reshape(Layer):
    """The examples in another shape: (m, ...) becomes (m, *shape)"""

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return ops.reshape(x, (len(x.data), *self.shape))


class Function(Layer):
    """y = f(x) for a function without parameters, such as `pool`, `upsample` or ops.sigmoid"""

    def __init__(self, f: Callable[[Tensor], Tensor]) -> None:
        self.f = f

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return self.f(x)


def pool(x: Tensor, size: int = 2) -> Tensor:
    """The mean of every block of `size` places in each direction        (m, *n, c) to (m, *n / size, c)"""
    m, *n, c = x.shape
    if size < 1 or any(length % size for length in n):
        raise ValueError(f"pool: {tuple(n)} does not divide into blocks of {size}")
    blocks = ops.reshape(x, (m, *(k for length in n for k in (length // size, size)), c))
    return ops.mean(blocks, axis=tuple(range(2, 2 * len(n) + 1, 2)))


def upsample(x: Tensor, size: int = 2) -> Tensor:
    """Every place `size` times in each direction        (m, *n, c) to (m, *n size, c)

    The transpose of `pool`, times size^d.
    """
    m, *n, c = x.shape
    apart = ops.reshape(x, (m, *(k for length in n for k in (length, 1)), c))
    ones = xp_of(x.data).ones((1, *(k for _ in n for k in (1, size)), 1), x.dtype)
    return ops.reshape(apart * Tensor(ones), (m, *(length * size for length in n), c))
