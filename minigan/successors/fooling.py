"""Fooling a classifier: a small step of every pixel along the slope, and a net that was trained on such.

    x' = x + eps sign(dJ/dx),    J the loss of the right label

is the step of that size in every pixel that raises a linear loss most (Goodfellow et al. 2015, section 4).
Adversarial training descends J(x) / 2 + J(x') / 2, with x' made anew from the net as it is (section 6).  The
net is the maxout classifier, without dropout, which takes more epochs.  A net that stands this step has still
to be asked about others: the step of another net, and several smaller ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigan import data
from minigan.backend import Backend, xp_of
from minigan.classifier import SETTINGS, Classifier
from minigan.errors import InputError
from minigan.nn import Layer
from minigan.ops import cross_entropy
from minigan.random import Stream
from minigan.tensor import Array, Tensor, backward

NETS = ("plain", "adversarially trained")


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    data: str = "mnist"
    epochs: int = 5
    eps: float = 0.25
    pieces: int = 2
    keep: float = 1.0
    steps: int = 10
    chunk: int = 1000


def adversarial(net: Layer, x: Array, labels: Array, eps: float, rng: Stream | None = None) -> Array:
    """x + eps sign(dJ/dx)        x (m, features) a network's values, labels (m,) integers"""
    at = Tensor(x)
    backward(cross_entropy(net(at, rng), labels), wrt=[at])
    return x + eps * xp_of(x).sign(at.grad)


def all_adversarial(net: Layer, x: Array, labels: Array, eps: float, chunk: int) -> Array:
    """`adversarial` of every x, `chunk` of them at a time"""
    parts = (slice(i, i + chunk) for i in range(0, len(x), chunk))
    return np.concatenate([adversarial(net, x[part], labels[part], eps) for part in parts])


def step_by_step(net: Layer, x: Array, labels: Array, eps: float, steps: int) -> Array:
    """Steps of 2.5 eps / steps, x' at most eps from x        Kurakin et al. 2016, Madry et al. 2018"""
    at = x
    for _ in range(steps):
        at = adversarial(net, at, labels, 2.5 * eps / steps).clip(x - eps, x + eps)
    return at


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """For each net its error on test images and on these moved by eps, and how sure it is where it errs.

    By its own slope `error`, by the other net's `other`, in several steps (the first `chunk` alone) `steps`.
    InputError for a data set that has no settings here.
    """
    dataset = data.load(settings.data)
    if dataset.test_labels is None or settings.data not in SETTINGS:
        raise InputError(f"--data: expected one of {', '.join(SETTINGS)}, got {settings.data}")
    nets = {name: _trained(name, dataset, seed, settings, say) for name in NETS}
    found: dict[str, Any] = {"eps": settings.eps, "nets": {}}
    x, labels = dataset.prepared(dataset.test), dataset.test_labels
    few = slice(settings.chunk)
    moved = {
        name: all_adversarial(net, x, labels, settings.eps, settings.chunk) for name, net in nets.items()
    }
    for name, other in zip(NETS, reversed(NETS), strict=True):
        net = nets[name]
        error, confidence = judged(net, moved[name], labels, settings.chunk)
        far = step_by_step(net, x[few], labels[few], settings.eps, settings.steps)
        found["nets"][name] = row = {
            "clean": judged(net, x, labels, settings.chunk)[0],
            "error": error,
            "confidence": confidence,
            "other": judged(net, moved[other], labels, settings.chunk)[0],
            "steps": judged(net, far, labels[few], settings.chunk)[0],
        }
        say(
            f"{name}: error {100 * row['clean']:.2f} %; at eps {settings.eps} {100 * error:.1f} % with "
            f"confidence {confidence:.2f}; moved as fools the other net {100 * row['other']:.1f} %; "
            f"in {settings.steps} steps {100 * row['steps']:.1f} %"
        )
        row["images"] = moved[name][:10].clip(0, 1).reshape(10, *dataset.shape or ()).tolist()
    found["real"] = x[:10].reshape(10, *dataset.shape or ()).tolist()
    return found


def _trained(
    name: str, dataset: data.Dataset, seed: int, settings: Settings, say: Callable[[str], None]
) -> Layer:
    article = SETTINGS[dataset.name]
    net = replace(article, pieces=settings.pieces, scale=0.05, momentum=article.momentum_end)
    net = replace(net, keep_input=settings.keep, keep_hidden=settings.keep, divide_input=True)
    classifier = Classifier(dataset, net, Backend(), seed)
    for epoch in range(settings.epochs):
        loss = train_epoch(classifier, settings.eps if name != "plain" else 0.0)
        say(f"{name}: epoch {epoch + 1} of {settings.epochs}, loss {loss:.4f}")
    return classifier.net


def train_epoch(classifier: Classifier, eps: float) -> float:
    """classifier.train_epoch, with half of the loss at x' where eps is not 0; the mean loss, in nats"""

    def both(x: Array, labels: Array, dropout: Stream) -> Tensor:
        fooling = adversarial(classifier.net, x, labels, eps)
        return (classifier.loss(x, labels, dropout) + classifier.loss(fooling, labels, dropout)) / 2

    return classifier.train_epoch(both if eps else None)


def judged(net: Layer, x: Array, labels: Array, chunk: int) -> tuple[float, float]:
    """The share of wrong answers to x, and the mean p(y|x) of these answers"""
    wrong, sure = 0, 0.0
    for i in range(0, len(x), chunk):
        part, right = x[i : i + chunk], labels[i : i + chunk]
        logits = net(Tensor(part), None).data.astype(np.float64)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        errs = logits.argmax(axis=1) != right
        wrong += int(errs.sum())
        sure += float((p.max(axis=1) / p.sum(axis=1))[errs].sum())
    return wrong / len(x), sure / max(wrong, 1)
