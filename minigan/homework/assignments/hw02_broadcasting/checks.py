"""What is checked.  The expected values come from the definition, one entry after the other, in float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minigan.homework.judge import Failed, Raised, Trial

# A case is a tuple of axes, each (length in g, length in shape); None where broadcasting added the axis.
Axis = tuple[int, int | None]
Case = tuple[Axis, ...]


def kept(trial: Trial) -> None:
    cases = [(), ((3, 3),), ((2, 2), (4, 4)), ((1, 1), (5, 5)), ((3, 3), (1, 1), (2, 2))]
    trial.forall(cases, lambda case: _sums(trial, case), _smaller)


def added_axes(trial: Trial) -> None:
    cases = [((3, None), (4, 4)), ((2, None), (3, None), (4, 4)), ((5, None), (2, 2), (3, 3)), ((3, None),)]
    trial.forall(cases, lambda case: _sums(trial, case), _smaller)


def stretched_axes(trial: Trial) -> None:
    cases = [
        ((3, 3), (4, 1)),
        ((5, 1), (2, 2)),
        ((2, 2), (3, 1), (4, 4)),
        ((2, 1), (3, 3), (4, 1)),
        ((3, 1),),
    ]
    trial.forall(cases, lambda case: _sums(trial, case), _smaller)


def anything(trial: Trial) -> None:
    cases = [((2, None), (3, 1), (4, 4)), ((4, None), (2, 2), (3, 1)), ((2, None), (3, None), (4, 1))]
    cases += [_drawn(trial.rng(i)) for i in range(12)]
    trial.forall(cases, lambda case: _sums(trial, case), _smaller)


def float32(trial: Trial) -> None:
    cases = [((4, None), (3, 3)), ((3, 3), (5, 1)), ((2, 2), (3, 3)), ((3, None), (2, 1), (4, 4))]
    trial.forall(cases, lambda case: _sums(trial, case, "float32"), _smaller)


def g_untouched(trial: Trial) -> None:
    def test(case: Case) -> None:
        for call in ("unbroadcast", "unbroadcast_strided"):
            g, shape = _gradient(trial, case), _shape(case)
            trial.same("the result", trial.ask(call, g, shape), _by_definition(g, shape))
            trial.untouched()

    trial.forall([((2, None), (3, 3)), ((3, 3), (2, 1)), ((4, None), (3, 1), (2, 2))], test, _smaller)


def in_the_engine(trial: Trial) -> None:
    def test(case: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        rng = trial.rng(*case[0], *case[1])
        x, y = (rng.standard_normal(shape) for shape in case)
        g = rng.standard_normal(np.broadcast_shapes(*case))
        answer = trial.ask("unbroadcast_in_engine", x, y, g)
        if not isinstance(answer, list) or len(answer) != 2:
            raise Failed("expected the gradients of x and of y")
        for name, got, shape in zip(("x", "y"), answer, case, strict=True):
            trial.same(f"dL/d{name}", got, _by_definition(g, shape))

    trial.forall([((4, 3), (3,)), ((4, 1), (1, 3)), ((2, 1, 3), (4, 1)), ((5,), (2, 3, 1))], test)


def refuses(trial: Trial) -> None:
    def test(case: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        of, shape = case
        g = trial.rng(*of).standard_normal(of)
        trial.same("the result for a shape that fits", trial.ask("unbroadcast", g, list(of)), g)
        try:
            trial.ask("unbroadcast", g, list(shape))
        except Raised as error:
            if error.kind == "NotImplementedError":
                raise
            trial.expect(
                error.kind == "ValueError", f"expected a ValueError, got {error.kind}: {error.message}"
            )
        else:
            raise Failed(f"expected a ValueError: {shape} cannot have been broadcast to {of}")

    cases = [((3, 4), (2, 4)), ((4,), (3, 4)), ((6,), (2,)), ((4,), (1, 4)), ((2, 6), (3, 4))]
    trial.forall([*cases, ((1, 4), (3, 4))], test)


def _sums(trial: Trial, case: Case, dtype: str = "float64") -> None:
    g, shape = _gradient(trial, case).astype(dtype), _shape(case)
    want = _by_definition(g.astype("float64"), shape).astype(dtype)
    trial.same("the result", trial.ask("unbroadcast", g, shape), want)


def _by_definition(g: np.ndarray, shape: list[int] | tuple[int, ...]) -> np.ndarray:
    """dL/dx_j = sum of g_i over every i that broadcasting filled from x_j."""
    total = np.zeros(shape)
    for index in np.ndindex(g.shape):
        own = index[g.ndim - len(shape) :]
        total[tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))] += g[index]
    return total


def _gradient(trial: Trial, case: Case) -> np.ndarray:
    of = [n for n, _ in case]
    return trial.rng(*of).standard_normal(of)


def _shape(case: Case) -> list[int]:
    return [n for _, n in case if n is not None]


def _drawn(rng: np.random.Generator) -> Case:
    """Up to five axes; the added ones come first, and no two lengths above 1 are equal."""
    lengths = [int(n) for n in rng.permutation([1, 2, 3, 4, 5])[: rng.integers(1, 6)]]
    added = int(rng.integers(0, len(lengths)))
    return tuple((n, None if i < added else 1 if rng.random() < 0.5 else n) for i, n in enumerate(lengths))


def _smaller(case: Case) -> Iterator[Case]:
    """One axis fewer, or one axis shorter."""
    for i, (n, own) in enumerate(case):
        yield (*case[:i], *case[i + 1 :])
        if n > 2:
            yield (*case[:i], (2, 2 if own == n else own), *case[i + 1 :])
