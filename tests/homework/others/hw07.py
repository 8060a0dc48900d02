"""hw07: other answers."""

from functools import partial

import numpy as np

from minigan import ops
from minigan.tensor import Tensor

from . import right, wrong


def sigmoid(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-abs(a))), np.exp(-abs(a)) / (1 + np.exp(-abs(a)))).astype(
        a.dtype
    )


# Right -------------------------------------------------------------------------------------------------


@right
def softplus__two_branches(x):
    a = x.data
    with np.errstate(over="ignore"):
        y = np.where(a > 0, a + np.log1p(np.exp(-a)), np.log1p(np.exp(a)))
    return Tensor(y, (x, lambda g: g * sigmoid(a)))


@right
def softplus__slope_from_the_value(x):
    y = np.logaddexp(0, x.data)

    def pullback(g):
        return g * np.exp(x.data - y)

    return Tensor(y, (x, pullback))


@right
def softplus__one_minus(x):
    """softplus'(x) = 1 - e^-softplus(x)"""
    y = np.logaddexp(np.zeros_like(x.data), x.data)
    return Tensor(y, (x, lambda g: -g * np.expm1(-y)))


@right
def softplus__a_partial(x):
    y = np.maximum(x.data, 0) + np.log1p(np.exp(-np.abs(x.data)))
    return Tensor(y, (x, partial(np.multiply, sigmoid(x.data))))


@right
def softplus__by_masks(x):
    a = np.array(x.data)
    y, slope = np.empty_like(a), np.empty_like(a)
    up = a > 0
    y[up] = a[up] + np.log1p(np.exp(-a[up]))
    y[~up] = np.log1p(np.exp(a[~up]))
    slope[up] = 1 / (1 + np.exp(-a[up]))
    slope[~up] = 1 - 1 / (1 + np.exp(a[~up]))
    return Tensor(y, (x, lambda g: slope * g))


@right
def softplus__large_as_it_is(x):
    """Beyond 30 nothing is left of log(1 + e^-x)."""
    a = x.data
    y = np.where(a > 30, a, np.log1p(np.exp(np.minimum(a, 30))))
    return Tensor(y, (x, lambda g: g / (1 + np.exp(-a))))


@right
def softplus__by_tanh(x):
    a = x.data
    return Tensor(np.logaddexp(a, 0), (x, lambda g: g * (1 + np.tanh(a / 2)) / 2))


@right
def logistic_loss__own_pullback(a, ones, scale=1.0):
    x, m = a.data, len(a.data)
    total = 0.0
    slope = np.zeros_like(x)
    if ones:
        total += np.logaddexp(0, -x[:ones]).mean()
        slope[:ones] = -sigmoid(-x[:ones]) / ones
    if m - ones:
        total += np.logaddexp(0, x[ones:]).mean()
        slope[ones:] = sigmoid(x[ones:]) / (m - ones)
    return Tensor(np.asarray(scale * total, x.dtype), (a, lambda g: g * (scale * slope)))


@right
def logistic_loss__cases(a, ones, scale=1.0):
    if ones == 0:
        return ops.mean(ops.softplus(a)) * scale
    if ones == a.shape[0]:
        return ops.mean(ops.softplus(-a)) * scale
    return (ops.mean(ops.softplus(-a[0:ones])) + ops.mean(ops.softplus(a[ones:]))) * scale


@right
def logistic_loss__constant_weights(a, ones, scale=1.0):
    labels = (np.arange(len(a.data)) < ones).reshape(-1, 1)
    sign = Tensor(np.where(labels, -1, 1).astype(a.dtype))
    counts = np.where(labels, ones, len(a.data) - ones)
    return ops.sum(ops.softplus(a * sign) * Tensor((scale / counts).astype(a.dtype)))


@right
def logistic_loss__labels_as_numbers(a, ones, scale=1.0):
    """Cross-entropy is softplus(a) - label * a."""
    label = np.zeros_like(a.data)
    label[:ones] = 1
    weight = np.where(label == 1, 1 / max(ones, 1), 1 / max(len(label) - ones, 1)).astype(a.dtype)
    weight *= scale
    y = (weight * (np.logaddexp(a.data, 0) - label * a.data)).sum()
    return Tensor(y, (a, lambda g: g * weight * (sigmoid(a.data) - label)))


@right
def logistic_loss__a_loop(a, ones, scale=1.0):
    m = a.shape[0]
    loss = None
    for i in range(m):
        row = ops.softplus(-a[i]) * (1 / ones) if i < ones else ops.softplus(a[i]) * (1 / (m - ones))
        loss = row if loss is None else loss + row
    return ops.sum(loss) * scale


