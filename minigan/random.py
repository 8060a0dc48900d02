"""Random numbers that depend only on seed, purpose, step and position, with the same bits on NumPy and CuPy.

So nothing random needs saving: a run resumed at step t draws what it would have drawn there.

A stream is a sequence of 32-bit words from the counter-based generator Philox4x64-10 (Salmon et al. 2011,
"Parallel random numbers: as easy as 1, 2, 3"): key (seed, purpose), counter (block, 0, step, 0) with blocks
from 1, four 64-bit numbers in a block, the low half of each first.  Every draw takes the next words in order.
"""

from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np

from minigan.backend import Backend
from minigan.errors import InputError
from minigan.kernels import THREADS, blocks, compiled

Shape = int | tuple[int, ...]

WORDS, UNIFORM, MASK, NORMAL = range(4)  # the kinds of draw, numbered as in CUDA_SOURCE


class Streams:
    """streams(purpose, step) is the Stream for that purpose at that step; equal arguments give equal streams.

    seed: an integer in [0, 2^64), InputError otherwise.  purpose: a name of one to eight ASCII letters, whose
    bytes are read as a 64-bit number; step: an integer in [0, 2^64); ValueError otherwise.
    """

    def __init__(self, seed: int, backend: Backend) -> None:
        if not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise InputError(f"seed: expected an integer from 0 to 2^64 - 1, got {seed!r}")
        self._seed, self.backend = seed, backend

    def __call__(self, purpose: str, step: int = 0) -> "Stream":
        if not (purpose.isascii() and purpose.isalpha() and len(purpose) <= 8):
            raise ValueError(f"a stream's purpose is a name of one to eight ASCII letters, got {purpose!r}")
        if not 0 <= step < 2**64:
            raise ValueError(f"a stream's step is an integer from 0 to 2^64 - 1, got {step!r}")
        stream = _NumpyStream if self.backend.xp is np else _CudaStream
        return stream(self._seed, int.from_bytes(purpose.encode(), "big"), step, self.backend)


class Stream:
    """Draws, each of which goes on where the last one ended.  Results have the backend's `dtype`."""

    dtype: np.dtype
    _xp: Any
    _draw: Callable[..., Any]  # defined for each library below

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0) -> Any:
        """low + (high - low) u, where u is one word's upper 24 bits times 2^-24, so 0 <= u < 1

        A float64 net gets the same u as a float32 one.  One word a number.
        """
        return self._draw(UNIFORM, shape, float(high - low), float(low))

    def mask(self, shape: Shape, keep: float) -> Any:
        """1/keep where u < keep, else 0, with u as in `uniform`: the expected value is 1.  One word a number.

        The two are compared in float32, whatever the dtype.  ValueError unless 0 < keep <= 1.
        """
        check_keep(keep)
        return self._draw(MASK, shape, float(keep), 1 / float(keep))

    def dropout(self, x: Any, keep: float) -> tuple[Any, Any]:
        """x * mask, and the mask, as `mask(x.shape, keep)` draws it; both in one launch on a GPU."""
        mask = self.mask(x.shape, keep)
        return x * mask, mask

    def normal(self, shape: Shape) -> Any:
        """Mean 0, variance 1, up to 6.76 standard deviations (Box and Muller 1958).  Two words a number."""
        return self._draw(NORMAL, shape)

    def permutation(self, n: int) -> Any:
        """0 ... n-1 (int64) in the order that sorts n numbers of 64 bits: two words each, low one first."""
        keys = self._draw(WORDS, 2 * n).view(np.uint64)
        return self._xp.argsort(keys, kind="stable")


def check_keep(keep: float) -> None:
    """ValueError unless 0 < keep <= 1."""
    if not 0 < keep <= 1:
        raise ValueError(f"mask: keep is the probability of keeping a unit, in (0, 1]; got {keep!r}")


