"""python -m minigan.data: list the data sets, fetch one, verify one, or pack pictures of one's own."""

import os
import sys
from argparse import Namespace

from minigan import data
from minigan.cli import Parser, exit_status, named
from minigan.data import packed
from minigan.data.fetch import cache, find
from minigan.errors import InputError, RunError
from minigan.shell import typed

EXAMPLES = """\
  python -m minigan.data list             what there is, and where it is on this machine
  python -m minigan.data fetch mnist      from a mirror into the cache, unless it is here already
  python -m minigan.data verify mnist     read every byte; exit status 0 if all is whole, else 1
  python -m minigan.data pack mine m.npy  the pictures in the folder mine, for train --data m.npy

Files of your own belong in $MINIGAN_DATA/mnist and $MINIGAN_DATA/cifar10; they are looked for there first."""


def main(argv: list[str] | None = None) -> int:
    """List, fetch, verify or pack as the arguments say; returns the exit status."""
    return exit_status(lambda: _act(_parser().parse_args(argv)))


def table() -> str:
    """A line for each data set."""
    rows = [("name", "training + validation + test", "origin", "where")]
    rows += [(name, x.content, x.origin, where(x)) for name, x in data.SOURCES.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def where(source: data.Source) -> str:
    """Where a data set is on this machine."""
    if not source.files:
        return "part of minigan"
    found = [path.parent for file in source.files if (path := find(file))]
    return str(found[0]) if len(found) == len(source.files) else "not fetched"


def fetch(name: str) -> str:
    """Load it, which fetches and checks what is not here yet."""
    data.load(name)
    return f"{name}: {where(data.source(name))}"


def verify(name: str) -> str:
    """Read and check every file, without fetching any.  RunError where one is missing or damaged."""
    source = data.source(name)
    try:
        if not source.files:
            data.load(name)
        for file in source.files:
            if (path := find(file)) is None:
                raise RunError(
                    f"{file.names[0]} is neither in $MINIGAN_DATA/{file.folder} nor in {cache(file)}; "
                    f"{typed('data', ['fetch', name])}  fetches it"
                )
            file.read(path)
    except InputError as damage:
        raise RunError(str(damage)) from None
    return f"{name}: whole, {where(source)}"


def pack(folder: str, path: str) -> str:
    """Put a folder of pictures into one file, of which a run has in memory what it needs."""
    packed.pack(folder, path)
    return f"{path}: {os.path.getsize(path):,} bytes; {typed('train', ['--data', path])}  learns from it"


def _act(args: Namespace) -> int:
    if args.path is not None and args.command != "pack":
        raise InputError(f"{args.command} takes one name at most; leave {args.path} out")
    if args.command == "list":
        if args.name is not None:
            raise InputError(f"list shows all data sets; leave {args.name} out, or verify {args.name}")
        print(table())
    elif args.command == "pack":
        if args.path is None:
            raise InputError("pack needs a folder of pictures and the name of a new file that ends in .npy")
        print(pack(args.name, args.path))
    elif args.name is None:
        raise InputError(f"{args.command} needs the name of a data set: {', '.join(data.NAMES)}")
    else:
        print(fetch(args.name) if args.command == "fetch" else verify(args.name))
    return 0


def _parser() -> Parser:
    parser = Parser("data", "List the data sets, fetch one, verify one, or pack your own pictures.", EXAMPLES)
    parser.add_argument("command", choices=("list", "fetch", "verify", "pack"))
    parser.add_argument(
        "name",
        type=named("name"),
        metavar="NAME",
        nargs="?",
        help=f"one of {', '.join(data.NAMES)}; to pack, a folder",
    )
    parser.add_argument(
        "path", type=named("file"), metavar="FILE", nargs="?", help="to pack, a new file that ends in .npy"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
