"""The MLP GAN that later tutorials teach, to compare with, and packed for pictures of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from minigan.nn import BatchNorm, Dropout, Layer, LeakyReLU, Linear, Sequential
from minigan.paper import OUTPUTS, Limit, Recipe
from minigan.random import Streams

if TYPE_CHECKING:
    from minigan.data import Dataset  # slow to import


@dataclass(frozen=True)
class KerasMLP(Recipe):
    """Batch norm, leaky ReLU, tanh, Adam; images in [-1, 1]."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("batch", Limit(lambda v: v >= 2, "2 or more, since batch norm needs a variance"))

    def unused(self) -> set[str]:
        glorot = {"activations", "g_scale", "g_output_scale", "d_scale"}
        return super().unused() | glorot | {"bias_clip", "pieces", "keep_input"}

    def generator(self, dataset: Dataset, streams: Streams) -> Sequential:
        layers: list[Layer] = []
        rng, inputs = streams("init", 0), self.z
        for units in self.hidden:
            layers += [Linear(inputs, units, rng), BatchNorm(units, streams.backend), LeakyReLU(0.2)]
            inputs = units
        return Sequential(*layers, Linear(inputs, dataset.train.shape[1], rng, f=OUTPUTS[self.output]))

    def discriminator(self, features: int, streams: Streams) -> Sequential:
        layers: list[Layer] = []
        rng, inputs = streams("init", 1), features
        for units in self.units:
            layers += [Linear(inputs, units, rng), LeakyReLU(0.2), Dropout(self.keep_hidden)]
            inputs = units
        return Sequential(*layers, Linear(inputs, 1, rng))


keras_mlp = KerasMLP(
    name="keras-mlp",
    epochs=100,
    update="alternating",
    prior="gaussian",
    hidden=(256, 512),
    output="tanh",
    units=(512, 256),
    keep_hidden=0.7,
    optimiser="adam",
    lr=1e-4,
    lr_decay=1.0,
    momentum=0.9,
)

images = replace(  # a folder of a few hundred: the paper's networks end there in one picture for every z
    keras_mlp,
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
