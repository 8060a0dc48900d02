"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from math import log

import numpy as np

Array = np.ndarray


def optimal_discriminator__where(p: Array, q: Array) -> Array:
    both = p + q
    D = p / np.where(both > 0, both, 1)
    return np.where(both > 0, D, 0.5)


def optimal_discriminator__by_mask(p: Array, q: Array) -> Array:
    D = np.full(p.shape, 0.5)
    seen = (p > 0) | (q > 0)
    D[seen] = p[seen] / (p[seen] + q[seen])
    return D


def kl__by_mask(p: Array, q: Array, w: Array | float = 1.0) -> float:
    w = np.broadcast_to(w, p.shape)
    seen = p > 0
    p, q, w = p[seen], q[seen], w[seen]
    return float(np.sum(w * p * np.log(p / q)))


def jsd__by_entropies(p: Array, q: Array, w: Array | float = 1.0) -> float:
    def term(x):
        return np.sum(w * x * np.log(np.where(x > 0, x, 1)))

    m = 0.5 * (p + q)
    return 0.5 * term(p) + 0.5 * term(q) - term(m)


def criterion__theorem_1(p: Array, q: Array, w: Array | float = 1.0) -> float:
    m = (p + q) / 2

    def kl(x):
        ratio = np.where(x > 0, x, 1) / np.where(x > 0, m, 1)
        return np.sum(w * x * np.log(ratio))

    return -log(4) + kl(p) + kl(q)


def criterion__two_integrals(p: Array, q: Array, w: Array | float = 1.0) -> float:
    D, not_D = optimal_discriminator(p, q), optimal_discriminator(q, p)  # noqa: F821
    of_p = np.where(p > 0, p, 0) * np.log(np.where(p > 0, D, 1))
    of_q = np.where(q > 0, q, 0) * np.log(np.where(q > 0, not_D, 1))
    return float(np.sum(w * (of_p + of_q)))
