"""Pictures of a run: grids of samples, points, learning curves, a film. All are files, written atomically.

matplotlib and PIL are imported when something is drawn, never with minigan. The figures share one style: two
colours that differ in grey too and to colour-blind eyes, blue and solid for the data and D, orange for G.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan.errors import InputError
from minigan.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#767676"

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

    So the paper's Figure 2 shows beside the last sample of each row its nearest training example.
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


def save_points(path: str | os.PathLike, real: np.ndarray, fake: np.ndarray) -> None:
    """Generated points over real ones: a scatter for (n, 2), histograms for (n,) and (n, 1).

    The view is that of the real points; how many generated ones lie outside is said in the legend.
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
    _legend(axes)
    save_figure(path, figure)


def save_curves(
    path: str | os.PathLike,
    log: Sequence[dict[str, Any]],
    d_balance: float = math.log(2),
    g_balance: float = math.log(2),
) -> None:
    """Both losses, and what D says of real and generated examples, over the epochs of `log`.

    log        records of log.jsonl, with epoch, d_loss, g_loss, d_real, d_fake
    d_balance  D's loss at the balance, D = 1/2: log 2 with the factor 0.5
    g_balance  G's loss there: log 2, or -log 2 for the minimax loss
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
        _legend(axes)
    left.set_ylabel("loss")
    right.set(ylabel="probability of being real", ylim=(-0.02, 1.02))
    if math.isclose(d_balance, g_balance):
        _balance(left, d_balance, f"balance\n{d_balance:.3f}")
    else:
        _balance(left, d_balance, f"D's balance\n{d_balance:.3f}")
        _balance(left, g_balance, f"G's balance\n{g_balance:.3f}")
    _balance(right, 0.5, "balance\n1/2")
    save_figure(path, figure)


def save_errors(
    path: str | os.PathLike, split: Sequence[dict[str, Any]], whole: Sequence[dict[str, Any]]
) -> None:
    """A classifier's error in percent over the epochs, logarithmic.

    split  epochs with a validation set, their valid_error and test_error
    whole  epochs on training and validation data together: the test_error
    """
    figure, (axes,) = panels(1, 6.5, 4.5)
    for curve, error, name, style in (
        (split, "valid_error", "validation", {"color": ORANGE, "linestyle": "--"}),
        (split, "test_error", "test", {"color": BLUE}),
        (whole, "test_error", "test, trained on all", {"color": "black", "linestyle": ":"}),
    ):
        axes.semilogy([r["epoch"] for r in curve], [100 * r[error] for r in curve], label=name, **style)
    axes.set(xlabel="epoch", ylabel="error, %")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.grid(color="0.92", which="both")
    _legend(axes, 3)
    save_figure(path, figure)


def save_optimum(path: str | os.PathLike, D: dict[str, Any], losses: dict[str, Any]) -> None:
    """A trained D beside D* = p_data / (p_data + p_g), and how strongly each loss pulls at G.

    D       lists x, p_data, p_g, D, optimum
    losses  lists logit, minimax, non_saturating: the derivatives by the logit
    """
    figure, (left, right) = panels(2, 11, 4.2)
    x = D["x"]
    left.fill_between(x, D["p_data"], color=BLUE, alpha=0.25, linewidth=0, label="$p_{data}$")
    left.fill_between(x, D["p_g"], color=ORANGE, alpha=0.4, linewidth=0, label="$p_g$")
    left.plot(x, D["optimum"], color="black", linestyle=":", linewidth=2.5, label="$D^*$")
    left.plot(x, D["D"], color=BLUE, label="D, trained")
    left.axvspan(*D["support"], facecolor="none", edgecolor=GREY, linestyle="--", linewidth=0.8)
    left.set(xlabel="x   (dashed: the support)", ylabel="density; D(x)", ylim=(-0.02, 1.02))
    left.set_xlim(x[0], x[-1])
    for name, colour, style, label in (
        ("minimax", BLUE, "-", r"$\log(1 - D)$: saturates"),
        ("non_saturating", ORANGE, "--", r"$-\log D$"),
    ):
        right.plot(losses["logit"], -np.array(losses[name]), color=colour, linestyle=style, label=label)
    right.set(xlabel="logit a of a sample, D = sigmoid(a)", ylabel="pull on G:  - dloss/da", yscale="log")
    for axes in (left, right):
        _legend(axes, columns=4)
    save_figure(path, figure)


def save_descent(path: str | os.PathLike, simplex: dict[str, Any], parameter: dict[str, Any]) -> None:
    """Proposition 2 where it holds and where it does not.

    simplex    lists optimal and lagging: JSD after each step, D at its optimum or one step behind
    parameter  lists theta and criterion, C of N(theta, .5^2), and descents with from, to, C_from, C_to
    """
    figure, (left, right) = panels(2, 11, 4.2)
    left.semilogy(np.maximum(simplex["optimal"], 1e-16), color=BLUE, label="D at its optimum")
    left.semilogy(simplex["lagging"], color=ORANGE, linestyle="--", label="one step of D for each of $p_g$")
    left.set(xlabel="step of $p_g$ on the simplex", ylabel="JSD($p_{data}$, $p_g$), nats", ylim=(1e-16, 1))
    right.plot(parameter["theta"], parameter["criterion"], color=BLUE, label="C(G)")
    right.axhline(-math.log(4), color=GREY, linestyle=":", label="$-\\log 4$, the minimum over all densities")
    for descent in parameter["descents"]:
        ends = (descent["from"], descent["C_from"]), (descent["to"], descent["C_to"])
        right.plot(*zip(*ends, strict=True), color=ORANGE, linestyle="--", linewidth=0.8)
        right.plot(*ends[0], "o", color="white", markeredgecolor="black")
        right.plot(*ends[1], "o", color=ORANGE, markeredgecolor="black")
    right.set(xlabel=r"$\theta$ of $p_g = N(\theta, .5^2)$   (circles: where descents begin; dots: end)")
    right.set(ylabel="C(G), nats")
    for axes in (left, right):
        _legend(axes)
    save_figure(path, figure)


def save_coverage(path: str | os.PathLike, summary: Sequence[dict[str, Any]]) -> None:
    """Modes found and share of high quality for each game, with standard errors, beside published ones.

    summary  records with game, modes, modes_error, high_quality, high_quality_error, published
    """
    figure, (left, right) = panels(2, 11, 4.2)
    place = np.arange(len(summary))
    for axes, what, scale, column in ((left, "modes", 1, 0), (right, "high_quality", 100, 1)):
        height = [scale * row[what] for row in summary]
        error = [scale * (row[f"{what}_error"] or 0) for row in summary]
        axes.bar(place, height, 0.6, yerr=error, color=BLUE, alpha=0.8, capsize=4, label="minigan")
        known = [(i, scale * row["published"][column]) for i, row in enumerate(summary) if row["published"]]
        axes.plot(
            *zip(*known, strict=True), "D", color=ORANGE, markeredgecolor="black", label="PacGAN article"
        )
        axes.set_xticks(place, [row["game"].replace(", ", "\n") for row in summary])
        axes.grid(visible=False, axis="x")
        _legend(axes)
    left.set_ylabel("modes found, mean over the seeds")
    right.set(ylabel="samples of high quality, %", ylim=(0, 104))
    save_figure(path, figure)


def save_scatters(
    path: str | os.PathLike, drawn: Sequence[tuple[str, np.ndarray, np.ndarray]], clip: float = 1.25
) -> None:
    """For each (title, real, generated) the points, (n, 2), side by side."""
    figure, axes_of = panels(len(drawn), 3.2 * len(drawn), 3.6)
    for axes, (title, real, fake) in zip(axes_of, drawn, strict=True):
        real, fake = _points("real", real), _points("generated", fake)
        side = clip * np.abs(real).max()
        axes.plot(*real.T, "o", markersize=8, color=BLUE, label="real")
        axes.plot(*fake.T, "o", markersize=2, color=ORANGE, label="generated")
        axes.set(xlabel=title, xlim=(-side, side), ylim=(-side, side), aspect="equal")
    _legend(axes_of[0])
    save_figure(path, figure)


def save_game(path: str | os.PathLike, frames: Sequence[dict[str, Any]], top: float = 1.02) -> None:
    """Frames of Figure 1 side by side, in the paper's own style: p_data dotted, p_g green, D dashed blue.

    frames  records with title and lists x, p_data, p_g, D, optimum; z, G(z): where the arrows below lead
    top     of the vertical axis
    """
    figure, axes_of = panels(len(frames), 4.2 * len(frames), 3.8)
    for axes, frame in zip(axes_of, frames, strict=True):
        x, seen = frame["x"], np.add(frame["p_data"], frame["p_g"]) > 0.005
        axes.plot(
            x, np.where(seen, frame["optimum"], np.nan), color=GREY, linewidth=4, alpha=0.4, label="$D^*$"
        )
        axes.plot(x, frame["D"], color=BLUE, linestyle="--", label="D")
        axes.plot(x, frame["p_data"], color="black", linestyle=":", linewidth=2, label="$p_{data}$")
        axes.plot(x, frame["p_g"], color=GREEN, label="$p_g$")
        for height in (-0.15, -0.5):
            axes.axhline(height, color="black", linewidth=0.8)
        for z, Gz in zip(frame["z"], frame["G(z)"], strict=True):
            arrow = {"arrowstyle": "->", "color": GREY, "linewidth": 0.8}
            axes.annotate("", (Gz, -0.15), (z, -0.5), arrowprops=arrow, annotation_clip=False)
        axes.text(x[-1], -0.17, "x = G(z)", ha="right", va="top", fontsize="small")
        axes.text(x[-1], -0.52, "z", ha="right", va="top", fontsize="small")
        axes.set(xlabel=frame["title"], xlim=(x[0], x[-1]), ylim=(-0.6, top), yticks=(0, 0.5, 1))
        axes.grid(visible=False)
    _legend(axes_of[0], columns=4)
    save_figure(path, figure)


def save_log_likelihood(
    path: str | os.PathLike,
    curves: dict[str, list[dict[str, Any]]],
    lines: dict[str, dict[str, Any]] | None = None,
) -> None:
    """Parzen window log-likelihood of the test images against epochs, one colour for each name in `curves`.

    curves  lists of records with epoch, mean and standard_error, in nats; under "refined" the same by the
            best sigma of all.  Where it is there, it is the line, and the grid's is thin and dotted
    lines   for each name, "grid" and "refined": None, or lists left and mean, and the end and slope of a
            straight line through them; if there is one, a second panel shows it
    """
    two = any(one.get("refined") for curve in curves.values() for one in curve)
    drawn = {name: found for name, found in (lines or {}).items() if any(found.values())}
    figure, (axes, *second) = panels(2 if drawn else 1, 12 if drawn else 7.5, 4.8)
    styles = zip(cycle((BLUE, ORANGE, GREEN, "black")), cycle(("-", "--", "-.", ":")), cycle("os^D"))
    thin = {"linestyle": ":", "linewidth": 1.2, "marker": ".", "alpha": 0.8}
    for (name, curve), (colour, line, marker) in zip(curves.items(), styles, strict=False):
        refined = [one["refined"] | {"epoch": one["epoch"]} for one in curve if one.get("refined")]
        shown = refined or curve
        if refined:
            axes.plot(*_columns(curve, "epoch", "mean"), color=colour, **thin)
        style = {"linestyle": line, "marker": marker, "markersize": 4, "label": name}
        axes.errorbar(*_columns(shown, "epoch", "mean", "standard_error"), color=colour, **style)
        for right in second if name in drawn else ():
            _straight(right, drawn[name], colour, marker)
    _the_paper(axes)
    axes.set(xlabel="epoch   (dotted: the best of a grid of sigmas)" if two else "epoch")
    axes.set_ylabel("log-likelihood of the test images, nats")
    for right in second:
        _the_paper(right)
        right.set_xlabel("what is left of learning rate x epochs   (right: nothing)")
        right.invert_xaxis()
    _legend(axes, columns=min(len(curves), 4))
    save_figure(path, figure)


def save_ruler(path: str | os.PathLike, found: dict[str, dict[str, Any]], step: float, d: int) -> None:
    """What a grid of sigmas hides: the loss against u = log sigma / sigma*, and what each set loses.

    found  for each set of centres: sigma (the best), lost (by the grid), and lists u and loss, in nats
    step   between two sigmas of the grid, in log sigma;  d: dimensions, for the parabola d u^2
    """
    figure, (left, right) = panels(2, 11, 4.6)
    left.axvspan(-step / 2, step / 2, color="0.94", zorder=0)
    u = np.linspace(-1.1 * step, 1.1 * step, 201)
    left.plot(u, d * u * u, color="black", linewidth=5, alpha=0.25, label=f"{d} $u^2$")
    for i, one in enumerate(found.values()):
        label = f"{len(found)} sets of centres" if i == 0 else None
        left.plot(one["u"], one["loss"], color=BLUE, linewidth=1, label=label)
    nearest = d * (u + np.expm1(-2 * u) / 2)
    left.plot(u, nearest, color=ORANGE, linestyle=":", linewidth=2.5, label="the nearest centre alone")
    left.set(xlabel=r"$u = \ln\, \sigma / \sigma^*$   (grey: within half a step of the grid)")
    left.set(ylabel="nats lost on the validation images", xlim=(u[0], u[-1]), ylim=(-1, 60))
    place = np.linspace(0, 1, 201)
    loss = d * (step * np.minimum(place, 1 - place)) ** 2
    right.plot(place, loss, color="black", linewidth=5, alpha=0.25, label=f"{d} $u^2$ to the nearer sigma")
    for name, one in found.items():
        at = math.log(one["sigma"]) / step % 1
        right.plot(at, one["lost"], "o", color=BLUE, markersize=5)
        to_the_left = at < 0.5 or at > 0.7
        style = {"ha": "right" if to_the_left else "left", "va": "center", "fontsize": "x-small"}
        offset = (-8 if to_the_left else 8, 0)
        right.annotate(name, (at, one["lost"]), xytext=offset, textcoords="offset points", **style)
    right.set(xlabel=r"where $\sigma^*$ lies between two of the grid, in $\ln\, \sigma$")
    right.set(ylabel="nats that the grid loses", xlim=(-0.02, 1.02))
    for axes in (left, right):
        _legend(axes, 3)
    save_figure(path, figure)


def save_film(path: str | os.PathLike, frames: Sequence[str | os.PathLike], seconds: float = 10.0) -> None:
    """A GIF of about `seconds` that shows the pictures in `frames` one after the other and holds the last.

    At most 60 frames, evenly chosen with the first and the last, in the 32 colours of the last one.
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


