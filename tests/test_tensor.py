"""tensor.py: what `backward` does with a graph, whatever the operations in it are."""

import gc
import operator
import weakref
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from properties import Draw, host, refuses, tensors

from minigan import ops
from minigan.backend import xp_of
from minigan.gradcheck import gradcheck
from minigan.tensor import Tensor, backward, into, unbroadcast


def vector(backend, *values, dtype="float64"):
    return tensors(backend, [np.array(values, np.float64)], dtype)[0]


def spied(x, calls, name):
    """x once more, in a node whose pullback writes `name` down when it runs."""
    return Tensor(x.data.copy(), (x, lambda g: calls.append(name) or g))


# The gradients that are set --------------------------------------------------------------------------


def test_sets_the_gradient_of_exactly_wrt(backend):
    x, y, z = (vector(backend, n, 2.0) for n in (3.0, 5.0, 7.0))
    backward(ops.sum(x * y * z), wrt=[x, z])
    assert_allclose(host(x.grad), [35, 4])
    assert_allclose(host(z.grad), [15, 4])
    assert y.grad is None


def test_zeros_where_the_loss_does_not_depend_on_it(backend):
    x, y, other = vector(backend, 1.0), vector(backend, 2.0), vector(backend, 1.0, 2.0, 3.0, dtype="float32")
    branch = x * y  # depends on x; the loss does not depend on it
    other.grad = other.data + 1
    backward(ops.sum(x), wrt=[y, other, branch])
    for p, size in ((y, 1), (other, 3), (branch, 1)):
        assert np.array_equal(host(p.grad), np.zeros(size))
        assert (p.grad.dtype, xp_of(p.grad)) == (p.dtype, backend.xp)


def test_wrt_may_be_the_loss_or_an_intermediate_result_and_may_come_twice(backend):
    x = vector(backend, 2.0, 3.0)
    square = x * x
    loss = ops.sum(square * x)
    backward(loss, wrt=iter([x, square, loss, x]))
    assert_allclose(host(x.grad), [12, 27])
    assert_allclose(host(square.grad), [2, 3])
    assert_allclose(host(loss.grad), 1)


def test_a_loss_may_have_any_shape_of_one_number(backend):
    x = vector(backend, 3.0)
    for shape in ((), (1,), (1, 1)):
        backward(ops.reshape(x * x, shape), wrt=[x])
        assert_allclose(host(x.grad), [6])


def test_the_next_call_sets_the_gradient_in_the_same_array(backend):
    x, y = vector(backend, 2.0, 3.0), vector(backend, 5.0)
    backward(ops.sum(x * x) + ops.sum(y), wrt=[x, y])
    buffers = x.grad, y.grad
    backward(ops.sum(10 * x), wrt=[x, y])
    assert x.grad is buffers[0] and y.grad is buffers[1]
    assert_allclose(host(x.grad), [10, 10])
    assert_allclose(host(y.grad), [0])


@pytest.mark.parametrize(("size", "dtype"), [(2, "float32"), (3, "float64"), (2, "float64")])
def test_a_gradient_array_that_does_not_fit_is_replaced(backend, size, dtype):
    x = vector(backend, 1.0, 2.0)
    x.grad = backend.xp.ones(size, dtype)
    backward(ops.sum(3 * x), wrt=[x])
    assert (x.grad.shape, x.grad.dtype) == (x.shape, x.dtype)
    assert_allclose(host(x.grad), [3, 3])


