"""The cells of one page, run in the reader's browser: docs/static/live/worker.js calls what is here.

A cell runs as in the tests (lessons/worker.py) and its output is compared by their rule (lessons/form.py).
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
import sys
import time
import types
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from docs.live import blank
from lessons import worker
from lessons.form import Cell, Fence
from minigan.optim import Adam, Momentum

IMAGES = Path("lessons", "img")  # where cells put their pictures
NEEDS = {
    "pillow": re.compile(r"\bPIL\b|\bsave_(grid|film)\b"),
    "matplotlib": re.compile(r"\bmatplotlib\b|\bpanels\b|\bsave_(?!grid|film)\w+"),
}
TURN = re.compile(r"@your_turn\(.*\)\s+def (\w+)")  # what the reader is to write
TELL_EVERY = 0.4  # seconds between two reports on the steps of a long cell
MOST = 20_000  # characters that a page shows of what a cell prints, and of a traceback

Tell = Callable[[str, Any], None]  # "printed", text; "steps", how many


def needs(code: str) -> list[str]:
    """The packages of Pyodide, beside NumPy, that a cell draws with."""
    return [package for package, names in NEEDS.items() if names.search(code)]


class Cells:
    """What the cells of a page have made so far."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.folder = Path.cwd()
        self.steps = 0
        for optimiser in (Momentum, Adam):
            optimiser.step = self._counted(optimiser.step)
        self.forget()

    def forget(self) -> None:
        """Begin as a process of its own does: no names, no pictures, where it began."""
        os.chdir(self.folder)
        IMAGES.mkdir(parents=True, exist_ok=True)
        for file in IMAGES.iterdir():
            file.unlink()
        self.pictures: dict[str, bytes] = {}
        self.main = types.ModuleType("__main__")
        self.main.input = _nobody_answers
        sys.modules["__main__"] = self.main

    def run(self, number: int, info: str, code: str, shown: str) -> dict[str, Any]:
        """One cell, whose fence has `info`, in a lesson that shows `shown` below it.

        printed, agrees (with what is shown), lines (whether each line printed does), warned (what went to
        standard error), trace (of an exception that the lesson does not show; None without), turn (where the
        reader was to write a function: "right", "not yet" or "not written"; None elsewhere), pictures (name,
        content), seconds.
        """
        path = f"cell {number}"
        linecache.cache[path] = (len(code), None, code.splitlines(keepends=True), path)  # for tracebacks
        cell = Cell(Fence(0, 0, info, code), Fence(0, 0, "text", shown))
        self.steps, began = 0, time.perf_counter()
        vars(self.main).pop("__warningregistry__", None)  # a cell that runs again warns again
        warned = Telling(self.tell)
        with contextlib.redirect_stderr(warned):
            reply = worker.run(code, 0, path, vars(self.main), Telling(self.tell))
        raised = reply["raised"] or []
        agrees = cell.agrees(reply["printed"]) and bool(raised) == bool(cell.raises)
        return {
            "printed": reply["printed"],
            "agrees": agrees,
            "lines": _lines_that_agree(cell, reply["printed"]),
            "warned": warned.getvalue(),
            "trace": _shortened(reply["traceback"]) if raised and cell.raises not in raised else None,
            "turn": None if raised else self._turn(code, unwritten=agrees),
            "pictures": self._new_pictures(),
            "seconds": time.perf_counter() - began,
        }

    def _turn(self, code: str, unwritten: bool) -> str | None:
        """The chapter goes on with the reader's function if it is right, else with the answer."""
        written = TURN.search(code)
        if not written:
            return None
        if vars(self.main)[written[1]].__module__ == self.main.__name__:
            return "right"
        return "not written" if unwritten else "not yet"

    def _new_pictures(self) -> list[tuple[str, bytes]]:
        """Those that are new or changed since the last call; a file without content is none."""
        files = sorted(path for path in (self.folder / IMAGES).glob("*") if path.is_file())
        now = {path.name: path.read_bytes() for path in files}
        found = [(name, content) for name, content in now.items() if content != self.pictures.get(name)]
        self.pictures = now
        return [(name, content) for name, content in found if content]

    def _counted(self, step: Callable) -> Callable:
        """The same step of an optimiser, counted, so that a long cell can say how far it is."""
        told = 0.0

        def counted(optimiser: Any, t: int, epoch: int) -> None:
            nonlocal told
            step(optimiser, t, epoch)
            self.steps += 1
            if (now := time.perf_counter()) - told > TELL_EVERY:
                told = now
                self.tell("steps", self.steps)

        return counted


class Telling(io.StringIO):
    """What is printed, told line by line as it comes; beyond MOST characters they are only counted."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell
        self._line = ""
        self._left, self._beyond = MOST, 0

    def write(self, text: str) -> int:
        kept = text[: self._left]
        self._left -= len(kept)
        self._beyond += len(text) - len(kept)
        self._line += kept
        if "\n" in kept:
            self._tell("printed", self._line)
            self._line = ""
        super().write(kept)
        return len(text)

    def getvalue(self) -> str:
        told = f"\n[{self._beyond:,} more characters are not shown]\n" if self._beyond else ""
        return super().getvalue() + told


def without_matplotlib() -> None:
    """From now on a figure takes every call and draws nothing: the picture is lost, not the run."""
    blank.stand_in()


def _nobody_answers(prompt: object = "") -> str:
    """What input() is in a page."""
    raise EOFError("nobody answers input() in a page: write the value into the cell")


def _shortened(text: str) -> str:
    half = MOST // 2
    return text if len(text) <= MOST else f"{text[:half]}\n[...]\n{text[-half:]}"


def _lines_that_agree(cell: Cell, printed: str) -> list[bool]:
    shown = cell.output.body.splitlines() if cell.output else []
    lines = [Cell(cell.code, Fence(0, 0, "text", line or "")) for line in shown]
    pairs = zip_longest(lines, printed.splitlines())
    return [b is None or (a is not None and a.agrees(b)) for a, b in pairs]
