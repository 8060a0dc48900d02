"""Reverse-mode differentiation: a Tensor remembers its parents, `backward` walks from a loss to them.

For y = f(x, ...) an *edge* (x, pullback) holds the parent and the function g -> g dy/dx that turns the
gradient of the loss with respect to y into this parent's share of it.  Operations (ops.py) write edges;
everything that operations have in common is here, once: the order, the sums, broadcasting and memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import count
from typing import Any, ClassVar

import numpy as np

from minigan.backend import xp_of

Array = Any  # numpy.ndarray or cupy.ndarray; float32 or float64
Edge = tuple[Any, Callable[[Array], Array]]

_births = count()


class Tensor:
    """An array, and the edges to the tensors it was computed from.

    data   the values, an array of NumPy or CuPy
    grad   d loss / d data after `backward(loss, wrt=[self])`: same shape and dtype, reused between steps
    edges  (parent, pullback) pairs; an operand that is no Tensor is a constant and gets no edge
    age    a result is always younger (has a larger number) than the tensors it was computed from
    """

    __slots__ = ("data", "grad", "edges", "age", "__weakref__")
    __array_ufunc__ = None  # array * tensor is an error of ours, not an array of objects

    # The operators.  ops.py, which knows the operations, puts them here with its last lines.
    __add__: ClassVar[Callable[[Tensor, Tensor | float], Tensor]]
    __radd__: ClassVar[Callable[[Tensor, float], Tensor]]
    __sub__: ClassVar[Callable[[Tensor, Tensor | float], Tensor]]
    __rsub__: ClassVar[Callable[[Tensor, float], Tensor]]
    __mul__: ClassVar[Callable[[Tensor, Tensor | float], Tensor]]
    __rmul__: ClassVar[Callable[[Tensor, float], Tensor]]
    __truediv__: ClassVar[Callable[[Tensor, Tensor | float], Tensor]]
    __rtruediv__: ClassVar[Callable[[Tensor, float], Tensor]]
    __neg__: ClassVar[Callable[[Tensor], Tensor]]
    __pow__: ClassVar[Callable[[Tensor, float], Tensor]]
    __matmul__: ClassVar[Callable[[Tensor, Tensor], Tensor]]
    __getitem__: ClassVar[Callable[[Tensor, Any], Tensor]]
    sum: ClassVar[Callable[..., Tensor]]
    mean: ClassVar[Callable[..., Tensor]]

    def __init__(self, data: Array, *edges: Edge) -> None:
        if isinstance(data, np.generic):  # 0-d arithmetic gives a scalar in NumPy, an array in CuPy
            data = np.asarray(data)
        xp_of(data)
        self.data = data
        self.grad: Array | None = None
        self.edges: tuple[Edge, ...] | None = tuple(edge for edge in edges if isinstance(edge[0], Tensor))
        self.age = next(_births)

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the data."""
        return self.data.shape

    @property
    def dtype(self) -> Any:
        """That of the data."""
        return self.data.dtype

    def __repr__(self) -> str:
        return f"Tensor{self.shape} {self.dtype}"


def backward(loss: Tensor, wrt: Iterable[Tensor], keep_graph: bool = False) -> None:
    """Set p.grad = d loss / d p for exactly the tensors p in `wrt`: the paper's gradient by theta.

    Only the pullbacks on a path from `wrt` to `loss` run.  A p that the loss does not depend on gets
    zeros.  The graph is forgotten as it is used, so that its arrays die at once; where a second loss
    shares it, the first call says keep_graph=True.

    loss: one number.  Raises ValueError where it is not, or where the graph was used before.  TypeError where
    loss or wrt are no Tensors, or a gradient comes in another dtype than its input's.
    """
    wanted = _wanted(wrt)
    if not isinstance(loss, Tensor):
        raise TypeError(f"backward: the loss must be a Tensor, got {type(loss).__name__}")
    if loss.data.size != 1:
        raise ValueError(f"backward: expected one number, got shape {loss.shape}; take the mean or sum")
    graph = _oldest_first(loss)
    needed = set(wanted)
    for node in graph:
        if any(parent.age in needed for parent, _ in node.edges or ()):
            needed.add(node.age)

    sums = _Sums(wanted)
    sums.add(loss, _one(xp_of(loss.data), loss.dtype).reshape(loss.shape))
    while graph:
        node = graph.pop()
        if node.age in needed:
            g = sums.take(node)
            for parent, pullback in node.edges or ():
                if parent.age in needed:
                    sums.pull(parent, pullback, g)
        if not keep_graph and node.edges:
            node.edges = None
    for p in wanted.values():
        if p.age not in sums.of:
            sums.add(p, xp_of(p.data).zeros_like(p.data))


