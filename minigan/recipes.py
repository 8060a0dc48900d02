"""Every recipe by its name: the paper's, those of others, and those of what came after."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from minigan import keras_mlp, paper
from minigan.errors import InputError
from minigan.paper import Recipe, mnist

__all__ = ["NAMES", "RECIPES", "SETTINGS", "Recipe", "find", "mnist", "settings_of"]

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*paper.EXPERIMENTS, *keras_mlp.RECIPES)}
LATER = {  # a module for each of these, whose RECIPES has it: imported when somebody asks for one
    name: "minigan.successors.recipes"
    for name in (
        "cgan-digits",
        "cgan-mnist",
        "lsgan",
        "lsgan-grid25",
        "wgan",
        "wgan-gp",
        "dcgan-digits",
        "dcgan-mnist",
        "gan3d",
        "progressive",
    )
}
NAMES = (*RECIPES, *LATER)


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """The settings by name, each as the dataclass field that has its help and its limit."""
    parts: tuple[Any, ...] = (recipe, recipe.networks)
    return {f.name: f for part in parts for f in fields(part) if "help" in f.metadata}


SETTINGS = {name: f for recipe in reversed(RECIPES.values()) for name, f in settings_of(recipe).items()}


def find(name: str) -> Recipe:
    """The recipe of that name; InputError if there is none."""
    if name in RECIPES:
        return RECIPES[name]
    if name in LATER:
        found: Recipe = import_module(LATER[name]).RECIPES[name]
        return found
    close = get_close_matches(name, NAMES, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise InputError(f"--recipe: expected one of {', '.join(NAMES)}, got {name!r}{hint}")
