"""Backward, twice: pullbacks that are operations, so that a gradient is a Tensor and has a gradient itself.

The edges are tensor.py's, but a pullback takes a Tensor and gives one.  Whatever it computes leaves edges
again, and `gradient` can be asked of its own result.  The price: every pullback is a chain of operations,
nothing is written in place, and a first derivative costs what a second one needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minigan import ops
from minigan.backend import Backend, xp_of
from minigan.nn import Affine, Layer, LeakyReLU, Linear, Sequential
from minigan.random import Streams
from minigan.successors import penalty
from minigan.successors.networks import mlp
from minigan.tensor import Array, Tensor, backward, unbroadcast


def add(x: Tensor, y: Tensor) -> Tensor:
    """x + y"""
    return Tensor(x.data + y.data, (x, lambda g: total(g, x.shape)), (y, lambda g: total(g, y.shape)))


def mul(x: Tensor, y: Tensor) -> Tensor:
    """x y"""
    by_x, by_y = (lambda g: total(mul(g, y), x.shape)), (lambda g: total(mul(g, x), y.shape))
    return Tensor(x.data * y.data, (x, by_x), (y, by_y))


def power(x: Tensor, n: float) -> Tensor:
    """x^n; derivative n x^(n-1)"""
    return Tensor(x.data**n, (x, lambda g: mul(g, mul(constant(n, x), power(x, n - 1)))))


def matmul(x: Tensor, y: Tensor) -> Tensor:
    """x y for matrices"""
    by_x, by_y = (lambda g: matmul(g, transpose(y))), (lambda g: matmul(transpose(x), g))
    return Tensor(x.data @ y.data, (x, by_x), (y, by_y))


def transpose(x: Tensor) -> Tensor:
    """x^T, whose pullback is itself"""
    return Tensor(x.data.T, (x, transpose))


def total(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x summed to a shape that broadcasts to its own; its pullback is `spread`"""
    if x.shape == shape:
        return x
    return Tensor(unbroadcast(x.data, shape), (x, lambda g: spread(g, x.shape)))


