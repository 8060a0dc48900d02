"""ops.py: every operation has its formula's value and derivative, on NumPy, the stand-in and CuPy."""

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices
from numpy.testing import assert_allclose
from properties import (
    EXTREME,
    Cases,
    Draw,
    Example,
    every_property_of,
    exact_sigmoid,
    exact_softplus,
    gradient_for,
    host,
    operations,
    public,
    refuses,
    stream,
    tensors,
    uniform,
)

from minigan import ops
from minigan.backend import xp_of
from minigan.homework.judging.strict_cupy import strict_backend
from minigan.tensor import Tensor

CASES = Cases()


# Arithmetic ------------------------------------------------------------------------------------------


def arithmetic(op, python):
    """The cases of +, -, * and /: Python's operator works on tensors and on arrays alike."""

    def numbers(draw):
        return draw.one_of(2, -3, 0.5, -1.5)

    def two_tensors(draw):
        x, y = draw.broadcasting_shapes(2)
        return Example([draw.normal(x), draw.nonzero(y)], op, python)

    def operator_of_tensors(draw):
        return two_tensors(draw)._replace(call=python)

    def number_on_the_left(draw):
        n = numbers(draw)
        return Example([draw.nonzero(draw.shape())], lambda y: python(n, y), lambda y: python(n, y))

    def number_on_the_right(draw):
        n = numbers(draw)
        return Example([draw.normal(draw.shape())], lambda x: python(x, n), lambda x: python(x, n))

    for example in (two_tensors, operator_of_tensors, number_on_the_left, number_on_the_right):
        example.__name__ = f"{op.__name__}_{example.__name__}"
        CASES.of(op)(example)


arithmetic(ops.add, operator.add)
arithmetic(ops.sub, operator.sub)
arithmetic(ops.mul, operator.mul)
arithmetic(ops.div, operator.truediv)


@CASES.of(ops.neg)
def neg(draw):
    return Example([draw.normal(draw.shape())], draw.one_of(ops.neg, operator.neg), lambda x: 0 - x)


@CASES.of(ops.power)
def power_of_positive_numbers(draw):
    n = draw.one_of(-2, -1.5, -0.5, 0, 0.0, 0.5, 1, 1.7, 3)
    call = draw.one_of(lambda x: ops.power(x, n), lambda x: x**n)
    return Example([draw.positive(draw.shape())], call, lambda x: np.exp(n * np.log(x)))


@CASES.of(ops.power)
def whole_power_of_any_number(draw):
    n = draw.one_of(-2, -1, 0, 1, 2, 3, 2.0)
    return Example(
        [draw.nonzero(draw.shape())],
        lambda x: ops.power(x, n),
        lambda x: np.vectorize(math.pow, otypes=[float])(x, n),
    )


# Functions of one tensor -----------------------------------------------------------------------------


@CASES.of(ops.exp)
def exp(draw):
    return Example([draw.normal(draw.shape())], ops.exp, lambda x: np.e**x)


@CASES.of(ops.log)
def log(draw):
    return Example([draw.positive(draw.shape())], ops.log, lambda x: np.log2(x) / np.log2(np.e))


@CASES.of(ops.relu)
def relu(draw):
    return Example([draw.apart(draw.shape())], ops.relu, lambda x: (x + abs(x)) / 2)


@CASES.of(ops.leaky_relu)
def leaky_relu(draw):
    slope = draw.one_of(0, 0.01, 0.2, 1, 1.5)
    return Example(
        [draw.apart(draw.shape())],
        lambda x: ops.leaky_relu(x, slope),
        lambda x: (1 + slope) / 2 * x + (1 - slope) / 2 * abs(x),
    )


@CASES.of(ops.leaky_relu)
def leaky_relu_by_default(draw):
    return Example([draw.apart(draw.shape())], ops.leaky_relu, lambda x: np.where(x < 0, x / 5, x))


@CASES.of(ops.sigmoid)
def sigmoid(draw):
    return Example([3 * draw.normal(draw.shape())], ops.sigmoid, lambda x: 1 / (1 + np.e**-x))


@CASES.of(ops.tanh)
def tanh(draw):
    return Example([draw.normal(draw.shape())], ops.tanh, lambda x: 1 - 2 / (np.e ** (2 * x) + 1))


