"""What a user may type wrongly: one clear line each, the right exit status, and nothing lost or left behind.

The commands run in this process, in a workspace with good and bad run folders; after each of them every file
of it must be as it was.  A few run in a process of their own, as a user starts them.
"""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import __main__ as everything
from minigan import checkpoint, data, files, pictures, recipes, run, sample, train
from minigan.backend import Backend
from minigan.cli import exit_status
from minigan.data import __main__ as data_command
from minigan.errors import InputError
from minigan.files import read_json, write_json
from minigan.settings import flag
from minigan.training import Training

COMMANDS = {
    "train": train.main,
    "sample": sample.main,
    "data": data_command.main,
    "minigan": everything.main,
}
SMALL = {"epochs": 1, "batch": 500, "hidden": (8,), "units": (4,), "samples_every": 1}


# The workspace ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Two whole runs, of images and of points, and what can become of one."""
    home = tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "save_curves", lambda *_: None)  # slow
        for name, recipe in (("good", "digits"), ("points", "ring8")):
            recipe = recipes.find(recipe).change(**SMALL | {"batch": 500 if name == "good" else 50_000})
            training = Training(run.configure(recipe, 1, "numpy"), Backend())
            training.start(home / name)
            training.play(lambda t, means: None)

    def spoilt(name):
        return Path(shutil.copytree(home / "good", home / name))

    def config(name, change):
        """A run whose config.json was changed by hand."""
        path = spoilt(name) / "config.json"
        value = read_json(path)
        change(value)
        write_json(path, value)

    (spoilt("damaged") / "checkpoint.npz").write_bytes(b"PK\3\4" + bytes(2000))
    (spoilt("unsaved") / "checkpoint.npz").unlink()
    (spoilt("unconfigured") / "config.json").unlink()
    (spoilt("half-config") / "config.json").write_text('{"recipe": {"name": "dig')
    (spoilt("list-config") / "config.json").write_text("[1, 2]")
    (spoilt("binary-config") / "config.json").write_bytes(b"\xff\xfe\0\1")
    config("other-shapes", lambda c: c["recipe"].update(hidden=[9]))
    config("other-data", lambda c: c["recipe"].update(data="ring8", output="linear"))
    config("unknown-recipe", lambda c: c["recipe"].update(name="biggan"))
    config("unknown-data", lambda c: c["recipe"].update(data="imagenet"))
    config("unknown-setting", lambda c: c["recipe"].update(colour="red"))
    config("impossible-setting", lambda c: c["recipe"].update(batch=-1))
    config("text-setting", lambda c: c["recipe"].update(batch="50"))
    config("half-setting", lambda c: c["recipe"].update(batch=50.5))
    config("single-setting", lambda c: c["recipe"].update(hidden=8))
    config("null-setting", lambda c: c["recipe"].update(lr=None))
    config("bad-seed", lambda c: c.update(seed=-1))
    config("text-seed", lambda c: c.update(seed="one"))
    config("unknown-backend", lambda c: c.update(backend="torch"))
    config("no-versions", lambda c: c.pop("versions"))

    arrays, meta = checkpoint.load(home / "good/checkpoint.npz")
    checkpoint.save(spoilt("no-arrays") / "checkpoint.npz", {"values": arrays["values"]}, meta)
    (home / "no-arrays/checkpoint.previous.npz").unlink()
    (home / "broken").mkdir()
    shutil.copy(home / "good/config.json", home / "broken")
    for array in arrays.values():
        array.flat[:1] = np.nan
    checkpoint.save(home / "broken/checkpoint.npz", arrays, meta)  # such as no run of ours saves

    (home / "empty").mkdir()
    (home / "file").write_text("a file of the user's\n")
    (home / "picture.png").mkdir()
    return home


def snapshot(folder):
    """Every file with its bytes, every folder, and when each was last changed."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def unchanged(workspace, monkeypatch):
    """The workspace is the current folder, without data of the user's, and must not change."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("MINIGAN_DATA", str(workspace / "empty"))
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):  # where systems have a cache of downloads
        monkeypatch.setenv(name, str(workspace / "empty"))
    monkeypatch.setitem(sys.modules, "cupy", None)  # as where CuPy is not installed
    monkeypatch.setattr(Training, "play", lambda *_: pytest.fail("this was not refused: training began"))
    before = snapshot(workspace)
    yield
    assert snapshot(workspace) == before


