"""How the student's operations are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
`memory`: by rows or by columns, as a transposed matrix has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.judging import operations


def softplus(target: Any, x: np.ndarray, memory: str) -> Any:
    """softplus(x)"""
    return operations.result(target.softplus, operations.tensors([x], memory)).data


def softplus_gradient(target: Any, x: np.ndarray, g: np.ndarray, memory: str) -> dict[str, Any]:
    """the gradient of <g, softplus(x)> by x"""
    return operations.gradient(target.softplus, operations.tensors([x], memory), g, 0)


def softplus_again(target: Any, x: np.ndarray, g: np.ndarray, _other: list[np.ndarray]) -> list[np.ndarray]:
    """softplus(x) and its gradient, beside another of the same shape, with backward called twice"""
    return operations.again(target.softplus, [x], _other, g, 0)


def softplus_edges(target: Any, x: np.ndarray) -> list[int]:
    """the edges of softplus(x)"""
    return operations.edges(target.softplus, operations.tensors([x]))


def loss(target: Any, a: np.ndarray, ones: int, scale: float, _memory: str) -> Any:
    """logistic_loss(a, ones, scale)"""
    loss = lambda a: target.logistic_loss(a, ones, scale)  # noqa: E731
    return operations.result(loss, operations.tensors([a])).data


def loss_gradient(
    target: Any, a: np.ndarray, ones: int, scale: float, g: np.ndarray, _memory: str
) -> dict[str, Any]:
    """the gradient of g * logistic_loss(a, ones, scale) by a"""
    loss = lambda a: target.logistic_loss(a, ones, scale)  # noqa: E731
    return operations.gradient(loss, operations.tensors([a]), g, 0)


def loss_again(
    target: Any, a: np.ndarray, ones: int, scale: float, g: np.ndarray, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """logistic_loss(a, ones, scale) and its gradient, beside another, with backward called twice"""
    return operations.again(lambda a: target.logistic_loss(a, ones, scale), [a], _other, g, 0)
