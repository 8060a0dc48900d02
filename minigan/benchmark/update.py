"""What is measured: one update of a recipe, on data that need no network."""

from collections.abc import Callable
from itertools import count

import numpy as np

from minigan.algorithm1 import UPDATES, Game
from minigan.data.dataset import Dataset, scaling
from minigan.players import load_data
from minigan.recipes import Recipe

PICTURES = {"mnist": (50_000, (28, 28)), "cifar10": (40_000, (32, 32, 3))}  # those that would be downloaded

Play = Callable[[], object]  # plays one update, or one update's products


def synthetic(recipe: Recipe, most: int = 50_000) -> Dataset:
    """The recipe's data; noise of the same shape where they would be downloaded: its time is the same.

    most: of noise no more pictures than so.
    """
    if recipe.data not in PICTURES:
        return load_data(recipe)
    n, shape = PICTURES[recipe.data]
    pixels = np.random.default_rng(1).integers(256, size=(min(n, most), np.prod(shape)), dtype=np.uint8)
    scales = scaling(255, shape, recipe.values)
    return Dataset("synthetic bytes", pixels, pixels[:0], pixels[:0], None, None, None, shape, *scales)


def stepper(players: Game, update: str) -> Play:
    """Plays one update at each call."""
    numbers = count()
    return lambda: UPDATES[update](players, next(numbers))
