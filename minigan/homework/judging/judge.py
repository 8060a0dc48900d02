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

from minigan.homework.judging.kit import Kit
from minigan.homework.judging.sandbox import (
    Budget,
    Child,
    Ended,
    Launcher,
    Raised,
    launcher,
    stretched,
    submission_folder,
)
from minigan.homework.tasks.spec import Assignment, Check

TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2}
SHOWN = 24  # inputs of more numbers than this are shown by their shapes
SHRINKS = 40  # calls spent on making a failing input smaller


class Asked(Protocol):
    """What answers the calls: a judged process, or a known answer in this one."""

    after: Any

    def ask(self, call: str, *arguments: Any) -> Any: ...


class Failed(Exception):
    """An observation did not hold; the text says what was expected and what came."""

    given: Any = None  # the arguments of the call that it was seen in


Facts = dict[str, list[tuple[bool, Any]]]  # of each check, everything that it judged, in order; did it hold?


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
    """One check at work.  Checks use `rng`, `ask`, `fields`, `forall`, and what judges: `same`, `dtype`,
    `expect`, `untouched`, `refuses`; and nothing else.

    facts: what was judged.  Whoever gives a check the same facts made the same mistake (see diagnose.py).
    """

    def __init__(self, assignment: Assignment, name: str, child: Asked, seed: int) -> None:
        self.assignment, self.name, self.child, self.seed = assignment, name, child, seed
        self.facts: list[tuple[bool, Any]] = []
        self.last: tuple[str, tuple[Any, ...]] | None = None
        self.asked = self.held = 0
        self.noting = True

    def rng(self, *key: int) -> np.random.Generator:
        """Random numbers that depend on the seed, the check and `key` alone."""
        return np.random.default_rng([self.seed, zlib.crc32(self.name.encode()), *key])

    def ask(self, call: str, *arguments: Any) -> Any:
        """The student's answer.  A raised exception goes on as Raised."""
        self.last, self.asked = (call, arguments), self.asked + 1
        try:
            return self.child.ask(call, *arguments)
        except Raised as error:
            self.note(True, ["raised", error.kind])
            raise

    def note(self, holds: bool, fact: Any) -> None:
        if self.noting:
            self.facts.append((bool(holds), fact))

    def several(self, value: Any, count: int) -> list[Any]:
        """So many things; what each of them is, another judgement says."""
        if not isinstance(value, list) or len(value) != count:
            raise Failed(f"expected {count} arrays")
        return value

    def fields(self, value: Any, *names: str) -> list[Any]:
        """The values of a dict with exactly these keys."""
        if type(value) is not dict or set(value) != set(names):
            raise Ended("bad_reply", "an answer of another form than was asked for")
        return [value[name] for name in names]

    def same(
        self, what: str, got: Any, want: np.ndarray, tolerance: float | None = None, dtype: bool = True
    ) -> None:
        """Shape, then dtype (unless another check looks at that), then values."""
        if not dtype and isinstance(got, np.ndarray) and got.dtype.kind == "f":
            tolerance = max(TOLERANCE[name] for name in (got.dtype.name, want.dtype.name))
            got = got.astype(want.dtype)
        complaint = difference(got, want, TOLERANCE[want.dtype.name] if tolerance is None else tolerance)
        self.note(not complaint, got if isinstance(got, np.ndarray) else type(got).__name__)
        if complaint:
            raise Failed(f"{what}: {complaint}")
        self.held += 1

    def dtype(self, what: str, got: Any, want: str) -> None:
        """Only the dtype; what else is wrong with it is another check's business."""
        kind = got.dtype.name if isinstance(got, np.ndarray) else type(got).__name__
        self.expect(kind == want, f"{what}: expected {want}, got {kind}", kind)

    def expect(self, holds: bool, otherwise: str, fact: Any = None) -> None:
        """`fact` is what `holds` was decided by; by default the words of the complaint say it."""
        self.note(holds, otherwise if fact is None else fact)
        if not holds:
            raise Failed(otherwise)
        self.held += 1

    def untouched(self) -> None:
        """The last call left its arguments as they were.  It is the judged process that says so."""
        assert self.last
        call, arguments = self.last
        after = self.child.after
        if not isinstance(after, list) or len(after) != len(arguments):
            raise Ended("bad_reply", "an answer without its arguments")
        for name, before, now in zip(self.names(call), arguments, after, strict=True):
            if isinstance(before, np.ndarray):
                kept = isinstance(now, np.ndarray) and np.array_equal(before, now)
                self.expect(kept, f"{name} was written to")

    def refuses(self, what: str, call: str, *arguments: Any) -> None:
        """It has to raise ValueError."""
        try:
            self.ask(call, *arguments)
        except Raised as error:
            if error.kind == "NotImplementedError":
                raise
            self.held += 1
            if error.kind != "ValueError":
                raise Failed(f"{what}: expected a ValueError, got {error.kind}: {error.message}") from None
        else:
            self.expect(False, f"{what}: expected a ValueError, and nothing was raised")

    def names(self, call: str) -> list[str]:
        """How the arguments of a call are called."""
        function = getattr(self.assignment.part("calls"), call)
        code = function.__code__
        return list(getattr(function, "arguments", code.co_varnames[1 : code.co_argcount]))

    def forall(
        self,
        cases: Iterable[Any],
        test: Callable[[Any], None],
        smaller: Callable[[Any], Iterator[Any]] = lambda case: iter(()),
    ) -> None:
        """`test` holds for every case; of the first where it does not, a smaller one is looked for and shown.

        The other cases are judged all the same: what they show says which mistake it is.
        """
        first: tuple[Any, Failed | Raised] | None = None
        for case in cases:
            try:
                test(case)
            except (Failed, Raised) as error:
                error.given = self.given()
                first = first or (case, error)
            except Ended:
                if first is None:
                    raise
                break
        if first:
            self.noting = False
            raise self._shrunk(*first, test, smaller) from None

    def _shrunk(self, case: Any, error: Failed | Raised, test: Any, smaller: Any) -> Exception:
        asked, progress = self.asked, True
        while progress:
            progress = False
            for candidate in smaller(case):
                if self.asked - asked >= SHRINKS:
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
        """The last call, for a reader: what calls.py says of it, and the arguments not named _like_this."""
        if not self.last:
            return ""
        call, arguments = self.last
        named = [(n, a) for n, a in zip(self.names(call), arguments, strict=True) if not n.startswith("_")]
        in_full = sum(_count(value) for _, value in named) <= SHOWN
        says = (getattr(self.assignment.part("calls"), call).__doc__ or call).partition("\n")[0]
        return "\n".join([f"{says}, where", *(f"{name} = {_shown(value, in_full)}" for name, value in named)])


