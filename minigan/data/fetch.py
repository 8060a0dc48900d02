"""Files that others publish: in the user's own folder, else in the cache, else fetched from a mirror."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from minigan.errors import InputError, RunError
from minigan.files import write_atomically

TIMEOUT = 10.0  # seconds without an answer before a mirror is given up


@dataclass(frozen=True)
class File:
    """A published file.

    folder    the data set's folder, in $MINIGAN_DATA and in the cache
    names     what the file may be called there; the first is its name on the mirrors
    mirrors   addresses that end in "/", tried in turn
    read      its content from a path, checked in full; InputError where it is not the file that was published
    """

    folder: str
    names: tuple[str, ...]
    mirrors: tuple[str, ...]
    read: Callable[[Path], Any]


def obtain(files: Sequence[File]) -> list[Any]:
    """What `read` makes of each file of a data set; those that are not on this machine are fetched.

    A damaged file in the user's own folder is an InputError; one in the cache is fetched again, with a
    line on standard error.  RunError where one cannot be fetched.
    """
    return [_obtain(file, files) for file in files]


def find(file: File) -> Path | None:
    """Where the file is on this machine, or None.  Nothing is read."""
    paths = (folder / name for folder in _folders(file) for name in file.names)
    return next(filter(os.path.exists, paths), None)


def cache(file: File) -> Path:
    """The folder that the file is fetched into, inside the user's cache folder as the system has it."""
    import pooch

    return Path(pooch.os_cache("minigan")) / file.folder


def _folders(file: File) -> Iterator[Path]:
    if own := os.environ.get("MINIGAN_DATA"):
        yield Path(os.path.expanduser(own)) / file.folder
    yield cache(file)


def _obtain(file: File, files: Sequence[File]) -> Any:
    path = find(file)
    if path is not None:
        try:
            return file.read(path)
        except InputError as damage:
            if path.parent != cache(file):
                raise
            print(f"minigan: {damage} (fetching one)", file=sys.stderr)
    return _fetch(file, files)


def _fetch(file: File, files: Sequence[File]) -> Any:
    """Fetch from the first mirror that gives the right file.  Until it is checked it has another name."""
    import pooch

    folder, name = cache(file), file.names[0]
    download = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=2**16, timeout=TIMEOUT)
    tried: list[str] = []
    contents: list[Any] = []

    def fetch(mirror: str, to: BinaryIO) -> None:
        download(mirror + name, to, None)
        to.flush()
        contents.append(file.read(Path(to.name)))

    for mirror in file.mirrors:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / name, partial(fetch, mirror))
        except (OSError, InputError) as error:  # what requests raises are OSErrors
            tried.append(f"{mirror + name} ({_reason(error)})")
        else:
            print(f"minigan: fetched {folder / name} from {mirror}", file=sys.stderr)
            return contents[-1]
    raise RunError(
        f"{file.folder} is not on this machine and could not be fetched: tried {', '.join(tried)}; put "
        f"{', '.join(other.names[0] for other in files)} into {folder} by hand, or use --recipe digits, "
        "which needs no network"
    )


def _reason(error: OSError | InputError) -> str:
    if isinstance(error, InputError):
        return "sent a damaged file"
    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    if error.filename:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or type(error).__name__
