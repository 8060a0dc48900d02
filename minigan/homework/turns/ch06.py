"""Chapter 06: where G's output biases start."""

import numpy as np


def output_bias(x, clip=0.001):
    """Of images x (n, pixels): b with sigmoid(b) = the mean of each pixel, clipped."""
    mean = x.mean(axis=0).clip(clip, 1 - clip)
    return np.log(mean / (1 - mean))


def not_clipped(x, clip=0.001):
    """A pixel that is black in all images has the mean 0, and the logarithm of 0: clip the mean first."""
    mean = x.mean(axis=0)
    return np.log(mean / (1 - mean))


def one_for_all(x, clip=0.001):
    """That is the mean over everything; each pixel has a mean of its own: axis 0 are the images."""
    mean = x.mean().clip(clip, 1 - clip)
    return np.log(mean / (1 - mean))


def over_pixels(x, clip=0.001):
    """You take the mean of each image; axis 0 are the images, and each pixel wants its mean."""
    mean = x.mean(axis=1).clip(clip, 1 - clip)
    return np.log(mean / (1 - mean))


def upside_down(x, clip=0.001):
    """The quotient is upside down: sigmoid(b) is then 1 - mean, a negative of the digit."""
    return -output_bias(x, clip)


def mean_of_logits(x, clip=0.001):
    """You take the logit of each pixel of each image, and then the mean: the mean comes first."""
    x = x.clip(clip, 1 - clip)
    return np.log(x / (1 - x)).mean(axis=0)


def sigmoid_itself(x, clip=0.001):
    """That is the sigmoid of the mean; b is what has the mean as its sigmoid."""
    return 1 / (1 + np.exp(-x.mean(axis=0).clip(clip, 1 - clip)))


def mean_alone(x, clip=0.001):
    """That is the mean itself; the sigmoid still comes after b."""
    return x.mean(axis=0).clip(clip, 1 - clip)


def tried(f):
    x = np.array([[0.0, 0.25, 1.0, 0.5], [0.0, 0.75, 1.0, 0.9], [0.0, 0.25, 1.0, 0.7]])
    yield "three images of four pixels, of which one is always black and one always white", f(x)
    yield "the same, clip = .1", f(x, 0.1)
