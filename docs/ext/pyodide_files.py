"""Where a page has Python from: Pyodide's public distribution, or a folder of it that the site then holds.

    PYODIDE_DIR=/path/to/pyodide make docs

Of the folder only what the pages load is copied: Python itself and PACKAGES, with what those stand on.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

PUBLIC = "https://cdn.jsdelivr.net/pyodide/v0.28.3/full/"
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGES = ("numpy", "pillow", "matplotlib")


def copy(source: Path, target: Path) -> list[str]:
    """Copy what is needed; which of PACKAGES cannot be had there.  FileNotFoundError without Python."""
    missing = [name for name in CORE if not (source / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"PYODIDE_DIR: expected a folder of Pyodide, and {source} has no {', '.join(missing)}; "
            f"leave it unset to use {PUBLIC}"
        )
    target.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copyfile(source / name, target / name)
    known = json.loads((source / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    left_out = []
    for package in PACKAGES:
        files = [known[name]["file_name"] for name in _closure(package, known) if name in known]
        if package not in known or not all((source / file).is_file() for file in files):
            left_out.append(package)
            continue
        for file in files:
            shutil.copyfile(source / file, target / file)
    return left_out


def _closure(package: str, known: dict[str, dict]) -> list[str]:
    """The package and all that it stands on, by their names in the lock file."""
    found, left = [], [package]
    while left:
        name = left.pop()
        if name not in found:
            found.append(name)
            left += known.get(name, {}).get("depends", [])
    return found
