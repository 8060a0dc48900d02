"""A folder of the user's own pictures: what is accepted, and one line for each thing that does not fit."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minigan import data, sample, train
from minigan.errors import InputError

COUNT = 120


def draw(folder, count=COUNT, size=(8, 6), mode="L", name="{:03}.png", **options):
    """Pictures of noise, (columns, rows); each is another."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for i in range(count):
        channels = {"L": (), "RGB": (3,)}.get(mode, (3,))
        pixels = rng.integers(0, 256, (size[1], size[0], *channels), dtype=np.uint8)
        Image.fromarray(pixels).convert(mode).save(folder / name.format(i), **options)
    return folder


@pytest.fixture
def folder(tmp_path):
    return draw(tmp_path / "mine")


def pixels_of(path):
    return np.asarray(Image.open(path)).reshape(-1)


# What is accepted -------------------------------------------------------------------------------------


def test_every_picture_is_there_once(folder):
    found = data.load(str(folder))
    assert (found.shape, found.train.dtype) == ((6, 8), np.uint8)
    assert [len(part) for part in (found.train, found.valid, found.test)] == [96, 12, 12]
    rows = {row.tobytes() for part in (found.train, found.valid, found.test) for row in part}
    assert rows == {pixels_of(path).tobytes() for path in folder.iterdir()}


def test_what_is_kept_aside_does_not_follow_the_names(folder):
    """Names are often in the order of what is shown: the last ones would be of a kind that is not learned."""
    found, by_name = data.load(str(folder)), [pixels_of(path).tobytes() for path in sorted(folder.iterdir())]
    places = [by_name.index(row.tobytes()) for row in found.test]
    assert min(places) < 40 and max(places) > 80
    again = data.load(str(folder))
    np.testing.assert_array_equal(again.train, found.train)


@pytest.mark.parametrize("values, low", [("unit", 0), ("symmetric", -1)])
def test_values(values, low, folder):
    found = data.load(str(folder), values)
    x = found.prepare(found.train.astype(np.float32))
    assert x.dtype == np.float32 and low <= x.min() < low + 0.1 and 0.9 < x.max() <= 1
    np.testing.assert_allclose(found.restore(x).reshape(x.shape) * 255, found.train, atol=1e-3)


@pytest.mark.parametrize("mode, name, shape", [
    ("L", "{}.png", (6, 8)),
    ("1", "{}.png", (6, 8)),
    ("L", "{}.JPG", (6, 8)),
    ("P", "{}.gif", (6, 8, 3)),
    ("RGB", "{}.bmp", (6, 8, 3)),
    ("RGB", "{}.webp", (6, 8, 3)),
    ("RGBA", "{}.png", (6, 8, 3)),
    ("LA", "{}.png", (6, 8)),
    ("CMYK", "{}.tif", (6, 8, 3)),
])  # fmt: skip
def test_kinds_of_pictures(mode, name, shape, tmp_path):
    found = data.load(str(draw(tmp_path / "mine", mode=mode, name=name)))
    assert found.shape == shape and len(found.train) == 96
    if name in ("{}.png", "{}.bmp") and mode != "1":
        rows = {row.tobytes() for part in (found.train, found.valid, found.test) for row in part}
        channels = "RGB" if len(shape) == 3 else "L"
        of_files = [Image.open(path).convert(channels) for path in (tmp_path / "mine").iterdir()]
        assert rows == {np.asarray(image).tobytes() for image in of_files}


def test_as_few_and_as_small_and_as_large_as_may_be(tmp_path):
    assert data.load(str(draw(tmp_path / "mine", 100, size=(4, 256)))).shape == (256, 4)


def test_folders_below_count_and_other_files_do_not(folder):
    draw(folder / "more", 30, name="x{}.png")
    (folder / "notes.txt").write_text("mine")
    (folder / ".hidden.png").write_bytes(b"no picture")
    (folder / "a.png").mkdir()
    found = data.load(str(folder))
    assert len(found.train) + len(found.valid) + len(found.test) == 150


def test_the_sha256_is_of_the_pixels(folder, tmp_path):
    was = data.load(str(folder)).sha256
    again = draw(tmp_path / "again", compress_level=1)  # other files, the same pixels
    assert data.load(str(again)).sha256 == was
    Image.fromarray(255 - np.asarray(Image.open(folder / "003.png"))).save(folder / "003.png")
    assert data.load(str(folder)).sha256 != was
    wide, high = draw(tmp_path / "wide", size=(12, 4)), draw(tmp_path / "high", size=(4, 12))
    assert data.load(str(wide)).sha256 != data.load(str(high)).sha256


# What is not ------------------------------------------------------------------------------------------


