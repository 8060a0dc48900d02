"""A run that is measured at certain epochs on its way: what table1 and curve are made of.

The checkpoint of each of these epochs stays in the run folder, milestones/epoch-0100.npz and so on, so that
another ruler (`--sigmas`) can be laid on it later without training again.
"""

import re
import shutil
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import ceil, log
from pathlib import Path
from typing import Any

import numpy as np

from minigan import checkpoint, evaluation, parzen, run
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.files import write_atomically
from minigan.nn import Layer
from minigan.optim import exponential_decay
from minigan.players import generate, load_data, set_up, update_of
from minigan.progress import Progress
from minigan.random import Streams
from minigan.recipes import Recipe
from minigan.reproduce import averages
from minigan.reproduce.report import Report, say, seconds_each
from minigan.settings import MOST
from minigan.training import Training

RULERS = ("grid", "refined")
FIT_FROM, FIT_LEAST = 300, 4  # the first epoch and the number of milestones that a line is fitted to


def epochs_of(text: str) -> list[int]:
    """From 10,25,50 to the numbers, which must rise, and not above MOST."""
    try:
        epochs = [int(part) for part in text.split(",")]
    except ValueError:
        epochs = []
    if not epochs or not all(a < b for a, b in pairwise([0, *epochs, MOST + 1])):
        raise InputError(f"--epochs: expected rising whole numbers, to {MOST:,}, as 10,25,50, got {text!r}")
    return epochs


# The runs of a report --------------------------------------------------------------------------------


def measured(
    report: Report,
    name: str,
    recipe: Recipe,
    seed: int,
    epochs: Sequence[int],
    backend: Backend,
    args: Namespace,
) -> list[dict[str, Any]]:
    """The log-likelihood of one run at each of the epochs; what the report has by these rulers is kept."""
    folder, curve = report.folder / re.sub(r"\W+", "-", name), []
    for epoch in epochs:
        key, until = f"{name}, epoch {epoch}", recipe.change(epochs=epoch)
        former = _is_former(report.found.get(key), args.sigmas) and not path_of(folder, epoch).exists()
        make = partial(_measure, folder, until, seed, backend, args)
        one = report.found[key] if former else keep(report, key, args.sigmas, make)
        say(args, f"{key}: {as_text(one)}")
        curve.append({"epoch": epoch} | one)
    return curve


def keep(report: Report, name: str, sigmas: Sequence[float], make: Callable[[], Any]) -> dict[str, Any]:
    """The report's number of that name, made again where it is by other rulers."""
    found = report.found.get(name)
    if not (isinstance(found, dict) and "refined" in found and found.get("sigmas") == list(sigmas)):
        report.found.pop(name, None)
    return report.keep(name, make)


def _is_former(found: Any, sigmas: Sequence[float]) -> bool:
    """Measured when minigan knew the authors' grid alone."""
    numbers = {"mean", "standard_error", "validation", "sigma"}
    by_grid = isinstance(found, dict) and numbers <= found.keys() and "sigmas" not in found
    return by_grid and tuple(sigmas) == parzen.SIGMAS


def _measure(folder: Path, recipe: Recipe, seed: int, backend: Backend, args: Namespace) -> dict[str, Any]:
    """At the recipe's last epoch: from the checkpoint that was kept there, else after training until then."""
    config, path = run.configure(recipe, seed, backend.name), path_of(folder, recipe.epochs)
    begun = (folder / "config.json").exists()
    if begun:
        stored = run.read_config(folder)
        config = run.configure_again(stored, recipe, seed, backend.name, args.threads)
        if path.exists():
            stored = replace(stored, versions=config.versions)  # they decide how it trains, which it did
        if differences := stored.differences(config):
            raise InputError(f"{folder} holds another run: {'; '.join(differences)}; name another --out")
    if not path.exists():
        _train(Training(config, backend), folder, begun, args)
    return of_milestone(folder, recipe.epochs, load_data(recipe), backend, args.sigmas)


def _train(training: Training, folder: Path, begun: bool, args: Namespace) -> None:
    """To the last epoch, and keep the checkpoint there."""
    epoch = training.config.recipe.epochs
    training.use_threads(args.threads or training.config.threads)
    averages.keep(training.game, args.averages)
    if begun:
        training.resume(folder)
    else:
        training.start(str(folder))
    if training.t > training.stop:
        raise InputError(
            f"{folder} is past epoch {epoch}, which was not measured so and of which no checkpoint was kept; "
            "name another --out"
        )
    with Progress(training, args.quiet) as progress:
        if not training.play(progress):
            raise KeyboardInterrupt
    path = path_of(folder, epoch)
    path.parent.mkdir(exist_ok=True)
    with open(folder / checkpoint.NAME, "rb") as newest:
        write_atomically(path, lambda file: shutil.copyfileobj(newest, file))


# The checkpoints that a run kept ---------------------------------------------------------------------


def path_of(folder: Path, epoch: int) -> Path:
    """Where a run keeps the checkpoint of that epoch."""
    return folder / "milestones" / f"epoch-{epoch:04d}.npz"


