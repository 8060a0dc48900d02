"""python -m minigan.reproduce figure1: the game on a line, in the paper's four frames and as a film."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from minigan import algorithm1, parzen, pictures, recipes, theory, threads
from minigan.algorithm1 import Game
from minigan.backend import Backend
from minigan.cli import Parser, exit_status
from minigan.ops import logistic
from minigan.players import generate, load_data, set_up
from minigan.reproduce import figures
from minigan.reproduce.report import Report, how_long, parser, say, seconds_each
from minigan.tensor import Tensor
from minigan.theory import Normals

EXAMPLES = "  python -m minigan.reproduce figure1 --out runs/figure1"

RECIPE = recipes.find("gaussian1d").change(lr_decay=1.0)  # G and D as the recipe has them
DATA = Normals((0.0,), (1.0,))
ASIDE = 2.0  # how far p_g is moved from p_data, so that there is something to see
X = np.linspace(-4, 6, 401)
Z = np.linspace(-2, 2, 17)  # the z whose arrows are drawn
SAMPLES, WIDTH = 10_000, 0.1  # p_g is drawn as a Parzen window of this many samples and this sigma
PER_PHASE = 10  # frames of the film


def main(argv: list[str]) -> int:
    return exit_status(lambda: _figure1(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("figure1", "Figure 1: D and p_g on a line, from near p_data to D = 1/2.", EXAMPLES)
    made.add_argument("--seed", type=int, default=1, metavar="N", help="(default: 1)")
    return made


def _figure1(args: Namespace, argv: list[str]) -> int:
    threads.use(args.threads, [])  # no product here is large enough for two
    report = Report("figure1", args.out, argv, {"seed": args.seed})
    say(args, f"figure1: about {how_long(_seconds(args.seed))}")
    frames = report.keep("frames", lambda: play(args.seed))
    chosen = [frames[i] for i in (0, PER_PHASE, 2 * PER_PHASE, 3 * PER_PHASE)]
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
    """One frame at the beginning and PER_PHASE of each phase, the last of which is its end."""
    game = set_up(RECIPE, load_data(RECIPE), Backend("numpy", "float64"), seed)
    for t in range(3000):
        algorithm1.alternating(game, t)
    game.G.parameters()[-1].data += ASIDE
    for t in range(40):
        d_step(game, t)
    frames = [frame("(a) D is partly right", game)]
    for title, step, steps in (
        ("(b) D at its optimum", d_step, 3000),
        ("(c) G follows D's gradient", g_step, 100),
        ("(d) at the end of the game", algorithm1.alternating, 8000),
    ):
        game = _settling(game, steps)
        for t in range(steps):
            step(game, t)
            if (t + 1) * PER_PHASE % steps == 0:
                frames.append(frame(title, game))
    return frames


def d_step(game: Game, t: int) -> None:
    """D learns; G stands still."""
    x, z = Tensor(game.data.minibatch(t)), Tensor(game.prior(game.streams("noise", t)))
    algorithm1.d_step(game, x, z, None, t, epoch=0)


def g_step(game: Game, t: int) -> None:
    """G learns; D stands still."""
    z = Tensor(game.prior(game.streams("noise", t)))
    algorithm1.g_step(game, z, None, t, epoch=0)


def _settling(game: Game, steps: int) -> Game:
    """The same players, whose learning rates fall to a hundredth over the steps; no momentum (Adam's beta1).

    With momentum the players circle round the end of the game instead of coming to rest there.
    """
    recipe = RECIPE.change(lr_decay=100 ** (1 / steps), momentum=0.0)
    return replace(game, optimiser_G=recipe.optimiser_of(game.G), optimiser_D=recipe.optimiser_of(game.D))


def frame(title: str, game: Game) -> dict[str, Any]:
    """What is drawn: both densities, D and D* at X, and where G takes Z; and two numbers about them."""
    p = DATA.density(X)
    samples = generate(game.G, RECIPE.noise(game.streams("sample"), SAMPLES))
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
    game = set_up(RECIPE, load_data(RECIPE), Backend("numpy", "float64"), seed)

    def each(step: Callable[[Game, int], Any]) -> float:
        return seconds_each(lambda t: step(game, t))

    return 11_000 * each(algorithm1.alternating) + 3040 * each(d_step) + 100 * each(g_step) + 10
