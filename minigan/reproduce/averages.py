"""Running means of G's parameters beside a game that they do not touch: what is jitter of its last steps.

theta_mean <- a theta_mean + (1 - a) theta        at the end of each epoch; at first theta_mean = theta
"""

from collections.abc import Sequence

from minigan.algorithm1 import Game
from minigan.optim import Optimiser
from minigan.tensor import Array, Tensor


class Averaging:
    """An optimiser that keeps such means, one for each a; the wrapped one does all that it did alone."""

    def __init__(
        self, optimiser: Optimiser, theta: list[Tensor], factors: Sequence[float], steps: int
    ) -> None:
        self.optimiser, self.theta, self.steps_an_epoch = optimiser, theta, steps
        self.learning_rate, self.momentum = optimiser.learning_rate, optimiser.momentum
        self.means: dict[float, list[Array]] = {a: [p.data.copy() for p in theta] for a in factors}

    def step(self, t: int, epoch: int) -> None:
        self.optimiser.step(t, epoch)
        if (t + 1) % self.steps_an_epoch:
            return
        for a, means in self.means.items():
            for mean, p in zip(means, self.theta, strict=True):
                mean += (1 - a) * (p.data - mean)

    def state(self) -> dict[str, list[Array]]:
        """The means are average90 for a = .9 and so on: G.average90.linear1.W in a checkpoint."""
        return self.optimiser.state() | {name_of(a): means for a, means in self.means.items()}


def name_of(a: float) -> str:
    return f"average{100 * a:.15g}"


def keep(game: Game, factors: Sequence[float]) -> None:
    """From now on the game keeps these means of G; so does its checkpoint."""
    if factors:
        old = game.optimiser_G
        game.optimiser_G = Averaging(old, game.G.parameters(), factors, game.data.per_epoch // game.k)
