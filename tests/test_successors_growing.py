"""successors/growing.py: players that grow, the schedule, the blend, and the recipe by the usual commands."""

import json
from dataclasses import replace
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from test_workers import with_threads

from minigan import checkpoint, data, evaluate, evaluation, pictures, players, recipes, run
from minigan import sample as sampling
from minigan import train as training
from minigan.backend import Backend
from minigan.classifier import Settings
from minigan.errors import InputError
from minigan.gradcheck import gradcheck
from minigan.homework.judging.strict_cupy import no_sync, strict_backend
from minigan.optim import Adam
from minigan.random import Streams
from minigan.successors import growing as growing_module
from minigan.successors.convolution import pool, upsample
from minigan.successors.dcgan import ConvNetworks
from minigan.successors.growing import Blended, GrowingNetworks, Restarting, Schedule, growing
from minigan.tensor import Tensor, backward
from minigan.workers import ALONE

FLOAT32, FLOAT64 = Backend("numpy", "float32"), Backend("numpy", "float64")
DIGITS = data.load("digits")


def small(**changes):
    return recipes.find("progressive").change(**{"halvings": 3, "channels": 2, "batch": 20, "z": 3} | changes)


def set_up(recipe, backend=FLOAT32, **more):
    return players.set_up(recipe, players.load_data(recipe), backend, 1, **more)


def net_of(player, level, backend=FLOAT64, pack=1, **settings):
    """G or D on digits, not as small as it starts, at that level."""
    networks, streams = GrowingNetworks(halvings=3, channels=2, scale=0.5, **settings), Streams(1, backend)
    made = networks.generator(3, DIGITS, streams) if player == "G" else None
    net = made or networks.discriminator(DIGITS, pack, streams)
    net.level[...] = level
    return net


def normal(*shape, step=0):
    return Streams(2, FLOAT64)("noise", step).normal(shape)


def blocks(x, size):
    """Every block of size x size pixels as its mean"""
    means = x.reshape(-1, 8 // size, size, 8 // size, size).mean(axis=(2, 4))
    return means.repeat(size, 1).repeat(size, 2).reshape(x.shape)


# The schedule -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("schedule", "levels"), [
    (Schedule(4, 2), [0, 0, 0, 0, 0, 0.5, 1, 1, 1, 1.5, 2, 2, 2, 2, 2]),
    (Schedule(3, 1), [0, 0, 0, 0, 2 / 3, 1, 1, 1, 1, 1]),
    (Schedule(1, 2), [0, 0, 1, 2, 2]),
    (Schedule(2, 0), [0, 0, 0, 0, 0]),
    (Schedule(0, 2), [2, 2, 2]),
])  # fmt: skip
def test_the_level_rises_in_the_first_half_of_a_stage_and_then_rests(schedule, levels):
    assert [schedule.level(t) for t in range(len(levels))] == pytest.approx(levels, abs=1e-12)
    assert schedule.level(10**9) >= levels[-1]


def test_where_stages_begin():
    assert [Schedule(3, 2).start(t) for t in (0, 2, 3, 5, 6, 8, 9, 99)] == [0, 0, 3, 3, 6, 6, 6, 6]
    assert Schedule(0, 2).start(7) == 0


# The players ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_pictures_of_a_stage_have_blocks_that_are_alike(stage):
    x = net_of("G", stage)(Tensor(normal(5, 3)), None).data
    size = 2 ** (2 - stage)
    assert x.shape == (5, 64) and np.allclose(x, blocks(x, size))
    assert not np.allclose(x, blocks(x, 2 * size))
    D, seen = net_of("D", stage), normal(5, 64)
    logits = D(Tensor(seen), None).data
    assert logits.shape == (5, 1) and np.allclose(logits, D(Tensor(blocks(seen, size)), None).data)
    assert not np.allclose(logits, D(Tensor(blocks(seen, 2 * size)), None).data)


