"""An operation of minigan is asked for its value, gradients and edges.  Runs in the judged process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigan.ops import add
from minigan.tensor import Tensor, backward

Call = Callable[..., Any]
BY_ROWS, BY_COLUMNS = "by rows", "by columns"  # how the memory of a matrix runs; transposing changes it


def calls(name: str, *inputs: str, options: Sequence[str] = ()) -> list[Call]:
    """What an operation is asked for: the calls that an assignment's calls.py has under these names.

    NAME(*inputs, *options, memory)                  its value
    NAME_gradient(*inputs, *options, g, by, memory)  see `gradient`; without `by` where there is one input
    NAME_again(*inputs, *options, g, by, _other)     see `again`
    NAME_edges(*inputs, *options)                    see `edges`
    """
    given, by = [*inputs, *options], ["by"] * (len(inputs) > 1)
    text, of = f"{name}({', '.join(given)})", "by one of them" if by else f"by {inputs[0]}"

    def bound(target: Any, arguments: tuple[Any, ...]) -> tuple[Callable[..., Any], list[Any]]:
        """The operation with its options, and its inputs.  What crossed the pipe as a list was a tuple."""
        chosen = [tuple(o) if isinstance(o, list) else o for o in arguments[len(inputs) : len(given)]]
        return (lambda *tensors: getattr(target, name)(*tensors, *chosen)), list(arguments[: len(inputs)])

    @_told(text, *given, "memory")
    def its_value(target: Any, *arguments: Any) -> Any:
        operation, arrays = bound(target, arguments)
        return result(operation, tensors(arrays, arguments[-1])).data

    @_told(f"the gradient of <g, {text}> {of}", *given, "g", *by, "memory")
    def its_gradient(target: Any, *arguments: Any) -> dict[str, Any]:
        operation, arrays = bound(target, arguments)
        g, *which = arguments[len(given) : -1]
        return gradient(operation, tensors(arrays, arguments[-1]), g, inputs.index(*which) if by else 0)

    @_told(f"{text} and its gradient, beside another, with backward called twice", *given, "g", *by, "_other")
    def its_again(target: Any, *arguments: Any) -> list[np.ndarray]:
        operation, arrays = bound(target, arguments)
        g, *which = arguments[len(given) : -1]
        return again(operation, arrays, arguments[-1], g, inputs.index(*which) if by else 0)

    @_told(f"the edges of {text}", *given)
    def its_edges(target: Any, *arguments: Any) -> list[int]:
        operation, arrays = bound(target, arguments)
        return edges(operation, tensors(arrays))

    return [its_value, its_gradient, its_again, its_edges]


def _told(says: str, *arguments: str) -> Callable[[Call], Call]:
    """What a student is told of a call: in the place of a docstring and of names in a signature."""

    def tell(call: Call) -> Call:
        call.__doc__, call.arguments = says, arguments  # type: ignore[attr-defined]
        return call

    return tell


def tensors(arrays: list[Any], memory: str = BY_ROWS) -> list[Any]:
    """A Tensor of each array; a number stays a number."""
    order: Any = "F" if memory == BY_COLUMNS else "C"
    return [Tensor(np.asarray(a, order=order)) if isinstance(a, np.ndarray) else a for a in arrays]


def result(operation: Callable[..., Any], inputs: list[Tensor]) -> Tensor:
    y = operation(*inputs)
    if not isinstance(y, Tensor):
        raise TypeError(f"expected a Tensor as the result, got {type(y).__name__}")
    return y


def gradient(operation: Callable[..., Any], inputs: list[Tensor], g: np.ndarray, by: int) -> dict[str, Any]:
    """The gradients of L = <g, y + witness>, by one input and by the witness.

    y and the witness receive the very same array (of shape () too); y, the younger, first.  Whoever writes
    into it spoils the witness's gradient, which has to be g.
    """
    witness = Tensor(np.zeros_like(g))
    older = _times(witness, 1)
    y = result(operation, inputs)
    backward(_inner(add(y, older), g), wrt=[inputs[by], witness])
    return {"gradient": inputs[by].grad, "witness": witness.grad}


def again(
    operation: Callable[..., Any], arrays: list[np.ndarray], other: list[np.ndarray], g: np.ndarray, by: int
) -> list[np.ndarray]:
    """The first value before and after the other was made; by one input the gradients of <g, first> and of
    <2 g, second>, and both again from a second backward.

    The inputs are results themselves, so that the engine holds on to their shares until both are there.
    """
    leaves = [tensors(arrays), tensors(other)]
    inputs = [[_times(leaf, 1) for leaf in each] for each in leaves]
    first = result(operation, inputs[0])
    answer = [first.data.copy()]
    second = result(operation, inputs[1])
    answer.append(first.data)
    loss, wanted = _inner(add(first, _times(second, 2)), g), [leaves[0][by], leaves[1][by]]
    for keep_graph in (True, False):
        backward(loss, wrt=wanted, keep_graph=keep_graph)
        answer += [np.array(p.grad) for p in wanted]
    return answer


def edges(operation: Callable[..., Any], inputs: list[Tensor]) -> list[int]:
    """Which input each edge of the result leads to; -1 for another tensor."""
    y = result(operation, inputs)
    return [next((i for i, x in enumerate(inputs) if x is parent), -1) for parent, _ in y.edges or ()]


# Two operations of its own, for mul and sum may be what is judged.


def _times(x: Tensor, factor: int) -> Tensor:
    return Tensor(x.data * factor, (x, lambda g: g * factor))


def _inner(y: Tensor, g: np.ndarray) -> Tensor:
    """<g, y>"""
    share = np.array(np.broadcast_to(g, y.shape), y.data.dtype)  # an array, of shape () too
    return Tensor((y.data * g).sum(), (y, lambda one: np.asarray(one * share)))
