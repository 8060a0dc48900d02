"""Pictures of a run: grids of samples, points, learning curves, a film. All are files, written atomically.

matplotlib and PIL are imported when something is drawn, never with minigan. The figures share one style: two
colours that differ in grey too and to colour-blind eyes, blue and solid for the data and D, orange for G.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan.errors import InputError
from minigan.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from minigan.data import Dataset

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#767676"

MOST_SOLIDS = 20  # of a picture: each takes a tenth of a second to draw
_SIDE = 900  # pixels: small montages are enlarged until their longer side is nearly this
_PADDING = (64, 64, 64)
_FRAME = tuple(bytes.fromhex(ORANGE[1:]))
_MOST_FRAMES = 60


def tile(images: np.ndarray, columns: int, pad: int = 1) -> np.ndarray:
    """The images side by side in rows of `columns`: uint8, (height, width, 3).

    images (n, h, w) or (n, h, w, 3), floats in [0, 1] or uint8; `pad` counts in their pixels. A small montage
    is enlarged by a whole factor, so that pixels stay squares. InputError for what cannot be shown.
    """
    return _enlarge(_montage(_pixels(images), columns, pad, _PADDING))


def save_grid(
    path: str | os.PathLike, images: np.ndarray, columns: int, nearest: np.ndarray | None = None
) -> None:
    """The images of `tile` as PNG; with `nearest`, one image per row, these in a framed column at the right.

    So the paper's Figure 2 shows beside the last sample of each row its nearest training example.  InputError
    where `nearest` has not one image per row, and as `tile`.
    """
    from PIL import Image

    pixels = _pixels(images)
    montage = _montage(pixels, columns, 1, _PADDING)
    if nearest is not None:
        expected = (math.ceil(len(pixels) / columns), *pixels.shape[1:])
        if np.shape(nearest) != expected:
            raise InputError(f"nearest: expected one image per row, {expected}, got {np.shape(nearest)}")
        montage = np.concatenate([montage, _montage(_pixels(nearest), 1, 1, _FRAME)], axis=1)
    picture = Image.fromarray(_enlarge(montage))
    write_atomically(path, lambda file: picture.save(file, format="PNG"))


def save_samples(path: str | os.PathLike, samples: np.ndarray, dataset: Dataset, columns: int = 10) -> None:
    """G's samples as it gives them: images and solids in rows; points over those they should look like."""
    if dataset.shape is None:
        save_points(path, dataset.test[: 10 * len(samples)], samples)
    elif are_solids(dataset):
        save_solids(path, dataset.restore(samples), columns)
    else:
        save_grid(path, dataset.restore(samples), columns)


def are_solids(dataset: Dataset) -> bool:
    """Whether the examples have three dimensions, of which the last is not the colours of a picture."""
    return dataset.shape is not None and len(dataset.shape) == 3 and dataset.shape[-1] != 3


def save_points(path: str | os.PathLike, real: np.ndarray, fake: np.ndarray) -> None:
    """Generated points over real ones: a scatter for (n, 2), histograms for (n,) and (n, 1).

    The view is that of the real points; how many generated ones lie outside is said in the legend.
    InputError where there are no points, some are not finite, or the two differ in coordinates.
    """
    real, fake = _points("real", real), _points("generated", fake)
    if real.shape[1] != fake.shape[1]:
        raise InputError(f"points: real ones have {real.shape[1]} coordinates, generated {fake.shape[1]}")
    margin = 0.2 * np.ptp(real, axis=0).max() or 1.0
    low, high = real.min(axis=0) - margin, real.max(axis=0) + margin
    outside = ((fake < low) | (fake > high)).any(axis=1).sum()
    label = f"generated ({outside} of {len(fake)} outside)" if outside else "generated"
    if real.shape[1] == 1:
        figure, (axes,) = panels(1, 6.5, 4.5)
        edges = np.linspace(low[0], high[0], 41)
        axes.stairs(_density(real, edges), edges, fill=True, color=BLUE, alpha=0.4, label="real")
        axes.stairs(_density(fake, edges), edges, linewidth=2, color=ORANGE, label=label)
        axes.set(xlabel="x", ylabel="density", xlim=(low[0], high[0]))
    else:
        figure, (axes,) = panels(1, 6.5, 6.7)
        edged = {"markeredgecolor": "black", "markeredgewidth": 0.4}
        axes.plot(*real.T, "o", markersize=7, color=BLUE, label="real")
        axes.plot(*fake.T, "o", markersize=3.5, color=ORANGE, label=label, **edged)
        axes.set(
            xlabel="$x_1$", ylabel="$x_2$", xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal"
        )
    legend(axes)
    save_figure(path, figure)


