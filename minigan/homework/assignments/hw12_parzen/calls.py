"""How the student's functions are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def log_likelihood(target: Any, x: np.ndarray, centres: np.ndarray, sigma: float) -> Any:
    """log_likelihood(x, centres, sigma)"""
    return target.log_likelihood(x, centres, sigma)


def log_likelihood_again(
    target: Any, x: np.ndarray, centres: np.ndarray, sigma: float, _other: list[np.ndarray], _width: float
) -> list[Any]:
    """log_likelihood(x, centres, sigma), looked at after calls with other arrays and another sigma

    With arrays in column order, as a transposed matrix has them.
    """
    x, centres = np.asfortranarray(x), np.asfortranarray(centres)
    first = target.log_likelihood(x, centres, sigma)
    return [first, target.log_likelihood(*_other, sigma), target.log_likelihood(x, centres, _width)]


def choose_sigma(
    target: Any, valid: np.ndarray, centres: np.ndarray, sigmas: list[float]
) -> dict[str, float]:
    """choose_sigma(valid, centres, sigmas)"""
    sigma, mean = target.choose_sigma(valid, centres, sigmas)
    return {"sigma": float(sigma), "mean": float(mean)}


def of_table1(
    target: Any, valid: np.ndarray, test: np.ndarray, centres: np.ndarray, sigmas: list[float]
) -> dict[str, float]:
    """of_table1(valid, test, centres, sigmas)"""
    sigma, mean, error = target.of_table1(valid, test, centres, sigmas)
    return {"sigma": float(sigma), "mean": float(mean), "error": float(error)}
