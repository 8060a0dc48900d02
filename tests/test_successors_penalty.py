"""successors/penalty.py and twice.py: the slope of D as a function of its weights, by masks and by a second
backward, which must agree; and the update that uses it."""

import copy
import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import host, refuses, stream, tensors

from minigan import nn, ops
from minigan.algorithm1 import Game, alternating
from minigan.backend import Backend
from minigan.gradcheck import gradcheck
from minigan.homework.judging.strict_cupy import counting, no_sync, strict_backend
from minigan.optim import Momentum
from minigan.random import Streams
from minigan.successors import penalty, twice
from minigan.successors.convolution import HALVING, ChannelNorm, Conv, ConvTranspose, Reshape, Windows
from minigan.successors.losses import upwards, wasserstein
from minigan.successors.spectral_norm import SpectralLinear
from minigan.tensor import Tensor, backward


def mlp(backend, sizes=(3, 6, 5, 1), seed=0, f=ops.affine_identity, scale=None):
    """Linear layers with leaky ReLUs between them, and biases that are not 0."""
    rng, layers = Streams(seed, backend)("init"), []
    for inputs, outputs in zip(sizes[:-2], sizes[1:-1], strict=True):
        layers += [nn.Linear(inputs, outputs, rng, scale, f), nn.LeakyReLU(0.2)]
    net = nn.Sequential(*layers, nn.Linear(*sizes[-2:], rng, scale))
    for p in net.parameters():
        p.data += 0.1 * rng.normal(p.shape)
    return net


def networks(backend):
    rng = Streams(1, backend)("init")
    maxout = nn.Sequential(
        nn.Dropout(0.5), nn.Maxout(3, 4, 3, rng, 1.0), nn.Dropout(0.5), nn.Linear(4, 1, rng, 1.0)
    )
    conv = nn.Sequential(
        Reshape(5, 4, 1),
        Conv(1, 3, rng, HALVING, scale=1.0),  # which leaves the last of five rows out
        nn.LeakyReLU(0.1),
        nn.Sequential(Conv(3, 2, rng, Windows(2), scale=1.0), nn.LeakyReLU(0.2)),
        Reshape(2),
        nn.Linear(2, 1, rng, 1.0),
    )
    transposed = nn.Sequential(
        Reshape(2, 2, 2),
        ConvTranspose(2, 3, rng, HALVING, scale=1.0),
        nn.LeakyReLU(0.1),
        ConvTranspose(3, 3, rng, Windows(3, 1, 1), scale=1.0),  # a Conv would have the same shapes
        Reshape(48),
        nn.Linear(48, 1, rng, 1.0),
    )
    for p in maxout.parameters() + conv.parameters() + transposed.parameters():
        p.data += 0.1 * rng.normal(p.shape)
    return {
        "leaky": (mlp(backend), 3),
        "relu": (mlp(backend, f=ops.affine_relu, scale=1.0), 3),
        "maxout": (maxout, 3),
        "conv": (conv, 20),
        "transposed": (transposed, 8),
    }


def points(backend, width, count=7):
    return backend.asarray(np.random.default_rng(5).standard_normal((count, width)).astype(backend.dtype))


class Halved(nn.Linear):
    """A Linear that computes something else."""

    def __call__(self, x, rng):
        return super().__call__(x, rng) / 2


# The slope --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["leaky", "relu", "maxout", "conv", "transposed"])
def test_the_slope_is_what_backward_says(backend, name):
    D, width = networks(backend)[name]
    x = Tensor(points(backend, width))
    g = penalty.input_gradient(D, x.data)
    backward(ops.sum(D(x, None)), wrt=[x])
    assert_allclose(host(g.data), host(x.grad), rtol=1e-12, atol=1e-14)
    assert abs(host(g.data)).max() > 1e-2 and g.dtype == backend.dtype