@CASES.of(ops.softplus)
def softplus(draw):
    return Example([3 * draw.normal(draw.shape())], ops.softplus, lambda x: np.log(1 + np.e**x))


# Layers ----------------------------------------------------------------------------------------------


@CASES.of(ops.matmul)
def matmul(draw):
    before_x, before_y = draw.broadcasting_shapes(2, max_rank=2)
    m, n, k = draw.sizes(3)
    return Example(
        [draw.normal((*before_x, m, n)), draw.normal((*before_y, n, k))],
        draw.one_of(ops.matmul, operator.matmul),
        lambda x, y: np.einsum("...ij,...jk->...ik", x, y),
    )


@CASES.of(ops.affine)
def affine(draw):
    m, inputs, outputs = draw.sizes(3)
    return Example(
        [draw.normal((m, inputs)), draw.normal((inputs, outputs)), draw.normal(outputs)],
        ops.affine,
        lambda x, W, b: np.einsum("mi,io->mo", x, W) + np.tile(b, (m, 1)),
    )


@CASES.of(ops.affine_identity)
def affine_identity(draw):
    return affine(draw)._replace(call=ops.affine_identity)


@CASES.of(ops.maxout)
def maxout(draw):
    m, pieces, units = draw.sizes(3)
    return Example(
        [draw.apart((m, pieces * units))],
        lambda x: ops.maxout(x, pieces),
        lambda x: np.stack([x[:, unit::units].max(axis=1) for unit in range(units)], axis=1),
    )


@CASES.of(ops.affine_relu)
def affine_relu(draw):
    x, W, b = affine_away_from_kinks(draw)
    return Example([x, W, b], ops.affine_relu, lambda x, W, b: (x @ W + b) * (x @ W + b > 0))


@CASES.of(ops.affine_sigmoid)
def affine_sigmoid(draw):
    x, W, b = affine_away_from_kinks(draw)
    return Example([x, W, b / 50], ops.affine_sigmoid, lambda x, W, b: 1 / (1 + np.exp(-(x @ W + b))))


@CASES.of(ops.affine_tanh)
def affine_tanh(draw):
    x, W, b = affine_away_from_kinks(draw)
    return Example([x, W, b / 100], ops.affine_tanh, lambda x, W, b: 1 - 2 / (np.exp(2 * (x @ W + b)) + 1))


def affine_away_from_kinks(draw):
    m, inputs, outputs = draw.sizes(3)
    return draw.normal((m, inputs)), draw.normal((inputs, outputs)), 100 * draw.apart(outputs)


@CASES.of(ops.affine_maxout)
def affine_maxout(draw):
    m, inputs, pieces, units = draw.sizes(4)
    x, W = draw.normal((m, inputs)), draw.normal((inputs, pieces * units))
    b = 100 * draw.apart(pieces * units)  # far apart: no tie and no kink is near

    def formula(x, W, b):
        return np.stack([(x @ W + b)[:, unit::units].max(axis=1) for unit in range(units)], axis=1)

    return Example([x, W, b], lambda x, W, b: ops.affine_maxout(x, W, b, pieces), formula)


@CASES.of(ops.logistic_loss)
def logistic_loss(draw):
    (m,) = draw.sizes(1)
    ones, scale = draw.one_of(*range(m + 1)), draw.one_of(0.5, -1.0)

    def formula(a):
        parts = [np.log1p(np.exp(-a[:ones])), np.log1p(np.exp(a[ones:]))]
        return scale * sum(part.mean() for part in parts if part.size)

    return Example([draw.normal((m, 1))], lambda a: ops.logistic_loss(a, ones, scale), formula)


@CASES.of(ops.logistic_loss)
def logistic_loss_by_default(draw):
    (m,) = draw.sizes(1)
    return Example(
        [draw.normal((m, 1))], lambda a: ops.logistic_loss(a, m), lambda a: np.log1p(np.exp(-a)).mean()
    )


