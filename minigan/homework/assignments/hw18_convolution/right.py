"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from minigan import ops
from minigan.successors.convolution import Windows, overlap, patches
from minigan.tensor import Array, Tensor


class Windows__as_hint_3(NamedTuple):
    size: int
    stride: int = 1
    pad: int = 0

    def places(self, n: Sequence[int]) -> tuple[int, ...]:
        found = tuple((k + 2 * self.pad - self.size) // self.stride + 1 for k in n) if self.stride > 0 else ()
        if self.size < 1 or self.stride < 1 or self.pad < 0 or min(found) < 1:
            raise ValueError("no window stands there")
        return found

    def lengths(self, places: Sequence[int]) -> tuple[int, ...]:
        return tuple((k - 1) * self.stride + self.size - 2 * self.pad for k in places)


def corners(n: Sequence[int], windows: Windows) -> list[tuple[int, ...]]:
    return list(product(*map(range, windows.places(n))))


def make_rows(x: Array, windows: Windows) -> Array:
    m, *n, c = x.shape
    size, stride, pad = windows
    padded, rows = np.pad(x, [(0, 0), *[(pad, pad)] * len(n), (0, 0)]), []
    for e in range(m):
        for at in corners(n, windows):
            rows.append(padded[(e, *(slice(i * stride, i * stride + size) for i in at))].ravel())
    return np.array(rows)


def put_back(rows: Array, shape: Sequence[int], windows: Windows) -> Array:
    m, *n, c = shape
    size, stride, pad = windows
    padded, row = np.zeros((m, *(k + 2 * pad for k in n), c), rows.dtype), iter(rows)
    for e in range(m):
        for at in corners(n, windows):
            window = padded[(e, *(slice(i * stride, i * stride + size) for i in at))]
            window += next(row).reshape(window.shape)
    return padded[(slice(None), *(slice(pad, pad + k) for k in n))]


def patches__as_hint_3(x: Tensor, windows: Windows) -> Tensor:
    shape = x.shape
    y = make_rows(x.data, windows)
    return Tensor(y, (x, lambda g: put_back(g, shape, windows)))


def patches__by_offsets(x: Tensor, windows: Windows) -> Tensor:
    m, *n, c = x.shape
    size, stride, pad = windows
    places, offsets = windows.places(n), list(product(range(size), repeat=len(n)))
    padded = np.pad(x.data, [(0, 0), *[(pad, pad)] * len(n), (0, 0)])

    def at(offset: tuple[int, ...]) -> tuple[slice, ...]:
        return slice(None), *(slice(o, o + stride * p, stride) for o, p in zip(offset, places, strict=True))

    def back(g: Array) -> Array:
        parts, dx = g.reshape(m, *places, len(offsets), c), np.zeros_like(padded)
        for i, o in enumerate(offsets):
            dx[at(o)] += parts[..., i, :]
        return dx[(slice(None), *(slice(pad, pad + k) for k in n))]

    y = np.stack([padded[at(o)] for o in offsets], axis=-2)
    return Tensor(y.reshape(-1, len(offsets) * c), (x, back))


def overlap__as_hint_3(rows: Tensor, shape: Sequence[int], windows: Windows) -> Tensor:
    m, *n, c = shape
    if rows.shape != (m * prod(windows.places(n)), windows.size ** len(n) * c):
        raise ValueError("these rows are not of that shape")
    y = put_back(rows.data, shape, windows)
    return Tensor(y, (rows, lambda g: make_rows(g, windows)))


def overlap__by_offsets(rows: Tensor, shape: Sequence[int], windows: Windows) -> Tensor:
    m, *n, c = shape
    size, stride, pad = windows
    places, offsets = windows.places(n), list(product(range(size), repeat=len(n)))
    if rows.shape != (m * prod(places), len(offsets) * c):
        raise ValueError("these rows are not of that shape")

    def at(offset: tuple[int, ...]) -> tuple[slice, ...]:
        return slice(None), *(slice(o, o + stride * p, stride) for o, p in zip(offset, places, strict=True))

    parts, inside = rows.data.reshape(m, *places, -1, c), [slice(pad, pad + k) for k in n]
    padded = np.zeros((m, *(k + 2 * pad for k in n), c), rows.dtype)
    for i, o in enumerate(offsets):
        padded[at(o)] += parts[..., i, :]

    def back(g: Array) -> Array:
        wide = np.zeros_like(padded)
        wide[(slice(None), *inside)] = g
        return np.stack([wide[at(o)] for o in offsets], axis=-2).reshape(rows.shape)

    return Tensor(padded[(slice(None), *inside)], (rows, back))


def convolve__as_hint_3(x: Tensor, W: Tensor, b: Tensor, windows: Windows) -> Tensor:
    m, *n, _ = x.shape
    y = ops.affine(patches(x, windows), W, b)
    return ops.reshape(y, (m, *windows.places(n), len(b.data)))


def convolve__own_pullbacks(x: Tensor, W: Tensor, b: Tensor, windows: Windows) -> Tensor:
    (m, *n, _), outputs = x.shape, len(b.data)
    rows, shape = patches(x, windows).data, (m, *windows.places(n), outputs)

    def by_x(g: Array) -> Array:
        back = g.reshape(-1, outputs) @ W.data.T
        return overlap(Tensor(back), x.shape, windows).data

    by_W = lambda g: rows.T @ g.reshape(-1, outputs)  # noqa: E731
    by_b = lambda g: g.reshape(-1, outputs).sum(axis=0)  # noqa: E731
    return Tensor((rows @ W.data + b.data).reshape(shape), (x, by_x), (W, by_W), (b, by_b))


def convolve_transposed__as_hint_3(x: Tensor, W: Tensor, b: Tensor, windows: Windows) -> Tensor:
    m, *places, inputs = x.shape
    shape = (m, *windows.lengths(places), len(b.data))
    rows = ops.reshape(x, (-1, inputs)) @ ops.transpose(W)
    return overlap(rows, shape, windows) + b


def convolve_transposed__own_pullbacks(x: Tensor, W: Tensor, b: Tensor, windows: Windows) -> Tensor:
    (m, *places, inputs), outputs = x.shape, len(b.data)
    flat, shape = x.data.reshape(-1, inputs), (m, *windows.lengths(places), outputs)
    y = overlap(Tensor(flat @ W.data.T), shape, windows).data + b.data

    rows_of = lambda g: patches(Tensor(g), windows).data  # noqa: E731
    by_x = lambda g: (rows_of(g) @ W.data).reshape(x.shape)  # noqa: E731
    by_W = lambda g: rows_of(g).T @ flat  # noqa: E731
    by_b = lambda g: g.reshape(-1, outputs).sum(axis=0)  # noqa: E731
    return Tensor(y, (x, by_x), (W, by_W), (b, by_b))
