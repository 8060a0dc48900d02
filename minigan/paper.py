"""The paper's experiments: networks and settings as plain dataclasses, every number in one place.

`Recipe()` is the MNIST experiment as the authors' released code ran it (goodfeli/adversarial, June 2014); the
others say in what they differ from it.  recipes.py has them all by name, and those that are not the paper's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigan import algorithm1, mixed, ops
from minigan.errors import InputError
from minigan.game import GENERATOR_LOSSES
from minigan.nn import Dropout, Layer, Linear, Maxout, Packed, Sequential
from minigan.optim import Adam, Momentum, Optimiser, exponential_decay, linear_ramp
from minigan.random import Stream, Streams
from minigan.settings import COUNT, KEEP, MOMENTUM, MOST, POSITIVE, Limit, Settings, choice, flag, setting
from minigan.tensor import Array

if TYPE_CHECKING:
    from minigan.data import Dataset  # slow to import

ACTIVATIONS = {"relu": ops.affine_relu, "sigmoid": ops.affine_sigmoid, "tanh": ops.affine_tanh}
UPDATES = algorithm1.UPDATES | mixed.UPDATES
OUTPUTS = {"sigmoid": ops.affine_sigmoid, "linear": ops.affine_identity, "tanh": ops.affine_tanh}


@dataclass(frozen=True)
class Networks(Settings, ABC):
    """How the players of a recipe are made, with the settings that decide it."""

    batch: ClassVar[Limit] = COUNT  # what a minibatch may be
    output: str = choice("sigmoid", "G's last activation", OUTPUTS)

    @abstractmethod
    def generator(self, z: int, dataset: Dataset, streams: Streams) -> Layer:
        """From noise (m, z) to what the data set's examples are like, (m, features)."""

    @abstractmethod
    def discriminator(self, dataset: Dataset, pack: int, streams: Streams) -> Layer:
        """From `pack` examples in a row, (m, pack features), to one logit, (m, 1)."""

    def unused(self) -> set[str]:
        """The settings that, as the others are, decide nothing."""
        return set()


@dataclass(frozen=True)
class MaxoutNetworks(Networks):
    """The paper's: G of ReLU and sigmoid layers, D of maxout layers with dropout (section 5)."""

    hidden: tuple[int, ...] = setting((1200, 1200), "units of G's hidden layers", COUNT)
    activations: tuple[str, ...] = choice(("relu",), "of G's hidden layers; the last repeats", ACTIVATIONS)
    g_scale: float = setting(0.05, "G's weights start in U(-scale, scale)", POSITIVE)
    g_output_scale: float = setting(0.05, "the same for G's last layer", POSITIVE)
    bias_clip: float = setting(
        1e-7,
        "G's output bias is the logit of the mean image, clipped by this",
        Limit(lambda v: 0 < v < 0.5, "a number between 0 and 0.5"),
    )
    units: tuple[int, ...] = setting((240, 240), "units of D's maxout layers", COUNT)
    pieces: int = setting(5, "affine pieces of a maxout unit", COUNT)
    d_scale: float = setting(0.005, "D's weights start in U(-scale, scale)", POSITIVE)
    keep_input: float = setting(0.8, "dropout: probability of keeping an input of D", KEEP)
    keep_hidden: float = setting(0.5, "dropout: probability of keeping a hidden unit of D", KEEP)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.activations) > len(self.hidden):
            came, most = ",".join(self.activations), len(self.hidden)
            raise InputError(f"--activations: expected at most {most}, one for a hidden layer, got {came}")

    def generator(self, z: int, dataset: Dataset, streams: Streams) -> Sequential:
        """z -> hidden layers -> an image (or a point)."""
        layers: list[Layer] = []
        rng, inputs = streams("init", 0), z
        for i, units in enumerate(self.hidden):
            activation = self.activations[min(i, len(self.activations) - 1)]
            layers.append(Linear(inputs, units, rng, self.g_scale, ACTIVATIONS[activation]))
            inputs = units
        last = Linear(inputs, dataset.train.shape[1], rng, self.g_output_scale, OUTPUTS[self.output])
        if self.output == "sigmoid":
            mean = dataset.prepare(dataset.train.mean(axis=0, dtype=np.float64, keepdims=True))[0]
            mean = np.clip(mean, self.bias_clip, 1 - self.bias_clip)
            last.b.data[...] = streams.backend.asarray(np.log(mean / (1 - mean)))
        return Sequential(*layers, last)

    def discriminator(self, dataset: Dataset, pack: int, streams: Streams) -> Sequential:
        """x -> dropout and maxout layers -> one logit."""
        layers: list[Layer] = []
        rng, inputs, keep = streams("init", 1), pack * dataset.train.shape[1], self.keep_input
        for units in self.units:
            layers += [Dropout(keep), Maxout(inputs, units, self.pieces, rng, self.d_scale)]
            inputs, keep = units, self.keep_hidden
        return Sequential(*layers, Dropout(keep), Linear(inputs, 1, rng, self.d_scale))

    def unused(self) -> set[str]:
        return set() if self.output == "sigmoid" else {"bias_clip"}


