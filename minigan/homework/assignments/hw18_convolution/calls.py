"""How the student's operations are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those _named_like_this are what a student is shown.
`windows` is (size, stride, pad); `by` is the number of the tensor by which a gradient is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from minigan.homework.judging import operations

Arrays = list[np.ndarray]


def places(target: Any, n: list[int], windows: list[int]) -> list[int] | str:
    """Windows(*windows).places(n)"""
    return _numbers(target.Windows(*windows).places(tuple(n)))


def lengths(target: Any, places: list[int], windows: list[int]) -> list[int] | str:
    """Windows(*windows).lengths(places)"""
    return _numbers(target.Windows(*windows).lengths(tuple(places)))


def patches(target: Any, x: np.ndarray, windows: list[int], _memory: str) -> np.ndarray:
    """patches(x, Windows(*windows))"""
    return operations.result(_patches(target, windows), operations.tensors([x], _memory)).data


def patches_gradient(
    target: Any, x: np.ndarray, windows: list[int], g: np.ndarray, _by: int, _memory: str
) -> dict[str, Any]:
    """the gradient of <g, patches(x, Windows(*windows))> by x"""
    return operations.gradient(_patches(target, windows), operations.tensors([x], _memory), g, 0)


def patches_again(target: Any, x: np.ndarray, windows: list[int], g: np.ndarray, _other: Arrays) -> Arrays:
    """patches(x, Windows(*windows)) and its gradient, beside another, with backward called twice"""
    return operations.again(_patches(target, windows), [x], _other, g, 0)


def overlap(target: Any, rows: np.ndarray, shape: list[int], windows: list[int], _memory: str) -> np.ndarray:
    """overlap(rows, shape, Windows(*windows))"""
    return operations.result(_overlap(target, shape, windows), operations.tensors([rows], _memory)).data


def overlap_gradient(
    target: Any, rows: np.ndarray, shape: list[int], windows: list[int], g: np.ndarray, _by: int, _memory: str
) -> dict[str, Any]:
    """the gradient of <g, overlap(rows, shape, Windows(*windows))> by the rows"""
    return operations.gradient(_overlap(target, shape, windows), operations.tensors([rows], _memory), g, 0)


def overlap_again(
    target: Any, rows: np.ndarray, shape: list[int], windows: list[int], g: np.ndarray, _other: Arrays
) -> Arrays:
    """overlap(rows, shape, Windows(*windows)) and its gradient, beside another, with backward called twice"""
    return operations.again(_overlap(target, shape, windows), [rows], _other, g, 0)


def convolve(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, windows: list[int], _memory: str
) -> np.ndarray:
    """convolve(x, W, b, Windows(*windows))"""
    return operations.result(_layer(target, "convolve", windows), operations.tensors([x, W, b], _memory)).data


def convolve_gradient(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, windows: list[int], g: np.ndarray, by: int,
    _memory: str,
) -> dict[str, Any]:  # fmt: skip
    """the gradient of <g, convolve(x, W, b, Windows(*windows))> by x (0), W (1) or b (2)"""
    inputs = operations.tensors([x, W, b], _memory)
    return operations.gradient(_layer(target, "convolve", windows), inputs, g, by)


def convolve_again(
    target: Any,
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    windows: list[int],
    g: np.ndarray,
    _other: Arrays,
) -> Arrays:
    """convolve(x, W, b, Windows(*windows)) and its gradient, beside another, with backward called twice"""
    return operations.again(_layer(target, "convolve", windows), [x, W, b], _other, g, 0)


def transposed(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, windows: list[int], _memory: str
) -> np.ndarray:
    """convolve_transposed(x, W, b, Windows(*windows))"""
    inputs = operations.tensors([x, W, b], _memory)
    return operations.result(_layer(target, "convolve_transposed", windows), inputs).data


def transposed_gradient(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, windows: list[int], g: np.ndarray, by: int,
    _memory: str,
) -> dict[str, Any]:  # fmt: skip
    """the gradient of <g, convolve_transposed(x, W, b, Windows(*windows))> by x (0), W (1) or b (2)"""
    inputs = operations.tensors([x, W, b], _memory)
    return operations.gradient(_layer(target, "convolve_transposed", windows), inputs, g, by)


def transposed_again(
    target: Any,
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    windows: list[int],
    g: np.ndarray,
    _other: Arrays,
) -> Arrays:
    """convolve_transposed(x, W, b, Windows(*windows)), beside another, with backward called twice"""
    return operations.again(_layer(target, "convolve_transposed", windows), [x, W, b], _other, g, 0)


def _numbers(got: Any) -> list[int] | str:
    """Of a sequence; of anything else, such as a generator, the kind."""
    return [index(k) for k in got] if isinstance(got, tuple | list | np.ndarray) else type(got).__name__


def _patches(target: Any, windows: list[int]) -> Callable[..., Any]:
    return lambda x: target.patches(x, target.Windows(*windows))


def _overlap(target: Any, shape: list[int], windows: list[int]) -> Callable[..., Any]:
    return lambda rows: target.overlap(rows, tuple(shape), target.Windows(*windows))


def _layer(target: Any, name: str, windows: list[int]) -> Callable[..., Any]:
    return lambda x, W, b: getattr(target, name)(x, W, b, target.Windows(*windows))
