"""What all tests share: the array libraries, the real MNIST, and how hypothesis searches."""

import os
from functools import partial
from pathlib import Path

import cuda_on_cpu
import pytest
from hypothesis import HealthCheck, Phase, settings

from minigan import data, kernels
from minigan.backend import Backend
from minigan.errors import InputError
from minigan.homework.judging import strict_cupy
from minigan.homework.judging.strict_cupy import strict_backend

# Two runs that are compared compute with as many threads, which a trial on a busy machine would not promise.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same search for everybody and every time, however busy the machine.  To look further:
# pytest --hypothesis-profile explore
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", patient, derandomize=True, max_examples=20)
settings.register_profile("unshrunk", settings.get_profile("same"), phases=[Phase.explicit, Phase.generate])
settings.register_profile("explore", patient, max_examples=200)
settings.load_profile("same")


def pytest_addoption(parser):
    libraries = "numpy,stand-in,cupy"
    parser.addoption("--backends", default=libraries, help=f"the libraries to test on (default: {libraries})")


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        libraries = metafunc.config.getoption("backends").split(",")
        metafunc.parametrize("backend", libraries, indirect=True, scope="session")


@pytest.fixture(scope="session")
def backend(request):
    """A float64 Backend: NumPy; the strict stand-in for CuPy; and CuPy, where there is a GPU."""
    if request.param == "stand-in":
        return strict_backend("float64")
    try:
        return Backend(request.param, "float64")
    except InputError as reason:
        pytest.skip(f"NOT TESTED on a GPU: {str(reason).partition(';')[0]}")


@pytest.fixture(params=["source compiled for the CPU", "stand-in", "cupy"])
def gpu(request, monkeypatch):
    """backend(dtype) of a GPU, or of what comes near it."""
    if request.param == "cupy":
        try:
            Backend("cupy")
        except InputError as reason:
            pytest.skip(f"the kernels did not run on a GPU: {reason}")
        return partial(Backend, "cupy")
    if request.param.startswith("source"):
        if cuda_on_cpu.COMPILER is None:
            pytest.skip("the CUDA source was NOT TESTED: there is no C++ compiler (g++ or clang++) here")
        monkeypatch.setattr(strict_cupy.xp, "RawKernel", cuda_on_cpu.CompiledKernel)
    kernels.compiled.cache_clear()
    request.addfinalizer(kernels.compiled.cache_clear)
    return strict_backend


@pytest.fixture(scope="session")
def mnist():
    """The real MNIST, where the environment variable MINIGAN_DATA names a folder that holds mnist/*.gz."""
    folder = os.environ.get("MINIGAN_DATA")
    if not folder or not list(Path(folder, "mnist").glob("*.gz")):
        pytest.skip("NOT TESTED on the real MNIST: set MINIGAN_DATA to the folder that holds mnist/*.gz")
    return data.load("mnist")
