"""hw11: more answers, written from the task's words alone."""

import math

import numpy as np

from . import right, wrong


def relative(p, q, w):
    """KL without a warning."""
    some = np.broadcast_to(p > 0, p.shape)
    w = np.broadcast_to(w, p.shape)
    with np.errstate(divide="ignore"):
        return float(np.sum(w[some] * p[some] * (np.log(p[some]) - np.log(q[some]))))


# Right -------------------------------------------------------------------------------------------------


@right
def optimal_discriminator__by_ratio(p, q):
    """Of the smaller by the larger, so that no sum overflows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        d = np.where(p >= q, 1 / (1 + q / p), (p / q) / (1 + p / q))
    return np.where((p == 0) & (q == 0), 0.5, d)


@right
def optimal_discriminator__loop(p, q):
    out = np.empty(np.shape(p))
    for i in np.ndindex(out.shape):
        s = float(p[i]) + float(q[i])
        out[i] = float(p[i]) / s if s else 0.5
    return out


@right
def kl__math_loop(p, q, w=1.0):
    total = []
    for a, b, c in zip(np.ravel(p), np.ravel(q), np.ravel(np.broadcast_to(w, np.shape(p))), strict=True):
        if a > 0:
            total.append(c * a * (math.log(a) - math.log(b)) if b > 0 else math.inf)
    return math.fsum(total)


@right
def kl__masked_einsum(p, q, w=1.0):
    return relative(np.asarray(p), np.asarray(q), w)


@right
def jsd__from_entropies(p, q, w=1.0):
    """By the logarithms of ratios, each at most log 2."""
    m = p / 2 + q / 2

    def half(a):
        ok = a > 0
        return np.where(ok, a * np.log(np.where(ok, a, 1) / np.where(ok, m, 1)), 0)

    return np.sum(w * (half(p) + half(q))) / 2


@right
def criterion__by_theorem_1(p, q, w=1.0):
    m = (p + q) / 2
    return np.float64(-math.log(4) + relative(p, m, w) + relative(q, m, w))


@right
def criterion__logaddexp(p, q, w=1.0):
    """log D* = log p - log(p + q), with the logarithm of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lp, lq = np.log(p), np.log(q)
        both = np.logaddexp(lp, lq)
        terms = np.where(p > 0, p * (lp - both), 0) + np.where(q > 0, q * (lq - both), 0)
    return float((terms * w).sum())


@right
def kl__by_the_ratio(p, q, w=1.0):
    with np.errstate(all="ignore"):
        ratio = np.where(p > 0, p, 1) / np.where(p > 0, q, 1)
    return float(np.sum(w * np.where(p > 0, p * np.log(ratio), 0)))


@right
def criterion__skips_where_one_vanishes(p, q, w=1.0):
    ok = (p > 0) & (q > 0)
    a, b, c = p[ok], q[ok], np.broadcast_to(w, p.shape)[ok]
    return float(np.sum(c * (a * np.log(a / (a + b)) + b * np.log(b / (a + b)))))


# Wrong -------------------------------------------------------------------------------------------------


@wrong("zero_where_both_vanish")
def optimal_discriminator__zero_where_both_vanish(p, q):
    return np.divide(p, p + q, out=np.zeros_like(p), where=p + q > 0)


@wrong("undefined")
def optimal_discriminator__not_a_number(p, q):
    with np.errstate(all="ignore"):
        return p / (p + q)


@wrong("cut")
def optimal_discriminator__tiny_densities_vanish(p, q):
    """Below 1e-12 a density counts as 0."""
    total = p + q
    return np.divide(p, total, out=np.full_like(total, 0.5), where=total > 1e-12)


@wrong("half_at_zeros")
def optimal_discriminator__half_where_one_vanishes(p, q):
    out = np.full_like(p, 0.5)
    both = (p > 0) & (q > 0)
    out[both] = p[both] / (p + q)[both]
    return out


@wrong("writes_into_p")
def optimal_discriminator__into_p(p, q):
    total = p + q
    total[total == 0] = 1
    empty = (p == 0) & (q == 0)
    p /= total
    p[empty] = 0.5
    return p


@wrong()
def optimal_discriminator__ratio_of_squares(p, q):
    total = p * p + q * q
    return np.divide(p * p, total, out=np.full_like(p, 0.5), where=total > 0)


@wrong()
def optimal_discriminator__normalised_first(p, q):
    """By the sums over all points, which are not 1 where there are weights."""
    p, q = p / p.sum(), q / q.sum()
    return np.divide(p, p + q, out=np.full_like(p, 0.5), where=p + q > 0)


