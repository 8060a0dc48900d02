"""python -m minigan.reproduce figure3: images along straight lines between points of z-space."""

from argparse import Namespace
from pathlib import Path

import numpy as np

from minigan import pictures, run
from minigan.backend import choose
from minigan.cli import SEED, Parser, exit_status, named
from minigan.errors import InputError
from minigan.players import generate, use_threads
from minigan.random import Streams
from minigan.reproduce.report import Report, how_long, parser, say

EXAMPLES = "  python -m minigan.reproduce figure3 --run runs/mnist-1"

LINES, STEPS = 4, 12


def main(argv: list[str]) -> int:
    return exit_status(lambda: _figure3(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser("figure3", "Figure 3: what lies between two samples.", EXAMPLES)
    made.add_argument(
        "--run", type=named("run folder"), required=True, metavar="RUN", help="the run folder, of images"
    )
    made.add_argument("--seed", type=SEED, default=0, metavar="N", help="decides the ends (default: 0)")
    made.add_backend()
    return made


def _figure3(args: Namespace, argv: list[str]) -> int:
    backend = choose(args.backend)
    config, dataset, G = run.load_generator(Path(args.run), backend)
    use_threads(args.threads, backend, config.recipe.batch, G)
    if dataset.shape is None:
        raise InputError(f"figure3 is of images; {args.run} learned the points of {dataset.name}")
    report = Report("figure3", args.out, argv, {"run": args.run, "seed": args.seed, "backend": backend.name})
    say(args, f"figure3: about {how_long(2)}")
    ends = config.recipe.noise(Streams(args.seed, backend)("sample"), 2 * LINES)
    weight = backend.xp.linspace(0, 1, STEPS, dtype=ends.dtype)[:, None]
    z = ends[:LINES, None] * (1 - weight) + ends[LINES:, None] * weight
    samples = generate(G, z.reshape(LINES * STEPS, -1))
    pictures.save_grid(report.picture("figure3"), dataset.restore(samples), STEPS)
    strips = samples.reshape(LINES, STEPS, -1)
    lengths = np.linalg.norm(np.diff(strips, axis=1), axis=2)
    report.found = {
        "distance_of_the_ends": np.linalg.norm(strips[:, -1] - strips[:, 0], axis=1).tolist(),
        "distances_of_neighbours": lengths.tolist(),
    }
    report.write()
    print(f"largest step between neighbours: {lengths.max():.2f}, mean {lengths.mean():.2f}")
    print(report.picture("figure3"))
    return 0
