"""How the student's functions are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def optimal_discriminator(target: Any, p: np.ndarray, q: np.ndarray) -> Any:
    """optimal_discriminator(p, q)"""
    return target.optimal_discriminator(p, q)


def optimal_discriminator_twice(target: Any, p: np.ndarray, q: np.ndarray) -> list[Any]:
    """optimal_discriminator(p, q), looked at after optimal_discriminator(q, p)"""
    first = target.optimal_discriminator(p, q)
    return [first, target.optimal_discriminator(q, p)]


def kl(target: Any, p: np.ndarray, q: np.ndarray, w: Any) -> np.ndarray:
    """kl(p, q, w), or kl(p, q) if w is None"""
    return _number(target.kl, p, q, w)


def jsd(target: Any, p: np.ndarray, q: np.ndarray, w: Any) -> np.ndarray:
    """jsd(p, q, w), or jsd(p, q) if w is None"""
    return _number(target.jsd, p, q, w)


def criterion(target: Any, p: np.ndarray, q: np.ndarray, w: Any) -> np.ndarray:
    """criterion(p, q, w), or criterion(p, q) if w is None"""
    return _number(target.criterion, p, q, w)


def _number(function: Any, p: np.ndarray, q: np.ndarray, w: Any) -> np.ndarray:
    return np.asarray(function(p, q) if w is None else function(p, q, w))
