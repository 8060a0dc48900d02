"""What is checked.  Expected values come from the definitions, entry by entry, in float64.

The small cases come first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging.formula import DOUBLE, Case, Formula
from minigan.homework.judging.judge import Failed, Trial
from minigan.homework.judging.operations import BY_ROWS

Shape = tuple[int, ...]
Array = np.ndarray

PAIRS: list[Case] = [
    (shapes, ())
    for shapes in (
        *(((3,), (3,)), ((1,), (1,)), ((2, 3), (2, 3)), ((3, 3), (3,)), ((), (2, 3)), ((2, 1), (1, 3))),
        *(((4,), (1,)), ((2, 2, 2), (2, 1)), ((3, 1, 2), (4, 1)), ((0, 3), (3,)), ((0,), (1,)), ((), ())),
    )
]
PRODUCTS: list[Case] = [
    (shapes, ())
    for shapes in (
        *(((2, 3), (3, 4)), ((3, 3), (3, 3)), ((1, 4), (4, 1)), ((4, 1), (1, 2)), ((1, 1), (1, 1))),
        *(((3, 0), (0, 2)), ((0, 4), (4, 2))),
    )
]
STACKS: list[Case] = [
    (shapes, ())
    for shapes in (
        *(((2, 3, 4), (2, 4, 5)), ((2, 2, 2), (2, 2, 2)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5))),
        *(((1, 3, 2), (4, 2, 3)), ((2, 1, 3, 4), (5, 4, 2)), ((0, 3, 2), (2, 4))),
    )
]
SHAPES: list[Case] = [(s, ()) for s in ((3,), (1,), (2, 3), (3, 3), (), (2, 1, 4), (0,), (0, 3))]
SUMS: list[Case] = [
    (shape, (axis, keepdims))
    for shape, axis in (
        *(((3,), None), ((3,), 0), ((2, 3), 0), ((2, 3), 1), ((3, 3), 0), ((3, 3), -1), ((2, 3, 4), 1)),
        *(((1, 1), 0), ((2, 3, 4), (0, 2)), ((2, 3, 2), (-1, 0)), ((2, 3, 4), None), ((2, 1, 3), -2)),
        *(((0, 3), 0), ((3, 0), 0), ((), None)),
    )
    for keepdims in (False, True)
]
MAXIMA: list[Case] = [
    (shape, (axis, keepdims))
    for shape, axis in (
        *(((3,), 0), ((2, 3), 0), ((2, 3), 1), ((3, 3), 0), ((3, 3), -1), ((2, 3, 4), 1), ((2, 3, 2), -3)),
        *(((4, 1), 1), ((1, 1), 0), ((0, 3), 1)),
    )
    for keepdims in (False, True)
]
CONSTANTS = [("mul", 2.5, None), ("mul", None, -3), ("div", 1, None), ("div", None, 0.5), ("mul", 0, None)]
SCALES = (1.0, -1.0, 1e30, -1e30, 1e-30, -1e-30)


# The definitions -------------------------------------------------------------------------------------


def _places(shape: Shape, of: Shape) -> Array:
    """For each entry of an array of shape `of`: which entry of `shape` broadcasting takes it from."""
    return np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), of)


def _gathered(share: Array, x: Any) -> Array:
    """What all uses of each entry of x send back."""
    shape = np.shape(x)
    places = _places(shape, share.shape).ravel()
    return np.bincount(places, share.ravel(), math.prod(shape)).reshape(shape).astype(float)


def _entries(function: Callable[[float], float], x: Array) -> Array:
    return np.array([function(a) for a in x.ravel()], float).reshape(x.shape)


def _kept(x: Array, axis: Any) -> Shape:
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    return tuple(1 if i in axes else n for i, n in enumerate(x.shape))


def _reduced(function: Callable[[Array], float], x: Array, axis: Any, keepdims: bool) -> Array:
    kept = _kept(x, axis)
    places = _places(kept, x.shape)
    y = np.array([function(x[places == i]) for i in range(math.prod(kept))], x.dtype)
    return y.reshape(kept if keepdims else x.sum(axis).shape)


def _to_largest(g: Array, x: Array, axis: int, _: bool) -> Array:
    places, share = _places(_kept(x, axis), x.shape), np.zeros(x.shape, g.dtype)
    for i, upstream in enumerate(g.ravel()):
        share[(places == i) & (x == x[places == i].max())] = upstream
    return share


def _drawn(trial: Trial, shapes: Any, dtype: str, signs: tuple[int, ...] = (-1, 1)) -> list[Array]:
    """Away from 0, for one may divide by it."""
    shapes = shapes if shapes and isinstance(shapes[0], tuple) else [shapes]
    rng = trial.rng(*(n for shape in shapes for n in shape))
    return [np.asarray(rng.uniform(0.3, 3, s) * rng.choice(signs, s)).astype(dtype) for s in shapes]


_Rule = partial(Formula, draw=_drawn, kinds=DOUBLE)  # the engine refuses a float64 gradient of float32
MUL = _Rule(
    "mul",
    lambda x, y: np.asarray(x * y),
    by={"x": lambda g, x, y: _gathered(g * y, x), "y": lambda g, x, y: _gathered(g * x, y)},
)
DIV = _Rule(
    "div",
    lambda x, y: np.asarray(x * (1 / y)),
    by={"x": lambda g, x, y: _gathered(g / y, x), "y": lambda g, x, y: _gathered(-g * x / np.square(y), y)},
)
EXP = _Rule("exp", partial(_entries, math.exp), by={"x": lambda g, x: g * _entries(math.exp, x)})
LOG = _Rule(
    "log", partial(_entries, math.log), by={"x": lambda g, x: g / x}, draw=partial(_drawn, signs=(1,))
)
MATMUL = _Rule(
    "matmul",
    lambda x, y: np.einsum("...mn,...nk->...mk", x, y),
    by={
        "x": lambda g, x, y: _gathered(np.einsum("...mk,...nk->...mn", g, y), x),
        "y": lambda g, x, y: _gathered(np.einsum("...mn,...mk->...nk", x, g), y),
    },
)
SUM = _Rule(
    "sum",
    partial(_reduced, np.sum),
    by={"x": lambda g, x, axis, _: g.ravel()[_places(_kept(x, axis), x.shape)]},
)
MAX = _Rule("max", partial(_reduced, np.max), by={"x": _to_largest})


# The checks ------------------------------------------------------------------------------------------


def _owes(formula: Formula, cases: list[Case]) -> Callable[[Trial], None]:
    def check(trial: Trial) -> None:
        formula.manners(trial, cases[:3:2])
        formula.edges(trial, cases[0])
        formula.again(trial, cases[:3:2])
        if formula in (MUL, DIV, MATMUL):
            _with_itself(trial, formula)

    return check


def _with_itself(trial: Trial, formula: Formula) -> None:
    """Both operands are one tensor: what it gets is the sum of two shares."""
    (x,) = _drawn(trial, (3, 3), "float64")
    g = trial.rng(5).standard_normal((3, 3))
    answer = trial.ask("with_itself", formula.name, x, g)
    share = trial.fields(answer, "gradient", "witness")[0]
    trial.same("the gradient by x", share, sum(pullback(g, x, x) for pullback in formula.by.values()))


mul_rule, mul_owes = partial(MUL.rule, cases=PAIRS), _owes(MUL, PAIRS)
div_rule, div_owes = partial(DIV.rule, cases=PAIRS), _owes(DIV, PAIRS)
exp_rule, exp_owes = partial(EXP.rule, cases=SHAPES), _owes(EXP, SHAPES)
log_rule, log_owes = partial(LOG.rule, cases=SHAPES), _owes(LOG, SHAPES)
matmul_rule, matmul_owes = partial(MATMUL.rule, cases=PRODUCTS), _owes(MATMUL, PRODUCTS)
matmul_stacks = partial(MATMUL.rule, cases=STACKS)
sum_rule, sum_owes = partial(SUM.rule, cases=SUMS), _owes(SUM, SUMS)
max_rule, max_owes = partial(MAX.rule, cases=MAXIMA), _owes(MAX, MAXIMA)


def constants(trial: Trial) -> None:
    def test(case: tuple[str, float | None, float | None]) -> None:
        operation, *given = case
        formula = {"mul": MUL, "div": DIV}[operation]
        for dtype in ("float64", "float32"):
            drawn = trial.rng(3).uniform(0.5, 2, (2, 3)).astype(dtype)
            x, y = (drawn if a is None else a for a in given)
            g = trial.rng(4).standard_normal((2, 3)).astype(dtype)
            trial.same("the result", trial.ask(operation, x, y, BY_ROWS), formula.value(x, y).astype(dtype))
            by = "x" if x is drawn else "y"
            answer = trial.ask(f"{operation}_gradient", x, y, g, by, BY_ROWS)
            want = formula.by[by](g, x, y).astype(dtype)
            trial.same(f"the gradient by {by}", trial.fields(answer, "gradient", "witness")[0], want)

    trial.forall(CONSTANTS, test)


def max_ties(trial: Trial) -> None:
    """On a grid of -1, 0 and 1 ties are everywhere.  Any one of the equal entries may win."""

    def test(case: tuple[Shape, int]) -> None:
        shape, axis = case
        x = trial.rng(*shape).integers(-1, 2, shape).astype(float)
        g = trial.rng(*shape, 1).uniform(1, 2, np.delete(shape, axis))
        answer = trial.ask("winners", x, axis, g)
        share = trial.fields(answer, "gradient", "witness")[0]
        if not isinstance(share, Array) or share.shape != shape:
            raise Failed(f"the gradient by x: expected shape {shape}")
        trial.same("the gradient, summed over the axis", share.sum(axis=axis), g)
        lost = share[x < x.max(axis=axis, keepdims=True)]
        trial.expect(not lost.any(), "an entry that is not the largest gets a gradient")
        winners = (share != 0).sum(axis=axis)
        trial.expect(
            bool((winners == 1).all()), "more than one of the equal entries gets a gradient", winners * 1.0
        )

    trial.forall([((1, 4), 1), ((4, 3), 1), ((3, 4, 2), 1), ((5, 2, 3), 0)], test)


def max_near(trial: Trial) -> None:
    """Neighbours among the floating point numbers, large and small."""

    def test(case: tuple[float, str]) -> None:
        scale, dtype = case
        steps = trial.rng(SCALES.index(scale)).permuted(np.tile(np.arange(4), (3, 1)), axis=1)
        start = np.array(scale, dtype)
        x = start + steps.astype(dtype) * abs(np.spacing(start))
        g = trial.rng(9).standard_normal(3).astype(dtype)
        want = np.array([max(row) for row in x])
        trial.same("the result", trial.ask("max", x, 1, False, BY_ROWS), want, tolerance=0)
        answer = trial.ask("winners", x, 1, g)
        share = trial.fields(answer, "gradient", "witness")[0]
        trial.same("the gradient by x", share, _to_largest(g, x, 1, False), dtype=False)

    trial.forall([(scale, dtype) for dtype in ("float64", "float32") for scale in SCALES], test)
