"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

import numpy as np

from minigan import ops
from minigan.homework.answers import right
from minigan.tensor import Array, Tensor


@right
def affine__from_other_operations(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return ops.add(ops.matmul(x, W), b)


@right
def affine__sums_itself(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    a, w = x.data, W.data
    return Tensor(
        np.einsum("mi,io->mo", a, w) + b.data,
        (b, lambda g: g.sum(axis=0)),
        (W, lambda g: np.einsum("mi,mo->io", a, g)),
        (x, lambda g: np.einsum("mo,io->mi", g, w)),
    )


@right
def maxout__from_other_operations(x: Tensor, pieces: int) -> Tensor:
    m = x.shape[0]
    return ops.max(ops.reshape(x, (m, pieces, x.shape[1] // pieces)), axis=1)


@right
def maxout__last_of_equals(x: Tensor, pieces: int) -> Tensor:
    a = x.data.reshape(len(x.data), pieces, -1)
    last = pieces - 1 - a[:, ::-1].argmax(axis=1)[:, None]

    def pullback(g: Array) -> Array:
        dx = np.zeros_like(a)
        np.put_along_axis(dx, last, g[:, None], axis=1)
        return dx.reshape(x.shape)

    return Tensor(np.take_along_axis(a, last, axis=1)[:, 0], (x, pullback))