# Wrong: softplus ---------------------------------------------------------------------------------------


@wrong("overflows")
def softplus__as_it_stands(x):
    e = np.exp(x.data)
    return Tensor(np.log(1 + e), (x, lambda g: g * sigmoid(x.data)))


@wrong("overflows")
def softplus__exp_used_twice(x):
    e = np.exp(x.data)
    return Tensor(np.log(1 + e), (x, lambda g: g * e / (1 + e)))


@wrong("slope_overflows")
def softplus__e_over_1_plus_e(x):
    e = np.exp(x.data)
    return Tensor(np.logaddexp(0, x.data), (x, lambda g: g * (e / (1 + e))))


@wrong()
def softplus__large_from_ten_on(x):
    a = x.data
    y = np.where(a > 10, a, np.log1p(np.exp(np.minimum(a, 10))))
    return Tensor(y, (x, lambda g: g * sigmoid(a)))


@wrong("clipped_value", "clipped")
def softplus__bounded_exponent(x):
    a = np.minimum(x.data, 80)
    return Tensor(np.log1p(np.exp(a)), (x, lambda g: g / (1 + np.exp(-a))))


@wrong("mirrored_slope")
def softplus__slope_of_minus_x(x):
    return Tensor(np.logaddexp(0, x.data), (x, lambda g: g * sigmoid(-x.data)))


@wrong("slope_of_sigmoid")
def softplus__slope_D_times_not_D(x):
    D = sigmoid(x.data)
    return Tensor(np.logaddexp(0, x.data), (x, lambda g: g * D * (1 - D)))


@wrong("ignores_g")
def softplus__slope_alone(x):
    return Tensor(np.logaddexp(0, x.data), (x, lambda g: sigmoid(x.data)))


@wrong("relu")
def softplus__hinge(x):
    return Tensor(x.data * (x.data > 0), (x, lambda g: np.where(x.data > 0, g, 0 * g)))


@wrong("sign")
def softplus__of_minus_x(x):
    return Tensor(np.logaddexp(0, -x.data), (x, lambda g: -g * sigmoid(-x.data)))


@wrong("other_operations")
def softplus__of_operations(x):
    return ops.log(ops.exp(x) + 1)


@wrong("log_of_sigmoid")
def softplus__minus_log_of_1_minus_D(x):
    D = 1 / (1 + np.exp(-x.data))
    return Tensor(-np.log(1 - D), (x, lambda g: g * D))


@wrong()
def softplus__empties_are_zero(x):
    """Takes the sum at once."""
    return Tensor(np.logaddexp(0, x.data).sum(), (x, lambda g: g * sigmoid(x.data)))


@wrong("float64")
def softplus__in_double(x):
    a = x.data.astype("float64")
    return Tensor(np.logaddexp(0, a), (x, lambda g: (g / (1 + np.exp(-a))).astype(x.dtype)))


@wrong("writes_into_g")
def softplus__g_in_place(x):
    s = sigmoid(x.data)

    def pullback(g):
        g *= s
        return g

    return Tensor(np.logaddexp(0, x.data), (x, pullback))


@wrong("writes_into_x")
def softplus__negates_in_place(x):
    a = x.data
    slope = sigmoid(a)
    np.negative(a, out=a)
    y = np.logaddexp(0, -a)
    return Tensor(y, (x, lambda g: g * slope))


# Wrong: logistic_loss ----------------------------------------------------------------------------------


def of_softplus(a, ones, scale, first=None, second=None, together=None):
    parts = []
    if ones:
        parts.append(first or ops.mean(ops.softplus(-a[:ones])))
    if ones < len(a.data):
        parts.append(second or ops.mean(ops.softplus(a[ones:])))
    return sum(parts[1:], parts[0]) * scale


@wrong("labels_swapped")
def logistic_loss__signs_exchanged(a, ones, scale=1.0):
    first = ops.mean(ops.softplus(a[:ones])) if ones else None
    second = ops.mean(ops.softplus(-a[ones:])) if ones < len(a.data) else None
    return of_softplus(a, ones, scale, first, second)


@wrong("sums")
def logistic_loss__sum_of_rows(a, ones, scale=1.0):
    first = ops.sum(ops.softplus(-a[:ones])) if ones else None
    second = ops.sum(ops.softplus(a[ones:])) if ones < len(a.data) else None
    return of_softplus(a, ones, scale, first, second)


