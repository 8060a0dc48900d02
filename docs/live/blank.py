"""What stands in for a figure where matplotlib cannot be had: it takes every call and draws nothing."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np


class Blank:
    """Whatever is asked of it is a Blank again."""

    def __getattr__(self, name: str) -> Blank:
        if name.startswith("__"):
            raise AttributeError(name)
        return Blank()

    def __call__(self, *arguments: Any, **settings: Any) -> Blank:
        return Blank()

    def __getitem__(self, key: Any) -> Blank:
        return Blank()

    def __iter__(self) -> Iterator[Blank]:
        return iter([Blank()])


class Figure(Blank):
    """It has as many axes as are asked for, since a cell goes through them; saved, it is an empty file."""

    def __init__(self, **settings: Any) -> None:
        pass

    def subplots(self, rows: int = 1, columns: int = 1, squeeze: bool = True, **settings: Any) -> Any:
        axes = np.empty((rows, columns), object)
        for place in np.ndindex(axes.shape):
            axes[place] = Blank()
        return axes.squeeze()[()] if squeeze else axes


def stand_in() -> None:
    """From now on matplotlib.figure.Figure is the one above."""
    figure = types.ModuleType("matplotlib.figure")
    figure.Figure = Figure  # type: ignore[attr-defined]
    sys.modules |= {"matplotlib": types.ModuleType("matplotlib"), "matplotlib.figure": figure}
