"""hw03: more answers, written from the task's words alone."""

from collections import defaultdict

import numpy as np

from minigan.tensor import unbroadcast

from . import right, wrong


def number(loss):
    if loss.data.size != 1:
        raise ValueError("the loss is one number")


def nodes(loss):
    """All that the loss was made from, the youngest first."""
    seen, stack = {id(loss): loss}, [loss]
    while stack:
        t = stack.pop()
        if t.edges is None:
            raise ValueError("used before")
        for parent, _ in t.edges:
            if id(parent) not in seen:
                seen[id(parent)] = parent
                stack.append(parent)
    return sorted(seen.values(), key=lambda t: -t.age)


def on_the_way(order, wanted):
    """Ids of what leads to one of `wanted`, itself too."""
    needed = {id(p) for p in wanted}
    for t in reversed(order):
        if any(id(parent) in needed for parent, _ in t.edges):
            needed.add(id(t))
    return needed


def shares_of(loss, order, needed):
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        if id(t) not in needed or id(t) not in sums:
            continue
        for parent, pullback in t.edges:
            if id(parent) in needed:
                share = unbroadcast(np.asarray(pullback(sums[id(t)])), parent.shape)
                old = sums.get(id(parent))
                sums[id(parent)] = share if old is None else old + share
    return sums


def finish(order, keep_graph):
    if not keep_graph:
        for t in order:
            if t.edges:
                t.edges = None


def put(wanted, sums):
    for p in wanted:
        g = sums.get(id(p))
        p.grad = np.zeros(p.shape, p.dtype) if g is None else np.array(g, p.dtype)


# Right -------------------------------------------------------------------------------------------------


