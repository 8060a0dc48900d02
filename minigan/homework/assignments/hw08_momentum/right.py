"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minigan.tensor import Array, Tensor


def exponential_decay__a_function(start: float, factor: float, minimum: float) -> Callable[[int], float]:
    def rate(t: int) -> float:
        return max(start * (1 / factor) ** t, minimum)

    return rate


def exponential_decay__by_exp(start: float, factor: float, minimum: float) -> Callable[[int], float]:
    return lambda t: np.maximum(minimum, start * np.exp(-t * np.log(factor)))


def linear_ramp__two_cases(start: float, end: float, over: int) -> Callable[[int], float]:
    def momentum(epoch: int) -> float:
        if epoch >= over:
            return end
        return start + (end - start) * epoch / over

    return momentum


def linear_ramp__by_interp(start: float, end: float, over: int) -> Callable[[int], float]:
    if over == 0:
        return lambda epoch: end
    return lambda epoch: float(np.interp(epoch, [0, over], [start, end]))


class Momentum__in_place:
    def __init__(
        self,
        parameters: Sequence[Tensor],
        learning_rate: Callable[[int], float],
        momentum: Callable[[int], float],
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocity = [np.zeros_like(p.data) for p in self.parameters]

    def step(self, t: int, epoch: int) -> None:
        lr = self.learning_rate(t)
        mu = self.momentum(epoch)
        for p, v in zip(self.parameters, self.velocity, strict=True):
            v *= mu
            v -= lr * p.grad
            p.data += v

    def state(self) -> dict[str, list[Array]]:
        return {"velocity": self.velocity}


class Momentum__new_arrays:
    def __init__(self, parameters, learning_rate, momentum):
        self.p, self.learning_rate, self.momentum = tuple(parameters), learning_rate, momentum
        self.v = {i: np.zeros(p.shape, p.dtype) for i, p in enumerate(self.p)}

    def step(self, t, epoch):
        for i, p in enumerate(self.p):
            self.v[i] = self.momentum(epoch) * self.v[i] - self.learning_rate(t) * p.grad
            p.data = p.data + self.v[i]

    def state(self):
        return {"velocity": [self.v[i] for i in range(len(self.p))]}
