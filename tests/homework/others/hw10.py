"""hw10: other answers."""

import numpy as np

from minigan import ops
from minigan.game import value
from minigan.tensor import Tensor

from . import right, wrong


def D(a):
    return np.exp(-np.logaddexp(0, -a))


# Right -------------------------------------------------------------------------------------------------


@right
def minimax__methods(a_fake):
    return ops.softplus(a_fake).mean() * -1


@right
def minimax__logistic_loss(a_fake):
    return ops.logistic_loss(a_fake, 0, scale=-1)


@right
def minimax__by_hand(a_fake):
    a = a_fake.data
    m = a.shape[0]
    y = -(np.maximum(a, 0) + np.log1p(np.exp(-abs(a)))).sum() / m

    def pullback(g):
        return -(g / m) * D(a)

    return Tensor(y, (a_fake, pullback))


@right
def minimax__from_V(a_fake):
    """V is E log D(x) + E log(1 - D(G(z))); without the first term."""
    nothing = Tensor(np.full_like(a_fake.data, 1e9))
    return value(nothing, a_fake)


@right
def minimax__log_softmax(a_fake):
    """1 - D is what softmax makes of (0, a)."""
    two = ops.concatenate([a_fake * 0.0, a_fake], axis=1)
    return ops.mean(ops.log_softmax(two)[:, 0])


@right
def non_saturating__methods(a_fake):
    return ops.softplus(-a_fake).mean()


@right
def non_saturating__difference(a_fake):
    """softplus(-a) = softplus(a) - a"""
    return ops.mean(ops.softplus(a_fake) - a_fake)


@right
def non_saturating__cross_entropy(a_fake):
    """The class is `real`, whose logit is a; the other's is 0."""
    two = ops.concatenate([a_fake * 0.0, a_fake], axis=1)
    return ops.cross_entropy(two, np.ones(len(a_fake.data), int))


@right
def non_saturating__by_hand(a_fake):
    a = a_fake.data
    slope = (D(a) - 1) / np.array(len(a), a.dtype)
    return Tensor(np.logaddexp(0, -a).mean(), (a_fake, lambda g: slope * g))


@right
def non_saturating__sum_over_m(a_fake):
    return ops.sum(ops.softplus(ops.neg(a_fake))) / len(a_fake.data)


# Wrong -------------------------------------------------------------------------------------------------


@wrong("sign")
def minimax__positive(a_fake):
    return ops.softplus(a_fake).mean()


@wrong("labels_flipped")
def minimax__mean_log_D(a_fake):
    return -ops.softplus(-a_fake).mean()


@wrong("the_other_loss")
def minimax__non_saturating(a_fake):
    return ops.logistic_loss(a_fake, len(a_fake.data))


@wrong("log_of_sigmoid", "log_of_1_minus_D")
def minimax__as_in_the_paper(a_fake):
    return ops.mean(ops.log(1 - ops.sigmoid(a_fake)))


@wrong("eps")
def minimax__eps(a_fake):
    return ops.mean(ops.log(1 - ops.sigmoid(a_fake) + 1e-8))


@wrong("sum")
def minimax__total(a_fake):
    return -ops.sum(ops.softplus(a_fake))


@wrong("logit_as_probability")
def minimax__logits_are_D(a_fake):
    return ops.mean(ops.log(1 - a_fake))


@wrong("halved")
def minimax__scaled_as_D(a_fake):
    return ops.logistic_loss(a_fake, 0, -0.5)


@wrong("gradient_of_the_other")
def minimax__strong_gradient(a_fake):
    a = a_fake.data
    return Tensor(-np.logaddexp(0, a).mean(), (a_fake, lambda g: -g * D(-a) / len(a)))


@wrong("uphill")
def minimax__plus_D(a_fake):
    a = a_fake.data
    return Tensor(-np.logaddexp(0, a).mean(), (a_fake, lambda g: g * D(a) / len(a)))


@wrong("gradient_not_averaged")
def minimax__slope_of_one(a_fake):
    a = a_fake.data
    return Tensor(-np.logaddexp(0, a).mean(), (a_fake, lambda g: -g * D(a)))


@wrong("constant")
def minimax__numbers_only(a_fake):
    return Tensor(-np.logaddexp(0, a_fake.data).mean())


@wrong("gradient_by_D")
def minimax__by_D(a_fake):
    a = a_fake.data
    return Tensor(-np.logaddexp(0, a).mean(), (a_fake, lambda g: -g / (1 - D(a)) / len(a)))


@wrong("keeps_the_axis")
def minimax__axis(a_fake):
    a = a_fake.data
    return Tensor(-np.logaddexp(0, a).mean(0), (a_fake, lambda g: -g * D(a) / len(a)))


@wrong("sign")
def non_saturating__negative(a_fake):
    return -ops.mean(ops.softplus(-a_fake))


@wrong("labels_flipped")
def non_saturating__loss_of_D(a_fake):
    return ops.mean(ops.softplus(a_fake))


@wrong("the_other_loss")
def non_saturating__minimax(a_fake):
    return -ops.mean(ops.softplus(a_fake))


@wrong("log_of_sigmoid")
def non_saturating__as_in_the_paper(a_fake):
    return -ops.mean(ops.log(ops.sigmoid(a_fake)))


@wrong("eps")
def non_saturating__eps(a_fake):
    return -ops.mean(ops.log(ops.sigmoid(a_fake) + 1e-8))


@wrong("clipped")
def non_saturating__clipped(a_fake):
    a = a_fake.data
    p = np.clip(D(a), 1e-7, 1 - 1e-7)
    return Tensor(-np.log(p).mean(), (a_fake, lambda g: -g * D(-a) * (p == D(a)) / len(a)))


@wrong("sum")
def non_saturating__total(a_fake):
    return ops.softplus(-a_fake).sum()


@wrong("gradient_of_the_other")
def non_saturating__weak_gradient(a_fake):
    a = a_fake.data
    return Tensor(np.logaddexp(0, -a).mean(), (a_fake, lambda g: -g * D(a) / len(a)))


@wrong("ignores_g")
def non_saturating__without_g(a_fake):
    a = a_fake.data
    return Tensor(np.logaddexp(0, -a).mean(), (a_fake, lambda g: -D(-a) / len(a)))


@wrong("float64")
def non_saturating__in_double(a_fake):
    a = a_fake.data.astype(np.float64)
    return Tensor(np.logaddexp(0, -a).mean(), (a_fake, lambda g: -g * D(-a) / len(a)))


@wrong()
def non_saturating__largest(a_fake):
    return ops.max(ops.softplus(-a_fake), axis=0)


@wrong("writes_into_g")
def non_saturating__g_in_place(a_fake):
    a = a_fake.data

    def pullback(g):
        g /= -len(a)
        return g * D(-a)

    return Tensor(np.logaddexp(0, -a).mean(), (a_fake, pullback))


# Mistakes that the grader does not know ----------------------------------------------------------------


@wrong()
def minimax__smoothed(a_fake):
    return ops.mean(0.1 * a_fake - ops.softplus(a_fake))


@wrong()
def minimax__half_of_each(a_fake):
    return ops.mean(ops.softplus(-a_fake) - ops.softplus(a_fake)) / 2


@wrong()
def non_saturating__squares(a_fake):
    return ops.mean((1 - ops.sigmoid(a_fake)) ** 2)


@wrong()
def non_saturating__critic(a_fake):
    return -ops.mean(a_fake)
