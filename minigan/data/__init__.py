"""The data sets: `load(name)`, and the `Minibatches` of a run.

Pixels stay bytes until a minibatch needs them.  `python -m minigan.data` lists, fetches and verifies.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

from minigan.data import cifar10, digits, folder, mixtures, mnist, packed
from minigan.data.dataset import Dataset, Mixture
from minigan.data.fetch import File
from minigan.data.minibatches import Minibatches
from minigan.errors import InputError

__all__ = ["NAMES", "SOURCES", "Dataset", "Minibatches", "Mixture", "Source", "load", "source"]


@dataclass(frozen=True)
class Source:
    """A data set that can be had: how to load it, and what a user wants to know before."""

    load: Callable[[str], Dataset]  # takes one of `values`
    values: tuple[str, ...]
    content: str  # training + validation + test examples
    origin: str
    files: tuple[File, ...] = ()  # to be fetched first


def _mixture(name: str, values: str) -> Mixture:
    return mixtures.load(name)


SOURCES = {
    "digits": Source(
        digits.load,
        ("unit", "symmetric"),
        "1,500 + 147 + 150 pictures of 8 x 8",
        "Alpaydin and Kaynak 1998 (UCI), CC BY 4.0",
    ),
    "mnist": Source(
        mnist.load,
        ("unit", "symmetric"),
        "50,000 + 10,000 + 10,000 pictures of 28 x 28",
        "LeCun, Cortes and Burges 1998, CC BY-SA 3.0",
        mnist.FILES,
    ),
    "cifar10": Source(
        lambda _: cifar10.load(),
        ("unit",),
        "40,000 + 10,000 + 10,000 pictures of 32 x 32 x 3",
        "Krizhevsky 2009, no licence stated",
        (cifar10.ARCHIVE,),
    ),
    **{
        name: Source(
            partial(_mixture, name),
            ("unit",),
            f"100,000 + 10,000 + 10,000 points in {len(modes[0])}-d",
            f"computed: {len(modes)} normal, standard deviation {std:g}",
        )
        for name, (modes, std) in mixtures.MIXTURES.items()
    },
}
NAMES = tuple(SOURCES)


def load(name: str, values: str = "unit") -> Dataset:
    """The data set of that name, read, checked and, where it must be, fetched first.

    values: "unit" for those of the paper's experiments (digits and mnist in [0, 1], cifar10 with its contrast
    normalised, points as they are); for digits and mnist also "symmetric", in [-1, 1], as tanh gives them.
    A name with a separator in it is the path of the user's own pictures, in values as digits are: a folder,
    or one .npy file, which is mapped (`data.packed`).
    InputError for another name or other values, or where a file is damaged; RunError where one cannot be got.
    """
    if os.path.basename(name) != name:
        return (packed if name.endswith(".npy") else folder).load(name, values)
    found = source(name)
    if values not in found.values:
        raise InputError(f"data set {name}: expected values {' or '.join(found.values)}, got {values!r}")
    return found.load(values)


def source(name: str) -> Source:
    """What is known of the data set of that name; InputError if there is none."""
    if name not in SOURCES:
        near = get_close_matches(str(name), NAMES)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no data set {name!r}; the data sets are {', '.join(NAMES)}{hint}")
    return SOURCES[name]
