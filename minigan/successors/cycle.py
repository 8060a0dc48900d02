"""Two games at once (CycleGAN, Zhu et al. 2017): from A to B and back, learned without a single pair.

    L = L_GAN(G, D_B) + L_GAN(F, D_A) + lambda (E |F(G(a)) - a|_1 + E |G(F(b)) - b|_1)

with least squares for L_GAN.  A holds digits, B other digits that were changed: inverted, or turned by 90
degrees.  To each a there is a hidden pair, a itself changed; nobody is shown it, so G can be measured by it.
A permutation closes the cycle, too: G sends every a to the pair of another, and F back.  Both judges then
see the right images, F(G(a)) = a, and only the hidden pair tells.  What prevents it is what G cannot do
(`local`), or a few pairs that are shown after all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigan import data, ops
from minigan.backend import Backend
from minigan.classifier import known
from minigan.data import Minibatches
from minigan.evaluation import trained_classifier
from minigan.nn import Layer, LeakyReLU, Sequential
from minigan.ops import concatenate, mean, relu
from minigan.random import Stream, Streams
from minigan.successors.convolution import Conv, Function, Reshape, Windows
from minigan.successors.losses import least_squares, to_one
from minigan.successors.networks import adam, mlp
from minigan.tensor import Array, Tensor, backward

SIDE = 8
PIXELS = SIDE * SIDE


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    updates: int = 1000
    batch: int = 50
    channels: int = 8
    units: int = 128
    cycle: float = 10.0
    learning_rate: float = 1e-3  # the translators'
    learning_rate_D: float = 5e-4
    games: tuple[str, ...] = (
        "inverted",
        "inverted, no cycle",
        "turned",
        "turned, ten pairs",
        "ten pairs alone",
    )


# What becomes of B, and who translates ----------------------------------------------------------------


def inverted(x: Array) -> Array:
    """Black where x is white; itself its way back        (m, 64), values from 0 to 1"""
    return 1 - x


def turned(x: Array, times: int = 1) -> Array:
    """By 90 degrees to the left        (m, 64)"""
    return np.rot90(x.reshape(-1, SIDE, SIDE), times, (1, 2)).reshape(len(x), PIXELS)


def turned_back(x: Array) -> Array:
    """The way back of `turned`        (m, 64)"""
    return turned(x, -1)


def local(settings: Settings, rng: Stream) -> Layer:
    """Three convolutions of 3 x 3: a pixel depends on those near it, and in the same way everywhere."""
    n, near = settings.channels, Windows(3, 1, 1)
    layers: list[Layer] = [Reshape(SIDE, SIDE, 1)]
    for inputs, outputs in ((1, n), (n, n)):
        layers += [Conv(inputs, outputs, rng, near), LeakyReLU()]
    return Sequential(*layers, Conv(n, 1, rng, near), Function(ops.sigmoid), Reshape(PIXELS))


def any_function(settings: Settings, rng: Stream) -> Layer:
    """A hidden layer: nearly every map of images to images"""
    return mlp([PIXELS, settings.units, PIXELS], rng, f=ops.affine_sigmoid)


@dataclass(frozen=True)
class Translation:
    """change: a to its hidden pair; back: undoes it; pairs: how many of each class are shown, 0 or 1

    judged, cycle: whether the loss has the judges' part, and the cycle's; times: how many times the updates.
    """

    change: Callable[[Array], Array]
    back: Callable[[Array], Array]
    translator: Callable[[Settings, Stream], Layer]
    judged: bool = True
    cycle: bool = True
    pairs: int = 0
    times: int = 1


_turned = Translation(turned, turned_back, any_function, times=2)
GAMES = {
    "inverted": Translation(inverted, inverted, local),
    "inverted, no cycle": Translation(inverted, inverted, local, cycle=False),
    "turned": _turned,
    "turned, ten pairs": replace(_turned, pairs=1),
    "ten pairs alone": replace(_turned, pairs=1, judged=False, cycle=False),
}


# Two games --------------------------------------------------------------------------------------------


def distance(x: Tensor, y: Tensor) -> Tensor:
    """mean |x - y|, over pixels and examples"""
    return mean(relu(x - y) + relu(y - x))


class TwoGames:
    """G from A to B before the judge D_B, F from B to A before D_A

    pairs: rows of A and theirs of B, or none.
    """

    def __init__(
        self, game: Translation, settings: Settings, rng: Stream, pairs: tuple[Tensor, Tensor] | None = None
    ) -> None:
        self.game, self.weight, self.pairs = game, settings.cycle, pairs
        self.G, self.F = (game.translator(settings, rng) for _ in range(2))
        sizes = [PIXELS, settings.units, settings.units, 1]
        self.D_A, self.D_B = (mlp(sizes, rng, slope=0.2) for _ in range(2))
        self.translators, self.judges = Sequential(self.G, self.F), Sequential(self.D_A, self.D_B)
        self.optimiser = adam(self.translators, settings.learning_rate)
        self.optimiser_D = adam(self.judges, settings.learning_rate_D)

    def loss(self, a: Tensor, b: Tensor, ga: Tensor, fb: Tensor) -> Tensor:
        """L of both translators, at ga = G(a) and fb = F(b)"""
        G, F, parts = self.G, self.F, []
        if self.game.judged:
            parts.append((to_one(self.D_B(ga, None)) + to_one(self.D_A(fb, None))) * 2)
        if self.game.cycle:
            parts.append((distance(F(ga, None), a) + distance(G(fb, None), b)) * self.weight)
        if self.pairs:
            x, y = self.pairs
            parts.append((distance(G(x, None), y) + distance(F(y, None), x)) * self.weight)
        first, *others = parts
        return sum(others, first)

    def loss_D(self, a: Tensor, b: Tensor, ga: Tensor, fb: Tensor) -> Tensor:
        """The sum of both judges' least squares; ga and fb are given things here"""
        of_A = self.D_A(concatenate([a, Tensor(fb.data)]), None)
        of_B = self.D_B(concatenate([b, Tensor(ga.data)]), None)
        return least_squares(of_A) + least_squares(of_B)

    def update(self, a: Tensor, b: Tensor, t: int) -> tuple[float, float]:
        """A step of both translators, then one of both judges on what these made; both losses"""
        ga, fb = self.G(a, None), self.F(b, None)
        loss = self.loss(a, b, ga, fb)
        backward(loss, wrt=self.translators.parameters())
        self.optimiser.step(t, 0)
        loss_D = self.loss_D(a, b, ga, fb)
        backward(loss_D, wrt=self.judges.parameters())
        self.optimiser_D.step(t, 0)
        return float(loss.data), float(loss_D.data)


