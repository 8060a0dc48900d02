"""The parts of the reproductions, each by itself: what is measured, on what, and when."""

import shutil
import sys
from argparse import Namespace
from dataclasses import asdict
from math import log

import numpy as np
import pytest

from minigan import checkpoint, data, evaluation, files, parzen, pictures, players, recipes, run, theory
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.nn import Layer
from minigan.players import generate
from minigan.random import Streams
from minigan.reproduce import __main__ as reproduce
from minigan.reproduce import (
    centres,
    curve,
    figure1,
    figure2,
    figure3,
    milestones,
    modes,
    report,
    ruler,
    table1,
)
from minigan.reproduce import theory as theory_again
from minigan.training import Training

FLOAT32, QUIET = Backend("numpy", "float32"), Namespace(quiet=True, threads=None, averages=(), sigmas=[0.1])
SMALL = {"epochs": 1, "batch": 500, "z": 3, "hidden": (5,), "units": (4,)}


class Doubles(Layer):
    def __call__(self, x, rng):
        assert rng is None
        return 2 * x


# A report --------------------------------------------------------------------------------------------


def test_a_step_is_timed_after_it_has_warmed_up(monkeypatch):
    now, taken = 100.0, []

    def step(i):
        nonlocal now
        now += 10 if i < 4 else 2
        taken.append(i)

    monkeypatch.setattr(report.time, "perf_counter", lambda: now)
    assert report.seconds_each(step, 4) == 2 and taken == list(range(8))


@pytest.mark.parametrize(("seconds", "text"), [(89, "89 s"), (5399, "90 min"), (5400, "1.5 h")])
def test_times(seconds, text):
    assert report.how_long(seconds) == text


def test_numbers_are_on_the_disk_as_soon_as_they_are_made(tmp_path):
    report.Report("what", str(tmp_path), [], {}).keep("one", lambda: 1)
    again = report.Report("what", str(tmp_path), [], {})
    assert again.found == {"one": 1}
    with pytest.raises(InputError, match="other settings: seed is None, not 2; name another folder"):
        report.Report("what", str(tmp_path), [], {"seed": 2})


def test_numbers_of_another_version_are_refused_where_the_version_decides_them(tmp_path, monkeypatch):
    def again(settings):
        return report.Report("what", str(tmp_path), [], settings).found

    report.Report("what", str(tmp_path), [], {"seed": 1}).keep("one", lambda: 1)
    assert again({"seed": 1} | report.VERSIONS) == {"one": 1}  # what it was made with is said beside them
    monkeypatch.setitem(report.VERSIONS, "numpy", "another")
    assert again({"seed": 1}) == {"one": 1}
    with pytest.raises(InputError, match=f"numpy is {np.__version__}, not another"):
        again({"seed": 1} | report.VERSIONS)
    report.Report("other", str(tmp_path), [], {"seed": 1} | report.VERSIONS).keep("one", lambda: 1)
    with pytest.raises(InputError, match="numpy is another, not None"):  # as a former minigan
        report.Report("other", str(tmp_path), [], {"seed": 1})


def test_what_two_processes_measure_at_once_is_all_there(tmp_path):
    one, other = (report.Report("what", str(tmp_path), [], {}) for _ in range(2))
    one.keep("one", lambda: 1)
    other.keep("other", lambda: 2)
    assert report.Report("what", str(tmp_path), [], {}).found == {"one": 1, "other": 2}
    other.found["one"] = 3  # measured again
    other.write()
    assert report.Report("what", str(tmp_path), [], {}).found == {"one": 3, "other": 2}


def test_a_folder_that_cannot_be_written_is_seen_before_the_first_number(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match="--out: cannot write to .*Permission denied; name another folder"):
        report.Report("what", str(tmp_path), [], {})


