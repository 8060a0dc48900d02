"""Chapter 23: a matrix product whose pullbacks are operations."""

import numpy as np

from minigan import Tensor
from minigan.successors.twice import gradient, mul, transpose


def matmul(x, y):
    """x y for matrices, with edges whose pullbacks take a Tensor and make one."""
    product = x.data @ y.data
    by_x, by_y = lambda g: matmul(g, transpose(y)), lambda g: matmul(transpose(x), g)
    return Tensor(product, (x, by_x), (y, by_y))


def arrays(x, y):
    """Your pullbacks compute with arrays: the slope is right, but no edges lead on from it.

    A second derivative takes it for a constant.
    """
    by_x, by_y = (lambda g: Tensor(g.data @ y.data.T)), (lambda g: Tensor(x.data.T @ g.data))
    return Tensor(x.data @ y.data, (x, by_x), (y, by_y))


def fixed_factors(x, y):
    """In your pullbacks x and y are copies without edges: the second derivative must know that they move."""
    by_x, by_y = (
        (lambda g: matmul(g, Tensor(y.data.T.copy()))),
        (lambda g: matmul(Tensor(x.data.T.copy()), g)),
    )
    return Tensor(x.data @ y.data, (x, by_x), (y, by_y))


def not_turned(x, y):
    """The factor that stays is transposed: g has the shape of x y, so g y^T has that of x."""
    by_x, by_y = (lambda g: matmul(g, y)), (lambda g: matmul(x, g))
    return Tensor(x.data @ y.data, (x, by_x), (y, by_y))


def wrong_side(x, y):
    """The factors keep their sides: x stands on the left of y, so x^T stands on the left of g."""
    by_x, by_y = (lambda g: matmul(g, transpose(y))), (lambda g: matmul(transpose(g), x))
    return Tensor(x.data @ y.data, (x, by_x), (y, by_y))


def one_edge(x, y):
    """There is no edge to y; a product has two factors, and each gets its share."""
    return Tensor(x.data @ y.data, (x, lambda g: matmul(g, transpose(y))))


def edges_crossed(x, y):
    """The pullback for x stands at the edge to y, and the other way round."""
    by_x, by_y = (lambda g: matmul(g, transpose(y))), (lambda g: matmul(transpose(x), g))
    return Tensor(x.data @ y.data, (x, by_y), (y, by_x))


def entries(x, y):
    """That is the product entry by entry; x y is the product of matrices."""
    return mul(x, y)


def tried(f):
    x = Tensor(np.array([[1.0, 2.0], [0.5, -1.0]]))
    y = Tensor(np.array([[0.0, 1.0], [-2.0, 3.0]]))
    product = f(x, y)
    yield "the product", product.data
    square = mul(product, product)
    by_x, by_y = gradient(square, [x, y])
    yield "of the sum of its squares, the derivative by x", by_x.data
    yield "of the sum of its squares, the derivative by y", by_y.data
    again = gradient(mul(by_x, by_x), [x, y])
    yield "and of the squares of that by x, the derivative by x", again[0].data
    yield "and of the squares of that by x, the derivative by y", again[1].data
