"""python -m minigan.reproduce figure3: images along straight lines between points of z-space."""

from argparse import Namespace

import numpy as np

from minigan import pictures
from minigan.cli import Parser, exit_status
from minigan.players import generate
from minigan.random import Streams
from minigan.reproduce.figure2 import begin, of_images
from minigan.reproduce.report import parser

PURPOSE = "Figure 3: what lies between two samples."
EXAMPLES = "  python -m minigan.reproduce figure3 --run runs/mnist-1"

LINES, STEPS = 4, 12


def main(argv: list[str]) -> int:
    return exit_status(lambda: _figure3(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    return of_images(parser("figure3", PURPOSE, EXAMPLES))


def _figure3(args: Namespace, argv: list[str]) -> int:
    report, backend, recipe, dataset, G = begin("figure3", args, argv)
    ends = recipe.noise(Streams(args.seed, backend)("sample"), 2 * LINES)
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
