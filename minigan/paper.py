"""The paper's experiments: networks and settings as a plain dataclass, every number in one place.

`Recipe()` is the MNIST experiment as the authors' released code ran it (goodfeli/adversarial, June 2014); the
others say in what they differ from it.  recipes.py has them all by name, and those that are not the paper's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minigan import ops
from minigan.algorithm1 import UPDATES
from minigan.errors import InputError
from minigan.files import is_number
from minigan.game import GENERATOR_LOSSES
from minigan.nn import Dropout, Layer, Linear, Maxout, Sequential
from minigan.optim import Adam, Momentum, Optimiser, exponential_decay, linear_ramp
from minigan.random import Stream, Streams
from minigan.tensor import Array

if TYPE_CHECKING:
    from minigan.data import Dataset  # slow to import

ACTIVATIONS = {"relu": ops.affine_relu, "sigmoid": ops.affine_sigmoid, "tanh": ops.affine_tanh}
OUTPUTS = {"sigmoid": ops.affine_sigmoid, "linear": ops.affine_identity, "tanh": ops.affine_tanh}
MOST = 1_000_000  # of anything that is counted


class Limit(NamedTuple):
    """What a setting may be; of one that has several values, each."""

    holds: Callable[[Any], bool]
    expected: str


COUNT = Limit(lambda v: 1 <= v <= MOST, f"1 to {MOST:,}")
POSITIVE = Limit(lambda v: v > 0, "a number above 0")
KEEP = Limit(lambda v: 0 < v <= 1, "a probability of keeping, above 0 and at most 1")
MOMENTUM = Limit(lambda v: 0 <= v < 1, "a number from 0 to below 1")


def _setting(default: Any, help: str, limit: Limit) -> Any:
    return field(default=default, metadata={"help": help, "choices": None, "limit": limit})


def _choice(default: Any, help: str, choices: Iterable[str]) -> Any:
    choices = tuple(choices)
    limit = Limit(choices.__contains__, f"one of {', '.join(choices)}")
    return field(default=default, metadata={"help": help, "choices": choices, "limit": limit})


def _is_like(value: Any, default: Any) -> bool:
    """Of the same type; a whole number is a number too."""
    if isinstance(default, tuple):
        return isinstance(value, tuple) and all(type(v) is type(default[0]) for v in value)
    return type(value) is type(default) or (type(default) is float and type(value) is int)


@dataclass(frozen=True)
class Recipe:
    """The paper's MNIST experiment; every field can be overridden.  InputError for impossible values."""

    name: str = "mnist"
    data: str = "mnist"
    epochs: int = _setting(250, "passes over the training data", COUNT)
    batch: int = _setting(100, "m, examples in a minibatch", COUNT)
    update: str = _choice("simultaneous", "both players at once, or k steps of D and then G", UPDATES)
    k: int = _setting(1, "steps of D for one of G (alternating update)", COUNT)
    loss: str = _choice("non-saturating", "G descends -log D(G(z)) or log(1 - D(G(z)))", GENERATOR_LOSSES)
    d_loss_scale: float = _setting(0.5, "factor on D's loss; the paper's box has 1, its code 0.5", POSITIVE)

    z: int = _setting(100, "dimensions of the noise", COUNT)
    prior: str = _choice("uniform", "variance 1: [-sqrt 3, sqrt 3], or N(0, 1)", ("uniform", "gaussian"))
    hidden: tuple[int, ...] = _setting((1200, 1200), "units of G's hidden layers", COUNT)
    activations: tuple[str, ...] = _choice(("relu",), "of G's hidden layers; the last repeats", ACTIVATIONS)
    output: str = _choice("sigmoid", "G's last activation", OUTPUTS)
    g_scale: float = _setting(0.05, "G's weights start in U(-scale, scale)", POSITIVE)
    g_output_scale: float = _setting(0.05, "the same for G's last layer", POSITIVE)
    bias_clip: float = _setting(
        1e-7,
        "G's output bias is the logit of the mean image, clipped by this",
        Limit(lambda v: 0 < v < 0.5, "a number between 0 and 0.5"),
    )

    units: tuple[int, ...] = _setting((240, 240), "units of D's maxout layers", COUNT)
    pieces: int = _setting(5, "affine pieces of a maxout unit", COUNT)
    pack: int = _setting(1, "examples that D judges at once, against samples that are all alike", COUNT)
    d_scale: float = _setting(0.005, "D's weights start in U(-scale, scale)", POSITIVE)
    keep_input: float = _setting(0.8, "dropout: probability of keeping an input of D", KEEP)
    keep_hidden: float = _setting(0.5, "dropout: probability of keeping a hidden unit of D", KEEP)

    optimiser: str = _choice("momentum", "momentum SGD or Adam", ("momentum", "adam"))
    lr: float = _setting(0.1, "learning rate at the start", POSITIVE)
    lr_decay: float = _setting(
        1.000004,
        "the learning rate is divided by this at each step of the player",
        Limit(lambda v: v >= 1, "1 or more"),
    )
    lr_min: float = _setting(
        1e-6, "the learning rate stays above this", Limit(lambda v: v >= 0, "a number from 0")
    )
    momentum: float = _setting(0.5, "momentum at the start (Adam: beta1)", MOMENTUM)
    momentum_end: float = _setting(0.7, "momentum at the end of its ramp", MOMENTUM)
    momentum_epochs: int = _setting(
        249, "epochs over which momentum rises", Limit(lambda v: 0 <= v <= MOST, f"0 to {MOST:,}")
    )

    samples_every: int = _setting(1, "epochs between sample pictures", COUNT)

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if not _is_like(value, f.default):
                raise InputError(f"{_flag(f.name)}: expected a value like {f.default!r}, got {value!r}")
            for v in value if isinstance(value, tuple) else (value,):
                if not isinstance(v, str) and not is_number(v):
                    raise InputError(f"{_flag(f.name)}: expected a finite number, got {v}")
            if limit := f.metadata.get("limit"):
                self._require(f.name, limit)
        self._require("pack", Limit(lambda v: self.batch % v == 0, f"a divisor of --batch, {self.batch}"))
        self._require("lr_min", Limit(lambda v: v <= self.lr, "0 to --lr"))
        if len(self.activations) > len(self.hidden):
            came, most = ",".join(self.activations), len(self.hidden)
            raise InputError(f"--activations: expected at most {most}, one for a hidden layer, got {came}")
        if self.update == "simultaneous":
            alone = "1 with the simultaneous update (use --update alternating)"
            self._require("k", Limit(lambda v: v == 1, alone))

    def change(self, **changes: Any) -> Recipe:
        """This recipe with other settings.  InputError where one is impossible, or would change nothing."""
        changed = replace(self, **changes)
        for name in changed.unused() & changes.keys():
            raise InputError(f"{_flag(name)} has no effect with the other settings; leave it out")
        return changed

    def unused(self) -> set[str]:
        """The settings that, as the others are, decide nothing."""
        names = {"momentum_end", "momentum_epochs"} if self.optimiser == "adam" else set()
        return names | ({"bias_clip"} if self.output != "sigmoid" else set())

    @property
    def values(self) -> str:
        """What the data are prepared as, for `data.load`: in [-1, 1] where G ends in tanh."""
        return "symmetric" if self.output == "tanh" else "unit"

    def _require(self, name: str, limit: Limit) -> None:
        value = getattr(self, name)
        values = value if isinstance(value, tuple) else (value,)
        wrong = [v for v in values if not limit.holds(v)]
        if wrong or not values:
            came = ",".join(map(repr, wrong)) or "nothing"
            raise InputError(f"{_flag(name)}: expected {limit.expected}, got {came}")

    def generator(self, dataset: Dataset, streams: Streams) -> Sequential:
        """z -> hidden layers -> an image (or a point)."""
        layers: list[Layer] = []
        rng, inputs = streams("init", 0), self.z
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

    def discriminator(self, features: int, streams: Streams) -> Sequential:
        """x -> dropout and maxout layers -> one logit."""
        layers: list[Layer] = []
        rng, inputs, keep = streams("init", 1), features, self.keep_input
        for units in self.units:
            layers += [Dropout(keep), Maxout(inputs, units, self.pieces, rng, self.d_scale)]
            inputs, keep = units, self.keep_hidden
        return Sequential(*layers, Dropout(keep), Linear(inputs, 1, rng, self.d_scale))

    def noise(self, stream: Stream, count: int) -> Array:
        """count samples of p_g(z), (count, z): zero mean and unit variance."""
        if self.prior == "uniform":
            return stream.uniform((count, self.z), -sqrt(3), sqrt(3))
        return stream.normal((count, self.z))

    def optimiser_of(self, net: Layer) -> Optimiser:
        learning_rate = exponential_decay(self.lr, self.lr_decay, self.lr_min)
        if self.optimiser == "adam":
            return Adam(net.parameters(), learning_rate, beta1=self.momentum)
        momentum = linear_ramp(self.momentum, self.momentum_end, self.momentum_epochs)
        return Momentum(net.parameters(), learning_rate, momentum)


mnist = Recipe()

_points = replace(  # what the mixtures have in common: small networks, no dropout, Adam
    mnist,
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
    replace(
        mnist,
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
    replace(mnist, name="mnist-alternating", update="alternating"),
    replace(
        mnist,
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
    replace(_points, name="gaussian1d", data="gaussian1d", z=1, epochs=5, lr_decay=1.001),
    replace(_points, name="ring8", data="ring8"),
    replace(
        _points,
        name="grid25",
        data="grid25",
        epochs=30,
        g_scale=0.3,
        g_output_scale=0.5,
        d_scale=0.3,
        lr_decay=1.0001,
    ),
)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
