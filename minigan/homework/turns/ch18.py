"""Chapter 18: windows put back where they stood."""

import numpy as np


def overlap(rows, stride):
    """Rows (k, size) are windows, `stride` apart: add each on a line where it stood."""
    k, size = rows.shape
    line = np.zeros((k - 1) * stride + size)
    for i, row in enumerate(rows):
        line[i * stride : i * stride + size] += row
    return line


def written_over(rows, stride):
    """A later window wipes out the earlier one where they overlap: add it to what is there."""
    k, size = rows.shape
    line = np.zeros((k - 1) * stride + size)
    for i, row in enumerate(rows):
        line[i * stride : i * stride + size] = row
    return line


def averaged(rows, stride):
    """You divide by how many windows lie there. That is not the transpose: a derivative only adds."""
    return overlap(rows, stride) / overlap(np.ones_like(rows), stride)


def side_by_side(rows, stride):
    """You lay the windows one behind the other; a window begins `stride` after the one before it."""
    return rows.ravel()


def one_apart(rows, stride):
    """Your windows begin one place apart, whatever the stride is."""
    return overlap(rows, 1)


def mirrored(rows, stride):
    """Each window is turned round: its first number belongs to its first place."""
    return overlap(rows[:, ::-1], stride)


def from_the_end(rows, stride):
    """The first window lies at the beginning of the line, and you put it at the end."""
    return overlap(rows[::-1], stride)


def one_too_few(rows, stride):
    """The last window is missing: there are k of them, from 0 to k - 1."""
    line = overlap(rows, stride)
    line[(len(rows) - 1) * stride :] -= rows[-1]
    return line


def tried(f):
    rows = np.array([[1.0, 2.0, 5.0], [10.0, 20.0, 50.0], [100.0, 200.0, 500.0]])
    yield "three windows of 3, one apart", f(rows, 1)
    yield "the same, two apart", f(rows, 2)
    yield "two windows of 4, two apart", f(np.arange(1.0, 9.0).reshape(2, 4), 2)