@pytest.mark.parametrize("one_sided", [True, False])
@pytest.mark.parametrize("name", ["leaky", "relu", "maxout", "conv", "transposed"])
def test_the_penalty_s_gradient_is_its_slope(backend, name, one_sided):
    """By the weights.  The biases move no slope, but for the kinks."""
    D, width = networks(backend)[name]
    x, weights = points(backend, width), [p for p in D.parameters() if p.data.ndim == 2]

    arrays = [3 * p.data for p in weights] if one_sided else [p.data.copy() for p in weights]

    def f(*moved):
        return penalty.gradient_penalty(weighted(D, iter(moved)), x, one_sided)

    assert float(host(f(*map(Tensor, arrays)).data)) > 1e-3
    gradcheck(f, *arrays, h=1e-6)


def weighted(layer, weights):
    """The same layers with other weights."""
    layer = copy.copy(layer)
    if isinstance(layer, nn.Sequential):
        layer.layers = [weighted(part, weights) for part in layer.layers]
    elif layer.named_parameters():
        layer.W = next(weights)
    return layer


@pytest.mark.parametrize("one_sided", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-6)])
def test_masks_and_a_second_backward_agree(backend, dtype, tolerance, one_sided):
    backend = Backend(backend.name, dtype, backend.xp)
    for sizes in ((3, 6, 5, 1), (2, 64, 64, 1), (100, 32, 32, 1)):
        D, x = mlp(backend, sizes, seed=2), points(backend, sizes[0], 50)
        for p in D.parameters():
            p.data *= 2
        loss = penalty.gradient_penalty(D, x, one_sided)
        value = float(host(loss.data))
        backward(loss, wrt=D.parameters())
        other = twice.gradient_penalty(D, Tensor(x), one_sided)
        found = twice.gradient(other, D.parameters())
        ours = np.concatenate([host(p.grad).ravel() for p in D.parameters()])
        theirs = np.concatenate([host(g.data).ravel() for g in found])
        assert value == pytest.approx(float(host(other.data)), rel=tolerance) and value > 1e-3
        assert np.linalg.norm(ours - theirs) <= tolerance * np.linalg.norm(theirs)
        assert {g.dtype for g in found} == {p.grad.dtype for p in D.parameters()} == {np.dtype(dtype)}


def test_of_slopes_one_two_and_none(backend):
    """D(x) = w x with |w| = 1/2 and 2 is punished by 1/4 and 1, or by nothing and 1."""
    D = nn.Sequential(nn.Linear(2, 1, Streams(0, backend)("init")))
    x = points(backend, 2)
    for w, expected in (
        ([0.3, 0.4], (0, 0.25)),
        ([1.2, 1.6], (1, 1)),
        ([0, 0], (0, 1)),
        ([0.6, -0.8], (0, 0)),
    ):
        D.layers[0].W.data[...] = backend.asarray(np.array(w)[:, None])
        found = [float(host(penalty.gradient_penalty(D, x, one).data)) for one in (True, False)]
        assert found == pytest.approx(expected, abs=3e-6)
    assert inspect.signature(penalty.gradient_penalty).parameters["one_sided"].default is True


def test_a_flat_D_has_a_finite_gradient(backend):
    D, x = mlp(backend), points(backend, 3)
    for p in D.parameters():
        p.data *= 0
    backward(penalty.gradient_penalty(D, x, one_sided=False), wrt=D.parameters())
    assert all(np.isfinite(host(p.grad)).all() for p in D.parameters())


def test_the_points_between(backend):
    x, fake = points(backend, 3, 200), 10 + points(backend, 3, 200)
    e = (host(penalty.between(x, fake, stream(Tensor(x), 0))) - host(fake)) / host(x - fake)
    assert_allclose(e, np.broadcast_to(e[:, :1], e.shape), atol=1e-12)
    assert 0 <= e.min() < 0.05 and 0.95 < e.max() <= 1 and e.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda b, rng: nn.BatchNorm(2, b), "BatchNorm is not known"),
        (lambda b, rng: ChannelNorm(2, b), "ChannelNorm is not known"),
        (lambda b, rng: SpectralLinear(2, 2, rng), "SpectralLinear with affine_identity is not known"),
        (lambda b, rng: nn.Linear(2, 2, rng, f=ops.affine_tanh), "Linear with affine_tanh is not known"),
        (lambda b, rng: Halved(2, 2, rng, f=ops.affine_relu), "Halved with affine_relu is not known"),
    ],
)
def test_what_is_not_linear_between_kinks_is_refused(backend, layer, message):
    rng = Streams(0, backend)("init")
    D = nn.Sequential(layer(backend, rng), nn.Linear(2, 1, rng))
    with refuses(TypeError, message):
        penalty.input_gradient(D, points(backend, 2))


