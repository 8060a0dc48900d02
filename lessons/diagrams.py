"""The diagrams of the lessons, which no cell draws: python -m lessons.diagrams writes them into lessons/img

They are SVG of a phone's width, on white. The graph of chapter 04 is drawn from a loss, by `edges`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from minigan import ops
from minigan.tensor import Tensor, _oldest_first

FOLDER = Path(__file__).parent / "img"
BLUE, GREEN, GREY, INK = "#0b5cad", "#1a7f37", "#8a8f98", "#1f2328"
WIDTH = 460

Point = tuple[float, float]


class Drawing:
    """A picture of WIDTH by `height`, as SVG."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.parts: list[str] = []

    def text(
        self, x: float, y: float, words: str, color: str = INK, size: int = 15, anchor: str = "middle"
    ) -> None:
        """Words with their middle at (x, y): _in italics_, and W~g~ with a g below the line."""
        words = re.sub(r"_(.+?)_", r'<tspan font-style="italic">\1</tspan>', escape(words))
        below = rf'<tspan dy="4" font-size="{size - 4}">\1</tspan><tspan dy="-4">&#8203;</tspan>'
        self.parts.append(
            f'<text x="{x:g}" y="{y + 0.35 * size:g}" font-size="{size}" fill="{color}" '
            f'text-anchor="{anchor}">'
            f"{re.sub(r'~(.+?)~', below, words)}</text>"
        )

    def box(self, x: float, y: float, w: float, h: float, words: str = "", color: str = INK) -> None:
        """A box with its middle at (x, y)."""
        self.parts.append(
            f'<rect x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w:g}" height="{h:g}" rx="5" fill="#fff" '
            f'stroke="{color}" stroke-width="1.6"/>'
        )
        self.text(x, y, words, color)

    def arrow(self, *points: Point, color: str = INK, back: bool = False) -> None:
        """A line through the points with a head at its end; dashed where something goes back."""
        (x, y), (before_x, before_y) = points[-1], points[-2]
        length = np.hypot(x - before_x, y - before_y)
        u, v = (x - before_x) / length, (y - before_y) / length
        line = " ".join(f"{px:g},{py:g}" for px, py in (*points[:-1], (x - 7 * u, y - 7 * v)))
        dashes = ' stroke-dasharray="5 4"' if back else ""
        head = ((x, y), (x - 9 * u - 4 * v, y - 9 * v + 4 * u), (x - 9 * u + 4 * v, y - 9 * v - 4 * u))
        self.parts.append(
            f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.6"{dashes}/>'
            f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in head)}" fill="{color}"/>'
        )

    def cells(
        self,
        x: float,
        y: float,
        rows: Sequence[np.ndarray] | np.ndarray,
        color: str = INK,
        shaded: bool = False,
    ) -> None:
        """An array, its upper left corner at (x, y), in cells of 38 by 26."""
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                left, top = x + 38 * j, y + 26 * i
                fill = "#e9f1fb" if shaded else "#fff"
                self.parts.append(
                    f'<rect x="{left:g}" y="{top:g}" width="38" height="26" fill="{fill}" stroke="{color}"/>'
                )
                self.text(left + 19, top + 13, f"{value:g}", color)

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" '
            f'height="{self.height}" font-family="Helvetica, Arial, sans-serif">\n'
            f'<rect width="{WIDTH}" height="{self.height}" fill="#fff"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


def players() -> Drawing:
    """What passes between the two players."""
    d = Drawing(236)
    d.text(38, 50, "noise _z_")
    d.arrow((70, 50), (112, 50))
    d.box(140, 50, 52, 44, "_G_", GREEN)
    d.arrow((168, 50), (230, 50), (288, 98))
    d.text(238, 34, "a picture _G_(_z_)", GREEN)
    d.text(214, 152, "data: a picture _x_")
    d.arrow((274, 142), (290, 126))
    d.box(318, 108, 56, 48, "_D_", BLUE)
    d.arrow((348, 108), (392, 108), color=BLUE)
    d.text(424, 98, "real?", BLUE)
    d.text(424, 118, "0 to 1", BLUE)
    d.arrow((318, 134), (318, 202), (140, 202), (140, 74), color=GREEN, back=True)
    d.text(230, 218, "how _G_(_z_) would look more real", GREEN, 14)
    d.arrow((430, 134), (430, 170), (336, 170), (336, 134), color=BLUE, back=True)
    d.text(398, 186, "right or wrong", BLUE, 14)
    return d


