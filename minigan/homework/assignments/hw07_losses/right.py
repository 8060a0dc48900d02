"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

import numpy as np

from minigan.ops import mean, softplus
from minigan.tensor import Array, Tensor


def softplus__as_hint_3(x: Tensor) -> Tensor:
    return Tensor(np.logaddexp(x.data, 0), (x, lambda g: g / (1 + np.exp(-x.data))))


def softplus__no_positive_exponent(x: Tensor) -> Tensor:
    a = x.data
    e = np.exp(-abs(a))
    slope = np.where(a > 0, 1, e) / (1 + e)
    y = np.maximum(a, 0) + np.log1p(e)
    return Tensor(y, (x, lambda g: g * slope))


def logistic_loss__by_softplus(a: Tensor, ones: int, scale: float = 1.0) -> Tensor:
    parts = []
    if ones > 0:
        parts.append(mean(softplus(-a[:ones])))
    if ones < len(a.data):
        parts.append(mean(softplus(a[ones:])))
    loss = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    return scale * loss


def logistic_loss__with_weights(a: Tensor, ones: int, scale: float = 1.0) -> Tensor:
    logits = a.data
    sign = np.ones_like(logits)
    weight = np.ones_like(logits)
    sign[:ones] = -1
    weight[:ones] /= max(ones, 1)
    weight[ones:] /= max(len(logits) - ones, 1)
    y = (weight * np.logaddexp(sign * logits, 0)).sum()

    def pullback(g: Array) -> Array:
        slope = sign / (1 + np.exp(-sign * logits))
        return g * scale * weight * slope

    return Tensor(y * scale, (a, pullback))
