"""gradcheck.py: accepts right derivatives, and rejects every kind of wrong one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import Draw, refuses

from minigan import ops
from minigan.gradcheck import GradientError, gradcheck
from minigan.tensor import Tensor


def product(x, y, by_x=lambda g, x, y: g @ y.T, by_y=lambda g, x, y: x.T @ g):
    """x y for two matrices, with the pullbacks to be checked."""
    a, b = x.data, y.data
    return Tensor(a @ b, (x, lambda g: by_x(g, a, b)), (y, lambda g: by_y(g, a, b)))


def matrices(backend, seed=1):
    rng = np.random.default_rng(seed)
    return [backend.asarray(rng.standard_normal((3, 3))) for _ in range(2)]


@given(data=st.data())
def test_a_right_derivative_is_accepted_with_a_small_error(backend, data):
    draw = Draw(data)
    m, n, k = draw.sizes(3)
    x, y = backend.asarray(draw.normal((m, n))), backend.asarray(draw.normal((n, k)))
    assert 0 <= gradcheck(product, x, y, seed=draw.seed) < 1e-6


def test_f_may_return_any_shape_and_ignore_an_input(backend):
    x, y = matrices(backend)
    assert gradcheck(lambda x, y: ops.sum(x * x), x, y) < 1e-6
    assert gradcheck(lambda x, y: x[0, 0] * y[1], x, y) < 1e-6
    assert gradcheck(lambda x: x, x) < 1e-6


def test_the_step_is_small_enough_for_curved_functions(backend):
    x, y = matrices(backend)
    assert gradcheck(lambda x, y: ops.exp(x * y) * ops.exp(y), x, y) < 1e-6


def one_entry(g, x, y):
    share = g @ y.T
    share[1, 2] *= 1.001
    return share


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda g, x, y: 0 * x, id="zero"),
        pytest.param(lambda g, x, y: (0 * g + 1) @ y.T, id="upstream ignored"),
        pytest.param(lambda g, x, y: g @ y, id="not transposed"),
        pytest.param(lambda g, x, y: (g @ y.T).T, id="transposed"),
        pytest.param(lambda g, x, y: -(g @ y.T), id="sign"),
        pytest.param(lambda g, x, y: 2 * (g @ y.T), id="twice"),
        pytest.param(lambda g, x, y: 1.00001 * (g @ y.T), id="a little too much"),
        pytest.param(lambda g, x, y: g @ y.T + 1e-4, id="a little added"),
        pytest.param(lambda g, x, y: (g @ y.T)[::-1], id="rows in reverse"),
        pytest.param(one_entry, id="one entry"),
        pytest.param(lambda g, x, y: g @ y.T * np.nan, id="nan"),
    ],
)
def test_a_wrong_derivative_is_rejected_and_its_input_named(backend, wrong):
    x, y = matrices(backend)
    with refuses(GradientError, "input 0: the pullbacks give ... differences"):
        gradcheck(lambda x, y: product(x, y, by_x=wrong), x, y)
    with refuses(GradientError, "input 1: the pullbacks give ... differences"):
        gradcheck(lambda y, x: product(x, y, by_x=wrong), y, x)
    with refuses(GradientError, "input 0: the pullbacks give ... differences"):
        gradcheck(lambda x: product(x, x, by_x=wrong), x)


@pytest.mark.parametrize("seed", [0, 1])
def test_an_input_drawn_from_the_same_seed_is_not_the_upstream(backend, seed):
    """With the upstream u = x, the wrong x u' would pass for the right u x'."""
    x, y = matrices(backend, seed)
    with pytest.raises(GradientError):
        gradcheck(lambda x: product(x, x, by_x=lambda g, x, y: (g @ y.T).T), x, seed=seed)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("(2, 3) ... (3, 2)", lambda g: g.T),
        ("(2, 3) ... (3,)", lambda g: g[0]),
        ("float64 ... float32", lambda g: g.astype("float32")),
    ],
)
def test_a_gradient_of_another_shape_or_dtype_is_rejected(backend, message, wrong):
    with refuses(GradientError, message):
        gradcheck(lambda x: Tensor(x.data.copy(), (x, wrong)), backend.asarray(np.ones((2, 3))))


def writes_forward(x):
    y = x * x
    x.data[0] += 1e-3
    return y


def writes_backward(x):
    def pullback(g):
        x.data[0] += 1e-3
        return g

    return Tensor(x.data.copy(), (x, pullback))


@pytest.mark.parametrize("f", [writes_forward, writes_backward])
def test_a_function_that_changes_its_input_is_rejected(backend, f):
    with refuses(GradientError, "input 1"):
        gradcheck(lambda y, x: f(x) + y, *(backend.asarray(np.ones(3)) for _ in range(2)))


def test_the_given_arrays_are_not_changed(backend):
    x = backend.asarray(np.ones(3))
    with pytest.raises(GradientError):
        gradcheck(writes_forward, x)
    gradcheck(lambda x: x * x, x)
    assert np.array_equal(x.tolist(), [1, 1, 1])


def test_a_function_that_draws_anew_at_each_call_is_rejected(backend):
    rng = np.random.default_rng(0)
    with refuses(GradientError, "again ... stream"):
        gradcheck(lambda x: x * float(rng.standard_normal()), backend.asarray(np.ones(3)))


@pytest.mark.parametrize(
    "kink", [ops.relu, lambda x: ops.max(x, 0), lambda x: ops.maxout(ops.reshape(x, (1, 2)), 2)]
)
@pytest.mark.parametrize("seed", range(3))
def test_a_kink_is_mentioned_where_there_is_one(backend, kink, seed):
    with refuses(GradientError, "kink"):
        gradcheck(kink, backend.asarray(np.zeros(2)), seed=seed)


def test_no_kink_is_mentioned_where_the_derivative_is_wrong(backend):
    x, y = matrices(backend)
    with pytest.raises(GradientError) as rejected:
        gradcheck(lambda x, y: product(x, y, by_x=lambda g, x, y: g), x, y)
    assert "kink" not in str(rejected.value)


def test_float32_is_refused(backend):
    with refuses(TypeError, "gradcheck: expected float64 ... float64 ... float32"):
        gradcheck(product, *matrices(backend), backend.asarray(np.ones(2, np.float32)))


def test_tolerance_and_step_are_the_callers(backend):
    x, y = matrices(backend)

    def slightly_wrong(x, y):
        return product(x, y, by_x=lambda g, x, y: 1.001 * (g @ y.T))

    assert 1e-5 < gradcheck(slightly_wrong, x, y, tolerance=0.1) < 0.1
    with pytest.raises(GradientError):
        gradcheck(lambda x, y: ops.exp(x * y), x, y, h=1e-2)
