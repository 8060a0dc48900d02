"""Chapter 02: a number hands out shares of its slope."""

from types import SimpleNamespace


def hand_out(node):
    """Add to the grad of each of node's parents its share of node.grad."""
    for parent, pullback in node.edges:
        parent.grad += pullback(node.grad)


def last_delivery(node):
    """The last delivery replaces the one before; they add up: b = a + a has two edges to a."""
    for parent, pullback in node.edges:
        parent.grad = pullback(node.grad)


def slope_passed_on(node):
    """You hand on node.grad as it is; the share is what the edge's pullback makes of it."""
    for parent, _ in node.edges:
        parent.grad += node.grad


def own_slope(node):
    """The pullback wants the slope of the result, node.grad; you give it that of the parent."""
    for parent, pullback in node.edges:
        parent.grad += pullback(parent.grad)


def without_upstream(node):
    """You hand out dy/dx alone; the share is node.grad times that, and node.grad is not always 1."""
    for parent, pullback in node.edges:
        parent.grad += pullback(1.0)


def first_edge(node):
    """Only one parent gets its share; a product has two."""
    for parent, pullback in node.edges[:1]:
        parent.grad += pullback(node.grad)


def tried(f):
    def number(grad, *edges):
        return SimpleNamespace(grad=grad, edges=edges)

    a, b = number(0.0), number(0.0)
    product = number(1.0, (a, lambda g: g * 5), (b, lambda g: g * 3))
    f(product)
    yield "y = a b with a = 3, b = 5 and y.grad = 1: a.grad", a.grad
    yield "y = a b with a = 3, b = 5 and y.grad = 1: b.grad", b.grad
    a = number(0.0)
    twice = number(2.0, (a, lambda g: g), (a, lambda g: g))
    f(twice)
    yield "b = a + a with b.grad = 2: a.grad", a.grad
    a = number(10.0)
    f(number(3.0, (a, lambda g: g * -2)))
    yield "y = -2 a with y.grad = 3, and 10 came to a before: a.grad", a.grad
    f(number(1.0))
    yield "a number without parents", "nothing happens"
