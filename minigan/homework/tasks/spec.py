"""What an assignment is: spec.toml, the task, and the modules beside it, read and checked."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from minigan.errors import InputError

FOLDER = Path(__file__).parent.parent / "assignments"
PACKAGE = Path(__file__).parents[2]
CAPSTONE = "capstone"  # the assignment that consists of those before it


@dataclass(frozen=True)
class Check:
    """One thing that is checked, and what it is worth.  `needs`: checks without which it says nothing."""

    name: str
    points: int
    says: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """One homework.  `targets` are to be written: ops.affine is a function, optim.Momentum a class, and
    optim.Momentum.step a method, whose class the student gets with this method empty.

    `twins`: other functions and classes which do the same work, and are missing from the kit as well.
    `helpers`: what minigan's own answer is made of besides, and no student has to write.  Missing from the
    kit too, but a part of the solution.
    `in_capstone`: the capstone lays this file over the library too; not those of the chapters after it.
    """

    folder: Path
    id: str
    title: str
    lesson: str
    paper: str
    targets: list[str]
    hints: list[str]
    checks: list[Check]
    seconds: int = 10
    memory_mb: int = 1024
    twins: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    in_capstone: bool = True
    survivors: dict[str, str] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, str]:
        """What stands in a student's file, functions and classes by name, and the module each belongs to."""
        return _pieces(self.targets)

    @property
    def solved(self) -> dict[str, str]:
        """The same for minigan's own answer."""
        return _pieces([*self.targets, *self.helpers])

    @property
    def parts(self) -> list[Assignment]:
        """Of the capstone the assignments before it; what is handed in for it is all their files."""
        return [part for part in every() if part.in_capstone] if self.id == CAPSTONE else []

    @property
    def files(self) -> dict[str, dict[str, str]]:
        """What is handed in, hw02 and so on, and what is `written` in each."""
        return {part.id: part.written for part in self.parts or [self]}

    @property
    def missing(self) -> list[str]:
        """What the kit lacks.  The capstone's lacks no twins: another file of the student's may use them."""
        of_parts = (name for part in self.parts for name in part.targets)
        return list(dict.fromkeys([*self.targets, *self.twins, *self.helpers, *of_parts]))

    @property
    def task(self) -> str:
        return (self.folder / "README.md").read_text("utf-8")

    def with_blocked(self, lost: Iterable[str]) -> frozenset[str]:
        """These checks, and those that need one of them."""
        names = set(lost)
        while more := {c.name for c in self.checks if names & {*c.needs}} - names:
            names |= more
        return frozenset(names)

    @property
    def total(self) -> int:
        return sum(check.points for check in self.checks)

    def part(self, name: str) -> Any:
        """The module checks, calls or right of this assignment."""
        return importlib.import_module(f"minigan.homework.assignments.{self.folder.name}.{name}")

    def function_of(self, check: Check) -> Callable[..., None]:
        return getattr(self.part("checks"), check.name)


@cache
def source_of(module: str) -> str:
    """minigan's own file, which holds the solution."""
    return _file_of(module).read_text("utf-8")


def located(target: str) -> tuple[str, str]:
    """The module and the name in it: data.minibatches.Epochs.order is in data.minibatches, Epochs.order."""
    parts = target.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module, name = ".".join(parts[:count]), ".".join(parts[count:])
        if _file_of(module).is_file():
            return module, name
    raise InputError(f"expected a target such as ops.relu or optim.Momentum.step, got {target!r}")


def load(name: str) -> Assignment:
    """The assignment `hw02` (or hw02_broadcasting).  InputError where there is none."""
    for folder in (*folders(), FOLDER / CAPSTONE):
        if name in (folder.name, folder.name.partition("_")[0]):
            return read(folder)
    known = ", ".join([*(folder.name.partition("_")[0] for folder in folders()), CAPSTONE])
    raise InputError(f"there is no homework {name!r}, only {known}")


def every() -> list[Assignment]:
    """All but the capstone."""
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
    for target in assignment.missing:
        located(target)
    if assignment.total != 100:
        raise InputError(f"{folder.name}/spec.toml: the points are {assignment.total} in all, not 100")
    if len(assignment.hints) != 3:
        raise InputError(f"{folder.name}/spec.toml: expected three hints, got {len(assignment.hints)}")
    return assignment


def _pieces(names: list[str]) -> dict[str, str]:
    places = [located(name) for name in names]
    return {name.partition(".")[0]: module for module, name in places}


def _file_of(module: str) -> Path:
    return Path(PACKAGE, *module.split(".")).with_suffix(".py")
