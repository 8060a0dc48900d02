"""Chapter 01: the value of the game."""

import numpy as np


def value(D_real, D_fake):
    """V, from what D said of data and of samples; means in place of expectations."""
    return np.log(D_real).mean() + np.log(1 - D_fake).mean()


def log_of_the_mean(D_real, D_fake):
    """You take the logarithm of a mean; equation 1 has the mean of the logarithms."""
    return np.log(D_real.mean()) + np.log(1 - D_fake.mean())


def sums(D_real, D_fake):
    """You sum; then V grows with the number of examples. An expectation becomes a mean."""
    return np.log(D_real).sum() + np.log(1 - D_fake).sum()


def a_loss(D_real, D_fake):
    """That is -V, which D would descend; here D climbs V."""
    return -value(D_real, D_fake)


def fooled(D_real, D_fake):
    """log D for both: of a sample, D is right with the probability 1 - D."""
    return np.log(D_real).mean() + np.log(D_fake).mean()


def difference(D_real, D_fake):
    """The two terms are added: log(1 - D) is negative already, and 0 at best."""
    return np.log(D_real).mean() - np.log(1 - D_fake).mean()


def half(D_real, D_fake):
    """That is one mean over all answers; V has a mean over the data plus a mean over the samples."""
    return np.concatenate([np.log(D_real), np.log(1 - D_fake)]).mean()


def to_the_base_2(D_real, D_fake):
    """You count in bits; log is the natural logarithm here, as everywhere in the paper."""
    return value(D_real, D_fake) / np.log(2)


def tried(f):
    half = np.array([0.5, 0.5])
    yield "D says 1/2 to everything, which is worth -log 4", f(half, half)
    yield "D says .9 and .6 to data, .2 to a sample", f(np.array([0.9, 0.6]), np.array([0.2]))
    yield "D says .8 to data, .1, .3 and .7 to samples", f(np.array([0.8]), np.array([0.1, 0.3, 0.7]))
