"""hw10: more answers, written from the task's words alone."""

import numpy as np

from minigan import ops
from minigan.tensor import Tensor

from . import right, wrong


def stable(a):
    return np.maximum(a, 0) + np.log1p(np.exp(-abs(a)))


def slope(a):
    e = np.exp(-abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e)).astype(a.dtype)


# Right -------------------------------------------------------------------------------------------------


@right
def minimax__own_pullback(a_fake):
    a = a_fake.data
    d = slope(a) / a.dtype.type(len(a))
    return Tensor(np.asarray(-stable(a).mean(), a.dtype), (a_fake, lambda g: -g * d))


@right
def minimax__sum_over_m(a_fake):
    m = len(a_fake.data)
    return ops.sum(ops.softplus(a_fake)) * (-1 / m)


@right
def minimax__softplus_of_minus_a_less_a(a_fake):
    """log(1 - D) = log D - a."""
    return ops.mean(-ops.softplus(-a_fake) - a_fake)


@right
def non_saturating__logistic_loss(a_fake):
    return ops.logistic_loss(a_fake, len(a_fake.data))


@right
def non_saturating__row_by_row(a_fake):
    a = a_fake.data
    y, d = 0.0, np.zeros(a.shape)
    for i, v in enumerate(a[:, 0].astype(float)):
        y += float(stable(np.array(-v))) / len(a)
        d[i] = -slope(np.array(-v)) / len(a)
    d = d.astype(a.dtype)
    return Tensor(np.array(y, a.dtype), (a_fake, lambda g: np.multiply(g, d)))


@right
def non_saturating__weights(a_fake):
    w = Tensor(np.full(a_fake.shape, 1 / len(a_fake.data), a_fake.dtype))
    return (ops.softplus(-a_fake) * w).sum()


# Wrong -------------------------------------------------------------------------------------------------


@wrong("sign")
def minimax__ascends(a_fake):
    return ops.mean(ops.softplus(a_fake))


@wrong("labels_flipped")
def minimax__log_D(a_fake):
    return -ops.mean(ops.softplus(-a_fake))


@wrong("sum")
def minimax__sum(a_fake):
    return -ops.sum(ops.softplus(a_fake))


@wrong("keeps_the_axis")
def minimax__axis_kept(a_fake):
    return -ops.mean(ops.softplus(a_fake), 0)


@wrong("log_of_1_minus_D")
def minimax__through_D(a_fake):
    return ops.mean(ops.log(1 - ops.sigmoid(a_fake)))


@wrong("logit_as_probability")
def minimax__logits_are_probabilities(a_fake):
    return ops.mean(ops.log(1 - a_fake))


@wrong()
def minimax__log_of_the_mean(a_fake):
    return ops.log(1 - ops.mean(ops.sigmoid(a_fake)))


@wrong("base_2")
def minimax__bits(a_fake):
    return ops.mean(ops.softplus(a_fake)) * (-1 / np.log(2).item())


@wrong("gradient_of_the_other")
def minimax__slope_of_the_other(a_fake):
    a = a_fake.data
    d = slope(-a) / a.dtype.type(len(a))
    return Tensor(np.asarray(-stable(a).mean(), a.dtype), (a_fake, lambda g: -g * d))


@wrong("sign")
def non_saturating__sign(a_fake):
    return -ops.mean(ops.softplus(-a_fake))


@wrong("labels_flipped")
def non_saturating__of_a(a_fake):
    return ops.mean(ops.softplus(a_fake))


@wrong("clipped")
def non_saturating__clipped(a_fake):
    d = np.clip(slope(a_fake.data), 1e-7, 1 - 1e-7)
    inside = (d > 1e-7) & (d < 1 - 1e-7)
    m = a_fake.dtype.type(len(d))
    return Tensor(np.asarray(-np.log(d).mean(), d.dtype), (a_fake, lambda g: g * (d - 1) * inside / m))


@wrong("gradient_not_averaged")
def non_saturating__gradient_not_averaged(a_fake):
    a = a_fake.data
    return Tensor(np.asarray(stable(-a).mean(), a.dtype), (a_fake, lambda g: -g * slope(-a)))


@wrong("halved")
def non_saturating__halved(a_fake):
    return ops.mean(ops.softplus(-a_fake)) * 0.5


@wrong()
def non_saturating__writes_into_logits(a_fake):
    a = a_fake.data
    np.negative(a, out=a)
    s = slope(a) / a.dtype.type(len(a))
    return Tensor(np.asarray(stable(a).mean(), a.dtype), (a_fake, lambda g: -g * s))


@wrong("float64")
def non_saturating__float64(a_fake):
    a = a_fake.data.astype(float)
    return Tensor(np.asarray(stable(-a).mean()), (a_fake, lambda g: -g * slope(-a) / len(a)))


@wrong()
def non_saturating__last_slope(a_fake, last={}):  # noqa: B006
    a = a_fake.data
    last[a.shape] = slope(-a) / a.dtype.type(len(a))
    return Tensor(np.asarray(stable(-a).mean(), a.dtype), (a_fake, lambda g: -g * last[a.shape]))
