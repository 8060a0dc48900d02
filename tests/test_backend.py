"""Choosing a backend, every way in which CuPy can be unusable, and which library an array belongs to."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from minigan.backend import Backend, choose, to_host, xp_of
from minigan.errors import InputError
from minigan.homework.judging import strict_cupy
from minigan.homework.judging.strict_cupy import counting, strict_backend

PIP = 'python -m pip install ".[cuda13]" in minigan\'s folder (or ".[cuda12]" for a driver of CUDA 12)'


class CUDARuntimeError(RuntimeError):
    """As CuPy's: the text of the CUDA runtime, and its number as `status`."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def missing(library):
    """What CuPy 14 raises at the first use of a library that is not there."""
    return RuntimeError(
        f'Failure finding "{library}": No such file: {library}\n  listdir("/usr/lib"):\n    a.so.1'
    )


@pytest.fixture
def install(monkeypatch):
    """install(...) puts a pretended CuPy in Python's way; what it is told to fail at, it raises."""
    monkeypatch.setattr(metadata, "distributions", lambda: [SimpleNamespace(name="numpy", version="2.0")])
    monkeypatch.setitem(sys.modules, "cupy", None)  # importing it raises ModuleNotFoundError
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(wheels=("cupy-cuda13x",), driver=13000, needed=13020, devices=1, product=None):
        def answer(value):
            def function(*args):
                if isinstance(value, Exception):
                    raise value
                return value

            return function

        cupy = ModuleType("cupy")
        cupy.ndarray = type("ndarray", (), {})
        cupy.ones = answer(product) if product else strict_cupy.xp.ones
        cupy.used = []
        cupy.cuda = SimpleNamespace(
            Device=lambda gpu: SimpleNamespace(use=lambda: cupy.used.append(gpu)),
            runtime=SimpleNamespace(
                driverGetVersion=answer(driver),
                runtimeGetVersion=answer(needed),
                getDeviceCount=answer(devices),
            ),
        )
        distributions = [SimpleNamespace(name=name) for name in (*wheels, "cupy-xarray", "numpy", None)]
        monkeypatch.setattr(metadata, "distributions", lambda: distributions)
        monkeypatch.setitem(sys.modules, "cupy", cupy)
        return cupy

    return install


UNUSABLE = [
    (
        {"driver": 0},
        "no NVIDIA driver was found; install the one for your GPU; nvidia-smi then lists it",
    ),
    (
        {"driver": 12040},
        "the NVIDIA driver is too old: it serves CUDA 12.4, and CuPy needs CUDA 13.2; update the driver, "
        'or pip uninstall CuPy and python -m pip install ".[cuda12]" in minigan\'s folder',
    ),
    (
        {"driver": 11080, "needed": 12090},
        "the NVIDIA driver is too old: it serves CUDA 11.8, and CuPy needs CUDA 12.9; update the driver",
    ),
    (
        {"devices": CUDARuntimeError(100, "cudaErrorNoDevice: no CUDA-capable device is detected")},
        "the NVIDIA driver shows no GPU; see which ones nvidia-smi lists",
    ),
    (
        {"devices": 0},
        "the NVIDIA driver shows no GPU; see which ones nvidia-smi lists",
    ),
    (
        {"devices": CUDARuntimeError(999, "cudaErrorUnknown: unknown error")},
        "the NVIDIA driver does not answer (CUDARuntimeError: cudaErrorUnknown: unknown error); "
        "see what nvidia-smi says, or restart",
    ),
    (
        {"product": missing("libcublas.so.13")},
        "CuPy does not find libcublas.so.13, a part of CUDA; " + PIP,
    ),
    (
        {"product": missing("libnvrtc.so.12"), "needed": 12090},
        "CuPy does not find libnvrtc.so.12, a part of CUDA; "
        'python -m pip install ".[cuda12]" in minigan\'s folder',
    ),
    (
        {"product": ImportError("nvrtc64_130_0.dll: cannot open")},
        "CuPy does not find nvrtc64_130_0.dll, a part of CUDA; " + PIP,
    ),
    (
        {"product": ValueError('k.cu(4): catastrophic error: cannot open source file "cuda_fp16.h"')},
        "CuPy does not find cuda_fp16.h, a part of CUDA; " + PIP,
    ),
    (
        {"product": CUDARuntimeError(2, "cudaErrorMemoryAllocation: out of memory")},
        "the GPU failed at a first small product (CUDARuntimeError: cudaErrorMemoryAllocation: out of memory)"
        "; see what nvidia-smi says",
    ),
    (
        {"wheels": ("cupy-cuda13x", "cupy-cuda12x")},
        "cupy-cuda12x and cupy-cuda13x are installed and overwrite each other's files; "
        "pip uninstall cupy-cuda12x cupy-cuda13x, then " + PIP,
    ),
]


@pytest.mark.parametrize(("state", "message"), UNUSABLE)
def test_each_reason_why_cupy_is_unusable_has_its_message(install, state, message):
    install(**state)
    with pytest.raises(InputError) as raised:
        choose("cupy")
    assert str(raised.value) == message


def test_cupy_is_not_installed(install):
    with pytest.raises(InputError) as raised:
        choose("cupy")
    assert str(raised.value) == f"CuPy is not installed; {PIP}"