Run = Callable[[Check], tuple[Outcome, "Trial | None", str]]


def judge(kit: Kit, source: bytes, seed: int, level: int) -> tuple[Verdict, Facts]:
    """Every check, each in a process of its own; and all that was judged, for the diagnosis."""
    verdict, budget = Verdict(kit.assignment.id, seed, level, []), Budget(stretched(kit.assignment.seconds))
    with submission_folder(kit, source) as folder, launcher(kit) as start:

        def run(check: Check) -> tuple[Outcome, Trial | None, str]:
            return _spent(check, budget) or _run(kit, folder, check, seed, level, budget, start)

        return verdict, _every_check(kit.assignment, verdict, run)


def judge_at_once(kit: Kit, source: bytes, seed: int, level: int) -> Verdict:
    """Every check until one is lost, all in one process: quick, and enough where only a full score counts."""
    assignment = kit.assignment
    verdict, budget = Verdict(assignment.id, seed, level, []), Budget(stretched(assignment.seconds))
    began = time.monotonic()
    with submission_folder(kit, source) as folder, launcher(kit) as start:
        try:
            with Child(kit, folder, level, budget, start) as child:
                child.ask("load")
                for check in assignment.checks:
                    verdict.outcomes.append(check_with(assignment, check, child, seed)[0])
                    if verdict.outcomes[-1].status != "pass":
                        break
        except (Raised, Ended) as error:
            first = assignment.checks[0]
            verdict.outcomes = [Outcome(first.name, first.says, first.points, "error", str(error))]
    verdict.seconds = time.monotonic() - began
    return verdict


def judge_here(assignment: Assignment, make: Callable[[], Asked], seed: int) -> tuple[Verdict, Facts]:
    """The same for an answer of our own, in this process and made anew for each check: level 0."""
    verdict = Verdict(assignment.id, seed, 0, [])

    def run(check: Check) -> tuple[Outcome, Trial | None, str]:
        return *check_with(assignment, check, make(), seed), ""

    return verdict, _every_check(assignment, verdict, run)


def check_with(
    assignment: Assignment, check: Check, child: Asked, seed: int, kind: type[Trial] = Trial
) -> tuple[Outcome, Trial]:
    """One check, asked of whatever answers."""
    trial = kind(assignment, check.name, child, seed)
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


def _every_check(assignment: Assignment, verdict: Verdict, run: Run) -> Facts:
    """Run what can be run, in order.  A file that does not even load is loaded once."""
    began, facts = time.monotonic(), {}
    fatal: Outcome | None = None
    for check in assignment.checks:
        if blocked := _blocked(check, verdict):
            verdict.outcomes.append(blocked)
        elif fatal:
            verdict.outcomes.append(
                Outcome(check.name, check.says, check.points, fatal.status, fatal.message)
            )
        else:
            outcome, trial, output = run(check)
            verdict.outcomes.append(outcome)
            verdict.output = verdict.output or output
            facts[check.name] = trial.facts if trial else []
            if not (trial and trial.asked) and outcome.status not in ("pass", "grader_error"):
                fatal = outcome
    verdict.seconds = time.monotonic() - began
    return facts


