"""python -m minigan.reproduce ruler: what a grid of sigmas hides of a Parzen window log-likelihood.

Why a parabola.  Where the nearest centre has nearly all of the sum, at the squared distance q in the mean,

    mean log p = -d log sigma - q / 2 sigma^2 + const,

whose derivative by log sigma is q / sigma^2 - d.  So at the best sigma q = d sigma*^2, the second derivative
is -2 q / sigma*^2 = -2 d whatever the centres are, and with u = log sigma / sigma* the loss is nearly d u^2.
"""

import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from math import inf, log
from pathlib import Path
from typing import Any

import numpy as np

from minigan import data, evaluation, parzen, run, threads
from minigan.backend import Backend, choose, to_host
from minigan.cli import Parser, exit_status, named
from minigan.data import Dataset
from minigan.reproduce import figures, milestones
from minigan.reproduce.centres import centroids, real_images
from minigan.reproduce.report import VERSIONS, Report, parser, say
from minigan.tensor import Array

EXAMPLES = """\
  python -m minigan.reproduce ruler
  python -m minigan.reproduce ruler --run runs/mnist-1"""

COUNTS = (1_000, 2_000, 3_000, 4_000, 6_000, 10_000)  # of real images
STEP = log(parzen.SIGMAS[1] / parzen.SIGMAS[0])  # of the authors' grid, in log sigma
U = tuple(STEP * i / 10 for i in range(-11, 12))  # where the loss is measured: a step to each side
NEAR = STEP / 2 + 1e-9  # the grid has a sigma within this


def main(argv: list[str]) -> int:
    return exit_status(lambda: _ruler(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("ruler", "What the authors' grid of ten sigmas loses against the best sigma.", EXAMPLES)
    made.add_argument(
        "--run",
        type=named("run folder"),
        metavar="RUN",
        help="a run of mnist, to measure its samples as well",
    )
    made.add_backend()
    return made


def _ruler(args: Namespace, argv: list[str]) -> int:
    backend = choose(args.backend)
    threads.use(args.threads, parzen.PRODUCTS)
    if args.run:
        milestones.recipe_of(args.run)
    dataset = data.load("mnist")
    sets = _sets(dataset, backend, args.run)
    report = Report("ruler", args.out, argv, {"backend": backend.name} | VERSIONS)
    say(args, f"ruler: {len(sets)} sets of centres, some seconds each")
    found = {
        name: report.keep(name, partial(_measure, make, dataset, backend)) for name, make in sets.items()
    }
    seconds = report.keep("seconds", lambda: _seconds(dataset, backend))
    figures.save_ruler(report.picture("ruler"), found, STEP, dataset.train.shape[1])
    print(as_text(found, dataset.train.shape[1]))
    one, more = seconds["one"], seconds["hundred"] / seconds["one"]
    print(
        f"{seconds['test']:,} images with one sigma: {one:.1f} s; with the best of 100: {more:.2f} times that"
    )
    print(report.picture("ruler"))
    return 0


def _sets(dataset: Dataset, backend: Backend, folder: str | None) -> dict[str, Callable[[], np.ndarray]]:
    """The sets of centres, by name."""
    images = real_images(dataset)
    sets: dict[str, Callable[[], np.ndarray]] = {
        f"{n:,} images": partial(np.asarray, images[:n]) for n in COUNTS if n <= len(images)
    }
    sets[f"{len(images):,} k-means centroids"] = partial(centroids, dataset)
    if folder:
        recipe, (_, _, G) = milestones.recipe_of(folder), run.load_generator(Path(folder), backend)
        name = f"samples of {Path(folder).name}, epoch {run.epochs_of(Path(folder))}"
        sets[name] = lambda: milestones.samples(G, recipe, backend)
    return sets


def _measure(make: Callable[[], np.ndarray], dataset: Dataset, backend: Backend) -> dict[str, Any]:
    """The log-likelihood of the first 1,000 validation images: on the grid, at its best, and around that."""
    valid, centres = _valid(dataset, backend), backend.asarray(make())
    of_grid, by_grid = parzen.choose_sigma(valid, centres)
    sigma, best = parzen.refine_sigma(valid, centres, of_grid)
    around = [sigma * float(np.exp(u)) for u in U]
    loss = best - to_host(parzen.log_likelihoods(valid, centres, around).mean(axis=1))
    return {
        "grid": by_grid,
        "sigma_of_grid": of_grid,
        "best": best,
        "sigma": sigma,
        "lost": best - by_grid,
        "curvature": curvature(np.array(U), loss),
        "u": list(U),
        "loss": loss.tolist(),
    }


def _seconds(dataset: Dataset, backend: Backend) -> dict[str, Any]:
    """What the whole protocol costs with one sigma and with 100: the shorter of two times, taken in turns."""
    test = backend.asarray(dataset.prepared(dataset.test))
    valid, centres = _valid(dataset, backend), backend.asarray(real_images(dataset))
    sigmas = {"one": parzen.SIGMAS[2:3], "hundred": [10 ** (i / 99 - 1) for i in range(100)]}
    found: dict[str, Any] = {"valid": len(valid), "test": len(test), "one": inf, "hundred": inf}
    for name in [*sigmas, *sigmas]:
        began = time.perf_counter()
        parzen.of_table1(valid, test, centres, sigmas[name])  # as numbers, which waits for a GPU
        found[name] = min(found[name], time.perf_counter() - began)
    return found


def _valid(dataset: Dataset, backend: Backend) -> Array:
    return backend.asarray(dataset.prepared(dataset.valid[: evaluation.SIGMA_IMAGES]))


def curvature(u: np.ndarray, loss: np.ndarray) -> float:
    """c of the c u^2 that is nearest to the loss, as far from its end as the grid can be."""
    near = np.abs(u) <= NEAR
    u, loss = u[near], loss[near]
    return float((loss * u**2).sum() / (u**4).sum())


def as_text(found: dict[str, dict[str, Any]], d: int) -> str:
    """A row for each set of centres."""
    rows = [f"{'centres':34}   best    grid    lost    sigma  of grid   loss / (ln sigma / sigma*)^2"]
    for name, one in found.items():
        rows.append(
            f"{name:34} {one['best']:6.1f}  {one['grid']:6.1f}  {one['lost']:6.2f}    {one['sigma']:.4f}   "
            f"{one['sigma_of_grid']:.4f}   {one['curvature']:.0f}"
        )
    half = STEP / 2
    rows.append(
        f"The grid's sigmas are {STEP:.3f} apart in ln sigma: by {d} (ln sigma / sigma*)^2 it loses 0 to "
        f"{d * half**2:.1f} nats, {d * half**2 / 3:.1f} in the mean"
    )
    return "\n".join(rows)
