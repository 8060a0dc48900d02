"""What a student can do: list, start, check, watch, hint, why, solution, reset, progress, doctor."""

from __future__ import annotations

import difflib
import os
import platform
import shlex
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np

from minigan.errors import InputError, RunError
from minigan.files import writable, write_atomically
from minigan.homework.answers.mark import mark
from minigan.homework.judging import isolate
from minigan.homework.judging.judge import Verdict
from minigan.homework.judging.kit import kit
from minigan.homework.marking import report
from minigan.homework.marking.submissions import SOURCE_LIMIT, BadSubmission, Submission, resembling
from minigan.homework.student import progress
from minigan.homework.student.watch import watch as watch_file
from minigan.homework.tasks import spec, strip
from minigan.homework.tasks.spec import Assignment
from minigan.shell import typed


def list_all(_: Namespace) -> int:
    for assignment in (*spec.every(), spec.load(spec.CAPSTONE)):
        best = progress.of(assignment.id)["best"]
        print(f"{assignment.id}  {best:3} of 100  {assignment.title} (lesson {assignment.lesson})")
    print(
        "\npython -m minigan.homework start hw02    puts the task and an empty solution into the folder hw02"
    )
    return 0


def start(arguments: Namespace) -> int:
    assignment = spec.load(arguments.homework)
    path = _path(assignment, arguments)
    if assignment.parts:
        print(assignment.task, typed("homework", ["check", assignment.id]), sep="\n")
        return 0
    if path.exists():
        again = shlex.join(["reset", assignment.id, *_file(arguments)])
        raise InputError(f"{path} is there already and is not overwritten; `{again}` begins anew")
    task = writable(path.parent, "--file") / "README.md"
    if task.exists() and task.read_bytes() != assignment.task.encode():  # it is of something else
        task = path.with_name(f"{assignment.id}-task.md")
    _write(task, assignment.task)
    _write(path, strip.stub(assignment))
    print(f"{task}  is the task")
    then = typed("homework", ["check", assignment.id, *_file(arguments)])
    print(f"{path}  is where you write; then: {then}")
    return 0


def check(arguments: Namespace) -> int:
    verdict = _mark(spec.load(arguments.homework), arguments)
    return 0 if verdict.score == 100 else 1


def watch(arguments: Namespace) -> int:
    assignment = _with_a_file(arguments)
    path = _path(assignment, arguments)
    _source(path, assignment)
    watch_file(path, lambda: _mark(assignment, arguments).score == 100)
    return 0


def hint(arguments: Namespace) -> int:
    assignment = spec.load(arguments.homework)
    shown = min(progress.add_hint(assignment.id), len(assignment.hints))
    for number, text in enumerate(assignment.hints[:shown], 1):
        print(f"hint {number} of {len(assignment.hints)}: {text}\n")
    return 0


def why(arguments: Namespace) -> int:
    assignment = spec.load(arguments.homework)
    verdict = progress.last_verdict(assignment.id)
    if verdict is None:
        raise InputError(f"nothing was checked yet; run `check {assignment.id}` first")
    names = [check.name for check in assignment.checks]
    if arguments.check and arguments.check not in names:
        raise InputError(f"{assignment.id} has no check {arguments.check!r}, only {', '.join(names)}")
    wanted = [o for o in verdict.outcomes if o.name == arguments.check or not arguments.check]
    failed = [outcome for outcome in wanted if outcome.status != "pass"]
    if failed and {outcome.status for outcome in failed} <= {"not_written", "blocked"}:
        print(f"There is nothing to explain yet: what {assignment.id}.py was to hold is not written.")
        return 0
    for outcome in failed:
        print("\n".join([f"[{outcome.status}]  " + "\n".join(report.in_full(outcome)), ""]))
    if failed:
        print(
            "\n".join(f"looks like: {text}" for text in verdict.likely) or "The mistake is none that I know."
        )
    else:
        print("Nothing is wrong with that, as of the last check.")
    return 0


