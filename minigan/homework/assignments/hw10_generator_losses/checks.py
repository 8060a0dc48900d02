"""What is checked.  Expected values come from logaddexp, log(e^x + e^y), in float64."""

from functools import partial

import numpy as np

from minigan.homework.judging.formula import FAR, Case, Formula, logistic

CASES: list[Case] = [((m, 1), ()) for m in (4, 1, 2, 7, 10)]
MINIMAX = Formula("minimax", lambda a: -np.logaddexp(0, a).mean(), lambda a: -logistic(a) / len(a))
NON_SATURATING = Formula(
    "non_saturating", lambda a: np.logaddexp(0, -a).mean(), lambda a: -logistic(-a) / len(a)
)

minimax_values = partial(MINIMAX.values, cases=CASES)
minimax_gradient = partial(MINIMAX.gradients, cases=CASES)
minimax_far = partial(MINIMAX.at, points=FAR)
minimax_manners = partial(MINIMAX.manners, cases=CASES[:2])
minimax_again = partial(MINIMAX.again, cases=CASES[:2])
non_saturating_values = partial(NON_SATURATING.values, cases=CASES)
non_saturating_gradient = partial(NON_SATURATING.gradients, cases=CASES)
non_saturating_far = partial(NON_SATURATING.at, points=FAR)
non_saturating_manners = partial(NON_SATURATING.manners, cases=CASES[:2])
non_saturating_again = partial(NON_SATURATING.again, cases=CASES[:2])
