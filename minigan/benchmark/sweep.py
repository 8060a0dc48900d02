"""How the cost of an update grows with the batch and the width of the networks, and by either rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minigan.algorithm1 import UPDATES
from minigan.backend import Backend
from minigan.benchmark.floor import floor, gflop, products
from minigan.benchmark.instruments import summary
from minigan.benchmark.update import Play, stepper
from minigan.data.dataset import Dataset
from minigan.players import set_up
from minigan.recipes import Recipe

BATCHES, WIDTHS = (32, 100, 316, 1000), (0.5, 1, 2)

Turns = Callable[[Mapping[Any, Play]], dict[Any, np.ndarray]]  # `interleave` with its settings


def sweep(recipe: Recipe, dataset: Dataset, backend: Backend, take_turns: Turns) -> dict[str, Any]:
    """The cost against the batch and the width of the networks, and of either update rule.

    relative: the time per example, per GFLOP and of an update, over that of `reference`.
    """

    def side_by_side(variants: Mapping[str, Recipe], reference: str, per: str = "") -> dict[str, Any]:
        contenders, rows = {}, {}
        for name, variant in variants.items():
            players = set_up(variant, dataset, backend, seed=1)
            needed = products(players, variant.update)
            rows[name] = {"batch": variant.batch, "gflop": gflop(needed, variant.batch)}
            contenders[name, "products"] = floor(needed, variant.batch, players)
            contenders[name, "step"] = stepper(players, variant.update)
        taken = take_turns(contenders)
        for name, row in rows.items():
            row |= summary({who: taken[name, who] for who in ("products", "step")})["step"]
        unit = {name: row["ms"] / row.get(per, 1) for name, row in rows.items()}
        return {name: row | {"relative": unit[name] / unit[reference]} for name, row in rows.items()}

    def scaled(by: float) -> Recipe:
        widths = {name: recipe.settings()[name] for name in ("hidden", "units")}
        return recipe.change(**{name: tuple(max(1, int(n * by)) for n in w) for name, w in widths.items()})

    batch = side_by_side({str(m): replace(recipe, batch=m) for m in BATCHES}, "100", per="batch")
    found = {"batch": batch, "linear": line(BATCHES, [row["ms"] for row in batch.values()])}
    found["width"] = side_by_side({f"{by:g}": scaled(by) for by in WIDTHS}, "1", per="gflop")
    if recipe.k == 1:
        rules = {name: replace(recipe, update=name) for name in UPDATES}
        found["update"] = side_by_side(rules, "alternating")
    return found


def line(batches: Sequence[int], ms: Sequence[float]) -> dict[str, float]:
    """ms = fixed + each * batch with the smallest relative errors; `deviation` is the largest of these."""
    m, t = np.array(batches, float), np.array(ms)
    each, fixed = np.polyfit(m, t, 1, w=1 / t)
    return {"fixed": fixed, "each": each, "deviation": float(abs((fixed + each * m) / t - 1).max())}
