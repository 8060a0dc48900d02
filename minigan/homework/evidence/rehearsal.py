"""A course that never was: 200 submissions, right, wrong and hostile: graded, killed, resumed, compared."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigan.files import read_json
from minigan.homework.answers import known as answers
from minigan.homework.evidence.attacks import ATTACKS
from minigan.homework.tasks import spec, strip
from minigan.homework.tasks.spec import PACKAGE, Assignment

SLOWEST = "hw01"  # of all but the capstone: the one whose submissions take the most processor time
HOSTILE = 20
KILLS = 5
AGAIN = 40  # submissions that are graded once more, in one go


@dataclass(frozen=True)
class Rehearsal:
    """How long the batch took, whether everybody got what they should, and whether the kills changed it.

    cpu: seconds of processor time, but for that of processes which were killed with the batch.
    """

    homework: str
    count: int
    jobs: int
    seconds: float
    cpu: float
    load: float  # how many processes wanted a core when it began
    cores: int
    surprises: tuple[str, ...]
    kills: int
    changed: tuple[str, ...]

    def text(self) -> str:
        kills = "OTHER RESULTS" if self.changed else "the same results"
        return (
            f"{self.count} submissions of {self.homework} (right, wrong, empty and hostile) graded with "
            f"--jobs {self.jobs}, killed at {self.kills} random points and resumed, in {self.seconds:.0f} s "
            f"({self.cpu:.0f} s of processor time) on {self.cores} cores, which {self.load:.0f} processes "
            f"wanted when it began; {len(self.surprises)} surprises; {AGAIN} of them again in one go: {kills}"
        )

    def broken(self) -> list[str]:
        wrong = [f"rehearsal: {surprise}" for surprise in self.surprises]
        return wrong + [f"rehearsal, after kills: {change}" for change in self.changed]


def rehearse(homework: str = SLOWEST, count: int = 200, jobs: int = 2) -> Rehearsal:
    """Grade a made-up course by the command, killed on the way, and a part of it once more in one go."""
    assignment = spec.load(homework)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "course.key").write_bytes(os.urandom(32))
        expected = _hand_in(assignment, place / "handed-in", count)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        began, before = time.monotonic(), os.times()
        kills = _killed(assignment, place, count, jobs)
        _grade(assignment, place, "handed-in", jobs).wait()
        seconds, after = time.monotonic() - began, os.times()
        whole = _results(place / "results-of-handed-in")
        surprises = tuple(
            f"{name} got {whole.get(name, {}).get('score')}, not {score}"
            for name, score in expected.items()
            if whole.get(name, {}).get("score") != score
        )
        some = random.sample(sorted(expected), min(AGAIN, count))
        for name in some:
            shutil.copytree(place / "handed-in" / name, place / "some" / name)
        _grade(assignment, place, "some", jobs).wait()
        again = _results(place / "results-of-some")
        pairs = [(name, _without_times(whole.get(name)), _without_times(again.get(name))) for name in some]
        changed = tuple(f"{name} had {a}, and now {b}" for name, a, b in pairs if a != b)
    cpu = sum(after[2:4]) - sum(before[2:4])
    cores = os.cpu_count() or 1
    return Rehearsal(homework, count, jobs, seconds, cpu, load, cores, surprises, kills, changed)


def _hand_in(assignment: Assignment, folder: Path, count: int) -> dict[str, int]:
    """Write the submissions; what each should score."""
    right = [(strip.solution(assignment), 100)]
    right += [(answer.file, 100) for answer in answers.right(assignment)]
    points = {check.name: check.points for check in assignment.checks}
    wrong = [
        (answer.file, 100 - sum(points[name] for name in answer.loses))
        for answer in answers.wrong(assignment)
    ]
    hostile = [
        (attack.source, 0) for attack in ATTACKS if 0 < len(attack.source) < 10_000 and attack.at_import
    ]
    plain = [*wrong, *right, (strip.stub(assignment), 0)]
    chosen = [hostile[i % len(hostile)] for i in range(HOSTILE)]
    chosen += [plain[i % len(plain)] for i in range(count - HOSTILE)]
    for number, (source, _) in enumerate(chosen):
        home = folder / f"student-{number:03}"
        home.mkdir(parents=True)
        (home / f"{assignment.id}.py").write_text(source, "utf-8")
    return {f"student-{number:03}": score for number, (_, score) in enumerate(chosen)}


def _killed(assignment: Assignment, place: Path, count: int, jobs: int) -> int:
    """Start the batch and kill it, at five random points of its journal; how often it was killed."""
    journal, kills = place / "results-of-handed-in" / "journal.jsonl", 0
    for enough in sorted(random.sample(range(1, count - jobs), KILLS)):
        process = _grade(assignment, place, "handed-in", jobs)
        while process.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= enough:
                time.sleep(random.random())
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.05)
        process.wait()
    return kills


def _grade(assignment: Assignment, place: Path, folder: str, jobs: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "minigan.homework", "grade", str(place / folder), "--resume", "--quiet"]
    command += ["--hw", assignment.id, "--secret-file", str(place / "course.key"), "--jobs", str(jobs)]
    command += ["--out", str(place / f"results-of-{folder}"), "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _results(out: Path) -> dict[str, Any]:
    return {entry["student"]: entry["verdict"] for entry in read_json(out / "results.json")["results"]}


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(part) for key, part in value.items() if key != "seconds"}
    return [_without_times(part) for part in value] if isinstance(value, list) else value