# A second backward ------------------------------------------------------------------------------------


def test_derivatives_of_derivatives(backend):
    """y = tanh(x)^3 x^-2, twice, beside its formula."""
    a = np.array([0.3, -0.7, 1.5])
    (x,) = tensors(backend, [a])
    (first,) = twice.gradient(twice.mul(twice.power(twice.tanh(x), 3), twice.power(x, -2)), [x])
    (second,) = twice.gradient(first, [x])
    (third,) = twice.gradient(second, [x])

    def y(a):
        return np.tanh(a) ** 3 / a**2

    h = 1e-3
    assert_allclose(host(first.data), (y(a + h) - y(a - h)) / (2 * h), rtol=1e-4)
    assert_allclose(host(second.data), (y(a + h) - 2 * y(a) + y(a - h)) / h**2, rtol=1e-4)
    slopes = (y(a + 2 * h) - 2 * y(a + h) + 2 * y(a - h) - y(a - 2 * h)) / (2 * h**3)
    assert_allclose(host(third.data), slopes, rtol=1e-3)


def test_a_smooth_D_too(backend):
    """The penalty's gradient against differences, for tanh, where there are no masks to use."""
    rng = Streams(0, backend)("init")
    D = nn.Sequential(nn.Linear(2, 5, rng, 1.0, ops.affine_tanh), nn.Linear(5, 1, rng, 2.0))
    x, parameters = points(backend, 2), D.parameters()
    gradients = twice.gradient(twice.gradient_penalty(D, Tensor(x), False), parameters)
    for p, g in zip(parameters, gradients, strict=True):
        direction = backend.asarray(np.random.default_rng(0).standard_normal(p.shape))
        values = []
        for h in (1e-5, -2e-5):
            p.data += h * direction
            values.append(float(host(twice.gradient_penalty(D, Tensor(x), False).data)))
        p.data += 1e-5 * direction
        slope = float(host((g.data * direction).sum()))
        assert slope == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6, abs=1e-9)


def test_sums_and_broadcasts_twice(backend):
    """t^3 with t the sum of all x: 3 t^2 by each x, and 6 t times their number again."""
    (x,) = tensors(backend, [np.array([[1.0, 2.0], [3.0, -1.0]])])
    (first,) = twice.gradient(twice.power(twice.total(x, (1, 1)), 3), [x])
    (second,) = twice.gradient(first, [x])
    assert_allclose(host(first.data), np.full((2, 2), 75.0))
    assert_allclose(host(second.data), np.full((2, 2), 120.0))
    (row,) = tensors(backend, [np.array([[1.0, 2.0]])])
    (by_row,) = twice.gradient(twice.power(twice.spread(row, (3, 2)), 2), [row])
    assert_allclose(host(by_row.data), [[6.0, 12.0]])


@pytest.mark.parametrize("f", twice.RULES, ids=lambda f: f.__name__)
def test_a_network_of_these_operations_is_the_network(backend, f):
    D, x = mlp(backend, f=f), Tensor(points(backend, 3))
    assert_allclose(host(twice.judged(D, x).data), host(D(x, None).data), rtol=1e-12)


def test_what_a_result_does_not_depend_on_has_gradient_zero(backend):
    x, other = tensors(backend, [np.ones((2, 2)), np.ones(3)])
    (g,) = twice.gradient(twice.mul(x, x), [other])
    assert np.array_equal(host(g.data), np.zeros(3))


