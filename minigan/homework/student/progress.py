"""How far a student is: .minigan/progress.json in the student's folder.  It is never used for grades."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigan.errors import InputError
from minigan.files import read_json, write_json
from minigan.homework.judging.judge import Verdict

PATH = Path(".minigan", "progress.json")
COUNTS = ("tries", "best", "hints")
FRESH = {"tries": 0, "best": 0, "hints": 0, "last": None}


def of(homework: str) -> dict[str, Any]:
    """What is known about one homework: tries, best, hints shown, and the last verdict."""
    known = _read().get(homework, {})
    if not isinstance(known, dict) or not all(type(known.get(name, 0)) is int for name in COUNTS):
        raise InputError(f"{PATH} is damaged: expected numbers for {homework}; remove it to begin a new one")
    return FRESH | known


def add_verdict(verdict: Verdict) -> None:
    known = of(verdict.homework)
    known |= {
        "tries": known["tries"] + 1,
        "best": max(known["best"], verdict.score),
        "last": verdict.as_dict(),
    }
    _write(verdict.homework, known)


def add_hint(homework: str) -> int:
    """Count one more hint; the number of the hint to show."""
    known = of(homework)
    known["hints"] += 1
    _write(homework, known)
    return known["hints"]


def last_verdict(homework: str) -> Verdict | None:
    last = of(homework)["last"]
    try:
        return Verdict.from_dict(last) if last else None
    except (TypeError, KeyError, AttributeError):
        raise InputError(
            f"{PATH} is damaged: the last check of {homework}; remove it to begin a new one"
        ) from None


def _read() -> dict[str, Any]:
    if not PATH.exists():
        return {}
    known = read_json(PATH)
    if not isinstance(known, dict):
        raise InputError(f"{PATH} is damaged: expected an object; remove it to begin a new one")
    return known


def _write(homework: str, known: dict[str, Any]) -> None:
    PATH.parent.mkdir(exist_ok=True)
    write_json(PATH, _read() | {homework: known})
