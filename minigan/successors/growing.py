"""Players that grow (Karras et al. 2018, section 2): coarse pictures first, and then ever finer ones.

They are those of dcgan.py, with all layers from the start.  At stage s, from 0 to last, G stops after its
blocks 0 to s and draws a picture G_s, of twice the side of the one before; G_last's is the data's.  D begins
with f_s(x), what it first sees of such a picture, and goes on with its blocks s to 0.  One number says how
far both have grown, the level l in [0, last].  At l = s they are at that stage; on the way from s - 1 to s

    G(z) = (1 - alpha) up(G_{s-1}(z)) + alpha G_s(z)                    alpha = l - (s - 1)
    D(x) = block_0(... block_{s-1}(h)),  h = (1 - alpha) f_{s-1}(down(x)) + alpha block_s(f_s(x))

so that both are continuous in l, and the data are blended as G's pictures are.  Every picture has the data's
size, a coarse one in blocks that are alike, so who plays, samples or evaluates need not know the level; a
checkpoint has it among the buffers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from minigan import ops
from minigan.algorithm1 import Data, Game, Update
from minigan.errors import InputError
from minigan.nn import Dropout, Layer, LeakyReLU, Linear, Sequential
from minigan.optim import Optimiser
from minigan.random import Stream, Streams
from minigan.successors.convolution import ChannelNorm, Conv, Function, Reshape, pool, upsample
from minigan.successors.dcgan import OUTPUTS, ConvNetworks
from minigan.tensor import Array, Tensor

if TYPE_CHECKING:
    from minigan.data import Dataset  # slow to import


class Schedule(NamedTuple):
    """How a game grows: `stage` updates for each stage, and then all that follow for the last.

    With stage = 0 it is grown from the start.
    """

    stage: int
    last: int

    def start(self, t: int) -> int:
        """The update at which the stage of update t began."""
        return min(t // self.stage, self.last) * self.stage if self.stage else 0

    def level(self, t: int) -> float:
        """l at update t: it rises by 1 in the first half of each stage but the first, and then rests."""
        if not self.stage:
            return float(self.last)
        start = self.start(t)
        alpha = min(2 * (t - start) / self.stage, 1.0)
        return max(start // self.stage - 1 + alpha, 0.0)


# The players -----------------------------------------------------------------------------------------


class Growing(Layer):
    """What both have: for each s a block of layers, and one that leads to or from a picture."""

    def __init__(self, blocks: list[Layer], ends: list[Layer]) -> None:
        self.blocks, self.ends = tuple(blocks), tuple(ends)
        self.last = len(blocks) - 1
        self.level = np.zeros(1)  # of NumPy on a GPU too: to read it is to wait for nothing

    def stages(self) -> tuple[int, int, float]:
        """(s, s', alpha): what the blend at this level is of, 1 - alpha of s and alpha of s'.

        InputError for a level that there is not.
        """
        level = float(self.level[0])
        if not 0 <= level <= self.last:
            raise InputError(f"level: expected 0 to {self.last}, got {level}")
        return int(level), ceil(level), level % 1

    def named_parameters(self) -> dict[str, Tensor]:
        return {
            f"{part}.{name}": p for part, net in self._parts() for name, p in net.named_parameters().items()
        }

    def buffers(self) -> dict[str, Array]:
        found = {f"{part}.{name}": a for part, net in self._parts() for name, a in net.buffers().items()}
        return {"level": self.level} | found

    def _parts(self) -> list[tuple[str, Layer]]:
        of = {"block": self.blocks, "picture": self.ends}
        return [(f"{kind}{s}", net) for kind, nets in of.items() for s, net in enumerate(nets)]


class GrowingG(Growing):
    """z -> blocks 0 to s, each of which doubles the places, and from there a picture, its pixels repeated"""

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        low, high, alpha = self.stages()
        pictures = []
        for s in range(high + 1):
            x = self.blocks[s](x, rng)
            if s >= low:
                pictures.append(upsample(self.ends[s](x, rng), 2 ** (self.last - s)))
        y = _blend(pictures[0], pictures[-1], alpha)
        return ops.reshape(y, (len(y.data), -1))


class GrowingD(Growing):
    """Pictures, made small -> blocks s to 0, each of which halves the places, the last to one logit"""

    def __init__(self, arrange: Layer, blocks: list[Layer], ends: list[Layer]) -> None:
        super().__init__(blocks, ends)
        self.arrange = arrange  # rows to pictures (m, *n, c)

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        low, high, alpha = self.stages()
        x = self.arrange(x, rng)
        h = self._seen(x, high, rng)
        if alpha:
            h = _blend(self._seen(x, low, rng), self.blocks[high](h, rng), alpha)
        for s in range(low, -1, -1):
            h = self.blocks[s](h, rng)
        return h

    def _seen(self, x: Tensor, s: int, rng: Stream | None) -> Tensor:
        return self.ends[s](pool(x, 2 ** (self.last - s)), rng)


def _blend(old: Tensor, new: Tensor, alpha: float) -> Tensor:
    return (1 - alpha) * old + alpha * new if alpha else old


@dataclass(frozen=True)
class GrowingNetworks(ConvNetworks):
    """The players of ConvNetworks, with a picture at each of G's doublings and D's halvings.

    At the last level they are those of ConvNetworks, layer for layer.
    """

    def generator(self, z: int, dataset: Dataset, streams: Streams) -> Layer:
        lengths, colours = self.places(dataset)
        rng, backend, dims = streams("init", 0), streams.backend, len(lengths)
        small = [n >> self.halvings for n in lengths]
        c = self._channels()
        starts: list[list[Layer]] = [[Linear(z, prod(small) * c[0], rng, self.scale), Reshape(*small, c[0])]]
        starts += [[self._doubling(c[s - 1], c[s], rng, dims)] for s in range(1, self.halvings)]
        blocks: list[Layer] = [
            Sequential(*start, ChannelNorm(c[s], backend), LeakyReLU(0.0)) for s, start in enumerate(starts)
        ]
        paint = Function(OUTPUTS[self.output])
        return GrowingG(blocks, [Sequential(self._doubling(n, colours, rng, dims), paint) for n in c])

    def discriminator(self, dataset: Dataset, pack: int, streams: Streams) -> Layer:
        lengths, colours = self.places(dataset)
        rng, dims, inputs = streams("init", 1), len(lengths), pack * colours
        c = self._channels()

        def halving(inputs: int, outputs: int) -> Layer:
            conv = Conv(inputs, outputs, rng, dims=dims, scale=self.scale)
            return Sequential(conv, LeakyReLU(0.2), Dropout(self.keep_hidden))

        features = prod(n >> self.halvings for n in lengths) * c[0]
        blocks: list[Layer] = [Sequential(Reshape(features), Linear(features, 1, rng, self.scale))]
        blocks += [halving(c[s], c[s - 1]) for s in range(1, self.halvings)]
        arrange = Sequential(*self._as_channels(lengths, colours, pack))
        return GrowingD(arrange, blocks, [halving(inputs, n) for n in c])


# The game --------------------------------------------------------------------------------------------


class Blended:
    """Data as coarse as G's pictures are: minibatch i at the level of that minibatch        lengths: n"""

    def __init__(
        self, data: Data, level: Callable[[int], float], last: int, lengths: tuple[int, ...]
    ) -> None:
        self.data, self.level, self.last, self.lengths = data, level, last, lengths
        self.per_epoch = data.per_epoch

    def minibatch(self, i: int) -> Array:
        """(m, features)"""
        x, level = self.data.minibatch(i), self.level(i)
        pictures = Tensor(x.reshape(len(x), *self.lengths, -1))
        seen = self._coarse(pictures, int(level))
        if alpha := level % 1:
            seen = _blend(seen, self._coarse(pictures, ceil(level)), alpha)
        return seen.data.reshape(x.shape)

    def _coarse(self, pictures: Tensor, s: int) -> Tensor:
        """As at stage s, in blocks that are alike."""
        size = 2 ** (self.last - s)
        return upsample(pool(pictures, size), size) if size > 1 else pictures


class Restarting:
    """An optimiser that begins anew with each stage, as the authors' code does: its steps count from there.

    Adam divides by the size of former gradients, as if there had been `t` of them; a layer that has had none
    would begin with steps thirty times too long.
    """

    def __init__(self, optimiser: Optimiser, start: Callable[[int], int]) -> None:
        self.optimiser, self.start = optimiser, start
        self.state, self.momentum = optimiser.state, optimiser.momentum

    def step(self, t: int, epoch: int) -> None:
        start = self.start(t)
        if t == start:
            for arrays in self.state().values():
                for a in arrays:
                    a[...] = 0
        self.optimiser.step(t - start, epoch)

    def learning_rate(self, t: int) -> float:
        """The rate of step t, which falls from the beginning of its stage on."""
        return self.optimiser.learning_rate(t - self.start(t))


@dataclass
class GrowingGame(Game):
    """A game whose players are at the level that its schedule says."""

    schedule: Schedule = Schedule(0, 0)

    def grow(self, t: int) -> None:
        """Bring both players to the level of update t."""
        for net in (self.G, self.D):
            net.buffers()["level"][...] = self.schedule.level(t)


def growing(game: Game, schedule: Schedule, lengths: tuple[int, ...]) -> GrowingGame:
    """The game of players of GrowingNetworks, grown as the schedule says        lengths: n of a picture"""
    k = game.k
    of_D = schedule._replace(stage=k * schedule.stage)
    changes = {
        "data": Blended(game.data, lambda i: schedule.level(i // k), schedule.last, lengths),
        "optimiser_G": Restarting(game.optimiser_G, schedule.start),
        "optimiser_D": Restarting(game.optimiser_D, of_D.start),
    }
    return GrowingGame(**vars(game) | changes, schedule=schedule)


def grown(update: Callable[[Game, int], Update], game: GrowingGame, t: int) -> Update:
    """Update t, at its level."""
    game.grow(t)
    return update(game, t)
