"""A name that a student wrote becomes the student's everywhere in minigan, as the capstone needs it.

Runs in the judged process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any


def replace(old: Any, new: Any, files: Iterable[str]) -> None:
    """Wherever minigan or one of these files of the student's holds the old one, put the new one.

    `from minigan.tensor import backward` has bound it in other modules, `Tensor.__mul__ = mul` in a class,
    and a table of losses in a dict.
    """
    for place in list(_places(files)):
        for name, value in list(place.items() if isinstance(place, dict) else vars(place).items()):
            if value is old and isinstance(place, dict):
                place[name] = new
            elif value is old:
                setattr(place, name, new)


def _places(files: Iterable[str]) -> Iterator[Any]:
    """The modules, and the classes and dicts in them."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "minigan" or name in files:
            yield module
            yield from (value for value in list(vars(module).values()) if isinstance(value, type | dict))
