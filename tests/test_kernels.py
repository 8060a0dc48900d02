"""kernels.py: the function in NumPy against its formula, and the text in CUDA against that function."""

import ast
import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import exact_sigmoid, exact_softplus

from minigan import kernels, random
from minigan.backend import Backend, to_host
from minigan.homework.judging.strict_cupy import counting, no_sync, strict_backend
from minigan.kernels import KERNELS

# exp and log differ in the last bits:
ROUNDED = {"sigmoid", "bias_sigmoid", "logistic_loss", "logistic_loss_gradient"}


def arguments(name, dtype):
    """Larger than a block of threads, with equal pieces, zeros and extreme logits."""
    rng = np.random.default_rng(1)

    def normal(*shape):
        return rng.standard_normal(shape).astype(dtype)

    def few(*shape):
        return rng.integers(-2, 3, shape).astype(dtype)

    m, pieces, units = 13, 3, 29
    logits = np.concatenate([normal(11, 1), [[0.0], [-0.0], [800], [-800], [30], [-30]], normal(600, 1)])
    logits = logits.astype(dtype)
    a, y = few(m, pieces * units), few(m, units)
    if name == "maxout_gradient":
        y = a.reshape(m, pieces, units).max(axis=1)
    n = 70_000  # more than NumPy's block
    wide = normal(m, units)
    wide.flat[:6] = 0, -0.0, 800, -800, 30, -30
    return {
        "bias_relu": (a, few(pieces * units), pieces * units),
        "bias_sigmoid": (wide, few(units), units),
        "relu_gradient": (np.empty_like(a), normal(*a.shape), a),
        "sigmoid": (np.empty_like(logits), logits),
        "sigmoid_gradient": (np.empty_like(a), normal(*a.shape), rng.random(a.shape).astype(dtype)),
        "bias_maxout": (y, a, few(pieces * units), pieces, units),
        "maxout_gradient": (np.empty_like(a), normal(m, units), a, y, pieces, units),
        "logistic_loss": (np.empty((), dtype), logits, len(logits), 9, 0.5),
        "logistic_loss_gradient": (np.empty_like(logits), np.asarray(3, dtype), logits, 9, 0.5),
        "momentum": (normal(n), normal(n), normal(n), 0.1, 0.6),
        "adam": (normal(n) + 9, normal(n), normal(n) ** 2, normal(n), 0.1, 0.3, 0.01, 0.9, 1e-3),
    }[name]


def formulas(name, *given):
    """What the kernel leaves in its first array, in NumPy's float64 and in other words than minigan's."""
    a = given[1].astype(np.float64)
    match name:
        case "bias_relu":
            return (abs(given[0] + a) + given[0] + a) / 2
        case "bias_sigmoid":
            return exact_sigmoid(given[0] + a)
        case "relu_gradient":
            return np.where(given[2] <= 0, 0, a)
        case "sigmoid":
            return exact_sigmoid(a)
        case "sigmoid_gradient":
            y = given[2].astype(np.float64)
            return a * (y - y**2)
        case "bias_maxout":
            _, _, b, pieces, units = given
            return np.stack([(a + b)[:, unit::units].max(axis=1) for unit in range(units)], axis=1)
        case "maxout_gradient":
            _, _, x, _, pieces, units = given
            x = x.reshape(len(x), pieces, units)
            winner = np.arange(pieces)[:, None] == x.argmax(axis=1)[:, None, :]
            return (winner * a[:, None, :]).reshape(len(a), -1)
        case "logistic_loss":
            _, _, _, ones, scale = given
            return scale * (exact_softplus(-a[:ones]).mean() + exact_softplus(a[ones:]).mean())
        case "logistic_loss_gradient":
            _, g, x, ones, scale = given
            x = x.astype(np.float64)
            real, fake = -exact_sigmoid(-x[:ones]) / ones, exact_sigmoid(x[ones:]) / (len(x) - ones)
            return g * scale * np.concatenate([real, fake])
        case "momentum":
            p, v, g, lr, mu = given
            return p + (mu * v - lr * g)
        case "adam":
            p, m, v, g, lr, mean, square, bias, eps = given
            m, v = (1 - mean) * m + mean * g, (1 - square) * v + square * g**2
            return p - lr * m / (np.sqrt(v / bias) + eps)


