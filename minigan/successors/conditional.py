"""The conditional game (Mirza and Osindero 2014), in which a label y goes to both players.

    min_G max_D  E_x log D(x|y) + E_z log(1 - D(G(z|y)|y))

The label is one more part of the example and of the noise: the data are rows [x, y], the noise [z, y], and G
hands y on.  Then the game is the paper's, and Algorithm 1 is played as it stands.
"""

from __future__ import annotations

import numpy as np

from minigan.backend import xp_of
from minigan.nn import Layer
from minigan.ops import concatenate
from minigan.random import Stream
from minigan.tensor import Array, Tensor


class Conditional(Layer):
    """[z, y] -> [net([z, y]), y]: a generator that hands on its label, the last `classes` columns

    ValueError where x has not that many columns and more.
    """

    def __init__(self, net: Layer, classes: int) -> None:
        self.net, self.classes = net, classes

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        width = x.shape[1]
        if width <= self.classes:
            raise ValueError(f"Conditional: x is {x.shape}; expected noise before {self.classes} classes")
        return concatenate([self.net(x, rng), x[:, width - self.classes :]], axis=1)

    def named_parameters(self) -> dict[str, Tensor]:
        return self.net.named_parameters()

    def buffers(self) -> dict[str, Array]:
        return self.net.buffers()


def onehot(labels: Array, classes: int, dtype: np.typing.DTypeLike) -> Array:
    """A row with a 1 in the column of its label        (m,) integers to (m, classes)"""
    return (labels[:, None] == xp_of(labels).arange(classes)).astype(dtype)


def with_any_label(z: Array, classes: int, rng: Stream, scale: float = 1.0) -> Array:
    """The noise [z, scale y] from z (m, features): every class is equally likely."""
    labels = (rng.uniform((len(z),)) * classes).astype("int64")
    return xp_of(z).concatenate([z, scale * onehot(labels, classes, z.dtype)], axis=1)


def with_labels(x: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The examples [x, y], y in x's own type.  ValueError where a label is no class."""
    if labels.shape != x.shape[:1] or not ((labels >= 0) & (labels < classes)).all():
        raise ValueError(
            f"with_labels: expected a label from 0 to {classes - 1} for each of {len(x)} examples"
        )
    return np.concatenate([x, onehot(labels, classes, x.dtype)], axis=1)


def variety(x: np.ndarray, labels: np.ndarray, most: int = 50) -> float:
    """The mean distance of two examples of one class, in the mean over the classes        x (m, features)

    Of each class the first `most` examples and the `most` after them; 0 where a class has fewer than two.
    """
    means = []
    for label in range(int(labels.max()) + 1):
        first, second = np.array_split(x[labels == label][: 2 * most].astype(np.float64), 2)
        squares = ((first[:, None] - second[None]) ** 2).sum(axis=2)
        means.append(np.sqrt(squares).mean() if squares.size else 0.0)
    return float(np.mean(means))
