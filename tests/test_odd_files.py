"""Files that can be read and hold what no run of ours wrote: one line of error or no harm, never a traceback.

A generator puts something else in the place of every value of a file, at every depth, and leaves each out.
"""

import copy
import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from minigan import checkpoint, data, evaluation, pictures, recipes, run, sample, train
from minigan.backend import Backend
from minigan.classifier import Classifier, Settings
from minigan.errors import InputError
from minigan.reproduce import classifier as reproduce_classifier
from minigan.reproduce.report import Report
from minigan.training import Training

OTHERS = {
    "null": "null",
    "true": "true",
    "text": '"text"',
    "-1": "-1",
    "1e308": "1e308",
    "10^400": "1" + 400 * "0",
    "NaN": "NaN",
    "an object": "{}",
    "lists": "[[[]]]",
    "900 lists": 900 * "[" + 900 * "]",
    "100,000 lists": 100_000 * "[" + 100_000 * "]",
}


def odd(value):
    """(what was done, the JSON text): each part of the value in turn replaced or left out."""
    for path in places(value):
        name = ".".join(map(str, path)) or "all"
        for other, text in OTHERS.items():
            yield f"{name}: {other}", json.dumps(changed(value, path, "<here>")).replace('"<here>"', text)
        if path:
            yield f"{name}: left out", json.dumps(changed(value, path))


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def changed(value, path, *new):
    """A copy with `new` at the path, or nothing there."""
    if not path:
        return new[0]
    value = copy.deepcopy(value)
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    if new:
        parent[path[-1]] = new[0]
    else:
        del parent[path[-1]]
    return value


