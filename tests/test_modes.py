"""modes.py: what counts as covered, as clear, as near; and packing."""

from math import exp, log

import numpy as np
import pytest

from minigan import data, modes
from minigan.backend import Backend
from minigan.errors import InputError
from minigan.nn import BatchNorm, Dropout, Linear, Packed
from minigan.random import Streams
from minigan.tensor import Tensor

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_three_standard_deviations_count():
    samples = np.array([[0, 0.29], [0, 0.31], [10.2, 0.2], [10.2, 0.25], [5, 5]])
    found = modes.coverage(samples, CENTRES, std=0.1)
    assert found.modes == 2 and found.high_quality == pytest.approx(2 / 5)
    assert found.counts.tolist() == [1, 1, 0]
    assert modes.coverage(np.array([[0.0, 3.0]]), CENTRES, std=1).high_quality == 1  # 3 and no more


@pytest.mark.parametrize(("name", "d"), [("gaussian1d", 1), ("ring8", 2), ("grid25", 2)])
def test_the_data_reach_the_ceiling(name, d):
    mixture = data.load(name)
    found = modes.coverage(mixture.train[:50_000], mixture.modes, mixture.std)
    assert found.modes == len(mixture.modes)
    assert found.high_quality == pytest.approx(modes.ceiling(d), abs=0.0015)  # three standard errors
    assert found.counts.sum() == round(found.high_quality * 50_000)


def test_the_published_ceiling():
    assert modes.ceiling(2) == pytest.approx(0.9889, abs=5e-5)


# Classes ---------------------------------------------------------------------------------------------


def test_clear_and_varied_samples_score_highest():
    found = modes.classes(np.eye(10)[np.arange(50) % 10])
    assert found.score == pytest.approx(10) and found.entropy == pytest.approx(log(10))
    np.testing.assert_allclose(found.shares, 0.1)


def test_one_class_scores_one():
    found = modes.classes(np.eye(10)[np.full(50, 3)])
    assert found.score == pytest.approx(1) and found.entropy == pytest.approx(0, abs=1e-12)
    assert found.shares.tolist() == np.eye(10)[3].tolist()


def test_unclear_samples_score_one():
    found = modes.classes(np.full((50, 10), 0.1))
    assert found.score == pytest.approx(1) and found.entropy == pytest.approx(log(10))


def test_the_score_by_hand():
    p = np.array([[0.9, 0.1], [0.3, 0.7]])  # p(y) = 0.6, 0.4
    divergence = 0.9 * log(0.9 / 0.6) + 0.1 * log(0.1 / 0.4) + 0.3 * log(0.3 / 0.6) + 0.7 * log(0.7 / 0.4)
    found = modes.classes(p.astype(np.float32))
    assert found.score == pytest.approx(exp(divergence / 2), abs=1e-6)
    assert found.entropy == pytest.approx(-0.6 * log(0.6) - 0.4 * log(0.4), abs=1e-6)


# Distances -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 3, 4, 100])
def test_nearest(chunk):
    """Rows whose nearest are in one chunk, and in several."""
    rng = np.random.default_rng(0)
    x, others = rng.random((23, 5)).astype(np.float32), rng.random((11, 5)).astype(np.float32)
    x[3] = others[7]
    expected = np.linalg.norm(x[:, None].astype(float) - others, axis=2)
    found, distance = modes.nearest(x, others, chunk=chunk)
    np.testing.assert_allclose(distance, expected.min(axis=1), atol=1e-7)
    np.testing.assert_array_equal(found, others[expected.argmin(axis=1)])
    assert found.dtype == np.float32 and len({tuple(y) for y in found}) > 5


@pytest.mark.parametrize("chunk", [1, 2])
def test_of_two_that_are_as_near_it_is_the_first(chunk):
    found, distance = modes.nearest(np.zeros((1, 1)), np.array([[1.0], [-1.0]]), chunk=chunk)
    assert found.tolist() == [[1]] and distance.tolist() == [1]


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_the_nearest_among_bytes(chunk):
    """With a `prepare` of their own, which is given what it expects: the network's float type."""
    rng = np.random.default_rng(0)
    train, samples = rng.integers(0, 256, (22, 5), np.uint8), rng.random((40, 5), np.float32)
    samples[:3] = train[[21, 6, 0]] / np.float32(255)
    given = set()

    def prepare(x):
        given.add(x.dtype)
        return x / np.float32(255)

    distances = np.linalg.norm(samples[:, None] - train / 255, axis=2)
    found, _ = modes.nearest(samples, train, prepare, chunk)
    np.testing.assert_allclose(found, train[distances.argmin(axis=1)] / 255, atol=1e-6)
    assert given == {np.dtype(np.float32)} and len({tuple(x) for x in found}) > 10


@pytest.mark.parametrize(
    "call",
    [
        lambda x: modes.coverage(x, CENTRES, 0.1),
        lambda x: modes.nearest(x, CENTRES),
        lambda x: modes.classes(x),
    ],
)
@pytest.mark.parametrize("samples", [np.full((2, 2), np.nan), np.full((2, 2), -np.inf), np.zeros((0, 2))])
def test_samples_that_cannot_be_measured(call, samples):
    with pytest.raises(InputError, match="samples: expected one or more"):
        call(samples)


# Packing ---------------------------------------------------------------------------------------------


def test_a_pack_is_judged_together():
    net = Linear(6, 1, Streams(1, Backend("numpy", "float64"))("init"))
    x = np.random.default_rng(0).random((8, 3))
    packed = Packed(net, 2)
    logits = packed(Tensor(x), None).data
    expected = [np.concatenate([x[2 * i], x[2 * i + 1]]) @ net.W.data for i in range(4)]
    np.testing.assert_allclose(logits, expected)
    assert packed.parameters() == net.parameters()


def test_a_pack_hands_on_what_a_checkpoint_keeps():
    net = BatchNorm(6, Backend())
    assert Packed(net, 2).buffers() == net.buffers() != {}


def test_dropout_within_a_pack():
    streams = Streams(1, Backend("numpy", "float64"))
    packed, x = Packed(Dropout(0.5), 2), Tensor(np.ones((50, 3)))
    assert set(packed(x, streams("dropout")).data.flat) == {0.0, 2.0}
    assert (packed(x, None).data == 1).all()


def test_a_sample_far_from_0_is_measured_in_double():
    """Of 100 and 100.000002 float32 makes one number."""
    modes_at = np.array([[100.000002, 100.0]])
    found = modes.coverage(np.array([[100, 100]], np.float32), modes_at, std=5e-7)
    assert found.high_quality == 0


def test_the_shares_are_of_the_likeliest_classes():
    found = modes.classes(np.array([[0.6, 0.4, 0.0], [0.9, 0.1, 0.0], [0.45, 0.55, 0.0]]))
    assert found.shares.tolist() == pytest.approx([2 / 3, 1 / 3, 0])


@pytest.mark.parametrize("n", [1, 9, 10, 11, 21])
def test_each_row_has_its_distance(n):
    """Whatever the chunks; 0 to itself, where rounding may give less than 0."""
    x = np.random.default_rng(n).random((n, 40)) + 100
    with np.errstate(invalid="raise"):
        assert modes.nearest(x, x, chunk=10)[1].tolist() == pytest.approx([0] * n, abs=1e-4)
        np.testing.assert_allclose(modes.nearest(x, x[:1], chunk=10)[1][1:], distances(x)[1:], rtol=1e-6)


def distances(x):
    return np.linalg.norm(x - x[0], axis=1)
