"""successors/recipes.py and dcgan.py: recipes of what came after, by the commands of the paper's recipes."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from test_workers import with_threads

from minigan import algorithm1, checkpoint, data, evaluate, evaluation, pictures, players, recipes, run
from minigan import sample as sampling
from minigan import train as training
from minigan.backend import Backend
from minigan.classifier import Settings
from minigan.data import Minibatches, mixtures
from minigan.errors import InputError
from minigan.game import discriminator_loss
from minigan.homework.judging.strict_cupy import no_sync, strict_backend
from minigan.nn import BatchNorm, Dropout
from minigan.random import Streams
from minigan.successors import recipes as later
from minigan.successors import solids
from minigan.successors.conditional import variety
from minigan.successors.convolution import ConvTranspose
from minigan.successors.losses import LOSSES, Clipped
from minigan.successors.penalty import penalised
from minigan.tensor import Tensor
from minigan.workers import ALONE

FLOAT32 = Backend("numpy", "float32")
MLP = "--hidden 5,5 --units 4,4"
POINTS = f"--batch 500 {MLP}"
TINY = {  # a few updates an epoch
    "cgan-digits": f"--batch 500 --z 3 {MLP}",
    "lsgan": POINTS,
    "lsgan-grid25": POINTS,
    "wgan": POINTS,
    "wgan-gp": f"{POINTS} --k 2",
    "dcgan-digits": "--batch 500 --z 3 --channels 2",
    "gan3d": "--batch 40 --z 3 --channels 2",
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder of the test's own; no curves, points or solids are drawn, and of these there are few."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)
    monkeypatch.setattr(pictures, "save_points", lambda path, *_: path.touch())
    monkeypatch.setattr(pictures, "save_solids", lambda path, *_: path.touch())
    monkeypatch.setattr(mixtures, "COUNTS", (1500, 300, 2500))
    monkeypatch.setattr(solids, "COUNTS", (120, 20, 30))


def play(name, out, epochs, *more):
    options = f"--quiet --recipe {name} {TINY[name]} --epochs {epochs} --threads 1 --out {out}".split()
    return training.main([*options, *more])


def small(name, **changes):
    recipe = recipes.find(name)
    narrow = {"hidden": (5, 5), "units": (4, 4), "channels": 2, "batch": 20, "z": 3}
    known = {k: v for k, v in narrow.items() if k in recipe.settings()}
    return recipe.change(**known | changes)


def set_up(recipe, backend=FLOAT32):
    return players.set_up(recipe, players.load_data(recipe), backend, 1)


# The catalogue ----------------------------------------------------------------------------------------


def test_the_catalogue_knows_each_by_its_name_and_no_more():
    assert list(recipes.LATER) == list(later.RECIPES)
    assert all(recipes.find(name) is recipe and recipe.name == name for name, recipe in later.RECIPES.items())


def test_the_help_of_a_recipe_has_its_own_settings(capsys):
    with pytest.raises(SystemExit):
        training.main(["--recipe", "wgan", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "defaults: those of wgan" in said and "--clip N after its steps" in said and "cgan-digits" in said
    assert "--penalty" not in said


@pytest.mark.parametrize(("line", "words"), [
    ("--recipe cgan-digit", "did you mean cgan-digits?"),
    ("--recipe lsgan --losses quadratic", "--losses: expected one of least-squares, wasserstein, hinge"),
    ("--recipe lsgan --loss minimax", "--loss has no effect"),
    ("--recipe lsgan --clip 0.1", "--clip 0.1"),
    ("--recipe ring8 --losses hinge", "--losses"),
    ("--recipe wgan --clip 0", "--clip: expected a number above 0, got 0.0"),
    ("--recipe wgan-gp --penalty nan", "--penalty: expected a finite number"),
    ("--recipe wgan-gp --pack 2", "--pack: expected 1 with a penalty"),
    ("--recipe wgan-gp --update alternating", "--update has no effect"),
    ("--recipe wgan-gp --sides three", "--sides: expected one of one, two"),
    ("--recipe cgan-digits --data pictures", "--data: cgan-digits expects pictures with a class"),
    ("--recipe dcgan-digits --halvings 4", "--halvings: expected how often pictures of 8 x 8 can be halved"),
    ("--recipe dcgan-digits --channels 0", "--channels: expected 1 to 1,000,000, got 0"),
    ("--recipe dcgan-digits --scale 0", "--scale: expected a number above 0, got 0.0"),
    ("--recipe dcgan-digits --g-rate 0", "--g-rate: expected a number above 0, got 0.0"),
    ("--recipe gan3d --g-rate 2", "--g-rate"),
    ("--recipe gan3d --data pictures", "--data: gan3d has solids of its own"),
    ("--recipe dcgan-digits --kinds 0", "--kinds: expected 1 to 1,000,000, got 0"),
    ("--recipe cgan-digits --kinds 3", "--kinds"),
    ("--recipe dcgan-digits --batch 1", "--batch: expected 2 or more"),
])  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(line, words, tmp_path, capsys):
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    for i in range(100):
        Image.fromarray(np.full((4, 4), 2 * i, np.uint8)).save(tmp_path / f"pictures/{i}.png")
    assert training.main(line.split()) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not (tmp_path / "runs").exists()


def test_convolutions_want_pictures():
    recipe = replace(small("dcgan-digits"), data="ring8")
    with pytest.raises(InputError, match="convolutions need pictures, and ring8 has points"):
        set_up(recipe)


# By the commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TINY)
def test_a_resumed_run_is_the_same_run_bit_for_bit(name):
    assert play(name, "whole", 3) == play(name, "parts", 2) == 0
    assert training.main(["--quiet", "--resume", "parts", "--epochs", "3"]) == 0
    whole, parts = (checkpoint.load(run_of)[0] for run_of in map(checkpoint_of, ("whole", "parts")))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[array], parts[array]) for array in whole)
    start = players.arrays(players.set_up(*begun("whole")))
    moved = [name for name, a in start.items() if (a != whole[name]).any()]
    assert any(name.startswith("G.") for name in moved) and any(name.startswith("D.") for name in moved)


def checkpoint_of(folder):
    from pathlib import Path

    return Path(folder, "checkpoint.npz")


def begun(folder):
    """The arguments of set_up, from the config of a run."""
    config = run.read_config(checkpoint_of(folder).parent)
    return config.recipe, run.data_of(config), FLOAT32, config.seed


def test_sevens_on_demand(capsys):
    assert play("cgan-digits", "a", 1) == 0
    for label, out in ((7, "7.npy"), (2, "2.npy"), (7, "again.npy")):
        assert sampling.main(["a", "--class", str(label), "--count", "30", "--out", out]) == 0
    sevens, twos, again = (np.load(name) for name in ("7.npy", "2.npy", "again.npy"))
    assert sevens.shape == (30, 64) and np.array_equal(sevens, again) and (sevens != twos).any()
    _, _, G = run.load_generator(checkpoint_of("a").parent, FLOAT32)
    z = recipes.find("cgan-digits").change(z=3).noise(Streams(0, FLOAT32)("sample"), 30)
    z[:, 3:] = np.eye(10)[7]
    np.testing.assert_allclose(sevens, G(Tensor(z), None).data[:, :64], atol=1e-6)
    for options in (["--class", "3"], ["--nearest"], ["--interpolate", "4", "--class", "3"], []):
        assert sampling.main(["a", *options]) == 0
    capsys.readouterr()
    for label in ("10", "-1"):
        assert sampling.main(["a", "--class", label]) == 2
        assert f"--class: expected 0 to 9, got {label}" in capsys.readouterr().err


def test_a_class_is_asked_for_in_a_copy_of_the_noise():
    recipe = recipes.find("cgan-digits")
    z = recipe.noise(Streams(0, FLOAT32)("sample"), 8)
    before = z.copy()
    asked = players.with_class(recipe, z, 4)
    assert np.array_equal(z, before) and np.array_equal(asked[:, :32], z[:, :32])
    assert np.array_equal(asked[:, 32:], np.tile(np.eye(10)[4], (8, 1)))


def test_others_are_not_told_a_class(capsys):
    assert play("lsgan", "a", 1) == 0
    assert sampling.main(["a", "--class", "3"]) == 2
    assert "--class: lsgan is not told a class" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cgan-digits", "dcgan-digits", "wgan"])
def test_an_evaluation_says_what_the_paper_s_says(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setitem(evaluation.JUDGES, "digits", (Settings(units=(32,), scale=0.05, batch=20), 3))
    assert play(name, "a", 1) == 0
    capsys.readouterr()
    assert evaluate.main(["a", "--quiet", "--centres", "1000", "--threads", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recipe"] == name
    if name != "cgan-digits":
        assert "modes" in found if name == "wgan" else 1 <= found["classes"]["score"] <= 10
        assert "further" not in found
        return
    asked, varied = found["further"]
    assert asked["real"] > 0.5 > 0.25 > asked["noise"] and 0 <= asked["run"] <= 1
    assert varied["real"] == 1 < varied["noise"] and varied["run"] > 0
    assert evaluate.main(["a", "--quiet", "--centres", "1000", "--threads", "1"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"of the class that was asked for {asked['run']:.3f} {asked['real']:.3f}" in said
    assert f"variety within a class, the data's = 1 {varied['run']:.3f} 1.000 {varied['noise']:.3f}" in said


def test_the_class_that_was_asked_for_is_that_of_z(tmp_path, monkeypatch):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setitem(evaluation.JUDGES, "digits", (Settings(units=(32,), scale=0.05, batch=20), 3))
    digits = data.load("digits")
    x, labels = digits.prepare(digits.train[:300].astype("f")), digits.train_labels[:300]
    z = np.hstack([np.zeros((300, 32)), np.eye(10)[labels]])
    asked, varied = evaluation.further(recipes.find("cgan-digits"), z, x, digits, FLOAT32)
    assert asked["run"] > 0.8 and varied["run"] == pytest.approx(1, abs=0.1)


# The conditional game ---------------------------------------------------------------------------------


def test_examples_have_their_labels_and_noise_has_any():
    recipe = small("cgan-digits")
    game = set_up(recipe)
    x, rows = game.data.minibatch(3), game.data.rows(3)
    digits = data.load("digits")
    assert x.shape == (20, 74) and x.dtype == np.float32
    np.testing.assert_allclose(x[:, :64], digits.train[rows] / 16)
    assert np.array_equal(x[:, 64:], np.eye(10)[digits.train_labels[rows]])
    z = recipe.noise(game.streams("noise"), 5000)
    assert z.shape == (5000, 13) and z.dtype == np.float32 and (z[:, 3:].sum(axis=1) == 1).all()
    assert z[:, 3:].mean(axis=0) == pytest.approx([0.1] * 10, abs=0.02)
    plain = recipes.find("digits").change(z=3, prior="gaussian").noise(game.streams("noise"), 5000)
    assert np.array_equal(z[:, :3], plain)
    G = game.G(Tensor(z[:7]), None).data
    assert G.shape == (7, 74) and np.array_equal(G[:, 64:], z[:7, 3:])
    assert players.generate(game.G, z[:7]).shape == (7, 64)


def test_any_networks_and_pack_play_it():
    for recipe in (small("cgan-digits", pack=2), replace(small("digits"), name="other")):
        recipe = later._as(later.ConditionalRecipe, recipe)
        game = set_up(recipe)
        update = players.update_of(recipe)(game, 0)
        assert np.isfinite(update.d_loss) and game.D.parameters()[0].shape[0] == 74 * recipe.pack


def test_variety_is_the_mean_distance_within_a_class():
    x = np.array([[0.0, 0], [3, 4], [10, 0], [10, 1], [7, 7]])
    assert variety(x, np.array([0, 0, 1, 1, 3])) == (5 + 1 + 0 + 0) / 4
    many = np.repeat(np.arange(3.0), 100)[:, None]
    assert variety(many, np.zeros(300, int)) == 0  # of the first hundred
    assert variety(many[::3], np.zeros(100, int), most=17) == pytest.approx(0)


# Other losses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lsgan", "wgan", "wgan-gp"])
def test_the_players_descend_what_the_recipe_says(name):
    a = Tensor(np.array([[0.3], [-1.0], [0.8], [2.0]]))
    for losses, (of_D, of_G) in LOSSES.items():
        game = set_up(small(name, losses=losses))
        shift = 0.5 if losses == "least-squares" else 0.0
        assert game.discriminator_loss(a).data == of_D(a + shift).data != discriminator_loss(a).data
        assert game.generator_loss(a).data == of_G(a + shift).data
    assert recipes.find(name).losses == ("least-squares" if name == "lsgan" else "wasserstein")


@pytest.mark.parametrize(("losses", "shift", "undecided"), [
    ("least-squares", 0.5, 0.5), ("hinge", 0, 0), ("wasserstein", 0, None), ("loss-sensitive", 0, None),
])  # fmt: skip
def test_what_d_says_is_what_its_loss_is_told(losses, shift, undecided, monkeypatch):
    a = np.array([[0.3], [-1.0], [800.0]])
    output = players.output_of(small("lsgan", losses=losses))
    assert np.array_equal(output.of(a), a + shift) and output[1:] == (undecided, False)
    assert players.output_of(recipes.find("ring8"))[1:] == (0.5, True)
    drawn = []
    monkeypatch.setattr(pictures, "save_curves", lambda path, log, *more: drawn.append((log[-1], more)))
    assert play("lsgan", "a", 1, "--losses", losses) == 0
    ((record, more),) = drawn
    assert more[2:] == (undecided, False)
    recipe, *rest = begun("a")
    game = players.set_up(recipe, *rest)
    said = [players.output_of(recipe).of(players.update_of(recipe)(game, t).a_fake).mean() for t in range(3)]
    assert record["update"] == 3 and record["d_fake"] == pytest.approx(np.mean(said), rel=1e-5)


def test_one_line_differs_from_the_paper_s_recipe():
    for name, like in (("lsgan", "ring8"), ("lsgan-grid25", "grid25")):
        ours, theirs = recipes.find(name).settings(), recipes.find(like).settings()
        differ = {setting for setting in ours if ours[setting] != theirs.get(setting)}
        assert differ == {"name", "losses"}


def test_weights_are_clipped_and_the_state_is_kept():
    recipe = small("wgan", clip=0.02, k=2)
    game = set_up(recipe)
    players.update_of(recipe)(game, 0)
    assert isinstance(game.optimiser_D, Clipped) and not isinstance(game.optimiser_G, Clipped)
    largest = [max(float(abs(p.data).max()) for p in net.parameters()) for net in (game.D, game.G)]
    assert largest[0] == np.float32(0.02) < largest[1]
    assert any(name.startswith("D.m.") for name in players.arrays(game))


def test_the_penalty_is_played():
    for sides in ("one", "two"):
        recipe = small("wgan-gp", penalty=3.0, sides=sides, k=2)
        ours, theirs = set_up(recipe), set_up(recipe)
        players.update_of(recipe)(ours, 0)
        penalised(theirs, 0, scale=3.0, one_sided=sides == "one")
        a, b = players.arrays(ours), players.arrays(theirs)
        assert all(np.array_equal(a[name], b[name]) for name in a)
    assert players.update_of(recipes.find("wgan")) is algorithm1.alternating


# Kinds without labels ---------------------------------------------------------------------------------


def test_noise_says_a_kind_of_which_D_knows_nothing():
    name = "dcgan-digits"
    recipe = small(name, kinds=4)
    z = recipe.noise(Streams(1, FLOAT32)("noise"), 5000)
    assert z.shape == (5000, 7) and z.dtype == np.float32
    plain = recipes.find("digits").change(z=3, prior="gaussian").noise(Streams(1, FLOAT32)("noise"), 5000)
    assert np.array_equal(z[:, :3], plain)
    c = z[:, 3:]
    assert set(np.unique(c)) == {0, 2} and (c.sum(axis=1) == 2).all()  # sqrt(4) in one of four columns
    assert (c > 0).mean(axis=0) == pytest.approx([0.25] * 4, abs=0.02)
    assert abs(np.corrcoef(z.T)[:3, 3:]).max() < 0.05  # the kind says nothing about the rest
    game, other = set_up(recipe), set_up(small(name, kinds=1))
    assert [p.shape for p in game.D.parameters()] == [p.shape for p in other.D.parameters()]
    assert game.G.parameters()[0].shape[0] == 7 and other.G.parameters()[0].shape[0] == 4
    one = small(name, kinds=1).noise(Streams(1, FLOAT32)("noise"), 5)
    assert np.array_equal(one, np.hstack([plain[:5], np.ones((5, 1))]))
    g = game.G(Tensor(z[:100]), None).data
    assert (g != game.G(Tensor(np.hstack([z[:100, :3], np.roll(z[:100, 3:], 1, axis=1)])), None).data).any()


# Convolutions -----------------------------------------------------------------------------------------


def test_it_doubles_from_a_small_picture_and_halves_back():
    game = set_up(small("dcgan-digits", channels=3, halvings=3, keep_hidden=0.7))
    shapes = [p.shape for p in game.G.parameters() if p.data.ndim == 2]
    assert shapes == [(3 + 10, 12), (16 * 6, 12), (16 * 3, 6), (16 * 1, 3)]
    assert [p.shape for p in game.D.parameters() if p.data.ndim == 2] == [(16, 3), (48, 6), (96, 12), (12, 1)]
    assert sum(isinstance(layer, ConvTranspose) for layer in game.G.layers) == 3
    assert sum(isinstance(layer, BatchNorm) for layer in game.G.layers) == 3
    assert [layer.keep for layer in game.D.layers if isinstance(layer, Dropout)] == [0.7] * 3
    largest = [abs(p.data).max() for net in (game.G, game.D) for p in net.parameters() if p.data.ndim == 2]
    np.testing.assert_allclose(largest, 0.1, rtol=0.2)
    G = game.G(Tensor(game.prior(game.streams("noise"))), None).data
    assert G.shape == (20, 64) and 0 < G.min() < G.max() < 1
    game = set_up(small("dcgan-digits", output="tanh"))
    G = game.G(Tensor(game.prior(game.streams("noise"))), None).data
    assert -1 < G.min() < 0 < G.max() < 1 and game.data.minibatch(0).min() == -1


def test_other_shapes_of_pictures():
    networks = small("dcgan-digits").networks
    streams = Streams(1, FLOAT32)
    for shape, expected in (((28, 28), ((28, 28), 1)), ((4, 8, 3), ((4, 8), 3)), ((8, 8, 4), ((8, 8, 4), 1))):
        features = int(np.prod(shape))
        dataset = replace(data.load("digits"), train=np.zeros((5, features), np.uint8), shape=shape)
        assert networks.places(dataset) == expected
        for pack in (1, 2):
            G, D = networks.generator(3, dataset, streams), networks.discriminator(dataset, pack, streams)
            x = G(Tensor(streams("noise").normal((4, 3))), None)
            assert x.shape == (4, features)
            packed = Tensor(x.data.reshape(4 // pack, -1))
            assert D(packed, None).shape == (4 // pack, 1)


@pytest.mark.parametrize("shape", [(4, 8, 3), (8, 8), (4, 4, 4)])
def test_packed_pictures_are_channels_of_one(shape):
    features = int(np.prod(shape))
    dataset = replace(data.load("digits"), train=np.zeros((5, features), np.uint8), shape=shape)
    networks, streams = small("dcgan-digits").networks, Streams(1, FLOAT32)
    lengths, colours = networks.places(dataset)
    D = networks.discriminator(dataset, 2, streams)
    two = streams("noise").normal((6, 2, *lengths, colours))
    x = Tensor(two.reshape(6, 2 * features))
    for layer in D.layers[:3]:
        x = layer(x, None)
    assert np.array_equal(x.data, np.concatenate([two[:, 0], two[:, 1]], axis=-1))
    assert D.parameters()[0].shape == (4 ** len(lengths) * 2 * colours, 2)


def test_G_has_a_rate_of_its_own_that_falls_as_D_s_does():
    for optimiser in ("adam", "momentum"):
        game = set_up(small("dcgan-digits", optimiser=optimiser, g_rate=0.25, lr=0.01, lr_decay=2.0))
        assert [game.optimiser_D.learning_rate(t) for t in (0, 1)] == [0.01, 0.005]
        assert [game.optimiser_G.learning_rate(t) for t in (0, 1)] == [0.0025, 0.00125]
    for name in ("dcgan-digits", "dcgan-mnist"):
        assert recipes.find(name).g_rate == 0.5 and recipes.find(name).kinds == 10


# Solids -----------------------------------------------------------------------------------------------


def test_the_solids_are_what_their_kinds_say(monkeypatch):
    monkeypatch.setattr(solids, "COUNTS", (400, 10, 10))
    found, again = solids.load(), solids.load()
    assert np.array_equal(found.train, again.train) and found.test.shape == (10, 512)
    assert set(np.unique(found.train)) == {0, 1} and found.train.dtype == np.uint8
    assert np.bincount(found.train_labels).min() > 60
    cubes = found.train.reshape(-1, 8, 8, 8)
    assert not np.array_equal(cubes[:10], found.valid.reshape(-1, 8, 8, 8))
    for kind, name in enumerate(solids.KINDS):
        mine = cubes[found.train_labels == kind]
        volume = mine.sum(axis=(1, 2, 3))
        hull = [np.prod([np.ptp(w) + 1 for w in np.nonzero(x)]) for x in mine]
        filled = volume / hull
        low, high = {"ball": (0.35, 0.8), "box": (1, 1), "cross": (0.05, 0.65), "ring": (0.3, 0.9)}[name]
        assert low <= filled.min() <= filled.max() <= high, name
        assert len(np.unique(mine.reshape(len(mine), -1), axis=0)) > 0.5 * len(mine)
    rings = cubes[found.train_labels == 3]
    assert {np.argmin([np.ptp(w) for w in np.nonzero(x)]) for x in rings} == {0, 1, 2}
    assert found.restore(np.full((2, 512), 1.5)).shape == (2, 8, 8, 8)
    assert found.restore(np.full((2, 512), 1.5)).max() == 1


def test_the_common_part_by_hand():
    others = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
    nearest, part = solids.common_part(np.array([[0.9, 0.6, 0.4, 0.7], [0, 0.2, 0, 0], [1, 1, 1, 0]]), others)
    np.testing.assert_allclose(part, [2 / 3, 0, 1])
    assert nearest[0] == 0 and nearest[2] == 1


def test_an_evaluation_of_solids(capsys):
    assert play("gan3d", "a", 1) == 0
    capsys.readouterr()
    assert evaluate.main(["a", "--quiet", "--centres", "1000", "--threads", "1", "--json"]) == 0
    common, rarest, different = json.loads(capsys.readouterr().out)["further"]
    assert 1 > common["real"] > 0.7 > 0.4 > common["noise"] and 0 <= common["run"] < 1
    assert rarest["real"] > 0.03 and 0 <= rarest["run"] <= 0.25
    assert different["noise"] == 1 >= different["real"] > 0.5 and 0 < different["run"] <= 1


def test_a_G_of_few_solids_is_seen():
    recipe = small("gan3d")
    dataset = players.load_data(recipe)
    x = np.tile(dataset.train[:8].astype(np.float32), (150, 1)) * np.linspace(0.6, 1, 1200)[:, None]
    common, _, different = evaluation.further(recipe, np.zeros((1200, 3)), x.astype("f"), dataset, FLOAT32)
    assert common["run"] == 1  # every one of them is a training solid, and above 1/2 all eight recur
    assert different["run"] == len(np.unique(dataset.train[:8], axis=0)) / 1000


def test_solids_have_no_picture_of_the_nearest(capsys):
    assert play("gan3d", "a", 1) == 0
    assert sampling.main(["a", "--nearest", "--threads", "1"]) == 2
    assert capsys.readouterr().err == "error: --nearest is for images; a learned solids\n"


def test_of_many_solids_it_says_that_few_are_shown(capsys):
    assert play("gan3d", "a", 1) == 0
    for options, words in (
        ("--count 21", "the first 20 of 21; --out FILE.npy has all\n"),
        ("--count 20", ""),
    ):
        capsys.readouterr()
        assert sampling.main(["a", *options.split(), "--threads", "1"]) == 0
        assert capsys.readouterr().out.partition("\n")[2] == words


def test_solids_are_what_tanh_gives(capsys):
    recipe = small("gan3d", output="tanh")
    unit, found = (players.load_data(r) for r in (small("gan3d"), recipe))
    x = found.prepare(found.train.astype(np.float32))
    assert set(np.unique(x)) == {-1, 1}
    for dataset in (unit, found):
        shown = dataset.restore(dataset.prepare(dataset.train.astype(np.float32)))
        np.testing.assert_array_equal(shown.reshape(len(x), -1), dataset.train)
    assert play("gan3d", "a", 1, "--output", "tanh") == 0
    capsys.readouterr()
    assert evaluate.main(["a", "--quiet", "--centres", "1000", "--threads", "1", "--json"]) == 0
    common, _, _ = json.loads(capsys.readouterr().out)["further"]
    assert 1 > common["real"] > 0.7 > 0.4 > common["noise"] and 0 < common["run"] < 1


def test_solids_are_drawn_in_three_dimensions(tmp_path, monkeypatch):
    monkeypatch.undo()
    from PIL import Image

    drawn = []
    for filled in (1, 3):
        cube = np.zeros((4, 4, 4))
        cube[:filled] = 1
        path = tmp_path / f"{filled}.png"
        dataset = replace(solids.load(), shape=(4, 4, 4), restore=lambda a: a.reshape(-1, 4, 4, 4))
        pictures.save_samples(path, np.stack([cube.ravel(), 0 * cube.ravel()]), dataset, columns=2)
        with Image.open(path) as image:
            assert image.width == pytest.approx(2 * image.height, rel=0.05)
            drawn.append(np.asarray(image.convert("RGB")).astype(int))
    blue = [(a[..., 2] - a[..., 0] > 60) for a in drawn]
    half = drawn[0].shape[1] // 2
    assert 0 < blue[0].sum() < 0.8 * blue[1].sum() and not blue[1][:, half:].any()


# All of them ------------------------------------------------------------------------------------------


CHANGES = {"losses": "hinge", "clip": 0.05, "penalty": 2.0, "sides": "two", "channels": 3, "halvings": 1}
CHANGES |= {"keep_hidden": 0.5, "output": "tanh", "scale": 0.2, "g_rate": 2.0}
STEEP = {"clip": 0.04, "d_scale": 0.9}  # so that there is something to clip, and slopes on either side of 1


@pytest.mark.parametrize("name", ["cgan-digits", "lsgan", "wgan", "wgan-gp", "dcgan-digits", "gan3d"])
def test_every_setting_of_its_own_changes_the_game(name):
    base = small(name, **{k: v for k, v in STEEP.items() if k in recipes.find(name).settings()})
    own = {f.name for f in (*fields(base), *fields(base.networks)) if "help" in f.metadata}
    for setting in sorted(own & CHANGES.keys()):
        if setting == "output" and base.data != "digits":
            continue  # points lie in no range
        outcomes = []
        for recipe in (base, base.change(**{setting: CHANGES[setting]})):
            game = set_up(recipe)
            update = players.update_of(recipe)(game, 0)
            players.update_of(recipe)(game, 1)
            kept = [p.data.tobytes() for p in (*game.G.parameters(), *game.D.parameters())]
            outcomes.append([float(update.d_loss), kept])
        assert outcomes[0] != outcomes[1], setting


@pytest.mark.parametrize("name", ["cgan-digits", "lsgan", "wgan", "wgan-gp", "dcgan-digits", "gan3d"])
def test_no_update_waits_for_a_gpu(name):
    recipe = small(name)
    game = set_up(recipe, strict_backend("float32"))
    assert isinstance(game.data, Minibatches)
    game.data.minibatch(0)
    update = players.update_of(recipe)
    update(game, 0)
    with no_sync():
        update(game, 1)


@pytest.mark.parametrize("name", ["cgan-mnist", "dcgan-mnist"])
def test_larger_pictures_are_played_too(name):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 784), dtype=np.uint8)
    labels = np.arange(60, dtype=np.uint8) % 10
    likes = {"train": pixels, "train_labels": labels, "shape": (28, 28), "prepare": lambda x: x / 255}
    recipe = small(name)
    game = players.set_up(recipe, replace(data.load("digits"), **likes), FLOAT32, 1)
    before = [p.data.copy() for p in (*game.G.parameters(), *game.D.parameters())]
    for t in range(2):
        assert all(np.isfinite(a).all() for a in players.update_of(recipe)(game, t))
    after = [p.data for p in (*game.G.parameters(), *game.D.parameters())]
    assert all((a != b).any() for a, b in zip(after, before, strict=True))
    assert players.generate(game.G, recipe.noise(game.streams("sample"), 3)).shape == (3, 784)


@pytest.mark.parametrize("name", ["cgan-digits", "lsgan", "wgan", "wgan-gp", "dcgan-digits"])
def test_two_workers_play_the_game_of_one(name):
    steep = STEEP | {"d_scale": 3.0}  # a penalty of 0 would be the same however it is weighted
    recipe = small(name, **{k: v for k, v in steep.items() if k in recipes.find(name).settings()})
    dataset, backend = players.load_data(recipe), Backend("numpy", "float64")

    def played(team):
        game = players.set_up(recipe, dataset, backend, 3, team)
        for t in range(3):
            players.update_of(recipe)(game, t)
        return players.arrays(game)

    alone, (one, other) = played(ALONE), with_threads(2, played)
    for array in alone:
        assert np.array_equal(one[array], other[array])
        np.testing.assert_allclose(one[array], alone[array], rtol=1e-7, atol=1e-9, err_msg=array)


def test_seeds_give_the_same_bits_and_others_others():
    recipe, found = small("cgan-digits"), []
    for seed in (1, 1, 2):
        dataset = players.load_data(recipe)
        game = players.set_up(recipe, dataset, FLOAT32, seed)
        players.update_of(recipe)(game, 0)
        found.append(b"".join(a.tobytes() for a in players.arrays(game).values()))
    assert found[0] == found[1] != found[2]