@CASES.of(ops.dropout)
def dropout(draw):
    shape, keep = draw.shape(), draw.one_of(0.2, 0.5, 0.8, 1.0)
    return Example(
        [draw.normal(shape)],
        lambda x: ops.dropout(x, keep, stream(x, draw.seed)),
        lambda x: np.where(uniform(draw.seed, shape) < keep, x / keep, 0),
    )


# Sums and choices ------------------------------------------------------------------------------------


def along_axes(draw, op, formula):
    shape, keepdims = draw.shape(), draw.one_of(False, True)
    axis = draw.axes(len(shape))
    call = draw.one_of(op, getattr(Tensor, op.__name__))
    return Example(
        [draw.normal(shape)],
        lambda x: call(x, axis=axis, keepdims=keepdims),
        lambda x: formula(x, axis=axis, keepdims=keepdims),
    )


@CASES.of(ops.sum)
def sums(draw):
    return along_axes(draw, ops.sum, np.add.reduce)


@CASES.of(ops.mean)
def means(draw):
    def formula(x, **how):
        return np.add.reduce(x, **how) / np.add.reduce(np.ones(x.shape), **how)

    return along_axes(draw, ops.mean, formula)


@CASES.of(ops.sum)
@CASES.of(ops.mean)
def everything(draw):
    return Example([draw.normal(draw.shape())], lambda x: x.sum() - x.mean(), lambda x: x.sum() - x.mean())


@CASES.of(ops.max)
def largest(draw):
    shape, keepdims = draw.shape(min_rank=1), draw.one_of(False, True)
    axis = draw.pick(st.integers(-len(shape), len(shape) - 1))
    return Example(
        [draw.apart(shape)],
        lambda x: ops.max(x, axis, keepdims),
        lambda x: np.maximum.reduce(x, axis=axis, keepdims=keepdims),
    )


# Shapes ----------------------------------------------------------------------------------------------


@CASES.of(ops.reshape)
def reshape(draw):
    shape = draw.shape()
    n = math.prod(shape)
    new = draw.one_of((-1,), (n,), (1, n), shape[::-1], (*shape, 1), [*shape[1:], *shape[:1]])
    return Example([draw.normal(shape)], lambda x: ops.reshape(x, new), lambda x: x.ravel().reshape(new))


@CASES.of(ops.transpose)
def transpose(draw):
    shape = draw.shape()
    axes = draw.pick(st.none() | st.permutations(range(len(shape))))
    if axes is not None:
        axes = [axis - draw.one_of(0, len(shape)) for axis in axes]
    return Example([draw.normal(shape)], lambda x: ops.transpose(x, axes), lambda x: np.transpose(x, axes))


