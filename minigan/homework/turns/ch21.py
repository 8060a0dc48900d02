"""Chapter 21: how far there and back again is from where one was."""

import numpy as np


def around(a, fga, b, gfb):
    """The mean of |F(G(a)) - a| over all numbers, plus that of |G(F(b)) - b|."""
    return abs(fga - a).mean() + abs(gfb - b).mean()


def one_way(a, fga, b, gfb):
    """That is one way round; a G that puts everything in one place can be undone on what it made only."""
    return abs(fga - a).mean()


def to_the_other_side(a, fga, b, gfb):
    """You compare with the other side; a and b are no pair, and F(G(a)) is to be a itself."""
    return abs(fga - b).mean() + abs(gfb - a).mean()


def signed(a, fga, b, gfb):
    """Too far to the left and to the right cancel: take the distance of each number before the mean."""
    return (fga - a).mean() + (gfb - b).mean()


def squared(a, fga, b, gfb):
    """That is the mean square; the article takes the distance itself, under which pictures blur less."""
    return ((fga - a) ** 2).mean() + ((gfb - b) ** 2).mean()


def in_all(a, fga, b, gfb):
    """You add up all numbers; the mean does not grow with the minibatch."""
    return abs(fga - a).sum() + abs(gfb - b).sum()


def of_the_means(a, fga, b, gfb):
    """You compare the means of the points; each point is to come back to where it was."""
    return abs(fga.mean(axis=0) - a.mean(axis=0)).mean() + abs(gfb.mean(axis=0) - b.mean(axis=0)).mean()


def tried(f):
    a, b = np.array([[0.0, 1.0], [2.0, 4.0]]), np.array([[5.0, 5.0], [7.0, 0.0]])
    yield "everything came back", f(a, a, b, b)
    yield "a came back .5 too far to the right, in its first number", f(a, a + [0.5, 0.0], b, b)
    yield "b came back 3 too far down", f(a, a, b, b - 3)
    yield "the two points a came back in the other's place", f(a, a[::-1], b, b)
    yield (
        "both came back with errors of both signs",
        f(a, a + [[1.0, -1.0], [-2.0, 2.0]], b, b + [0.25, -1.0]),
    )
