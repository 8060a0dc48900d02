"""Two stages: what goes from the first to the second, and how both are measured."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from minigan import data
from minigan.backend import Backend
from minigan.random import Streams
from minigan.successors import stack
from minigan.successors.conditional import with_any_label
from minigan.tensor import Tensor

SMALL = stack.Settings(updates=4, batch=20, units=16, z=5, z_second=3, samples=6)


@pytest.fixture(scope="module")
def digits():
    dataset = data.load("digits")
    return dataset.prepare(dataset.train.astype("f")), dataset.train_labels


@pytest.fixture(scope="module")
def means(digits):
    """The mean image of each class"""
    x, labels = digits
    return np.stack([x[labels == k].mean(axis=0) for k in range(10)])


def nearest(means):
    """A judge who puts an image where the nearest mean is"""
    return SimpleNamespace(logits=lambda x: x @ means.T - (means**2).sum(axis=1) / 2)


def test_coarse_and_doubled(digits):
    x = digits[0][:3]
    small = stack.coarse(x)
    assert small.shape == (3, 16)
    assert small[1, 6] == pytest.approx(x[1].reshape(8, 8)[2:4, 4:6].mean())
    again = stack.doubled(small)
    assert np.array_equal(again[1].reshape(8, 8)[2:4, 4:6], np.full((2, 2), small[1, 6]))
    assert np.allclose(stack.coarse(again), small, atol=1e-7)


def test_the_second_stage_gets_the_picture_some_noise_and_the_class():
    zy = np.concatenate([np.ones((4, 5)), np.eye(10)[[3, 1, 4, 1]]], axis=1).astype("f")
    pictures = np.arange(64, dtype="f").reshape(4, 16)

    def first(x, rng):
        assert rng is None
        return Tensor(np.concatenate([pictures, x.data[:, 5:]], axis=1))

    noise = stack.second_noise(first, zy, Streams(0, Backend())("noise"), 3)
    assert np.array_equal(noise[:, :16], pictures) and np.array_equal(noise[:, -10:], zy[:, 5:])
    assert np.array_equal(noise[:, 16:-10], Streams(0, Backend())("noise").normal((4, 3)))


def test_the_right_share_is_counted(digits, means):
    x, labels = digits
    found = stack.right(nearest(means), x, labels)
    assert found == pytest.approx(
        (((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1) == labels).mean(), abs=2e-3
    )
    assert 0.8 < found < 1


def test_a_stage_learns_what_it_is_asked_for(digits, means):
    x, labels = digits
    settings = replace(SMALL, updates=150, batch=50, units=64, learning_rate=3e-3)
    streams, said = Streams(1, Backend()), []

    def prior(rng):
        return with_any_label(rng.normal((50, 5)), 10, rng)

    G = stack.train("first stage", stack.coarse(x), labels, prior, streams, settings, said.append)
    zy = np.concatenate([streams("z").normal((200, 5)), np.eye(10)[np.arange(200) % 10]], axis=1).astype("f")
    made = G(Tensor(zy), None).data
    assert made.shape == (200, 26) and np.array_equal(made[:, 16:], zy[:, 5:])
    assert made[:, :16].min() >= 0 and made[:, :16].max() <= 1
    assert stack.right(nearest(stack.coarse(means.astype("f"))), made[:, :16], np.arange(200) % 10) > 0.6
    assert len(said) == 2 and said[-1].startswith("first stage: update 150 of 150, loss of D 0.")


def test_players_are_as_they_should_be():
    rng, x = Streams(0, Backend())("init"), Streams(0, Backend())("x").normal((50, 4))
    G = stack.generator([4, 6, 5, 3], Backend(), rng)
    y = G(Tensor(x), Streams(0, Backend())("dropout")).data
    assert y.shape == (50, 3) and (y > 0).all() and (y < 1).all() and len(G.buffers()) == 4
    D = stack.discriminator([4, 60, 60, 1], 0.7, rng)
    calls = [D(Tensor(x), Streams(0, Backend())("dropout", step)).data for step in range(2)]
    assert abs(calls[0] - calls[1]).max() > 0.01 and np.array_equal(
        *(D(Tensor(x), None).data for _ in range(2))
    )


def test_what_is_found(digits, means, monkeypatch):
    """With players who draw the mean of the class, and a second stage that doubles the first's picture."""
    asked = []

    def train(name, x, labels, prior, streams, settings, say):
        drawn = prior(streams("noise"))
        asked.append((name, x.shape[1], drawn.shape))
        table = means.astype("f") if name == "one stage" else stack.coarse(means.astype("f"))

        def G(zy, rng):
            y = zy.data[:, -10:]
            picture = stack.doubled(zy.data[:, :16]) if name == "second stage" else y @ table
            return Tensor(np.concatenate([picture, y], axis=1))

        return G

    said = []
    monkeypatch.setattr(stack, "train", train)
    monkeypatch.setattr(stack, "trained_classifier", lambda *_: nearest(means))
    found = stack.measure(0, SMALL, said.append)
    assert asked == [
        ("one stage", 64, (20, 15)),
        ("first stage", 16, (20, 15)),
        ("second stage", 64, (20, 29)),
    ]
    ours = stack.right(nearest(means), stack.doubled(stack.coarse(means.astype("f"))), np.arange(10))
    assert found["right"] == {"first stage": ours, "second stage": ours, "one stage": 1}
    small = np.repeat(stack.coarse(means.astype("f")), 6, axis=0)
    assert found["kept"] == pytest.approx(0, abs=1e-6)
    assert found["kept_of_another"] == pytest.approx(abs(small - np.roll(small, 1, axis=0)).mean(), rel=1e-5)
    assert 0.7 < found["right_coarse"] <= found["right_real"] < 1
    pictures = np.array(found["first stage"])
    assert pictures.shape == np.shape(found["second stage"]) == (10, 5, 8, 8)
    assert np.allclose(pictures[:, 2].reshape(10, 64), stack.doubled(stack.coarse(means)), atol=1e-6)
    assert len(said) == 4
