"""Every differentiable operation: the forward formula and its pullbacks in one paragraph.

g is the gradient of the loss with respect to the operation's result.  A pullback returns this input's
share; `backward` adds shares up and undoes broadcasting, so `add` may return g for both of its inputs.
An operand that is a Python number is a constant.  Arrays are of one library and one dtype.  Bad operands are
refused under the operation's name: TypeError for what is no Tensor (nor a Python number, where one may
stand), ValueError for shapes that do not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigan import kernels
from minigan.backend import xp_of
from minigan.tensor import Array, Tensor, into

Number = int | float
Axis = int | tuple[int, ...] | None


# Arithmetic, elementwise and broadcasting ------------------------------------------------------------


def add(x: Tensor | Number, y: Tensor | Number) -> Tensor:
    """x + y"""
    a, b = _operands("add", x, y)
    return Tensor(a + b, (x, lambda g: g), (y, lambda g: g))


def sub(x: Tensor | Number, y: Tensor | Number) -> Tensor:
    """x - y"""
    a, b = _operands("sub", x, y)
    return Tensor(a - b, (x, lambda g: g), (y, lambda g: -g))


def mul(x: Tensor | Number, y: Tensor | Number) -> Tensor:
    """x y"""
    a, b = _operands("mul", x, y)
    return Tensor(a * b, (x, lambda g: g * b), (y, lambda g: g * a))


def div(x: Tensor | Number, y: Tensor | Number) -> Tensor:
    """x / y"""
    a, b = _operands("div", x, y)
    return Tensor(a / b, (x, lambda g: g / b), (y, lambda g: -g * (a / b) / b))


def neg(x: Tensor) -> Tensor:
    """-x"""
    (a,) = _arrays("neg", x)
    return Tensor(-a, (x, lambda g: -g))


def power(x: Tensor, n: Number) -> Tensor:
    """x^n for a constant n; derivative n x^(n-1)"""
    (a,) = _arrays("power", x)
    n = _number("power", n)
    return Tensor(a**n, (x, lambda g: g * (n * a ** (n - 1)) if n else 0 * g))


# Functions of one tensor -----------------------------------------------------------------------------


def exp(x: Tensor) -> Tensor:
    """e^x"""
    (a,) = _arrays("exp", x)
    y = xp_of(a).exp(a)
    return Tensor(y, (x, lambda g: g * y))


def log(x: Tensor) -> Tensor:
    """Natural logarithm."""
    (a,) = _arrays("log", x)
    return Tensor(xp_of(a).log(a), (x, lambda g: g / a))


def relu(x: Tensor) -> Tensor:
    """max(x, 0); derivative 0 at 0"""
    (a,) = _arrays("relu", x)
    return Tensor(xp_of(a).maximum(a, 0), (x, lambda g: kernels.relu_gradient(_new(a), g, a)))


def leaky_relu(x: Tensor, slope: float = 0.2) -> Tensor:
    """x where x > 0, else slope * x; derivative `slope` at 0"""
    (a,) = _arrays("leaky_relu", x)
    xp, slope = xp_of(a), _number("leaky_relu", slope)
    return Tensor(xp.where(a > 0, a, slope * a), (x, lambda g: xp.where(a > 0, g, slope * g)))


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x); derivative y (1 - y)"""
    (a,) = _arrays("sigmoid", x)
    y = logistic(a)
    return Tensor(y, (x, lambda g: kernels.sigmoid_gradient(_new(a), g, y)))


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent; derivative 1 - tanh^2"""
    (a,) = _arrays("tanh", x)
    y = xp_of(a).tanh(a)
    return Tensor(y, (x, lambda g: g * (1 - y * y)))


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x), finite for every finite x; derivative sigmoid(x)

    -log D = softplus(-a) and -log(1 - D) = softplus(a) for D = sigmoid(a).
    """
    (a,) = _arrays("softplus", x)
    return Tensor(xp_of(a).logaddexp(a, 0.0), (x, lambda g: g * logistic(a)))


def logistic(a: Array) -> Array:
    """sigmoid on a bare array"""
    return kernels.sigmoid(_new(a), a)


# Layers ----------------------------------------------------------------------------------------------


