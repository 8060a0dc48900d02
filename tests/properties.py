"""What holds for every differentiable function: the operations, layers and losses are all tested with this.

A test file says how to draw an example of each function, and each property judges the examples:

    CASES = Cases()

    @CASES.of(ops.exp)
    def exp(draw):
        return Example([draw.normal(draw.shape())], ops.exp, lambda x: np.e**x)

    test_operation = every_property_of(CASES)
"""

import gc
import inspect
import re
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes
from numpy.testing import assert_allclose

from minigan import ops
from minigan.backend import Backend, xp_of
from minigan.gradcheck import gradcheck
from minigan.random import Streams
from minigan.tensor import Tensor, backward

# Examples --------------------------------------------------------------------------------------------


class Example(NamedTuple):
    """call(*tensors) must have the value formula(*arrays), and the formula's derivative."""

    arrays: list[np.ndarray]  # float64, away from kinks
    call: Callable[..., Tensor]
    formula: Callable[..., Any]  # in NumPy's float64, and in other words than the library's


class Draw:
    """hypothesis chooses sizes from 1 to 5 and a seed; NumPy makes the numbers."""

    def __init__(self, data: st.DataObject) -> None:
        self.pick = data.draw
        self.seed = data.draw(st.integers(0, 2**32 - 1), label="seed")
        self.rng = np.random.default_rng([self.seed, 1])  # not the numbers that gradcheck draws from the seed

    def one_of(self, *choices: Any) -> Any:
        return self.pick(st.sampled_from(choices))

    def sizes(self, count: int, smallest: int = 1) -> list[int]:
        return [self.pick(st.integers(smallest, 5)) for _ in range(count)]

    def shape(self, min_rank: int = 0, max_rank: int = 3) -> tuple[int, ...]:
        return self.pick(shapes.array_shapes(min_dims=min_rank, max_dims=max_rank, max_side=5))

    def broadcasting_shapes(self, count: int, max_rank: int = 3) -> tuple[tuple[int, ...], ...]:
        drawn = shapes.mutually_broadcastable_shapes(num_shapes=count, max_dims=max_rank, max_side=5)
        return self.pick(drawn).input_shapes

    def axes(self, rank: int) -> Any:
        """None, one axis or several, some of them counted from the end."""
        one = st.integers(-rank, rank - 1)
        several = st.lists(one, unique_by=lambda i: i % rank, max_size=rank).map(tuple)
        return self.pick(st.none() | one | several) if rank else None

    def normal(self, *shape: Any) -> np.ndarray:
        return np.asarray(self.rng.standard_normal(*shape))

    def positive(self, shape: Any) -> np.ndarray:
        return np.asarray(self.rng.uniform(0.5, 2.0, shape))

    def nonzero(self, shape: Any) -> np.ndarray:
        return np.asarray(self.positive(shape) * self.rng.choice([-1.0, 1.0], shape))

    def apart(self, shape: Any) -> np.ndarray:
        """Numbers at least 0.1 from each other and 0.05 from 0: no tie and no kink is near."""
        n = int(np.prod(shape))
        return np.asarray(0.1 * (self.rng.permutation(n).reshape(shape) - n // 2 + 0.5))

    def grid(self, shape: Any) -> np.ndarray:
        """-1, 0 and 1: full of ties and kinks."""
        return self.rng.integers(-1, 2, shape).astype(np.float64)


class Case(NamedTuple):
    name: str
    target: Any  # the function or class of minigan that the examples are of
    example: Callable[[Draw], Example]


class Cases(list[Case]):
    """The examples of one test file.  What has a case here has its gradient checked: see PROPERTIES."""

    def of(self, target: Any) -> Callable:
        def register(example: Callable[[Draw], Example]) -> Callable:
            self.append(Case(example.__name__, target, example))
            return example

        return register

    def missing(self, targets: dict[str, Any]) -> list[str]:
        """The names of the targets that have no case."""
        tested = [case.target for case in self]
        return [name for name, target in targets.items() if target not in tested]


def public(module: Any, kind: Callable[[Any], bool] = inspect.isfunction) -> dict[str, Any]:
    """What a module defines, and not only imports, under names without an underscore."""
    return {
        name: value
        for name, value in vars(module).items()
        if kind(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


def operations(module: Any) -> dict[str, Any]:
    """The functions of a module that give a Tensor."""
    return public(module, lambda f: inspect.isfunction(f) and f.__annotations__.get("return") == "Tensor")


def every_property_of(cases: Cases) -> Callable:
    """The test that all PROPERTIES hold for all cases, on each backend."""

    @pytest.mark.parametrize("case", cases, ids=lambda case: case.name)
    @pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
    @given(data=st.data())
    def test(backend: Backend, holds: Callable, case: Case, data: st.DataObject) -> None:
        draw = Draw(data)
        holds(backend, case.example(draw), draw)

    return test


# Properties ------------------------------------------------------------------------------------------


def value(backend: Backend, example: Example, draw: Draw) -> None:
    """The result is the formula's, and it is an array of the same library."""
    y = example.call(*tensors(backend, example.arrays))
    expected = np.asarray(example.formula(*example.arrays))
    assert (y.shape, y.dtype, xp_of(y.data)) == (expected.shape, np.float64, backend.xp)
    assert_allclose(host(y.data), expected, rtol=1e-12, atol=1e-12)


def gradient(backend: Backend, example: Example, draw: Draw) -> None:
    """The derivative is the slope: by each input alone and by all, for a random upstream and direction."""
    inputs = map(backend.asarray, example.arrays)
    gradcheck(example.call, *inputs, seed=draw.seed, h=3e-6)  # eps^(1/3) / 2: errors far below 1e-6


def float32(backend: Backend, example: Example, draw: Draw) -> None:
    """float32 comes out where float32 goes in, in the value and in every gradient, and near float64's."""
    (y64, *grads64), (y32, *grads32) = (
        value_and_gradients(example.call, tensors(backend, example.arrays, dtype), draw.seed)
        for dtype in ("float64", "float32")
    )
    for exact, near in zip([y64, *grads64], [y32, *grads32], strict=True):
        assert (near.dtype, near.shape) == (np.float32, exact.shape)
        assert_allclose(
            host(near), host(exact), rtol=1e-3, atol=1e-3 * (1 + np.abs(host(exact)).max(initial=0))
        )


def strides(backend: Backend, example: Example, draw: Draw) -> None:
    """How inputs and upstream lie in memory makes no difference."""
    expected = value_and_gradients(example.call, tensors(backend, example.arrays), draw.seed)
    for relaid in (transposed, backwards, every_second):
        strided = [Tensor(relaid(backend, a)) for a in example.arrays]
        for e, a in zip(expected, value_and_gradients(example.call, strided, draw.seed, relaid), strict=True):
            assert_allclose(host(a), host(e), rtol=1e-12, atol=1e-12)


def untouched(backend: Backend, example: Example, draw: Draw) -> None:
    """Nobody writes into an input, the result or the upstream; a pullback gives the same when asked again."""
    inputs = tensors(backend, example.arrays)
    y = example.call(*inputs)
    u = upstream(y, draw.seed)
    arrays = [x.data for x in (*inputs, y, u)]
    before = [host(a).copy() for a in arrays]
    for x, pullback in y.edges:
        share = pullback(u.data)
        assert share.dtype == x.dtype
        assert np.array_equal(host(share), host(pullback(u.data)))
    backward(ops.sum(ops.mul(y, u)), wrt=inputs)
    for a, b in zip(arrays, before, strict=True):
        assert np.array_equal(host(a), b)


def no_cycle(backend: Backend, example: Example, draw: Draw) -> None:
    """The result dies with its last user, without the garbage collector: no pullback holds on to it."""
    gc.disable()
    try:
        inputs = tensors(backend, example.arrays)
        y = weakref.ref(example.call(*inputs))
        del inputs
        assert y() is None
    finally:
        gc.enable()


PROPERTIES = (value, gradient, float32, strides, untouched, no_cycle)


# Extreme logits: |a| to 800, where float32 has long rounded D = sigmoid(a) to 0 or 1 ------------------

EXTREME = np.array([-800, -200, -105, -90, -50, -20, -1, -1e-4, 0, 1e-4, 1, 20, 50, 90, 105, 200, 800.0])


def exact_sigmoid(a: Any) -> Any:
    """In float64, and with the full relative precision for any a."""
    return np.exp(-np.logaddexp(0, -a))


def exact_softplus(a: Any) -> Any:
    return np.maximum(a, 0) + np.log1p(np.exp(-abs(a)))


# Tools -----------------------------------------------------------------------------------------------


def tensors(backend: Backend, arrays: list[np.ndarray], dtype: str = "float64") -> list[Tensor]:
    return [Tensor(backend.asarray(a.astype(dtype))) for a in arrays]


def host(a: Any) -> np.ndarray:
    """The values of an array of any library, or of one of NumPy's scalars."""
    return np.asarray(a) if isinstance(a, np.ndarray | np.generic) else a.get()


def contiguous(backend: Backend, a: np.ndarray) -> Any:
    return backend.asarray(a)


def transposed(backend: Backend, a: np.ndarray) -> Any:
    return backend.asarray(a.T.copy()).T


def backwards(backend: Backend, a: np.ndarray) -> Any:
    reverse = (..., *(slice(None, None, -1),) * a.ndim)
    return backend.asarray(a[reverse].copy())[reverse]


def every_second(backend: Backend, a: np.ndarray) -> Any:
    return backend.asarray(np.stack([a, a], axis=-1))[..., 0]


def backend_of(x: Tensor) -> Backend:
    """The Backend of x's library and dtype."""
    xp = xp_of(x.data)
    return Backend("numpy" if xp is np else "cupy", str(x.dtype), xp)


def stream(x: Tensor, seed: int) -> Any:
    """Random numbers that go with x, the same at each call."""
    return Streams(seed, backend_of(x))("test")


def uniform(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """The first numbers of `stream(x, seed)`, whatever x is."""
    return Streams(seed, Backend("numpy", "float64"))("test").uniform(shape)


def upstream(y: Tensor, seed: int, relaid: Callable = contiguous) -> Tensor:
    u = np.asarray(np.random.default_rng(seed).standard_normal(y.shape)).astype(y.dtype)
    return Tensor(relaid(backend_of(y), u))


def value_and_gradients(
    call: Callable, inputs: list[Tensor], seed: int, relaid: Callable = contiguous
) -> list:
    """y and the gradients of <u, y> by each input, for a random u."""
    y = call(*inputs)
    value = y.data
    backward(ops.sum(ops.mul(y, upstream(y, seed, relaid))), wrt=inputs)
    return [value, *(x.grad for x in inputs)]


def gradient_for(call: Callable, x: Tensor, g: np.ndarray) -> np.ndarray:
    """The gradient of <g, call(x)> by x, for a given g."""
    backward(ops.sum(ops.mul(call(x), Tensor(backend_of(x).asarray(g.astype(x.dtype))))), wrt=[x])
    return host(x.grad)


def refuses(error: type[Exception], message: str) -> Any:
    """pytest.raises for a message of one line that has in it, in this order, what stands between " ... "."""
    parts = map(re.escape, message.split(" ... "))
    return pytest.raises(error, match=rf"\A.*{'.*'.join(parts)}.*\Z")
