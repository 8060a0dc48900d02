"""python -m minigan.reproduce figure1: the game on a line, in the paper's four frames and as a film."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from minigan import algorithm1, parzen, pictures, theory, threads
from minigan.algorithm1 import Game
from minigan.backend import Backend
from minigan.cli import SEED, Parser, exit_status
from minigan.game import discriminator_loss
from minigan.nn import Layer, Linear, Sequential
from minigan.ops import affine_tanh, logistic
from minigan.optim import Adam, Momentum, exponential_decay, linear_ramp
from minigan.players import generate
from minigan.random import Stream, Streams
from minigan.reproduce import figures
from minigan.reproduce.report import VERSIONS, Report, how_long, parser, say, seconds_each
from minigan.tensor import Array, Tensor
from minigan.theory import Normals

EXAMPLES = "  python -m minigan.reproduce figure1 --out runs/figure1"

DATA = Normals((0.0,), (1.0,))
EDGE = sqrt(3)  # z is uniform on [-EDGE, EDGE]
UNITS, BATCH, K = 32, 1000, 2
ASIDE = 1.0  # how far p_g is moved from p_data, so that there is something to see
STRIDE = 0.05  # learning rate of the one update of G in (c)
X = np.linspace(-4, 5, 361)
Z = np.linspace(-0.98, 0.98, 17) * EDGE  # the z whose arrows are drawn
SAMPLES, WIDTH = 10_000, 0.1  # p_g is drawn as a Parzen window of this many samples and this sigma
PER_PHASE = 10  # frames of the film
NEARLY, ASTRAY, ALONE, ON = 600, 40, 2000, 1200  # updates: before (a), of D to (a), of D to (b), to (d)


def main(argv: list[str]) -> int:
    return exit_status(lambda: _figure1(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("figure1", "Figure 1: D and p_g on a line, from near p_data to D = 1/2.", EXAMPLES)
    made.add_argument("--seed", type=SEED, default=5, metavar="N", help="(default: 5)")
    return made


def _figure1(args: Namespace, argv: list[str]) -> int:
    threads.use(args.threads, [])  # no product here is large enough for two
    report = Report("figure1", args.out, argv, {"seed": args.seed} | VERSIONS)
    if not report.found:
        say(args, f"figure1: about {how_long(_seconds(args.seed))}")
    frames = report.keep("frames", lambda: play(args.seed))
    chosen = list({frame["title"]: frame for frame in frames}.values())  # the end of each phase
    top = max(1.0, max(max(frame["p_g"]) for frame in frames)) + 0.02
    figures.save_game(report.picture("figure1"), chosen, top)
    (report.folder / "frames").mkdir(exist_ok=True)
    paths = [report.folder / "frames" / f"{i:02d}.png" for i in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        figures.save_game(path, [frame], top)
    pictures.save_film(report.folder / "figure1.gif", paths)
    for frame in chosen:
        print(f"{frame['title']:32} |D - D*| {frame['difference']:.3f}   JSD {frame['jsd']:.4f}")
    print(f"{report.picture('figure1')}\n{report.folder / 'figure1.gif'}")
    return 0


def play(seed: int) -> list[dict[str, Any]]:
    """One frame at the beginning, and of each phase up to PER_PHASE, the last of which is its end."""
    game = new_game(seed)
    for t in range(NEARLY):
        algorithm1.alternating(game, t)
    game.G.parameters()[-1].data += ASIDE
    for t in range(ASTRAY):
        d_step(game, t)
    frames = [frame("(a) D is partly right", game)]
    for title, step, steps in (
        ("(b) D at its optimum", d_step, ALONE),
        ("(c) one update of G later", stride, 1),
        ("(d) at the end of the game", algorithm1.alternating, ON),
    ):
        game = with_rates(game, steps)
        for t in range(steps):
            step(game, t)
            if (t + 1) * PER_PHASE % steps == 0:
                frames.append(frame(title, game))
    return frames


@dataclass
class Examples:
    """p_data = N(0, 1), of which every minibatch is new."""

    streams: Streams
    per_epoch: int = 1

    def minibatch(self, i: int) -> Array:
        return self.streams("data", i).normal((BATCH, 1))


def new_game(seed: int) -> Game:
    """The players as they start: p_g crowds near 1.5, and z runs the same way as x."""
    streams = Streams(seed, Backend("numpy", "float64"))
    G, D = generator(streams("init", 0)), discriminator(streams("init", 1))
    box = partial(discriminator_loss, scale=1.0)
    optimisers = falling(G, D, NEARLY)
    return Game(G, D, Examples(streams), prior, streams, *optimisers, discriminator_loss=box, k=K)


def generator(rng: Stream) -> Sequential:
    """1 -> 32 -> 32 -> 1.  G(-z) is as likely as G(z); it is taken the way round in which no arrows cross."""
    first = Linear(1, UNITS, rng, 2.0, affine_tanh)
    last = Linear(UNITS, 1, rng, 0.3)
    G = Sequential(first, Linear(UNITS, UNITS, rng, f=affine_tanh), last)
    first.b.data[...] = rng.uniform(UNITS, -3, 3)
    last.b.data[...] = 1.5
    if generate(G, Z[[0, -1], None])[:, 0].argmax() == 0:
        first.W.data *= -1
    return G


def discriminator(rng: Stream) -> Sequential:
    """1 -> 32 -> 32 -> one logit."""
    first = Linear(1, UNITS, rng, 1.0, affine_tanh)
    return Sequential(first, Linear(UNITS, UNITS, rng, f=affine_tanh), Linear(UNITS, 1, rng, 0.1))


def prior(stream: Stream) -> Array:
    return stream.uniform((BATCH, 1), -EDGE, EDGE)


def falling(G: Layer, D: Layer, steps: int) -> tuple[Adam, Adam]:
    """Learning rates that fall over so many updates: G's far, so that it comes to rest, D's little."""

    def of(net: Layer, rate: float, decay: float) -> Adam:
        return Adam(net.parameters(), exponential_decay(rate, decay, 0.0), beta1=0.5)

    return of(G, 2e-3, 30 ** (1 / steps)), of(D, 5e-3, 2 ** (1 / (K * steps)))


def with_rates(game: Game, steps: int) -> Game:
    """The same players, whose learning rates begin anew and fall over the steps."""
    of_G, of_D = falling(game.G, game.D, steps)
    return replace(game, optimiser_G=of_G, optimiser_D=of_D)


def d_step(game: Game, t: int) -> None:
    """D learns; G stands still."""
    x, z = Tensor(game.data.minibatch(t)), Tensor(game.prior(game.streams("noise", t)))
    algorithm1.d_step(game, x, z, None, t, epoch=0)


def stride(game: Game, t: int) -> None:
    """G moves once, along its gradient, so far that it can be seen; D stands still."""
    descent = Momentum(game.G.parameters(), exponential_decay(STRIDE, 1.0, 0.0), linear_ramp(0.0, 0.0, 0))
    z = Tensor(game.prior(game.streams("noise", t)))
    algorithm1.g_step(replace(game, optimiser_G=descent), z, None, t, epoch=0)


def frame(title: str, game: Game) -> dict[str, Any]:
    """What is drawn: both densities, D and D* at X, and where G takes Z; and two numbers about them."""
    p = DATA.density(X)
    samples = generate(game.G, game.streams("sample").uniform((SAMPLES, 1), -EDGE, EDGE))
    q = np.exp(parzen.log_likelihood(X[:, None], samples, WIDTH))
    D = logistic(game.D(Tensor(X[:, None]), None).data)[:, 0]
    optimum, seen = theory.optimal_discriminator(p, q), p + q > 0.02
    curves = {"x": X, "p_data": p, "p_g": q, "D": D, "optimum": optimum, "z": Z}
    curves["G(z)"] = game.G(Tensor(Z[:, None]), None).data[:, 0]
    return {
        "title": title,
        "difference": float(np.abs(D - optimum)[seen].mean()),
        "jsd": theory.jsd(p, q, X[1] - X[0]),
    } | {name: values.round(5).tolist() for name, values in curves.items()}


def _seconds(seed: int) -> float:
    game = new_game(seed)

    def each(step: Callable[[Game, int], Any]) -> float:
        return seconds_each(lambda t: step(game, t))

    return (NEARLY + ON) * each(algorithm1.alternating) + (ASTRAY + ALONE) * each(d_step) + 10
