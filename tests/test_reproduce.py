"""reproduce: each reproduction in little, that it goes on where it was stopped, and what is refused."""

import json
import shutil
from math import log

import numpy as np
import pytest

from minigan import checkpoint, data, evaluation, parzen, pictures, players, recipes, run, theory
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.files import read_json, write_json
from minigan.nn import Sequential
from minigan.reproduce import averages, centres, curve, figure1, figures, milestones, modes, ruler, table1
from minigan.reproduce import theory as theory_again
from minigan.reproduce.__main__ import REPRODUCTIONS, main
from minigan.reproduce.report import Report, how_long
from minigan.successors import solids
from minigan.tensor import Tensor
from minigan.training import Training

FLOAT32, FLOAT64 = Backend("numpy", "float32"), Backend("numpy", "float64")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Times are not measured: these are not the games that a user plays."""
    for module in (theory_again, figure1, modes, milestones):
        monkeypatch.setattr(module, "seconds_each", lambda *_: 0.0)


def small_digits(name="mnist"):
    """The bundled digits in the place of MNIST."""
    digits = data.load("digits")
    parts = (getattr(digits, part) for part in ("train", "valid", "test"))
    return Dataset(name, *parts, shape=(8, 8), prepare=digits.prepare, restore=digits.restore)


# The command -----------------------------------------------------------------------------------------


def test_it_says_what_there_is(capsys):
    assert main([]) == 0
    out, _ = capsys.readouterr()
    assert all(f"\n  {name} " in out for name in [*REPRODUCTIONS, "all"])


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_each_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    out, _ = capsys.readouterr()
    assert stopped.value.code == 0 and f"reproduce {name}" in out and "--out" in out


def test_all_is_every_one_in_its_own_folder(monkeypatch, tmp_path, capsys):
    called = []
    for name in REPRODUCTIONS:
        monkeypatch.setattr(
            f"minigan.reproduce.{name}.main", lambda argv, name=name: called.append((name, argv)) or 0
        )
    assert main(["all", "--out", str(tmp_path), "--quiet"]) == 0
    assert [name for name, _ in called] == list(REPRODUCTIONS)
    assert all(argv[:2] == ["--out", str(tmp_path / name)] for name, argv in called)
    assert dict(called)["figure2"][-2:] == ["--run", str(tmp_path / "table1" / "seed-1")]


def test_all_does_what_can_be_done_and_names_the_rest(monkeypatch, tmp_path, capsys):
    """As without MNIST, and without a network."""
    called, status = [], {"table1": 1, "figure2": 2}
    for name in REPRODUCTIONS:
        monkeypatch.setattr(
            f"minigan.reproduce.{name}.main",
            lambda argv, name=name: called.append(name) or status.get(name, 0),
        )
    assert main(["all", "--out", str(tmp_path)]) == 1
    assert called == list(REPRODUCTIONS)
    said = capsys.readouterr().err
    assert said.startswith("error: not done: table1, figure2; ") and said.count("\n") == 1
    called.clear()
    status["figure1"] = 130
    assert main(["all", "--out", str(tmp_path)]) == 130 and called == ["theory", "figure1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["figure4"], "no command 'figure4'"),
        (["modes", "--seeds", "0"], "--seeds: expected a whole number from 1 to 1,000,000"),
        (["table1", "--seeds", "1000001"], "--seeds: expected a whole number from 1"),
        (["table1", "--seeds", "9" * 5000], "--seeds: expected a whole number from 1"),
        (["modes", "--seeds", "1.0"], "--seeds: expected a whole number from 1"),
        (["modes", "--out", ""], "--out: invalid folder"),
        (["all", "--out", ""], "--out: invalid folder"),
        (["curve", "--seed", "-1"], "--seed: expected a whole number from 0 to 18,446"),
        (["curve", "--epochs", "1,1000001"], "--epochs: expected rising whole numbers, to 1,000,000"),
        (["table1", "--epochs", "10,5"], "--epochs: expected rising whole numbers"),
        (["curve", "--epochs", "ten"], "--epochs: expected rising whole numbers"),
        (["table1", "--sigmas", ".1,two"], "argument --sigmas: expected numbers from 0.001 to 1000"),
        (["curve", "--sigmas", "0"], "argument --sigmas: expected numbers from 0.001 to 1000"),
        (["table1", "--player", "average98"], "--player is for the checkpoints of --runs"),
        (["table1", "--runs", "nowhere"], "expected a run folder"),
        (["ruler", "--run", "nowhere"], "expected a run folder"),
        (["figure2"], "required: --run"),
        (["figure2", "--run", "nowhere"], "expected a run folder"),
        (["figure3", "--run", "nowhere"], "expected a run folder"),
        (["theory", "--seed", "-1"], "--seed: expected a whole number from 0"),
        (["figure2", "--run", ""], "--run: invalid run folder value"),
    ],
)
def test_bad_input_is_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    _, err = capsys.readouterr()
    assert err.count("\n") == 1 and message in err


# What is left behind ---------------------------------------------------------------------------------


def test_a_number_is_made_once(tmp_path):
    made = []
    for _ in range(2):
        report = Report("theory", str(tmp_path), ["--seed", "3"], {"seed": 3})
        assert report.keep("answer", lambda: made.append(1) or 42) == 42
    stored = read_json(tmp_path / "theory.json")
    assert made == [1] and stored["found"] == {"answer": 42} and stored["settings"] == {"seed": 3}
    assert stored["command"] == "python -m minigan.reproduce theory --seed 3"
    assert stored["versions"].keys() == {"minigan", "numpy", "python"}


@pytest.mark.parametrize("content", [{"settings": {"seed": 4}, "found": {}}, [], {"found": 3}])
def test_a_folder_with_something_else_is_refused(tmp_path, content):
    write_json(tmp_path / "theory.json", content)
    with pytest.raises(InputError, match="name another"):
        Report("theory", str(tmp_path), [], {"seed": 3})


@pytest.mark.parametrize(("seconds", "text"), [(3.2, "3 s"), (150, "2 min"), (9000, "2.5 h")])
def test_times_as_a_person_says_them(seconds, text):
    assert how_long(seconds) == text


# theory and figure1 ----------------------------------------------------------------------------------


def test_theory(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(theory_again, "UPDATES", 600)
    monkeypatch.setattr(theory_again.trained_discriminator, "__defaults__", (600,))
    assert main(["theory", "--out", str(tmp_path), "--quiet"]) == 0
    found = read_json(tmp_path / "theory.json")["found"]
    assert found["discriminator"]["mean_difference"] < 0.02
    assert found["theorem1"]["difference"] < 1e-8 and found["theorem1"]["jsd"] > 0.1
    steps = found["proposition2"]
    assert steps["monotone"] and steps["optimal"][-1] < 1e-6
    assert min(steps["lagging"][-30:]) > 1e-5  # D that lags: p_g goes round and round
    for name in ("theory-optimum", "theory-descent"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert "yes" in capsys.readouterr().out


def test_in_parameter_space_a_descent_can_end_elsewhere():
    descents = theory_again.one_parameter(steps=150)["descents"]
    ends = [descent["to"] for descent in descents]
    np.testing.assert_allclose(ends[1:], [-2, 2, 2], atol=0.02)
    assert descents[1]["C_to"] > descents[2]["C_to"] + 0.3 > -log(4) + 0.3
    assert abs(descents[0]["to"] - descents[0]["from"]) < 0.2  # flat: nothing to descend


def test_the_two_losses_of_the_generator():
    found = theory_again.generator_losses()
    D = 1 / (1 + np.exp(-np.array(found["logit"])))
    np.testing.assert_allclose(found["minimax"], -D, rtol=1e-9)
    np.testing.assert_allclose(found["non_saturating"], D - 1, rtol=1e-9)
    assert found["log10_ratio_at_-20"] == pytest.approx(20 / log(10), abs=1e-6)


def test_figure1_measures_what_it_shows():
    game = figure1.new_game(1)
    game.G.parameters()[-1].data[...] = 2.0
    shown = figure1.frame("title", game)
    x, p, q = (np.array(shown[name]) for name in ("x", "p_data", "p_g"))
    assert q.sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-3)
    centre = players.generate(game.G, figure1.EDGE * np.linspace(-1, 1, 1001)[:, None]).mean()
    assert (
        (x * q).sum() / q.sum() == pytest.approx(centre, abs=0.03)
        and centre > 1.4
        and x[p.argmax()] == pytest.approx(0, abs=0.01)
    )
    seen = p + q > 0.05  # the curves are kept to five decimals
    np.testing.assert_allclose(
        np.array(shown["optimum"])[seen], theory.optimal_discriminator(p, q)[seen], atol=2e-3
    )
    assert 0.3 < shown["jsd"] < log(2)


@pytest.mark.parametrize(("step", "moves"), [(figure1.d_step, "D"), (figure1.stride, "G")])
def test_one_player_learns_and_the_other_stands_still(step, moves):
    game = figure1.new_game(1)
    before = {name: [p.data.copy() for p in getattr(game, name).parameters()] for name in "DG"}
    step(game, 0)
    moved = {
        name: any(
            (p.data != b).any() for p, b in zip(getattr(game, name).parameters(), before[name], strict=True)
        )
        for name in "DG"
    }
    assert moved == {"D": moves == "D", "G": moves == "G"}


def test_figure1_in_little(tmp_path, monkeypatch, capsys):
    one = {"title": "(a)", "difference": 0.1, "jsd": 0.2} | dict.fromkeys(
        ("x", "p_data", "p_g", "D", "optimum"), [0.0, 0.5, 1.0]
    )
    frames = [one | {"title": title, "z": [0.0], "G(z)": [0.5]} for title in "aabbbbccdd"]
    monkeypatch.setattr(figure1, "play", lambda seed: frames)
    monkeypatch.setattr(figures, "save_game", lambda path, shown, top: path.write_bytes(b"%d" % len(shown)))
    monkeypatch.setattr(pictures, "save_film", lambda path, paths: path.write_bytes(b"%d" % len(paths)))
    assert main(["figure1", "--out", str(tmp_path), "--quiet"]) == 0
    assert (tmp_path / "figure1.png").read_bytes() == b"4"
    assert (tmp_path / "figure1.gif").read_bytes() == b"10"


# modes -----------------------------------------------------------------------------------------------


@pytest.fixture
def short_games(monkeypatch):
    short = {name: (recipe, 3) for name, (recipe, _) in modes.GAMES.items()}
    monkeypatch.setattr(modes, "GAMES", short)
    monkeypatch.setattr(modes, "HELVETICA_UPDATES", 1)
    monkeypatch.setattr(modes, "AHEAD", 3)


def test_modes_goes_on_where_it_was_stopped(short_games, tmp_path, monkeypatch, capsys):
    measure, played = modes._measure, []

    def stopping(name, seed, backend):
        if len(played) == 3:
            raise KeyboardInterrupt
        played.append((name, seed))
        return measure(name, seed, backend)

    monkeypatch.setattr(modes, "_measure", stopping)
    assert main(["modes", "--seeds", "2", "--out", str(tmp_path)]) == 130
    first = list(played)
    monkeypatch.setattr(modes, "_measure", lambda *game: played.append(game[:2]) or measure(*game))
    assert main(["modes", "--seeds", "2", "--out", str(tmp_path)]) == 0
    out, _ = capsys.readouterr()
    assert len(played) == len(set(played)) == 10 and played[:3] == first
    assert "10 games to play" in out and "7 games to play" in out and "98.89%" in out
    summary = {row["game"]: row for row in read_json(tmp_path / "modes.json")["found"]["summary"]}
    assert summary["grid25"]["published"] == [17.3, 0.948] and summary["ring8"]["seeds"] == [1, 2]
    for name in ("modes", "modes-samples"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_mean_and_standard_error():
    found = {
        f"{name}, seed {seed}": {"modes": 4 + 2 * seed, "high_quality": 0.5}
        for name in [*modes.GAMES, modes.HELVETICA]
        for seed in (1, 2)
    }
    row = modes.summarise(found, [1, 2])[0]
    assert (row["modes"], row["modes_error"]) == (7, pytest.approx(1))
    assert (row["high_quality"], row["high_quality_error"]) == (0.5, 0)
    assert modes.summarise(found, [1])[0]["modes_error"] is None
    assert "7.0 +- 1.00" in modes.as_text(modes.summarise(found, [1, 2]))


def test_a_packed_game_differs_only_in_what_D_sees():
    game, _, _ = modes.begin("ring8, packed", 1, FLOAT32)
    x, z = game.data.minibatch(0), game.prior(game.streams("noise"))
    assert x.shape == (200, 2) and len(z) == 200
    assert game.D(Tensor(x), None).shape == (100, 1)
    plain, _, _ = modes.begin("ring8", 1, FLOAT32)
    assert plain.data.minibatch(0).shape == (100, 2) and plain.D(Tensor(x), None).shape == (200, 1)
    for a, b in zip(game.G.parameters(), plain.G.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_g_ahead_is_many_steps_of_G_and_one_of_D(monkeypatch):
    monkeypatch.setattr(modes, "AHEAD", 5)
    game, update, _ = modes.begin(modes.HELVETICA, 1, FLOAT32)
    assert update is modes.g_ahead
    steps = []
    for player in ("G", "D"):
        optimiser = getattr(game, f"optimiser_{player}")
        monkeypatch.setattr(optimiser, "step", lambda *when, player=player: steps.append((player, *when)))
    modes.g_ahead(game, 2)
    assert steps == [("G", t, 0) for t in range(10, 15)] + [("D", 2, 0)]


# table1 and curve ------------------------------------------------------------------------------------


@pytest.fixture
def little(monkeypatch):
    """MNIST is the bundled digits, its networks have a few units, and few samples are centres."""
    digits = small_digits()
    recipe = recipes.mnist.change(hidden=(8,), units=(4,), z=4)
    monkeypatch.setattr(data, "load", lambda *_: digits)
    monkeypatch.setattr(evaluation, "CENTRES", 200)
    monkeypatch.setattr(recipes, "mnist", recipe)
    monkeypatch.setattr(curve, "VARIANTS", {"a": recipe, "b": recipe.change(loss="minimax")})
    return recipe


def test_table1(little, tmp_path, capsys):
    command = ["table1", "--seeds", "2", "--epochs", "1,2", "--out", str(tmp_path)]
    assert main(command) == 0
    out, _ = capsys.readouterr()
    assert all(text in out for text in ("225.0 +- 2", "138.0", "minigan", "k-means", "over runs"))
    found = read_json(tmp_path / "table1.json")["found"]
    assert {f"seed {seed}, epoch {epoch}" for seed in (1, 2) for epoch in (1, 2)} <= found.keys()
    assert found["10,000 training images"]["mean"] > found["the mean training image"]["mean"]
    assert found["summary"]["mean"] == pytest.approx(
        np.mean([one["mean"] for one in found["summary"]["runs"]])
    )
    log_before = (tmp_path / "seed-1" / "log.jsonl").read_bytes()
    assert main(command) == 0 and (tmp_path / "seed-1" / "log.jsonl").read_bytes() == log_before


def test_a_run_may_go_on_to_later_epochs_but_not_be_measured_at_earlier_ones(little, tmp_path, capsys):
    out = ["--seeds", "1", "--out", str(tmp_path), "--quiet"]
    assert main(["table1", "--epochs", "1", *out]) == 0
    assert main(["table1", "--epochs", "1,3", *out]) == 0
    assert len((tmp_path / "seed-1" / "log.jsonl").read_text().splitlines()) == 3
    assert main(["table1", "--epochs", "1,2,3", *out]) == 2
    assert "is past epoch 2" in capsys.readouterr().err


def test_runs_that_are_there_already(little, tmp_path, capsys):
    assert main(["table1", "--seeds", "1", "--epochs", "2", "--out", str(tmp_path), "--quiet"]) == 0
    one, again = str(tmp_path / "seed-1"), ["--out", str(tmp_path / "again"), "--quiet"]
    assert main(["table1", "--runs", one, one, *again]) == 0
    of_training = read_json(tmp_path / "table1.json")["found"]["seed 1, epoch 2"]
    found = read_json(tmp_path / "again" / "table1.json")["found"]
    assert found[f"run {one}, epoch 2"] == of_training
    assert [run["epoch"] for run in found["summary"]["runs"]] == [2, 2]
    shutil.rmtree(tmp_path / "seed-1" / "milestones")  # a run of a former version: it is measured as it is
    assert main(["table1", "--runs", one, "--out", str(tmp_path / "third"), "--quiet"]) == 0
    assert read_json(tmp_path / "third" / "table1.json")["found"][f"run {one}, epoch 2"] == of_training


# Milestones and rulers -------------------------------------------------------------------------------


def table(tmp_path, *more):
    return main(["table1", "--seeds", "1", "--out", str(tmp_path), "--quiet", *more])


def numbers(tmp_path):
    return read_json(tmp_path / "table1.json")["found"]


def test_both_rulers_side_by_side(little, tmp_path, capsys):
    assert table(tmp_path, "--epochs", "1,2") == 0
    one = numbers(tmp_path)["seed 1, epoch 2"]
    assert one["sigmas"] == list(parzen.SIGMAS) and one["sigma"] in parzen.SIGMAS
    assert one["refined"]["validation"] > one["validation"] and one["refined"]["sigma"] not in parzen.SIGMAS
    summary = numbers(tmp_path)["summary"]
    assert summary["refined"]["mean"] == summary["refined"]["runs"][0]["mean"] != summary["mean"]
    out, _ = capsys.readouterr()
    row = next(line for line in out.splitlines() if line.startswith("minigan"))
    assert f"{summary['mean']:.1f}" in row and f"{summary['refined']['mean']:.1f}" in row


def test_another_ruler_is_laid_on_the_milestones_without_training(little, tmp_path, monkeypatch, capsys):
    assert table(tmp_path, "--epochs", "1,2") == 0
    kept = sorted((tmp_path / "seed-1" / "milestones").iterdir())
    assert [path.name for path in kept] == ["epoch-0001.npz", "epoch-0002.npz"]
    by_grid = numbers(tmp_path)
    monkeypatch.setattr(Training, "play", lambda *_: pytest.fail("it trains"))
    config = read_json(tmp_path / "seed-1" / "config.json")
    config["versions"]["numpy"] = "1.0"  # with another version it can be measured, though not trained
    write_json(tmp_path / "seed-1" / "config.json", config)
    assert table(tmp_path, "--epochs", "1,2", "--sigmas", ".3,.4") == 0
    found = numbers(tmp_path)["seed 1, epoch 1"]
    assert found["sigma"] in (0.3, 0.4) and found["sigmas"] == [0.3, 0.4]
    assert found["refined"]["mean"] == pytest.approx(by_grid["seed 1, epoch 1"]["refined"]["mean"], abs=1e-3)
    assert numbers(tmp_path)["the mean training image"]["sigmas"] == [0.3, 0.4]
    assert table(tmp_path, "--epochs", "1,2") == 0 and numbers(tmp_path) == by_grid
    assert table(tmp_path, "--epochs", "1,2,3") == 2 and "numpy is 1.0, not" in capsys.readouterr().err


def test_numbers_of_a_former_version_are_read_or_made_again(little, tmp_path, monkeypatch, capsys):
    assert table(tmp_path, "--epochs", "1,2") == 0
    new = read_json(tmp_path / "table1.json")
    old = json.loads(json.dumps(new))
    del old["found"]["summary"], old["sha256"]
    for one in old["found"].values():
        del one["refined"], one["sigmas"]
    write_json(tmp_path / "table1.json", old)
    milestones.path_of(tmp_path / "seed-1", 1).unlink()
    monkeypatch.setattr(Training, "play", lambda *_: pytest.fail("it trains"))
    assert table(tmp_path, "--epochs", "1,2") == 0
    found = numbers(tmp_path)
    assert (
        found["seed 1, epoch 1"] == old["found"]["seed 1, epoch 1"]
    )  # as it was: nothing is left to measure
    assert found["seed 1, epoch 2"] == new["found"]["seed 1, epoch 2"]
    assert found["summary"]["refined"] is None and found["summary"]["mean"]
    assert table(tmp_path, "--epochs", "1,2", "--sigmas", ".3") == 2
    assert "is past epoch 1" in capsys.readouterr().err


@pytest.mark.parametrize("found", [3, None, [], {"mean": 1.0}])
def test_a_number_that_is_none_is_made_again(little, tmp_path, found, capsys):
    assert table(tmp_path, "--epochs", "1") == 0
    content = read_json(tmp_path / "table1.json")
    del content["sha256"]  # as a former version's
    for name in content["found"]:
        content["found"][name] = found
    write_json(tmp_path / "table1.json", content)
    assert table(tmp_path, "--epochs", "1") == 0
    assert numbers(tmp_path)["seed 1, epoch 1"]["refined"]["mean"]


def test_a_run_killed_before_its_milestone_was_kept_goes_on(little, tmp_path):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(milestones.shutil, "copyfileobj", lambda *_: 1 / 0)
        table(tmp_path, "--epochs", "1,2")
    assert milestones.kept(tmp_path / "seed-1") == []
    assert table(tmp_path, "--epochs", "1,2") == 0
    assert milestones.kept(tmp_path / "seed-1") == [1, 2]


def test_averages_of_G_are_kept_beside_the_game(little, tmp_path, capsys):
    assert table(tmp_path / "plain", "--epochs", "1,2,3") == 0
    assert table(tmp_path / "means", "--epochs", "1,2", "--averages", ".9,.5") == 0
    assert table(tmp_path / "means", "--epochs", "1,2,3", "--averages", ".9,.5") == 0  # resumed
    plain, means = (
        [checkpoint.load(milestones.path_of(tmp_path / name / "seed-1", epoch))[0] for epoch in (1, 2, 3)]
        for name in ("plain", "means")
    )
    config = run.read_config(tmp_path / "plain" / "seed-1")
    start = players.set_up(config.recipe, data.load("mnist"), Backend("numpy"), config.seed).G
    for name, p in start.named_parameters().items():
        assert all((a[f"G.{name}"] == b[f"G.{name}"]).all() for a, b in zip(plain, means, strict=True))
        thetas = [p.data, *(arrays[f"G.{name}"] for arrays in plain)]
        for a, kept in ((0.9, "average90"), (0.5, "average50")):
            expected = thetas[0]
            for theta in thetas[1:]:
                expected = a * expected + (1 - a) * theta
            assert np.allclose(means[-1][f"G.{kept}.{name}"], expected, rtol=1e-5, atol=1e-7)
    command = ["table1", "--runs", str(tmp_path / "means" / "seed-1"), "--player", "G.average50", "--quiet"]
    assert main([*command, "--out", str(tmp_path / "of-means")]) == 0
    assert table(tmp_path / "plain", "--epochs", "1,2,3,4", "--averages", ".9") == 2  # began without
    assert "the checkpoint has nothing for G.average90.linear1.W" in capsys.readouterr().err
    before = (tmp_path / "means" / "seed-1" / "checkpoint.npz").read_bytes()
    longer = ["--epochs", "1,2,3,4"]
    assert table(tmp_path / "means", *longer) == table(tmp_path / "means", *longer, "--averages", ".9") == 2
    err = capsys.readouterr().err
    assert "also has G.average50.linear1.W, which would be lost; go on with" in err and err.count("\n") == 2
    assert (tmp_path / "means" / "seed-1" / "checkpoint.npz").read_bytes() == before


def test_averages_are_not_made_of_runs_that_are_done(little, tmp_path, capsys):
    run_folder = str(tmp_path / "seed-1")
    assert main(["table1", "--runs", run_folder, "--averages", ".9"]) == 2
    assert "--averages is for runs that are trained" in capsys.readouterr().err


def test_each_average_has_a_name_of_its_own():
    names = {0.9: "average90", 0.57: "average57", 0.995: "average99.5", 0.9000001: "average90.00001"}
    assert {a: averages.name_of(a) for a in names} == names


def test_the_milestones_of_a_run_and_what_else_they_hold(little, tmp_path, capsys):
    assert table(tmp_path, "--epochs", "1,2,3") == 0
    one, out = tmp_path / "seed-1", str(tmp_path / "out")
    path = milestones.path_of(one, 2)
    arrays, _ = checkpoint.load(path)
    average = {f"average98{name[1:]}": a for name, a in arrays.items() if name.startswith("G.linear")}
    assert len(average) == 4
    later, _ = checkpoint.load(milestones.path_of(one, 3))
    average = {name: later[f"G{name[9:]}"] for name in average}
    checkpoint.save(path, arrays | average, {"t": 1, "epoch": 2})
    command = ["table1", "--runs", str(one), "--out", out, "--quiet"]
    assert main(command) == 0
    found = read_json(tmp_path / "out" / "table1.json")["found"]
    for epoch in (1, 2, 3):
        assert found[f"run {one}, epoch {epoch}"] == numbers(tmp_path)[f"seed 1, epoch {epoch}"]
    assert main([*command, "--epochs", "2", "--player", "average98"]) == 0
    found = read_json(tmp_path / "out" / "table1.json")["found"]
    assert found[f"run {one}, epoch 2, average98"] == numbers(tmp_path)["seed 1, epoch 3"]
    assert main([*command, "--player", "average98"]) == 2
    assert main([*command, "--epochs", "1,7"]) == 2
    err = capsys.readouterr().err
    assert "has nothing for average98.linear1.W" in err and "no checkpoint of epoch 7, only 1, 2, 3" in err
    path.write_bytes(path.read_bytes()[:-100])
    assert main(["table1", "--runs", str(one), "--out", str(tmp_path / "new"), "--quiet"]) == 2
    assert "is damaged" in capsys.readouterr().err


def test_what_is_left_of_the_schedule():
    mnist = Dataset("mnist", *[np.zeros((50_000, 1), np.uint8)] * 3)
    recipe = recipes.mnist
    rates = [recipe.lr / recipe.lr_decay**t for t in range(100 * 500, 4_000_000)]
    assert milestones.left(recipe, mnist, 100) == pytest.approx(sum(rates) / 500, rel=1e-4)
    assert milestones.left(recipe, mnist, 0) == pytest.approx(50, rel=1e-4)  # 50 exp(-.002 epoch)
    assert milestones.left(recipe, mnist, 500) == pytest.approx(50 / np.e, rel=1e-4)


def test_the_line_is_fitted_to_late_milestones():
    mnist = Dataset("mnist", *[np.zeros((50_000, 1), np.uint8)] * 3)
    epochs = [100, 250, 300, 350, 400, 450]
    curve = [
        {"epoch": e, "mean": 222 - 1.1 * milestones.left(recipes.mnist, mnist, e) + (9 if e < 300 else 0)}
        for e in epochs
    ]
    found = milestones.line(curve, recipes.mnist, mnist, "grid")
    assert found["end"] == pytest.approx(222) and found["slope"] == pytest.approx(-1.1)
    assert found["epochs"] == epochs[2:] and found["off"] < 1e-9
    assert milestones.line(curve[:-1], recipes.mnist, mnist, "grid") is None
    assert milestones.line(curve, recipes.mnist, mnist, "refined") is None
    assert milestones.line(curve, recipes.mnist.change(lr_decay=1.0), mnist, "grid") is None


def test_the_line_is_drawn_and_its_end_is_named(little, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(milestones, "FIT_FROM", 2)
    assert table(tmp_path, "--epochs", "1,2") == 0
    one_panel = image_width(tmp_path / "table1.png")
    assert table(tmp_path, "--epochs", "1,2,3,4,5") == 0
    assert image_width(tmp_path / "table1.png") > one_panel
    lines = numbers(tmp_path)["summary"]["lines"]["seed 1"]
    out, _ = capsys.readouterr()
    for by in ("grid", "refined"):
        assert f"seed 1, {by}: from epoch 2 to 5 a line" in out
        assert f"its end is {lines[by]['end']:.1f} nats" in out


def image_width(path):
    return int.from_bytes(path.read_bytes()[16:20], "big")  # of a PNG


def test_ruler(little, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(evaluation, "CENTRES", 600)
    monkeypatch.setattr(ruler, "COUNTS", (100, 300))
    assert table(tmp_path, "--epochs", "1") == 0
    command = ["ruler", "--run", str(tmp_path / "seed-1"), "--out", str(tmp_path / "ruler")]
    assert main(command) == 0
    found = read_json(tmp_path / "ruler" / "ruler.json")["found"]
    seconds = found.pop("seconds")
    assert (seconds["valid"], seconds["test"]) == (147, 150) and 0 < seconds["one"] < np.inf
    names = ["100 images", "300 images", "600 k-means centroids", "samples of seed-1, epoch 1"]
    assert list(found) == names
    out, _ = capsys.readouterr()
    for name, one in found.items():
        assert one["lost"] == pytest.approx(one["best"] - one["grid"]) and 0 <= one["lost"] < 1.1
        assert min(one["loss"]) == pytest.approx(0, abs=1e-6) and one["u"][np.argmin(one["loss"])] == 0
        assert 20 < one["curvature"] < 70  # of 64 dimensions
        assert any(line.startswith(name) and f"{one['best']:.1f}" in line for line in out.splitlines())
    assert (tmp_path / "ruler" / "ruler.png").stat().st_size > 10_000
    ring = run.create(str(tmp_path / "ring"), run.configure(recipes.find("ring8"), 1, "numpy"))
    assert main(["ruler", "--run", str(ring), "--out", str(tmp_path / "no")]) == 2


def test_the_curvature_of_a_parabola():
    u = np.linspace(-0.3, 0.3, 61)
    assert ruler.curvature(u, 784 * u**2 + 300 * u**3) == pytest.approx(784)


def test_the_run_counts_at_its_best_validation_epoch():
    curves = [
        [{"epoch": 1, "mean": 5.0, "validation": 9.0}, {"epoch": 2, "mean": 7.0, "validation": 8.0}],
        [{"epoch": 1, "mean": 1.0, "validation": 1.0}, {"epoch": 2, "mean": 9.0, "validation": 2.0}],
    ]
    found = table1.summarise(curves)
    assert [one["epoch"] for one in found["runs"]] == [1, 2]
    assert (found["mean"], found["standard_error"]) == (7.0, pytest.approx(2.0))
    assert found["refined"] is None and found["common"]["mean"] == 8.0  # both at epoch 2
    for curve_ in curves:
        for one in curve_:
            one["refined"] = {"mean": one["mean"] + 1, "validation": -one["validation"]}
    found = table1.summarise([curves[0], curves[1][:1]])
    assert [one["epoch"] for one in found["refined"]["runs"]] == [2, 1] and found["refined"]["mean"] == 5.0
    assert found["common"]["refined"]["mean"] == 4.0 and found["common"]["runs"][0]["epoch"] == 1
    assert table1.summarise(curves[:1] + [[curves[1][1] | {"epoch": 7}]])["common"] is None


def test_of_one_run_there_is_nothing_in_common():
    one = {"epoch": 1, "mean": 5.0, "validation": 9.0, "standard_error": 0.5}
    found = table1.summarise([[one]])
    assert found["common"] is None and found["standard_error"] == 0.5
    assert found["standard_error_is_over"] == "test images"


def test_a_run_of_another_data_set_is_refused(little, tmp_path, capsys):
    folder = run.create(str(tmp_path / "ring"), run.configure(recipes.find("ring8"), 1, "numpy"))
    assert main(["table1", "--runs", str(folder), "--out", str(tmp_path / "out")]) == 2
    assert "did not learn mnist in [0, 1]" in capsys.readouterr().err


def test_one_step_of_lloyd():
    x = np.array([[0, 0], [10, 10], [1, 1], [11, 11], [2, 2]], np.uint8)
    dataset = Dataset("mine", x, x, x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "CENTRES", 2)
        np.testing.assert_allclose(centres.centroids(dataset), [[1, 1], [10.5, 10.5]])


def test_curve(little, tmp_path, capsys):
    assert main(["curve", "--epochs", "1,2", "--out", str(tmp_path), "--quiet"]) == 0
    found = read_json(tmp_path / "curve.json")["found"]
    assert found.keys() == {f"{name}, epoch {epoch}" for name in "ab" for epoch in (1, 2)}
    assert found["a, epoch 2"] != found["b, epoch 2"]
    assert (tmp_path / "curve.png").stat().st_size > 10_000


# figure2 and figure3 ---------------------------------------------------------------------------------


def test_figures_of_samples(tmp_path, capsys):
    recipe = recipes.find("digits").change(epochs=1, hidden=(8,), units=(4,))
    training = Training(run.configure(recipe, 1, "numpy"), FLOAT32)
    training.start(str(tmp_path / "run"))
    training.play(lambda t, means: None)
    for name in ("figure2", "figure3"):
        assert main([name, "--run", str(tmp_path / "run"), "--out", str(tmp_path / name)]) == 0
        assert (tmp_path / name / f"{name}.png").stat().st_size > 1000
    distances = read_json(tmp_path / "figure2" / "figure2.json")["found"]["distance_to_nearest"]
    assert len(distances) == 4 and all(0.1 < d < 8 for d in distances)
    strips = read_json(tmp_path / "figure3" / "figure3.json")["found"]
    for end, steps in zip(strips["distance_of_the_ends"], strips["distances_of_neighbours"], strict=True):
        assert len(steps) == 11 and sum(steps) >= end  # no way is shorter than the straight one


@pytest.mark.parametrize("name", ["figure2", "figure3"])
def test_figures_of_samples_are_of_images(name, tmp_path, capsys):
    recipe = recipes.find("ring8").change(epochs=1, hidden=(8,), units=(4,), batch=50_000)
    training = Training(run.configure(recipe, 1, "numpy"), FLOAT32)
    training.start(str(tmp_path / "run"))
    training.play(lambda t, means: None)
    assert main([name, "--run", str(tmp_path / "run"), "--out", str(tmp_path / "out")]) == 2
    assert f"{name} is of images; {tmp_path / 'run'} learned ring8" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["figure2", "figure3"])
def test_solids_are_no_images(name, tmp_path, capsys, monkeypatch):
    config = run.configure(recipes.find("gan3d"), 1, "numpy")
    monkeypatch.setattr(run, "load_generator", lambda *_: (config, solids.load(), Sequential()))
    assert main([name, "--run", "solid", "--out", str(tmp_path / "out"), "--threads", "1"]) == 2
    assert f"{name} is of images; solid learned solids" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_classifier(tmp_path, capsys):
    assert main(["classifier", "--data", "digits", "--epochs", "1", "--out", str(tmp_path), "--quiet"]) == 0
    assert json.loads((tmp_path / "classifier.json").read_text())["epochs"] == 1