@pytest.mark.parametrize("level", [0.3, 1.75])
def test_G_blends_its_two_pictures(level):
    z, G = Tensor(normal(4, 3)), net_of("G", level)
    found = G(z, None).data
    ends = []
    for stage in (int(level), ceil(level)):
        G.level[...] = stage
        ends.append(G(z, None).data)
    alpha = level - int(level)
    np.testing.assert_allclose(found, (1 - alpha) * ends[0] + alpha * ends[1], atol=1e-14)
    assert abs(ends[0] - ends[1]).max() > 0.05


@pytest.mark.parametrize("level", [0.3, 1.75])
def test_D_blends_what_it_sees(level):
    x, D = Tensor(normal(4, 64)), net_of("D", level)
    low, alpha = int(level), level - int(level)
    picture = Tensor(x.data.reshape(4, 8, 8, 1))
    fine, coarse = (pool(picture, 2 ** (2 - s)) for s in (low + 1, low))
    new, old = D.blocks[low + 1](D.ends[low + 1](fine, None), None), D.ends[low](coarse, None)
    h = Tensor((1 - alpha) * old.data + alpha * new.data)
    for s in range(low, -1, -1):
        h = D.blocks[s](h, None)
    np.testing.assert_allclose(D(x, None).data, h.data, atol=1e-14)


@pytest.mark.parametrize(("player", "width"), [("G", 3), ("D", 64)])
def test_both_are_continuous_where_a_blend_begins_and_ends(player, width):
    x, net = Tensor(normal(4, width)), net_of(player, 0)
    for stage in (0, 1, 2):
        net.level[...] = stage
        here = net(x, None).data
        for beside in (stage - 1e-9, stage + 1e-9):
            if 0 <= beside <= 2:
                net.level[...] = beside
                np.testing.assert_allclose(net(x, None).data, here, atol=1e-7)


@pytest.mark.parametrize("level", [0, 0.3, 1, 1.75, 2])
@pytest.mark.parametrize(("player", "width"), [("G", 3), ("D", 64)])
def test_gradients_through_the_blend(player, width, level):
    net = net_of(player, level, keep_hidden=0.7)
    x = normal(4, width, step=1)
    assert gradcheck(lambda a: net(a, None), x) < 1e-6
    assert gradcheck(lambda a: net(a, Streams(3, FLOAT64)("dropout")), x) < 1e-6

    def of_weights(W):
        net.ends[int(level)].layers[0].W = W
        return net(Tensor(x), None)

    assert gradcheck(of_weights, net.ends[int(level)].layers[0].W.data.copy()) < 1e-6


@pytest.mark.parametrize(("level", "played"), [(0, {0}), (0.5, {0, 1}), (1, {1}), (1.5, {1, 2}), (2, {2})])
def test_layers_that_do_not_play_have_no_gradient(level, played):
    for player, width in (("G", 3), ("D", 64)):
        net = net_of(player, level)
        loss = (net(Tensor(normal(4, width)), Streams(1, FLOAT64)("dropout")) ** 2).sum()
        backward(loss, wrt=net.parameters())
        moved = {name.split(".")[0] for name, p in net.named_parameters().items() if p.grad.any()}
        assert moved == {f"picture{s}" for s in played} | {f"block{s}" for s in range(max(played) + 1)}


@pytest.mark.parametrize("pack", [1, 2])
def test_grown_they_are_the_players_of_convolutions(pack):
    plain, streams = ConvNetworks(halvings=3, channels=2, keep_hidden=0.7), Streams(5, FLOAT64)
    G, D = plain.generator(3, DIGITS, streams), plain.discriminator(DIGITS, pack, streams)
    grown_G, grown_D = net_of("G", 2), net_of("D", 2, pack=pack, keep_hidden=0.7)
    ours_G = [*(p for b in grown_G.blocks for p in b.parameters()), *grown_G.ends[2].parameters()]
    ours_D = [*grown_D.ends[2].parameters(), *(p for b in grown_D.blocks[::-1] for p in b.parameters())]
    for theirs, ours in ((G, ours_G), (D, ours_D)):
        for p, q in zip(theirs.parameters(), ours, strict=True):
            q.data[...] = p.data
    z, x = Tensor(normal(4, 3)), Tensor(normal(4, 64 * pack))
    for rng in (lambda: None, lambda: streams("dropout")):
        np.testing.assert_allclose(grown_G(z, rng()).data, G(z, rng()).data, atol=1e-14)
        np.testing.assert_allclose(grown_D(x, rng()).data, D(x, rng()).data, atol=1e-14)


