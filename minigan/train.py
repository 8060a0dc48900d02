"""python -m minigan.train: play the game, in a run folder."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigan import recipes, workers
from minigan.backend import choose
from minigan.cli import SEED, Parser, exit_status, named
from minigan.errors import InputError
from minigan.progress import Progress
from minigan.recipes import NAMES, RECIPES, Recipe
from minigan.settings import flag

if TYPE_CHECKING:
    from minigan.run import Config
    from minigan.training import Training

EXAMPLES = """\
  python -m minigan.train                                  the bundled digits, about a minute
  python -m minigan.train --recipe mnist --backend cupy    the paper's MNIST experiment, on a GPU
  python -m minigan.train --recipe mnist --update alternating --k 2 --epochs 50
  python -m minigan.train --resume runs/mnist-1 --epochs 400
  python -m minigan.train --data my-pictures               a folder of your own, all of one size
  mpiexec -n 2 python -m minigan.train --recipe mnist      the same run, by two processes"""


def main(argv: list[str] | None = None) -> int:
    """Train as the arguments say; returns the exit status."""
    return exit_status(lambda: _train(_parse(sys.argv[1:] if argv is None else argv)), workers.end)


def _parse(argv: list[str]) -> Namespace:
    """The arguments.  Those of the settings, and what --help shows, are those of the recipe that is named."""
    others = [word for word in argv if word not in ("-h", "--help")]
    args, _ = _parser(RECIPES["digits"]).parse_known_args(others)
    if args.resume and args.out:
        raise InputError("--out names a new run folder and --resume an old one; give one of them")
    return _parser(_recipe_of(args)).parse_args(argv)


def _recipe_of(args: Namespace) -> Recipe:
    if args.resume and not args.recipe:
        from minigan import run  # slow to import, and --help has no need of it

        return run.read_config(Path(args.resume)).recipe
    return recipes.find(args.recipe or ("images" if args.data else "digits"))


def _parser(recipe: Recipe) -> Parser:
    parser = Parser("train", "Train a generator against a discriminator.", EXAMPLES)
    parser.add_argument(
        "--recipe", type=named("name"), metavar="NAME", help=f"one of {', '.join(NAMES)} (default: digits)"
    )
    parser.add_argument(
        "--resume",
        type=named("run folder"),
        metavar="RUN",
        help="continue a run folder where its checkpoint is",
    )
    parser.add_argument("--force", action="store_true", help="resume although settings or versions differ")
    parser.add_argument(
        "--out",
        type=named("folder"),
        metavar="FOLDER",
        help="the run folder (default: runs/RECIPE-1, -2, ...)",
    )
    parser.add_argument("--seed", type=SEED, metavar="N", help="decides all random numbers (default: 1)")
    parser.add_argument(
        "--data",
        type=named("folder"),
        metavar="FOLDER",
        help="learn from your own pictures in this folder, or packed .npy file (default recipe: images)",
    )
    parser.add_backend(default=None)  # of a resumed run, its own
    parser.add_threads()
    parser.add_argument("--film", action="store_true", help="at the end, a GIF of the sample pictures")
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    group = parser.add_argument_group(f"settings of the recipe (defaults: those of {recipe.name})")
    own, values = recipes.settings_of(recipe), recipe.settings()
    for name, f in (recipes.SETTINGS | own).items():
        choices = f.metadata["choices"]
        group.add_argument(
            flag(name),
            type=_converter(f.default),
            metavar="|".join(choices) if choices else "N,N" if isinstance(f.default, tuple) else "N",
            help=f"{f.metadata['help']} ({_text(values[name])})" if name in own else SUPPRESS,
        )
    return parser


def _converter(default: Any) -> Callable[[str], Any]:
    """From the text of an option to a value of the same type as its default."""
    one = type(default[0] if isinstance(default, tuple) else default)

    def convert(text: str) -> Any:
        values = tuple(one(part) for part in text.split(","))
        return values if isinstance(default, tuple) else one(text)

    names = {int: "whole number", float: "number", str: "name"}
    convert.__name__ = names[one]  # argparse: invalid <name> value
    return convert


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _train(args: Namespace) -> int:
    rank = workers.find().rank
    args.quiet = args.quiet or rank > 0  # worker 0 speaks for all
    say: Callable[[str], None] = (lambda text: None) if args.quiet else print
    settings = recipes.SETTINGS | recipes.settings_of(_recipe_of(args))
    changes = {name: value for name in settings if (value := getattr(args, name)) is not None}
    if args.data:
        changes["data"] = os.path.abspath(args.data)
    training = _resume(args, changes) if args.resume else _start(args, changes)
    folder, recipe = training.folder, training.config.recipe
    if training.t >= training.stop:
        say(f"{folder} is complete ({training.epoch(training.t)} epochs); --epochs N goes on to epoch N")
    else:
        config, to_play = training.config, f"updates {training.t} to {training.stop}"
        say(f"{folder}: {recipe.name}, seed {config.seed}, {_computes_with(config)}, {to_play}")
    with Progress(training, args.quiet) as progress:
        finished = training.play(progress)
    if rank:
        return 0 if finished else 130
    if not finished:
        print(f"interrupted; saved at update {training.t}; to continue: {training.how_to_resume()}")
        return 130
    if args.film:
        from minigan import pictures

        frames = (folder / "samples").glob("epoch-*.png")
        in_order = sorted(frames, key=lambda frame: (len(frame.name), frame))
        pictures.save_film(folder / "film.gif", in_order)
        say(f"film:    {folder / 'film.gif'}")
    say(f"samples: {folder / 'samples.png'}")
    say(f"curves:  {folder / 'curves.png'}")
    return 0


def _computes_with(config: Config) -> str:
    """The backend, and how many threads where that was counted."""
    if config.threads is None:
        return config.backend
    return f"{config.backend} with {config.threads} thread{'s' * (config.threads > 1)}"


def _start(args: Namespace, changes: dict[str, Any]) -> Training:
    from minigan import run, training

    recipe = _recipe_of(args).change(**changes)
    team = workers.find()
    backend = choose(args.backend or "numpy", place=team.place)
    seed = 1 if args.seed is None else args.seed
    begun = training.Training(run.configure(recipe, seed, backend.name), backend, team)
    begun.use_threads(args.threads)
    begun.start(args.out)
    return begun


def _resume(args: Namespace, changes: dict[str, Any]) -> Training:
    from minigan import run, training

    folder = Path(args.resume)
    stored = run.read_config(folder)
    recipe = recipes.find(args.recipe) if args.recipe else stored.recipe
    team = workers.find()
    backend = choose(args.backend or stored.backend, place=team.place)
    seed = stored.seed if args.seed is None else args.seed
    config = run.configure_again(stored, recipe.change(**changes), seed, backend.name, args.threads)
    if (differences := stored.differences(config)) and not args.force:
        raise InputError(
            f"{folder} would not be the same run: {'; '.join(differences)}; --force continues it anyway"
        )
    config = config if args.force else replace(config, pictures=stored.pictures)
    resumed = training.Training(config, backend, team)
    resumed.use_threads(args.threads or config.threads)
    resumed.resume(folder)
    return resumed


if __name__ == "__main__":
    sys.exit(main())