def refused(capsys, command, line):
    """The status of a command, and the one line it says on standard error."""
    status = COMMANDS[command](line.split() if isinstance(line, str) else line)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ") and err.endswith("\n") and err.count("\n") == 1, err
    assert "Traceback" not in err and len(err) < 1000
    return status, err


# Bad input -------------------------------------------------------------------------------------------

BAD_INPUT = {  # command: what was typed: words that must be in the line
    "train": {
        # options that cannot be read
        "--colour red": "--colour",
        "something": "something",
        "--epochs": "--epochs",
        "--epochs many": "--epochs",
        "--epochs 1.5": "--epochs",
        "--batch 1e2": "--batch",
        "--hidden 16,": "--hidden",
        "--hidden 16;16": "--hidden",
        "--hidden a,b": "--hidden",
        "--lr fast": "--lr",
        "--lr 0,1": "--lr",
        "--epoch 3": "--epoch",  # no abbreviations: they would break when an option is added
        # impossible values
        "--epochs -1": "--epochs: expected 1 to 1,000,000, got -1",
        "--epochs 0": "--epochs",
        "--batch 0": "--batch",
        "--batch 1501": "1500",
        "--batch 99999999999999999999": "--batch: expected 1 to 1,000,000",
        "--units 1000000000 --pieces 1000000000": "--units: expected 1 to 1,000,000",
        "--k 0": "--k",
        "--k 2": "--k: expected 1 with the simultaneous update",
        "--lr nan": "--lr: expected a finite number, got nan",
        "--lr inf": "--lr",
        "--lr -0.1": "--lr",
        "--lr 0": "--lr",
        "--lr-decay 0.5": "--lr-decay",
        "--lr 1e-7": "--lr-min: expected 0 to --lr, got 1e-06",
        "--momentum 1": "--momentum",
        "--keep-input 0": "--keep-input: expected a probability of keeping, above 0 and at most 1, got 0.0",
        "--keep-hidden 1.5": "--keep-hidden",
        "--z 0": "--z",
        "--units 0": "--units",
        "--hidden 16,-16": "--hidden",
        "--pieces 0": "--pieces",
        "--samples-every 0": "--samples-every",
        "--d-loss-scale nan": "--d-loss-scale",
        # misspelt choices
        "--recipe mnits": "did you mean mnist?",
        "--recipe DIGITS": "--recipe: expected one of digits, mnist",
        "--prior normal": "--prior: expected one of uniform, gaussian, got 'normal'",
        "--loss nonsaturating": "--loss: expected one of non-saturating, minimax",
        "--update both": "--update: expected one of alternating, simultaneous",
        "--output softmax": "--output",
        "--optimiser sgd": "--optimiser",
        "--activations relu,gelu": "--activations",
        # random numbers and backends
        "--seed -1": "seed",
        "--seed 18446744073709551616": "seed",
        "--seed one": "--seed",
        "--seed 1.0": "--seed",
        "--backend torch": "--backend",
        "--backend cupy": "CuPy is not installed; python -m pip install",
        # folders
        "--out file": "file",
        "--out file/run": "file/run",
        "--out good": "holds a run",
        "--out good --seed 2": "--resume good",
        # resuming
        "--resume missing": "missing: expected a run folder (as runs/digits-1), there is nothing",
        "--resume file": "file: expected a run folder (as runs/digits-1), there is a file",
        "--resume empty": "empty is no run folder: it has no config.json",
        "--resume good/samples": "is no run folder",
        "--resume good --out other": "give one of them",
        "--resume good --seed 2": "seed is 1, not 2",
        "--resume good --recipe nonsense": "--recipe",
        "--resume good --epochs -1": "--epochs",
        "--resume good --backend cupy": "CuPy is not installed",
        "--resume damaged": "damaged/checkpoint.npz is damaged or not a checkpoint",
        "--resume damaged --epochs 2": "damaged/checkpoint.npz is damaged or not a checkpoint",
        "--resume unconfigured": "is no run folder",
        "--resume half-config": "half-config/config.json",
        "--resume list-config": "list-config/config.json",
        "--resume binary-config": "binary-config/config.json",
        "--resume other-shapes": "(32, 8)",
        "--resume no-arrays": "G.linear1.W",
        "--resume unknown-recipe": "biggan",
        "--resume unknown-data": "imagenet",
        "--resume unknown-setting": "colour",
        "--resume impossible-setting": "batch",
        "--resume text-setting": "text-setting/config.json",
        "--resume half-setting": "half-setting/config.json",
        "--resume single-setting": "single-setting/config.json",
        "--resume null-setting": "null-setting/config.json",
        "--resume bad-seed": "seed",
        "--resume text-seed": "seed",
        "--resume unknown-backend": "torch",
        "--resume no-versions": "no-versions/config.json",
    },
    "sample": {
        "": "RUN",
        "good other": "other",
        "good --colour red": "--colour",
        "good --count": "--count",
        "good --count ten": "--count",
        "good --count 0": "--count: expected a whole number from 1 to 1,000,000,000, got '0'",
        "good --count -5": "--count",
        "good --columns 0": "--columns: expected a whole number from 1",
        "good --interpolate 1": "--interpolate: expected a whole number from 2",
        "good --interpolate 0": "--interpolate",
        "good --nearest --interpolate 5": "give one of them",
        "good --interpolate 5 --columns 3": "leave --columns out",
        "good --nearest --count 7": "--count 7",
        "good --nearest --count 6 --columns 4": "--columns 4",
        "good --nearest --out s.npy": "--nearest",
        "points --nearest": "ring8",
        "points --interpolate 4": "ring8",
        "good --seed -1": "seed",
        "good --seed x": "--seed",
        "good --out grid.jpg": "--out: expected a name that ends in .png or .npy, got grid.jpg",
        "good --out grid": "--out",
        "good --out missing/grid.png": "--out: there is no folder missing",
        "good --out file/grid.png": "--out",
        "good --backend torch": "--backend",
        "good --backend cupy": "CuPy is not installed",
        "missing": "missing: expected a run folder (as runs/digits-1), there is nothing",
        "missing --out grid.png": "missing: expected a run folder",
        "file": "file: expected a run folder (as runs/digits-1), there is a file",
        "empty": "empty is no run folder",
        "good/checkpoint.npz": "there is a file",
        "damaged": "damaged/checkpoint.npz is damaged or not a checkpoint",
        "unsaved": "unsaved/checkpoint.npz",
        "half-config": "half-config/config.json",
        "other-shapes": "(32, 8)",
        "other-data": "checkpoint",
        "unknown-data": "imagenet",
        "half-setting": "half-setting/config.json",
        "single-setting": "single-setting/config.json",
    },
    "data": {
        "": "command",
        "show": "show",
        "fetch": "fetch needs the name of a data set: digits, mnist",
        "verify": "verify needs the name",
        "fetch mnits": "did you mean mnist?",
        "verify nonsense": "there is no data set 'nonsense'",
        "fetch digits ring8": "ring8",
        "list --all": "--all",
    },
    "minigan": {
        "trian": "there is no command 'trian', only train, sample, ",
        "--recipe mnist": "--recipe",
        "train --epochs 0": "--epochs",
        "sample missing --out grid.png": "missing",
        "data fetch nonsense": "nonsense",
    },
}
FAILURES = {  # the input was right, and the work failed
    "train": {
        "--hidden 999999,999999": "allocate",
    },
    "sample": {
        "good --count 999999999": "allocate",
        "good --out picture.png": "picture.png",
        "broken": "not finite",
    },
    "data": {"verify mnist": "train-images-idx3-ubyte.gz"},
    "minigan": {"data verify cifar10": "cifar-10-binary.tar.gz"},
}


