"""A folder of pictures in one file that is mapped, not read: for more of them than fit into the memory.

The system reads a part of the file when a minibatch wants it, and gives the memory back when others need it;
all processes of a machine that map the file share it.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from minigan.data import folder
from minigan.data.dataset import Dataset
from minigan.errors import InputError
from minigan.files import write_atomically


def pack(pictures: str, path: str) -> None:
    """Write a folder's pictures into a new .npy file, (n, rows, columns[, 3]), in the order of `folder.load`.

    One picture at a time is in memory.  InputError where a picture or the path does not fit.
    """
    if not path.endswith(".npy"):
        raise InputError(f"expected the name of a file that ends in .npy, got {path}")
    if Path(path).exists():
        raise InputError(f"{path} is there already; remove it, or name another file")
    if not Path(path).parent.is_dir():
        raise InputError(f"there is no folder {Path(path).parent}; make it first")
    files = folder.files(Path(pictures))
    in_order = [files[i] for i in folder.order(len(files))]
    shape = len(files), *next(folder.each(in_order)).shape

    def write(file: BinaryIO) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for picture in folder.each(in_order):
            file.write(picture.tobytes())

    write_atomically(path, write)


def load(path: str, values: str = "unit") -> Dataset:
    """The pictures in the file as `folder.load` gives them: the same examples in the same order.

    Any .npy file of bytes will do whose pictures are in a random order, since the last ones are kept aside.
    All of it is read once, for its SHA-256.  InputError, one line, where it does not fit.
    """
    pictures = _map(path)
    n, *shape = pictures.shape
    x = np.asarray(pictures).reshape(n, prod(shape))  # an array as others are, of the same bytes
    return folder.divided(path, x, tuple(shape), values, folder.sha256_of(pictures))


def _map(path: str) -> np.memmap:
    if not Path(path).is_file():
        came = "a folder, whose name may not end in .npy" if Path(path).exists() else "nothing"
        raise InputError(f"--data: expected a file of pictures, {path} is {came}")
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged header fails in many ways
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"--data: {path} cannot be read as a .npy file ({reason}); pack the pictures again"
        ) from None
    fits = isinstance(found, np.memmap) and found.dtype == np.uint8 and found.flags.c_contiguous
    if not fits or found.shape[3:] not in ((), (3,)) or len(found.shape) < 3 or len(found) < folder.LEAST:
        raise InputError(
            f"--data: expected {folder.LEAST} pictures or more as bytes, (n, rows, columns) or (n, rows, "
            f"columns, 3), in C's order; {path} has {_kind(found)}"
        )
    folder.check_size(path, *found.shape[1:3])
    return found


def _kind(found: object) -> str:
    if not isinstance(found, np.memmap):
        return "several arrays"
    return f"{found.dtype} of shape {found.shape}{'' if found.flags.c_contiguous else ' in another order'}"
