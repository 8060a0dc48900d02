"""What an instructor can do: grade, report, selftest, bundle, new."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from minigan.errors import InputError, RunError
from minigan.files import read_json, writable, write_atomically, write_json
from minigan.homework.answers import proof
from minigan.homework.evidence import page, rehearsal
from minigan.homework.judging import isolate
from minigan.homework.judging.judge import Verdict
from minigan.homework.judging.kit import kit
from minigan.homework.marking import batch, outputs
from minigan.homework.marking import bundle as bundles
from minigan.homework.marking import similar as resemblance
from minigan.homework.marking.report import one_line
from minigan.homework.marking.submissions import BadSubmission, NoFile, Submission, collect
from minigan.homework.tasks import scaffold, spec
from minigan.homework.tasks.spec import Assignment


def grade(arguments: Namespace) -> int:
    assignment, level = spec.load(arguments.hw), _level(arguments)
    secret = _secret(arguments.secret_file)
    path = Path(arguments.submissions)
    if path.resolve() in {Path(entry).resolve() for entry in sys.path}:
        raise InputError(f"{path}: Python imports from there, what students wrote too; grade from elsewhere")
    if arguments.results:
        return _grade_one(assignment, path, secret, level, arguments)
    formats = arguments.format.split(",")
    if unknown := set(formats) - set(outputs.FORMATS):
        raise InputError(f"unknown format {', '.join(unknown)}; there are {', '.join(outputs.FORMATS)}")
    submissions = collect(path)
    out = Path(arguments.out)

    def tell(graded: batch.Graded) -> None:
        if not arguments.quiet:
            score = "  -" if graded.verdict.broken else f"{graded.verdict.score:3}"
            print(f"{score}  {one_line(graded.student)}", flush=True)

    results = batch.grade_all(
        assignment, submissions, out, secret, level, arguments.jobs, arguments.resume, tell
    )
    outputs.write_results(assignment, results, out, formats)
    print(f"{len(results)} submissions graded at L{level}; the results are in {out}")
    for student, reason in _without_a_file(submissions, assignment):
        print(f"no {assignment.id}.py, so 0: {one_line(student)}: {one_line(reason)}")
    if broken := [g for g in results if g.verdict.broken]:
        first = broken[0]
        raise RunError(
            f"the grader failed on {len(broken)} of them, which have no score (the first: "
            f"{one_line(first.student)}: {one_line(first.verdict.broken)}); --resume tries these again"
        )
    return 0


def report(arguments: Namespace) -> int:
    """Pass rate of each check, and how often each known mistake was made."""
    path = Path(arguments.results) / "results.json"
    if not path.exists():
        raise InputError(f"there is no {path}: grade with --format json first")
    verdicts = [Verdict.from_dict(entry["verdict"]) for entry in read_json(path)["results"]]
    verdicts = [verdict for verdict in verdicts if not verdict.broken]
    if not verdicts:
        raise InputError(f"{path} holds no results")
    scores = sorted(v.score for v in verdicts)
    print(f"{len(scores)} submissions, median {scores[len(scores) // 2]}, {scores.count(100)} with 100\n")
    for number, outcome in enumerate(verdicts[0].outcomes):
        statuses = Counter(v.outcomes[number].status for v in verdicts)
        rest = ", ".join(f"{count} {status}" for status, count in statuses.most_common() if status != "pass")
        print(f"  {100 * statuses['pass'] / len(verdicts):3.0f} %  {outcome.name:22} {rest}")
    print("\nwhat it looked like")
    for text, count in Counter(text for v in verdicts for text in v.likely).most_common():
        print(f"  {count:4}  {text}")
    return 0


def selftest(arguments: Namespace) -> int:
    """The grader's own proof.  Exit status 1 where something in it does not hold."""
    names = arguments.homework or [a.id for a in spec.every()] + [spec.CAPSTONE] * arguments.full
    assignments = [spec.load(name) for name in names]
    level = _level(arguments)
    if arguments.write:
        writable(Path(arguments.write).parent, "--write")
    proofs = []
    for one in proof.prove_all(assignments, level, arguments.jobs, arguments.full):
        proofs.append(one)
        print(one.text(), flush=True)
    attacks, rehearsals = [], []
    if arguments.full:
        attacks = page.attack_everywhere(print)
        rehearsals = [rehearsal.rehearse()]
        print(rehearsals[0].text(), flush=True)
    if arguments.write:
        text = page.as_markdown(proofs, attacks, rehearsals)
        write_atomically(arguments.write, lambda file: file.write(text.encode()))
        print(f"written: {arguments.write}")
    parts: list[Any] = [*proofs, *rehearsals]
    broken = [line for part in parts for line in part.broken()]
    broken += [attacked.row() for attacked in attacks if not attacked.holds]
    if broken:
        raise RunError(f"{len(broken)} parts of the proof do not hold; the first: {broken[0]}")
    print("the proof holds")
    return 0


