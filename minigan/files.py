"""Files that are written whole or not at all, and JSON in such files."""

import contextlib
import glob
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from minigan.errors import InputError
from minigan.lock import take

LATE = 60.0  # seconds; on Windows a hidden file that was closed so long ago gets no name any more


def write_atomically(
    path: str | os.PathLike, write: Callable[[BinaryIO], object], previous: str | os.PathLike | None = None
) -> None:
    """Put at `path` what `write(file)` writes: all of it, or on any failure none of it.

    `write` fills a hidden file beside `path`, which takes the name `path` once its bytes are on the disk: a
    reader sees the old file or the new one, never a part, even after a power cut. Each write has a hidden
    file of its own, so that of two at once the last one wins, whole. If anything is raised (by a full disk,
    by Ctrl-C), the hidden file is removed and the exception goes on, an OSError with the name that the user
    knows; a process killed outright leaves it behind, for the next who writes `path` to remove. If `previous`
    is given, the old file is kept under that name; between the two renames it has that name alone.
    """
    path = Path(path)
    _remove_leftovers(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with _locked(temporary) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":  # where no open file can be renamed
                file.close()
            if previous is not None and path.exists():
                os.replace(path, previous)
            os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(temporary)):
            error.filename = str(path)  # a write to a full disk names no file
        raise
    _sync_folder(path.parent)


def writable(folder: Path, option: str = "--out") -> Path:
    """The folder that the option names, made if there is none: for who computes first and writes then.

    InputError where nothing can be written into it, as on a full disk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))  # an empty file fits on a full disk
    except OSError as error:
        raise InputError(
            f"{option}: cannot write to {folder}: {error.strerror}; name another folder"
        ) from None
    return folder


def writable_file(path: str | os.PathLike, option: str) -> Path:
    """As `writable`, for an option that names a file, which is left as it is."""
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{option}: expected the name of a file, {path} is a folder")
    writable(path.parent, option)
    return path


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path: str | os.PathLike) -> Any:
    """The value in a JSON file; InputError if its content is not JSON, OSError if it cannot be read."""
    content = Path(path).read_bytes()
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: it is not valid JSON ({error})") from None


def is_number(value: Any) -> bool:
    """Whether a value from a JSON file is a number to compute with: not NaN, and far from overflow."""
    return type(value) in (int, float) and abs(value) < 1e300


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut too. Windows cannot open a folder; some file systems refuse."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _locked(path: Path) -> BinaryIO:
    """A new file, locked while it is open: who looks for leftovers sees that its process lives."""
    while True:
        file = open(path, "wb")  # noqa: SIM115 (it stays open)
        if take(file) is not False and path.exists():
            return file
        file.close()  # somebody looked between our opening and our locking it


def _remove_leftovers(path: Path) -> None:
    """Remove the hidden files of `path` whose processes were killed; none where the system knows no locks."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}.tmp"):
        with contextlib.suppress(OSError), open(leftover, "r+b") as file:
            if not take(file):
                continue
            if os.name == "nt":  # where it was closed to be renamed, or must be to be removed
                if time.time() - os.fstat(file.fileno()).st_mtime < LATE:
                    continue
                file.close()
            leftover.unlink()
