"""What it costs several workers to be several: an update, of which the sum, of which waiting for the others.

mpiexec -n 2 python -m minigan.benchmark --recipe mnist
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigan import threads
from minigan.backend import Backend
from minigan.benchmark.instruments import WARM_UP
from minigan.benchmark.update import stepper, synthetic
from minigan.players import set_up
from minigan.recipes import Recipe
from minigan.tensor import Array
from minigan.workers import Workers

MEANING = {
    "update": "an update",
    "sum": "in sums, with waiting for others",
    "update apart": "an update, workers meeting before each sum",
    "waiting": "waiting there",
    "sum apart": "in sums, all being there",
}


class Watched(Workers):
    """The same workers with a watch on their sums.  Where they `meet` before each, waiting is told apart."""

    def __init__(self, team: Workers) -> None:
        self.rank, self.size, self.team = team.rank, team.size, team
        self.meet, self.waiting, self.summing = False, 0.0, 0.0

    def sum(self, vector: Array) -> Array:
        began = time.perf_counter()
        if self.meet:
            self.team.any(False)  # who knows the answer knows that all have asked
        met = time.perf_counter()
        self.team.sum(vector)
        self.waiting += met - began
        self.summing += time.perf_counter() - met
        return vector


def measure(recipe: Recipe, team: Workers, wanted: int | None, repeats: int) -> dict[str, Any]:
    """By worker 0's clock, in turns: updates as they are, and such in which the workers meet before a sum."""
    used, watch = threads.use(wanted, []), Watched(team)
    game = set_up(recipe, synthetic(recipe), Backend(), seed=1, workers=watch)
    play, ms = stepper(game, recipe.update), np.empty((repeats, len(MEANING)))
    for turn in range(-WARM_UP, repeats):
        found = []
        for watch.meet in (False, True):
            watch.waiting = watch.summing = 0.0
            began = time.perf_counter()
            play()
            update = time.perf_counter() - began
            found += [update, watch.waiting, watch.summing][:: 1 if watch.meet else 2]
        if turn >= 0:
            ms[turn] = 1e3 * np.array(found)
    own = {"recipe": recipe.name, "update": recipe.update, "batch": recipe.batch, "workers": team.size}
    own |= {"threads": used, "repeats": repeats}
    times = dict(zip(MEANING, ms.T, strict=True))
    return own | {"times": {name: _summary(name, times) for name in MEANING}}


def _summary(name: str, times: Mapping[str, np.ndarray]) -> dict[str, float]:
    update = times["update" if name in ("update", "sum") else "update apart"]
    return {
        "least": float(times[name].min()),
        "median": float(np.median(times[name])),
        "of the least update": float(times[name].min() / update.min()),
        "of the same update, median": float(np.median(times[name] / update)),
    }


def table(result: Mapping[str, Any]) -> str:
    """The measurements in Markdown."""
    each = result["threads"] or "its own number of"
    lines = [
        f"    {result['command']}",
        "",
        f"- {result['recipe']}, {result['update']} update, batch {result['batch']}, float32",
        f"- {result['workers']} workers, {each} thread{'s' * (each != 1)} each; {result['repeats']} turns",
        "",
        "| ms | least | median | of the least update | of the same update, median |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, row in result["times"].items():
        least, median, *parts = row.values()
        shares = [f"{100 * part:.1f} %" for part in parts]
        lines.append(f"| {' | '.join([MEANING[name], f'{least:.3g}', f'{median:.3g}', *shares])} |")
    return "\n".join(lines)
