"""Chapter 03: which axes of the gradient are summed."""

import numpy as np


def summed_axes(shape, to):
    """The axes of `to` along which an array of `shape` was copied, as a tuple."""
    added = len(to) - len(shape)
    return tuple(i for i, n in enumerate(to) if i < added or shape[i - added] < n)


def only_added(shape, to):
    """You find the axes that were added; one of length 1 that was stretched was copied as well."""
    return tuple(range(len(to) - len(shape)))


def only_stretched(shape, to):
    """You find the stretched axes of length 1; those that were added on the left were copied too."""
    added = len(to) - len(shape)
    return tuple(i for i in range(added, len(to)) if shape[i - added] < to[i])


def left_aligned(shape, to):
    """You compare the shapes from the left; NumPy writes them right-aligned."""
    return tuple(i for i, n in enumerate(to) if i >= len(shape) or shape[i] < n)


def not_shifted(shape, to):
    """The stretched axes are counted as in `shape`; in `to` they are further right, by the added ones."""
    added = len(to) - len(shape)
    return (*range(added), *(i for i, n in enumerate(shape) if n < to[added + i]))


def by_lengths(shape, to):
    """You look for lengths of `to` that `shape` lacks; two axes may have the same length."""
    return tuple(i for i, n in enumerate(to) if n not in shape)


def tried(f):
    rng = np.random.default_rng(3)
    for shape, to in [
        ((3,), (2, 3)),
        ((2, 1), (2, 3)),
        ((2, 3), (2, 3)),
        ((), (2, 3)),
        ((1, 3), (3, 3)),
        ((2,), (2, 2)),
        ((3, 1), (5, 2, 3, 4)),
        ((5, 1, 1, 4), (5, 2, 3, 4)),
    ]:
        g = rng.standard_normal(to)
        axes = f(shape, to)
        yield f"{shape} copied to {to}: the kind of the answer", type(axes).__name__
        total = g.sum(axis=axes)  # to sum over an axis of length 1 as well does no harm
        what = f"{shape} copied to {to}: g summed over your axes"
        yield what, total.reshape(shape) if total.size == np.prod(shape) else total
