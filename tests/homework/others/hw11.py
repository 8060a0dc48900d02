"""hw11: other answers."""

import math

import numpy as np

from minigan import theory

from . import right, wrong

# Right -------------------------------------------------------------------------------------------------


@right
def optimal_discriminator__errstate(p, q):
    with np.errstate(invalid="ignore", divide="ignore"):
        D = p / (p + q)
    D[np.isnan(D)] = 0.5
    return D


@right
def optimal_discriminator__a_loop(p, q):
    D = np.empty(p.shape)
    for i in np.ndindex(p.shape):
        D[i] = 0.5 if p[i] == q[i] == 0 else p[i] / (p[i] + q[i])
    return D


@right
def optimal_discriminator__nan_to_num(p, q):
    with np.errstate(all="ignore"):
        return np.nan_to_num(p / (p + q), nan=0.5)


@right
def optimal_discriminator__by_the_ratio(p, q):
    """sigmoid of log p / q"""
    with np.errstate(all="ignore"):
        D = 1 / (1 + q / p)
    return np.where((p == 0) & (q == 0), 0.5, np.where(p == 0, 0.0, D))


@right
def kl__a_loop(p, q, w=1.0):
    w = w * np.ones_like(p)
    total = 0.0
    for x, y, dx in zip(p.ravel(), q.ravel(), w.ravel(), strict=True):
        if x > 0 and y == 0:
            return math.inf
        if x > 0:
            total += dx * x * math.log(x / y)
    return total


@right
def kl__errstate(p, q, w=1.0):
    with np.errstate(all="ignore"):
        f = np.where(p > 0, p * np.log(p / q), 0.0)
    return (w * f).sum()


@right
def kl__difference_of_logs(p, q, w=1.0):
    with np.errstate(all="ignore"):
        terms = w * p * (np.log(p) - np.log(q))
    return float(np.sum(terms, where=p > 0))


@right
def jsd__from_D(p, q, w=1.0):
    """p / m is 2 D*."""
    with np.errstate(all="ignore"):
        a = np.where(p > 0, p * np.log(2 * p / (p + q)), 0)
        b = np.where(q > 0, q * np.log(2 * q / (p + q)), 0)
    return 0.5 * np.sum(w * (a + b))


@right
def jsd__by_the_library(p, q, w=1.0):
    middle = 0.5 * p + 0.5 * q
    return 0.5 * theory.kl(p, middle, w) + 0.5 * theory.kl(q, middle, w)


@right
def jsd__from_the_criterion(p, q, w=1.0):
    return (theory.criterion(p, q, w) + math.log(4)) / 2


@right
def criterion__from_jsd(p, q, w=1.0):
    return 2 * theory.jsd(p, q, w) - 2 * math.log(2)


@right
def criterion__masks(p, q, w=1.0):
    w = np.broadcast_to(np.asarray(w, float), p.shape)
    P, Q = p > 0, q > 0
    first = (w[P] * p[P] * np.log(p[P] / (p[P] + q[P]))).sum()
    second = (w[Q] * q[Q] * np.log(q[Q] / (p[Q] + q[Q]))).sum()
    return np.float64(first + second)


@right
def criterion__log1p(p, q, w=1.0):
    with np.errstate(all="ignore"):
        a = np.where(p > 0, -p * np.log1p(q / p), 0)
        b = np.where(q > 0, -q * np.log1p(p / q), 0)
    return float((w * (a + b)).sum())


# Wrong: D* ---------------------------------------------------------------------------------------------


@wrong("of_the_samples")
def optimal_discriminator__q_over_the_sum(p, q):
    both = p + q
    return np.where(both == 0, 0.5, q / np.where(both == 0, 1, both))


@wrong("ratio")
def optimal_discriminator__p_over_q(p, q):
    return np.where(q > 0, p / np.where(q > 0, q, 1), 0.5)


@wrong("undefined")
def optimal_discriminator__plain(p, q):
    return p / (p + q)


@wrong("tiny_eps")
def optimal_discriminator__eps(p, q):
    return p / (p + q + 1e-12)


@wrong("large_symmetric_eps")
def optimal_discriminator__eps_everywhere(p, q):
    return (p + 1e-8) / (p + q + 2e-8)


@wrong("symmetric_eps")
def optimal_discriminator__symmetric_eps(p, q):
    return (p + 1e-12) / (p + q + 2e-12)


@wrong("zero_where_both_vanish")
def optimal_discriminator__zero(p, q):
    return np.divide(p, p + q, out=np.zeros_like(p), where=p + q > 0)


@wrong("cut")
def optimal_discriminator__close_to_zero(p, q):
    both = p + q
    return np.where(both < 1e-12, 0.5, p / np.where(both > 0, both, 1))


@wrong("decides")
def optimal_discriminator__the_larger(p, q):
    return np.where(p > q, 1.0, np.where(p < q, 0.0, 0.5))


@wrong("writes_into_p")
def optimal_discriminator__in_place(p, q):
    both = p + q
    np.divide(p, both, out=p, where=both > 0)
    p[both == 0] = 0.5
    return p


# Wrong: KL ---------------------------------------------------------------------------------------------


@wrong("reversed")
def kl__other_way(p, q, w=1.0):
    return kl__a_loop(q, p, w)


@wrong("base_2")
def kl__bits(p, q, w=1.0):
    return kl__a_loop(p, q, w) / math.log(2)


