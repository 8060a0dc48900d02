"""Answers written apart from those that the grader knows: right ones get 100, wrong ones less.

`wrong(name)` says which of the known mistakes it is (or are), as the tutor should; `wrong()` that it is none.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from minigan.homework.tasks import spec

HOMEWORK = {name: assignment.id for assignment in spec.every() for name in assignment.written}


def right(function: Callable[..., Any]) -> Callable[..., Any]:
    function.is_right, function.known_as = True, ()
    return function


def wrong(*known_as: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        function.is_right, function.known_as = False, known_as
        return function

    return declare


def others() -> list[tuple[str, str, Callable[..., Any]]]:
    """(homework, target, answer) for each of them."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    found = [f for module in modules for name, f in vars(module).items() if hasattr(f, "is_right")]
    return [(HOMEWORK[target], target, f) for f in found for target in [f.__name__.partition("__")[0]]]
