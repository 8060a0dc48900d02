"""Losses that came after the paper's, in the form of game.py's: functions of D's logits.

D's takes the logits of m examples and then those of m samples, a (2m, 1); G's those of its samples; players
descend.  A logit means another thing each time: a level to be at (least squares), a height whose differences
count (Wasserstein, hinge), minus a cost (loss-sensitive).  D(x) = sigmoid(a) is no probability of theirs.
ValueError for an odd number of logits.
"""

from __future__ import annotations

from collections.abc import Callable

from minigan.backend import xp_of
from minigan.game import Loss
from minigan.ops import mean, relu
from minigan.optim import Optimiser
from minigan.tensor import Array, Tensor

# D's losses ------------------------------------------------------------------------------------------


def least_squares(a: Tensor) -> Tensor:
    """mean (a_real - 1)^2 / 2 + mean a_fake^2 / 2        Mao et al. 2017"""
    real, fake = _halves("least_squares", a)
    return (mean((real - 1) ** 2) + mean(fake**2)) / 2


def wasserstein(a: Tensor) -> Tensor:
    """mean a_fake - mean a_real        Arjovsky et al. 2017

    Minus it is at most the distance W1 times the steepest slope of D: see `Clipped` and penalty.py for two
    ways to limit that.
    """
    real, fake = _halves("wasserstein", a)
    return mean(fake) - mean(real)


def hinge(a: Tensor) -> Tensor:
    """mean max(1 - a_real, 0) + mean max(1 + a_fake, 0)        Miyato et al. 2018"""
    real, fake = _halves("hinge", a)
    return mean(relu(1 - real)) + mean(relu(1 + fake))


def loss_sensitive(a: Tensor, margin: Array | float = 1.0, scale: float = 1.0) -> Tensor:
    """mean -a_real + scale mean max(margin + a_fake - a_real, 0)        Qi 2017

    -a is the cost that D gives to an example.  A sample is to cost more than its example by the margin, one
    for all or (m, 1); the article's is the distance between the two.
    """
    real, fake = _halves("loss_sensitive", a)
    margin = margin if isinstance(margin, int | float) else Tensor(margin)
    return mean(relu(fake - real + margin)) * scale - mean(real)


# G's losses ------------------------------------------------------------------------------------------


def to_one(a_fake: Tensor) -> Tensor:
    """mean (a_fake - 1)^2 / 2: G's side of `least_squares`"""
    return mean((a_fake - 1) ** 2) / 2


def upwards(a_fake: Tensor) -> Tensor:
    """-mean a_fake: G's side of `wasserstein`, `hinge` and `loss_sensitive`"""
    return -mean(a_fake)


LOSSES: dict[str, tuple[Loss, Loss]] = {  # D's and G's
    "least-squares": (least_squares, to_one),
    "wasserstein": (wasserstein, upwards),
    "hinge": (hinge, upwards),
    "loss-sensitive": (loss_sensitive, upwards),
}


def _halves(name: str, a: Tensor) -> tuple[Tensor, Tensor]:
    m, odd = divmod(len(a.data), 2)
    if odd or not m:
        raise ValueError(f"{name}: got {len(a.data)} logits; expected m of examples, m of samples")
    return a[:m], a[m:]


# Weight clipping -------------------------------------------------------------------------------------


class Clipped:
    """An optimiser after whose every step p <- min(max(p, -limit), limit)        Arjovsky et al. 2017, box 1

    Weights that are small make slopes that are small, so `wasserstein` measures a distance, in units that
    nobody knows: the steepest slope that such a network can have.
    """

    def __init__(self, optimiser: Optimiser, parameters: list[Tensor], limit: float = 0.01) -> None:
        self.optimiser, self.parameters, self.limit = optimiser, parameters, limit

    def step(self, t: int, epoch: int) -> None:
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            xp_of(p.data).clip(p.data, -self.limit, self.limit, out=p.data)

    def state(self) -> dict[str, list[Array]]:
        return self.optimiser.state()

    @property
    def learning_rate(self) -> Callable[[int], float]:
        return self.optimiser.learning_rate

    @property
    def momentum(self) -> Callable[[int], float]:
        return self.optimiser.momentum
