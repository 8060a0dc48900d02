"""python -m minigan.reproduce table1: the log-likelihood of MNIST beside the paper's, and how to read it."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minigan import data, evaluation, parzen, recipes, run, threads
from minigan.backend import Backend, choose
from minigan.cli import COUNT, Parser, exit_status, named, numbers
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.recipes import Recipe
from minigan.reproduce import figures, milestones
from minigan.reproduce.centres import CALIBRATION
from minigan.reproduce.report import Report, how_long, parser, say

EXAMPLES = """\
  python -m minigan.reproduce table1 --backend cupy
  python -m minigan.reproduce table1 --seeds 1 --epochs 10,25,50
  python -m minigan.reproduce table1 --runs runs/mnist-1 runs/mnist-2 runs/mnist-3
  python -m minigan.reproduce table1 --runs runs/table1/seed-1 --sigmas .1,.15,.2,.25
  python -m minigan.reproduce table1 --averages .9,.98 --out runs/averages
  python -m minigan.reproduce table1 --runs runs/averages/seed-1 --player G.average90"""

EPOCHS = "1,10,25,50,100,150,200,250"
PAPER = {
    "deep belief net": (138, 2),
    "stacked contractive auto-encoder": (121, 1.6),
    "deep generative stochastic net": (214, 1.1),
    "adversarial nets": (225, 2),
}
STOPPING = "the epoch, of those measured, with the best log-likelihood on the validation images"
Run = tuple[str, Recipe, list[dict[str, Any]]]  # its name, and its numbers at each epoch


def main(argv: list[str]) -> int:
    return exit_status(lambda: _table1(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("table1", f"Table 1 on MNIST. Each run counts at {STOPPING}.", EXAMPLES)
    made.add_argument("--seeds", type=COUNT, default=3, metavar="N", help="seeds 1 to N (default: 3)")
    made.add_argument("--epochs", metavar="N,N", help=f"when to measure (default: {EPOCHS})")
    made.add_argument(
        "--runs",
        type=named("run folder"),
        nargs="+",
        metavar="RUN",
        help="measure these instead: the checkpoints they kept, or as they are",
    )
    made.add_argument(
        "--player",
        default="G",
        metavar="NAME",
        help="with --runs: the generator's arrays in the kept checkpoints, if not G (averages, say)",
    )
    made.add_argument(
        "--averages",
        type=numbers(0, 1),
        default=(),
        metavar="A,A",
        help="also keep running means of G over the epochs: G.average90 for a = .9 (see --player)",
    )
    made.add_sigmas()
    made.add_backend()
    return made


def _table1(args: Namespace, argv: list[str]) -> int:
    epochs = milestones.epochs_of(args.epochs or EPOCHS)
    if args.player != "G" and not args.runs:
        raise InputError("--player is for the checkpoints of --runs; leave it out, or name the runs")
    if args.averages and args.runs:
        raise InputError("--averages is for runs that are trained; leave it out with --runs")
    for folder in args.runs or ():
        milestones.recipe_of(folder)  # what is wrong with the last is said before the first is measured
    backend = choose(args.backend)
    threads.use(args.threads, parzen.PRODUCTS)
    dataset = data.load("mnist")
    report = Report("table1", args.out, argv, {"backend": backend.name})
    if args.runs:
        runs = [_of_run(report, folder, dataset, backend, args) for folder in args.runs]
    else:
        runs = _played(report, epochs, backend, args)
    calibration = _calibrate(report, dataset, backend, args.sigmas)
    curves = {name: curve for name, _, curve in runs}
    lines = {
        name: {ruler: milestones.line(curve, recipe, dataset, ruler) for ruler in milestones.RULERS}
        for name, recipe, curve in runs
    }
    summary = report.found["summary"] = summarise([curve for _, _, curve in runs]) | {"lines": lines}
    report.write()
    figures.save_log_likelihood(report.picture("table1"), curves, lines)
    print(as_text(summary, calibration))
    print(report.path)
    return 0


def _played(report: Report, epochs: list[int], backend: Backend, args: Namespace) -> list[Run]:
    """The runs of the seeds, trained as far as they are not yet."""
    names = [f"seed {seed}" for seed in range(1, args.seeds + 1)]
    left = sum(f"{name}, epoch {epochs[-1]}" not in report.found for name in names)
    each = milestones.seconds(recipes.mnist, epochs, backend) if left else 0.0
    say(args, f"table1: {left} runs, about {how_long(left * each)}, less what is done of them already")
    recipe = recipes.mnist
    return [
        (name, recipe, milestones.measured(report, name, recipe, seed, epochs, backend, args))
        for seed, name in enumerate(names, 1)
    ]


def _of_run(report: Report, folder: str, dataset: Dataset, backend: Backend, args: Namespace) -> Run:
    """A run at each epoch of which it kept the checkpoint, else as it is now."""
    path, curve = Path(folder), []
    kept = milestones.kept(path)
    epochs = milestones.epochs_of(args.epochs) if args.epochs else kept or [run.epochs_of(path)]
    if args.epochs and (missing := sorted(set(epochs) - set(kept))):
        has = ", ".join(map(str, kept)) or "none"
        raise InputError(f"--epochs: {folder} kept no checkpoint of epoch {missing[0]}, only {has}")
    for epoch in epochs:
        key = f"run {folder}, epoch {epoch}" + (f", {args.player}" if args.player != "G" else "")
        make = partial(_measure, path, epoch if kept else None, dataset, backend, args)
        one = milestones.keep(report, key, args.sigmas, make)
        say(args, f"{key}: {milestones.as_text(one)}")
        curve.append({"epoch": epoch} | one)
    return folder, milestones.recipe_of(folder), curve


def _measure(
    folder: Path, epoch: int | None, dataset: Dataset, backend: Backend, args: Namespace
) -> dict[str, Any]:
    if epoch is not None:
        return milestones.of_milestone(folder, epoch, dataset, backend, args.sigmas, args.player)
    if args.player != "G":
        raise InputError(f"--player: {folder} kept no checkpoints of its epochs; leave it out")
    config, _, G = run.load_generator(folder, backend)
    return milestones.log_likelihood(G, config.recipe, dataset, backend, args.sigmas)


def summarise(curves: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """The mean over the runs, each at its best epoch by the validation images, with its standard error.

    By the grid; under "refined", with sigma refined, where all were measured so; and under "common" both
    again at the latest epoch at which all runs were measured, if there are several.
    """
    found = _by_both(curves) | {"stopping": STOPPING, "common": None}
    common = set.intersection(*({one["epoch"] for one in curve} for curve in curves))
    if len(curves) > 1 and common:
        at = [[one for one in curve if one["epoch"] == max(common)] for curve in curves]
        found["common"] = _by_both(at)
    return found


def _by_both(curves: list[list[dict[str, Any]]]) -> dict[str, Any]:
    refined = all(milestones.by("refined", one) for curve in curves for one in curve)
    return _summary(curves, "grid") | {"refined": _summary(curves, "refined") if refined else None}


def _summary(curves: list[list[dict[str, Any]]], ruler: str) -> dict[str, Any]:
    best = [max(curve, key=lambda one: milestones.by(ruler, one)["validation"]) for curve in curves]
    found = [milestones.by(ruler, one) for one in best]
    means = np.array([one["mean"] for one in found])
    error = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else found[0]["standard_error"]
    return {
        "mean": float(means.mean()),
        "standard_error": float(error),
        "standard_error_is_over": "runs" if len(means) > 1 else "test images",
        "runs": [{"epoch": one["epoch"]} | by_ruler for one, by_ruler in zip(best, found, strict=True)],
    }


def _calibrate(
    report: Report, dataset: Dataset, backend: Backend, sigmas: Sequence[float]
) -> dict[str, dict[str, Any]]:
    def measure(make: Callable[[Dataset], np.ndarray]) -> dict[str, Any]:
        return evaluation.log_likelihood(make(dataset), dataset, backend, sigmas=sigmas)

    return {
        name: milestones.keep(report, name, sigmas, partial(measure, make))
        for name, make in CALIBRATION.items()
    }


def as_text(summary: dict[str, Any], calibration: dict[str, Any]) -> str:
    """Table 1 of the paper, our cell below it, and the calibration, by both rulers."""
    rows = [f"{'':34} {'grid':>14} {'sigma refined':>15}"]
    rows += [f"{name:34} {mean:7.1f} +- {error:.1f}" for name, (mean, error) in PAPER.items()]
    rows.append(_row("minigan", summary))
    if common := summary["common"]:
        rows.append(_row(f"minigan, epoch {common['runs'][0]['epoch']} of all runs", common))
    rows += [_row(f"as centres: {name}", one) for name, one in calibration.items()]
    for ruler in milestones.RULERS:
        if found := milestones.by(ruler, summary):
            at, over = [str(one["epoch"]) for one in found["runs"]], found["standard_error_is_over"]
            rows.append(f"{ruler}: {len(at)} run(s), epoch {', '.join(at)}; standard error over {over}")
    for name, lines in summary["lines"].items():
        for ruler, line in lines.items():
            if line:
                first, *_, last = line["epochs"]
                rows.append(
                    f"{name}, {ruler}: from epoch {first} to {last} a line in what is left of the learning "
                    f"rate, off by {line['off']:.1f}; its end is {line['end']:.1f} nats"
                )
    return "\n".join(["MNIST, log-likelihood of the test images in nats (Parzen window)", *rows])


def _row(name: str, one: dict[str, Any]) -> str:
    cells = (milestones.by(ruler, one) for ruler in milestones.RULERS)
    return f"{name:34} " + "  ".join(f"{x['mean']:7.1f} +- {x['standard_error']:.1f}" for x in cells if x)
