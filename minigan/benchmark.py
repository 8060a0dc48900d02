"""python -m minigan.benchmark: how fast this machine plays one update, its parts, and the BLAS limit."""

import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigan import algorithm1, nn, ops, optim, random, recipes, run, tensor
from minigan.algorithm1 import Game
from minigan.backend import Backend, choose
from minigan.cli import Parser, exit_status
from minigan.data import Dataset, Minibatches
from minigan.errors import InputError
from minigan.tensor import Array, Tensor

EXAMPLES = """\
  python -m minigan.benchmark --threads 1
  python -m minigan.benchmark --recipe mnist --update simultaneous --batch 32
  python -m minigan.benchmark --backend cupy --json
  python -m minigan.benchmark --compare torch"""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PARTS = {  # which part of the table an operation belongs to; what is in none is the engine's
    "affine": "products and biases",
    "relu": "activations",
    "leaky_relu": "activations",
    "sigmoid": "activations",
    "tanh": "activations",
    "maxout": "maxout",
    "dropout": "masks",
    "noise": "noise",
    "minibatch": "minibatches",
    "step": "parameter updates",
    "softplus": "losses",
    "mean": "losses",
    "neg": "losses",
    "add": "losses",
    "mul": "losses",
}


def main(argv: list[str] | None = None) -> int:
    """Measure as the arguments say; returns the exit status."""
    return exit_status(lambda: _benchmark(_parser().parse_args(argv)))
