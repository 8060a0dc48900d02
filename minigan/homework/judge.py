"""The verdict: every check of an assignment, asked of a judged process, scored only on evidence.

A check passes when it observed something and all that it observed held.  Anything else has another status,
and no points:

fail        the answer is wrong                 timeout  memory  crash   the process did not live to answer
error       the code raised                     bad_reply                the answer is no plain data
not_written the stub is still there             blocked                  another check has to pass first
grader_error   the grader is wrong, not the student: nobody gets a zero for it
"""

from __future__ import annotations

import time
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from minigan.homework.kit import Kit
from minigan.homework.sandbox import Budget, Child, Ended, Raised, submission_folder
from minigan.homework.spec import Assignment, Check

TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2}
SHOWN = 24  # inputs of more numbers than this are shown by their shapes
SHRINKS = 40  # calls spent on making a failing input smaller


class Asked(Protocol):
    """What answers the calls: a judged process, or a known answer in this one."""

    after: Any

    def ask(self, call: str, *arguments: Any) -> Any: ...


class Failed(Exception):
    """An observation did not hold; the text says what was expected and what came."""


@dataclass(frozen=True)
class Observation:
    """One call and what came of it: a value and the arguments afterwards, or the exception."""

    call: str
    arguments: tuple[Any, ...]
    value: Any = None
    after: Any = None
    raised: tuple[str, str] | None = None


@dataclass
class Outcome:
    """What became of one check."""

    name: str
    says: str
    points: int
    status: str
    message: str = ""
    given: str = ""
    seconds: float = 0.0

    @property
    def score(self) -> int:
        return self.points if self.status == "pass" else 0


@dataclass
class Verdict:
    """What became of a submission."""

    homework: str
    seed: int
    level: int
    outcomes: list[Outcome]
    output: str = ""
    likely: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def score(self) -> int:
        return sum(outcome.score for outcome in self.outcomes)

    @property
    def broken(self) -> str:
        """The grader's own failure, empty where there was none."""
        return next((o.message for o in self.outcomes if o.status == "grader_error"), "")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"score": None if self.broken else self.score}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Verdict:
        values = {key: value for key, value in values.items() if key != "score"}
        return cls(**{**values, "outcomes": [Outcome(**outcome) for outcome in values["outcomes"]]})


