"""The data sets: what is in them, and the way to a network's values and back."""

import hashlib
import inspect
import io
import os
import re
import sys
import tarfile
from dataclasses import FrozenInstanceError
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from minigan import data
from minigan.backend import Backend, to_host
from minigan.data import NAMES, SOURCES, Mixture, cifar10, digits, idx, load, make_digits
from minigan.errors import InputError
from minigan.homework.judging.strict_cupy import no_sync


@pytest.fixture(params=["float32", "float64"])
def device(backend, request):
    """Each library with each type."""
    return Backend(backend.name, request.param, backend.xp)


def apply(function, x, device):
    """function(x) on that device, computed without a wait, its argument unchanged, its dtype kept."""
    raw = device.asarray(x, device.dtype)
    with no_sync():
        values = function(raw)
    np.testing.assert_array_equal(to_host(raw), x)
    assert values.dtype == device.dtype and type(values) is device.xp.ndarray
    return to_host(values)


def check_consistent(found):
    """What holds for every data set: it is as `python -m minigan.data list` says."""
    parts = found.train, found.valid, found.test
    content = SOURCES[found.name].content
    assert content.startswith(" + ".join(f"{len(part):,}" for part in parts))
    for part, labels in zip(parts, (found.train_labels, found.valid_labels, found.test_labels), strict=True):
        assert part.dtype == (np.float32 if found.shape is None else np.uint8) and part.ndim == 2
        if found.shape is not None:
            assert part.shape[1] == np.prod(found.shape)
            assert labels.dtype == np.uint8 and labels.shape == part.shape[:1]
            assert set(labels) == set(range(10))
            assert content.endswith(" of " + " x ".join(map(str, found.shape)))


def check_scaled(name, top, device):
    """From 0 ... top to [0, 1] and to [-1, 1], exactly at the ends, and back."""
    for values, low in (("unit", 0), ("symmetric", -1)):
        found = load(name, values)
        ramp = np.resize(np.arange(top + 1), found.train.shape[1])
        x = np.stack([ramp, top - ramp])
        y = apply(found.prepare, x, device)
        assert y.shape == x.shape and y.min() == low and y.max() == 1
        np.testing.assert_allclose(y, low + (1 - low) * x / top, atol=1e-7)
        picture = apply(found.restore, y, device)
        assert picture.shape == (2, *found.shape)
        np.testing.assert_allclose(picture.reshape(x.shape), x / top, atol=1e-7)
        assert set(apply(found.restore, np.full(x.shape, 9.0), device).flat) == {1}
        assert set(apply(found.restore, np.full(x.shape, -9.0), device).flat) == {0}


def test_an_unknown_name_lists_them_all_and_the_nearest():
    with pytest.raises(InputError) as caught:
        load("ring9")
    assert str(caught.value).endswith("; did you mean ring8?") and ", ".join(NAMES) in str(caught.value)
    with pytest.raises(InputError, match=r"did you mean grid25\?$"):  # ring8 is near too
        load("grid8")
    with pytest.raises(InputError, match=r"grid25$"):
        load("imagenet")


@pytest.mark.parametrize(
    ("name", "values"), [("digits", "tanh"), ("cifar10", "symmetric"), ("ring8", "symmetric")]
)
def test_values_that_a_data_set_has_not(name, values):
    with pytest.raises(InputError, match=f"^data set {name}: expected values unit.*, got '{values}'$"):
        load(name, values)


@pytest.mark.parametrize("name", ["digits", "ring8"])
def test_a_data_set_is_its_own_and_stays_as_it_is(name):
    found = load(name)
    assert found == found and found != load(name) and len({found, load(name)}) == 2
    with pytest.raises(FrozenInstanceError):
        found.name = "another"
    with pytest.raises(FrozenInstanceError):
        SOURCES[name].content = "something else"


# The bundled digits


def test_digits():
    found = load("digits")
    check_consistent(found)
    assert found.train.min() == 0 and found.train.max() == 16
    assert np.bincount(found.train_labels).tolist() == [150] * 10
    assert np.bincount(found.test_labels).tolist() == [15] * 10
    everything = np.concatenate([found.train, found.valid, found.test])
    assert len(np.unique(everything, axis=0)) == 1797  # so no image is in two parts
    assert len(set(found.train_labels[:50])) == 10  # shuffled


