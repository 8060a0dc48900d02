"""What each figure is made of, beside tests/drawings.txt, where it is written down as somebody looked at it.

    python tests/test_drawings.py --write      writes it down again: look at the pictures first

Lines, areas, words and arrows with their numbers, colours and sizes; nothing is rendered.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path as Outline
from matplotlib.spines import Spine
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedLocator

from minigan import pictures
from minigan.reproduce import figures
from minigan.successors import pictures as successors

WRITTEN = Path(__file__).with_name("drawings.txt")
NUMBER = re.compile(r"(?<![\w#.])-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
PROPERTIES = [
    "label", "text", "xydata", "paths", "segments", "position", "xyann", "color", "facecolor", "edgecolor",
    "fill", "alpha", "linestyle", "linewidth", "linewidths", "marker", "markersize", "markeredgecolor",
    "markeredgewidth", "ha", "va", "fontsize", "zorder",
]  # fmt: skip
OF_AXES = ["xlabel", "ylabel", "xscale", "yscale", "xlim", "ylim", "aspect", "axisbelow"]
BARE = {"Line2D": Line2D([], []), "Text": Text(), "Annotation": Text()}  # what is as in these is not told

LOG = [
    {"epoch": e, "d_loss": 0.5 + e / 90, "g_loss": 2 - e / 9, "d_real": 0.9 - e / 80, "d_fake": 0.1 + e / 70}
    for e in (1, 2)
]
X = [0.0, 1.0, 2.0]
CURVES = {"x": X, "p_data": [0.1, 0.5, 0.1], "p_g": [0.2, 0.001, 0.3], "D": [0.3, 0.4, 0.6]}
CURVES |= {"optimum": [0.25, 0.9, 0.2]}
SIMPLEX = {"optimal": [0.5, 0.1, 0.0], "lagging": [0.5, 0.4, 0.3]}
DESCENT = {"from": -3.0, "to": -2.0, "C_from": -0.2, "C_to": -0.9}
PARAMETER = {"theta": [-3, 0, 3], "criterion": [-0.2, -0.5, -0.1], "descents": [DESCENT]}
GAME = {"game": "a, b", "modes": 7.5, "modes_error": 0.5, "high_quality": 0.9, "high_quality_error": 0.02}
GAMES = [GAME | {"published": (7.9, 0.956)}, GAME | {"modes_error": None, "published": None}]
POINTS, OTHERS = np.array([[-4.0, 1.0], [2.0, -1.0]]), np.array([[0.5, 0.25]])
FRAME = CURVES | {"title": "(a)", "z": [0.5], "G(z)": [0.7]}
NATS = [{"epoch": e, "mean": 100.0 + e, "standard_error": 2.0} for e in (1, 5)]
REFINED = [one | {"refined": one | {"mean": one["mean"] + 20}} for one in NATS]
STRAIGHT = {"left": [3.0, 1.0], "mean": [101.0, 105.0], "end": 107.0, "slope": -2.0}
RULER = {
    name: {"sigma": sigma, "lost": 9.0 * i, "u": [-0.1, 0.1], "loss": [4.0, 5.0 + i]}
    for i, (name, sigma) in enumerate((("a", 0.17), ("b", 0.19), ("c", 0.2)))
}
PAGES = {
    "two-lines": {"rows": [{"theta": t, "js": 0.6, "w": abs(t) / 2} for t in (-1, 1)]},
    "one-dimension": {
        "floor": 0.1,
        "games": {
            name: {"update": [1, 2], "exact": [1, 2], "estimate": [low, 1]}
            for name, low in (("GAN", -1), ("clipping", 0.5))
        },
    },
    "moments": {"real": POINTS, "losses": {"two": {"samples": OTHERS}, "MMD": {"samples": -OTHERS}}},
    "sequences": {"orders": {name: [{"update": 1, "exact": 0.5}] for name in ("reversed", "as it stands")}},
    "twice": {"curve": {n: [0, i] for i, n in enumerate(("x", "y", "first", "second", "differences"), 1)}},
    "convolution": {"layers": [{"layer": "a", "ratio": 1.2}, {"layer": "b", "ratio": 0.8}]},
}
DRAWN = {
    "points on a line": (pictures.save_points, np.array([0.0, 0.1, 1.0]), np.array([0.5, 0.51, 9.0])),
    "points": (pictures.save_points, POINTS, OTHERS),
    "curves": (pictures.save_curves, LOG),
    "curves, two balances": (pictures.save_curves, LOG * 16, 1.5, 0.5),
    "errors": (figures.save_errors, [{"epoch": 1, "valid_error": 0.3, "test_error": 0.2}], LOG[:0]),
    "optimum": (
        figures.save_optimum,
        CURVES | {"support": [0.5, 1.5]},
        {"logit": [-1, 1], "minimax": [-0.3, -0.5], "non_saturating": [-0.9, -0.4]},
    ),
    "descent": (figures.save_descent, SIMPLEX, PARAMETER),
    "coverage": (figures.save_coverage, GAMES),
    "scatters": (figures.save_scatters, [("one", POINTS, OTHERS), ("other", -2 * POINTS, OTHERS)]),
    "game": (figures.save_game, [FRAME, FRAME]),
    "log-likelihood": (figures.save_log_likelihood, {"a": NATS, "b": NATS[:1]}),
    "log-likelihood, refined": (
        figures.save_log_likelihood,
        {"a": REFINED, "b": NATS},
        {"a": {"grid": STRAIGHT, "refined": STRAIGHT | {"end": 120.0}}, "b": {"grid": None, "refined": None}},
    ),
    "ruler": (figures.save_ruler, RULER, 0.25, 784),
    **{name: (successors.SAVE[name], found) for name, found in PAGES.items()},
}


def described(draw, *arguments):
    """A line for the figure, each axes and each thing in it."""
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[draw.__module__], "save_figure", lambda path, figure: shown.append(figure))
        draw("unused", *arguments)
    (figure,) = shown
    lines = [_told("Figure", _asked(figure, ["size_inches", "dpi", "facecolor"]))]
    for axes in figure.axes:
        lines.append(_told("Axes", _of_axes(axes)))
        for part in axes.get_children():
            kind = type(part).__name__.removeprefix("FillBetween")  # which newer ones of matplotlib have
            if isinstance(part, Legend):
                lines.append(_told(kind, _of_legend(part)))
            elif not isinstance(part, Spine | Axis) and part is not axes.patch and _is_seen(part):
                lines.append(_told(kind, _of_part(part, kind)))
    return lines


def _asked(part, names):
    return {name: getattr(part, f"get_{name}")() for name in names if hasattr(part, f"get_{name}")}


def _of_axes(axes):
    found = _asked(axes, OF_AXES)
    found["frame"] = [name for name, spine in axes.spines.items() if spine.get_visible()]
    for axis in (axes.xaxis, axes.yaxis):
        grid = axis.get_gridlines()[0]
        found[f"{axis.axis_name} grid"] = grid.get_visible(), grid.get_color()
        formats = [axis.get_major_formatter(), axis.get_minor_formatter()]
        found[f"{axis.axis_name} formats"] = [one.fmt for one in formats if hasattr(one, "fmt")] or None
        if isinstance(axis.get_major_locator(), FixedLocator):
            words = [tick.get_text() for tick in axis.get_ticklabels()]
            found[f"{axis.axis_name} ticks"] = axis.get_ticklocs(), words
    return found


def _of_legend(legend):
    corner = legend.axes.transAxes.inverted().transform(legend.get_bbox_to_anchor().p0)
    return {
        "words": [text.get_text() for text in legend.texts],
        "at": (legend._get_loc(), corner.round(6), legend.borderaxespad),
        "columns": legend._ncols,
        "frame": legend.get_frame_on(),
    }


def _of_part(part, kind):
    bare = _asked(BARE[kind], PROPERTIES) if kind in BARE else {}
    found = {name: x for name, x in _asked(part, PROPERTIES).items() if _value(x) != _value(bare.get(name))}
    if str(found.get("label", "")).startswith("_"):
        del found["label"]
    if isinstance(part, Patch):
        found["outline"] = part.get_patch_transform().transform_path(part.get_path())
    if isinstance(part, Annotation):
        found["of"] = part.xy
    if arrow := getattr(part, "arrow_patch", None):
        found["arrow"] = type(arrow.get_arrowstyle()).__name__
        found |= {f"arrow's {name}": x for name, x in _asked(arrow, ["edgecolor", "linewidth"]).items()}
    return found


def _is_seen(part):
    return not isinstance(part, Text) or part.get_text() or hasattr(part, "arrow_patch")


def _told(kind, found):
    return f"{kind}: " + ", ".join(f"{name} {_value(x)}" for name, x in found.items() if x is not None)


def _value(value):
    """Few numbers as they are; of many the count, the ends, the mean and a sum in which the order counts."""
    parts = list(_flat(value))
    if len(parts) <= 12 or any(isinstance(part, str) for part in parts):
        return " ".join(part if isinstance(part, str) else f"{part:.5g}" for part in parts)
    seen = np.array(parts)[np.isfinite(parts)]
    of_all = seen[0], seen[-1], seen.mean(), (seen * np.cos(np.arange(seen.size))).sum()
    return f"{seen.size} of {len(parts)}: " + " ".join(f"{x:.5g}" for x in of_all)


def _flat(value):
    if isinstance(value, Outline):
        value = value.vertices
    if isinstance(value, str | bool | None):
        yield repr(value)
    elif np.ndim(value) if isinstance(value, np.ndarray) else isinstance(value, list | tuple):
        for one in np.ma.filled(value, np.nan) if isinstance(value, np.ndarray) else value:
            yield from _flat(one)
    else:
        yield float(value)


def text_of(name):
    return "\n".join([name, *described(*DRAWN[name])])


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_as_it_was_looked_at(name):
    written = {text.partition("\n")[0]: text for text in WRITTEN.read_text("utf-8").rstrip().split("\n\n")}
    assert written.keys() == DRAWN.keys()
    for now, before in zip(text_of(name).splitlines(), written[name].splitlines(), strict=True):
        assert NUMBER.sub("n", now) == NUMBER.sub("n", before)
        numbers = ([float(n) for n in NUMBER.findall(line)] for line in (now, before))
        assert next(numbers) == pytest.approx(next(numbers), rel=1e-3, abs=1e-6), before


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    WRITTEN.write_text("\n\n".join(map(text_of, DRAWN)) + "\n", "utf-8", newline="\n")
