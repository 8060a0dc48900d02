"""How the student's operations are called: plain arrays in, plain arrays out.  Runs in the judged process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigan.ops import mul, sum
from minigan.tensor import Tensor, backward


def affine(target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> Any:
    return _array(target.affine(Tensor(x), Tensor(W), Tensor(b)))


def affine_gradient(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, g: np.ndarray, by: str
) -> dict[str, Any]:
    tensors = {"x": Tensor(x), "W": Tensor(W), "b": Tensor(b)}
    return _gradient(lambda: target.affine(*tensors.values()), tensors[by], g)


def maxout(target: Any, x: np.ndarray, pieces: int) -> Any:
    return _array(target.maxout(Tensor(x), pieces))


def maxout_gradient(target: Any, x: np.ndarray, pieces: int, g: np.ndarray) -> dict[str, Any]:
    x = Tensor(x)
    return _gradient(lambda: target.maxout(x, pieces), x, g)


def _array(y: Any) -> Any:
    if not isinstance(y, Tensor):
        raise TypeError(f"expected a Tensor as the result, got {type(y).__name__}")
    return y.data


def _gradient(operation: Callable[[], Any], by: Tensor, g: np.ndarray) -> dict[str, Any]:
    """The gradients of L = <g, y + witness>, by one input and by the witness.

    y and the witness receive the very same array; y, the younger, first.  Whoever writes into it spoils the
    witness's gradient, which has to be g.
    """
    witness = Tensor(np.zeros_like(g))
    older = mul(witness, 1)
    y = operation()
    _array(y)
    backward(sum((y + older) * Tensor(g)), wrt=[by, witness])
    return {"gradient": by.grad, "witness": witness.grad}
