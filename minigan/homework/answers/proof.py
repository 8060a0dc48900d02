"""The grader's own proof: right answers get 100, an empty one 0, wrong ones lose exactly what they should."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from multiprocessing import active_children, get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from minigan.errors import RunError
from minigan.homework.answers import known as answers
from minigan.homework.answers.mark import mark
from minigan.homework.answers.mutate import mechanical
from minigan.homework.judging.isolate import die_with_parent
from minigan.homework.judging.judge import Verdict, judge_at_once, judge_here
from minigan.homework.judging.kit import Kit, kit
from minigan.homework.judging.sandbox import launcher
from minigan.homework.tasks import scaffold, strip
from minigan.homework.tasks.spec import Assignment

LEAST = {"wrong answers": 12, "other right answers": 2}
SEEDS = 200


@dataclass(frozen=True)
class Row:
    """One answer that was judged, what it should have lost and what it lost."""

    name: str
    score: int
    lost: frozenset[str]
    should_lose: frozenset[str]
    said: tuple[str, ...] = ()
    should_say: tuple[str, ...] = ()
    blocked: frozenset[str] = frozenset()

    @property
    def holds(self) -> bool:
        return self.lost == self.should_lose and self.said == self.should_say


@dataclass
class Proof:
    """Everything that was tried on one assignment."""

    assignment: Assignment
    level: int
    rows: dict[str, list[Row]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    mechanical: dict[str, str] = field(default_factory=dict)  # change: "killed by ...", or why it need not be
    seeds: int = 0
    false_alarms: list[int] = field(default_factory=list)
    seconds: float = 0.0  # for the reference

    def broken(self) -> list[str]:
        """One line for each part that does not hold."""
        wrong = [
            f"{self.assignment.id} {row.name}: lost {sorted(row.lost)}, said {list(row.said)}"
            for rows in self.rows.values()
            for row in rows
            if not row.holds
        ]
        wrong += [f"{self.assignment.id} {text}" for text in self.complaints]
        wrong += [
            f"{self.assignment.id} survives: {what}" for what, how in self.mechanical.items() if not how
        ]
        if self.false_alarms:
            count, first = len(self.false_alarms), self.false_alarms[0]
            wrong.append(f"{self.assignment.id}: {count} false alarms, the first with seed {first}")
        return wrong

    def text(self) -> str:
        counts = ", ".join(f"{len(rows)} {kind}" for kind, rows in self.rows.items())
        extra = f", {len(self.mechanical)} mechanical changes, {self.seeds} seeds" if self.seeds else ""
        lines = [
            f"{self.assignment.id}: {counts}{extra}; one check takes {self.seconds:.1f} s at L{self.level}"
        ]
        return "\n".join([*lines, *(f"  DOES NOT HOLD: {line}" for line in self.broken())])


def must_work(assignment: Assignment, level: int, scratch: Path | None = None) -> None:
    """Before a batch: the reference gets 100, the stub 0, and wrong.txt can be read.  RunError where not."""
    answers.wrong(assignment)
    with kit(assignment, scratch) as made:
        proof = _basics(made, level, Proof(assignment, level))
    if broken := proof.complaints or proof.broken():
        raise RunError(f"the grader does not work here, so nothing was graded: {broken[0]}")


def prove_all(
    assignments: list[Assignment], level: int, jobs: int = 2, full: bool = False
) -> Iterator[Proof]:
    """The proofs in this order, each in a process of its own, `jobs` at the same time.

    Where this one is interrupted or killed, those end too.
    """
    with (
        TemporaryDirectory(prefix="minigan-homework-", ignore_cleanup_errors=True) as scratch,
        ProcessPoolExecutor(min(jobs, len(assignments)), get_context("spawn"), _begin) as pool,
    ):
        try:
            yield from pool.map(prove, assignments, repeat(level), repeat(full), repeat(Path(scratch)))
        except BaseException:
            for process in active_children():
                process.terminate()
            raise


def _begin() -> None:
    """In a process of the pool: Ctrl-C is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()


