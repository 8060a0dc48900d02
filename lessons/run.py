"""Run the lessons: python -m lessons.run [NN ...] [--write] [--quotes] [--figures]

Each lesson runs from top to bottom in a process of its own, in a folder that has only an empty lessons/img:
what runs here runs wherever minigan is installed. It passes if no cell raises, every output is what the
lesson shows, every quotation is minigan's source, every figure is there, and its form is right (form.py).
"""

from __future__ import annotations

import argparse
import difflib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from lessons.form import Cell, Fault, Lesson, lessons_in
from minigan.cli import exit_status

HERE = Path(__file__).resolve().parent
SECONDS = 120  # of processor time: a minute on two cores, whatever else the machine does
PATIENCE = 900  # seconds on the clock after which a lesson is stopped
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
FIGURES = (".png", ".svg")


@dataclass
class Outcome:
    """What happened when a lesson ran: a reply for each cell (worker.py), the figures, and what ended it."""

    replies: list[dict] = field(default_factory=list)
    figures: dict[str, bytes] = field(default_factory=dict)
    stopped: str = ""
    seconds: float = 0.0


def main(argv: list[str] | None = None, folder: Path = HERE) -> int:
    """0 if every lesson passes, 1 if one does not, 2 if there is no such lesson."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.run",
        description="Run the lessons and compare what they show.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NN", help="which lessons, by number or name (default: all)"
    )
    parser.add_argument("--write", action="store_true", help="put what the cells print into the lessons")
    parser.add_argument("--quotes", action="store_true", help="renew the quotations of minigan's source")
    parser.add_argument(
        "--figures", action="store_true", help="put the figures that the cells save into lessons/img"
    )
    args = parser.parse_args(argv)
    paths = lessons_in(folder)
    for name in args.names:
        if not any(_is_called(path, name) for path in paths):
            parser.error(
                f"no lesson is called {name}; there are {', '.join(p.stem for p in paths) or 'none'}"
            )
    paths = [p for p in paths if not args.names or any(_is_called(p, name) for name in args.names)]

    passed = 0
    for path in paths:
        print(f"{path.stem:<24}", end="", flush=True)
        faults, seconds = check(path, args.write, args.quotes, args.figures)
        print(f"{seconds:6.1f} s   {'FAILS' if faults else 'passes'}")
        for fault in faults:
            print(f"{path.parent.name}/{path.name}:{fault.line}: {fault}")
        passed += not faults
    print(f"{passed} of {len(paths)} lessons pass")
    return 0 if passed == len(paths) else 1


def _is_called(path: Path, name: str) -> bool:
    return name in (path.stem, path.name, path.stem[:2]) or (
        name.isdecimal() and int(name) == int(path.stem[:2])
    )


def check(
    path: Path, write: bool = False, quotes: bool = False, figures: bool = False
) -> tuple[list[Fault], float]:
    """What is wrong with a lesson, after mending what was asked for; and its processor time."""
    try:
        if quotes:
            _renew_quotations(path)
        outcome = execute(Lesson(path))
        if figures:
            _keep_figures(path, outcome)
        if write:
            _renew_outputs(path, outcome)
        lesson = Lesson(path)
        faults = [
            *lesson.faults(),
            *quotation_faults(lesson),
            *output_faults(lesson, outcome),
            *figure_faults(lesson, outcome),
        ]
        return sorted(faults, key=lambda fault: fault.line), outcome.seconds
    except Fault as fault:
        return [fault], 0.0


def execute(lesson: Lesson) -> Outcome:
    """All cells of a lesson, in a fresh process and an empty folder."""
    cells = [
        {"line": cell.code.start + 1, "code": cell.code.body, "may_raise": bool(cell.raises)}
        for cell in lesson.cells
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images, replies = folder / "lessons" / "img", folder / "replies"
        images.mkdir(parents=True)
        replies.touch()
        (folder / "matplotlibrc").write_text("svg.hashsalt: minigan\n")  # the same ids in an SVG each time
        job = json.dumps({"path": str(lesson.path), "cells": cells, "replies": str(replies)})
        outcome = Outcome()
        try:
            done = subprocess.run(
                [sys.executable, "-P", str(HERE / "worker.py")],
                input=job,
                cwd=folder,
                env=_environment(lesson.path.resolve().parent.parent),
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
            )
            if done.returncode:
                outcome.stopped = f"the process ended with status {done.returncode}\n{done.stderr.rstrip()}"
        except subprocess.TimeoutExpired:
            outcome.stopped = f"stopped after {PATIENCE} seconds"
        outcome.replies = [json.loads(line) for line in replies.read_text(encoding="utf-8").splitlines()]
        outcome.seconds = outcome.replies[-1]["seconds"] if outcome.replies else 0.0
        found = sorted(p for p in images.iterdir() if p.suffix in FIGURES)
        outcome.figures = {p.name: p.read_bytes() for p in found}
    return outcome


def _environment(root: Path) -> dict[str, str]:
    paths = [str(root), str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **{name: "1" for name in THREADS},  # the same sums everywhere, and no time spent waiting
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "MPLBACKEND": "Agg",
        "SOURCE_DATE_EPOCH": "0",  # matplotlib then writes no date of today
    }


# What can be wrong


def quotation_faults(lesson: Lesson) -> list[Fault]:
    found = []
    for quotation in lesson.quotations:
        try:
            current = quotation.current(lesson.path.resolve().parent.parent)
        except Fault as fault:
            found.append(fault)
            continue
        if current != quotation.fence.body:
            change = _difference(quotation.fence.body, current, "quoted", quotation.source)
            found.append(
                Fault(quotation.fence.start + 1, f"the quotation is stale; --quotes renews it\n{change}")
            )
    return found


def output_faults(lesson: Lesson, outcome: Outcome) -> list[Fault]:
    found = []
    for cell, reply in zip(lesson.cells, outcome.replies, strict=False):
        raised = reply["raised"]
        if raised and not cell.raises:
            found.append(Fault(cell.code.start + 1, f"this cell raises\n{reply['traceback'].rstrip()}"))
        elif cell.raises and cell.raises not in (raised or []):
            found.append(
                Fault(
                    cell.code.start + 1, f"expected {cell.raises}, got {raised[0] if raised else 'nothing'}"
                )
            )
        elif not cell.agrees(reply["printed"]):
            shown = cell.output.body if cell.output else ""
            change = _difference(shown, reply["printed"], "shown", "printed")
            found.append(Fault(cell.code.start + 1, f"the output differs; --write renews it\n{change}"))
    if outcome.stopped:
        unfinished = lesson.cells[min(len(outcome.replies), len(lesson.cells) - 1)]
        found.append(Fault(unfinished.code.start + 1, outcome.stopped))
    if outcome.seconds > SECONDS:
        found.append(Fault(1, f"took {outcome.seconds:.0f} s of processor time; a lesson has {SECONDS}"))
    return found


def figure_faults(lesson: Lesson, outcome: Outcome) -> list[Fault]:
    """Figures that are missing, that the lesson does not show, or that are of another size or blank."""
    folder = lesson.path.parent / "img"
    shown = {Path(path).name for _, _, path in lesson.images}
    kept = {p.name for p in folder.glob(f"{lesson.name[:2]}_*") if p.suffix in FIGURES}
    found = [Fault(1, f"img/{name} is shown nowhere in this lesson") for name in sorted(kept - shown)]
    for name, made in outcome.figures.items():
        if name not in shown:
            found.append(Fault(1, f"a cell saves img/{name}, which this lesson does not show"))
        elif name in kept:
            here, there = figure_size((folder / name).read_bytes()), figure_size(made)
            if (
                here is None
                or there is None
                or any(abs(a - b) > 2 + 0.02 * a for a, b in zip(here, there, strict=True))
            ):
                found.append(Fault(1, f"img/{name}: kept {here}, made {there} (width, height; None: blank)"))
    return found


def figure_size(content: bytes) -> tuple[float, float] | None:
    """Width and height of a PNG or SVG; None if there is nothing to see in it."""
    if content.startswith(b"\x89PNG"):
        from PIL import Image

        with Image.open(io.BytesIO(content)) as image:
            extremes = image.convert("RGB").getextrema()
            return image.size if any(low != high for low, high in extremes) else None
    root = ElementTree.fromstring(content)
    width, height = (re.match(r"[\d.]+", root.get(name, "0")) for name in ("width", "height"))
    drawn = [
        e
        for e in root.iter()
        if e.tag.rpartition("}")[2] in {"path", "use", "circle", "rect", "text", "image"}
    ]
    return (float(width[0]), float(height[0])) if width and height and len(drawn) > 1 else None


def _difference(old: str, new: str, old_name: str, new_name: str) -> str:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, lineterm="", n=1)
    return "\n".join("    " + line for line in lines)


# What is renewed on request


def _renew_quotations(path: Path) -> None:
    lesson = Lesson(path)
    root = path.resolve().parent.parent
    _replace(
        lesson,
        [(q.fence.start, q.fence.end, _fence(q.fence.info, q.current(root))) for q in lesson.quotations],
    )


def _renew_outputs(path: Path, outcome: Outcome) -> None:
    """Only outputs that differ beyond the tolerance, so that last digits do not come and go."""
    lesson = Lesson(path)
    changes = []
    for cell, reply in zip(lesson.cells, outcome.replies, strict=False):
        if not cell.agrees(reply["printed"]) and bool(reply["raised"]) == bool(cell.raises):
            changes.append(_new_output(cell, reply["printed"]))
    _replace(lesson, changes)


def _new_output(cell: Cell, printed: str) -> tuple[int, int, list[str]]:
    start, end = cell.code.end, cell.output.end if cell.output else cell.code.end
    return start, end, ["", *_fence("text", printed)] if printed.strip() else []


def _fence(info: str, body: str) -> list[str]:
    mark = "````" if "```" in body else "```"
    return [mark + info, *(line.rstrip() for line in body.rstrip("\n").split("\n")), mark]


def _replace(lesson: Lesson, changes: list[tuple[int, int, list[str]]]) -> None:
    """lines[start:end] = new, for each (start, end, new); the file is left alone if nothing changes."""
    lines = list(lesson.lines)
    for start, end, new in sorted(changes, reverse=True):
        lines[start:end] = new
    if lines != lesson.lines:
        lesson.path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _keep_figures(path: Path, outcome: Outcome) -> None:
    folder = path.parent / "img"
    folder.mkdir(exist_ok=True)
    for name, content in outcome.figures.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    sys.exit(exit_status(main))
