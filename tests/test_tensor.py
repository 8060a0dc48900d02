"""tensor.py: what `backward` does with a graph, whatever the operations in it are."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from properties import Draw, host, refuses, tensors, value_and_gradients

from minigan import ops
from minigan.backend import xp_of
from minigan.gradcheck import gradcheck
from minigan.tensor import Tensor, backward, unbroadcast


def vector(backend, *values, dtype="float64"):
    return tensors(backend, [np.array(values, np.float64)], dtype)[0]


def spied(x, calls, name):
    """x in a new node, whose pullback writes `name` down when it runs."""
    return Tensor(x.data.copy(), (x, lambda g: calls.append(name) or g))


# Which gradients are set, and to what ----------------------------------------------------------------


def test_sets_the_gradient_of_exactly_wrt(backend):
    x, y, z = (vector(backend, n, 2.0) for n in (3.0, 5.0, 7.0))
    backward(ops.sum(x * y * z), wrt=[x, z])
    assert_allclose(host(x.grad), [35, 4])
    assert_allclose(host(z.grad), [15, 4])
    assert y.grad is None


def test_zeros_for_what_the_loss_does_not_depend_on(backend):
    x, y, other = vector(backend, 1.0), vector(backend, 2.0), vector(backend, 1.0, 2.0, 3.0, dtype="float32")
    branch = x * y  # depends on x; the loss does not depend on it
    other.grad = other.data + 1
    backward(ops.sum(x), wrt=[y, other, branch])
    for p, size in ((y, 1), (other, 3), (branch, 1)):
        assert np.array_equal(host(p.grad), np.zeros(size)) and p.grad.dtype == p.dtype
        assert xp_of(p.grad) is backend.xp


def test_wrt_may_be_the_loss_an_intermediate_result_and_come_twice(backend):
    x = vector(backend, 2.0, 3.0)
    square = x * x
    loss = ops.sum(square * x)
    backward(loss, wrt=iter([x, square, loss, x]))
    assert_allclose(host(x.grad), [12, 27])
    assert_allclose(host(square.grad), [2, 3])
    assert_allclose(host(loss.grad), 1)


def test_gradients_are_set_anew_in_the_same_array(backend):
    x, y = vector(backend, 2.0, 3.0), vector(backend, 5.0)
    for factor in (1.0, 10.0):
        backward(ops.sum(factor * x * x) + 0 * ops.sum(y), wrt=[x, y])
        buffers = buffers_before = [x.grad, y.grad] if factor == 1.0 else buffers_before  # noqa: F821
    assert all(p.grad is buffer for p, buffer in zip((x, y), buffers, strict=True))
    assert_allclose(host(x.grad), [40, 60])
