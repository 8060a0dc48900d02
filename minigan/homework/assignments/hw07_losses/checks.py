"""What is checked.  Expected values come from logaddexp, log(e^x + e^y), in float64.

A case is (shape of the logits, (ones, scale) where it is the loss).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from minigan.homework.judging.formula import FAR, Case, Formula, logistic
from minigan.homework.judging.judge import Trial

SHAPES: list[Case] = [
    (shape, ()) for shape in [(5,), (4, 3), (3, 3), (2, 3, 4), (7, 1), (1,), (1, 6), (0, 2), ()]
]
BOTH: list[Case] = [
    ((5, 1), (2, 1.0)),
    ((4, 1), (2, 1.0)),
    ((2, 1), (1, 0.5)),
    ((6, 1), (4, 0.7)),
    ((3, 1), (1, -1.0)),
    ((9, 1), (8, 1.0)),
]
ONE_KIND: list[Case] = [
    ((m, 1), (ones, scale))
    for m, ones, scale in [(4, 0, 1.0), (3, 3, 0.5), (2, 0, -1.0), (1, 0, 1.0), (1, 1, 0.7), (6, 6, 1.0)]
]


def _loss(a: np.ndarray, ones: int, scale: float) -> np.ndarray:
    of_ones, of_others = np.logaddexp(0, -a[:ones]), np.logaddexp(0, a[ones:])
    return scale * sum((part.mean() for part in (of_ones, of_others) if len(part)), np.zeros(()))


def _loss_slope(a: np.ndarray, ones: int, scale: float) -> np.ndarray:
    rows = [-scale * logistic(-x) / ones if i < ones else scale * logistic(x) / (len(a) - ones)
            for i, x in enumerate(a)]  # fmt: skip
    return np.array(rows)


SOFTPLUS = Formula("softplus", lambda a: np.logaddexp(0, a), logistic)
LOSS = Formula("logistic_loss", _loss, _loss_slope)

softplus_values = partial(SOFTPLUS.values, cases=SHAPES)
softplus_gradient = partial(SOFTPLUS.gradients, cases=SHAPES)
softplus_far = partial(SOFTPLUS.at, points=FAR)
softplus_edges = SOFTPLUS.edges
softplus_manners = partial(SOFTPLUS.manners, cases=SHAPES[1:3])
softplus_again = partial(SOFTPLUS.again, cases=SHAPES[1:3])
loss_values = partial(LOSS.values, cases=BOTH)
loss_gradient = partial(LOSS.gradients, cases=BOTH)
loss_manners = partial(LOSS.manners, cases=BOTH[2:4])
loss_again = partial(LOSS.again, cases=BOTH[2:4])


def loss_one_kind(trial: Trial) -> None:
    LOSS.values(trial, ONE_KIND)
    LOSS.gradients(trial, ONE_KIND)


def loss_far(trial: Trial) -> None:
    LOSS.at(trial, FAR, (1, 1.0), (2, 0.5))
