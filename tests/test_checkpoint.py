"""checkpoint.py: comes back bit for bit, or is refused; and a whole one survives whatever happens."""

import copy
import errno
import io
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigan import checkpoint, files
from minigan.errors import InputError

ARRAYS = {
    "G.linear1.W": np.arange(6, dtype=np.float32).reshape(2, 3),
    "G.linear1.b": np.array([np.nan, -0.0, np.inf]),
    "update": np.array(7),
    "mask": np.array([True, False]),
    "none": np.zeros((0, 3), np.int8),
}
META = {"epoch": 3, "config": {"lr": 0.1, "hidden": [2, 3]}}


def whole(folder):
    """The bytes of a good checkpoint."""
    checkpoint.save(folder / "whole.npz", ARRAYS, META)
    return (folder / "whole.npz").read_bytes()


def assert_same(arrays, meta):
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        assert arrays[name].tobytes() == array.tobytes()
    assert meta == META


def refused(path, *words):
    """Loading `path` gives an InputError: one line that names the file, and of which `words` are part."""
    with pytest.raises(InputError) as raised:
        checkpoint.load(path)
    message = str(raised.value)
    assert str(path) in message and "\n" not in message and len(message) < 500
    for word in words:
        assert word in message.removeprefix(str(path))


# ------------------------------------------------------------------ what is saved comes back


def test_round_trip(tmp_path):
    checkpoint.save(tmp_path / "checkpoint.npz", ARRAYS, META)
    arrays, meta = checkpoint.load(tmp_path / "checkpoint.npz")
    assert_same(arrays, meta)
    assert all(array.flags.writeable and array.flags.aligned for array in arrays.values())
    assert os.listdir(tmp_path) == ["checkpoint.npz"]


def test_numpy_reads_it(tmp_path):
    checkpoint.save(tmp_path / "checkpoint.npz", ARRAYS, META)
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {*ARRAYS, "meta"}
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(archive[name], array)
        assert json.loads(bytes(archive["meta"]))["config"] == META["config"]


def test_strided_arrays_and_tuples(tmp_path):
    array = np.arange(24.0).reshape(4, 6)
    checkpoint.save(
        tmp_path / "a.npz", {"T": array.T, "s": array[::2, ::3]}, {"hidden": (2, 3), 5: float("nan")}
    )
    arrays, meta = checkpoint.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(arrays["T"], array.T)
    np.testing.assert_array_equal(arrays["s"], array[::2, ::3])
    assert meta["hidden"] == [2, 3] and np.isnan(meta["5"])


def test_same_content_same_bytes(tmp_path):
    assert whole(tmp_path) == whole(tmp_path)


@pytest.mark.parametrize("name", ["", "meta", "a/b", "../a", "a b", ".a", "a" * 101, "ä", "a\n", "a.npy\0"])
def test_refuses_to_save_unsafe_names(tmp_path, name):
    with pytest.raises(ValueError, match="name"):
        checkpoint.save(tmp_path / "a.npz", {name: np.zeros(1)}, {})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "value", [np.array([{}]), np.array(["a"]), np.zeros(1, "f4,i4"), np.zeros(1, complex)]
)
def test_refuses_to_save_what_is_no_number(tmp_path, value):
    with pytest.raises(ValueError, match="a holds"):
        checkpoint.save(tmp_path / "a.npz", {"a": value}, {})


@pytest.mark.parametrize("meta", [{"format": 2}, {"sha256": ""}, {"long": "x" * 1_000_000}])
def test_refuses_to_save_a_meta_that_could_not_be_loaded(tmp_path, meta):
    with pytest.raises(ValueError, match="meta"):
        checkpoint.save(tmp_path / "a.npz", {}, meta)


def test_what_is_just_within_the_limits_can_be_loaded(tmp_path):
    names = [f"{i:0100d}" for i in range(checkpoint._MOST_ARRAYS)]
    checkpoint.save(tmp_path / "a.npz", dict.fromkeys(names, np.zeros(1)), {"long": "x" * 999_000})
    assert list(checkpoint.load(tmp_path / "a.npz")[0]) == names


