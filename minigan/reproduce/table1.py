"""python -m minigan.reproduce table1: the log-likelihood of MNIST beside the paper's, and how to read it."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from minigan import data, evaluate, pictures, recipes, run
from minigan.backend import Backend, choose
from minigan.cli import Parser, exit_status
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.reproduce import milestones
from minigan.reproduce.report import Report, how_long, parser, say

EXAMPLES = """\
  python -m minigan.reproduce table1 --backend cupy
  python -m minigan.reproduce table1 --seeds 1 --epochs 10,25,50
  python -m minigan.reproduce table1 --runs runs/mnist-1 runs/mnist-2 runs/mnist-3"""

EPOCHS = "1,10,25,50,100,150,200,250"
PAPER = {
    "deep belief net": (138, 2),
    "stacked contractive auto-encoder": (121, 1.6),
    "deep generative stochastic net": (214, 1.1),
    "adversarial nets": (225, 2),
}
STOPPING = "the epoch, of those measured, with the best log-likelihood on the validation images"


def main(argv: list[str]) -> int:
    return exit_status(lambda: _table1(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("table1", f"Table 1 on MNIST. Each run counts at {STOPPING}.", EXAMPLES)
    made.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 1 to N (default: 3)")
    made.add_argument("--epochs", default=EPOCHS, metavar="N,N", help=f"when to measure (default: {EPOCHS})")
    made.add_argument("--runs", nargs="+", metavar="RUN", help="measure these as they are instead")
    made.add_backend()
    return made


def _table1(args: Namespace, argv: list[str]) -> int:
    epochs = milestones.epochs_of(args.epochs)
    if args.seeds < 1:
        raise InputError(f"--seeds: expected 1 or more, got {args.seeds}")
    backend = choose(args.backend)
    dataset = data.load("mnist")
    report = Report("table1", args.out, argv, {"backend": backend.name})
    if args.runs:
        curves = [[_of_run(report, folder, backend)] for folder in args.runs]
    else:
        names = [f"seed {seed}" for seed in range(1, args.seeds + 1)]
        left = sum(f"{name}, epoch {epochs[-1]}" not in report.found for name in names)
        each = milestones.seconds(recipes.mnist, epochs, backend) if left else 0.0
        say(args, f"table1: {left} runs, about {how_long(left * each)}, less what is done of them already")
        curves = [
            milestones.measured(report, name, recipes.mnist, seed, epochs, backend, args)
            for seed, name in enumerate(names, 1)
        ]
        pictures.save_log_likelihood(report.picture("table1"), dict(zip(names, curves, strict=True)))
    calibration = {
        name: report.keep(name, lambda make=make: evaluate.log_likelihood(make(dataset), dataset, backend))
        for name, make in CALIBRATION.items()
    }
    summary = report.found["summary"] = summarise(curves)
    report.write()
    print(as_text(summary, calibration))
    print(report.path)
    return 0


def _of_run(report: Report, folder: str, backend: Backend) -> dict[str, Any]:
    recipe = run.read_config(Path(folder)).recipe
    if recipe.data != "mnist" or recipe.values != "unit":
        raise InputError(f"--runs: {folder} did not learn mnist in [0, 1], and the table is of that")
    _, dataset, G = run.load_generator(Path(folder), backend)
    epoch = evaluate.epochs_of(Path(folder))
    found = report.keep(
        f"run {folder}, epoch {epoch}", lambda: milestones.log_likelihood(G, recipe, dataset, backend)
    )
    return {"epoch": epoch} | found


def summarise(curves: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """The mean over the runs, each at its best epoch by the validation images, with its standard error."""
    best = [max(curve, key=lambda one: one["validation"]) for curve in curves]
    means = np.array([one["mean"] for one in best])
    error = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else best[0]["standard_error"]
    return {
        "mean": float(means.mean()),
        "standard_error": float(error),
        "standard_error_is_over": "runs" if len(means) > 1 else "test images",
        "stopping": STOPPING,
        "runs": best,
    }


# What the numbers mean: centres that no generator made -----------------------------------------------


def _real(dataset: Dataset) -> np.ndarray:
    return _values(dataset, dataset.train[: evaluate.CENTRES])


def _mean_image(dataset: Dataset) -> np.ndarray:
    return _values(dataset, dataset.train).mean(axis=0, keepdims=True)


def _centroids(dataset: Dataset) -> np.ndarray:
    """One step of Lloyd's k-means on all training images, from the first 10,000 of them."""
    centres, x = _real(dataset), _values(dataset, dataset.train)
    half, nearest_of = (centres * centres).sum(axis=1) / 2, np.empty(len(x), np.int64)
    for i in range(0, len(x), 1000):
        nearest_of[i : i + 1000] = (x[i : i + 1000] @ centres.T - half).argmax(axis=1)
    sums = np.zeros_like(centres)
    np.add.at(sums, nearest_of, x)
    return sums / np.bincount(nearest_of, minlength=len(centres))[:, None]


def _values(dataset: Dataset, x: np.ndarray) -> np.ndarray:
    return dataset.prepare(x.astype(np.float32))


CALIBRATION = {
    "10,000 training images": _real,
    "10,000 k-means centroids": _centroids,
    "the mean training image": _mean_image,
}


def as_text(summary: dict[str, Any], calibration: dict[str, Any]) -> str:
    """Table 1 of the paper, our cell below it, and the calibration."""
    epochs = ", ".join(str(one["epoch"]) for one in summary["runs"])
    over = summary["standard_error_is_over"]
    runs = f"{len(summary['runs'])} run(s), epoch {epochs}; standard error over {over}"
    rows = [f"{name:34} {mean:7.1f} +- {error:.1f}" for name, (mean, error) in PAPER.items()]
    rows.append(f"{'minigan':34} {summary['mean']:7.1f} +- {summary['standard_error']:.1f}   {runs}")
    rows += [
        f"{'as centres: ' + name:34} {one['mean']:7.1f} +- {one['standard_error']:.1f}"
        for name, one in calibration.items()
    ]
    return "\n".join(["MNIST, log-likelihood of the test images in nats (Parzen window)", *rows])
