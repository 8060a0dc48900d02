"""What is checked.  The expected values come from the definition, one entry after the other, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from minigan.homework.judging.judge import Failed, Trial

# A case is a tuple of axes, each (length in g, length in shape); None where broadcasting added the axis.
Axis = tuple[int, int | None]
Case = tuple[Axis, ...]
NEW = None

KEPT: list[Case] = [
    (),
    ((3, 3),),
    ((2, 2), (4, 4)),
    ((1, 1), (5, 5)),
    ((3, 3), (1, 1), (2, 2)),
    ((3, 3), (3, 3)),
    ((1, 1), (1, 1)),
]
ADDED: list[Case] = [
    ((3, NEW), (4, 4)),
    ((2, NEW), (3, NEW), (4, 4)),
    ((5, NEW), (2, 2), (3, 3)),
    ((3, NEW),),
    ((4, NEW), (4, 4)),
    ((3, NEW), (4, NEW), (4, 4)),
    ((1, NEW), (3, 3)),
    ((2, NEW), (1, 1), (3, 3)),
    ((1, NEW), (1, 1)),
]
STRETCHED: list[Case] = [
    ((3, 3), (4, 1)),
    ((5, 1), (2, 2)),
    ((2, 2), (3, 1), (4, 4)),
    ((2, 1), (3, 3), (4, 1)),
    ((3, 1),),
    ((3, 3), (3, 1)),
    ((3, 1), (3, 3)),
    ((2, 2), (2, 1), (2, 2)),
    ((4, 1), (1, 1), (3, 3)),
]
EMPTY: list[Case] = [((0, 1),), ((0, NEW), (3, 3)), ((2, 2), (0, 1)), ((0, 1), (3, 3))]
BOTH: list[Case] = [
    ((2, NEW), (3, 1), (4, 4)),
    ((4, NEW), (2, 2), (3, 1)),
    ((2, NEW), (3, NEW), (4, 1)),
    ((3, NEW), (3, 1), (3, 3)),
    ((2, NEW), (2, 2), (2, 1)),
    ((1, NEW), (2, 2), (3, 1)),
]
MISFITS = [  # the shape of g, and one that cannot have been broadcast to it
    ((3, 4), (2, 4)),
    ((4,), (3, 4)),
    ((6,), (2,)),
    ((4,), (1, 4)),
    ((2, 6), (3, 4)),
    ((1, 4), (3, 4)),
    ((2, 3, 4), (2, 4)),
    ((2, 3, 4), (3,)),
    ((3, 6), (3,)),
    ((2, 3), (0,)),
]


def empty_axes(trial: Trial) -> None:
    trial.forall(EMPTY, lambda case: _sums(trial, case))


def anything(trial: Trial) -> None:
    _summed(trial, [*BOTH, *(_drawn(trial.rng(i)) for i in range(12))])


def dtype(trial: Trial) -> None:
    def test(case: Case) -> None:
        for name in ("float32", "float64"):
            g = _gradient(trial, case).astype(name)
            trial.dtype("the result", trial.ask("unbroadcast", g, _shape(case)), name)

    trial.forall([((4, NEW), (3, 3)), ((3, 3), (5, 1)), ((2, 2), (3, 3)), BOTH[0]], test, _smaller)


def g_untouched(trial: Trial) -> None:
    def test(case: Case) -> None:
        trial.ask("unbroadcast", _gradient(trial, case), _shape(case))
        trial.untouched()

    trial.forall([ADDED[0], STRETCHED[2], *BOTH], test, _smaller)


def memory(trial: Trial) -> None:
    def test(case: Case) -> None:
        g, h, shape = _gradient(trial, case), _gradient(trial, case) + 1, _shape(case)
        trial.same("the result", trial.ask("unbroadcast_strided", g, shape), _by_definition(g, shape))
        answer = trial.ask("unbroadcast_twice", g, h, shape)
        for got, of in zip(_two(answer), (g, h), strict=True):
            trial.same("the result", got, _by_definition(of, shape))

    trial.forall([KEPT[2], ADDED[2], STRETCHED[2], *BOTH], test, _smaller)


def in_the_engine(trial: Trial) -> None:
    def test(case: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        rng = trial.rng(*case[0], *case[1])
        x, y = (rng.standard_normal(shape) for shape in case)
        g = rng.standard_normal(np.broadcast_shapes(*case))
        answer = trial.ask("unbroadcast_in_engine", x, y, g)
        for name, got, shape in zip(("x", "y"), _two(answer), case, strict=True):
            trial.same(f"the gradient by {name}", got, _by_definition(g, shape))

    trial.forall([((4, 3), (3,)), ((4, 1), (1, 3)), ((2, 1, 3), (4, 1)), ((5,), (2, 3, 1))], test)


def refuses(trial: Trial) -> None:
    def test(case: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        of, shape = case
        g = trial.rng(*of).standard_normal(of)
        trial.refuses(f"{shape} cannot have been broadcast to {of}", "unbroadcast", g, list(shape))

    trial.forall(MISFITS, test)


def _sums(trial: Trial, case: Case) -> None:
    g, shape = _gradient(trial, case), _shape(case)
    trial.same("the result", trial.ask("unbroadcast", g, shape), _by_definition(g, shape), dtype=False)


def _by_definition(g: np.ndarray, shape: list[int] | tuple[int, ...]) -> np.ndarray:
    """dL/dx_j = sum of g_i over every i that broadcasting filled from x_j."""
    total = np.zeros(shape)
    for index in np.ndindex(g.shape):
        own = index[g.ndim - len(shape) :]
        total[tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))] += g[index]
    return total


def _two(answer: object) -> list:
    if not isinstance(answer, list) or len(answer) != 2:
        raise Failed("expected two arrays")
    return answer


def _gradient(trial: Trial, case: Case) -> np.ndarray:
    of = [n for n, _ in case]
    return trial.rng(*of).standard_normal(of)


def _shape(case: Case) -> list[int]:
    return [n for _, n in case if n is not None]


def _drawn(rng: np.random.Generator) -> Case:
    """Up to five axes, the added ones first; lengths may be equal."""
    lengths = [int(n) for n in rng.integers(1, 5, rng.integers(1, 6))]
    added = int(rng.integers(0, len(lengths)))
    return tuple((n, NEW if i < added else 1 if rng.random() < 0.5 else n) for i, n in enumerate(lengths))


def _smaller(case: Case) -> Iterator[Case]:
    """One axis fewer, or one axis shorter."""
    for i, (n, own) in enumerate(case):
        yield (*case[:i], *case[i + 1 :])
        if n > 2:
            yield (*case[:i], (2, 2 if own == n else own), *case[i + 1 :])


def _summed(trial: Trial, cases: list[Case]) -> None:
    trial.forall(cases, lambda case: _sums(trial, case), _smaller)


kept = partial(_summed, cases=KEPT)
added_axes = partial(_summed, cases=ADDED)
stretched_axes = partial(_summed, cases=STRETCHED)
