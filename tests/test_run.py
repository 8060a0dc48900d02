"""run.py and train.py: one seed, one run, whatever happens to it on the way.

A run is compared by everything that it leaves: every array of its checkpoint, its log apart from the seconds,
its sample pictures, byte for byte.
"""

import errno
import functools
import io
import json
import os
import platform
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import algorithm1, checkpoint, data, files, paper, pictures, recipes, run, training
from minigan.files import read_json
from minigan.train import main

SMALL = ["--quiet", "--hidden", "24,24", "--units", "12,12", "--batch", "100", "--samples-every", "1"]
PER_EPOCH = 15  # updates


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """A checkpoint at the end of each epoch, and nothing that takes longer than a small run: no curves are
    drawn, and in this process nobody waits for the disk (no power cut is tried here)."""
    monkeypatch.setattr(training, "SAVE_SECONDS", 0)
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """undisturbed(options, epochs=n): what a run with these options leaves; each is played once."""

    @functools.cache
    def play(*options, epochs=3):
        return train(tmp_path_factory.mktemp("undisturbed") / "run", *options, epochs=epochs)

    return play


def train(folder, *options, epochs=3):
    assert main([*SMALL, "--epochs", str(epochs), "--out", str(folder), *options]) == 0
    return left_by(folder)


def resume(folder, *options):
    return main(["--quiet", "--resume", str(folder), *options])


def left_by(folder):
    """Everything that two runs must have in common."""
    arrays, meta, note = checkpoint.load_newest(folder)
    assert note is None
    pictures = {path.name: path.read_bytes() for path in (folder / "samples").iterdir()}
    log = [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in log_of(folder)]
    arrays = {name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()}
    return {"t": meta["t"], "log": log, "arrays": arrays, "pictures": pictures}


def log_of(folder):
    return (folder / "log.jsonl").read_text().splitlines()