def cases(table):
    return [(command, line, words) for command in table for line, words in table[command].items()]


def test_there_are_enough_cases():
    assert all(len(BAD_INPUT[command]) >= least for command, least in (("train", 40), ("sample", 30)))


@pytest.mark.parametrize("command, line, words", cases(BAD_INPUT))
def test_bad_input(command, line, words, capsys, unchanged):
    status, said = refused(capsys, command, line)
    assert status == 2 and words in said


@pytest.mark.parametrize("command, line, words", cases(FAILURES))
def test_failures(command, line, words, capsys, unchanged):
    status, said = refused(capsys, command, line)
    assert status == 1 and words in said


@pytest.mark.parametrize("command, arguments, words", [
    ("train", ["--resume", ""], "--resume"),  # an unset variable of a shell must not begin another run
    ("train", ["--recipe", ""], "--recipe"),
    ("train", ["--out", ""], "--out"),
    ("train", ["--hidden", ""], "--hidden"),
    ("train", ["--activations", ""], "--activations"),
    ("sample", ["good", "--out", ""], "--out"),
    ("sample", [""], "run folder"),
    ("data", ["fetch", ""], "''"),
    ("minigan", [""], "''"),
])  # fmt: skip
def test_empty_values(command, arguments, words, capsys, unchanged):
    status, said = refused(capsys, command, arguments)
    assert status == 2 and words in said


