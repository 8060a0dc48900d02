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
    updates: int,
    per_epoch: int,
    generator_loss: str,
    _scale: float,
    _G: list[np.ndarray],
    _D: list[np.ndarray],
    _noise: np.ndarray,
    _other_noise: np.ndarray,
    _data: np.ndarray,
) -> dict[str, Any]:
    """alternating(game, t), and so on with t + 1, ... on the same game

    For each update what happened and what was returned; the parameters at the end.  _noise[i] is for update
    t + i, from its own stream; any other stream gives _other_noise.
    """
    events: list[list[Any]] = []
    players = {"G": _Affine("G", _G, events), "D": _Affine("D", _D, events)}

    def prior(stream: _Stream) -> np.ndarray:
        own = stream.purpose == "noise" and t <= stream.step < t + updates
        pool = _noise[stream.step - t] if own else _other_noise
        events.append(["noise", stream.purpose, _plain(stream.step), stream.drawn])
        stream.drawn += 1
        return pool[stream.drawn - 1].copy()

    rules = {
        "G": players["G"],
        "D": players["D"],
        "data": _Data(_data, per_epoch, events),
        "prior": prior,
        "streams": _Stream,
        "optimiser_G": _Optimiser("G", players, events),
        "optimiser_D": _Optimiser("D", players, events),
        "generator_loss": GENERATOR_LOSSES[generator_loss],
        "discriminator_loss": partial(discriminator_loss, scale=_scale),
        "k": k,
    }
    game, names, played = Game(**rules), ("d_loss", "g_loss", "a_real", "a_fake"), []
    for now in range(t, t + updates):
        events.clear()
        update = target.alternating(game, now)
        played.append(
            {
                "events": list(events),
                "update": [_array(getattr(update, name, None)) for name in names],
                "changed": [name for name, value in rules.items() if getattr(game, name, None) is not value],
                "after": _parameters(players),
            }
        )
    return {"played": played}


def _parameters(players: dict[str, _Affine]) -> list[np.ndarray]:
    return [p.data.copy() for name in "GD" for p in players[name].parameters()]


def _plain(value: Any) -> Any:
    """What may be sent: a NumPy number as Python's own, and of anything but numbers and arrays its kind."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, np.ndarray | int | float | str):
        return value
    return f"a {type(value).__name__}"


def _array(value: Any) -> Any:
    """The same, but what arithmetic makes of an array () is one."""
    return np.asarray(value) if isinstance(value, np.generic) else _plain(value)


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
    """Plain gradient descent, which writes down with what it was called, and how the players were then."""

    def __init__(self, name: str, players: dict[str, _Affine], events: list[list[Any]]) -> None:
        self.name, self.players, self.events = name, players, events

    def step(self, t: int, epoch: int) -> None:
        parameters = self.players[self.name].parameters()
        if any(p.grad is None for p in parameters):
            raise RuntimeError(f"a step of {self.name} before backward() gave it a gradient")
        gradients = [p.grad.copy() for p in parameters]
        self.events.append(
            ["step", self.name, _plain(t), _plain(epoch), gradients, _parameters(self.players)]
        )
        for p in parameters:
            p.data -= LEARNING_RATE * p.grad
