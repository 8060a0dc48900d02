"""Wrong answers that people give, each with the checks it loses and what to tell whoever gave it."""

from __future__ import annotations

import numpy as np

from minigan.homework.answers import wrong
from minigan.tensor import Array


def _axes(g: Array, shape: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    added = g.ndim - len(shape)
    if added < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[added:], strict=True)):
        raise ValueError(f"{shape} cannot have been broadcast to {g.shape}")
    return added, tuple(added + i for i, n in enumerate(shape) if n == 1)


SUMS = "added_axes stretched_axes anything float32 g_untouched in_the_engine"
STRETCHED = "stretched_axes anything float32 g_untouched in_the_engine"
ADDED = "added_axes anything float32 g_untouched in_the_engine"


@wrong(SUMS, "you average over the axes that were broadcast; the shares of the uses add up")
def unbroadcast__mean(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    return g.mean(axis=(*range(added), *stretched)).reshape(shape)


@wrong(
    f"kept {SUMS} refuses", "you count how often a number was used; what adds up is g there, which is not 1"
)
def unbroadcast__count(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    return np.ones_like(g).sum(axis=(*range(added), *stretched)).reshape(shape)


@wrong(SUMS, "you take the share of one use only (the first); every use sends a share back")
def unbroadcast__first(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    index = tuple(0 if i < added else slice(0, 1) if i in stretched else slice(None) for i in range(g.ndim))
    return g[index].copy()


@wrong(SUMS, "you take the largest share where the shares have to be added")
def unbroadcast__max(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    return g.max(axis=(*range(added), *stretched)).reshape(shape)


@wrong(
    f"kept {STRETCHED} refuses",
    "you sum over the axes of length 1 and lose them; they must stay, with length 1 (keepdims)",
)
def unbroadcast__drops_keepdims(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    return g.sum(axis=(*range(added), *stretched))


@wrong(STRETCHED, "you sum only over the axes that were added in front; those of length 1 were stretched")
def unbroadcast__only_added(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, _ = _axes(g, shape)
    return g.sum(axis=tuple(range(added)))


@wrong(ADDED, "you sum only over the axes of length 1; those that were added in front have to go as well")
def unbroadcast__only_stretched(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    _, stretched = _axes(g, shape)
    return g.sum(axis=stretched, keepdims=True)


@wrong(
    ADDED, "you sum over axes at the end; broadcasting lines shapes up at the right and adds axes on the left"
)
def unbroadcast__added_at_the_end(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    g = g.sum(axis=tuple(i for i in stretched), keepdims=True)
    return g.sum(axis=tuple(range(g.ndim - added, g.ndim)))


@wrong("stretched_axes anything", "you sum over the first stretched axis only; there may be several")
def unbroadcast__one_stretched(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    g = g.sum(axis=tuple(range(added)))
    return g.sum(axis=stretched[0] - added, keepdims=True) if stretched else g


@wrong(
    "added_axes anything in_the_engine",
    "you sum over one of the axes that were added in front; there may be several",
)
def unbroadcast__one_added(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    g = g.sum(axis=stretched, keepdims=True)
    return g.sum(axis=0) if added else g


@wrong("float32", "you compute in float64; a float32 gradient has to stay float32 (look at dtype=)")
def unbroadcast__float64(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    return g.sum(axis=(*range(added), *stretched), dtype=np.float64).reshape(shape)


@wrong("g_untouched in_the_engine", "you add into g itself (g[0] += ... or out=g); it belongs to the engine")
def unbroadcast__writes_into_g(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added, stretched = _axes(g, shape)
    for axis in (*range(added), *stretched):
        first = g[(slice(None),) * axis + (slice(0, 1),)]
        first[...] = g.sum(axis=axis, keepdims=True)
        g = first
    return g.reshape(shape).copy()


@wrong("refuses", "you never compare the two shapes; nonsense in has to be a ValueError")
def unbroadcast__refuses_nothing(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added = max(g.ndim - len(shape), 0)
    g = g.sum(axis=tuple(range(added)))
    return g.sum(
        axis=tuple(i for i, n in enumerate(shape[-g.ndim :]) if n == 1 and i < g.ndim), keepdims=True
    )


@wrong(
    "refuses", "you accept a 1 in g where your shape has more; broadcasting stretches x, never what came out"
)
def unbroadcast__either_may_be_one(g: Array, shape: tuple[int, ...], source: str = "unbroadcast") -> Array:
    added = g.ndim - len(shape)
    if added < 0 or any(n != m and 1 not in (n, m) for n, m in zip(shape, g.shape[added:], strict=True)):
        raise ValueError(f"{shape} cannot have been broadcast to {g.shape}")
    stretched = tuple(added + i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=stretched, keepdims=True).sum(axis=tuple(range(added)))