def test_digits_look_like_digits():
    found = load("digits")
    means = np.stack([found.train[found.train_labels == digit].mean(axis=0) for digit in range(10)])
    nearest = ((found.test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == found.test_labels).mean() > 0.85
    zero = load("digits").restore(means[:1] / 16)[0]
    assert zero[3:5, 3:5].max() < 0.2 < zero[3:5, 1:3].max()  # the hole, and the stroke at its left


def test_digits_scaled(device):
    check_scaled("digits", 16, device)


def test_damaged_digits_are_an_input_error(tmp_path, monkeypatch):
    for name in digits.SHA256:
        content = bytearray((digits.HERE / name).read_bytes())
        content[len(content) // 2] ^= 1
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(digits, "HERE", tmp_path)
    with pytest.raises(InputError, match=r"digits-images\.idx\.gz"):
        load("digits")


def test_the_digits_are_remade_in_the_same_order_from_any_order():
    found = load("digits")
    images = np.concatenate([found.train, found.valid, found.test])
    labels = np.concatenate([found.train_labels, found.valid_labels, found.test_labels])
    shuffled = np.random.default_rng(0).permutation(len(images))
    again = make_digits.arrange(images[shuffled], labels[shuffled])
    np.testing.assert_array_equal(again[0], images)
    np.testing.assert_array_equal(again[1], labels)


def test_making_the_digits_again_makes_the_same(tmp_path, monkeypatch, capsys):
    pytest.importorskip(
        "sklearn", reason="scikit-learn, from which the bundled digits are made, is not installed"
    )
    monkeypatch.setattr(digits, "HERE", tmp_path)
    assert make_digits.main() == 0 and "NOT" not in capsys.readouterr().out
    assert len(load("digits").train) == 1500


@pytest.mark.parametrize(
    ("pixel", "status", "says"), [(0, 0, ", as digits.py"), (1, 1, ", NOT as digits.py")]
)
def test_the_digits_are_made_of_scikit_learns(tmp_path, monkeypatch, capsys, pixel, status, says):
    """Of what stands in for it: the images are of floating point there, and in another order."""
    found = load("digits")
    images = np.concatenate([found.test, found.valid, found.train]).reshape(-1, 8, 8).astype(float)
    images[0, 0, 0] += pixel
    labels = np.concatenate([found.test_labels, found.valid_labels, found.train_labels]).astype(int)
    datasets = ModuleType("sklearn.datasets")
    datasets.load_digits = lambda: SimpleNamespace(images=images, target=labels)
    monkeypatch.setitem(sys.modules, "sklearn", ModuleType("sklearn"))
    monkeypatch.setitem(sys.modules, "sklearn.datasets", datasets)
    monkeypatch.setattr(digits, "HERE", tmp_path)
    assert make_digits.main() == status
    assert says in capsys.readouterr().out.splitlines()[0]
    if status == 0:
        assert (load("digits").train == found.train).all()


def test_without_scikit_learn_the_digits_cannot_be_made(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert make_digits.main() == 2 and "pip install scikit-learn" in capsys.readouterr().err


# MNIST


def test_mnist(mnist):
    check_consistent(mnist)
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9] and mnist.valid_labels[:3].tolist() == [3, 8, 6]
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    means = [round(part.mean(), 4) for part in (mnist.train, mnist.valid, mnist.test)]
    assert means == [33.3951, 32.9349, 33.7912]
    picture = mnist.restore(mnist.prepare(mnist.train[:1].astype(np.float32)))[0]
    assert picture[:, :3].max() == 0 and picture[8, 8:20].max() > 0.9  # a five, upright: its upper bar


def test_mnist_s_files_are_asked_for_the_shapes_that_were_published():
    shapes = [file.read.keywords["shape"] for file in data.mnist.FILES]
    assert shapes == [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]


def test_mnist_with_the_labels_under_the_name_of_the_images(tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    idx.write(tmp_path / "mnist" / "train-images-idx3-ubyte.gz", np.zeros(60_000, np.uint8))
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    with pytest.raises(
        InputError, match=r"train-images-idx3-ubyte\.gz is .*: it has 1 dimensions, expected 3"
    ):
        load("mnist")


def test_mnist_parts_and_scale(monkeypatch, device):
    labels = np.arange(60_000).astype(np.uint8)
    images = np.broadcast_to(labels[:, None, None], (60_000, 28, 28))
    monkeypatch.setattr(
        data.mnist, "obtain", lambda files: [images, labels, images[:10_000] + 1, labels[:10_000] + 1]
    )
    found = load("mnist")
    assert (len(found.train), len(found.valid), len(found.test)) == (50_000, 10_000, 10_000)
    assert len(found.train_labels) == 50_000 and found.train[3, 0] == found.train_labels[3] == 3
    assert found.valid[0, 0] == found.valid_labels[0] == 50_000 % 256
    assert found.test[0, 0] == found.test_labels[0] == 1
    check_scaled("mnist", 255, device)


# CIFAR-10

BATCHES = list(cifar10.SHA256)


@pytest.fixture(scope="module")
def records():
    """Six little files of three records: bytes by name."""
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 10, (3, 3073), np.uint8).tobytes() for name in BATCHES}


def pack(path, records, extra=()):
    """A .tar.gz in another order than the authors', with the other things that theirs has."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in [("readme.html", b"<html>"), *reversed(records.items()), *extra]:
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def unpack(path, records):
    path.mkdir()
    for name, content in records.items():
        (path / name).write_bytes(content)
    return path


def read(path, records):
    """As cifar10.read would if the authors had published `records` in the archive at `path`."""
    md5 = hashlib.md5(path.read_bytes()).hexdigest() if path.is_file() else ""
    return cifar10.read(path, 3, md5, {name: hashlib.sha256(records[name]).hexdigest() for name in BATCHES})


def complaint(path, records):
    with pytest.raises(InputError) as caught:
        read(path, records)
    line = str(caught.value)
    assert line.startswith(str(path)) and "\n" not in line and "fresh copy" in line
    return line


@pytest.mark.parametrize("store", [pack, unpack])
def test_cifar10_is_read_from_archive_and_folder(tmp_path, records, store):
    pictures, labels = read(store(tmp_path / "data", records), records)
    expected = np.frombuffer(b"".join(records[name] for name in BATCHES), np.uint8).reshape(18, 3073)
    np.testing.assert_array_equal(labels, expected[:, 0])
    np.testing.assert_array_equal(pictures, expected[:, 1:])
    assert os.listdir(tmp_path) == ["data"]


@pytest.mark.parametrize("store", [pack, unpack])
@pytest.mark.parametrize(
    "damage", [lambda c: c[:-1], lambda c: c + b"\0", lambda c: c[:500] + b"\xff" + c[501:], lambda c: b""]
)
def test_cifar10_with_a_damaged_file(tmp_path, records, store, damage):
    name = BATCHES[2]
    path = store(tmp_path / "data", {**records, name: damage(records[name])})
    assert f"the SHA-256 of {name}" in complaint(path, records)


@pytest.mark.parametrize("store", [pack, unpack])
def test_cifar10_with_two_files_in_each_others_place(tmp_path, records, store):
    one, other = BATCHES[1], BATCHES[3]
    path = store(tmp_path / "data", {**records, one: records[other], other: records[one]})
    assert "the SHA-256 of" in complaint(path, records)


@pytest.mark.parametrize("store", [pack, unpack])
def test_cifar10_lacking_a_file(tmp_path, records, store):
    path = store(tmp_path / "data", {name: records[name] for name in BATCHES[:-1]})
    assert BATCHES[-1] in complaint(path, records)


def test_cifar10_archive_with_links_for_files(tmp_path, records):
    with tarfile.open(tmp_path / "data", "w:gz") as archive:
        for name in BATCHES:
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, str(unpack(tmp_path / name, records) / name)
            archive.addfile(member)
    assert "it lacks" in complaint(tmp_path / "data", records)


def test_cifar10_archive_is_not_opened_before_its_md5_is_right(tmp_path, records, monkeypatch):
    path = pack(tmp_path / "data", records)
    monkeypatch.setattr(tarfile, "open", None)
    with pytest.raises(InputError, match=f"its MD5 is .*, expected {cifar10.ARCHIVE_MD5}"):
        cifar10.read(path)


def test_cifar10_archive_cut_or_no_archive_at_all(tmp_path, records):
    content = pack(tmp_path / "whole", records).read_bytes()
    for cut in [b"", content[:5], content[:500], content[: len(content) // 2], content[:-1000], b"x" * 2000]:
        (tmp_path / "data").write_bytes(cut)
        complaint(tmp_path / "data", records)


def test_cifar10_parts(monkeypatch):
    labels = (np.arange(60_000) // 7 % 10).astype(np.uint8)
    assert len({labels[0], labels[40_000], labels[50_000]}) == 3  # so that no part can be another
    pictures = np.broadcast_to(labels[:, None], (60_000, 3072))
    monkeypatch.setattr(cifar10, "obtain", lambda files: [(pictures, labels)])
    found = load("cifar10")
    check_consistent(found)
    assert found.train[0, 0] == found.train_labels[0] == labels[0]
    assert found.valid[0, 0] == found.valid_labels[0] == labels[40_000]
    assert found.test[0, 0] == found.test_labels[0] == labels[50_000]


def test_cifar10_has_ten_thousand_pictures_in_a_file():
    assert inspect.signature(cifar10.read).parameters["count"].default == 10_000


def test_contrast_normalisation(device):
    x = np.random.default_rng(0).integers(0, 256, (5, 3072))
    x[1] = x[1] // 100 + 200  # little contrast
    x[2, 1:] = x[2, 0] = 77
    x[2, 5] = 78  # as little as there can be
    x[3] = 255
    y = apply(cifar10.contrast_normalise, x, device)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=3e-4)
    np.testing.assert_allclose(np.sqrt((y**2).sum(axis=1)), [55, 55, 55, 0, 55], rtol=1e-5)
    centred = x[0] - x[0].mean()
    np.testing.assert_allclose(y[0], 55 * centred / np.linalg.norm(centred), atol=1e-5)


def test_cifar10_pictures(device):
    x = np.zeros((2, 3, 32, 32))
    x[0, 0, 5, 7], x[0, 2, 31, 0] = 4, -2  # a red dot, and a bit less blue in the last row
    pictures = apply(cifar10.restore, x.reshape(2, 3072), device)
    assert pictures.shape == (2, 32, 32, 3)
    assert pictures[0, 5, 7].tolist() == [1, 0.5, 0.5] and pictures[0, 31, 0].tolist() == [0.5, 0.5, 0.25]
    assert (pictures == 0.5).sum() == 2 * 3072 - 2
    x[1] = x[0] / 8  # a fainter picture has as much contrast
    pictures = apply(cifar10.restore, x.reshape(2, 3072), device)
    np.testing.assert_array_equal(pictures[1], pictures[0])


# The mixtures


@pytest.mark.parametrize(
    ("name", "count", "std", "sha256"),
    [
        ("gaussian1d", 1, 1, "d38b8a92e7d29ed5"),
        ("ring8", 8, 0.01, "47f52c7f20a3172b"),
        ("grid25", 25, 0.05, "749b2382199b2885"),
    ],
)
def test_mixtures(name, count, std, sha256):
    found = load(name)
    check_consistent(found)
    assert isinstance(found, Mixture) and found.std == std
    assert len(np.unique(found.modes.round(3), axis=0)) == len(found.modes) == count
    assert re.search(rf"computed: {count} normal, standard deviation {std:g}$", SOURCES[name].origin)

    distance = ((found.train[:, None] - found.modes) ** 2).sum(axis=2)
    mode = distance.argmin(axis=1)
    offset = found.train - found.modes[mode]
    np.testing.assert_allclose(np.bincount(mode), 100_000 / count, rtol=0.06)
    np.testing.assert_allclose(offset.mean(axis=0), 0, atol=0.02 * std)
    np.testing.assert_allclose(np.cov(offset.T), std**2 * np.eye(offset.shape[1]), atol=0.02 * std**2)
    if name != "gaussian1d":  # within 3 standard deviations in 2-d: 1 - exp(-9/2)
        assert abs((distance.min(axis=1) < (3 * std) ** 2).mean() - 0.98889) < 0.002

    assert not np.isin(found.valid, found.train).all() and not np.isin(found.test, found.valid).all()
    assert found.prepare(found.valid) is found.restore(found.valid) is found.valid
    assert hashlib.sha256(found.train.tobytes()).hexdigest().startswith(sha256)  # the same on every machine


def test_where_the_modes_are():
    np.testing.assert_allclose(np.linalg.norm(load("ring8").modes, axis=1), 1, rtol=1e-6)
    assert {tuple(mode) for mode in load("grid25").modes} == {
        (x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)
    }
