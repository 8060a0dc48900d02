"""What an assignment is: spec.toml, the task, and the modules beside it, read and checked."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from minigan.errors import InputError

FOLDER = Path(__file__).parent / "assignments"
PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Check:
    """One thing that is checked, and what it is worth.  `needs`: checks without which it says nothing."""

    name: str
    points: int
    says: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """One homework.  `module` is a file of minigan, `targets` the functions in it that are to be written.

    `twins`: other functions of that file which do the same work, and are missing from the kit as well.
    """

    folder: Path
    id: str
    title: str
    lesson: str
    paper: str
    module: str
    targets: list[str]
    hints: list[str]
    checks: list[Check]
    seconds: int = 10
    memory_mb: int = 1024
    twins: tuple[str, ...] = ()
    survivors: dict[str, str] = field(default_factory=dict)

    @cached_property
    def source(self) -> str:
        """minigan's own file, which holds the solution."""
        return Path(PACKAGE, *self.module.split(".")).with_suffix(".py").read_text("utf-8")

    @property
    def task(self) -> str:
        return (self.folder / "README.md").read_text("utf-8")

    @property
    def total(self) -> int:
        return sum(check.points for check in self.checks)

    def part(self, name: str) -> Any:
        """The module checks, calls, mutants or wheats of this assignment."""
        return importlib.import_module(f"{__package__}.assignments.{self.folder.name}.{name}")

    def function_of(self, check: Check) -> Callable[..., None]:
        return getattr(self.part("checks"), check.name)


def load(name: str) -> Assignment:
    """The assignment `hw02` (or hw02_broadcasting).  InputError where there is none."""
    for folder in folders():
        if name in (folder.name, folder.name.partition("_")[0]):
            return read(folder)
    known = ", ".join(folder.name.partition("_")[0] for folder in folders())
    raise InputError(f"there is no homework {name!r}, only {known}")


def every() -> list[Assignment]:
    return [read(folder) for folder in folders()]


def folders() -> list[Path]:
    return sorted(path.parent for path in FOLDER.glob("hw*/spec.toml"))


def read(folder: Path) -> Assignment:
    """One assignment's spec.toml.  InputError where it is incomplete."""
    try:
        values = tomllib.loads((folder / "spec.toml").read_text("utf-8"))
        checks = [
            Check(**{**check, "needs": tuple(check.get("needs", ()))}) for check in values.pop("checks")
        ]
        limits = values.pop("limits", {})
        assignment = Assignment(folder, folder.name.partition("_")[0], checks=checks, **values, **limits)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{folder.name}/spec.toml is incomplete or wrong: {error}") from None
    if assignment.total != 100:
        raise InputError(f"{folder.name}/spec.toml: the points are {assignment.total} in all, not 100")
    if len(assignment.hints) != 3:
        raise InputError(f"{folder.name}/spec.toml: expected three hints, got {len(assignment.hints)}")
    return assignment
