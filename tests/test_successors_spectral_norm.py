"""successors/spectral_norm.py: the largest singular value, its derivative, and what is kept of it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import Cases, Example, every_property_of, host, stream, tensors
from strict_cupy import no_sync, strict_backend

from minigan import ops
from minigan.backend import xp_of
from minigan.random import Streams
from minigan.successors.spectral_norm import SpectralLinear
from minigan.tensor import Tensor, backward

CASES = Cases()


@CASES.of(SpectralLinear)
def with_u_held_constant(draw):
    """u of one side; v follows from it, and neither has a derivative."""
    m, inputs, outputs = draw.sizes(3)
    x, W, b, u = (draw.normal(shape) for shape in ((m, inputs), (inputs, outputs), outputs, (1, inputs)))
    W += 2 * np.sign(u.T)  # not orthogonal to u
    v = u @ W / np.linalg.norm(u @ W)

    def call(x, W, b):
        layer = SpectralLinear(inputs, outputs, stream(x, 0))
        layer.W, layer.b, layer.u[...] = W, b, xp_of(x.data).asarray(u.astype(x.dtype))
        original = W.data
        if not np.array_equal(host(original), W_right.astype(x.dtype)):  # gradcheck moves W, and so would v
            return (x @ W) / (Tensor(layer.u) @ W @ Tensor(xp_of(x.data).asarray(v.T.astype(x.dtype)))) + b
        return layer(x, None)

    W_right = W
    return Example([x, W, b], call, lambda x, W, b: x @ W / (u @ W @ v.T) + b)


test_layer = every_property_of(CASES)


def test_it_finds_the_largest_singular_value(backend):
    rng = Streams(2, backend)("init")
    layer = SpectralLinear(6, 4, rng)
    (x,) = tensors(backend, [np.eye(6)])
    for _ in range(100):
        y = layer(x, stream(x, 0))
    largest = np.linalg.svd(host(layer.W.data))[1][0]
    assert_allclose(host(y.data), host(layer.W.data) / largest, rtol=1e-9)
    assert np.linalg.norm(host(y.data), 2) == pytest.approx(1, rel=1e-9)


def test_at_the_singular_vectors_the_derivative_is_exact(backend):
    """Against differences of W / |W|, whose singular values NumPy finds."""
    layer = SpectralLinear(5, 3, Streams(2, backend)("init"))
    a, g = (
        np.random.default_rng(0).standard_normal((2, 4, 5)),
        np.random.default_rng(1).standard_normal((4, 3)),
    )
    (x, u) = tensors(backend, [a[0], g])
    for _ in range(300):
        layer(x, stream(x, 0))
    W = host(layer.W.data).copy()
    backward(ops.sum(layer(x, None) * u), wrt=[layer.W])
    direction = np.random.default_rng(2).standard_normal(W.shape)

    def value(W):
        return (a[0] @ W / np.linalg.norm(W, 2) * g).sum()

    slope = (value(W + 1e-6 * direction) - value(W - 1e-6 * direction)) / 2e-6
    assert (host(layer.W.grad) * direction).sum() == pytest.approx(slope, rel=1e-6)


def test_u_moves_in_training_alone_and_is_kept(backend):
    layer = SpectralLinear(5, 3, Streams(0, backend)("init"))
    (x,) = tensors(backend, [np.ones((2, 5))])
    u, before = layer.buffers()["u"], host(layer.u).copy()
    assert list(layer.buffers()) == ["u"] and list(layer.named_parameters()) == ["W", "b"]
    assert np.linalg.norm(before) == pytest.approx(1)
    layer(x, None)
    assert np.array_equal(host(u), before)
    layer(x, stream(x, 0))
    v = before @ host(layer.W.data)
    after = v @ host(layer.W.data).T
    assert_allclose(host(u), after / np.linalg.norm(after), rtol=1e-12)
    assert layer.u is u


def test_a_graph_keeps_the_u_it_was_made_with(backend):
    """Two passes before one backward(), as where D judges examples and samples apart."""
    gradients = []
    for again in (False, True):
        layer = SpectralLinear(5, 3, Streams(0, backend)("init"))
        (x,) = tensors(backend, [np.arange(10.0).reshape(2, 5)])
        loss = ops.sum(layer(x, stream(x, 0)) ** 2)
        if again:
            layer(x, stream(x, 0))
        backward(loss, wrt=[layer.W])
        gradients.append(host(layer.W.grad).copy())
    assert np.array_equal(*gradients)


def test_a_matrix_of_zeros_gives_no_nan_in_u(backend):
    layer = SpectralLinear(2, 3, Streams(0, backend)("init"))
    layer.W.data *= 0
    (x,) = tensors(backend, [np.ones((1, 2))])
    with np.errstate(all="ignore"):
        layer(x, stream(x, 0))
    assert np.isfinite(host(layer.u)).all()


def test_no_wait_and_float32():
    backend = strict_backend("float32")
    layer = SpectralLinear(4, 3, Streams(0, backend)("init"))
    x = Tensor(backend.asarray(np.ones((2, 4), np.float32)))
    with no_sync():
        y = layer(x, stream(x, 0))
        backward(ops.mean(y), wrt=layer.parameters())
    assert {a.dtype for a in (y, layer.u, layer.W.grad, layer.b.grad)} == {np.dtype("float32")}
