"""What a GPU does in one launch, where operations on whole arrays would take several.

Each kernel is written twice.  The Python function, in NumPy, defines it and is what runs on the CPU; the CUDA
text above it does the same on a GPU, with one thread for each of the n elements of the first array unless it
says otherwise.  REAL is that array's type.  A kernel writes into the arrays that are not const, and
returns the first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigan.backend import xp_of

Array = Any  # numpy.ndarray or cupy.ndarray

THREADS = 256  # in a block
KERNELS: dict[str, Kernel] = {}
BLOCK = 2**16  # elements of a vector that NumPy works on at a time

HEADER = r"""
typedef long long whole;
// What follows is for element i, which is this thread's.
#define EACH(i, n) whole i = (whole)blockIdx.x * blockDim.x + threadIdx.x; if (i < n)
__device__ REAL logistic(REAL x) { REAL e = exp(-fabs(x)); return (x < 0 ? e : 1) / (1 + e); }
"""


class Kernel:
    """A function of arrays, in Python and in CUDA."""

    def __init__(self, function: Callable[..., None], cuda: str, blocks: int | None) -> None:
        functools.update_wrapper(self, function)
        self.function, self.blocks, self.kinds = function, blocks, [*function.__annotations__.values()][1:-1]
        arguments = f'extern "C" __global__ void {function.__name__}'
        self.source = HEADER + cuda.replace("KERNEL", arguments)
        KERNELS[function.__name__] = self

    def __call__(self, first: Array, *others: Any) -> Array:
        if (xp := xp_of(first)) is np:
            self.function(first, *others)
        else:
            convert = {"Array": xp.ascontiguousarray, "float": float, "int": int}  # C believes what it gets
            arguments = [convert[kind](a) for kind, a in zip(self.kinds, others, strict=True)]
            launch = compiled(xp, self.source, self.function.__name__, first.dtype)
            launch((self.blocks or blocks(first.size),), (THREADS,), (first.size, first, *arguments))
        return first


def kernel(cuda: str, blocks: int | None = None) -> Callable[[Callable[..., None]], Kernel]:
    """Makes a Kernel of the function below.  blocks: of threads; None: as many as the first array needs."""
    return lambda function: Kernel(function, cuda, blocks)


def blocks(n: int) -> int:
    """How many blocks have at least n threads."""
    return n // THREADS + 1


@functools.cache
def compiled(xp: Any, source: str, name: str, dtype: np.dtype) -> Any:
    """The kernel of that name for the GPU, compiled at its first launch.

    TypeError where there is none for the dtype.
    """
    real = {"float32": "float", "float64": "double"}.get(dtype.name)
    if real is None:
        raise TypeError(f"{name}: expected float32 or float64, got {dtype}")
    return xp.RawKernel(source, name, ("-fmad=false", f"-DREAL={real}"))  # a*b + c in two roundings, as NumPy


# Activations -----------------------------------------------------------------------------------------


@kernel("""
KERNEL(whole n, REAL *a, const REAL *b, whole units)
{
    EACH(i, n) { a[i] += b[i % units]; if (a[i] < 0) a[i] = 0; }
}
""")
def bias_relu(a: Array, b: Array, units: int) -> None:
    """a <- max(a + b, 0)        a (m, units), b (units,)"""
    a += b
    np.maximum(a, np.zeros_like(b), out=a)  # NumPy takes 2.5 times as long to compare with the number 0


@kernel("KERNEL(whole n, REAL *dx, const REAL *g, const REAL *a) { EACH(i, n) dx[i] = g[i] * (a[i] > 0); }")
def relu_gradient(dx: Array, g: Array, a: Array) -> None:
    """dx = g where a > 0, else 0"""
    np.multiply(g, a > 0, out=dx)


@kernel("KERNEL(whole n, REAL *y, const REAL *a) { EACH(i, n) y[i] = logistic(a[i]); }")
def sigmoid(y: Array, a: Array) -> None:
    """y = 1 / (1 + e^-a), as e^min(a, 0) / (1 + e^-|a|): no overflow, and full precision far below 0"""
    e = np.exp(-abs(a))
    np.maximum(e, a >= 0, out=y)
    y /= 1 + e


@kernel("""
KERNEL(whole n, REAL *a, const REAL *b, whole units) { EACH(i, n) a[i] = logistic(a[i] + b[i % units]); }
""")
def bias_sigmoid(a: Array, b: Array, units: int) -> None:
    """a <- sigmoid(a + b)        a (m, units), b (units,)"""
    a += b
    sigmoid(a, a)


@kernel("""
KERNEL(whole n, REAL *dx, const REAL *g, const REAL *y) { EACH(i, n) dx[i] = g[i] * y[i] * (1 - y[i]); }
""")
def sigmoid_gradient(dx: Array, g: Array, y: Array) -> None:
    """dx = g y (1 - y)"""
    np.multiply(g * y, 1 - y, out=dx)


@kernel("""
KERNEL(whole n, REAL *y, REAL *a, const REAL *b, whole pieces, whole units)
{
    EACH(i, n) {
        whole unit = i % units, here = i / units * pieces * units + unit;
        for (whole j = 0; j < pieces; j++) {
            a[here + j * units] += b[j * units + unit];
            REAL x = a[here + j * units];
            y[i] = j == 0 || x > y[i] || x != x ? x : y[i];
        }
    }
}
""")
def bias_maxout(y: Array, a: Array, b: Array, pieces: int, units: int) -> None:
    """a += b, and then y_j = max_i a_ij        a (m, pieces * units), b (pieces * units,), y (m, units)"""
    a += b
    a.reshape(len(a), pieces, units).max(axis=1, out=y)


@kernel("""
KERNEL(whole n, REAL *dx, const REAL *g, const REAL *a, const REAL *y, whole pieces, whole units)
{
    EACH(i, n) {
        whole row = i / units / pieces, first = row * pieces * units, unit = row * units + i % units;
        bool wins = a[i] == y[unit];
        for (whole j = i - units; wins && j >= first; j -= units) wins = a[j] != y[unit];
        dx[i] = g[unit] * wins;
    }
}
""")
def maxout_gradient(dx: Array, g: Array, a: Array, y: Array, pieces: int, units: int) -> None:
    """dx_ij = g_j for the first i with a_ij = y_j, else 0       dx, a (m, pieces * units); g, y (m, units)"""
    a, dx = (x.reshape(len(x), pieces, units) for x in (a, dx))
    wins = a == y[:, None]
    if np.count_nonzero(wins) != y.size:  # somewhere two are equal
        wins &= wins.cumsum(axis=1) == 1
    np.multiply(g[:, None], wins, out=dx)


# The loss on logits: the first `ones` are labelled 1, the others 0 -----------------------------------


@kernel(
    """
