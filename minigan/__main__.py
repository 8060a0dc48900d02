"""`python -m minigan`, or `minigan` once installed: which commands there are, and the way to each."""

import importlib
import sys
from functools import partial

from minigan import __version__, workers
from minigan.cli import dispatch, exit_status, listing

COMMANDS = {
    "train": ("minigan.train", "train a generator and its discriminator, by default on the bundled digits"),
    "sample": ("minigan.sample", "draw pictures from the generator of a run"),
    "evaluate": ("minigan.evaluate", "measure the generator of a run"),
    "reproduce": ("minigan.reproduce.__main__", "the paper's figures, table and theorems, measured again"),
    "successors": ("minigan.successors.__main__", "what came after the paper, each in small and measured"),
    "benchmark": ("minigan.benchmark.__main__", "measure an update on this machine, beside its products"),
    "homework": ("minigan.homework.__main__", "homework marked by tests: list, start, check, ... and grade"),
    "data": ("minigan.data.__main__", "list the data sets, fetch or verify one, or pack your own pictures"),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command that `argv` names first (default: what was typed); return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    return exit_status(lambda: _run(argv), workers.end if argv[:1] == ["train"] else None)


def overview() -> str:
    """What a user sees who names no command: each command with one line."""
    return f"""minigan {__version__}: Generative Adversarial Nets (Goodfellow et al. 2014) from scratch

{listing({name: purpose for name, (_, purpose) in COMMANDS.items()})}

`minigan COMMAND --help` says more; `python -m minigan.COMMAND` does the same."""


def _run(argv: list[str]) -> int:
    if argv == ["--version"]:
        print(f"minigan {__version__}")
        return 0
    return dispatch(
        argv, {name: partial(_main_of, module) for name, (module, _) in COMMANDS.items()}, overview()
    )


def _main_of(module: str, argv: list[str]) -> int:
    return importlib.import_module(module).main(argv)


if __name__ == "__main__":
    sys.exit(main())