def test_cupy_cannot_be_imported(install, monkeypatch, tmp_path):
    install()
    monkeypatch.delitem(sys.modules, "cupy")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "cupy.py").write_text(
        "try:\n"
        "    raise ImportError('libcudart.so.13: cannot open shared object file')\n"
        "except ImportError as cause:\n"
        "    raise ImportError('''\n=====\nFailed to import CuPy.\n\nOriginal error: ...\n''') from cause\n"
    )
    with pytest.raises(InputError) as raised:
        choose("cupy")
    assert str(raised.value) == (
        "CuPy is installed but cannot be imported (ImportError: libcudart.so.13: cannot open shared object "
        f"file); pip uninstall it, then {PIP}"
    )


def test_whatever_the_import_of_cupy_raises(install, monkeypatch, tmp_path, capsys):
    install()
    monkeypatch.delitem(sys.modules, "cupy")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "cupy.py").write_text("raise ValueError('numpy.dtype size changed')\n")
    assert choose("auto").name == "numpy"
    assert "cannot be imported (ValueError: numpy.dtype size changed)" in capsys.readouterr().err


def test_hidden_gpus_are_named(install, monkeypatch):
    install(devices=0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(InputError, match="shows no GPU, and CUDA_VISIBLE_DEVICES is ''; see"):
        choose("cupy")


def test_auto_says_why_it_takes_numpy(install, capsys):
    install(driver=0)
    backend = choose("auto", "float64")
    assert (backend.name, backend.xp, backend.dtype) == ("numpy", np, np.float64)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("backend: numpy, because no NVIDIA driver was found; install")


@pytest.mark.parametrize("name", ["cupy", "auto"])
def test_cupy_is_taken_where_it_works(install, capsys, name):
    cupy = install()
    backend = choose(name, "float64")
    assert (backend.name, backend.xp, backend.dtype) == ("cupy", cupy, np.float64)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("place", "used"), [(0, []), (1, [1]), (2, [2]), (3, [0]), (5, [2])])
@pytest.mark.parametrize("name", ["cupy", "auto"])
def test_each_process_of_a_machine_takes_the_next_gpu(install, name, place, used):
    cupy = install(devices=3)
    assert choose(name, place=place).name == "cupy" and cupy.used == used


@pytest.mark.parametrize("driver", [13000, 13020, 14000])
def test_a_driver_of_the_same_major_version_or_newer_will_do(install, driver):
    install(driver=driver, needed=13020)
    assert choose("cupy").name == "cupy"


def test_numpy_is_the_default():
    for backend in (Backend(), choose("numpy")):
        assert (backend.name, backend.xp, backend.dtype) == ("numpy", np, np.float32)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: choose("torch"), 'backend: expected "numpy", "cupy" or "auto", got \'torch\''),
        (lambda: Backend("auto"), 'backend: expected "numpy" or "cupy", got \'auto\''),
        (lambda: choose("numpy", "float16"), 'dtype: expected "float32" or "float64", got \'float16\''),
        (lambda: choose("auto", "int32"), 'dtype: expected "float32" or "float64", got \'int32\''),
    ],
)
def test_unknown_names(make, message, capsys):
    with pytest.raises(InputError) as raised:
        make()
    assert str(raised.value) == message
    assert capsys.readouterr().err == ""


def test_importing_minigan_does_not_import_cupy(tmp_path):
    (tmp_path / "cupy.py").write_text("raise SystemExit('cupy was imported')")
    program = "import sys; sys.path.insert(0, sys.argv[1]); import minigan, minigan.backend as b; b.Backend()"
    root = Path(__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=root, check=True)


def test_asarray_keeps_the_dtype_unless_told():
    for backend in (Backend(), strict_backend()):
        x = backend.asarray(np.arange(3, dtype=np.uint8))
        assert type(x) is backend.xp.ndarray and x.dtype == np.uint8
        x = backend.asarray([1, 2], backend.dtype)
        assert x.dtype == np.float32 and to_host(x).tolist() == [1, 2]


def test_to_host():
    x = np.ones(3)
    assert to_host(x) is x
    on_gpu = strict_backend().asarray(x)
    with counting() as counts:
        assert type(to_host(on_gpu)) is np.ndarray and (to_host(on_gpu) == x).all()
    assert counts.waits == 2


def test_synchronize():
    with counting() as counts:
        Backend().synchronize()
        assert counts.waits == 0
        strict_backend().synchronize()
        assert counts.waits == 1


def test_xp_of():
    a, b = np.ones(3), strict_backend().asarray([1.0])
    assert xp_of(a) is xp_of(a, a, a) is np
    assert xp_of(b) is xp_of(b, b) is strict_cupy.xp


@pytest.mark.parametrize(
    ("others", "names"),
    [
        ([strict_backend().asarray([1.0])], "numpy.ndarray, cupy.ndarray"),
        ([[1.0]], "numpy.ndarray, builtins.list"),
        ([1.0], "numpy.ndarray, builtins.float"),
        ([np.float32(1)], "numpy.ndarray, numpy.float32"),
        ([None], "numpy.ndarray, builtins.NoneType"),
    ],
)
def test_xp_of_names_the_types_that_do_not_fit(others, names):
    arrays = [np.ones(3), *others]
    with pytest.raises(TypeError) as raised:
        xp_of(*arrays)
    assert str(raised.value) == f"expected arrays of one library, all NumPy's or all CuPy's; got {names}"
    with pytest.raises(TypeError, match="expected arrays of one library"):
        xp_of(*reversed(arrays))


def test_xp_of_a_mapped_file_is_refused(tmp_path):
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=3)
    with pytest.raises(TypeError, match="got numpy.memmap"):
        xp_of(mapped)
    assert xp_of(Backend().asarray(mapped)) is np
