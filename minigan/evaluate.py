"""python -m minigan.evaluate: how good is the generator of a run?"""

import json
import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minigan import evaluation
from minigan.backend import choose
from minigan.cli import Parser, exit_status
from minigan.errors import InputError
from minigan.settings import MOST

EXAMPLES = """\
  python -m minigan.evaluate runs/digits-1
  python -m minigan.evaluate runs/mnist-1 --backend cupy --json > mnist-1.json
  python -m minigan.evaluate runs/ring8-1"""


def main(argv: list[str] | None = None) -> int:
    """Evaluate as the arguments say; returns the exit status."""
    return exit_status(lambda: _evaluate(_parser().parse_args(argv)))


def _parser() -> Parser:
    parser = Parser("evaluate", "Measure the generator of a run.", EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="the run folder")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument(
        "--centres",
        type=int,
        metavar="N",
        default=evaluation.CENTRES,
        help="samples of images; the paper's number, the default, is 10000",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides the noise (default: 0)")
    parser.add_sigmas()
    parser.add_backend()
    parser.add_threads()
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser


def _evaluate(args: Namespace) -> int:
    if not 1000 <= args.centres <= MOST:
        raise InputError(f"--centres: expected 1000 to {MOST:,} (the paper has 10000), got {args.centres}")
    say: evaluation.Say = _nothing if args.quiet else partial(print, file=sys.stderr, flush=True)
    found = evaluation.of_run(
        Path(args.run), choose(args.backend), args.seed, args.centres, say, args.sigmas, args.threads
    )
    print(json.dumps(found, indent=2) if args.json else as_text(found))
    return 0


def _nothing(text: str) -> None:
    pass


# As text ---------------------------------------------------------------------------------------------


def as_text(found: dict[str, Any]) -> str:
    """The numbers for a person to read, each beside what real examples and what noise score."""
    columns = [found, found["references"]["real"], found["references"]["noise"]]
    rows: list[tuple[str, ...]] = [("", "this run", "real", "noise")]
    if "modes" in found:
        rows += [
            (f"modes covered, of {found['of']}", *(str(x["modes"]) for x in columns)),
            ("within 3 standard deviations of a mode", *(f"{x['high_quality']:.2%}" for x in columns)),
        ]
        notes = [f"real: points of the mixture, of which {found['ceiling']:.2%} are so near; noise: uniform"]
    else:
        rows += _rows_of_images(columns)
        for row in found.get("further", []):
            rows.append((row["what"], *(f"{row[x]:.3f}" for x in ("run", "real", "noise"))))
        notes = _notes_of_images(found)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "   ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    ]
    title = f"{found['run']}: {found['recipe']}, epoch {found['epochs']}, {found['samples']} samples"
    return "\n".join([title, "", *lines, "", *notes])


def _rows_of_images(columns: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    nats, near = ([x[name] for x in columns] for name in ("log_likelihood", "memorising"))
    rows = [
        ("log-likelihood, nats", *map(_nats, nats)),
        ("  with sigma refined", *(_nats(x["refined"]) if x["refined"] else "none" for x in nats)),
        ("distance to the nearest training image", *(f"{x['samples']['to_training']:.2f}" for x in near)),
        ("distance to the nearest test image", *(f"{x['samples']['to_test']:.2f}" for x in near)),
        ("nearer to training images", *(f"{x['samples']['nearer_to_training']:.1%}" for x in near)),
    ]
    if "classes" in columns[0]:
        classes = [x["classes"] for x in columns]
        most = len(classes[0]["shares"])
        rows += [
            (
                f"entropy of the classes, at most {np.log(most):.3f}",
                *(f"{x['entropy']:.3f}" for x in classes),
            ),
            (f"score, 1 to {most}", *(f"{x['score']:.2f}" for x in classes)),
            *((f"class {i}", *(f"{x['shares'][i]:.1%}" for x in classes)) for i in range(most)),
        ]
    return rows


def _nats(x: dict[str, Any]) -> str:
    return f"{x['mean']:.1f} +- {x['standard_error']:.1f}"


def _notes_of_images(found: dict[str, Any]) -> list[str]:
    x, real = found["log_likelihood"], found["references"]["real"]["log_likelihood"]
    refined = f", refined {x['refined']['sigma']:.4f}" if x["refined"] else ""
    notes = [
        f"log-likelihood: of {x['test_images']} test images, Parzen window of {x['centres']} samples, "
        f"sigma {x['sigma']:.3f}{refined}; real: of {real['centres']} training images",
        f"distances: of {found['memorising']['samples']['count']} samples to {found['memorising']['images']} "
        "training and as many test images; real: validation images",
    ]
    for name, column in {"this run": found, **found["references"]}.items():
        if reason := column["log_likelihood"].get("not_refined"):
            notes.append(f"{name}, {reason}")
    if "classes" in found:
        judge = found["classes"]
        notes.append(
            f"classes: by a classifier with {judge['classifier_accuracy']:.2%} test accuracy after "
            f"{judge['classifier_epochs']} epochs"
        )
    return [*notes, "noise: each pixel uniform on [0, 1]"]


if __name__ == "__main__":
    sys.exit(main())
