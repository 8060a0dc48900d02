"""Right answers other than minigan's own; each must get 100."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from minigan.tensor import Tensor, unbroadcast


def backward__by_age(loss: Tensor, wrt: Iterable[Tensor], keep_graph: bool = False) -> None:
    wanted = list(wrt)
    if loss.data.size != 1:
        raise ValueError("the loss is not one number")
    found, stack = {id(loss): loss}, [loss]
    while stack:
        node = stack.pop()
        if node.edges is None:
            raise ValueError("this graph was used before")
        for parent, _ in node.edges:
            if id(parent) not in found:
                found[id(parent)] = parent
                stack.append(parent)
    order = sorted(found.values(), key=lambda node: node.age)
    needed = {id(p) for p in wanted}
    for node in order:
        if any(id(parent) in needed for parent, _ in node.edges):
            needed.add(id(node))
    sums = {id(loss): np.ones_like(loss.data)}
    for node in reversed(order):
        for parent, pullback in node.edges:
            if id(parent) in needed:
                share = pullback(sums[id(node)])
                if share.shape != parent.shape:
                    share = unbroadcast(share, parent.shape)
                sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    for p in wanted:
        p.grad = np.array(sums[id(p)]) if id(p) in sums else np.zeros_like(p.data)
    for node in order:
        if node.edges and not keep_graph:
            node.edges = None


def backward__by_counting(loss: Tensor, wrt: Iterable[Tensor], keep_graph: bool = False) -> None:
    """A tensor is ready when all results that were made from it have passed on."""
    wanted = list(wrt)
    if loss.data.shape not in ((), (1,), (1, 1)):
        raise ValueError(f"expected one number, got {loss.data.shape}")
    uses, found, stack = Counter(), [loss], [loss]
    while stack:
        node = stack.pop()
        if node.edges is None:
            raise ValueError("used up")
        for parent, _ in node.edges:
            uses[parent.age] += 1
            if uses[parent.age] == 1:
                found.append(parent)
                stack.append(parent)
    needed, ready, gradient = {p.age for p in wanted}, [loss], {loss.age: np.ones_like(loss.data)}
    for node in sorted(found, key=lambda node: node.age):
        needed |= {node.age for parent, _ in node.edges if parent.age in needed}
    while ready:
        node = ready.pop()
        for parent, pullback in node.edges:
            if parent.age in needed:
                share = unbroadcast(pullback(gradient[node.age]), parent.shape)
                gradient[parent.age] = gradient.get(parent.age, 0) + share
            uses[parent.age] -= 1
            if not uses[parent.age]:
                ready.append(parent)
    for p in wanted:
        p.grad = np.array(gradient.get(p.age, np.zeros_like(p.data)))
    for node in [] if keep_graph else found:
        node.edges = None if node.edges else ()


def backward__depth_first(loss: Tensor, wrt: Iterable[Tensor], keep_graph: bool = False) -> None:
    """Post-order with a stack of one's own; what is not needed is walked over with no gradient."""
    wanted = {id(p): p for p in wrt}
    if loss.data.size != 1:
        raise ValueError("a loss is one number")
    order, seen, stack = [], set(), [(loss, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            if node.edges is None:
                raise ValueError("no edges any more")
            stack += [(node, True), *((parent, False) for parent, _ in node.edges)]
    useful = set(wanted)
    useful.update(id(n) for n in order if useful & {id(p) for p, _ in n.edges} and not useful.add(id(n)))
    for p in wanted.values():
        p.grad = np.zeros_like(p.data)
    gradients = {id(loss): np.ones(loss.shape, loss.dtype)}
    for node in order[::-1]:
        g = gradients.pop(id(node), None)
        if g is not None and id(node) in wanted:
            node.grad[...] = g
        for parent, pullback in node.edges:
            if id(parent) in useful:
                share = unbroadcast(pullback(g), parent.shape)
                gradients[id(parent)] = gradients[id(parent)] + share if id(parent) in gradients else share
        if node.edges and not keep_graph:
            node.edges = None
