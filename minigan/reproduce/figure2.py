"""python -m minigan.reproduce figure2: fair samples of a run, and the training images nearest to them."""

from argparse import Namespace
from pathlib import Path

from minigan import pictures, run
from minigan.backend import choose
from minigan.cli import SEED, Parser, exit_status, named
from minigan.errors import InputError
from minigan.modes import nearest
from minigan.players import generate, use_threads
from minigan.random import Streams
from minigan.reproduce.report import Report, how_long, parser, say

EXAMPLES = "  python -m minigan.reproduce figure2 --run runs/mnist-1"

ROWS, COLUMNS = 4, 5  # and one more column for the nearest training images


def main(argv: list[str]) -> int:
    return exit_status(lambda: _figure2(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    made = parser(
        "figure2", "Figure 2: samples that nobody chose, with the nearest training images.", EXAMPLES
    )
    made.add_argument(
        "--run", type=named("run folder"), required=True, metavar="RUN", help="the run folder, of images"
    )
    made.add_argument("--seed", type=SEED, default=0, metavar="N", help="decides the noise (default: 0)")
    made.add_backend()
    return made


def _figure2(args: Namespace, argv: list[str]) -> int:
    backend = choose(args.backend)
    config, dataset, G = run.load_generator(Path(args.run), backend)
    use_threads(args.threads, backend, config.recipe.batch, G)
    if dataset.shape is None:
        raise InputError(f"figure2 is of images; {args.run} learned the points of {dataset.name}")
    report = Report("figure2", args.out, argv, {"run": args.run, "seed": args.seed, "backend": backend.name})
    say(args, f"figure2: about {how_long(2)}")
    noise = config.recipe.noise(Streams(args.seed, backend)("sample"), ROWS * COLUMNS)
    samples = generate(G, noise)
    last = samples[COLUMNS - 1 :: COLUMNS]
    found, distance = nearest(last, dataset.train, dataset.prepare)
    picture = report.picture("figure2")
    pictures.save_grid(picture, dataset.restore(samples), COLUMNS, dataset.restore(found))
    report.found = {"distance_to_nearest": distance.tolist()}
    report.write()
    print(f"distance to the nearest training image: {', '.join(f'{d:.2f}' for d in distance)}")
    print(picture)
    return 0
