"""nn.py: every layer has its formula's value and derivative; and what it holds, and in which mode it is."""

import inspect
from math import sqrt

import numpy as np
import pytest
from hypothesis import assume
from numpy.testing import assert_allclose
from properties import (
    Cases,
    Example,
    backend_of,
    every_property_of,
    host,
    public,
    refuses,
    stream,
    tensors,
    uniform,
)

from minigan import nn, ops
from minigan.backend import Backend, xp_of
from minigan.random import Streams
from minigan.tensor import Tensor

CASES = Cases()


def holding(layer, *parameters):
    """The layer, with these tensors as its parameters."""
    for name, p in zip(layer.named_parameters(), parameters, strict=True):
        setattr(layer, name, p)
    return layer


def either_mode(draw):
    """What to call a layer with that does the same in training and at evaluation."""
    return draw.one_of(lambda x: None, lambda x: stream(x, 0))


def matrix(draw):
    return draw.normal(draw.sizes(2))


@CASES.of(nn.Linear)
def linear(draw):
    m, inputs, outputs = draw.sizes(3)
    rng = either_mode(draw)
    return Example(
        [draw.normal((m, inputs)), draw.normal((inputs, outputs)), draw.normal(outputs)],
        lambda x, W, b: holding(nn.Linear(inputs, outputs, stream(x, 0)), W, b)(x, rng(x)),
        lambda x, W, b: np.einsum("mi,io->mo", x, W) + np.tile(b, (m, 1)),
    )


@CASES.of(nn.Linear)
def linear_with_an_activation(draw):
    m, inputs, outputs = draw.sizes(3)
    f, formula = draw.one_of((ops.affine_sigmoid, lambda y: 1 / (1 + np.exp(-y))), (ops.affine_tanh, np.tanh))

    def call(x, W, b):
        return holding(nn.Linear(inputs, outputs, stream(x, 0), f=f), W, b)(x, None)

    arrays = [draw.normal((m, inputs)), draw.normal((inputs, outputs)), draw.normal(outputs)]
    return Example(arrays, call, lambda x, W, b: formula(x @ W + b))


@CASES.of(nn.Maxout)
def maxout(draw):
    m, inputs, units, pieces = draw.sizes(4)
    rng = either_mode(draw)
    x, b = draw.normal((m, inputs)), draw.normal(pieces * units)
    W = draw.normal((inputs, pieces * units))

    def all_pieces(x, W, b):  # (pieces, m, units)
        return np.array([x @ W[:, i : i + units] + b[i : i + units] for i in range(0, pieces * units, units)])

    ranked = np.sort(all_pieces(x, W, b), axis=0)
    assume((np.diff(ranked, axis=0) > 1e-3).all())
    return Example(
        [x, W, b],
        lambda x, W, b: holding(nn.Maxout(inputs, units, pieces, stream(x, 0)), W, b)(x, rng(x)),
        lambda x, W, b: all_pieces(x, W, b).max(axis=0),
    )


@CASES.of(nn.Dropout)
def dropout_in_training(draw):
    x, keep = matrix(draw), draw.one_of(0.2, 0.5, 0.8, 1.0)
    return Example(
        [x],
        lambda x: nn.Dropout(keep)(x, stream(x, draw.seed)),
        lambda x: np.where(uniform(draw.seed, x.shape) < keep, x / keep, 0),
    )


@CASES.of(nn.Dropout)
def dropout_at_evaluation(draw):
    keep = draw.one_of(0.2, 0.5, 1.0)
    return Example([matrix(draw)], lambda x: nn.Dropout(keep)(x, None), lambda x: x)


@CASES.of(nn.LeakyReLU)
def leaky_relu(draw):
    rng, slope = either_mode(draw), draw.one_of(0.01, 0.2, 0.5)
    return Example(
        [draw.apart(draw.sizes(2))],
        lambda x: nn.LeakyReLU(slope)(x, rng(x)),
        lambda x: np.where(x > 0, x, slope * x),
    )


@CASES.of(nn.LeakyReLU)
def leaky_relu_by_default(draw):
    return Example(
        [draw.apart(draw.sizes(2))], lambda x: nn.LeakyReLU()(x, None), lambda x: np.where(x > 0, x, x / 5)
    )


@CASES.of(nn.BatchNorm)
def batch_norm_in_training(draw):
    (m, features), eps = draw.sizes(2, smallest=2), draw.one_of(1e-5, 0.1)
    return Example(
        [draw.apart((m, features)), draw.normal(features), draw.normal(features)],
        lambda x, *gamma_beta: holding(nn.BatchNorm(features, backend_of(x), eps=eps), *gamma_beta)(
            x, stream(x, 0)
        ),
        lambda x, gamma, beta: gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta,
    )