def prove(assignment: Assignment, level: int, full: bool = False, scratch: Path | None = None) -> Proof:
    """Reference, stub, right and wrong answers; if `full`, mechanical changes and 200 seeds too."""
    proof = Proof(assignment, level)
    with kit(assignment, scratch) as alone, launcher(alone) as started:
        made = replace(alone, launcher=started)
        _basics(made, level, proof)
        if not assignment.parts:
            proof.complaints += [*scaffold.to_do(assignment), *_texts(assignment)]
        known = {
            "other right answers": answers.right(assignment),
            "wrong answers": answers.wrong(assignment),
        }
        for kind, listed in known.items():
            count = len({(answer.target, answer.name) for answer in listed})
            if count < LEAST[kind]:
                proof.complaints.append(f"has {count} {kind}, and needs {LEAST[kind]}")
            proof.rows[kind] = [_row_of(made, answer, level) for answer in listed]
        if full and not assignment.parts:
            _add_mechanical(made, level, proof)
            _add_seeds(assignment, proof)
    return proof


def _basics(made: Kit, level: int, proof: Proof) -> Proof:
    assignment = made.assignment
    verdict = _verdict(made, strip.solution(assignment), level)
    proof.seconds = verdict.seconds
    proof.rows["reference"] = [_row("reference", verdict)]
    proof.complaints += [
        f"the reference loses {o.name}: {o.message or o.status}"
        for o in verdict.outcomes
        if o.status != "pass"
    ]
    empty = _verdict(made, strip.stub(assignment), level)
    every = frozenset(check.name for check in assignment.checks)
    proof.rows["stub"] = [_row("stub", empty, every)]
    statuses = {outcome.status for outcome in empty.outcomes}
    if not statuses <= {"not_written", "blocked"}:
        proof.complaints.append(f"the stub's statuses are {', '.join(sorted(statuses))}")
    if verdict.broken or empty.broken:
        proof.complaints.append(f"the grader fails: {verdict.broken or empty.broken}")
    return proof


def _texts(assignment: Assignment) -> list[str]:
    """What a student reads before the third hint must not hold a line of the solution."""
    texts = {"the stub": strip.stub(assignment), "the task": assignment.task}
    texts |= {f"hint {i}": text for i, text in enumerate(assignment.hints[:2], 1)}
    return [
        f"{name} gives away {line!r}"
        for name, text in texts.items()
        for line in strip.leaks(assignment, text)
    ]


def _row_of(made: Kit, answer: answers.Answer, level: int) -> Row:
    form = "" if answer.form == answers.OWN else f" ({answer.form})"
    verdict = _verdict(made, answer.file, level)
    return _row(
        f"{answer.target}: {answer.name}{form}", verdict, answer.loses, (answer.says,) * bool(answer.says)
    )


def _row(name: str, verdict: Verdict, loses: frozenset[str] = frozenset(), says: tuple[str, ...] = ()) -> Row:
    lost = frozenset(o.name for o in verdict.outcomes if o.status != "pass")
    blocked = frozenset(o.name for o in verdict.outcomes if o.status == "blocked")
    return Row(name, verdict.score, lost, loses, tuple(verdict.likely), says, blocked)


def _verdict(made: Kit, source: str, level: int, seed: int = 0) -> Verdict:
    return mark(made, source.encode(), seed, level)


def _add_mechanical(made: Kit, level: int, proof: Proof) -> None:
    """Each mechanical change loses a check, or spec.toml says under [survivors] why it changes nothing."""
    checks = [replace(check, needs=()) for check in made.assignment.checks]
    made = replace(made, assignment=replace(made.assignment, seconds=5, checks=checks))
    for what, source in mechanical(made.assignment):
        last = judge_at_once(made, source.encode(), 0, level).outcomes[-1]
        survives = last.status == "pass"
        proof.mechanical[what] = (
            proof.assignment.survivors.get(what, "") if survives else f"loses {last.name}"
        )


def _add_seeds(assignment: Assignment, proof: Proof) -> None:
    """Every right answer with 200 seeds, in this process: nothing about processes depends on a seed."""
    proof.seeds = SEEDS
    proof.false_alarms = [
        seed
        for answer in (None, *answers.right_together(assignment))
        for seed in range(1, SEEDS + 1)
        if judge_here(assignment, partial(answers.asked, assignment, answer), seed)[0].score != 100
    ]
