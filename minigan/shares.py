"""What one of several workers plays of a game: its rows of every minibatch, and how these become the whole.

    gradient = sum over workers w of (m_w / m) gradient_w,        m_w of the m rows are worker w's

The weight m_w / m is put where it costs nothing, on the loss, the one number that a gradient begins with.
Each draws what a single process would draw and keeps its own rows, so the run is that of one process but for
the order of additions.  The same sum gives batch norm its mean, and the loss its value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from minigan import ops
from minigan.algorithm1 import Game
from minigan.nn import BatchNorm, Layer, Packed
from minigan.optim import Adam, Momentum
from minigan.random import Shape, Stream, Streams
from minigan.tensor import Array, Tensor
from minigan.workers import Workers


@dataclass(frozen=True)
class Rows:
    """`count` rows from row `first` on, of the `of` that a minibatch has."""

    first: int
    count: int
    of: int

    @property
    def weight(self) -> float:
        """The share of the minibatch, count / of."""
        return self.count / self.of

    @property
    def slice(self) -> slice:
        """The rows as an index."""
        return slice(self.first, self.first + self.count)

    def divided(self, by: int) -> Rows:
        """The same share where `by` rows are made into one, which none of them is parted from."""
        return Rows(self.first // by, self.count // by, self.of // by)


def rows_of(m: int, workers: Workers, pack: int = 1) -> Rows:
    """This worker's rows of m; rows that are packed stay together.  Shares differ by one pack at most."""
    first, stop = (m // pack * rank // workers.size * pack for rank in (workers.rank, workers.rank + 1))
    return Rows(first, stop - first, m)


class SharedStreams(Streams):
    """The streams of one process, of which those with a purpose in `shares` give only these rows."""

    def __init__(self, streams: Streams, shares: Mapping[str, Rows]) -> None:
        self._streams, self._shares, self.backend = streams, shares, streams.backend

    def __call__(self, purpose: str, step: int = 0) -> Stream:
        stream = self._streams(purpose, step)
        return SharedStream(stream, self._shares[purpose]) if purpose in self._shares else stream


class SharedStream(Stream):
    """Draws for a whole minibatch, and keeps one's rows: drawing is a few hundredths of an update."""

    def __init__(self, stream: Stream, mine: Rows) -> None:
        self._stream, self._mine, self.dtype = stream, mine, stream.dtype

    def _draw(self, kind: int, shape: Shape, *arguments: float) -> Array:
        """c count rows are count of each of c minibatches: D sees examples and samples in one pass."""
        count, of = self._mine.count, self._mine.of
        rows, *rest = (shape,) if isinstance(shape, int) else shape
        runs, odd = divmod(rows, count)
        if odd:
            raise ValueError(f"a worker with {count} rows of {of} draws for so many or twice, not for {rows}")
        whole = self._stream._draw(kind, (runs * of, *rest), *arguments)
        return whole.reshape(runs, of, *rest)[:, self._mine.slice].reshape(shape)


def mean(workers: Workers, weight: float, x: Tensor, axis: int) -> Tensor:
    """The mean over all workers' rows.

    y = sum_w weight_w mean_w, and a worker's g = dL/dy is that of its own, weighted part of L:
    dL/dmean_w = weight_w sum_v g_v
    """
    own = ops.mean(x, axis)
    return Tensor(workers.sum(own.data * weight), (own, lambda g: workers.sum(g.copy()) * weight))


def share(game: Game, workers: Workers, mine: Rows) -> None:
    """Let the game be played by all workers, once `weigh` has seen its losses.

    Its data and prior give `mine` already.
    """
    pack = game.D.pack if isinstance(game.D, Packed) else 1
    shares = {"noise": mine, "dropout": mine.divided(pack), "between": mine}
    game.streams = SharedStreams(game.streams, shares)
    for optimiser in (game.optimiser_G, game.optimiser_D):
        assert isinstance(optimiser, Momentum | Adam)
        optimiser.theta.sum = workers.sum
    for layer in (*_layers(game.G), *_layers(game.D)):
        if isinstance(layer, BatchNorm):
            layer.mean = partial(mean, workers, mine.weight)


def weigh(game: Game, weight: float) -> None:
    """Let the gradients of both losses be weighted; their values stay those of this worker's rows."""

    def weighted(loss: Tensor) -> Tensor:
        return Tensor(loss.data, (loss, lambda g: g * weight))

    of_D, of_G = game.discriminator_loss, game.generator_loss
    game.discriminator_loss = lambda a: weighted(of_D(a))
    game.generator_loss = lambda a: weighted(of_G(a))
    game.weighted = weighted


def _layers(net: Layer) -> Iterator[Layer]:
    """The net, and all that it is made of."""
    yield net
    for value in vars(net).values():
        for layer in value if isinstance(value, tuple) else (value,):
            if isinstance(layer, Layer):
                yield from _layers(layer)