class Trial:
    """One check at work.  Checks use `rng`, `ask`, `same`, `expect` and `forall`, and nothing else."""

    def __init__(self, assignment: Assignment, name: str, child: Asked, seed: int) -> None:
        self.assignment, self.name, self.child, self.seed = assignment, name, child, seed
        self.observed: list[Observation] = []
        self.held = 0

    def rng(self, *key: int) -> np.random.Generator:
        """Random numbers that depend on the seed, the check and `key` alone."""
        return np.random.default_rng([self.seed, zlib.crc32(self.name.encode()), *key])

    def ask(self, call: str, *arguments: Any) -> Any:
        """The student's answer.  A raised exception goes on as Raised."""
        try:
            value = self.child.ask(call, *arguments)
        except Raised as error:
            self.observed.append(Observation(call, arguments, raised=(error.kind, error.message)))
            raise
        except Ended:
            self.observed.append(Observation(call, arguments))
            raise
        self.observed.append(Observation(call, arguments, value, self.child.after))
        return value

    def fields(self, value: Any, *names: str) -> list[Any]:
        """The values of a dict with exactly these keys."""
        if type(value) is not dict or set(value) != set(names):
            raise Ended("bad_reply", "an answer of another form than was asked for")
        return [value[name] for name in names]

    def same(self, what: str, got: Any, want: np.ndarray, tolerance: float | None = None) -> None:
        """Shape, then dtype, then values."""
        if not isinstance(got, np.ndarray):
            raise Failed(f"{what}: expected an array of shape {want.shape}, got {_short(got)}")
        if got.shape != want.shape:
            raise Failed(f"{what}: expected shape {want.shape}, got {got.shape}")
        if got.dtype != want.dtype:
            raise Failed(f"{what}: expected {want.dtype}, got {got.dtype}")
        tolerance = TOLERANCE[want.dtype.name] if tolerance is None else tolerance
        with np.errstate(invalid="ignore", over="ignore"):
            wrong = ~(abs(got.astype(float) - want) <= tolerance * (1 + abs(want.astype(float))))
        if wrong.any():
            at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
            place = f" at {list(at)}" if want.ndim else ""
            first = (float(np.atleast_1d(a)[at]) for a in (want, got))
            raise Failed(
                "{}: {} of {} values are wrong; expected{} {:.6g}, got {:.6g}".format(
                    what, int(wrong.sum()), wrong.size, place, *first
                )
            )
        self.held += 1

    def expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Failed(otherwise)
        self.held += 1

    def untouched(self) -> None:
        """The last call left its arguments as they were."""
        last = self.observed[-1]
        if not isinstance(last.after, list) or len(last.after) != len(last.arguments):
            raise Ended("bad_reply", "an answer without its arguments")
        for name, before, after in zip(self.names(last.call), last.arguments, last.after, strict=True):
            if isinstance(before, np.ndarray):
                self.expect(
                    isinstance(after, np.ndarray) and np.array_equal(before, after), f"{name} was written to"
                )

    def names(self, call: str) -> list[str]:
        """How the arguments of a call are called."""
        code = getattr(self.assignment.part("calls"), call).__code__
        return list(code.co_varnames[1 : code.co_argcount])

    def forall(
        self,
        cases: Iterable[Any],
        test: Callable[[Any], None],
        smaller: Callable[[Any], Iterator[Any]] = lambda case: iter(()),
    ) -> None:
        """`test` holds for every case; where it does not, a smaller case is looked for and shown."""
        for case in cases:
            try:
                test(case)
            except (Failed, Raised) as error:
                raise self._shrunk(case, error, test, smaller) from None

    def _shrunk(self, case: Any, error: Exception, test: Any, smaller: Any) -> Exception:
        error.given, calls, progress = self.given(), len(self.observed), True
        while progress:
            progress = False
            for candidate in smaller(case):
                if len(self.observed) - calls >= SHRINKS:
                    return error
                try:
                    test(candidate)
                except type(error) as again:
                    again.given = self.given()
                    case, error, progress = candidate, again, True
                    break
                except (Failed, Raised):
                    continue
                except Ended:
                    return error
        return error

    def given(self) -> str:
        """The last call, for a reader."""
        if not self.observed:
            return ""
        last = self.observed[-1]
        in_full = sum(_count(value) for value in last.arguments) <= SHOWN
        named = zip(self.names(last.call), last.arguments, strict=True)
        return "\n".join(
            [f"{last.call}, where", *(f"{name} = {_shown(value, in_full)}" for name, value in named)]
        )


Run = Callable[[Check], tuple[Outcome, list[Observation], str]]


def judge(kit: Kit, source: bytes, seed: int, level: int) -> tuple[Verdict, list[Observation]]:
    """Every check, each in a process of its own; and all that was observed, for the diagnosis."""
    verdict, budget = Verdict(kit.assignment.id, seed, level, []), Budget(kit.assignment.seconds)
    with submission_folder(kit, source) as folder:

        def run(check: Check) -> tuple[Outcome, list[Observation], str]:
            return _spent(check, budget) or _run(kit, folder, check, seed, level, budget)

        return verdict, _every_check(kit.assignment, verdict, run)


def judge_here(assignment: Assignment, answer: Asked, seed: int) -> tuple[Verdict, list[Observation]]:
    """The same for an answer of our own, in this process: level 0."""
    verdict = Verdict(assignment.id, seed, 0, [])

    def run(check: Check) -> tuple[Outcome, list[Observation], str]:
        outcome, trial = check_with(assignment, check, answer, seed)
        return outcome, trial.observed, ""

    return verdict, _every_check(assignment, verdict, run)


