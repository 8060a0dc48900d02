"""What is checked.  Expected values come from logaddexp, log(e^x + e^y), in float64."""

from __future__ import annotations

import numpy as np

from minigan.homework.judging.formula import FAR, Case, Formula, logistic
from minigan.homework.judging.judge import Trial

CASES: list[Case] = [((m, 1), ()) for m in (4, 1, 2, 7, 10)]
MINIMAX = Formula("minimax", lambda a: -np.logaddexp(0, a).mean(), lambda a: -logistic(a) / len(a))
NON_SATURATING = Formula(
    "non_saturating", lambda a: np.logaddexp(0, -a).mean(), lambda a: -logistic(-a) / len(a)
)


def minimax_values(trial: Trial) -> None:
    MINIMAX.values(trial, CASES)


def minimax_gradient(trial: Trial) -> None:
    MINIMAX.gradients(trial, CASES)


def minimax_far(trial: Trial) -> None:
    MINIMAX.at(trial, FAR)


def minimax_manners(trial: Trial) -> None:
    MINIMAX.manners(trial, CASES[:2])


def minimax_again(trial: Trial) -> None:
    MINIMAX.again(trial, CASES[:2])


def non_saturating_values(trial: Trial) -> None:
    NON_SATURATING.values(trial, CASES)


def non_saturating_gradient(trial: Trial) -> None:
    NON_SATURATING.gradients(trial, CASES)


def non_saturating_far(trial: Trial) -> None:
    NON_SATURATING.at(trial, FAR)


def non_saturating_manners(trial: Trial) -> None:
    NON_SATURATING.manners(trial, CASES[:2])


def non_saturating_again(trial: Trial) -> None:
    NON_SATURATING.again(trial, CASES[:2])