# ------------------------------------------------------------------ damage


def test_every_truncation_is_refused(tmp_path):
    for length in reversed(range(len(whole(tmp_path)))):
        os.truncate(tmp_path / "whole.npz", length)
        refused(tmp_path / "whole.npz")


def test_no_flipped_bit_gives_other_numbers(tmp_path):
    content = whole(tmp_path)
    path = tmp_path / "whole.npz"
    with zipfile.ZipFile(path) as archive:
        starts = {info.header_offset + 50 + len(info.filename): info.file_size for info in archive.infolist()}
    told = {start + i for start, size in starts.items() for i in range(size)}
    with open(path, "r+b", buffering=0) as file:
        for place in range(len(content)):
            for bit in range(8):
                file.seek(place)
                file.write(bytes([content[place] ^ 1 << bit]))
                try:
                    loaded = checkpoint.load(path)
                except InputError as error:
                    assert str(path) in str(error) and "\n" not in str(error)
                else:  # zip has fields that mean nothing here: dates, attributes, versions
                    assert place not in told
                    assert_same(*loaded)
            file.seek(place)
            file.write(content[place : place + 1])
    assert_same(*checkpoint.load(path))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_change_of_several_bytes_gives_other_numbers(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    content = whole(folder)
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, min(len(content), start + 200)))
    damaged = content[:start] + data.draw(st.binary(max_size=200)) + content[stop:]
    (folder / "a.npz").write_bytes(damaged)
    try:
        assert_same(*checkpoint.load(folder / "a.npz"))
    except InputError as error:
        assert "\n" not in str(error)


def test_what_is_no_file_of_ours_is_refused(tmp_path):
    refused(tmp_path / "missing.npz", "cannot be read")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "cannot be read")
    (tmp_path / "text.npz").write_text("hello\n" * 100)
    refused(tmp_path / "text.npz", "not a checkpoint")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    refused(tmp_path / "other.npz", "no entry meta")


# ------------------------------------------------------------------ files made to deceive


def npy(array, **lies):
    """The bytes of an .npy file whose header may lie about descr, shape or fortran_order."""
    file = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(np.asarray(array)) | lies
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + np.asarray(array).tobytes()


def meta_entry(arrays=(), **changes):
    """A meta with the right checksum, as one who wants to deceive would make it."""
    meta = {"format": checkpoint.FORMAT} | changes
    meta["sha256"] = checkpoint._checksum(dict(arrays), meta)
    return npy(np.frombuffer(json.dumps(meta).encode(), np.uint8))


def forge(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name + ".npy", content)
    return path


def test_a_forgery_without_a_fault_is_loaded(tmp_path):
    """So that the refusals below are for the fault that each of them has."""
    array = np.arange(3.0)
    path = forge(tmp_path / "a.npz", [("meta", meta_entry({"a": array})), ("a", npy(array))])
    np.testing.assert_array_equal(checkpoint.load(path)[0]["a"], array)


HEADERS = {
    "more rows": {"shape": (4,)},
    "fewer rows": {"shape": (2,)},
    "huge": {"shape": (10**12,)},
    "overflowing": {"shape": (2**62, 4)},
    "too long": {"shape": (10**300,)},
    "negative": {"shape": (-1, -3)},
    "fortran": {"fortran_order": True},
    "object": {"descr": "|O"},
    "text": {"descr": "<U2"},
    "bytes": {"descr": "|S8"},
    "no such size": {"descr": "<f3"},
    "nothing": {"descr": "|V0"},
    "record": {"descr": [("a", "<f8")]},
    "wider": {"descr": "<f4"},
}


@pytest.mark.parametrize("lies", HEADERS.values(), ids=HEADERS)
def test_a_header_that_lies_is_refused(tmp_path, lies):
    array = np.arange(3.0)
    path = forge(tmp_path / "a.npz", [("meta", meta_entry({"a": array})), ("a", npy(array, **lies))])
    refused(path, "a.npy" if lies != {"descr": "<f3"} else "f3")


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\x03\x00" + bytes(60), npy([1.0])[:9] + b"x"]
)
def test_an_entry_that_is_no_array_is_refused(tmp_path, content):
    refused(forge(tmp_path / "a.npz", [("meta", meta_entry()), ("a", content)]), "a.npy")


