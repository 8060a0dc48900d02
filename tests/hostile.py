"""python -m tests.hostile [SECONDS]: damaged files against the readers of IDX, CIFAR-10 and checkpoints.

Each file is cut at every place, then damaged at random (bits flipped, pieces lost, doubled, overwritten)
until the time is up.  A reader must refuse with an InputError, or read exactly what was written; anything
else, or more than 100 MB of memory, ends the command with status 1.  The counts go into docs/verification.md.
Where atheris is installed, `python -m tests.hostile --atheris` searches with it, guided by coverage.
"""

import hashlib
import io
import sys
import tarfile
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from minigan import checkpoint
from minigan.data import cifar10, idx
from minigan.errors import InputError

from .mutants.__main__ import rows, write

BEGINS = "<!-- Hostile files: `python -m tests.hostile` writes this part. -->\n"
ENDS = "<!-- Hostile files end. -->\n"
MOST_MEMORY = 100e6
RNG = np.random.default_rng(2014)

Reader = Callable[[Path], Any]


def main(arguments: list[str]) -> int:
    readers = dict(examples(Path(tempfile.mkdtemp())))
    if arguments == ["--atheris"]:
        return search(readers)
    seconds = float(arguments[0]) if arguments else 20.0
    tracemalloc.start()
    table = []
    for name, (whole, read) in readers.items():
        path = Path(tempfile.mkdtemp()) / "damaged"
        expected, seen, end = read(written(path, whole)), Counter(), time.monotonic() + seconds
        for damaged in (whole[:i] for i in range(len(whole))):
            seen[outcome(written(path, damaged), read, expected)] += 1
        while time.monotonic() < end:
            seen[outcome(written(path, damage(whole)), read, expected)] += 1
        table.append((name, seen.total(), seen["refused"], seen["read as it was"]))
    peak = tracemalloc.get_traced_memory()[1]
    text = f"""## Hostile files

`python -m tests.hostile` cuts each file at every place, then flips bits and loses, doubles and overwrites
pieces at random, and reads it. Peak memory {peak / 1e6:.0f} MB.

| file | tried | refused in one line | read as it was written |
|---|---:|---:|---:|
{rows(table)}

What is read in spite of damage was damaged in bytes that say nothing, as the date in a gzip header.
"""
    print(text)
    write(text, BEGINS, ENDS)
    return 0 if peak < MOST_MEMORY else 1


def examples(folder: Path) -> Iterator[tuple[str, tuple[bytes, Reader]]]:
    """A whole file of each kind, small, and what reads it."""
    images = RNG.integers(0, 256, (5, 4, 3), np.uint8)
    digest = hashlib.sha256(idx.encode(images)).hexdigest()
    idx.write(folder / "idx.gz", images)

    def read_idx(path: Path) -> Any:
        return idx.read(path, images.shape, digest)

    yield "IDX", (idx.encode(images), read_idx)
    yield "IDX, gzipped", ((folder / "idx.gz").read_bytes(), read_idx)

    records = RNG.integers(0, 10, (2, 3073), np.uint8).tobytes()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo(f"{cifar10.FOLDER}/test_batch.bin")
        member.size = len(records)
        tar.addfile(member, io.BytesIO(records))
    hashes = {"test_batch.bin": hashlib.sha256(records).hexdigest()}

    def without_md5(path: Path) -> Any:  # which would refuse everything before it is unpacked
        with open(path, "rb") as file:
            md5 = hashlib.file_digest(file, "md5").hexdigest()
        return cifar10.read(path, 2, md5, hashes)

    yield "CIFAR-10 archive", (archive.getvalue(), without_md5)

    arrays = {"G.linear1.W": RNG.normal(size=(3, 2)).astype(np.float32), "values": RNG.normal(size=(2, 4))}
    checkpoint.save(folder / checkpoint.NAME, arrays, {"t": 7, "seconds": 1.5})
    yield "checkpoint", ((folder / checkpoint.NAME).read_bytes(), checkpoint.load)


def outcome(path: Path, read: Reader, expected: Any) -> str:
    try:
        found = read(path)
    except InputError as error:
        assert "\n" not in str(error), error
        return "refused"
    np.testing.assert_equal(found, expected)
    return "read as it was"


def damage(whole: bytes) -> bytes:
    """One to four accidents: a bit flipped, a piece lost, doubled, or overwritten."""
    content = bytearray(whole)
    for _ in range(RNG.integers(1, 5)):
        i, j, length = (int(n) for n in RNG.integers(0, max(len(content), 1), 3))
        length = length % 64 + 1
        match int(RNG.integers(5)):
            case 0 if content:
                content[i] ^= 1 << int(RNG.integers(8))
            case 1:
                del content[i : i + length]
            case 2:
                content[i:i] = content[i : i + length]
            case 3:
                content[i : i + length] = content[j : j + length]
            case 4:
                content[i : i + length] = b"\xff" * length
    return bytes(content)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def search(readers: dict[str, tuple[bytes, Reader]]) -> int:
    """Inputs that reach new lines of the readers; a fault ends it with the input that shows it."""
    import atheris

    path = Path(tempfile.mkdtemp()) / "damaged"

    def try_one(content: bytes) -> None:
        for whole, read in readers.values():
            outcome(written(path, content), read, read(written(path, whole)))

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], "-max_total_time=600"], try_one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
