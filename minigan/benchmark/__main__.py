"""python -m minigan.benchmark: how fast this machine plays one update, beside its bare matrix products."""

import json
import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path

from minigan import recipes, threads, workers
from minigan.algorithm1 import UPDATES
from minigan.backend import choose
from minigan.benchmark import document
from minigan.cli import COUNT, Parser, exit_status
from minigan.errors import InputError
from minigan.settings import flag

EXAMPLES = """\
  python -m minigan.benchmark                                  half a minute, all cores
  python -m minigan.benchmark --threads 1 --compare torch      one core, and PyTorch beside it
  python -m minigan.benchmark --update simultaneous --batch 32 --json
  python -m minigan.benchmark --neighbours                     a minute: threads beside busy programs
  python -m minigan.benchmark --sweep                          a few minutes: batch, width, update rule
  python -m minigan.benchmark --backend cupy --recipe mnist    on a GPU
  mpiexec -n 2 python -m minigan.benchmark --recipe mnist      what the sum over two workers takes"""


def main(argv: list[str] | None = None) -> int:
    """Measure as the arguments say; returns the exit status."""
    return exit_status(lambda: _benchmark(_parser().parse_args(argv)), workers.end)


def _parser() -> Parser:
    parser = Parser("benchmark", "Time an update of Algorithm 1 beside its bare matrix products.", EXAMPLES)
    known = ", ".join(recipes.RECIPES)
    default = "mnist-alternating"
    parser.add_argument("--recipe", default=default, metavar="NAME", help=f"one of {known} ({default})")
    parser.add_argument("--update", choices=tuple(UPDATES), help="(default: the recipe's)")
    parser.add_argument("--batch", type=COUNT, metavar="N", help="examples in a minibatch (the recipe's)")
    parser.add_backend()
    parser.add_argument("--threads", type=COUNT, metavar="N", help="of the matrix library (all cores)")
    parser.add_argument("--repeats", type=COUNT, default=50, metavar="N", help="timed updates (50)")
    parser.add_argument("--compare", choices=("torch",), help="time PyTorch as well, where it is installed")
    parser.add_argument("--sweep", action="store_true", help="also other batches, widths and update rules")
    parser.add_argument(
        "--neighbours", action="store_true", help="only this: threads, alone and beside busy programs"
    )
    parser.add_argument("--cpu-time", action="store_true", help="not wall time; only with --threads 1")
    parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the tables into this document too")
    parser.add_argument("--quiet", action="store_true", help="print nothing; with --write")
    return parser


def _benchmark(args: Namespace) -> int:
    recipe = recipes.find(args.recipe)
    if recipe.name in recipes.LATER:
        known = ", ".join(recipes.RECIPES)
        raise InputError(f"--recipe: the products of {recipe.name} are not counted; those of {known} are")
    recipe = recipe.change(batch=args.batch or recipe.batch, update=args.update or recipe.update)
    if args.cpu_time and (args.threads != 1 or args.backend != "numpy"):
        raise InputError("--cpu-time adds up the time of all threads; use it with --threads 1, on NumPy")
    if args.quiet and not args.write:
        raise InputError("--quiet leaves nothing to see; use it with --write")
    if args.compare and not find_spec(args.compare):
        raise InputError("--compare torch: PyTorch is not installed; pip install torch")
    if args.write:
        document.read(args.write)
    team = workers.find()
    others = (args.backend != "numpy", args.compare, args.sweep, args.neighbours, args.cpu_time)
    if team.size > 1 and any(others):
        raise InputError(
            "several workers only time their updates and sums, on NumPy; leave out --backend, --compare, "
            "--sweep, --neighbours and --cpu-time, or mpiexec"
        )
    if args.threads:
        threads.use(args.threads, [])
    from minigan.benchmark import measure, neighbours, report, together  # slow to import, not for --help

    if team.size > 1:
        result = {"command": _command(args), **together.measure(recipe, team, args.threads, args.repeats)}
        tables = text = together.table(result)
        if team.rank:  # worker 0 speaks for all
            return 0
    elif args.neighbours:
        result = {"command": _command(args), "neighbours": neighbours.measure()}
        tables = text = neighbours.table(result["neighbours"])
    else:
        result = {"command": _command(args), **measure.measure(recipe, choose(args.backend), args)}
        tables, text = report.tables(result), report.report(result)
    if args.write:
        document.write(args.write, result["command"], tables)
    if not args.quiet:
        print(json.dumps(result) if args.json else text)
    return 0


def _command(args: Namespace) -> str:
    """The command that measures this again, however it was spelt."""
    size, parser = workers.started()[1], _parser()
    words = [f"mpiexec -n {size} " * (size > 1) + "python -m minigan.benchmark"]
    for name, value in vars(args).items():
        if name not in ("json", "write", "quiet") and value != parser.get_default(name):
            words += [flag(name), *([] if value is True else [str(value)])]
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
