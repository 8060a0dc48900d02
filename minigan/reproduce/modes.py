"""python -m minigan.reproduce modes: how many modes a generator finds, plain and packed."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigan import algorithm1, data, modes, recipes, threads
from minigan.algorithm1 import Game
from minigan.backend import Backend, choose
from minigan.cli import COUNT, Parser, exit_status
from minigan.data import Mixture
from minigan.players import generate, load_data, set_up, update_of
from minigan.recipes import Recipe
from minigan.reproduce import figures
from minigan.reproduce.report import VERSIONS, Report, how_long, parser, say, seconds_each
from minigan.tensor import Tensor

EXAMPLES = """\
  python -m minigan.reproduce modes                  ring8 and grid25, plain and packed, 10 seeds
  python -m minigan.reproduce modes --seeds 2 --out runs/modes-short"""

SAMPLES = 2_500
DRAWN = 1  # the seed whose samples are shown
HELVETICA = "ring8, G ahead"
AHEAD = 20  # steps of G for one of D in the Helvetica scenario
HELVETICA_UPDATES = 200


def decaying(name: str, updates: int, lr: float, to: float) -> Recipe:
    """The recipe with a learning rate that falls from `lr` to `to`: first all modes, then precision."""
    return recipes.find(name).change(lr=lr, lr_decay=(lr / to) ** (1 / updates))


PACKED = {"pack": 2, "batch": 200}  # 100 packs of two
GAMES: dict[str, tuple[Recipe, int]] = {  # and how many updates
    "ring8": (decaying("ring8", 10_000, 0.004, 0.00012), 10_000),
    "ring8, packed": (decaying("ring8", 10_000, 0.004, 0.00012).change(**PACKED), 10_000),
    "grid25": (decaying("grid25", 25_000, 0.004, 0.00012), 25_000),
    "grid25, packed": (decaying("grid25", 35_000, 0.003, 0.00015).change(**PACKED), 35_000),
}
PUBLISHED = {  # mean modes and high-quality share, PacGAN (Lin et al. 2018), tables 1 and 2: GAN and PacGAN2
    "ring8": (6.3, 0.982),
    "ring8, packed": (7.9, 0.956),
    "grid25": (17.3, 0.948),
    "grid25, packed": (23.8, 0.913),
}


def main(argv: list[str]) -> int:
    return exit_status(lambda: _modes(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("modes", "Modes covered on the ring of 8 and the grid of 25 Gaussians.", EXAMPLES)
    made.add_argument("--seeds", type=COUNT, default=10, metavar="N", help="seeds 1 to N (default: 10)")
    made.add_backend()
    return made


def _modes(args: Namespace, argv: list[str]) -> int:
    threads.use(args.threads, [])  # no product here is large enough for two
    backend = choose(args.backend)
    report = Report("modes", args.out, argv, {"backend": backend.name} | VERSIONS)
    left = [
        (name, seed)
        for seed in range(1, args.seeds + 1)
        for name in [*GAMES, HELVETICA]
        if f"{name}, seed {seed}" not in report.found
    ]
    say(args, f"modes: {len(left)} games to play, about {how_long(_seconds(left, backend))}")
    for name, seed in left:
        one = report.keep(f"{name}, seed {seed}", partial(_measure, name, seed, backend))
        say(args, f"{name}, seed {seed}: {one['modes']} modes, {one['high_quality']:.1%} of high quality")
    summary = report.found["summary"] = summarise(report.found, range(1, args.seeds + 1))
    report.write()
    figures.save_coverage(report.picture("modes"), summary)
    _draw_samples(report)
    print(as_text(summary))
    print(f"{report.picture('modes')}\n{report.picture('modes-samples')}")
    return 0


def _seconds(left: list[tuple[str, int]], backend: Backend) -> float:
    """What the games that are left will take, after a few updates of each kind."""
    each = {}
    for name in {name for name, _ in left}:
        game, update, updates = begin(name, 1, backend)
        each[name] = updates * seconds_each(partial(update, game), 20 if updates > 1000 else 1)
    return sum(each[name] for name, _ in left)


# One game --------------------------------------------------------------------------------------------


def begin(name: str, seed: int, backend: Backend) -> tuple[Game, Callable[[Game, int], Any], int]:
    """The game of that name as it starts, its update, and how many of these."""
    recipe, updates = GAMES.get(name, (recipes.find("ring8"), HELVETICA_UPDATES))
    game = set_up(recipe, load_data(recipe), backend, seed)
    return game, g_ahead if name == HELVETICA else update_of(recipe), updates


def g_ahead(game: Game, t: int) -> None:
    """The Helvetica scenario on purpose: many steps of G against a D that stands still, then one of D."""
    noise = game.streams("noise", t)
    for i in range(t * AHEAD, (t + 1) * AHEAD):
        algorithm1.g_step(game, Tensor(game.prior(noise)), None, i, epoch=0)
    x, z = Tensor(game.data.minibatch(t)), Tensor(game.prior(noise))
    algorithm1.d_step(game, x, z, None, t, epoch=0)


def _measure(name: str, seed: int, backend: Backend) -> dict[str, Any]:
    game, update, updates = begin(name, seed, backend)
    for t in range(updates):
        update(game, t)
    recipe = recipes.find(name.partition(",")[0])
    dataset = load_data(recipe)
    assert isinstance(dataset, Mixture)
    samples = generate(game.G, recipe.noise(game.streams("sample"), SAMPLES))
    found = modes.coverage(samples, dataset.modes, dataset.std)
    numbers: dict[str, Any] = {"modes": found.modes, "high_quality": found.high_quality, "updates": updates}
    numbers |= {"counts": found.counts.tolist(), "spread": float(samples.std(axis=0).max())}
    return numbers | ({"samples": samples[:1000].astype(float).round(4).tolist()} if seed == DRAWN else {})


# All seeds -------------------------------------------------------------------------------------------


def summarise(found: dict[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Mean and standard error over the seeds, of each game."""
    summary = []
    for name in [*GAMES, HELVETICA]:
        games = [found[f"{name}, seed {seed}"] for seed in seeds]
        row: dict[str, Any] = {"game": name, "seeds": list(seeds)}
        for what in ("modes", "high_quality"):
            values = np.array([game[what] for game in games], float)
            error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else None
            row |= {what: float(values.mean()), f"{what}_error": None if error is None else float(error)}
        row["published"] = PUBLISHED.get(name)
        summary.append(row)
    return summary


def as_text(summary: list[dict[str, Any]]) -> str:
    """A table for a person to read."""
    lines = [f"{'game':16} {'modes':>14} {'high quality':>18}   published (PacGAN)"]
    for row in summary:
        modes_error, quality_error = (row[f"{what}_error"] or 0.0 for what in ("modes", "high_quality"))
        published = "{:.1f} modes, {:.1%}".format(*row["published"]) if row["published"] else ""
        lines.append(
            f"{row['game']:16} {row['modes']:6.1f} +- {modes_error:4.2f} "
            f"{row['high_quality']:10.1%} +- {quality_error:5.1%}   {published}"
        )
    return "\n".join([*lines, f"(a perfect sampler: {modes.ceiling(2):.2%} of high quality)"])


def _draw_samples(report: Report) -> None:
    """The samples of one seed over the data, one panel for each game."""
    drawn = []
    for name in [*GAMES, HELVETICA]:
        real = data.load(name.partition(",")[0]).test[:1000]
        drawn.append((name, real, np.array(report.found[f"{name}, seed {DRAWN}"]["samples"])))
    figures.save_scatters(report.picture("modes-samples"), drawn)
