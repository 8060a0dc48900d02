"""minigan: Generative Adversarial Nets (Goodfellow et al. 2014) from scratch, on NumPy and CuPy."""

import sys

from minigan.errors import not_installed

try:
    from minigan.backend import Backend
    from minigan.tensor import Tensor, backward
except ModuleNotFoundError as error:
    if error.name != "numpy" or sys.argv[0] != "-m":  # a program that imports us sees the exception
        raise
    print(f"error: {not_installed(error.name)}", file=sys.stderr)
    sys.exit(2)

__version__ = "0.4.0"
__all__ = ["Backend", "Tensor", "backward"]
