"""CuPy, once it has computed something on this machine's GPU; else why it does not, and what to do."""

import os
import re
from typing import Any

from minigan.errors import InputError

NO_DEVICE = 100  # cudaErrorNoDevice


def working_cupy(place: int = 0) -> Any:
    """CuPy, after it has computed something on the GPU; else InputError with the cause and the remedy.

    place: of several processes on a machine the first, 0, computes where CuPy would, the others on the
    next GPUs.
    """
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
    gpus = _find_gpu(cupy.cuda.runtime)
    if place:
        cupy.cuda.Device(place % gpus).use()
    _compute(cupy)
    return cupy


def _find_gpu(runtime: Any) -> int:
    """How many there are; at least one."""
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
    return count


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
