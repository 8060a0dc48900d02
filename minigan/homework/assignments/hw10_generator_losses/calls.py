"""How the student's losses are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.judging import operations


def minimax(target: Any, a_fake: np.ndarray, _memory: str) -> Any:
    """minimax(a_fake)"""
    return operations.result(target.minimax, operations.tensors([a_fake])).data


def minimax_gradient(target: Any, a_fake: np.ndarray, g: np.ndarray, _memory: str) -> dict[str, Any]:
    """the gradient of g * minimax(a_fake)"""
    return operations.gradient(target.minimax, operations.tensors([a_fake]), g, 0)


def minimax_again(
    target: Any, a_fake: np.ndarray, g: np.ndarray, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """minimax(a_fake) and its gradient, beside another of the same shape, with backward called twice"""
    return operations.again(target.minimax, [a_fake], _other, g, 0)


def non_saturating(target: Any, a_fake: np.ndarray, _memory: str) -> Any:
    """non_saturating(a_fake)"""
    return operations.result(target.non_saturating, operations.tensors([a_fake])).data


def non_saturating_gradient(target: Any, a_fake: np.ndarray, g: np.ndarray, _memory: str) -> dict[str, Any]:
    """the gradient of g * non_saturating(a_fake)"""
    return operations.gradient(target.non_saturating, operations.tensors([a_fake]), g, 0)


def non_saturating_again(
    target: Any, a_fake: np.ndarray, g: np.ndarray, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """non_saturating(a_fake) and its gradient, beside another of its shape, with backward called twice"""
    return operations.again(target.non_saturating, [a_fake], _other, g, 0)
