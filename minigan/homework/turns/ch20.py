"""Chapter 20: the kernels of all pairs."""

import numpy as np

from minigan import Tensor, ops


def kernel(a, b, sigmas):
    """(m, d), (n, d): (m, n), sums over sigma of exp(-|a_i - b_j|^2 / 2 sigma^2)."""
    of_a, of_b = (ops.sum(c * c, axis=1, keepdims=True) for c in (a, b))
    squares = of_a + ops.transpose(of_b) - 2 * (a @ ops.transpose(b))
    return sum(ops.exp(squares / (-2 * sigma**2)) for sigma in sigmas)


def not_squared(a, b, sigmas):
    """You take the distance; in the exponent stands its square."""
    of_a, of_b = (ops.sum(c * c, axis=1, keepdims=True) for c in (a, b))
    squares = of_a + ops.transpose(of_b) - 2 * (a @ ops.transpose(b))
    return sum(ops.exp((squares + 1e-300) ** 0.5 / (-2 * sigma**2)) for sigma in sigmas)


def without_a_half(a, b, sigmas):
    """The exponent is |a - b|^2 over 2 sigma^2; your kernel is narrower, by the root of 2."""
    of_a, of_b = (ops.sum(c * c, axis=1, keepdims=True) for c in (a, b))
    squares = of_a + ops.transpose(of_b) - 2 * (a @ ops.transpose(b))
    return sum(ops.exp(squares / -(sigma**2)) for sigma in sigmas)


def sigma_itself(a, b, sigmas):
    """You divide by 2 sigma: sigma is squared, too, so that it is a length like |a - b|."""
    of_a, of_b = (ops.sum(c * c, axis=1, keepdims=True) for c in (a, b))
    squares = of_a + ops.transpose(of_b) - 2 * (a @ ops.transpose(b))
    return sum(ops.exp(squares / (-2 * sigma)) for sigma in sigmas)


def product_once(a, b, sigmas):
    """(a - b)^2 = a^2 + b^2 - 2 a b: the product counts twice."""
    of_a, of_b = (ops.sum(c * c, axis=1, keepdims=True) for c in (a, b))
    squares = of_a + ops.transpose(of_b) - a @ ops.transpose(b)
    return sum(ops.exp(squares / (-2 * sigma**2)) for sigma in sigmas)


def growing(a, b, sigmas):
    """Yours grows with the distance: near pairs are alike, so the exponent is negative."""
    of_a, of_b = (ops.sum(c * c, axis=1, keepdims=True) for c in (a, b))
    squares = of_a + ops.transpose(of_b) - 2 * (a @ ops.transpose(b))
    return sum(ops.exp(squares / (2 * sigma**2)) for sigma in sigmas)


def first_width(a, b, sigmas):
    """Only the first sigma counts; it is a sum over all of them."""
    return kernel(a, b, sigmas[:1])


def mean_width(a, b, sigmas):
    """That is the mean over the sigmas; it is their sum."""
    return kernel(a, b, sigmas) / len(sigmas)


def turned_over(a, b, sigmas):
    """Yours has a row for each b: the rows belong to a, the columns to b."""
    return kernel(b, a, sigmas)


def tried(f):
    a, b = Tensor(np.array([[0.0, 0.0], [1.0, 2.0], [-1.0, 0.5]])), Tensor(np.array([[0.0, 1.0], [2.0, 2.0]]))
    yield "a = (0, 0) with b = (0, 1), sigma 1", f(a[:1], b[:1], (1.0,)).data
    yield "the same, sigma 3", f(a[:1], b[:1], (3.0,)).data
    yield "the same, sigmas 1 and 3", f(a[:1], b[:1], (1.0, 3.0)).data
    yield "three rows with two, sigma 2", f(a, b, (2.0,)).data
    yield "a with itself, sigmas .5 and 2", f(a, a, (0.5, 2.0)).data