def kinds(arrays):
    """(what was done, the arrays): each of them in turn of another shape or type, or left out."""
    for name, a in arrays.items():
        yield f"{name}: left out", {key: b for key, b in arrays.items() if key != name}
        for other, b in {
            "one number": np.zeros(()),
            "none": np.zeros(0),
            "an axis more": a[None],
            "whole numbers": a.astype(np.int64),
            "half precision": a.astype(np.float16),
            "truth values": a > 0,
        }.items():
            yield f"{name}: {other}", arrays | {name: b}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A run of two epochs, in little."""
    folder = tmp_path_factory.mktemp("odd") / "run"
    small = {"epochs": 2, "batch": 500, "z": 3, "hidden": (4,), "units": (3,), "pieces": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "save_curves", lambda *_: None)  # slow
        training = Training(run.configure(recipes.find("digits").change(**small), 1, "numpy"), Backend())
        training.start(str(folder))
        training.play(lambda t, means: None)
    return folder


@pytest.fixture
def spoilt(good, tmp_path, monkeypatch):
    monkeypatch.setattr(Training, "play", lambda *_: True)  # to get so far is enough
    return shutil.copytree(good, tmp_path / "run")


def one_line_or_no_harm(command, what, capsys):
    """The status, of a command that must not end in a traceback."""
    try:
        status = command()
    except Exception as error:
        pytest.fail(f"{what}: {error!r:.300}")
    errors = capsys.readouterr().err
    expected = (0, 0) if status == 0 else (2, 1)
    assert (status, errors.count("\n")) == expected and errors.startswith("error: " * (status > 0)), what
    return status


def resume(folder):
    return train.main(["--quiet", "--resume", str(folder), "--epochs", "3"])


def draw(folder):
    return sample.main(["--quiet", str(folder), "--count", "2", "--out", str(folder / "out.npy")])


def test_the_generator_leaves_no_value_as_it_was():
    value = {"a": [1, {"b": 2}], "c": "d"}
    made = dict(odd(value))
    assert len(made) == 6 * len(OTHERS) + 5
    assert json.loads(made["a.1.b: null"]) == {"a": [1, {"b": None}], "c": "d"}
    assert json.loads(made["c: left out"]) == {"a": value["a"]}
    assert made["all: text"] == '"text"'


def test_config(spoilt, capsys):
    path, statuses = spoilt / "config.json", {}
    for what, text in odd(json.loads(path.read_text())):
        path.write_text(text)
        statuses[what] = one_line_or_no_harm(lambda: resume(spoilt), what, capsys)
    assert sum(statuses.values()) > 0.9 * 2 * len(statuses) > 600


def test_what_a_checkpoint_says(spoilt, capsys):
    path = spoilt / "checkpoint.npz"
    arrays, meta = checkpoint.load(path)
    for what, text in odd(meta):
        if "0 lists" in what or what.startswith("all"):
            np.savez(path, meta=np.frombuffer(text.encode(), np.uint8), **arrays)
        else:
            checkpoint.save(path, arrays, json.loads(text))
        (spoilt / "checkpoint.previous.npz").unlink(missing_ok=True)
        for command in (resume, draw):
            assert one_line_or_no_harm(lambda command=command: command(spoilt), what, capsys) == 2, what


def test_what_a_checkpoint_holds(spoilt, capsys):
    path = spoilt / "checkpoint.npz"
    arrays, meta = checkpoint.load(path)
    assert {"values", "G.linear1.W", "D.velocity.maxout1.b"} < arrays.keys()
    for what, others in kinds(arrays):
        checkpoint.save(path, others, meta)
        (spoilt / "checkpoint.previous.npz").unlink(missing_ok=True)
        for command in (resume, draw):
            assert one_line_or_no_harm(lambda command=command: command(spoilt), what, capsys) == 2, what


def test_what_a_checkpoint_holds_besides_is_not_lost(spoilt, capsys):
    path = spoilt / "checkpoint.npz"
    arrays, meta = checkpoint.load(path)
    checkpoint.save(path, arrays | {"mean": np.zeros(2)}, meta)
    before = path.read_bytes()
    assert resume(spoilt) == 2
    assert "also has mean, which would be lost" in capsys.readouterr().err and path.read_bytes() == before


NUMBERS_TOO = [f"{name}: -1" for name in run.COLUMNS]


def test_log(spoilt, capsys):
    """An odd line is passed over wherever the log is read, unless it is odd where nobody looks."""
    path = spoilt / "log.jsonl"
    lines = path.read_text().splitlines()
    taken = []
    for what, text in odd(json.loads(lines[0])):
        path.write_text(f"{text}\n{lines[1]}\n")
        read = run.read_log(spoilt)
        assert read[-1] == json.loads(lines[1]), what
        if "0 lists" not in what:  # Python decides how deep it reads
            nobody_reads = what.startswith(("learning_rate", "momentum", "seconds"))
            assert (len(read) == 2) == (nobody_reads or what in NUMBERS_TOO), what
        path.write_text(f"{lines[1]}\n{text}\n")
        assert run.epochs_of(spoilt) in (1, 2), what
        taken += read
        assert one_line_or_no_harm(lambda: resume(spoilt), what, capsys) == 0
    pictures.save_curves(spoilt / "curves.png", taken)


def test_a_report(tmp_path):
    report = Report("odd", str(tmp_path), ["--seed", "1"], {"seed": 1})
    report.keep("epoch 1", lambda: {"mean": 1.5, "runs": [1, {"sigma": 0.2}]})
    for what, text in odd(json.loads(report.path.read_text())):
        report.path.write_text(text)
        try:
            found = Report("odd", str(tmp_path), [], {"seed": 1}).found
        except InputError as error:
            assert "\n" not in str(error), what
        else:
            assert found == report.found, what


@pytest.fixture
def judge():
    settings = Settings(units=(4,), pieces=2, scale=0.05, batch=500)
    return Classifier(data.load("digits"), settings, Backend(), seed=0)


def test_a_classifier_of_before(judge, tmp_path):
    """Of `reproduce classifier`, which goes on with it, and of `evaluate`, which trains another."""
    path, identity = tmp_path / checkpoint.NAME, {"seed": 3, "settings": {"units": [4]}}
    arrays, curve = judge.arrays(), [{"epoch": 1, "loss": 2.3, "valid_error": 0.9, "test_error": 0.9}]
    cases = [(what, arrays, text) for what, text in odd({"identity": identity, "curve": curve})]
    cases += [
        (what, others, json.dumps({"identity": identity, "curve": curve})) for what, others in kinds(arrays)
    ]
    for what, others, text in cases:
        if "0 lists" in what or what.startswith("all"):
            np.savez(path, meta=np.frombuffer(text.encode(), np.uint8), **others)
        else:
            checkpoint.save(path, others, json.loads(text))
        path.with_name("checkpoint.previous.npz").unlink(missing_ok=True)
        if evaluation._restored(judge, path, identity):
            assert others is arrays and not what.startswith(("identity", "all")), what
        try:
            found = reproduce_classifier._resume(judge, tmp_path, identity)
        except InputError as error:
            assert "\n" not in str(error), what
        else:
            assert judge.epoch == len(found) and others is arrays, what
    assert asdict(judge.settings)["units"] == (4,)


@pytest.mark.parametrize("odd", [b"\xff\xfe\x80", b'{"epoch": 2.5', b'{"epoch": 1e3'])
def test_a_line_of_odd_bytes_and_half_an_epoch(odd, tmp_path):
    """Nobody plays half an epoch, though 2.5 is a number."""
    record = {"epoch": 2, "update": 30} | dict.fromkeys(run.COLUMNS, 0.5)
    line = json.dumps(record).encode()
    (tmp_path / "log.jsonl").write_bytes(
        line + b"\n" + line.replace(b'{"epoch": 2', odd) + b"\n" + odd + b"\n"
    )
    assert run.read_log(tmp_path) == [record]
