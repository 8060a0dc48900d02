"""How the student's operations are called: plain arrays in, plain arrays out.  Runs in the judged process.

The first line of each docstring and the arguments but those named _like_this are what a student is shown.
`order` is how the memory of the matrices runs: C by rows, F by columns, as that of a transposed matrix does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigan.ops import mul, sum
from minigan.tensor import Tensor, backward


def affine(target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, order: str) -> Any:
    """affine(x, W, b)"""
    return _result(target.affine, _tensors([x, W, b], order)).data


def affine_gradient(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, g: np.ndarray, by: str, order: str
) -> dict[str, Any]:
    """the gradient of <g, affine(x, W, b)> by one of the three"""
    return _gradient(target.affine, _tensors([x, W, b], order), g, "xWb".index(by))


def affine_again(
    target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray, g: np.ndarray, by: str, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """affine(x, W, b) and its gradient, beside another of the same shapes, with backward called twice"""
    return _again(target.affine, [x, W, b], _other, g, "xWb".index(by))


def affine_edges(target: Any, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> list[int]:
    """the edges of affine(x, W, b)"""
    return _edges(target.affine, _tensors([x, W, b]))


def maxout(target: Any, x: np.ndarray, pieces: int, order: str) -> Any:
    """maxout(x, pieces)"""
    return _result(lambda x: target.maxout(x, pieces), _tensors([x], order)).data


def maxout_gradient(target: Any, x: np.ndarray, pieces: int, g: np.ndarray, order: str) -> dict[str, Any]:
    """the gradient of <g, maxout(x, pieces)> by x"""
    return _gradient(lambda x: target.maxout(x, pieces), _tensors([x], order), g, 0)


def maxout_again(
    target: Any, x: np.ndarray, pieces: int, g: np.ndarray, _other: list[np.ndarray]
) -> list[np.ndarray]:
    """maxout(x, pieces) and its gradient, beside another of the same shapes, with backward called twice"""
    return _again(lambda x: target.maxout(x, pieces), [x], _other, g, 0)


def maxout_edges(target: Any, x: np.ndarray, pieces: int) -> list[int]:
    """the edges of maxout(x, pieces)"""
    return _edges(lambda x: target.maxout(x, pieces), _tensors([x]))


def _tensors(arrays: list[np.ndarray], order: str = "C") -> list[Tensor]:
    return [Tensor(np.asarray(a, order=order)) for a in arrays]


def _result(operation: Callable[..., Any], inputs: list[Tensor]) -> Tensor:
    y = operation(*inputs)
    if not isinstance(y, Tensor):
        raise TypeError(f"expected a Tensor as the result, got {type(y).__name__}")
    return y


def _gradient(operation: Callable[..., Any], inputs: list[Tensor], g: np.ndarray, by: int) -> dict[str, Any]:
    """The gradients of L = <g, y + witness>, by one input and by the witness.

    y and the witness receive the very same array; y, the younger, first.  Whoever writes into it spoils the
    witness's gradient, which has to be g.
    """
    witness = Tensor(np.zeros_like(g))
    older = mul(witness, 1)
    y = _result(operation, inputs)
    backward(sum((y + older) * Tensor(g)), wrt=[inputs[by], witness])
    return {"gradient": inputs[by].grad, "witness": witness.grad}


def _again(
    operation: Callable[..., Any], arrays: list[np.ndarray], other: list[np.ndarray], g: np.ndarray, by: int
) -> list[np.ndarray]:
    """The first value before and after the other was made; by one input the gradients of <g, first> and of
    <2 g, second>, and both again from a second backward.

    The inputs are results themselves, so that the engine holds on to their shares until both are there.
    """
    leaves = [_tensors(arrays), _tensors(other)]
    inputs = [[mul(leaf, 1) for leaf in each] for each in leaves]
    first = _result(operation, inputs[0])
    answer = [first.data.copy()]
    second = _result(operation, inputs[1])
    answer.append(first.data)
    loss, wanted = sum((first + mul(second, 2)) * Tensor(g)), [leaves[0][by], leaves[1][by]]
    for keep_graph in (True, False):
        backward(loss, wrt=wanted, keep_graph=keep_graph)
        answer += [p.grad.copy() for p in wanted]
    return answer


def _edges(operation: Callable[..., Any], inputs: list[Tensor]) -> list[int]:
    """Which input each edge of the result leads to; -1 for another tensor."""
    y = _result(operation, inputs)
    return [next((i for i, x in enumerate(inputs) if x is parent), -1) for parent, _ in y.edges]
