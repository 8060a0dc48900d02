"""python -m minigan.evaluate: how good is the generator of a run?"""

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import minigan
from minigan import checkpoint, data, modes, parzen, run
from minigan.backend import Backend, choose, to_host
from minigan.classifier import Classifier, Settings
from minigan.cli import Parser, exit_status
from minigan.data import Dataset, Mixture
from minigan.errors import InputError
from minigan.ops import log_softmax
from minigan.random import Streams
from minigan.sample import generate
from minigan.tensor import Tensor

EXAMPLES = """\
  python -m minigan.evaluate runs/digits-1
  python -m minigan.evaluate runs/mnist-1 --backend cupy --json > mnist-1.json
  python -m minigan.evaluate runs/ring8-1"""

CENTRES = 10_000  # samples; a log-likelihood from fewer is lower, and not the paper's
SIGMA_IMAGES = 1_000  # the first of the validation images
POINTS = 2_500  # samples of a mixture, as in VEEGAN and PacGAN
JUDGES = {"mnist": (Settings(), 12), "digits": (Settings(scale=0.05), 60)}  # and for how many epochs
Say = Callable[[str], None]


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
        default=CENTRES,
        help="samples of images; the paper's number, the default, is 10000",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides the noise (default: 0)")
    parser.add_backend()
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser


def _evaluate(args: Namespace) -> int:
    if args.centres < 1000:
        raise InputError(f"--centres: expected 1000 or more (the paper has 10000), got {args.centres}")
    say: Say = (lambda text: None) if args.quiet else lambda text: print(text, file=sys.stderr, flush=True)
    found = evaluate(Path(args.run), choose(args.backend), args.seed, args.centres, say)
    print(json.dumps(found, indent=2) if args.json else as_text(found))
    return 0


def evaluate(
    folder: Path, backend: Backend, seed: int = 0, centres: int = CENTRES, say: Say = lambda text: None
) -> dict[str, Any]:
    """All that there is to measure of a run, by name, as JSON can hold it."""
    config, dataset, G = run.load_generator(folder, backend)
    count = POINTS if isinstance(dataset, Mixture) else centres
    samples = generate(G, config.recipe.noise(Streams(seed, backend)("sample"), count))
    found: dict[str, Any] = {"run": str(folder), "recipe": config.recipe.name, "data": dataset.name}
    found |= {"epochs": epochs_of(folder), "seed": seed, "samples": count}
    if isinstance(dataset, Mixture):
        return found | of_points(samples, dataset)
    if config.recipe.output == "tanh":  # learned in [-1, 1], measured in [0, 1] as the others
        samples = dataset.restore(samples).reshape(samples.shape)
        dataset = data.load(dataset.name)
    found |= {"log_likelihood": log_likelihood(samples, dataset, backend, say)}
    found |= {"memorising": memorising(samples, dataset)}
    if dataset.name in JUDGES:
        found |= {"classes": of_classes(samples, dataset, backend, say)}
    return found


def epochs_of(folder: Path) -> int:
    """How many epochs the run has behind it, by its log."""
    log = run.read_log(folder)
    return log[-1]["epoch"] if log else 0


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


def log_likelihood(
    samples: np.ndarray, dataset: Dataset, backend: Backend, say: Say = lambda text: None
) -> dict[str, Any]:
    """Mean and standard error over the test images in nats; sigma from the first 1,000 validation images."""
    if not len(dataset.test) or not len(dataset.valid):
        raise InputError(f"{dataset.name} has no test or no validation images: nothing to measure on")
    centres = backend.asarray(samples)
    valid, test = (backend.asarray(_values(x, dataset)) for x in (dataset.valid[:SIGMA_IMAGES], dataset.test))
    say(f"log-likelihood: sigma from {len(valid)} validation images, {len(samples)} centres ...")
    sigma, of_valid = parzen.choose_sigma(valid, centres)
    say(f"log-likelihood: sigma {sigma:.3f}, {len(test)} test images ...")
    nats = to_host(parzen.log_likelihood(test, centres, sigma))
    return {
        "mean": float(nats.mean()),
        "standard_error": float(nats.std() / np.sqrt(len(nats))),
        "validation": of_valid,
        "sigma": sigma,
        "centres": len(samples),
        "test_images": len(nats),
    }


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
        to_train, to_test = modes.nearest_distance(x, train), modes.nearest_distance(x, test)
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
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(path, {name: to_host(a) for name, a in judge.arrays().items()}, {"identity": identity})
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


# As text ---------------------------------------------------------------------------------------------


def as_text(found: dict[str, Any]) -> str:
    """The numbers for a person to read."""
    lines = [f"{found['run']}: {found['recipe']}, epoch {found['epochs']}, {found['samples']} samples"]
    if "modes" in found:
        lines += [
            f"modes covered     {found['modes']} of {found['of']}",
            f"high quality      {found['high_quality']:.2%} of the samples are within 3 standard deviations "
            f"of a mode ({found['ceiling']:.2%} of the data are)",
        ]
    if "log_likelihood" in found:
        x = found["log_likelihood"]
        lines.append(
            f"log-likelihood    {x['mean']:.1f} +- {x['standard_error']:.1f} nats on {x['test_images']} test "
            f"images (Parzen window, sigma {x['sigma']:.3f}, {x['centres']} centres)"
        )
    if "memorising" in found:
        x, of = found["memorising"], found["memorising"]["samples"]
        lines.append(
            f"nearest image     at {of['to_training']:.2f} among {x['images']} training images, "
            f"{of['to_test']:.2f} among as many test images; {of['nearer_to_training']:.1%} of the samples "
            f"are nearer to training ({x['validation']['nearer_to_training']:.1%} of the validation images)"
        )
    if "classes" in found:
        x = found["classes"]
        shares = " ".join(f"{100 * share:.1f}" for share in x["shares"])
        accuracy, epochs = x["classifier_accuracy"], x["classifier_epochs"]
        judge = f"by a classifier with {accuracy:.2%} test accuracy, {epochs} epochs"
        lines += [
            f"classes, %        {shares}   ({judge})",
            f"entropy           {x['entropy']:.3f} nats, at most {np.log(len(x['shares'])):.3f}   ({judge})",
            f"score             {x['score']:.2f} of at most {len(x['shares'])}   ({judge})",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
