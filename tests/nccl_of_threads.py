"""A stand-in for CuPy's NCCL whose GPUs are threads of this process: its calls, as far as minigan makes them.

It comes with the strict stand-in for CuPy and the one for MPI.  Addresses are real: so many numbers of such a
type are read where an array is said to be, and written there.
"""

import ctypes
import os
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
from mpi_of_threads import here

from minigan.homework.judging import strict_cupy

KINDS = {7: np.float32, 8: np.float64}  # NCCL's own numbers


class NcclError(RuntimeError):
    pass


class NcclCommunicator:
    def __init__(self, ndev, commId, rank):
        assert type(commId) is bytes and (ndev, rank) == (here.communicator.size, here.communicator.rank)
        if nccl.fails:
            raise NcclError("NCCL_ERROR_SYSTEM_ERROR: unhandled system error")
        found = here.communicator._gather("NcclCommunicator", np.frombuffer(commId, np.uint8))
        assert all(key.tobytes() == nccl.key for key in found), "a key that is not all workers'"

    def allReduce(self, sendbuf, recvbuf, count, datatype, op, stream):
        assert (op, stream) == (nccl.NCCL_SUM, strict_cupy.stream.ptr)
        found = here.communicator._gather("allReduce", at(sendbuf, count, datatype))
        at(recvbuf, count, datatype)[...] = sum(found)

    def bcast(self, buff, count, datatype, root, stream):
        assert stream == strict_cupy.stream.ptr
        at(buff, count, datatype)[...] = here.communicator._gather("bcast", at(buff, count, datatype))[root]


class Device:
    """The one that the thread has; how many there are says `installed`."""

    def __init__(self):
        self.pci_bus_id = f"0000:{here.communicator.rank % nccl.gpus:02x}:00.0"


def get_unique_id():
    nccl.key = os.urandom(128)
    return nccl.key


def data(array):
    """An array's address, from which on NCCL is to touch the whole of it and no more."""
    nccl.sizes[array._host.ctypes.data] = array.nbytes
    return SimpleNamespace(ptr=array._host.ctypes.data)


def at(pointer, count, kind):
    """The numbers in memory there."""
    size = count * np.dtype(KINDS[kind]).itemsize
    assert nccl.sizes[pointer] == size
    return np.frombuffer((ctypes.c_byte * size).from_address(pointer), KINDS[kind])


nccl = SimpleNamespace(
    NCCL_SUM=0,
    NCCL_FLOAT32=7,
    NCCL_FLOAT64=8,
    NcclError=NcclError,
    NcclCommunicator=NcclCommunicator,
    get_unique_id=get_unique_id,
    sizes={},
)


@contextmanager
def installed(gpus, available=True, fails=False):
    """Within, `from cupy.cuda import nccl` gives this one, and the stand-in for CuPy has so many GPUs."""
    xp, names, plain = strict_cupy.xp, ("cupy", "cupy.cuda"), strict_cupy.ndarray.data
    before = [sys.modules.get(name) for name in names]
    vars(nccl).update(gpus=gpus, available=available, fails=fails)
    vars(xp.cuda).update(nccl=nccl, Device=Device, runtime=SimpleNamespace(runtimeGetVersion=lambda: 12090))
    strict_cupy.ndarray.data = property(data)
    sys.modules.update(zip(names, (xp, xp.cuda), strict=True))
    try:
        yield
    finally:
        for name, module in zip(names, before, strict=True):
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
        strict_cupy.ndarray.data = plain
        for name in ("nccl", "Device", "runtime"):
            delattr(xp.cuda, name)
