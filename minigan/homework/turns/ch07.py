"""Chapter 07: the largest piece of each unit."""

import numpy as np


def maxout(h, pieces):
    """The largest piece of each unit: from (m, pieces * units) to (m, units)."""
    return h.reshape(len(h), pieces, -1).max(axis=1)


def side_by_side(h, pieces):
    """The pieces of a unit do not lie side by side: the columns are piece 0 of all units, then piece 1."""
    return h.reshape(len(h), -1, pieces).max(axis=2)


def over_the_units(h, pieces):
    """That is the largest unit of each piece, (m, pieces); the maximum is over the pieces."""
    return h.reshape(len(h), pieces, -1).max(axis=2)


def mean_of_pieces(h, pieces):
    """That is the mean of the pieces, which is one affine map again; take the largest."""
    return h.reshape(len(h), pieces, -1).mean(axis=1)


def largest_by_size(h, pieces):
    """You compare sizes without their signs: of -3 and 1 the largest is 1."""
    a = h.reshape(len(h), pieces, -1)
    return np.take_along_axis(a, abs(a).argmax(axis=1, keepdims=True), axis=1)[:, 0]


def not_below_zero(h, pieces):
    """Nothing of yours is below 0: that is ReLU, which has a piece fixed at 0; maxout has none."""
    return maxout(h, pieces).clip(0)


def which(h, pieces):
    """That is which piece wins (argmax); we want what it wins with."""
    return h.reshape(len(h), pieces, -1).argmax(axis=1)


def tried(f):
    yield "one example, two pieces of two units, h = 1, 2, 3, 0", f(np.array([[1.0, 2.0, 3.0, 0.0]]), 2)
    yield "the same below 0, h = -1, -2, -3, -4", f(np.array([[-1.0, -2.0, -3.0, -4.0]]), 2)
    h = np.random.default_rng(7).standard_normal((5, 12))
    yield "five examples, three pieces of four units", f(h, 3)
    yield "five examples, four pieces of three units", f(h, 4)
    yield "five examples, one piece of twelve units", f(h, 1)
