"""What is checked.  Expected gradients come from the other direction: each entry of p is moved, and the
motion is followed from the oldest tensor to the loss.

A case is (shapes, edges (result, parent), wrt), as calls.py describes them but without the weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.homework.judging.judge import Failed, Trial

Shape = tuple[int, ...]
Case = tuple[list[Shape], list[tuple[int, int]], list[int]]


def _graph(parents: list[list[int]], wrt: list[int], shapes: list[Shape] | None = None) -> Case:
    """Tensor i is computed from parents[i]; the last is the loss."""
    shapes = shapes or [(3,)] * (len(parents) - 1) + [()]
    return shapes, [(i, parent) for i, own in enumerate(parents) for parent in own], wrt


CHAINS = [_graph([[], [0]], [0]), _graph([[], [0], [1]], [0]), _graph([[], [0], [1], [2], [3]], [0])]
SEVERAL = [
    _graph([[], [0, 0]], [0]),
    _graph([[], [], [0, 1, 0]], [0, 1]),
    _graph([[], [0], [0], [1, 2]], [0]),
    _graph([[], [0, 0], [1, 1]], [0]),
    _graph([[], [], [0, 1], [0, 2]], [0, 1]),
]
LATE = [  # short ways and long ways to one tensor, in either order of the edges
    _graph([[], [0], [1, 0], [2, 1]], [0]),
    _graph([[], [0], [0, 1], [1, 2]], [0]),
    _graph([[], [0], [1], [2, 0], [1, 3], [4, 0]], [0]),
    _graph([[], [0], [1], [0, 2], [3, 1], [0, 4]], [0]),
    _graph([[], [0], [1], [2], [3], [1, 4]], [0]),
    _graph([[], [0], [1], [2], [3], [4, 1]], [0]),
    _graph([[], [], [0, 1], [2, 0], [2, 1], [3, 4], [5, 2, 0]], [0, 1]),
]
LADDER = _graph([[], *([i, i] for i in range(10))], [0])
SHARED = [
    _graph([[], [], [0], [0, 1], [3, 2]], [0, 1, 2, 3]),
    _graph([[], [], [0], [1, 0], [2, 3], [4, 0]], [0, 1]),
    _graph([[], [], [0, 1], [2]], [0, 1, 2]),
    _graph([[], [0], [0], [1, 2, 0]], [0, 1, 2, 3]),
]
BROADCAST = [
    _graph([[], [0], [1]], [0], [(3,), (2, 3), ()]),
    _graph([[], [0], [1]], [0], [(), (3,), ()]),
    _graph([[], [0], [1]], [0], [(1,), (3,), ()]),
    _graph([[], [], [0, 1], [2]], [0, 1], [(2, 1), (1, 3), (2, 3), ()]),
    _graph([[], [], [0, 1], [2]], [0, 1], [(3,), (2, 2, 1), (2, 2, 3), ()]),
]
WRT = [
    _graph([[], [0], [1]], [0]),
    _graph([[], [], [0, 1], [2]], [1]),
    _graph([[], [], [0], [2]], [0, 1]),
    _graph([[], [0], [1]], [1, 2]),
    _graph([[], [0], [1]], [0, 1, 0]),
    _graph([[], [], [1]], [0]),
    _graph([[], []], [1]),
]
NEEDED = [
    _graph([[], [], [0, 1], [2]], [0]),
    _graph([[], [], [0], [2, 1], [3, 2]], [1]),
    _graph([[], [0], [1], [2]], [1]),
    _graph([[], [], [1], [1, 2], [0, 3], [4, 3]], [0]),
]
SHAPES: list[Shape] = [(), (1,), (1, 1)]


def chain(trial: Trial) -> None:
    trial.forall(CHAINS, lambda case: _gradients(trial, case))


def several(trial: Trial) -> None:
    trial.forall(SEVERAL, lambda case: _gradients(trial, case))


def order(trial: Trial) -> None:
    drawn = [_drawn(trial.rng(i)) for i in range(12)]
    trial.forall([*LATE, *drawn], lambda case: _gradients(trial, case))


def once(trial: Trial) -> None:
    def test(case: Case) -> None:
        ran = _walk(trial, case)["ran"]
        often = [edge for n, edge in enumerate(case[1]) if _numbers(ran).count(n) > 1]
        trial.expect(not often, f"these pullbacks (result, parent) run more than once: {often}")

    trial.forall([*SEVERAL, *LATE, LADDER], test)


def deep(trial: Trial) -> None:
    for kind, want in (("chain", 1.0), ("sum", 5001.0)):
        trial.same("the gradient by x", trial.ask("deep", 5000, kind), np.array(want), dtype=False)


def wrt(trial: Trial) -> None:
    def test(case: Case) -> None:
        for manner in ("grads", "iterator"):
            touched = _numbers(_gradients(trial, case, manner)["touched"])
            trial.expect(not touched, f"the grad of tensor {touched} was changed, which is not in wrt")

    trial.forall(WRT, test)


def shared(trial: Trial) -> None:
    def test(case: Case) -> None:
        own = _gradients(trial, case, "shared")["own"]
        trial.expect(own is True, "a p.grad is an array that somebody else holds too, or is read-only")

    trial.forall(SHARED, test)


def broadcast(trial: Trial) -> None:
    trial.forall(BROADCAST, lambda case: _gradients(trial, case))


def needed(trial: Trial) -> None:
    def test(case: Case) -> None:
        on_path = {n for n, (_, parent) in enumerate(case[1]) if _depend(case, parent)}
        other = [
            case[1][n] for n in sorted({*_numbers(_walk(trial, case)["ran"])} - on_path) if n < len(case[1])
        ]
        trial.expect(not other, f"these pullbacks (result, parent) are on no path from wrt, and run: {other}")

    trial.forall(NEEDED, test)


def used_up(trial: Trial) -> None:
    x = trial.rng(0).standard_normal(3)
    for case in CHAINS[1:]:
        shapes, edges = _weighted(trial, case)
        answer = trial.ask("twice", shapes, edges, case[2], True)
        for got, i in zip(_list(answer, 2 * len(case[2])), case[2] * 2, strict=True):
            trial.same(f"with keep_graph, the gradient by {i}", got, _slope(shapes, edges, i), dtype=False)
        left, *got = _list(trial.ask("next_graph", shapes, edges, case[2]), 1 + len(case[2]))
        trial.expect(left == [], f"the edges of {left} are still there after backward", left)
        for gradient, i in zip(got, case[2], strict=True):
            trial.same(
                f"over the next graph, the gradient by {i}", gradient, _slope(shapes, edges, i), dtype=False
            )
        trial.refuses("a second backward over one graph", "twice", shapes, edges, case[2], False)
    shapes, edges = _weighted(trial, NEEDED[0])
    for i, got in enumerate(_list(trial.ask("by_turns", shapes, edges, [0, 1]), 2)):
        trial.same(f"alone, the gradient by tensor {i}", got, _slope(shapes, edges, i), dtype=False)
    trial.same("by x", trial.ask("second_loss", x, True), np.full(3, 6.0), dtype=False)
    trial.refuses("a second loss that needs what the first used up", "second_loss", x, False)


def dtype(trial: Trial) -> None:
    for name in ("float32", "float64"):
        for case in (CHAINS[2], WRT[2], WRT[3]):
            gradients = _walk(trial, case, "grads", name)["gradients"]
            for i, got in zip(case[2], _list(gradients, len(case[2])), strict=True):
                trial.dtype(f"the gradient by tensor {i}", got, name)


def one_number(trial: Trial) -> None:
    def test(shape: Shape) -> None:
        _gradients(trial, _graph([[], [0]], [0], [shape, shape]), "shared")

    trial.forall(SHAPES, test)
    for several_numbers in ((2,), (2, 1), (0,)):
        trial.refuses(f"a loss of shape {several_numbers}", "several_numbers", list(several_numbers))


def _gradients(trial: Trial, case: Case, manner: str = "") -> dict[str, Any]:
    shapes, edges = _weighted(trial, case, manner == "shared")
    answer = _walk(trial, case, manner)
    for i, got in zip(case[2], _list(answer["gradients"], len(case[2])), strict=True):
        trial.same(f"the gradient by tensor {i}", got, _slope(shapes, edges, i), dtype=False)
    return answer


def _walk(trial: Trial, case: Case, manner: str = "", dtype: str = "float64") -> dict[str, Any]:
    shapes, edges = _weighted(trial, case, manner == "shared")
    answer = trial.ask("walk", shapes, edges, case[2], dtype, manner)
    trial.fields(answer, "gradients", "ran", "touched", "own")
    return answer


def _weighted(trial: Trial, case: Case, same: bool = False) -> tuple[list[Shape], list[list[Any]]]:
    """The edges with weights.  same: between tensors of one shape there is none, and g goes on as it is."""
    shapes, edges, _ = case
    rng, weighted = trial.rng(len(shapes), len(edges)), []
    for result, parent in edges:
        shape = np.broadcast_shapes(shapes[result], shapes[parent])
        weight = np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape))
        weighted.append([result, parent, None if same and shapes[result] == shapes[parent] else weight])
    return shapes, weighted


def _slope(shapes: list[Shape], edges: list[list[Any]], p: int) -> np.ndarray:
    """d loss / d p: each entry of p is moved by 1, and the motion followed along the edges."""
    slope = np.zeros(shapes[p])
    for index in np.ndindex(*shapes[p]):
        moved = [np.zeros(shape) for shape in shapes]
        moved[p][index] = 1
        for result, parent, weight in edges:
            motion = np.asarray(moved[parent] * (1 if weight is None else weight))
            moved[result] = moved[result] + (motion if motion.shape == shapes[result] else motion.sum())
        slope[index] = moved[-1].item()
    return slope


def _depend(case: Case, tensor: int) -> bool:
    """Whether the tensor is in wrt or was computed from one that is."""
    return tensor in case[2] or any(_depend(case, parent) for result, parent in case[1] if result == tensor)


def _drawn(rng: np.random.Generator) -> Case:
    parents: list[list[int]] = [[], []]
    for i in range(2, int(rng.integers(5, 9))):
        own = [i - 1, *([0] if i == 2 else []), *rng.integers(0, i, rng.integers(0, 3))]
        parents.append([int(parent) for parent in rng.permutation(own)])
    return _graph(parents, [0, 1])


def _list(value: Any, length: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise Failed(f"expected {length} gradients")
    return value


def _numbers(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(type(n) is int for n in value):
        raise Failed("expected a list of numbers")
    return value
