"""Chapter 17: the gradient penalty, from the slopes."""

import numpy as np

from minigan import Tensor, backward, ops


def penalty(g):
    """The mean over the rows of g (m, n), a Tensor, of max(|row| - 1, 0)^2."""
    length = (ops.sum(g * g, axis=1) + 1e-12) ** 0.5
    return ops.mean(ops.relu(length - 1) ** 2)


def two_sided(g):
    """You fine slopes below 1, too, as the article does; here only what exceeds 1 counts."""
    length = (ops.sum(g * g, axis=1) + 1e-12) ** 0.5
    return ops.mean((length - 1) ** 2)


def each_number(g):
    """You hold each number against 1; it is the length of the whole row, over all n of them, that counts."""
    length = (g * g + 1e-12) ** 0.5
    return ops.mean(ops.relu(length - 1) ** 2)


def squared_length(g):
    """That is |row|^2 against 1: take the root first."""
    return ops.mean(ops.relu(ops.sum(g * g, axis=1) - 1) ** 2)


def not_squared(g):
    """The excess is squared: a slope of 3 costs 4, not 2."""
    length = (ops.sum(g * g, axis=1) + 1e-12) ** 0.5
    return ops.mean(ops.relu(length - 1))


def of_the_mean(g):
    """You hold the mean length against 1, so a steep row can hide behind a flat one: each row by itself."""
    length = (ops.sum(g * g, axis=1) + 1e-12) ** 0.5
    return ops.relu(ops.mean(length) - 1) ** 2


def in_all(g):
    """That is the sum over the rows; we want the mean, which does not grow with m."""
    length = (ops.sum(g * g, axis=1) + 1e-12) ** 0.5
    return ops.sum(ops.relu(length - 1) ** 2)


def whole_batch(g):
    """That is one length for all rows together; each row is the slope at a point of its own."""
    return ops.relu((ops.sum(g * g) + 1e-12) ** 0.5 - 1) ** 2


def bare_root(g):
    """The value is right, but its derivative is nan in a row of 0: the root is infinitely steep there.

    Add something tiny, such as 1e-12, below the root.
    """
    return ops.mean(ops.relu(ops.sum(g * g, axis=1) ** 0.5 - 1) ** 2)


def tried(f):
    def of(*rows):
        return f(Tensor(np.array(rows, float)))

    yield "one row (0, 3)", of((0, 3)).data
    yield "one row (1.2, 1.6)", of((1.2, 1.6)).data
    yield "rows (.3, .4) and (0, -2)", of((0.3, 0.4), (0, -2)).data
    yield "rows (.6, .8) and (0, 0)", of((0.6, 0.8), (0, 0)).data
    g = Tensor(np.array([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0]]))
    backward(f(g), wrt=[g])
    yield "its derivative by g, at (3, 4), (.3, -.4) and (0, 0)", g.grad
