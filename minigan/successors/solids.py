"""Toy solids for 3-D networks: balls, boxes, crosses and rings of many sizes, of 8 x 8 x 8 places each."""

from __future__ import annotations

import numpy as np

from minigan.backend import Backend
from minigan.data.dataset import Dataset, scaling
from minigan.random import Stream, Streams

SIDE = 8
KINDS = ("ball", "box", "cross", "ring")
COUNTS = (4000, 500, 1000)  # training, validation, test


def load(values: str = "unit") -> Dataset:
    """The solids, the same everywhere: 1 where one is and 0 elsewhere, (n, 512); labels say the kind.

    values: "unit" prepares them as they are, "symmetric" as 1 and -1, as tanh gives them.
    """
    streams = Streams(0, Backend("numpy", "float32"))
    (train, valid, test), y = zip(
        *(_sample(n, streams("data", i)) for i, n in enumerate(COUNTS)), strict=True
    )
    shape = (SIDE,) * 3
    return Dataset("solids", train, valid, test, y[0], y[1], y[2], shape, *scaling(1, shape, values))


def _sample(n: int, rng: Stream) -> tuple[np.ndarray, np.ndarray]:
    """n solids of a random kind, centre and radius, and boxes and rings also of a random form or axis."""
    kind, axis = ((rng.uniform((n,)) * k).astype(np.int64) for k in (len(KINDS), 3))
    centre = SIDE / 2 + rng.uniform((n, 1, 1, 1, 3), -0.8, 0.8)
    r = rng.uniform((n, 1, 1, 1), 2.2, 3.2)
    sides = rng.uniform((n, 1, 1, 1, 3), 0.6, 1.0)
    places = np.stack(np.meshgrid(*[np.arange(SIDE) + 0.5] * 3, indexing="ij"), axis=-1)
    a = abs(places - centre)
    along = np.take_along_axis(a, axis[:, None, None, None, None], axis=-1)[..., 0]
    squares = (a * a).sum(axis=-1)
    solids = [
        squares < r * r,
        (a < r[..., None] * sides).all(axis=-1),
        (a < r[..., None]).all(axis=-1) & ((a < 0.9).sum(axis=-1) >= 2),
        (abs(np.sqrt(squares - along * along) - r) < 0.9) & (along < 0.9),
    ]
    return np.choose(kind[:, None, None, None], solids).reshape(n, -1).astype(np.uint8), kind


def common_part(x: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each solid x (m, places) which of the others (n, places) it has most in common with, and how much:

    places in both / places in one of them, from 0 to 1; a place counts where it is above 1/2.
    """
    x, others = (np.asarray(a > 0.5, np.float32) for a in (x, others))
    both = x @ others.T
    either = x.sum(axis=1)[:, None] + others.sum(axis=1) - both
    part = both / np.maximum(either, 1)
    return part.argmax(axis=1), part.max(axis=1)
