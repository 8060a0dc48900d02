"""What was handed in: a folder of folders, files and zips, from each of which one file is read.

Nothing is unpacked: of an archive only the bytes of the one file are read, and never more than the limit.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from minigan.errors import InputError
from minigan.homework.tasks import spec, strip

SOURCE_LIMIT = 256 * 1024  # bytes of a student's file
ARCHIVE_LIMIT = 16 << 20  # bytes of an archive
MEMBER_LIMIT = 2000  # files in an archive or a folder


class BadSubmission(Exception):
    """What was handed in holds no file that could be marked; the text says why."""


class NoFile(BadSubmission):
    """It has no file of the right name, or several."""


@dataclass(frozen=True)
class Submission:
    """Who handed in what.  `path` is a folder, a .py file or a .zip file."""

    student: str
    path: Path

    def source(self, homework: str) -> bytes:
        """The bytes of hwNN.py.  BadSubmission where there is none, or where it is not safe to take.

        For the capstone all the files that there are, as one.
        """
        if homework == spec.CAPSTONE:
            return self._together()
        try:
            if self.path.is_symlink():
                raise BadSubmission("it is a link")
            file = _find_in_folder(self.path, f"{homework}.py") if self.path.is_dir() else self.path
            if file.suffix.lower() == ".zip":
                return _read_from_zip(file, f"{homework}.py")
            if file.suffix.lower() != ".py":
                raise NoFile("it is no folder, .py file or .zip file")
            return _read_file(file)
        except BadSubmission:
            raise
        except Exception as error:  # a damaged archive, or a folder of a thousand levels, fails in many ways
            raise BadSubmission(f"it cannot be read ({getattr(error, 'strerror', None) or error})") from None

    def _together(self) -> bytes:
        if not self.path.is_dir() and self.path.suffix.lower() != ".zip":
            raise BadSubmission("expected a folder or a zip file with the files of all homework")
        files = {}
        for name in spec.load(spec.CAPSTONE).files:
            with contextlib.suppress(NoFile):  # the check says which are missing
                files[name] = self.source(name).decode("utf-8", "surrogateescape")
        if not files:
            raise NoFile("expected the files of all homework, found none")
        return strip.together(files).encode()


def resembling(path: Path) -> list[str]:
    """Names beside `path` that were perhaps meant: hw2.py, HW02.PY, hw02 (1).py, hw02.py.txt, hw02.ipynb."""
    if not path.parent.is_dir():
        return []
    return sorted(
        name for name in os.listdir(path.parent) if name != path.name and _resembles(name, path.name)
    )


def _resembles(name: str, wanted: str) -> bool:
    number = wanted.removeprefix("hw").removesuffix(".py").lstrip("0")
    pattern = rf"(homework|hw)[ _-]*0*{number}(?!\d).*\.(py|txt|ipynb)"
    return re.fullmatch(pattern, name, re.IGNORECASE | re.DOTALL) is not None


def collect(folder: Path) -> list[Submission]:
    """Every submission in the folder, in the order of the students' names."""
    if not folder.is_dir():
        unpacked = "; unpack it first" if folder.suffix.lower() == ".zip" else ""
        raise InputError(f"expected a folder of submissions, got {folder}{unpacked}")
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX")))
    stems = [_stem(entry) for entry in entries]
    if not entries:
        raise InputError(f"{folder} is empty: expected a folder, .py file or .zip file for each student")
    names = {entry.name for entry in entries}
    return [
        Submission(stem if stems.count(stem) == 1 and stem not in names - {entry.name} else entry.name, entry)
        for stem, entry in zip(stems, entries, strict=True)
    ]


def _stem(entry: Path) -> str:
    return entry.stem if entry.suffix.lower() in (".py", ".zip") else entry.name


def _find_in_folder(folder: Path, name: str) -> Path:
    """The file of that name; where there is none, the one zip file."""
    found, zips, names, seen = [], [], [], 0
    for place, folders, files in os.walk(folder):
        seen += len(folders) + len(files)
        folders[:] = [name for name in folders if not name.startswith(".")]  # copies that an editor keeps
        if seen > MEMBER_LIMIT:
            raise BadSubmission(f"it has more than {MEMBER_LIMIT} files")
        found += [Path(place, name)] * (name in files)
        zips += [Path(place, file) for file in files if file.lower().endswith(".zip")]
        names += files
    return zips[0] if len(zips) == 1 and not found else _only(found, name, names)


def _read_file(path: Path) -> bytes:
    with _opened(path) as file:
        return _within_limit(file.read(SOURCE_LIMIT + 1))


def _opened(path: Path) -> BinaryIO:
    """No link is followed, and no pipe waited for."""
    descriptor = os.open(
        path, sum(getattr(os, f"O_{flag}", 0) for flag in ("NOFOLLOW", "NONBLOCK", "BINARY"))
    )
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadSubmission(f"{path.name} is no ordinary file")
    return open(descriptor, "rb")


def _read_from_zip(path: Path, name: str) -> bytes:
    if path.lstat().st_size > ARCHIVE_LIMIT:
        raise BadSubmission(f"the archive has more than {ARCHIVE_LIMIT:,} bytes")
    with _opened(path) as packed, zipfile.ZipFile(packed) as archive:
        members = archive.infolist()
        if len(members) > MEMBER_LIMIT:
            raise BadSubmission(f"it has more than {MEMBER_LIMIT} files")
        found = [m for m in members if _safe_path(m).name == name and not _is_hidden(m)]
        member = _only(found, name, [_safe_path(m).name for m in members])
        with archive.open(member) as file:
            return _within_limit(file.read(SOURCE_LIMIT + 1))


def _safe_path(member: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", member.filename):
        raise BadSubmission("the archive names a place outside itself")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadSubmission("the archive holds a link")
    return path


def _is_hidden(member: zipfile.ZipInfo) -> bool:
    return any(part.startswith(".") for part in _safe_path(member).parts[:-1])


def _only(found: list[Any], name: str, names: Iterable[str]) -> Any:
    if len(found) != 1:
        others = sorted({other for other in names if other != name and _resembles(other, name)})
        instead = f", but {', '.join(others[:3])}" if others and not found else ""
        raise NoFile(f"expected one {name}, found {len(found) or 'none'}{instead}")
    return found[0]


def _within_limit(source: bytes) -> bytes:
    if len(source) > SOURCE_LIMIT:
        raise BadSubmission(f"the file has more than {SOURCE_LIMIT:,} bytes")
    return source
