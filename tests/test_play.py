"""The games of docs/play.md, as the page plays them but without a browser."""

import numpy as np
import pytest

from docs.live.digits import UPDATES, WAYS, Digits, prior
from docs.live.line import Line
from minigan.backend import Backend
from minigan.classifier import SETTINGS, Classifier
from minigan.tensor import Tensor


def divergence(game):
    return game.frame(0)["jsd"]


# The line


def test_the_line_game_brings_the_densities_together():
    game = Line()
    before = divergence(game)
    game.play(1000)
    assert divergence(game) < 0.1 < before


def test_the_curves_are_those_of_the_theory():
    game = Line()
    game.play(20)
    frame = game.frame(0)
    x, p, q, D, best = (np.array(frame[name]) for name in ("x", "data", "p", "D", "best"))
    step = x[1] - x[0]
    assert p.sum() * step == pytest.approx(1, abs=0.01) and q.sum() * step == pytest.approx(1, abs=0.01)
    seen = p + q > 0
    assert best[seen] == pytest.approx((p / np.where(seen, p + q, 1))[seen])
    assert frame["V"] == pytest.approx(step * (p * np.log(D) + q * np.log(1 - D)).sum())


def test_the_same_seed_is_the_same_game_and_another_is_not():
    games = [Line(), Line(), Line()]
    games[1].change(seed=1)
    games[2].change(seed=2)
    a, b, c = ((game.play(5), game.frame(0)["D"])[1] for game in games)
    assert a == b != c


@pytest.mark.parametrize(
    "settings",
    [{"lr": 0.3}, {"k": 5}, {"momentum": 0.9}, {"loss": "minimax"}, {"modes": [0.0]}],
    ids=lambda s: next(iter(s)),
)
def test_a_setting_reaches_a_game_that_goes_on(settings):
    same, other = Line(), Line()
    for game in same, other:
        game.play(10)
    other.change(**settings)
    assert same.t == other.t
    for game in same, other:
        game.play(3)
    assert same.frame(0)["D"] != other.frame(0)["D"]


# The digits


@pytest.fixture(scope="module")
def played():
    game = Digits()
    game.play(UPDATES)
    return game


def judged(game, count=500):
    """The share of each class among samples, by a classifier of the data set."""
    judge = Classifier(game.dataset, SETTINGS["digits"], Backend(), seed=1)
    for _ in range(40):
        judge.train_epoch()
    assert judge.error(game.dataset.test, game.dataset.test_labels) < 0.03
    x = game.game.G(Tensor(prior(game.game.streams("judged"), count)), None).data
    brightest = float(game.dataset.train.max())
    return np.bincount(judge.classify(x * brightest), minlength=10) / count


def test_the_digits_game_shows_at_least_eight_classes(played):
    assert (judged(played) >= 0.02).sum() >= 8


def test_a_frame_holds_pictures_and_ends_with_the_game(played):
    frame = played.frame(0)
    assert frame["over"] and len(frame["pictures"]) == 60 * 64
    assert len(set(frame["pictures"])) > 100


def test_while_the_recipe_is_broken_by_collapse_only_G_moves():
    game = Digits()
    game.change(way="collapse")
    D, G = ([p.data.copy() for p in player.parameters()] for player in (game.game.D, game.game.G))
    game.play(3)
    assert all((a == p.data).all() for a, p in zip(D, game.game.D.parameters(), strict=True))
    assert any((a != p.data).any() for a, p in zip(G, game.game.G.parameters(), strict=True))


@pytest.mark.parametrize("way", [way for way in WAYS if way != "well"])
def test_every_way_to_break_the_game_plays_another_one(way):
    well, broken = Digits(), Digits()
    broken.change(way=way)
    for game in well, broken:
        game.play(3)
    assert well.frame(0)["pictures"] != broken.frame(0)["pictures"]


def test_G_alone_makes_all_samples_alike():
    game = Digits()
    game.play(600)
    before = np.frombuffer(game.frame(0)["pictures"], np.uint8).reshape(60, 64).std(axis=0).mean()
    game.change(way="collapse")
    game.play(600)
    after = np.frombuffer(game.frame(0)["pictures"], np.uint8).reshape(60, 64).std(axis=0).mean()
    assert after < 0.7 * before


def test_with_the_loss_of_equation_1_and_plain_steps_G_saturates():
    game = Digits()
    game.change(way="saturation")
    game.play(400)
    frame = game.frame(0)
    assert frame["real"] > 0.95 and frame["fake"] < 0.05
