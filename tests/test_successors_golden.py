"""Every page on tiny settings, the same as when it was recorded: what it finds and what it says.

Updates are few, so that rounding has no time to grow.  Where a change of these numbers is meant:

    python tests/test_successors_golden.py --write
"""

import json
import re
import sys
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path

import numpy as np
import pytest

from minigan.successors import (
    cycle,
    fooling,
    moments,
    one_dimension,
    sequences,
    speed,
    stack,
    twice,
    two_lines,
)

GOLDEN = Path(__file__).with_name("successors_golden.json")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
TINY = {
    "two_lines": (two_lines, {"thetas": (-0.5, 1.0), "updates": 3, "batch": 20, "units": 8}),
    "one_dimension": (one_dimension, {"updates": 8, "batch": 20, "units": 8, "every": 2, "points": 200}),
    "moments": (moments, {"updates": 3, "batch": 50, "units": 8, "samples": 600, "splits": 5}),
    "fooling": (fooling, {"data": "digits", "epochs": 1, "eps": 0.15, "chunk": 40}),
    "sequences": (sequences, {"updates": 3, "batch": 20, "units": 8, "unseen": 30, "every": 2}),
    "twice": (twice, {}),
}
SETTINGS = {
    two_lines: {
        "thetas": (-1.0, -0.5, -0.25, -0.1, 0.1, 0.25, 0.5, 1.0), "updates": 1000, "batch": 100,
        "units": 64, "learning_rate": 1e-3, "decay": 1.003, "penalty": 10.0,
    },
    one_dimension: {
        "updates": 600, "batch": 100, "units": 64, "k": 5, "learning_rate_G": 3e-4,
        "learning_rate_D": 1e-3, "penalty": 10.0, "clip": 0.1, "every": 10, "points": 2000,
    },
    moments: {
        "data": "ring8", "updates": 3000, "batch": 200, "units": 128, "z": 2,
        "sigmas": (0.02, 0.1, 0.5, 1.0), "learning_rate": 1e-3, "decay": 1.0005, "samples": 2500,
        "splits": 200,
    },
    fooling: {
        "data": "mnist", "epochs": 5, "eps": 0.25, "pieces": 2, "keep": 1.0, "steps": 10, "chunk": 1000,
    },
    cycle: {
        "updates": 1000, "batch": 50, "channels": 8, "units": 128, "cycle": 10.0, "learning_rate": 1e-3,
        "learning_rate_D": 5e-4,
        "games": ("inverted", "inverted, no cycle", "turned", "turned, ten pairs", "ten pairs alone"),
    },
    stack: {
        "updates": 3000, "batch": 50, "units": 128, "z": 32, "z_second": 8, "keep": 0.7,
        "learning_rate": 5e-4, "samples": 100,
    },
    sequences: {
        "updates": 1500, "batch": 100, "units": 96, "learning_rate": 3e-3, "decay": 1.0007, "clip": 5.0,
        "unseen": 1000, "every": 250,
    },
    speed: {
        "layers": (
            (False, 28, 1, 64), (False, 14, 64, 128), (False, 32, 3, 64), (False, 16, 64, 128),
            (False, 8, 128, 256), (True, 7, 128, 64), (True, 14, 64, 1), (True, 4, 256, 128),
            (True, 8, 128, 64), (True, 16, 64, 3),
        ),
        "batch": 64, "turns": 15,
    },
    twice: {"sizes": ((2, 128, 128, 1), (784, 256, 256, 1)), "points": 100, "units": 16, "h": 1e-4},
}  # fmt: skip


@pytest.mark.parametrize("page", SETTINGS, ids=lambda page: page.__name__.rpartition(".")[2])
def test_what_a_page_is_measured_with(page):
    assert asdict(page.Settings()) == SETTINGS[page]
    with pytest.raises(FrozenInstanceError):
        page.Settings().seed = 3


def measured(name):
    """Each number found, of a list of many the count, ends, mean and a sum in which the order counts."""
    page, settings = TINY[name]
    said = []
    found = page.measure(7, page.Settings(**settings), said.append)
    return {"found": dict(_numbers("", found)), "said": said}


def _numbers(name, found):
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _numbers(f"{name} {key}".strip(), value)
    elif isinstance(found, list) and found and isinstance(found[0], dict | str):
        yield from _numbers(name, dict(enumerate(found)))
    elif isinstance(found, list) and found and isinstance(found[0], list) and isinstance(found[0][0], str):
        yield name, [" | ".join(texts) for texts in found]
    elif isinstance(found, list) and np.size(found) > 5:
        all_of_them = np.ravel(found).astype(float)
        order = (all_of_them * np.cos(np.arange(all_of_them.size))).sum() / all_of_them.size
        seen = all_of_them.size, all_of_them[0], all_of_them[-1], all_of_them.mean(), order
        yield name, [float(f"{x:.7g}") for x in seen]
    else:
        yield name, found


@pytest.mark.parametrize("name", TINY)
def test_a_page_finds_what_it_found(name):
    golden, now = json.loads(GOLDEN.read_text("utf-8"))[name], measured(name)
    close = {"rel": 2e-2, "abs": 2e-3} if name == "fooling" else {"rel": 1e-2, "abs": 2e-4}  # a sign may turn
    assert now["found"].keys() == golden["found"].keys()
    for what, value in golden["found"].items():
        if isinstance(value, str) or (isinstance(value, list) and isinstance(value[0], str)):
            assert now["found"][what] == value, what
        elif name == "twice" and what.endswith("error"):  # of rounding alone
            assert now["found"][what] < max(3 * value, 1e-6), what
        else:
            assert now["found"][what] == pytest.approx(value, **close), what
    assert [NUMBER.sub("n", text) for text in now["said"]] == [
        NUMBER.sub("n", text) for text in golden["said"]
    ]
    for text, before in zip(now["said"], golden["said"], strict=True):
        if name != "twice":
            pairs = zip(NUMBER.findall(text), NUMBER.findall(before), strict=True)
            assert all(float(a) == pytest.approx(float(b), rel=2e-2, abs=5e-3) for a, b in pairs), before


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    GOLDEN.write_text(
        json.dumps({name: measured(name) for name in TINY}, indent=1, ensure_ascii=False) + "\n",
        "utf-8",
        newline="\n",
    )
