"""Chapter 08: softplus, for every number."""

import numpy as np


def s(x):
    """log(1 + e^x), elementwise, without an overflow: no exponent may be positive."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def as_it_is_written(x):
    """e^x overflows for large x: where x is positive, take e^x out of the logarithm."""
    return np.log(1 + np.exp(x))


def as_it_is_written_with_log1p(x):
    """log1p keeps the small ones, but e^x still overflows: take e^x out where x is positive."""
    return np.log1p(np.exp(x))


def without_the_maximum(x):
    """The logarithm is right; what was taken out of it, x where x is positive, is missing."""
    return np.log1p(np.exp(-np.abs(x)))


def x_always(x):
    """You add x where it is negative too; there e^x was not taken out."""
    return x + np.log1p(np.exp(-np.abs(x)))


def one_lost(x):
    """Nearly: at x = -38, 1 + e^x rounds to 1, and its logarithm to 0; use np.log1p(y) for log(1 + y)."""
    return np.maximum(x, 0) + np.log(1 + np.exp(-np.abs(x)))


def of_minus_x(x):
    """That is s(-x)."""
    return s(-x)


def tried(f):
    yield "s(0)", f(np.array([0.0]))
    yield "s(-2), s(-1), s(1), s(2)", f(np.array([-2.0, -1.0, 1.0, 2.0]))
    yield "s(1000)", f(np.array([1000.0]))
    yield "s(-1000)", f(np.array([-1000.0]))
    yield "log s(-38), which is -38", np.log(f(np.array([-38.0])))