def test_a_tensor_that_is_used_many_times(backend):
    """x x x by products, whose derivatives are 3 x^2 and 6 x; sums and transposes that broadcast."""
    (x,) = tensors(backend, [np.array([[1.0, 2.0], [3.0, 4.0]])])
    (first,) = twice.gradient(twice.mul(twice.mul(x, x), x), [x])
    (second,) = twice.gradient(first, [x])
    assert_allclose(host(first.data), 3 * host(x.data) ** 2)
    assert_allclose(host(second.data), 6 * host(x.data))
    row, matrix = tensors(backend, [np.array([[1.0, 2.0]]), np.array([[1.0, 3.0], [5.0, 7.0]])])
    y = twice.matmul(twice.transpose(twice.add(matrix, row)), matrix)
    (by_row,) = twice.gradient(y, [row])
    assert_allclose(host(by_row.data), [[16.0, 16.0]])


@pytest.mark.parametrize(
    "D", [lambda b, rng: nn.Linear(2, 1, rng), lambda b, rng: nn.Sequential(nn.Maxout(2, 1, 2, rng))]
)
def test_what_has_no_rule_is_refused(backend, D):
    with refuses(TypeError, "judged"):
        twice.judged(D(backend, Streams(0, backend)("init")), Tensor(points(backend, 2)))


# The update ------------------------------------------------------------------------------------------


class Line:
    """Examples around 0."""

    per_epoch = 4

    def __init__(self, backend):
        self.backend = backend

    def minibatch(self, i):
        return Streams(7, self.backend)("data", i).normal((8, 3))


def game(backend, k=1):
    G, D = mlp(backend, (2, 4, 3), seed=1), mlp(backend, seed=3, scale=1.1)
    sgd = [Momentum(net.parameters(), lambda t: 0.02, lambda e: 0.5) for net in (G, D)]
    streams = Streams(0, backend)
    prior = lambda rng: rng.normal((8, 2))  # noqa: E731
    return Game(G, D, Line(backend), prior, streams, *sgd, upwards, wasserstein, k)


@pytest.mark.parametrize("k", [1, 3])
def test_without_a_penalty_it_is_algorithm_1(backend, k):
    ours, paper = game(backend, k), game(backend, k)
    for t in range(3):
        a, b = penalty.penalised(ours, t, scale=0.0), alternating(paper, t)
        for x, y in zip(a, b, strict=True):
            assert_allclose(host(x), host(y), rtol=1e-12)
    for p, q in zip(
        ours.D.parameters() + ours.G.parameters(), paper.D.parameters() + paper.G.parameters(), strict=True
    ):
        assert_allclose(host(p.data), host(q.data), rtol=1e-12, atol=1e-15)


def test_the_penalty_is_part_of_D_s_loss(backend):
    """At points between the examples and the samples of this very step."""
    now = game(backend)
    fake = now.G(Tensor(now.prior(now.streams("noise", 2))), None).data
    x = now.data.minibatch(2)
    points_between = penalty.between(x, fake, now.streams("between", 2))
    a = now.D(ops.concatenate([Tensor(x), Tensor(fake)]), None)
    slopes = np.linalg.norm(host(penalty.input_gradient(now.D, points_between).data), axis=1)
    assert slopes.min() < 0.9 and slopes.max() > 1.1
    expected = [
        float(host((wasserstein(a) + penalty.gradient_penalty(now.D, points_between, one) * 7.0).data))
        for one in (True, False)
    ]
    found = [float(host(penalty.penalised(game(backend), 2, 7.0, one).d_loss)) for one in (True, False)]
    assert found == pytest.approx(expected, rel=1e-12) and expected[0] != pytest.approx(expected[1], rel=1e-3)
    assert float(host(penalty.penalised(game(backend), 2).d_loss)) == pytest.approx(
        float(host((wasserstein(a) + penalty.gradient_penalty(now.D, points_between) * 10.0).data)), rel=1e-12
    )


def test_on_a_gpu_it_waits_for_nothing():
    backend = strict_backend("float32")
    now = game(backend)
    penalty.penalised(now, 0)
    with counting() as counts, no_sync():
        penalty.penalised(now, 1)
    assert (counts.launches <= 400, counts.bytes_copied) == (True, 0), counts