def _run(
    kit: Kit,
    folder: Path,
    check: Check,
    seed: int,
    level: int,
    budget: Budget,
    start: Launcher | None,
) -> tuple[Outcome, Trial | None, str]:
    """One check in a process of its own: the outcome, the trial, and what the student's code printed."""
    assignment, output, trial = kit.assignment, "", None
    outcome = Outcome(check.name, check.says, check.points, "grader_error")
    began = time.monotonic()
    try:
        with Child(kit, folder, level, budget, start) as child:
            try:
                child.ask("load")
                outcome, trial = check_with(assignment, check, child, seed)
            finally:
                child.close()
                output = child.output
    except Raised as error:
        outcome.status, outcome.message = _of_raised(assignment, error)
    except Ended as error:
        outcome.status, outcome.message = error.status, str(error)
    # its folders have other names each time, and two gradings of one file must be equal
    outcome.message, output = (
        text.replace(str(folder), "").replace(str(kit.scratch), "") for text in (outcome.message, output)
    )
    outcome.seconds = time.monotonic() - began
    return outcome, trial, output


def _of_raised(assignment: Assignment, error: Raised) -> tuple[str, str]:
    stubs = tuple(f"{name}: your turn" for name in assignment.files)
    if error.kind == "NotImplementedError" and error.message.startswith(stubs):
        return "not_written", "the function is still the stub"
    if ".py defines no " in error.message:
        return "error", error.message
    where = f" (line {error.line} of {assignment.id}.py)" if error.line else ""
    hint = "; only Python's own modules, NumPy and minigan are there" * (error.kind == "ModuleNotFoundError")
    hint += "; one file is marked, so write into it what it needs" * ("relative import" in error.message)
    unreadable = "null bytes" in error.message or (error.kind == "SyntaxError" and "utf-8" in error.message)
    hint += "; save the file as UTF-8" * unreadable
    return "error", f"your code raised {error.kind}: {error.message}{where}{hint}"


def _blocked(check: Check, verdict: Verdict) -> Outcome | None:
    passed = {outcome.name for outcome in verdict.outcomes if outcome.status == "pass"}
    if missing := [name for name in check.needs if name not in passed]:
        return Outcome(
            check.name, check.says, check.points, "blocked", f"first {', '.join(missing)} has to pass"
        )
    return None


def _spent(check: Check, budget: Budget) -> tuple[Outcome, Trial | None, str] | None:
    if budget.seconds > 0:
        return None
    message = "not run: the time for the homework is spent"
    return Outcome(check.name, check.says, check.points, "timeout", message), None, ""


def smaller(sizes: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Each of the sizes one less, where it stays 1 or more: a case for `forall` to try."""
    for i, n in enumerate(sizes):
        if isinstance(n, int) and n > 1:
            yield (*sizes[:i], n - 1, *sizes[i + 1 :])


def difference(got: Any, want: np.ndarray, tolerance: float) -> str:
    """What is wrong with it: shape, then dtype, then values; empty where nothing is."""
    if not isinstance(got, np.ndarray):
        return f"expected an array of shape {want.shape}, got {_short(got)}"
    if got.shape != want.shape:
        return f"expected shape {want.shape}, got {got.shape}"
    if got.dtype != want.dtype:
        return f"expected {want.dtype}, got {got.dtype}"
    with np.errstate(invalid="ignore", over="ignore"):
        near = abs(got.astype(float) - want) <= tolerance * (1 + abs(want.astype(float)))
        wrong = ~(near & np.isfinite(want) | (got == want))
    if not wrong.any():
        return ""
    at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
    place = f" at {list(at)}" if want.ndim else ""
    first = digits(*(float(np.atleast_1d(a)[at]) for a in (want, got)))
    return f"{int(wrong.sum())} of {wrong.size} values are wrong; expected{place} {first[0]}, got {first[1]}"


def digits(want: float, got: float) -> tuple[str, str]:
    """Two numbers in as many digits as tell them apart."""
    for count in range(6, 18):
        texts = f"{want:.{count}g}", f"{got:.{count}g}"
        if texts[0] != texts[1]:
            break
    return texts


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
    digits: dict[str, Any] = {"precision": 4, "suppress_small": True}
    if value.dtype.kind == "f" and len(np.unique(value.round(4))) < len(np.unique(value)):
        digits = {"floatmode": "unique"}  # four would make unlike numbers look alike
    text = np.array2string(value, separator=", ", **digits)
    return f"{text}  shape {value.shape}, {value.dtype}".replace("\n", "\n    ")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
