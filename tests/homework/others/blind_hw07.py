"""hw07: more answers, written from the task's words alone."""

from functools import partial

import numpy as np

from minigan import ops
from minigan.tensor import Tensor

from . import right, wrong


def stable(a):
    """softplus of an array."""
    return np.maximum(a, 0) + np.log1p(np.exp(-abs(a)))


def slope(a):
    """sigmoid of an array."""
    e = np.exp(-abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e)).astype(a.dtype)


def parts(a, ones):
    """Signs and weights of the rows: -1 for those labelled 1."""
    m = len(a)
    sign, weight = np.ones((m, 1), a.dtype), np.empty((m, 1), a.dtype)
    sign[:ones] = -1
    weight[:ones] = 1 / max(ones, 1)
    weight[ones:] = 1 / max(m - ones, 1)
    return sign, weight


# Right -------------------------------------------------------------------------------------------------


@right
def softplus__two_halves(x):
    a = x.data
    y = np.empty_like(a)
    low = a < 0
    y[low] = np.log1p(np.exp(a[low]))
    y[~low] = a[~low] + np.log1p(np.exp(-a[~low]))
    return Tensor(y, (x, lambda g: g * slope(a)))


@right
def softplus__by_tanh(x):
    """sigmoid(a) = (1 + tanh(a/2)) / 2, and 0 far below by the other form."""
    a = x.data

    def pullback(g):
        return g * np.exp(a - stable(a))

    return Tensor(stable(a), (x, pullback))


class Sloped:
    def __init__(self, a):
        self.slope = slope(a)

    def __call__(self, g):
        return np.multiply(self.slope, g)


@right
def softplus__object(x):
    return Tensor(np.logaddexp(x.data, x.dtype.type(0)), (x, Sloped(x.data)))


@right
def softplus__entry_by_entry(x):
    y, d = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
    for i in np.ndindex(x.shape):
        v = float(x.data[i])
        y[i] = max(v, 0) + np.log1p(np.exp(-abs(v)))
        d[i] = 1 / (1 + np.exp(-v)) if v > -700 else np.exp(v)
    return Tensor(y, (x, partial(np.multiply, d)))


@right
def logistic_loss__weights(a, ones, scale=1.0):
    sign, weight = parts(a.data, int(ones))
    weight *= scale
    y = np.asarray((weight * stable(sign * a.data)).sum(), a.dtype)
    return Tensor(y, (a, lambda g: g * weight * sign * slope(sign * a.data)))


@right
def logistic_loss__from_tensors(a, ones, scale=1.0):
    total = None
    for rows, sign, there in ((slice(0, ones), -1, ones), (slice(ones, None), 1, len(a.data) - ones)):
        if there:
            part = ops.softplus(a[rows] * sign).sum() / there
            total = part if total is None else total + part
    return total * scale


@right
def logistic_loss__row_by_row(a, ones, scale=1.0):
    m, loss, share = len(a.data), 0.0, np.zeros(a.shape)
    for i, v in enumerate(a.data[:, 0].astype(float)):
        s, n = (-1, ones) if i < ones else (1, m - ones)
        loss += scale * stable(s * v) / n
        share[i] = scale * s * slope(np.asarray(s * v)) / n
    share = share.astype(a.dtype)
    return Tensor(np.array(loss, a.dtype), (a, lambda g: share * g))


@right
def softplus__log_without_1p(x):
    """max(a, 0) + log(1 + e^-|a|): the small end is lost, not the large one."""
    a = x.data
    return Tensor(np.maximum(a, 0) + np.log(1 + np.exp(-abs(a))), (x, lambda g: g * slope(a)))


@right
def softplus__clipped_at_30(x):
    a = x.data
    c = np.clip(a, -30, 30)
    return Tensor(np.where(a > 30, a, np.log1p(np.exp(c))).astype(a.dtype), (x, lambda g: g * slope(c)))


@right
def softplus__threshold_23(x):
    """Above 23 it is x itself."""
    a = x.data
    y = np.where(a > 23, a, np.log1p(np.exp(np.minimum(a, 23))))
    return Tensor(y, (x, lambda g: g * np.where(a > 23, a.dtype.type(1), slope(a))))


def composed(a, ones, scale, first, second):
    """Two means, each of its own function of the logits."""
    total = None
    for f, rows in ((first, a[:ones] if ones else None), (second, a[ones:] if ones < len(a.data) else None)):
        if rows is not None:
            part = f(rows)
            total = part if total is None else total + part
    return total * scale


def real(rows):
    return ops.mean(ops.softplus(-rows))


def fake(rows):
    return ops.mean(ops.softplus(rows))


# Wrong -------------------------------------------------------------------------------------------------


@wrong("overflows")
def softplus__naive(x):
    a = x.data
    return Tensor(np.log(1 + np.exp(a)), (x, lambda g: g / (1 + np.exp(-a))))


@wrong("slope_overflows")
def softplus__slope_of_e_over(x):
    """e^a / (1 + e^a) is inf / inf."""
    a = x.data
    return Tensor(stable(a), (x, lambda g: g * (np.exp(a) / (1 + np.exp(a)))))


@wrong("hard_slope")
def softplus__relu_slope(x):
    a = x.data
    return Tensor(stable(a), (x, lambda g: g * (a > 0)))


@wrong("slope_of_sigmoid")
def softplus__slope_is_y_times_one_minus_y(x):
    a = x.data
    s = slope(a)
    return Tensor(stable(a), (x, lambda g: g * s * (1 - s)))


@wrong("mirrored_slope")
def softplus__sign_of_the_slope(x):
    a = x.data
    return Tensor(stable(-a) + a, (x, lambda g: g * slope(-a)))


