"""How the student's functions are called, on NumPy or on the stand-in for CuPy.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan import ops
from minigan.backend import Backend
from minigan.homework.judging.strict_cupy import Counts, counting, strict_backend
from minigan.random import Streams
from minigan.tensor import Tensor, backward

F = {"affine": ops.affine_identity, "relu": ops.affine_relu}


def leaky_relu(target: Any, x: np.ndarray, slope: float, g: np.ndarray, library: str) -> dict[str, Any]:
    """leaky_relu(x, slope) and the gradient of <g, leaky_relu(x, slope)>, twice"""
    backend = _backend(library, x.dtype.name)
    tensors = [Tensor(backend.asarray(a)) for a in (x, x + 1, g)]
    with counting() as counts:
        values = [target.leaky_relu(a, slope) for a in tensors[:2]]
        backward(ops.sum(values[0] * tensors[2] + values[1]), wrt=tensors[:2])
    return _sent([y.data for y in values] + [a.grad for a in tensors[:2]], counts)


def linear(
    target: Any,
    inputs: int,
    outputs: int,
    scale: float | None,
    x: np.ndarray,
    f: str,
    library: str,
    _seed: int,
) -> dict[str, Any]:
    """Linear(inputs, outputs, rng, scale, f): W, b, the value at x; W of an equal stream and of another"""
    backend = _backend(library, x.dtype.name)
    streams = Streams(_seed, backend)
    a = Tensor(backend.asarray(x))
    with counting() as counts:
        layer = target.Linear(inputs, outputs, streams("G"), scale, F[f])
        own = {type(p.data) for p in (layer.W, layer.b)} == {type(a.data)}
        y = layer(a, None) if own else layer.b  # otherwise the answer is that they are not
        others = [target.Linear(inputs, outputs, streams(name), scale) for name in "GD"]
    return _sent([layer.W.data, layer.b.data, y.data, *(other.W.data for other in others)], counts)


def batch_norm_made(target: Any, features: int, library: str, dtype: str) -> dict[str, Any]:
    """BatchNorm(features, backend): gamma, beta, running_mean, running_var"""
    with counting() as counts:
        layer = target.BatchNorm(features, _backend(library, dtype))
    return _sent([layer.gamma.data, layer.beta.data, layer.running_mean, layer.running_var], counts)


def batch_norm(
    target: Any,
    training: list[np.ndarray],
    evaluation: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    g: list[np.ndarray],
    momentum: float,
    eps: float,
    library: str,
) -> dict[str, Any]:
    """BatchNorm: an evaluation, a training call for each minibatch, an evaluation; their gradients"""
    backend = _backend(library, evaluation.dtype.name)
    rng = Streams(0, backend)("dropout")
    xs, gs = ([Tensor(backend.asarray(a)) for a in arrays] for arrays in ([*training, evaluation], g))
    weights = [backend.asarray(a) for a in (gamma, beta)]
    with counting() as counts:
        layer = target.BatchNorm(len(gamma), backend, momentum, eps)
        other = target.BatchNorm(len(gamma), backend)
        values = [layer(xs[-1], None)]
        layer.gamma.data[...], layer.beta.data[...] = weights
        values += [layer(x, rng) for x in xs[:-1]] + [layer(xs[-1], None), other(xs[-1], None)]
        loss = ops.sum(values[-2] * gs[-1])
        for y, weight in zip(values[1:-2], gs, strict=False):
            loss = loss + ops.sum(y * weight)
        wanted = [*xs, layer.gamma, layer.beta]
        backward(loss, wrt=wanted)
        arrays = [y.data for y in values] + [p.grad for p in wanted]
    return _sent([*arrays, layer.running_mean, layer.running_var], counts)


def _backend(library: str, dtype: str) -> Backend:
    return Backend("numpy", dtype) if library == "numpy" else strict_backend(dtype)


def _sent(arrays: list[Any], counts: Counts) -> dict[str, Any]:
    """Whose arrays they are, and their values.  Of what was counted: the waits and the bytes."""
    return {
        "libraries": [type(a).__module__ for a in arrays],
        "values": [a.get() if type(a).__module__ == "cupy" else a for a in arrays],
        "waits": counts.waits,
        "bytes": counts.bytes_copied,
    }
