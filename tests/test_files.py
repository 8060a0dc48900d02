"""files.py: written whole or not at all."""

import errno
import io
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from minigan import files
from minigan.errors import InputError


def names(folder):
    return sorted(os.listdir(folder))


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "a.txt"
    files.write_atomically(path, lambda file: file.write(b"old"))
    files.write_atomically(str(path), lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"

    files.write_atomically(path, write)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_everything_as_it_was(tmp_path, error):
    path, previous = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_bytes(b"old")
    previous.write_bytes(b"older")

    def write(file):
        file.write(b"part")
        raise error

    with pytest.raises(type(error)) as raised:
        files.write_atomically(path, write, previous)
    assert raised.value is error
    assert (path.read_bytes(), previous.read_bytes()) == (b"old", b"older")
    assert names(tmp_path) == ["a.txt", "b.txt"]


def test_a_folder_to_write_into(tmp_path):
    folder = tmp_path / "a" / "b"
    assert files.writable(folder) == files.writable(folder) == folder
    assert folder.is_dir() and names(folder) == []
    (tmp_path / "c").touch()
    with pytest.raises(InputError, match="--out: cannot write to .*c: .*; name another folder"):
        files.writable(tmp_path / "c")
    with pytest.raises(InputError, match="^--write: cannot write to "):
        files.writable(tmp_path / "c", "--write")


def test_a_file_to_write(tmp_path):
    path = tmp_path / "a" / "b.txt"
    assert files.writable_file(str(path), "--write") == path and names(tmp_path / "a") == []
    with pytest.raises(InputError, match="--write: expected the name of a file, .* is a folder"):
        files.writable_file(tmp_path / "a", "--write")
    path.touch()
    with pytest.raises(InputError, match="--write: cannot write to .*b.txt: .*; name another folder"):
        files.writable_file(path / "c.txt", "--write")


def test_a_full_disk_is_seen_before_anything_is_computed(tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", lambda dir: Full())
    with pytest.raises(InputError, match="cannot write to .*: No space left on device; name another"):
        files.writable(tmp_path)


def test_bytes_are_on_the_disk_before_they_get_the_name(tmp_path, monkeypatch):
    calls = []
    real = {"fsync": os.fsync, "replace": os.replace}
    for name in real:
        monkeypatch.setattr(os, name, lambda *a, name=name: (calls.append(name), real[name](*a)))
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"x"))
    assert calls[:2] == ["fsync", "replace"]
    if os.name == "posix":
        assert calls[2:] == ["fsync"]  # the folder's


KILLED = """
import os, signal, sys
from minigan import files

def write(file):
    file.write(b"part")
    file.flush()
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

files.write_atomically(sys.argv[1], write)
"""


def test_what_a_killed_process_left_the_next_writing_removes(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LATE", -1)
    path = tmp_path / "a[1].txt"
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)]).returncode != 0
    (left,) = tmp_path.iterdir()
    assert left.read_bytes() == b"part"
    others = [".a[1].txt.mine.tmp", ".a1.txt.01234567.tmp", ".b.txt.01234567.tmp", "a[1].txt.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"another's")
    files.write_atomically(path, lambda file: file.write(b"whole"))
    assert path.read_bytes() == b"whole" and names(tmp_path) == sorted([*others, path.name])


def test_where_there_are_no_locks_nobody_is_taken_for_dead(tmp_path, monkeypatch):
    (tmp_path / ".a.01234567.tmp").touch()
    monkeypatch.setattr(files, "take", lambda file: None)
    files.write_atomically(tmp_path / "a", lambda file: None)
    assert names(tmp_path) == [".a.01234567.tmp", "a"]


def test_on_windows_a_file_is_closed_before_it_is_renamed_and_safe_meanwhile(tmp_path, monkeypatch):
    def replace(source, target):
        (file,) = opened
        assert file.closed
        os.replace(source, target)

    opened, left = [], tmp_path / ".a.01234567.tmp"
    monkeypatch.setattr(files, "os", SimpleNamespace(**vars(os) | {"name": "nt", "replace": replace}))
    left.touch()
    files.write_atomically(tmp_path / "a", opened.append)
    assert names(tmp_path) == [left.name, "a"]  # it may be about to get its name
    os.utime(left, (time.time() - 2 * files.LATE,) * 2)
    opened.clear()
    files.write_atomically(tmp_path / "a", opened.append)
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="NOT TESTED: Windows removes no file that is open")
def test_a_writer_whose_new_file_was_taken_for_a_leftover_begins_again(tmp_path, monkeypatch):
    """Another looks for leftovers between our opening our file and our locking it."""
    take, calls = files.take, []

    def late(file):
        calls.append(file.name)
        if len(calls) == 1:
            os.unlink(file.name)
        return take(file) if len(calls) != 2 else False

    monkeypatch.setattr(files, "take", late)
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"x"))
    assert len(calls) == 3 and names(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"x"


def test_two_writers_at_once_leave_one_whole_file(tmp_path):
    """The second begins and ends while the first is writing."""
    path = tmp_path / "a.txt"

    def write(file):
        file.write(b"the first ")
        files.write_atomically(path, lambda other: other.write(b"the second"))
        assert path.read_bytes() == b"the second"
        file.write(b"and its end")

    files.write_atomically(path, write)
    assert path.read_bytes() == b"the first and its end" and names(tmp_path) == ["a.txt"]


def test_an_error_names_the_file_that_the_user_knows(tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        files.write_atomically(tmp_path / "missing" / "a", lambda file: None)
    assert raised.value.filename == str(tmp_path / "missing" / "a")


def test_a_full_disk_names_the_file_too_but_no_file_another_reason(tmp_path):
    for error, name in (
        (OSError(28, "No space left on device"), str(tmp_path / "a")),
        (OSError("odd"), None),
    ):

        def fail(file, error=error):
            raise error

        with pytest.raises(OSError) as raised:
            files.write_atomically(tmp_path / "a", fail)
        assert raised.value.filename == name and list(tmp_path.iterdir()) == []


def test_keeps_the_previous_file(tmp_path):
    path, previous = tmp_path / "a", tmp_path / "b"
    for content in (b"1", b"2", b"3"):
        files.write_atomically(path, lambda file, content=content: file.write(content), previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"3", b"2")


def test_oserror_stays_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.write_atomically(tmp_path / "missing" / "a", lambda file: None)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        files.write_atomically(tmp_path / "folder", lambda file: None)
    assert names(tmp_path) == ["folder"]


def test_json_round_trip(tmp_path):
    value = {"b": [1, 0.1, None, True], "a": "é\udce9"}
    files.write_json(tmp_path / "a.json", value)
    assert files.read_json(tmp_path / "a.json") == value
    assert list(files.read_json(tmp_path / "a.json")) == ["b", "a"]


@pytest.mark.parametrize(
    "content",
    [b"", b'{"a": 1', b"\xff\xfe\xfd", b"[" * 200_000, b"1" * 5000, b"{} {}"],
    ids=lambda c: str(c[:8]),
)
def test_damaged_json_is_one_clear_line(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        files.read_json(path)
    assert str(path) in str(raised.value) and "damaged" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_json_is_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read_json(tmp_path / "config.json")


@pytest.mark.parametrize("value", [0, -1.5, 1e299])
def test_a_number_to_compute_with(value):
    assert files.is_number(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300, True, "1", None, [1]])
def test_none_to_compute_with(value):
    assert not files.is_number(value)
