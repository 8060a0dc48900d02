"""Every recipe by its name: the paper's, and those of others."""

from __future__ import annotations

from difflib import get_close_matches

from minigan import keras_mlp, paper
from minigan.errors import InputError
from minigan.paper import Recipe, mnist

__all__ = ["RECIPES", "Recipe", "find", "mnist"]

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*paper.EXPERIMENTS, *keras_mlp.RECIPES)}


def find(name: str) -> Recipe:
    """The recipe of that name; InputError if there is none."""
    if name not in RECIPES:
        close = get_close_matches(name, RECIPES, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise InputError(f"--recipe: expected one of {', '.join(RECIPES)}, got {name!r}{hint}")
    return RECIPES[name]
