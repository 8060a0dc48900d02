"""The stand-in beside NumPy, and CuPy where there is a GPU: what is the same, what is refused, what waits.

In the expressions x is (2, 3) float32, s a sum (no dimensions), b a mask and i indices, all of the library
xp; n has the values of x and is NumPy's.
"""

import contextlib

import numpy as np
import pytest

from minigan.backend import Backend
from minigan.errors import InputError
from minigan.homework.judging import strict_cupy
from minigan.homework.judging.strict_cupy import counting, no_sync, strict_backend

REFUSED = [
    ("np.asarray(x)", TypeError, "Implicit conversion to a NumPy array is not allowed"),
    ("np.array([1.0, s])", TypeError, "Implicit conversion|setting an array element"),
    ("np.zeros(3)[s]", TypeError, "Implicit conversion"),
    ("np.random.default_rng(0).permutation(x)", TypeError, "Implicit conversion"),
    ("n.__setitem__(..., x)", TypeError, "Implicit conversion"),
    ("x + n", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("n + x", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("n < x", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("x == n", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("x.__iadd__(n)", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("xp.maximum(x, n)", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("xp.exp(n)", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("xp.where(b, n, x)", TypeError, "Unsupported type <class 'numpy.ndarray'>"),
    ("x + None", TypeError, "Unsupported type <class 'NoneType'>"),
    ("x + [1.0, 2.0, 3.0]", TypeError, "Unsupported type <class 'list'>"),
    ("x @ n.T", TypeError, "incorrect type .expected cupy._core.core._ndarray_base, got numpy.ndarray"),
    ("n @ x.T", TypeError, "incorrect type .expected cupy._core.core._ndarray_base, got numpy.ndarray"),
    ("xp.broadcast_to(n, (4, 2, 3))", TypeError, "incorrect type"),
    ("xp.ascontiguousarray(n)", TypeError, "incorrect type"),
    ("x.sum(out=n)", TypeError, "incorrect type"),
    ("xp.matmul(x, x.T, out=n)", TypeError, None),
    ("xp.add(x, x, out=n)", TypeError, None),
    ("xp.einsum('ij->ji', x, out=x)", TypeError, "out"),
    ("x.__setitem__(0, n[0])", ValueError, "non-scalar numpy.ndarray cannot be used for fill"),
    ("xp.copyto(x, n)", ValueError, "non-scalar numpy.ndarray cannot be used for copyto"),
    ("xp.where(b, x)", ValueError, "Must provide both 'x' and 'y' or neither"),
    ("xp.argsort(x, kind='quicksort')", ValueError, "kind can only be None or 'stable'"),
    ("xp.asarray(['a'])", ValueError, "Unsupported dtype <U1"),
    ("x.astype('U3')", ValueError, "Unsupported dtype <U3"),
    ("x.reshape(4)", ValueError, "cannot reshape array of size 6"),
    ("bool(x)", ValueError, "The truth value of an array with more than one element is ambiguous"),
    ("x.__iadd__(np.ones(3))", TypeError, "Unsupported type"),
    ("i.__iadd__(0.5)", TypeError, "Cannot cast"),
    ("range(s)", TypeError, "cannot be interpreted as an integer"),
    ("[10, 20][s]", TypeError, "list indices must be integers or slices"),
    ("x[:s]", TypeError, "slice indices must be integers"),
    ("xp.zeros(s)", TypeError, None),
    ("len(s)", TypeError, r"len\(\) of unsized object"),
    ("iter(s)", TypeError, "iteration over a 0-d array"),
    ("hash(x)", TypeError, "unhashable"),
    ("x.__index__()", AttributeError, "no attribute '__index__'"),
    ("setattr(x, 'name', 1)", AttributeError, "no attribute 'name'"),
    ("xp.errstate(all='ignore')", AttributeError, "module 'cupy' has no attribute 'errstate'"),
    ("xp.vecdot(x, x)", AttributeError, "module 'cupy' has no attribute 'vecdot'"),
    ("xp.random.Generator.normal", AttributeError, "'Generator' has no attribute 'normal'"),
    ("xp.random.Generator.permutation", AttributeError, "'Generator' has no attribute 'permutation'"),
    ("xp.random.Generator.shuffle", AttributeError, "'Generator' has no attribute 'shuffle'"),
    ("xp.random.Generator.choice", AttributeError, "'Generator' has no attribute 'choice'"),
]

REFUSED_BY_THE_STAND_IN_ALONE = [
    ("np.exp(x)", "does not support ufuncs"),
    ("np.add(x, x)", "does not support ufuncs"),
    ("np.maximum(x, 0)", "does not support ufuncs"),
    ("np.sum(x)", "numpy.sum was given an array of CuPy"),
    ("np.where(b, x, x)", "numpy.where was given an array of CuPy"),
    ("np.concatenate([x, x])", "numpy.concatenate was given an array of CuPy"),
    ("np.save('never', x)", "numpy.save was given an array of CuPy"),
    ("np.copyto(n, x)", "numpy.copyto was given an array of CuPy"),
    ("xp.sum(n)", "got numpy.ndarray"),
    ("xp.reshape(n, 6)", "got numpy.ndarray"),
]

WAITS = [
    "float(s)",
    "int(s)",
    "bool(s)",
    "s < 1 or True",
    "s.item()",
    "x.tolist()",
    "x.get()",
    "xp.asnumpy(x)",
    "repr(x)",
    "f'{s}'",
    "x[b]",
    "b.nonzero()",
    "xp.where(b)",
    "1.0 in x[0]",
    "max(s, s)",
]

DOES_NOT_WAIT = [
    "x + 1",
    "x @ x.T",
    "x.sum()",
    "x.argmax(axis=1)",
    "x[i]",
    "x[0, 0]",
    "x[i[0]]",
    "xp.where(b, x, 0)",
    "x.__setitem__(b, 0)",
    "x.shape, x.dtype, x.size, len(x)",
    "xp.asarray(n)",
    "[row for row in x]",
]

LAUNCHES = [
    ("x + 1", 1),
    ("x.__iadd__(x)", 1),
    ("-x", 1),
    ("x.sum()", 1),
    ("x @ x.T", 1),
    ("x.astype('float64')", 1),
    ("x.astype('float32', copy=False)", 0),
    ("x.copy()", 1),
    ("x[i]", 1),
    ("x.__setitem__(0, 1)", 1),
    ("xp.concatenate([x, x, x])", 3),
    ("xp.zeros(3)", 1),
    ("xp.empty(3)", 0),
    ("x.T", 0),
    ("x[0], x[:, 1:]", 0),
    ("x.reshape(3, 2)", 0),
    ("x.T.reshape(6)", 1),
    ("x.T.ravel()", 1),
    ("xp.broadcast_to(x, (4, 2, 3))", 0),
    ("xp.lib.stride_tricks.sliding_window_view(x, (2,), (1,))", 0),
    ("xp.expand_dims(x, 1)", 0),
    ("xp.ascontiguousarray(x)", 0),
    ("xp.ascontiguousarray(x.T)", 1),
    ("xp.asarray(x)", 0),
    ("float(s)", 0),
]

SAME_AS_NUMPY = [
    "x + 1",
    "1 - x",
    "2.0 / x",
    "x * np.float32(2)",
    "np.float32(2) * x",
    "x * np.float64(2)",
    "x * s",
    "x**2",
    "2**x",
    "x // 2 + x % 2",
    "-x",
    "abs(x - 2)",
    "x > 1",
    "(x > 1) & ~b | (x == 2)",
    "x @ x.T",
    "xp.matmul(x, x.T, out=xp.empty((2, 2), 'float32'))",
    "x.__iadd__(1)",
    "x[0].__imul__(2)",
    "xp.einsum('ij,kj->ik', x, x)",
    "x.sum()",
    "x.sum(axis=0, keepdims=True)",
    "b.sum()",
    "x.sum(axis=(0, 1), dtype='float64')",
    "x.mean(axis=1)",
    "x.var()",
    "x.max(axis=0)",
    "x.argmax(axis=1)",
    "(x > 1).all()",
    "x[1]",
    "x[1, 2]",
    "x[..., None]",
    "x[::-1, 1:]",
    "x[i]",
    "x[:, [2, 0]]",
    "x.take(i, axis=1)",
    "xp.take_along_axis(x, x.argsort(axis=1), 1)",
    "xp.argsort(-x, kind='stable')",
    "x.T.reshape(6)",
    "x.transpose(1, 0)",
    "x.swapaxes(0, 1)",
    "x[None].squeeze(0)",
    "x.view('int32')",
    "x.clip(1, 3)",
    "xp.concatenate([x, x], axis=1)",
    "xp.stack([x, x], axis=1)",
    "xp.broadcast_to(x, (4, 2, 3))",
    "xp.lib.stride_tricks.sliding_window_view(x, (2, 2), (0, 1))",
    "xp.where(b, x, 0.0)",
    "xp.logaddexp(x, np.float32(0))",
    "xp.log(x - x)",
    "xp.isfinite(x / 0)",
    "xp.maximum(x, 2, out=xp.zeros_like(x))",
    "xp.zeros((2, 3))",
    "xp.ones_like(x, dtype='float64')",
    "xp.full((2,), 7)",
    "xp.full_like(x, 7)",
    "xp.arange(3)",
    "xp.arange(1, 2, 0.25, dtype='float32')",
    "xp.linspace(0, 1, 5)",
    "xp.asarray([1, 2])",
    "xp.asarray(x, dtype='float64')",
]


BACKENDS = {"stand-in": strict_backend()}
try:
    BACKENDS["cupy"] = Backend("cupy")
except InputError as reason:
    NO_CUPY = str(reason)


@pytest.fixture(params=BACKENDS)
def library(request):
    return BACKENDS[request.param]


def test_cupy_itself_is_tested_too():
    if "cupy" not in BACKENDS:
        pytest.skip(f"the stand-in was compared with NumPy alone, for {NO_CUPY}")


@pytest.mark.parametrize(("expression", "error", "text"), REFUSED)
def test_refused_as_cupy_refuses_it(library, expression, error, text):
    names = names_for(library.xp)
    with pytest.raises(error, match=text):
        eval(expression, names)


@pytest.mark.parametrize(("expression", "text"), REFUSED_BY_THE_STAND_IN_ALONE)
def test_refused_more_strictly_than_by_cupy(expression, text):
    with pytest.raises(TypeError, match=text):
        eval(expression, names_for(strict_cupy.xp))


@pytest.mark.parametrize("expression", WAITS)
def test_waits(library, expression):
    names = names_for(library.xp)
    with waiting_forbidden(library) as error, pytest.raises(error):
        eval(expression, names)


@pytest.mark.parametrize("expression", DOES_NOT_WAIT)
def test_does_not_wait(library, expression):
    names = names_for(library.xp)
    with waiting_forbidden(library):
        eval(expression, names)


@pytest.mark.parametrize("expression", SAME_AS_NUMPY)
def test_same_as_numpy(library, expression):
    ours = eval(expression, names_for(library.xp))
    with np.errstate(all="ignore"):
        theirs = eval(expression, names_for(np))
    assert type(ours) is library.xp.ndarray  # never a scalar
    assert (ours.dtype, ours.shape) == (theirs.dtype, np.shape(theirs))
    np.testing.assert_allclose(ours.get(), theirs, rtol=1e-6)


def test_every_array_has_its_own_memory(library):
    host = np.zeros(3)
    x = library.asarray(host)
    host[0] = 1
    fetched = x.get()
    fetched[1] = 1
    assert x.get().tolist() == [0, 0, 0]


@pytest.mark.parametrize("index", [0, (0, 1), slice(None, None, 2), (..., 1), None])
def test_a_basic_index_gives_a_view(library, index):
    x = library.xp.zeros((2, 3))
    view = x[index]
    view += 1
    assert x.sum().get() == view.size > 0


@pytest.mark.parametrize(("expression", "launches"), LAUNCHES)
def test_launches(expression, launches):
    names = names_for(strict_cupy.xp)
    with counting() as counts:
        eval(expression, names)
    assert counts.launches == launches


def test_waits_and_copied_bytes_are_counted():
    xp = strict_cupy.xp
    with counting() as outer:
        x = xp.asarray(np.zeros((2, 3), np.float32))
        with counting() as inner:
            x.get(), float(x[0, 0]), x[[0, 1]]
        x.get()
    x.get()
    assert (inner.waits, inner.bytes_copied) == (2, 24 + 4 + 16)
    assert (outer.waits, outer.bytes_copied) == (3, 24 + 24 + 4 + 16 + 24)


def test_synchronize_waits():
    with no_sync(), pytest.raises(AssertionError, match="this waits for the GPU"):
        strict_backend().synchronize()


def test_storing_an_array_through_a_mask_waits():
    names = names_for(strict_cupy.xp)
    with counting() as counts:
        names["x"][names["b"]] = names["x"][0, :2]
    assert counts.waits == 1


def test_an_array_has_an_address(library):
    x = names_for(library.xp)["x"]
    assert x[1, 1:].data.ptr - x.data.ptr == 16 and type(library.xp.cuda.get_current_stream().ptr) is int


def test_no_sync_ends_with_its_block():
    s = names_for(strict_cupy.xp)["s"]
    with contextlib.suppress(AssertionError), no_sync():
        float(s)
    assert float(s) == 15


def test_an_empty_array_is_not_zeros_by_luck():
    assert np.isnan(strict_cupy.xp.empty(3, "float32").get()).all()
    assert strict_cupy.xp.empty(3, "int64").get().all()


def test_a_gpu_does_not_warn(recwarn):
    x = strict_cupy.xp.zeros(3)
    strict_cupy.xp.log(x), x / x, strict_cupy.xp.exp(x + 1e9)
    assert not recwarn


def test_another_kernel_is_refused():
    with pytest.raises(AssertionError, match="no other kernel"):
        strict_cupy.xp.RawKernel("", "draw")


def names_for(xp):
    n = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask, indices = [[False, True, False], [True, False, False]], [1, 0]
    x = xp.asarray(n.copy())
    return {"xp": xp, "np": np, "n": n, "x": x, "s": x.sum(), "b": xp.asarray(mask), "i": xp.asarray(indices)}


@contextlib.contextmanager
def waiting_forbidden(library):
    """In this block, waiting raises the error that `with` gives."""
    if library.xp is strict_cupy.xp:
        with no_sync():
            yield AssertionError
    else:
        import cupyx

        with pytest.warns(UserWarning, match="allow_synchronize"), cupyx.allow_synchronize(False):
            yield cupyx.DeviceSynchronized
