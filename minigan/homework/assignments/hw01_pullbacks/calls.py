"""How the student's operations are called: plain arrays in, plain arrays out.  Runs in the judged process.

y is None for an operation of one tensor; x or y may be a number.  `memory`: by rows or by columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigan.homework.judging import operations


def value(target: Any, operation: str, x: Any, y: Any, options: dict, memory: str) -> Any:
    """operation(x, y, **options)"""
    return operations.result(_bound(target, operation, options), _inputs(x, y, memory)).data


def gradient(
    target: Any, operation: str, x: Any, y: Any, options: dict, g: np.ndarray, by: str, memory: str
) -> dict[str, Any]:
    """the gradient of <g, operation(x, y, **options)> by one of the two"""
    return operations.gradient(_bound(target, operation, options), _inputs(x, y, memory), g, "xy".index(by))


def with_itself(target: Any, operation: str, x: np.ndarray, g: np.ndarray) -> dict[str, Any]:
    """the gradient of <g, operation(x, x)> by x"""
    return operations.gradient(lambda t: getattr(target, operation)(t, t), operations.tensors([x]), g, 0)


def again(
    target: Any, operation: str, x: Any, y: Any, options: dict, g: np.ndarray, by: str, _other: list[Any]
) -> list[np.ndarray]:
    """operation(x, y, **options) and its gradient, beside another, with backward called twice"""
    arrays, other = ([a for a in pair if a is not None] for pair in ((x, y), _other))
    return operations.again(_bound(target, operation, options), arrays, other, g, "xy".index(by))


def edges(target: Any, operation: str, x: Any, y: Any, options: dict) -> list[int]:
    """the edges of operation(x, y, **options)"""
    return operations.edges(_bound(target, operation, options), _inputs(x, y, operations.BY_ROWS))


def _bound(target: Any, operation: str, options: dict) -> Callable[..., Any]:
    """The operation with its options; what crossed the pipe as a list was a tuple."""
    options = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
    return lambda *inputs: getattr(target, operation)(*inputs, **options)


def _inputs(x: Any, y: Any, memory: str) -> list[Any]:
    given = [a for a in (x, y) if a is not None]
    return [operations.tensors([a], memory)[0] if isinstance(a, np.ndarray) else a for a in given]
