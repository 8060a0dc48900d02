"""The floor: the matrix products of an update, and nothing else."""

from minigan.algorithm1 import Game
from minigan.benchmark.update import Play
from minigan.tensor import Array

Product = tuple[str, Array]  # which product a layer's weights take part in, and these: x W, g W' or x' g


def products(players: Game, update: str) -> list[Product]:
    """The products that an update needs, in its order, from the shapes of the weights."""
    G = [p.data for p in players.G.parameters() if p.data.ndim == 2]  # W (inputs, outputs) of each layer
    D = [p.data for p in players.D.parameters() if p.data.ndim == 2]

    def forward(net: list[Array]) -> list[Product]:
        return [("x W", W) for W in net]

    def by_weights(net: list[Array]) -> list[Product]:
        both = [(kind, W) for W in reversed(net) for kind in ("g W'", "x' g")]
        return both[:-2] + both[-1:]  # nobody asks for the gradient by the first layer's inputs

    learn_D = forward(D) + forward(G) + forward(D) + 2 * by_weights(D)
    learn_G = [("g W'", W) for W in reversed(D)] + by_weights(G)
    if update == "simultaneous":
        return learn_D + learn_G
    return players.k * learn_D + forward(G) + forward(D) + learn_G


def gflop(needed: list[Product], m: int) -> float:
    """Each of the three products of a layer multiplies and adds m * inputs * outputs times."""
    return sum(2 * m * W.size for _, W in needed) / 1e9


def floor(needed: list[Product], m: int, players: Game) -> Play:
    """Computes the products at each call, into arrays that are there already."""
    rng, xp, jobs, arrays = players.streams("sample"), players.streams.backend.xp, [], {}
    for kind, W in needed:
        if id(W) not in arrays:
            arrays[id(W)] = [rng.uniform((m, n), -1, 1) for n in W.shape]
        x, g = arrays[id(W)]
        a, b = {"x W": (x, W), "g W'": (g, W.T), "x' g": (x.T, g)}[kind]
        jobs.append((a, b, xp.empty((a.shape[0], b.shape[1]), W.dtype)))

    def compute() -> None:
        for a, b, c in jobs:
            xp.matmul(a, b, out=c)

    return compute