def kept(folder: Path) -> list[int]:
    """The epochs of which a run kept the checkpoint."""
    names = (re.fullmatch(r"epoch-(\d+)\.npz", path.name) for path in folder.glob("milestones/*.npz"))
    return sorted(int(name[1]) for name in names if name)


def of_milestone(
    folder: Path, epoch: int, dataset: Dataset, backend: Backend, sigmas: Sequence[float], player: str = "G"
) -> dict[str, Any]:
    """The log-likelihood of a run as it was at a milestone.

    player: whose arrays in the checkpoint are the generator's.  "G" is G itself; a checkpoint may hold
    others of its shapes, as averages of G over the epochs.  InputError for a file that does not fit the run.
    """
    config, path = run.read_config(folder), path_of(folder, epoch)
    G = config.recipe.generator(dataset, Streams(config.seed, backend))
    saved, _ = checkpoint.load(path)
    arrays = {name: p.data for name, p in G.named_parameters().items()} | G.buffers()
    try:
        checkpoint.fill({f"{player}.{name}": a for name, a in arrays.items()}, saved)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return log_likelihood(G, config.recipe, dataset, backend, sigmas)


def log_likelihood(
    G: Layer, recipe: Recipe, dataset: Dataset, backend: Backend, sigmas: Sequence[float] = parzen.SIGMAS
) -> dict[str, Any]:
    """By the paper's protocol and with sigma refined, with the same noise for every run."""
    return evaluation.log_likelihood(samples(G, recipe, backend), dataset, backend, sigmas=sigmas)


def samples(G: Layer, recipe: Recipe, backend: Backend) -> np.ndarray:
    """The centres of Table 1: the same noise for every run."""
    return generate(G, recipe.noise(Streams(0, backend)("sample"), evaluation.CENTRES))


def recipe_of(folder: str) -> Recipe:
    """The recipe of a run of mnist; InputError for a run of anything else."""
    recipe = run.read_config(Path(folder)).recipe
    if recipe.data != "mnist" or recipe.values != "unit":
        raise InputError(f"{folder} did not learn mnist in [0, 1], and this is of that")
    return recipe


def seconds(recipe: Recipe, epochs: Sequence[int], backend: Backend) -> float:
    """How long a run and its measurements will take here, after a few updates and a small measurement."""
    dataset = load_data(recipe)
    game = set_up(recipe, dataset, backend, 0)
    update = update_of(recipe)

    def step(t: int) -> None:
        update(game, t)
        backend.synchronize()

    of_update = seconds_each(step)
    updates = ceil(epochs[-1] * game.data.per_epoch / recipe.k)
    x = backend.asarray(np.zeros((1000, dataset.train.shape[1]), np.float32))
    of_windows = seconds_each(lambda _: float(parzen.log_likelihood(x, x, 1.0).sum()), 2)
    rows = 4 * len(dataset.valid[: evaluation.SIGMA_IMAGES]) + len(dataset.test)  # twice for each choice
    return updates * of_update + len(epochs) * rows / len(x) * evaluation.CENTRES / len(x) * of_windows


# Rulers and lines ------------------------------------------------------------------------------------


def by(ruler: str, one: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a milestone by one of RULERS; none, {}, where it was not measured by it."""
    return one if ruler == "grid" else one.get("refined") or {}


def as_text(one: dict[str, Any]) -> str:
    """182.5 +- 1.4 nats, refined 193.3 +- 1.9"""
    grid, refined = (by(ruler, one) for ruler in RULERS)
    text = f"{grid['mean']:.1f} +- {grid['standard_error']:.1f} nats"
    return text + (f", refined {refined['mean']:.1f} +- {refined['standard_error']:.1f}" if refined else "")


def line(
    curve: Sequence[dict[str, Any]], recipe: Recipe, dataset: Dataset, ruler: str
) -> dict[str, Any] | None:
    """The log-likelihood as a straight line in what is `left`, fitted to the milestones from epoch 300 on.

    end: its value where nothing is left; slope: nats for each unit that is; off: root mean square distance.
    None where there are fewer than four, or where the rate does not fall.
    """
    late = [one for one in curve if one["epoch"] >= FIT_FROM and by(ruler, one)]
    if len(late) < FIT_LEAST or recipe.lr_decay == 1:
        return None
    x = np.array([left(recipe, dataset, one["epoch"]) for one in late])
    y = np.array([by(ruler, one)["mean"] for one in late])
    slope, end = np.polyfit(x, y, 1)
    off = float(np.sqrt(((y - end - slope * x) ** 2).mean()))
    epochs = [one["epoch"] for one in late]
    fitted = {"epochs": epochs, "left": x.tolist(), "mean": y.tolist()}
    return {"end": float(end), "slope": float(slope), "off": off} | fitted


def left(recipe: Recipe, dataset: Dataset, epoch: int) -> float:
    """What is left of learning rate times epochs: the integral of the rate from here to where it is 0.

    The rate falls by `lr_decay` at each step of a player, so this is rate / (steps an epoch log lr_decay).
    The recipe's floor is not counted.
    """
    steps = len(dataset.train) // recipe.batch / recipe.k
    rate = exponential_decay(recipe.lr, recipe.lr_decay, 0.0)(round(epoch * steps))
    return rate / (steps * log(recipe.lr_decay))