def solution(arguments: Namespace) -> int:
    assignment = _with_a_file(arguments)
    if progress.of(assignment.id)["best"] < 100 and not arguments.give_up:
        raise InputError("the solution is shown after 100 of 100, or with --give-up")
    theirs = strip.solution(assignment)
    print(theirs)
    path = _path(assignment, arguments)
    if path.exists():
        yours = path.read_text("utf-8", errors="replace")
        changes = difflib.unified_diff(
            yours.splitlines(), theirs.splitlines(), "yours", "minigan's", lineterm=""
        )
        print(report.clean("\n".join(changes)))
    return 0


def reset(arguments: Namespace) -> int:
    assignment = _with_a_file(arguments)
    path = _path(assignment, arguments)
    if path.exists():
        number = 1
        while (kept := path.with_name(f"{path.stem}-before-{number}.py")).exists():
            number += 1
        path.rename(kept)
        print(f"your file is now {kept}")
    return start(arguments)


def show_progress(_: Namespace) -> int:
    for assignment in (*spec.every(), spec.load(spec.CAPSTONE)):
        known = progress.of(assignment.id)
        counts = f"{known['tries']} checks, {min(known['hints'], 3)} hints"
        print(f"{assignment.id}  best {known['best']:3} of 100  {counts:20}  {assignment.title}")
    return 0


def doctor(_: Namespace) -> int:
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{platform.system()} {platform.release()}"
    )
    for level, what in isolate.LEVELS.items():
        reason = isolate.why_not(level)
        print(f"L{level}  {'works' if not reason else 'does not work: ' + reason}\n    {what}")
        if not reason:
            print(f"    does not stop: {isolate.CANNOT_STOP[level]}")
    print("L4  a container around the grader: nothing here starts one; `bundle gradescope` runs inside one")
    best = isolate.best_level()
    print(f"\ncheck uses L{best}." + ("" if best >= 2 else " grade needs L2, or --trust-submissions."))
    if platform.system() != "Linux":
        print(
            "L2 and L3 are Linux's (Landlock, seccomp, namespaces); elsewhere run only code that you trust."
        )
    if isolate.runs_as_root():
        print("You are root: the limit on the number of processes does not bind at L1.")
    return 0


def _mark(assignment: Assignment, arguments: Namespace) -> Verdict:
    source = _source(_path(assignment, arguments), assignment)
    level = isolate.best_level()
    with kit(assignment) as made:
        verdict = mark(made, source, arguments.seed, level)
    if verdict.broken:
        raise RunError(f"the grader failed, not you: {report.one_line(verdict.broken)}")
    print(report.summary(assignment, verdict), flush=True)
    progress.add_verdict(verdict)
    if verdict.score == 100:
        shown = shlex.join(["solution", assignment.id, *_file(arguments)])
        compare = "" if assignment.parts else f"; `{shown}` shows how minigan does it"
        print(f"all right{compare}")
    else:
        print(f"more: why {assignment.id}, hint {assignment.id}", file=sys.stderr)
    return verdict


def _with_a_file(arguments: Namespace) -> Assignment:
    assignment = spec.load(arguments.homework)
    if assignment.parts:
        raise InputError(
            f"the {assignment.id} has no file of its own: it consists of those of "
            f"{assignment.parts[0].id} to {assignment.parts[-1].id}"
        )
    return assignment


def _source(path: Path, assignment: Assignment) -> bytes:
    if assignment.parts:
        try:
            return Submission("you", path).source(assignment.id)
        except BadSubmission as reason:
            raise InputError(f"{path}: {reason}") from None
    if not path.is_file() or path.name not in os.listdir(path.parent):  # hw02.py is HW02.py on some systems
        there = f"; {path.parent} has {', '.join(others)}" if (others := resembling(path)) else ""
        raise InputError(f"there is no {path}{there}; `start {assignment.id}` makes it, --file names another")
    source = path.read_bytes()
    if len(source) > SOURCE_LIMIT:
        raise InputError(f"{path} has {len(source):,} bytes; a solution has at most {SOURCE_LIMIT:,}")
    return source


def _path(assignment: Assignment, arguments: Namespace) -> Path:
    standard = "." if assignment.parts else Path(assignment.id, f"{assignment.id}.py")
    return Path(getattr(arguments, "file", None) or standard)


def _file(arguments: Namespace) -> list[str]:
    """The option --file as it was given, for the command that comes next."""
    return ["--file", arguments.file] if arguments.file else []


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))
