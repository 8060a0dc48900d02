"""Gaussian Parzen windows: the log-likelihood of Table 1, by the protocol of the paper's authors.

A generator's samples s_1 ... s_n, each widened to a normal distribution, stand for p_g:

    log p(x) = log 1/n sum_i exp(-|x - s_i|^2 / 2 sigma^2) - d log(sigma sqrt(2 pi))       in nats

Mind what it measures (Theis et al. 2016): on MNIST 10,000 real images as centres score 241 and k-means
centroids more, and the number of centres is a part of the score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite, log, pi, sqrt

from minigan.backend import xp_of
from minigan.errors import InputError
from minigan.tensor import Array

ROWS, CENTRES = 4000, 1000  # of one matrix product: 32 MB
SIGMAS = tuple(10 ** (i / 9 - 1) for i in range(10))  # logspace(-1, 0, 10), the authors' grid
Progress = Callable[[int, int], None]  # (rows done, of how many)


def log_likelihood(x: Array, centres: Array, sigma: float, progress: Progress | None = None) -> Array:
    """log p for each row of x: (m,), in nats, float64.        x (m, d), centres (n, d)

    In chunks, so the memory beside the data does not grow with them: 100 MB for images of MNIST.
    InputError for sigma <= 0, no centres, shapes that do not fit, numbers that are not finite.
    """
    _check(x, centres, sigma)
    xp, (m, d) = xp_of(x, centres), x.shape
    found = xp.empty(m)
    for i in range(0, m, ROWS):
        rows = slice(i, min(i + ROWS, m))
        found[rows] = _log_sum(x[rows], centres, sigma)
        if progress:
            progress(rows.stop, m)
    found -= log(len(centres)) + d * log(sigma * sqrt(2 * pi))
    return found


def choose_sigma(
    valid: Array, centres: Array, sigmas: Iterable[float] = SIGMAS, progress: Progress | None = None
) -> tuple[float, float]:
    """The sigma with the largest mean log-likelihood of the validation examples, and that mean in nats.

    The authors give the first 1,000 validation images and `SIGMAS`.
    """
    sigmas = list(sigmas)
    if not sigmas:
        raise InputError("sigmas: expected one or more to choose from, got none")
    means = []
    for sigma in sigmas:
        means.append(float(log_likelihood(valid, centres, sigma).mean()))
        if progress:
            progress(len(means), len(sigmas))
    best = max(means)
    return sigmas[means.index(best)], best


def _log_sum(x: Array, centres: Array, sigma: float) -> Array:
    """log sum_i exp(-|x - s_i|^2 / 2 sigma^2) for each row of x.  With x and s in units of sigma,

        -|x - s|^2 / 2 = [x, 1] . [s, -|s|^2 / 2] - |x|^2 / 2,

    one matrix product.  It is in float64, since its numbers are near 10^4 at sigma = .1 and float32 would
    keep three decimals.  The sum is kept relative to its largest term so far, and no term overflows.
    """
    xp = xp_of(x)
    x = _scaled(x, sigma)
    squares = _squares(x) / 2
    x[:, -1] = 1
    largest, total = xp.full(len(x), -xp.inf), xp.zeros(len(x))
    for j in range(0, len(centres), CENTRES):
        s = _scaled(centres[j : j + CENTRES], sigma)
        s[:, -1] = _squares(s) / -2
        exponent = x @ s.T
        before, largest = largest, xp.maximum(largest, exponent.max(axis=1))
        exponent -= largest[:, None]
        total = total * xp.exp(before - largest) + xp.exp(exponent, out=exponent).sum(axis=1)
    return xp.log(total) + largest - squares


def _scaled(a: Array, sigma: float) -> Array:
    """[a / sigma, 0] in float64: (n, d + 1)"""
    b = xp_of(a).zeros((len(a), a.shape[1] + 1))
    b[:, :-1] = a
    b /= sigma
    return b


def _squares(a: Array) -> Array:
    return xp_of(a).einsum("nd,nd->n", a, a)


def _check(x: Array, centres: Array, sigma: float) -> None:
    if not (isfinite(sigma) and sigma > 0):
        raise InputError(f"sigma: expected a number above 0, got {sigma}")
    if x.ndim != 2 or centres.ndim != 2 or x.shape[1] != centres.shape[1]:
        raise InputError(f"expected x (m, d) and centres (n, d), got {x.shape} and {centres.shape}")
    for name, a in (("x", x), ("centres", centres)):
        if not a.size:
            raise InputError(f"{name}: expected one example or more, got {a.shape}")
        if not xp_of(a).isfinite(a).all():
            raise InputError(f"{name}: some numbers are not finite")