@CASES.of(nn.BatchNorm)
def batch_norm_at_evaluation(draw):
    m, features = draw.sizes(2)
    mean, var = draw.normal(features), draw.positive(features)

    def call(x, gamma, beta):
        layer = holding(nn.BatchNorm(features, backend_of(x)), gamma, beta)
        layer.running_mean[...], layer.running_var[...] = map(xp_of(x.data).asarray, (mean, var))
        return layer(x, None)

    return Example(
        [draw.normal((m, features)), draw.normal(features), draw.normal(features)],
        call,
        lambda x, gamma, beta: gamma * (x - mean) / np.sqrt(var + 1e-5) + beta,
    )


@CASES.of(nn.Packed)
def packed(draw):
    packs, pack, d, outputs = draw.sizes(4)

    def call(x, W, b):
        return nn.Packed(holding(nn.Linear(pack * d, outputs, stream(x, 0)), W, b), pack)(x, None)

    def formula(x, W, b):
        return np.array([np.concatenate(x[i : i + pack]) @ W + b for i in range(0, len(x), pack)])

    arrays = [draw.normal((packs * pack, d)), draw.normal((pack * d, outputs)), draw.normal(outputs)]
    return Example(arrays, call, formula)


@CASES.of(nn.Sequential)
def sequential(draw):
    m, inputs, hidden, outputs = draw.sizes(4)
    x, W1, b1 = draw.normal((m, inputs)), draw.normal((inputs, hidden)), draw.normal(hidden)
    assume((abs(x @ W1 + b1) > 1e-3).all())

    def call(x, W1, b1, W2, b2):
        first = holding(nn.Linear(inputs, hidden, stream(x, 0)), W1, b1)
        second = holding(nn.Linear(hidden, outputs, stream(x, 0), f=ops.affine_tanh), W2, b2)
        net = nn.Sequential(first, nn.LeakyReLU(0.1), nn.Dropout(0.7), second)
        return net(x, stream(x, draw.seed))

    def formula(x, W1, b1, W2, b2):
        h = x @ W1 + b1
        h = np.where(h > 0, h, 0.1 * h) * (uniform(draw.seed, (m, hidden)) < 0.7) / 0.7
        return np.tanh(h @ W2 + b2)

    return Example([x, W1, b1, draw.normal((hidden, outputs)), draw.normal(outputs)], call, formula)


test_layer = every_property_of(CASES)

LAYERS = public(nn, lambda value: inspect.isclass(value) and value is not nn.Layer)


def test_every_layer_has_a_gradient_check():
    assert all(issubclass(layer, nn.Layer) for layer in LAYERS.values())
    assert CASES.missing(LAYERS) == []


@pytest.mark.parametrize("layer", [nn.Layer, *LAYERS.values()], ids=lambda layer: layer.__name__)
def test_the_mode_is_always_said(layer):
    """net(x) alone is an error: the random stream, or None for evaluation, has no default."""
    assert list(inspect.signature(layer.__call__).parameters) == ["self", "x", "rng"]
    assert inspect.signature(layer.__call__).parameters["rng"].default is inspect.Parameter.empty


# What the layers hold, and how they start ------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [None, 0.05])
@pytest.mark.parametrize(
    "make",
    [
        lambda rng, scale: nn.Linear(7, 20, rng, scale),
        lambda rng, scale: nn.Maxout(7, 4, 5, rng, scale),
    ],
    ids=["Linear", "Maxout"],
)
def test_weights_start_uniform_and_biases_zero(backend, make, scale, dtype):
    rng = Streams(3, Backend(backend.name, dtype, backend.xp))("test")
    layer, following = make(rng, scale), host(rng.uniform(5))
    scale = sqrt(6 / (7 + 20)) if scale is None else scale
    u = uniform(3, (145,))
    assert list(layer.named_parameters()) == ["W", "b"]
    assert layer.parameters() == [layer.W, layer.b] and layer.buffers() == {}
    assert (layer.W.dtype, layer.b.dtype) == (dtype, dtype)
    assert_allclose(host(layer.W.data), scale * (2 * u[:140] - 1).reshape(7, 20), atol=1e-7)
    assert np.array_equal(host(layer.b.data), np.zeros(20))
    assert_allclose(following, u[140:], atol=1e-7)  # one number a weight, none for the biases


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.LeakyReLU()])
def test_the_others_hold_nothing(layer):
    assert layer.named_parameters() == layer.buffers() == {} and layer.parameters() == []


def test_a_net_names_its_parameters_by_kind_and_place(backend):
    rng = Streams(0, backend)("init")
    net = nn.Sequential(
        nn.Dropout(0.8),
        nn.Maxout(3, 4, 2, rng),
        nn.Linear(4, 2, rng),
        nn.BatchNorm(2, backend),
        nn.LeakyReLU(),
        nn.Linear(2, 1, rng),
    )
    shapes = {name: p.shape for name, p in net.named_parameters().items()}
    assert list(shapes.items()) == [
        ("maxout1.W", (3, 8)),
        ("maxout1.b", (8,)),
        ("linear2.W", (4, 2)),
        ("linear2.b", (2,)),
        ("batchnorm3.gamma", (2,)),
        ("batchnorm3.beta", (2,)),
        ("linear4.W", (2, 1)),
        ("linear4.b", (1,)),
    ]
    assert net.parameters() == [p for layer in net.layers for p in layer.parameters()]
    norm = net.layers[3]
    assert net.buffers() == {
        "batchnorm3.running_mean": norm.running_mean,
        "batchnorm3.running_var": norm.running_var,
    }