HUGE = "1" + 400 * "0"


@pytest.mark.parametrize("command, line", [
    ("train", f"--epochs {HUGE}"),
    ("train", f"--hidden {HUGE}"),
    ("train", "--hidden 9223372036854775807"),
    ("train", "--units 9223372036854775807"),
    ("train", f"--z {HUGE}"),
    ("train", f"--pieces {HUGE}"),
    ("sample", f"good --count {HUGE}"),
    ("sample", "good --count 9223372036854775807"),
    ("sample", "good --interpolate 9223372036854775807"),
])  # fmt: skip
def test_huge_numbers(command, line, capsys, unchanged):
    """Whether it is the input that is wrong or the memory that is too small, there is no traceback."""
    status, _ = refused(capsys, command, line)
    assert status in (1, 2)


@pytest.mark.parametrize("batch", [1, 0])
def test_a_batch_too_small_for_batch_norm(batch, capsys, unchanged, monkeypatch, tmp_path):
    digits = data.load("digits", "symmetric")
    monkeypatch.setattr(run, "load_data", lambda recipe: digits)
    options = ["--recipe", "keras-mlp", "--batch", str(batch), "--hidden", "8", "--units", "4", "--quiet"]
    status, said = refused(capsys, "train", [*options, "--out", str(tmp_path / "run")])
    assert status == 2 and "batch" in said
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written(capsys, unchanged, monkeypatch, tmp_path):
    """Even by root, whom no permission stops: the system says no to every new file."""

    def refuse(path, mode="r", **options):
        if "w" in mode:
            raise PermissionError(13, os.strerror(13), str(path))
        return open(path, mode, **options)

    monkeypatch.setattr(files, "open", refuse, raising=False)
    out = tmp_path / "run"
    status, said = refused(capsys, "train", ["--out", str(out)])
    assert status == 2 and f"--out: cannot write to {out}: {os.strerror(13)}" in said
    assert not out.exists(), "an empty folder is left behind"
    status, said = refused(capsys, "sample", ["good", "--out", str(tmp_path / "grid.png")])
    assert status == 1 and os.strerror(13) in said


