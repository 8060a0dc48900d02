"""How the student's operations are called.  Runs in the judged process."""

from minigan.homework.judging.operations import calls

softplus, softplus_gradient, softplus_again, softplus_edges = calls("softplus", "x")
logistic_loss, logistic_loss_gradient, logistic_loss_again, _ = calls(
    "logistic_loss", "a", options=["ones", "scale"]
)
