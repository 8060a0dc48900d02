"""Several processes that play one game together, over MPI: `mpiexec -n 4 python -m minigan.train`.

The collectives are MPI's own, and NCCL's for arrays on GPUs.  A process alone is a worker too: everything it
does is the identity, and nothing is imported for it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NoReturn

import numpy as np

from minigan.backend import Backend
from minigan.errors import InputError, RunError
from minigan.tensor import Array

# How many processes mpiexec of MPICH and Intel MPI, or of Open MPI, started, and which of them this one is
LAUNCHERS = {"PMI_SIZE": "PMI_RANK", "OMPI_COMM_WORLD_SIZE": "OMPI_COMM_WORLD_RANK"}
TOGETHER_SECONDS = 2.0  # within which all others have failed as well, or this worker failed alone


class Workers:
    """One process alone, and what several do: worker `rank` of `size`, at `place` among its machine's."""

    rank, size, place = 0, 1, 0

    def on(self, backend: Backend) -> Workers:
        """The same workers, for arrays of this backend."""
        return self

    def sum(self, vector: Array) -> Array:
        """vector <- sum of all workers' vectors, with the same bits everywhere"""
        return vector

    def share(self, array: Array) -> None:
        """array <- worker 0's array"""

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag, whether any worker has it up."""
        return flags

    def first(self, function: Callable[[], Any]) -> Any:
        """What the function gives worker 0, which alone calls it; what it raises there, all raise.

        Its value, of a kind that JSON has, goes to all.
        """
        return function()

    def after_first(self, function: Callable[[], Any]) -> Any:
        """What the function gives this worker, once it has succeeded at worker 0: one fetches, all find."""
        return function()

    def agree(self, facts: Mapping[str, Any]) -> None:
        """InputError everywhere, with what differs, where a worker has other facts than worker 0."""

    def end(self, status: int, complaint: str = "") -> int:
        """The status that this process ends with, the complaint said once."""
        _say(complaint)
        return status


ALONE = Workers()


class MPIWorkers(Workers):
    """The processes that mpiexec started.  InputError where they cannot meet."""

    def __init__(self, size: int) -> None:
        try:
            from mpi4py import MPI  # starts MPI
        except (ImportError, RuntimeError):  # the latter where there is mpi4py and no MPI
            raise InputError(
                f"mpiexec started {size} processes, and without mpi4py and an MPI each would play the same "
                "run; python -m pip install 'minigan[mpi]', or start it without mpiexec"
            ) from None
        self.MPI, self.comm = MPI, MPI.COMM_WORLD
        self.rank, self.size = self.comm.rank, self.comm.size
        if self.size != size:
            raise InputError(
                f"mpiexec started {size} processes, of which mpi4py's MPI sees {self.size}; use the mpiexec "
                f"of that MPI, as the one beside {sys.executable}"
            )
        self.place = self.comm.Split_type(MPI.COMM_TYPE_SHARED).rank
        self.ends = self.comm.Dup()  # where they meet at the end, whatever they did before
        sys.excepthook = self._give_up

    def on(self, backend: Backend) -> Workers:
        self.agree({"backend": backend.name})
        return self if backend.xp is np else NCCLWorkers(self.size, backend.xp)

    def sum(self, vector: Array) -> Array:
        self.comm.Allreduce(self.MPI.IN_PLACE, vector)
        return vector

    def share(self, array: Array) -> None:
        self.comm.Bcast(array)

    def any(self, *flags: bool) -> tuple[bool, ...]:
        up = np.array(flags, np.uint8)
        self.comm.Allreduce(self.MPI.IN_PLACE, up, op=self.MPI.MAX)
        return tuple(map(bool, up))

    def first(self, function: Callable[[], Any]) -> Any:
        kind, value = "", None
        if self.rank == 0:
            try:
                value = function()
            except InputError as error:
                kind, value = "input", str(error)
            except (RunError, OSError) as error:
                kind, value = "run", str(error)
        kind, value = self._tell((kind, value))
        if kind:
            raise (InputError if kind == "input" else RunError)(value)
        return value

    def after_first(self, function: Callable[[], Any]) -> Any:
        found: list[Any] = []
        self.first(lambda: found.append(function()))
        return found[0] if found else function()

    def agree(self, facts: Mapping[str, Any]) -> None:
        mine = json.loads(json.dumps(facts))
        theirs = self._tell(mine)
        others = {name: value for name, value in mine.items() if value != theirs.get(name)}
        odd = [f"{name} is {value}, not {theirs.get(name)}" for name, value in others.items()]
        found = np.array(self.rank if odd else self.size)
        self.comm.Allreduce(self.MPI.IN_PLACE, found, op=self.MPI.MIN)
        if found < self.size:
            who = self._tell(f"{self._name()} is not as worker 0: {'; '.join(odd)}", int(found))
            raise InputError(f"{who}; give all workers the same minigan, libraries and data")

    def end(self, status: int, complaint: str = "") -> int:
        """Where all fail, they fail alike, and worker 0 says it.  Where one fails, the others wait for it
        for ever: it says so itself, and ends them."""
        if status == 0:
            return status
        everybody, late = self.ends.Ibarrier(), time.monotonic() + TOGETHER_SECONDS
        while not (met := everybody.Test()) and time.monotonic() < late:
            time.sleep(0.01)
        if met and self.rank:
            return status
        _say(f"{self._name()}: {complaint}" if self.rank else complaint)
        return status if met else self._abort(status)

    def _tell(self, value: Any, root: int = 0) -> Any:
        """Worker root's value, as JSON: nothing that comes in can run code."""
        text = np.frombuffer(json.dumps(value).encode(), np.uint8)
        size = np.array(text.size)
        self.comm.Bcast(size, root)
        text = text if self.rank == root else np.empty(size, np.uint8)
        self.comm.Bcast(text, root)
        return json.loads(text.tobytes())

    def _name(self) -> str:
        return f"worker {self.rank} of {self.size} on {socket.gethostname()}"

    def _give_up(self, *error: Any) -> None:
        traceback.print_exception(*error)
        self._abort(1)

    def _abort(self, status: int) -> NoReturn:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # all is said; MPI would add that it aborts
        self.comm.Abort(status)
        raise SystemExit(status)


