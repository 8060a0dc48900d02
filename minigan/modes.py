"""What a generator covers: the modes of a mixture, the classes of a data set, what lies nearest.

Figures to compare with: VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018) on ring8 and grid25,
with 2,500 samples.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, exp, sqrt
from typing import NamedTuple

import numpy as np

from minigan.errors import InputError
from minigan.tensor import Array

NEAR = 3.0  # standard deviations from its mode within which a sample is of high quality


class Coverage(NamedTuple):
    """What the samples found of a mixture."""

    modes: int  # that have at least one sample of high quality
    high_quality: float  # the share of all samples
    counts: np.ndarray  # samples of high quality by mode


def coverage(samples: np.ndarray, modes: np.ndarray, std: float) -> Coverage:
    """Which modes the samples hit.        samples (n, d), modes (k, d), std of each mode in each direction

    A sample is of high quality if its nearest mode is within 3 std.  InputError for no samples, or some that
    are not finite.
    """
    _finite(samples)
    squares = ((samples[:, None].astype(np.float64) - modes) ** 2).sum(axis=2)
    near = squares.min(axis=1) <= (NEAR * std) ** 2
    counts = np.bincount(squares.argmin(axis=1)[near], minlength=len(modes))
    return Coverage(int((counts > 0).sum()), float(near.mean()), counts)


def ceiling(d: int) -> float:
    """P(|e| <= 3) for e ~ N(0, I) in one or two dimensions: the high-quality share of the data themselves."""
    return erf(NEAR / sqrt(2)) if d == 1 else 1 - exp(-(NEAR**2) / 2)


class Classes(NamedTuple):
    """What a classifier says of samples."""

    shares: np.ndarray  # of the samples that the classifier puts into each class
    entropy: float  # of the mean of p(y|x), in nats; log(classes) if all are equally frequent
    score: float  # from 1 to the number of classes


def classes(probabilities: np.ndarray) -> Classes:
    """What a classifier's p(y|x) says of samples.        probabilities (n, classes)

    score = exp(mean of KL(p(y|x) || p(y))): high where each sample is clear and all classes occur
    (Salimans et al. 2016, with a classifier of the data set itself).  InputError for no samples, or some that
    are not finite.
    """
    _finite(probabilities)
    p = probabilities.astype(np.float64)
    mean = p.mean(axis=0)
    log_p, log_mean = (np.log(np.maximum(q, np.finfo(float).tiny)) for q in (p, mean))
    shares = np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p)
    score = np.exp((p * (log_p - log_mean)).sum(axis=1).mean())
    return Classes(shares, float(-(mean * log_mean).sum()), float(score))


def nearest(
    x: np.ndarray, others: np.ndarray, prepare: Callable[[Array], Array] | None = None, chunk: int = 5000
) -> tuple[np.ndarray, np.ndarray]:
    """For each row of x (n, d) the nearest of `others`, (n, d), and min_j |x_i - others_j|, (n,).

    prepare makes, a chunk at a time, values like x's of a data set's bytes.
    |x - y|^2 = |x|^2 - 2 x.y + |y|^2, of which |x|^2 does not decide.  InputError for no samples, or some
    that are not finite.
    """
    _finite(x)
    wide = x.astype(np.float64)
    found, least = np.empty_like(x), np.full(len(x), np.inf)
    for i in range(0, len(others), chunk):
        y = others[i : i + chunk]
        y = (prepare(y.astype(x.dtype)) if prepare else y).astype(np.float64)
        squares = (y * y).sum(axis=1) - 2 * wide @ y.T
        j = squares.argmin(axis=1)
        squares = squares[np.arange(len(x)), j]
        closer = squares < least
        found[closer], least[closer] = y[j[closer]], squares[closer]
    return found, np.sqrt(np.maximum(least + (wide * wide).sum(axis=1), 0))


def _finite(samples: np.ndarray) -> None:
    if not len(samples) or not np.isfinite(samples).all():
        raise InputError("samples: expected one or more, and finite numbers only")
