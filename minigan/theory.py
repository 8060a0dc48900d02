"""Section 4 of the paper in numbers: the best discriminator, the criterion, and how p_g reaches p_data.

Densities are given by their values p, q at the points of a quadrature with weights w, so that the integral of
f is sum(w f(x)), or as probabilities on finitely many atoms, where w = 1.  p is p_data, q is p_g; natural
logarithms.  All in NumPy and float64: this is the yardstick for what networks learn.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import NamedTuple

import numpy as np

from minigan.random import Stream

Array = np.ndarray


def optimal_discriminator(p: Array, q: Array) -> Array:
    """D*(x) = p / (p + q), 1/2 where both vanish                                          (Proposition 1)"""
    total = p + q
    return np.divide(p, total, out=np.full_like(total, 0.5), where=total > 0)


def value(D: Array, p: Array, q: Array, w: Array | float = 1.0) -> float:
    """V(D, G) = integral of p log D + q log(1 - D)                                        (equation 1)"""
    return float((w * (_x_log_y(p, D) + _x_log_y(q, 1 - D))).sum())


def criterion(p: Array, q: Array, w: Array | float = 1.0) -> float:
    """C(G) = V(D*, G), with 1 - D* as q / (p + q), which does not round to 0

    Theorem 1 shows it to be -log 4 + 2 JSD(p || q).
    """
    D, not_D = optimal_discriminator(p, q), optimal_discriminator(q, p)
    return float((w * (_x_log_y(p, D) + _x_log_y(q, not_D))).sum())


def kl(p: Array, q: Array, w: Array | float = 1.0) -> float:
    """KL(p || q) = integral of p log(p / q)"""
    return float((w * (_x_log_y(p, p) - _x_log_y(p, q))).sum())


def jsd(p: Array, q: Array, w: Array | float = 1.0) -> float:
    """JSD(p || q) = KL(p || m) / 2 + KL(q || m) / 2,  m = (p + q) / 2: from 0 to log 2"""
    m = (p + q) / 2
    return (kl(p, m, w) + kl(q, m, w)) / 2


def _x_log_y(x: Array, y: Array) -> Array:
    """x log y, and 0 where x is 0"""
    return x * np.log(np.where(x > 0, y, 1))


class Normals(NamedTuple):
    """sum_i share_i N(mean_i, std_i^2) on the line"""

    means: tuple[float, ...]
    stds: tuple[float, ...]
    shares: tuple[float, ...] = (1.0,)

    def density(self, x: Array) -> Array:
        """Its values at the points x."""
        mean, std, share = map(np.array, self)
        z = (x[:, None] - mean) / std
        return (share / (std * sqrt(2 * pi)) * np.exp(-z * z / 2)).sum(axis=1)

    def sample(self, n: int, rng: Stream) -> Array:
        """(n, 1)"""
        i = np.searchsorted(np.cumsum(self.shares[:-1]), rng.uniform((n,)), side="right")
        return np.array(self.means)[i, None] + np.array(self.stds)[i, None] * rng.normal((n, 1))


def gauss_legendre(low: float, high: float, panels: int = 200, order: int = 10) -> tuple[Array, Array]:
    """Points and weights, (panels * order,) each; in a panel exact for polynomials of degree 2 order - 1."""
    x, w = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


def entropy(density: Callable[[Array], Array], low: float, high: float, points: int = 20_001) -> float:
    """-integral of p log p by the trapezoidal rule, which converges faster than any power for a density
    that is smooth and has vanished at both ends."""
    x, step = np.linspace(low, high, points, retstep=True)
    p = density(x)
    return -step * float(_x_log_y(p, p).sum())


# Proposition 2: how p_g moves --------------------------------------------------------------------------


def improve(q: Array, D: Array, rate: float = 1.0) -> Array:
    """One step of p_g down V(D, .), whose gradient by q is log(1 - D), on the probabilities of atoms:

        q <- q exp(-rate log(1 - D)) / its sum

    This is mirror descent, which never leaves the simplex.  With D = D* and rate 1 it is q <- (p + q) / 2.
    """
    moved = q * np.maximum(1 - D, np.finfo(float).tiny) ** -rate
    return moved / moved.sum()