def steps() -> Drawing:
    """The two steps of Algorithm 1: what is computed in each, and which parameters its slope reaches."""
    d = Drawing(318)
    for top, who in (0, "D"), (164, "G"):
        moves_D = who == "D"
        g, dd = (GREY, BLUE) if moves_D else (GREEN, GREY)
        title = "_D_ moves, _k_ times: up _V_ by _θ_~d~" if moves_D else "_G_ moves, once: down _V_ by _θ_~g~"
        d.text(14, top + 16, title, BLUE if moves_D else GREEN, 15, "start")
        d.text(24, top + 60, "_z_")
        d.arrow((36, top + 60), (70, top + 60))
        d.box(112, top + 60, 80, 38, "_G_, _θ_~g~", g)
        d.arrow((154, top + 60), (218, top + 60))
        d.text(186, top + 46, "_G_(_z_)", size=14)
        d.box(264, top + 60, 88, 38, "_D_, _θ_~d~", dd)
        d.arrow((310, top + 60), (352, top + 60))
        d.box(400, top + 60, 92, 38, "loss")
        if moves_D:
            d.text(186, top + 102, "_x_")
            d.arrow((196, top + 102), (236, top + 81))
            d.arrow(
                (400, top + 80), (400, top + 122), (276, top + 122), (276, top + 80), color=BLUE, back=True
            )
            d.text(338, top + 138, "slope by _θ_~d~, and no further", BLUE, 14)
        else:
            d.arrow(
                (400, top + 80), (400, top + 122), (112, top + 122), (112, top + 80), color=GREEN, back=True
            )
            d.text(256, top + 138, "slope through _D_, which stays as it is, by _θ_~g~", GREEN, 14)
    return d


def broadcast() -> Drawing:
    """b goes out to every row, the rows' slopes come back summed: the numbers of chapter 03's first cell."""
    x, b = np.array([[1, 2, 3], [4, 5, 6]]), np.array([10, 20, 30])
    copied, g = np.broadcast_to(b, x.shape), 2 * (x + b)
    d = Drawing(222)
    d.text(14, 20, "out: copied", BLUE, 15, "start")
    d.cells(14, 52, [b], BLUE)
    d.text(71, 94, "_b_, shape (3,)", BLUE, 14)
    for row in range(2):
        d.arrow((132, 65), (182, 53 + 26 * row), color=BLUE)
    d.cells(186, 40, copied, BLUE, shaded=True)
    d.text(243, 108, "as if (2, 3)", BLUE, 14)
    d.text(318, 66, "+ _x_ = _y_", size=15, anchor="start")
    d.text(14, 138, "back: summed", GREEN, 15, "start")
    d.cells(14, 168, [g.sum(axis=0)], GREEN)
    d.text(71, 208, "slope by _b_, (3,)", GREEN, 14)
    for row in range(2):
        d.arrow((182, 169 + 26 * row), (132, 181), color=GREEN, back=True)
    d.cells(186, 156, g, GREEN)
    d.text(318, 182, "_g_, slope by _y_", GREEN, 15, "start")
    return d