def spread(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x broadcast to a shape; its pullback is `total`"""
    data = xp_of(x.data).broadcast_to(x.data, shape)
    return Tensor(data, (x, lambda g: total(g, x.shape)))


def tanh(x: Tensor) -> Tensor:
    """Derivative 1 - tanh^2"""

    def slope() -> Tensor:
        return add(constant(1, x), mul(constant(-1, x), power(tanh(x), 2)))

    return Tensor(xp_of(x.data).tanh(x.data), (x, lambda g: mul(g, slope())))


def leaky_relu(x: Tensor, slope: float) -> Tensor:
    """x or slope x: a product with a constant, which has no derivative of its own"""
    return mul(x, Tensor(xp_of(x.data).where(x.data > 0, 1.0, slope).astype(x.dtype)))


def constant(value: float, like: Tensor) -> Tensor:
    """A constant in the dtype and the library of `like`."""
    return Tensor(xp_of(like.data).full((), value, like.dtype))


def gradient(y: Tensor, wrt: list[Tensor]) -> list[Tensor]:
    """d sum(y) / dp for each p, as Tensors whose own gradients can be asked for"""
    sums = {y.age: spread(constant(1, y), y.shape)}
    waiting = {y.age: y}
    while waiting:
        node = waiting.pop(max(waiting))  # the youngest: all that was computed from it is done
        for parent, pullback in node.edges or ():
            share = pullback(sums[node.age])
            sums[parent.age] = add(sums[parent.age], share) if parent.age in sums else share
            waiting[parent.age] = parent
    return [sums[p.age] if p.age in sums else mul(constant(0, p), p) for p in wrt]


# The gradient penalty, as one would write it down ------------------------------------------------------


def gradient_penalty(D: Layer, x: Tensor, one_sided: bool = True) -> Tensor:
    """mean max(|dD/dx| - 1, 0)^2, the same as in penalty.py; two-sided without the maximum"""
    (g,) = gradient(judged(D, x), [x])
    square = total(mul(g, g), (len(x.data), 1))
    excess = add(power(add(square, constant(1e-12, x)), 0.5), constant(-1, x))
    excess = leaky_relu(excess, 0.0) if one_sided else excess
    return total(mul(mul(excess, excess), constant(1 / len(x.data), x)), ())


RULES: dict[Affine, Callable[[Tensor], Tensor]] = {
    ops.affine_identity: lambda x: x,
    ops.affine_relu: lambda x: leaky_relu(x, 0.0),
    ops.affine_tanh: tanh,
}


def judged(D: Layer, x: Tensor) -> Tensor:
    """D(x) from these operations, for a D of linear layers with RULES, and leaky ReLUs

    TypeError for another layer.
    """
    if not isinstance(D, Sequential):
        raise TypeError(f"judged: expected a Sequential, got {type(D).__name__}")
    for layer in D.layers:
        match layer:
            case Linear(W=W, b=b) if type(layer) is Linear and layer.f in RULES:
                x = RULES[layer.f](add(matmul(x, W), b))
            case LeakyReLU(slope=slope):
                x = leaky_relu(x, slope)
            case _:
                raise TypeError(f"judged: there is no rule for {type(layer).__name__} here")
    return x


# The page --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of this page."""

    sizes: tuple[tuple[int, ...], ...] = ((2, 128, 128, 1), (784, 256, 256, 1))
    points: int = 100
    units: int = 16
    h: float = 1e-4


def measure(seed: int, settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """How far the masks of penalty.py are from this; and y, y', y'' of a smooth network, and differences."""
    found: dict[str, Any] = {"errors": []}
    for dtype in ("float32", "float64"):
        for sizes in settings.sizes:
            streams = Streams(seed, Backend("numpy", dtype))
            D = mlp(sizes, streams("init"), slope=0.2)
            x = streams("points").normal((settings.points, sizes[0]))
            error = _error(D, x)
            found["errors"].append({"dtype": dtype, "sizes": list(sizes), "error": error})
            net = "-".join(map(str, sizes))
            say(f"{dtype}, {net}: the penalty's gradient by masks differs by {error:.1e}")
    found["worst"] = max(row["error"] for row in found["errors"])
    found["curve"] = _curve(Streams(seed, Backend("numpy", "float64")), settings)
    say(f"a smooth network: y'' differs from differences by {found['curve']['error']:.1e}")
    return found


def _error(D: Layer, x: Array) -> float:
    """|ours - theirs| / |theirs|, of the gradients by all weights"""
    backward(penalty.gradient_penalty(D, x, one_sided=False), wrt=D.parameters())
    pairs = zip(D.parameters(), gradient(gradient_penalty(D, Tensor(x), False), D.parameters()), strict=True)
    squares = [(((p.grad - g.data) ** 2).sum(), (g.data**2).sum()) for p, g in pairs]
    return float(sum(s for s, _ in squares) / sum(s for _, s in squares)) ** 0.5


def _curve(streams: Streams, settings: Settings) -> dict[str, Any]:
    """Lists x, y, first, second and differences of y; and the largest difference as a part of y'' 's size"""
    rng, units = streams("init"), settings.units
    hidden = [Linear(inputs, units, rng, 1.5, ops.affine_tanh) for inputs in (1, units)]
    for layer in hidden:
        layer.b.data += rng.normal((units,))
    net = Sequential(*hidden, Linear(units, 1, rng))
    x = xp_of(hidden[0].W.data).linspace(-3, 3, 201)[:, None]
    at = Tensor(x)
    (first,) = gradient(judged(net, at), [at])
    (second,) = gradient(first, [at])
    ahead, here, behind = (net(Tensor(x + h), None).data for h in (settings.h, 0.0, -settings.h))
    differences = (ahead - 2 * here + behind) / settings.h**2
    lists = {"x": x, "y": here, "first": first.data, "second": second.data, "differences": differences}
    error = float(abs(second.data - differences).max() / abs(second.data).max())
    return {name: a[:, 0].tolist() for name, a in lists.items()} | {"error": error}
