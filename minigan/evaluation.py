"""What there is to measure of a generator: modes, or log-likelihood, distances to the data and classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

import minigan
from minigan import checkpoint, modes, parzen, run
from minigan.backend import Backend, to_host
from minigan.classifier import JUDGES, Classifier
from minigan.data import Dataset, Mixture
from minigan.errors import InputError
from minigan.ops import log_softmax
from minigan.players import generate, load_data, use_threads
from minigan.random import Streams
from minigan.recipes import Recipe
from minigan.tensor import Array, Tensor

CENTRES = 10_000  # samples; a log-likelihood from fewer is lower, and not the paper's
SIGMA_IMAGES = 1_000  # the first of the validation images
POINTS = 2_500  # samples of a mixture, as in VEEGAN and PacGAN
Say = Callable[[str], None]


def of_run(
    folder: Path,
    backend: Backend,
    seed: int = 0,
    centres: int = CENTRES,
    say: Say = lambda text: None,
    sigmas: Sequence[float] = parzen.SIGMAS,
    threads: int | None = None,
) -> dict[str, Any]:
    """All that there is to measure of a run, by name, as JSON can hold it; beside it, under "references",
    what real examples and what noise score by the same measures."""
    config, dataset, G = run.load_generator(folder, backend)
    use_threads(threads, backend, config.recipe.batch, G)
    count = POINTS if isinstance(dataset, Mixture) else centres
    z = config.recipe.noise(Streams(seed, backend)("sample"), count)
    samples = generate(G, z)
    found: dict[str, Any] = {"run": str(folder), "recipe": config.recipe.name, "data": dataset.name}
    found |= {"epochs": run.epochs_of(folder), "seed": seed, "samples": count}
    if isinstance(dataset, Mixture):
        noise = _noise(samples, dataset.train.min(axis=0), dataset.train.max(axis=0), seed)
        references = {"real": of_points(dataset.test[:count], dataset), "noise": of_points(noise, dataset)}
        return found | of_points(samples, dataset) | {"references": references}
    if config.recipe.values == "symmetric":  # learned in [-1, 1], measured in [0, 1] as the others
        samples = dataset.restore(samples).reshape(samples.shape)
        dataset = load_data(config.recipe.with_values({"output": "sigmoid"}))
    noise = _noise(samples, 0.0, 1.0, seed)
    real, unseen = (_values(x, dataset) for x in (dataset.train[:centres], dataset.valid))
    found |= of_images(samples, samples, dataset, backend, say, sigmas)
    say("the same of real images, and of noise ...")
    references = {
        "real": of_images(real, unseen, dataset, backend, sigmas=sigmas),
        "noise": of_images(noise, noise, dataset, backend, sigmas=sigmas),
    }
    if rows := further(config.recipe, z, samples, dataset, backend):
        found["further"] = rows
    return found | {"references": references}


@singledispatch
def further(
    recipe: Recipe, z: Array, samples: np.ndarray, dataset: Dataset, backend: Backend
) -> list[dict[str, Any]]:
    """What else there is to measure of samples G(z) of a recipe of this kind: rows with `what`, `run`, and
    the same of `real` images and of `noise`.  Another kind registers its own."""
    return []


def _noise(like: np.ndarray, low: Any, high: Any, seed: int) -> np.ndarray:
    """Independent numbers, uniform on [low, high], in the shape of these samples."""
    u = Streams(seed, Backend())("sample", 1).uniform(like.shape)
    return (low + (high - low) * u).astype(like.dtype)


# Points ----------------------------------------------------------------------------------------------


def of_points(samples: np.ndarray, dataset: Mixture) -> dict[str, Any]:
    """The modes that the samples (n, 2) found, and the share near one; the data score the ceiling."""
    found = modes.coverage(samples, dataset.modes, dataset.std)
    return {
        "modes": found.modes,
        "of": len(dataset.modes),
        "high_quality": found.high_quality,
        "ceiling": modes.ceiling(samples.shape[1]),
        "counts": found.counts.tolist(),
    }


# Images ----------------------------------------------------------------------------------------------


def of_images(
    centres: np.ndarray,
    samples: np.ndarray,
    dataset: Dataset,
    backend: Backend,
    say: Say = lambda text: None,
    sigmas: Sequence[float] = parzen.SIGMAS,
) -> dict[str, Any]:
    """Each measure of images: the log-likelihood from the centres, the others of the samples."""
    found = {"log_likelihood": log_likelihood(centres, dataset, backend, say, sigmas)}
    found |= {"memorising": memorising(samples, dataset)}
    if dataset.name in JUDGES:
        found |= {"classes": of_classes(samples, dataset, backend, say)}
    return found


def log_likelihood(
    samples: np.ndarray,
    dataset: Dataset,
    backend: Backend,
    say: Say = lambda text: None,
    sigmas: Sequence[float] = parzen.SIGMAS,
) -> dict[str, Any]:
    """Mean and standard error over the test images in nats; sigma from the first 1,000 validation images.

    By two rulers: the best sigma of the grid, the paper's protocol, and under "refined" the best of all;
    where none is best, as `parzen.refine_sigma` says, "refined" is None and "not_refined" says why.
    InputError where the data set lacks test or validation images.
    """
    if not len(dataset.test) or not len(dataset.valid):
        raise InputError(f"{dataset.name} has no test or no validation images: nothing to measure on")
    centres = backend.asarray(samples)
    valid, test = (backend.asarray(_values(x, dataset)) for x in (dataset.valid[:SIGMA_IMAGES], dataset.test))
    say(f"log-likelihood: sigma from {len(valid)} validation images, {len(samples)} centres ...")
    chosen = [parzen.choose_sigma(valid, centres, sigmas)]
    not_refined: dict[str, Any] = {}
    try:
        chosen.append(parzen.refine_sigma(valid, centres, chosen[0][0]))
    except InputError as reason:
        not_refined = {"refined": None, "not_refined": str(reason)}
    by_both = ", refined ".join(f"{sigma:.3f}" for sigma, _ in chosen)
    say(f"log-likelihood: sigma {by_both}, {len(test)} test images ...")
    nats = to_host(parzen.log_likelihoods(test, centres, [sigma for sigma, _ in chosen]))
    grid, *refined = (
        {
            "mean": float(of_test.mean()),
            "standard_error": float(of_test.std() / np.sqrt(len(of_test))),
            "validation": of_valid,
            "sigma": sigma,
        }
        for of_test, (sigma, of_valid) in zip(nats, chosen, strict=True)
    )
    counts = {"centres": len(samples), "test_images": len(test), "sigmas": list(sigmas)}
    return grid | counts | (not_refined or {"refined": refined[0]})


def memorising(samples: np.ndarray, dataset: Dataset) -> dict[str, Any]:
    """Are the samples nearer to images that G learned from than to images that it never saw?

    Distances to the nearest of the test images and of equally many training images, for samples and, as the
    yardstick, for validation images.  A generator that knows images by heart is nearer to training ones.
    """
    test = _values(dataset.test, dataset)
    train = _values(dataset.train[: len(test)], dataset)
    valid = _values(dataset.valid[:SIGMA_IMAGES], dataset)
    found: dict[str, Any] = {"images": len(train)}
    for name, x in (("samples", samples[:SIGMA_IMAGES]), ("validation", valid)):
        to_train, to_test = (modes.nearest(x, images)[1] for images in (train, test))
        found[name] = {
            "count": len(x),
            "to_training": float(to_train.mean()),
            "to_test": float(to_test.mean()),
            "nearer_to_training": float((to_train < to_test).mean()),
        }
    return found


def of_classes(samples: np.ndarray, dataset: Dataset, backend: Backend, say: Say) -> dict[str, Any]:
    """Class shares, entropy and score by a classifier of our own, with its test accuracy beside them."""
    judge = trained_classifier(dataset, backend, say)
    logits = [
        to_host(log_softmax(judge.net(Tensor(backend.asarray(samples[i : i + 1000])), None)).data)
        for i in range(0, len(samples), 1000)
    ]
    found = modes.classes(np.exp(np.concatenate(logits)))
    return {
        "shares": found.shares.tolist(),
        "entropy": found.entropy,
        "score": found.score,
        "classifier_accuracy": 1 - judge.error(dataset.test, dataset.test_labels),
        "classifier_epochs": judge.epoch,
    }


def trained_classifier(dataset: Dataset, backend: Backend, say: Say) -> Classifier:
    """The judge of the data set: trained once, and then kept in the user's cache."""
    import pooch

    settings, epochs = JUDGES[dataset.name]
    judge = Classifier(dataset, settings, backend, seed=0)
    identity = {"settings": asdict(settings), "epochs": epochs, "version": minigan.__version__}
    path = Path(pooch.os_cache("minigan")) / f"classifier-{dataset.name}.npz"
    if _restored(judge, path, json.loads(json.dumps(identity))):
        judge.epoch = epochs
        return judge
    while judge.epoch < epochs:
        loss = judge.train_epoch()
        if judge.epoch * 4 % epochs == 0:
            say(f"classifier of {dataset.name}, once: epoch {judge.epoch} of {epochs}, loss {loss:.3f}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.save(
            path, {name: to_host(a) for name, a in judge.arrays().items()}, {"identity": identity}
        )
    except OSError as error:
        say(f"the classifier cannot be kept in {path.parent} ({error.strerror}): trained again next time")
    return judge


def _restored(judge: Classifier, path: Path, identity: dict[str, Any]) -> bool:
    """Whether the file at `path` is whole and of this classifier; if so, it is read into it."""
    try:
        saved, meta = checkpoint.load(path)
        if meta.get("identity") != identity:
            return False
        checkpoint.fill(judge.arrays(), saved)
    except InputError:
        return False
    return True


def _values(x: np.ndarray, dataset: Dataset) -> np.ndarray:
    return dataset.prepare(x.astype(np.float32))
