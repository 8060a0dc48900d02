"""How a player moves its parameters: momentum SGD as the paper's authors ran it, and Adam.

step(t, epoch) uses the gradients that `backward` left in p.grad.  t counts the steps of this player from
0, epoch the passes over the data from 0; learning rate and momentum are functions of these, so that a
checkpoint keeps no position of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from minigan import kernels
from minigan.backend import xp_of
from minigan.tensor import Array, Tensor


class Optimiser(Protocol):
    """What moves a player.  A checkpoint keeps its state, a log its learning rate and momentum."""

    def step(self, t: int, epoch: int) -> None:
        """Move the parameters once, by their gradients."""

    def state(self) -> dict[str, list[Array]]:
        """Arrays in the order of the parameters, which a checkpoint is written back into."""

    def learning_rate(self, t: int, /) -> float:
        """The rate of step t."""

    def momentum(self, epoch: int, /) -> float:
        """The momentum in that epoch."""


def exponential_decay(start: float, factor: float, minimum: float) -> Callable[[int], float]:
    """max(minimum, start / factor^t)"""
    return lambda t: max(minimum, start * factor**-t)


def linear_ramp(start: float, end: float, over: int) -> Callable[[int], float]:
    """From `start` at epoch 0 to `end` at epoch `over`, then constant."""
    return lambda epoch: start + (end - start) * (min(epoch / over, 1.0) if over else 1.0)


class Theta:
    """All parameters of a player as one vector, the paper's theta, so that one operation moves them all.

    The parameters' data and grad become views of two vectors.  A part begins at a multiple of 64 numbers.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        self.data, self._data = self.zeros()
        self.grad, self._grad = self.zeros()
        self.sum: Callable[[Array], Array] = lambda gradient: gradient  # over workers, where there are more
        self._gather_data()

    def zeros(self) -> tuple[list[Array], Array]:
        """Zeros for each parameter in its shape, and the one vector that holds them all."""
        sizes = [-(-p.data.size // 64) * 64 for p in self.parameters]
        first = self.parameters[0].data
        vector = xp_of(first).zeros(sum(sizes), first.dtype)
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        parts = zip(self.parameters, starts, strict=True)
        return [vector[i : i + p.data.size].reshape(p.shape) for p, i in parts], vector

    def gather(self) -> tuple[Array, Array]:
        """Both vectors.  What is no view yet, or has been replaced since, is copied into its place first.

        ValueError where a parameter has no gradient.
        """
        self._gather_data()
        for p, grad in zip(self.parameters, self.grad, strict=True):
            if p.grad is None:
                raise ValueError(f"step: {p} has no gradient; call backward(loss, wrt=...) with it first")
            if p.grad is not grad:
                grad[...], p.grad = p.grad, grad
        return self._data, self.sum(self._grad)

    def _gather_data(self) -> None:
        for p, data in zip(self.parameters, self.data, strict=True):
            if p.data is not data:
                data[...], p.data = p.data, data


class Momentum:
    """v <- mu v - lr g;  p <- p + v        v = 0 at first (heavy ball, Polyak 1964; not Nesterov)"""

    def __init__(
        self,
        parameters: Sequence[Tensor],
        learning_rate: Callable[[int], float],
        momentum: Callable[[int], float],
    ) -> None:
        self.theta = Theta(parameters)
        self.parameters = self.theta.parameters
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocity, self._velocity = self.theta.zeros()

    def step(self, t: int, epoch: int) -> None:
        theta, gradient = self.theta.gather()
        kernels.momentum(theta, self._velocity, gradient, self.learning_rate(t), self.momentum(epoch))

    def state(self) -> dict[str, list[Array]]:
        return {"velocity": self.velocity}


class Adam:
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  p <- p - lr m' / (sqrt(v') + eps)

    with m' = m / (1 - b1^(t+1)), v' = v / (1 - b2^(t+1)); m = v = 0 at first (Kingma and Ba 2015).
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        learning_rate: Callable[[int], float],
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-7,
    ) -> None:
        self.theta = Theta(parameters)
        self.parameters = self.theta.parameters
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.m, self._m = self.theta.zeros()
        self.v, self._v = self.theta.zeros()

    def step(self, t: int, epoch: int) -> None:
        theta, gradient = self.theta.gather()
        lr = self.learning_rate(t) / (1 - self.beta1 ** (t + 1))
        bias = 1 - self.beta2 ** (t + 1)
        kernels.adam(theta, self._m, self._v, gradient, lr, 1 - self.beta1, 1 - self.beta2, bias, self.eps)

    def momentum(self, epoch: int) -> float:
        """beta1, which plays its part."""
        return self.beta1

    def state(self) -> dict[str, list[Array]]:
        return {"m": self.m, "v": self.v}