def content(folder):
    """Every file below the folder, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def the_one_line(captured):
    assert captured.err.count("\n") == 1 and captured.err.endswith("\n"), captured.err
    return captured.err


# One seed, one run -----------------------------------------------------------------------------------


def test_same_seed_same_bytes(tmp_path):
    one, same = train(tmp_path / "one"), train(tmp_path / "same")
    assert one == same
    other = train(tmp_path / "other", "--seed", "2")
    assert other["arrays"].keys() == one["arrays"].keys() and other["t"] == one["t"] == 3 * PER_EPOCH
    names = [name for name in one["arrays"] if name != "values"]
    assert {"G.linear1.W", "G.velocity.linear3.b", "D.maxout1.W", "D.velocity.maxout2.b"} < set(names)
    assert not [name for name in names if one["arrays"][name] == other["arrays"][name]]
    assert one["pictures"].keys() == {f"epoch-{i:04d}.png" for i in (1, 2, 3)}


def test_what_a_run_leaves(tmp_path, monkeypatch):
    """The files, and a log whose numbers are the means of what the updates gave."""
    monkeypatch.undo()  # curves too
    play, played = algorithm1.simultaneous, []
    keep = lambda game, t: played.append(play(game, t)) or played[-1]  # noqa: E731
    monkeypatch.setitem(paper.UPDATES, "simultaneous", keep)
    folder = tmp_path / "run"
    train(folder, epochs=2)
    assert sorted(content(folder)) == [
        "checkpoint.npz",
        "config.json",
        "curves.png",
        "log.jsonl",
        "samples.png",
        "samples/epoch-0001.png",
        "samples/epoch-0002.png",
    ]
    assert (folder / "samples.png").read_bytes() == (folder / "samples/epoch-0002.png").read_bytes()
    for epoch, line in enumerate(log_of(folder), 1):
        record = json.loads(line)
        assert list(record) == ["epoch", "update", *run.COLUMNS, "learning_rate", "momentum", "seconds"]
        t = epoch * PER_EPOCH
        assert (record["epoch"], record["update"]) == (epoch, t)
        assert record["learning_rate"] == pytest.approx(0.1 / 1.00002**t, rel=1e-12)
        assert record["momentum"] == pytest.approx(0.5 + 0.2 * epoch / 150, rel=1e-12)
        means = [np.mean([f(u[i]) for u in played[t - PER_EPOCH : t]]) for i, f in enumerate(READ)]
        np.testing.assert_allclose([record[name] for name in run.COLUMNS], means, rtol=1e-5)
    config = read_json(folder / "config.json")
    assert config["recipe"] | {"name": "digits", "hidden": [24, 24], "epochs": 2} == config["recipe"]
    assert (config["seed"], config["backend"]) == (1, "numpy")
    assert config["versions"]["minigan"] == minigan.__version__
    assert config["versions"]["numpy"] == np.__version__


def mean_D(logits):
    return (1 / (1 + np.exp(-logits.astype(float)))).mean()


READ = (np.mean, np.mean, mean_D, mean_D)  # an Update's numbers: d_loss, g_loss, a_real, a_fake


def test_more_epochs_are_the_same_run_longer(tmp_path):
    whole = train(tmp_path / "whole", epochs=4)
    train(tmp_path / "longer", epochs=2)
    assert resume(tmp_path / "longer", "--epochs", "4") == 0
    assert left_by(tmp_path / "longer") == whole
    assert (tmp_path / "longer/config.json").read_bytes() == (tmp_path / "whole/config.json").read_bytes()


@pytest.mark.parametrize("options", [(), ("--epochs", "2"), ("--epochs", "1")])
def test_a_complete_run_stays_as_it_is(options, tmp_path, capsys):
    train(tmp_path / "run", epochs=2)
    before = content(tmp_path)
    assert main(["--resume", str(tmp_path / "run"), *options]) == 0
    assert "complete" in capsys.readouterr().out
    assert content(tmp_path) == before


def test_what_is_missing_of_a_complete_run_is_drawn_again(tmp_path, monkeypatch):
    """It was killed after its last checkpoint, before the curves; and a film can still be asked for."""
    monkeypatch.undo()
    folder = tmp_path / "run"
    train(folder, epochs=2)
    curves = (folder / "curves.png").read_bytes()
    (folder / "curves.png").unlink()
    assert resume(folder, "--film") == 0
    assert (folder / "curves.png").read_bytes() == curves and (folder / "film.gif").exists()


def test_the_frames_of_a_film_are_in_the_order_of_the_epochs(tmp_path, monkeypatch):
    train(tmp_path / "run", epochs=1)
    (tmp_path / "run/samples/epoch-10000.png").touch()
    (tmp_path / "run/samples/epoch-9999.png").touch()
    frames = []
    monkeypatch.setattr(pictures, "save_film", lambda path, pictures: frames.extend(pictures))
    assert resume(tmp_path / "run", "--film") == 0
    assert [path.stem for path in frames] == ["epoch-0001", "epoch-9999", "epoch-10000"]


def test_runs_that_start_at_once_get_folders_of_their_own(tmp_path, monkeypatch):
    """Another process makes the folder just before we do."""
    monkeypatch.chdir(tmp_path)
    mkdir, config = Path.mkdir, run.configure(recipes.find("digits"), 1, "numpy")

    def late(path, *arguments, **options):
        if path.name == "digits-1":
            os.makedirs(path)
        return mkdir(path, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", late)
    assert run.create(None, config) == Path("runs/digits-2")
    assert list(Path("runs/digits-1").iterdir()) == []


# Killed ----------------------------------------------------------------------------------------------

DRIVER = """
import os, signal, sys, time
from minigan import paper, pictures, train, training
training.SAVE_SECONDS = 0
pictures.save_curves = lambda *_: None
play, update, save = training.Training.play, training.algorithm1.simultaneous, training.checkpoint.save
def announced(self, show):
    print("playing", flush=True)
    return play(self, show)
training.Training.play = announced
def kill():
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
{more}
sys.exit(train.main(sys.argv[1:]))
"""


def start(*options, more=""):
    """Training in a process of its own; it says "playing" when the first update begins."""
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(minigan.__file__).parents[1]),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", DRIVER.format(more=more), *options]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(process):
    """Exit status, what was said on standard output and on standard error."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.processes
