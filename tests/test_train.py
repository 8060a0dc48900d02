"""train.py: what is typed reaches the run, and what is said while it plays."""

import io
import json
import shlex
import signal
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from minigan import algorithm1, paper, pictures, train
from minigan.files import read_json, write_json
from minigan.training import Training

TINY = ["--quiet", "--epochs", "1", "--batch", "500", "--hidden", "5", "--units", "4", "--z", "3"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)


def test_zero_is_a_setting_too(tmp_path, monkeypatch):
    monkeypatch.setattr(Training, "play", lambda *_: True)
    zero = ["--lr-min", "0", "--momentum", "0", "--momentum-epochs", "0", "--seed", "0"]
    assert train.main([*TINY, *zero, "--out", str(tmp_path / "run")]) == 0
    config = read_json(tmp_path / "run/config.json")
    assert [config["recipe"][name] for name in ("lr_min", "momentum", "momentum_epochs")] == [0, 0, 0]
    assert config["seed"] == 0


def test_auto_is_kept_as_the_backend_that_it_was(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert train.main([*TINY, "--backend", "auto", "--out", str(tmp_path / "run")]) == 0
    assert read_json(tmp_path / "run/config.json")["backend"] == "numpy"


@pytest.fixture
def folder(tmp_path):
    assert train.main([*TINY, "--seed", "3", "--lr", "0.02", "--out", str(tmp_path / "run")]) == 0
    return tmp_path / "run"


def test_a_resumed_run_keeps_its_settings_seed_and_backend(folder):
    before = read_json(folder / "config.json")
    assert train.main(["--quiet", "--resume", str(folder), "--epochs", "2"]) == 0
    after = read_json(folder / "config.json")
    assert after == before | {"recipe": before["recipe"] | {"epochs": 2}}
    assert [json.loads(line)["epoch"] for line in (folder / "log.jsonl").read_text().splitlines()] == [1, 2]


def test_a_run_of_cupy_is_resumed_on_cupy(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cupy", None)
    write_json(folder / "config.json", read_json(folder / "config.json") | {"backend": "cupy"})
    assert train.main(["--quiet", "--resume", str(folder), "--epochs", "2"]) == 2
    assert "CuPy is not installed" in capsys.readouterr().err


def test_a_difference_is_said_from_the_run_s_side(folder, capsys):
    assert train.main(["--quiet", "--resume", str(folder), "--lr", "0.5", "--seed", "4"]) == 2
    assert "lr is 0.02, not 0.5; seed is 3, not 4; --force" in capsys.readouterr().err


def test_what_is_said_from_start_to_end(tmp_path, capsys):
    folder = tmp_path / "run"
    assert train.main([*TINY[1:], "--out", str(folder)]) == 0
    first, line, *last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{folder}: digits, seed 1, numpy") and first.endswith(", updates 0 to 3")
    assert line.startswith("epoch    1  d_loss 0.693  g_loss 0.693  D(x) 0.50  D(G(z)) 0.50  ")
    assert last == [f"samples: {folder / 'samples.png'}", f"curves:  {folder / 'curves.png'}"]
    assert not (folder / "film.gif").exists()
    assert train.main(["--resume", str(folder), "--film"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder} is complete (1 epochs); --epochs N goes on to epoch N",
        f"film:    {folder / 'film.gif'}",
        *last,
    ]


@pytest.mark.parametrize(
    ("threads", "says"), [(None, "numpy"), (1, "numpy with 1 thread"), (2, "numpy with 2 threads")]
)
def test_it_says_what_it_computes_with(threads, says):
    assert train._computes_with(SimpleNamespace(backend="numpy", threads=threads)) == says


def test_interrupted_it_says_how_to_go_on_even_where_it_is_quiet(tmp_path, monkeypatch, capsys):
    play = algorithm1.UPDATES["simultaneous"]

    def interrupted(game, t):
        signal.raise_signal(signal.SIGINT)
        return play(game, t)

    monkeypatch.setitem(paper.UPDATES, "simultaneous", interrupted)
    assert train.main([*TINY, "--film", "--out", str(tmp_path / "run")]) == 130
    out = capsys.readouterr().out
    assert out.startswith("interrupted; saved at update 1; to continue: ") and out.count("\n") == 1
    assert f"--resume {shlex.quote(str(tmp_path / 'run'))}" in out
    assert not (tmp_path / "run/film.gif").exists()


def test_a_film_is_in_the_order_of_the_epochs(folder, monkeypatch):
    filmed = []
    monkeypatch.setattr(pictures, "save_film", lambda path, frames: filmed.append((path, list(frames))))
    names = ["epoch-0001.png", "epoch-9999.png", "epoch-10000.png"]
    for name in names[1:]:
        (folder / "samples" / name).write_bytes((folder / "samples" / names[0]).read_bytes())
    assert train.main(["--quiet", "--resume", str(folder), "--film"]) == 0
    assert filmed == [(folder / "film.gif", [folder / "samples" / name for name in names])]


def test_force_and_out(folder, capsys):
    command = ["--quiet", "--resume", str(folder), "--lr", "0.5", "--epochs", "2"]
    assert train.main([*command, "--out", str(folder / "other")]) == 2
    assert "--out names a new run folder" in capsys.readouterr().err
    assert train.main([*command, "--force"]) == 0
    assert read_json(folder / "config.json")["recipe"]["lr"] == 0.5


# While it plays --------------------------------------------------------------------------------------

PLAYING = SimpleNamespace(t=20, stop=100, epoch=lambda t: t // 10)
MEANS = np.array([1.2345, 0.5678, 0.91, 0.12])
NUMBERS = "d_loss 1.234  g_loss 0.568  D(x) 0.91  D(G(z)) 0.12"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_every_five_seconds_and_at_the_end(monkeypatch, capsys):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with train.Progress(PLAYING, quiet=False) as progress:
        for seconds, t in ((4.0, 24), (8.0, 30), (12.0, 40), (16.0, 70), (17.0, 100)):
            now = 1000.0 + seconds
            progress(t, MEANS)
    assert capsys.readouterr().out.splitlines() == [
        f"epoch    3  {NUMBERS}  1 updates/s  56 s left",
        f"epoch    7  {NUMBERS}  3 updates/s  10 s left",
        f"epoch   10  {NUMBERS}  5 updates/s  0 s left",
    ]


def test_five_seconds_are_enough_for_a_line(monkeypatch, capsys):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with train.Progress(PLAYING, quiet=False) as progress:
        for seconds in (5.0, 9.9, 10.0):
            now = 1000.0 + seconds
            progress(30, MEANS)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_annotations_alone_need_is_not_imported():
    assert not {"Config", "Training"} & {*vars(train), *vars(sys.modules[train.Progress.__module__])}


def test_a_training_that_is_over_at_once_has_a_line_too(monkeypatch, capsys):
    """Between two looks at a coarse clock no time has passed."""
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    with train.Progress(PLAYING, quiet=False) as progress:
        progress(100, MEANS)
    assert capsys.readouterr().out.startswith(f"epoch   10  {NUMBERS}  ")


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with train.Progress(PLAYING, quiet=False) as progress:
        bar = progress.bar
        assert (bar.initial, bar.total) == (20, 100)
        progress(50, MEANS)
        progress(90, MEANS)
        assert (bar.n, bar.postfix) == (90, NUMBERS)
    assert bar.disable  # closed
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_quiet(stream, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", stream())
    with train.Progress(PLAYING, quiet=True) as progress:
        progress(100, MEANS)
    assert (sys.stderr.getvalue(), capsys.readouterr().out) == ("", "")


def test_no_bar_where_nobody_looks(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with train.Progress(PLAYING, quiet=False) as progress:
        assert progress.bar is None
