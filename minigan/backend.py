"""Which array library computes: NumPy on the CPU, or CuPy on an NVIDIA GPU.

A Backend is made once and handed to whatever creates arrays; everything else asks the array (`xp_of`).
CuPy is imported when a Backend needs it, never by `import minigan`.
"""

import sys
from typing import Any

import numpy as np

from minigan.device import working_cupy
from minigan.errors import InputError


class Backend:
    """An array library, and the floating-point type that networks have in it.

    name: "numpy" or "cupy"; dtype: "float32" or "float64".  xp: the library's module, where it is not to be
    imported by name (a test's stand-in); place: which process of this machine it is for, each of which takes
    a GPU of its own.  InputError, one line, where an argument is unknown or CuPy cannot compute here.
    """

    def __init__(self, name: str = "numpy", dtype: str = "float32", xp: Any = None, place: int = 0) -> None:
        if name not in ("numpy", "cupy"):
            raise InputError(f'backend: expected "numpy" or "cupy", got {name!r}')
        if dtype not in ("float32", "float64"):
            raise InputError(f'dtype: expected "float32" or "float64", got {dtype!r}')
        if xp is None:
            xp = np if name == "numpy" else working_cupy(place)
        self.name, self.xp, self.dtype = name, xp, np.dtype(dtype)
        _library_of[xp.ndarray] = xp

    def asarray(self, a: Any, dtype: Any = None) -> Any:
        """An array of this backend with the values of `a`, in a's own dtype unless one is given."""
        return self.xp.asarray(a, dtype=dtype)

    def synchronize(self) -> None:
        """Wait until the GPU has done all that it was asked to, as before reading a clock."""
        if self.xp is not np:
            self.xp.cuda.get_current_stream().synchronize()


def choose(name: str, dtype: str = "float32", place: int = 0) -> Backend:
    """The Backend for `--backend name`.  "auto" is CuPy where it works, else NumPy, saying why on stderr.

    InputError for another name, or where CuPy is asked for by name and does not work.
    """
    if name not in ("numpy", "cupy", "auto"):
        raise InputError(f'backend: expected "numpy", "cupy" or "auto", got {name!r}')
    if name != "auto":
        return Backend(name, dtype, place=place)
    try:
        return Backend("cupy", dtype, place=place)
    except InputError as reason:
        backend = Backend("numpy", dtype)
        print(f"backend: numpy, because {reason}", file=sys.stderr)
        return backend


def xp_of(array: Any, *others: Any) -> Any:
    """The library that all the arrays belong to.  TypeError where they are of two, or one is of none."""
    xp = _library_of.get(type(array))
    for other in others:
        if _library_of.get(type(other)) is not xp:
            xp = None
    if xp is None:
        types = ", ".join(f"{type(a).__module__}.{type(a).__name__}" for a in (array, *others))
        raise TypeError(f"expected arrays of one library, all NumPy's or all CuPy's; got {types}")
    return xp


def to_host(array: Any) -> np.ndarray:
    """The values as a NumPy array: `array` itself if it is one; else a copy, which waits for the GPU."""
    return array if isinstance(array, np.ndarray) else array.get()


_library_of: dict[type, Any] = {np.ndarray: np}
