"""minigan: Generative Adversarial Nets (Goodfellow et al. 2014) from scratch, on NumPy and CuPy."""

import os
import sys
from types import TracebackType

PROGRAM = os.path.splitext(os.path.basename(sys.argv[0]))[0] if sys.argv else ""
IS_COMMAND = PROGRAM in ("-m", "minigan")  # else a program that imports us, which sees every exception


def _end(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    """Ctrl-C while Python still imports ends a command as cli.exit_status does, without a word."""
    if issubclass(kind, KeyboardInterrupt):
        sys.exit(130)
    sys.__excepthook__(kind, error, where)


if IS_COMMAND:
    sys.excepthook = _end
try:
    from minigan.backend import Backend
    from minigan.tensor import Tensor, backward
except ModuleNotFoundError as error:
    if error.name != "numpy" or not IS_COMMAND:
        raise
    from minigan.errors import not_installed

    print(f"error: {not_installed(error.name)}", file=sys.stderr)
    sys.exit(2)

__version__ = "0.4.0"
__all__ = ["Backend", "Tensor", "backward"]