# Sums over the ways from an input to the loss --------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        pytest.param(lambda a: a + a, lambda a: 2, id="a + a"),
        pytest.param(lambda a: a - a, lambda a: 0, id="a - a"),
        pytest.param(lambda a: a * a * a * a, lambda a: 4 * a**3, id="a a a a"),
        pytest.param(lambda a: (a + a) * (a + a) + a, lambda a: 8 * a + 1, id="(a + a)(a + a) + a"),
        pytest.param(lambda a: ops.concatenate([a, 2 * a, a * a]), lambda a: 3 + 2 * a, id="(a, 2 a, a a)"),
        pytest.param(
            lambda a: ops.affine(ops.reshape(a, (1, 2)), ops.reshape(a, (2, 1)), a[:1]),
            lambda a: 2 * a + [1, 0],
            id="a' a + a_0",
        ),
    ],
)
def test_a_tensor_may_be_used_in_many_places(backend, f, slope):
    a = vector(backend, 3.0, -0.5)
    backward(ops.sum(f(a)), wrt=[a])
    assert_allclose(host(a.grad), np.broadcast_to(slope(np.array([3.0, -0.5])), 2))


LINES = {"x + y": ops.add, "x - y": ops.sub, "y tanh x": lambda x, y: y * ops.tanh(x)}  # none explodes


@given(data=st.data())
def test_any_graph(backend, data):
    """A program drawn by hypothesis: each line combines two earlier results, whose shapes broadcast."""
    draw = Draw(data)
    inputs = [draw.normal(shape) for shape in draw.broadcasting_shapes(3, max_rank=2)]
    program = draw.pick(
        st.lists(
            st.tuples(st.sampled_from(list(LINES)), st.integers(0, 9), st.integers(0, 9)),
            min_size=1,
            max_size=12,
        )
    )

    def run(*results):
        for line, i, j in program:
            results = *results, LINES[line](results[-1 - i % len(results)], results[-1 - j % len(results)])
        return results[-1]

    gradcheck(run, *map(backend.asarray, inputs), seed=draw.seed, h=3e-6, tolerance=1e-5)


def test_an_array_of_somebody_else_is_not_written_into(backend):
    """One array as the share of two parents, one of which has more to come; it belongs to the pullback."""
    x = vector(backend, 1.0, 2.0)
    a, b = 1 * x, 1 * x
    older = 5 * a
    kept = backend.asarray(np.array([10.0, 20.0]))
    both = Tensor(a.data + b.data, (a, lambda g: kept), (b, lambda g: kept), (x, lambda g: kept))
    backward(ops.sum(older) + ops.sum(both), wrt=[x, a, b])
    assert_allclose(host(kept), [10, 20])
    assert_allclose(host(a.grad), [15, 25])
    assert_allclose(host(b.grad), [10, 20])
    assert_allclose(host(x.grad), [35, 65])


def test_a_pullback_that_writes_into_the_gradient_of_the_loss_is_stopped():
    x = Tensor(np.ones(()))
    spoils = Tensor(2 * x.data, (x, lambda g: np.multiply(g, 2, out=g)))
    with pytest.raises(ValueError, match="read-only"):
        backward(spoils, wrt=[x])
    backward(x * 3.0, wrt=[x])
    assert x.grad == 3


def test_the_gradient_of_the_loss_is_made_once():
    """On a GPU it would be a launch more for each backward."""
    seen = []
    for _ in range(2):
        x = Tensor(np.ones(()))
        backward(Tensor(x.data * 2, (x, lambda g: (seen.append(g), g * 2)[1])), wrt=[x])
    assert np.shares_memory(*seen)


def test_a_pullback_marked_into_writes_the_first_share_where_it_stays(backend):
    x, places = vector(backend, 3.0, 4.0), []

    def twice(x):
        def pullback(g, out=None):
            places.append(out)
            if out is None:
                return 2 * g
            out[...] = 2 * g
            return out

        return Tensor(2 * x.data, (x, into(pullback)))

    backward(ops.sum(twice(x) + twice(x)), wrt=[x])
    assert places == [places[0], None] and places[0] is x.grad  # the second share is added to the first
    assert_allclose(host(x.grad), [4, 4])
    places.clear()
    backward(ops.sum(twice(x * x)), wrt=[x])
    assert places == [None]  # x * x was not asked for
    assert_allclose(host(x.grad), [12, 16])