def bomb(path):
    """A PNG of a few bytes whose header claims 60,000 x 60,000 pixels."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )


def film(path):
    frames = [Image.fromarray(np.full((6, 8), value, np.uint8)) for value in (0, 255)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def transparent(path):
    Image.new("RGBA", (8, 6), (255, 0, 0, 100)).save(path)


def put(name, size, mode="L"):
    return lambda folder: Image.new(mode, size).save(folder / name)


ONE = "010.png"  # the picture that does not fit
SPOILT = {  # what happens to the folder, and words that must be in the line, in which {} is the folder
    "another size": (put(ONE, (8, 7)), "000.png is 6 x 8 grey and {}/010.png is 7 x 8 grey"),
    "in colours": (put(ONE, (8, 6), "RGB"), "{}/010.png is 6 x 8 in colours"),
    "transparent": (lambda f: transparent(f / ONE), "{}/010.png is transparent in places"),
    "16 bits": (put(ONE, (8, 6), "I;16"), "expected pictures of 8 bits a colour, {}/010.png"),
    "a film": (lambda f: film(f / "010.gif"), "{}/010.gif has 2 frames"),
    "no picture": (lambda f: (f / ONE).write_text("hello"), "{}/010.png cannot be read as a picture (cannot"),
    "empty": (lambda f: (f / ONE).write_bytes(b""), "{}/010.png cannot be read as a picture"),
    "cut": (lambda f: (f / ONE).write_bytes((f / ONE).read_bytes()[:70]), "{}/010.png cannot be read"),
    "a bomb": (lambda f: bomb(f / ONE), "{}/010.png"),
    "too large": (put(ONE, (300, 6)), "256 x 256 pixels, {}/010.png has 6 x 300"),
    "too small": (put(ONE, (1, 1)), "{}/010.png has 1 x 1; bring all to one size within"),
    "too few": (lambda f: [p.unlink() for p in f.glob("0*.png")], "expected 100 pictures or more (png, jpg"),
    "none": (lambda f: [p.rename(p.with_suffix(".txt")) for p in f.iterdir()], "{} has 0"),
    "missing": (lambda f: f.rename(f.with_name("other")), "expected a folder of pictures, {} is nothing"),
    "a file": (
        lambda f: (f.rename(f.with_name("other")), f.write_text("")),
        "{} is a file",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_does_not_fit_is_one_line(how, folder, capsys, monkeypatch):
    spoil, words = SPOILT[how]
    spoil(folder)
    monkeypatch.chdir(folder.parent)
    assert train.main(["--data", str(folder), "--quiet", "--epochs", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: --data: ") and err.count("\n") == 1
    assert words.format(folder) in err
    assert not Path("runs").exists()


def test_a_bomb_is_not_unpacked(folder, monkeypatch):
    bomb(folder / "000.png")
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(InputError, match="000.png"):
        data.load(str(folder))


# A run ------------------------------------------------------------------------------------------------

SMALL = ["--quiet", "--epochs", "1", "--hidden", "8", "--units", "4"]


def test_a_run_belongs_to_its_pictures(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert train.main(["--data", "mine", *SMALL]) == 0
    config = json.loads(Path("runs/images-1/config.json").read_text())
    assert (config["recipe"]["data"], config["pictures"]) == (str(folder), data.load(str(folder)).sha256)
    monkeypatch.chdir("runs")  # the folder's name means the same everywhere
    assert train.main(["--resume", "images-1", "--epochs", "2", "--quiet"]) == 0
    (folder / "007.png").unlink()
    assert train.main(["--resume", "images-1", "--epochs", "3", "--quiet"]) == 2
    assert "are not those that the run began with" in capsys.readouterr().err
    assert train.main(["--resume", "images-1", "--epochs", "3", "--quiet", "--force"]) == 0


def test_another_recipe_may_learn_them(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert train.main(["--data", "mine", "--recipe", "digits", *SMALL]) == 0
    assert Path("runs/digits-1/samples.png").exists()


def test_without_a_folder_the_recipe_looks_for_its_own(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main(["--recipe", "images"]) == 2
    assert "expected a folder of pictures" in capsys.readouterr().err


def test_three_kinds_of_pictures_are_learned(tmp_path):
    """500 pictures of blocks, rows and columns: all three are among the samples, by the nearest picture."""
    mine, run, side = tmp_path / "mine", tmp_path / "run", np.arange(8)
    mine.mkdir()
    rng = np.random.default_rng(0)
    pictures = []
    for i in range(500):
        row, column = np.abs(side[:, None] - rng.integers(3, 5)), np.abs(side - rng.integers(3, 5))
        kinds = np.maximum(row, column) <= 2, (row == 0) & (column >= 0), (column == 0) & (row >= 0)
        pictures.append(np.uint8(255 * kinds[i % 3]))
        Image.fromarray(pictures[-1]).save(mine / f"{i}.png")
    small = ["--quiet", "--epochs", "100", "--hidden", "64,64", "--units", "64,64"]
    assert train.main(["--data", str(mine), "--out", str(run), "--threads", "1", *small]) == 0
    assert sample.main([str(run), "--count", "300", "--out", str(run / "s.npy"), "--quiet"]) == 0
    samples = (np.load(run / "s.npy").reshape(300, 1, -1) + 1) / 2
    distances = np.square(samples - np.reshape(pictures, (1, 500, -1)) / 255).sum(axis=2)
    of_kind = np.bincount(distances.argmin(axis=1) % 3, minlength=3) / 300
    assert of_kind.min() > 0.1 and np.sqrt(distances.min(axis=1)).mean() < 2  # noise is at 4
