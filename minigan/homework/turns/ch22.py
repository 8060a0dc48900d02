"""Chapter 22: one step of an LSTM."""

import numpy as np

from minigan import Tensor
from minigan.ops import sigmoid, tanh


def step(a, c):
    """The new (h, c) from a (m, 4n), what i, f, o and g are made of, and c (m, n)."""
    n = c.shape[1]
    i, f, o = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(3))
    c = f * c + i * tanh(a[:, 3 * n :])
    return o * tanh(c), c


def turned_over(a, c):
    """You return c first; it is h, then c."""
    h, c = step(a, c)
    return c, h


def input_for_forget(a, c):
    """i and f have changed places: f is what is kept of the old c, i what is taken of the new."""
    n = c.shape[1]
    f, i, o = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(3))
    c = f * c + i * tanh(a[:, 3 * n :])
    return o * tanh(c), c


def nothing_forgotten(a, c):
    """The old c is kept whole: it is multiplied by f."""
    n = c.shape[1]
    i, _, o = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(3))
    c = c + i * tanh(a[:, 3 * n :])
    return o * tanh(c), c


def squeezed_g(a, c):
    """Your g is a sigmoid: then the memory could only grow; g is a tanh, between -1 and 1."""
    n = c.shape[1]
    i, f, o, g = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(4))
    c = f * c + i * g
    return o * tanh(c), c


def old_memory(a, c):
    """Your h is made of the old c; the new one comes first, and h is what shows of it."""
    n = c.shape[1]
    i, f, o = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(3))
    return o * tanh(c), f * c + i * tanh(a[:, 3 * n :])


def open_memory(a, c):
    """h = o tanh(c'): your h has c' without its tanh, and can grow without bound."""
    n = c.shape[1]
    i, f, o = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(3))
    c = f * c + i * tanh(a[:, 3 * n :])
    return o * c, c


def no_sigmoids(a, c):
    """i, f and o are sigmoids of what you take them for: parts, between 0 and 1."""
    n = c.shape[1]
    i, f, o = (a[:, k * n : (k + 1) * n] for k in range(3))
    c = f * c + i * tanh(a[:, 3 * n :])
    return o * tanh(c), c


def other_order(a, c):
    """The order is i, f, o, g: yours takes g for o."""
    n = c.shape[1]
    i, f, g, o = (a[:, k * n : (k + 1) * n] for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def tried(f):
    def of(a, c):
        return [part.data for part in f(Tensor(np.array(a, float)), Tensor(np.array(c, float)))]

    h, c = of([[0.0, 0.0, 0.0, 0.0]], [[1.0]])
    yield "a = 0 and c = 1: the new h", h
    yield "a = 0 and c = 1: the new c", c
    h, c = of([[1.0, -1.0, 2.0, 0.5]], [[-2.0]])
    yield "a = (1, -1, 2, .5) and c = -2: the new h", h
    yield "a = (1, -1, 2, .5) and c = -2: the new c", c
    h, c = of([[1.0, 0, -1, 0, 2, 0, 0.5, -1], [0.0, 1, 2, 3, 0, -1, -2, 2]], [[-2.0, 1], [0.5, 3]])
    yield "two rows of two units: the new h", h
    yield "two rows of two units: the new c", c
