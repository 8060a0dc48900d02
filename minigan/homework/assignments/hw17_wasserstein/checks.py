"""What is checked.  Slopes come from products of whole matrices, row by row of x, in float64.

A case of a net is (m, its lengths, its plan): the lengths between Linears, and the plan of calls.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from minigan.homework.judging import owed
from minigan.homework.judging.formula import Case, Formula
from minigan.homework.judging.judge import Failed, Trial
from minigan.homework.judging.operations import BY_COLUMNS, BY_ROWS
from minigan.homework.judging.sandbox import Ended

Array = np.ndarray
Net = tuple[int, tuple[int, ...], list[Any]]
TWICE: list[Case] = [((2 * m, 1), ()) for m in (1, 2, 3, 4, 5)]
ONCE: list[Case] = [((m, 1), ()) for m in (4, 1, 2, 3, 7)]
POINTS = [((5,), "moved"), ((4, 1), "spread"), ((3,), "turned"), ((1,), "moved"), ((1, 1), "moved"),
          ((2, 1), "spread"), ((7, 1), "others"), ((6,), "others"), ((4,), "near")]  # fmt: skip
NETS: list[Net] = [
    (1, (3, 1), [0]),
    (5, (3, 1), [[0.2], 0]),
    (2, (3, 3, 1), [0, 1]),
    (1, (1, 1, 1), [0, [0.2], 1]),
    (4, (3, 4, 1), [0, [0.3], 1]),
    (2, (2, 3, 1), [0, [0.5], [0.1], 1]),
    (3, (2, 5, 4, 1), [0, [0.2], 1, [0.1], 2]),
    (2, (2, 2, 2, 1), [0, [0.0], 1, [0.2], 2]),
    (2, (2, 3, 3, 3, 1), [0, [0.2], 1, [0.1], 2, [0.2], 3]),
]
STEEP = [net for net in NETS if [0.0] not in net[2]]
FLAT: Net = (3, (2, 4, 1), [0, [0.0], 1])


def _wasserstein_slope(a: Array) -> Array:
    if len(a) % 2:  # when a smaller case is looked for
        raise Ended("bad_reply", "no smaller number of heights has two halves")
    return np.repeat([-2.0, 2.0], len(a) // 2)[:, None] / len(a)


WASSERSTEIN = Formula("wasserstein", lambda a: (a * _wasserstein_slope(a)).sum(), _wasserstein_slope)
UPWARDS = Formula("upwards", lambda a: -a.sum() / len(a), lambda a: np.full(a.shape, -1 / len(a)))

wasserstein_values = partial(WASSERSTEIN.values, cases=TWICE)
wasserstein_gradient = partial(WASSERSTEIN.gradients, cases=TWICE)
upwards_values = partial(UPWARDS.values, cases=ONCE)
upwards_gradient = partial(UPWARDS.gradients, cases=ONCE)


def w1_values(trial: Trial) -> None:
    def test(case: tuple[tuple[int, ...], str]) -> None:
        x, y = _points(trial, case)
        # the area between the two distribution functions
        ends = np.sort([*x.ravel(), *y.ravel()])
        apart = [abs((x <= e).sum() - (y <= e).sum()) / x.size for e in ends[:-1]]
        trial.same("W1", _number(trial.ask("w1", x, y)), np.array(np.diff(ends) @ apart))

    trial.forall(POINTS, test)


def w1_owes(trial: Trial) -> None:
    for case in POINTS[:3]:
        trial.ask("w1", *_points(trial, case))
        trial.untouched()


def w1_refuses(trial: Trial) -> None:
    def test(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        x, y = (trial.rng(i, *shape).standard_normal(shape) for i, shape in enumerate(shapes))
        trial.refuses(f"shapes {shapes[0]} and {shapes[1]}", "w1", x, y)

    trial.forall([((3,), (4,)), ((1,), (3,)), ((4, 1), (1, 1)), ((3, 1), (3,)), ((2,), (3, 1))], test)


def wasserstein_refuses(trial: Trial) -> None:
    def test(count: int) -> None:
        a = trial.rng(count).standard_normal((count, 1))
        trial.refuses(f"{count} heights", "wasserstein", a, BY_ROWS)

    trial.forall([5, 0, 1], test)


def losses_owe(trial: Trial) -> None:
    for formula in (WASSERSTEIN, UPWARDS):
        formula.manners(trial, TWICE[:2])
        formula.again(trial, TWICE[:2])


def clipped_once(trial: Trial) -> None:
    def test(limit: float) -> None:
        p, gradients = _parameters(trial, 1, limit)
        p[2][...] = limit  # at the bound, then there, across, farther, and just above
        gradients[0][2][...] = [0, -2 * limit, -3 * limit, 1e-6]
        _rolls(trial, p, gradients, [[0, 0]], limit)

    trial.forall([0.5, 0.01, 2.0], test)


def clipped_again(trial: Trial) -> None:
    def test(clock: list[list[int]]) -> None:
        p, gradients = _parameters(trial, len(clock), 0.5)
        answer = _rolls(trial, p, gradients, clock, 0.5)
        asked, kept = answer["asked"], answer["kept"]
        trial.expect(asked == clock, f"the optimiser's steps were at (t, epoch) {asked}, expected {clock}")
        trial.expect(kept == [True] * 4, "p.data is another array than before")
        for after, before in zip(answer["g"], gradients, strict=True):
            for g, h in zip(after, before, strict=True):
                trial.same("p.grad", g, h)

    trial.forall([[[0, 0], [1, 0], [2, 1]], [[7, 3], [7, 3], [0, 0]]], test)


def slope_values(trial: Trial) -> None:
    def test(case: Net) -> None:
        x, W, b = _net(trial, case)
        for memory in (BY_ROWS, BY_COLUMNS):
            got = trial.ask("slope", x, W, b, case[2], memory)
            trial.same("the slope", got, _slopes(x, W, b, case[2]), dtype=False)

    trial.forall(NETS, test, _smaller)


def slope_kinks(trial: Trial) -> None:
    plan = [[0.3], 0]
    x = np.array([[0.0, 1e-12, -1e-12, 2.0], [-0.0, -1e-300, 1e-300, -1e6], [1e-9, 0.0, -1e-9, 1e-3]])
    W, b = [trial.rng(1).standard_normal((4, 1))], [np.ones(1)]
    got = trial.ask("slope", x, W, b, plan, BY_ROWS)
    trial.same("the slope", got, _slopes(x, W, b, plan), dtype=False)


def slope_gradient(trial: Trial) -> None:
    def test(case: Net) -> None:
        x, W, b = _net(trial, case)
        g = trial.rng(9, *case[1]).standard_normal(x.shape)
        for by, want in enumerate(_by_weights(x, W, b, case[2], g)):
            answer = trial.ask("slope_gradient", x, W, b, case[2], g, by)
            gradient, _ = trial.fields(answer, "gradient", "witness")
            trial.same(f"the gradient by W[{by}]", gradient, want, dtype=False)

    trial.forall(NETS, test, _smaller)


def slope_owes(trial: Trial) -> None:
    for case in NETS[4:7]:
        for dtype in ("float32", "float64"):
            x, W, b = _net(trial, case, dtype)
            trial.dtype("the slope", trial.ask("slope", x, W, b, case[2], BY_ROWS), dtype)
            trial.untouched()
            g = trial.rng(9, *case[1]).standard_normal(x.shape).astype(dtype)
            owed.manners(trial, trial.ask("slope_gradient", x, W, b, case[2], g, 0), g, "W[0]")
        x, W, b = _net(trial, case)
        again, grads = trial.fields(trial.ask("slope_twice", x, W, b, case[2]), "slope", "grads")
        trial.same("the slope, asked of D again", again, _slopes(x, W, b, case[2]), dtype=False)
        for got, w in zip(trial.several(grads, len(W)), W, strict=True):
            trial.same("p.grad of D's weights, which were ones", got, np.ones_like(w))
        g = trial.rng(8, *case[1]).standard_normal(x.shape)
        _again(trial, "slope", (x, W, b, case[2]), g)


def penalty_one_sided(trial: Trial) -> None:
    for sides in ([True], []):  # said, and by default
        trial.forall(STEEP, lambda case, sides=sides: _penalty(trial, case, sides), _smaller)


def penalty_two_sided(trial: Trial) -> None:
    trial.forall(STEEP, lambda case: _penalty(trial, case, [False]), _smaller)


def penalty_gradient(trial: Trial) -> None:
    def test(case: Net) -> None:
        for one_sided in (True, False):
            _penalty_gradient(trial, case, one_sided)

    trial.forall(STEEP, test, _smaller)


def penalty_owes(trial: Trial) -> None:
    for case in NETS[4:7]:
        for dtype in ("float32", "float64"):
            x, W, b = _net(trial, case, dtype)
            trial.dtype("the penalty", trial.ask("penalty", x, W, b, case[2], []), dtype)
            trial.untouched()
        _again(trial, "penalty", (x, W, b, case[2]), np.array(trial.rng(6).uniform(1, 3)))


def _again(trial: Trial, name: str, net: tuple[Array, list[Array], list[Array], list[Any]], g: Array) -> None:
    x, W, b, plan = net
    other, sides = [1 - w for w in W], [True] if name == "penalty" else []
    alone = [
        trial.fields(trial.ask(f"{name}_gradient", x, v, b, plan, *sides, h, 0), "gradient", "witness")[0]
        for v, h in ((W, g), (other, 2 * g))
    ]
    owed.same_again(trial, trial.ask(f"{name}_again", x, W, b, plan, g, other), alone)


def penalty_flat(trial: Trial) -> None:
    for one_sided in (True, False):
        _penalty(trial, FLAT, [one_sided], 100.0)
        _penalty_gradient(trial, FLAT, one_sided, 100.0)


def _penalty(trial: Trial, case: Net, sides: list[bool], below: float = 0.0) -> None:
    x, W, b = _steep(trial, case, below)
    got = trial.ask("penalty", x, W, b, case[2], sides)
    excess = _excess(_slopes(x, W, b, case[2]), sides != [False])[0]
    trial.same("the penalty", got, np.array((excess**2).mean()), dtype=False)


def _penalty_gradient(trial: Trial, case: Net, one_sided: bool, below: float = 0.0) -> None:
    x, W, b = _steep(trial, case, below)
    slopes = _slopes(x, W, b, case[2])
    excess, length = _excess(slopes, one_sided)
    g = np.array(trial.rng(6).uniform(1, 3))
    upstream = g * 2 * (excess / length / len(x))[:, None] * slopes
    for by, want in enumerate(_by_weights(x, W, b, case[2], upstream)):
        answer = trial.ask("penalty_gradient", x, W, b, case[2], one_sided, g, by)
        gradient, _ = trial.fields(answer, "gradient", "witness")
        trial.same(f"the gradient by W[{by}]", gradient, want, dtype=False)


def _excess(slopes: Array, one_sided: bool) -> tuple[Array, Array]:
    length = np.sqrt((slopes**2).sum(axis=1) + 1e-12)
    return (np.maximum(length - 1, 0) if one_sided else length - 1), length


def _steep(trial: Trial, case: Net, below: float) -> tuple[Array, list[Array], list[Array]]:
    """As _net, with slopes of 0 and above 0.3: between, what is added beneath the root could be seen."""
    for turn in count():
        x, W, b = _net(trial, case, below=below, turn=turn)
        length = np.linalg.norm(_slopes(x, W, b, case[2]), axis=1)
        if ((length == 0) | (length > 0.3)).all():
            break
    return x, W, b


def _factors(x: Array, W: list[Array], b: list[Array], plan: list[Any]) -> list[Array]:
    """Of one row x what each layer multiplies by, as a matrix, from the first to the last."""
    factors = []
    for part in plan:
        if isinstance(part, list):
            factor = np.diag([1.0 if h > 0 else part[0] for h in x])
            x = x @ factor
        else:
            factor = W[part].astype(float)
            x = x @ factor + b[part]
        factors.append(factor)
    return factors


def _product(factors: list[Array], size: int) -> Array:
    whole = np.eye(size)
    for factor in factors:
        whole = whole @ factor
    return whole


def _slopes(x: Array, W: list[Array], b: list[Array], plan: list[Any]) -> Array:
    return np.array([_product(_factors(row, W, b, plan), len(row))[:, 0] for row in x.astype(float)])


def _by_weights(x: Array, W: list[Array], b: list[Array], plan: list[Any], g: Array) -> list[Array]:
    """Of sum_i g_i . A_i W_k B_i the gradient by each W_k: the sum of (A_i^T g_i) B_i^T"""
    found = [np.zeros(w.shape) for w in W]
    for row, upstream in zip(x.astype(float), g, strict=True):
        factors = _factors(row, W, b, plan)
        for i, part in enumerate(plan):
            if not isinstance(part, list):
                before = _product(factors[:i], len(row))
                after = _product(factors[i + 1 :], W[part].shape[1])
                found[part] += np.outer(before.T @ upstream, after[:, 0])
    return found


def _net(
    trial: Trial, case: Net, dtype: str = "float64", below: float = 0.0, turn: int = 0
) -> tuple[Array, list[Array], list[Array]]:
    """x, and W and b of each Linear; b is below 0 by so much."""
    m, lengths, _ = case
    rng, pairs = trial.rng(m, *lengths, turn), list(zip(lengths, lengths[1:], strict=False))
    W = [rng.standard_normal(pair).astype(dtype) for pair in pairs]
    b = [(rng.standard_normal(p) - below).astype(dtype) for _, p in pairs]
    return rng.standard_normal((m, lengths[0])).astype(dtype), W, b


def _points(trial: Trial, case: tuple[tuple[int, ...], str]) -> tuple[Array, Array]:
    shape, kind = case
    x, other = trial.rng(*shape).standard_normal((2, *shape))
    turned = x[::-1]
    if kind == "near":  # equal numbers, and some that are nearly equal
        return np.array([2.0, 2.0, 2.0 + 1e-6, 2.0]), np.array([2.0, 2.0 + 2e-6, 2.0, 2.0])
    return x, {"moved": turned + 2, "spread": 3 * turned, "turned": turned * 1.0, "others": other}[kind]


def _number(value: Any) -> Any:
    return np.array(value) if type(value) in (float, int) else value


def _parameters(trial: Trial, steps: int, limit: float) -> tuple[list[Array], list[list[Array]]]:
    """Of four parameters, the last of which is not clipped, and so many gradients for each.

    In each there are numbers beyond either bound, and every step carries them across.
    """
    shapes, rng = [(3,), (2, 2), (4,), (3, 1)], trial.rng(steps)
    way = [limit * np.resize([1, -1, 0.1], shape) for shape in shapes]
    p = [-rng.uniform(1.1, 1.4, w.shape) * w for w in way]
    return p, [[(-1) ** i * rng.uniform(2.5, 4, w.shape) * w for w in way] for i in range(steps)]


def _rolls(
    trial: Trial, p: list[Array], gradients: list[list[Array]], clock: list[list[int]], limit: float
) -> dict[str, Any]:
    answer = trial.ask("clipped", p, gradients, clock, limit)
    after, g, asked, kept = trial.fields(answer, "p", "g", "asked", "kept")
    for moved, h in zip(_lists(after, gradients), gradients, strict=True):
        *clipped, last = [q + u for q, u in zip(p, h, strict=True)]
        p = [*(np.minimum(np.maximum(q, -limit), limit) for q in clipped), last]
        first: Failed | None = None
        for i, (got, want) in enumerate(zip(moved, p, strict=True)):
            try:
                trial.same(f"parameter {i} after a step", got, want)
            except Failed as error:  # the others say which mistake it is
                first = first or error
        if first:
            raise first
    return {"g": _lists(g, gradients), "asked": asked, "kept": kept}


def _lists(got: Any, like: list[list[Array]]) -> list[list[Any]]:
    fits = isinstance(got, list) and len(got) == len(like)
    if not fits or any(not isinstance(one, list) or len(one) != 4 for one in got):
        raise Failed("expected arrays")
    return got


def _smaller(case: Net) -> Iterator[Net]:
    m, lengths, plan = case
    if m > 1:
        yield m - 1, lengths, plan
    for i, n in enumerate(lengths[:-1]):
        if n > 1:
            yield m, (*lengths[:i], n - 1, *lengths[i + 1 :]), plan
