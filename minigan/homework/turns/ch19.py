"""Chapter 19: a small step of every pixel along the slope."""

import numpy as np


def moved(x, slope, eps):
    """x after a step of eps in each pixel, in the direction in which the loss rises."""
    return x + eps * np.sign(slope)


def downhill(x, slope, eps):
    """You go down the slope; this makes the picture easier to recognise, and we want the loss to rise."""
    return x - eps * np.sign(slope)


def along_the_slope(x, slope, eps):
    """You go along the slope itself: pixels with a small slope hardly move, and no step is just eps."""
    return x + eps * slope


def of_length_eps(x, slope, eps):
    """The whole step has the length eps, as in a ball; here each pixel by itself may move by eps."""
    return x + eps * slope / np.sqrt((slope * slope).sum(axis=1, keepdims=True))


def the_steepest_alone(x, slope, eps):
    """You move the steepest pixel of each picture and no other; every pixel may move."""
    steepest = abs(slope) == abs(slope).max(axis=1, keepdims=True)
    return x + eps * np.sign(slope) * steepest


def in_the_picture(x, slope, eps):
    """You take the sign of the picture; what counts is the sign of the slope."""
    return x + eps * np.sign(x)


def always_up(x, slope, eps):
    """Where the slope is negative the loss rises if the pixel gets darker: the sign has to stay."""
    return x + eps * np.sign(abs(slope))


def tried(f):
    x = np.array([[0.0, 0.5, 1.0, 0.25], [1.0, 0.75, 0.0, 0.5]])
    slope = np.array([[2.0, -0.1, 0.3, 0.0], [-4.0, 0.2, 0.01, -0.5]])
    yield "two pictures of four pixels, eps = .1", f(x, slope, 0.1)
    yield "the same, eps = .25", f(x, slope, 0.25)
    yield "slopes a thousand times as large", f(x, 1000 * slope, 0.25)
