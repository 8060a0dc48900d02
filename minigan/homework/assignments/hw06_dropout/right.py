"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.nn import Layer
from minigan.tensor import Array, Tensor


def dropout__by_mask(x: Tensor, keep: float, rng: Any) -> Tensor:
    if not 0 < keep <= 1:
        raise ValueError(f"keep is {keep}")
    a = x.data
    mask = (rng.uniform(a.shape) < keep).astype(a.dtype)
    mask /= keep
    return Tensor(a * mask, (x, lambda g: g * mask))


def dropout__by_where(x: Tensor, keep: float, rng: Any) -> Tensor:
    if keep <= 0 or keep > 1:
        raise ValueError("keep: a probability")
    dropped = rng.uniform(x.data.shape) >= keep

    def through(a: Array) -> Array:
        return np.where(dropped, a.dtype.type(0), a / keep)

    return Tensor(through(x.data), (x, through))


class Dropout__by_mode(Layer):
    def __init__(self, keep: float) -> None:
        self.keep = keep

    def __call__(self, x: Tensor, rng: Any) -> Tensor:
        if rng is not None:
            return dropout(x, self.keep, rng)  # noqa: F821
        return Tensor(x.data, (x, lambda g: g))
