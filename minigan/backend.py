"""Which array library computes: NumPy on the CPU, or CuPy on an NVIDIA GPU.

A Backend is made once and handed to whatever creates arrays; everything else asks the array (`xp_of`).
CuPy is imported when a Backend needs it, never by `import minigan`.
"""

import os
import re
import sys
from typing import Any

import numpy as np

from minigan.errors import InputError


class Backend:
    """An array library, and the floating-point type that networks have in it.

    name: "numpy" or "cupy"; dtype: "float32" or "float64".  xp: the library's module, where it is not to be
    imported by name (a test's stand-in).  InputError, one line, where an argument is unknown or CuPy cannot
    compute here.
    """

    def __init__(self, name: str = "numpy", dtype: str = "float32", xp: Any = None) -> None:
        if name not in ("numpy", "cupy"):
            raise InputError(f'backend: expected "numpy" or "cupy", got {name!r}')
        if dtype not in ("float32", "float64"):
            raise InputError(f'dtype: expected "float32" or "float64", got {dtype!r}')
        if xp is None:
            xp = np if name == "numpy" else _working_cupy()
        self.name, self.xp, self.dtype = name, xp, np.dtype(dtype)
        _library_of[xp.ndarray] = xp

    def asarray(self, a: Any, dtype: Any = None) -> Any:
        """An array of this backend with the values of `a`, in a's own dtype unless one is given."""
        return self.xp.asarray(a, dtype=dtype)

    def synchronize(self) -> None:
        """Wait until the GPU has done all that it was asked to, as before reading a clock."""
        if self.xp is not np:
            self.xp.cuda.get_current_stream().synchronize()


def choose(name: str, dtype: str = "float32") -> Backend:
    """The Backend for `--backend name`.  "auto" is CuPy where it works, else NumPy, saying why on stderr."""
    if name not in ("numpy", "cupy", "auto"):
        raise InputError(f'backend: expected "numpy", "cupy" or "auto", got {name!r}')
    if name != "auto":
        return Backend(name, dtype)
    try:
        return Backend("cupy", dtype)
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


# Why CuPy does not work here -------------------------------------------------------------------------

NO_DEVICE = 100  # cudaErrorNoDevice


def _working_cupy() -> Any:
    """CuPy, after it has computed something on the GPU; else InputError with the cause and the remedy."""
    from importlib import metadata  # slow to import, and needed nowhere else

    wheels = sorted({d.name for d in metadata.distributions() if _is_cupy(d.name)})
    if len(wheels) > 1:
        raise InputError(
            f"{' and '.join(wheels)} are installed and overwrite each other's files; "
            f"pip uninstall {' '.join(wheels)}, then {_install(13)}"
        )
    try:
        import cupy
    except Exception as error:  # a ValueError, for one, where CuPy was built for another NumPy
        if getattr(error, "name", None) == "cupy":
            raise InputError(f"CuPy is not installed; {_install(13)}") from None
        remedy = f"pip uninstall it, then {_install(13)}"
        raise InputError(f"CuPy is installed but cannot be imported ({_gist(error)}); {remedy}") from None
    _find_gpu(cupy.cuda.runtime)
    _compute(cupy)
    return cupy


def _find_gpu(runtime: Any) -> None:
    driver, needed = runtime.driverGetVersion(), runtime.runtimeGetVersion()
    if driver == 0:
        raise InputError("no NVIDIA driver was found; install the one for your GPU; nvidia-smi then lists it")
    if driver // 1000 < needed // 1000:
        other = f", or pip uninstall CuPy and {_install(12)}" if driver // 1000 == 12 else ""
        raise InputError(
            f"the NVIDIA driver is too old: it serves CUDA {_version(driver)}, "
            f"and CuPy needs CUDA {_version(needed)}; update the driver{other}"
        )
    try:
        count = runtime.getDeviceCount()
    except RuntimeError as error:
        if getattr(error, "status", None) != NO_DEVICE:
            raise InputError(
                f"the NVIDIA driver does not answer ({_gist(error)}); see what nvidia-smi says, or restart"
            ) from None
        count = 0
    if count == 0:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        why = "" if visible is None else f", and CUDA_VISIBLE_DEVICES is {visible!r}"
        raise InputError(f"the NVIDIA driver shows no GPU{why}; see which ones nvidia-smi lists")


def _compute(cupy: Any) -> None:
    try:
        x = cupy.ones((2, 2), "float32")
        (x @ x + x).get()  # the product needs cuBLAS, the sum needs the compiler nvrtc
    except Exception as error:  # every library reports in its own class, and CuPy's releases differ
        gist = _gist(error)
        if part := re.search(r"[\w-]+\.(so|dll)\b[.\d]*|\w+\.h\b", gist):
            install = _install(cupy.cuda.runtime.runtimeGetVersion() // 1000)
            raise InputError(f"CuPy does not find {part[0]}, a part of CUDA; {install}") from None
        raise InputError(
            f"the GPU failed at a first small product ({gist}); see what nvidia-smi says"
        ) from None


def _is_cupy(distribution: str | None) -> bool:
    return bool(re.fullmatch(r"(amd-)?cupy(-cuda\w+|-rocm[\w-]+)?", distribution or "", re.IGNORECASE))


def _install(cuda: int) -> str:
    other = ' (or ".[cuda12]" for a driver of CUDA 12)' if cuda == 13 else ""
    return f'python -m pip install ".[cuda{cuda}]" in minigan\'s folder{other}'


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"  # 12040 is CUDA 12.4


def _gist(error: BaseException) -> str:
    """An exception on one line; CuPy's texts have thirty, and name the cause only in another exception."""
    error = error.__cause__ or error
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}"
