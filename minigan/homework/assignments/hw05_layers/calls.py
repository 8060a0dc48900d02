"""How the student's operations are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
`memory`: by rows or by columns, as a transposed matrix has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.judging import operations


def affine(target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, memory: str) -> Any:
    """affine(x, W, b)"""
    return operations.result(target.affine, operations.tensors([x, W, b], memory)).data


def affine_gradient(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, g: np.ndarray, by: str, memory: str
) -> dict[str, Any]:
    """the gradient of <g, affine(x, W, b)> by one of the three"""
    return operations.gradient(target.affine, operations.tensors([x, W, b], memory), g, "xWb".index(by))


def affine_again(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, g: np.ndarray, by: str, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """affine(x, W, b) and its gradient, beside another of the same shapes, with backward called twice"""
    return operations.again(target.affine, [x, W, b], _other, g, "xWb".index(by))


def affine_edges(target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> list[int]:
    """the edges of affine(x, W, b)"""
    return operations.edges(target.affine, operations.tensors([x, W, b]))


def maxout(target: Any, x: np.ndarray, pieces: int, memory: str) -> Any:
    """maxout(x, pieces)"""
    return operations.result(lambda x: target.maxout(x, pieces), operations.tensors([x], memory)).data


def maxout_gradient(target: Any, x: np.ndarray, pieces: int, g: np.ndarray, memory: str) -> dict[str, Any]:
    """the gradient of <g, maxout(x, pieces)> by x"""
    return operations.gradient(lambda x: target.maxout(x, pieces), operations.tensors([x], memory), g, 0)


def maxout_again(
    target: Any, x: np.ndarray, pieces: int, g: np.ndarray, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """maxout(x, pieces) and its gradient, beside another of the same shapes, with backward called twice"""
    return operations.again(lambda x: target.maxout(x, pieces), [x], _other, g, 0)


def maxout_edges(target: Any, x: np.ndarray, pieces: int) -> list[int]:
    """the edges of maxout(x, pieces)"""
    return operations.edges(lambda x: target.maxout(x, pieces), operations.tensors([x]))