def save_figure(path: str | os.PathLike, figure: Figure) -> None:
    """Write a figure as PNG."""
    write_atomically(path, lambda file: figure.savefig(file, format="png"))


def _legend(axes: Axes, columns: int = 2) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, borderaxespad=0.3)


def _balance(axes: Axes, y: float, label: str) -> None:
    """A line at y, named at the right of the axes."""
    axes.axhline(y, color=GREY, linestyle=":", zorder=1)
    place = {"xycoords": axes.get_yaxis_transform(), "xytext": (5, 0), "textcoords": "offset points"}
    axes.annotate(label, (1, y), color=GREY, va="center", fontsize="small", **place)


def _the_paper(axes: Axes) -> None:
    axes.axhline(225, color=GREY, linestyle=":")
    place = {"xycoords": axes.get_yaxis_transform(), "xytext": (4, 2), "textcoords": "offset points"}
    axes.annotate("the paper: 225", (0, 225), color=GREY, **place)


def _straight(axes: Axes, lines: dict[str, Any], colour: str, marker: str) -> None:
    """The points that the lines were fitted to, the lines until nothing is left, and their ends."""
    for ruler, point, style in (
        ("grid", ".", {"linestyle": ":", "alpha": 0.8}),
        ("refined", marker, {"linestyle": "-"}),
    ):
        if not (line := lines[ruler]):
            continue
        first, end = line["left"][0], line["end"]
        axes.plot(line["left"], line["mean"], point, color=colour, markersize=4)
        axes.plot((first, 0), (end + line["slope"] * first, end), color=colour, **style)
        place = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(f"{end:.1f}", (0, end), color=colour, fontsize="small", **place)


def _columns(records: Sequence[dict[str, Any]], *names: str) -> list[np.ndarray]:
    return [np.array([one[name] for one in records], float) for name in names]


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
