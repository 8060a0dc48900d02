"""A strict stand-in for CuPy: it computes with NumPy, and refuses what a GPU refuses.

`xp` stands for the module cupy, `ndarray` for its arrays.  What CuPy refuses is refused in CuPy's words.
Stricter than CuPy, NumPy's functions refuse these arrays, and these functions refuse NumPy's.  `counting()`
counts what takes time on a GPU; in `no_sync()`, waiting for the GPU is an error.  tests/test_strict_cupy.py
compares all this with NumPy, and with CuPy where there is a GPU.  minigan's own tests use it, and homework
that is to run on a GPU is judged by it.
"""

import contextlib
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

import minigan.random
from minigan.backend import Backend
from minigan.kernels import KERNELS

xp = ModuleType("cupy")


def strict_backend(dtype: str = "float32") -> Backend:
    """A Backend like CuPy's that needs no GPU."""
    return Backend("cupy", dtype, xp)


# What takes time on a GPU ----------------------------------------------------------------------------


@dataclass
class Counts:
    """launches: kernels started, at least.  waits: times that the program stood still until the GPU was done.
    bytes_copied: to the GPU and from it."""

    launches: int = 0
    waits: int = 0
    bytes_copied: int = 0


@contextlib.contextmanager
def counting() -> Iterator[Counts]:
    counts = Counts()
    _counting.append(counts)
    try:
        yield counts
    finally:
        _counting.pop()


@contextlib.contextmanager
def no_sync() -> Iterator[None]:
    global _may_wait
    before, _may_wait = _may_wait, False
    try:
        yield
    finally:
        _may_wait = before


_counting: list[Counts] = []
_may_wait = True


def _count(launches: int = 0, waits: int = 0, bytes_copied: int = 0) -> None:
    assert _may_wait or not waits, "this waits for the GPU"
    for counts in _counting:
        counts.launches += launches
        counts.waits += waits
        counts.bytes_copied += bytes_copied


# The array -------------------------------------------------------------------------------------------


