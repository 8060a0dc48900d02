"""A run that is measured at certain epochs on its way: what table1 and curve are made of."""

import re
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from minigan import algorithm1, evaluate, parzen, run
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.nn import Layer
from minigan.random import Streams
from minigan.recipes import Recipe
from minigan.reproduce.report import Report, say, seconds_each
from minigan.sample import generate
from minigan.train import Progress


def epochs_of(text: str) -> list[int]:
    """From 10,25,50 to the numbers, which must rise."""
    try:
        epochs = [int(part) for part in text.split(",")]
    except ValueError:
        epochs = []
    if not epochs or epochs[0] < 1 or any(b <= a for a, b in zip(epochs, epochs[1:], strict=False)):
        raise InputError(f"--epochs: expected rising whole numbers as 10,25,50, got {text!r}")
    return epochs


def measured(
    report: Report,
    name: str,
    recipe: Recipe,
    seed: int,
    epochs: Sequence[int],
    backend: Backend,
    args: Namespace,
) -> list[dict[str, Any]]:
    """The log-likelihood of one run at each of the epochs; those that the report has are not made again."""
    folder, curve = report.folder / re.sub(r"\W+", "-", name), []
    for epoch in epochs:
        until = recipe.change(epochs=epoch)
        one = report.keep(f"{name}, epoch {epoch}", partial(_measure, folder, until, seed, backend, args))
        say(args, f"{name}, epoch {epoch}: {one['mean']:.1f} +- {one['standard_error']:.1f} nats")
        curve.append({"epoch": epoch} | one)
    return curve


def _measure(folder: Path, recipe: Recipe, seed: int, backend: Backend, args: Namespace) -> dict[str, Any]:
    """Train the run in the folder until the recipe's last epoch, and measure it there."""
    training = run.Training(run.configure(recipe, seed, backend.name), backend)
    if (folder / "config.json").exists():
        if differences := run.read_config(folder).differences(training.config):
            raise InputError(f"{folder} holds another run: {'; '.join(differences)}; name another --out")
        training.resume(folder)
    else:
        training.start(str(folder))
    if training.t > training.stop:
        raise InputError(
            f"{folder} is past epoch {recipe.epochs}, which was not measured; name another --out"
        )
    with Progress(training, args.quiet) as progress:
        if not training.play(progress):
            raise KeyboardInterrupt
    return log_likelihood(training.game.G, recipe, training.dataset, backend)


def log_likelihood(G: Layer, recipe: Recipe, dataset: Dataset, backend: Backend) -> dict[str, Any]:
    """By the paper's protocol, with the same noise for every run."""
    noise = recipe.noise(Streams(0, backend)("sample"), evaluate.CENTRES)
    return evaluate.log_likelihood(generate(G, noise), dataset, backend)


def seconds(recipe: Recipe, epochs: Sequence[int], backend: Backend) -> float:
    """How long a run and its measurements will take here, after a few updates and a small measurement."""
    dataset = run.load_data(recipe)
    game = run.set_up(recipe, dataset, backend, 0)
    update = algorithm1.UPDATES[recipe.update]
    of_update = seconds_each(lambda t: (update(game, t), backend.synchronize()))
    updates = ceil(epochs[-1] * game.data.per_epoch / recipe.k)
    x = backend.asarray(np.zeros((1000, dataset.train.shape[1]), np.float32))
    of_windows = seconds_each(lambda _: float(parzen.log_likelihood(x, x, 1.0).sum()), 2)
    rows = len(parzen.SIGMAS) * len(dataset.valid[: evaluate.SIGMA_IMAGES]) + len(dataset.test)
    return updates * of_update + len(epochs) * rows / len(x) * evaluate.CENTRES / len(x) * of_windows
