"""The bundled digits: 1,797 handwritten digits of 8 x 8 pixels with values from 0 to 16 (see DIGITS.md)."""

from pathlib import Path

import numpy as np

from minigan.data import idx
from minigan.data.dataset import Dataset, scaling

HERE = Path(__file__).parent
SHA256 = {  # of the uncompressed content
    "digits-images.idx.gz": "d15f718fb082dc59824590967711f5e165f35128625673036f6bce1846b32a89",
    "digits-labels.idx.gz": "0c2592bfae2f2b499a58dc2e4c0926b3dfea0121d4711ad63df6847aff924eb9",
}
SHAPES = ((1797, 8, 8), (1797,))
PARTS = [1500, 1647]  # where validation begins, and where testing


def load(values: str = "unit") -> Dataset:
    """1,500 training images (150 of each digit), 147 for validation, 150 for testing (15 of each digit)."""
    images, labels = (
        idx.read(HERE / name, shape, sha256)
        for (name, sha256), shape in zip(SHA256.items(), SHAPES, strict=True)
    )
    x, y = np.split(images.reshape(-1, 64), PARTS), np.split(labels, PARTS)
    return Dataset("digits", x[0], x[1], x[2], y[0], y[1], y[2], (8, 8), *scaling(16, (8, 8), values))