class ndarray:
    """`_host` holds the values; only this file may look at it."""

    __module__ = "cupy"  # what messages call it
    __slots__ = ("__weakref__", "_host")
    __hash__ = None
    __array_ufunc__ = None  # NumPy then refuses numpy.exp(x), and leaves array + x to x

    def __init__(self, host: Any) -> None:
        self._host = np.asarray(host)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} was given an array of CuPy")

    # Whoever wants the values waits for them

    def get(self) -> np.ndarray:
        _count(waits=1, bytes_copied=self.nbytes)
        return self._host.copy()

    def item(self) -> Any:
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def nonzero(self) -> tuple["ndarray", ...]:
        _count(launches=1, waits=1)
        return tuple(ndarray(indices) for indices in self._host.nonzero())

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __bool__(self) -> bool:
        return bool(self.get())

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec)

    # Form: views, which cost nothing, where the order of the values in memory allows it

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    flags = property(lambda self: self._host.flags)
    data = property(lambda self: SimpleNamespace(ptr=self._host.ctypes.data))
    T = property(lambda self: self.transpose())

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Iterator["ndarray"]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def reshape(self, *shape: Any) -> "ndarray":
        return _view(self, self._host.reshape(*shape))

    def ravel(self) -> "ndarray":
        return _view(self, self._host.ravel())

    def transpose(self, *axes: Any) -> "ndarray":
        return _view(self, self._host.transpose(*axes))

    def swapaxes(self, axis1: int, axis2: int) -> "ndarray":
        return _view(self, self._host.swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> "ndarray":
        return _view(self, self._host.squeeze(axis))

    def view(self, dtype: Any = None) -> "ndarray":
        return _view(self, self._host.view(dtype or self.dtype))

    # Elements

    def __getitem__(self, index: Any) -> "ndarray":
        index = _index(index)
        if any(isinstance(part, np.ndarray) for part in index):
            _count(launches=1, waits=_masks(index))
            return ndarray(self._host[index])
        return ndarray(self._host[index if Ellipsis in index else (*index, ...)])  # x[0] too is a view

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        index, values = _index(index), _operand(value)
        _count(launches=1, waits=_masks(index) if np.size(values) > 1 else 0)
        self._host[index] = values

    def fill(self, value: Any) -> None:
        self[...] = value

    def take(self, indices: Any, axis: Any = None, out: Any = None) -> "ndarray":
        return _launch(np.take, self, indices, axis=axis, out=out)

    # New arrays

    def copy(self) -> "ndarray":
        return _launch(np.copy, self)

    def flatten(self) -> "ndarray":
        return _launch(np.ndarray.flatten, self)

    def astype(self, dtype: Any, copy: bool = True) -> "ndarray":
        same = self.dtype == _checked(dtype)
        return self if same and not copy else _launch(np.ndarray.astype, self, dtype=dtype)

    def argsort(self, axis: Any = -1, kind: Any = None) -> "ndarray":
        if kind not in (None, "stable"):
            raise ValueError("kind can only be None or 'stable'")
        return _launch(np.argsort, self, axis=axis, kind="stable")

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> "ndarray":
        return _launch(np.clip, self, a_min=min, a_max=max, out=out)


def _launch(f: Callable, *operands: Any, out: Any = None, launches: int = 1, **options: Any) -> ndarray:
    """f(*operands) on the hidden values; where NumPy makes a number of it, an array of no dimensions."""
    values = [_operand(a) for a in operands]
    if out is not None:
        options["out"] = _own(out)._host
    _count(launches)
    with np.errstate(all="ignore"):  # a GPU does not warn
        result = f(*values, **options)
    return ndarray(result) if out is None else out


def _view(x: ndarray, host: np.ndarray) -> ndarray:
    _count(launches=0 if np.may_share_memory(x._host, host) else 1)
    return ndarray(host)


def _operand(a: Any) -> Any:
    if isinstance(a, ndarray):
        return a._host
    if isinstance(a, bool | int | float | complex | np.generic):
        return a
    raise TypeError(f"Unsupported type {type(a)}")


def _own(a: Any) -> ndarray:
    if not isinstance(a, ndarray):
        got = f"{type(a).__module__}.{type(a).__name__}"
        raise TypeError(f"Argument has incorrect type (expected cupy._core.core._ndarray_base, got {got})")
    return a


def _checked(dtype: Any) -> np.dtype:
    if np.dtype(dtype).kind not in "biufc":
        raise ValueError(f"Unsupported dtype {np.dtype(dtype)}")
    return np.dtype(dtype)


def _index(index: Any) -> tuple[Any, ...]:
    """The parts of an index.  Lists, and arrays of the host, are copied to the GPU."""
    parts = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, list | np.ndarray):
            part = np.asarray(part)
            _count(bytes_copied=part.nbytes)
        parts.append(part._host if isinstance(part, ndarray) else part)
    return tuple(parts)


def _masks(index: tuple[Any, ...]) -> int:
    return sum(isinstance(part, np.ndarray) and part.dtype == bool for part in index)


# Operators, and the functions that are alike ---------------------------------------------------------


def _define_operator(name: str) -> None:
    f, update = getattr(operator, f"__{name}__"), getattr(operator, f"__i{name}__", None)

    def in_place(x: ndarray, y: Any) -> ndarray:
        _launch(update, x, y)
        return x

    setattr(ndarray, f"__{name}__", lambda *operands: _launch(f, *operands))
    if update:
        setattr(ndarray, f"__r{name}__", lambda x, y: _launch(f, y, x))
        setattr(ndarray, f"__i{name}__", in_place)


def _define_elementwise(name: str) -> None:
    f = getattr(np, name)
    setattr(xp, name, lambda *operands, out=None, dtype=None: _launch(f, *operands, out=out, dtype=dtype))


def _define_reduction(name: str) -> None:
    f = getattr(np, name)

    def reduce(a: ndarray, axis: Any = None, *, dtype: Any = None, out: Any = None, keepdims: bool = False):
        options = {} if dtype is None else {"dtype": dtype}
        return _launch(f, _own(a), axis=axis, out=out, keepdims=keepdims, **options)

    setattr(xp, name, reduce)
    setattr(ndarray, name, reduce)


