"""python -m minigan.data: what it says, and its exit status."""

import dataclasses
import subprocess
import sys
from socket import socket

import numpy as np
import pooch
import pytest

from minigan import data
from minigan.data import Source
from minigan.data.__main__ import main
from minigan.data.fetch import File, obtain
from minigan.errors import InputError


def read(path):
    if path.read_bytes() != b"good":
        raise InputError(f"{path} is damaged")
    return np.zeros((1, 1), np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's own folder of a data set `tiny` of one file, which nobody serves."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mirror = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    files = (File("tiny", ("tiny.gz", "tiny"), (mirror,), read),)
    source = Source(lambda _: obtain(files), ("unit",), "1 + 1 + 1 pictures", "nobody", files)
    monkeypatch.setitem(data.SOURCES, "tiny", source)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    (tmp_path / "tiny").mkdir()
    return tmp_path / "tiny"


@pytest.fixture
def run(capsys):
    """Exit status, output, and the one line of complaint."""

    def run(*argv):
        status = main(list(argv))
        out, err = capsys.readouterr()
        assert err.count("\n") == (status > 0) and "Traceback" not in err
        assert bool(out) == (status == 0)
        return status, out, err

    return run


def test_list_has_a_line_for_each_data_set(folder, run):
    status, out, _ = run("list")
    heading, *lines = out.splitlines()
    assert status == 0 and [line.split()[0] for line in lines] == list(data.SOURCES)
    assert "not fetched" in lines[-1]
    assert all(line.index(data.SOURCES[line.split()[0]].origin) == heading.index("origin") for line in lines)
    (folder / "tiny.gz").write_bytes(b"")
    assert run("list")[1].splitlines()[-1].endswith(str(folder))


def test_verify_whole_damaged_missing(folder, run):
    status, _, err = run("verify", "tiny")
    assert status == 1 and "tiny.gz is neither in" in err and "fetch tiny" in err
    (folder / "tiny.gz").write_bytes(b"bad")
    status, _, err = run("verify", "tiny")
    assert status == 1 and f"{folder / 'tiny.gz'} is damaged" in err
    (folder / "tiny.gz").write_bytes(b"good")
    status, out, _ = run("verify", "tiny")
    assert status == 0 and str(folder) in out


def test_of_two_files_both_must_be_there_and_whole(folder, run, monkeypatch):
    one = data.SOURCES["tiny"].files[0]
    files = (one, dataclasses.replace(one, names=("other.gz",)))
    monkeypatch.setitem(data.SOURCES, "tiny", dataclasses.replace(data.SOURCES["tiny"], files=files))
    (folder / "tiny.gz").write_bytes(b"good")
    assert run("list")[1].splitlines()[-1].endswith("not fetched")
    status, _, err = run("verify", "tiny")
    assert status == 1 and "other.gz is neither in" in err
    (folder / "other.gz").write_bytes(b"bad")
    status, _, err = run("verify", "tiny")
    assert status == 1 and "other.gz is damaged" in err


def test_of_two_files_in_two_places_the_first_is_shown(folder, run, monkeypatch, tmp_path):
    one = data.SOURCES["tiny"].files[0]
    files = (one, dataclasses.replace(one, names=("other.gz",)))
    monkeypatch.setitem(data.SOURCES, "tiny", dataclasses.replace(data.SOURCES["tiny"], files=files))
    (folder / "tiny.gz").write_bytes(b"good")
    (tmp_path / "cache" / "tiny").mkdir(parents=True)
    (tmp_path / "cache" / "tiny" / "other.gz").write_bytes(b"good")
    assert run("list")[1].splitlines()[-1].endswith(str(folder))


def test_a_damaged_file_of_minigan_itself(run, monkeypatch):
    def damaged(path, *expected):
        raise InputError(f"{path} is damaged")

    monkeypatch.setattr(data.digits.idx, "read", damaged)
    status, _, err = run("verify", "digits")
    assert status == 1 and "is damaged" in err


def test_fetch_here_damaged_and_out_of_reach(folder, run):
    assert run("fetch", "tiny")[0] == 1
    (folder / "tiny.gz").write_bytes(b"bad")
    assert run("fetch", "tiny")[0] == 2
    (folder / "tiny.gz").write_bytes(b"good")
    assert run("fetch", "tiny")[:2] == (0, f"tiny: {folder}\n")


@pytest.mark.parametrize("name", ["digits", "gaussian1d", "ring8", "grid25"])
def test_what_needs_no_file_is_always_whole(run, name):
    assert run("fetch", name)[0] == run("verify", name)[0] == 0


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["fetch", "mnits"], "did you mean mnist?"),
        (["verify", "imagenet"], "grid25"),
        (["fetch"], "fetch needs the name of a data set"),
        (["verify"], "verify needs the name of a data set"),
        (["download", "mnist"], "'download'"),
        ([], "command"),
        (["list", "--long"], "--long"),
        (["list", "mnist"], "leave mnist out"),
        (["fetch", "mnist", "digits"], "digits"),
    ],
)
def test_wrong_arguments_are_one_line_and_status_2(run, argv, said):
    status, _, err = run(*argv)
    assert status == 2 and said in err


def test_as_a_command_and_without_anything_heavy():
    code = (
        "import sys, minigan.data.__main__ as m; m.main(['verify', 'digits']);"
        "print(sorted({'pooch', 'requests', 'tqdm', 'matplotlib', 'PIL', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("digits: whole, part of minigan\n[]\n", "")
    done = subprocess.run(
        [sys.executable, "-m", "minigan.data", "fetch", "x"], capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
