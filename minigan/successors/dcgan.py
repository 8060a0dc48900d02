"""Players of convolutions (Radford et al. 2016, DCGAN; Wu et al. 2016 in three dimensions, 3D-GAN).

G begins with a small picture of many channels and doubles it, at half the channels, until it is as large as
the data's; D halves.  What the pictures have as dimensions, the layers have.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, ClassVar

from minigan import ops
from minigan.errors import InputError
from minigan.nn import Dropout, Layer, LeakyReLU, Linear, Sequential
from minigan.paper import Networks
from minigan.random import Stream, Streams
from minigan.settings import COUNT, KEEP, POSITIVE, Limit, choice, setting
from minigan.successors.convolution import ChannelNorm, Conv, ConvTranspose, Function, Reshape
from minigan.tensor import Tensor

if TYPE_CHECKING:
    from minigan.data import Dataset  # slow to import

OUTPUTS = {"sigmoid": ops.sigmoid, "linear": lambda x: x, "tanh": ops.tanh}


@dataclass(frozen=True)
class ConvNetworks(Networks):
    """G of transposed convolutions, batch norm and ReLU, D of convolutions, leaky ReLU and dropout.

    Windows of 4 places in each direction, 2 apart, so that every layer halves or doubles exactly.
    """

    batch: ClassVar[Limit] = Limit(lambda v: v >= 2, "2 or more, since batch norm needs a variance")
    output: str = choice("sigmoid", "G's last activation", OUTPUTS)
    channels: int = setting(32, "channels beside the pictures; twice as many after each halving", COUNT)
    halvings: int = setting(2, "how often D halves a picture, and G doubles one", COUNT)
    scale: float = setting(0.05, "weights start in U(-scale, scale)", POSITIVE)
    keep_hidden: float = setting(0.7, "dropout: probability of keeping a hidden unit of D", KEEP)

    def generator(self, z: int, dataset: Dataset, streams: Streams) -> Layer:
        lengths, colours = self.places(dataset)
        rng, backend, dims = streams("init", 0), streams.backend, len(lengths)
        small = [n >> self.halvings for n in lengths]
        c = self._channels()
        layers: list[Layer] = [Linear(z, prod(small) * c[0], rng, self.scale), Reshape(*small, c[0])]
        for inputs, outputs in pairwise([*c, colours]):
            layers += [ChannelNorm(inputs, backend), LeakyReLU(0.0)]
            layers += [self._doubling(inputs, outputs, rng, dims)]
        return Sequential(*layers, Function(OUTPUTS[self.output]), Reshape(prod(lengths) * colours))

    def discriminator(self, dataset: Dataset, pack: int, streams: Streams) -> Layer:
        """Several pictures at once are channels of one, so that every window sees the same place of all."""
        lengths, colours = self.places(dataset)
        rng, dims, inputs = streams("init", 1), len(lengths), pack * colours
        layers = self._as_channels(lengths, colours, pack)
        for outputs in reversed(self._channels()):
            layers += [Conv(inputs, outputs, rng, dims=dims, scale=self.scale)]
            layers += [LeakyReLU(0.2), Dropout(self.keep_hidden)]
            inputs = outputs
        features = prod(n >> self.halvings for n in lengths) * inputs
        return Sequential(*layers, Reshape(features), Linear(features, 1, rng, self.scale))

    def _channels(self) -> list[int]:
        """Those beside pictures of each size, the smallest first."""
        return [self.channels << i for i in reversed(range(self.halvings))]

    def _as_channels(self, lengths: tuple[int, ...], colours: int, pack: int) -> list[Layer]:
        """From rows (m, pack features) to pictures (m, *lengths, pack colours)"""
        apart = Reshape(pack, prod(lengths), colours)
        return [apart, Function(_places_first), Reshape(*lengths, pack * colours)]

    def _doubling(self, inputs: int, outputs: int, rng: Stream, dims: int) -> ConvTranspose:
        return ConvTranspose(inputs, outputs, rng, dims=dims, scale=self.scale)

    def places(self, dataset: Dataset) -> tuple[tuple[int, ...], int]:
        """The lengths of a picture, and its colours.  InputError where it has none, or they do not halve."""
        if dataset.shape is None:
            raise InputError(f"--data: convolutions need pictures, and {dataset.name} has points")
        coloured = len(dataset.shape) == 3 and dataset.shape[-1] == 3
        lengths = dataset.shape[:-1] if coloured else dataset.shape
        if any(n % 2**self.halvings for n in lengths):
            size = " x ".join(map(str, lengths))
            raise InputError(
                f"--halvings: expected how often pictures of {size} can be halved, got {self.halvings}"
            )
        return lengths, 3 if coloured else 1


def _places_first(x: Tensor) -> Tensor:
    """(m, pack, places, colours) to (m, places, pack, colours)"""
    return ops.transpose(x, (0, 2, 1, 3))
