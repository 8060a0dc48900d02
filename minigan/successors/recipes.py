"""Recipes of what came after: trained, resumed, sampled and evaluated by the same commands as the paper's.

Each kind of recipe says below in what its game differs; players.py and evaluation.py ask for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Any, ClassVar

import numpy as np

from minigan import evaluation, players, recipes
from minigan.algorithm1 import Game, Update
from minigan.backend import Backend, to_host, xp_of
from minigan.data import Dataset, Minibatches
from minigan.errors import InputError
from minigan.game import Loss
from minigan.keras_mlp import LeakyNetworks
from minigan.nn import Layer
from minigan.optim import Adam, Momentum
from minigan.paper import Recipe
from minigan.random import Stream, Streams
from minigan.settings import COUNT, MOST, POSITIVE, Limit, choice, setting
from minigan.successors import solids
from minigan.successors.conditional import Conditional, variety, with_any_label, with_labels
from minigan.successors.dcgan import ConvNetworks
from minigan.successors.growing import GrowingNetworks, Schedule, growing, grown
from minigan.successors.losses import LOSSES, Clipped
from minigan.successors.penalty import penalised
from minigan.tensor import Array

# The conditional game: a label is part of the noise and of the example -----------------------------------


@dataclass(frozen=True)
class ConditionalRecipe(Recipe):
    """D judges [x, y], and G draws from [z, y]: Mirza and Osindero 2014, with any networks and any losses."""

    classes: ClassVar[int] = 10

    def generator(self, dataset: Dataset, streams: Streams) -> Layer:
        net = self.networks.generator(self.z + self.classes, dataset, streams)
        return Conditional(net, self.classes)

    def discriminator(self, dataset: Dataset, streams: Streams) -> Layer:
        return super().discriminator(self.labelled(dataset), streams)

    def noise(self, stream: Stream, count: int) -> Array:
        """count samples of [z, y], (count, z + classes): every class is equally likely."""
        return with_any_label(super().noise(stream, count), self.classes, stream)

    def labelled(self, dataset: Dataset) -> Dataset:
        """The data set with examples [x, y].  InputError where it has no labels."""
        labels = dataset.train_labels
        if labels is None or labels.max() >= self.classes:
            raise InputError(
                f"--data: {self.name} expects pictures with a class from 0 to {self.classes - 1} each, and "
                f"{dataset.name} has none; train another recipe on it"
            )

        def prepare(x: Array) -> Array:
            pixels, y = x[:, : -self.classes], x[:, -self.classes :]
            return xp_of(x).concatenate([dataset.prepare(pixels), y], axis=1)

        return replace(dataset, train=with_labels(dataset.train, labels, self.classes), prepare=prepare)


@players.rules.register
def _(recipe: ConditionalRecipe, game: Game, dataset: Dataset) -> Game:
    pairs, plain, streams = recipe.labelled(dataset), game.data, game.streams
    assert isinstance(plain, Minibatches)
    game.data = Minibatches(pairs.train, recipe.batch, streams, streams.backend, pairs.prepare, plain.mine)
    return game


@players.with_class.register
def _(recipe: ConditionalRecipe, z: Array, label: int) -> Array:
    if not 0 <= label < recipe.classes:
        raise InputError(f"--class: expected 0 to {recipe.classes - 1}, got {label}")
    z = z.copy()
    z[:, recipe.z :] = 0
    z[:, recipe.z + label] = 1
    return z


@players.painter.register
def _(G: Conditional) -> Layer:
    return G.net


@evaluation.further.register
def _(
    recipe: ConditionalRecipe, z: Array, samples: np.ndarray, dataset: Dataset, backend: Backend
) -> list[dict[str, Any]]:
    """How often a sample is of the class that was asked for, and how much samples of one class differ."""
    if dataset.name not in evaluation.JUDGES or dataset.test_labels is None or dataset.train_labels is None:
        return []
    judge = evaluation.trained_classifier(dataset, backend, lambda text: None)

    def obeyed(x: np.ndarray, labels: np.ndarray) -> float:
        return float((judge.logits(x).argmax(axis=1) == labels).mean())

    asked = to_host(z[:, recipe.z :]).argmax(axis=1)
    test, train = map(dataset.prepared, (dataset.test, dataset.train[:5000]))
    noise = Streams(0, Backend())("sample", 1).uniform(samples.shape)
    real = variety(train, dataset.train_labels[:5000])
    return [
        {
            "what": "of the class that was asked for",
            "run": obeyed(samples, asked),
            "real": obeyed(test, dataset.test_labels),
            "noise": obeyed(noise, asked),
        },
        {
            "what": "variety within a class, the data's = 1",
            "run": variety(samples, asked) / real,
            "real": 1.0,
            "noise": variety(noise, asked) / real,
        },
    ]


# Other losses ------------------------------------------------------------------------------------------

UNDECIDED = {"least-squares": 0.5, "hinge": 0.0}  # what D says where it cannot tell; of others anything


@dataclass(frozen=True)
class OtherLosses(Recipe):
    """The paper's players and Algorithm 1, who descend something else."""

    losses: str = choice("least-squares", "what both players descend", LOSSES)

    def unused(self) -> set[str]:
        return super().unused() | {"loss", "d_loss_scale"}