def test_no_two_gradients_share_memory(backend):
    x, y = vector(backend, 1.0, 2.0), vector(backend, 3.0, 4.0)
    total = x + y  # whose pullbacks hand g on as it is
    backward(ops.sum(total), wrt=[x, total, y])
    x.grad[...] = 7
    total.grad[...] = 8
    assert_allclose(host(y.grad), [1, 1])
    assert_allclose(host(x.grad), [7, 7])


# What runs, and how long things live -----------------------------------------------------------------


def test_only_pullbacks_between_wrt_and_the_loss_run(backend):
    calls = []
    x, W = vector(backend, 1.0, 2.0), vector(backend, 3.0, 4.0)
    middle = spied(x, calls, "x")
    loss = ops.sum(spied(middle, calls, "middle") * spied(W, calls, "W"))
    for wrt, expected in (
        ([x], ["middle", "x"]),
        ([middle], ["middle"]),
        ([W], ["W"]),
        ([], []),
        ([loss], []),
    ):
        backward(loss, wrt=wrt, keep_graph=True)
        assert calls == expected
        calls.clear()


def test_a_pullback_runs_once_when_all_shares_of_its_result_have_come(backend):
    calls = []
    x = vector(backend, 1.0, 2.0)
    y = spied(x, calls, "y")
    old_use, young_use = 2 * y, 3 * y * y
    backward(ops.sum(young_use) + ops.sum(old_use) + ops.sum(y), wrt=[x])
    assert calls == ["y"]
    assert_allclose(host(x.grad), [9, 15])


def test_arrays_die_as_soon_as_they_are_used(backend):
    alive, gradients = [], []

    def scaled(x, factor):
        y = Tensor(x.data * factor, (x, lambda g: record(g) * factor))
        alive_when_made.append(weakref.ref(factor))
        return y

    def record(g):
        alive.append([ref() is not None for ref in alive_when_made])
        assert [ref() for ref in gradients] == [None] * len(gradients)
        gradients.append(weakref.ref(g))
        return g

    alive_when_made = []
    x = y = vector(backend, 1.0, 2.0)
    for n in range(3):
        y = scaled(y, x.data + n)
    loss = ops.sum(y * y)
    y = weakref.ref(y)
    gc.disable()
    try:
        backward(loss, wrt=[x])
    finally:
        gc.enable()
    assert alive == [[True, True, True], [True, True, False], [True, False, False]]
    assert y() is None and alive_when_made[0]() is None


def test_two_losses_on_one_graph(backend):
    x, W = vector(backend, 1.0, 2.0), vector(backend, 3.0, 4.0)
    shared = x * W
    first, second = ops.sum(shared * shared), ops.sum(3 * shared)
    backward(first, wrt=[W], keep_graph=True)
    backward(second, wrt=[x])
    assert_allclose(host(W.grad), [6, 32])
    assert_allclose(host(x.grad), [9, 12])
    with refuses(ValueError, "backward: Tensor(2,) float64 ... keep_graph=True"):
        backward(first, wrt=[W])


def test_a_graph_serves_once(backend):
    x = vector(backend, 1.0, 2.0)
    shared, unused = x * x, x * x
    loss = ops.sum(shared)
    again = ops.sum(shared * 2)
    backward(loss, wrt=[])
    for used in (loss, again):
        with refuses(ValueError, "backward: Tensor ... used up ... keep_graph=True"):
            backward(used, wrt=[x])
    backward(ops.sum(unused), wrt=[x])  # x itself, and what the first loss did not need, can be used again
    assert_allclose(host(x.grad), [2, 4])


# Broadcasting ----------------------------------------------------------------------------------------


@given(data=st.data())
def test_unbroadcast_sums_what_broadcasting_copied(backend, data):
    draw = Draw(data)
    shape, other = draw.broadcasting_shapes(2)
    g = draw.normal(np.broadcast_shapes(shape, other))
    expected = np.zeros(shape)
    for target, value in zip(
        np.broadcast_to(np.arange(expected.size).reshape(shape), g.shape).flat, g.flat, strict=True
    ):
        expected.flat[target] += value
    result = unbroadcast(backend.asarray(g), shape)
    assert result.shape == shape
    assert_allclose(host(result), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (4, 5, 3), (1, 5, 3), (1, 1, 5, 3)])
