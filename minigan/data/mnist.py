"""MNIST (LeCun, Cortes and Burges 1998): 70,000 handwritten digits of 28 x 28 pixels, values 0 to 255."""

from functools import partial

import numpy as np

from minigan.data import idx
from minigan.data.dataset import Dataset, scaling
from minigan.data.fetch import File, obtain

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {  # of the uncompressed content, so any mirror's gzip serves, or the plain file
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SHAPES = ((60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,))
FILES = tuple(
    File("mnist", (f"{name}.gz", name), MIRRORS, partial(idx.read, shape=shape, sha256=sha256))
    for (name, sha256), shape in zip(SHA256.items(), SHAPES, strict=True)
)


def load(values: str = "unit") -> Dataset:
    """The paper's 50,000 training images and 10,000 for validation; 10,000 for testing."""
    images, labels, test, test_labels = obtain(FILES)
    train, valid = np.split(images.reshape(-1, 784), [50_000])
    y = np.split(labels, [50_000])
    parts = train, valid, test.reshape(-1, 784), y[0], y[1], test_labels
    return Dataset("mnist", *parts, (28, 28), *scaling(255, (28, 28), values))