@dataclass(frozen=True)
class Clipping(OtherLosses):
    """Slopes of D are limited by limiting its weights: Arjovsky et al. 2017."""

    losses: str = choice("wasserstein", "what both players descend", LOSSES)
    clip: float = setting(0.1, "after its steps D's weights are put back between -clip and clip", POSITIVE)


@dataclass(frozen=True)
class Penalising(OtherLosses):
    """Slopes of D cost something: Gulrajani et al. 2017."""

    losses: str = choice("wasserstein", "what both players descend", LOSSES)
    penalty: float = setting(10.0, "what slopes of D cost, lambda", POSITIVE)
    sides: str = choice("one", "slopes above 1 cost, or all but 1 (two)", ("one", "two"))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("pack", Limit(lambda v: v == 1, "1 with a penalty on D's slope"))

    def unused(self) -> set[str]:
        return super().unused() | {"update"}


@players.rules.register
def other_losses(recipe: OtherLosses, game: Game, dataset: Dataset) -> Game:
    """D's numbers are counted from where it is undecided, so that 0 means this for every loss."""
    level = UNDECIDED.get(recipe.losses, 0.0)

    def counted_from(loss: Loss) -> Loss:
        return lambda a: loss(a + level)

    game.discriminator_loss, game.generator_loss = map(counted_from, LOSSES[recipe.losses])
    return game


@players.output_of.register
def _(recipe: OtherLosses) -> players.Output:
    """What the losses are told: a level, or a height whose differences count."""
    level = UNDECIDED.get(recipe.losses)
    return players.Output(lambda a: a + (level or 0.0), level, False)


@players.rules.register
def _(recipe: Clipping, game: Game, dataset: Dataset) -> Game:
    game.optimiser_D = Clipped(game.optimiser_D, game.D.parameters(), recipe.clip)
    return other_losses(recipe, game, dataset)


@players.update_of.register
def _(recipe: Penalising) -> Callable[[Game, int], Update]:
    return partial(penalised, scale=recipe.penalty, one_sided=recipe.sides == "one")


# Kinds without labels ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class KindsRecipe(Recipe):
    """Noise that also says one of some kinds, of which D is not told: what they are is G's affair.

    z alone is one cloud, and a G without jumps makes of it also what lies between two digits.  With kinds
    it is as many clouds, apart as the data's are: a mixture, as in Gurumurthy et al. 2017, DeLiGAN.
    """

    kinds: int = setting(10, "the noise is one of so many clouds, of which D knows nothing", COUNT)

    def generator(self, dataset: Dataset, streams: Streams) -> Layer:
        return self.networks.generator(self.z + self.kinds, dataset, streams)

    def noise(self, stream: Stream, count: int) -> Array:
        """count samples of [z, sqrt(kinds) c], c a 1 in the kind's column: as long as numbers of N(0, 1)."""
        return with_any_label(super().noise(stream, count), self.kinds, stream, scale=sqrt(self.kinds))


# Convolutions ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TwoRates(KindsRecipe):
    """G learns more slowly than D, or faster: Heusel et al. 2017."""

    g_rate: float = setting(0.5, "G's learning rate, as a part of --lr, which is D's", POSITIVE)


@players.rules.register
def two_rates(recipe: TwoRates, game: Game, dataset: Dataset) -> Game:
    """The game in which G's learning rate is D's times recipe.g_rate, at every step."""
    of_D, of_G = game.optimiser_D, game.optimiser_G
    assert isinstance(of_G, Momentum | Adam)
    of_G.learning_rate = lambda t: recipe.g_rate * of_D.learning_rate(t)
    return game


# Growing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GrowingRecipe(TwoRates):
    """Coarse pictures first, and then ever finer ones: Karras et al. 2018."""

    stage_epochs: int = setting(
        15,
        "epochs for each size of pictures but the last; 0 for the whole size from the start",
        Limit(lambda v: 0 <= v <= MOST, f"0 to {MOST:,}"),
    )


