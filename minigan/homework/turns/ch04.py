"""Chapter 04: the nodes that a gradient must pass."""

from types import SimpleNamespace


def needed(graph, wanted):
    """The ages of `wanted` and of all nodes made from them; graph is oldest first."""
    ages = set(wanted)
    for node in graph:
        if any(parent.age in ages for parent, _ in node.edges):
            ages.add(node.age)
    return ages


def children_alone(graph, wanted):
    """Those are made from the wanted directly; what is made from them is needed too: oldest first."""
    return set(wanted) | {n.age for n in graph if any(p.age in wanted for p, _ in n.edges)}


def all_parents(graph, wanted):
    """You ask that all parents are needed; one of them is enough."""
    ages = set(wanted)
    for node in graph:
        if node.edges and all(parent.age in ages for parent, _ in node.edges):
            ages.add(node.age)
    return ages


def first_parent(graph, wanted):
    """You look at the first parent alone; the gradient may come through any."""
    ages = set(wanted)
    for node in graph:
        if node.edges and node.edges[0][0].age in ages:
            ages.add(node.age)
    return ages


def without_wanted(graph, wanted):
    """The wanted ones are needed themselves: their share is what it is all about."""
    return needed(graph, wanted) - set(wanted)


def downward(graph, wanted):
    """You go from the wanted to what they were made of; the gradient comes from the other side."""
    ages = set(wanted)
    for node in reversed(graph):
        if node.age in ages:
            ages |= {parent.age for parent, _ in node.edges}
    return ages


def everything(graph, wanted):
    """Those are all nodes; a pullback that leads to no wanted node need not run."""
    return {node.age for node in graph}


def tried(f):
    def node(age, *parents):
        return SimpleNamespace(age=age, edges=[(parent, None) for parent in parents])

    W, V, z = node(1), node(2), node(3)
    h = node(4, z, W)
    a = node(5, h)
    y = node(6, a, V)
    other = node(7, z)
    loss = node(8, y, other)
    graph = [W, V, z, h, a, y, other, loss]
    for name, wanted in ("W", {1}), ("V", {2}), ("W and V", {1, 2}), ("z", {3}):
        found = f(graph, wanted)
        says = sorted(found) if isinstance(found, set | list | tuple) else found
        yield f"h = z W, a = f(h), y = a V, loss = y + f(z), by {name}: ages", str(says)