def save_solids(path: str | os.PathLike, solids: np.ndarray, columns: int, most: int = MOST_SOLIDS) -> None:
    """The first `most` solids (n, a, b, c) in three dimensions: cubes where their values are above 1/2."""
    from matplotlib.figure import Figure

    solids = solids[:most] > 0.5
    columns = min(columns, len(solids))
    rows = math.ceil(len(solids) / columns)
    figure = Figure(figsize=(1.4 * columns, 1.4 * rows), dpi=110, layout="constrained", facecolor="white")
    for i, solid in enumerate(solids, 1):
        axes = figure.add_subplot(rows, columns, i, projection="3d")
        axes.voxels(solid, facecolors=BLUE, edgecolor="white", linewidth=0.3)
        axes.set(xlim=(0, solid.shape[0]), ylim=(0, solid.shape[1]), zlim=(0, solid.shape[2]), aspect="equal")
        axes.set_axis_off()
    save_figure(path, figure)


def save_curves(
    path: str | os.PathLike,
    log: Sequence[dict[str, Any]],
    d_balance: float = math.log(2),
    g_balance: float = math.log(2),
    undecided: float | None = 0.5,
    is_probability: bool = True,
) -> None:
    """Both losses, and what D says of real and generated examples, over the epochs of `log`.

    log        records of log.jsonl, with epoch, d_loss, g_loss, d_real, d_fake
    d_balance  D's loss at the balance, D = 1/2: log 2 with the factor 0.5
    g_balance  G's loss there: log 2, or -log 2 for the minimax loss
    undecided  what D says at the balance; None where only differences count: then no balance is drawn
    is_probability  whether what D says is the probability of being real

    InputError where the log has no epoch or lacks a column.
    """
    if not log:
        raise InputError("curves: the log has no epoch yet; there is nothing to draw")
    names = ("epoch", "d_loss", "g_loss", "d_real", "d_fake")
    missing = [name for name in names if any(name not in record for record in log)]
    if missing:
        raise InputError(f"curves: a record of the log has no {missing[0]}")
    epoch, d_loss, g_loss, d_real, d_fake = (np.array([r[name] for r in log], float) for name in names)
    figure, (left, right) = panels(2, 11, 4.2)
    style = {"marker": "o", "markersize": 4} if len(log) <= 30 else {}
    for axes, of_D, of_G, labels in (
        (left, d_loss, g_loss, ("D's loss", "G's loss")),
        (right, d_real, d_fake, ("D(x), real", "D(G(z)), generated")),
    ):
        axes.plot(epoch, of_D, color=BLUE, label=labels[0], **style)
        axes.plot(epoch, of_G, color=ORANGE, linestyle="--", label=labels[1], **style)
        axes.set(xlabel="epoch", xlim=(0, 1.03 * epoch.max()))
        axes.xaxis.get_major_locator().set_params(integer=True)
        legend(axes)
    left.set_ylabel("loss")
    if is_probability:
        right.set(ylabel="probability of being real", ylim=(-0.02, 1.02))
    else:
        right.set_ylabel("D's output, which is no probability")
    if undecided is None:
        save_figure(path, figure)
        return
    if math.isclose(d_balance, g_balance):
        _balance(left, d_balance, f"balance\n{d_balance:.3f}")
    else:
        _balance(left, d_balance, f"D's balance\n{d_balance:.3f}")
        _balance(left, g_balance, f"G's balance\n{g_balance:.3f}")
    _balance(right, undecided, f"balance\n{'1/2' if undecided == 0.5 else undecided}")
    save_figure(path, figure)