@dataclass(frozen=True)
class Recipe(Settings):
    """The paper's MNIST experiment; every field can be overridden.  InputError for impossible values."""

    name: str = "mnist"
    data: str = "mnist"
    epochs: int = setting(250, "passes over the training data", COUNT)
    batch: int = setting(100, "m, examples in a minibatch", COUNT)
    update: str = choice(
        "simultaneous", "both players at once, or k steps of D and then G; two between", UPDATES
    )
    k: int = setting(1, "steps of D for one of G (alternating update)", COUNT)
    loss: str = choice("non-saturating", "G descends -log D(G(z)) or log(1 - D(G(z)))", GENERATOR_LOSSES)
    d_loss_scale: float = setting(0.5, "factor on D's loss; the paper's box has 1, its code 0.5", POSITIVE)

    z: int = setting(100, "dimensions of the noise", COUNT)
    prior: str = choice("uniform", "variance 1: [-sqrt 3, sqrt 3], or N(0, 1)", ("uniform", "gaussian"))
    pack: int = setting(1, "examples that D judges at once, against samples that are all alike", COUNT)
    networks: Networks = MaxoutNetworks()

    optimiser: str = choice("momentum", "momentum SGD or Adam", ("momentum", "adam"))
    lr: float = setting(0.1, "learning rate at the start", POSITIVE)
    lr_decay: float = setting(
        1.000004,
        "the learning rate is divided by this at each step of the player",
        Limit(lambda v: v >= 1, "1 or more"),
    )
    lr_min: float = setting(
        1e-6, "the learning rate stays above this", Limit(lambda v: v >= 0, "a number from 0")
    )
    momentum: float = setting(0.5, "momentum at the start (Adam: beta1)", MOMENTUM)
    momentum_end: float = setting(0.7, "momentum at the end of its ramp", MOMENTUM)
    momentum_epochs: int = setting(
        249, "epochs over which momentum rises", Limit(lambda v: 0 <= v <= MOST, f"0 to {MOST:,}")
    )

    samples_every: int = setting(1, "epochs between sample pictures", COUNT)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("batch", self.networks.batch)
        self.require("pack", Limit(lambda v: self.batch % v == 0, f"a divisor of --batch, {self.batch}"))
        self.require("lr_min", Limit(lambda v: v <= self.lr, "0 to --lr"))
        if self.update != "alternating":
            alone = f"1 with the {self.update} update (use --update alternating)"
            self.require("k", Limit(lambda v: v == 1, alone))

    def settings(self) -> dict[str, Any]:
        """Every setting by its name, those of the networks among them."""
        found: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            found |= vars(value) if f.name == "networks" else {f.name: value}
        return found

    def change(self, **changes: Any) -> Recipe:
        """This recipe with other settings.  InputError where one is impossible, or would change nothing."""
        known = self.settings()
        changed = self.with_values({name: value for name, value in changes.items() if name in known})
        for name in changes:
            if name not in known or name in changed.unused():
                raise InputError(f"{flag(name)} has no effect with the other settings; leave it out")
        return changed

    def with_values(self, settings: dict[str, Any]) -> Recipe:
        """This recipe with these values, whether or not they decide anything."""
        of_networks = {name: v for name, v in settings.items() if name in vars(self.networks)}
        own = {name: v for name, v in settings.items() if name not in of_networks}
        return replace(self, networks=replace(self.networks, **of_networks), **own)

    def unused(self) -> set[str]:
        """The settings that, as the others are, decide nothing."""
        names = {"momentum_end", "momentum_epochs"} if self.optimiser == "adam" else set()
        return names | self.networks.unused()

    @property
    def values(self) -> str:
        """What the data are prepared as, for `data.load`: in [-1, 1] where G ends in tanh."""
        return "symmetric" if self.networks.output == "tanh" else "unit"

    def generator(self, dataset: Dataset, streams: Streams) -> Layer:
        """G as it starts, for this data set."""
        return self.networks.generator(self.z, dataset, streams)

    def discriminator(self, dataset: Dataset, streams: Streams) -> Layer:
        """D as it starts, for this data set."""
        D = self.networks.discriminator(dataset, self.pack, streams)
        return D if self.pack == 1 else Packed(D, self.pack)

    def noise(self, stream: Stream, count: int) -> Array:
        """count samples of p_g(z), (count, z): zero mean and unit variance."""
        if self.prior == "uniform":
            return stream.uniform((count, self.z), -sqrt(3), sqrt(3))
        return stream.normal((count, self.z))

    def optimiser_of(self, net: Layer) -> Optimiser:
        """The optimiser of a player, its schedules among the settings."""
        learning_rate = exponential_decay(self.lr, self.lr_decay, self.lr_min)
        if self.optimiser == "adam":
            return Adam(net.parameters(), learning_rate, beta1=self.momentum)
        momentum = linear_ramp(self.momentum, self.momentum_end, self.momentum_epochs)
        return Momentum(net.parameters(), learning_rate, momentum)


