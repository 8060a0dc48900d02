"""The MLP GAN that later tutorials teach, to compare with, and packed for pictures of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from minigan.nn import BatchNorm, Dropout, Layer, LeakyReLU, Linear, Sequential
from minigan.paper import OUTPUTS, Networks, Recipe
from minigan.random import Streams
from minigan.settings import COUNT, KEEP, Limit, choice, setting

if TYPE_CHECKING:
    from minigan.data import Dataset  # slow to import


@dataclass(frozen=True)
class LeakyNetworks(Networks):
    """G of batch norm and leaky ReLU, D of leaky ReLU and dropout; weights start by Glorot's rule."""

    batch: ClassVar[Limit] = Limit(lambda v: v >= 2, "2 or more, since batch norm needs a variance")
    output: str = choice("tanh", "G's last activation", OUTPUTS)
    hidden: tuple[int, ...] = setting((256, 512), "units of G's hidden layers", COUNT)
    units: tuple[int, ...] = setting((512, 256), "units of D's hidden layers", COUNT)
    keep_hidden: float = setting(0.7, "dropout: probability of keeping a hidden unit of D", KEEP)

    def generator(self, z: int, dataset: Dataset, streams: Streams) -> Sequential:
        layers: list[Layer] = []
        rng, inputs = streams("init", 0), z
        for units in self.hidden:
            layers += [Linear(inputs, units, rng), BatchNorm(units, streams.backend), LeakyReLU(0.2)]
            inputs = units
        return Sequential(*layers, Linear(inputs, dataset.train.shape[1], rng, f=OUTPUTS[self.output]))

    def discriminator(self, dataset: Dataset, pack: int, streams: Streams) -> Sequential:
        layers: list[Layer] = []
        rng, inputs = streams("init", 1), pack * dataset.train.shape[1]
        for units in self.units:
            layers += [Linear(inputs, units, rng), LeakyReLU(0.2), Dropout(self.keep_hidden)]
            inputs = units
        return Sequential(*layers, Linear(inputs, 1, rng))


keras_mlp = Recipe(
    name="keras-mlp",
    epochs=100,
    update="alternating",
    prior="gaussian",
    networks=LeakyNetworks(),
    optimiser="adam",
    lr=1e-4,
    lr_decay=1.0,
    momentum=0.9,
)

images = keras_mlp.change(  # a few hundred: the paper's networks end there in one picture for every z
    name="images",
    data="./my-pictures",
    epochs=500,
    batch=50,
    z=32,
    pack=2,
    keep_hidden=0.6,
    lr=1e-3,
    lr_decay=1.0003,
    momentum=0.5,
    samples_every=20,
)

RECIPES = (keras_mlp, images)
