"""Plain networks for the pages: linear layers with (leaky) ReLUs between, and Adam at one learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from minigan import ops
from minigan.nn import Affine, Layer, LeakyReLU, Linear, Sequential
from minigan.optim import Adam, exponential_decay
from minigan.random import Stream


def mlp(sizes: Sequence[int], rng: Stream, slope: float = 0.0, f: Affine = ops.affine_identity) -> Sequential:
    """sizes[0] inputs to sizes[-1] outputs; f on top, ReLUs between, leaky ones where there is a slope."""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        if slope:
            layers += [Linear(inputs, outputs, rng), LeakyReLU(slope)]
        else:
            layers += [Linear(inputs, outputs, rng, f=ops.affine_relu)]
    return Sequential(*layers, Linear(sizes[-2], sizes[-1], rng, f=f))


def adam(net: Layer, learning_rate: float, beta1: float = 0.5, decay: float = 1.0) -> Adam:
    """At step t the rate is learning_rate / decay^t."""
    return Adam(net.parameters(), exponential_decay(learning_rate, decay, 1e-3 * learning_rate), beta1)
