"""How many threads the matrix library computes with: the fewest that are nearly as fast as any other number.

A library's threads wait for each other by spinning. In small products, or beside another busy program, they
wait longer than they compute, so neither the number of cores nor the size of the work decides alone: a
moment's trial does. The number belongs to a run, since other shares of a sum round in another way.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan.errors import InputError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
NEARLY = 1.2  # times the best number's time
ROUNDS, SECONDS = 3, 0.02  # of a trial with each number
Shape = tuple[int, int, int]


def use(wanted: int | None, shapes: Sequence[Shape]) -> int | None:
    """Compute with `wanted` threads, or else with as many as the environment or a trial says; the number.

    shapes: (m, k, n) for each matrix product (m, k) @ (k, n) of the work.  None where the library takes no
    number from a program (Apple's Accelerate).  InputError for a number that cannot be had.
    """
    libraries = _libraries()
    if not libraries.lib_controllers:
        if wanted is not None:
            raise InputError(
                "--threads: NumPy's matrix library takes no number of threads from a program; "
                f"leave it out, or set {VARIABLES[-1]}={wanted} before the command"
            )
        return None
    if wanted is None:
        wanted = from_environment() or _fastest(libraries, shapes)
    elif not 1 <= wanted <= cores():
        raise InputError(f"--threads: expected 1 to {cores()}, the cores that are here, got {wanted}")
    libraries.limit(limits=wanted)
    return wanted


def from_environment() -> int | None:
    """How many threads the library was told to have by the user's environment; None where it was not."""
    if not any(os.environ.get(name) for name in VARIABLES):
        return None
    return max((library.num_threads for library in _libraries().lib_controllers), default=None)


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _libraries() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController  # looks through everything that is loaded

    return ThreadpoolController().select(user_api="blas")


def _fastest(libraries: ThreadpoolController, shapes: Sequence[Shape]) -> int:
    """The fewest of 1, 2, 4, ..., all threads nearly as fast as the fastest, in turns; 1 for no work."""
    most = cores()
    numbers = sorted({min(2**i, most) for i in range(most.bit_length() + 1)})
    products = [_product(*shape) for shape in shapes]
    seconds = dict.fromkeys(numbers, 0.0)
    for _ in range(ROUNDS if len(numbers) > 1 and products else 0):
        for number in numbers:
            with libraries.limit(limits=number):
                _play(products, 0.0)  # threads that slept wake up
                seconds[number] += _play(products, SECONDS)
    return next(number for number in numbers if seconds[number] <= NEARLY * min(seconds.values()))


def _product(m: int, k: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.ones((m, k), np.float32), np.ones((k, n), np.float32), np.empty((m, n), np.float32)


def _play(products: Sequence[tuple[Any, Any, Any]], at_least: float) -> float:
    """Seconds for all products once: the mean over as many times as fit into `at_least` seconds."""
    began, times, now = time.perf_counter(), 0, 0.0
    while not times or now < at_least:
        for a, b, out in products:
            np.matmul(a, b, out=out)
        times, now = times + 1, time.perf_counter() - began
    return now / times
