"""The parts of an update, told apart by Python's profiler."""

import cProfile
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

from minigan import data, game, ops, optim, tensor
from minigan.benchmark.update import Play
from minigan.recipes import Recipe

PARTS: dict[str, tuple[Any, ...]] = {  # functions, and modules for all of theirs; the first that fits counts
    "matrix products and biases": (ops.affine, ops.matmul, tensor.unbroadcast),  # the last: of the biases
    "activations": (ops.relu, ops.leaky_relu, ops.sigmoid, ops.tanh),
    "maxout": (ops.maxout,),
    "dropout masks": (ops.dropout,),
    "noise": (Recipe.noise,),
    "minibatches": (data.Minibatches.minibatch,),
    "parameter updates": (optim.Momentum.step, optim.Adam.step),
    "losses, other arithmetic": (game, ops),  # the latter as in batch norm
}
REST = "engine and the rest"


def parts(step: Play, repeats: int, clock: Callable[[], float]) -> dict[str, dict[str, float]]:
    """Time and calls in an update of each part, under the profiler; they add up to the profiled update."""
    profile = cProfile.Profile(clock)
    for _ in range(repeats):
        profile.runcall(step)
    return {
        part: {"ms": 1000 * seconds / repeats, "calls": calls // repeats}
        for part, (seconds, calls) in attribute(profile.getstats()).items()
    }


def attribute(entries: Sequence[Any]) -> dict[str, tuple[float, int]]:
    """Seconds and calls of each part; what is in none is the engine's.

    entries: the profiler's, each with the functions it called.  A call from a part's function is its caller's
    work and not counted again, nor is one from a built-in (any, sorted), whose code is but a name.
    """
    part_of = {}
    for part, members in PARTS.items():
        for code in _codes(members):
            part_of.setdefault(code, part)
    seconds, calls = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0)
    for caller in entries:
        if isinstance(caller.code, CodeType) and caller.code not in part_of:
            for called in caller.calls or ():
                if part := part_of.get(called.code):
                    seconds[part] += called.totaltime
                    calls[part] += called.callcount
    rest = sum(entry.inlinetime for entry in entries) - sum(seconds.values())
    return {part: (seconds[part], calls[part]) for part in PARTS if calls[part]} | {REST: (rest, 0)}


def _codes(members: Sequence[Any]) -> Iterator[CodeType]:
    """The code of these functions, and of those inside them: an operation's pullbacks are its own."""
    for member in members:
        if isinstance(member, ModuleType):
            own = [f for f in vars(member).values() if getattr(f, "__module__", "") == member.__name__]
            yield from _codes([f for f in own if isinstance(f, FunctionType)])
            continue
        codes = [member.__code__]
        for code in codes:
            yield code
            codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
