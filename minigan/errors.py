"""The two ways in which a command of minigan ends badly, and the exit status of each."""


class InputError(ValueError):
    """What the user gave is wrong. One line: what was expected, what came, what to do. Exit status 2."""


class RunError(RuntimeError):
    """The input was right, but the work failed (disk full, numbers no longer finite). Exit status 1."""
