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


@contextlib.contextmanager
def kit(assignment: Assignment, scratch: Path | None = None) -> Iterator[Kit]:
    """Make the kit beneath `scratch` (default: a new temporary folder); remove it afterwards."""
    with tempfile.TemporaryDirectory(dir=scratch, prefix="minigan-homework-") as made:
        folder = Path(made, "kit")
        package = folder / "minigan"
        for source in PACKAGE.rglob("*.py"):
            name = source.relative_to(PACKAGE)
            if name.parts[0] != "homework":
                _copy(source, package / name)
        for name in OF_HOMEWORK:
            _copy(PACKAGE / "homework" / name, package / "homework" / name)
        _copy(assignment.folder / "calls.py", package / "homework" / "calls.py")
        for module in touched(assignment):
            target = Path(package, *module.split(".")).with_suffix(".py")
            target.write_text(stripped(assignment, module), "utf-8")
        compileall.compile_dir(folder, quiet=2)
        with contextlib.ExitStack() as stack:
            parts = tuple(stack.enter_context(kit(part, Path(made))) for part in assignment.parts)
            readable = [str(folder), *_add_numpy(folder)]
            yield Kit(assignment, folder, Path(made), readable, parts=parts)


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