def test_a_header_with_another_length_is_refused(tmp_path):
    content = bytearray(npy([1.0]))
    content[8] += 8
    refused(forge(tmp_path / "a.npz", [("meta", meta_entry()), ("a", bytes(content))]), "a.npy")


A = np.arange(1.0, 7.0).reshape(2, 3)
CHANGES = {
    "value": [("meta", meta_entry({"a": A})), ("a", npy(A + 1))],
    "name": [("meta", meta_entry({"a": A})), ("b", npy(A))],
    "shape": [("meta", meta_entry({"a": A})), ("a", npy(A.reshape(3, 2)))],
    "dtype": [("meta", meta_entry({"a": A})), ("a", npy(A.view(np.int64)))],
    "one more": [("meta", meta_entry({"a": A})), ("a", npy(A)), ("b", npy(A[:0]))],
    "one less": [("meta", meta_entry({"a": A, "b": A}))],
    "meta": [("meta", meta_entry({"a": A}, epoch=3).replace(b'"epoch": 3', b'"epoch": 4')), ("a", npy(A))],
}


@pytest.mark.parametrize("entries", CHANGES.values(), ids=CHANGES)
def test_the_checksum_covers_everything(tmp_path, entries):
    refused(forge(tmp_path / "a.npz", entries), "checksum")


class Payload:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_pickles_are_not_run(tmp_path):
    bomb = tmp_path / "it-ran"
    payload = np.array([Payload(bomb)], dtype=object)
    np.savez(tmp_path / "a.npz", a=payload, meta=np.frombuffer(b'{"format": 1}', np.uint8))
    refused(tmp_path / "a.npz", "a.npy")
    np.savez(tmp_path / "b.npz", meta=payload)
    refused(tmp_path / "b.npz", "meta.npy")
    (tmp_path / "c.npz").write_bytes(pickle.dumps(Payload(bomb)))
    refused(tmp_path / "c.npz")
    assert not bomb.exists()


METAS = {
    b"{": "Expecting",
    b"[1]": "format",
    b"{}": "format",
    b'{"format": "1"}': "format",
    b'{"format": true}': "format",
    b'{"format": 1}': "checksum",
    b"[" * 500_000: "damaged",
    b"\xff\xff": "decode",
}


@pytest.mark.parametrize("text, word", METAS.items(), ids=lambda value: str(value[:20]))
def test_a_bad_meta_is_refused(tmp_path, text, word):
    refused(forge(tmp_path / "a.npz", [("meta", npy(np.frombuffer(text, np.uint8)))]), word)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused(tmp_path):
    array = np.zeros(3)
    entries = [("meta", meta_entry({"a": array})), ("a", npy(array)), ("a", npy(array))]
    refused(forge(tmp_path / "a.npz", entries), "same name")


