"""The parts of an update, told apart by Python's profiler."""

import cProfile
import inspect
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

from minigan import data, game, kernels, ops, optim
from minigan.benchmark.update import Play
from minigan.recipes import Recipe

RELU = (ops.relu, ops.leaky_relu, kernels.bias_relu, kernels.relu_gradient)
SIGMOID = (ops.sigmoid, ops.logistic, kernels.sigmoid, kernels.bias_sigmoid, kernels.sigmoid_gradient)
AFFINE = (
    ops.affine,
    ops.affine_identity,
    ops.affine_relu,
    ops.affine_sigmoid,
    ops.affine_maxout,
    ops._affine_but_for_b,
)
PARTS: dict[str, tuple[Any, ...]] = {  # functions, and modules for all of theirs; the first that fits counts
    "matrix products and biases": (*AFFINE, ops.matmul),
    "activations": (*RELU, *SIGMOID, ops.tanh),
    "maxout": (ops.maxout, kernels.bias_maxout, kernels.maxout_gradient),
    "dropout masks": (ops.dropout,),
    "noise": (Recipe.noise,),
    "minibatches": (data.Minibatches.minibatch,),
    "parameter updates": (optim.Momentum.step, optim.Adam.step, kernels.momentum, kernels.adam),
    "losses, other arithmetic": (game, ops, kernels),  # the latter two as in batch norm
}
REST = "engine and the rest"
LAUNCH = kernels.Kernel.__call__.__code__


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
    work and not counted again, unless it is of a kernel, which has a part of its own; nor is one from a
    built-in (any, sorted), whose code is but a name.
    """
    part_of: dict[CodeType, str] = {}
    for name, members in PARTS.items():
        for code in _codes(members):
            part_of.setdefault(code, name)
    seconds, calls = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0)
    for caller in entries:
        if isinstance(caller.code, CodeType):
            its = part_of.get(caller.code)
            for called in caller.calls or ():
                if its and called.code is LAUNCH:
                    seconds[its] -= called.totaltime
                elif not its and (part := part_of.get(called.code)):
                    seconds[part] += called.totaltime
                    calls[part] += called.callcount * (caller.code is not LAUNCH)
    rest = sum(entry.inlinetime for entry in entries) - sum(seconds.values())
    return {part: (seconds[part], calls[part]) for part in PARTS if seconds[part]} | {REST: (rest, 0)}


def _codes(members: Sequence[Any]) -> Iterator[CodeType]:
    """The code of these functions, and of those inside them: an operation's pullbacks are its own."""
    for member in members:
        if isinstance(member, ModuleType):
            own = [f for f in vars(member).values() if getattr(f, "__module__", "") == member.__name__]
            yield from _codes([f for f in own if isinstance(f, FunctionType | kernels.Kernel)])
            continue
        codes = [inspect.unwrap(member).__code__]  # of a kernel, its function in NumPy
        for code in codes:
            yield code
            codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