@wrong("reversed")
def kl__other_direction(p, q, w=1.0):
    return relative(q, p, w)


@wrong("leaves_out_q_0")
def kl__finite_where_q_vanishes(p, q, w=1.0):
    both = (p > 0) & (q > 0)
    safe = np.where(both, p, 1) / np.where(both, q, 1)
    return float(np.sum(w * p * np.log(safe)))


@wrong()
def kl__weights_inside_only_once(p, q, w=1.0):
    """Weights that are arrays are averaged."""
    return relative(p, q, 1.0) * float(np.mean(w))


@wrong("mean")
def kl__mean(p, q, w=1.0):
    with np.errstate(all="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0)
    return float(np.mean(w * terms))


@wrong()
def kl__renormalised(p, q, w=1.0):
    """Divided by the sum of the weights."""
    return relative(p, q, w) / float(np.sum(np.broadcast_to(w, p.shape)))


@wrong("magnitudes")
def kl__absolute(p, q, w=1.0):
    """Sums the sizes of the terms."""
    some = p > 0
    with np.errstate(divide="ignore"):
        terms = p[some] * (np.log(p[some]) - np.log(q[some]))
    return float(np.sum(np.broadcast_to(w, p.shape)[some] * abs(terms)))


@wrong("inf_where_both_vanish")
def kl__inf_wherever_q_vanishes(p, q, w=1.0):
    """Where both vanish too."""
    if np.any(q == 0):
        return math.inf
    return relative(p, q, w)


@wrong()
def kl__weights_left_out_are_a_mean(p, q, w=None):
    w = 1 / p.size if w is None else w
    return relative(p, q, w)


@wrong("not_halved")
def jsd__sum(p, q, w=1.0):
    m = (p + q) / 2
    return relative(p, m, w) + relative(q, m, w)


@wrong("symmetric_kl")
def jsd__jeffreys(p, q, w=1.0):
    return (relative(p, q, w) + relative(q, p, w)) / 2


@wrong("root")
def jsd__root(p, q, w=1.0):
    """The distance, which is the root of the divergence."""
    m = (p + q) / 2
    return math.sqrt(max((relative(p, m, w) + relative(q, m, w)) / 2, 0))


@wrong("from_m")
def jsd__m_to_p(p, q, w=1.0):
    m = (p + q) / 2
    return (relative(m, p, w) + relative(m, q, w)) / 2


@wrong("m_is_the_sum")
def jsd__m_is_a_sum(p, q, w=1.0):
    m = p + q
    return (relative(p, m, w) + relative(q, m, w)) / 2


@wrong("geometric_mean")
def jsd__geometric_mean(p, q, w=1.0):
    m = np.sqrt(p * q)
    return (relative(p, m, w) + relative(q, m, w)) / 2


@wrong("base_2")
def jsd__bits(p, q, w=1.0):
    m = (p + q) / 2
    return (relative(p, m, w) + relative(q, m, w)) / 2 / math.log(2)


@wrong("one_side")
def jsd__p_counted_twice(p, q, w=1.0):
    m = (p + q) / 2
    return relative(p, m, w)


@wrong("writes_into_q")
def jsd__overwrites_q(p, q, w=1.0):
    """m is computed in q."""
    before = q.copy()
    q += p
    q /= 2
    return (relative(p, q, w) + relative(before, q, w)) / 2


@wrong("one_jsd")
def criterion__one_jsd(p, q, w=1.0):
    m = (p + q) / 2
    return -math.log(4) + (relative(p, m, w) + relative(q, m, w)) / 2


@wrong("plus_log_4")
def criterion__plus_log_4(p, q, w=1.0):
    m = (p + q) / 2
    return math.log(4) + relative(p, m, w) + relative(q, m, w)


@wrong("average")
def criterion__halves(p, q, w=1.0):
    m = (p + q) / 2
    return -math.log(2) + (relative(p, m, w) + relative(q, m, w)) / 2


@wrong("rounds_to_1")
def criterion__one_minus_D(p, q, w=1.0):
    total = p + q
    d = np.divide(p, total, out=np.full_like(total, 0.5), where=total > 0)
    with np.errstate(all="ignore"):
        terms = np.where(p > 0, p * np.log(d), 0) + np.where(q > 0, q * np.log(1 - d), 0)
    return float(np.sum(w * terms))


@wrong("both_under_p")
def criterion__q_for_p(p, q, w=1.0):
    """Both logarithms under the density of the data."""
    total = p + q
    ok = (p > 0) & (q > 0)
    one = np.where(ok, total, 1)
    return float(np.sum(w * p * (np.log(np.where(ok, p, 1) / one) + np.log(np.where(ok, q, 1) / one))))
