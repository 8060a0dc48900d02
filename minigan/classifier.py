"""A digit classifier: maxout and dropout, as in Goodfellow et al. 2013, Maxout Networks, section 5.1.

An independent check that the engine learns (the article: 0.94 % test error on permutation-invariant
MNIST), and the judge of which digits a generator draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minigan.backend import Backend, to_host, xp_of
from minigan.data import Dataset, Minibatches
from minigan.nn import Dropout, Layer, Linear, Maxout, Sequential
from minigan.ops import cross_entropy
from minigan.optim import Momentum, exponential_decay, linear_ramp
from minigan.random import Streams
from minigan.tensor import Tensor, backward


@dataclass(frozen=True)
class Settings:
    """The article's, as its authors' script had them (pylearn2, papers/maxout/mnist_pi.yaml)."""

    units: tuple[int, ...] = (240, 240)
    pieces: int = 5
    scale: float = 0.005
    column_norm: float = 1.9365  # no column of W gets longer than this
    keep_input: float = 0.8
    keep_hidden: float = 0.5
    batch: int = 100
    lr: float = 0.1
    lr_decay: float = 1.000004
    lr_min: float = 1e-6
    momentum: float = 0.5
    momentum_end: float = 0.7
    momentum_epochs: int = 250


class Epoch(NamedTuple):
    """One pass over the training data, counted from 1: mean loss in nats, shares of wrong answers."""

    epoch: int
    loss: float
    valid_error: float
    test_error: float


def build(features: int, classes: int, settings: Settings, streams: Streams) -> Sequential:
    """Dropout and maxout layers, then one logit for each class."""
    layers: list[Layer] = []
    rng, inputs, keep = streams("init"), features, settings.keep_input
    for units in settings.units:
        layers += [Dropout(keep), Maxout(inputs, units, settings.pieces, rng, settings.scale)]
        inputs, keep = units, settings.keep_hidden
    return Sequential(*layers, Dropout(keep), Linear(inputs, classes, rng, settings.scale))


def train(
    net: Sequential, dataset: Dataset, settings: Settings, streams: Streams, backend: Backend
) -> Iterator[Epoch]:
    """Epoch after epoch of minibatch SGD on the mean of -log softmax(net(x))_label, without end."""
    batches = Minibatches(dataset.train, settings.batch, streams, backend, dataset.prepare)
    labels = backend.asarray(dataset.train_labels)
    learning_rate = exponential_decay(settings.lr, settings.lr_decay, settings.lr_min)
    momentum = linear_ramp(settings.momentum, settings.momentum_end, settings.momentum_epochs)
    optimiser = Momentum(net.parameters(), learning_rate, momentum)
    weights = [p for p in net.parameters() if p.data.ndim == 2]
    epoch = 0
    while True:
        losses = []
        for i in range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch):
            x = Tensor(batches.minibatch(i))
            loss = cross_entropy(net(x, streams("dropout", i)), labels[batches.rows(i)])
            backward(loss, wrt=net.parameters())
            optimiser.step(i, epoch)
            for W in weights:
                limit_columns(W, settings.column_norm)
            losses.append(loss.data)
        epoch += 1
        yield Epoch(
            epoch,
            float(xp_of(losses[0]).stack(losses).mean()),
            error(net, dataset, dataset.valid, dataset.valid_labels, backend),
            error(net, dataset, dataset.test, dataset.test_labels, backend),
        )


def limit_columns(W: Tensor, longest: float) -> None:
    """W_j <- W_j min(1, longest / |W_j|) for every column j: the weights into one unit."""
    xp = xp_of(W.data)
    norm = xp.sqrt((W.data * W.data).sum(axis=0))
    W.data *= xp.minimum(1, longest / xp.maximum(norm, 1e-7))


def classify(net: Layer, x: np.ndarray, dataset: Dataset, backend: Backend, chunk: int = 1000) -> np.ndarray:
    """The class with the largest logit for every row of x (raw, as in the data set), (n,)."""
    answers = []
    for i in range(0, len(x), chunk):
        values = dataset.prepare(backend.asarray(x[i : i + chunk], backend.dtype))
        answers.append(to_host(net(Tensor(values), None).data.argmax(axis=1)))
    return np.concatenate(answers)


def error(net: Layer, dataset: Dataset, x: np.ndarray, labels: np.ndarray, backend: Backend) -> float:
    """The share of rows of x that the net puts into another class than `labels` says."""
    return float((classify(net, x, dataset, backend) != labels).mean())
