"""The picture of each page, from the numbers it found."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import log
from typing import Any

import numpy as np

from minigan.pictures import BLUE, GREEN, GREY, ORANGE, legend, panels, save_figure, save_grid, tile

Path = str | os.PathLike
STYLES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), ("black", ":"))


def save_two_lines(path: Path, found: dict[str, Any]) -> None:
    """JSD and W1 by theta, as D estimates them, on the exact ones"""
    figure, (axes,) = panels(1, 6.5, 4.5)
    theta, js, w = (np.array([row[name] for row in found["rows"]]) for name in ("theta", "js", "w"))
    fine = np.linspace(theta.min(), theta.max(), 401)
    axes.plot(fine, abs(fine), color=BLUE, alpha=0.4, label="W1, exact")
    axes.plot(fine, np.where(fine == 0, 0, log(2)), color=ORANGE, alpha=0.4, label="JSD, exact")
    axes.plot(theta, w, "o", color=BLUE, label="W1, by D")
    axes.plot(theta, js, "s", color=ORANGE, label="JSD, by D")
    axes.set(xlabel=r"$\theta$, the distance of the lines", ylabel="distance; nats")
    legend(axes, 4)
    save_figure(path, figure)


def save_one_dimension(path: Path, found: dict[str, Any]) -> None:
    """For each game the exact W1 and the estimate over the updates"""
    games = found["games"]
    figure, axes_of = panels(len(games), 3.6 * len(games), 3.8)
    for (name, track), axes in zip(games.items(), axes_of, strict=True):
        axes.plot(track["update"], track["exact"], color=BLUE, label="exact W1")
        axes.plot(track["update"], track["estimate"], color=ORANGE, linestyle="--", label="D's estimate")
        axes.axhline(found["floor"], color=GREY, linestyle=":", label="two samples of the data")
        axes.set(xlabel=f"update: {name}", ylim=(min(0, *track["estimate"]), None))
    legend(axes_of[0], 1)
    save_figure(path, figure)


def save_moments(path: Path, found: dict[str, Any]) -> None:
    """The samples of each loss on the data"""
    figure, axes_of = panels(len(found["losses"]), 4.2 * len(found["losses"]), 4.6)
    real = np.array(found["real"])
    side = 1.3 * abs(real).max()
    for (name, result), axes in zip(found["losses"].items(), axes_of, strict=True):
        axes.plot(*real.T, "o", markersize=6, color=BLUE, label="real")
        axes.plot(*np.array(result["samples"]).T, "o", markersize=2, color=ORANGE, label="generated")
        axes.set(xlabel=name, xlim=(-side, side), ylim=(-side, side), aspect="equal")
        legend(axes, 2)
    save_figure(path, figure)


def save_fooling(path: Path, found: dict[str, Any]) -> None:
    """Test images, and these as they fool each net, in rows"""
    rows = [found["real"], *(net["images"] for net in found["nets"].values())]
    save_grid(path, np.concatenate([np.array(row) for row in rows]), len(found["real"]))


def save_cycle(path: Path, found: dict[str, Any]) -> None:
    """For each game five images, what G makes of them, and what F makes of that, in rows"""
    games = found["games"]
    figure, axes_of = panels(len(games), 2.6 * len(games), 2.2)
    for (name, rows), axes in zip(games.items(), axes_of, strict=True):
        _images(axes, np.array(rows["images"])[:, :5], name)
    axes_of[0].set_yticks([0.5, 1.5, 2.5], ["a", "G(a)", "F(G(a))"])
    save_figure(path, figure)


def save_stack(path: Path, found: dict[str, Any]) -> None:
    """A row for each class: its pictures by the first stage, and by the second from these"""
    names = ("first stage", "second stage")
    figure, axes_of = panels(len(names), 3.2 * len(names), 5.8)
    for name, axes in zip(names, axes_of, strict=True):
        _images(axes, np.array(found[name]), f"{name}: {100 * found['right'][name]:.1f} % right")
    save_figure(path, figure)


def save_sequences(path: Path, found: dict[str, Any]) -> None:
    """The share of exact translations over the updates, for each order of the source"""
    figure, (axes,) = panels(1, 6.5, 4.5)
    for (name, curve), (colour, line) in zip(found["orders"].items(), STYLES, strict=False):
        shares = [100 * row["exact"] for row in curve]
        style = {"color": colour, "linestyle": line, "marker": "o", "label": name}
        axes.plot([row["update"] for row in curve], shares, **style)
    axes.set(xlabel="update", ylabel="unseen numbers translated exactly, %", ylim=(-2, 102))
    legend(axes, 2)
    save_figure(path, figure)


def save_twice(path: Path, found: dict[str, Any]) -> None:
    """A smooth network and its derivatives, the second on top of differences"""
    figure, (axes,) = panels(1, 6.5, 4.5)
    curve = found["curve"]
    axes.plot(curve["x"], curve["differences"], color=GREEN, linewidth=6, alpha=0.3, label="differences")
    for (name, label), (colour, line) in zip(
        (("y", "y"), ("first", "y'"), ("second", "y''")), STYLES, strict=False
    ):
        axes.plot(curve["x"], curve[name], color=colour, linestyle=line, label=label)
    axes.set(xlabel="x")
    legend(axes, 4)
    save_figure(path, figure)


def save_speed(path: Path, found: dict[str, Any]) -> None:
    """Our time as a multiple of PyTorch's, for each layer"""
    figure, (axes,) = panels(1, 8, 4.5)
    rows = found["layers"]
    axes.barh([row["layer"] for row in rows], [row["ratio"] for row in rows], color=BLUE, alpha=0.8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.axvline(1.5, color=GREY, linestyle=":")
    axes.invert_yaxis()
    axes.set(xlabel="processor time, PyTorch's = 1")
    save_figure(path, figure)


SAVE: dict[str, Callable[[Path, dict[str, Any]], None]] = {
    "two-lines": save_two_lines,
    "one-dimension": save_one_dimension,
    "moments": save_moments,
    "fooling": save_fooling,
    "cycle": save_cycle,
    "stack": save_stack,
    "sequences": save_sequences,
    "twice": save_twice,
    "convolution": save_speed,
}


def _images(axes: Any, images: np.ndarray, name: str) -> None:
    """A grid of images (rows, columns, h, w), a unit of the axes each"""
    rows, columns, *size = images.shape
    axes.imshow(tile(images.reshape(-1, *size), columns), extent=(0, columns, rows, 0))
    axes.set(xticks=[], yticks=[], xlabel=name)
    axes.grid(False)
    axes.spines[:].set_visible(False)
