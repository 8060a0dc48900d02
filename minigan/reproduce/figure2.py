"""python -m minigan.reproduce figure2: fair samples of a run, and the training images nearest to them."""

from argparse import Namespace
from pathlib import Path

from minigan import pictures, run
from minigan.backend import Backend, choose
from minigan.cli import SEED, Parser, exit_status, named
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.modes import nearest
from minigan.nn import Layer
from minigan.players import generate, use_threads
from minigan.random import Streams
from minigan.recipes import Recipe
from minigan.reproduce.report import Report, how_long, parser, say

PURPOSE = "Figure 2: samples that nobody chose, with the nearest training images."
EXAMPLES = "  python -m minigan.reproduce figure2 --run runs/mnist-1"

ROWS, COLUMNS = 4, 5  # and one more column for the nearest training images


def main(argv: list[str]) -> int:
    return exit_status(lambda: _figure2(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    return of_images(parser("figure2", PURPOSE, EXAMPLES))


def _figure2(args: Namespace, argv: list[str]) -> int:
    report, backend, recipe, dataset, G = begin("figure2", args, argv)
    samples = generate(G, recipe.noise(Streams(args.seed, backend)("sample"), ROWS * COLUMNS))
    found, distance = nearest(samples[COLUMNS - 1 :: COLUMNS], dataset.train, dataset.prepare)
    picture = report.picture("figure2")
    pictures.save_grid(picture, dataset.restore(samples), COLUMNS, dataset.restore(found))
    report.found = {"distance_to_nearest": distance.tolist()}
    report.write()
    print(f"distance to the nearest training image: {', '.join(f'{d:.2f}' for d in distance)}")
    print(picture)
    return 0


# A figure of one run's images, as figure3 is too -----------------------------------------------------


def of_images(made: Parser) -> Parser:
    """The parser, with the arguments of such a figure."""
    made.add_argument(
        "--run", type=named("run folder"), required=True, metavar="RUN", help="the run folder, of images"
    )
    made.add_argument("--seed", type=SEED, default=0, metavar="N", help="decides the noise (default: 0)")
    made.add_backend()
    return made


def begin(what: str, args: Namespace, argv: list[str]) -> tuple[Report, Backend, Recipe, Dataset, Layer]:
    """Its report, and the run: where it computes, its recipe, data set and G.  InputError for other runs."""
    backend = choose(args.backend)
    config, dataset, G = run.load_generator(Path(args.run), backend)
    use_threads(args.threads, backend, config.recipe.batch, G)
    if dataset.shape is None or pictures.are_solids(dataset):
        raise InputError(f"{what} is of images; {args.run} learned {dataset.name}")
    report = Report(what, args.out, argv, {"run": args.run, "seed": args.seed, "backend": backend.name})
    say(args, f"{what}: about {how_long(2)}")
    return report, backend, config.recipe, dataset, G