def test_every_formula_of_the_module_is_a_kernel():
    written = {f.name for f in ast.parse(inspect.getsource(kernels)).body if isinstance(f, ast.FunctionDef)}
    assert {name for name in written if isinstance(getattr(kernels, name), kernels.Kernel)} == KERNELS.keys()
    assert written - KERNELS.keys() == {"kernel", "blocks", "compiled", "_parts"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.filterwarnings("error")
def test_the_formula(name, dtype):
    given, now = arguments(name, dtype), arguments(name, dtype)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    result = KERNELS[name](*now)
    assert result is now[0] and result.dtype == dtype
    assert_allclose(result, formulas(name, *given), rtol=tolerance, atol=tolerance / 1e3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", KERNELS)
def test_the_same_as_numpy(gpu, name, dtype):
    backend, given = gpu(dtype), arguments(name, dtype)
    theirs = [x.copy() if isinstance(x, np.ndarray) else x for x in given]
    ours = [backend.asarray(x) if isinstance(x, np.ndarray) else x for x in given]
    assert KERNELS[name](*theirs) is theirs[0] and KERNELS[name](*ours) is ours[0]
    for x, expected, before in zip(ours, theirs, given, strict=True):
        if isinstance(before, np.ndarray):
            if name in ROUNDED:
                assert_allclose(to_host(x), expected, rtol=3e-6 if dtype == "float32" else 1e-14)
            else:
                np.testing.assert_array_equal(to_host(x), expected, strict=True)


@pytest.mark.parametrize("ones", [0, 617])
def test_a_loss_with_labels_of_one_kind(gpu, ones):
    _, logits, count, _, scale = arguments("logistic_loss", "float64")
    for backend in (Backend(dtype="float64"), gpu("float64")):
        loss = backend.xp.empty((), backend.dtype)
        kernels.logistic_loss(loss, backend.asarray(logits), count, ones, scale)
        expected = scale * np.logaddexp(0, -logits if ones else logits).mean()
        assert float(loss) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_one_launch_no_wait_and_nothing_copied(name):
    backend = strict_backend()
    given = [backend.asarray(x) if isinstance(x, np.ndarray) else x for x in arguments(name, "float32")]
    with counting() as counts, no_sync():
        KERNELS[name](*given)
    assert (counts.launches, counts.bytes_copied) == (1, 0)


@pytest.mark.parametrize("dtype", ["float16", "int32"])
def test_other_numbers_are_refused(dtype):
    """A kernel made for float or double would read and write past their end."""
    a = strict_backend().xp.zeros((2, 3), dtype)
    with pytest.raises(TypeError, match=f"sigmoid: expected float32 or float64, got {dtype}"):
        kernels.sigmoid(a, a)


def test_an_input_in_another_order_is_copied_first():
    xp = strict_backend().xp
    g, a = (xp.asarray(np.arange(6.0).reshape(3, 2)).T for _ in range(2))
    dx = kernels.relu_gradient(xp.empty((2, 3), np.float64), g, a)
    assert dx.get().tolist() == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize("name", ["logistic_loss", "momentum"])
def test_a_whole_number_is_a_number_too(gpu, name):
    """A rate of 1 must not reach the GPU as the bits of an integer."""
    first, *others = arguments(name, "float64")
    others = [1 if isinstance(x, float) else x for x in others]
    expected = KERNELS[name](first.copy(), *(x.copy() if isinstance(x, np.ndarray) else x for x in others))
    backend = gpu("float64")
    ours = [backend.asarray(x) if isinstance(x, np.ndarray) else x for x in (first, *others)]
    assert_allclose(to_host(KERNELS[name](*ours)), expected, rtol=1e-14)


def test_no_kernel_writes_into_what_it_calls_const():
    for name, kernel in KERNELS.items():
        before, now = arguments(name, "float32"), arguments(name, "float32")
        kernel.function(*now)
        text = kernel.source.partition(f"{name}(")[2].partition(")")[0]
        declared = [word.strip() for word in text.split(",")][1:]
        assert len(declared) == len(inspect.signature(kernel.function).parameters)
        for declaration, old, new in zip(declared, before, now, strict=True):
            if declaration.startswith("const"):
                np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("architecture", ["sm_75", "sm_90"])
@pytest.mark.parametrize("real", ["float", "double"])
def test_nvrtc_compiles_it(architecture, real):
    """For GPUs from Turing to Hopper, by NVIDIA's own compiler, which needs no GPU."""
    nvrtc = pytest.importorskip(
        "cupy_backends.cuda.libs.nvrtc", reason="NOT COMPILED by nvrtc: CuPy is not installed"
    )
    try:
        nvrtc.getVersion()
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"NOT COMPILED by nvrtc: {error}")
    for source in (random.CUDA_SOURCE, *(kernel.source for kernel in KERNELS.values())):
        program = nvrtc.createProgram(source, "kernel.cu", [], [])
        nvrtc.compileProgram(program, ("-fmad=false", f"-DREAL={real}", f"--gpu-architecture={architecture}"))
        assert len(nvrtc.getCUBIN(program)) > 1000


# Not finite: a player that is lost must be seen -------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", KERNELS)
def test_what_is_not_finite_the_same_as_numpy(gpu, name, dtype):
    """NaN and both infinities in each array in turn; the same results, NaN for NaN."""
    backend = gpu(dtype)
    for place in range(len(arguments(name, dtype))):
        given = arguments(name, dtype)
        if not isinstance(given[place], np.ndarray) or given[place].size < 3:
            continue
        given[place].flat[[1, given[place].size // 2, -1]] = np.nan, np.inf, -np.inf
        theirs = [x.copy() if isinstance(x, np.ndarray) else x for x in given]
        ours = [backend.asarray(x) if isinstance(x, np.ndarray) else x for x in given]
        with np.errstate(all="ignore"):
            KERNELS[name](*theirs), KERNELS[name](*ours)
        assert_allclose(to_host(ours[0]), theirs[0], rtol=3e-6 if dtype == "float32" else 1e-14)


LOST = np.array([[np.nan, np.inf, -np.inf, 1.0]])


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_not_finite_is_not_hidden(gpu):
    for backend in (Backend(dtype="float64"), gpu("float64")):

        def of(name, *given, backend=backend):
            given = [backend.asarray(x.copy()) if isinstance(x, np.ndarray) else x for x in given]
            return to_host(KERNELS[name](*given)).tolist()[0]

        new, zero, one = np.empty((1, 4)), np.zeros((1, 4)), np.ones((1, 4))
        nan = pytest.approx(np.nan, nan_ok=True)
        assert of("bias_relu", LOST, zero[0], 4) == [nan, np.inf, 0, 1]
        assert of("bias_relu", zero, LOST[0], 4) == [nan, np.inf, 0, 1]
        assert of("relu_gradient", new, LOST, one) == [nan, np.inf, -np.inf, 1]
        assert of("relu_gradient", new, LOST, zero) == [nan, nan, nan, 0]
        assert of("bias_sigmoid", LOST, zero[0], 4)[:3] == [nan, 1, 0]
        pieces = np.array([[5.0, 5.0, 5.0, 5.0, np.nan, np.inf, -np.inf, 9.0]])
        for a in (pieces, np.roll(pieces, 4)):
            assert of("bias_maxout", new, a, np.zeros(8), 2, 4) == [nan, np.inf, 5, 9]
        twice = np.concatenate([one, zero], axis=1)
        found = of("maxout_gradient", np.empty((1, 8)), LOST, twice, one, 2, 4)
        assert found == [nan, np.inf, -np.inf, 1, nan, nan, nan, 0]


@pytest.mark.parametrize("n", [1, 255, 256, 257, 512])
def test_there_is_a_thread_for_each(n):
    assert kernels.blocks(n) * kernels.THREADS >= n
