"""Two games at once: both losses by hand, what is hidden from the players, and how it is measured."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from minigan import data
from minigan.backend import Backend
from minigan.random import Streams
from minigan.successors import cycle
from minigan.tensor import Tensor

SMALL = cycle.Settings(updates=4, batch=20, channels=2, units=16)


def streams(seed=0):
    return Streams(seed, Backend())


def random_images(seed, m=6):
    return Streams(seed, Backend())("x").uniform((m, cycle.PIXELS))


def l1(x, y):
    return abs(x - y).mean()


@pytest.fixture
def judge(monkeypatch):
    """A judge who knows the unseen images by heart, and puts others where the nearest of these belongs."""
    x, labels = cycle._unseen(data.load("digits"))

    def logits(images):
        squares = (images**2).sum(1)[:, None] - 2 * images @ x.T + (x**2).sum(1)
        return np.eye(10)[labels[squares.argmin(axis=1)]]

    monkeypatch.setattr(cycle, "trained_classifier", lambda *_: SimpleNamespace(logits=logits))
    return x, labels


@pytest.mark.parametrize("name", cycle.GAMES)
def test_both_losses_by_hand(name):
    game = cycle.GAMES[name]
    pairs = (Tensor(random_images(1, 3)), Tensor(random_images(2, 3))) if game.pairs else None
    two = cycle.TwoGames(game, replace(SMALL, cycle=7.0), streams()("init"), pairs)
    a, b = random_images(3), random_images(4)
    G, F, D_A, D_B = (
        lambda x, net=net: net(Tensor(x), None).data for net in (two.G, two.F, two.D_A, two.D_B)
    )
    ga, fb = G(a), F(b)
    loss = game.judged * (((D_B(ga) - 1) ** 2).mean() + ((D_A(fb) - 1) ** 2).mean())
    loss += game.cycle * 7 * (l1(F(ga), a) + l1(G(fb), b))
    if pairs:
        x, y = (p.data for p in pairs)
        loss += 7 * (l1(G(x), y) + l1(F(y), x))
    loss_D = ((D_A(a) - 1) ** 2 + D_A(fb) ** 2 + (D_B(b) - 1) ** 2 + D_B(ga) ** 2).mean() / 2
    before = [p.data.copy() for net in (two.translators, two.judges) for p in net.parameters()]
    assert two.update(Tensor(a), Tensor(b), 0) == pytest.approx((loss, loss_D), rel=1e-5)
    after = [p.data for net in (two.translators, two.judges) for p in net.parameters()]
    moved = [abs(p - q).max() for p, q in zip(before, after, strict=True)]
    assert max(moved) == pytest.approx(1e-3, rel=0.01)  # Adam's first step
    assert max(moved[len(two.translators.parameters()) :]) == pytest.approx(5e-4, rel=0.01)


def test_all_games_are_played():
    assert cycle.Settings().games == tuple(cycle.GAMES)


def test_a_change_is_undone_and_a_turn_is_to_the_left():
    x = random_images(0)
    for game in cycle.GAMES.values():
        assert np.allclose(game.back(game.change(x)), x, atol=1e-6) and not np.allclose(game.change(x), x)
    image = x[2].reshape(8, 8)
    assert np.array_equal(cycle.turned(x)[2].reshape(8, 8), image.T[::-1])
    assert np.array_equal(cycle.inverted(x), 1 - x)


def test_a_local_translator_sees_what_is_near_and_the_same_everywhere():
    net = cycle.local(SMALL, streams()("init"))
    x = np.zeros((2, 8, 8), np.float32)
    x[0, 1, 1] = x[1, 3, 3] = 1
    nothing, *there = (
        net(Tensor(part.reshape(-1, 64)), None).data.reshape(8, 8) for part in (0 * x[:1], *x[:, None])
    )
    (first, second) = (abs(y - nothing) for y in there)
    assert first[5:].max() == first[:, 5:].max() == 0 < first[:5, :5].min()
    assert second.max() > 0 and (nothing > 0).all() and (nothing < 1).all()
    inside = (slice(3, 5), slice(3, 5))
    wide = np.zeros((2, 64), np.float32)
    wide[0, 3 * 8 + 3], wide[1, 4 * 8 + 4] = 1, 1
    y = net(Tensor(wide), None).data.reshape(2, 8, 8)
    assert np.allclose(y[0][inside], y[1][slice(4, 6), slice(4, 6)], atol=1e-6)


def test_no_image_is_in_both_unless_it_is_shown(monkeypatch):
    seen = []

    def update(self, a, b, t):
        seen.append((self, a.data, b.data))
        return 0.0, 0.0

    monkeypatch.setattr(cycle.TwoGames, "update", update)
    dataset, said = data.load("digits"), []
    images = dataset.prepare(dataset.train.astype("f"))
    cycle.train("turned, ten pairs", dataset, replace(SMALL, updates=19), streams(), said.append)
    a, b = (np.concatenate([batch[side] for batch in seen[:37]]) for side in (1, 2))
    rows = [
        {part.tobytes() for part in np.round(x * 16).astype(int)} for x in (a, cycle.turned_back(b), images)
    ]
    assert len(seen) == 38 and len(rows[0]) > 700 and len(rows[1]) > 700
    assert not rows[0] & rows[1] and rows[0] | rows[1] <= rows[2]
    shown, changed = (p.data for p in seen[0][0].pairs)
    assert np.array_equal(changed, cycle.turned(shown))
    where = [int(abs(images - x).sum(axis=1).argmin()) for x in shown]
    assert dataset.train_labels[where].tolist() == list(range(10))
    assert [text.partition(",")[0] for text in said[-1:]] == ["turned"]
    cycle.train("turned", dataset, SMALL, streams(), said.append)
    assert seen[-1][0].pairs is None


def test_a_permutation_closes_the_cycle_and_only_the_hidden_pair_tells(judge):
    x, labels = judge
    said = []
    found = cycle.measure(3, replace(SMALL, games=("turned",)), said.append)["games"]["turned"]
    pair = cycle.turned(x)
    order = np.roll(np.arange(len(x)), 1)
    assert found["permutation"]["cycle"] == 0 and found["permutation"]["pair"] == pytest.approx(
        l1(pair[order], pair)
    )
    assert found["permutation"]["judged"] == pytest.approx(found["real"], rel=1e-5)
    assert found["permutation"]["kept"] == pytest.approx((labels[order] == labels).mean())
    assert found["identity"]["cycle"] == 0 and found["identity"]["pair"] == pytest.approx(l1(x, pair))
    two = cycle.train("turned", data.load("digits"), SMALL, streams(3), said.append)
    made = two.G(Tensor(x), None).data
    assert found["G"]["pair"] == pytest.approx(l1(made, pair), rel=1e-6)
    assert found["G"]["cycle"] == pytest.approx(l1(two.F(Tensor(made), None).data, x), rel=1e-6)
    assert found["G"]["judged"] == pytest.approx(float(two.D_B(Tensor(made), None).data.mean()), rel=1e-5)
    assert np.shape(found["images"]) == (3, 10, 8, 8) and np.allclose(
        found["images"][1], made[:10].reshape(-1, 8, 8)
    )


def test_digits_are_turned_after_ten_pairs(judge):
    settings = cycle.Settings(updates=100, learning_rate=3e-3, units=64, games=("turned, ten pairs",))
    found = cycle.measure(1, settings, lambda text: None)["games"]["turned, ten pairs"]
    assert found["G"]["pair"] < 0.15 < 0.2 < found["permutation"]["pair"] and found["G"]["kept"] > 0.5
