"""Pictures in one file that is mapped: the same examples and the same run as from the folder, to the bit."""

import json
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_data_folder import SMALL, draw, put

from minigan import checkpoint, data, evaluate, sample, train
from minigan.data import packed
from minigan.data.__main__ import main as data_main
from minigan.data.minibatches import is_mapped
from minigan.errors import InputError


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder of pictures, and the working folder."""
    monkeypatch.chdir(tmp_path)
    return draw(tmp_path / "mine")


# What is accepted -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("values", ["unit", "symmetric"])
def test_the_file_is_the_folder_in_its_order(mode, values, tmp_path):
    folder = draw(tmp_path / "mine", 130, mode=mode)
    packed.pack(str(folder), str(tmp_path / "m.npy"))
    found, whole = data.load(str(tmp_path / "m.npy"), values), data.load(str(folder), values)
    assert found.shape == whole.shape and found.sha256 and found.sha256 != whole.sha256
    for part in ("train", "valid", "test"):
        ours, theirs = getattr(found, part), getattr(whole, part)
        assert type(ours) is np.ndarray and is_mapped(ours) and not ours.flags.writeable
        assert not is_mapped(theirs)
        np.testing.assert_array_equal(ours, theirs)
    x = whole.train.astype(np.float32)
    np.testing.assert_array_equal(found.prepare(x), whole.prepare(x))
    np.testing.assert_array_equal(found.restore(found.prepare(x)), whole.restore(whole.prepare(x)))


def test_the_file_is_numpys_own(mine, tmp_path):
    packed.pack("mine", "m.npy")
    found = np.load("m.npy")
    assert (found.shape, found.dtype) == ((120, 6, 8), np.uint8)
    np.save("again.npy", found)
    assert Path("again.npy").read_bytes() == Path("m.npy").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_pack_has_one_picture_in_memory_and_load_none(tmp_path):
    folder = draw(tmp_path / "mine", 400, size=(60, 60))
    whole = 400 * 60 * 60
    draw(tmp_path / "other", 100)
    packed.pack(str(tmp_path / "other"), str(tmp_path / "o.npy"))  # imports what there is to import
    tracemalloc.start()
    packed.pack(str(folder), str(tmp_path / "m.npy"))
    packing = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    found = packed.load(str(tmp_path / "m.npy"))
    loading = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.train) == 320 and max(packing, loading) < whole / 4


def test_the_sha256_is_of_shape_and_pixels(mine):
    packed.pack("mine", "m.npy")
    pixels = np.load("m.npy")
    np.save("wide.npy", pixels.reshape(120, 4, 12))
    pixels[119, 5, 7] ^= 1
    np.save("other.npy", pixels)
    assert len({packed.load(f"{name}.npy").sha256 for name in ("m", "wide", "other")}) == 3


def test_a_run_is_that_of_the_folder_to_the_bit(mine):
    """Trained, resumed and sampled."""
    assert data_main(["pack", "mine", "m.npy"]) == 0
    for name, out in (("mine", "a"), ("m.npy", "b")):
        assert train.main(["--data", name, "--out", out, *SMALL]) == 0
        assert train.main(["--resume", out, "--epochs", "2", "--quiet"]) == 0
        assert sample.main([out, "--count", "10", "--out", f"{out}.npy", "--quiet"]) == 0
    (ours, _, _), (theirs, _, _) = (checkpoint.load_newest(out) for out in "ba")
    assert ours.keys() == theirs.keys() and len(ours) > 10
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    np.testing.assert_array_equal(np.load("a.npy"), np.load("b.npy"))
    assert (Path("a/samples.png").read_bytes()) == Path("b/samples.png").read_bytes()
    config = json.loads(Path("b/config.json").read_text())
    assert (config["recipe"]["data"], config["pictures"]) == (
        str(Path("m.npy").resolve()),
        packed.load("m.npy").sha256,
    )


def test_a_run_of_the_paper_s_is_evaluated_as_the_folder_s(mine, capsys):
    """The recipe digits begins at the mean of the data; evaluation reads what is kept aside."""
    packed.pack("mine", "m.npy")
    small = ["--quiet", "--epochs", "1", "--hidden", "8,8", "--units", "4,4", "--recipe", "digits"]
    found = []
    for name, out in (("mine", "a"), ("m.npy", "b")):
        assert train.main(["--data", name, "--out", out, *small]) == 0
        capsys.readouterr()
        assert evaluate.main([out, "--centres", "1000", "--quiet", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
        del found[-1]["run"], found[-1]["data"]
    assert found[0] == found[1] and len(found[0]) > 5


def test_a_run_belongs_to_its_file(mine, capsys):
    packed.pack("mine", "m.npy")
    assert train.main(["--data", "m.npy", "--out", "r", *SMALL]) == 0
    np.save("m.npy", 255 - np.load("m.npy"))
    assert train.main(["--resume", "r", "--epochs", "2", "--quiet"]) == 2
    assert "are not those that the run began with" in capsys.readouterr().err


# What is not ------------------------------------------------------------------------------------------

WHOLE = np.zeros((120, 6, 8), np.uint8)


def saved(array, **options):
    return lambda: np.save("m.npy", array, **options)


def cut():
    np.save("m.npy", WHOLE)
    Path("m.npy").write_bytes(Path("m.npy").read_bytes()[:-1])


def archive():
    with zipfile.ZipFile("m.npy", "w") as file:
        file.writestr("a.npy", b"")


SPOILT = {
    "missing": (lambda: None, "expected a file of pictures, {} is nothing"),
    "a folder": (lambda: Path("m.npy").mkdir(), "{} is a folder, whose name may not end in .npy"),
    "empty": (lambda: Path("m.npy").write_bytes(b""), "{} cannot be read as a .npy file"),
    "a text": (lambda: Path("m.npy").write_text("hello"), "{} cannot be read as a .npy file"),
    "cut": (cut, "{} cannot be read as a .npy file"),
    "a pickle": (lambda: Path("m.npy").write_bytes(pickle.dumps(WHOLE)), "{} cannot be read as a .npy file"),
    "objects": (saved(np.array([{}] * 120)), "{} cannot be read as a .npy file"),
    "an archive": (archive, "{} has several arrays"),
    "numbers": (saved(WHOLE.astype(np.float32)), "{} has float32 of shape (120, 6, 8)"),
    "signed": (saved(WHOLE.astype(np.int8)), "{} has int8 of shape"),
    "Fortran's": (saved(np.asfortranarray(WHOLE)), "{} has uint8 of shape (120, 6, 8) in another order"),
    "rows": (saved(WHOLE.reshape(120, 48)), "{} has uint8 of shape (120, 48)"),
    "four colours": (saved(np.zeros((120, 6, 8, 4), np.uint8)), "has uint8 of shape (120, 6, 8, 4)"),
    "films": (saved(np.zeros((120, 6, 8, 3, 3), np.uint8)), "has uint8 of shape (120, 6, 8, 3, 3)"),
    "too few": (saved(WHOLE[:99]), "expected 100 pictures or more as bytes"),
    "too large": (saved(np.zeros((100, 6, 257), np.uint8)), "4 x 4 to 256 x 256 pixels, {} has 6 x 257"),
    "too small": (saved(WHOLE[:, :3]), "4 x 4 to 256 x 256 pixels, {} has 3 x 8"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_does_not_fit_is_one_line(how, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    spoil, words = SPOILT[how]
    spoil()
    assert train.main(["--data", "m.npy", "--quiet", "--epochs", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: --data: ") and err.count("\n") == 1
    assert words.format(tmp_path / "m.npy") in err
    assert not Path("runs").exists()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_damaged_header_is_one_line_or_fits(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "damaged.npy"
    np.save(path, WHOLE)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place] = value
    path.write_bytes(content)
    try:
        found = packed.load(str(path))
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert found.train.dtype == np.uint8 and found.train.shape[1] == np.prod(found.shape)
        del found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pack", "pack needs a folder of pictures and the name of a new file"),
        ("pack mine", "pack needs a folder of pictures and the name of a new file"),
        ("pack old.npy m.npy", "expected a folder of pictures, old.npy is a file"),
        ("pack nowhere m.npy", "expected a folder of pictures, nowhere is nothing"),
        ("pack mine m.npz", "ends in .npy, got m.npz"),
        ("pack mine old.npy", "old.npy is there already"),
        ("pack mine none/m.npy", "there is no folder none; make it first"),
        ("pack spoilt m.npy", "expected pictures of one kind"),
        (["pack", "", "m.npy"], "NAME: invalid name value: ''"),
        (["pack", "mine", ""], "FILE: invalid file value: ''"),
        ("list mnist m.npy", "leave m.npy out"),
        ("verify digits m.npy", "leave m.npy out"),
    ],
)
def test_what_cannot_be_packed_is_one_line_and_leaves_nothing(words, said, mine, tmp_path, capsys):
    Path("old.npy").write_text("mine")
    put("119.png", (9, 6))(draw(tmp_path / "spoilt"))
    assert data_main(words.split() if isinstance(words, str) else words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1 and said in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "old.npy", "spoilt"]
    assert Path("old.npy").read_text() == "mine"