def peak(path, *words):
    """The most memory, in bytes, that refusing `path` takes."""
    tracemalloc.start()
    try:
        refused(path, *words)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_compressed_file_is_refused_unread(tmp_path):
    entries = [("meta", meta_entry()), ("a", npy(np.zeros(4_000_000)))]
    path = forge(tmp_path / "a.npz", entries, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert peak(path, "compressed") < 5e6


def test_entries_that_share_their_bytes_are_refused_unread(tmp_path):
    """1,000 names for one entry of 100 kB: the other kind of zip bomb."""
    path = forge(tmp_path / "a.npz", [("meta", meta_entry()), ("a000", npy(np.zeros(100_000, np.uint8)))])
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo("a000.npy")
        for i in range(1, 1000):
            other = copy.copy(first)
            other.filename = f"a{i:03d}.npy"
            archive.filelist.append(other)
        archive.writestr("last.npy", b"")
    assert peak(path, "larger than the file") < 5e6


def test_a_size_in_the_table_of_contents_is_not_believed(tmp_path):
    path = forge(tmp_path / "a.npz", [("meta", meta_entry()), ("a", npy(np.zeros(3)))])
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    for stored, told, word in (
        (4_000_000_000, 4_000_000_000, "larger than the file"),
        (1, 1000, "compressed"),
    ):
        struct.pack_into("<II", content, entry + 20, stored, told)
        path.write_bytes(content)
        assert peak(path, word) < 5e6


def test_a_vast_table_of_contents_is_refused_unread(tmp_path):
    path = forge(tmp_path / "a.npz", [(f"{i:060d}", b"") for i in range(12_000)])
    assert peak(path, "table of contents") < 5e6


def test_a_large_meta_is_refused_unread(tmp_path):
    text = b'{"format": 1, "a": [' + b"{}," * 3_000_000 + b"{}]}"
    path = forge(tmp_path / "a.npz", [("meta", npy(np.frombuffer(text, np.uint8)))])
    assert peak(path, "meta is too large") < 5e6


def test_loading_takes_little_more_memory_than_the_file(tmp_path):
    checkpoint.save(tmp_path / "a.npz", {"a": np.zeros(5_000_000, np.float32)}, {})
    tracemalloc.start()
    checkpoint.load(tmp_path / "a.npz")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < (tmp_path / "a.npz").stat().st_size + 5e6


# ------------------------------------------------------------------ the newest whole one


def save(folder, step):
    checkpoint.save(folder / checkpoint.NAME, {"a": np.full(50, step)}, {"step": step})


def newest(folder):
    """The step of the newest whole checkpoint, and the note."""
    arrays, meta, note = checkpoint.load_newest(folder)
    assert (arrays["a"] == meta["step"]).all()
    return meta["step"], note


def cut(path):
    path.write_bytes(path.read_bytes()[:-50])


def flip(path):
    """Turn a bit of the array."""
    content = bytearray(path.read_bytes())
    content[content.rindex(b"\x93NUMPY") + 200] ^= 1
    path.write_bytes(content)


def test_two_are_kept(tmp_path):
    for step in (1, 2, 3):
        save(tmp_path, step)
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz", "checkpoint.previous.npz"]
    assert newest(tmp_path) == (3, None)
    assert checkpoint.load(tmp_path / "checkpoint.previous.npz")[1] == {"step": 2}


def test_a_damaged_one_is_named_and_the_previous_one_used(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    cut(tmp_path / "checkpoint.npz")
    step, note = newest(tmp_path)
    assert step == 1
    assert str(tmp_path / "checkpoint.npz") in note and "checkpoint.previous.npz" in note and "\n" not in note
    (tmp_path / "checkpoint.npz").unlink()
    step, note = newest(tmp_path)
    assert step == 1 and str(tmp_path / "checkpoint.npz") in note


@pytest.mark.parametrize("harm", [cut, flip, os.unlink])
def test_a_damaged_one_never_replaces_a_whole_one(tmp_path, harm):
    save(tmp_path, 1)
    save(tmp_path, 2)
    harm(tmp_path / "checkpoint.npz")
    assert newest(tmp_path)[0] == 1
    save(tmp_path, 3)
    assert newest(tmp_path) == (3, None)
    assert checkpoint.load(tmp_path / "checkpoint.previous.npz")[1] == {"step": 1}


def test_both_damaged_is_one_line(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    cut(tmp_path / "checkpoint.npz")
    cut(tmp_path / "checkpoint.previous.npz")
    with pytest.raises(InputError) as raised:
        checkpoint.load_newest(tmp_path)
    message = str(raised.value)
    assert "checkpoint.npz" in message and "checkpoint.previous.npz" in message and "\n" not in message


def test_no_checkpoint_at_all_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"^.*checkpoint\.npz cannot be read: No such file.*$"):
        checkpoint.load_newest(tmp_path)


def test_a_newer_format_is_not_taken_for_damage(tmp_path, monkeypatch):
    save(tmp_path, 1)
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    save(tmp_path, 2)
    monkeypatch.undo()
    refused(tmp_path / "checkpoint.npz", "written by a newer minigan")
    with pytest.raises(InputError, match="written by a newer minigan"):
        checkpoint.load_newest(tmp_path)


# ------------------------------------------------------------------ a full disk


class FullDisk(io.FileIO):
    """A file on a disk with room for `room` bytes."""

    def __init__(self, path, mode, room):
        super().__init__(path, mode)
        self.room = room

    def write(self, data):
        if self.tell() + memoryview(data).nbytes > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_leaves_both_checkpoints(tmp_path, monkeypatch):
    save(tmp_path, 1)
    save(tmp_path, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for room in range(0, len(before["checkpoint.npz"]), 61):
        opened = lambda path, mode, room=room: FullDisk(path, mode, room)  # noqa: E731
        monkeypatch.setattr(files, "open", opened, raising=False)
        with pytest.raises(OSError) as raised:
            save(tmp_path, 3)
        assert raised.value.errno == errno.ENOSPC
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    save(tmp_path, 3)
    assert newest(tmp_path) == (3, None)


LIMITED = """
import errno, os, resource, sys
from pathlib import Path
import numpy as np
from minigan import checkpoint, files
path = Path(sys.argv[1])
checkpoint.save(path, {"a": np.zeros(10)}, {"step": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    checkpoint.save(path, {"a": np.zeros(100_000)}, {"step": 2})
except OSError as error:
    assert error.errno == errno.EFBIG, error
    assert os.listdir(path.parent) == [path.name]
    assert checkpoint.load_newest(path.parent)[1:] == ({"step": 1}, None)
    print("kept")
"""


@pytest.mark.skipif(os.name != "posix", reason="no limit on the size of files on this system")
def test_the_systems_own_limit_leaves_the_checkpoint(tmp_path):
    command = [sys.executable, "-c", LIMITED, tmp_path / "checkpoint.npz"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("kept\n", "")


# ------------------------------------------------------------------ kill -9

KILLED = """
import os, signal, sys, zipfile
from pathlib import Path
import numpy as np
from minigan import checkpoint, files
path, last = Path(sys.argv[1]), int(sys.argv[2])
checkpoint.save(path, {"a": np.full(50, 1)}, {"step": 1})
checkpoint.save(path, {"a": np.full(50, 2)}, {"step": 2})
steps = 0
def live():
    global steps
    if steps == last:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    steps += 1
def dying(function):
    def step(*arguments, **named):
        live()
        result = function(*arguments, **named)
        live()
        return result
    return step
for owner, name in [(os, "fsync"), (os, "replace"), (zipfile.ZipFile, "open"), (zipfile.ZipFile, "close")]:
    setattr(owner, name, dying(getattr(owner, name)))
checkpoint.save(path, {"a": np.full(50, 3)}, {"step": 3})
print("saved")
"""


def test_killed_at_every_step_of_saving(tmp_path):
    """Before and after each thing that save does, in turn, until a save is not killed any more."""
    outcomes = []
    for last in range(100):
        folder = tmp_path / str(last)
        folder.mkdir()
        command = [sys.executable, "-c", KILLED, folder / checkpoint.NAME, str(last)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.stdout == "saved\n":
            break
        assert done.returncode != 0 and done.stderr == ""
        step, note = newest(folder)
        outcomes.append((step, note is not None))
        save(folder, 4)
        assert newest(folder) == (4, None)
        assert sorted(os.listdir(folder)) == ["checkpoint.npz", "checkpoint.previous.npz"]
    assert done.stdout == "saved\n"
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {(2, False), (2, True), (3, False)}


ENDLESS = """
import sys
from pathlib import Path
import numpy as np
from minigan import checkpoint, files
path, step = Path(sys.argv[1]), int(sys.argv[2])
while True:
    step += 1
    checkpoint.save(path, {"a": np.full(50_000, step)}, {"step": step})
    print(step, flush=True)
"""


def test_killed_at_random_while_saving(tmp_path):
    """What was said to be saved is there, or the one before it, or the one being saved."""
    chance = random.Random(0)
    step = 0
    for _ in range(12):
        command = [sys.executable, "-c", ENDLESS, tmp_path / checkpoint.NAME, str(step)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
            said = [step + 1, *map(int, process.stdout.read().split())][-1]
        step, _ = newest(tmp_path)
        assert step in (said, said + 1)
