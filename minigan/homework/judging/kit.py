"""The kit: the minigan that the student's code may import, with exactly this homework's targets missing."""

from __future__ import annotations

import compileall
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minigan.homework.judging.isolate import NEWEST
from minigan.homework.tasks.spec import PACKAGE, Assignment
from minigan.homework.tasks.strip import stripped, touched

OF_HOMEWORK = (
    "__init__.py",
    *(
        f"judging/{name}.py"
        for name in ("__init__", "worker", "overlay", "transport", "isolate", "operations", "strict_cupy")
    ),
)


@dataclass(frozen=True)
class Kit:
    """A folder with minigan (stripped) and NumPy, and what else a judged process may read."""

    assignment: Assignment
    folder: Path
    scratch: Path
    readable: list[str]
    landlock: int = NEWEST  # the newest version of it that a judged process may use
    parts: tuple[Kit, ...] = ()  # the capstone's: of each of its files
    launcher: Any = None  # what starts all its judged processes, where they hold nothing but answers of ours


@contextlib.contextmanager
def kit(assignment: Assignment, scratch: Path | None = None, whole: Path | None = None) -> Iterator[Kit]:
    """Make the kit beneath `scratch` (default: a new temporary folder); remove it afterwards.

    whole: where minigan lies compiled and with nothing missing (default: it is put there first).
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix="minigan-homework-") as made:
        folder, whole = Path(made, "kit"), whole or _compiled(Path(made, "whole"))
        package = folder / "minigan"
        shutil.copytree(whole, package)  # with the times of the files, so that the bytecode stays valid
        changed = {package / "homework" / "calls.py": (assignment.folder / "calls.py").read_text("utf-8")}
        for module in touched(assignment):
            changed[Path(package, *module.split(".")).with_suffix(".py")] = stripped(assignment, module)
        for target, text in changed.items():
            target.write_text(text, "utf-8")
            compileall.compile_file(target, quiet=2, force=True)
        with contextlib.ExitStack() as stack:
            parts = tuple(stack.enter_context(kit(part, Path(made), whole)) for part in assignment.parts)
            readable = [str(folder), *_add_numpy(folder)]
            yield Kit(assignment, folder, Path(made), readable, parts=parts)


def _compiled(package: Path) -> Path:
    """minigan, and of its homework what a judged process needs."""
    for source in PACKAGE.rglob("*.py"):
        name = source.relative_to(PACKAGE)
        if name.parts[0] != "homework":
            _copy(source, package / name)
    for part in OF_HOMEWORK:
        _copy(PACKAGE / "homework" / part, package / "homework" / part)
    compileall.compile_dir(package, quiet=2)
    return package


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)


def _add_numpy(folder: Path) -> list[str]:
    """NumPy alone of all that is installed: by links, or by a copy where links are not allowed."""
    home = Path(np.__file__).resolve().parent
    real = [path for path in (home, home.parent / "numpy.libs") if path.is_dir()]
    for path in real:
        try:
            os.symlink(path, folder / path.name, target_is_directory=True)
        except OSError:
            shutil.copytree(path, folder / path.name)
    return [str(path) for path in real]
