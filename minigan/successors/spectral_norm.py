"""Spectral normalisation (Miyato et al. 2018): a linear layer that stretches nothing by more than 1."""

from __future__ import annotations

from minigan.backend import xp_of
from minigan.nn import Linear
from minigan.random import Stream
from minigan.tensor import Array, Tensor


class SpectralLinear(Linear):
    """y = x W / s + b, s = |W|, the largest singular value of W; parameters as Linear's

    u and v, unit vectors with s = u W v, come from the power method, one step in each training call from
    where the last one stopped.  Held constant they give ds/dW = u^T v^T, exact at the singular vectors.
    """

    def __init__(self, inputs: int, outputs: int, rng: Stream, scale: float | None = None) -> None:
        super().__init__(inputs, outputs, rng, scale)
        self.u = _unit(rng.normal((1, inputs)))

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        W = self.W.data
        v = _unit(self.u @ W)
        if rng is not None:
            self.u[...] = _unit(v @ W.T)
        s = Tensor(self.u.copy()) @ self.W @ Tensor(v.T)
        return (x @ self.W) / s + self.b

    def buffers(self) -> dict[str, Array]:
        return {"u": self.u}


def _unit(vector: Array) -> Array:
    """vector / |vector|"""
    xp = xp_of(vector)
    return vector / xp.maximum(xp.sqrt((vector * vector).sum()), 1e-12)
