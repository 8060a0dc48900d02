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

    made = run("new", "hw77_test", "--targets", "ops.relu,optim.Momentum.step", "nn.Dropout")
    assert made.returncode == 0, made.stderr
    assert run("start", "hw77").returncode == 0
    stub = (tmp_path / "hw77" / "hw77.py").read_text()
    assert "def relu" in stub and "class Dropout" in stub and "class Momentum" in stub
    assert "your turn" in stub.partition("class Momentum")[2].partition("def step")[2]
    assert "your turn" not in stub.partition("class Momentum")[2].partition("def step")[0]
    proof = run("selftest", "hw77")
    assert proof.returncode == 1
    for missing in (
        *("README.md is still", "spec.toml is still", "calls.py is still", "checks.py is still"),
        *("right.py is still", "wrong.txt is still", "has 0 wrong answers", "has 0 other right answers"),
        "the reference loses first: nothing was observed",
    ):
        assert missing in proof.stdout, proof.stdout
