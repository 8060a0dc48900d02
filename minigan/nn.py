"""Layers: each holds its parameters, in order, and is called as net(x, rng).

rng has no default: a `random.Stream` means training (dropout masks are drawn, batch norm uses the
batch), None means evaluation.  So nobody can be in a mode without having said so.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from minigan import ops
from minigan.backend import Backend, xp_of
from minigan.random import Stream
from minigan.tensor import Array, Tensor

Affine = Callable[[Tensor, Tensor, Tensor], Tensor]


class Layer:
    """A function of x with parameters.  `named_parameters` and `buffers` are what a checkpoint keeps."""

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        raise TypeError(f"{type(self).__name__} does not say what it computes")

    def named_parameters(self) -> dict[str, Tensor]:
        """What training moves, in order: theta_g or theta_d."""
        return {}

    def buffers(self) -> dict[str, Array]:
        """Arrays that the forward pass itself keeps up to date."""
        return {}

    def parameters(self) -> list[Tensor]:
        """The tensors of `named_parameters`, in that order."""
        return list(self.named_parameters().values())


class Linear(Layer):
    """y = f(x, W, b) = x W + b        W (inputs, outputs) ~ U(-scale, scale), b (outputs,) = 0

    Without a scale: sqrt(6 / (inputs + outputs)), Glorot and Bengio 2010.  Another f puts an activation on
    top: with ops.affine_relu, y = max(x W + b, 0).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: Stream,
        scale: float | None = None,
        f: Affine = ops.affine_identity,
    ) -> None:
        scale = sqrt(6 / (inputs + outputs)) if scale is None else scale
        self.W = Tensor(rng.uniform((inputs, outputs), -scale, scale))
        self.b = Tensor(xp_of(self.W.data).zeros(outputs, self.W.dtype))
        self.f = f

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return self.f(x, self.W, self.b)

    def named_parameters(self) -> dict[str, Tensor]:
        return {"W": self.W, "b": self.b}


class Maxout(Linear):
    """y_j = max_i (x W + b)_ij over `pieces` affine maps; one bias for each piece.  Parameters as Linear's.

    Goodfellow et al. 2013, Maxout Networks, section 3.
    """

    def __init__(self, inputs: int, units: int, pieces: int, rng: Stream, scale: float | None = None) -> None:
        super().__init__(inputs, pieces * units, rng, scale)
        self.pieces = pieces

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return ops.affine_maxout(x, self.W, self.b, self.pieces)


class Dropout(Layer):
    """Keeps each input with probability `keep` and divides it by `keep`; the identity at evaluation.

    ValueError for a probability outside of (0, 1].
    """

    def __init__(self, keep: float) -> None:
        if not 0 < keep <= 1:
            raise ValueError(f"Dropout: keep is the probability of keeping a unit, in (0, 1]; got {keep}")
        self.keep = keep

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return x if rng is None or self.keep == 1 else ops.dropout(x, self.keep, rng)


class LeakyReLU(Layer):
    """y = x where x > 0, else slope x; with slope 0 the ReLU, for where a layer stands before it"""

    def __init__(self, slope: float = 0.2) -> None:
        self.slope = slope

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        return ops.leaky_relu(x, self.slope)


class BatchNorm(Layer):
    """y = gamma (x - mu) / sqrt(var + eps) + beta        x (m, features); gamma = 1, beta = 0

    mu, var: of the batch in training, running averages at evaluation (Ioffe and Szegedy 2015).  The
    averages move by 1 - momentum in each training call.  ValueError for a batch of one in training.
    """

    def __init__(self, features: int, backend: Backend, momentum: float = 0.9, eps: float = 1e-5) -> None:
        xp, dtype = backend.xp, backend.dtype
        self.gamma = Tensor(xp.ones(features, dtype))
        self.beta = Tensor(xp.zeros(features, dtype))
        self.running_mean = xp.zeros(features, dtype)
        self.running_var = xp.ones(features, dtype)
        self.momentum = momentum
        self.eps = eps
        self.mean: Callable[..., Tensor] = ops.mean  # over a batch that several workers may share

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        if rng is None:
            centred, var = x - Tensor(self.running_mean), Tensor(self.running_var)
        else:
            if len(x.data) < 2:
                raise ValueError("BatchNorm: a batch of one has no variance; train with two examples or more")
            mu = self.mean(x, axis=0)
            centred = x - mu
            var = self.mean(centred * centred, axis=0)
            for running, batch in ((self.running_mean, mu.data), (self.running_var, var.data)):
                running *= self.momentum
                running += (1 - self.momentum) * batch
        return centred * (var + self.eps) ** -0.5 * self.gamma + self.beta

    def named_parameters(self) -> dict[str, Tensor]:
        return {"gamma": self.gamma, "beta": self.beta}

    def buffers(self) -> dict[str, Array]:
        return {"running_mean": self.running_mean, "running_var": self.running_var}


class Packed(Layer):
    """D judges `pack` examples at once: rows (m pack, d) become (m, pack d), and each pack gets one logit.

    Samples that are all alike are then easily told from data, which are not (Lin et al. 2018, PacGAN).
    """

    def __init__(self, net: Layer, pack: int) -> None:
        self.net, self.pack = net, pack

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        m, d = x.shape
        return self.net(ops.reshape(x, (m // self.pack, self.pack * d)), rng)

    def named_parameters(self) -> dict[str, Tensor]:
        return self.net.named_parameters()

    def buffers(self) -> dict[str, Array]:
        return self.net.buffers()


class Sequential(Layer):
    """Layers one after the other.  Parameters are named by kind and place: linear1.W, maxout2.b."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def __call__(self, x: Tensor, rng: Stream | None) -> Tensor:
        for layer in self.layers:
            x = layer(x, rng)
        return x

    def named_parameters(self) -> dict[str, Tensor]:
        return self._collect("named_parameters")

    def buffers(self) -> dict[str, Array]:
        return self._collect("buffers")

    def _collect(self, kind: str) -> dict[str, Any]:
        with_state = [layer for layer in self.layers if layer.named_parameters() or layer.buffers()]
        return {
            f"{type(layer).__name__.lower()}{i}.{name}": value
            for i, layer in enumerate(with_state, 1)
            for name, value in getattr(layer, kind)().items()
        }