@wrong("forgets_w")
def kl__no_dx(p, q, w=1.0):
    return kl__a_loop(p, q)


@wrong("eps")
def kl__eps(p, q, w=1.0):
    return float((w * p * np.log((p + 1e-12) / (q + 1e-12))).sum())


@wrong("nan_at_zero")
def kl__plain(p, q, w=1.0):
    return float((w * p * np.log(p / q)).sum())


@wrong("leaves_out_q_0")
def kl__both_positive(p, q, w=1.0):
    f = np.zeros_like(p)
    ok = (p > 0) & (q > 0)
    f[ok] = p[ok] * np.log(p[ok] / q[ok])
    return float((w * f).sum())


@wrong("mean")
def kl__average(p, q, w=1.0):
    with np.errstate(all="ignore"):
        return np.mean(w * np.where(p > 0, p * np.log(p / q), 0))


@wrong("cross_entropy")
def kl__without_entropy(p, q, w=1.0):
    with np.errstate(all="ignore"):
        return -np.sum(w * np.where(p > 0, p * np.log(q), 0))


# Wrong: JSD --------------------------------------------------------------------------------------------


@wrong("not_halved")
def jsd__sum_of_both(p, q, w=1.0):
    m = (p + q) / 2
    return theory.kl(p, m, w) + theory.kl(q, m, w)


@wrong("m_is_the_sum")
def jsd__unnormalised(p, q, w=1.0):
    return (theory.kl(p, p + q, w) + theory.kl(q, p + q, w)) / 2


@wrong("symmetric_kl")
def jsd__jeffreys(p, q, w=1.0):
    return (theory.kl(p, q, w) + theory.kl(q, p, w)) / 2


@wrong("base_2")
def jsd__bits(p, q, w=1.0):
    return jsd__from_D(p, q, w) / np.log(2)


@wrong("root")
def jsd__distance(p, q, w=1.0):
    return math.sqrt(max(jsd__from_D(p, q, w), 0))


@wrong("one_side")
def jsd__of_p(p, q, w=1.0):
    return theory.kl(p, (p + q) / 2, w)


@wrong("forgets_w")
def jsd__no_dx(p, q, w=1.0):
    return jsd__from_D(p, q)


@wrong("eps")
def jsd__eps(p, q, w=1.0):
    m = (p + q) / 2
    a = p * np.log((p + 1e-12) / (m + 1e-12))
    b = q * np.log((q + 1e-12) / (m + 1e-12))
    return float((w * (a + b)).sum() / 2)


@wrong("geometric_mean")
def jsd__geometric(p, q, w=1.0):
    m = np.sqrt(p * q)
    return (theory.kl(p, m, w) + theory.kl(q, m, w)) / 2


# Wrong: C(G) -------------------------------------------------------------------------------------------


@wrong("rounds_to_1")
def criterion__value_of_D(p, q, w=1.0):
    with np.errstate(all="ignore"):
        return theory.value(theory.optimal_discriminator(p, q), p, q, w)


@wrong("no_log_4")
def criterion__two_jsd(p, q, w=1.0):
    return 2 * theory.jsd(p, q, w)


@wrong("one_jsd")
def criterion__jsd_once(p, q, w=1.0):
    return -math.log(4) + theory.jsd(p, q, w)


@wrong("log_2")
def criterion__minus_log_2(p, q, w=1.0):
    return -math.log(2) + 2 * theory.jsd(p, q, w)


@wrong("plus_log_4")
def criterion__log_4_added(p, q, w=1.0):
    return math.log(4) + 2 * theory.jsd(p, q, w)


@wrong("forgets_w")
def criterion__no_dx(p, q, w=1.0):
    return criterion__log1p(p, q)


@wrong("average")
def criterion__halved(p, q, w=1.0):
    return criterion__log1p(p, q, w) / 2


@wrong("only_the_data")
def criterion__first_term(p, q, w=1.0):
    with np.errstate(all="ignore"):
        return float((w * np.where(p > 0, -p * np.log1p(q / p), 0)).sum())


@wrong("nan_at_zero")
def criterion__plain(p, q, w=1.0):
    with np.errstate(all="ignore"):
        D = p / (p + q)
        return float((w * (p * np.log(D) + q * np.log(q / (p + q)))).sum())


@wrong()
def criterion__clipped(p, q, w=1.0):
    D = np.clip(theory.optimal_discriminator(p, q), 1e-7, 1 - 1e-7)
    return float((w * (p * np.log(D) + q * np.log(1 - D))).sum())


@wrong()
def criterion__of_kl(p, q, w=1.0):
    return -math.log(4) + 2 * theory.kl(p, q, w)


# Mistakes that the grader does not know ----------------------------------------------------------------


@wrong()
def optimal_discriminator__squares(p, q):
    return optimal_discriminator__errstate(p * p, q * q)


@wrong("magnitudes")
def kl__absolute(p, q, w=1.0):
    with np.errstate(all="ignore"):
        return np.sum(w * np.where(p > 0, p * abs(np.log(p / q)), 0))


@wrong()
def jsd__larger_of_both(p, q, w=1.0):
    m = (p + q) / 2
    return max(theory.kl(p, m, w), theory.kl(q, m, w))


@wrong()
def criterion__total_variation(p, q, w=1.0):
    return -math.log(4) + math.log(4) * np.sum(w * abs(p - q)) / 2