mnist = Recipe()

# What the mixtures have in common: small networks, no dropout, Adam.
_points = mnist.change(
    epochs=20,
    update="alternating",
    z=2,
    prior="gaussian",
    hidden=(128, 128),
    output="linear",
    g_scale=0.15,
    g_output_scale=0.15,
    units=(64, 64),
    d_scale=0.1,
    keep_input=1.0,
    keep_hidden=1.0,
    optimiser="adam",
    lr=1e-3,
    lr_decay=1.0,
)

EXPERIMENTS = (
    mnist.change(
        name="digits",
        data="digits",
        epochs=900,
        batch=50,
        z=32,
        hidden=(256, 256),
        bias_clip=1e-3,
        units=(96, 96),
        lr_decay=1.00002,
        momentum_epochs=150,
        samples_every=30,
    ),
    mnist,
    mnist.change(name="mnist-alternating", update="alternating"),
    mnist.change(
        name="cifar10",
        data="cifar10",
        prior="gaussian",
        hidden=(8000, 8000),
        activations=("relu", "sigmoid"),
        output="linear",
        g_output_scale=0.5,
        units=(1600, 1600),
        lr=0.025,
    ),
    _points.change(name="gaussian1d", data="gaussian1d", z=1, epochs=5, lr_decay=1.001),
    _points.change(name="ring8", data="ring8"),
    _points.change(
        name="grid25",
        data="grid25",
        epochs=30,
        g_scale=0.3,
        g_output_scale=0.5,
        d_scale=0.3,
        lr_decay=1.0001,
    ),
)
