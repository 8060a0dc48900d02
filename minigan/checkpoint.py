"""A run's state in one file: arrays under readable names and a little JSON; no pickle; checked when read.

    checkpoint.npz             the newest
    checkpoint.previous.npz    the one before it

The file is an uncompressed .npz, as np.savez makes it: `np.load("checkpoint.npz")["G.linear1.W"]` reads it
without minigan. One more entry, "meta", holds JSON as bytes: what the caller gave, the version of the format,
and a SHA-256 over everything else. A file from anywhere may be loaded: it cannot run code, nor make us use
much more memory than its own size, and what was damaged since it was saved is refused.
"""

import hashlib
import io
import json
import math
import os
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minigan.backend import xp_of
from minigan.errors import InputError
from minigan.files import write_atomically

NAME = "checkpoint.npz"
FORMAT = 1

_PIECE = 2**20  # bytes: the most that is read at once, so the two limits below keep within it
_MOST_META = 1_000_000  # bytes
_MOST_ARRAYS = 5_000  # at most 178 bytes each in zip's table of contents
_SAFE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
_HEADER = re.compile(  # as NumPy writes it: length, dtype, shape. Anything else, objects included, is refused
    rb"\x93NUMPY\x01\x00(..)"
    rb"\{'descr': '([<>|][bifu]\d+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n",
    re.DOTALL,
)


class NewerFormat(InputError):
    """The file is of a later format than this minigan knows, so nothing can be said about damage."""


def save(path: str | os.PathLike, arrays: dict[str, np.ndarray], meta: dict) -> None:
    """Write `arrays` (numbers or booleans) and `meta` (what JSON can hold) to `path`.

    The file that was there is kept as "previous", if it is whole; otherwise the older "previous" stays. So at
    every instant, whatever kills the process, a whole checkpoint has one of the two names.
    OSError if the disk is full or the folder cannot be written; both files are then as they were.  ValueError
    for what a checkpoint does not hold.
    """
    path = Path(path)
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = _meta_text(arrays, meta)

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, array in {"meta": np.frombuffer(text, np.uint8), **arrays}.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, version=(1, 0), allow_pickle=False)

    write_atomically(path, write, previous=_previous(path) if _is_whole(path) else None)


