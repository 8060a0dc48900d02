"""Grade many submissions: each with the student's own seed, one synced journal line for each that is done.

A killed batch loses nothing but what was under way: `--resume` reads the journal and grades the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigan.errors import InputError
from minigan.files import write_atomically
from minigan.homework.answers import proof
from minigan.homework.answers.mark import mark
from minigan.homework.judging.judge import Outcome, Verdict
from minigan.homework.judging.kit import Kit, kit
from minigan.homework.marking.submissions import BadSubmission, Submission
from minigan.homework.tasks.spec import PACKAGE, Assignment
from minigan.lock import Lock


@dataclass(frozen=True)
class Graded:
    """A student's verdict, and what it was given for."""

    student: str
    sha256: str
    grader: str
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "verdict": self.verdict.as_dict()}


def seed_for(secret: bytes, student: str, homework: str) -> int:
    """HMAC(secret, student, homework): nobody can know it before, everybody can use it afterwards."""
    digest = hmac.new(secret, f"{student}\0{homework}".encode("utf-8", "surrogateescape"), "sha256").digest()
    return int.from_bytes(digest[:6], "big")


def grade_one(kit: Kit, submission: Submission, seed: int, level: int) -> Verdict:
    """The verdict on one submission.  Nothing that was handed in makes this raise."""
    assignment = kit.assignment
    try:
        source = submission.source(assignment.id)
    except BadSubmission as reason:
        outcomes = [Outcome(c.name, c.says, c.points, "error", str(reason)) for c in assignment.checks]
        return Verdict(assignment.id, seed, level, outcomes)
    try:
        return mark(kit, source, seed, level)
    except Exception as error:  # ours, whatever it is: this one gets no score, and the others get theirs
        broken = f"{type(error).__name__}: {error}"
        outcomes = [Outcome(c.name, c.says, c.points, "grader_error", broken) for c in assignment.checks]
        return Verdict(assignment.id, seed, level, outcomes)


def grade_all(
    assignment: Assignment,
    submissions: list[Submission],
    out: Path,
    secret: bytes,
    level: int,
    jobs: int,
    resume: bool,
    tell: Callable[[Graded], None],
) -> list[Graded]:
    """Every submission graded, in the order of the students.

    InputError where `out` holds another batch, or another grading is at work there.
    """
    journal, work = out / "journal.jsonl", out.resolve() / ".work"
    grader = grader_version(assignment)
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as until_done:
        until_done.callback(Lock(out, "filled").release)
        if journal.exists() and not resume:
            raise InputError(
                f"{out} holds a batch already; --resume continues it, --out names another folder"
            )
        there = list(_read_journal(journal))
        if other := {g.verdict.homework for g in there} - {assignment.id}:
            raise InputError(f"{out} holds a batch of {other.pop()}; --out names another folder")
        done = {g.student: g for g in there if g.grader == grader}
        shutil.rmtree(work, ignore_errors=True)  # what a killed batch left
        work.mkdir()
        until_done.callback(shutil.rmtree, work, ignore_errors=True)
        if not done:  # what is there was graded by the very same grader, after its proof
            proof.must_work(assignment, level, work)
        with kit(assignment, work) as made, _Journal(journal, done) as write:

            def grade(submission: Submission) -> Graded:
                seed = seed_for(secret, submission.student, assignment.id)
                sha256, before = _sha256(submission, assignment.id), done.get(submission.student)
                if (
                    before
                    and (before.sha256, before.verdict.seed) == (sha256, seed)
                    and not before.verdict.broken
                ):
                    return before
                graded = Graded(submission.student, sha256, grader, grade_one(made, submission, seed, level))
                write(graded)
                tell(graded)
                return graded

            with ThreadPoolExecutor(jobs) as pool:
                futures = [pool.submit(grade, submission) for submission in submissions]
                try:
                    results = [future.result() for future in as_completed(futures)]
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
    return sorted(results, key=lambda graded: graded.student)


def grader_version(assignment: Assignment) -> str:
    """A digest of everything a verdict depends on: minigan, the grader and the assignment."""
    digest = hashlib.sha256()
    folders = {one.folder for one in (assignment, *assignment.parts)}
    own = sorted(path for folder in folders for path in folder.glob("[sw]*.t*"))  # spec.toml, wrong.txt
    for path in sorted(PACKAGE.rglob("*.py")) + own:
        if "assignments" not in path.parts or folders & {*path.parents}:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class _Journal:
    """Appends one line at a time, each on the disk before the next step; begins without a torn last line."""

    def __init__(self, path: Path, done: dict[str, Graded]) -> None:
        lines = "".join(_line(graded) for graded in done.values())
        write_atomically(path, lambda file: file.write(lines.encode()))
        self.path, self.lock = path, threading.Lock()

    def __enter__(self) -> Callable[[Graded], None]:
        self.file = open(self.path, "ab")  # noqa: SIM115
        return self._write

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _write(self, graded: Graded) -> None:
        with self.lock:
            self.file.write(_line(graded).encode())
            self.file.flush()
            os.fsync(self.file.fileno())


def _line(graded: Graded) -> str:
    return json.dumps(graded.as_dict()) + "\n"


def _read_journal(path: Path) -> Iterator[Graded]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            values = json.loads(line)
            yield Graded(**{**values, "verdict": Verdict.from_dict(values["verdict"])})
        except (ValueError, TypeError, KeyError):
            continue  # the line that was being written when the batch was killed


def _sha256(submission: Submission, homework: str) -> str:
    try:
        return hashlib.sha256(submission.source(homework)).hexdigest()
    except BadSubmission as reason:
        return str(reason)
