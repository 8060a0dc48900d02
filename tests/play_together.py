"""mpiexec -n N python tests/play_together.py FOLDER UPDATES NAME ...: the games of tests/test_workers.py.

For each game worker 0 saves what it ends with, FOLDER/NAME.npz, and each worker says the SHA-256 of what it
holds, FOLDER/NAME.RANK.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from minigan import algorithm1, players, recipes, workers
from minigan.backend import Backend
from minigan.data.dataset import Dataset, scaling

digits = recipes.find("digits").change(hidden=(24, 16), units=(12, 8), pieces=3, d_scale=0.2)
ring8 = recipes.find("ring8")
cifar10 = recipes.find("cifar10").change(batch=10, hidden=(12, 8), units=(6, 4), pieces=2, d_scale=0.2)
keras_mlp = recipes.find("keras-mlp").change(data="digits", batch=50, hidden=(24, 16), units=(16, 8))
GAMES = {
    "digits": digits,
    "digits-alternating-2": digits.change(update="alternating", k=2),
    "digits-packed": digits.change(pack=2),
    "digits-simultaneous-fresh": digits.change(update="simultaneous-fresh"),
    "digits-alternating-shared": digits.change(update="alternating-shared"),
    "cifar10": cifar10,
    "ring8": ring8,
    "ring8-simultaneous": ring8.change(update="simultaneous"),
    "keras-mlp": keras_mlp,
    "keras-mlp-simultaneous": keras_mlp.change(update="simultaneous"),
    "keras-mlp-2-packed": keras_mlp.change(k=2, pack=2),
}


def load_data(recipe):
    """The recipe's data; in place of CIFAR-10, which would be downloaded, noise of the same form."""
    if recipe.data != "cifar10":
        return players.load_data(recipe)
    shape = (32, 32, 3)
    pixels = np.random.default_rng(1).integers(256, size=(200, np.prod(shape)), dtype=np.uint8)
    scales = scaling(255, shape, recipe.values)
    return Dataset("noise", pixels, pixels[:0], pixels[:0], None, None, None, shape, *scales)


def play(name, updates, team):
    """All that training changes, after so many updates of a game, in float64."""
    recipe = GAMES[name]
    game = players.set_up(recipe, load_data(recipe), Backend("numpy", "float64"), 3, team)
    for _ in algorithm1.train(game, players.update_of(recipe), 0, updates):
        pass
    return players.arrays(game)


def main(folder, updates, *names):
    team = workers.find()
    for name in names:
        arrays = play(name, int(updates), team)
        digest = hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).hexdigest()
        Path(folder, f"{name}.{team.rank}").write_text(digest)
        if team.rank == 0:
            np.savez(Path(folder, name), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
