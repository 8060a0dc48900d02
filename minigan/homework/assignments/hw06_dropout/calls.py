"""How the student's dropout is called: plain arrays in, plain arrays out.  Runs in the judged process."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigan.backend import Backend
from minigan.homework.judging import operations
from minigan.random import Streams
from minigan.tensor import Tensor


class Stream:
    """minigan's stream: of its draws the task names `uniform`; minigan's own answer asks for `dropout`."""

    def __init__(self, seed: int, dtype: str) -> None:
        stream = Streams(seed, Backend("numpy", dtype))("dropout")
        self.dtype, self.uniform, self.dropout = stream.dtype, stream.uniform, stream.dropout


def dropout(target: Any, x: np.ndarray, keep: float, seed: int) -> Any:
    """dropout(x, keep, rng)"""
    return operations.result(_operation(target, x, keep, seed), operations.tensors([x])).data


def gradient(
    target: Any, x: np.ndarray, keep: float, seed: int, g: np.ndarray, memory: str
) -> dict[str, Any]:
    """dropout(x, keep, rng), and the gradient of <g, dropout(x, keep, rng)> by x"""
    return _with_value(_operation(target, x, keep, seed), x, g, memory)


def twice(target: Any, x: np.ndarray, keep: float, seed: int) -> list[Any]:
    """dropout(x, keep, rng) twice with one stream, and again twice with a stream like it"""
    streams = [Stream(seed, x.dtype.name) for _ in range(2)]
    return [target.dropout(Tensor(x.copy()), keep, rng).data for rng in streams for _ in range(2)]


def many(target: Any, shape: list[int], keep: float, seed: int, times: int) -> np.ndarray:
    """dropout(ones, keep, rng) many times with one stream"""
    rng = Stream(seed, "float64")
    return np.stack([target.dropout(Tensor(np.ones(shape)), keep, rng).data for _ in range(times)])


def again(target: Any, x: np.ndarray, keep: float, seed: int, g: np.ndarray, _other: Any) -> list[np.ndarray]:
    """dropout(x, keep, rng) and its gradient, beside another, with backward called twice"""
    return operations.again(_operation(target, x, keep, seed), [x], [_other], g, 0)


def edges(target: Any, x: np.ndarray, keep: float, seed: int) -> list[int]:
    """the edges of dropout(x, keep, rng)"""
    return operations.edges(_operation(target, x, keep, seed), operations.tensors([x]))


def layer(target: Any, x: np.ndarray, keep: float, training: bool, g: np.ndarray) -> dict[str, Any]:
    """Dropout(keep)(x, a stream if training else None), and its gradient"""
    made = target.Dropout(keep)
    rng = Stream(1, x.dtype.name) if training else None
    return _with_value(lambda x: made(x, rng), x, g, operations.BY_ROWS)


def layer_again(target: Any, x: np.ndarray, keep: float) -> list[Any]:
    """Dropout(keep)(x, rng) of one layer: with a stream, for evaluation, and with that stream again"""
    made, rng = target.Dropout(keep), Stream(1, x.dtype.name)
    return [made(Tensor(x.copy()), given).data for given in (rng, None, rng)]


def _operation(target: Any, x: np.ndarray, keep: float, seed: int) -> Any:
    """Each call with a stream from its beginning."""
    return lambda t: target.dropout(t, keep, Stream(seed, x.dtype.name))


def _with_value(operation: Any, x: np.ndarray, g: np.ndarray, memory: str) -> dict[str, Any]:
    """The value and the gradient of one and the same call."""
    made: list[Tensor] = []

    def noted(t: Tensor) -> Tensor:
        made.append(operations.result(operation, [t]))
        return made[0]

    answer = operations.gradient(noted, operations.tensors([x], memory), g, 0)
    return {"y": made[0].data, **answer}