def save_film(path: str | os.PathLike, frames: Sequence[str | os.PathLike], seconds: float = 10.0) -> None:
    """A GIF of about `seconds` that shows the pictures in `frames` one after the other and holds the last.

    At most 60 frames, evenly chosen with the first and the last, in the 32 colours of the last one.
    InputError where there is no picture, one cannot be read, or one has another size.
    """
    if not frames:
        raise InputError("film: there are no pictures to show")
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).round().astype(int)
    last = _read_picture(frames[-1])
    palette = last.quantize(32)
    pictures = []
    for frame in (frames[i] for i in chosen):
        picture = _read_picture(frame)
        if picture.size != last.size:
            raise InputError(f"film: {frame} is {picture.size}, but the last picture is {last.size}")
        pictures.append(picture.quantize(palette=palette, dither=0))
    each = int(1000 * min(max(seconds / len(pictures), 0.04), 0.5))
    settings = {"append_images": pictures[1:], "duration": [each] * (len(pictures) - 1) + [2000], "loop": 0}
    write_atomically(path, lambda file: pictures[0].save(file, format="GIF", save_all=True, **settings))


def panels(count: int, width: float, height: float) -> tuple[Figure, Sequence[Axes]]:
    """An empty figure, in inches, with `count` axes side by side in the style of all figures."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(wspace=0.06)
    axes = figure.subplots(1, count, squeeze=False)[0]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="0.92")
        ax.set_axisbelow(True)
    return figure, axes


def legend(axes: Axes, columns: int = 2) -> None:
    """The legend, in a line above the axes."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.3)


def save_figure(path: str | os.PathLike, figure: Figure) -> None:
    """Write a figure as PNG."""
    write_atomically(path, lambda file: figure.savefig(file, format="png"))


def _balance(axes: Axes, y: float, label: str) -> None:
    """A line at y, named at the right of the axes."""
    axes.axhline(y, color=GREY, linestyle=":", zorder=1)
    place = {"xycoords": axes.get_yaxis_transform(), "xytext": (5, 0), "textcoords": "offset points"}
    axes.annotate(label, (1, y), color=GREY, va="center", fontsize="small", **place)


def _points(what: str, points: np.ndarray) -> np.ndarray:
    points = np.asarray(points)
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or points.shape[1] not in (1, 2) or len(points) == 0:
        raise InputError(
            f"{what} points: expected (n,), (n, 1) or (n, 2) with n at least 1, got {points.shape}"
        )
    if not np.isfinite(points).all():
        raise InputError(f"{what} points: some are not finite")
    return points


def _density(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The share of all points in each bin, per unit of length; those outside the edges count too."""
    return np.histogram(points, edges)[0] / len(points) / np.diff(edges)


def _pixels(images: np.ndarray) -> np.ndarray:
    """The images as uint8, (n, h, w) or (n, h, w, 3)."""
    images = np.asarray(images)
    if not (images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)) or images.size == 0:
        raise InputError(
            f"images: expected (n, height, width) or (n, height, width, 3), none empty, got {images.shape}"
        )
    if images.dtype == np.uint8:
        return images
    if not (images.min() >= 0 and images.max() <= 1):  # so written that NaN is refused too
        raise InputError(f"images: expected values in [0, 1], got {images.min():.3g} to {images.max():.3g}")
    return (images * 255).round().astype(np.uint8)


def _montage(pixels: np.ndarray, columns: int, pad: int, colour: tuple[int, ...]) -> np.ndarray:
    """The images in rows, on a ground of `colour` that shows around each and in place of missing ones."""
    if columns < 1:
        raise InputError(f"columns: expected 1 or more, got {columns}")
    n, h, w, *_ = pixels.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    montage = np.full((rows * (h + pad) + pad, columns * (w + pad) + pad, 3), colour, np.uint8)
    for i, image in enumerate(pixels):
        y, x = pad + i // columns * (h + pad), pad + i % columns * (w + pad)
        montage[y : y + h, x : x + w] = image if image.ndim == 3 else image[:, :, None]
    return montage


def _enlarge(montage: np.ndarray) -> np.ndarray:
    factor = max(1, _SIDE // max(montage.shape))
    return montage.repeat(factor, axis=0).repeat(factor, axis=1)


def _read_picture(path: str | os.PathLike) -> Image:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError) as error:  # PIL says SyntaxError where a PNG is broken
        raise InputError(f"film: {path} cannot be read as a picture: {error}") from error