class NCCLWorkers(MPIWorkers):
    """Workers with a GPU each.  Their arrays are NCCL's to sum, in the queue of kernels: nobody waits.

    What is on the host goes over MPI.  InputError without NCCL, or where two workers have one GPU; RunError
    where NCCL fails.
    """

    def __init__(self, size: int, cupy: Any) -> None:
        super().__init__(size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # CuPy says in five lines what ours says in one
            from cupy.cuda import nccl
        if not nccl.available:
            cuda = cupy.cuda.runtime.runtimeGetVersion() // 1000
            raise InputError(
                "several workers on GPUs need NCCL, which CuPy does not find; python -m pip install "
                f"nvidia-nccl-cu{cuda}, which is for Linux alone, or start it without mpiexec"
            )
        mine = [socket.gethostname(), cupy.cuda.Device().pci_bus_id]
        gpus = {tuple(self._tell(mine, root)) for root in range(size)}
        if len(gpus) < size:
            raise InputError(
                f"expected a GPU for each worker, as NCCL does, got {len(gpus)} for {size}; start fewer: "
                f"mpiexec -n {len(gpus)}"
            )
        self.nccl, self.stream = nccl, cupy.cuda.get_current_stream
        try:
            key = self.first(lambda: nccl.get_unique_id().hex())
            self.gpus = nccl.NcclCommunicator(size, bytes.fromhex(key), self.rank)
        except nccl.NcclError as error:
            raise RunError(f"NCCL does not join the workers: {error}") from None

    def sum(self, vector: Array) -> Array:
        if isinstance(vector, np.ndarray):
            return super().sum(vector)
        at, count, kind = self._buffer(vector)
        self.gpus.allReduce(at, at, count, kind, self.nccl.NCCL_SUM, self.stream().ptr)
        return vector

    def share(self, array: Array) -> None:
        if isinstance(array, np.ndarray):
            super().share(array)
        else:
            self.gpus.bcast(*self._buffer(array), 0, self.stream().ptr)

    def _buffer(self, array: Array) -> tuple[int, int, int]:
        """Where it is, how many numbers it has, and NCCL's name for their type."""
        assert array.flags.c_contiguous
        return array.data.ptr, array.size, getattr(self.nccl, f"NCCL_{array.dtype.name.upper()}")


def started() -> tuple[int, int]:
    """Which process of how many this is, as a launcher says; (0, 1) where there was none."""
    for size, rank in LAUNCHERS.items():
        if os.environ.get(size, "").isdecimal() and int(os.environ[size]) > 1:
            return int(os.environ.get(rank, "0")), int(os.environ[size])
    return 0, 1


def find() -> Workers:
    """The workers that mpiexec started, this process among them; without it, this process alone."""
    size = started()[1]
    return _meet(size) if size > 1 else ALONE


@cache
def _meet(size: int) -> MPIWorkers:
    """MPI starts once in a process."""
    return MPIWorkers(size)


def end(status: int, complaint: str = "") -> int:
    """As Workers.end; where the workers cannot meet, which goes for all, the first of them says it."""
    try:
        workers = find()
    except InputError:
        _say(complaint if started()[0] == 0 else "")
        return status
    return workers.end(status, complaint)


def _say(complaint: str) -> None:
    if complaint:
        print(f"error: {complaint}", file=sys.stderr, flush=True)
