"""How the student's optimiser is called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
An optimiser's learning rate and momentum are looked up: rates[t % len(rates)], momenta[epoch % len(momenta)].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.tensor import Tensor

Arrays = list[np.ndarray]
Clock = list[list[int]]  # (t, epoch) of each step


def schedule(target: Any, which: str, arguments: list[Any], at: list[int]) -> np.ndarray:
    """the schedule `which(*arguments)`, asked at these steps or epochs"""
    of = getattr(target, which)(*arguments)
    return np.array([float(of(i)) for i in at])


def schedules_together(
    target: Any, which: str, arguments: list[Any], at: list[int], _others: list[Any]
) -> np.ndarray:
    """the same in this order, while another schedule of its kind is asked in between"""
    of, other = getattr(target, which)(*arguments), getattr(target, which)(*_others)
    return np.array([(float(other(1)), float(of(i)))[1] for i in at])


def steps(
    target: Any, p: Arrays, gradients: list[Arrays], clock: Clock, rates: list[float], momenta: list[float]
) -> dict[str, Any]:
    """step(t, epoch) for each of `clock`; lr is rates[t], mu is momenta[epoch], each read round and round"""
    player = _Player(target, p, rates, momenta)
    record = {"p": [], "v": [player.velocity()], "g": []}
    for g, (t, epoch) in zip(gradients, clock, strict=True):
        player.step(g, t, epoch)
        record["p"].append([q.data.copy() for q in player.parameters])
        record["v"].append(player.velocity())
        record["g"].append([None if q.grad is None else q.grad.copy() for q in player.parameters])
    return record


def resumed(
    target: Any, p: Arrays, gradients: list[Arrays], clock: Clock, rates: list[float], momenta: list[float]
) -> Arrays:
    """the same, but a new optimiser takes each step, into whose state() the last one's was written"""
    velocity: Arrays | None = None
    for g, (t, epoch) in zip(gradients, clock, strict=True):
        player = _Player(target, p, rates, momenta)
        if velocity is not None:
            for array, saved in zip(player.optimiser.state()["velocity"], velocity, strict=True):
                array[...] = saved
        player.step(g, t, epoch)
        p, velocity = [q.data for q in player.parameters], player.velocity()
    return p


def two(
    target: Any, p: Arrays, gradients: list[Arrays], clock: Clock, rates: list[float], momenta: list[float],
    _others: Arrays,
) -> list[Arrays]:  # fmt: skip
    """two optimisers, each with parameters of its own, step by turns with the same gradients"""
    players = [_Player(target, own, rates, momenta) for own in (p, _others)]
    for g, (t, epoch) in zip(gradients, clock, strict=True):
        for player in players:
            player.step(g, t, epoch)
    return [[q.data for q in player.parameters] for player in players]


def log(target: Any, at: list[int], rates: list[float], momenta: list[float]) -> np.ndarray:
    """optimiser.learning_rate(t) and optimiser.momentum(epoch) for t and epoch in `at`"""
    optimiser = _Player(target, [np.zeros(2)], rates, momenta).optimiser
    return np.array([[float(optimiser.learning_rate(i)), float(optimiser.momentum(i))] for i in at])


class _Player:
    """An optimiser and its parameters; p.grad is always the same array, as `backward` has it."""

    def __init__(self, target: Any, p: Arrays, rates: list[float], momenta: list[float]) -> None:
        self.parameters = [Tensor(array.copy()) for array in p]
        self.optimiser = target.Momentum(
            self.parameters, lambda t: rates[t % len(rates)], lambda epoch: momenta[epoch % len(momenta)]
        )

    def step(self, gradients: Arrays, t: int, epoch: int) -> None:
        for q, g in zip(self.parameters, gradients, strict=True):
            if q.grad is None:
                q.grad = np.empty_like(q.data)
            q.grad[...] = g
        self.optimiser.step(t, epoch)

    def velocity(self) -> Arrays:
        return [v.copy() for v in self.optimiser.state()["velocity"]]
