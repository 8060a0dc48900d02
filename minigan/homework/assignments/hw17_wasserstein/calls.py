"""How the student's functions are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those _named_like_this are what a student is shown.
A `plan` lists D's layers: the number of a Linear, whose W and b are at that place, or [slope] of a LeakyReLU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan import ops
from minigan.backend import Backend
from minigan.homework.judging import operations
from minigan.homework.judging.operations import calls
from minigan.nn import LeakyReLU, Linear, Sequential
from minigan.random import Streams
from minigan.tensor import Tensor

Arrays = list[np.ndarray]


def w1(target: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """w1(x, y)"""
    return target.w1(x, y)


wasserstein, wasserstein_gradient, wasserstein_again, _ = calls("wasserstein", "a")
upwards, upwards_gradient, upwards_again, _ = calls("upwards", "a_fake")


class Sliding:
    """p <- p + p.grad, in the arrays that the parameters had at first; asked: each (t, epoch)."""

    def __init__(self, parameters: list[Tensor]) -> None:
        self.parameters, self.arrays, self.asked = parameters, [p.data for p in parameters], []

    def step(self, t: int, epoch: int) -> None:
        self.asked.append([t, epoch])
        for p, array in zip(self.parameters, self.arrays, strict=True):
            array += p.grad


def clipped(
    target: Any, p: Arrays, gradients: list[Arrays], clock: list[list[int]], limit: float
) -> dict[str, Any]:
    """Clipped(optimiser, p[:-1], limit).step(t, epoch) for each of `clock`; optimiser.step adds gradients"""
    parameters = [Tensor(np.array(array, order="F")) for array in p]
    optimiser = Sliding(parameters)
    one = target.Clipped(optimiser, parameters[:-1], limit)
    found: dict[str, Any] = {"p": [], "g": []}
    for g, (t, epoch) in zip(gradients, clock, strict=True):
        for q, array in zip(parameters, g, strict=True):
            q.grad = array.copy()
        one.step(t, epoch)
        found["p"].append([q.data.copy() for q in parameters])
        found["g"].append([q.grad for q in parameters])
    kept = [q.data is array for q, array in zip(parameters, optimiser.arrays, strict=True)]
    return {**found, "asked": optimiser.asked, "kept": kept}


def slope(target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any], _memory: str) -> np.ndarray:
    """input_gradient(D, x), D the layers of `plan`: the Linear with W[i], b[i], or [slope] of a LeakyReLU"""
    points, *weights = operations.tensors([x, *W], _memory)
    made = lambda *_: target.input_gradient(_net(weights, b, plan), points.data)  # noqa: E731
    return operations.result(made, weights).data


def slope_twice(target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any]) -> dict[str, Any]:
    """input_gradient(D, x), asked of the same D a second time, and the p.grad of its W, which were ones"""
    weights = operations.tensors(W)
    D = _net(weights, b, plan)
    for p in weights:
        p.grad = np.ones_like(p.data)
    target.input_gradient(D, x)
    slope = operations.result(lambda: target.input_gradient(D, x), []).data
    return {"slope": slope, "grads": [p.grad for p in weights]}


def slope_gradient(
    target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any], g: np.ndarray, by: int
) -> dict[str, Any]:
    """the gradient of <g, input_gradient(D, x)> by W[by], D the layers of `plan`"""
    made = lambda *W: target.input_gradient(_net(list(W), b, plan), x)  # noqa: E731
    return operations.gradient(made, operations.tensors(W), g, by)


def slope_again(
    target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any], g: np.ndarray, _other: Arrays
) -> Arrays:
    """input_gradient(D, x) and its gradient by W[0], beside another D's, with backward called twice"""
    made = lambda *W: target.input_gradient(_net(list(W), b, plan), x)  # noqa: E731
    return operations.again(made, W, _other, g, 0)


def penalty(target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any], sides: list[bool]) -> Any:
    """gradient_penalty(D, x, *sides), D the layers of `plan`"""
    weights = operations.tensors(W)
    made = lambda *_: target.gradient_penalty(_net(weights, b, plan), x, *sides)  # noqa: E731
    return operations.result(made, weights).data


def penalty_gradient(
    target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any], one_sided: bool, g: np.ndarray, by: int
) -> dict[str, Any]:
    """the gradient of g * gradient_penalty(D, x, one_sided) by W[by], D the layers of `plan`"""
    made = lambda *W: target.gradient_penalty(_net(list(W), b, plan), x, one_sided=one_sided)  # noqa: E731
    return operations.gradient(made, operations.tensors(W), g, by)


def penalty_again(
    target: Any, x: np.ndarray, W: Arrays, b: Arrays, plan: list[Any], g: np.ndarray, _other: Arrays
) -> Arrays:
    """gradient_penalty(D, x) and its gradient by W[0], beside another D's, with backward called twice"""
    made = lambda *W: target.gradient_penalty(_net(list(W), b, plan), x)  # noqa: E731
    return operations.again(made, W, _other, g, 0)


def _net(W: list[Tensor], b: Arrays, plan: list[Any]) -> Sequential:
    layers, rng = [], Streams(0, Backend())("init")
    leaky = {part[0]: LeakyReLU(part[0]) for part in plan if isinstance(part, list)}  # as in chapter 17
    for part in plan:
        if isinstance(part, list):
            layers.append(leaky[part[0]])
            continue
        layers.append(Linear(*W[part].shape, rng, f=(ops.affine_identity, ops.affine)[part % 2]))
        layers[-1].W, layers[-1].b = W[part], Tensor(b[part])
    return Sequential(*layers)
