"""Two stages (StackGAN, Zhang et al. 2017): a coarse picture of a class first, then a fine one from it.

The first stage is the conditional game on images of half the side.  The second is the conditional game again,
on whole images; its noise is [the first stage's picture, z, y], so G learns what to add to a coarse picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from minigan import algorithm1, data, ops
from minigan.backend import Backend
from minigan.classifier import Classifier, known
from minigan.data import Minibatches
from minigan.evaluation import trained_classifier
from minigan.nn import BatchNorm, Dropout, Layer, LeakyReLU, Linear, Sequential
from minigan.random import Stream, Streams
from minigan.successors.conditional import Conditional, with_any_label, with_labels
from minigan.successors.convolution import pool, upsample
from minigan.successors.networks import adam
from minigan.tensor import Array, Tensor

SIDE, CLASSES = 8, 10


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    updates: int = 3000
    batch: int = 50
    units: int = 128
    z: int = 32
    z_second: int = 8
    keep: float = 0.7
    learning_rate: float = 5e-4
    samples: int = 100  # of each class


def coarse(x: Array) -> Array:
    """The mean of every 2 x 2 pixels        (m, 64) to (m, 16)"""
    return pool(Tensor(x.reshape(-1, SIDE, SIDE, 1))).data.reshape(len(x), -1)


def doubled(x: Array) -> Array:
    """Every pixel as 2 x 2        (m, 16) to (m, 64)"""
    half = SIDE // 2
    return upsample(Tensor(x.reshape(-1, half, half, 1))).data.reshape(len(x), -1)


def second_noise(first: Layer, zy: Array, rng: Stream, z: int) -> Array:
    """[picture, z numbers of noise, y] from what the first stage, which hands y on, makes of [z, y]"""
    made = first(Tensor(zy), None).data
    picture, y = made[:, :-CLASSES], made[:, -CLASSES:]
    return np.concatenate([picture, rng.normal((len(zy), z)), y], axis=1)


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each stage, and for one stage alone, the share of samples that are of the class asked for."""
    dataset, streams = data.load("digits"), Streams(seed, Backend())
    judge = trained_classifier(dataset, Backend(), say)
    x, real = map(dataset.prepared, (dataset.train, dataset.test))
    m, labels = settings.batch, known(dataset.train_labels)

    def prior(rng: Stream) -> Array:
        return with_any_label(rng.normal((m, settings.z)), CLASSES, rng)

    def then(rng: Stream) -> Array:
        return second_noise(first, prior(rng), rng, settings.z_second)

    alone = train("one stage", x, labels, prior, streams, settings, say)
    first = train("first stage", coarse(x), labels, prior, streams, settings, say)
    second = train("second stage", x, labels, then, streams, settings, say)

    asked = np.repeat(np.arange(CLASSES), settings.samples)
    rng = streams("sample")
    zy = with_labels(rng.normal((len(asked), settings.z)), asked, CLASSES)
    finer = second_noise(first, zy, rng, settings.z_second)
    small = first(Tensor(zy), None).data[:, :-CLASSES]
    made = {"first stage": doubled(small)}
    for name, G, noise in (("second stage", second, finer), ("one stage", alone, zy)):
        made[name] = G(Tensor(noise), None).data[:, :-CLASSES]
    again = coarse(made["second stage"])
    found: dict[str, Any] = {
        "right": {name: right(judge, images, asked) for name, images in made.items()},
        "right_real": right(judge, real, known(dataset.test_labels)),
        "right_coarse": right(judge, doubled(coarse(real)), known(dataset.test_labels)),
        "kept": float(abs(again - small).mean()),
        "kept_of_another": float(abs(again - np.roll(small, 1, axis=0)).mean()),
    }
    for name in ("first stage", "second stage"):
        rows = made[name].reshape(CLASSES, settings.samples, SIDE, SIDE)
        found[name] = rows[:, :5].tolist()
    for name, share in found["right"].items():
        say(f"{name}: {100 * share:.1f} % are of the class that was asked for")
    say(
        f"test images: {100 * found['right_real']:.1f} %, made coarse {100 * found['right_coarse']:.1f} %; "
        f"from a first picture to its second, made coarse, {found['kept']:.3f} "
        f"(another of its class {found['kept_of_another']:.3f})"
    )
    return found


def right(judge: Classifier, images: Array, labels: Array) -> float:
    """The share of images that the judge puts into their class"""
    return float((judge.logits(images).argmax(axis=1) == labels).mean())


def train(
    name: str,
    x: Array,
    labels: Array,
    prior: Callable[[Stream], Array],
    streams: Streams,
    settings: Settings,
    say: Callable[[str], None],
) -> Layer:
    """G of the conditional game on x, whose noise with its label at the end is the prior's"""
    rng, units, pixels = streams("init"), (settings.units, settings.units), x.shape[1]
    inputs = prior(streams("noise")).shape[1]
    G = Conditional(generator([inputs, *units, pixels], streams.backend, rng), CLASSES)
    D = discriminator([pixels + CLASSES, *units, 1], settings.keep, rng)
    batches = Minibatches(
        with_labels(x, labels, CLASSES), settings.batch, streams, streams.backend, lambda rows: rows
    )
    adam_G, adam_D = (adam(net, settings.learning_rate) for net in (G, D))
    game = algorithm1.Game(G, D, batches, prior, streams, adam_G, adam_D)
    for t, update in algorithm1.train(game, algorithm1.alternating, 0, settings.updates):
        if (t + 1) * 4 % settings.updates == 0:
            say(
                f"{name}: update {t + 1} of {settings.updates}, loss of D {float(update.d_loss):.3f}, "
                f"of G {float(update.g_loss):.3f}"
            )
    return G


def generator(sizes: list[int], backend: Backend, rng: Stream) -> Layer:
    """sizes: of z, hidden layers with batch norm and ReLU, and the picture, which ends in sigmoids"""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [Linear(inputs, outputs, rng), BatchNorm(outputs, backend), LeakyReLU(0.0)]
    return Sequential(*layers, Linear(sizes[-2], sizes[-1], rng, f=ops.affine_sigmoid))


def discriminator(sizes: list[int], keep: float, rng: Stream) -> Layer:
    """sizes: of what is judged, hidden layers with leaky ReLU and dropout, and the logit"""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [Linear(inputs, outputs, rng), LeakyReLU(), Dropout(keep)]
    return Sequential(*layers, Linear(sizes[-2], sizes[-1], rng))
