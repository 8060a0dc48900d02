"""CIFAR-10 (Krizhevsky 2009), binary version: 60,000 colour pictures of 32 x 32 pixels, values 0 to 255.

Six files of 10,000 records: a label, then planes of 1,024 bytes of red, green and blue.  A network sees the
pixels in that order, (3, 32, 32) as a row of 3,072.
"""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from minigan.backend import xp_of
from minigan.data.dataset import Array, Dataset
from minigan.data.fetch import File, obtain
from minigan.errors import InputError

FOLDER = "cifar-10-batches-bin"
ARCHIVE_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"  # as the authors publish it
SHA256 = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}


def load() -> Dataset:
    """The paper's 40,000 training pictures and 10,000 for validation; 10,000 for testing."""
    [(pictures, labels)] = obtain([ARCHIVE])
    x = np.split(pictures, [40_000, 50_000])
    y = np.split(labels, [40_000, 50_000])
    return Dataset("cifar10", x[0], x[1], x[2], y[0], y[1], y[2], (32, 32, 3), contrast_normalise, restore)


def contrast_normalise(x: Array) -> Array:
    """x_i <- 55 (x_i - mean(x_i)) / |x_i - mean(x_i)| for every row x_i, a picture; a blank one becomes 0.

    As in the authors' settings (goodfeli/adversarial, `gcn: 55.`): a typical pixel is then about 1.
    """
    xp = xp_of(x)
    x = x - x.mean(axis=1, keepdims=True)
    norm = xp.sqrt((x * x).sum(axis=1, keepdims=True))
    return x * (55 / xp.maximum(norm, 1e-8))


def restore(x: Array) -> Array:
    """Pictures (n, 32, 32, 3) in [0, 1]: (1 + x_i / max |x_i|) / 2 for every row x_i, so 0 becomes mid-grey.

    That is the authors' own viewer (pylearn2, CIFAR10.adjust_for_viewer); the original contrast is lost.
    """
    xp = xp_of(x)
    largest = xp.maximum(abs(x).max(axis=1, keepdims=True), 1e-8)
    return ((x / largest + 1) / 2).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def read(
    path: Path, count: int = 10_000, md5: str = ARCHIVE_MD5, sha256: Mapping[str, str] = SHA256
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, 3072) and labels (n,) of all files, `count` in each; `path` is the archive or its folder.

    md5: the archive's, checked before anything is unpacked, so that it cannot unpack to more than the authors
    put in.  sha256: name and SHA-256 of each file.  InputError where anything is not as expected.
    """
    names = list(sha256)
    pictures = np.empty((len(names), count, 3072), np.uint8)
    labels = np.empty((len(names), count), np.uint8)
    missing = set(names)
    try:
        for name, content in _contents(path, names, md5, limit=count * 3073 + 1):
            if (found := hashlib.sha256(content).hexdigest()) != sha256[name]:
                raise InputError(f"the SHA-256 of {name} is {found}, expected {sha256[name]}")
            records = np.frombuffer(content, np.uint8).reshape(count, 3073)
            labels[names.index(name)] = records[:, 0]
            pictures[names.index(name)] = records[:, 1:]
            missing.discard(name)
        if missing:
            raise InputError(f"it lacks {', '.join(sorted(missing))}")
    except (ValueError, OSError, EOFError, zlib.error, tarfile.TarError) as fault:
        raise InputError(f"{path} is damaged or another file: {fault}; replace it by a fresh copy") from None
    return pictures.reshape(-1, 3072), labels.reshape(-1)


def _contents(path: Path, names: list[str], md5: str, limit: int) -> Iterator[tuple[str, bytes]]:
    """Name and first `limit` bytes of each file wanted, in the order they come; nothing goes to disk."""
    if path.is_dir():
        for name in names:
            with open(path / name, "rb") as file:
                yield name, file.read(limit)
        return
    with open(path, "rb") as file:
        if (found := hashlib.file_digest(file, "md5").hexdigest()) != md5:
            raise InputError(f"its MD5 is {found}, expected {md5}")
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as content, tarfile.open(fileobj=content, mode="r|") as archive:
            for member in archive:
                name = member.name.removeprefix(f"{FOLDER}/")
                if name in names and member.isreg() and (entry := archive.extractfile(member)):
                    yield name, entry.read(limit)


ARCHIVE = File("cifar10", ("cifar-10-binary.tar.gz", FOLDER), ("https://www.cs.toronto.edu/~kriz/",), read)