def matmul(x: Tensor, y: Tensor) -> Tensor:
    """x y, matrix products over the last two axes; the axes before them broadcast"""
    a, b = _arrays("matmul", x, y)
    if min(a.ndim, b.ndim) < 2 or a.shape[-1] != b.shape[-2]:
        raise ValueError(f"matmul: got {a.shape} and {b.shape}; expected (..., m, n) and (..., n, k)")
    return Tensor(a @ b, (x, lambda g: g @ b.swapaxes(-1, -2)), (y, lambda g: a.swapaxes(-1, -2) @ g))


def affine(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """y = x W + b        x (m, inputs), W (inputs, outputs), b (outputs,)"""
    _check_affine("affine", x, W, b)
    y = x.data @ W.data + b.data
    return Tensor(y, (x, lambda g: g @ W.data.T), (W, lambda g: x.data.T @ g), (b, lambda g: g))


def maxout(x: Tensor, pieces: int) -> Tensor:
    """y_j = max_i x_ij        x (m, pieces * units), piece after piece; y (m, units)

    Goodfellow et al. 2013, Maxout Networks.  The first of equal pieces is the winner and gets the
    whole gradient: a gradient given to each of them would be counted twice.
    """
    (a,) = _arrays("maxout", x)
    if a.ndim != 2 or not a.size or pieces < 1 or a.shape[1] % pieces:
        raise ValueError(f"maxout: x is {a.shape}; expected (batch, pieces * units) with {pieces} pieces")
    a = a.reshape(len(a), pieces, -1)
    wins = a.argmax(axis=1)[:, None] == xp_of(a).arange(pieces)[:, None]
    return Tensor(a.max(axis=1), (x, lambda g: (g[:, None] * wins).reshape(x.shape)))


def dropout(x: Tensor, keep: float, rng: Any) -> Tensor:
    """x * mask, where mask = 1/keep with probability keep, else 0: E[x * mask] = x

    rng: a `random.Stream`; one number for each example and unit.
    """
    (a,) = _arrays("dropout", x)
    if a.dtype != rng.dtype:
        raise TypeError(f"dropout: x is {a.dtype}, the stream draws {rng.dtype}")
    y, mask = rng.dropout(a, keep)
    return Tensor(y, (x, lambda g: g * mask))


# Layers as networks run them -------------------------------------------------------------------------
#
# What comes after the matrix product is one launch on a GPU, and the gradients of W and b are computed where
# they stay (`into`).


def affine_identity(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """affine(x, W, b)"""
    y = _affine_but_for_b("affine_identity", x, W, b)
    y.data += b.data
    return y


def affine_relu(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """max(x W + b, 0)"""
    h = _affine_but_for_b("affine_relu", x, W, b)
    y = kernels.bias_relu(h.data, b.data, len(b.data))
    return Tensor(y, (h, lambda g: kernels.relu_gradient(_new(y), g, y)))


def affine_sigmoid(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """sigmoid(x W + b)"""
    h = _affine_but_for_b("affine_sigmoid", x, W, b)
    y = kernels.bias_sigmoid(h.data, b.data, len(b.data))
    return Tensor(y, (h, lambda g: kernels.sigmoid_gradient(_new(y), g, y)))


def affine_tanh(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """tanh(x W + b)"""
    return tanh(affine_identity(x, W, b))


def affine_maxout(x: Tensor, W: Tensor, b: Tensor, pieces: int) -> Tensor:
    """maxout(affine(x, W, b), pieces)"""
    h = _affine_but_for_b("affine_maxout", x, W, b)
    a = h.data
    if pieces < 1 or not a.size or a.shape[1] % pieces:
        raise ValueError(f"affine_maxout: W is {W.shape}; expected (.., pieces * units) with {pieces} pieces")
    units = a.shape[1] // pieces
    y = kernels.bias_maxout(xp_of(a).empty((len(a), units), a.dtype), a, b.data, pieces, units)
    return Tensor(y, (h, lambda g: kernels.maxout_gradient(_new(a), g, a, y, pieces, units)))


# Sums and choices ------------------------------------------------------------------------------------


def sum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum over `axis` (all axes where None); every summand gets g."""
    (a,) = _arrays("sum", x)
    xp, kept = xp_of(a), _kept(a.shape, axis)
    return Tensor(
        a.sum(axis=axis, keepdims=keepdims), (x, lambda g: xp.broadcast_to(g.reshape(kept), a.shape))
    )


def mean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean over `axis` (all axes where None); every summand gets g / n."""
    (a,) = _arrays("mean", x)
    xp, kept = xp_of(a), _kept(a.shape, axis)
    if not a.size:
        raise ValueError(f"mean: an array of shape {a.shape} has no mean")
    y = a.mean(axis=axis, keepdims=keepdims)
    n = a.size // y.size
    return Tensor(y, (x, lambda g: xp.broadcast_to(g.reshape(kept) / n, a.shape)))


def max(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    """Largest value along one axis; the first of equal values gets the whole gradient."""
    (a,) = _arrays("max", x)
    xp, kept = xp_of(a), _kept(a.shape, axis)
    first = xp.expand_dims(a.argmax(axis=axis), axis)
    index = xp.arange(a.shape[axis]).reshape([-1 if i == axis % a.ndim else 1 for i in range(a.ndim)])
    return Tensor(a.max(axis=axis, keepdims=keepdims), (x, lambda g: g.reshape(kept) * (index == first)))


# Shapes ----------------------------------------------------------------------------------------------


def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    """The same values in another shape."""
    (a,) = _arrays("reshape", x)
    return Tensor(a.reshape(shape), (x, lambda g: g.reshape(a.shape)))


def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Axes in another order (reversed where None)."""
    (a,) = _arrays("transpose", x)
    order = list(range(a.ndim))[::-1] if axes is None else [axis % a.ndim for axis in axes]
    return Tensor(a.transpose(order), (x, lambda g: g.transpose([order.index(i) for i in range(a.ndim)])))


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors one after the other along `axis`; each gets its part of g."""
    if not tensors:
        raise ValueError("concatenate: expected one Tensor or more, got none")
    arrays = _arrays("concatenate", *tensors)
    edges, start = [], 0
    for x, a in zip(tensors, arrays, strict=True):
        here = (slice(None),) * (axis % a.ndim) + (slice(start, start + a.shape[axis]),)
        edges.append((x, lambda g, here=here: g[here]))
        start += a.shape[axis]
    return Tensor(xp_of(*arrays).concatenate(arrays, axis), *edges)


def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index] for integers, slices and `...`; g goes back to where the values came from, 0 elsewhere."""
    (a,) = _arrays("getitem", x)
    parts = index if isinstance(index, tuple) else (index,)
    if not all(part is Ellipsis or type(part) in (int, slice) for part in parts):
        raise TypeError(f"getitem: expected integers, slices or ..., got {index!r}")

    def pullback(g: Array) -> Array:
        dx = xp_of(a).zeros_like(a)
        dx[index] = g
        return dx

    return Tensor(a[index], (x, pullback))


# Classification --------------------------------------------------------------------------------------


def log_softmax(x: Tensor) -> Tensor:
    """x - log sum_j e^x_j over the last axis"""
    (a,) = _arrays("log_softmax", x)
    y = _log_softmax(a)
    return Tensor(y, (x, lambda g: g - xp_of(y).exp(y) * g.sum(axis=-1, keepdims=True)))


def cross_entropy(x: Tensor, labels: Array) -> Tensor:
    """-mean_i log softmax(x_i)[label_i]        x (m, classes) logits; labels (m,) integers, an array

    The derivative is (softmax(x) - onehot(labels)) / m.  Whether labels are from 0 to classes - 1 is not
    checked: that would wait for a GPU.
    """
    (a,) = _arrays("cross_entropy", x)
    xp = xp_of(a, labels)
    if a.ndim != 2 or not a.size or labels.shape != a.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"cross_entropy: logits {a.shape} with labels {labels.shape} {labels.dtype}; "
            "expected (batch, classes) and one integer for each row"
        )
    y = _log_softmax(a)
    onehot = labels[:, None] == xp.arange(a.shape[1])
    return Tensor(-(y * onehot).sum() / len(a), (x, lambda g: (xp.exp(y) - onehot) * (g / len(a))))


def _log_softmax(a: Array) -> Array:
    xp = xp_of(a)
    a = a - a.max(axis=-1, keepdims=True)
    return a - xp.log(xp.exp(a).sum(axis=-1, keepdims=True))


def logistic_loss(a: Tensor, ones: int, scale: float = 1.0) -> Tensor:
    """scale (mean of -log D over the first `ones` rows + mean of -log(1 - D) over the others), D = sigmoid(a)

    a: (m, 1) logits, those labelled 1 first; a mean over no rows is left out.  By a_i the derivative is
    -scale (1 - D_i) / ones for the first, scale D_i / (m - ones) for the others.
    """
    (x,) = _arrays("logistic_loss", a)
    if x.ndim != 2 or x.shape[1] != 1 or not 0 <= ones <= len(x) or not len(x):
        raise ValueError(f"logistic_loss: logits {x.shape}, {ones} ones; expected (m, 1) with at most m ones")
    scale = _number("logistic_loss", scale)
    loss = kernels.logistic_loss(xp_of(x).empty((), x.dtype), x, len(x), ones, scale)
    return Tensor(loss, (a, lambda g: kernels.logistic_loss_gradient(_new(x), g, x, ones, scale)))


# What the operations share ---------------------------------------------------------------------------


def _arrays(name: str, *tensors: Tensor | Number) -> list[Array]:
    """The arrays of the tensors, which must be of one library and one dtype; a number is an error."""
    arrays = []
    for x in tensors:
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: expected a Tensor, got {type(x).__name__}")
        arrays.append(x.data)
    xp_of(*arrays)
    for a in arrays:
        if a.dtype != arrays[0].dtype:
            raise TypeError(f"{name}: got {arrays[0].dtype} and {a.dtype}; a network has one dtype")
    return arrays


def _affine_but_for_b(name: str, x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """affine(x, W, b), to whose data b is yet to be added: by the launch that does what comes next."""
    _check_affine(name, x, W, b)
    xp = xp_of(x.data)
    dW = into(lambda g, out=None: xp.matmul(x.data.T, g, out=out))
    db = into(lambda g, out=None: g.sum(axis=0, out=out))
    return Tensor(x.data @ W.data, (x, lambda g: g @ W.data.T), (W, dW), (b, db))


def _check_affine(name: str, x: Tensor, W: Tensor, b: Tensor) -> None:
    _arrays(name, x, W, b)
    if x.data.ndim != 2 or W.data.ndim != 2 or x.shape[1] != W.shape[0] or b.shape != W.shape[1:]:
        raise ValueError(
            f"{name}: x is {x.shape}, W is {W.shape} and b is {b.shape}; "
            "expected x (batch, inputs), W (inputs, outputs) and b (outputs,)"
        )


def _new(a: Array) -> Array:
    """An array like a, in C order, for a kernel to fill."""
    return xp_of(a).empty(a.shape, a.dtype)


def _operands(name: str, x: Tensor | Number, y: Tensor | Number) -> tuple[Any, Any]:
    """The arrays of two tensors whose shapes broadcast, or an array and a number."""
    if not isinstance(y, Tensor):
        return _arrays(name, x)[0], _number(name, y, "a Tensor or a Python number")
    if not isinstance(x, Tensor):
        return _number(name, x, "a Tensor or a Python number"), _arrays(name, y)[0]
    a, b = _arrays(name, x, y)
    if any(m != n and 1 not in (m, n) for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False)):
        raise ValueError(f"{name}: shapes {a.shape} and {b.shape} do not broadcast")
    return a, b


def _number(name: str, x: Number, expected: str = "a Python number") -> Number:
    """A constant as Python's own number: a numpy.float64 would turn a float32 network into float64."""
    if not isinstance(x, int | float):
        raise TypeError(f"{name}: expected {expected}, got {type(x).__name__}")
    return x if isinstance(x, int) else float(x)


def _kept(shape: tuple[int, ...], axis: Axis) -> list[int]:
    """`shape` with the summed axes of length 1, whether or not the result kept them."""
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    summed = {i % len(shape) for i in axes}
    return [1 if i in summed else n for i, n in enumerate(shape)]


# tensor.py knows no operation, so a Tensor gets its operators here.
Tensor.__add__ = Tensor.__radd__ = add
Tensor.__sub__, Tensor.__rsub__ = sub, lambda x, y: sub(y, x)
Tensor.__mul__ = Tensor.__rmul__ = mul
Tensor.__truediv__, Tensor.__rtruediv__ = div, lambda x, y: div(y, x)
Tensor.__neg__, Tensor.__pow__, Tensor.__matmul__ = neg, power, matmul
Tensor.__getitem__, Tensor.sum, Tensor.mean = getitem, sum, mean