def test_two_runs_at_the_same_moment_take_two_folders(monkeypatch, tmp_path, capsys):
    """The other run makes its folder between our look and our mkdir: it is not disturbed."""
    monkeypatch.chdir(tmp_path)
    mkdir = Path.mkdir

    def late(self, *arguments, **options):
        if self.name == "digits-1" and not self.exists():
            mkdir(self, parents=True)
            (self / "config.json").write_text("the other run's")
        return mkdir(self, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", late)
    options = [f"--{name.replace('_', '-')}={train._text(value)}" for name, value in SMALL.items()]
    status = train.main(["--quiet", *options])
    assert (tmp_path / "runs/digits-1/config.json").read_text() == "the other run's"
    assert capsys.readouterr().err.count("\n") <= 1 and status in (0, 2)


# Good input ------------------------------------------------------------------------------------------


def test_every_setting_is_an_option(monkeypatch, tmp_path):
    """All of them at once reach the config, as they were typed."""
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)
    typed = {
        "epochs": 2, "batch": 700, "update": "alternating", "k": 2, "loss": "minimax", "d_loss_scale": 0.7,
        "z": 6, "prior": "gaussian", "hidden": [5, 6], "activations": ["tanh", "relu"], "output": "sigmoid",
        "g_scale": 0.03, "g_output_scale": 0.02, "bias_clip": 0.01, "units": [4, 3], "pieces": 2, "pack": 5,
        "d_scale": 0.01, "keep_input": 0.9, "keep_hidden": 0.6, "optimiser": "momentum", "lr": 0.05,
        "lr_decay": 1.01, "lr_min": 0.01, "momentum": 0.4, "momentum_end": 0.6, "momentum_epochs": 3,
        "samples_every": 2,
    }  # fmt: skip
    options = ["--quiet", "--seed", "7", "--out", str(tmp_path / "run")]
    for name, value in typed.items():
        options += [
            "--" + name.replace("_", "-"),
            train._text(tuple(value) if type(value) is list else value),
        ]
    assert train.main(options) == 0
    config = read_json(tmp_path / "run/config.json")
    assert config["recipe"] == {"name": "digits", "data": "digits"} | typed
    assert config["seed"] == 7


@pytest.mark.parametrize("options, shape", [
    ("--count 7", (7, 64)),
    ("--interpolate 4", (20, 64)),
    ("--interpolate 3 --count 2", (6, 64)),
    ("", (100, 64)),
])  # fmt: skip
def test_samples_as_an_array(options, shape, workspace, tmp_path, capsys):
    """As many as were asked for, the same each time, others with another seed."""
    made = []
    for seed in (3, 3, 4):
        out = tmp_path / f"{len(made)}.npy"
        line = f"{workspace / 'good'} --seed {seed} --out {out} {options}"
        assert sample.main(line.split()) == 0
        assert capsys.readouterr() == (f"{out}\n", "")
        made.append(np.load(out))
    assert made[0].shape == shape and made[0].dtype == np.float32
    assert made[0].min() > 0 and made[0].max() < 1
    assert (made[0] == made[1]).all() and (made[0] != made[2]).any()


@pytest.mark.parametrize("run_name, options", [
    ("good", ""),
    ("good", "--count 3 --columns 2"),
    ("good", "--nearest"),
    ("good", "--nearest --count 6 --columns 3"),
    ("good", "--interpolate 5"),
    ("points", ""),
    ("points", "--count 1"),
])  # fmt: skip
def test_samples_as_a_picture(run_name, options, workspace, tmp_path):
    out = tmp_path / "grid.png"
    assert sample.main(f"{workspace / run_name} --quiet --out {out} {options}".split()) == 0
    assert out.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert os.listdir(tmp_path) == ["grid.png"]


def test_a_line_through_z_space_begins_and_ends_at_samples():
    """z_i = a + i/(n - 1) (b - a), both ends included."""
    ends = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    z = sample._lines(ends, 5).reshape(3, 5, 4)
    assert (z[:, 0] == ends[0]).all()
    np.testing.assert_allclose(z[:, 4], ends[1], rtol=1e-5)
    np.testing.assert_allclose(np.diff(z, axis=1), ((ends[1] - ends[0]) / 4)[:, None].repeat(4, 1), rtol=1e-4)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command, capsys):
    """Status 0, on standard output, and the examples name the command."""
    try:
        status = COMMANDS[command](["--help"])
    except SystemExit as ended:
        status = ended.code
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    if command == "minigan":
        assert all(name in out for name in everything.COMMANDS)
    else:
        examples = out.split("examples:\n")[1]
        assert examples.count(f"python -m minigan.{command}") >= 3


