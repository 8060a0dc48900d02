"""Chapter 13: how far samples are apart."""

import numpy as np


def apart(x):
    """The distance of two different rows of x, in the mean over all such pairs."""
    distances = np.sqrt(((x[:, None] - x) ** 2).sum(axis=2))
    return distances.sum() / (len(x) * (len(x) - 1))


def with_itself(x):
    """You count the pairs of a row with itself, whose distance is 0: there are n (n - 1) others."""
    return np.sqrt(((x[:, None] - x) ** 2).sum(axis=2)).mean()


def squared(x):
    """That is the mean of the squared distances; take the root of each."""
    return ((x[:, None] - x) ** 2).sum(axis=2).sum() / (len(x) * (len(x) - 1))


def root_of_the_mean(x):
    """The root comes before the mean: you have the root of the mean square."""
    return np.sqrt(squared(x))


def from_the_middle(x):
    """That is the distance from the mean of all rows; we ask for the distance from one to another."""
    return np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=1)).mean()


def neighbours(x):
    """You compare each row with the next only; two kinds that alternate would look varied. Take all pairs."""
    return np.sqrt(((x[1:] - x[:-1]) ** 2).sum(axis=1)).mean()


def by_pixel(x):
    """You take the mean over the pixels; a distance has the sum of their squares."""
    return np.sqrt(((x[:, None] - x) ** 2).mean(axis=2)).sum() / (len(x) * (len(x) - 1))


def along_the_axes(x):
    """That is the sum of the differences along the axes; the distance is the root of their squares."""
    return abs(x[:, None] - x).sum(axis=2).sum() / (len(x) * (len(x) - 1))


def tried(f):
    yield "the points 0, 0 and 3, 4", f(np.array([[0.0, 0.0], [3.0, 4.0]]))
    yield "one picture, three times", f(np.full((3, 4), 0.5))
    yield "0, 0, 6 and 8 on a line", f(np.array([[0.0], [0.0], [6.0], [8.0]]))
    yield "0, 1, 0, 1 on a line", f(np.array([[0.0], [1.0], [0.0], [1.0]]))