@right
def backward__in_steps(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    put(wrt, shares_of(loss, order, on_the_way(order, wrt)))
    finish(order, keep_graph)


@right
def backward__post_order_on_a_stack(loss, wrt, keep_graph=False):
    """A topological order without ages."""
    wrt = list(wrt)
    number(loss)
    order, entered, stack = [], set(), [(loss, False)]
    while stack:
        t, left = stack.pop()
        if left:
            order.append(t)
            continue
        if id(t) in entered:
            continue
        entered.add(id(t))
        if t.edges is None:
            raise ValueError("this graph is gone")
        stack.append((t, True))
        stack += [(parent, False) for parent, _ in t.edges]
    order.reverse()
    put(wrt, shares_of(loss, order, on_the_way(order, wrt)))
    finish(order, keep_graph)


@right
def backward__counts_what_is_missing(loss, wrt, keep_graph=False):
    """Kahn: whoever has all of its shares passes on."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    missing = defaultdict(int)
    for t in order:
        if id(t) in needed:
            for parent, _ in t.edges:
                missing[id(parent)] += 1
    sums, ready = {id(loss): np.ones_like(loss.data)}, [loss]
    while ready:
        t = ready.pop()
        for parent, pullback in t.edges:
            if id(parent) not in needed:
                continue
            share = pullback(sums[id(t)])
            if share.shape != parent.shape:
                share = unbroadcast(share, parent.shape)
            sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
            missing[id(parent)] -= 1
            if not missing[id(parent)]:
                ready.append(parent)
    put(wrt, sums)
    finish(order, keep_graph)


@right
def backward__lists_of_shares(loss, wrt, keep_graph=False):
    """Every share is kept, and summed when its turn comes."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed, shares, sums = on_the_way(order, wrt), defaultdict(list), {}
    shares[id(loss)].append(np.ones(loss.shape, loss.dtype))
    for t in order:
        if not shares[id(t)]:
            continue
        sums[id(t)] = np.sum(np.stack(shares.pop(id(t))), axis=0)
        for parent, pullback in t.edges:
            if id(parent) in needed:
                shares[id(parent)].append(unbroadcast(pullback(np.asarray(sums[id(t)])), parent.shape))
    put(wrt, sums)
    finish(order, keep_graph)


class Walk:
    """An object that is thrown away."""

    def __init__(self, loss, wrt):
        self.loss, self.wrt = loss, wrt
        self.order = nodes(loss)
        self.needed = on_the_way(self.order, wrt)

    def run(self, keep_graph):
        sums = shares_of(self.loss, self.order, self.needed)
        put(self.wrt, sums)
        finish(self.order, keep_graph)


@right
def backward__an_object(loss, wrt, keep_graph=False):
    number(loss)
    Walk(loss, tuple(wrt)).run(keep_graph)


@right
def backward__own_sum_of_broadcasting(loss, wrt, keep_graph=False):
    """Without `unbroadcast`; written into arrays made here alone."""
    wrt = list({id(p): p for p in wrt}.values())
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums = {id(t): np.zeros(t.shape, t.dtype) for t in order if id(t) in needed}
    sums[id(loss)] = np.ones(loss.shape, loss.dtype)
    for t in order:
        for parent, pullback in t.edges if id(t) in needed else ():
            if id(parent) in needed:
                share = pullback(sums[id(t)].copy())
                while share.ndim > len(parent.shape):
                    share = share.sum(axis=0)
                axes = tuple(i for i, n in enumerate(parent.shape) if n != share.shape[i])
                sums[id(parent)] += share.sum(axis=axes, keepdims=True) if axes else share
    for p in wrt:
        p.grad = sums.get(id(p), np.zeros(p.shape, p.dtype)).copy()
    finish(order, keep_graph)


# Wrong -------------------------------------------------------------------------------------------------


@wrong("breadth_first")
def backward__breadth_first(loss, wrt, keep_graph=False):
    """Level by level, each once: a share from further away comes too late."""
    wrt = list(wrt)
    number(loss)
    needed = on_the_way(nodes(loss), wrt)
    order, seen = [loss], {id(loss)}
    for t in order:
        for parent, _ in t.edges:
            if id(parent) not in seen:
                seen.add(id(parent))
                order.append(parent)
    put(wrt, shares_of(loss, order, needed))
    finish(order, keep_graph)


@wrong("path_by_path")
def backward__path_after_path(loss, wrt, keep_graph=False):
    """Right, and as slow as there are paths."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums, stack = {}, [(loss, np.ones(loss.shape, loss.dtype))]
    while stack:
        t, g = stack.pop()
        sums[id(t)] = sums[id(t)] + g if id(t) in sums else g
        for parent, pullback in t.edges:
            if id(parent) in needed:
                stack.append((parent, unbroadcast(pullback(g), parent.shape)))
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("overwrites")
def backward__last_share_wins(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        for parent, pullback in t.edges if id(t) in needed else ():
            if id(parent) in needed:
                sums[id(parent)] = unbroadcast(pullback(sums[id(t)]), parent.shape)
    put(wrt, sums)
    finish(order, keep_graph)


@wrong()
def backward__adds_to_the_old_grad(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    before = [p.grad for p in wrt]
    backward__in_steps(loss, wrt, keep_graph)
    for p, old in zip(wrt, before, strict=True):
        if old is not None and old.shape == p.grad.shape:
            p.grad = (p.grad + old).astype(p.dtype)


@wrong("adds_in_place")
def backward__writes_into_the_share(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        for parent, pullback in t.edges if id(t) in needed else ():
            if id(parent) in needed:
                share = pullback(sums[id(t)])
                if share.shape != parent.shape:
                    share = unbroadcast(share, parent.shape)
                if id(parent) in sums:
                    sums[id(parent)] += share
                else:
                    sums[id(parent)] = share
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("no_copy")
def backward__grad_is_the_share(loss, wrt, keep_graph=False):
    """No array of its own."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        for parent, pullback in t.edges if id(t) in needed else ():
            if id(parent) in needed:
                share = pullback(sums[id(t)])
                share = unbroadcast(share, parent.shape) if share.shape != parent.shape else share
                sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    for p in wrt:
        p.grad = sums.get(id(p), np.zeros(p.shape, p.dtype))
    finish(order, keep_graph)


@wrong("runs_everything")
def backward__runs_all_pullbacks(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    put(wrt, shares_of(loss, order, {id(t) for t in order}))
    finish(order, keep_graph)


@wrong("none_for_zero")
def backward__None_where_nothing_comes(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    sums = shares_of(loss, order, on_the_way(order, wrt))
    for p in wrt:
        g = sums.get(id(p))
        p.grad = None if g is None else np.array(g)
    finish(order, keep_graph)


@wrong("wrt_used_up")
def backward__wrt_read_twice(loss, wrt, keep_graph=False):
    """An iterator is empty the second time."""
    number(loss)
    order = nodes(loss)
    sums = shares_of(loss, order, on_the_way(order, wrt))
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("forgets_the_leaves")
def backward__uses_up_leaves(loss, wrt, keep_graph=False):
    """Sets edges = None for what was not computed, too."""
    backward__in_steps(loss, wrt, True)
    if not keep_graph:
        for t in nodes(loss):
            t.edges = None


@wrong()
def backward__uses_up_the_loss_only(loss, wrt, keep_graph=False):
    backward__in_steps(loss, wrt, True)
    if not keep_graph and loss.edges:
        loss.edges = None


@wrong("never_forgets")
def backward__never_used_up(loss, wrt, keep_graph=False):
    backward__in_steps(loss, wrt, True)


@wrong("always_forgets")
def backward__uses_up_in_spite_of_keep_graph(loss, wrt, keep_graph=False):
    backward__in_steps(loss, wrt, False)


@wrong()
def backward__used_up_is_a_leaf(loss, wrt, keep_graph=False):
    """`t.edges or ()` says nothing of a graph that is gone."""
    wrt = list(wrt)
    number(loss)
    seen, stack = {id(loss): loss}, [loss]
    while stack:
        for parent, _ in stack.pop().edges or ():
            if id(parent) not in seen:
                seen[id(parent)] = parent
                stack.append(parent)
    order = sorted(seen.values(), key=lambda t: -t.age)
    needed = {id(p) for p in wrt}
    for t in reversed(order):
        if any(id(parent) in needed for parent, _ in t.edges or ()):
            needed.add(id(t))
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        for parent, pullback in t.edges or () if id(t) in needed else ():
            if id(parent) in needed:
                share = unbroadcast(pullback(sums[id(t)]), parent.shape)
                sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("sums_the_loss")
def backward__of_the_sum(loss, wrt, keep_graph=False):
    """A loss of any shape."""
    wrt = list(wrt)
    order = nodes(loss)
    put(wrt, shares_of(loss, order, on_the_way(order, wrt)))
    finish(order, keep_graph)


@wrong("a_bare_one")
def backward__shape_of_the_loss_must_be_empty(loss, wrt, keep_graph=False):
    if loss.shape != ():
        raise ValueError("a scalar")
    backward__in_steps(loss, wrt, keep_graph)


@wrong("recursive")
def backward__recursive(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    number(loss)
    order, seen = [], set()

    def visit(t):
        seen.add(id(t))
        if t.edges is None:
            raise ValueError("used")
        for parent, _ in t.edges:
            if id(parent) not in seen:
                visit(parent)
        order.append(t)

    visit(loss)
    order.reverse()
    put(wrt, shares_of(loss, order, on_the_way(order, wrt)))
    finish(order, keep_graph)


@wrong("float64")
def backward__float64_zeros(loss, wrt, keep_graph=False):
    """Sums are begun with np.zeros(shape)."""
    wrt = list(wrt)
    backward__in_steps(loss, wrt, keep_graph)
    for p in wrt:
        p.grad = np.zeros(p.shape) + p.grad


@wrong("one_edge_to_a_parent")
def backward__two_edges_to_one_parent(loss, wrt, keep_graph=False):
    """dict(t.edges) forgets one of the two of x * x."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        for parent, pullback in {p.age: (p, f) for p, f in t.edges}.values() if id(t) in needed else ():
            if id(parent) in needed:
                share = unbroadcast(pullback(sums[id(t)]), parent.shape)
                sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("all_grads")
def backward__grad_of_all_on_the_way(loss, wrt, keep_graph=False):
    """Results between get a grad, too."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    sums = shares_of(loss, order, on_the_way(order, wrt))
    put([t for t in order if id(t) in sums], sums)
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("stops_at_the_wanted")
def backward__stops_at_the_wanted(loss, wrt, keep_graph=False):
    """What is wanted in the middle of the graph does not pass on."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed, wanted = on_the_way(order, wrt), {id(p) for p in wrt} - {id(loss)}
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        if id(t) in needed and id(t) in sums and id(t) not in wanted:
            for parent, pullback in t.edges:
                if id(parent) in needed:
                    share = unbroadcast(pullback(sums[id(t)]), parent.shape)
                    sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    put(wrt, sums)
    finish(order, keep_graph)


@wrong()
def backward__twice_in_wrt_counts_twice(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    backward__in_steps(loss, wrt, keep_graph)
    for p in {id(p): p for p in wrt}.values():
        p.grad = p.grad * p.dtype.type(sum(q is p for q in wrt))


@wrong("first_row")
def backward__broadcast_not_undone(loss, wrt, keep_graph=False):
    """Reshaped where the sizes fit, otherwise the first entries."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = on_the_way(order, wrt)
    sums = {id(loss): np.ones(loss.shape, loss.dtype)}
    for t in order:
        for parent, pullback in t.edges if id(t) in needed else ():
            if id(parent) in needed:
                share = pullback(sums[id(t)])
                share = np.resize(share, parent.shape) if share.shape != parent.shape else share
                sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    put(wrt, sums)
    finish(order, keep_graph)


@wrong("paths_remembered")
def backward__remembers_needed(loss, wrt, keep_graph=False, memory={}):  # noqa: B006
    """By the loss alone: the second call with another wrt finds the first one's."""
    wrt = list(wrt)
    number(loss)
    order = nodes(loss)
    needed = memory.setdefault(loss.age, on_the_way(order, wrt))
    put(wrt, shares_of(loss, order, needed))
    finish(order, keep_graph)


@wrong()
def backward__refuses_the_loss_in_wrt(loss, wrt, keep_graph=False):
    """The loss's own gradient stays 0."""
    wrt = list(wrt)
    backward__in_steps(loss, wrt, keep_graph)
    for p in wrt:
        if p is loss:
            p.grad = np.zeros(p.shape, p.dtype)
