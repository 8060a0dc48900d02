"""hw03: other answers."""

import heapq
from collections import defaultdict, deque
from graphlib import TopologicalSorter

import numpy as np

from minigan.tensor import Tensor, unbroadcast

from . import right, wrong


def reached(loss):
    """Everything that the loss was computed from, by id."""
    if loss.data.size != 1:
        raise ValueError("a loss is one number")
    found, waiting = {}, [loss]
    while waiting:
        t = waiting.pop()
        if id(t) in found:
            continue
        if t.edges is None:
            raise ValueError("the graph was used up")
        found[id(t)] = t
        waiting.extend(parent for parent, _ in t.edges)
    return found


def youngest_first(found):
    return sorted(found.values(), key=lambda t: -t.age)


def leading_to(wrt, order):
    useful = {id(p) for p in wrt}
    for t in order[::-1]:
        if any(id(parent) in useful for parent, _ in t.edges):
            useful.add(id(t))
    return useful


def fitted(share, parent):
    return share if share.shape == parent.shape else unbroadcast(share, parent.shape)


def finish(wrt, sums, order, keep_graph):
    for p in wrt:
        g = sums.get(id(p))
        p.grad = np.zeros(p.shape, p.dtype) if g is None else np.array(g, p.dtype).reshape(p.shape)
    if not keep_graph:
        for t in order:
            t.edges = None if t.edges else ()


def passed_on(loss, order, useful, add=lambda old, share: old + share):
    sums = {id(loss): np.ones_like(loss.data)}
    for t in order:
        for parent, pullback in t.edges:
            if id(parent) in useful and id(t) in sums:
                share = fitted(pullback(sums[id(t)]), parent)
                sums[id(parent)] = add(sums[id(parent)], share) if id(parent) in sums else share
    return sums


# Right -------------------------------------------------------------------------------------------------


@right
def backward__in_parts(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    finish(wrt, passed_on(loss, order, leading_to(wrt, order)), order, keep_graph)


@right
def backward__heap(loss, wrt, keep_graph=False):
    """No list of the graph in order: the youngest that is waiting is next."""
    wrt = tuple(wrt)
    found = reached(loss)
    useful = leading_to(wrt, youngest_first(found))
    heap, total = [(-loss.age, loss)], {loss.age: [np.ones(loss.shape, loss.dtype)]}
    while heap:
        _, t = heapq.heappop(heap)
        g = total[t.age][0] if len(total[t.age]) == 1 else np.sum(total[t.age], axis=0)
        total[t.age] = [g]
        for parent, pullback in t.edges:
            if id(parent) in useful:
                if parent.age not in total:
                    total[parent.age] = []
                    heapq.heappush(heap, (-parent.age, parent))
                total[parent.age].append(fitted(pullback(g), parent))
    sums = {id(t): total[t.age][0] for t in found.values() if t.age in total}
    finish(wrt, sums, found.values(), keep_graph)


@right
def backward__graphlib(loss, wrt, keep_graph=False):
    wrt, found = list(wrt), reached(loss)
    users = {i: set() for i in found}
    for i, t in found.items():
        for parent, _ in t.edges:
            users[id(parent)].add(i)
    order = [found[i] for i in TopologicalSorter(users).static_order()]
    finish(wrt, passed_on(loss, order, leading_to(wrt, order)), order, keep_graph)


@right
def backward__queue_by_users(loss, wrt, keep_graph=False):
    wrt, found = list(wrt), reached(loss)
    waits_for = defaultdict(int)
    for t in found.values():
        for parent, _ in t.edges:
            waits_for[id(parent)] += 1
    order, ready = [], deque([loss])
    while ready:
        order.append(t := ready.popleft())
        for parent, _ in t.edges:
            waits_for[id(parent)] -= 1
            if waits_for[id(parent)] == 0:
                ready.append(parent)
    finish(wrt, passed_on(loss, order, leading_to(wrt, order)), order, keep_graph)


@right
def backward__shares_first_kept(loss, wrt, keep_graph=False):
    """The shares of each tensor are collected, and added when it is its turn."""
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    useful, shares, sums = leading_to(wrt, order), defaultdict(list), {}
    shares[id(loss)].append(np.ones_like(loss.data))
    for t in order:
        if shares[id(t)]:
            first, *rest = shares.pop(id(t))
            total = first.copy()
            for share in rest:
                total += share
            sums[id(t)] = total
            for parent, pullback in t.edges:
                if id(parent) in useful:
                    shares[id(parent)].append(fitted(pullback(total.copy()), parent))
    finish(wrt, sums, order, keep_graph)


@right
def backward__zeros_first(loss, wrt, keep_graph=False):
    """Every tensor begins with zeros of its own, into which all shares are added."""
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    useful = leading_to(wrt, order)
    sums = {id(t): np.zeros(t.shape, t.dtype) for t in [*order, *wrt]}
    sums[id(loss)] += 1
    for t in order:
        for parent, pullback in t.edges:
            if id(parent) in useful:
                sums[id(parent)] += fitted(pullback(sums[id(t)].copy()), parent)
    finish(wrt, sums, order, keep_graph)


@right
def backward__generator(loss, wrt, keep_graph=False):
    """Iterative post-order with iterators on the stack."""
    wrt = list(wrt)
    reached(loss)  # refuses
    seen, order, stack = {id(loss)}, [], [(loss, iter(loss.edges))]
    while stack:
        t, rest = stack[-1]
        for parent, _ in rest:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent.edges)))
                break
        else:
            order.append(t)
            stack.pop()
    order.reverse()
    finish(wrt, passed_on(loss, order, leading_to(wrt, order)), order, keep_graph)


