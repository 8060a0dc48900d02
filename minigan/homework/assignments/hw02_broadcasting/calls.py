"""How the student's function is called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan import ops
from minigan.tensor import Tensor, backward


def unbroadcast(target: Any, g: np.ndarray, shape: list[int]) -> np.ndarray:
    """unbroadcast(g, shape)"""
    return target.unbroadcast(g, tuple(shape))


def unbroadcast_strided(target: Any, g: np.ndarray, shape: list[int]) -> np.ndarray:
    """unbroadcast(np.asfortranarray(g), shape)

    The same numbers in an array whose memory runs the other way, as a transposed gradient has it.
    """
    return target.unbroadcast(np.asfortranarray(g), tuple(shape))


def unbroadcast_twice(target: Any, g: np.ndarray, h: np.ndarray, shape: list[int]) -> list[np.ndarray]:
    """unbroadcast(g, shape), looked at after unbroadcast(h, shape)"""
    first = target.unbroadcast(g, tuple(shape))
    return [first, target.unbroadcast(h, tuple(shape))]


def unbroadcast_in_engine(target: Any, x: np.ndarray, y: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    """the gradients of <g, x + y> by x and by y, through minigan's backward"""
    a, b = Tensor(x), Tensor(y)
    backward(ops.sum((a + b) * Tensor(g)), wrt=[a, b])
    return [a.grad, b.grad]
