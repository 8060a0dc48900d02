"""lock.py: one process alone has a folder, and nobody has to tidy up after a killed one."""

import errno
import io
import json
import os
import subprocess
import sys
import time

import pytest

from minigan import checkpoint, train
from minigan import lock as lock_of_minigan
from minigan.errors import InputError
from minigan.lock import Lock, take

HOLD = """
import sys, time
from pathlib import Path
from minigan.lock import Lock

lock = Lock(Path(sys.argv[1]))
print("has it", flush=True)
time.sleep(60)
"""


def holding(folder):
    """Another process that has the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "has it\n"
    return process


def ended(process):
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_told_who_has_it(tmp_path):
    process = holding(tmp_path)
    try:
        with pytest.raises(InputError, match=f"is being played by process {process.pid} on .*, since 2"):
            Lock(tmp_path)
    finally:
        ended(process)


def test_a_killed_process_holds_nobody_up(tmp_path):
    ended(holding(tmp_path))
    assert (tmp_path / ".lock").exists()
    lock = Lock(tmp_path)
    said = (tmp_path / ".lock").read_text() if os.name != "nt" else f"process {os.getpid()} on"
    assert said.startswith(f"process {os.getpid()} on") and said.count("process") == 1
    lock.release()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot write to .*missing: .*; a copy of it"):
        Lock(tmp_path / "missing")


def test_on_a_full_disk_the_folder_is_ours_all_the_same(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(
        lock_of_minigan, "open", lambda path, mode, buffering: Full(path, "a+"), raising=False
    )
    lock = Lock(tmp_path)
    with pytest.raises(InputError, match="is being played by another process"):
        Lock(tmp_path)
    lock.release()
    assert os.listdir(tmp_path) == []


def test_in_one_process_too(tmp_path):
    lock = Lock(tmp_path)
    with pytest.raises(InputError, match=f"process {os.getpid()} "):
        Lock(tmp_path)
    lock.release()
    assert lock._file.closed and os.listdir(tmp_path) == []
    other = Lock(tmp_path)
    lock.release()  # a second time, which is nothing to the other
    assert os.listdir(tmp_path) == [".lock"]
    other.release()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="NOT TESTED: Windows removes no file that is open")
def test_a_file_that_is_gone_locks_nothing(tmp_path):
    """The owner removes its file between our opening and our locking it, and a third makes a new one."""

    class Late(Lock):
        def _is_there(self):
            self.path.unlink()
            self.path.touch()
            return super()._is_there()

    with pytest.raises(InputError, match="another process"):
        Late(tmp_path)


def test_where_the_system_knows_no_locks(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl", reason="NOT TESTED: another system's locks")
    monkeypatch.setattr(fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(95, "not supported")))
    Lock(tmp_path).release()
    with open(tmp_path / "a", "wb") as file:
        assert take(file) is None
        monkeypatch.setitem(sys.modules, "fcntl", None)
        assert take(file) is None


# Runs -------------------------------------------------------------------------------------------------

SMALL = ["--quiet", "--hidden", "8", "--units", "4", "--batch", "500"]


def test_two_processes_never_play_one_run(tmp_path, capsys):
    run = tmp_path / "run"
    assert train.main([*SMALL, "--epochs", "2", "--out", str(run)]) == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    process = holding(run)
    try:
        assert train.main(["--quiet", "--resume", str(run), "--epochs", "4"]) == 2
        assert "is being played by process" in capsys.readouterr().err
        assert train.main(["--quiet", "--resume", str(run)]) == 0  # it is complete: nothing to play
    finally:
        ended(process)
    assert train.main(["--quiet", "--resume", str(run)]) == 0  # now what the killed one left is gone
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}.keys() == before.keys()
    assert train.main(["--quiet", "--resume", str(run), "--epochs", "4"]) == 0
    log = [json.loads(line)["epoch"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert log == [1, 2, 3, 4] and not (run / ".lock").exists()


def test_played_while_it_was_read(tmp_path, capsys, monkeypatch):
    """Between our look at the checkpoint and our lock another process went on and ended."""
    run = tmp_path / "run"
    assert train.main([*SMALL, "--epochs", "1", "--out", str(run)]) == 0
    load = checkpoint.load_newest

    def late(path):
        found = load(path)
        os.utime(run / "checkpoint.npz", (time.time() + 9, time.time() + 9))
        return found

    monkeypatch.setattr(checkpoint, "load_newest", late)
    assert train.main(["--quiet", "--resume", str(run), "--epochs", "2"]) == 2
    assert "was played by another process just now; try again" in capsys.readouterr().err
    assert not (run / ".lock").exists()
