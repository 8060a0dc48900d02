"""data/minibatches.py: each example once an epoch, minibatch i depends on (seed, i) alone, nothing moves."""

import numpy as np
import pytest

from minigan.backend import Backend, to_host
from minigan.data import Minibatches, load
from minigan.errors import InputError
from minigan.homework.judging.strict_cupy import counting, no_sync, strict_backend
from minigan.random import Streams

X = np.arange(23 * 3, dtype=np.uint8).reshape(23, 3)


def minibatches(x=X, batch=5, seed=1, backend=None, prepare=lambda x: x):
    backend = backend or Backend()
    return Minibatches(x, batch, Streams(seed, backend), backend, prepare)


def rows(found):
    """Which rows of X these are."""
    x = to_host(found)
    np.testing.assert_array_equal(x, X[(x[:, 0] / 3).astype(int)])
    return [int(first) // 3 for first in x[:, 0]]


def epoch(data, e):
    return [row for i in range(data.per_epoch) for row in rows(data.minibatch(e * data.per_epoch + i))]


@pytest.mark.parametrize("batch", [1, 5, 23])
def test_no_example_comes_twice_in_an_epoch(batch):
    data = minibatches(batch=batch)
    assert data.per_epoch == 23 // batch
    for e in range(3):
        found = epoch(data, e)
        assert len(found) == len(set(found)) == 23 // batch * batch


def test_the_order_is_new_in_every_epoch_and_so_are_the_examples_left_over():
    data = minibatches()
    epochs = [epoch(data, e) for e in range(100)]
    assert len(set(map(tuple, epochs))) == 100
    assert set.union(*(set(range(23)) - set(found) for found in epochs)) == set(range(23))


def test_a_minibatch_depends_on_seed_and_number_alone():
    expected = [rows(minibatches().minibatch(i)) for i in range(12)]
    data = minibatches()
    for i in (7, 5, 0, 3, 3, 11, 8, 6, 4):
        assert rows(data.minibatch(i)) == expected[i]
    assert [rows(minibatches(seed=2).minibatch(i)) for i in range(12)] != expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_on_every_backend(backend, dtype):
    device, seen = Backend(backend.name, dtype, backend.xp), []

    def prepare(x):
        seen.append((x.shape, x.dtype))
        return x / 2

    data = minibatches(backend=device, prepare=prepare)
    x = data.minibatch(6)
    assert seen == [((5, 3), dtype)] and x.dtype == dtype and type(x) is device.xp.ndarray
    np.testing.assert_array_equal(to_host(x), to_host(minibatches().minibatch(6)) / 2)


def test_pixels_stay_bytes_on_the_device_and_a_minibatch_moves_and_waits_for_nothing():
    digits, backend = load("digits"), strict_backend()
    data = minibatches(digits.train, 100, backend=backend, prepare=digits.prepare)
    assert data.x.dtype == np.uint8 and data.x.nbytes == digits.train.nbytes
    with no_sync(), counting() as counts:
        for i in range(data.per_epoch + 1):  # a new epoch too
            data.minibatch(i)
    assert counts.bytes_copied == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_data_that_stay_on_the_disk_give_the_same_minibatches(backend, dtype, tmp_path):
    """Only a minibatch is moved, as bytes; the file is read-only, and so it stays as it was."""
    np.save(tmp_path / "x.npy", X)
    device = Backend(backend.name, dtype, backend.xp)
    expected = minibatches(backend=device, prepare=lambda x: x / 2)
    data = minibatches(
        np.asarray(np.load(tmp_path / "x.npy", mmap_mode="r"))[:], backend=device, prepare=lambda x: x / 2
    )
    assert data.on_disk and not expected.on_disk
    assert not data.x.flags.writeable
    for i in (0, 5, 2, 9):
        x = data.minibatch(i)
        assert x.dtype == dtype and type(x) is device.xp.ndarray
        np.testing.assert_array_equal(to_host(x), to_host(expected.minibatch(i)))


def test_what_is_moved_of_data_on_the_disk_is_a_minibatch_of_bytes(tmp_path):
    np.save(tmp_path / "x.npy", X)
    device, moved = strict_backend(), []
    plain = device.asarray
    device.asarray = lambda x, dtype=None: moved.append((x.shape, x.dtype)) or plain(x, dtype)
    data = minibatches(np.asarray(np.load(tmp_path / "x.npy", mmap_mode="r"))[:], backend=device)
    assert moved == []
    data.minibatch(0)
    assert moved == [((5, 3), np.uint8)]


def test_the_data_stay_as_they_were():
    points = np.arange(69, dtype=np.float32).reshape(23, 3)
    data = minibatches(points, batch=23)
    data.minibatch(0)[:] = -1
    np.testing.assert_array_equal(points, np.arange(69).reshape(23, 3))


@pytest.mark.parametrize("batch", [0, -1, 24])
def test_an_impossible_batch_is_one_line(batch):
    with pytest.raises(InputError, match=f"^batch is {batch}, expected 1 to 23, .*$"):
        minibatches(batch=batch)
