"""How the student's backward is called: a graph as plain lists in, plain arrays out.  Runs in the judged
process.

Tensor i of a graph has shapes[i]; edges are (result, parent, weight), and a pullback is g -> g * weight, or g
itself where the weight is None.  The last tensor is the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigan.tensor import Tensor


def walk(target: Any, shapes: list, edges: list, wrt: list[int], dtype: str, _manner: str) -> dict[str, Any]:
    """backward over the graph of edges (result, parent, weight), whose last tensor is the loss

    _manner: "grads": each has one before, of another shape or dtype; "iterator": wrt is one;
    "shared": see _pullback.
    """
    ran: list[int] = []
    tensors = _built(shapes, edges, dtype, ran, _manner == "shared")
    if _manner == "grads":
        other = "float32" if dtype == "float64" else "float64"
        for i, tensor in enumerate(tensors):
            tensor.grad = np.full(tensor.shape, 7, other) if i % 2 else np.full((2, 2), 7, dtype)
    before = [(tensor.grad, np.array(tensor.grad)) for tensor in tensors]
    wanted = [tensors[i] for i in wrt]
    target.backward(tensors[-1], iter(wanted) if _manner == "iterator" else wanted)
    others = [(i, tensors[i].grad, *before[i]) for i in range(len(tensors)) if i not in wrt]
    touched = [i for i, now, then, copy in others if now is not then or np.any(now != copy)]
    gradients = [p.grad for p in wanted]
    return {"gradients": gradients, "ran": ran, "touched": touched, "own": _own(gradients, wrt)}


def deep(target: Any, results: int, kind: str) -> Any:
    """the gradient by x of a chain (y = 1 y), or of a sum (y = y + x), of so many results"""
    x = y = Tensor(np.ones(()))
    for _ in range(results):
        y = Tensor(np.ones(()), *((parent, np.array) for parent in ([y, x] if kind == "sum" else [y])))
    target.backward(y, [x])
    return x.grad


def twice(target: Any, shapes: list, edges: list, wrt: list[int], keep_graph: bool) -> list[Any]:
    """backward over one graph, with this keep_graph, and over the same graph again"""
    tensors = _built(shapes, edges, "float64", [], False)
    wanted, answer = [tensors[i] for i in wrt], []
    for keep in (keep_graph, False):
        _forget_gradients(wanted)
        target.backward(tensors[-1], wanted, keep_graph=keep)
        answer += [np.array(p.grad) for p in wanted]
    return answer


def by_turns(target: Any, shapes: list, edges: list, wrt: list[int]) -> list[Any]:
    """backward over one graph, with keep_graph=True, by one tensor of wrt after the other"""
    tensors, answer = _built(shapes, edges, "float64", [], False), []
    for i in wrt:
        target.backward(tensors[-1], [tensors[i]], keep_graph=True)
        answer.append(tensors[i].grad)
    return answer


def next_graph(target: Any, shapes: list, edges: list, wrt: list[int]) -> list[Any]:
    """which edges backward leaves; and backward over a new graph of the same uncomputed tensors"""
    first = _built(shapes, edges, "float64", [], False)
    leaves = [tensor for tensor in first if tensor.edges == ()]
    target.backward(first[-1], [first[i] for i in wrt])
    left = [i for i, tensor in enumerate(first) if tensor.edges]
    _forget_gradients(leaves)
    second = _built(shapes, edges, "float64", [], False, leaves)
    target.backward(second[-1], [second[i] for i in wrt])
    return [left, *(second[i].grad for i in wrt)]


def second_loss(target: Any, x: np.ndarray, keep_graph: bool) -> Any:
    """h = 3 x; backward of the sum of h with this keep_graph, then of the sum of 2 h; the gradient by x"""
    leaf = Tensor(x)
    h = Tensor(3 * x, (leaf, lambda g: 3 * g))
    losses = [Tensor(np.sum(c * h.data), (h, lambda g, c=c: np.full(x.shape, c * g))) for c in (1, 2)]
    target.backward(losses[0], [leaf], keep_graph=keep_graph)
    _forget_gradients([leaf])
    target.backward(losses[1], [leaf])
    return leaf.grad


def several_numbers(target: Any, shape: list[int]) -> Any:
    """backward of a loss of this shape"""
    x = Tensor(np.ones(shape))
    target.backward(Tensor(np.ones(shape), (x, np.array)), [x])
    return x.grad


def _forget_gradients(tensors: list[Tensor]) -> None:
    for tensor in tensors:
        tensor.grad = None


def _built(
    shapes: list, edges: list, dtype: str, ran: list[int], shared: bool, leaves: list[Tensor] | None = None
) -> list[Tensor]:
    """The tensors, from the oldest to the loss."""
    tensors: list[Tensor] = []
    leaves = list(leaves or [])
    for i, shape in enumerate(shapes):
        own = [(n, parent, weight) for n, (result, parent, weight) in enumerate(edges) if result == i]
        if not own and leaves:
            tensors.append(leaves.pop(0))
            continue
        pairs = [(tensors[parent], _pullback(n, weight, dtype, ran, shared)) for n, parent, weight in own]
        tensors.append(Tensor(np.ones(shape, dtype), *pairs))
    return tensors


def _pullback(
    n: int, weight: Any, dtype: str, ran: list[int], shared: bool
) -> Callable[[np.ndarray], np.ndarray]:
    """Pullback number n.  shared: it returns g itself, or what cannot be written to."""

    def pullback(g: np.ndarray) -> np.ndarray:
        ran.append(n)
        share = g if weight is None else np.asarray(g * weight.astype(dtype))
        if not shared:
            return np.array(share)
        if share is not g:
            share.flags.writeable = False
        return share

    return pullback


def _own(gradients: list[Any], wrt: list[int]) -> bool:
    """Whether each is an array that can be written to, and that no other is."""
    arrays = {i: g for i, g in zip(wrt, gradients, strict=True) if isinstance(g, np.ndarray)}
    alone = all(not np.shares_memory(a, b) for i, a in arrays.items() for j, b in arrays.items() if i < j)
    return alone and all(a.flags.writeable for a in arrays.values())
