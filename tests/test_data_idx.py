"""data/idx.py: a file is the array that was asked for, or one clear line."""

import gzip
import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigan.data import idx
from minigan.errors import InputError

IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
CONTENT = b"\0\0\x08\x03" + b"\0\0\0\x04" + b"\0\0\0\x03" + b"\0\0\0\x02" + bytes(range(24))
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PACKED = gzip.compress(CONTENT, mtime=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "images"


def read(path, content, shape=IMAGES.shape, sha256=SHA256):
    path.write_bytes(content)
    return idx.read(path, shape, sha256)


def complaint(path, content, **expected):
    """The one line about a file of this content."""
    with pytest.raises(InputError) as caught:
        read(path, content, **expected)
    line = str(caught.value)
    assert line.startswith(str(path)) and "\n" not in line and "fresh copy" in line
    return line


@pytest.mark.parametrize("content", [CONTENT, PACKED], ids=["plain", "gzip"])
def test_reads_plain_and_gzipped_whatever_the_name(path, content):
    array = read(path, content)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, IMAGES)


def test_encodes_as_the_format_says():
    assert idx.encode(IMAGES) == CONTENT
    assert idx.encode(np.asfortranarray(IMAGES)) == CONTENT


def test_what_is_written_is_read_and_the_same_bytes_each_time(path, tmp_path):
    idx.write(path, IMAGES)
    idx.write(tmp_path / "again", IMAGES)
    np.testing.assert_array_equal(idx.read(path, IMAGES.shape, SHA256), IMAGES)
    assert path.read_bytes() == (tmp_path / "again").read_bytes()
    assert path.read_bytes()[:8] == b"\x1f\x8b\x08\0\0\0\0\0"  # no name, time 0


@pytest.mark.parametrize("content", [CONTENT, PACKED], ids=["plain", "gzip"])
def test_cut_anywhere(path, content):
    for length in range(len(content)):
        complaint(path, content[:length])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([CONTENT, PACKED]), st.lists(st.integers(0, 8 * len(CONTENT) - 1), min_size=1, max_size=4)
)
def test_flipped_bits_never_give_another_array(path, content, flips):
    damaged = bytearray(content)
    for flip in flips:
        damaged[flip // 8 % len(content)] ^= 1 << flip % 8
    try:
        array = read(path, damaged)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        np.testing.assert_array_equal(array, IMAGES)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([b"", b"\0\0", b"\0\0\x08\x03", b"\x1f\x8b", PACKED[:10]]), st.binary(max_size=60))
def test_any_other_bytes_are_refused(path, start, rest):
    complaint(path, start + rest)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>not found</html>", "b'<htm'"),
        (CONTENT.replace(b"\x08\x03", b"\x0d\x03"), "0x0d"),
        (idx.encode(np.zeros(40, np.uint8)), "1 dimensions, expected 3"),
        (idx.encode(np.zeros((4, 2, 3), np.uint8)), "4 x 2 x 3 values, expected 4 x 3 x 2"),
        (idx.encode(np.zeros((5, 3, 2), np.uint8)), "5 x 3 x 2 values, expected 4 x 3 x 2"),
        (CONTENT[:-1], "39 of 40 bytes"),
        (CONTENT + b"\0", "goes on after"),
        (gzip.compress(CONTENT + b"\0"), "goes on after"),
        (CONTENT[:-1] + b"\x18", f"expected {SHA256}"),
        (PACKED[:-3], "cannot be read"),
        (PACKED[:-8] + bytes(8), "CRC"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "4294967295 x 4294967295"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_says_what_is_wrong(path, content, said, compress):
    if compress and content[:2] != b"\x1f\x8b":
        content = gzip.compress(content)
    assert said in complaint(path, content)


def test_the_labels_under_the_name_of_the_images(path):
    labels = np.arange(30, dtype=np.uint8) % 10
    digest = hashlib.sha256(idx.encode(labels)).hexdigest()
    np.testing.assert_array_equal(read(path, idx.encode(labels), (30,), digest), labels)
    assert "1 dimensions" in complaint(path, idx.encode(labels))
    assert "3 dimensions" in complaint(path, CONTENT, shape=(24,))


def test_a_folder_and_a_missing_file_are_a_line_too(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(
            InputError, match="cannot be read: (Is a directory|No such file|Permission denied)"
        ):
            idx.read(path, (1,), "")


@pytest.mark.parametrize("start", [CONTENT, b""], ids=["right at first", "zeros"])
def test_a_gzip_bomb_is_not_unpacked(path, start):
    path.write_bytes(gzip.compress(start) + gzip.compress(bytes(2**24)) * 256)  # 4 GiB in 4 MiB
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            idx.read(path, IMAGES.shape, SHA256)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