def load(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and the meta that `save` was given. InputError if the file is not exactly what was saved."""
    try:
        with _Cautious(path) as file, zipfile.ZipFile(file) as archive:
            return _read(archive, os.fstat(file.fileno()).st_size)
    except (NewerFormat, MemoryError):
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # zipfile, json and NumPy stumble over damage in a dozen ways
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path} is damaged or not a checkpoint: {reason}") from error


def load_newest(folder: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict, str | None]:
    """The newest whole checkpoint of a run folder: arrays, meta, note.

    The note is None, or one line for the user which says what is wrong with the newest file and that the
    previous one was read. InputError if neither can be read, or the newest was written by a newer minigan.
    """
    newest, previous = both(Path(folder))
    try:
        return *load(newest), None
    except InputError as error:
        if isinstance(error, NewerFormat) or not previous.exists():
            raise
        reason = str(error)
    try:
        return *load(previous), f"{reason}; using {previous.name}, the one before it"
    except InputError as error:
        raise InputError(f"{reason}; and {error}") from None


def fill(arrays: dict[str, Any], saved: dict[str, np.ndarray]) -> None:
    """Write what was saved into the arrays of these names.  InputError where it is not of their kind."""
    for name, a in arrays.items():
        if name not in saved or saved[name].shape != a.shape or saved[name].dtype != a.dtype:
            came = f"{saved[name].shape} {saved[name].dtype}" if name in saved else "nothing"
            raise InputError(f"the checkpoint has {came} for {name}, expected {a.shape} {a.dtype}")
        a[...] = xp_of(a).asarray(saved[name])


def both(folder: Path) -> tuple[Path, Path]:
    """Where a run folder has its newest checkpoint and the one before it, if there are any."""
    newest = folder / NAME
    return newest, _previous(newest)


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def _is_whole(path: Path) -> bool:
    """Whether zip's own checksums hold: like `load` for a file of ours, but in little memory."""
    try:
        with _Cautious(path) as file, zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except Exception:  # as in load
        return False


def _meta_text(arrays: dict[str, np.ndarray], meta: dict) -> bytes:
    """The entry "meta": JSON. ValueError for what could not be loaded again."""
    for name, array in arrays.items():
        if name == "meta" or not _SAFE_NAME.fullmatch(name):
            raise ValueError(f"no name for an array in a checkpoint: {name!r}")
        if array.dtype.kind not in "bifu":
            raise ValueError(f"{name} holds {array.dtype}; a checkpoint holds numbers and booleans")
    if "format" in meta or "sha256" in meta:
        raise ValueError('"format" and "sha256" are the checkpoint\'s own entries in meta')
    meta = json.loads(json.dumps({"format": FORMAT, **meta}))  # as it will be read: tuples are lists
    text = json.dumps({**meta, "sha256": _checksum(arrays, meta)}).encode()
    if len(text) > _MOST_META or len(arrays) > _MOST_ARRAYS:
        raise ValueError(f"a checkpoint holds {_MOST_ARRAYS} arrays and {_MOST_META} bytes of meta at most")
    return text


def _checksum(arrays: dict[str, np.ndarray], meta: dict) -> str:
    """SHA-256 over meta and every name, dtype and shape, then the bytes of the arrays."""
    shapes = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    digest = hashlib.sha256(json.dumps([meta, shapes], sort_keys=True).encode())
    for array in arrays.values():
        digest.update(array.data)
    return digest.hexdigest()


class _Cautious(io.FileIO):
    """A file read in small pieces only: zipfile asks for as many bytes as the file itself tells it to."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _PIECE:
            raise ValueError("its table of contents is too large")
        return super().read(size)


def _read(archive: zipfile.ZipFile, size: int) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and meta from an archive of `size` bytes; ValueError for whatever is not as `save` wrote it."""
    entries = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(entries) < len(archive.infolist()):
        raise ValueError("two of its entries have the same name")
    if any(e.compress_type != zipfile.ZIP_STORED or e.compress_size != e.file_size for e in entries.values()):
        raise ValueError("its entries are compressed")
    if sum(info.file_size for info in entries.values()) > size:
        raise ValueError("its entries claim to be larger than the file")
    if "meta" not in entries:
        raise ValueError("it has no entry meta")
    meta = _read_meta(archive, entries.pop("meta"))
    arrays = {name: _read_array(archive, info) for name, info in entries.items()}
    if meta.pop("sha256", None) != _checksum(arrays, meta):
        raise ValueError("its content does not match its checksum")
    del meta["format"]
    return arrays, meta


def _read_meta(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> dict:
    if info.file_size > _PIECE:
        raise ValueError("its meta is too large")
    meta = json.loads(_read_array(archive, info).tobytes())
    if type(meta) is not dict or type(meta.get("format")) is not int:
        raise ValueError("its meta does not tell the format")
    if meta["format"] > FORMAT:
        raise NewerFormat(
            f"{archive.filename} was written by a newer minigan: its format is {meta['format']}, "
            f"and this one reads up to {FORMAT}; install the newer one"
        )
    return meta


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """The array in one entry, after its header was found to describe exactly the bytes that follow."""
    content = bytearray(info.file_size)
    with archive.open(info) as entry:
        for start in range(0, len(content), _PIECE):
            content[start : start + _PIECE] = entry.read(_PIECE)
    header = _HEADER.match(content)
    if header is None or header.end() != 10 + int.from_bytes(header[1], "little"):
        raise ValueError(f"{info.filename} is not an array of numbers")
    dtype = np.dtype(header[2].decode())
    shape = tuple(int(length) for length in header[3].split(b",") if length.strip())
    if math.prod(shape) * dtype.itemsize != len(content) - header.end():
        raise ValueError(f"{info.filename} has not the size that its shape asks for")
    return np.frombuffer(content, dtype, offset=header.end()).reshape(shape)
