"""The value function of the game, written on logits.

    V(D, G) = E_x log D(x) + E_z log(1 - D(G(z)))                                    (paper, equation 1)

With D = sigmoid(a): log D = -softplus(-a) and log(1 - D) = -softplus(a), finite at every logit a and
with the right gradient where D itself has rounded to 0 or 1.  Logits are (m, 1); all losses descend.
"""

from __future__ import annotations

from collections.abc import Callable

from minigan.ops import logistic_loss, mean, softplus
from minigan.tensor import Tensor

Loss = Callable[[Tensor], Tensor]  # from logits to one number, which a player descends


def value(a_real: Tensor, a_fake: Tensor) -> Tensor:
    """V(D, G) on a minibatch: what D ascends in Algorithm 1.  At D = 1/2 it is -log 4."""
    return -(mean(softplus(-a_real)) + mean(softplus(a_fake)))


def discriminator_loss(a: Tensor, scale: float = 0.5) -> Tensor:
    """-scale V(D, G), where a holds the logits of m examples and then those of m samples, (2m, 1)

    The paper's box has scale 1; its authors' code averages the two terms, 0.5.  Under SGD that halves
    D's learning rate.  ValueError where a has not as many samples as examples.
    """
    if len(a.data) % 2:
        raise ValueError(
            f"discriminator_loss: got {len(a.data)} logits; expected m of examples, m of samples"
        )
    return logistic_loss(a, len(a.data) // 2, scale)


def minimax(a_fake: Tensor) -> Tensor:
    """E_z log(1 - D(G(z))): G's loss in Algorithm 1.  By a its derivative is -D(G(z)), which vanishes
    where D is sure of itself: saturation."""
    return logistic_loss(a_fake, 0, -1.0)


def non_saturating(a_fake: Tensor) -> Tensor:
    """-E_z log D(G(z)): the same fixed point, and a strong gradient early in learning (paper, section 3)."""
    return logistic_loss(a_fake, len(a_fake.data))


GENERATOR_LOSSES: dict[str, Loss] = {
    "non-saturating": non_saturating,
    "minimax": minimax,
}
