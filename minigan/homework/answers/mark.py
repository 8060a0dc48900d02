"""Mark one submission: its checks, and what the mistakes look like; of the capstone every file too."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from minigan.homework.answers.diagnose import diagnose
from minigan.homework.judging.judge import Outcome, Verdict, judge, judge_at_once
from minigan.homework.judging.kit import Kit
from minigan.homework.tasks.spec import Check

JOBS = 2  # files of a capstone that are marked at the same time


def mark(made: Kit, source: bytes, seed: int, level: int) -> Verdict:
    """The verdict, with the mistakes that it looks like."""
    if made.parts:
        return _capstone(made, source, seed, level)
    verdict, facts = judge(made, source, seed, level)
    diagnose(made.assignment, verdict, facts)
    return verdict


def _capstone(made: Kit, source: bytes, seed: int, level: int) -> Verdict:
    """The first check is that each file has 100 points; the others ask the library with all of them in it."""
    began, files = time.monotonic(), json.loads(source)
    solved, *others = made.assignment.checks

    def one(part: Kit) -> Verdict:
        text = files.get(part.assignment.id)
        if text is None:
            return Verdict(part.assignment.id, seed, level, [])
        file = text.encode("utf-8", "surrogateescape")
        verdict = judge_at_once(part, file, seed, level)
        return verdict if verdict.score == part.assignment.total else mark(part, file, seed, level)

    with ThreadPoolExecutor(JOBS) as pool:
        verdicts = list(pool.map(one, made.parts))
    first = _solved(solved, verdicts)
    missing = [verdict.homework for verdict in verdicts if not verdict.outcomes]
    if missing or first.status == "grader_error":
        says = f"first {', '.join(missing)} has to be there" if missing else "the grader failed"
        rest = Verdict(made.assignment.id, seed, level, [_blocked(check, says) for check in others])
    else:
        rest, _ = judge(
            replace(made, assignment=replace(made.assignment, checks=others)), source, seed, level
        )
    rest.outcomes.insert(0, first)
    rest.likely = [f"{verdict.homework}: {text}" for verdict in verdicts for text in verdict.likely]
    first.seconds = sum(verdict.seconds for verdict in verdicts)
    rest.seconds = time.monotonic() - began
    return rest


def _solved(check: Check, verdicts: list[Verdict]) -> Outcome:
    outcome = Outcome(check.name, check.says, check.points, "pass")
    statuses = {o.status for verdict in verdicts for o in verdict.outcomes}
    if broken := [verdict for verdict in verdicts if verdict.broken]:
        outcome.status, outcome.message = "grader_error", f"{broken[0].homework}: {broken[0].broken}"
    elif told := [_told(verdict) for verdict in verdicts if verdict.score < 100]:
        outcome.status = "not_written" if statuses <= {"not_written", "blocked"} else "fail"
        outcome.message = "; ".join(told)
    return outcome


def _told(verdict: Verdict) -> str:
    if not verdict.outcomes:
        return f"{verdict.homework}.py is missing, or there are several"
    lost = [outcome.name for outcome in verdict.outcomes if outcome.status != "pass"]
    return f"{verdict.homework}.py has {verdict.score} of 100 (lost: {', '.join(lost)})"


def _blocked(check: Check, says: str) -> Outcome:
    return Outcome(check.name, check.says, check.points, "blocked", says)
