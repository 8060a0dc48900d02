"""docs/grader-evidence.md: what the grader was shown to do, written by the command that showed it."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from minigan.homework.answers.proof import Proof, Row
from minigan.homework.evidence.attacks import ATTACKS, Attack, Places
from minigan.homework.evidence.rehearsal import Rehearsal
from minigan.homework.judging import isolate
from minigan.homework.judging.kit import Kit, kit
from minigan.homework.marking.batch import grade_one
from minigan.homework.marking.submissions import Submission
from minigan.homework.tasks import spec

OLDER = (1, 2, 3)  # versions of Landlock: Linux 5.13, 5.19, 6.2
PATIENCE, UNHURRIED = 2, 30  # seconds for an attack that is to be stopped by the clock, and for another


@dataclass(frozen=True)
class Attacked:
    """What came of one attack at one level."""

    attack: Attack
    level: int
    landlock: int
    status: str
    score: int
    traces: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.score == 0 and self.status == self.attack.status and not self.traces

    def row(self) -> str:
        traces = f", left {', '.join(self.traces)}" if self.traces else ""
        return f"{self.where} {self.attack.name}: {self.status}, score {self.score}{traces}"

    @property
    def where(self) -> str:
        return (
            f"L{self.level}"
            if self.landlock == isolate.NEWEST
            else f"L{self.level}, Landlock {self.landlock}"
        )


def attack_everywhere(tell: Callable[[str], None]) -> list[Attacked]:
    """Every attack at every level that works here and stops it; three at the same time.

    Those that need isolation also run with the Landlock of older kernels.
    """
    places = [(level, isolate.NEWEST) for level in isolate.LEVELS if not isolate.why_not(level)]
    if (2, isolate.NEWEST) in places:
        places += [(2, version) for version in OLDER if version < isolate.landlock_version()]
    with ThreadPoolExecutor(3) as pool:
        return [
            one
            for done in pool.map(lambda place: attack_all(place[0], place[1], tell), places)
            for one in done
        ]


def attack_all(level: int, landlock: int, tell: Callable[[str], None]) -> list[Attacked]:
    """The attacks that this level claims to stop, one after the other, as one batch would see them."""
    done, least = [], 1 if landlock == isolate.NEWEST else 2
    with attacked_kits() as kits:
        for attack in ATTACKS:
            if least <= attack.stopped_from <= level:
                done.append(run(replace(kits[attack.homework], landlock=landlock), attack, level))
                if not done[-1].holds:
                    tell(f"DOES NOT HOLD: {done[-1].row()}")
    tell(
        f"{len(done)} attacks at {done[0].where}, {sum(not a.holds for a in done)} of them not as they should"
    )
    return done


@contextmanager
def attacked_kits(checks: int | None = None) -> Iterator[dict[str, Kit]]:
    """Of each homework that is attacked its kit, with its first checks; of the capstone those of the game."""
    with ExitStack() as stack:
        kits = {name: stack.enter_context(kit(spec.load(name))) for name in {a.homework: 0 for a in ATTACKS}}
        for name, made in kits.items():
            asked = [check for check in made.assignment.checks if check.name != "files"][:checks]
            kits[name] = replace(made, assignment=replace(made.assignment, checks=asked), parts=())
        yield kits


def run(made: Kit, attack: Attack, level: int) -> Attacked:
    """Grade one attack, and look for what it left behind."""
    seconds = PATIENCE if attack.status == "timeout" else UNHURRIED
    made = replace(made, assignment=replace(made.assignment, seconds=seconds))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bait = Path(folder, "bait")
        bait.mkdir()
        (bait / "precious").write_text("precious")
        os.utime(bait / "precious", (1e9, 1e9))
        tcp, udp = (stack.enter_context(_listening(kind)) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
        journal = Path(folder, "journal.jsonl")
        journal.write_text("{}\n")
        places = Places(
            bait, journal, spec.PACKAGE / "tensor.py", spec.PACKAGE.parent, _port(tcp), _port(udp)
        )
        handed_in = Path(folder, "handed-in")
        handed_in.mkdir()
        path = attack.hand_in(handed_in, places)
        before = _state(bait), _state(Path(folder)), _state(made.scratch)
        verdict = grade_one(made, Submission("attacker", path), 0, level)
        traces = _traces(made, tcp, udp)
        after = _state(bait), _state(Path(folder)), _state(made.scratch)
        traces += [name for name, a, b in zip(("bait", "files", "kit"), before, after, strict=True) if a != b]
    status = next((o.status for o in verdict.outcomes if o.status != "pass"), "pass")
    return Attacked(attack, level, made.landlock, status, verdict.score, tuple(traces))


def as_markdown(proofs: list[Proof], attacks: list[Attacked], rehearsals: list[Rehearsal]) -> str:
    """The whole page."""
    parts = [HEAD.format(machine=_machine(), levels=_levels())]
    for proof in proofs:
        parts += [_overview(proof), _kill_matrix(proof), _mechanical(proof)]
    if attacks:
        public = [attacked for attacked in attacks if attacked.attack.name.startswith(ELSEWHERE)]
        parts += ["## Where other graders failed\n", PUBLIC_TEXT, _attack_table(public)]
        parts += ["## Attacks\n", ATTACK_TEXT, _attack_table([a for a in attacks if a not in public])]
    if rehearsals:
        parts += ["## A batch\n", *(f"- {rehearsal.text()}" for rehearsal in rehearsals), ""]
    return "\n".join(parts)


HEAD = """# What the grader was shown to do