@wrong("one_mean")
def logistic_loss__mean_of_all_rows(a, ones, scale=1.0):
    sign = np.ones_like(a.data)
    sign[:ones] = -1
    return ops.mean(ops.softplus(a * Tensor(sign))) * scale


@wrong("halved")
def logistic_loss__average_of_both(a, ones, scale=1.0):
    return of_softplus(a, ones, scale / 2 if 0 < ones < len(a.data) else scale)


@wrong("mean_of_none")
def logistic_loss__always_both(a, ones, scale=1.0):
    return (ops.mean(ops.softplus(-a[:ones])) + ops.mean(ops.softplus(a[ones:]))) * scale


@wrong("no_scale")
def logistic_loss__scale_forgotten(a, ones, scale=1.0):
    return of_softplus(a, ones, 1.0)


@wrong("log_of_sigmoid")
def logistic_loss__logs_of_D(a, ones, scale=1.0):
    D = ops.sigmoid(a)
    first = -ops.mean(ops.log(D[:ones])) if ones else None
    second = -ops.mean(ops.log(1 - D[ones:])) if ones < len(a.data) else None
    return of_softplus(a, ones, scale, first, second)


@wrong("clipped")
def logistic_loss__clipped_D(a, ones, scale=1.0):
    x, m = a.data, len(a.data)
    label = (np.arange(m) < ones).reshape(-1, 1)
    n = np.where(label, max(ones, 1), max(m - ones, 1)).astype(x.dtype)
    D = sigmoid(x)
    p = np.clip(np.where(label, D, sigmoid(-x)), 1e-12, 1 - 1e-12)
    inside = (p > 1e-12) & (p < 1 - 1e-12)
    slope = np.where(label, -sigmoid(-x), D) * inside
    return Tensor(-(scale * np.log(p) / n).sum(), (a, lambda g: g * scale * slope / n))


@wrong("one_label")
def logistic_loss__labels_ignored(a, ones, scale=1.0):
    first = ops.mean(ops.softplus(a[:ones])) if ones else None
    return of_softplus(a, ones, scale, first)


@wrong("negative")
def logistic_loss__ascends(a, ones, scale=1.0):
    return -of_softplus(a, ones, scale)


@wrong("keeps_the_axis")
def logistic_loss__a_column(a, ones, scale=1.0):
    first = ops.mean(ops.softplus(-a[:ones]), axis=0) if ones else None
    second = ops.mean(ops.softplus(a[ones:]), axis=0) if ones < len(a.data) else None
    return of_softplus(a, ones, scale, first, second)


@wrong()
def logistic_loss__scale_on_the_first(a, ones, scale=1.0):
    first = ops.mean(ops.softplus(-a[:ones])) * scale if ones else None
    second = ops.mean(ops.softplus(a[ones:])) if ones < len(a.data) else None
    return of_softplus(a, ones, 1.0, first, second)


@wrong("zeros_first")
def logistic_loss__ones_at_the_end(a, ones, scale=1.0):
    zeros = len(a.data) - ones
    parts = []
    if zeros:
        parts.append(ops.mean(ops.softplus(a[:zeros])))
    if ones:
        parts.append(ops.mean(ops.softplus(-a[zeros:])))
    return sum(parts[1:], parts[0]) * scale


# Mistakes that the grader does not know ----------------------------------------------------------------


@wrong()
def softplus__twice(x):
    return Tensor(2 * np.logaddexp(0, x.data), (x, lambda g: 2 * g * sigmoid(x.data)))


@wrong("hard_slope")
def softplus__hard_slope(x):
    return Tensor(np.logaddexp(0, x.data), (x, lambda g: g * (x.data > 0)))


@wrong()
def logistic_loss__smoothed_labels(a, ones, scale=1.0):
    if not ones:
        return ops.mean(ops.softplus(a)) * scale
    return of_softplus(a, ones, scale, ops.mean(ops.softplus(-a[:ones]) + a[:ones] * 0.1))


@wrong()
def logistic_loss__first_rows_only(a, ones, scale=1.0):
    return ops.mean(ops.softplus(-a[:ones] if ones else a)) * scale


@wrong()
def logistic_loss__squared(a, ones, scale=1.0):
    first = ops.mean((1 - ops.sigmoid(a[:ones])) ** 2) if ones else None
    second = ops.mean(ops.sigmoid(a[ones:]) ** 2) if ones < len(a.data) else None
    return of_softplus(a, ones, scale, first, second)
