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

digits = recipes.find("digits").change(hidden=(24, 16), units=(12, 8), pieces=3, d_scale=0.2)
ring8 = recipes.find("ring8")
keras_mlp = recipes.find("keras-mlp").change(data="digits", batch=50, hidden=(24, 16), units=(16, 8))
GAMES = {
    "digits": digits,
    "digits-alternating-2": digits.change(update="alternating", k=2),
    "digits-packed": digits.change(pack=2),
    "ring8": ring8,
    "ring8-simultaneous": ring8.change(update="simultaneous"),
    "keras-mlp": keras_mlp,
    "keras-mlp-simultaneous": keras_mlp.change(update="simultaneous"),
    "keras-mlp-2-packed": keras_mlp.change(k=2, pack=2),
}


def play(name, updates, team):
    """All that training changes, after so many updates of a game, in float64."""
    recipe = GAMES[name]
    game = players.set_up(recipe, players.load_data(recipe), Backend("numpy", "float64"), 3, team)
    for _ in algorithm1.train(game, algorithm1.UPDATES[recipe.update], 0, updates):
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
