"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigan import ops
from minigan.backend import Backend, xp_of
from minigan.nn import Layer
from minigan.tensor import Array, Tensor


def leaky_relu__by_factor(x: Tensor, slope: float = 0.2) -> Tensor:
    a = x.data
    xp = xp_of(a)
    factor = xp.where(a > 0, 1.0, slope).astype(a.dtype)
    return Tensor(a * factor, (x, lambda g: g * factor))


def leaky_relu__by_mask(x: Tensor, slope: float = 0.2) -> Tensor:
    positive = x.data > 0

    def pullback(g: Array) -> Array:
        dx = g * slope
        return xp_of(g).where(positive, g, dx)

    return Tensor(xp_of(x.data).where(positive, x.data, x.data * slope), (x, pullback))


class Linear__plain(Layer):
    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: Any,
        scale: float | None = None,
        f: Callable[..., Tensor] = ops.affine_identity,
    ) -> None:
        if scale is None:
            scale = (6 / (inputs + outputs)) ** 0.5
        W = 2 * scale * rng.uniform((inputs, outputs)) - scale
        self.W, self.b = Tensor(W), Tensor(0 * W[0])
        self.f = f

    def __call__(self, x: Tensor, rng: Any) -> Tensor:
        return self.f(x, self.W, self.b)

    def named_parameters(self) -> dict[str, Tensor]:
        return {"W": self.W, "b": self.b}


class BatchNorm__plain(Layer):
    def __init__(self, features: int, backend: Backend, momentum: float = 0.9, eps: float = 1e-5) -> None:
        ones, zeros = backend.xp.ones(features, backend.dtype), backend.xp.zeros(features, backend.dtype)
        self.gamma, self.beta = Tensor(ones), Tensor(zeros)
        self.running_mean, self.running_var = zeros.copy(), ones.copy()
        self.momentum, self.eps = momentum, eps

    def __call__(self, x: Tensor, rng: Any) -> Tensor:
        if rng is None:
            mu, var = Tensor(self.running_mean), Tensor(self.running_var)
        else:
            mu = ops.mean(x, 0)
            var = ops.mean((x - mu) * (x - mu), 0)
            keep = self.momentum
            self.running_mean = keep * self.running_mean + (1 - keep) * mu.data
            self.running_var = keep * self.running_var + (1 - keep) * var.data
        return (x - mu) / (var + self.eps) ** 0.5 * self.gamma + self.beta

    def named_parameters(self) -> dict[str, Tensor]:
        return {"gamma": self.gamma, "beta": self.beta}

    def buffers(self) -> dict[str, Array]:
        return {"running_mean": self.running_mean, "running_var": self.running_var}