class _NumpyStream(Stream):
    """The definition of every draw."""

    def __init__(self, seed: int, purpose: int, step: int, backend: Backend) -> None:
        key, counter = np.array([seed, purpose], np.uint64), np.array([0, 0, step, 0], np.uint64)
        self._philox = np.random.Philox(key=key, counter=counter)
        self._left = np.empty(0, "<u4")  # the second half of the last number, if nobody took it
        self._xp, self.dtype = backend.xp, backend.dtype

    def _words(self, n: int) -> np.ndarray:
        fresh = self._philox.random_raw((n - len(self._left) + 1) // 2).astype("<u8", copy=False).view("<u4")
        words = np.concatenate([self._left, fresh]) if len(self._left) else fresh
        self._left = words[n:]
        return words[:n]

    def _draw(self, kind: int, shape: Shape, a: float = 0.0, b: float = 0.0) -> np.ndarray:
        x = np.empty(shape, np.uint32 if kind == WORDS else self.dtype)
        words = self._words(x.size * (2 if kind == NORMAL else 1))
        if kind == NORMAL:
            x[...] = _box_muller(words).reshape(x.shape)
            return x
        words = words.reshape(x.shape)
        if kind == WORDS:
            x[...] = words
        elif kind == MASK:
            kept = words < ceil(np.float32(a) * 2**24) * 2**8  # u < a
            np.multiply(kept, self.dtype.type(b), out=x)
        else:
            x[...] = words >> 8
            x *= 2**-24
            x *= a
            x += b
        return x


def _box_muller(words: np.ndarray) -> np.ndarray:
    """sqrt(-2 log u) cos(2 pi v)        u in (0, 1) from the even words, v in [-1/2, 1/2) from the odd ones

    Libraries disagree in the last bits of log and cos, but IEEE 754 fixes + - * / and sqrt, so series made of
    these (here good to 1e-11) are the same everywhere.  With u = m 2^e, c = 1/sqrt 2, s = (m - c) / (m + c):
    log u = (e - 1/2) log 2 + 2 artanh s; artanh s = s + s^3/3 + ..., |s| < .172; cos x = 1 - x^2/2 + ...
    """
    m, e = np.frexp((words[0::2] + 0.5) * 2.0**-32)
    s = (m - 0.5**0.5) / (m + 0.5**0.5)
    square, ratio = s * s, np.zeros_like(s)
    for k in range(19, 0, -2):
        ratio = ratio * square + 1.0 / k
    log = (e - 0.5) * 0.6931471805599453 + 2.0 * s * ratio
    x = (words[1::2] * 2.0**-32 - 0.5) * 6.283185307179586
    square, cos = x * x, np.ones_like(x)
    for k in range(26, 0, -2):
        cos = 1.0 - cos * square / (k * (k - 1))
    return np.sqrt(-2.0 * log) * cos


class _CudaStream(Stream):
    """The same draws on the GPU, one launch each; the position, a Python number, is all that it remembers."""

    def __init__(self, seed: int, purpose: int, step: int, backend: Backend) -> None:
        self._name = np.uint64(seed), np.uint64(purpose), np.uint64(step)
        self._position = 0
        self._xp, self.dtype = backend.xp, backend.dtype

    def _draw(self, kind: int, shape: Shape, a: float = 0.0, b: float = 0.0) -> Any:
        x = self._xp.empty(shape, np.uint32 if kind == WORDS else self.dtype)
        self._launch("draw", x, kind, a, b)
        self._position += x.size * (2 if kind == NORMAL else 1)
        return x

    def dropout(self, x: Any, keep: float) -> tuple[Any, Any]:
        check_keep(keep)
        x = self._xp.ascontiguousarray(x)
        y, mask = self._xp.empty(x.shape, self.dtype), self._xp.empty(x.shape, self.dtype)
        self._launch("dropout", y, mask, x, float(keep), 1 / float(keep))
        self._position += x.size
        return y, mask

    def _launch(self, name: str, first: Any, *others: Any) -> None:
        kernel = compiled(self._xp, CUDA_SOURCE, name, self.dtype)
        arguments = (first, first.size, *self._name, self._position, *others)
        kernel((blocks(first.size),), (THREADS,), arguments)


CUDA_SOURCE = r"""
typedef unsigned int word_t;
typedef unsigned long long u64;

// Word number `position` of the stream: half of one of the four numbers of its Philox block.
__device__ word_t word(u64 seed, u64 purpose, u64 step, u64 position)
{
    u64 x[4] = {position / 8 + 1, 0, step, 0};
    for (int round = 0; round < 10; round++) {
        u64 high0 = __umul64hi(x[0], 0xD2E7470EE14C6C93ull), low0 = x[0] * 0xD2E7470EE14C6C93ull;
        u64 high2 = __umul64hi(x[2], 0xCA5A826395121157ull), low2 = x[2] * 0xCA5A826395121157ull;
        x[0] = high2 ^ x[1] ^ seed;
        x[1] = low2;
        x[2] = high0 ^ x[3] ^ purpose;
        x[3] = low0;
        seed += 0x9E3779B97F4A7C15ull;
        purpose += 0xBB67AE8584CAA73Bull;
    }
    return (word_t)(x[position / 2 % 4] >> (position % 2 * 32));
}

// _box_muller, operation by operation.
__device__ double box_muller(word_t first, word_t second)
{
    int e;
    double m = frexp((first + 0.5) * (1.0 / 4294967296.0), &e);
    double s = (m - 0.70710678118654757) / (m + 0.70710678118654757);
    double square = s * s, ratio = 0.0;
    for (int k = 19; k > 0; k -= 2) ratio = ratio * square + 1.0 / k;
    double log = (e - 0.5) * 0.6931471805599453 + 2.0 * s * ratio;
    double x = (second * (1.0 / 4294967296.0) - 0.5) * 6.283185307179586;
    square = x * x;
    double cos = 1.0;
    for (int k = 26; k > 0; k -= 2) cos = 1.0 - cos * square / (k * (k - 1));
    return sqrt(-2.0 * log) * cos;
}

// One number a thread.  kind 0: words, 1: uniform (a = high - low, b = low), 2: mask (a = keep, b = 1/keep),
// 3: normal.
extern "C" __global__ void draw(void *out, long long n, u64 seed, u64 purpose, u64 step, u64 position,
                                long long kind, double a, double b)
{
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    position += kind == 3 ? 2 * i : i;
    word_t w = word(seed, purpose, step, position);
    float u = (w >> 8) * (1.0f / 16777216.0f);
    REAL *x = (REAL *)out + i;
    if (kind == 0) ((word_t *)out)[i] = w;
    if (kind == 1) *x = u * (REAL)a + (REAL)b;
    if (kind == 2) *x = u < (float)a ? (REAL)b : 0;
    if (kind == 3) *x = box_muller(w, word(seed, purpose, step, position + 1));
}

// The mask of kind 2, and y = x * mask.
extern "C" __global__ void dropout(REAL *y, long long n, u64 seed, u64 purpose, u64 step, u64 position,
                                   REAL *mask, const REAL *x, double keep, double scale)
{
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float u = (word(seed, purpose, step, position + i) >> 8) * (1.0f / 16777216.0f);
    mask[i] = u < (float)keep ? (REAL)scale : 0;
    y[i] = x[i] * mask[i];
}
"""
