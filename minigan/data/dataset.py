"""What a data set is: arrays on the host, the way to a network's values, and the way back to pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or cupy.ndarray
Function = Callable[[Array], Array]


def _as_it_is(x: Array) -> Array:
    return x


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples in rows, (n, features): uint8 pixels, or float32 points.

    shape     of one picture, (rows, columns) or (rows, columns, colours); None for points
    prepare   examples, already in the network's float type -> the values a network works on, same shape
    restore   network values (n, features) -> pictures (n, *shape) in [0, 1]; points stay as they are
    sha256    of all pictures, where they are the user's own; None where the name says which they are
    Both take and return arrays of whichever library, and leave their argument as it was.
    """

    name: str
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray | None = None
    valid_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    shape: tuple[int, ...] | None = None
    prepare: Function = _as_it_is
    restore: Function = _as_it_is
    sha256: str | None = None

    def prepared(self, x: np.ndarray) -> np.ndarray:
        """Examples (n, features) of this data set as a network sees them, in float32 on the host."""
        return self.prepare(x.astype(np.float32))


@dataclass(frozen=True, eq=False, kw_only=True)
class Mixture(Dataset):
    """Points from k equally likely normal distributions: p(x) = sum_i N(x; modes_i, std^2 I) / k."""

    modes: np.ndarray  # (k, features), the centres
    std: float


def scaling(top: int, shape: tuple[int, ...], values: str) -> tuple[Function, Function]:
    """`prepare` and `restore` for pixels from 0 to `top`: to [0, 1] ("unit") or [-1, 1] ("symmetric")."""
    if values == "unit":
        return lambda x: x / top, lambda y: y.clip(0, 1).reshape(-1, *shape)
    return lambda x: x / (top / 2) - 1, lambda y: ((y + 1) / 2).clip(0, 1).reshape(-1, *shape)
