"""python -m minigan.successors NAME: a page of what came after the paper, measured; a picture and numbers."""

import importlib
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from shlex import join
from typing import Any

import numpy as np

import minigan
from minigan import threads
from minigan.cli import COUNT, SEED, Parser, dispatch, exit_status, listing, named
from minigan.errors import InputError
from minigan.files import read_json, writable, write_json
from minigan.successors import pictures

PAGES = {  # the module that measures it, and what it is
    "two-lines": (
        "two_lines",
        "two parallel lines: the paper's game is flat, the Wasserstein distance is not",
    ),
    "one-dimension": (
        "one_dimension",
        "gradient penalty, clipping and the paper's game against the exact W1",
    ),
    "moments": ("moments", "before the game: two moments, and all of them by a kernel (MMD)"),
    "fooling": ("fooling", "adversarial examples of the maxout classifier, and training on them"),
    "cycle": ("cycle", "two games at once: digits inverted, or turned, and back, learned without pairs"),
    "stack": (
        "stack",
        "a coarse picture of a class first, a fine one from it: the conditional game twice",
    ),
    "sequences": ("sequences", "sequence to sequence: English numbers to French ones, by two LSTMs"),
    "twice": ("twice", "a backward that can be differentiated again, beside the penalty by masks"),
    "convolution": ("speed", "how long a convolution takes, beside PyTorch"),
}
EXAMPLES = """\
  python -m minigan.successors two-lines
  python -m minigan.successors sequences --seed 2 --out runs/numbers
  python -m minigan.successors fooling --data digits"""


def main(argv: list[str] | None = None) -> int:
    """Measure the page that `argv` names first; returns the exit status."""
    return exit_status(lambda: _run(sys.argv[1:] if argv is None else argv))


def overview() -> str:
    return f"""python -m minigan.successors NAME [options]

{listing({name: purpose for name, (_, purpose) in PAGES.items()})}

Each prints its numbers and writes them, and a picture, into a folder; all of it follows from --seed.
`python -m minigan.successors NAME --help` says more."""


def _run(argv: list[str]) -> int:
    return dispatch(argv, {name: partial(_command, name) for name in PAGES}, overview())


def _command(name: str, argv: list[str]) -> int:
    return _page(name, _parser(name).parse_args(argv), argv)


def _parser(name: str) -> Parser:
    parser = Parser(f"successors {name}", f"{PAGES[name][1].capitalize()}.", EXAMPLES)
    parser.add_argument("--seed", type=SEED, default=0, metavar="N", help="(default: 0)")
    parser.add_argument(
        "--out",
        type=named("folder"),
        metavar="FOLDER",
        help=f"one for each seed (default: runs/successors/{name})",
    )
    if name == "fooling":
        parser.add_argument("--data", choices=("mnist", "digits"), default="mnist", help="(default: mnist)")
        parser.add_argument("--epochs", type=COUNT, default=5, metavar="N", help="(default: 5)")
    parser.add_threads()
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    return parser


def _page(name: str, args: Namespace, rest: list[str]) -> int:
    threads.use(args.threads, [])  # hardly a product here is large enough for two
    module = importlib.import_module(f"minigan.successors.{PAGES[name][0]}")
    settings = module.Settings()
    if name == "fooling":
        settings = replace(settings, data=args.data, epochs=args.epochs)
    folder, say = writable(Path(args.out or f"runs/successors/{name}")), _say(args.quiet)
    numbers, picture = folder / f"{name}.json", folder / f"{name}.png"
    decisive = asdict(settings) | {"seed": args.seed}
    _refuse_others(numbers, decisive)
    found = module.measure(args.seed, settings, say)
    record = {
        "command": join(["python", "-m", "minigan.successors", name, *rest]),
        "settings": decisive,
        "versions": {"minigan": minigan.__version__, "numpy": np.__version__},
        "found": found,
    }
    write_json(numbers, record)
    pictures.SAVE[name](picture, found)
    say(str(picture))
    return 0


def _refuse_others(path: Path, decisive: dict[str, Any]) -> None:
    """InputError where the file has numbers of other settings, which would be lost."""
    if path.exists():
        stored = read_json(path)
        if not isinstance(stored, dict) or stored.get("settings") != json.loads(json.dumps(decisive)):
            raise InputError(f"--out: {path} has numbers of other settings; name another folder")


def _say(quiet: bool) -> Callable[[str], None]:
    return (lambda text: None) if quiet else lambda text: print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