def test_unbroadcast_refuses_a_shape_that_cannot_have_been_broadcast(backend, shape):
    with refuses(ValueError, f"{shape} ... (5, 3)"):
        unbroadcast(backend.asarray(np.ones((5, 3))), shape)


# Refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message", "wrong"),
    [
        (TypeError, "float64 ... float32", lambda g: g.astype("float32")),
        (ValueError, "(2, 3) ... (3, 2)", lambda g: g.T),
        (ValueError, "(2, 3) ... (3,)", lambda g: g[0]),
        (ValueError, "(2, 3) ... ()", lambda g: g.sum()),
    ],
)
def test_a_pullback_of_the_wrong_shape_or_dtype_is_named(backend, error, message, wrong):
    def half(x):
        return Tensor(x.data / 2, (x, lambda g: wrong(g / 2)))

    (x,) = tensors(backend, [np.ones((2, 3))])
    with refuses(error, f"half ... {message}"):
        backward(ops.sum(half(x)), wrt=[x])


class Twice:
    """A pullback may be any object that can be called."""

    def __call__(self, g):
        return 2 * g


def test_a_pullback_needs_no_name(backend):
    x, b = vector(backend, 1.0, 2.0), vector(backend, 3.0)
    y = Tensor(2 * x.data + 2 * b.data, (x, Twice()), (b, partial(operator.mul, 2)))
    backward(ops.sum(y), wrt=[x, b])
    assert_allclose(host(x.grad), [2, 2])
    assert_allclose(host(b.grad), [4])


def test_a_pullback_without_a_name_is_called_by_its_kind(backend):
    (x,) = tensors(backend, [np.ones((2, 3))])
    y = Tensor(2 * x.data, (x, partial(lambda g, dtype: g.astype(dtype), dtype="float32")))
    with refuses(TypeError, "partial: the gradient of a float64 input came as float32"):
        backward(ops.sum(y), wrt=[x])


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, "backward: expected one number, got shape (2,)", lambda x: backward(x, [x])),
        (ValueError, "backward: expected one number, got shape (0,)", lambda x: backward(x[:0], [x])),
        (TypeError, "backward: ... Tensor ... float", lambda x: backward(3.0, [x])),
        (TypeError, "backward: wrt ... Tensor", lambda x: backward(ops.sum(x), x)),
        (TypeError, "backward: wrt ... ndarray", lambda x: backward(ops.sum(x), [x.data])),
        (TypeError, "one library ... builtins.list", lambda x: Tensor([1.0, 2.0])),
        (TypeError, "one library ... builtins.float", lambda x: Tensor(1.0)),
        (TypeError, "one library ... minigan.tensor.Tensor", lambda x: Tensor(x)),
    ],
)
def test_what_is_wrong_is_refused_in_a_line(backend, error, message, call):
    with refuses(error, message):
        call(vector(backend, 1.0, 2.0))


# The Tensor itself -----------------------------------------------------------------------------------


def test_a_constant_gets_no_edge(backend):
    x = vector(backend, 1.0)
    assert [parent for parent, _ in Tensor(x.data, (2.0, abs), (x, abs), (3, abs)).edges] == [x]


def test_a_result_is_younger_than_its_inputs(backend):
    x, y = vector(backend, 1.0), vector(backend, 1.0)
    assert x.age < y.age < (x + y).age


def test_a_scalar_of_numpy_becomes_an_array():
    x = Tensor(np.float32(3))
    assert type(x.data) is np.ndarray and (x.shape, x.dtype) == ((), np.float32)


def test_says_its_shape_and_dtype(backend):
    assert repr(vector(backend, 1.0, 2.0, dtype="float32")) == "Tensor(2,) float32"