KERNEL(whole n, REAL *loss, const REAL *a, whole count, whole ones, double scale)  // one block
{
    __shared__ REAL sums[256];
    REAL sum = 0;
    for (whole i = threadIdx.x; i < count; i += blockDim.x) {
        REAL x = i < ones ? -a[i] : a[i];
        sum += ((x > 0 ? x : 0) + log1p(exp(-fabs(x)))) / (i < ones ? ones : count - ones);
    }
    sums[threadIdx.x] = sum;
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    if (threadIdx.x == 0) *loss = (REAL)scale * sums[0];
}
""",
    blocks=1,
)
def logistic_loss(loss: Array, a: Array, count: int, ones: int, scale: float) -> None:
    """scale (mean softplus(-a) over the first `ones` of count logits + mean softplus(a) over the others)"""
    means = [np.logaddexp(x, 0.0).mean() for x in (-a[:ones], a[ones:]) if x.size]
    loss[...] = scale * sum(means)


@kernel("""
KERNEL(whole n, REAL *da, const REAL *g, const REAL *a, whole ones, double scale)
{
    EACH(i, n) {
        da[i] = *g * (REAL)scale * (i < ones ? -logistic(-a[i]) / ones : logistic(a[i]) / (n - ones));
    }
}
""")
def logistic_loss_gradient(da: Array, g: Array, a: Array, ones: int, scale: float) -> None:
    """da = g scale (-sigmoid(-a) / ones for the first `ones`, sigmoid(a) / (m - ones) for the others)"""
    for rows, sign in ((slice(ones), -1), (slice(ones, None), 1)):
        if len(a[rows]):
            sigmoid(da[rows], sign * a[rows])
            da[rows] *= g * (sign * scale / len(a[rows]))


# A player's move, on all its parameters at once ------------------------------------------------------


@kernel("""
KERNEL(whole n, REAL *p, REAL *v, const REAL *g, double lr, double mu)
{
    EACH(i, n) { v[i] = v[i] * (REAL)mu - (REAL)lr * g[i]; p[i] += v[i]; }
}
""")
def momentum(p: Array, v: Array, g: Array, lr: float, mu: float) -> None:
    """v <- mu v - lr g;  p <- p + v        all (n,)"""
    for theta, velocity, gradient in _parts(p, v, g):
        velocity *= mu
        velocity -= lr * gradient
        theta += velocity


@kernel("""
KERNEL(whole n, REAL *p, REAL *m, REAL *v, const REAL *g, double lr, double mean, double square, double bias,
       double eps)
{
    EACH(i, n) {
        m[i] += (REAL)mean * (g[i] - m[i]);
        v[i] += (REAL)square * (g[i] * g[i] - v[i]);
        p[i] -= (REAL)lr * m[i] / (sqrt(v[i] / (REAL)bias) + (REAL)eps);
    }
}
""")
def adam(
    p: Array, m: Array, v: Array, g: Array, lr: float, mean: float, square: float, bias: float, eps: float
) -> None:
    """m += mean (g - m);  v += square (g^2 - v);  p -= lr m / (sqrt(v / bias) + eps)        all (n,)"""
    for theta, first, second, gradient in _parts(p, m, v, g):
        first += mean * (gradient - first)
        second += square * (gradient * gradient - second)
        theta -= lr * first / (np.sqrt(second / bias) + eps)


def _parts(*vectors: Array) -> Iterator[list[Array]]:
    """Parts that stay in the processor's cache while several steps work on them."""
    for i in range(0, len(vectors[0]), BLOCK):
        yield [x[i : i + BLOCK] for x in vectors]