def test_all_hand_on_the_backend(monkeypatch, tmp_path):
    called = {}
    monkeypatch.setattr(reproduce, "_run", lambda argv: called.update({argv[0]: argv[1:]}))
    assert reproduce._all(["--out", str(tmp_path), "--backend", "auto"]) == 0
    assert {
        name for name, argv in called.items() if argv[2:4] == ["--backend", "auto"]
    } == reproduce.ON_A_BACKEND


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--backend", "cupy"], "CuPy"),
        (["--threads", "0"], "--threads: expected 1 to"),
        (["--out", "{}/file"], "--out: cannot write to"),
    ],
)
def test_all_asks_before_the_first_of_them_what_the_others_would_refuse(
    options, message, tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(reproduce, "_main_of", lambda what, argv: pytest.fail("this was not refused"))
    out = [] if "--out" in options else ["--out", str(tmp_path / "all")]
    assert reproduce.main(["all", *out, *(word.format(tmp_path) for word in options)]) == 2
    assert message in capsys.readouterr().err


def test_how_long_a_run_takes(monkeypatch):
    """2 s for each update of 3 epochs, and 5 s for 1,000 rows against 1,000 centres."""
    steps, games = [], []
    recipe = recipes.find("digits").change(**SMALL | {"k": 2, "update": "alternating"})
    set_up = milestones.set_up
    monkeypatch.setattr(milestones, "set_up", lambda *given: games.append(set_up(*given)) or games[-1])

    def seconds_each(step, *count):
        before = games[0].G.parameters()[0].data.copy()
        step(0)
        steps.append(((games[0].G.parameters()[0].data != before).any(), count))
        return 2.0 if len(steps) == 1 else 5.0

    monkeypatch.setattr(milestones, "seconds_each", seconds_each)
    updates = 5  # of k = 2 in 3 epochs of 3 minibatches
    rows = 4 * 147 + 150
    assert milestones.seconds(recipe, [1, 3], FLOAT32) == pytest.approx(
        2 * updates + 2 * 5 * rows * evaluation.CENTRES / 1e6
    )
    assert steps == [(True, ()), (False, (2,))]


# Runs on their way -----------------------------------------------------------------------------------


def test_epochs_that_rise():
    assert milestones.epochs_of("1,2,1000000") == [1, 2, 1_000_000]


@pytest.mark.parametrize("text", ["5,5", "0,1", "-1", "", "1,,2", "1.5", "5,1000001"])
def test_epochs_that_do_not_rise(text):
    with pytest.raises(InputError, match="rising whole numbers"):
        milestones.epochs_of(text)


def test_a_run_is_measured_at_each_epoch(tmp_path, monkeypatch):
    asked = []

    def measure(folder, recipe, seed, backend, args):
        asked.append((folder, recipe.epochs, seed))
        found = {"mean": 10.0 * recipe.epochs, "standard_error": 1.0, "sigma": 0.2, "validation": 9.0}
        return found | {"refined": found, "sigmas": list(args.sigmas)}

    monkeypatch.setattr(milestones, "_measure", measure)
    made = report.Report("curve", str(tmp_path), [], {})
    found = milestones.measured(made, "a b", recipes.mnist, 3, [2, 5], FLOAT32, QUIET)
    assert asked == [(tmp_path / "a-b", 2, 3), (tmp_path / "a-b", 5, 3)]
    assert [(one["epoch"], one["mean"]) for one in found] == [(2, 20.0), (5, 50.0)]


def test_a_run_in_the_way_and_a_run_that_is_stopped(tmp_path, monkeypatch):
    recipe = recipes.find("digits").change(**SMALL)
    Training(run.configure(recipe, 1, "numpy"), FLOAT32).start(str(tmp_path / "run"))
    monkeypatch.setattr(Training, "play", lambda *_: pytest.fail("the other run was gone on with"))
    with pytest.raises(InputError, match="seed is 1, not 2"):
        milestones._measure(tmp_path / "run", recipe, 2, FLOAT32, QUIET)
    monkeypatch.setattr(Training, "play", lambda *_: False)
    with pytest.raises(KeyboardInterrupt):
        milestones._measure(tmp_path / "other", recipe, 2, FLOAT32, QUIET)


def test_every_run_is_measured_with_the_same_noise(monkeypatch):
    recipe = recipes.find("ring8")
    monkeypatch.setattr(evaluation, "log_likelihood", lambda samples, *_, **__: samples)
    monkeypatch.setattr(evaluation, "CENTRES", 50)
    found = milestones.log_likelihood(Doubles(), recipe, None, FLOAT32)
    np.testing.assert_array_equal(found, 2 * recipe.noise(Streams(0, FLOAT32)("sample"), 50))


def test_the_paper_s_table():
    assert table1.PAPER == {
        "deep belief net": (138, 2),
        "stacked contractive auto-encoder": (121, 1.6),
        "deep generative stochastic net": (214, 1.1),
        "adversarial nets": (225, 2),
    }


def test_centres_that_no_generator_made(monkeypatch):
    monkeypatch.setattr(evaluation, "CENTRES", 3)
    rng = np.random.default_rng(0)
    train, test = rng.integers(0, 256, (7, 4), np.uint8), rng.integers(0, 256, (5, 4), np.uint8)
    dataset = Dataset("mine", train, test, test, prepare=lambda x: x / 255)
    np.testing.assert_allclose(centres.real_images(dataset), train[:3] / 255, rtol=1e-6)
    np.testing.assert_allclose(centres._mean_image(dataset), [train.mean(axis=0) / 255], rtol=1e-6)


def test_lloyd_asks_for_the_nearest_not_for_the_largest_product(monkeypatch):
    monkeypatch.setattr(evaluation, "CENTRES", 2)
    x = np.array([[1, 1], [9, 9], [2, 2], [8, 8]], np.uint8)
    np.testing.assert_allclose(centres.centroids(Dataset("mine", x, x, x)), [[1.5, 1.5], [8.5, 8.5]])


def test_a_variant_differs_in_one_place():
    settings = {name: asdict(recipe) for name, recipe in curve.VARIANTS.items()}
    released = settings.pop("as released")
    changes = {name: {k: v for k, v in s.items() if v != released[k]} for name, s in settings.items()}
    assert changes == {
        "alternating update": {"update": "alternating"},
        "alternating, noise and masks shared": {"update": "alternating-shared"},
        "simultaneous, fresh noise and masks": {"update": "simultaneous-fresh"},
        "minimax loss": {"loss": "minimax"},
        "factor 1 on D's loss": {"d_loss_scale": 1.0},
    }


# The ruler -------------------------------------------------------------------------------------------


def test_where_the_ruler_is_laid():
    assert ruler.COUNTS == (1_000, 2_000, 3_000, 4_000, 6_000, 10_000)
    assert pytest.approx(log(10) / 9) == ruler.STEP
    np.testing.assert_allclose(ruler.U, np.linspace(-1.1, 1.1, 23) * ruler.STEP, atol=1e-12)


def test_the_curvature_is_that_within_half_a_step():
    u = np.array([-1, -0.51, -0.5, -0.2, 0, 0.2, 0.5, 0.51, 1]) * ruler.STEP
    loss = np.where(abs(u) < 0.505 * ruler.STEP, 784 * u**2, 99.0)
    assert ruler.curvature(u, loss) == pytest.approx(784)


def test_one_sigma_and_a_hundred_take_turns_and_the_shorter_time_counts(monkeypatch):
    now, asked = iter([0.0, 9.0, 10.0, 30.0, 40.0, 43.0, 50.0, 75.0]), []
    monkeypatch.setattr(ruler.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(ruler.parzen, "of_table1", lambda *given: asked.append(given))
    digits = data.load("digits")
    found = ruler._seconds(digits, FLOAT32)
    assert found == {"valid": 147, "test": 150, "one": 3, "hundred": 20}
    one, hundred, *again = [list(sigmas) for *_, sigmas in asked]
    assert again == [one, hundred] and one == [parzen.SIGMAS[2]]
    np.testing.assert_allclose(hundred, np.logspace(-1, 0, 100), rtol=1e-12)
    for valid, test, of, _ in asked:
        np.testing.assert_array_equal(valid, digits.valid.astype("f") / 16)
        np.testing.assert_array_equal(test, digits.test.astype("f") / 16)
        np.testing.assert_array_equal(of, centres.real_images(digits))


# Pictures of samples ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "digits"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "save_curves", lambda *_: None)
        training = Training(run.configure(recipes.find("digits").change(**SMALL), 1, "numpy"), FLOAT32)
        training.start(str(folder))
        training.play(lambda t, means: None)
    return folder


@pytest.mark.parametrize(
    "changed",
    [lambda a: a.astype(np.float64), lambda a: a[:-1], lambda a: None],
    ids=["dtype", "shape", "none"],
)
def test_a_milestone_that_does_not_fit_the_run_is_refused(digits_run, tmp_path, changed):
    arrays, meta = checkpoint.load(digits_run / checkpoint.NAME)
    shutil.copy(digits_run / "config.json", tmp_path)
    arrays["G.linear1.W"] = changed(arrays["G.linear1.W"])
    (tmp_path / "milestones").mkdir()
    there = {name: a for name, a in arrays.items() if a is not None}
    checkpoint.save(milestones.path_of(tmp_path, 1), there, meta)
    with pytest.raises(InputError, match="for G.linear1.W, expected"):
        milestones.of_milestone(tmp_path, 1, data.load("digits"), FLOAT32, [0.1])


@pytest.fixture
def drawn(digits_run, tmp_path, monkeypatch):
    """drawn(module, count): the arguments of save_grid, the numbers, and the first samples of seed 6."""
    config, _, G = run.load_generator(digits_run, FLOAT32)
    grids = []

    def draw(module, count):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module.pictures, "save_grid", lambda *arguments: grids.append(arguments))
        out = ["--out", str(tmp_path), "--quiet", "--seed", "6", "--run", str(digits_run)]
        assert module.main(out) == 0
        samples = players.generate(G, config.recipe.noise(Streams(6, FLOAT32)("sample"), count))
        return grids[0], report.read_json(tmp_path / f"{name}.json")["found"], samples

    return draw


def test_figure2_has_the_nearest_to_the_last_of_each_row(drawn):
    (_, images, columns, beside), found, samples = drawn(figure2, 20)
    np.testing.assert_allclose(images.reshape(20, 64), samples, atol=1e-6)
    train = data.load("digits").train / 16
    distances = np.linalg.norm(samples[4::5, None] - train, axis=2)
    np.testing.assert_allclose(found["distance_to_nearest"], distances.min(axis=1), rtol=1e-4)
    np.testing.assert_allclose(beside.reshape(4, 64), train[distances.argmin(axis=1)], atol=1e-6)
    assert columns == 5


def test_figure3_leads_from_four_samples_to_four_others(drawn):
    (_, images, columns), found, samples = drawn(figure3, 8)
    strips = images.reshape(4, 12, 64)
    assert columns == 12
    np.testing.assert_allclose(strips[:, 0], samples[:4], atol=1e-6)
    np.testing.assert_allclose(strips[:, -1], samples[4:], atol=1e-6)
    ends = np.linalg.norm(samples[4:] - samples[:4], axis=1)
    np.testing.assert_allclose(found["distance_of_the_ends"], ends, rtol=1e-4)
    steps = np.linalg.norm(np.diff(strips, axis=1), axis=2)
    np.testing.assert_allclose(found["distances_of_neighbours"], steps, rtol=1e-3, atol=1e-5)


def test_figures_of_samples_say_how_long_and_what_they_found(digits_run, tmp_path, capsys):
    for name, module in (("figure2", figure2), ("figure3", figure3)):
        assert module.main(["--out", str(tmp_path), "--run", str(digits_run)]) == 0
        found = report.read_json(tmp_path / f"{name}.json")["found"]
        if name == "figure2":
            text = ", ".join(f"{d:.2f}" for d in found["distance_to_nearest"])
            says = f"distance to the nearest training image: {text}"
        else:
            steps = np.array(found["distances_of_neighbours"])
            says = f"largest step between neighbours: {steps.max():.2f}, mean {steps.mean():.2f}"
        out = capsys.readouterr().out.splitlines()
        assert out == [f"{name}: about 2 s", says, str(tmp_path / f"{name}.png")]


# Figure 1 and the modes ------------------------------------------------------------------------------


def test_the_film_of_figure_1(monkeypatch):
    """Which player moves how often, p_g set aside, and a frame at the end of each tenth of a part."""
    steps, frames = [], []
    for name in ("d_step", "stride"):
        monkeypatch.setattr(figure1, name, lambda game, t, name=name: steps.append(name))
    monkeypatch.setattr(figure1.algorithm1, "alternating", lambda game, t: steps.append("both"))

    def frame(title, game):
        frames.append((title[:3], len(steps), float(game.G.parameters()[-1].data[0])))

    monkeypatch.setattr(figure1, "frame", frame)
    figure1.play(1)
    assert len(frames) == 22 and {aside for *_, aside in frames} == {1.5 + figure1.ASIDE}
    of_a, first, last = (frames[i][:2] for i in (0, 1, 21))
    assert (of_a, first, last) == (("(a)", 640), ("(b)", 840), ("(d)", 3841))
    assert [done for title, done, _ in frames if title == "(c)"] == [2641]
    assert [steps.count(name) for name in ("both", "d_step", "stride")] == [1800, 2040, 1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_arrows_of_figure_1_do_not_cross(seed, monkeypatch):
    """Whichever way round G begins, z runs the same way as x."""
    for name in ("d_step", "stride"):
        monkeypatch.setattr(figure1, name, lambda game, t: None)
    monkeypatch.setattr(figure1.algorithm1, "alternating", lambda game, t: None)
    ends = []
    monkeypatch.setattr(
        figure1, "frame", lambda title, game: ends.append(generate(game.G, figure1.Z[[0, -1], None]))
    )
    figure1.play(seed)
    assert all(last > first for (first,), (last,) in ends)


def test_the_numbers_of_a_frame_are_those_of_its_curves():
    game = figure1.new_game(1)
    game.G.parameters()[-1].data += 2.0
    frame = figure1.frame("title", game)
    x, p, q, D = (np.array(frame[name]) for name in ("x", "p_data", "p_g", "D"))
    seen = p + q > 0.02
    assert frame["difference"] == pytest.approx(np.abs(D - p / (p + q + 1e-9))[seen].mean(), abs=2e-3)
    assert frame["jsd"] == pytest.approx(theory.jsd(p, q, x[1] - x[0]), abs=1e-3)


@pytest.mark.parametrize("name", modes.GAMES)
def test_a_game_has_its_own_updates_and_its_rate_falls_to_what_was_asked(name):
    recipe, updates = modes.GAMES[name]
    assert (
        modes.begin(name, 1, FLOAT32)[2] == updates == {"ring8": 10_000, "grid25": 25_000}.get(name, updates)
    )
    end = 0.00015 if name == "grid25, packed" else 0.00012
    assert recipe.lr / recipe.lr_decay**updates == pytest.approx(end)


def test_a_game_is_measured_on_noise_that_it_did_not_learn_from(monkeypatch):
    game, *_ = modes.begin("ring8", 1, FLOAT32)
    monkeypatch.setattr(modes, "begin", lambda *_: (game, lambda game, t: None, 3))
    ring = data.load("ring8")
    samples = players.generate(game.G, recipes.find("ring8").noise(Streams(1, FLOAT32)("sample"), 2500))
    found = modes._measure("ring8", 1, FLOAT32)
    assert found["spread"] == pytest.approx(float(samples.std(axis=0).max()), rel=1e-6)
    near = (np.linalg.norm(samples[:, None] - ring.modes, axis=2) < 3 * ring.std).any(axis=1)
    assert found["updates"] == 3 and found["high_quality"] == pytest.approx(near.mean())
    np.testing.assert_allclose(found["samples"], samples[:1000], atol=6e-5)
    kept = np.array(found["samples"], np.float32)
    np.testing.assert_array_equal(kept, kept.round(4))
    assert "samples" not in modes._measure("ring8", 2, FLOAT32)


# Section 4 -------------------------------------------------------------------------------------------


def test_theorem_1_would_be_seen_to_fail(monkeypatch):
    right = theory.criterion
    monkeypatch.setattr(theory, "criterion", lambda *given: right(*given) + 0.01)
    assert theory_again.theorem1()["difference"] == pytest.approx(0.01, abs=1e-8)


def test_proposition_2_would_be_seen_to_fail(monkeypatch):
    values = iter(np.linspace(-1.3, -1.2, 61))
    monkeypatch.setattr(theory, "criterion", lambda p, q: next(values))
    assert not theory_again.proposition2(1)["monotone"]


def test_one_step_of_D_by_hand():
    p, q = np.array([0.2, 0.8]), np.array([0.6, 0.4])
    found = theory_again.one_step_of_D(p, q, 1, rate=1.0, D_rate=2.0)
    D = 1 / (1 + np.exp(-2 * (p - q) / 2))
    moved = q / (1 - D)
    assert found == pytest.approx([theory.jsd(p, q), theory.jsd(p, moved / moved.sum())], rel=1e-12)
    assert 0 < found[1] < found[0] < log(2)