def _define_function_of_method(name: str) -> None:
    setattr(xp, name, lambda a, *args, **options: getattr(_own(a), name)(*args, **options))


OPERATORS = "add sub mul truediv floordiv mod pow and or xor lt le eq ne gt ge neg abs invert"
ELEMENTWISE = """
abs absolute add cos divide equal exp expm1 floor floor_divide greater greater_equal isfinite isinf isnan
less less_equal log log1p log2 logaddexp logical_and logical_not logical_or maximum minimum multiply negative
not_equal power remainder sign sin sqrt square subtract tan tanh true_divide
"""
REDUCTIONS = "all any argmax argmin max mean min prod std sum var"
METHODS = "argsort clip nonzero ravel reshape squeeze swapaxes take transpose"
CONSTANTS = "bool_ dtype e float16 float32 float64 inf int32 int64 nan newaxis pi uint8 uint32 uint64"

for _name in OPERATORS.split():
    _define_operator(_name)
for _name in ELEMENTWISE.split():
    _define_elementwise(_name)
for _name in REDUCTIONS.split():
    _define_reduction(_name)
for _name in METHODS.split():
    _define_function_of_method(_name)
for _name in CONSTANTS.split():
    setattr(xp, _name, getattr(np, _name))


# The other functions ---------------------------------------------------------------------------------


def _public(function: Callable) -> Callable:
    setattr(xp, function.__name__, function)
    return function


@_public
def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'cupy' has no attribute {name!r}, or the stand-in for it has none")


@_public
def asarray(a: Any, dtype: Any = None) -> ndarray:
    if isinstance(a, ndarray):
        return a if dtype is None else a.astype(dtype, copy=False)
    host = np.array(a, dtype)  # never the caller's own memory
    _checked(host.dtype)
    _count(bytes_copied=host.nbytes)
    return ndarray(host)


@_public
def asnumpy(a: ndarray) -> np.ndarray:
    return a.get()


@_public
def empty(shape: Any, dtype: Any = float) -> ndarray:
    return ndarray(np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 99, dtype))  # not by luck zeros


@_public
def full(shape: Any, value: Any, dtype: Any = None) -> ndarray:
    return _launch(lambda value: np.full(shape, value, dtype), value)


@_public
def zeros(shape: Any, dtype: Any = float) -> ndarray:
    return full(shape, 0, dtype)


@_public
def ones(shape: Any, dtype: Any = float) -> ndarray:
    return full(shape, 1, dtype)


@_public
def empty_like(a: ndarray, dtype: Any = None) -> ndarray:
    return empty(_own(a).shape, dtype or a.dtype)


@_public
def full_like(a: ndarray, value: Any, dtype: Any = None) -> ndarray:
    return full(_own(a).shape, value, dtype or a.dtype)


@_public
def zeros_like(a: ndarray, dtype: Any = None) -> ndarray:
    return full_like(a, 0, dtype)


@_public
def ones_like(a: ndarray, dtype: Any = None) -> ndarray:
    return full_like(a, 1, dtype)


@_public
def arange(*limits: Any, dtype: Any = None) -> ndarray:
    return _launch(np.arange, *limits, dtype=dtype)


@_public
def linspace(start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: Any = None) -> ndarray:
    return _launch(np.linspace, start, stop, num=num, endpoint=endpoint, dtype=dtype)


@_public
def matmul(a: ndarray, b: ndarray, out: ndarray | None = None) -> ndarray:
    return _launch(np.matmul, _own(a), _own(b), out=out)


ndarray.__matmul__ = matmul
ndarray.__rmatmul__ = lambda b, a: matmul(a, b)


@_public
def einsum(subscripts: str, *operands: ndarray) -> ndarray:
    return _launch(lambda *values: np.einsum(subscripts, *values), *map(_own, operands))


@_public
def where(condition: ndarray, x: Any = None, y: Any = None) -> Any:
    if (x is None) != (y is None):
        raise ValueError("Must provide both 'x' and 'y' or neither.")
    return condition.nonzero() if x is None else _launch(np.where, condition, x, y)


