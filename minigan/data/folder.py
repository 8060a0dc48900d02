"""A folder of the user's own pictures as a data set: all of one size, all grey or all in colours.

Nothing is scaled or cropped here: what a network should learn from is for its owner to decide. Each file is
looked at before it is unpacked, so that a small file which claims a billion pixels is refused unread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from minigan.backend import Backend
from minigan.data.dataset import Dataset, scaling
from minigan.errors import InputError
from minigan.random import Streams

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
LEAST = 100  # pictures: with fewer there is nothing to learn, and too little is kept aside to compare with
SIDE = 4, 256  # pixels, at least and at most
KEPT_ASIDE = 10  # one in ten for validation, one in ten for testing
GREY, COLOURS = ("1", "L"), ("RGB", "CMYK", "YCbCr")  # Pillow's modes


def load(folder: str, values: str = "unit") -> Dataset:
    """The pictures in the folder and in those below it, as bytes 0 to 255; values as for digits.

    Which ones are kept aside is decided by chance, the same for the same pictures, since names are often in
    the order of what is shown. InputError, one line, where a picture or the folder does not fit.
    """
    found = files(Path(folder))
    pictures = _read(found)
    n, *shape = pictures.shape
    sha256 = sha256_of(pictures)
    return divided(folder, pictures.reshape(n, -1)[order(n)], tuple(shape), values, sha256)


def files(folder: Path) -> list[Path]:
    """The picture files below the folder, in the order of their names; hidden ones do not count."""
    if not folder.is_dir():
        came = "a file" if folder.exists() else "nothing"
        raise InputError(f"--data: expected a folder of pictures, {folder} is {came}")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if len(found) < LEAST:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise InputError(f"--data: expected {LEAST} pictures or more ({kinds}), {folder} has {len(found)}")
    return found


def order(n: int) -> np.ndarray:
    """Which of n pictures is where: the first are learned from, the last are kept aside."""
    return Streams(0, Backend())("data").permutation(n)


def each(files: Sequence[Path]) -> Iterator[np.ndarray]:
    """The pictures one by one, (rows, columns) or (rows, columns, 3), each of them like the first."""
    first = _pixels(files[0])
    for path in files:
        pixels = _pixels(path)
        if pixels.shape != first.shape:
            raise InputError(
                f"--data: expected pictures of one kind, {files[0].name} is {_kind(first)} and {path} is "
                f"{_kind(pixels)}; bring them to one size, all grey or all in colours"
            )
        yield pixels


def check_size(path: Path | str, rows: int, columns: int) -> None:
    """InputError for pictures that are too small, or too large, for layers that see every pixel at once."""
    least, most = SIDE
    if min(rows, columns) < least or max(rows, columns) > most:
        raise InputError(
            f"--data: expected pictures of {least} x {least} to {most} x {most} pixels, {path} has "
            f"{rows} x {columns}; bring all to one size within these"
        )


def sha256_of(pictures: np.ndarray) -> str:
    """Of their shape and bytes, (n, rows, columns[, 3])."""
    digest = hashlib.sha256(repr([*pictures.shape[1:]]).encode())
    digest.update(pictures.data)
    return digest.hexdigest()


def divided(name: str, x: np.ndarray, shape: tuple[int, ...], values: str, sha256: str) -> Dataset:
    """The data set of pictures (n, features) that are in order already."""
    n = len(x)
    train, valid, test = np.split(x, [n - 2 * (n // KEPT_ASIDE), n - n // KEPT_ASIDE])
    prepare, restore = scaling(255, shape, values)
    return Dataset(name, train, valid, test, shape=shape, prepare=prepare, restore=restore, sha256=sha256)


def _read(files: Sequence[Path]) -> np.ndarray:
    """The pictures, (n, rows, columns) or (n, rows, columns, 3)."""
    pictures = np.empty((len(files), *_pixels(files[0]).shape), np.uint8)
    for picture, pixels in zip(pictures, each(files), strict=True):
        picture[...] = pixels
    return pictures


def _pixels(path: Path) -> np.ndarray:
    """One picture as bytes, (rows, columns) if it is grey, (rows, columns, 3) in colours."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            _check(path, image)
            if image.mode == "P":
                image = image.convert("RGBA" if "transparency" in image.info else "RGB")
            if image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
                image = _without_alpha(path, image)
            if image.mode not in GREY + COLOURS:
                raise InputError(
                    f"--data: expected pictures of 8 bits a colour, {path} is in mode {image.mode}"
                )
            return np.asarray(image.convert("L" if image.mode in GREY else "RGB"))
    except InputError:
        raise
    except Exception as error:  # each of Pillow's decoders has errors of its own
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"--data: {path} cannot be read as a picture ({reason}); mend or remove it"
        ) from None


def _check(path: Path, image: Image) -> None:
    """What the file says of itself, before its pixels are unpacked."""
    columns, rows = image.size
    check_size(path, rows, columns)
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise InputError(
            f"--data: expected single pictures, {path} has {frames} frames; save them one by one"
        )


def _without_alpha(path: Path, image: Image) -> Image:
    image = image.convert("LA" if image.mode in ("LA", "La") else "RGBA")
    if image.getchannel("A").getextrema() != (255, 255):
        raise InputError(f"--data: {path} is transparent in places; put it on a ground of some colour first")
    return image.convert("L" if image.mode == "LA" else "RGB")


def _kind(pixels: np.ndarray) -> str:
    rows, columns = pixels.shape[:2]
    return f"{rows} x {columns} {'grey' if pixels.ndim == 2 else 'in colours'}"
