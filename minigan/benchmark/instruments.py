"""The instruments: a clock for contenders that take turns, and the system's counters of memory."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigan.benchmark.update import Play

if sys.platform == "win32" or sys.platform == "emscripten":  # which have none
    resource = None
else:
    import resource

WARM_UP = 5  # untimed turns before the timed ones


def interleave(
    contenders: Mapping[Any, Play], repeats: int, clock: Callable[[], float], finish: Play
) -> dict[Any, np.ndarray]:
    """Seconds of a call, (repeats,).  Taking turns, all suffer alike when the machine is busy.

    In its turn each plays twice and is timed once, when caches and threads are its own again: idle threads
    of a matrix library go on waiting for work at full speed for a while, on a core that others need.
    """
    seconds = {name: np.empty(repeats) for name in contenders}
    for turn in range(-WARM_UP, repeats):
        for name, play in contenders.items():
            play()
            finish()
            began = clock()
            play()
            finish()
            if turn >= 0:
                seconds[name][turn] = clock() - began
    return seconds


def summary(seconds: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Medians and quartiles of the times, and of their ratios to the first contender's in the same turn."""
    first, ours = next(iter(seconds.values())), seconds["step"]
    table = {}
    for name, taken in seconds.items():
        table[name] = _quartiles("ms", 1000 * taken) | _quartiles("ratio", taken / first)
        if name not in ("products", "step"):
            table[name] |= _quartiles("step_ratio", ours / taken)
    return table


def _quartiles(name: str, values: np.ndarray) -> dict[str, Any]:
    low, median, high = np.percentile(values, (25, 50, 75)).tolist()
    return {name: median, f"{name}_quartiles": [low, high]}


def memory(step: Play, repeats: int) -> dict[str, float | None]:
    """Page faults in an update after warm-up, and the peak of the process so far; None where unknown."""
    for _ in range(WARM_UP):
        step()
    if resource is None:
        return {"page_faults": None, "peak_mib": None}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(repeats):
        step()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    mib = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return {"page_faults": (usage.ru_minflt - before) / repeats, "peak_mib": usage.ru_maxrss / mib}
