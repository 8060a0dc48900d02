"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigan import ops
from minigan.gradcheck import GradientError
from minigan.tensor import Array, Tensor, backward


def gradcheck__entry_by_entry(
    f: Callable[..., Tensor], *inputs: Array, seed: int = 0, h: float = 1e-6, tolerance: float = 1e-6
) -> float:
    for a in inputs:
        if a.dtype != np.float64:
            raise TypeError("expected float64")
    tensors = [Tensor(a.copy()) for a in inputs]
    y = f(*tensors)
    u = np.random.default_rng(seed).uniform(0.5, 1.5, y.shape)
    try:
        backward(ops.sum(y * Tensor(u)), wrt=tensors)
    except (ValueError, TypeError) as error:
        raise GradientError(f"backward: {error}") from None
    if any((x.data != a).any() for x, a in zip(tensors, inputs, strict=True)):
        raise GradientError("an input was written to")
    if (f(*tensors).data != y.data).any():
        raise GradientError("f is random")
    worst = 0.0
    for i, a in enumerate(inputs):
        for index in np.ndindex(a.shape):
            values = []
            for step in (h, -h):
                moved = [b.copy() for b in inputs]
                moved[i][index] += step
                values.append((u * f(*[Tensor(b) for b in moved]).data).sum())
            q = (values[0] - values[1]) / (2 * h)
            p = tensors[i].grad[index]
            error = abs(p - q) / max(abs(p), abs(q), 0.01)
            if not error <= tolerance:
                raise GradientError(f"input {i}, entry {index}: {p} and {q}")
            worst = max(worst, float(error))
    return worst


def gradcheck__one_direction(
    f: Callable[..., Tensor], *inputs: Any, seed: int = 0, h: float = 1e-6, tolerance: float = 1e-6
) -> float:
    """All inputs move together, and each by a direction of its own."""
    if {a.dtype.name for a in inputs} != {"float64"}:
        raise TypeError("only float64 has digits enough")
    rng = np.random.default_rng(seed + 1)
    copies = [a.copy() for a in inputs]
    tensors = [Tensor(a) for a in copies]
    y = f(*tensors)
    first = y.data.copy()
    u = rng.standard_normal(first.shape)
    try:
        backward(ops.sum(ops.mul(y, Tensor(u))), tensors)
    except (TypeError, ValueError) as error:
        raise GradientError(*error.args) from error
    second = f(*[Tensor(a.copy()) for a in inputs]).data
    if not np.array_equal(first, second):
        raise GradientError("not the same again")
    if not all(np.array_equal(a, b) for a, b in zip(copies, inputs, strict=True)):
        raise GradientError("an array was changed")
    errors = [0.0]
    for _ in range(3):
        vs = [rng.standard_normal(a.shape) for a in inputs]
        ends = [f(*[Tensor(a + t * v) for a, v in zip(inputs, vs, strict=True)]).data for t in (h, -h)]
        q = np.sum(u * (ends[0] - ends[1])) / (2 * h)
        p = np.sum([np.sum(x.grad * v) for x, v in zip(tensors, vs, strict=True)])
        errors.append(float(np.abs(p - q) / np.maximum(0.01, np.maximum(abs(p), abs(q)))))
    if not np.max(errors) <= tolerance:
        raise GradientError(f"the error is {np.max(errors)}")
    return float(np.max(errors))
