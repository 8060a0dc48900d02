"""Answers written apart from those that the grader knows: right ones get 100, wrong ones less.

`wrong(name)` says which of the known mistakes it is (or are), as the tutor should; `wrong()` that it is none,
and `wrong(name, named=False)` that the tutor does not recognise it.
The module hw05 holds answers to hw05, and blind_hw05 those of who had read no check; what strange.py has goes
by its target.
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


def wrong(*known_as: str, named: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        function.is_right, function.known_as = False, known_as
        function.is_named = named and bool(known_as)
        return function

    return declare


def others() -> list[tuple[str, str, Callable[..., Any]]]:
    """(homework, target, answer) for each of them."""
    files = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    found = [
        (file, f.__name__.partition("__")[0], f)
        for file in files
        for f in vars(import_module(f"{__name__}.{file}")).values()
        if hasattr(f, "is_right")
    ]
    return [
        (HOMEWORK[target] if file == "strange" else file.removeprefix("blind_"), target, f)
        for file, target, f in found
    ]