def test_what_a_layer_without_parameters_keeps_is_kept(backend):
    class Counter(nn.Layer):
        def buffers(self):
            return {"calls": calls}

    calls = backend.asarray(np.zeros(1))
    net = nn.Sequential(Counter(), nn.LeakyReLU())
    assert net.named_parameters() == {} and net.buffers() == {"counter1.calls": calls}


def test_a_layer_that_computes_nothing_says_so(backend):
    class Mirror(nn.Layer):
        pass

    with refuses(TypeError, "Mirror"):
        Mirror()(Tensor(backend.asarray(np.ones(1))), None)


# Dropout ---------------------------------------------------------------------------------------------


def test_dropout_draws_a_new_mask_at_each_call_and_keeps_the_mean(backend):
    (x,) = tensors(backend, [np.ones((100, 100))])
    layer, rng = nn.Dropout(0.8), stream(x, 0)
    first, second = host(layer(x, rng).data), host(layer(x, rng).data)
    for y in (first, second):
        assert set(np.unique(y)) == {0, 1.25}
        assert y.mean() == pytest.approx(1, abs=0.02)
    assert (first != second).mean() == pytest.approx(2 * 0.8 * 0.2, abs=0.02)
    assert (first[0] != first[1]).any() and (first[:, 0] != first[:, 1]).any()


def test_dropout_is_the_identity_at_evaluation_and_where_all_are_kept(backend):
    (x,) = tensors(backend, [np.ones((3, 2))])
    rng = stream(x, 0)
    assert nn.Dropout(0.5)(x, None) is x
    assert nn.Dropout(1)(x, rng) is x
    assert np.array_equal(host(rng.uniform(4)), uniform(0, (4,)))  # nothing was drawn


@pytest.mark.parametrize("keep", [0, -0.5, 1.01])
def test_dropout_refuses_what_is_no_probability_of_keeping(keep):
    with refuses(ValueError, f"Dropout: keep ... (0, 1] ... {keep}"):
        nn.Dropout(keep)


# Batch norm ------------------------------------------------------------------------------------------


def test_batch_norm_keeps_running_averages_in_training_alone(backend):
    batches = [np.random.default_rng(i).normal(i, 2, (4, 3)) for i in range(3)]
    layer = nn.BatchNorm(3, backend, momentum=0.8)
    buffers = layer.buffers()
    mean, var = np.zeros(3), np.ones(3)
    for batch in batches:
        (x,) = tensors(backend, [batch])
        layer(x, stream(x, 0))
        mean = 0.8 * mean + 0.2 * batch.mean(axis=0)
        var = 0.8 * var + 0.2 * ((batch - batch.mean(axis=0)) ** 2).sum(axis=0) / 4
    evaluated = host(layer(x, None).data)
    assert_allclose(host(buffers["running_mean"]), mean)
    assert_allclose(host(buffers["running_var"]), var)
    assert_allclose(evaluated, (batches[-1] - mean) / np.sqrt(var + 1e-5))
    assert layer.running_mean is buffers["running_mean"] and layer.running_var is buffers["running_var"]


def test_batch_norm_starts_as_the_identity_and_with_momentum_nine_tenths(backend):
    layer = nn.BatchNorm(2, backend)
    x, far = tensors(backend, [np.array([[1.0, -2.0]]), np.array([[10.0, 30.0], [12.0, 30.0]])])
    assert_allclose(host(layer(x, None).data), [[1, -2]], rtol=1e-5)
    layer(far, stream(x, 0))
    assert_allclose(host(layer.running_mean), [1.1, 3.0])
    assert_allclose(host(layer.running_var), [1.0, 0.9])


def test_batch_norm_refuses_to_train_on_one_example(backend):
    (x,) = tensors(backend, [np.ones((1, 2))])
    with refuses(ValueError, "BatchNorm ... two"):
        nn.BatchNorm(2, backend)(x, stream(x, 0))


@pytest.mark.parametrize("rng", [lambda x: stream(x, 0), lambda x: None], ids=["training", "evaluation"])
def test_batch_norm_in_float32_stays_there(backend, rng):
    (x,) = tensors(backend, [np.arange(6.0).reshape(3, 2)], "float32")
    layer = nn.BatchNorm(2, backend_of(x))
    assert layer(x, rng(x)).dtype == np.float32
    assert {a.dtype for a in (*layer.buffers().values(), *layer.parameters())} == {np.dtype(np.float32)}