@pytest.mark.parametrize("options, recipe", [
    ([], "digits"),
    (["--recipe", "mnist"], "mnist"),
    (["--recipe=keras-mlp"], "keras-mlp"),
    (["--data", "pictures"], "images"),
    (["--resume", "good"], "good"),
    (["--resume", "good", "--recipe", "ring8"], "ring8"),
])  # fmt: skip
def test_help_has_the_settings_of_the_recipe_that_is_named(options, recipe, workspace, monkeypatch, capsys):
    """Each with its default, and none that the recipe has no use for; wherever --help stands."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("COLUMNS", "200")  # an option on one line
    found = run.read_config(Path("good")).recipe if recipe == "good" else recipes.find(recipe)
    outs = []
    for words in (["--help", *options], [*options, "-h"]):
        with pytest.raises(SystemExit):
            train.main(words)
        outs.append(capsys.readouterr().out)
    settings = {name: value for name, value in found.settings().items() if name in recipes.SETTINGS}
    lines = re.sub(r"\n {8,}", " ", outs[0].partition("settings of")[2])
    shown = re.findall(r"^  (--[a-z-]+) .*\((\S*)\)$", lines, re.M)
    assert sorted(shown) == sorted((flag(name), train._text(value)) for name, value in settings.items())
    assert outs[0] == outs[1] and f"(defaults: those of {found.name})" in outs[0]


def test_help_on_a_recipe_that_there_is_not_is_one_line(capsys):
    assert train.main(["--help", "--recipe", "mnits"]) == 2
    assert capsys.readouterr().err.startswith("error: --recipe: expected one of digits, mnist")


def test_the_overview_says_all_that_data_does():
    overview = everything.COMMANDS["data"][1]
    assert all(word in overview for word in ("list", "fetch", "verify", "pack"))


# In a process of its own -----------------------------------------------------------------------------


def python(*arguments, cwd):
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(minigan.__file__).parents[1]), str(cwd)]),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.processes
@pytest.mark.parametrize("module, line", [
    ("minigan.train", "--lr nan"),
    ("minigan.train", "--resume missing"),
    ("minigan.sample", "file"),
    ("minigan.data", "fetch nonsense"),
    ("minigan", "trian"),
])  # fmt: skip
def test_as_a_user_starts_it(module, line, workspace):
    before = snapshot(workspace)
    done = python("-m", module, *line.split(), cwd=workspace)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert snapshot(workspace) == before


@pytest.mark.processes
def test_train_then_sample_as_a_user_does(tmp_path):
    options = [f"--{name.replace('_', '-')}={train._text(value)}" for name, value in SMALL.items()]
    done = python("-m", "minigan.train", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(Path("runs/digits-1/samples.png")) in done.stdout
    done = python("-m", "minigan", "sample", "runs/digits-1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / done.stdout.strip()).read_bytes()[1:4] == b"PNG"


CTRL_C = """
import os, sys

