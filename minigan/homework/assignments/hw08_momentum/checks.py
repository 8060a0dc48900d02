"""What is checked.  Expected values come from the two equations, written out in float64.

A case of the ball: the shapes of the parameters, (t, epoch) of each step, how many rates, how many momenta.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigan.homework.judging.judge import Trial
from minigan.homework.judging.sandbox import Ended

Case = tuple[Sequence[tuple[int, ...]], Sequence[tuple[int, int]], int, int]
SHAPES = [[(3,), (2, 4)], [(3, 3), (3, 3), (3,)], [(1,), (5, 1)], [(0, 3), (2,)], [(70,)]]
CLOCKS = [
    [(0, 0), (1, 0), (2, 0)],
    [(0, 0), (1, 1), (2, 2), (3, 3)],
    [(40, 3), (41, 3), (42, 4)],
    [(9, 9), (9, 9), (0, 0)],
]
CONSTANT: list[Case] = [(SHAPES[i], CLOCKS[i % 4], 1, 1) for i in range(5)]
CHANGING: list[Case] = [(SHAPES[i], clock, 7, 5) for i, clock in enumerate(CLOCKS)]
DECAYS = [(0.1, 1.5), (2.0, 1.000004), (1.0, 2.0), (0.1, 1.0)]
RAMPS = [(0.5, 0.7, 8), (0.9, 0.1, 5), (0.5, 0.7, 249), (0.3, 0.3, 4), (-1.0, 1.0, 2)]


def decay(trial: Trial) -> None:
    def test(case: tuple[float, float]) -> None:
        start, factor = case
        want = [start / factor**t for t in range(6)]
        trial.same(
            "learning rates", _schedule(trial, "exponential_decay", [*case, 0.0], range(6)), np.array(want)
        )

    trial.forall(DECAYS, test)


def decay_minimum(trial: Trial) -> None:
    def test(case: tuple[float, float]) -> None:
        start, factor = case
        minimum = start / factor**2.5
        want = [start, start / factor, start / factor**2, minimum, minimum, minimum]
        got = _schedule(trial, "exponential_decay", [*case, minimum], [0, 1, 2, 3, 4, 90])
        trial.same("learning rates", got, np.array(want))

    trial.forall(DECAYS[:1] + DECAYS[2:3], test)


def decay_far(trial: Trial) -> None:
    def test(minimum: float) -> None:
        got = _schedule(trial, "exponential_decay", [0.1, 2.0, minimum], [1000, 5000, 10**6])
        trial.same("learning rates", got, np.full(3, minimum))

    trial.forall([1e-6, 0.0], test)


def ramp(trial: Trial) -> None:
    def test(case: tuple[float, float, int]) -> None:
        start, end, over = case
        at = list(range(over + 1))[:: max(over // 8, 1)]
        want = [((over - e) * start + e * end) / over for e in at]
        trial.same("momenta", _schedule(trial, "linear_ramp", case, at), np.array(want))

    trial.forall(RAMPS, test)


def ramp_after(trial: Trial) -> None:
    def test(case: tuple[float, float, int]) -> None:
        end, over = case[1:]
        got = _schedule(trial, "linear_ramp", case, [over + i for i in (0, 1, 2, 1000)])
        trial.same("momenta", got, np.full(4, end))

    trial.forall(RAMPS[:3], test)


def ramp_over_0(trial: Trial) -> None:
    trial.same("momenta", _schedule(trial, "linear_ramp", [0.5, 0.7, 0], [0, 1, 9]), np.full(3, 0.7))


def schedules_again(trial: Trial) -> None:
    def test(case: tuple[str, list[Any], list[Any]]) -> None:
        which, arguments, others = case
        at = [int(i) for i in trial.rng(3).permutation(8)] + [4, 4]
        alone = _schedule(trial, which, arguments, sorted(set(at)))
        got = trial.ask("schedules_together", which, arguments, at, others)
        trial.same("in this order", got, np.asarray(alone)[at])

    decays, ramps = [0.1, 1.5, 0.0], [0.5, 0.7, 8]
    trial.forall(
        [("exponential_decay", decays, [3.0, 1.1, 1.0]), ("linear_ramp", ramps, [1.0, 2.0, 3])], test
    )


def first_step(trial: Trial) -> None:
    def test(case: Case) -> None:
        for rates, momenta in ((1, 1), (7, 5)):
            given = _given(trial, (case[0], case[1][:1], rates, momenta))
            _same_all(trial, "p", _record(trial, given)["p"], _rolled(*given)[0])

    trial.forall(CONSTANT, test)


def resumed(trial: Trial) -> None:
    def test(case: Case) -> None:
        given = _given(trial, case)
        _same_all(trial, "p at the end", [trial.ask("resumed", *given)], _rolled(*given)[0][-1:])

    trial.forall(CHANGING[:3], test)


def two_players(trial: Trial) -> None:
    def test(case: Case) -> None:
        p, *given = _given(trial, case)
        others = [q - 1 for q in p]
        want = [_rolled(own, *given)[0][-1] for own in (p, others)]
        _same_all(trial, "p of each at the end", trial.ask("two", p, *given, others), want)

    trial.forall(CHANGING[:3], test)


def manners(trial: Trial) -> None:
    def test(case: Case) -> None:
        for dtype in ("float32", "float64"):
            given = _given(trial, case, dtype)
            record = _record(trial, given)
            for name in "pv":
                for array in record[name][-1]:
                    trial.dtype(name, array, dtype)
            _same_all(trial, "p.grad after the step", record["g"], given[1])

    trial.forall(CHANGING[:2], test)


def log(trial: Trial) -> None:
    rates, momenta = [0.3, 0.2, 0.1], [0.5, 0.9]
    want = np.array([[rates[i % 3], momenta[i % 2]] for i in range(4)])
    trial.same("learning_rate(t), momentum(epoch)", trial.ask("log", list(range(4)), rates, momenta), want)


def _schedule(trial: Trial, which: str, arguments: Sequence[Any], at: Sequence[int]) -> Any:
    answer = trial.ask("schedule", which, list(arguments), list(at))
    if not isinstance(answer, np.ndarray) or answer.shape != (len(at),):
        raise Ended("bad_reply", "an answer of another form than was asked for")
    return answer


def _for_cases(trial: Trial, cases: Sequence[Case], name: str) -> None:
    def test(case: Case) -> None:
        given = _given(trial, case)
        _same_all(trial, name, _record(trial, given)[name], _rolled(*given)["pv".index(name)])

    trial.forall(cases, test, _smaller)


def _given(trial: Trial, case: Case, dtype: str = "float64") -> list[Any]:
    """p, the gradients of each step, the clock, learning rates and momenta."""
    shapes, clock, rates, momenta = case
    rng = trial.rng(len(shapes), len(clock), rates)
    p, *gradients = [[rng.standard_normal(s).astype(dtype) for s in shapes] for _ in range(len(clock) + 1)]
    lr, mu = rng.uniform(0.1, 0.5, rates).round(3).tolist(), rng.uniform(0.3, 0.9, momenta).round(3).tolist()
    return [p, gradients, [list(moment) for moment in clock], lr, mu]


def _record(trial: Trial, given: list[Any]) -> dict[str, Any]:
    p, v, g = trial.fields(trial.ask("steps", *given), "p", "v", "g")
    return {"p": p, "v": v, "g": g}


def _rolled(
    p: list[np.ndarray],
    gradients: list[list[np.ndarray]],
    clock: list[list[int]],
    lr: list[float],
    mu: list[float],
) -> tuple[list[list[np.ndarray]], list[list[np.ndarray]]]:
    """p after each step; v at first and after each step."""
    v = [np.zeros_like(q) for q in p]
    all_p, all_v = [], [v]
    for g, (t, epoch) in zip(gradients, clock, strict=True):
        v = [mu[epoch % len(mu)] * u - lr[t % len(lr)] * h for u, h in zip(v, g, strict=True)]
        p = [q + u for q, u in zip(p, v, strict=True)]
        all_p.append(p)
        all_v.append(v)
    return all_p, all_v


def _same_all(trial: Trial, name: str, got: Any, want: list[list[np.ndarray]]) -> None:
    """Lists of lists of arrays."""
    if not isinstance(got, list) or [type(arrays) for arrays in got] != [list] * len(want):
        raise Ended("bad_reply", "an answer of another form than was asked for")
    for number, (arrays, right) in enumerate(zip(got, want, strict=True)):
        trial.expect(len(arrays) == len(right), f"{name}: expected {len(right)} arrays, got {len(arrays)}")
        for i, (array, one) in enumerate(zip(arrays, right, strict=True)):
            trial.same(f"{name}, entry {number}, of parameter {i}", array, one, dtype=False)


def _smaller(case: Case) -> Iterator[Case]:
    shapes, clock, *rest = case
    if len(clock) > 1:
        yield shapes, clock[:-1], *rest
    if len(shapes) > 1:
        yield shapes[1:], clock, *rest
        yield shapes[:-1], clock, *rest


rolls = partial(_for_cases, cases=CONSTANT, name="p")
changing = partial(_for_cases, cases=CHANGING, name="p")
state = partial(_for_cases, cases=CONSTANT[:3] + CHANGING[1:3], name="v")
