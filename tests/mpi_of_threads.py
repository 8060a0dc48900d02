"""A stand-in for mpi4py whose processes are threads of this one: MPI's calls, as far as minigan makes them.

What MPI would not stand, it does not stand: buffers of several kinds in one call, or one with gaps in it.
"""

import sys
import threading
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import numpy as np

from minigan.workers import MPIWorkers

SECONDS = 30  # after which a worker that waits in vain gives up

here = threading.local()  # the communicator of each thread


class Request:
    """Whether all have come to a place where nobody waits."""

    def __init__(self, group):
        self.group = group
        with group.lock:
            group.came += 1

    def Test(self):
        return self.group.came >= self.group.size


class Group:
    """What the communicators of all threads share."""

    def __init__(self, size):
        self.size, self.came, self.board = size, 0, [None] * size
        self.barrier, self.lock = threading.Barrier(size), threading.Lock()
        self.calls = []  # name and bytes of every collective, as worker 0 makes it
        self.aborted = []  # rank and status


class Communicator:
    def __init__(self, group, rank):
        self.group, self.rank, self.size = group, rank, group.size

    def Allreduce(self, send, buffer, op=sum):
        assert send is MPI.IN_PLACE
        buffer[...] = op(self._gather("Allreduce", buffer))

    def Bcast(self, buffer, root=0):
        found = self._gather("Bcast", buffer)[root]
        if self.rank != root:  # root's may be read-only
            buffer[...] = found

    def Dup(self):
        return self

    def Split_type(self, kind):
        assert kind is MPI.COMM_TYPE_SHARED  # all threads are on this machine
        return self

    def Ibarrier(self):
        return Request(self.group)

    def Abort(self, status):
        self.group.aborted.append((self.rank, status))

    def _gather(self, name, buffer):
        """Everybody's buffer, as it was; all get it in the same order."""
        assert isinstance(buffer, np.ndarray) and buffer.flags.c_contiguous
        board = self.group.board
        board[self.rank] = (name, buffer.copy())
        self.group.barrier.wait(SECONDS)
        found = list(board)
        assert len({(name, a.shape, a.dtype) for name, a in found}) == 1, found
        if self.rank == 0:
            self.group.calls.append((name, buffer.nbytes))
        self.group.barrier.wait(SECONDS)
        return [a for _, a in found]


def _most(arrays):
    return np.max(arrays, axis=0)


def _least(arrays):
    return np.min(arrays, axis=0)


class _MPI(SimpleNamespace):
    @property
    def COMM_WORLD(self):
        return here.communicator


MPI = _MPI(IN_PLACE=object(), COMM_TYPE_SHARED=object(), MAX=_most, MIN=_least)


@contextmanager
def installed():
    """Within, `from mpi4py import MPI` gives this one."""
    module, before, hook = ModuleType("mpi4py"), sys.modules.get("mpi4py"), sys.excepthook
    module.MPI = MPI
    sys.modules["mpi4py"] = module
    try:
        yield
    finally:
        sys.excepthook = hook
        del sys.modules["mpi4py"]
        if before is not None:
            sys.modules["mpi4py"] = before


def together(n, function):
    """What function(workers) gives each of n workers, or the Exception that it raises; and the group."""
    group, found = Group(n), [None] * n

    def work(rank):
        here.communicator = Communicator(group, rank)
        try:
            found[rank] = function(MPIWorkers(n))
        except (Exception, SystemExit) as error:
            found[rank] = error

    with installed():
        threads = [threading.Thread(target=work, args=(rank,)) for rank in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return found, group


def with_threads(n, function):
    """What function(workers) gives each of n workers."""
    found, _ = together(n, function)
    for value in found:
        if isinstance(value, BaseException):
            raise value
    return found
