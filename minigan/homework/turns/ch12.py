"""Chapter 12: the logarithm of a mean of exponentials."""

import numpy as np


def log_mean_exp(a):
    """log of the mean of exp(a) over each row; its largest is taken out first."""
    top = a.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(a - top).mean(axis=1))


def as_it_is_written(a):
    """exp of large negative numbers rounds to 0, and its logarithm is -inf: take the largest out first."""
    with np.errstate(divide="ignore"):
        return np.log(np.exp(a).mean(axis=1))


def not_put_back(a):
    """What was taken out of the mean has to be added again, outside of the logarithm."""
    return np.log(np.exp(a - a.max(axis=1, keepdims=True)).mean(axis=1))


def of_the_sum(a):
    """That is the sum of the exponentials; the mean is 1/n of it, log n less."""
    top = a.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(a - top).sum(axis=1))


def over_the_columns(a):
    """You take the mean over each column; a row is an image, and its entries belong to the centres."""
    return log_mean_exp(a.T)


def one_top_for_all(a):
    """One largest number for all rows: a row far below it still rounds to 0. Each needs its own."""
    with np.errstate(divide="ignore"):
        return a.max() + np.log(np.exp(a - a.max()).mean(axis=1))


def mean_of_logs(a):
    """log and exp cancel, and what is left is the mean of a; the mean stands inside the logarithm."""
    return a.mean(axis=1)


def only_the_largest(a):
    """The largest is nearly all of it, but not all."""
    return a.max(axis=1)


def tried(f):
    yield "a row of equal numbers", f(np.array([[2.0, 2.0]]))
    yield "the rows 0, log 3 and 1, 1", f(np.log([[1.0, 3.0], [np.e, np.e]]))
    yield "the row -1000, -1001, -5000", f(np.array([[-1000.0, -1001.0, -5000.0]]))
    yield "the rows 0, -1 and -2000, -2001", f(np.array([[0.0, -1.0], [-2000.0, -2001.0]]))
    yield "the row 1000, 1000, 999", f(np.array([[1000.0, 1000.0, 999.0]]))
