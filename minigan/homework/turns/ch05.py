"""Chapter 05: the slope of <u, f> along v, from two values of f."""

import numpy as np

from minigan import Tensor, ops


def measured(f, x, u, v, h=1e-6):
    """The right-hand side of the equation: f at x + h v and at x - h v, each with u."""
    ahead, behind = f(Tensor(x + h * v)).data, f(Tensor(x - h * v)).data
    return (u * ahead).sum() / (2 * h) - (u * behind).sum() / (2 * h)


def one_sided(f, x, u, v, h=1e-6):
    """That is one-sided, from x to x + h v: its error is about h, that of the central one h^2."""
    return (u * (f(Tensor(x + h * v)).data - f(Tensor(x)).data)).sum() / h


def by_h(f, x, u, v, h=1e-6):
    """From x - h v to x + h v it is 2 h, and you divide by h."""
    return 2 * measured(f, x, u, v, h)


def upstream_of_ones(f, x, u, v, h=1e-6):
    """You sum the difference without u: that is an upstream of ones, the usual test below."""
    return measured(f, x, 1.0, v, h)


def direction_of_ones(f, x, u, v, h=1e-6):
    """You move every entry of x by h; it is h times its entry of v."""
    return measured(f, x, u, np.ones_like(x), h)


def backwards(f, x, u, v, h=1e-6):
    """The sign: behind minus ahead."""
    return -measured(f, x, u, v, h)


def product_of_h(f, x, u, v, h=1e-6):
    """`/ 2 * h` divides by 2 and multiplies by h: (2 * h) wants its brackets."""
    return measured(f, x, u, v, h) * h * h


def tried(f):
    rng = np.random.default_rng(5)
    x, u, v = (rng.standard_normal((3, 2)) for _ in range(3))
    for h in 0.5, 0.25:  # large, so that one-sided differences are seen to be others
        yield f"f(x) = x^3, h = {h}", np.round(f(lambda t: ops.mul(ops.mul(t, t), t), x, u, v, h), 6)
    w = rng.standard_normal((2, 4))
    slope = f(lambda t: ops.matmul(t, Tensor(w)), x, rng.standard_normal((3, 4)), v)
    yield "f(x) = x w, h as it is", np.round(slope, 6)