def similar(arguments: Namespace) -> int:
    """Pairs of submissions that a person should look at."""
    assignment = spec.load(arguments.hw)
    if assignment.parts:
        raise InputError(f"the {assignment.id} has no file of its own: compare each of the others by itself")
    pairs = resemblance.similar(assignment, collect(Path(arguments.submissions)), arguments.least / 100)
    for part, one, other in pairs:
        print(f"{100 * part:3.0f} %  {one_line(one)} and {one_line(other)}")
    print(f"{len(pairs)} pairs share {arguments.least} % or more; that proves nothing: look at them")
    return 0


def bundle(arguments: Namespace) -> int:
    assignment = spec.load(arguments.hw)
    path = Path(arguments.out or f"gradescope-{assignment.id}.zip")
    bundles.gradescope(assignment, _secret(arguments.secret_file), path)
    print(f"{path}: upload it as the autograder of {assignment.id}")
    return 0


def new(arguments: Namespace) -> int:
    targets = [target for text in arguments.targets for target in text.split(",") if target]
    folder = scaffold.new(arguments.name, targets)
    print(f"{folder} is made; `selftest {folder.name[:4]}` says what comes next, until the proof holds")
    return 0


def _grade_one(assignment: Assignment, path: Path, secret: bytes, level: int, arguments: Namespace) -> int:
    """One submission into one Gradescope file, which says `did not finish` until it has finished."""
    results = Path(arguments.results)
    write_json(results, outputs.unfinished(assignment))
    seed = batch.seed_for(secret, arguments.student, assignment.id)
    proof.must_work(assignment, level)
    with kit(assignment) as made:
        verdict = batch.grade_one(made, Submission(arguments.student, path), seed, level)
    if verdict.broken:
        raise RunError(f"the grader failed: {one_line(verdict.broken)}")
    write_json(results, outputs.gradescope(verdict))
    return 0


def _without_a_file(submissions: list[Submission], assignment: Assignment) -> list[tuple[str, str]]:
    """Who handed in nothing of the right name, perhaps under another: for a person to look at."""
    found = []
    for submission in submissions:
        try:
            submission.source(assignment.id)
        except NoFile as reason:
            found.append((submission.student, str(reason)))
        except BadSubmission:
            continue
    return found


def _level(arguments: Namespace) -> int:
    """The level to grade at.  InputError below L2, unless the submissions are trusted."""
    best = isolate.best_level()
    level = best if arguments.level is None else arguments.level
    if level > best:
        raise InputError(f"L{level} does not work here: {isolate.why_not(level)}; `doctor` says more")
    if level < 2 and not getattr(arguments, "trust_submissions", True):
        raise InputError(
            f"grading needs isolation L2, this would be L{level}; --trust-submissions goes on without"
        )
    return level


def _secret(path: str) -> bytes:
    if not path:
        raise InputError(
            "--secret-file: expected a file of 16 random bytes or more, from which seeds are derived"
        )
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}; make one with 32 random bytes and keep it to yourself")
    secret = Path(path).read_bytes()
    if len(secret) < 16:
        raise InputError(f"{path} has {len(secret)} bytes; a secret has 16 or more")
    return secret
