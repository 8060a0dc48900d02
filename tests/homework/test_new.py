"""A scaffold is an assignment whose own proof fails until it is complete."""

import os
import shutil
import subprocess
import sys

from minigan.homework.tasks.spec import PACKAGE


def test_the_proof_of_a_scaffold_fails_and_says_what_is_missing(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "minigan", ignore=shutil.ignore_patterns("__pycache__", "*.gz"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def run(*argv):
        command = [sys.executable, "-m", "minigan.homework", *argv]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    made = run("new", "hw77_test", "--module", "ops", "--targets", "relu,tanh")
    assert made.returncode == 0, made.stderr
    assert "def relu" in run("start", "hw77").stdout or (tmp_path / "hw77" / "hw77.py").exists()
    proof = run("selftest", "hw77")
    assert proof.returncode == 1
    for missing in ("reference", "has 0 wrong answers", "has 0 other right answers"):
        assert missing in proof.stdout
