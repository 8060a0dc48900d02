"""The floor: the matrix products of an update, and nothing else."""

from typing import NamedTuple

from minigan.algorithm1 import Game
from minigan.benchmark.update import Play
from minigan.tensor import Array


class Product(NamedTuple):
    """x W, g W' or x' g of a layer, where x has the rows of so many minibatches."""

    kind: str
    W: Array
    minibatches: int


def products(players: Game, update: str) -> list[Product]:
    """The products that an update needs, in its order, from the shapes of the weights."""
    G = [p.data for p in players.G.parameters() if p.data.ndim == 2]  # W (inputs, outputs) of each layer
    D = [p.data for p in players.D.parameters() if p.data.ndim == 2]

    def forward(net: list[Array], minibatches: int = 1) -> list[Product]:
        return [Product("x W", W, minibatches) for W in net]

    def by_weights(net: list[Array], minibatches: int = 1) -> list[Product]:
        both = [Product(kind, W, minibatches) for W in reversed(net) for kind in ("g W'", "x' g")]
        return both[:-2] + both[-1:]  # nobody asks for the gradient by the first layer's inputs

    learn_G = [Product("g W'", W, 1) for W in reversed(D)] + by_weights(G)
    if update == "simultaneous":
        return forward(D) + forward(G) + forward(D) + 2 * by_weights(D) + learn_G
    learn_D = forward(G) + forward(D, 2) + by_weights(D, 2)
    return players.k * learn_D + forward(G) + forward(D) + learn_G


def gflop(needed: list[Product], m: int) -> float:
    """Each of the three products of a layer multiplies and adds m * inputs * outputs times."""
    return sum(2 * m * minibatches * W.size for _, W, minibatches in needed) / 1e9


def floor(needed: list[Product], m: int, players: Game) -> Play:
    """Computes the products at each call, into arrays that are there already."""
    rng, xp, jobs, arrays = players.streams("sample"), players.streams.backend.xp, [], {}
    for kind, W, minibatches in needed:
        key, rows = (id(W), minibatches), m * minibatches
        if key not in arrays:
            arrays[key] = [rng.uniform((rows, n), -1, 1) for n in W.shape]
        x, g = arrays[key]
        a, b = {"x W": (x, W), "g W'": (g, W.T), "x' g": (x.T, g)}[kind]
        jobs.append((a, b, xp.empty((a.shape[0], b.shape[1]), W.dtype)))

    def compute() -> None:
        for a, b, c in jobs:
            xp.matmul(a, b, out=c)

    return compute