def test_killed_ten_times_at_random(tmp_path):
    """kill -9 in the middle of whatever it does, resumed each time, and in the end the same bytes.

    The points are random in time, so on a fast machine a run may be complete before it is killed: then the
    next one begins, until ten were killed.
    """
    options = [*SMALL, "--epochs", "30"]
    assert ended(start(*options, "--out", str(tmp_path / "whole"))) == (0, "playing\n", "")
    expected = left_by(tmp_path / "whole")
    chance, kills, runs = random.Random(2), 0, 0
    while kills < 10:
        runs += 1
        folder = tmp_path / f"killed-{runs}"
        process, status = start(*options, "--out", str(folder)), None
        while status != 0:
            process.stdout.readline()  # "playing", or nothing where it was killed after its last checkpoint
            if kills < 10:
                time.sleep(chance.uniform(0, 0.15))
                process.kill()
            status, _, errors = ended(process)
            assert errors == "" or errors.endswith("using checkpoint.previous.npz, the one before it\n")
            if status != 0:
                kills += 1
                process = start("--quiet", "--resume", str(folder))
        assert left_by(folder) == expected
        assert not list(folder.rglob(".*")), "a temporary file is left"


POINTS = {
    "before the first update": """
def killed(self, show):
    kill()
training.Training.play = killed
""",
    "before the first checkpoint": """
def killed(path, arrays, meta):
    kill()
training.checkpoint.save = killed
""",
    "in the middle of a log line": """
def opened(path, mode="r", **options):
    file = open(path, mode, **options)
    if mode == "a" and path.stat().st_size:
        file.write('{"epoch": 2, "upda')
        file.flush()
        kill()
    return file
training.open = opened
""",
    "between the log and the checkpoint": """
def killed(path, arrays, meta):
    if meta["t"] == 30:
        kill()
    save(path, arrays, meta)
training.checkpoint.save = killed
""",
    "in the middle of an epoch": """
def killed(game, t):
    if t == 37:
        kill()
    return update(game, t)
paper.UPDATES["simultaneous"] = killed
""",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What an undisturbed run leaves that was played in a process of its own."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert ended(start(*SMALL, "--epochs", "3", "--out", str(folder)))[0] == 0
    return left_by(folder)


@pytest.mark.processes
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_chosen_point(point, tmp_path, whole):
    folder = tmp_path / "run"
    status, _, errors = ended(start(*SMALL, "--epochs", "3", "--out", str(folder), more=POINTS[point]))
    assert status not in (0, 1, 2) and errors == ""
    assert ended(start("--quiet", "--resume", str(folder)))[::2] == (0, "")
    assert left_by(folder) == whole


# Interrupted -----------------------------------------------------------------------------------------


def interrupting(monkeypatch, rule, at, number=signal.SIGINT, times=1):
    """The signal comes in the middle of update `at`."""
    update = algorithm1.UPDATES[rule]

    def interrupted(game, t):
        if t == at:
            for _ in range(times):
                signal.raise_signal(number)
        return update(game, t)

    monkeypatch.setitem(paper.UPDATES, rule, interrupted)


STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture
def at_a_terminal():
    """Where the tests themselves run under nohup, a hang-up would be nothing to them."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("number", STOPPING)
@pytest.mark.parametrize("at", [0, 7, PER_EPOCH - 1, PER_EPOCH, 2 * PER_EPOCH + 2])
def test_interrupted(at, number, tmp_path, capsys, monkeypatch, undisturbed):
    """The update is finished and saved, and the line that is said continues the run."""
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:
        pytest.skip("NOT TESTED: nohup has these tests ignore SIGHUP")
    with monkeypatch.context() as patch:
        interrupting(patch, "simultaneous", at, number)
        assert main([*SMALL, "--epochs", "3", "--out", str(tmp_path / "run")]) == 130
    assert signal.getsignal(number) is before
    captured = capsys.readouterr()
    assert captured.err == "" and f"saved at update {at + 1}" in captured.out
    assert checkpoint.load_newest(tmp_path / "run")[1]["t"] == at + 1
    assert main(said_command(captured.out)) == 0
    assert left_by(tmp_path / "run") == undisturbed()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="NOT TESTED: this system has no SIGHUP")
def test_under_nohup_a_lost_terminal_does_not_matter(tmp_path, monkeypatch, undisturbed):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupting(monkeypatch, "simultaneous", 7, signal.SIGHUP)
        assert train(tmp_path / "run") == undisturbed()
    finally:
        signal.signal(signal.SIGHUP, before)


def said_command(text):
    """The arguments of train in the line that tells how to go on, as a shell would read it."""
    python, module, name, *arguments = shlex.split(text.split("to continue: ")[1])
    assert os.path.abspath(shutil.which(python)) == sys.executable
    assert (module, name) == ("-m", "minigan.train")
    return arguments


def test_the_line_that_continues_a_run_can_be_pasted(tmp_path, capsys, monkeypatch):
    """Into a shell, with a folder whose name has a space and a quote."""
    folder = str(tmp_path / "Ann's run")
    interrupting(monkeypatch, "simultaneous", 3)
    assert main([*SMALL, "--out", folder]) == 130
    assert said_command(capsys.readouterr().out) == ["--resume", folder]


@pytest.mark.parametrize("options, rule", [
    (["--update", "alternating", "--k", "2"], "alternating"),
    (["--optimiser", "adam", "--prior", "gaussian"], "simultaneous"),
    (["--recipe", "keras-mlp"], "alternating"),
])  # fmt: skip
def test_interrupted_under_other_rules(options, rule, tmp_path, monkeypatch, undisturbed):
    """With k = 2 an epoch may end between two updates; Adam and batch norm have state of their own."""
    monkeypatch.setattr(run, "load_data", lambda recipe: data.load("digits", "symmetric"))
    with monkeypatch.context() as patch:
        interrupting(patch, rule, 10)
        assert main([*SMALL, "--epochs", "3", "--out", str(tmp_path / "run"), *options]) == 130
    assert resume(tmp_path / "run") == 0
    assert left_by(tmp_path / "run") == undisturbed(*options)


def test_interrupted_in_the_last_update(tmp_path, monkeypatch, undisturbed):
    """Nothing is left to continue: the run is complete."""
    whole = undisturbed()
    interrupting(monkeypatch, "simultaneous", 3 * PER_EPOCH - 1)
    assert train(tmp_path / "run") == whole


def test_interrupted_it_draws_the_curves_of_the_epochs_so_far(tmp_path, monkeypatch):
    monkeypatch.undo()
    interrupting(monkeypatch, "simultaneous", PER_EPOCH + 2)
    assert main([*SMALL, "--epochs", "3", "--out", str(tmp_path / "run")]) == 130
    assert (tmp_path / "run/curves.png").exists()


def test_the_curves_are_told_where_the_game_balances(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pictures, "save_curves", lambda path, log, *balances: drawn.append(balances))
    train(tmp_path / "run", "--loss", "minimax", "--d-loss-scale", "1", epochs=1)
    ((*balances, undecided, is_probability),) = drawn
    assert balances == pytest.approx((np.log(4), -np.log(2)))
    assert (undecided, is_probability) == (0.5, True)


def test_interrupted_while_nobody_listens_any_more(tmp_path, monkeypatch, undisturbed):
    """As Ctrl-C in `train | tee log`, which ends tee as well: the checkpoint comes before the next line."""

    def gone(progress, t, means):
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        interrupting(patch, "simultaneous", 7)
        patch.setattr("minigan.train.Progress.__call__", gone)
        patch.setattr("minigan.cli.os.dup2", lambda *_: None)
        assert main([*SMALL, "--epochs", "3", "--out", str(tmp_path / "run")]) == 1
    assert checkpoint.load_newest(tmp_path / "run")[1]["t"] == 8
    assert resume(tmp_path / "run") == 0
    assert left_by(tmp_path / "run") == undisturbed()


def test_interrupted_twice(tmp_path, monkeypatch, undisturbed):
    """The second Ctrl-C does not wait for the update; the last checkpoint is there to go on from."""
    with monkeypatch.context() as patch:
        interrupting(patch, "simultaneous", PER_EPOCH + 4, times=2)
        assert main([*SMALL, "--epochs", "3", "--out", str(tmp_path / "run")]) == 130
    assert checkpoint.load_newest(tmp_path / "run")[1]["t"] == PER_EPOCH
    assert resume(tmp_path / "run") == 0
    assert left_by(tmp_path / "run") == undisturbed()


@pytest.mark.processes
@pytest.mark.skipif(os.name != "posix", reason="this system cannot send Ctrl-C to another process alone")
def test_ctrl_c_from_outside(tmp_path, whole):
    process = start(*SMALL, "--epochs", "3", "--out", str(tmp_path / "run"), more=SLOWLY)
    assert [process.stdout.readline() for _ in range(2)] == ["playing\n", "update 3\n"]
    process.send_signal(signal.SIGINT)
    status, out, errors = ended(process)
    assert (status, errors, out.count("\n")) == (130, "", 1)
    assert 3 < checkpoint.load_newest(tmp_path / "run")[1]["t"] < 3 * PER_EPOCH
    assert ended(start(*said_command(out), "--quiet"))[::2] == (0, "")
    assert left_by(tmp_path / "run") == whole


SLOWLY = """
def slowly(game, t):
    if t == 3:
        print("update 3", flush=True)
    time.sleep(0.1)
    return update(game, t)
paper.UPDATES["simultaneous"] = slowly
"""


# A full disk -----------------------------------------------------------------------------------------


class FullDisk(io.FileIO):
    """A file that takes 100 bytes and then no more."""

    def write(self, content):
        content = bytes(content)
        super().write(content[:100])
        if len(content) > 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(content)


def disk_is_full_for(monkeypatch, module, name):
    """From now on `module` cannot write the file of that name (temporary names count) any more."""

    def opened(path, mode="r", **options):
        if name in Path(path).name and mode[0] in "wa":
            disk = FullDisk(path, mode.rstrip("b"))
            return disk if "b" in mode else io.TextIOWrapper(disk, encoding="utf-8", write_through=True)
        return open(path, mode, **options)

    monkeypatch.setattr(module, "open", opened, raising=False)


def no_flush_for(monkeypatch, name):
    """Some systems tell that the disk is full only when the bytes must go there."""
    real = os.fsync

    def fsync(descriptor):
        if name in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor)

    monkeypatch.setattr(files.os, "fsync", fsync)


FULL = {
    "checkpoint": lambda patch: disk_is_full_for(patch, files, "checkpoint.npz"),
    "log": lambda patch: disk_is_full_for(patch, training, "log.jsonl"),
    "picture": lambda patch: disk_is_full_for(patch, files, "epoch-0002.png"),
    "latest picture": lambda patch: disk_is_full_for(patch, files, "samples.png"),
    "flush": lambda patch: no_flush_for(patch, "checkpoint.npz"),
}


@pytest.mark.parametrize("what", FULL)
def test_disk_full(what, tmp_path, capsys, monkeypatch, undisturbed):
    """The run says so and keeps the checkpoint that there is; when there is room again, it goes on."""
    if what == "flush" and not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not tell the name of an open file (/proc)")
    folder = tmp_path / "run"
    train(folder, epochs=1)
    before = (folder / "checkpoint.npz").read_bytes()
    with monkeypatch.context() as patch:
        FULL[what](patch)
        assert resume(folder, "--epochs", "3") == 1
    said = the_one_line(capsys.readouterr())
    for words in (os.strerror(errno.ENOSPC), f"update {PER_EPOCH} ", f"--resume {folder}"):
        assert words in said
    assert (folder / "checkpoint.npz").read_bytes() == before
    assert not list(folder.rglob(".*")), "a temporary file is left"
    assert resume(folder, "--epochs", "3") == 0
    assert left_by(folder) == undisturbed()


def test_disk_full_at_the_first_checkpoint(tmp_path, capsys, monkeypatch, undisturbed):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        FULL["checkpoint"](patch)
        assert main([*SMALL, "--epochs", "3", "--out", str(folder)]) == 1
    assert "there is no checkpoint yet" in the_one_line(capsys.readouterr())
    assert resume(folder) == 0
    assert left_by(folder) == undisturbed()


LIMIT = """
import resource
def limited(path, arrays, meta):
    most = 20_000 if meta["t"] == 45 else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    save(path, arrays, meta)
training.checkpoint.save = limited
"""


@pytest.mark.processes
@pytest.mark.skipif(os.name != "posix", reason="no limit on the size of files on this system")
def test_the_systems_own_limit(tmp_path, whole):
    """The third checkpoint does not fit; the second one is kept and can be continued."""
    folder = tmp_path / "run"
    status, _, errors = ended(start(*SMALL, "--epochs", "3", "--out", str(folder), more=LIMIT))
    assert status == 1 and errors.count("\n") == 1
    assert os.strerror(errno.EFBIG) in errors and f"update {2 * PER_EPOCH} is kept" in errors
    assert checkpoint.load_newest(folder)[1]["t"] == 2 * PER_EPOCH
    assert ended(start("--quiet", "--resume", str(folder)))[0] == 0
    assert left_by(folder) == whole


# Numbers that are no longer finite -------------------------------------------------------------------


def poisoning(monkeypatch, at, player, value, pick):
    """After update `at` one number of a parameter (or velocity) is NaN or infinite."""
    update = algorithm1.UPDATES["simultaneous"]

    def poisoned(game, t):
        numbers = update(game, t)
        if t == at:
            pick(game, player).flat[0] = value
        return numbers

    monkeypatch.setitem(paper.UPDATES, "simultaneous", poisoned)


def parameter(game, player):
    return getattr(game, player).parameters()[2].data


def velocity(game, player):
    return getattr(game, f"optimiser_{player}").velocity[2]


@pytest.mark.parametrize("value, show_seconds", [(float("nan"), 1000), (float("inf"), 0)])
@pytest.mark.parametrize("pick", [parameter, velocity])
@pytest.mark.parametrize("player, name", [("G", "linear2.W"), ("D", "maxout2.W")])
@pytest.mark.parametrize("ends_epoch", [False, True])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_not_finite(
    ends_epoch, player, name, pick, value, show_seconds, tmp_path, capsys, monkeypatch, undisturbed
):
    """The run stops with the update and the loss or the layer, and the last good checkpoint stays."""
    monkeypatch.setattr(training, "SHOW_SECONDS", show_seconds)
    at, folder = PER_EPOCH + (14 if ends_epoch else 6), tmp_path / "run"
    with monkeypatch.context() as patch:
        poisoning(patch, at, player, value, pick)
        assert main([*SMALL, "--epochs", "3", "--out", str(folder)]) == 1
    said = the_one_line(capsys.readouterr())
    if ends_epoch:  # everything is looked at before it is saved
        slot = "velocity." if pick is velocity else ""
        assert f"update {at}: {player}.{slot}{name} is no" in said
    else:  # the first update that suffers: a velocity moves its parameter first
        assert f"update {at + (2 if pick is velocity else 1)}: " in said and "_loss is " in said
    assert f"the checkpoint of update {PER_EPOCH} is kept" in said and "--lr" in said
    arrays, meta, note = checkpoint.load_newest(folder)
    assert meta["t"] == PER_EPOCH and note is None
    assert all(np.isfinite(a).all() for a in arrays.values())
    assert resume(folder) == 0
    assert left_by(folder) == undisturbed()


@pytest.mark.parametrize("lr", ["1e6", "1e38"])
def test_a_learning_rate_far_too_large(lr, tmp_path):
    """One line, although every operation overflows on the way."""
    train_it = [*SMALL, "--epochs", "3", "--out", str(tmp_path / "run")]
    status, out, errors = ended(start(*train_it, "--lr", lr))
    assert status == 1 and errors.startswith("error: update ") and "loss is " in errors
    assert "--lr" in errors and errors.count("\n") == 1


# Damage ----------------------------------------------------------------------------------------------

DAMAGE = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "one bit": lambda content: content[:3000] + bytes([content[3000] ^ 4]) + content[3001:],
    "other file": lambda content: b"hello\n" * 1000,
}


@pytest.mark.parametrize("how", [*DAMAGE, "missing"])
def test_damaged_checkpoint(how, tmp_path, capsys, undisturbed):
    """The previous one is used, with a line that says so."""
    folder = tmp_path / "run"
    train(folder, epochs=2)
    newest = folder / "checkpoint.npz"
    newest.unlink() if how == "missing" else newest.write_bytes(DAMAGE[how](newest.read_bytes()))
    assert main(["--resume", str(folder), "--epochs", "3"]) == 0
    captured = capsys.readouterr()
    said = [line for line in (captured.out + captured.err).splitlines() if "checkpoint.previous.npz" in line]
    assert len(said) == 1 and str(newest) in said[0]
    assert f"updates {PER_EPOCH} to {3 * PER_EPOCH}" in captured.out
    assert left_by(folder) == undisturbed()


def test_quiet_does_not_hide_damage(tmp_path, capsys):
    """--quiet says nothing but errors, and a lost checkpoint is one."""
    train(tmp_path / "run", epochs=3)
    (tmp_path / "run/checkpoint.npz").write_bytes(b"")
    assert resume(tmp_path / "run") == 0
    assert "checkpoint.previous.npz" in the_one_line(capsys.readouterr())


def test_both_checkpoints_damaged(tmp_path, capsys):
    folder = tmp_path / "run"
    train(folder, epochs=3)
    for name in ("checkpoint.npz", "checkpoint.previous.npz"):
        (folder / name).write_bytes(b"damaged")
    before = content(folder)
    assert resume(folder, "--epochs", "3") == 2
    said = the_one_line(capsys.readouterr())
    assert "checkpoint.npz" in said and "checkpoint.previous.npz" in said
    assert content(folder) == before


LINES = {
    "cut": b'{"epoch": 2, "update": 30, "d_lo',
    "cut in a letter": b'{"epoch\xc3',
    "zeros": b"\0" * 200,
    "not UTF-8": b"\xff\xfe\x80\n",
    "null": b"null\n",
    "a number": b"17\n",
    "no update": b'{"epoch": 9}\n',
    "a list": b"[1, 2]\n",
    "empty": b"\n\n",
}


@pytest.mark.parametrize("line", LINES)
def test_damaged_log(line, tmp_path, capsys, undisturbed):
    """A line that cannot be understood is dropped; the run goes on, and the others stay."""
    folder = tmp_path / "run"
    train(folder, epochs=2)
    with open(folder / "log.jsonl", "ab") as file:
        file.write(LINES[line])
    assert resume(folder, "--epochs", "3") == 0
    assert capsys.readouterr().err == ""
    assert left_by(folder) == undisturbed()


def test_a_log_that_is_gone(tmp_path, undisturbed):
    whole, folder = undisturbed(), tmp_path / "run"
    train(folder, epochs=2)
    (folder / "log.jsonl").unlink()
    assert resume(folder, "--epochs", "3") == 0
    assert left_by(folder) == whole | {"log": whole["log"][2:]}


# Another run -----------------------------------------------------------------------------------------

OTHER = [  # options, and the difference that must be said
    (["--seed", "2"], "seed is 1, not 2"),
    (["--lr", "0.2"], "lr is 0.1, not 0.2"),
    (["--loss", "minimax"], "loss is non-saturating, not minimax"),
    (["--update", "alternating"], "update is simultaneous, not alternating"),
    (["--keep-hidden", "0.6"], "keep_hidden is 0.5, not 0.6"),
    (["--recipe", "mnist"], "name is digits, not mnist"),
    (["--recipe", "digits"], "batch is 100, not 50"),  # without the settings that it was started with
    (["--lr", "0.2", "--seed", "3"], "lr is 0.1, not 0.2; seed is 1, not 3"),
    (["--hidden", "8,8"], "hidden is (24, 24), not (8, 8)"),
]


@pytest.mark.parametrize("options, difference", OTHER)
def test_resuming_as_another_run_is_refused(options, difference, tmp_path, capsys):
    train(tmp_path / "run", epochs=2)
    before = content(tmp_path)
    assert resume(tmp_path / "run", "--epochs", "3", *options) == 2
    said = the_one_line(capsys.readouterr())
    assert difference in said and "--force" in said
    assert " epochs is" not in said
    assert content(tmp_path) == before


def with_version(folder, name, version):
    """As if the run had been started by another version; what the current one is."""
    config = read_json(folder / "config.json")
    current, config["versions"][name] = config["versions"][name], version
    files.write_json(folder / "config.json", config)
    return current


@pytest.mark.parametrize("name", ["minigan", "numpy"])
def test_resuming_with_another_version_is_refused(name, tmp_path, capsys):
    folder = tmp_path / "run"
    train(folder, epochs=2)
    current = with_version(folder, name, "0.0.1")
    before = content(folder)
    assert resume(folder, "--epochs", "3") == 2
    assert f"{name} is 0.0.1, not {current}" in the_one_line(capsys.readouterr())
    assert content(folder) == before
    assert resume(folder, "--epochs", "3", "--force") == 0
    assert read_json(folder / "config.json")["versions"][name] == current


def test_another_python_does_not_matter(tmp_path, undisturbed):
    """It decides no number, but it is written down."""
    folder = tmp_path / "run"
    train(folder, epochs=2)
    current = with_version(folder, "python", "3.11.0")
    assert current == platform.python_version()
    assert resume(folder, "--epochs", "3") == 0
    assert left_by(folder) == undisturbed()


def test_resuming_on_another_backend_is_refused(tmp_path, capsys):
    folder = tmp_path / "run"
    train(folder, epochs=2)
    files.write_json(folder / "config.json", read_json(folder / "config.json") | {"backend": "cupy"})
    assert resume(folder, "--epochs", "3", "--backend", "numpy") == 2
    assert "backend is cupy, not numpy" in the_one_line(capsys.readouterr())
    assert resume(folder, "--epochs", "3", "--backend", "numpy", "--force") == 0


def test_force_goes_on_with_the_other_settings(tmp_path, undisturbed):
    whole, folder = undisturbed(), tmp_path / "run"
    two = train(folder, epochs=2)
    assert resume(folder, "--epochs", "3", "--lr", "0.2", "--force") == 0
    three = left_by(folder)
    assert three["log"][:2] == two["log"] and three["t"] == whole["t"]
    assert three["arrays"] != whole["arrays"]
    assert three["log"][2]["learning_rate"] == pytest.approx(2 * whole["log"][2]["learning_rate"])
    assert read_json(folder / "config.json")["recipe"]["lr"] == 0.2


def test_force_cannot_change_the_shapes(tmp_path, capsys):
    train(tmp_path / "run", epochs=2)
    before = content(tmp_path)
    assert resume(tmp_path / "run", "--epochs", "3", "--hidden", "8,8", "--force") == 2
    said = the_one_line(capsys.readouterr())
    assert "(32, 24)" in said and "(32, 8)" in said and "G.linear1.W" in said
    assert content(tmp_path) == before


# Where a run is --------------------------------------------------------------------------------------


def test_default_folders_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        assert main([*SMALL, "--epochs", "1", "--seed", str(number)]) == 0
        if number == 1:
            first = content(Path("runs/digits-1"))
    Path("runs/digits-3").write_text("a file of the user's")
    assert main([*SMALL, "--epochs", "1"]) == 0
    assert sorted(os.listdir("runs")) == ["digits-1", "digits-2", "digits-3", "digits-4"]
    assert content(Path("runs/digits-1")) == first
    assert Path("runs/digits-3").read_text() == "a file of the user's"
    assert [read_json(Path(f"runs/digits-{i}/config.json"))["seed"] for i in (1, 2, 4)] == [1, 2, 1]


@pytest.mark.parametrize("keep", ["config.json", "checkpoint.npz"])
def test_out_never_overwrites_a_run(keep, tmp_path, capsys):
    """Nor what is left of one."""
    folder = tmp_path / "run"
    train(folder, epochs=2)
    for name in {"config.json", "checkpoint.npz", "checkpoint.previous.npz"} - {keep}:
        (folder / name).unlink()
    before = content(folder)
    assert main([*SMALL, "--epochs", "1", "--out", str(folder)]) == 2
    assert "--out" in the_one_line(capsys.readouterr())
    assert content(folder) == before


def test_out_may_be_a_folder_that_holds_other_things(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    train(tmp_path, epochs=1)
    assert (tmp_path / "notes.txt").read_text() == "mine"
