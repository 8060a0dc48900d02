"""Centres that no generator made, by which a log-likelihood is known for what it is."""

from __future__ import annotations

import numpy as np

from minigan import evaluation
from minigan.data import Dataset


def real_images(dataset: Dataset) -> np.ndarray:
    """The first 10,000 training images."""
    return dataset.prepared(dataset.train[: evaluation.CENTRES])


def _mean_image(dataset: Dataset) -> np.ndarray:
    return dataset.prepared(dataset.train).mean(axis=0, keepdims=True)


def centroids(dataset: Dataset) -> np.ndarray:
    """One step of Lloyd's k-means on all training images, from the first 10,000 of them."""
    centres, x = real_images(dataset), dataset.prepared(dataset.train)
    half, nearest_of = (centres * centres).sum(axis=1) / 2, np.empty(len(x), np.int64)
    for i in range(0, len(x), 1000):
        nearest_of[i : i + 1000] = (x[i : i + 1000] @ centres.T - half).argmax(axis=1)
    sums = np.zeros_like(centres)
    np.add.at(sums, nearest_of, x)
    return sums / np.bincount(nearest_of, minlength=len(centres))[:, None]


CALIBRATION = {
    "10,000 training images": real_images,
    "10,000 k-means centroids": centroids,
    "the mean training image": _mean_image,
}
