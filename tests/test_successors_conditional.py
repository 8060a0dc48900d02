"""successors/conditional.py: the label is a part of the example and of the noise; the game is the paper's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from properties import Cases, Example, every_property_of, host, refuses, stream, tensors

from minigan import nn
from minigan.algorithm1 import Game, alternating
from minigan.backend import Backend
from minigan.data import Minibatches
from minigan.homework.judging.strict_cupy import no_sync, strict_backend
from minigan.optim import Adam, exponential_decay
from minigan.random import Streams
from minigan.successors import conditional
from minigan.successors.conditional import Conditional, onehot, with_any_label, with_labels
from minigan.tensor import Tensor

CASES = Cases()


@CASES.of(Conditional)
def generator(draw):
    m, noise, classes, outputs = draw.sizes(4)

    def call(x, W, b):
        net = nn.Linear(noise + classes, outputs, stream(x, 0))
        net.W, net.b = W, b
        return Conditional(net, classes)(x, None)

    x, W = draw.normal((m, noise + classes)), draw.normal((noise + classes, outputs))
    return Example([x, W, draw.normal(outputs)], call, lambda x, W, b: np.hstack([x @ W + b, x[:, noise:]]))


test_layer = every_property_of(CASES)


def test_it_holds_what_its_network_holds(backend):
    net = nn.Sequential(nn.Linear(5, 2, Streams(0, backend)("init")), nn.BatchNorm(2, backend))
    layer = Conditional(net, 3)
    assert layer.named_parameters() == net.named_parameters() and layer.buffers() == net.buffers()
    assert len(layer.parameters()) == 4 and len(layer.buffers()) == 2


def test_the_mode_is_handed_on(backend):
    net = nn.Sequential(nn.Linear(5, 200, Streams(0, backend)("init")), nn.Dropout(0.5))
    (x,) = tensors(backend, [np.ones((1, 5))])
    zeros = [(host(Conditional(net, 3)(x, rng).data)[0, :200] == 0).mean() for rng in (None, stream(x, 0))]
    assert zeros[0] == 0 and zeros[1] == pytest.approx(0.5, abs=0.15)


def test_noise_is_needed(backend):
    (x,) = tensors(backend, [np.ones((2, 3))])
    with refuses(ValueError, "Conditional: x is (2, 3) ... before 3 classes"):
        Conditional(nn.Dropout(1.0), 3)(x, None)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_labels_as_rows(backend, dtype):
    rows = onehot(backend.asarray(np.array([2, 0, 1])), 3, dtype)
    assert rows.dtype == dtype and np.array_equal(host(rows), np.eye(3)[[2, 0, 1]])


def test_examples_have_their_labels():
    x = np.arange(6, dtype="f").reshape(3, 2)
    both = with_labels(x, np.array([2, 0, 1]), 4)
    assert both.dtype == np.float32 and both.shape == (3, 6)
    assert np.array_equal(both[:, :2], x) and np.array_equal(both[:, 2:], np.eye(4)[[2, 0, 1]])


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 3], [0, -1, 1]])
def test_a_label_that_is_no_class_is_refused(labels):
    with refuses(ValueError, "expected a label from 0 to 2 for each of 3 examples"):
        with_labels(np.ones((3, 2)), np.array(labels), 3)


@given(x=arrays("uint8", st.tuples(st.integers(1, 9), st.integers(0, 5))), classes=st.integers(1, 300),
       data=st.data())  # fmt: skip
def test_the_label_can_be_read_back(x, classes, data):
    labels = data.draw(arrays("int64", len(x), elements=st.integers(0, classes - 1)))
    both = with_labels(x, labels, classes)
    assert both.dtype == x.dtype and np.array_equal(both[:, : x.shape[1]], x)
    y = both[:, x.shape[1] :]
    assert y.shape == (len(x), classes) and np.array_equal(y.argmax(axis=1), labels) and y.sum() == len(x)


def test_every_class_is_equally_likely(backend):
    rng = Streams(0, backend)("noise")
    z = rng.normal((6000, 2))
    draw = host(with_any_label(z, 3, rng))
    assert np.array_equal(draw[:, :2], host(z))
    y = draw[:, 2:]
    assert set(np.unique(y)) == {0, 1} and (y.sum(axis=1) == 1).all() and draw.dtype == backend.dtype
    assert y.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.03)


def test_a_prior_does_not_wait_for_a_gpu():
    rng = Streams(0, strict_backend())("noise")
    with no_sync():
        assert with_any_label(rng.uniform((8, 2)), 3, rng).shape == (8, 5)


def test_it_learns_which_label_means_what():
    """Two classes of points, at -2 and 2; after 300 updates of the paper's box each is where it belongs."""
    backend = Backend()
    streams = Streams(0, backend)
    labels = (streams("data").uniform((1000,)) < 0.5).astype(int)
    x = (4 * labels[:, None] - 2 + 0.1 * streams("data", 1).normal((1000, 1))).astype("f")
    rng = streams("init")
    G = Conditional(nn.Sequential(nn.Linear(4, 32, rng), nn.LeakyReLU(), nn.Linear(32, 1, rng)), 2)
    D = nn.Sequential(nn.Linear(3, 32, rng), nn.LeakyReLU(), nn.Linear(32, 1, rng))
    batches = Minibatches(with_labels(x, labels, 2), 50, streams, backend, lambda a: a)
    adam = [Adam(net.parameters(), exponential_decay(3e-3, 1.0, 0.0), 0.5) for net in (G, D)]
    game = Game(G, D, batches, lambda s: with_any_label(s.normal((50, 2)), 2, s), streams, *adam)
    for t in range(300):
        alternating(game, t)
    z = with_labels(streams("sample").normal((200, 2)), np.repeat([0, 1], 100), 2)
    found = G(Tensor(z), None).data
    assert np.array_equal(found[:, 1:], z[:, 2:])
    assert (found[:100, 0] < 0).mean() > 0.9 and (found[100:, 0] > 0).mean() > 0.9


def test_every_layer_is_tested():
    assert CASES.missing({"Conditional": conditional.Conditional}) == []