def units() -> Drawing:
    """A maxout unit, and dropout: what goes out, and where the slope comes back."""
    d = Drawing(318)
    d.text(14, 18, "maxout: the largest of three affine maps", INK, 15, "start")
    d.box(40, 84, 40, 40, "_x_")
    for i, (y, value) in enumerate(((44, "0.3"), (84, "1.2"), (124, "-0.5"))):
        wins = i == 1
        d.arrow((62, 84), (128, y))
        d.box(200, y, 144, 30, f"_x W_~{i + 1}~ + _b_~{i + 1}~ = {value}", GREEN if wins else INK)
        d.arrow((274, y), (330, 84), color=GREEN if wins else GREY)
    d.box(358, 84, 56, 40, "max", GREEN)
    d.arrow((388, 84), (416, 84))
    d.text(436, 84, "1.2", GREEN)
    d.text(300, 154, "the slope goes back to the winner alone", GREEN, 14)
    d.text(14, 190, "dropout, _p_ = 1/2", INK, 15, "start")
    x, mask = np.array([0.4, 1.0, 0.7]), np.array([2, 0, 2])
    d.text(38, 224, "training", BLUE, 14)
    d.cells(76, 211, [x])
    d.text(198, 224, "·")
    d.cells(206, 211, [mask], BLUE, shaded=True)
    d.text(263, 248, "a mask, new each time", BLUE, 14)
    d.text(329, 224, "=")
    d.cells(338, 211, [x * mask])
    d.text(38, 284, "evaluation", BLUE, 14)
    d.cells(76, 271, [x])
    d.arrow((194, 284), (334, 284))
    d.cells(338, 271, [x])
    return d


def edges(loss: Tensor) -> list[tuple[int, int]]:
    """Every edge of the graph that the loss was made in: (the result's age, the parent's age)."""
    return [(node.age, parent.age) for node in _oldest_first(loss) for parent, _ in node.edges or ()]


def graph() -> Drawing:
    """log(1 - D(G(z))) for players of one layer: what runs while D learns, and what while G does."""
    z, W_g, W_d = (Tensor(np.ones(shape)) for shape in ((2, 2), (2, 2), (2, 1)))
    h = ops.matmul(z, W_g)
    x = ops.relu(h)
    a = ops.matmul(x, W_d)
    s = ops.softplus(a)
    loss = ops.mean(s)
    names = {
        z: "_z_",
        W_g: "_W_~g~",
        h: "_z W_~g~",
        x: "relu",
        W_d: "_W_~d~",
        a: "_x W_~d~",
        s: "softplus",
        loss: "mean",
    }
    place = {z: (70, 40), W_g: (200, 40), h: (135, 96), x: (135, 148), W_d: (300, 148), a: (215, 204)}
    place |= {s: (215, 256), loss: (215, 308)}
    by_age = {node.age: node for node in names}
    made = edges(loss)
    runs = {who: _needed(made, wanted.age) for who, wanted in (("D", W_d), ("G", W_g))}
    d = Drawing(336)
    for result, parent in made:
        (x1, y1), (x2, y2) = place[by_age[result]], place[by_age[parent]]
        for who, color, shift in ("D", BLUE, -5), ("G", GREEN, 5):
            if parent in runs[who]:
                d.arrow((x1 + shift, y1 - 17), (x2 + shift, y2 + 17), color=color, back=True)
        if not any(parent in run for run in runs.values()):
            d.arrow((x1, y1 - 17), (x2, y2 + 17), color=GREY)
    for node, (x1, y1) in place.items():
        d.box(x1, y1, 84, 32, names[node])
    d.text(290, 232, "blue: while _D_ learns", BLUE, 14, "start")
    d.text(290, 254, "green: while _G_ learns", GREEN, 14, "start")
    d.text(290, 276, "grey: never", GREY, 14, "start")
    return d


def _needed(made: list[tuple[int, int]], wanted: int) -> set[int]:
    """The ages of `wanted` and of all that was made from it."""
    ages = {wanted}
    for result, parent in sorted(made):
        if parent in ages:
            ages.add(result)
    return ages


DIAGRAMS: dict[str, Callable[[], Drawing]] = {
    "players.svg": players,
    "03_broadcast.svg": broadcast,
    "04_graph.svg": graph,
    "07_units.svg": units,
    "10_steps.svg": steps,
}

if __name__ == "__main__":
    for name, draw in DIAGRAMS.items():
        (FOLDER / name).write_text(draw().svg(), encoding="utf-8")
