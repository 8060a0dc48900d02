"""How the student's losses are called.  Runs in the judged process."""

from minigan.homework.judging.operations import calls

minimax, minimax_gradient, minimax_again, _ = calls("minimax", "a_fake")
non_saturating, non_saturating_gradient, non_saturating_again, _ = calls("non_saturating", "a_fake")