@players.rules.register
def _(recipe: GrowingRecipe, game: Game, dataset: Dataset) -> Game:
    assert isinstance(recipe.networks, GrowingNetworks)
    stage = recipe.stage_epochs * game.data.per_epoch // recipe.k
    lengths, _ = recipe.networks.places(dataset)
    schedule = Schedule(stage, recipe.networks.halvings - 1)
    return growing(two_rates(recipe, game, dataset), schedule, lengths)


@players.update_of.register
def _(recipe: GrowingRecipe) -> Callable[[Game, int], Update]:
    return partial(grown, players.update_of.dispatch(Recipe)(recipe))


# Solids ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SolidRecipe(Recipe):
    """Solids in place of pictures: Wu et al. 2016, 3D-GAN."""


@players.load_data.register
def _(recipe: SolidRecipe) -> Dataset:
    if recipe.data != "solids":
        raise InputError(f"--data: {recipe.name} has solids of its own; train another recipe on pictures")
    return solids.load(recipe.values)


@evaluation.further.register
def _(
    recipe: SolidRecipe, z: Array, samples: np.ndarray, dataset: Dataset, backend: Backend
) -> list[dict[str, Any]]:
    """What samples have in common with the nearest training solid, whether every kind occurs, and whether
    they differ: a G that always gives the same ten good solids passes the first two."""
    assert dataset.train_labels is not None
    common: dict[str, Any] = {"what": "in common with the nearest solid"}
    rarest: dict[str, Any] = {"what": "share of the rarest of the kinds"}
    different: dict[str, Any] = {"what": "different ones, as a part of all"}
    noise = Streams(0, Backend())("sample", 1).uniform(samples.shape)
    for name, x in (("run", samples[:1000]), ("real", dataset.test[:1000]), ("noise", noise[:1000])):
        nearest, part = solids.common_part(x, dataset.train)
        kinds = np.bincount(dataset.train_labels[nearest], minlength=len(solids.KINDS))
        common[name], rarest[name] = float(part.mean()), float(kinds.min() / len(nearest))
        different[name] = len(np.unique(x > 0.5, axis=0)) / len(x)
    return [common, rarest, different]


# The recipes -------------------------------------------------------------------------------------------


def _as(kind: type[Recipe], like: Recipe, **changes: Any) -> Recipe:
    """A recipe of another kind with the settings of one that there is, but for the changes."""
    return kind(**vars(like) | changes)


_labelled = ConditionalRecipe(
    name="cgan-digits",
    data="digits",
    epochs=120,
    batch=50,
    update="alternating",
    z=32,
    prior="gaussian",
    networks=LeakyNetworks(output="sigmoid", hidden=(128, 128), units=(128, 128)),
    optimiser="adam",
    lr=1e-3,
    lr_decay=1.0,
    samples_every=10,
)
_deep = Recipe(
    name="dcgan-digits",
    data="digits",
    epochs=400,
    batch=50,
    update="alternating",
    z=32,
    prior="gaussian",
    networks=ConvNetworks(scale=0.1, keep_hidden=1.0),
    optimiser="adam",
    lr=2e-3,
    lr_decay=1.00025,
    momentum=0.0,
    samples_every=30,
)
_ring = recipes.find("ring8")

RECIPES = {
    recipe.name: recipe
    for recipe in (
        _labelled,
        _labelled.change(
            name="cgan-mnist",
            data="mnist",
            epochs=50,
            batch=100,
            z=100,
            hidden=(256, 512),
            units=(512, 256),
            samples_every=1,
        ),
        _as(OtherLosses, _ring, name="lsgan"),
        _as(OtherLosses, recipes.find("grid25"), name="lsgan-grid25"),
        _as(Clipping, _ring, name="wgan", k=5, lr=5e-4),
        _as(Penalising, _ring, name="wgan-gp", k=5),
        _as(TwoRates, _deep),
        _as(TwoRates, _deep, name="dcgan-mnist").change(
            data="mnist", epochs=20, batch=100, z=100, lr=1e-3, lr_decay=1.00015, samples_every=1
        ),
        _as(SolidRecipe, _deep, name="gan3d", data="solids").change(
            epochs=60,
            batch=32,
            z=16,
            pack=4,
            channels=16,
            scale=0.05,
            keep_hidden=0.7,
            lr=1e-3,
            lr_decay=1.0003,
            samples_every=10,
        ),
        _as(GrowingRecipe, _deep, name="progressive", networks=GrowingNetworks()).change(
            epochs=135, scale=0.1, keep_hidden=1.0, lr=2e-3, lr_decay=1.0005, samples_every=15
        ),
    )
}
