"""What threads cost on a busy machine: an update with one and with more, alone and beside other programs."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from minigan import recipes, threads
from minigan.backend import Backend
from minigan.benchmark.update import Play, stepper, synthetic
from minigan.errors import InputError
from minigan.players import set_up, use_threads

RECIPES = ("digits", "ring8", "mnist")
ROUNDS, SECONDS = 3, 1.0  # of each number of threads, in turns
BUSY = """\
import os, sys, threading
threading.Thread(target=lambda: os._exit(len(sys.stdin.read()))).start()  # who started it is gone, killed too
while True: pass
"""


def measure() -> list[dict[str, Any]]:
    """For each recipe, alone and beside a busy process for each core: milliseconds an update by the number of
    threads, and which number minigan chooses there.  InputError where the environment leaves no choice."""
    if threads.from_environment() is not None:
        raise InputError(f"--neighbours: nothing is left to choose; unset {', '.join(threads.VARIABLES)}")
    return [_row(name, busy) for name in RECIPES for busy in (0, threads.cores())]


def table(rows: list[dict[str, Any]]) -> str:
    """The measurements in Markdown."""
    numbers = list(rows[0]["ms"])
    heads = ["recipe", "busy neighbours", *(f"{n} thread{'s' * (n > 1)}, ms" for n in numbers)]
    lines = [[*heads, "chosen", "to the best"], ["---", "---:", *["---:"] * len(numbers), "---:", "---:"]]
    for row in rows:
        ms = row["ms"]
        ratio = ms[row["chosen"]] / min(ms.values())
        measured = [f"{ms[n]:.3g}" for n in numbers]
        lines.append([row["recipe"], str(row["neighbours"]), *measured, str(row["chosen"]), f"{ratio:.2f}"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, neighbours: int) -> dict[str, Any]:
    recipe, backend = recipes.find(name), Backend()
    players = set_up(recipe, synthetic(recipe), backend, seed=1)
    play, most = stepper(players, recipe.update), threads.cores()
    numbers = sorted({1, min(2, most), most})
    with _busy(neighbours):
        chosen = use_threads(None, backend, recipe.batch, players.G, players.D)
        rounds = [[_ms(play, n) for n in numbers] for _ in range(ROUNDS)]
    means = [sum(of_one) / ROUNDS for of_one in zip(*rounds, strict=True)]
    return {
        "recipe": name,
        "neighbours": neighbours,
        "ms": dict(zip(numbers, means, strict=True)),
        "chosen": chosen,
    }


def _ms(play: Play, number: int) -> float:
    """Milliseconds an update with so many threads: the mean over SECONDS."""
    threads.use(number, [])
    play()
    began, updates, now = time.perf_counter(), 0, 0.0
    while now < SECONDS:
        play()
        updates, now = updates + 1, time.perf_counter() - began
    return 1e3 * now / updates


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """So many processes that do nothing but compute, until the end of the block."""
    with ExitStack() as ending:
        for _ in range(count):
            command = [sys.executable, "-c", BUSY]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            ending.enter_context(process)
            ending.callback(process.kill)
        yield
