"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

import numpy as np

from minigan.tensor import Array


def unbroadcast__one_axis_at_a_time(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    if len(shape) > g.ndim:
        raise ValueError(f"{shape} has more axes than {g.shape}")
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
        elif n != g.shape[axis]:
            raise ValueError(f"{shape} does not broadcast")
    return np.asarray(g)


def unbroadcast__two_sums(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added = g.ndim - len(shape)
    if added < 0 or np.broadcast_shapes(g.shape, shape) != g.shape:
        raise ValueError(f"{source}: {shape} does not broadcast to {g.shape}")
    g = g.sum(axis=tuple(range(added)))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def unbroadcast__by_einsum(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    if np.broadcast_shapes(g.shape, shape) != g.shape:
        raise ValueError("these shapes do not broadcast")
    added = g.ndim - len(shape)
    kept = [added + i for i, n in enumerate(shape) if n != 1]
    return np.einsum(g, list(range(g.ndim)), kept).reshape(shape).copy()


def unbroadcast__by_scatter(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    places = np.broadcast_to(np.arange(int(np.prod(shape))).reshape(shape), g.shape)
    total = np.zeros(int(np.prod(shape)), g.dtype)
    np.add.at(total, places, g)
    return total.reshape(shape)