@_public
def concatenate(arrays: Any, axis: int = 0, out: ndarray | None = None) -> ndarray:
    def join(*values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return np.concatenate(values, axis, out)

    return _launch(join, *map(_own, arrays), out=out, launches=len(arrays))


@_public
def stack(arrays: Any, axis: int = 0, out: ndarray | None = None) -> ndarray:
    return concatenate([expand_dims(a, axis) for a in arrays], axis, out)


@_public
def expand_dims(a: ndarray, axis: Any) -> ndarray:
    return _view(a, np.expand_dims(_own(a)._host, axis))


@_public
def broadcast_to(a: ndarray, shape: Any) -> ndarray:
    return _view(a, np.broadcast_to(_own(a)._host, shape))


@_public
def ascontiguousarray(a: ndarray) -> ndarray:
    return a if _own(a).flags.c_contiguous else _launch(np.array, a, order="C")


@_public
def copyto(target: ndarray, source: Any) -> None:
    if isinstance(source, np.ndarray) and source.size != 1:
        raise ValueError("non-scalar numpy.ndarray cannot be used for copyto")
    _count(launches=1)
    np.copyto(_own(target)._host, _operand(source))


@_public
def take_along_axis(a: ndarray, indices: ndarray, axis: Any) -> ndarray:
    return _launch(np.take_along_axis, _own(a), _own(indices), axis=axis)


def sliding_window_view(x: ndarray, window_shape: Any, axis: Any = None) -> ndarray:
    return _view(x, np.lib.stride_tricks.sliding_window_view(_own(x)._host, window_shape, axis))


class Generator:
    """CuPy's random numbers: not NumPy's, and without normal, permutation, shuffle and choice."""

    def __init__(self, seed: Any = None) -> None:
        self._generator = np.random.default_rng(seed)

    def random(self, size: Any = None, dtype: Any = float) -> ndarray:
        return _launch(self._generator.random, size=size, dtype=dtype)


class RawKernel:
    """A kernel of minigan's: the function in NumPy that defines it stands in for it."""

    def __init__(self, code: str, name: str, options: tuple[str, ...] = ()) -> None:
        if code == minigan.random.CUDA_SOURCE:
            self.play = {"draw": _draw, "dropout": _dropout}[name]
        else:
            assert name in KERNELS and code == KERNELS[name].source, "the stand-in knows no other kernel"
            self.play = lambda n, *arguments: KERNELS[name].function(*arguments)

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], args: tuple[Any, ...]) -> None:
        arrays = [a for a in args if isinstance(a, ndarray)]
        assert all(a.flags.c_contiguous for a in arrays), "a kernel reads and writes in C order"
        (n,) = (a for a in args[:2] if isinstance(a, int))
        assert n == arrays[0].size and (grid == (1,) or n <= grid[0] * block[0])
        _count(launches=1)
        self.play(*(a._host if isinstance(a, ndarray) else a for a in args))


def _draw(out: np.ndarray, n: int, *arguments: Any) -> None:
    *name, position, kind, a, b = arguments
    out[...] = _stream(*name, position, out.dtype)._draw(kind, out.shape, a, b)


def _dropout(y: np.ndarray, n: int, *arguments: Any) -> None:
    *name, position, mask, x, keep, _ = arguments
    y[...], mask[...] = _stream(*name, position, mask.dtype).dropout(x, keep)


def _stream(seed: int, purpose: int, step: int, position: int, dtype: np.dtype) -> Any:
    stream = minigan.random._NumpyStream(seed, purpose, step, SimpleNamespace(xp=np, dtype=dtype))
    stream._words(position)
    return stream


xp.ndarray = ndarray
xp.RawKernel = RawKernel
xp.random = SimpleNamespace(Generator=Generator, default_rng=Generator)
xp.lib = SimpleNamespace(stride_tricks=SimpleNamespace(sliding_window_view=sliding_window_view))
stream = SimpleNamespace(ptr=0, synchronize=lambda: _count(waits=1))
xp.cuda = SimpleNamespace(get_current_stream=lambda: stream)
