"""successors/convolution.py: two operations that are each other's transpose, and the layers made of them."""

import inspect
from itertools import product
from math import sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import (
    Cases,
    Example,
    backend_of,
    every_property_of,
    host,
    operations,
    public,
    refuses,
    stream,
    tensors,
    uniform,
)
from strict_cupy import counting, no_sync, strict_backend

from minigan import nn, ops
from minigan.backend import Backend, xp_of
from minigan.random import Streams
from minigan.successors import convolution
from minigan.successors.convolution import (
    ChannelNorm,
    Conv,
    ConvTranspose,
    Function,
    Reshape,
    Windows,
    convolve,
    convolve_transposed,
    overlap,
    patches,
    pool,
    upsample,
)
from minigan.tensor import Tensor, backward

CASES = Cases()


# The formulas, place by place --------------------------------------------------------------------------


def each_window(n, windows):
    """(where it stands, number of its place, the place, inside the array or not), for all places of all."""
    size, stride, pad = windows
    counts = [(k + 2 * pad - size) // stride + 1 for k in n]
    for number, place in enumerate(product(*map(range, counts))):
        for corner, offset in enumerate(product(range(size), repeat=len(n))):
            at = tuple(stride * p + o - pad for p, o in zip(place, offset, strict=True))
            yield place, number, corner, at, all(0 <= i < k for i, k in zip(at, n, strict=True))


def rows_of(x, windows):
    """Every window of x as a row, number by number."""
    m, *n, c = x.shape
    found = list(each_window(n, windows))
    rows = np.zeros((m, found[-1][1] + 1, windows.size ** len(n), c))
    for _, number, corner, at, inside in found:
        if inside:
            rows[:, number, corner] = x[(slice(None), *at)]
    return rows.reshape(m * rows.shape[1], -1)


def sum_of(rows, shape, windows):
    """The windows put back where they stood."""
    m, *n, c = shape
    y, rows = np.zeros(shape), rows.reshape(m, -1, windows.size ** len(n), c)
    for _, number, corner, at, inside in each_window(n, windows):
        if inside:
            y[(slice(None), *at)] += rows[:, number, corner]
    return y


def drawn(draw):
    """Lengths in one, two or three directions, none equal to another where there is room, and windows."""
    windows = Windows(
        *draw.one_of((1, 1, 0), (2, 1, 0), (2, 2, 1), (3, 1, 1), (3, 2, 0), (2, 3, 0), (4, 2, 1))
    )
    dims = draw.one_of(1, 2, 3)
    lengths = [draw.one_of(2, 3, 4, 5) for _ in range(dims)] if dims < 3 else [3, draw.one_of(2, 4), 3]
    lengths = [max(k, windows.size - 2 * windows.pad) for k in lengths]
    return windows, lengths, (draw.one_of(1, 2, 3), *lengths, draw.one_of(1, 2))


@CASES.of(patches)
def windows_as_rows(draw):
    windows, _, shape = drawn(draw)
    return Example([draw.normal(shape)], lambda x: patches(x, windows), lambda x: rows_of(x, windows))


@CASES.of(overlap)
def rows_as_windows(draw):
    windows, _, shape = drawn(draw)
    rows = draw.normal(rows_of(np.zeros(shape), windows).shape)
    return Example([rows], lambda r: overlap(r, shape, windows), lambda r: sum_of(r, shape, windows))


@CASES.of(convolve)
def convolution_of(draw):
    windows, lengths, shape = drawn(draw)
    (outputs,), size = draw.sizes(1), windows.size ** len(lengths) * shape[-1]

    def formula(x, W, b):
        return (rows_of(x, windows) @ W + b).reshape(len(x), *windows.places(lengths), outputs)

    arrays = [draw.normal(shape), draw.normal((size, outputs)), draw.normal(outputs)]
    return Example(arrays, lambda x, W, b: convolve(x, W, b, windows), formula)


@CASES.of(convolve_transposed)
def transposed_convolution_of(draw):
    windows, lengths, (m, *_, outputs) = drawn(draw)
    (inputs,), places = draw.sizes(1), windows.places(lengths)
    shortest = [(k - 1) * windows.stride + windows.size - 2 * windows.pad for k in places]

    def formula(x, W, b):
        return sum_of(x.reshape(-1, inputs) @ W.T, (m, *shortest, outputs), windows) + b

    W = draw.normal((windows.size ** len(lengths) * outputs, inputs))
    arrays = [draw.normal((m, *places, inputs)), W, draw.normal(outputs)]
    return Example(arrays, lambda x, W, b: convolve_transposed(x, W, b, windows), formula)


def holding(layer, W, b):
    layer.W, layer.b = W, b
    return layer


@CASES.of(Conv)
def conv(draw):
    m, inputs, outputs = draw.sizes(3)
    dims, windows = draw.one_of(1, 2), draw.one_of(Windows(4, 2, 1), Windows(3, 1), Windows(2, 2))

    def call(x, W, b):
        return holding(Conv(inputs, outputs, stream(x, 0), windows, dims), W, b)(x, None)

    def formula(x, W, b):
        return (rows_of(x, windows) @ W + b).reshape(m, *windows.places(x.shape[1:-1]), outputs)

    W = draw.normal((windows.size**dims * inputs, outputs))
    return Example([draw.normal((m, *[5, 4][:dims], inputs)), W, draw.normal(outputs)], call, formula)


@CASES.of(ConvTranspose)
def conv_transpose(draw):
    m, inputs, outputs = draw.sizes(3)
    dims, windows = draw.one_of(1, 2), draw.one_of(Windows(4, 2, 1), Windows(3, 1), Windows(2, 2))

    def call(x, W, b):
        return holding(ConvTranspose(inputs, outputs, stream(x, 0), windows, dims), W, b)(x, None)

    def formula(x, W, b):
        shape = (
            m,
            *((k - 1) * windows.stride + windows.size - 2 * windows.pad for k in x.shape[1:-1]),
            outputs,
        )
        return sum_of(x.reshape(-1, inputs) @ W.T, shape, windows) + b

    W = draw.normal((windows.size**dims * outputs, inputs))
    return Example([draw.normal((m, *[3, 2][:dims], inputs)), W, draw.normal(outputs)], call, formula)


@CASES.of(ChannelNorm)
def channel_norm_in_training(draw):
    features, shape = draw.one_of(1, 2, 3), draw.one_of((3,), (2, 2), (2, 1, 2))

    def call(x, gamma, beta):
        layer = ChannelNorm(features, backend_of(x))
        layer.gamma, layer.beta = gamma, beta
        return layer(x, stream(x, 0))

    def formula(x, gamma, beta):
        axes = tuple(range(x.ndim - 1))
        return gamma * (x - x.mean(axis=axes)) / np.sqrt(x.var(axis=axes) + 1e-5) + beta

    x = draw.apart((2, *shape, features))
    return Example([x, draw.normal(features), draw.normal(features)], call, formula)


@CASES.of(Reshape)
def reshaped(draw):
    m, a, b, c = draw.sizes(4)
    x = draw.normal((m, a * b * c))
    return Example([x], lambda x: Reshape(a, b, c)(x, None), lambda x: x.reshape(m, a, b, c))


@CASES.of(Function)
def function(draw):
    return Example([draw.normal(draw.sizes(2))], lambda x: Function(ops.tanh)(x, None), np.tanh)


def blocks(draw):
    size, dims = draw.one_of(1, 2, 3), draw.one_of(1, 2, 3)
    return size, (draw.one_of(1, 2), *[draw.one_of(1, 2) for _ in range(dims)], draw.one_of(1, 3))


@CASES.of(pool)
def means_of_blocks(draw):
    size, (m, *n, c) = blocks(draw)

    def formula(x):
        y = np.zeros((m, *n, c))
        for at in np.ndindex(*n):
            block = (slice(size * i, size * i + size) for i in at)
            y[(slice(None), *at)] = x[(slice(None), *block)].mean(axis=tuple(range(1, len(n) + 1)))
        return y

    return Example([draw.normal((m, *(size * k for k in n), c))], lambda x: pool(x, size), formula)


@CASES.of(upsample)
def every_place_many_times(draw):
    size, shape = blocks(draw)

    def formula(x):
        for axis in range(1, x.ndim - 1):
            x = x.repeat(size, axis=axis)
        return x

    return Example([draw.normal(shape)], lambda x: upsample(x, size), formula)


test_convolution = every_property_of(CASES)


def test_everything_has_a_gradient_check():
    classes = public(convolution, lambda v: inspect.isclass(v) and issubclass(v, nn.Layer))
    assert CASES.missing(operations(convolution)) == CASES.missing(classes) == []


# Transposes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("windows", [Windows(4, 2, 1), Windows(3, 1, 1), Windows(5, 3), Windows(2, 3)])
@pytest.mark.parametrize("n", [(9,), (8, 6), (8, 5, 6)])
def test_each_operation_is_the_other_s_transpose(backend, n, windows):
    """<P x, r> = <x, P^T r>, and the same of the convolutions, which share W."""
    rng = np.random.default_rng(len(n))
    shape = (2, *n, 3)
    x, y = rng.standard_normal(shape), rng.standard_normal((2, *windows.places(n), 4))
    r = rng.standard_normal(rows_of(x, windows).shape)
    W, zeros = rng.standard_normal((r.shape[1], 4)), [np.zeros(4), np.zeros(3)]
    x_, y_, r_, W_, b, c = tensors(backend, [x, y, r, W, *zeros])
    there, back = host(patches(x_, windows).data), host(overlap(r_, shape, windows).data)
    assert (there * r).sum() == pytest.approx((x * back).sum(), rel=1e-12, abs=1e-12)
    lengths = windows.lengths(windows.places(n))  # the rest is in no window
    x = x[(slice(None), *map(slice, lengths))]
    (x_,) = tensors(backend, [x])
    there, back = host(convolve(x_, W_, b, windows).data), host(convolve_transposed(y_, W_, c, windows).data)
    assert (there * y).sum() == pytest.approx((x * back).sum(), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("n", [(4,), (4, 6), (2, 4, 6)])
def test_pool_and_upsample_are_transposes_but_for_a_factor(backend, n):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, *n, 3)), rng.standard_normal((2, *(k // 2 for k in n), 3))
    x_, y_ = tensors(backend, [x, y])
    left, right = (host(pool(x_).data) * y).sum(), (x * host(upsample(y_).data)).sum()
    assert left == pytest.approx(right / 2 ** len(n), rel=1e-12)
    assert_allclose(host(pool(upsample(y_)).data), y, rtol=1e-15)


def test_a_convolution_is_affine_of_the_patches(backend):
    """Also where the examples are taken a few at a time."""
    rng = np.random.default_rng(1)
    windows = Windows(4, 2, 1)
    arrays = [rng.standard_normal(shape) for shape in ((7, 6, 4, 3), (48, 5), (5,))]
    u = rng.standard_normal((7, 3, 2, 5))
    results = []
    for few in (1, 2**19, 600):  # 6 places of 48 numbers: all in one, and two examples at a time
        inputs = tensors(backend, arrays)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(convolution, "CACHE", few)
            y = convolve(*inputs, windows)
            backward(ops.sum(y * tensors(backend, [u])[0]), wrt=inputs)
            results.append([host(a) for a in (y.data, *(p.grad for p in inputs))])
    x, W, b = tensors(backend, arrays)
    y = ops.reshape(ops.affine(patches(x, windows), W, b), u.shape)
    backward(ops.sum(y * tensors(backend, [u])[0]), wrt=[x, W, b])
    for result in results:
        for a, p in zip(result, (y.data, x.grad, W.grad, b.grad), strict=True):
            assert_allclose(a, host(p), rtol=1e-12, atol=1e-12)


def test_few_examples_at_a_time(monkeypatch):
    monkeypatch.setattr(convolution, "CACHE", 100)
    parts = convolution._parts(np.zeros((7, 2, 3, 9)), 8)  # 48 numbers an example
    assert parts == [slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 8)]
    on_a_gpu = strict_backend().asarray(np.zeros((7, 2, 3, 9)))
    assert convolution._parts(on_a_gpu, 8) == [slice(0, 7)]


# What the layers hold, and what they cost -------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [None, 0.05])
@pytest.mark.parametrize(("layer", "shape"), [(Conv, (4**2 * 3, 5)), (ConvTranspose, (4**2 * 5, 3))])
def test_weights_start_uniform_and_biases_zero(backend, layer, shape, scale, dtype):
    rng = Streams(3, Backend(backend.name, dtype, backend.xp))("test")
    made = layer(3, 5, rng, scale=scale)
    following = host(rng.uniform(3))
    scale = sqrt(6 / sum(shape)) if scale is None else scale
    count = shape[0] * shape[1]
    u = uniform(3, (count + 3,))
    assert list(made.named_parameters().items()) == [("W", made.W), ("b", made.b)] and made.buffers() == {}
    assert (made.W.dtype, made.b.dtype, made.windows) == (dtype, dtype, (4, 2, 1))
    assert_allclose(host(made.W.data), scale * (2 * u[:count] - 1).reshape(shape), atol=1e-7)
    assert np.array_equal(host(made.b.data), np.zeros(5))
    assert_allclose(following, u[count:], atol=1e-7)


def test_there_and_back_are_the_lengths(backend):
    """Half as many places, and as many as before; one number of channels to the other."""
    x = tensors(backend, [np.ones((2, 8, 6, 3))])[0]
    rng = stream(x, 0)
    y = Conv(3, 5, rng)(x, None)
    assert (y.shape, ConvTranspose(5, 3, rng)(y, None).shape) == ((2, 4, 3, 5), (2, 8, 6, 3))


def test_batch_norm_of_channels_keeps_averages_of_them(backend):
    layer = ChannelNorm(2, backend)
    a = np.random.default_rng(0).normal(3, 2, (4, 3, 5, 2))
    (x,) = tensors(backend, [a])
    layer(x, stream(x, 0))
    assert_allclose(host(layer.running_mean), 0.1 * a.mean(axis=(0, 1, 2)))
    evaluated = host(layer(x, None).data)
    assert_allclose(
        evaluated, (a - host(layer.running_mean)) / np.sqrt(host(layer.running_var) + 1e-5), rtol=1e-12
    )


def network(dims, backend):
    """Down, normalised, up, and half of it again: all that this file has."""
    rng = Streams(0, backend)("init")
    layers = [
        Reshape(*[4] * dims, 3),
        Conv(3, 4, rng, dims=dims),
        ChannelNorm(4, backend),
        nn.LeakyReLU(),
        Function(upsample),
        ConvTranspose(4, 2, rng, Windows(3, 1, 1), dims),
        Function(pool),
        Reshape(2**dims * 2),
        nn.Linear(2**dims * 2, 1, rng),
    ]
    return nn.Sequential(*layers)


@pytest.mark.parametrize(("dims", "most"), [(1, 90), (2, 115), (3, 220)])
def test_a_network_on_a_gpu_is_few_launches_no_wait_and_no_copy(dims, most):
    backend = strict_backend("float32")
    net, rng = network(dims, backend), Streams(0, backend)("test")
    x = Tensor(backend.asarray(np.ones((3, 4**dims * 3), np.float32)))
    with counting() as counts, no_sync():
        y = net(x, rng)
        backward(ops.mean(y), wrt=net.parameters())
    assert (counts.launches <= most, counts.bytes_copied) == (True, 0), counts
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype("float32")} and y.shape == (3, 1)


def test_a_network_s_parameters_have_names(backend):
    names = list(network(2, backend).named_parameters())
    assert names[:4] == ["conv1.W", "conv1.b", "channelnorm2.gamma", "channelnorm2.beta"]
    assert names[4:] == ["convtranspose3.W", "convtranspose3.b", "linear4.W", "linear4.b"]


def test_the_windows_are_not_kept():
    """What waits for backward() is smaller than the windows, of which every number of x is in four."""
    rng = Streams(0, Backend())("init")
    layer, x = Conv(8, 2, rng), Tensor(np.ones((16, 16, 16, 8), np.float32))
    kept = [cell.cell_contents for _, f in layer(x, None).edges for cell in f.__closure__ or ()]
    assert sum(a.nbytes for a in kept if isinstance(a, np.ndarray)) <= x.data.nbytes


# What is wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "error", "call"),
    [
        ("size=5 ... do not stand on (4, 6)", ValueError, lambda x: patches(x, Windows(5))),
        ("size=0 ... do not stand", ValueError, lambda x: patches(x, Windows(0))),
        ("stride=0 ... do not stand", ValueError, lambda x: patches(x, Windows(2, 0))),
        ("pad=-1 ... do not stand", ValueError, lambda x: patches(x, Windows(2, 1, -1))),
        ("overlap: rows are (2, 72) ... (8, 12)", ValueError, lambda x: rows_back(x, (1, 3, 5, 3))),
        ("convolve: x is (2, 4, 6, 3), W is (12, 5)", ValueError, lambda x: apply(convolve, x, (12, 5), 4)),
        ("convolve: x is (2, 4, 6, 3), W is (8, 4)", ValueError, lambda x: apply(convolve, x, (8, 4), 4)),
        ("convolve: x is (2, 4)", ValueError, lambda x: apply(convolve, x[:, 0, :4, 0], (4, 4), 4)),
        ("convolve: x is (0, 4, 6, 3)", ValueError, lambda x: apply(convolve, x[:0], (12, 4), 4)),
        (
            "convolve_transposed: ... W is (8, 4)",
            ValueError,
            lambda x: apply(convolve_transposed, x, (8, 4), 2),
        ),
        (
            "convolve_transposed: ... b is (5,)",
            ValueError,
            lambda x: apply(convolve_transposed, x, (8, 3), 5),
        ),
        ("float32, W float64 ... one dtype", TypeError, lambda x: apply(convolve, single(x), (12, 4), 4)),
        ("pool: (4, 6) does not divide into blocks of 4", ValueError, lambda x: pool(x, 4)),
        ("pool: ... blocks of 0", ValueError, lambda x: pool(x, 0)),
    ],
)
def test_what_is_wrong_is_refused_in_a_line(backend, message, error, call):
    (x,) = tensors(backend, [np.ones((2, 4, 6, 3))])
    with refuses(error, message):
        call(x)


def rows_back(x, shape):
    return overlap(ops.reshape(x, (2, 72)), shape, Windows(2))


def apply(f, x, W, b):
    xp = xp_of(x.data)
    return f(x, Tensor(xp.ones(W)), Tensor(xp.ones(b)), Windows(2))


def single(x):
    return Tensor(x.data.astype("float32"))
