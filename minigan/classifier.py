"""A digit classifier: maxout and dropout, as in Goodfellow et al. 2013, Maxout Networks, section 5.1.

An independent check that the engine learns (the article: 0.94 % test error on permutation-invariant
MNIST), and the judge of which digits a generator draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from minigan.backend import Backend, to_host, xp_of
from minigan.data import Dataset, Minibatches
from minigan.nn import Dropout, Layer, Linear, Maxout, Sequential
from minigan.ops import cross_entropy
from minigan.optim import Momentum, exponential_decay, linear_ramp
from minigan.random import Stream, Streams
from minigan.tensor import Array, Tensor, backward


@dataclass(frozen=True)
class Settings:
    """The article's, as its authors' script has them (pylearn2, papers/maxout/mnist_pi.yaml)."""

    units: tuple[int, ...] = (240, 240)
    pieces: int = 5
    scale: float = 0.005
    column_norm: float = 1.9365  # no column of W gets longer than this
    keep_input: float = 0.8
    divide_input: bool = False  # what is kept of the input by keep_input, as dropout does elsewhere
    keep_hidden: float = 0.5
    batch: int = 100
    lr: float = 0.1
    lr_decay: float = 1.000004
    lr_min: float = 1e-6
    momentum: float = 0.5
    momentum_end: float = 0.7
    momentum_epochs: int = 249


_judge = Settings(divide_input=True, momentum_epochs=250)
SETTINGS = {"mnist": Settings(), "digits": replace(_judge, units=(100, 100), scale=0.05, batch=50)}
JUDGES = {"mnist": (_judge, 12), "digits": (replace(_judge, scale=0.05), 60)}  # and for how many epochs


class Classifier:
    """A net of dropout and maxout layers with one logit for each class, and its training so far.

    ValueError where the data set has no labels.
    """

    def __init__(self, dataset: Dataset, settings: Settings, backend: Backend, seed: int) -> None:
        self.dataset, self.settings, self.backend = dataset, settings, backend
        self.streams = Streams(seed, backend)
        self.batches = Minibatches(dataset.train, settings.batch, self.streams, backend, dataset.prepare)
        labels = known(dataset.train_labels)
        self.labels = backend.asarray(labels)
        self.net = self._build(dataset.train.shape[1], int(labels.max()) + 1)
        self.optimiser = Momentum(
            self.net.parameters(),
            exponential_decay(settings.lr, settings.lr_decay, settings.lr_min),
            linear_ramp(settings.momentum, settings.momentum_end, settings.momentum_epochs),
        )
        self.epoch = 0

    def _build(self, features: int, classes: int) -> Sequential:
        s, rng = self.settings, self.streams("init")
        layers: list[Layer] = []
        inputs, keep = features, s.keep_input
        for i, units in enumerate(s.units):
            mask = Dropout(keep) if i or s.divide_input else Undivided(keep)
            layers += [mask, Maxout(inputs, units, s.pieces, rng, s.scale)]
            inputs, keep = units, s.keep_hidden
        return Sequential(*layers, Dropout(keep), Linear(inputs, classes, rng, s.scale))

    def loss(self, x: Array, labels: Array, dropout: Stream) -> Tensor:
        """The mean of -log softmax(net(x))_label, in nats."""
        return cross_entropy(self.net(Tensor(x), dropout), labels)

    def train_epoch(self, loss_of: Callable[[Array, Array, Stream], Tensor] | None = None) -> float:
        """Descend `loss`, or another loss of x, labels and dropout, over every minibatch; its mean."""
        net, losses, loss_of = self.net, [], loss_of or self.loss
        weights = [p for p in net.parameters() if p.data.ndim == 2]
        first = self.epoch * self.batches.per_epoch
        for i in range(first, first + self.batches.per_epoch):
            x, labels = self.batches.minibatch(i), self.labels[self.batches.rows(i)]
            loss = loss_of(x, labels, self.streams("dropout", i))
            backward(loss, wrt=net.parameters())
            self.optimiser.step(i, self.epoch)
            for W in weights:
                limit_columns(W, self.settings.column_norm)
            losses.append(loss.data)
        self.epoch += 1
        return float(xp_of(loss.data).stack(losses).mean())

    def classify(self, x: np.ndarray, chunk: int = 1000) -> np.ndarray:
        """The class with the largest logit for every row of x, raw as in the data set: (n,)."""
        return self.logits(self.dataset.prepare(x.astype(self.backend.dtype)), chunk).argmax(axis=1)

    def logits(self, x: np.ndarray, chunk: int = 1000) -> np.ndarray:
        """The net's logits for every row of x, values as it learns from: (n, classes), on the host."""
        parts = (self.backend.asarray(x[i : i + chunk]) for i in range(0, len(x), chunk))
        return np.concatenate([to_host(self.net(Tensor(part), None).data) for part in parts])

    def error(self, x: np.ndarray, labels: np.ndarray | None) -> float:
        """The share of rows of x that are put into another class than `labels` says.

        ValueError where the data set has no labels.
        """
        return float((self.classify(x) != known(labels)).mean())

    def arrays(self) -> dict[str, Array]:
        """All that training changes, under readable names."""
        parameters = self.net.named_parameters()
        velocity = zip(parameters, self.optimiser.velocity, strict=True)
        return {name: p.data for name, p in parameters.items()} | {f"velocity.{n}": v for n, v in velocity}


class Undivided(Dropout):
    """Keeps an input as it is with probability `keep`, else 0: training sees less light than evaluation."""

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return x if rng is None else super().__call__(x, rng) * self.keep


def limit_columns(W: Tensor, longest: float) -> None:
    """W_j <- W_j min(1, longest / |W_j|) for every column j: the weights into one unit."""
    xp = xp_of(W.data)
    norm = xp.sqrt((W.data * W.data).sum(axis=0))
    W.data *= xp.minimum(1, longest / xp.maximum(norm, 1e-7))


def known(labels: np.ndarray | None) -> np.ndarray:
    """These labels of a data set.  ValueError where it has none."""
    if labels is None:
        raise ValueError("a classifier needs labels, and this data set has none")
    return labels
