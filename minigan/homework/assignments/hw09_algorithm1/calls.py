"""A game whose players, data, noise and optimisers write down what happens.  Runs in the judged process.

G(z) = z A + c and D(x) = x w + b (a logit), so that every gradient has a closed form.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigan.algorithm1 import Game
from minigan.game import GENERATOR_LOSSES, discriminator_loss
from minigan.nn import Layer
from minigan.ops import add, matmul
from minigan.tensor import Tensor

LEARNING_RATE = 0.5


def alternating(
    target: Any,
    k: int,
    t: int,
    loss: str,
    scale: float,
    per_epoch: int,
    G: list[np.ndarray],
    D: list[np.ndarray],
    noise: np.ndarray,
    other_noise: np.ndarray,
    data: np.ndarray,
) -> dict[str, Any]:
    """Play update t; what happened, what was returned, and the parameters at the end."""
    events: list[list[Any]] = []
    players = {"G": _Affine("G", G, events), "D": _Affine("D", D, events)}

    def prior(stream: _Stream) -> np.ndarray:
        pool = noise if (stream.purpose, stream.step) == ("noise", t) else other_noise
        events.append(["noise", stream.purpose, _plain(stream.step), stream.drawn])
        stream.drawn += 1
        return pool[stream.drawn - 1].copy()

    game = Game(
        G=players["G"],
        D=players["D"],
        data=_Data(data, per_epoch, events),
        prior=prior,
        streams=_Stream,
        optimiser_G=_Optimiser(players["G"], events),
        optimiser_D=_Optimiser(players["D"], events),
        generator_loss=GENERATOR_LOSSES[loss],
        discriminator_loss=partial(discriminator_loss, scale=scale),
        k=k,
    )
    update = target.alternating(game, t)
    names = ("d_loss", "g_loss", "a_real", "a_fake")
    return {
        "events": events,
        "update": [_plain(getattr(update, name, None)) for name in names],
        "G": [p.data for p in players["G"].parameters()],
        "D": [p.data for p in players["D"].parameters()],
    }


def _plain(value: Any) -> Any:
    """What may be sent: a NumPy number as Python's own, and of anything but numbers and arrays its kind."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, np.ndarray | int | float | str):
        return value
    return f"a {type(value).__name__}"


class _Stream:
    """Stands for a random.Stream: it knows what it is for and how much was drawn."""

    def __init__(self, purpose: str, step: int = 0) -> None:
        self.purpose, self.step, self.drawn = purpose, step, 0


class _Affine(Layer):
    def __init__(self, name: str, values: list[np.ndarray], events: list[list[Any]]) -> None:
        self.name, self.events = name, events
        self.W, self.b = (Tensor(value.copy()) for value in values)

    def __call__(self, x: Tensor, rng: Any) -> Tensor:
        mode = [None, None, None]
        if isinstance(rng, _Stream):
            mode = [rng.purpose, _plain(rng.step), rng.drawn]
            rng.drawn += 1  # a mask
        self.events.append(["call", self.name, *mode])
        return add(matmul(x, self.W), self.b)

    def named_parameters(self) -> dict[str, Tensor]:
        return {"W": self.W, "b": self.b}


class _Data:
    def __init__(self, minibatches: np.ndarray, per_epoch: int, events: list[list[Any]]) -> None:
        self.minibatches, self.per_epoch, self.events = minibatches, per_epoch, events

    def minibatch(self, i: int) -> np.ndarray:
        self.events.append(["minibatch", _plain(i)])
        return self.minibatches[i].copy()


class _Optimiser:
    """Plain gradient descent, which writes down with what it was called."""

    def __init__(self, player: _Affine, events: list[list[Any]]) -> None:
        self.player, self.events = player, events

    def step(self, t: int, epoch: int) -> None:
        parameters = self.player.parameters()
        if any(p.grad is None for p in parameters):
            raise RuntimeError(f"a step of {self.player.name} before backward() gave it a gradient")
        gradients = [p.grad.copy() for p in parameters]
        self.events.append(["step", self.player.name, _plain(t), _plain(epoch), gradients])
        for p in parameters:
            p.data -= LEARNING_RATE * p.grad
