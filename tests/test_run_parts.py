"""The parts of run.py, each by itself and without training: folders, configs, logs, what is drawn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minigan import algorithm1, checkpoint, paper, pictures, players, recipes, run
from minigan.backend import Backend
from minigan.errors import InputError, RunError
from minigan.files import read_json, write_json
from minigan.training import Training

TINY = recipes.find("digits").change(epochs=1, batch=500, z=3, hidden=(5,), units=(4,))


@pytest.fixture
def config():
    return run.configure(TINY, 3, "numpy")


# What is the same run --------------------------------------------------------------------------------


def test_what_makes_a_run_another_one(config):
    versions = config.versions
    assert config.differences(replace(config, recipe=TINY.change(epochs=9))) == []
    assert config.differences(replace(config, versions=versions | {"python": "4.0"})) == []
    assert config.differences(replace(config, backend="cupy")) == ["backend is numpy, not cupy"]
    assert config.differences(replace(config, seed=4)) == ["seed is 3, not 4"]
    assert config.differences(replace(config, versions=versions | {"cupy": "14"})) == ["cupy is None, not 14"]
    assert replace(config, versions=versions | {"cupy": "14"}).differences(config) == ["cupy is 14, not None"]


def test_a_config_is_read_as_it_was_written(config, tmp_path):
    assert run.read_config(run.create(str(tmp_path / "run"), config)) == config


def test_a_setting_that_is_missing_is_not_guessed(config, tmp_path):
    folder = run.create(str(tmp_path / "run"), config)
    stored = read_json(folder / "config.json")
    del stored["recipe"]["lr"]
    write_json(folder / "config.json", stored)
    with pytest.raises(InputError, match="too many settings or too few: lr"):
        run.read_config(folder)


# Folders ---------------------------------------------------------------------------------------------


def test_the_first_folder_is_number_1_and_may_be_deep(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [run.create(None, config) for _ in range(2)] == [Path("runs/digits-1"), Path("runs/digits-2")]
    assert run.create("a/b/c", config) == Path("a/b/c")


@pytest.mark.parametrize("left", ["config.json", "checkpoint.npz"])
def test_a_folder_with_a_part_of_a_run_is_not_taken(left, config, tmp_path):
    (tmp_path / left).touch()
    with pytest.raises(InputError, match="holds a run"):
        run.create(str(tmp_path), config)


def test_of_two_that_begin_in_one_folder_at_the_same_moment_one_has_it(config, tmp_path, monkeypatch):
    """The other one made its config between our look and our writing: it keeps it."""
    make, other = run._make, replace(config, seed=config.seed + 1)

    def late(folder):
        made = make(folder)
        write_json(folder / "config.json", other.as_json())
        return made

    monkeypatch.setattr(run, "_make", late)
    with pytest.raises(InputError, match="holds a run; --resume"):
        run.create(str(tmp_path / "run"), config)
    assert run.read_config(tmp_path / "run") == other


def test_ctrl_c_before_the_config_is_whole_leaves_no_folder(config, tmp_path, monkeypatch):
    def interrupted(path, value):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.create(str(tmp_path / "run"), config)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_the_user_s_folder_stays_and_ours_goes(config, tmp_path, monkeypatch):
    def full(path, value):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "write_json", full)
    (tmp_path / "old").mkdir()
    for name in ("old", "new"):
        with pytest.raises(InputError, match="No space left"):
            run.create(str(tmp_path / name), config)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    monkeypatch.chdir(tmp_path / "old")
    with pytest.raises(InputError, match="No space left"):
        run.create(None, config)
    assert list(Path("runs").iterdir()) == []


def test_updates_are_counted_as_far_as_64_bits_go(tmp_path):
    records = [
        {"epoch": t, "update": t} | dict.fromkeys(run.COLUMNS, 0.5) for t in (0, 150, 2**63 - 1, 2**63)
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    assert run.read_log(tmp_path) == records[:3] and run.epochs_of(tmp_path) == 2**63 - 1


def test_epochs_that_were_logged_and_not_saved_do_not_count(tmp_path):
    """A killed process had played on since its last checkpoint."""
    records = [{"epoch": t, "update": 10 * t} | dict.fromkeys(run.COLUMNS, 0.5) for t in (1, 2, 3)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    checkpoint.save(tmp_path / "checkpoint.npz", {}, {"t": 20})
    assert run.epochs_of(tmp_path) == 2
    checkpoint.save(tmp_path / "checkpoint.npz", {}, {"t": "20"})
    assert run.epochs_of(tmp_path) == 3


# Going on --------------------------------------------------------------------------------------------


@pytest.fixture
def played(config, tmp_path, monkeypatch):
    """A run of three updates, whose curves are not drawn."""
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)
    training = Training(config, Backend())
    training.start(str(tmp_path / "run"))
    assert training.play(lambda t, means: None)
    return training


def test_a_long_training_is_restored(played):
    saved, meta, _ = checkpoint.load_newest(played.folder)
    checkpoint.save(played.folder / "checkpoint.npz", saved, meta | {"t": 2**63 - 1, "seconds": 1e9})
    assert run.restore(played.game, played.folder)[1] == {"t": 2**63 - 1, "seconds": 1e9}
    checkpoint.save(played.folder / "checkpoint.npz", saved, meta | {"t": 2**63})
    with pytest.raises(InputError, match="does not say t"):
        run.restore(played.game, played.folder)


def test_the_generator_that_is_loaded_is_the_one_that_learned(played):
    config, dataset, G = run.load_generator(played.folder, Backend())
    assert config == played.config and dataset.name == "digits"
    saved, _ = checkpoint.load(played.folder / "checkpoint.npz")
    for name, p in G.named_parameters().items():
        np.testing.assert_array_equal(p.data, saved[f"G.{name}"])
    assert (saved["G.linear2.b"] != players.set_up(TINY, dataset, Backend(), 3).G.parameters()[-1].data).any()


def test_a_resumed_run_forgets_what_is_played_again_and_keeps_its_new_length(played):
    log = played.folder / "log.jsonl"
    of_three = json.loads(log.read_text())
    lines = [of_three | {"epoch": epoch, "update": t} for epoch, t in ((1, 2), (1, 3), (2, 4), (3, 9))]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    longer = Training(replace(played.config, recipe=TINY.change(epochs=5)), Backend())
    longer.resume(played.folder)
    assert (longer.t, longer.saved_t, longer.stop) == (3, 3, 15)
    assert [record["update"] for record in run.read_log(played.folder)] == [2, 3]
    assert read_json(played.folder / "config.json")["recipe"]["epochs"] == 5
    assert longer.how_to_resume().endswith(f"-m minigan.train --resume {played.folder}")
    assert longer._kept() == "the checkpoint of update 3 is kept"


def test_an_error_says_what_is_kept(played):
    assert played._kept() == "the checkpoint of update 3 is kept"
    assert Training(played.config, Backend())._kept() == "there is no checkpoint yet"


def test_the_update_that_is_asked_for_is_played(config, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)
    for name, update in algorithm1.UPDATES.items():
        keep = lambda game, t, name=name, update=update: asked.append(name) or update(game, t)  # noqa: E731
        monkeypatch.setitem(paper.UPDATES, name, keep)
        training = Training(replace(config, recipe=TINY.change(update=name)), Backend())
        training.start(str(tmp_path / name))
        training.play(lambda t, means: None)
    assert asked == [name for name in algorithm1.UPDATES for _ in range(3)]


@pytest.mark.parametrize(("value", "column"), [(np.nan, 0), (np.inf, 1), (-np.inf, 0)])
def test_the_first_update_that_is_not_finite_is_named(config, tmp_path, value, column, monkeypatch):
    """Among several that were not looked at yet; and every parameter is looked at before it is saved."""
    training = Training(config, Backend())
    training.folder = tmp_path
    fine = algorithm1.simultaneous(training.game, 0)
    spoilt = fine._replace(**{fine._fields[column]: np.float32(value)})
    with pytest.raises(RunError, match=rf"^update 8: {run.COLUMNS[column]} is -?(nan|inf); there is no"):
        training._look([fine, fine, spoilt, fine], 9)
    training._look([fine, fine], 9)
    assert len(training.values) == 2
    training.game.D.parameters()[0].data[0, 0] = value
    with pytest.raises(RunError, match=r"D.maxout1.W is no longer finite"):
        training._fetch()


def test_a_damaged_checkpoint_is_not_passed_over_in_silence(played, capsys):
    path = played.folder / "checkpoint.npz"
    path.with_name("checkpoint.previous.npz").write_bytes(path.read_bytes())
    path.write_bytes(b"PK")
    run.load_generator(played.folder, Backend())
    assert "using checkpoint.previous.npz" in capsys.readouterr().err


# Configs of other times -------------------------------------------------------------------------------


def test_settings_that_decided_nothing_are_passed_over(tmp_path):
    """Up to 0.3 every recipe had all settings in its config, keras-mlp too many by seven."""
    config = run.configure(recipes.find("keras-mlp"), 1, "numpy")
    folder = run.create(str(tmp_path / "run"), config)
    stored = read_json(folder / "config.json")
    stored["recipe"] |= {"pieces": 5, "keep_input": 0.8, "activations": ["relu"], "bias_clip": 1e-7}
    write_json(folder / "config.json", stored)
    assert run.read_config(folder).recipe == config.recipe
    stored["recipe"]["unheard_of"] = 1
    write_json(folder / "config.json", stored)
    with pytest.raises(InputError, match="too many settings or too few: unheard_of"):
        run.read_config(folder)


@pytest.mark.parametrize("threads", ["2", 2.0, [2], True])
def test_threads_are_counted_in_whole_numbers(threads, tmp_path):
    folder = run.create(str(tmp_path / "run"), run.configure(recipes.find("ring8"), 1, "numpy"))
    write_json(folder / "config.json", read_json(folder / "config.json") | {"threads": threads})
    with pytest.raises(InputError, match="threads: expected a whole number"):
        run.read_config(folder)
