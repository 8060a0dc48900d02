"""`python -m minigan.homework COMMAND`: the commands, their arguments, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from minigan.cli import COUNT, SEED, Parser, dispatch, exit_status, listing, whole
from minigan.homework.instructor import commands as instructor
from minigan.homework.student import commands as student

Argument = tuple[tuple[str, ...], dict[str, Any]]


def argument(*names: str, **options: Any) -> Argument:
    return names, options


HOMEWORK = argument("homework", help="which one: hw02, hw05, ...")
FILE = argument("--file", help="your file (default: hw02/hw02.py for hw02)")
SEED_OF_INPUTS = argument(
    "--seed", type=SEED, default=0, help="the seed of the inputs; a graded result says which it was"
)
HW = argument("--hw", required=True, help="which homework")
SECRET = argument("--secret-file", default="", help="a file of random bytes, from which each seed is derived")
LEVEL = argument("--level", type=int, choices=(1, 2, 3), help="isolation level (default: the best there is)")
JOBS = argument("--jobs", type=COUNT, default=2, help="how many at the same time")

COMMANDS: dict[str, tuple[Callable[[Any], int], str, list[Argument]]] = {
    "list": (student.list_all, "which homework there is", []),
    "start": (student.start, "put task and empty solution into a folder; never overwrites", [HOMEWORK, FILE]),
    "check": (student.check, "mark your file; exit status 0 only at 100", [HOMEWORK, SEED_OF_INPUTS, FILE]),
    "watch": (student.watch, "mark it again at every save, until 100", [HOMEWORK, SEED_OF_INPUTS, FILE]),
    "hint": (student.hint, "one more hint, of three", [HOMEWORK]),
    "why": (
        student.why,
        "all that failed in the last check, in full",
        [HOMEWORK, argument("check", nargs="?", help="only this check")],
    ),
    "solution": (
        student.solution,
        "minigan's own, and how yours differs; after 100",
        [HOMEWORK, FILE, argument("--give-up", action="store_true", help="show it before 100")],
    ),
    "reset": (student.reset, "begin anew; your file is kept under another name", [HOMEWORK, FILE]),
    "progress": (student.show_progress, "how far you are", []),
    "doctor": (student.doctor, "what this machine can do, and what its isolation does not stop", []),
    "grade": (
        instructor.grade,
        "mark a folder of submissions",
        [
            argument("submissions", help="a folder with a folder, .py file or .zip file for each student"),
            HW,
            SECRET,
            JOBS,
            LEVEL,
            argument("--out", default="results", help="where the results go (default: results)"),
            argument(
                "--format", default="csv,json", help="of csv, json, gradescope, junit (default: csv,json)"
            ),
            argument("--resume", action="store_true", help="go on with the batch in --out"),
            argument("--trust-submissions", action="store_true", help="go on even where L2 does not work"),
            argument("--results", help="mark SUBMISSIONS as one student's, into this Gradescope file"),
            argument("--student", default="student", help="with --results: whose seed it is"),
            argument("--quiet", action="store_true", help="no line for each submission"),
        ],
    ),
    "report": (
        instructor.report,
        "pass rates, and which mistakes were made",
        [argument("results", help="the folder that `grade --out` named")],
    ),
    "selftest": (
        instructor.selftest,
        "prove the grader: right answers 100, wrong ones lose what they should",
        [
            argument("homework", nargs="*", help="which (default: all)"),
            LEVEL,
            JOBS,
            argument(
                "--full", action="store_true", help="also 200 seeds, mechanical mutants and the attacks"
            ),
            argument("--write", help="write the evidence to this file, as in docs/grader-evidence.md"),
        ],
    ),
    "similar": (
        instructor.similar,
        "which submissions resemble each other, or minigan's own answer",
        [
            argument("submissions", help="the folder that `grade` takes"),
            HW,
            argument(
                "--least", type=whole(0, 100), default=80, help="in percent of the shorter one (default: 80)"
            ),
        ],
    ),
    "bundle": (
        instructor.bundle,
        "an autograder for Gradescope, as a zip",
        [
            argument("platform", choices=["gradescope"], help="for which platform"),
            HW,
            SECRET,
            argument("--out"),
        ],
    ),
    "new": (
        instructor.new,
        "a scaffold for a new homework, whose proof fails until it is complete",
        [
            argument("name", help="as in hw06_dropout"),
            argument(
                "--targets",
                required=True,
                nargs="+",
                help="what to write, as in ops.dropout optim.Momentum.step",
            ),
        ],
    ),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command that `argv` names first; return its exit status."""
    return exit_status(lambda: _run(sys.argv[1:] if argv is None else argv))


def overview() -> str:
    return (
        "Homework marked by tests. A student begins with `list` and `start hw02`, an instructor with `doctor`"
        "\n\n"
        + listing({name: purpose for name, (_, purpose, _) in COMMANDS.items()})
        + "\n\n`python -m minigan.homework COMMAND --help` says more."
    )


def _run(argv: list[str]) -> int:
    return dispatch(argv, {name: partial(_command, name) for name in COMMANDS}, overview())


def _command(name: str, argv: list[str]) -> int:
    function, purpose, arguments = COMMANDS[name]
    parser = Parser(f"homework {name}", purpose, EXAMPLES.get(name, f"  python -m minigan.homework {name}"))
    for names, options in arguments:
        parser.add_argument(*names, **options)
    return function(parser.parse_args(argv))


EXAMPLES = {
    "start": "  python -m minigan.homework start hw02",
    "check": "  python -m minigan.homework check hw02\n  python -m minigan.homework check hw02 --seed 123",
    "grade": (
        "  head -c 32 /dev/urandom > course.key\n"
        "  python -m minigan.homework grade handed-in/ --hw hw05 --jobs 4 --out results/ \\\n"
        "      --secret-file course.key --format csv,json,gradescope,junit\n"
        "  the same again with --resume, if it was interrupted"
    ),
    "selftest": "  python -m minigan.homework selftest hw02\n  python -m minigan.homework selftest --full",
    "bundle": "  python -m minigan.homework bundle gradescope --hw hw05 --secret-file course.key",
    "new": "  python -m minigan.homework new hw06_dropout --targets ops.dropout",
}
