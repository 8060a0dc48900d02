"""pictures.py: what is drawn is what was given, and what cannot be drawn is refused in one line."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from minigan import data, pictures
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.reproduce import figures

LOG = [
    {
        "epoch": e,
        "d_loss": 0.5 + 0.01 * e,
        "g_loss": 2 - 0.1 * e,
        "d_real": 0.9 - 0.01 * e,
        "d_fake": 0.1 + 0.01 * e,
    }
    for e in range(1, 6)
]


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def noise(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.fixture
def figure(monkeypatch):
    """Call a drawing function with this as path: the figure that it would write."""
    drawn = []
    for module in (pictures, figures):
        monkeypatch.setattr(module, "save_figure", lambda path, figure: drawn.append(figure))

    def draw(function, *arguments, **named):
        function("unused", *arguments, **named)
        drawn[-1].draw_without_rendering()
        return drawn[-1]

    return draw


# ------------------------------------------------------------------ grids


def cell(montage, row, column, h, w, pad, factor):
    """One image of a montage, at its own size again."""
    small = montage[::factor, ::factor]
    y, x = pad + row * (h + pad), pad + column * (w + pad)
    return small[y : y + h, x : x + w]


@pytest.mark.parametrize("pad", [0, 1, 3])
@pytest.mark.parametrize("colours", [(), (3,)])
def test_tile_holds_every_image_in_reading_order(pad, colours):
    images = noise(5, 4, 6, *colours)
    height, width = 2 * (4 + pad) + pad, 3 * (6 + pad) + pad
    montage = pictures.tile(images, 3, pad)
    factor = 900 // max(height, width)
    assert montage.dtype == np.uint8 and montage.shape == (height * factor, width * factor, 3)
    np.testing.assert_array_equal(
        montage,
        montage[::factor, ::factor].repeat(factor, 0).repeat(factor, 1),  # whole squares
    )
    expected = np.round(images.reshape(5, 4, 6, -1) * 255) * np.ones(3)
    for i in range(5):
        np.testing.assert_array_equal(cell(montage, i // 3, i % 3, 4, 6, pad, factor), expected[i])
    assert (cell(montage, 1, 2, 4, 6, pad, factor) == pictures._PADDING).all()
    background = (montage[::factor, ::factor] == pictures._PADDING).all(axis=2).sum()
    assert background >= height * width - 5 * 4 * 6


def test_black_and_white_are_black_and_white():
    montage = pictures.tile(np.array([[[0.0, 1.0, 0.5]]]), 1, pad=0)
    assert np.unique(montage).tolist() == [0, 128, 255]


def test_a_row_is_no_longer_than_its_images():
    images = noise(3, 8, 8)
    np.testing.assert_array_equal(pictures.tile(images, 10), pictures.tile(images, 3))


def test_bytes_are_shown_as_they_are():
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(pictures.tile(images, 2), pictures.tile(images / 255, 2))


@pytest.mark.parametrize(
    "n, side, columns", [(100, 8, 10), (100, 28, 10), (100, 32, 10), (1, 8, 10), (30, 8, 1)]
)
def test_pictures_have_a_comfortable_size(n, side, columns):
    assert 600 <= max(pictures.tile(noise(n, side, side), columns).shape) <= 900


def test_large_pictures_stay_as_they_are():
    assert pictures.tile(noise(4, 500, 500), 2).shape == (1003, 1003, 3)


@pytest.mark.parametrize("colours", [(), (3,)])
def test_grid_is_the_tile_as_png(tmp_path, colours):
    images = noise(7, 8, 8, *colours)
    pictures.save_grid(tmp_path / "a.png", images, 4)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), pictures.tile(images, 4))
    assert os.listdir(tmp_path) == ["a.png"]


def test_nearest_is_a_framed_last_column(tmp_path):
    images, nearest = noise(5, 8, 8), noise(7, 8, 8)[5:]
    pictures.save_grid(tmp_path / "a.png", images, 3, nearest)
    small = read(tmp_path / "a.png")
    factor = small.shape[0] // (2 * 9 + 1)
    small = small[::factor, ::factor]
    assert small.shape == (2 * 9 + 1, 3 * 9 + 1 + 9 + 1, 3)
    for row in range(2):
        expected = np.round(nearest[row] * 255)[:, :, None] * np.ones(3)
        np.testing.assert_array_equal(small[1 + 9 * row : 9 + 9 * row, 29:37], expected)
    frame = (small == pictures._FRAME).all(axis=2)
    assert frame[:, [28, 37]].all() and frame[[0, 9, 18], 28:].all()
    assert not frame[:, :28].any()
    np.testing.assert_array_equal(
        small[:, :28], pictures._montage(pictures._pixels(images), 3, 1, pictures._PADDING)
    )


BAD_IMAGES = {
    "one image": noise(8, 8),
    "rows": noise(10, 64)[None, None, None],
    "two colours": noise(4, 8, 8, 2),
    "none": noise(0, 8, 8),
    "empty": noise(3, 0, 8),
    "nan": np.full((1, 2, 2), np.nan),
    "one nan": np.array([[[0.5, np.nan]]]),
    "infinite": np.full((1, 2, 2), np.inf),
    "negative": np.full((1, 2, 2), -0.1),
    "too bright": np.full((1, 2, 2), 1.1),
    "0 to 255": np.full((1, 2, 2), 255.0),
}


def refused(word, function, *arguments, **named):
    with pytest.raises(InputError, match=word) as raised:
        function(*arguments, **named)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("images", BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_images_that_cannot_be_shown_are_refused(tmp_path, images):
    refused("images: expected", pictures.tile, images, 2)
    refused("images: expected", pictures.save_grid, tmp_path / "a.png", images, 2)
    assert os.listdir(tmp_path) == []


def test_other_wrong_grids_are_refused(tmp_path):
    images = noise(6, 8, 8)
    refused("columns: expected 1 or more, got 0", pictures.tile, images, 0)
    refused("columns", pictures.save_grid, tmp_path / "a.png", images, -1, images)
    for nearest in (images[:2], images, noise(3, 8, 9), noise(3, 8, 8, 3)):
        refused(
            "nearest: expected one image per row", pictures.save_grid, tmp_path / "a.png", images, 2, nearest
        )
    refused("images", pictures.save_grid, tmp_path / "a.png", images, 2, np.full((3, 8, 8), np.nan))
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------ points


def test_points_are_all_drawn_over_the_real_ones(figure):
    real, fake = noise(50, 2), noise(70, 2)[50:]
    axes = figure(pictures.save_points, real, fake).axes[0]
    drawn = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(drawn["real"].get_xydata(), real)
    np.testing.assert_array_equal(drawn["generated"].get_xydata(), fake)
    assert (
        drawn["generated"].get_zorder() >= drawn["real"].get_zorder() and axes.lines[-1] is drawn["generated"]
    )
    assert axes.get_aspect() == 1
    assert axes.get_legend() and axes.get_xlabel() and axes.get_ylabel()


def test_the_view_is_that_of_the_real_points(figure):
    real = np.array([[-1.0, 0], [1, 0], [0, 1], [0, -1]])
    near = figure(pictures.save_points, real, real).axes[0]
    far = figure(pictures.save_points, real, np.array([[0, 0], [50, 0], [0, -50], [1e9, 1e9]])).axes[0]
    assert near.get_xlim() == far.get_xlim() and near.get_ylim() == far.get_ylim()
    assert near.get_legend().texts[1].get_text() == "generated"
    assert far.get_legend().texts[1].get_text() == "generated (3 of 4 outside)"


def test_one_dimension_is_two_densities(figure):
    real, fake = np.random.default_rng(0).normal(size=(2, 1000))
    axes = figure(pictures.save_points, real, fake[:, None]).axes[0]
    densities = [stairs.get_data() for stairs in axes.patches]
    assert len(densities) == 2
    for density, points in zip(densities, (real, fake), strict=True):
        inside = np.mean((points >= density.edges[0]) & (points <= density.edges[-1]))
        assert np.sum(density.values * np.diff(density.edges)) == pytest.approx(inside)
        mean = np.average((density.edges[1:] + density.edges[:-1]) / 2, weights=density.values)
        assert mean == pytest.approx(points.mean(), abs=0.05)
    assert axes.get_xlabel() and axes.get_ylabel() and axes.get_legend()


@pytest.mark.parametrize("points", [noise(4, 2), noise(4, 1), noise(4), np.zeros((3, 2)), noise(1, 2)])
def test_points_are_written(tmp_path, points):
    pictures.save_points(tmp_path / "a.png", points, points)
    assert min(read(tmp_path / "a.png").shape[:2]) > 400


def test_points_that_cannot_be_shown_are_refused(tmp_path):
    good, path = noise(4, 2), tmp_path / "a.png"
    for bad in (noise(4, 3), noise(0, 2), noise(2, 2, 2), np.float32(1)):
        refused("real points: expected", pictures.save_points, path, bad, good)
        refused("generated points: expected", pictures.save_points, path, good, bad)
    refused("2 coordinates, generated 1", pictures.save_points, path, good, noise(4))
    refused("generated points: some are not finite", pictures.save_points, path, good, good * np.nan)
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------ curves


def test_curves_are_the_log(figure):
    left, right = figure(pictures.save_curves, LOG).axes
    for axes, names in ((left, ("d_loss", "g_loss")), (right, ("d_real", "d_fake"))):
        for line, name in zip(axes.lines, names, strict=False):
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])
            np.testing.assert_array_equal(line.get_ydata(), [record[name] for record in LOG])
        assert axes.get_xlabel() == "epoch" and axes.get_ylabel()
        assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()  # to be told apart in grey
        assert axes.get_legend().get_window_extent().y0 >= axes.bbox.y1  # above the data
    assert [text.get_text() for text in left.get_legend().texts] == ["D's loss", "G's loss"]


def balances(axes):
    """The horizontal lines of axes, by their labels."""
    heights = [line.get_ydata()[0] for line in axes.lines[2:]]
    return {text.get_text().split("\n")[0]: y for text, y in zip(axes.texts, heights, strict=True)}


def test_what_is_no_probability_is_not_called_one(figure):
    log = [record | {"d_real": 7.5, "d_fake": -2.5} for record in LOG]
    _, right = figure(pictures.save_curves, log, 0.0, 0.0, 0.25, False).axes
    assert right.get_ylabel() == "D's output, which is no probability"
    assert balances(right) == {"balance": 0.25} and right.texts[0].get_text() == "balance\n0.25"
    left, right = figure(pictures.save_curves, log, 0.0, 0.0, None, False).axes
    assert balances(left) == balances(right) == {}
    low, high = right.get_ylim()
    assert low < -2.5 and high > 7.5


def test_the_balance_is_where_D_is_one_half(figure):
    left, right = figure(pictures.save_curves, LOG).axes
    assert balances(left) == {"balance": pytest.approx(math.log(2))}
    assert left.texts[0].get_text() == "balance\n0.693"
    assert balances(right) == {"balance": 0.5}
    assert right.get_ylabel() == "probability of being real" and right.get_ylim() == (-0.02, 1.02)
    left, _ = figure(pictures.save_curves, LOG, math.log(4)).axes
    assert balances(left) == {
        "D's balance": pytest.approx(math.log(4)),
        "G's balance": pytest.approx(math.log(2)),
    }
    left, _ = figure(pictures.save_curves, LOG, g_balance=-math.log(2)).axes
    assert balances(left) == {
        "D's balance": pytest.approx(math.log(2)),
        "G's balance": pytest.approx(-math.log(2)),
    }
    low, high = left.get_ylim()
    assert low < -math.log(2) < math.log(2) < high


@pytest.mark.parametrize("n", [1, 2, 5])
def test_epochs_are_whole_numbers(figure, n):
    figure = figure(pictures.save_curves, LOG[:n])
    for axes in figure.axes:
        assert all(tick == int(tick) for tick in axes.get_xticks())
        low, high = axes.get_xlim()
        assert low < 1 and n < high
        assert axes.lines[0].get_marker() == "o"  # a single epoch can be seen too


def test_gaps_in_the_log_are_gaps(figure):
    left, _ = figure(
        pictures.save_curves, [*LOG, LOG[-1] | {"epoch": 6, "g_loss": None, "d_loss": math.nan}]
    ).axes
    assert np.isnan([line.get_ydata()[-1] for line in left.lines[:2]]).all()


def test_curves_are_written(tmp_path):
    pictures.save_curves(tmp_path / "a.png", LOG)
    assert read(tmp_path / "a.png").shape[1] > 1000
    first = (tmp_path / "a.png").read_bytes()
    pictures.save_curves(tmp_path / "a.png", LOG)
    assert (tmp_path / "a.png").read_bytes() == first


def test_a_log_that_cannot_be_drawn_is_refused(tmp_path):
    refused("nothing to draw", pictures.save_curves, tmp_path / "a.png", [])
    refused(
        "no d_real",
        pictures.save_curves,
        tmp_path / "a.png",
        [LOG[0], {"epoch": 2, "d_loss": 1, "g_loss": 1}],
    )
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------ films


def frames(folder, count):
    """`count` pictures, of which number i has its white square at place i of 16 x 16."""
    paths = [folder / f"epoch-{i:04d}.png" for i in range(count)]
    for i, path in enumerate(paths):
        pixels = np.zeros((16, 16), np.uint8)
        pixels.flat[i] = 255
        Image.fromarray(pixels.repeat(4, 0).repeat(4, 1)).save(path)
    return paths


def play(path):
    """The number of each picture shown, and its milliseconds."""
    with Image.open(path) as film:
        for i in range(film.n_frames):
            film.seek(i)
            yield int(np.asarray(film.convert("L"))[::4, ::4].argmax()), film.info["duration"]


def test_film_shows_the_pictures_in_order_and_holds_the_last(tmp_path):
    pictures.save_film(tmp_path / "a.gif", frames(tmp_path, 10), seconds=2.0)
    assert list(play(tmp_path / "a.gif")) == [(i, 200) for i in range(9)] + [(9, 2000)]
    with Image.open(tmp_path / "a.gif") as film:
        assert film.size == (64, 64) and film.info["loop"] == 0  # for ever


def test_long_films_are_thinned_evenly(tmp_path):
    pictures.save_film(tmp_path / "a.gif", frames(tmp_path, 256))
    shown = [number for number, _ in play(tmp_path / "a.gif")]
    assert len(shown) == 60 and shown[0] == 0 and shown[-1] == 255
    assert set(np.diff(shown)) == {4, 5}


@pytest.mark.parametrize("count, seconds, milliseconds", [(2, 10, 500), (50, 0.1, 40), (50, 10, 200)])
def test_films_run_at_a_pace_one_can_follow(tmp_path, count, seconds, milliseconds):
    pictures.save_film(tmp_path / "a.gif", frames(tmp_path, count), seconds)
    assert {duration for _, duration in play(tmp_path / "a.gif")} == {milliseconds, 2000}


def test_a_film_has_32_colours(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(path)
    pictures.save_film(tmp_path / "a.gif", [path, path])
    assert len(np.unique(read(tmp_path / "a.gif"))) == 32


def test_a_film_of_one_picture(tmp_path):
    pictures.save_film(tmp_path / "a.gif", [str(path) for path in frames(tmp_path, 1)])
    assert (read(tmp_path / "a.gif") == read(tmp_path / "epoch-0000.png")).all()


def test_films_show_the_greys_of_grids(tmp_path):
    for i in range(2):
        pictures.save_grid(tmp_path / f"{i}.png", np.linspace(0, 1, 640).reshape(10, 8, 8) ** (i + 1), 5)
    pictures.save_film(tmp_path / "a.gif", [tmp_path / "0.png", tmp_path / "1.png"])
    with Image.open(tmp_path / "a.gif") as film:
        for i in range(2):
            film.seek(i)
            error = np.asarray(film.convert("RGB"), float) - read(tmp_path / f"{i}.png")
            assert abs(error).max() <= 16


def test_films_have_the_colours_of_the_last_picture(tmp_path):
    """Noise at the beginning is grey; what is learned may not be."""
    grey = Image.new("RGB", (8, 8), (90, 90, 90))
    grey.save(tmp_path / "0.png")
    grey.paste((200, 30, 60), (2, 2, 6, 6))
    grey.save(tmp_path / "1.png")
    pictures.save_film(tmp_path / "a.gif", [tmp_path / "0.png", tmp_path / "1.png"])
    with Image.open(tmp_path / "a.gif") as film:
        film.seek(1)
        assert film.convert("RGB").getpixel((4, 4)) == (200, 30, 60)


def test_films_that_cannot_be_made_are_refused(tmp_path):
    good = frames(tmp_path, 3)
    before = sorted(os.listdir(tmp_path))
    refused("no pictures", pictures.save_film, tmp_path / "a.gif", [])
    refused("missing.png", pictures.save_film, tmp_path / "a.gif", [tmp_path / "missing.png", *good])
    good[1].write_bytes(good[1].read_bytes()[:40])
    refused("epoch-0001.png", pictures.save_film, tmp_path / "a.gif", good)
    good[1].write_text("no picture")
    refused("epoch-0001.png", pictures.save_film, tmp_path / "a.gif", good)
    for size in ((9, 8), (99, 64)):
        Image.new("L", size).save(good[1])
        refused("epoch-0001.png", pictures.save_film, tmp_path / "a.gif", good)
    assert sorted(os.listdir(tmp_path)) == before


# ------------------------------------------------------------------ all of them


def test_every_picture_is_written_atomically(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(pictures, "write_atomically", lambda path, write: written.append(path.name))
    pictures.save_grid(tmp_path / "grid", noise(4, 8, 8), 2)
    pictures.save_points(tmp_path / "points", noise(4, 2), noise(4, 2))
    pictures.save_curves(tmp_path / "curves", LOG)
    pictures.save_film(tmp_path / "film", frames(tmp_path, 2))
    assert written == ["grid", "points", "curves", "film"]


def test_what_annotations_alone_need_is_not_imported():
    assert not {"Axes", "Figure", "Image", "Dataset"} & {*vars(pictures), *vars(figures)}


DRAW = """
import sys
from minigan import data, pictures
assert not {"matplotlib", "PIL"} & set(sys.modules), "imported with minigan"
import numpy as np
pictures.save_points(sys.argv[1], np.zeros((3, 2)), np.zeros((3, 2)))
assert "matplotlib.pyplot" not in sys.modules, "pyplot has global state"
"""


def test_nothing_heavy_is_imported_before_drawing_and_pyplot_never(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", DRAW, tmp_path / "a.png"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------ figures of the reproductions


def line(axes, label):
    """x and y of the line with this label, and its colour."""
    (found,) = (one for one in axes.get_lines() if one.get_label() == label)
    return *(np.asarray(values).tolist() for values in found.get_data()), found.get_color()


def test_errors_are_percent_over_epochs(figure):
    split = [
        {"epoch": 1, "valid_error": 0.3, "test_error": 0.2},
        {"epoch": 2, "valid_error": 0.05, "test_error": 0.04},
    ]
    whole = [{"epoch": 1, "test_error": 0.1}, {"epoch": 3, "test_error": 0.01}]
    (axes,) = figure(figures.save_errors, split, whole).axes
    assert line(axes, "validation")[:2] == ([1, 2], [30, 5])
    assert line(axes, "test")[:2] == ([1, 2], [20, 4])
    assert line(axes, "test, trained on all")[:2] == ([1, 3], [10, 1])
    assert axes.get_yscale() == "log"


def test_the_optimum_and_the_pulls(figure):
    x = [0.0, 1.0, 2.0]
    D = {
        "x": x,
        "p_data": [0.1, 0.2, 0.3],
        "p_g": [0.3, 0.2, 0.1],
        "D": [0.4, 0.5, 0.6],
        "optimum": [0.2, 0.5, 0.7],
    }
    losses = {"logit": [-1, 0, 1], "minimax": [-0.3, -0.5, -0.7], "non_saturating": [-0.9, -0.4, -0.2]}
    left, right = figure(figures.save_optimum, D | {"support": [0.5, 1.5]}, losses).axes
    assert line(left, "D, trained") == (x, D["D"], pictures.BLUE)
    assert line(left, "$D^*$")[:2] == (x, D["optimum"])
    areas = {area.get_label(): area for area in left.collections}
    assert areas["$p_{data}$"].get_paths()[0].vertices[:, 1].max() == 0.3
    assert areas["$p_{data}$"].get_facecolor()[0][2] > areas["$p_g$"].get_facecolor()[0][2]  # blue, orange
    assert line(right, r"$\log(1 - D)$: saturates")[:2] == ([-1, 0, 1], [0.3, 0.5, 0.7])
    assert line(right, r"$-\log D$")[1] == [0.9, 0.4, 0.2]


def test_a_descent_leads_from_a_circle_to_a_dot(figure):
    descent = {"from": -3.0, "to": -2.0, "C_from": -0.2, "C_to": -0.9}
    simplex = {"optimal": [0.5, 0.1, 0.0], "lagging": [0.5, 0.4, 0.3]}
    parameter = {"theta": [-3, 0, 3], "criterion": [-0.2, -0.5, -0.1], "descents": [descent]}
    left, right = figure(figures.save_descent, simplex, parameter).axes
    assert line(left, "D at its optimum")[1] == [0.5, 0.1, 1e-16]
    assert line(left, "one step of D for each of $p_g$")[1] == [0.5, 0.4, 0.3]
    assert line(right, "C(G)")[:2] == ([-3, 0, 3], [-0.2, -0.5, -0.1])
    assert line(right, "$-\\log 4$, the minimum over all densities")[1][0] == pytest.approx(-math.log(4))
    path, begin, end = right.get_lines()[2:]
    assert path.get_xydata().tolist() == [[-3, -0.2], [-2, -0.9]]
    assert (begin.get_xydata().tolist(), begin.get_color()) == ([[-3, -0.2]], "white")
    assert (end.get_xydata().tolist(), end.get_color()) == ([[-2, -0.9]], pictures.ORANGE)


def test_coverage_beside_what_was_published(figure):
    rows = [
        {
            "game": "ring8, packed",
            "modes": 7.5,
            "modes_error": 0.5,
            "high_quality": 0.9,
            "high_quality_error": 0.02,
        },
        {"game": "alone", "modes": 2.0, "modes_error": None, "high_quality": 0.5, "high_quality_error": None},
    ]
    summary = [rows[0] | {"published": (7.9, 0.956)}, rows[1] | {"published": None}]
    left, right = figure(figures.save_coverage, summary).axes
    assert [bar.get_height() for bar in left.patches] == [7.5, 2]
    assert [bar.get_height() for bar in right.patches] == [90, 50]
    assert line(left, "PacGAN article")[:2] == ([0], [7.9])
    assert line(right, "PacGAN article")[:2] == ([0], [pytest.approx(95.6)])
    for axes, low, high in ((left, 7, 8), (right, 88, 92)):
        bars = next(one for one in axes.collections if len(one.get_segments()) == 2)
        assert bars.get_segments()[0][:, 1].tolist() == pytest.approx([low, high])
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["ring8\npacked", "alone"]


def test_scatters_side_by_side(figure):
    real, fake = np.array([[-4.0, 1.0], [2.0, -1.0]]), np.array([[0.5, 0.25]])
    one, other = figure(figures.save_scatters, [("one", real, fake), ("other", -real, fake)]).axes
    assert line(one, "real") == ([-4, 2], [1, -1], pictures.BLUE)
    assert line(other, "generated") == ([0.5], [0.25], pictures.ORANGE)
    assert one.get_xlim() == other.get_xlim() == one.get_ylim() == (-5, 5)
    assert (one.get_xlabel(), other.get_xlabel()) == ("one", "other")


def test_a_frame_of_the_game(figure):
    x = [0.0, 1.0, 2.0]
    frame = {
        "title": "(a)",
        "x": x,
        "p_data": [0.1, 0.5, 0.1],
        "p_g": [0.2, 0.001, 0.3],
        "D": [0.3, 0.4, 0.6],
    }
    frame |= {"optimum": [0.25, 0.9, 0.2], "z": [0.5, 1.5], "G(z)": [0.7, 1.9]}
    (axes,) = figure(figures.save_game, [frame], 1.5).axes
    assert line(axes, "D") == (x, frame["D"], pictures.BLUE)
    assert line(axes, "$p_g$") == (x, frame["p_g"], pictures.GREEN)
    assert line(axes, "$p_{data}$")[1] == frame["p_data"] and line(axes, "$D^*$")[1] == frame["optimum"]
    arrows = [(note.xyann, note.xy) for note in axes.texts if getattr(note, "arrow_patch", None)]
    assert arrows == [((0.5, -0.5), (0.7, -0.15)), ((1.5, -0.5), (1.9, -0.15))]
    assert axes.get_ylim() == (-0.6, 1.5) and axes.get_xlabel() == "(a)"


def test_where_nobody_sees_an_example_no_optimum_is_drawn(figure):
    frame = {"title": "", "x": [0.0, 1.0], "p_data": [0.001, 0.5], "p_g": [0.001, 0.5], "D": [0.5, 0.5]}
    (axes,) = figure(figures.save_game, [frame | {"optimum": [0.5, 0.5], "z": [], "G(z)": []}]).axes
    assert np.isnan(line(axes, "$D^*$")[1]).tolist() == [True, False]


def test_log_likelihood_has_its_errors_and_the_paper_s_number(figure):
    curves = {
        "a": [
            {"epoch": 1, "mean": 100.0, "standard_error": 2.0},
            {"epoch": 5, "mean": 200.0, "standard_error": 1.0},
        ]
    }
    (axes,) = figure(figures.save_log_likelihood, curves | {"b": curves["a"][:1]}).axes
    (of_a, of_b) = axes.containers
    assert of_a.lines[0].get_xydata().tolist() == [[1, 100], [5, 200]] and of_b.get_label() == "b"
    assert [part.tolist() for part in of_a.lines[2][0].get_segments()] == [
        [[1, 98], [1, 102]],
        [[5, 199], [5, 201]],
    ]
    assert [225, 225] in [list(one.get_ydata()) for one in axes.get_lines()]


def test_each_histogram_is_of_its_own_points_inside_and_out(figure):
    """Densities of all points: those outside the view take their share away."""
    real, fake = np.linspace(-1, 1, 200), np.concatenate([np.full(30, 0.5), np.full(70, 9.0)])
    (axes,) = figure(pictures.save_points, real, fake).axes
    blue, orange = (stairs.get_data() for stairs in axes.patches)
    areas = [(values * np.diff(edges)).sum() for values, edges, _ in (blue, orange)]
    assert areas == pytest.approx([1, 0.3]) and np.flatnonzero(orange[0]).size == 1
    assert orange[1][orange[0].argmax()] <= 0.5 <= orange[1][orange[0].argmax() + 1]


def test_real_points_are_blue_and_generated_ones_orange(figure):
    (axes,) = figure(pictures.save_points, noise(9, 2), noise(4, 2) + 0.1).axes
    drawn = {one.get_label(): (len(one.get_xdata()), one.get_color()) for one in axes.get_lines()}
    assert drawn["real"] == (9, pictures.BLUE)
    assert [found for name, found in drawn.items() if name.startswith("generated")] == [(4, pictures.ORANGE)]


# ------------------------------------------------------------------ what a generator gives


def test_points_are_drawn_over_points_that_nobody_learned_from(tmp_path, monkeypatch):
    drawn, ring = [], data.load("ring8")
    monkeypatch.setattr(pictures, "save_points", lambda *arguments: drawn.append(arguments))
    pictures.save_samples(tmp_path / "points.png", ring.train[:7], ring)
    ((_, real, fake),) = drawn
    np.testing.assert_array_equal(real, ring.test[:70])
    np.testing.assert_array_equal(fake, ring.train[:7])


def test_images_are_drawn_as_pictures(tmp_path, monkeypatch):
    drawn, digits = [], data.load("digits", "symmetric")
    monkeypatch.setattr(pictures, "save_grid", lambda *arguments: drawn.append(arguments))
    pictures.save_samples(tmp_path / "grid.png", np.full((3, 64), -1.0), digits, columns=2)
    ((_, images, columns),) = drawn
    assert images.shape == (3, 8, 8) and (images == 0).all() and columns == 2


@pytest.mark.parametrize(
    ("shape", "solid"),
    [(None, False), ((8, 8), False), ((32, 32, 3), False), ((8, 8, 8), True), ((3, 3, 1), True)],
)
def test_colours_are_no_third_direction(shape, solid):
    assert pictures.are_solids(Dataset("some", *[np.zeros((1, 512))] * 3, shape=shape)) is solid