# The page --------------------------------------------------------------------------------------------


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each game how far G(a) is from the hidden pair, the cycle's error, and the share of classes kept.

    Beside G two that need no training: identity, and a permutation that gives the next image's hidden pair.
    """
    dataset, streams = data.load("digits"), Streams(seed, Backend())
    judge = trained_classifier(dataset, Backend(), say)
    x, labels = _unseen(dataset)
    found: dict[str, Any] = {"games": {}}
    for name in settings.games:
        game, two = GAMES[name], train(name, dataset, settings, streams, say)
        pair, made = game.change(x), two.G(Tensor(x), None)
        there = {"G": made.data, "identity": x, "permutation": np.roll(pair, 1, axis=0)}
        again = {"G": two.F(made, None).data, "identity": x}
        again["permutation"] = np.roll(game.back(there["permutation"]), -1, axis=0)
        rows: dict[str, Any] = {}
        for way, y in there.items():
            classes = judge.logits(game.back(y)).argmax(axis=1)
            rows[way] = {
                "pair": float(abs(y - pair).mean()),
                "cycle": float(abs(again[way] - x).mean()),
                "kept": float((classes == labels).mean()),
                "judged": float(two.D_B(Tensor(y), None).data.mean()),
            }
            say(
                f"{name:18}  {way:11}  {rows[way]['pair']:.3f} from the hidden pair, "
                f"cycle {rows[way]['cycle']:.3f}, class kept {100 * rows[way]['kept']:.1f} %"
            )
        rows["real"] = float(two.D_B(Tensor(pair), None).data.mean())
        rows["images"] = [y[:10].reshape(10, SIDE, SIDE).tolist() for y in (x, there["G"], again["G"])]
        found["games"][name] = rows
    return found


def train(
    name: str, dataset: data.Dataset, settings: Settings, streams: Streams, say: Callable[[str], None]
) -> TwoGames:
    """A and B are halves of the training images in a random order: no image is in both but those shown."""
    game = GAMES[name]
    updates = game.times * settings.updates
    order = streams("split").permutation(len(dataset.train))
    images = dataset.prepared(dataset.train)[order]
    half, pairs = len(images) // 2, None
    if game.pairs:
        x = images[_one_of_each(known(dataset.train_labels)[order])]
        pairs = Tensor(x), Tensor(game.change(x))
    two = TwoGames(game, settings, streams("init"), pairs)
    a, b = (
        Minibatches(part, settings.batch, streams, streams.backend, lambda x: x)
        for part in (images[:half], game.change(images[half:]))
    )
    for t in range(updates):
        loss, loss_D = two.update(Tensor(a.minibatch(t)), Tensor(b.minibatch(t)), t)
        if (t + 1) * 4 % updates == 0:
            say(f"{name}: update {t + 1} of {updates}, loss {loss:.3f}, the judges' {loss_D:.3f}")
    return two


def _one_of_each(labels: Array) -> list[int]:
    """The first of each class"""
    return [int(np.argmax(labels == k)) for k in range(int(labels.max()) + 1)]


def _unseen(dataset: data.Dataset) -> tuple[Array, Array]:
    """Validation and test images with their labels: nobody trains on them"""
    x = np.concatenate([dataset.valid, dataset.test])
    return dataset.prepared(x), np.concatenate([known(dataset.valid_labels), known(dataset.test_labels)])
