"""How the student's gradcheck is called, and on what: functions, and faults that their pullbacks may have.

Runs in the judged process.  y is None for a function of one input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np

from minigan.gradcheck import GradientError
from minigan.tensor import Tensor

Array = np.ndarray
Share = Callable[..., Array]


def gradcheck(
    target: Any, f: str, fault: str, of: str, x: Array, y: Array | None, options: dict
) -> list[Any]:
    """gradcheck(f, x, y, **options), f's pullbacks of these inputs having this fault"""
    inputs = [a for a in (x, y) if a is not None]
    try:
        error = target.gradcheck(_faulty(f, fault, of), *inputs, **options)
    except GradientError:
        return ["rejected", 0.0]
    is_number = np.size(error) == 1 and np.asarray(error).dtype.kind in "fiu"
    return ["accepted", float(error) if is_number else None]


def float32(target: Any, x: Array) -> str:
    """gradcheck(x^2, x) with an array of float32"""
    try:
        target.gradcheck(_faulty("x^2", "", ""), x)
    except Exception as error:
        return type(error).__name__
    return "accepted"


# f: its value, and the gradient by each input.
FUNCTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "x^2": (lambda x: x * x, lambda g, x: 2 * g * x),
    "sin(20 x)": (lambda x: np.sin(20 * x), lambda g, x: 20 * g * np.cos(20 * x)),
    "sin(20 times the sum of x)": (
        lambda x: np.sin(20 * x.sum()),
        lambda g, x: 20 * g * np.cos(20 * x.sum()) + 0 * x,
    ),
    "1000 x": (lambda x: 1000 * x, lambda g, x: 1000 * g),
    "x / 1000": (lambda x: x / 1000, lambda g, x: g / 1000),
    "the sum of 2 x": (lambda x: 2 * x.sum(), lambda g, x: 2 * g + 0 * x),
    "x transposed": (lambda x: x.T.copy(), lambda g, x: g.T),
    "A x": (lambda x: _A(x) @ x, lambda g, x: _A(x).T @ g),
    "A x, by A g": (lambda x: _A(x) @ x, lambda g, x: _A(x) @ g),
    "x^2, by its value for g": (lambda x: x * x, lambda g, x: x * x * 2 * x),
    "x y": (lambda x, y: x * y, lambda g, x, y: g * y, lambda g, x, y: g * x),
    "x @ y": (lambda x, y: x @ y, lambda g, x, y: g @ y.T, lambda g, x, y: x.T @ g),
    "x + y": (lambda x, y: x + y, lambda g, x, y: g, lambda g, x, y: g),
    "2 x, and no y": (lambda x, y: 2 * x, lambda g, x, y: 2 * g),
    "2 y, and no x": (lambda x, y: 2 * y, None, lambda g, x, y: 2 * g),
}
# What a fault makes of a share: it gets the right pullback and g.
FAULTS: dict[str, Share] = {
    "": lambda share, g: share(g),
    "the wrong sign": lambda share, g: -share(g),
    "half of it": lambda share, g: share(g) / 2,
    "0.1 added": lambda share, g: share(g) + 0.1,
    "transposed": lambda share, g: share(g).T,
    "rows reversed": lambda share, g: share(g)[::-1],
    "zero": lambda share, g: 0 * share(g),
    "g left out": lambda share, g: share(np.ones_like(g)),
    "g averaged": lambda share, g: share(np.full_like(g, g.mean())),
    "g squared": lambda share, g: share(g * g),
    "g reversed": lambda share, g: share(g[::-1]),
    "1.00001 times": lambda share, g: 1.00001 * share(g),
    "nan": lambda share, g: share(g) * np.nan,
    "its first row": lambda share, g: share(g)[0],
    "an entry too many": lambda share, g: np.append(share(g), 1.0),
    "float32": lambda share, g: share(g).astype("float32"),
    **{f"entry {i} half": lambda share, g, i=i: _changed(share(g), i, 0.5) for i in range(12)},
}
OFFSETS = {"another offset each time": lambda n: n * 0.25, "an offset at the first call": lambda n: n == 0}


def _faulty(f: str, fault: str, of: str) -> Callable[..., Tensor]:
    """f, whose pullbacks by the inputs `of` have the fault, or which has it itself."""
    value, *shares = FUNCTIONS[f]
    numbers = count()

    def function(*inputs: Tensor) -> Tensor:
        arrays = [x.data.copy() for x in inputs]
        y = np.asarray(value(*arrays))
        if fault in OFFSETS:
            y = y + OFFSETS[fault](next(numbers))
        if fault == "writes into x":
            inputs["xy".index(of)].data[...] += 0.01
        return Tensor(y, *_edges(inputs, arrays))

    def _edges(inputs: tuple[Tensor, ...], arrays: list[Array]) -> Iterator[tuple[Tensor, Share]]:
        for name, x, share in zip("xy", inputs, shares, strict=False):
            if share:
                wrong = FAULTS.get(fault, FAULTS[""]) if name in of else FAULTS[""]
                yield (
                    x,
                    _pullback(x, wrong, share, arrays, fault == "a pullback writes into x" and name in of),
                )

    return function


def _pullback(x: Tensor, wrong: Share, share: Share, arrays: list[Array], writes: bool) -> Share:
    def pullback(g: Array) -> Array:
        if writes:
            x.data[...] += 0.01
        return wrong(lambda g: np.asarray(share(g, *arrays)), g)

    return pullback


def _changed(share: Array, i: int, factor: float) -> Array:
    """Entry i times a factor."""
    share = share.copy()
    share.reshape(-1)[i] *= factor
    return share


def _A(x: Array) -> Array:
    """A matrix that is not symmetric."""
    n = len(x)
    return np.arange(1.0, n * n + 1).reshape(n, n) / n
