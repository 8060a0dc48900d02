"""IDX files, the format of MNIST, plain or gzipped.

    0 0 8 d | n_1 ... n_d, 32-bit big-endian | n_1 x ... x n_d unsigned bytes

8 is the code for unsigned bytes and d the number of dimensions (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import hashlib
import os
import struct
import zlib
from math import prod
from typing import BinaryIO

import numpy as np

from minigan.errors import InputError
from minigan.files import write_atomically

UINT8 = 0x08


def read(path: str | os.PathLike, shape: tuple[int, ...], sha256: str) -> np.ndarray:
    """The uint8 array of this `shape` in the file, read-only; `sha256` is that of the uncompressed bytes.

    InputError where anything is not as expected.  At most one byte too many is ever decompressed, so a small
    file cannot fill the memory.
    """
    start = len(_header(shape))
    content = _uncompressed(path, start + prod(shape) + 1)
    fault = _fault(content, shape)
    if not fault and (found := hashlib.sha256(content).hexdigest()) != sha256:
        fault = f"the SHA-256 of its content is {found}, expected {sha256}"
    if fault:
        raise InputError(f"{path} is damaged or another file: {fault}; replace it by a fresh copy")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def write(path: str | os.PathLike, array: np.ndarray) -> None:
    """Write a uint8 array as a gzipped IDX file, without name and time: the same array, the same file."""

    def compress(file: BinaryIO) -> None:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream:
            stream.write(encode(array))

    write_atomically(path, compress)


def encode(array: np.ndarray) -> bytes:
    """The uncompressed bytes of a uint8 array's IDX file."""
    return _header(array.shape) + array.tobytes()


def _header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, UINT8, len(shape), *shape)


def _uncompressed(path: str | os.PathLike, limit: int) -> bytes:
    try:
        with open(path, "rb") as file:
            is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
            return gzip.GzipFile(fileobj=file).read(limit) if is_gzip else file.read(limit)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {reason}; replace it by a fresh copy") from None


def _fault(content: bytes, shape: tuple[int, ...]) -> str | None:
    """What tells `content` from an IDX file of this shape, or None."""
    header = _header(shape)
    size = len(header) + prod(shape)
    if not content.startswith(b"\0\0"):
        return f"expected an IDX file, which begins with two zero bytes; this begins with {content[:4]!r}"
    if len(content) < len(header):
        return f"it ends after {len(content)} bytes, in the middle of the header"
    if content[2] != UINT8:
        return f"its values have type code 0x{content[2]:02x}, expected 0x08 (unsigned bytes)"
    if content[3] != len(shape):
        return f"it has {content[3]} dimensions, expected {len(shape)}"
    if not content.startswith(header):
        found = struct.unpack(f">{len(shape)}I", content[4 : len(header)])
        return f"it claims to hold {_times(found)} values, expected {_times(shape)}"
    if len(content) < size:
        return f"it ends after {len(content):,} of {size:,} bytes"
    if len(content) > size:
        return f"it goes on after the {size:,} bytes that its header announces"
    return None


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