@wrong("float64")
def softplus__float64_inside(x):
    a = x.data.astype(float)
    return Tensor(stable(a), (x, lambda g: g * slope(a)))


@wrong("writes_into_x")
def softplus__writes_x(x):
    a = x.data
    s = slope(a)
    np.logaddexp(a, a.dtype.type(0), out=a)
    return Tensor(a.copy(), (x, lambda g: g * s))


@wrong("other_operations")
def softplus__put_together(x):
    return ops.log(ops.exp(x) + 1)


@wrong()
def softplus__flat(x):
    """Of a matrix: the result has lost its shape where there is a single column."""
    a = x.data
    y = stable(a)
    return Tensor(y.squeeze(), (x, lambda g: g.reshape(a.shape) * slope(a)))


@wrong("shared_buffer")
def softplus__last_data(x, last={}):  # noqa: B006
    """The pullback looks at the last x that there was."""
    last["a"] = x.data
    return Tensor(stable(x.data), (x, lambda g: g * slope(np.resize(last["a"], g.shape))))


@wrong("labels_swapped")
def logistic_loss__labels_swapped(a, ones, scale=1.0):
    return composed(a, ones, scale, fake, real)


@wrong("zeros_first")
def logistic_loss__ones_last(a, ones, scale=1.0):
    """The last `ones` rows are labelled 1."""
    return composed(a, len(a.data) - ones, scale, fake, real)


@wrong("one_mean")
def logistic_loss__one_mean_over_all(a, ones, scale=1.0):
    sign, _ = parts(a.data, ones)
    return ops.mean(ops.softplus(a * Tensor(sign))) * scale


@wrong("sums")
def logistic_loss__sums(a, ones, scale=1.0):
    sign, _ = parts(a.data, ones)
    return ops.sum(ops.softplus(a * Tensor(sign))) * scale


@wrong("halved")
def logistic_loss__half_of_each(a, ones, scale=1.0):
    return composed(a, ones, scale / 2, real, fake)


@wrong("mean_of_none")
def logistic_loss__empty_mean_is_nan(a, ones, scale=1.0):
    sign, _ = parts(a.data, ones)
    s = stable(sign * a.data)
    y = np.asarray(scale * (s[:ones].mean() + s[ones:].mean()), a.dtype)
    _, weight = parts(a.data, ones)
    return Tensor(y, (a, lambda g: g * a.dtype.type(scale) * weight * sign * slope(sign * a.data)))


@wrong("scale_in_value_only")
def logistic_loss__scale_not_in_the_gradient(a, ones, scale=1.0):
    sign, weight = parts(a.data, ones)
    y = np.asarray(scale * (weight * stable(sign * a.data)).sum(), a.dtype)
    return Tensor(y, (a, lambda g: g * weight * sign * slope(sign * a.data)))


@wrong()
def logistic_loss__scale_on_the_first(a, ones, scale=1.0):
    return composed(a, ones, 1.0, lambda rows: real(rows) * scale, fake)


@wrong("ignores_g")
def logistic_loss__forgets_g(a, ones, scale=1.0):
    sign, weight = parts(a.data, ones)
    y = np.asarray(scale * (weight * stable(sign * a.data)).sum(), a.dtype)
    return Tensor(y, (a, lambda g: a.dtype.type(scale) * weight * sign * slope(sign * a.data)))


@wrong("negative")
def logistic_loss__minus(a, ones, scale=1.0):
    return composed(a, ones, -scale, real, fake)


@wrong()
def logistic_loss__probability_clipped(a, ones, scale=1.0):
    sign, weight = parts(a.data, ones)
    d = np.clip(slope(-sign * a.data), 1e-7, 1)
    y = np.asarray(scale * -(weight * np.log(d)).sum(), a.dtype)
    return Tensor(y, (a, lambda g: g * a.dtype.type(scale) * weight * sign * slope(sign * a.data)))


@wrong("keeps_the_axis")
def logistic_loss__array_of_one(a, ones, scale=1.0):
    """Of shape (1,)."""
    y = logistic_loss__weights(a, ones, scale)
    return Tensor(y.data.reshape(1), (y, lambda g: g.reshape(())))


@wrong("float64")
def logistic_loss__labels_in_float64(a, ones, scale=1.0):
    sign = np.where(np.arange(len(a.data))[:, None] < ones, -1.0, 1.0)
    weight = np.where(sign < 0, scale / max(ones, 1), scale / max(len(a.data) - ones, 1))
    y = (weight * stable(sign * a.data)).sum()
    return Tensor(np.asarray(y), (a, lambda g: g * weight * sign * slope(sign * a.data)))


@wrong()
def logistic_loss__half_and_half(a, ones, scale=1.0):
    """As many of each kind, as in Algorithm 1: half of the rows, where both are there."""
    m = len(a.data)
    return composed(a, m // 2 if 0 < ones < m else ones, scale, real, fake)


@wrong()
def logistic_loss__divides_by_ones(a, ones, scale=1.0):
    """Both means over `ones` rows, which is right for halves."""
    m = len(a.data)
    n = ones if 0 < ones < m else m
    return composed(a, ones, scale, lambda r: r_sum(r, -1) / n, lambda r: r_sum(r, 1) / n)


def r_sum(rows, sign):
    return ops.sum(ops.softplus(rows * sign))


@wrong()
def logistic_loss__used_up(a, ones, scale=1.0):
    sign, weight = parts(a.data, ones)
    weight *= scale
    y = np.asarray((weight * stable(sign * a.data)).sum(), a.dtype)

    def pullback(g):
        np.multiply(weight, g * sign * slope(sign * a.data), out=weight)
        return weight

    return Tensor(y, (a, pullback))
