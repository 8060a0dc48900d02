"""sample.py: which samples, how many, where in the picture, and which training images beside them."""

import numpy as np
import pytest

from minigan import checkpoint, data, pictures, players, recipes, run, sample
from minigan.backend import Backend
from minigan.errors import InputError, RunError
from minigan.random import Streams
from minigan.tensor import Tensor
from minigan.training import Training

SMALL = {"epochs": 1, "batch": 100, "z": 3, "hidden": (6,), "units": (4,)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of seed 2: digits in [0, 1], and in [-1, 1] with batch norm."""
    home = tmp_path_factory.mktemp("runs")
    batch_norm = recipes.find("keras-mlp").change(data="digits", **SMALL, lr=0.01)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "save_curves", lambda *_: None)
        for name, recipe in (("unit", recipes.find("digits").change(**SMALL)), ("symmetric", batch_norm)):
            training = Training(run.configure(recipe, 2, "numpy"), Backend())
            training.start(str(home / name))
            training.play(lambda t, means: None)
    return home


def by_hand(folder, count, seed=0):
    """G's samples from the arrays of the checkpoint alone."""
    arrays, _ = checkpoint.load(folder / "checkpoint.npz")
    recipe = run.read_config(folder).recipe
    z = recipe.noise(Streams(seed, Backend())("sample"), count)
    h = z @ arrays["G.linear1.W"] + arrays["G.linear1.b"]
    if folder.name == "unit":
        a = np.maximum(h, 0) @ arrays["G.linear2.W"] + arrays["G.linear2.b"]
        return 1 / (1 + np.exp(-a))
    mean, var = arrays["G.batchnorm2.running_mean"], arrays["G.batchnorm2.running_var"]
    h = (h - mean) / np.sqrt(var + 1e-5) * arrays["G.batchnorm2.gamma"] + arrays["G.batchnorm2.beta"]
    return np.tanh(np.where(h > 0, h, 0.2 * h) @ arrays["G.linear3.W"] + arrays["G.linear3.b"])


@pytest.mark.parametrize("name", ["unit", "symmetric"])
@pytest.mark.parametrize(("seed", "count"), [(0, 1), (5, 2), (5, 1001)])
def test_the_samples_by_hand(runs, tmp_path, name, seed, count):
    out = tmp_path / "samples.npy"
    assert sample.main([str(runs / name), f"--seed={seed}", f"--count={count}", f"--out={out}"]) == 0
    np.testing.assert_allclose(np.load(out), by_hand(runs / name, count, seed), atol=1e-5)


@pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 21])
def test_no_sample_is_lost_between_chunks(count):
    z = np.arange(3.0 * count).reshape(count, 3)

    def doubles(x, rng):
        assert rng is None and len(x.data) <= 10
        return Tensor(2 * x.data)

    np.testing.assert_array_equal(players.generate(doubles, z, chunk=10), 2 * z)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_a_failure(value):
    z = np.ones((15, 2))
    z[12, 1] = value
    with pytest.raises(RunError, match="not finite"):
        players.generate(lambda x, rng: x, z, chunk=10)


def test_a_milliard_is_the_most(monkeypatch, tmp_path):
    monkeypatch.setattr(sample.run, "load_generator", lambda *_: (_ for _ in ()).throw(RunError("asked")))
    for option in ("--count", "--columns", "--interpolate"):
        for value, word in ((10**9, "asked"), (10**9 + 1, f"{option}: expected a whole number from")):
            with pytest.raises((RunError, InputError), match=word):
                sample._sample(sample._parser().parse_args([str(tmp_path), f"{option}={value}"]))


# In the picture --------------------------------------------------------------------------------------


@pytest.fixture
def drawn(monkeypatch):
    """The arguments of save_grid."""
    calls = []
    monkeypatch.setattr(sample.pictures, "save_grid", lambda *arguments: calls.append(arguments))
    return calls


@pytest.mark.parametrize(("options", "count", "columns"), [
    ("", 100, 10),
    ("--count 7", 7, 10),
    ("--columns 4", 100, 4),
    ("--nearest", 20, 5),
    ("--nearest --count 6 --columns 3", 6, 3),
    ("--interpolate 4", 20, 4),
    ("--interpolate 2 --count 1", 2, 2),
])  # fmt: skip
def test_how_many_and_where(runs, drawn, capsys, options, count, columns):
    assert sample.main([str(runs / "unit"), *options.split()]) == 0
    ((out, images, in_a_row, *_),) = drawn
    assert (images.shape, in_a_row) == ((count, 8, 8), columns)
    picture = {"--nearest": "nearest.png", "--interpolate": "lines.png"}.get(
        (options.split() or [""])[0], "grid.png"
    )
    assert out == runs / "unit" / picture and capsys.readouterr().out == f"{out}\n"
    if "interpolate" not in options:
        np.testing.assert_allclose(images.reshape(count, 64), by_hand(runs / "unit", count), atol=1e-5)


def test_quiet_says_nothing(runs, drawn, capsys):
    assert sample.main([str(runs / "unit"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "") and len(drawn) == 1


def test_each_line_leads_from_one_sample_to_another(runs, tmp_path):
    out, recipe = tmp_path / "lines.npy", run.read_config(runs / "unit").recipe
    assert sample.main([str(runs / "unit"), "--interpolate=3", "--count=4", f"--out={out}"]) == 0
    found, ends = np.load(out).reshape(4, 3, 64), by_hand(runs / "unit", 8)
    assert recipe.z == 3
    np.testing.assert_allclose(found[:, 0], ends[:4], atol=1e-5)
    np.testing.assert_allclose(found[:, 2], ends[4:], atol=1e-5)


# The nearest -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["unit", "symmetric"])
def test_beside_each_row_is_the_image_nearest_to_its_last(runs, drawn, name):
    """Among the values that G works with, by all distances at once."""
    assert sample.main([str(runs / name), "--nearest", "--count=12", "--columns=4"]) == 0
    ((_, _, _, beside),) = drawn
    dataset = data.load("digits", name)
    last, train = by_hand(runs / name, 12)[3::4], dataset.prepare(dataset.train.astype(float))
    nearest = np.linalg.norm(train - last[:, None], axis=2).argmin(axis=1)
    np.testing.assert_allclose(beside, dataset.train[nearest].reshape(3, 8, 8) / 16, atol=1e-6)
