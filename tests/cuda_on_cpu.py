"""The CUDA source of minigan's kernels on the CPU: compiled as C++, it takes the place of cupy.RawKernel."""

import contextlib
import ctypes
import functools
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from minigan.homework.judging.strict_cupy import ndarray

COMPILER = shutil.which("g++") or shutil.which("clang++")
PROGRAMS = Path(__file__).resolve().parents[1] / "build" / "kernels"  # the compiler needs a second for some

# C++ that makes a program for the CPU of a kernel.  It runs the threads one after the other, and those of a
# kernel in which they wait for each other side by side.
SHIM = (
    r"""
#include <cmath>
#include <utility>
#if WAITING  // these take the compiler seconds
#include <barrier>
#include <thread>
#include <vector>
#endif
using std::exp; using std::fabs; using std::log1p; using std::sqrt; using std::frexp;
#define __device__ static
#define __global__
#define __shared__ static
struct dim { unsigned x; };
static dim blockIdx, blockDim;
static thread_local dim threadIdx;
#if WAITING
static std::barrier<> *everybody;
static void __syncthreads() { everybody->arrive_and_wait(); }
#endif
static unsigned long long __umul64hi(unsigned long long a, unsigned long long b)
{
    return (unsigned __int128)a * b >> 64;
}
""",
    r"""
template <class... P, size_t... I> static void call(void f(P...), void **args, std::index_sequence<I...>)
{
    f(*(P *)args[I]...);
}
template <class... P> static void call(void f(P...), void **args)
{
    call(f, args, std::index_sequence_for<P...>{});
}
static void play(unsigned thread, void **args)
{
    threadIdx.x = thread;
    call(KERNEL_NAME, args);
}
extern "C" void launch(unsigned blocks, unsigned threads, void **args)
{
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
#if WAITING
        std::barrier barrier(threads);
        everybody = &barrier;
        std::vector<std::thread> side_by_side;
        for (unsigned thread = 0; thread < threads; thread++) side_by_side.emplace_back(play, thread, args);
        for (auto &thread : side_by_side) thread.join();
#else
        for (unsigned thread = 0; thread < threads; thread++) play(thread, args);
#endif
    }
}
""",
)


class CompiledKernel:
    """As from CuPy, each argument comes by its address, and the kernel decides of what type it is."""

    def __init__(self, code, name, options):
        self.launch = compiled(code, name, tuple(options))

    def __call__(self, grid, block, args):
        types = {int: ctypes.c_int64, float: ctypes.c_double, np.uint64: ctypes.c_uint64}
        values = []
        for x in args:
            if isinstance(x, ndarray):
                assert x.flags.c_contiguous
                values.append(ctypes.c_void_p(x._host.ctypes.data))
            else:
                values.append(types[type(x)](x))
        addresses = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        self.launch(*grid, *block, addresses)


@functools.cache
def compiled(code, name, options):
    assert "-fmad=false" in options  # or the GPU rounds a*b + c once, where NumPy rounds twice
    real = [option for option in options if option.startswith("-D")]
    defined = [f"-DKERNEL_NAME={name}", f"-DWAITING={int('__syncthreads' in code)}"]
    command = [COMPILER, "-std=c++20", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-pthread"]
    command, text = [*command, *real, *defined], code.join(SHIM)
    program = PROGRAMS / f"{hashlib.sha256(repr([command, text]).encode()).hexdigest()}.so"
    if not program.exists():
        PROGRAMS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PROGRAMS) as folder:
            source, new = Path(folder, "kernel.cpp"), Path(folder, "kernel.so")
            source.write_text(text)
            subprocess.run([*command, source, "-o", new], check=True)
            with contextlib.suppress(PermissionError):  # on Windows, where another process has loaded it
                new.replace(program)
    return ctypes.CDLL(program).launch
