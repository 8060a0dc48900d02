"""What is checked.  Expected values come from the definitions, entry by entry, in float64.

A case is (shape of x, shape of y or None, options); the small ones come first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.judge import Failed, Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS

Shape = tuple[int, ...]
Case = tuple[Shape, Shape | None, dict[str, Any]]
Array = np.ndarray

PAIRS: list[tuple[Shape, Shape]] = [
    *(((3,), (3,)), ((1,), (1,)), ((2, 3), (2, 3)), ((3, 3), (3,)), ((), (2, 3)), ((2, 1), (1, 3))),
    *(((4,), (1,)), ((2, 2, 2), (2, 1)), ((3, 1, 2), (4, 1)), ((0, 3), (3,)), ((0,), (1,)), ((), ())),
]
PRODUCTS: list[tuple[Shape, Shape]] = [
    *(((2, 3), (3, 4)), ((3, 3), (3, 3)), ((1, 4), (4, 1)), ((4, 1), (1, 2)), ((1, 1), (1, 1))),
    *(((3, 0), (0, 2)), ((0, 4), (4, 2))),
]
STACKS: list[tuple[Shape, Shape]] = [
    *(((2, 3, 4), (2, 4, 5)), ((2, 2, 2), (2, 2, 2)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5))),
    *(((1, 3, 2), (4, 2, 3)), ((2, 1, 3, 4), (5, 4, 2)), ((0, 3, 2), (2, 4))),
]
SHAPES: list[Shape] = [(3,), (1,), (2, 3), (3, 3), (), (2, 1, 4), (0,), (0, 3)]
SUMS: list[tuple[Shape, Any]] = [
    *(((3,), None), ((3,), 0), ((2, 3), 0), ((2, 3), 1), ((3, 3), 0), ((3, 3), -1), ((2, 3, 4), 1)),
    *(((1, 1), 0), ((2, 3, 4), (0, 2)), ((2, 3, 2), (-1, 0)), ((2, 3, 4), None), ((2, 1, 3), -2)),
    *(((0, 3), 0), ((3, 0), 0), ((), None)),
]
MAXIMA: list[tuple[Shape, Any]] = [
    *(((3,), 0), ((2, 3), 0), ((2, 3), 1), ((3, 3), 0), ((3, 3), -1), ((2, 3, 4), 1), ((2, 3, 2), -3)),
    *(((4, 1), 1), ((1, 1), 0), ((0, 3), 1)),
]
CASES: dict[str, list[Case]] = {
    "mul": [(x, y, {}) for x, y in PAIRS],
    "div": [(x, y, {}) for x, y in PAIRS],
    "matmul": [(x, y, {}) for x, y in PRODUCTS],
    "exp": [(x, None, {}) for x in SHAPES],
    "log": [(x, None, {}) for x in SHAPES],
    "sum": [(x, None, {"axis": axis, "keepdims": kept}) for x, axis in SUMS for kept in (False, True)],
    "max": [(x, None, {"axis": axis, "keepdims": kept}) for x, axis in MAXIMA for kept in (False, True)],
}
CONSTANTS = [("mul", 2.5, None), ("mul", None, -3), ("div", 1, None), ("div", None, 0.5), ("mul", 0, None)]
SCALES = (1.0, -1.0, 1e30, -1e30, 1e-30, -1e-30)


def matmul_stacks(trial: Trial) -> None:
    trial.forall([(x, y, {}) for x, y in STACKS], lambda case: _right(trial, "matmul", case))


def constants(trial: Trial) -> None:
    def test(case: tuple[str, float | None, float | None]) -> None:
        operation, *given = case
        for dtype in ("float64", "float32"):
            drawn = (trial.rng(3).uniform(0.5, 2, (2, 3))).astype(dtype)
            x, y = (drawn if a is None else a for a in given)
            g = trial.rng(4).standard_normal((2, 3)).astype(dtype)
            want = VALUE[operation](x, y).astype(dtype)
            trial.same("the result", trial.ask("value", operation, x, y, {}, BY_ROWS), want)
            by = "x" if x is drawn else "y"
            answer = trial.ask("gradient", operation, x, y, {}, g, by, BY_ROWS)
            want = BY[operation, by](g, x, y).astype(dtype)
            trial.same(f"the gradient by {by}", trial.fields(answer, "gradient", "witness")[0], want)

    trial.forall(CONSTANTS, test)


def max_ties(trial: Trial) -> None:
    """On a grid of -1, 0 and 1 ties are everywhere.  Any one of the equal entries may win."""

    def test(case: tuple[Shape, int]) -> None:
        shape, axis = case
        x = trial.rng(*shape).integers(-1, 2, shape).astype(float)
        g = trial.rng(*shape, 1).uniform(1, 2, np.delete(shape, axis))
        answer = trial.ask("gradient", "max", x, None, {"axis": axis}, g, "x", BY_ROWS)
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
        g, options = trial.rng(9).standard_normal(3).astype(dtype), {"axis": 1}
        want = np.array([max(row) for row in x])
        trial.same("the result", trial.ask("value", "max", x, None, options, BY_ROWS), want, tolerance=0)
        answer = trial.ask("gradient", "max", x, None, options, g, "x", BY_ROWS)
        share = trial.fields(answer, "gradient", "witness")[0]
        trial.same("the gradient by x", share, BY["max", "x"](g, x, None, **options), dtype=False)

    trial.forall([(scale, dtype) for dtype in ("float64", "float32") for scale in SCALES], test)


def _operation(name: str) -> Callable[[Trial], None]:
    return lambda trial: trial.forall(CASES[name], lambda case: _right(trial, name, case))


def _owes(name: str) -> Callable[[Trial], None]:
    def check(trial: Trial) -> None:
        trial.forall(CASES[name][:3:2], lambda case: _owed(trial, name, case))
        if CASES[name][0][1] is not None:
            _with_itself(trial, name)

    return check


OPERATIONS = ("mul", "div", "exp", "log", "matmul", "sum", "max")
mul_rule, div_rule, exp_rule, log_rule, matmul_rule, sum_rule, max_rule = map(_operation, OPERATIONS)
mul_owes, div_owes, exp_owes, log_owes, matmul_owes, sum_owes, max_owes = map(_owes, OPERATIONS)


def _right(trial: Trial, operation: str, case: Case) -> None:
    """The value and every gradient, in float64, whichever way the memory runs; other numbers each time."""
    for key, memory in enumerate((BY_ROWS, BY_COLUMNS)):
        x, y, g = _drawn(trial, operation, case, key)
        got = trial.ask("value", operation, x, y, case[2], memory)
        trial.same("the result", got, VALUE[operation](x, y, **case[2]), dtype=False)
        for by in _names(y):
            answer = trial.ask("gradient", operation, x, y, case[2], g, by, memory)
            share = trial.fields(answer, "gradient", "witness")[0]
            trial.same(f"the gradient by {by}", share, BY[operation, by](g, x, y, **case[2]), dtype=False)


def _owed(trial: Trial, operation: str, case: Case) -> None:
    """Its dtype, its inputs and g left alone, its edges, and the same again beside another result."""
    x, y, g = _drawn(trial, operation, case)
    options, names = case[2], _names(y)
    for dtype in ("float64", "float32"):
        a, b, h = (array if array is None else array.astype(dtype) for array in (x, y, g))
        got = trial.ask("value", operation, a, b, options, BY_ROWS)
        trial.dtype("the result", got, dtype)
        trial.untouched()
        trial.same("the result", got, VALUE[operation](x, y, **options), tolerance=1e-4, dtype=False)
        for by in names:
            owed.manners(trial, trial.ask("gradient", operation, a, b, options, h, by, BY_ROWS), h, by)
    owed.has_edges(trial, trial.ask("edges", operation, x, y, options), names)
    other = [array if array is None else array + 1 for array in (x, y)]
    for by in names:
        alone = [
            trial.fields(trial.ask("gradient", operation, *inputs, by, BY_ROWS), "gradient", "witness")[0]
            for inputs in ((x, y, options, g), (*other, options, 2 * g))
        ]
        owed.same_again(trial, trial.ask("again", operation, x, y, options, g, by, other), alone)


def _with_itself(trial: Trial, operation: str) -> None:
    """Both operands are one tensor: what it gets is the sum of two shares."""
    x, _, g = _drawn(trial, operation, ((3, 3), (3, 3), {}))
    answer = trial.ask("with_itself", operation, x, g)
    share = trial.fields(answer, "gradient", "witness")[0]
    trial.same("the gradient by x", share, BY[operation, "x"](g, x, x) + BY[operation, "y"](g, x, x))


def _drawn(trial: Trial, operation: str, case: Case, key: int = 0) -> tuple[Array, Array | None, Array]:
    """x, y and g.  Divisors and what log is taken of stay away from 0; the others have both signs."""
    rng, signs = trial.rng(key, *case[0], *(case[1] or ())), [-1, 1] if operation != "log" else [1]
    x, y = (
        None if shape is None else np.asarray(rng.uniform(0.3, 3, shape) * rng.choice(signs, shape))
        for shape in case[:2]
    )
    return x, y, np.asarray(rng.standard_normal(VALUE[operation](x, y, **case[2]).shape))


def _names(y: Array | None) -> str:
    return "x" if y is None else "xy"


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


def _to_largest(g: Array, x: Array, _: None, axis: int, keepdims: bool = False) -> Array:
    places, share = _places(_kept(x, axis), x.shape), np.zeros(x.shape, g.dtype)
    for i, upstream in enumerate(g.ravel()):
        share[(places == i) & (x == x[places == i].max())] = upstream
    return share


VALUE: dict[str, Callable[..., Array]] = {
    "mul": lambda x, y: np.asarray(x * y),
    "div": lambda x, y: np.asarray(x * (1 / y)),
    "exp": lambda x, _: _entries(math.exp, x),
    "log": lambda x, _: _entries(math.log, x),
    "matmul": lambda x, y: np.einsum("...mn,...nk->...mk", x, y),
    "sum": lambda x, _, axis=None, keepdims=False: _reduced(lambda a: a.sum(), x, axis, keepdims),
    "max": lambda x, _, axis, keepdims=False: _reduced(lambda a: a.max(), x, axis, keepdims),
}
BY: dict[tuple[str, str], Callable[..., Array]] = {
    ("mul", "x"): lambda g, x, y: _gathered(g * y, x),
    ("mul", "y"): lambda g, x, y: _gathered(g * x, y),
    ("div", "x"): lambda g, x, y: _gathered(g / y, x),
    ("div", "y"): lambda g, x, y: _gathered(-g * x / np.square(y), y),
    ("exp", "x"): lambda g, x, _: g * _entries(math.exp, x),
    ("log", "x"): lambda g, x, _: g / x,
    ("matmul", "x"): lambda g, x, y: _gathered(np.einsum("...mk,...nk->...mn", g, y), x),
    ("matmul", "y"): lambda g, x, y: _gathered(np.einsum("...mn,...mk->...nk", x, g), y),
    ("sum", "x"): lambda g, x, _, axis=None, keepdims=False: g.ravel()[_places(_kept(x, axis), x.shape)],
    ("max", "x"): _to_largest,
}
