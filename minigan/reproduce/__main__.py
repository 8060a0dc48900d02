"""python -m minigan.reproduce: the figures, the table and the theorems of the paper, measured again."""

import importlib
import sys
from functools import partial
from pathlib import Path

from minigan import threads
from minigan.backend import choose
from minigan.cli import Parser, dispatch, exit_status, listing, named
from minigan.errors import RunError
from minigan.files import writable

REPRODUCTIONS = {
    "theory": "the theorems of section 4 in numbers, and where they stop holding",
    "figure1": "the game on a line, in four frames and as a film",
    "modes": "how many modes a generator finds on ring8 and grid25, plain and packed",
    "table1": "log-likelihood on MNIST over several seeds, beside the paper's",
    "ruler": "what a grid of sigmas hides of a log-likelihood",
    "curve": "log-likelihood against epochs, by update and by loss",
    "figure2": "fair samples of a run, with the nearest training images",
    "figure3": "straight lines through z-space",
    "classifier": "the maxout classifier of the Maxout article",
    "successors": "what came after the paper, in small, beside controls",
}
ON_A_BACKEND = set(REPRODUCTIONS) - {"theory", "figure1", "successors"}
EXAMPLES = "  python -m minigan.reproduce all --out runs/paper --backend cupy"


def main(argv: list[str] | None = None) -> int:
    """Run the reproduction that `argv` names first; returns the exit status."""
    return exit_status(lambda: _run(sys.argv[1:] if argv is None else argv))


def overview() -> str:
    everything = {"all": "all of these, one after the other; --out FOLDER is where"}
    return f"""python -m minigan.reproduce WHAT [options]

{listing(REPRODUCTIONS | everything)}

Each prints how long it will take, writes pictures and numbers into a folder, and goes on where it was
stopped.  `python -m minigan.reproduce WHAT --help` says more."""


def _all(argv: list[str]) -> int:
    """Each in a folder of its own; the figures of samples are of the first run of table1.

    One that fails, as those on MNIST do where it cannot be had, says why, and the others are done.
    """
    made = Parser(
        "reproduce all", "Everything, one after the other; it can be stopped and goes on.", EXAMPLES
    )
    made.add_argument(
        "--out", type=named("folder"), default="runs/paper", metavar="FOLDER", help="(default: runs/paper)"
    )
    made.add_backend()
    made.add_threads()
    made.add_argument("--quiet", action="store_true", help="say nothing but errors and the results")
    args = made.parse_args(argv)
    folder, failed = writable(Path(args.out)), []
    choose(args.backend)
    if args.threads is not None:
        threads.use(args.threads, [])
    for what in REPRODUCTIONS:
        options = ["--out", str(folder / what)] + ["--quiet"] * args.quiet
        options += ["--threads", str(args.threads)] if args.threads is not None else []
        if what in ON_A_BACKEND:
            options += ["--backend", args.backend]
        if what in ("figure2", "figure3"):
            options += ["--run", str(folder / "table1" / "seed-1")]
        print(f"== {what}", flush=True)
        if (status := _run([what, *options])) == 130:
            return status
        if status:
            failed.append(what)
    if failed:
        raise RunError(f"not done: {', '.join(failed)}; each said why above, and --out {folder} goes on")
    return 0


def _run(argv: list[str]) -> int:
    each = {what: partial(_main_of, what) for what in REPRODUCTIONS}
    return dispatch(argv, each | {"all": _all}, overview())


def _main_of(what: str, argv: list[str]) -> int:
    return importlib.import_module(f"minigan.reproduce.{what}").main(argv)


if __name__ == "__main__":
    sys.exit(main())