class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["CTRL_C_AT"]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
"""


@pytest.mark.processes
@pytest.mark.parametrize("command, at", [
    ("-m minigan.train", "numpy"),
    ("-m minigan.train", "minigan.cli"),
    ("-m minigan homework list", "minigan.cli"),
    ("minigan list", "minigan.__main__"),  # as pip installs it
    ("minigan.exe", "numpy"),
])  # fmt: skip
def test_ctrl_c_while_python_imports_ends_without_a_word(command, at, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(CTRL_C)
    script = "import sys\nfrom minigan.__main__ import main\nsys.exit(main())"
    for name in ("minigan", "minigan.exe", "mine.py"):
        (tmp_path / name).write_text(script)
    monkeypatch.setenv("CTRL_C_AT", at)
    done = python(*command.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    done = python("mine.py", cwd=tmp_path)  # a program of somebody's own
    assert done.returncode != 130 and done.stderr.endswith("KeyboardInterrupt\n")


LOADED = "import sys, json; import minigan; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.processes
def test_import_loads_numpy_and_nothing_heavy(tmp_path):
    done = python("-c", LOADED, cwd=tmp_path)
    modules = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert "numpy" in modules
    assert not modules & {"matplotlib", "PIL", "tqdm", "pooch", "requests", "scipy", "cupy"}


@pytest.mark.processes
def test_bad_options_are_refused_before_anything_heavy_is_loaded(tmp_path):
    code = (
        "import sys; from minigan.train import main; status = main(['--lr', 'nan']);"
        "print(status, *{'matplotlib', 'PIL', 'tqdm', 'pooch', 'cupy'} & set(sys.modules))"
    )
    assert python("-c", code, cwd=tmp_path).stdout == "2\n"


# Where nothing can be computed ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE"])
@pytest.mark.parametrize("command", COMMANDS)
def test_many_processes_would_all_do_the_same(command, name, capsys, unchanged, monkeypatch):
    monkeypatch.setenv(name, "2")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    status, said = refused(capsys, command, "good" if command == "sample" else "")
    assert status == 2 and " started 2" in said and "without mpiexec" in said
    assert ("minigan[mpi]" in said) == (command in ("train", "benchmark"))


@pytest.mark.parametrize("size", ["1", "", "many"])
def test_one_process_under_a_launcher_is_one(size, capsys, monkeypatch):
    monkeypatch.setenv("PMI_SIZE", size)
    assert COMMANDS["data"](["list"]) == 0
    assert "mnist" in capsys.readouterr().out


def test_without_numpy_a_command_is_one_line_and_an_import_an_exception():
    """As after `make train`, where the system's Python does not have what .venv has."""
    root = Path(minigan.__file__).parents[1]
    bare = [sys.executable, "-S", "-E"]  # no site-packages
    done = subprocess.run([*bare, "-m", "minigan.train"], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: minigan needs numpy, and ") and done.stderr.count("\n") == 1
    assert "activate the environment" in done.stderr and "python -m pip install ." in done.stderr
    done = subprocess.run([*bare, "-c", "import minigan"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 1 and "ModuleNotFoundError: No module named 'numpy'" in done.stderr


def test_another_library_that_is_missing_is_one_line(capsys, unchanged, monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    status, said = refused(capsys, "train", "--epochs 1")
    assert status == 2 and "minigan needs threadpoolctl, and " in said


def test_a_missing_file_of_our_own_is_no_library():
    def command():
        raise ModuleNotFoundError("No module named 'minigan.missing'", name="minigan.missing")

    with pytest.raises(ModuleNotFoundError):
        exit_status(command)


# Where the output goes -------------------------------------------------------------------------------


def said_into(place, monkeypatch, command=lambda: 0):
    """The status of a command whose line is still in the buffer of its output when it ends."""
    with open(place, "w") as stream:  # which can be closed
        monkeypatch.setattr("sys.stdout", stream)
        return exit_status(lambda: print("a line") or command())


FULL = "/dev/full"
has_a_full_disk = pytest.mark.skipif(not os.path.exists(FULL), reason="no disk is always full here")


@has_a_full_disk
def test_a_disk_too_full_for_the_output_is_one_line(monkeypatch, capfd):
    assert said_into(FULL, monkeypatch) == 1
    assert capfd.readouterr().err == f"error: standard output: {os.strerror(errno.ENOSPC)}\n"


@has_a_full_disk
def test_what_was_wrong_is_said_though_the_disk_is_full(monkeypatch, capfd):
    def command():
        raise InputError("nothing there")

    assert said_into(FULL, monkeypatch, command) == 2
    assert capfd.readouterr().err == "error: nothing there\n"


def test_a_reader_who_has_gone_is_no_complaint(monkeypatch, capfd):
    reader, writer = os.pipe()
    os.close(reader)
    assert said_into(writer, monkeypatch) == 1
    assert capfd.readouterr().err == ""


def test_with_its_standard_error_closed_a_command_runs(workspace, monkeypatch, tmp_path, capfd):
    monkeypatch.setattr("sys.stderr", None)
    options = [f"--{name.replace('_', '-')}={train._text(value)}" for name, value in SMALL.items()]
    assert train.main([*options, "--out", str(tmp_path / "run")]) == 0
    assert "samples.png" in capfd.readouterr().out
    sys.stderr.close()


def test_an_error_of_the_system_says_which_file(capsys):
    def command():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a/b")

    assert exit_status(command) == 1
    assert capsys.readouterr().err == f"error: a/b: {os.strerror(errno.ENOENT)}\n"


def test_a_request_to_end_is_a_ctrl_c_so_that_what_was_begun_is_tidied_up(tmp_path):
    def command():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            (tmp_path / "tidied up").touch()

    assert exit_status(lambda: exit_status(command)) == 130 and os.listdir(tmp_path) == ["tidied up"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