@CASES.of(ops.concatenate)
def concatenate(draw):
    shape, lengths = draw.shape(min_rank=1), draw.pick(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    axis = draw.pick(st.integers(-len(shape), len(shape) - 1))
    return Example(
        [draw.normal((*shape[:axis], n, *shape[axis:][1:])) for n in lengths],
        lambda *parts: ops.concatenate(parts, axis),
        lambda *parts: np.stack([row for x in parts for row in np.moveaxis(x, axis, 0)], axis),
    )


@CASES.of(ops.getitem)
def getitem(draw):
    shape = draw.shape(min_rank=1)
    index = draw.pick(basic_indices(shape))
    call = draw.one_of(ops.getitem, operator.getitem)
    numbers = np.arange(math.prod(shape)).reshape(shape)[index]  # of the elements that are taken
    return Example([draw.normal(shape)], lambda x: call(x, index), lambda x: x.ravel()[numbers])


# Classification --------------------------------------------------------------------------------------


@CASES.of(ops.log_softmax)
def log_softmax(draw):
    return Example(
        [3 * draw.normal(draw.shape(min_rank=1))],
        ops.log_softmax,
        lambda x: np.log(np.e**x / (np.e**x).sum(axis=-1, keepdims=True)),
    )


@CASES.of(ops.cross_entropy)
def cross_entropy(draw):
    m, classes = draw.sizes(2)
    labels = draw.rng.integers(0, classes, m).astype(draw.one_of("uint8", "int32", "int64"))
    onehot = np.eye(classes)[labels]
    return Example(
        [3 * draw.normal((m, classes))],
        lambda x: ops.cross_entropy(x, xp_of(x.data).asarray(labels)),
        lambda x: -np.log((onehot * np.e**x).sum(axis=1) / (np.e**x).sum(axis=1)).sum() / m,
    )


test_operation = every_property_of(CASES)


def test_every_operation_has_a_gradient_check():
    assert CASES.missing(operations(ops)) == []
    others = [f for f in public(ops).values() if f not in operations(ops).values()]
    assert {f.__annotations__["return"] for f in others} == {"Array"}  # on bare arrays: nothing to check


# Ties and kinks --------------------------------------------------------------------------------------


@given(data=st.data())
def test_maxout_gives_the_first_of_equal_pieces_everything(backend, data):
    draw = Draw(data)
    m, pieces, units = draw.sizes(3)
    a, g = draw.grid((m, pieces * units)), draw.normal((m, units))
    y, expected = np.empty((m, units)), np.zeros(a.shape)
    for i, j in np.ndindex(m, units):
        candidates = a[i, j::units].tolist()
        y[i, j] = max(candidates)
        expected[i, j::units][candidates.index(y[i, j])] = g[i, j]
    (x,) = tensors(backend, [a])
    assert np.array_equal(host(ops.maxout(x, pieces).data), y)
    assert np.array_equal(gradient_for(lambda x: ops.maxout(x, pieces), x, g), expected)


def test_axes_where_none_are_named(backend):
    (x,) = tensors(backend, [np.ones((2, 3))])
    assert ops.concatenate([x, x]).shape == (4, 3)
    for reduce in (ops.sum, ops.mean, ops.max):
        assert (reduce(x, axis=1).shape, reduce(x, axis=1, keepdims=True).shape) == ((2,), (2, 1))


@given(data=st.data())
def test_max_gives_the_first_of_equal_values_everything(backend, data):
    draw = Draw(data)
    shape = draw.shape(min_rank=1)
    axis = draw.pick(st.integers(0, len(shape) - 1))
    a = draw.grid(shape)
    g = draw.normal(shape[:axis] + shape[axis + 1 :])
    expected = np.zeros(shape)
    for i in np.ndindex(g.shape):
        line = (*i[:axis], slice(None), *i[axis:])
        candidates = a[line].tolist()
        expected[line][candidates.index(max(candidates))] = g[i]
    (x,) = tensors(backend, [a])
    assert np.array_equal(gradient_for(lambda x: ops.max(x, axis), x, g), expected)


@pytest.mark.parametrize(
    ("op", "values", "slopes"),
    [
        (ops.relu, [0, 0, 1], [0, 0, 1]),
        (ops.leaky_relu, [-0.2, 0, 1], [0.2, 0.2, 1]),
        (lambda x: ops.power(x, 2), [1, 0, 1], [-2, 0, 2]),
        (lambda x: ops.power(x, 1), [-1, 0, 1], [1, 1, 1]),
        (lambda x: ops.power(x, 0), [1, 1, 1], [0, 0, 0]),
    ],
    ids=["relu", "leaky_relu", "square", "power 1", "power 0"],
)
def test_at_minus_one_zero_and_one(backend, op, values, slopes):
    (x,) = tensors(backend, [np.array([-1.0, -0.0, 1.0])])
    assert host(op(x).data) == pytest.approx(values, abs=0)
    g = np.array([3.0, -5.0, 7.0])
    assert gradient_for(op, x, g) == pytest.approx(g * slopes, abs=0)


# Extreme numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "value", "slope", "tiny"),
    [
        (ops.softplus, exact_softplus, exact_sigmoid, 1e-37),
        (ops.sigmoid, exact_sigmoid, lambda a: exact_sigmoid(a) * exact_sigmoid(-a), 1e-7),
        (ops.tanh, np.tanh, lambda a: 1 - np.tanh(a) ** 2, 1e-7),
        (ops.relu, lambda a: np.maximum(a, 0), lambda a: a > 0, 0),
        (ops.leaky_relu, lambda a: np.where(a > 0, a, 0.2 * a), lambda a: np.where(a > 0, 1, 0.2), 0),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.filterwarnings("error")
def test_extreme_numbers_in_float32(backend, op, value, slope, tiny):
    (x,) = tensors(backend, [EXTREME], "float32")
    a, g = host(x.data).astype(np.float64), np.full(len(EXTREME), -2.0)
    assert_allclose(host(op(x).data), value(a), rtol=2e-6, atol=1e-37)
    assert_allclose(gradient_for(op, x, g), g * slope(a), rtol=2e-6, atol=tiny)


def test_a_quotient_of_large_numbers_has_its_slope(backend):
    """y^2 is too large for float32, x / y^2 is not."""
    x, y = tensors(backend, [np.array([1e20]), np.array([1e20])], "float32")
    assert_allclose(gradient_for(lambda y: x / y, y, np.ones(1)), [-1e-20], rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_classification_of_extreme_logits(backend):
    (x,) = tensors(backend, [np.array([[800.0, 0, -800], [-800, -800, -800], [0, 800, 800]])], "float32")
    log_p = np.array([[0, -800, -1600], [-np.log(3)] * 3, [-800 - np.log(2), -np.log(2), -np.log(2)]])
    assert_allclose(host(ops.log_softmax(x).data), log_p, rtol=1e-6)

    def loss(x):
        return ops.cross_entropy(x, backend.asarray(np.array([2, 0, 0])))

    assert_allclose(host(loss(x).data), (1600 + np.log(3) + 800 + np.log(2)) / 3, rtol=1e-6)
    slope = [[1, 0, -1], [-2 / 3, 1 / 3, 1 / 3], [-1, 0.5, 0.5]]
    assert_allclose(gradient_for(loss, x, np.array(3.0)), slope, atol=1e-6)


def test_a_scalar_of_numpy_does_not_make_float64(backend):
    (x,) = tensors(backend, [np.ones(3)], "float32")
    for y in (x * np.float64(2), np.float64(2) * x, x - np.float64(2), np.float64(2) / x, x ** np.float64(2)):
        assert y.dtype == np.float32


# Refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "error", "call"),
    [
        ("add: ... Tensor ... number ... list", TypeError, lambda x: ops.add(x, [1.0])),
        ("mul: ... Tensor ... number ... list", TypeError, lambda x: ops.mul([1.0], x)),
        ("sub: ... Tensor ... number ... NoneType", TypeError, lambda x: x - None),
        ("div: ... Tensor ... number ... ndarray", TypeError, lambda x: x / x.data),
        ("mul: ... Tensor ... number ... ndarray", TypeError, lambda x: np.ones(3) * x),
        ("add: ... Tensor ... int", TypeError, lambda x: ops.add(1, 2)),
        ("exp: ... Tensor ... float", TypeError, lambda x: ops.exp(1.0)),
        ("relu: ... Tensor ... ndarray", TypeError, lambda x: ops.relu(x.data)),
        ("affine: ... Tensor ... ndarray", TypeError, lambda x: ops.affine(x, x.data, x)),
        ("power: expected a Python number, got Tensor", TypeError, lambda x: ops.power(x, x)),
        ("leaky_relu: expected a Python number, got str", TypeError, lambda x: ops.leaky_relu(x, "0.2")),
        ("matmul: ... float64 ... float32", TypeError, lambda x: x @ single(x)),
        ("add: ... float32 ... float64", TypeError, lambda x: single(x) + x),
        ("concatenate: ... float64 ... float32", TypeError, lambda x: ops.concatenate([x, single(x)])),
        ("concatenate: ... Tensor", ValueError, lambda x: ops.concatenate([])),
        ("add: ... (4, 6) ... (4, 2)", ValueError, lambda x: ops.add(x, x[:, :2])),
        ("mul: ... (5,) ... (4, 6)", ValueError, lambda x: ops.mul(x[0, :5], x)),
        ("matmul: ... (4, 6) and (4, 6); expected (..., m, n) and (..., n, k)", ValueError, lambda x: x @ x),
        ("matmul: ... (6,) and (4, 6)", ValueError, lambda x: x[0] @ x),
        ("matmul: ... (6,) and (6, 4)", ValueError, lambda x: x[0] @ ops.transpose(x)),
        ("affine: x is (4, 6), W is (4, 6) ... (inputs,", ValueError, lambda x: ops.affine(x, x, x[0])),
        ("affine: ... b is (6,) ... (outputs,)", ValueError, lambda x: ops.affine(x, ops.transpose(x), x[0])),
        ("affine: x is (6,) ... (batch, inputs)", ValueError, lambda x: ops.affine(x[0], x, x[0])),
        ("maxout: x is (4, 6) ... 4 pieces", ValueError, lambda x: ops.maxout(x, 4)),
        ("maxout: x is (4, 6) ... 0 pieces", ValueError, lambda x: ops.maxout(x, 0)),
        ("maxout: x is (6,) ... (batch, pieces * units)", ValueError, lambda x: ops.maxout(x[0], 2)),
        ("affine_maxout: W is (6, 4) ... 3 pieces", ValueError, lambda x: biased_maxout(x, 3)),
        ("affine_maxout: W is (6, 4) ... 0 pieces", ValueError, lambda x: biased_maxout(x, 0)),
        ("affine_maxout: x is (4, 6)", ValueError, lambda x: ops.affine_maxout(x, x, x[0], 2)),
        ("logistic_loss: logits (4, 6)", ValueError, lambda x: ops.logistic_loss(x, 2)),
        ("logistic_loss: ... 5 ones ... at most m", ValueError, lambda x: ops.logistic_loss(x[:, :1], 5)),
        ("logistic_loss: ... -1 ones", ValueError, lambda x: ops.logistic_loss(x[:, :1], -1)),
        ("keep ... (0, 1] ... 0", ValueError, lambda x: ops.dropout(x, 0, stream(x, 0))),
        ("dropout: x is float64 ... float32", TypeError, lambda x: ops.dropout(x, 0.5, stream(single(x), 0))),
        ("keep ... (0, 1] ... 1.5", ValueError, lambda x: ops.dropout(x, 1.5, stream(x, 0))),
        ("getitem: ... integers ... [0, 1]", TypeError, lambda x: x[[0, 1]]),
        ("getitem: ... integers ... True", TypeError, lambda x: x[True]),
        ("cross_entropy: ... (4, 6) ... (6,) ... integer", ValueError, lambda x: classify(x, 6)),
        ("cross_entropy: ... float64 ... integer", ValueError, lambda x: classify(x, 4, "float64")),
        ("cross_entropy: ... (6,) ... (batch, classes)", ValueError, lambda x: classify(x[0], 6)),
        ("one library ... builtins.list", TypeError, lambda x: ops.cross_entropy(x, [0, 1, 2, 3])),
        ("mean: ... (0, 6)", ValueError, lambda x: ops.mean(x[:0])),
        ("maxout: x is (0, 6)", ValueError, lambda x: ops.maxout(x[:0], 2)),
        ("cross_entropy: ... (0, 6)", ValueError, lambda x: classify(x[:0], 0)),
    ],
)
def test_what_is_wrong_is_refused_in_a_line(backend, message, error, call):
    (x,) = tensors(backend, [np.arange(24.0).reshape(4, 6)])
    with refuses(error, message):
        call(x)


def biased_maxout(x, pieces):
    return ops.affine_maxout(x, ops.transpose(x), x[:, 0], pieces)


def single(x):
    return Tensor(x.data.astype("float32"))


def classify(x, count, dtype="int64"):
    return ops.cross_entropy(x, xp_of(x.data).asarray(np.zeros(count, dtype)))


def test_a_tensor_has_the_operators_that_it_declares():
    declared = [name for name, kind in Tensor.__annotations__.items() if "ClassVar" in kind]
    assert len(declared) == 14 and [name for name in declared if not callable(vars(Tensor).get(name))] == []


def test_arrays_of_two_libraries_are_refused_by_name(backend):
    ours = Tensor(backend.asarray(np.ones((2, 2))))
    others = strict_backend("float64").asarray(np.ones((2, 2))) if backend.xp is np else np.ones((2, 2))
    names = [f"{type(a).__module__}.{type(a).__name__}" for a in (ours.data, others)]
    for call in (ops.matmul, ops.add, lambda x, y: ops.concatenate([x, y])):
        with refuses(TypeError, " ... ".join(names)):
            call(ours, Tensor(others))
    with refuses(TypeError, " ... ".join(names)):
        ops.cross_entropy(ours, others)
