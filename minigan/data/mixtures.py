"""Toy data: points from mixtures of equally likely normal distributions, the same everywhere.

gaussian1d  N(0, 1), one mode on a line (the paper's Figure 1)
ring8       8 modes on a circle of radius 1, standard deviation .01
grid25      25 modes on {-4, -2, 0, 2, 4}^2, standard deviation .05

Later articles count modes on the last two (VEEGAN, Srivastava et al. 2017; PacGAN, Lin et al. 2018).
"""

from collections.abc import Sequence
from itertools import product
from math import cos, pi, sin

import numpy as np

from minigan.backend import Backend
from minigan.data.dataset import Mixture
from minigan.random import Stream, Streams

RING8 = [(cos(2 * pi * i / 8), sin(2 * pi * i / 8)) for i in range(8)]  # linspace(0, 2 pi, 8) has only 7
GRID25 = list(product((-4, -2, 0, 2, 4), repeat=2))
MIXTURES: dict[str, tuple[Sequence[tuple[float, ...]], float]] = {  # modes, std
    "gaussian1d": ([(0,)], 1.0),
    "ring8": (RING8, 0.01),
    "grid25": (GRID25, 0.05),
}
COUNTS = (100_000, 10_000, 10_000)  # training, validation, test


def load(name: str) -> Mixture:
    """The mixture of that name: 100,000 points for training, 10,000 each for validation and testing."""
    centres, std = MIXTURES[name]
    modes = np.array(centres, np.float32)
    streams = Streams(0, Backend("numpy", "float32"))
    train, valid, test = (sample(modes, std, n, streams("data", i)) for i, n in enumerate(COUNTS))
    return Mixture(name, train, valid, test, modes=modes, std=std)


def sample(modes: np.ndarray, std: float, n: int, rng: Stream) -> np.ndarray:
    """x = modes_i + std e,  i uniform, e ~ N(0, I)        modes (k, features), x (n, features)"""
    i = (rng.uniform((n,)) * len(modes)).astype(np.int64)
    return modes[i] + std * rng.normal((n, modes.shape[1]))