def check_with(assignment: Assignment, check: Check, child: Asked, seed: int) -> tuple[Outcome, Trial]:
    """One check, asked of whatever answers."""
    trial = Trial(assignment, check.name, child, seed)
    status, message, given = "pass", "", ""
    began = time.monotonic()
    try:
        assignment.function_of(check)(trial)
        if not trial.held:
            status, message = "fail", "nothing was observed"
    except Failed as error:
        status, message, given = "fail", str(error), getattr(error, "given", trial.given())
    except Raised as error:
        status, message = _of_raised(assignment, error)
        given = getattr(error, "given", trial.given()) if status == "error" else ""
    except Ended as error:
        status, message, given = error.status, str(error), trial.given()
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        status = "grader_error"
        message = (
            f"{check.name}: {type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        )
    seconds = time.monotonic() - began
    return Outcome(check.name, check.says, check.points, status, message, given, seconds), trial


def _every_check(assignment: Assignment, verdict: Verdict, run: Run) -> list[Observation]:
    """Run what can be run, in order.  A file that does not even load is loaded once."""
    began, everything = time.monotonic(), []
    fatal: Outcome | None = None
    for check in assignment.checks:
        if blocked := _blocked(check, verdict):
            verdict.outcomes.append(blocked)
        elif fatal:
            verdict.outcomes.append(
                Outcome(check.name, check.says, check.points, fatal.status, fatal.message)
            )
        else:
            outcome, observed, output = run(check)
            verdict.outcomes.append(outcome)
            verdict.output = verdict.output or output
            everything += observed
            if not observed and outcome.status not in ("pass", "grader_error"):
                fatal = outcome
    verdict.seconds = time.monotonic() - began
    return everything


def _run(
    kit: Kit, folder: Path, check: Check, seed: int, level: int, budget: Budget
) -> tuple[Outcome, list[Observation], str]:
    """One check in a process of its own: outcome, observations, and what the student's code printed."""
    assignment, output, observed = kit.assignment, "", []
    outcome = Outcome(check.name, check.says, check.points, "grader_error")
    began = time.monotonic()
    try:
        with Child(kit, folder, level, budget) as child:
            try:
                child.ask("load")
                outcome, trial = check_with(assignment, check, child, seed)
                observed = trial.observed
            finally:
                child.close()
                # its folders have other names each time, and two gradings of one file must be equal
                output = child.output.replace(str(folder), "").replace(str(kit.scratch), "")
    except Raised as error:
        outcome.status, outcome.message = _of_raised(assignment, error)
    except Ended as error:
        outcome.status, outcome.message = error.status, str(error)
    outcome.seconds = time.monotonic() - began
    return outcome, observed, output


def _of_raised(assignment: Assignment, error: Raised) -> tuple[str, str]:
    if error.kind == "NotImplementedError" and error.message.startswith(f"{assignment.id}:"):
        return "not_written", "the function is still the stub"
    where = f" (line {error.line} of {assignment.id}.py)" if error.line else ""
    return "error", f"your code raised {error.kind}: {error.message}{where}"


def _blocked(check: Check, verdict: Verdict) -> Outcome | None:
    passed = {outcome.name for outcome in verdict.outcomes if outcome.status == "pass"}
    if missing := [name for name in check.needs if name not in passed]:
        return Outcome(
            check.name, check.says, check.points, "blocked", f"first {', '.join(missing)} has to pass"
        )
    return None


def _spent(check: Check, budget: Budget) -> tuple[Outcome, list[Observation], str] | None:
    if budget.seconds > 0:
        return None
    message = "not run: the time for the homework is spent"
    return Outcome(check.name, check.says, check.points, "timeout", message), [], ""


def _count(value: Any) -> int:
    """How many numbers there are in arrays."""
    if isinstance(value, list | tuple):
        return sum(_count(part) for part in value)
    return value.size if isinstance(value, np.ndarray) else 0


def _shown(value: Any, in_full: bool) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_shown(part, in_full) for part in value) + "]"
    if not isinstance(value, np.ndarray):
        return repr(value)
    if not in_full:
        return f"an array of shape {value.shape}, {value.dtype}"
    text = np.array2string(value, precision=4, separator=", ", suppress_small=True)
    return f"{text}  shape {value.shape}, {value.dtype}".replace("\n", "\n    ")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
