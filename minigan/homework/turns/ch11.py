"""Chapter 11: one step of p_g down the criterion."""

import numpy as np


def improve(q, D):
    """q after a step of log q by -log(1 - D), scaled to the sum 1; a q of 0 stays 0."""
    moved = q / np.maximum(1 - D, 1e-300)
    return moved / moved.sum()


def not_scaled(q, D):
    """The step is right; but probabilities add up to 1: divide by their sum."""
    return q / np.maximum(1 - D, 1e-300)


def uphill(q, D):
    """You add log(1 - D); that climbs the criterion, and G wants it small."""
    moved = q * (1 - D)
    return moved / moved.sum()


def nought_by_nought(q, D):
    """Where q is 0, the best D is 1, and q / (1 - D) is 0 / 0: keep 1 - D above 0."""
    moved = q / (1 - D)
    return moved / moved.sum()


def in_q(q, D):
    """You subtract the slope from q itself, which may make it negative; the step is one of log q."""
    moved = q - np.log(1 - D)
    return moved / moved.sum()


def by_the_other_loss(q, D):
    """That is the step by log D; the slope of V by q is log(1 - D)."""
    moved = q * D
    return moved / moved.sum()


def without_the_exponential(q, D):
    """You have the new log q, up to a constant; q is its exponential."""
    with np.errstate(all="ignore"):
        moved = np.log(q) - np.log(1 - D)
        return moved / moved.sum()


def tried(f):
    q = np.array([0.7, 0.2, 0.1])
    yield "D says 1/2 to everything: q stays", f(q, np.array([0.5, 0.5, 0.5]))
    D = np.array([0.2, 0.5, 0.9])
    yield "q = .7 .2 .1, D = .2 .5 .9: the sum of the new q", f(q, D).sum()
    yield "q = .7 .2 .1, D = .2 .5 .9: the new q", f(q, D)
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.4, 0.0])
    yield "the best D, and a q with a 0", f(q, p / (p + q))
