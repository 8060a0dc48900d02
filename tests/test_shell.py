"""The line that a user can paste: it must run this Python, from where the user is."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minigan.shell import typed

ARGUMENTS = ["--resume", "Ann's run"]


@pytest.mark.skipif(os.name != "posix", reason="NOT TESTED: a shell of another system")
@pytest.mark.parametrize("where", ["on the path", "below this folder", "elsewhere"])
def test_it_runs_with_this_python(where, tmp_path, monkeypatch):
    """Three environments: activated; not activated and in .venv, as `make train` leaves it; anywhere else."""
    home = tmp_path / "a folder"
    python = home / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(python))
    if where == "on the path":
        monkeypatch.setenv("PATH", str(python.parent), prepend=os.pathsep)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other" if where == "elsewhere" else home)
    line = typed("train", ARGUMENTS)
    first, *rest = shlex.split(line)
    assert rest == ["-m", "minigan.train", *ARGUMENTS]
    assert first == {"on the path": "python", "below this folder": ".venv/bin/python"}.get(where, str(python))
    assert Path(shutil.which(first)).absolute() == python


@pytest.mark.skipif(os.name != "posix", reason="NOT TESTED: a shell of another system")
def test_a_shell_takes_it(tmp_path):
    line = typed("train", ["--resume", str(tmp_path / "no; such $run")])
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert done.returncode == 2 and f"{tmp_path}/no; such $run: expected a run folder" in done.stderr