@right
def backward__memo_of_needed(loss, wrt, keep_graph=False):
    """Forgets as it goes; who is needed is found by marking from wrt upwards through the users."""
    wanted, found = {id(p): p for p in wrt}, reached(loss)
    users = defaultdict(list)
    for t in found.values():
        for parent, _ in t.edges:
            users[id(parent)].append(t)
    useful, todo = set(), [p for p in wanted.values()]
    while todo:
        if id(t := todo.pop()) not in useful:
            useful.add(id(t))
            todo += users[id(t)]
    for p in wanted.values():
        p.grad = np.zeros_like(p.data)
    sums = {id(loss): np.ones_like(loss.data)}
    for t in youngest_first(found):
        edges, g = t.edges, sums.pop(id(t), None)
        if edges and not keep_graph:
            t.edges = None
        if g is None:
            continue
        if id(t) in wanted:
            np.copyto(t.grad, g)
        for parent, pullback in edges:
            if id(parent) in useful:
                share = fitted(pullback(g), parent)
                sums[id(parent)] = share + sums[id(parent)] if id(parent) in sums else share


# Wrong -------------------------------------------------------------------------------------------------


@wrong("overwrites")
def backward__last_share_only(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    sums = passed_on(loss, order, leading_to(wrt, order), lambda old, share: share)
    finish(wrt, sums, order, keep_graph)


@wrong("first_share")
def backward__first_share_only(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    sums = passed_on(loss, order, leading_to(wrt, order), lambda old, share: old)
    finish(wrt, sums, order, keep_graph)


@wrong("recursive", "path_by_path")
def backward__textbook_recursion(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    found = reached(loss)
    useful, sums = leading_to(wrt, youngest_first(found)), {}

    def give(t, g):
        sums[id(t)] = sums[id(t)] + g if id(t) in sums else g
        for parent, pullback in t.edges:
            if id(parent) in useful:
                give(parent, fitted(pullback(g), parent))

    give(loss, np.ones_like(loss.data))
    finish(wrt, sums, found.values(), keep_graph)


@wrong("recursive")
def backward__recursive_topological_sort(loss, wrt, keep_graph=False):
    """As in the well-known small engines."""
    wrt, order, visited = list(wrt), [], set()
    if loss.data.size != 1:
        raise ValueError("not one number")

    def build(t):
        if t not in visited:
            visited.add(t)
            if t.edges is None:
                raise ValueError("used up")
            for parent, _ in t.edges:
                build(parent)
            order.append(t)

    build(loss)
    order.reverse()
    finish(wrt, passed_on(loss, order, leading_to(wrt, order)), order, keep_graph)


@wrong("pre_order")
def backward__depth_first_pre_order(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    found = reached(loss)
    useful = leading_to(wrt, youngest_first(found))
    finish(wrt, passed_on(loss, list(found.values()), useful), found.values(), keep_graph)


@wrong("breadth_first")
def backward__levels(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    found = reached(loss)
    order, seen, level = [], {id(loss)}, [loss]
    while level:
        order += level
        below = []
        for t in level:
            for parent, _ in t.edges:
                if id(parent) not in seen:
                    seen.add(id(parent))
                    below.append(parent)
        level = below
    useful = leading_to(wrt, youngest_first(found))
    finish(wrt, passed_on(loss, order, useful), order, keep_graph)


def add_in_place(old, share):
    old += share
    return old


@wrong("adds_in_place")
def backward__plus_equals(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    finish(wrt, passed_on(loss, order, leading_to(wrt, order), add_in_place), order, keep_graph)


@wrong("no_copy")
def backward__hands_out_the_sums(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    sums = passed_on(loss, order, leading_to(wrt, order))
    finish(wrt, sums, order, keep_graph)
    for p in wrt:
        p.grad = sums.get(id(p), p.grad)


@wrong("adds_to_grad")
def backward__accumulates(loss, wrt, keep_graph=False):
    """As libraries do that have zero_grad."""
    wrt = list(dict.fromkeys(wrt))
    before = [p.grad for p in wrt]
    backward__in_parts(loss, wrt, keep_graph)
    for p, old in zip(wrt, before, strict=True):
        p.grad = p.grad if old is None else p.grad + old


@wrong("none_for_zero")
def backward__only_where_it_arrives(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    sums = passed_on(loss, order, leading_to(wrt, order))
    finish([p for p in wrt if id(p) in sums], sums, order, keep_graph)


@wrong("runs_everything")
def backward__whole_graph(loss, wrt, keep_graph=False):
    order = youngest_first(found := reached(loss))
    finish(list(wrt), passed_on(loss, order, set(found)), order, keep_graph)


@wrong("all_grads", "runs_everything")
def backward__leaves_a_grad_everywhere(loss, wrt, keep_graph=False):
    order = youngest_first(reached(loss))
    finish([*order, *wrt], passed_on(loss, order, {id(t) for t in order}), order, keep_graph)


@wrong("never_forgets")
def backward__graph_stays(loss, wrt, keep_graph=False):
    backward__in_parts(loss, wrt, keep_graph=True)


@wrong("always_forgets")
def backward__graph_always_goes(loss, wrt, keep_graph=False):
    backward__in_parts(loss, wrt)


@wrong("float64")
def backward__wide_gradients(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    backward__in_parts(loss, wrt, keep_graph)
    for p in wrt:
        p.grad = p.grad.astype(float)


@wrong("not_summed_down")
def backward__trusts_the_shapes(loss, wrt, keep_graph=False):
    wrt = list(wrt)
    order = youngest_first(reached(loss))
    useful, sums = leading_to(wrt, order), {id(loss): np.ones_like(loss.data)}
    for t in order:
        for parent, pullback in t.edges:
            if id(parent) in useful:
                share = pullback(sums[id(t)])
                sums[id(parent)] = sums[id(parent)] + share if id(parent) in sums else share
    for p in wrt:
        p.grad = np.array(sums.get(id(p), 0 * p.data))
    if not keep_graph:
        finish([], {}, order, False)


@wrong("sums_the_loss")
def backward__any_loss(loss, wrt, keep_graph=False):
    wrt, number = list(wrt), loss
    if loss.data.size != 1:
        number = Tensor(np.asarray(loss.data.sum()), (loss, lambda g: g * np.ones_like(loss.data)))
    backward__in_parts(number, wrt, keep_graph)


@wrong()
def backward__remembers_the_order(loss, wrt, keep_graph=False, orders={}):  # noqa: B006
    """Sorted once for each size of graph."""
    wrt, found = list(wrt), list(reached(loss).values())
    places = orders.setdefault(len(found), sorted(range(len(found)), key=lambda i: -found[i].age))
    order = [found[i] for i in places]
    finish(wrt, passed_on(loss, order, leading_to(wrt, order)), order, keep_graph)
