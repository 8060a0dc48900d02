"""The figures that reproductions draw, in the style of all pictures; files, written atomically."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan.pictures import BLUE, GREEN, GREY, ORANGE, legend, panels, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PURPLE = "#CC79A7"


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
    axes.set_yticks([1, 2, 5, 10, 20, 50])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.grid(color="0.92", which="both")
    legend(axes, 3)
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
        legend(axes, columns=4)
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
        legend(axes)
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
        legend(axes)
    left.set_ylabel("modes found, mean over the seeds")
    right.set(ylabel="samples of high quality, %", ylim=(0, 104))
    save_figure(path, figure)


def save_scatters(path: str | os.PathLike, drawn: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """For each (title, real, generated) the points, (n, 2), side by side."""
    figure, axes_of = panels(len(drawn), 3.2 * len(drawn), 3.6)
    for axes, (title, real, fake) in zip(axes_of, drawn, strict=True):
        side = 1.25 * np.abs(real).max()
        axes.plot(*real.T, "o", markersize=8, color=BLUE, label="real")
        axes.plot(*fake.T, "o", markersize=2, color=ORANGE, label="generated")
        axes.set(xlabel=title, xlim=(-side, side), ylim=(-side, side), aspect="equal")
    legend(axes_of[0])
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
    legend(axes_of[0], columns=4)
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
    colours = cycle((BLUE, ORANGE, GREEN, "black", PURPLE, "0.55"))
    styles = zip(colours, cycle(("-", "--", "-.", ":")), cycle("os^Dv*"))
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
    legend(axes, columns=len(curves) if len(curves) < 5 else 2)
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
        legend(axes, 3)
    save_figure(path, figure)


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
