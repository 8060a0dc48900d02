"""python -m minigan.sample: pictures from the generator of a run."""

import sys
from argparse import Namespace
from pathlib import Path

import numpy as np

from minigan import pictures, run
from minigan.backend import choose, xp_of
from minigan.cli import SEED, Parser, exit_status, named, whole
from minigan.data import Dataset
from minigan.errors import InputError, RunError
from minigan.files import write_atomically
from minigan.modes import nearest
from minigan.players import generate, use_threads, with_class
from minigan.random import Streams
from minigan.tensor import Array

MOST = 1_000_000_000  # samples, or steps of a line

EXAMPLES = """\
  python -m minigan.sample runs/digits-1                            100 samples, 10 in a row
  python -m minigan.sample runs/mnist-1 --nearest                   as Figure 2 of the paper
  python -m minigan.sample runs/mnist-1 --interpolate 10            as Figure 3: lines through z-space
  python -m minigan.sample runs/mnist-1 --count 10000 --out s.npy   an array for other programs
  python -m minigan.sample runs/cgan-digits-1 --class 7             sevens, of a run that is told a class"""


def main(argv: list[str] | None = None) -> int:
    """Sample as the arguments say; returns the exit status."""
    return exit_status(lambda: _sample(_parser().parse_args(argv)))


def _parser() -> Parser:
    parser = Parser("sample", "Draw fair samples from the generator of a run: random, not chosen.", EXAMPLES)
    parser.add_argument("run", type=named("run folder"), metavar="RUN", help="the run folder")
    parser.add_argument(
        "--count", type=whole(1, MOST), metavar="N", help="samples (100; 20 with --nearest), or lines (5)"
    )
    parser.add_argument(
        "--columns", type=whole(1, MOST), metavar="N", help="samples in a row (10; 5 with --nearest)"
    )
    parser.add_argument("--seed", type=SEED, default=0, metavar="N", help="decides the noise (default: 0)")
    parser.add_argument(
        "--nearest", action="store_true", help="after each row the training image nearest its last"
    )
    parser.add_argument(
        "--interpolate", type=whole(2, MOST), metavar="N", help="N samples from one z to another, in a line"
    )
    parser.add_argument(
        "--class", type=int, metavar="N", dest="label", help="of a conditional run, samples of this class"
    )
    parser.add_argument(
        "--out",
        type=named("file"),
        metavar="FILE",
        help=".png, or .npy for the values (default: RUN/grid.png, nearest.png or lines.png)",
    )
    parser.add_backend()
    parser.add_threads()
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    return parser


def _sample(args: Namespace) -> int:
    picture = "nearest.png" if args.nearest else "lines.png" if args.interpolate else "grid.png"
    out = Path(args.out or Path(args.run) / picture)
    _check(args, out)
    backend = choose(args.backend)
    config, dataset, G = run.load_generator(Path(args.run), backend)
    use_threads(args.threads, backend, config.recipe.batch, G)
    if (args.nearest or args.interpolate) and dataset.shape is None:
        raise InputError(
            f"--nearest and --interpolate are for images; {args.run} learned the points of {dataset.name}"
        )
    if args.nearest and pictures.are_solids(dataset):
        raise InputError(f"--nearest is for images; {args.run} learned {dataset.name}")
    columns = args.interpolate or args.columns or (5 if args.nearest else 10)
    count = args.count or (5 if args.interpolate else 20 if args.nearest else 100)
    if args.nearest and count % columns:
        raise InputError(f"--nearest: expected whole rows, got --count {count} with --columns {columns}")
    noise = Streams(args.seed, backend)("sample")
    z = config.recipe.noise(noise, 2 * count if args.interpolate else count)
    if args.label is not None:
        z = with_class(config.recipe, z, args.label)
    if args.interpolate:
        z = _lines(z.reshape(2, count, -1), args.interpolate)
    samples = generate(G, z)
    try:
        _write(out, samples, dataset, columns, args.nearest)
    except OSError as error:
        raise RunError(f"cannot write {out}: {error.strerror}; name another file with --out") from None
    if not args.quiet:
        print(out)
        if out.suffix == ".png" and pictures.are_solids(dataset) and len(samples) > pictures.MOST_SOLIDS:
            print(f"the first {pictures.MOST_SOLIDS} of {len(samples)}; --out FILE.npy has all")
    return 0


def _check(args: Namespace, out: Path) -> None:
    if args.nearest and args.interpolate:
        raise InputError("--nearest and --interpolate make different pictures; give one of them")
    if args.columns and args.interpolate:
        raise InputError("--interpolate N has N samples in a row; leave --columns out")
    if out.suffix not in (".png", ".npy"):
        raise InputError(f"--out: expected a name that ends in .png or .npy, got {out}")
    if out.suffix == ".npy" and args.nearest:
        raise InputError("--nearest makes a picture; give --out a name that ends in .png")
    if args.out and not out.parent.is_dir():
        raise InputError(f"--out: there is no folder {out.parent}; make it first")


def _lines(ends: Array, steps: int) -> Array:
    """`steps` points from each z in ends[0] to the one in ends[1], both included."""
    start, end = ends[0][:, None], ends[1][:, None]
    weight = xp_of(ends).linspace(0, 1, steps, dtype=ends.dtype)[:, None]
    return (start + (end - start) * weight).reshape(-1, ends.shape[-1])


def _write(out: Path, samples: np.ndarray, dataset: Dataset, columns: int, with_nearest: bool) -> None:
    if out.suffix == ".npy":
        write_atomically(out, lambda file: np.save(file, samples, allow_pickle=False))
    elif with_nearest:
        found, _ = nearest(samples[columns - 1 :: columns], dataset.train, dataset.prepare)
        pictures.save_grid(out, dataset.restore(samples), columns, dataset.restore(found))
    else:
        pictures.save_samples(out, samples, dataset, columns)


if __name__ == "__main__":
    sys.exit(main())
