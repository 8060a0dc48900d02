"""How the student's functions are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those _named_like_this are what a student is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.backend import Backend
from minigan.homework.judging import operations
from minigan.homework.judging.operations import calls
from minigan.nn import Layer
from minigan.random import Streams
from minigan.tensor import Tensor


def with_labels(target: Any, x: np.ndarray, labels: np.ndarray, classes: int, _memory: str) -> Any:
    """with_labels(x, labels, classes)"""
    return target.with_labels(operations.tensors([x], _memory)[0].data, labels, classes)


def with_labels_again(
    target: Any, x: np.ndarray, labels: np.ndarray, classes: int, _x: np.ndarray, _labels: np.ndarray
) -> list[np.ndarray]:
    """with_labels(x, labels, classes), and then with others"""
    return [target.with_labels(x, labels, classes), target.with_labels(_x, _labels, classes)]


def drawn(target: Any, z: np.ndarray, classes: int, scale: list[float], _times: int, _seed: int) -> list[Any]:
    """with_any_label(z, classes, rng, *scale), several times with one rng"""
    rng = Streams(_seed, Backend("numpy", z.dtype.name))("noise")
    return [target.with_any_label(z, classes, rng, *scale) for _ in range(_times)]


class Net(Layer):
    """x W; asked: each x that it saw, and whether it got the stream."""

    def __init__(self, W: Any, rng: object = None) -> None:
        self.W, self.rng, self.asked = W, rng, []

    def __call__(self, x: Tensor, rng: Any) -> Tensor:
        self.asked.append([np.array(x.data), rng is self.rng])
        return x @ self.W


def conditional(
    target: Any, x: np.ndarray, W: np.ndarray, classes: int, training: bool, _memory: str
) -> dict[str, Any]:
    """Conditional(net, classes)([z, y], rng) with net([z, y], rng) = [z, y] W, where x is [z, y]"""
    given, weights = operations.tensors([x, W], _memory)
    rng = Streams(0, Backend())("dropout") if training else None
    net = Net(weights, rng)
    y = operations.result(lambda t: target.Conditional(net, classes)(t, rng), [given])
    return {"rows": y.data, "asked": net.asked}


def conditional_gradient(
    target: Any, x: np.ndarray, W: np.ndarray, classes: int, g: np.ndarray, by: int, _memory: str
) -> dict[str, Any]:
    """the gradient of <g, Conditional(net, classes)(x, None)> with net(x, rng) = x W, by x (0) or by W (1)"""
    layer = lambda x, W: target.Conditional(Net(W), classes)(x, None)  # noqa: E731
    return operations.gradient(layer, operations.tensors([x, W], _memory), g, by)


def conditional_again(
    target: Any, x: np.ndarray, W: np.ndarray, classes: int, g: np.ndarray, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """Conditional(net, classes)(x, None) and the gradient by x, beside another x, and backward twice"""
    net = Net(None)
    one = target.Conditional(net, classes)

    def layer(x: Tensor, W: Tensor) -> Tensor:
        net.W = W
        return one(x, None)

    return operations.again(layer, [x, W], _other, g, 0)


least_squares, least_squares_gradient, least_squares_again, _ = calls("least_squares", "a")
to_one, to_one_gradient, to_one_again, _ = calls("to_one", "a_fake")
