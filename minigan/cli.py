"""What every command shares: the way errors become one line and an exit status, and common options."""

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from minigan import parzen, workers
from minigan.errors import InputError, RunError, not_installed
from minigan.settings import MOST


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are InputErrors, and whose help keeps its examples' lines."""

    def __init__(self, prog: str, description: str, examples: str) -> None:
        super().__init__(
            prog=f"python -m minigan.{prog}",
            description=description,
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """An InputError, in place of the end of the program."""
        raise InputError(f"{message} (--help lists the options)")

    def add_backend(self, default: str | None = "numpy") -> None:
        """The option --backend."""
        self.add_argument(
            "--backend",
            choices=("numpy", "cupy", "auto"),
            default=default,
            help="which array library computes",
        )

    def add_threads(self) -> None:
        """The option --threads."""
        self.add_argument(
            "--threads",
            type=int,
            metavar="N",
            help="of the matrix library (default: the environment's, else what a moment's trial finds best)",
        )

    def add_sigmas(self) -> None:
        """The option --sigmas."""
        self.add_argument(
            "--sigmas",
            type=numbers(0.001, 1000),
            default=parzen.SIGMAS,
            metavar="S,S",
            help="the grid of sigmas (default: the authors' ten, .1 to 1)",
        )


def named(what: str) -> Callable[[str], str]:
    """An argument that is a name: an empty one, as from an unset variable of a shell, is an error."""

    def convert(text: str) -> str:
        if not text:
            raise ValueError
        return text

    convert.__name__ = what  # argparse: invalid <what> value
    return convert


def whole(least: int, most: int) -> Callable[[str], int]:
    """An argument that is a whole number from least to most."""

    def convert(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = least - 1
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {least} to {most:,}, got {text[:40]!r}"
            )
        return found

    return convert


COUNT, SEED = whole(1, MOST), whole(0, 2**64 - 1)


def numbers(least: float, most: float) -> Callable[[str], tuple[float, ...]]:
    """An argument as .1,.2,.4, each number from least to most."""

    def convert(text: str) -> tuple[float, ...]:
        try:
            found = tuple(float(part) for part in text.split(","))
        except ValueError:
            found = ()
        if not found or not all(least <= number <= most for number in found):
            raise argparse.ArgumentTypeError(
                f"expected numbers from {least:g} to {most:g} as .1,.2,.4, got {text!r}"
            )
        return found

    return convert


def dispatch(argv: list[str], commands: Mapping[str, Callable[[list[str]], int]], overview: str) -> int:
    """Run the command that `argv` names first with the rest of it; the overview where it names none.

    InputError where there is no such command.
    """
    name, *rest = argv or ["--help"]
    if name in commands:
        return commands[name](rest)
    if name not in ("-h", "--help"):
        raise InputError(f"there is no command {name!r}, only {', '.join(commands)}")
    print(overview)
    return 0


def listing(purposes: Mapping[str, str]) -> str:
    """A line for each command, with what it is for."""
    width = max(map(len, purposes))
    return "\n".join(f"  {name:{width}}  {purpose}" for name, purpose in purposes.items())


def exit_status(command: Callable[[], int], end: Callable[[int, str], int] | None = None) -> int:
    """Run a command: 0 done, 1 it tried and failed, 2 the input was wrong, 130 interrupted.

    end: how it ends with a status and a complaint, for a command that several workers run together.
    """
    if hasattr(sys.stdout, "reconfigure"):  # a folder's name may have letters that the terminal lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:  # closed, as by 2>&-: nobody wants to be told
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (it stays open)
    with contextlib.nullcontext() if end else _ended_by_ctrl_c():
        status, complaint = _outcome(command, shares_work=end is not None)
    try:
        print(end="", flush=True)  # here, or Python would complain after our last line
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        gone = isinstance(error, BrokenPipeError)  # whoever read our output wants no more
        status, complaint = status or 1, complaint or ("" if gone else f"standard output: {error.strerror}")
    return status if complaint is None else (end or _complain)(status, complaint)


@contextlib.contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Within, a request to end, and a terminal that goes away, are a Ctrl-C: what was begun is tidied up."""
    is_main = threading.current_thread() is threading.main_thread()
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if is_main and hasattr(signal, name)]
    untouched = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in untouched:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in untouched:
            signal.signal(number, signal.SIG_DFL)


def _outcome(command: Callable[[], int], shares_work: bool) -> tuple[int, str | None]:
    """The exit status of a command, and the line that says why; None where it came to its own end."""
    try:
        if not shares_work:
            _refuse_many_processes()
        return command(), None
    except InputError as error:
        return 2, _line(error)
    except ModuleNotFoundError as error:
        library = error.name or "minigan"
        if library.partition(".")[0] == "minigan":
            raise
        return 2, not_installed(library)
    except BrokenPipeError:
        return 1, ""
    except (RunError, OSError, MemoryError) as error:
        return 1, _line(error)
    except KeyboardInterrupt:
        return 130, ""


def _refuse_many_processes() -> None:
    size = workers.started()[1]
    if size > 1:
        raise InputError(
            f"expected one process, and a launcher started {size}, which would all do the same work; only "
            "minigan.train shares its work: start this without mpiexec"
        )


def _line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    return " ".join(text.split()) or type(error).__name__


def _complain(status: int, complaint: str) -> int:
    if complaint and workers.started()[0] == 0:
        print(f"error: {complaint}", file=sys.stderr)
    return status