@pytest.mark.parametrize("shape", [(28, 28), (4, 8, 3), (8, 8, 4)])
def test_other_shapes_of_pictures(shape):
    features = int(np.prod(shape))
    dataset = replace(DIGITS, train=np.zeros((5, features), np.uint8), shape=shape)
    networks, streams = GrowingNetworks(halvings=2, channels=2), Streams(1, FLOAT32)
    for pack in (1, 2):
        G, D = networks.generator(3, dataset, streams), networks.discriminator(dataset, pack, streams)
        for level in (0, 0.5, 1):
            G.level[...] = D.level[...] = level
            x = G(Tensor(streams("noise").normal((4, 3))), None)
            assert x.shape == (4, features) and x.dtype == np.float32
            assert D(Tensor(x.data.reshape(4 // pack, -1)), None).shape == (4 // pack, 1)


@pytest.mark.parametrize("level", [-0.1, 2.5, np.nan])
def test_a_level_that_there_is_not_is_refused(level):
    with pytest.raises(InputError, match=f"level: expected 0 to 2, got {level}"):
        net_of("G", level)(Tensor(normal(2, 3)), None)


# The game ---------------------------------------------------------------------------------------------


class Numbers:
    """Minibatch i holds the pictures i and i + 1 of the digits."""

    per_epoch = 7

    def minibatch(self, i):
        return DIGITS.prepare(DIGITS.train[i : i + 2].astype("f"))


@pytest.mark.parametrize(("level", "pools"), [(0.0, [4]), (0.5, [4, 2]), (1.0, [2]), (1.5, [2]), (2.0, [])])
def test_no_picture_is_made_coarse_that_the_blend_has_no_part_of(level, pools, monkeypatch):
    made = []
    monkeypatch.setattr(growing_module, "pool", lambda x, size: made.append(size) or pool(x, size))
    Blended(Numbers(), lambda i: level, 2, (8, 8)).minibatch(0)
    assert made == pools


def test_data_are_as_coarse_as_the_pictures():
    levels = {0: 0.0, 1: 0.25, 2: 1.0, 3: 1.5, 4: 2.0}
    found = Blended(Numbers(), levels.get, 2, (8, 8))
    assert found.per_epoch == 7
    for i, level in levels.items():
        x, (low, high) = Numbers().minibatch(i), (2 ** (2 - s) for s in (int(level), ceil(level)))
        expected = (1 - level % 1) * blocks(x, low) + level % 1 * blocks(x, high)
        seen = found.minibatch(i)
        assert seen.shape == x.shape and seen.dtype == np.float32
        np.testing.assert_allclose(seen, expected, atol=1e-6)
    assert np.array_equal(found.minibatch(4), Numbers().minibatch(4))


def test_coloured_pictures_are_made_coarse_colour_by_colour():
    x = normal(3, 4 * 8 * 3)
    plain = Numbers()
    plain.minibatch = lambda i: x
    seen = Blended(plain, lambda i: 0, 1, (4, 8)).minibatch(0)
    picture = Tensor(x.reshape(3, 4, 8, 3))
    np.testing.assert_allclose(seen, upsample(pool(picture)).data.reshape(3, -1), atol=1e-14)


def test_an_optimiser_begins_anew_with_a_stage():
    def of(n):
        p = Tensor(np.ones(n))
        return p, Adam([p], lambda t: 0.1 / 2**t)

    (p, adam), (q, fresh) = of(3), of(3)
    ours = Restarting(adam, Schedule(4, 1).start)
    for t in range(7):
        p.grad = np.array([1.0, -2.0, 0.0])
        if t == 4:
            q.data[...] = p.data
        ours.step(t, 0)
        if t >= 4:
            q.grad = p.grad.copy()
            fresh.step(t - 4, 0)
            assert np.array_equal(p.data, q.data) and np.array_equal(ours.state()["v"][0], fresh.v[0])
    assert [ours.learning_rate(t) for t in (0, 3, 4, 9)] == pytest.approx([0.1, 0.0125, 0.1, 0.1 / 32])
    assert ours.momentum(0) == adam.beta1


def test_of_k_steps_all_are_at_the_level_of_their_update():
    recipe = small(k=3, stage_epochs=1, batch=100)  # 15 minibatches an epoch, 5 updates a stage
    game = set_up(recipe)
    assert game.schedule == Schedule(5, 2)
    for t in (4, 5, 6, 12):
        assert [game.data.level(i) for i in range(3 * t, 3 * t + 3)] == [game.schedule.level(t)] * 3
    assert game.optimiser_D.start(3 * 5 - 1) == 0 and game.optimiser_D.start(3 * 5) == 15
    assert game.optimiser_G.start(4) == 0 and game.optimiser_G.start(5) == 5
    assert game.optimiser_G.learning_rate(0) == game.optimiser_D.learning_rate(0) / 2


def test_an_update_is_at_its_level_whatever_was_played_before():
    recipe = small(stage_epochs=1, batch=500)  # 3 updates a stage
    update, game = players.update_of(recipe), set_up(recipe)
    before = {name: a.copy() for name, a in players.arrays(game).items()}
    levels, moved = [], []
    for t in range(8):
        update(game, t)
        now = players.arrays(game)
        levels.append([float(now[f"{player}.level"][0]) for player in "GD"])
        changed = {name for name, a in now.items() if (a != before[name]).any()}
        moved.append([f"G.picture{s}.convtranspose1.W" in changed for s in range(3)])
        before = {name: a.copy() for name, a in now.items()}
    assert levels == [[game.schedule.level(t)] * 2 for t in range(8)]
    first, both, second, then = [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1]
    assert moved == [first] * 4 + [both, second, second, then]


def test_growing_leaves_the_game_as_it_is_but_for_the_level():
    recipe = small(stage_epochs=0)
    shared = {name: getattr(recipe, name) for name in ("batch", "z", "lr", "lr_decay", "networks")}
    like = replace(recipes.find("dcgan-digits"), **shared)
    game, plain = set_up(recipe), set_up(like)
    for player in (plain.G, plain.D):
        player.level[...] = 2
    for t in range(2):
        players.update_of(recipe)(game, t)
        players.update_of(like)(plain, t)
    ours, theirs = players.arrays(game), players.arrays(plain)
    assert ours.keys() == theirs.keys() and all(np.array_equal(ours[n], theirs[n]) for n in ours)
    assert growing(plain, Schedule(4, 2), (8, 8)).prior is plain.prior


def test_no_update_waits_for_a_gpu():
    recipe = small(stage_epochs=1, batch=500)
    game, update = set_up(recipe, strict_backend("float32")), players.update_of(recipe)
    game.data.minibatch(0)
    for t in (0, 4, 8):
        update(game, t)
    with no_sync():
        update(game, 4)


def test_two_workers_play_the_game_of_one():
    recipe = small(stage_epochs=1, batch=500, pack=2)

    def played(team):
        game = set_up(recipe, FLOAT64, workers=team)
        for t in range(2, 5):
            players.update_of(recipe)(game, t)
        return players.arrays(game)

    alone, (one, other) = played(ALONE), with_threads(2, played)
    for array in alone:
        assert np.array_equal(one[array], other[array])
        np.testing.assert_allclose(one[array], alone[array], rtol=1e-7, atol=1e-9, err_msg=array)


# By the commands --------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of the test's own, and no curves."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)


def play(out, epochs):
    """5 updates an epoch, 10 a stage"""
    line = (
        f"--recipe progressive --batch 300 --z 3 --halvings 3 --channels 2 --stage-epochs 2 --epochs {epochs}"
    )
    return training.main([*line.split(), "--quiet", "--threads", "1", "--out", out])


def stop_after(updates, monkeypatch):
    """As if Ctrl-C came in that update."""
    asked = iter([False] * (updates - 1) + [True] * 99)
    from contextlib import contextmanager

    @contextmanager
    def noted():
        yield lambda: next(asked)

    monkeypatch.setattr("minigan.training._ctrl_c", noted)


def saved(folder):
    return checkpoint.load(Path(folder, "checkpoint.npz"))


@pytest.mark.parametrize("updates", [12, 20, 23])
def test_a_run_that_is_resumed_within_a_blend_is_the_same_run_bit_for_bit(updates, home, monkeypatch):
    assert play("whole", 6) == 0
    with monkeypatch.context() as stopped:
        stop_after(updates, stopped)
        assert play("parts", 6) == 130
    arrays, meta = saved("parts")
    assert meta["t"] == updates
    assert arrays["G.level"] == arrays["D.level"] == Schedule(10, 2).level(updates - 1)
    assert training.main(["--quiet", "--resume", "parts"]) == 0
    whole, parts = saved("whole")[0], saved("parts")[0]
    assert whole.keys() == parts.keys() and whole["G.level"] == 2
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)


def test_samples_are_of_the_level_that_the_run_has_come_to(home):
    for epochs, size in ((2, 4), (4, 2), (6, 1)):
        assert play(f"e{epochs}", epochs) == 0
        assert sampling.main([f"e{epochs}", "--count", "6", "--out", "s.npy", "--threads", "1"]) == 0
        x = np.load("s.npy")
        assert x.shape == (6, 64) and np.allclose(x, blocks(x, size), atol=1e-6)
        assert size == 1 or not np.allclose(x, blocks(x, 2 * size), atol=1e-6)
    assert sampling.main(["e6", "--nearest", "--threads", "1"]) == 0


def test_a_checkpoint_with_another_level_is_one_line(home, capsys):
    assert play("a", 1) == 0
    arrays, meta = saved("a")
    arrays["G.level"][...] = 7
    checkpoint.save(Path("a/checkpoint.npz"), arrays, meta)
    capsys.readouterr()
    assert sampling.main(["a", "--threads", "1"]) == 2
    assert capsys.readouterr().err == "error: level: expected 0 to 2, got 7.0\n"


def test_an_evaluation_says_what_the_paper_s_says(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setitem(evaluation.JUDGES, "digits", (Settings(units=(32,), scale=0.05, batch=20), 3))
    assert play("a", 3) == 0
    capsys.readouterr()
    assert evaluate.main(["a", "--quiet", "--centres", "1000", "--threads", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recipe"] == "progressive" and 1 <= found["classes"]["score"] <= 10


@pytest.mark.parametrize(("line", "words"), [
    ("--stage-epochs -1", "--stage-epochs: expected 0 to 1,000,000, got -1"),
    ("--stage-epochs 1.5", "--stage-epochs"),
    ("--halvings 4", "--halvings: expected how often pictures of 8 x 8 can be halved"),
])  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(line, words, home, capsys):
    assert training.main(["--recipe", "progressive", *line.split()]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not Path("runs").exists()


def test_the_help_and_the_config_have_the_length_of_a_stage(home, capsys):
    with pytest.raises(SystemExit):
        training.main(["--recipe", "progressive", "--help"])
    assert "--stage-epochs N epochs for each size" in " ".join(capsys.readouterr().out.split())
    assert play("a", 1) == 0
    assert run.read_config(Path("a")).recipe.settings()["stage_epochs"] == 2
