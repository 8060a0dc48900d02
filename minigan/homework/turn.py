"""Your turn: a function in a chapter, written by its reader, checked on the spot, and then used.

    @your_turn("03")
    def summed_axes(shape, to): ...

No marks and no isolation: it is the reader's own machine.  What is seen of the reader's function is compared
with what is seen of the answer and of the wrong answers that are known (turns/), as the homework does it.
"""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from minigan.errors import InputError
from minigan.homework.answers.diagnose import agree
from minigan.homework.judging.judge import TOLERANCE, difference

Function = Callable[..., Any]
Seen = list[tuple[str, Any]]


@dataclass(frozen=True)
class Turn:
    """The turn of one chapter: what stands in turns/chNN.py."""

    chapter: str
    module: ModuleType

    @cached_property
    def functions(self) -> list[Function]:
        """All of the file, in its order."""
        own = vars(self.module).values()
        return [f for f in own if inspect.isfunction(f) and f.__module__ == self.module.__name__]

    @property
    def answer(self) -> Function:
        return self.functions[0]

    @property
    def wrong(self) -> list[Function]:
        return self.functions[1:-1]

    @property
    def stub(self) -> str:
        """The answer's signature and docstring, and nothing below them."""
        head, quotes, rest = inspect.getsource(self.answer).partition('"""')
        return f"{head}{quotes}{rest[: rest.index(quotes)]}{quotes}\n    ...\n"

    def seen(self, f: Function) -> Seen:
        """What `tried` yields of f; an exception ends it, and is seen too."""
        found: Seen = []
        try:
            with np.errstate(all="ignore"):
                for what, value in self.module.tried(f):
                    found.append((what, _plain(value)))
        except (Exception, SystemExit) as error:
            found.append(("", f"{type(error).__name__}: {error}"))
        return found


def your_turn(chapter: str) -> Callable[[Function], Function]:
    """A decorator: says what is wrong with a function, and gives it back if it is right, else the answer."""

    def checked(f: Function) -> Function:
        turn = find(chapter)
        complaint = judged(turn, f)
        goes_on = "the answer below" if complaint else "yours"
        print(f"{complaint or f'{f.__name__}: right.'} The chapter goes on with {goes_on}.")
        return turn.answer if complaint else f

    return checked


def judged(turn: Turn, f: Function) -> str:
    """What is wrong with f, in a line or two; empty where it is right."""
    name, got, want = turn.answer.__name__, turn.seen(f), turn.seen(turn.answer)
    if agree(got, want):
        return ""
    if agree(got, turn.seen(lambda *_, **__: None)):
        return f"{name}: not written yet."
    complaint = f"{name}: not yet. {_first_difference(got, want)}"
    likely = next((w for w in turn.wrong if agree(turn.seen(w), got)), None)
    return f"{complaint}\n{inspect.getdoc(likely)}" if likely else complaint


def find(chapter: str) -> Turn:
    """The turn of chapter "03".  InputError where there is none."""
    try:
        return Turn(chapter, importlib.import_module(f"minigan.homework.turns.ch{chapter}"))
    except ModuleNotFoundError:
        raise InputError(f"expected a chapter that has a turn, such as 03, got {chapter!r}") from None


def _plain(value: Any) -> Any:
    """A value that nobody changes any more; numbers of every kind as float64."""
    if isinstance(value, str | bool):
        return value
    array = np.asarray(value)
    return array.astype(float) if array.dtype.kind in "iuf" else copy.deepcopy(value)


def _first_difference(got: Seen, want: Seen) -> str:
    for (what, value), (expected, right) in zip(got, want, strict=False):
        if what != expected:
            return f"It raised {value}"
        if not agree(value, right):
            if not isinstance(right, np.ndarray):
                return f"{what}: expected {right}, got {value}."
            complaint = difference(value, right, TOLERANCE["float64"])
            return f"{what}: {complaint.replace('1 of 1 values are wrong; ', '')}."
    return "It ended too early."
