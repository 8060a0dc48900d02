"""Submissions that try to get points, or to do harm, without solving anything: attacks.txt, and archives.

An attack holds no answer, so it must score 0, with the status that tells what happened; and it must leave
no process, no file and no trace outside.  `stopped_from` is the lowest isolation level that keeps it from
doing what it tries; it is not run below, where it would do it.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from minigan.homework.tasks import spec, strip

LINK = (stat.S_IFLNK | 0o777) << 16
WRONG = "\ndef unbroadcast(g, shape):\n    return g * 0\n"


@dataclass(frozen=True)
class Places:
    """What an attack aims at.  The files are bait; the ports belong to listeners that count."""

    bait: Path
    journal: Path
    reference: Path
    site: Path
    tcp: int
    udp: int


@dataclass(frozen=True)
class Attack:
    """`source` is the file handed in; `make`, where there is one, builds something else than a plain file."""

    name: str
    status: str
    source: str = ""
    stopped_from: int = 1
    make: Callable[[Path, Places], Path] | None = None
    at_import: bool = False  # it acts whatever the homework's functions are called
    homework: str = "hw02"

    def hand_in(self, folder: Path, places: Places) -> Path:
        """Put the submission into `folder`; what there is to grade."""
        if self.make:
            return self.make(folder, places)
        source = self.source
        for mark, value in vars(places).items():
            source = source.replace(f"@{mark}@", str(value))
        files = list(spec.load(self.homework).files)
        for other in files[1:]:  # of the capstone, whose first file attacks
            (folder / f"{other}.py").write_text(strip.stub(spec.load(other)), "utf-8")
        (folder / f"{files[0]}.py").write_text(source, "utf-8")
        return folder


# What an archive or a folder may hold -----------------------------------------------------------------


def zipped(*members: tuple[str, str | bytes], mode: int = 0o644 << 16) -> Callable[[Path, Places], Path]:
    def make(folder: Path, _: Places) -> Path:
        path = folder / "student.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                member = zipfile.ZipInfo(name)
                member.external_attr, member.compress_type = mode, zipfile.ZIP_DEFLATED
                archive.writestr(member, content)
        return path

    return make


def zip_in_name_only(folder: Path, _: Places) -> Path:
    path = folder / "student.zip"
    path.write_bytes(b"PK\x03\x04 and no more")
    return path


def zip_bomb(folder: Path, places: Places) -> Path:
    return zipped(("hw02.py", b"#" * (200 << 20)))(folder, places)


def zip_that_lies_about_sizes(folder: Path, _: Places) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hw02.py", b"#" * (50 << 20))
    data = made.getvalue().replace((50 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path = folder / "student.zip"
    path.write_bytes(data)
    return path


def zip_with_damaged_lzma(folder: Path, _: Places) -> Path:
    path = folder / "student.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("hw02.py", WRONG)
    data = bytearray(path.read_bytes())
    data[data.find(b"hw02.py") + 11] = 0xFF  # in LZMA's own header
    path.write_bytes(data)
    return path


def link(folder: Path, places: Places) -> Path:
    os.symlink(places.reference, folder / "hw02.py")
    return folder


def pipe(folder: Path, _: Places) -> Path:
    os.mkfifo(folder / "hw02.py")
    return folder


def with_shadows(folder: Path, places: Places) -> Path:
    """Modules that Python or a test framework would import by themselves."""
    harm = f"open({str(places.bait / 'shadow')!r}, 'w')\n"
    for name in ("numpy.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "minigan.py", "json.py"):
        (folder / name).write_text(harm)
    (folder / "numpy").mkdir()
    (folder / "numpy" / "__init__.py").write_text(harm)
    (folder / "hw02.py").write_text(WRONG)
    return folder


# The attacks ------------------------------------------------------------------------------------------


def _from_text(text: str) -> Iterator[Attack]:
    """The attacks of attacks.txt."""
    for section in text.split("\n=== ")[2:]:
        head, _, code = section.partition("\n")
        name, where, status, level, *homework = head.split(" | ")
        source, at_import = WHERE[where](code.strip()), where == "import"
        yield Attack(name, status, source, int(level.removeprefix("L")), None, at_import, *homework)


def _in_call(code: str) -> str:
    return f"import os, sys\n\ndef unbroadcast(g, shape):\n{indent(code, '    ')}\n    return g * 0\n"


WHERE: dict[str, Callable[[str], str]] = {
    "import": lambda code: code + WRONG,
    "call": _in_call,
    "whole": lambda code: code + "\n",
}

ATTACKS = [
    *_from_text((Path(__file__).parent / "attacks.txt").read_text("utf-8")),
    Attack("an empty file", "error", ""),
    Attack("a null byte and no syntax", "error", "\0 def"),
    Attack("a file of 1 MB", "error", "#" * (1 << 20)),
    Attack("numpy.py, conftest.py, sitecustomize.py and more beside it", "fail", make=with_shadows),
    Attack("a zip that climbs out", "error", make=zipped(("hw02.py", WRONG), ("../../outside", "x"))),
    Attack("a zip with an absolute path", "error", make=zipped(("hw02.py", WRONG), ("/outside", "x"))),
    Attack("a zip with a link", "error", make=zipped(("hw02.py", "/etc/passwd"), mode=LINK)),
    Attack("a zip bomb", "error", make=zip_bomb),
    Attack("a zip that lies about sizes", "error", make=zip_that_lies_about_sizes),
    Attack("a zip of many files", "error", make=zipped(*((f"{i}", "") for i in range(5000)))),
    Attack(
        "two files of the name in a zip", "error", make=zipped(("a/hw02.py", WRONG), ("b/hw02.py", WRONG))
    ),
    Attack("a zip in name only", "error", make=zip_in_name_only),
    Attack("a zip with damaged LZMA", "error", make=zip_with_damaged_lzma),
    Attack("a link to the reference", "error", make=link),
    Attack("a pipe that never ends", "error", make=pipe),
]