def into(pullback: Callable[..., Array]) -> Callable[..., Array]:
    """Marks a pullback (g, out=None) that can write its share into an array `out`.

    The gradient of a weight is then computed where it stays, in p.grad, and not copied there.  A trick of
    the fused operations: no pullback needs it.
    """
    vars(pullback)["into"] = True
    return pullback


def unbroadcast(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    """Undo broadcasting from `shape` to g.shape: sum g over every axis that was stretched or added.

    If y_ij = x_j for all i, the chain rule gives dL/dx_j = sum_i dL/dy_ij.  ValueError where g cannot have
    come from `shape`.
    """
    added = g.ndim - len(shape)
    if added < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[added:], strict=True)):
        raise ValueError(f"{source}: an array of shape {shape} cannot have been broadcast to {g.shape}")
    stretched = (added + i for i, n in enumerate(shape) if n == 1 and g.shape[added + i] != 1)
    return g.sum(axis=(*range(added), *stretched)).reshape(shape)


@cache
def _one(xp: Any, dtype: Any) -> Array:
    """dL/dL, made once; NumPy sees to it that no pullback writes into it."""
    one = xp.ones((), dtype)
    if xp is np:
        one.flags.writeable = False
    return one


def _wanted(wrt: Iterable[Tensor]) -> dict[int, Tensor]:
    if isinstance(wrt, Tensor):
        raise TypeError("backward: wrt must be a list of Tensors, got one Tensor")
    wanted = list(wrt)
    for p in wanted:
        if not isinstance(p, Tensor):
            raise TypeError(f"backward: wrt must be a list of Tensors, got one of {type(p).__name__}")
    return {p.age: p for p in wanted}


def _oldest_first(loss: Tensor) -> list[Tensor]:
    """Every tensor the loss was computed from, found without recursion: chains may be of any length."""
    found, stack = {loss.age: loss}, [loss]
    while stack:
        node = stack.pop()
        if node.edges is None:
            raise ValueError(
                f"backward: {node} belongs to a graph that an earlier backward() used up; "
                "compute it again, or pass keep_graph=True to the earlier call"
            )
        for parent, _ in node.edges:
            if parent.age not in found:
                found[parent.age] = parent
                stack.append(parent)
    return [found[age] for age in sorted(found)]


class _Sums:
    """The gradient of the loss by each tensor so far: dL/dx = sum of the shares of all that x went into.

    Only arrays made here are written into: a pullback may return an array that somebody else holds too.
    """

    def __init__(self, wanted: dict[int, Tensor]) -> None:
        self.wanted = wanted
        self.of: dict[int, Array] = {}
        self.made_here: set[int] = set()

    def take(self, node: Tensor) -> Array:
        return self.of[node.age] if node.age in self.wanted else self.of.pop(node.age)

    def pull(self, x: Tensor, pullback: Callable[..., Array], g: Array) -> None:
        """Add the share that the pullback makes of g."""
        writes = getattr(pullback, "into", False)
        share = pullback(g, self.place(x)) if writes else pullback(g)
        if share.dtype != x.dtype:
            raise TypeError(f"{_name(pullback)}: the gradient of a {x.dtype} input came as {share.dtype}")
        if share.shape != x.shape:
            share = unbroadcast(share, x.shape, _name(pullback))
        self.add(x, share)

    def add(self, x: Tensor, share: Array) -> None:
        if x.age in self.made_here:
            self.of[x.age] += share
        elif x.age in self.of:
            self.of[x.age] = self.of[x.age] + share
            self.made_here.add(x.age)
        elif (place := self.place(x)) is not None:
            if share is not place:
                place[...] = share
            self.of[x.age] = place
            self.made_here.add(x.age)
        else:
            self.of[x.age] = share

    def place(self, x: Tensor) -> Array | None:
        """x.grad, where it waits for its first share."""
        if x.age not in self.wanted or x.age in self.of:
            return None
        if x.grad is None or x.grad.shape != x.shape or x.grad.dtype != x.dtype:
            x.grad = xp_of(x.data).empty_like(x.data)
        return x.grad


def _name(pullback: Callable[..., Array]) -> str:
    """A function's own; of any other object, its kind."""
    return getattr(pullback, "__qualname__", type(pullback).__name__)
