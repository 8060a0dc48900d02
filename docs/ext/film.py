"""Figure 1 of the paper as a film: a game on a line, played by minigan while the site is built.

Each of PAGES gets docs/static/film.js and the frames computed here, below its picture, which stands
alone where there is no JavaScript. `python docs/ext/film.py` computes the frames and says how the game went.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from minigan.algorithm1 import Game, alternating
from minigan.ops import logistic
from minigan.optim import Adam, Optimiser, exponential_decay
from minigan.reproduce.figure1 import BATCH, EDGE, new_game
from minigan.tensor import Array, Tensor

PAGES = "lessons/01_the_game", "docs/index"  # below the picture 01_figure1; on the first page in its place
SEED = 3
SHOWN = [*range(12), *range(12, 40, 2), *range(40, 120, 5), *range(120, 300, 10), *range(300, 601, 25)]
X = np.linspace(-4, 4, 81)
P_DATA = np.exp(-(X**2) / 2) / sqrt(2 * np.pi)


@dataclass
class Watched:
    """An optimiser that says when it has moved its player."""

    optimiser: Optimiser
    moved: Callable[[int], None]

    def step(self, t: int, epoch: int) -> None:
        self.optimiser.step(t, epoch)
        self.moved(t)


@dataclass
class Film:
    """The frames: after each step that is shown, the curves that it moved."""

    game: Game
    frames: list[dict[str, Any]] = field(default_factory=list)

    def d_moved(self, i: int) -> None:
        t, step = divmod(i, self.game.k)
        if t in SHOWN and (t < 12 or step == self.game.k - 1):
            self.frames.append({"t": t + 1, "step": "D", "i": step + 1, **self._d(), **self._value()})

    def g_moved(self, t: int) -> None:
        if t in SHOWN:
            self.frames.append({"t": t + 1, "step": "G", **self._g(), **self._value()})

    def begin(self) -> None:
        self.frames.append({"t": 0, "step": "", **self._d(), **self._g(), **self._value()})

    def _d(self) -> dict[str, Any]:
        return {"D": _rounded(self._probability(X))}

    def _g(self) -> dict[str, Any]:
        z = EDGE * np.linspace(-1, 1, 17)
        return {"p": _rounded(density(self._x(spread(40_000)))), "arrows": _rounded(self._x(0.98 * z))}

    def _value(self) -> dict[str, float]:
        """V(D, G) = E_x log D(x) + E_z log(1 - D(G(z))), the first by quadrature over a wider line."""
        line = np.linspace(-6, 6, 601)
        weight = np.exp(-(line**2) / 2)
        real = (weight * np.log(self._probability(line))).sum() / weight.sum()
        fake = np.log1p(-self._probability(self._x(spread(2000)))).mean()
        return {"V": round(float(real + fake), 3)}

    def _probability(self, x: Array) -> Array:
        return logistic(self.game.D(Tensor(x[:, None]), None).data[:, 0])

    def _x(self, z: Array) -> Array:
        return self.game.G(Tensor(z[:, None]), None).data[:, 0]


def spread(count: int) -> Array:
    """z in the middles of `count` equal parts of its interval: as p_z, without its luck."""
    return EDGE * (2 * (np.arange(count) + 0.5) / count - 1)


def density(x: Array, width: float = 0.02, smooth: float = 0.08) -> Array:
    """p_g on X: a histogram of the samples x, smoothed with a Gaussian of standard deviation `smooth`."""
    edges = np.arange(-5, 5 + width / 2, width)
    histogram = np.histogram(x, edges)[0] / (len(x) * width)
    reach = np.arange(-3 * smooth, 3 * smooth + width / 2, width)
    kernel = np.exp(-(reach**2) / (2 * smooth**2))
    middles = (edges[1:] + edges[:-1]) / 2
    return np.interp(X, middles, np.convolve(histogram, kernel / kernel.sum(), mode="same"))


def play() -> dict[str, Any]:
    """The whole film, ready for JSON; curves in thousandths."""
    game = new_game(SEED)
    film, G, D = Film(game), game.G, game.D
    G.layers[-1].W.data *= 2  # p_g begins wide enough for its peak to be seen whole
    of_D = Adam(D.parameters(), exponential_decay(1e-2, 1.001, 0.0), beta1=0.5)
    of_G = Adam(G.parameters(), exponential_decay(3e-3, 1.003, 0.0), beta1=0.5)
    game.optimiser_D, game.optimiser_G = Watched(of_D, film.d_moved), Watched(of_G, film.g_moved)
    film.begin()
    for t in range(SHOWN[-1] + 1):
        alternating(game, t)
    z = np.linspace(-1, 1, 17)
    return {
        "x": X.tolist(),
        "z": _rounded(z),
        "data": _rounded(P_DATA),
        "k": game.k,
        "m": BATCH,
        "frames": film.frames,
    }


def _rounded(curve: Array) -> list[int]:
    return np.rint(1000 * curve).astype(int).tolist()


# The page


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", _write)
    app.connect("html-page-context", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Any) -> None:
    if app.builder.format == "html":
        folder = Path(app.outdir, "_static")
        folder.mkdir(parents=True, exist_ok=True)
        film = json.dumps(play(), separators=(",", ":"))
        (folder / "film-frames.js").write_text(f"window.film = {film};\n", encoding="utf-8")


def _add(app: Any, pagename: str, templatename: str, context: dict, doctree: Any) -> None:
    if pagename in PAGES:
        for name in ("film-frames.js", "film.js"):
            app.add_js_file(name, loading_method="defer")


if __name__ == "__main__":
    film = play()
    for frame in film["frames"]:
        if frame["step"] != "D" or frame["t"] < 3:
            print(frame["t"], frame["step"], frame["V"])
    print(len(film["frames"]), "frames,", len(json.dumps(film, separators=(",", ":"))), "bytes")
