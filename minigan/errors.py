"""How a command of minigan ends badly: two errors with an exit status each, and what is said of a library."""

import sys


class InputError(ValueError):
    """What the user gave is wrong. One line: what was expected, what came, what to do. Exit status 2."""


class RunError(RuntimeError):
    """The input was right, but the work failed (disk full, numbers no longer finite). Exit status 1."""


def not_installed(library: str) -> str:
    """The line for a user whose Python lacks a library that minigan needs: the cause and two ways out."""
    return (
        f"minigan needs {library}, and {sys.executable} does not have it; activate the environment that "
        "minigan is installed in, or, in minigan's folder: python -m pip install ."
    )
