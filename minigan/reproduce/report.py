"""What every reproduction leaves behind: a folder with pictures, the numbers as JSON, and the command.

The numbers are kept as they come, each under its own name, so that a reproduction that was stopped goes on
with the first one that is missing.
"""

import hashlib
import json
import platform
import shlex
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minigan
from minigan.cli import Parser, named
from minigan.errors import InputError
from minigan.files import read_json, writable, write_json

VERSIONS = {"minigan": minigan.__version__, "numpy": np.__version__}


class Report:
    """The folder of one reproduction, and `found`: its numbers by name.

    settings: what decides the numbers, as JSON can hold it; a folder with others is refused (InputError).
    VERSIONS are among them, unless runs of their own, which say theirs, have the numbers.
    """

    def __init__(self, what: str, out: str | None, argv: Sequence[str], settings: dict[str, Any]) -> None:
        self.folder = writable(Path(out or f"runs/{what}"))
        self.path = self.folder / f"{what}.json"
        self.command = shlex.join(["python", "-m", "minigan.reproduce", what, *argv])
        self.settings = settings
        self.found = self._stored()

    def _stored(self) -> dict[str, Any]:
        """The numbers that are on the disk.  InputError where they are of other settings, or damaged."""
        if not self.path.exists():
            return {}
        stored = read_json(self.path)
        try:
            settings, found = dict(stored["settings"]), dict(stored["found"])
            known = stored.get("versions", {}) | settings  # up to 0.4.0 no settings had the versions
            if "sha256" in stored and stored["sha256"] != _sha256(found):  # reports of 0.2 have none
                raise ValueError
        except (KeyError, TypeError, ValueError, RecursionError):
            raise InputError(f"--out: {self.path} is not what a reproduction writes; name another") from None
        both = ((name, known.get(name), self.settings.get(name)) for name in settings | self.settings)
        if others := "; ".join(f"{name} is {was}, not {now}" for name, was, now in both if was != now):
            raise InputError(
                f"--out: {self.folder} holds one with other settings: {others}; name another folder"
            )
        return found

    def keep(self, name: str, make: Callable[[], Any]) -> Any:
        """found[name], made and written to the disk if it is not there yet."""
        if name not in self.found:
            self.found[name] = make()
            self.write()
        return self.found[name]

    def write(self) -> None:
        """All that is found, and what another process has measured for the same folder meanwhile."""
        self.found = self._stored() | self.found
        versions = VERSIONS | {"python": platform.python_version()}
        content = {"command": self.command, "settings": self.settings, "versions": versions}
        write_json(self.path, content | {"sha256": _sha256(self.found), "found": self.found})

    def picture(self, name: str) -> Path:
        """Where a picture of that name goes."""
        return self.folder / f"{name}.png"


def _sha256(found: dict[str, Any]) -> str:
    """Numbers that somebody changed by hand are not gone on with: each reproduction relies on its own."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def parser(what: str, purpose: str, examples: str) -> Parser:
    """The arguments that all reproductions have."""
    made = Parser(f"reproduce {what}", purpose, examples)
    made.add_argument(
        "--out",
        type=named("folder"),
        metavar="FOLDER",
        help=f"a stopped reproduction continues there (runs/{what})",
    )
    made.add_threads()
    made.add_argument("--quiet", action="store_true", help="say nothing but errors and the result")
    return made


def say(args: Namespace, text: str) -> None:
    if not args.quiet:
        print(text, flush=True)


def how_long(seconds: float) -> str:
    """As a person says it: 40 s, 12 min, 3.5 h"""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def seconds_each(step: Callable[[int], Any], count: int = 20) -> float:
    """How long one of these takes here: the mean over `count`, after as many to warm up."""
    for i in range(count):
        step(i)
    began = time.perf_counter()
    for i in range(count, 2 * count):
        step(i)
    return (time.perf_counter() - began) / count