Written by `python -m minigan.homework selftest --full --write docs/grader-evidence.md`, not by hand.

{machine}

{levels}
"""
ELSEWHERE = "elsewhere: "
PUBLIC_TEXT = """What graders of public courses let through. Here each scores 0, with this status.
"""
ATTACK_TEXT = """Each must score 0 with this status and leave no process, no file and no packet behind.
A dash: this level does not claim to stop it, and it was not run there. Older versions of Landlock are those
of Linux 5.13 (1), 5.19 (2) and 6.2 (3); with them the attacks ran that need isolation.
"""


def _machine() -> str:
    root = " as root" if isolate.runs_as_root() else ""
    return (
        f"On {platform.system()} {platform.release()} ({platform.machine()}), "
        f"Python {platform.python_version()}, NumPy {np.__version__}{root}, "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}."
    )


def _levels() -> str:
    lines = ["| level | what | here | does not stop |", "|---|---|---|---|"]
    for level, what in isolate.LEVELS.items():
        reason = isolate.why_not(level)
        lines.append(f"| L{level} | {what} | {reason or 'works'} | {isolate.CANNOT_STOP[level]} |")
    lines.append("| L4 | a container around the grader | not tried: no container engine was at hand | |")
    return "\n".join(lines)


def _overview(proof: Proof) -> str:
    a = proof.assignment
    others = ", ".join(f"{row.name} {row.score}" for row in proof.rows["other right answers"])
    lines = [
        f"## {a.id}: {a.title}\n",
        f"- reference {proof.rows['reference'][0].score}, stub {proof.rows['stub'][0].score}",
        f"- other right answers: {others}",
        f"- one check of the whole homework: {proof.seconds:.1f} s at L{proof.level}",
    ]
    if proof.seeds:
        alarms = len(proof.false_alarms)
        lines.append(f"- each right answer with {proof.seeds} seeds (in process): {alarms} false alarms")
    return "\n".join(lines) + "\n"


def _kill_matrix(proof: Proof) -> str:
    """Wrong answers down, checks across: x lost, - not run because of another, ! not as declared."""
    checks = [check.name for check in proof.assignment.checks]
    numbers = ", ".join(f"{number} {name}" for number, name in enumerate(checks, 1))
    lines = [f"The checks: {numbers}.\n"]
    lines.append(f"| wrong answer | score | {' | '.join(map(str, range(1, len(checks) + 1)))} |")
    lines.append("|---" * (len(checks) + 2) + "|")
    for row in proof.rows["wrong answers"]:
        lines.append(f"| {row.name} | {row.score} | {' | '.join(_mark(row, c) for c in checks)} |")
    unsaid = [row.name for row in proof.rows["wrong answers"] if row.said != row.should_say]
    lines.append(f"\nNot told just what they look like: {', '.join(unsaid) or 'none of them'}.")
    return "\n".join(lines) + "\n"


def _mark(row: Row, check: str) -> str:
    if (check in row.lost) != (check in row.should_lose):
        return "!"
    return "-" if check in row.blocked else "x" if check in row.lost else ""


def _mechanical(proof: Proof) -> str:
    """Of the mechanical changes only those that no check sees."""
    if not proof.mechanical:
        return ""
    alive = {what: how for what, how in proof.mechanical.items() if not how.startswith("loses ")}
    count = len(proof.mechanical)
    lines = [f"{count} mechanical changes of the reference: {count - len(alive)} lose a check."]
    if alive:
        lines += ["", "| the others | change nothing that is asked for |", "|---|---|"]
    lines += [f"| {what.replace('|', chr(92) + '|')} | {how or 'SURVIVES'} |" for what, how in alive.items()]
    return "\n".join(lines) + "\n"


def _attack_table(attacks: list[Attacked]) -> str:
    places = list(dict.fromkeys(a.where for a in attacks))
    lines = [f"| attack | {' | '.join(places)} |", "|---" * (len(places) + 1) + "|"]
    for attack in dict.fromkeys(a.attack for a in attacks):
        of = {a.where: a for a in attacks if a.attack == attack}
        cells = [_cell(of.get(place)) for place in places]
        lines.append(f"| {attack.name.removeprefix(ELSEWHERE)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(attacked: Attacked | None) -> str:
    if attacked is None:
        return "-"
    return attacked.status if attacked.holds else f"DOES NOT HOLD: {attacked.row()}"


@contextmanager
def _listening(kind: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, kind) as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        yield listener


def _port(listener: socket.socket) -> int:
    return listener.getsockname()[1]


def _traces(made: Kit, tcp: socket.socket, udp: socket.socket) -> list[str]:
    """Processes of the kit that still run, and whatever reached a listener."""
    traces = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(made.folder).encode() in entry.read_bytes():
                traces.append(f"process {entry.parent.name}")
        except OSError:
            continue
    for name, take in (("a connection", tcp.accept), ("a packet", lambda: udp.recvfrom(1))):
        try:
            take()
            traces.append(name)
        except OSError:
            continue
    return traces


def _state(folder: Path) -> str:
    """A digest of names, sizes, modes and times; not beneath links, which lead to NumPy."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        digest.update(f"{path} {status.st_mode} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
