"""Is a derivative right?  The pullbacks against central differences, along random directions.

For y = f(x) and random u (upstream) and v (direction), both sides of

    <u, J v>  =  (<u, f(x + h v)> - <u, f(x - h v)>) / 2h  +  O(h^2)

are one number: the left one comes from `backward`, the right one from f alone.  One check of a few
evaluations sees every entry of J.  An upstream of ones would not: a pullback that forgets to multiply
by g passes it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minigan import ops
from minigan.backend import to_host, xp_of
from minigan.tensor import Array, Tensor, backward


class GradientError(AssertionError):
    """A derivative is wrong, or the function is not one that can be checked here."""


def gradcheck(
    f: Callable[..., Tensor], *inputs: Array, seed: int = 0, h: float = 1e-6, tolerance: float = 1e-6
) -> float:
    """Largest relative error of f's gradient: by each input alone, then by all together.

    f       takes one Tensor for each input, returns a Tensor of any shape; the same values each time
            (make random streams inside f)
    inputs  float64 arrays away from kinks: at a kink there is no derivative to compare with

    Raises GradientError where the error is above `tolerance`, where f changes its inputs or its mind,
    or where a gradient has another shape or dtype than its input.  TypeError for inputs that are not float64.
    """
    if any(a.dtype != np.float64 for a in inputs):
        raise TypeError(f"gradcheck: expected float64 arrays, got {[str(a.dtype) for a in inputs]}")
    rng = np.random.default_rng([seed, 2014])  # not what a caller drew the inputs from
    tensors = [Tensor(a.copy()) for a in inputs]
    y = f(*tensors)
    u = _like(y.data, rng)
    try:
        backward(ops.sum(ops.mul(y, Tensor(u))), wrt=tensors)
    except (TypeError, ValueError) as refusal:
        raise GradientError(str(refusal)) from None
    for i, (x, a) in enumerate(zip(tensors, inputs, strict=True)):
        if not np.array_equal(to_host(x.data), to_host(a)):
            raise GradientError(f"f or a pullback wrote into input {i}")
    if not np.array_equal(to_host(y.data), to_host(f(*tensors).data)):
        raise GradientError("f gives another result when called again: make its random stream inside f")

    directions = [_like(a, rng) for a in inputs]

    def slope(moved: list[int], start: float, end: float) -> float:
        steps = [v if i in moved else 0 * v for i, v in enumerate(directions)]
        behind, ahead = (
            f(*(Tensor(a + t * v) for a, v in zip(inputs, steps, strict=True))).data for t in (start, end)
        )
        return (_dot(u, ahead) - _dot(u, behind)) / (end - start)

    worst = 0.0
    everything = list(range(len(inputs)))
    for moved in [[i] for i in everything] + [everything] * (len(inputs) > 1):
        claimed = sum(_dot(tensors[i].grad, directions[i]) for i in moved)
        measured = slope(moved, -h, h)
        error = _relative(claimed, measured)
        if not error <= tolerance:
            who = f"input {moved[0]}" if len(moved) == 1 else "all inputs together"
            left, right = slope(moved, -h, 0), slope(moved, 0, h)
            kink = f" ({left:.9g} before, {right:.9g} after: a kink)" if _relative(left, right) > 1e-3 else ""
            raise GradientError(
                f"gradient with respect to {who}: the pullbacks give {claimed:.9g}, "
                f"differences {measured:.9g}{kink}"
            )
        worst = max(worst, error)
    return worst


def _relative(p: float, q: float) -> float:
    return abs(p - q) / max(abs(p), abs(q), 1e-2)


def _like(a: Array, rng: np.random.Generator) -> Array:
    return xp_of(a).asarray(rng.standard_normal(a.shape))


def _dot(a: Array, b: Array) -> float:
    return float((a * b).sum())
