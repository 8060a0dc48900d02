"""Chapter 14: the multiplications and additions of a network's matrix products."""


def flop(m, layers, by_weights=False, by_inputs=False):
    """FLOP of the matrix products: forward, by the weights, by the inputs."""
    each = [2 * m * n * p for n, p in layers]
    passed = each if by_inputs else each[1:] if by_weights else []
    return sum(each) * (1 + by_weights) + sum(passed)


def additions_forgotten(m, layers, by_weights=False, by_inputs=False):
    """An entry of a product is n multiplications and n additions: 2 m n p."""
    return flop(m, layers, by_weights, by_inputs) // 2


def first_inputs_too(m, layers, by_weights=False, by_inputs=False):
    """By the weights alone, nobody asks for the gradient by the first layer's inputs: one product less."""
    return flop(m, layers, by_weights, by_inputs or by_weights)


def nothing_passed(m, layers, by_weights=False, by_inputs=False):
    """To reach the weights of a layer, the gradient passes the layers above: by their inputs too."""
    each = [2 * m * n * p for n, p in layers]
    return sum(each) * (1 + by_weights + by_inputs)


def forward_forgotten(m, layers, by_weights=False, by_inputs=False):
    """Before the way back comes the way forward: its products count too."""
    each = [2 * m * n * p for n, p in layers]
    return flop(m, layers, by_weights, by_inputs) - (by_weights or by_inputs) * sum(each)


def one_row(m, layers, by_weights=False, by_inputs=False):
    """That is one row; there are m."""
    return flop(1, layers, by_weights, by_inputs)


def tried(f):
    layers = [(3, 5), (7, 2), (2, 11)]
    yield "forward, 10 rows through (3, 5), (7, 2), (2, 11)", f(10, layers)
    yield "the same by inputs", f(10, layers, by_inputs=True)
    yield "the same by weights", f(10, layers, by_weights=True)
    yield "the same by both", f(10, layers, by_weights=True, by_inputs=True)
    yield "4 rows through one layer (6, 9), by weights", f(4, [(6, 9)], by_weights=True)
