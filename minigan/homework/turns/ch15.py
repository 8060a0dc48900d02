"""Chapter 15: the Wasserstein distance of two samples on a line."""

import numpy as np


def w1(x, y):
    """How far a point must move in the mean, to turn the points x into the points y."""
    return abs(np.sort(x) - np.sort(y)).mean()


def as_they_come(x, y):
    """You pair the points as they come; the cheapest way is in order, the smallest to the smallest."""
    return abs(x - y).mean()


def between_the_means(x, y):
    """That is the distance of the means; a wide heap and a narrow one may have the same mean."""
    return abs(x.mean() - y.mean())


def signed(x, y):
    """To the left and to the right cancel: take the distance of each pair before the mean."""
    return (np.sort(x) - np.sort(y)).mean()


def squared(x, y):
    """That is the mean square, which belongs to another distance, W2; here every unit costs the same."""
    return ((np.sort(x) - np.sort(y)) ** 2).mean()


def in_all(x, y):
    """That is what all points move in all; we want the mean."""
    return abs(np.sort(x) - np.sort(y)).sum()


def to_the_nearest(x, y):
    """Each goes to its nearest; but then two may go to the same place, and another one is left empty."""
    return abs(x[:, None] - y).min(axis=1).mean()


def tried(f):
    yield "x = 0, 1, 2 and y = 3, 4, 5", f(np.array([0.0, 1.0, 2.0]), np.array([3.0, 4.0, 5.0]))
    yield "x = 1, 0 and y = 0, 1", f(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    yield "x = -1, 1 and y = -3, 3", f(np.array([-1.0, 1.0]), np.array([-3.0, 3.0]))
    yield "x = 0, 0, 5 and y = 1, 6, 6", f(np.array([0.0, 0.0, 5.0]), np.array([1.0, 6.0, 6.0]))
    yield "x = 5 and y = 3", f(np.array([5.0]), np.array([3.0]))
