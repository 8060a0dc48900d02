"""hw12: more answers, written from the task's words alone."""

import math

import numpy as np

from minigan import parzen

from . import right, wrong


def squared(x, centres):
    """(m, n), in float64, example by example."""
    x, centres = np.asarray(x, float), np.asarray(centres, float)
    return np.array([((v - centres) ** 2).sum(axis=1) for v in x]).reshape(len(x), len(centres))


def mean_exp(a):
    """log of the mean of e^a over the centres."""
    top = a.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(a - top).mean(axis=1))


def log_p(x, centres, sigma):
    d, sigma = np.shape(x)[1], float(sigma)
    return mean_exp(-squared(x, centres) / (2 * sigma**2)) - d * math.log(sigma * math.sqrt(2 * math.pi))


# Right -------------------------------------------------------------------------------------------------


@right
def log_likelihood__logaddexp(x, centres, sigma):
    a = -squared(x, centres) / (2 * sigma**2)
    d, n = np.shape(x)[1], len(centres)
    return np.logaddexp.reduce(a, axis=1) - np.log(n) - d / 2 * np.log(2 * np.pi * sigma**2)


@right
def log_likelihood__loops(x, centres, sigma):
    out = []
    for v in np.asarray(x, float):
        terms = [-float(((v - s) ** 2).sum()) / (2 * float(sigma) ** 2) for s in np.asarray(centres, float)]
        top = max(terms)
        out.append(top + math.log(math.fsum(math.exp(t - top) for t in terms) / len(terms)))
    return np.array(out) - np.shape(x)[1] * math.log(float(sigma) * math.sqrt(2 * math.pi))


@right
def log_likelihood__scaled_first(x, centres, sigma):
    """Everything in units of sigma."""
    x, s = x.astype(np.float64) / sigma, centres.astype(np.float64) / sigma
    a = np.stack([-0.5 * np.einsum("md,md->m", x - c, x - c) for c in s], axis=1)
    return mean_exp(a) - x.shape[1] * (np.log(sigma) + 0.5 * np.log(2 * np.pi))


@right
def choose_sigma__max_of_pairs(valid, centres, sigmas=parzen.SIGMAS):
    pairs = [(float(log_p(valid, centres, s).mean()), s) for s in sigmas]
    mean, sigma = max(pairs, key=lambda pair: pair[0])
    return sigma, mean


@right
def choose_sigma__argmax(valid, centres, sigmas=parzen.SIGMAS):
    sigmas = np.array(list(sigmas))
    means = np.array([np.mean(parzen.log_likelihood(valid, centres, float(s))) for s in sigmas])
    best = np.argmax(means)
    return sigmas[best], means[best]


@right
def of_table1__var(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma = parzen.choose_sigma(valid, centres, list(sigmas))[0]
    nats = parzen.log_likelihood(test, centres, sigma)
    return sigma, nats.mean(), np.sqrt(nats.var() / nats.size)


# Wrong -------------------------------------------------------------------------------------------------


@wrong("sum_for_mean")
def log_likelihood__sum_for_mean(x, centres, sigma):
    return log_p(x, centres, sigma) + np.log(len(centres))


@wrong("one_dimension_factor")
def log_likelihood__one_dimension_in_front(x, centres, sigma):
    d = np.shape(x)[1]
    return log_p(x, centres, sigma) + (d - 1) * np.log(sigma * np.sqrt(2 * np.pi))


@wrong("without_2_pi")
def log_likelihood__without_2_pi(x, centres, sigma):
    return mean_exp(-squared(x, centres) / (2 * sigma**2)) - np.shape(x)[1] * np.log(sigma)


@wrong("pi_without_root")
def log_likelihood__root_forgotten(x, centres, sigma):
    """sigma 2 pi for sigma sqrt(2 pi)."""
    return mean_exp(-squared(x, centres) / (2 * sigma**2)) - np.shape(x)[1] * np.log(sigma * 2 * np.pi)


@wrong("forgets_the_2")
def log_likelihood__half_forgotten(x, centres, sigma):
    a = -squared(x, centres) / sigma**2
    return mean_exp(a) - np.shape(x)[1] * np.log(sigma * np.sqrt(2 * np.pi))


@wrong("sigma_is_a_variance")
def log_likelihood__sigma_is_a_variance(x, centres, sigma):
    return log_p(x, centres, np.sqrt(sigma))


@wrong("exp_before_max")
def log_likelihood__exp_first(x, centres, sigma):
    a = -squared(x, centres) / (2 * sigma**2)
    return np.log(np.exp(a).mean(axis=1)) - np.shape(x)[1] * np.log(sigma * np.sqrt(2 * np.pi))


@wrong("one_maximum_for_all")
def log_likelihood__one_top_for_all(x, centres, sigma):
    """The largest exponent of all examples: those far from every centre underflow."""
    a = -squared(x, centres) / (2 * sigma**2)
    top = a.max()
    return top + np.log(np.exp(a - top).mean(axis=1)) - np.shape(x)[1] * np.log(sigma * np.sqrt(2 * np.pi))


@wrong("mean_of_logs")
def log_likelihood__mean_of_logs(x, centres, sigma):
    a = -squared(x, centres) / (2 * sigma**2)
    return a.mean(axis=1) - np.shape(x)[1] * np.log(sigma * np.sqrt(2 * np.pi))


@wrong("nearest_only")
def log_likelihood__nearest_alone(x, centres, sigma):
    a = -squared(x, centres) / (2 * sigma**2)
    n = len(centres)
    return a.max(axis=1) - np.log(n) - np.shape(x)[1] * np.log(sigma * np.sqrt(2 * np.pi))


@wrong("distance_not_squared")
def log_likelihood__distance_not_squared(x, centres, sigma):
    a = -np.sqrt(squared(x, centres)) / (2 * sigma**2)
    return mean_exp(a) - np.shape(x)[1] * np.log(sigma * np.sqrt(2 * np.pi))


@wrong()
def log_likelihood__max_over_the_examples(x, centres, sigma):
    """The wrong axis: log p of the centres under the examples, where there are as many."""
    return log_p(centres, x, sigma) if len(x) == len(centres) else log_p(x, centres, sigma)


@wrong("float32")
def log_likelihood__float32(x, centres, sigma):
    """In the dtype that came."""
    d = ((x[:, None, :] - centres[None]) ** 2).sum(axis=2)
    return mean_exp((-d / (2 * sigma**2)).astype(float)) - x.shape[1] * math.log(
        sigma * math.sqrt(2 * math.pi)
    )


@wrong("bits")
def log_likelihood__bits(x, centres, sigma):
    return log_p(x, centres, sigma) / np.log(2)


@wrong("per_dimension")
def log_likelihood__per_dimension(x, centres, sigma):
    return log_p(x, centres, sigma) / np.shape(x)[1]


@wrong("a_column")
def log_likelihood__column(x, centres, sigma):
    return log_p(x, centres, sigma)[:, None]


@wrong("float32")
def log_likelihood__all_at_once(x, centres, sigma):
    """Squared in one matrix product in the dtype that came, rounding and all, float32 too."""
    d = (x * x).sum(1)[:, None] + (centres * centres).sum(1) - 2 * x @ centres.T
    return mean_exp(-d.astype(float) / (2 * sigma**2)) - x.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))


@wrong()
def log_likelihood__centres_of_the_first_call(x, centres, sigma, kept={}):  # noqa: B006
    """Remembered by their shape."""
    return log_p(x, kept.setdefault(centres.shape, centres.copy()), sigma)


@wrong("writes_into_centres", "float32")
def log_likelihood__moves_centres(x, centres, sigma):
    """Both are shifted in place, so that the numbers are small."""
    middle = centres.mean(axis=0)
    centres -= middle
    return log_p(x - middle, centres, sigma)


@wrong("least_likely")
def choose_sigma__worst(valid, centres, sigmas=parzen.SIGMAS):
    means = {s: float(log_p(valid, centres, s).mean()) for s in sigmas}
    best = min(means, key=means.get)
    return best, means[best]


@wrong("swapped")
def choose_sigma__mean_first(valid, centres, sigmas=parzen.SIGMAS):
    """(mean, sigma)"""
    return choose_sigma__max_of_pairs(valid, centres, sigmas)[::-1]


@wrong("index")
def choose_sigma__index(valid, centres, sigmas=parzen.SIGMAS):
    means = [float(log_p(valid, centres, s).mean()) for s in sigmas]
    return int(np.argmax(means)), max(means)


@wrong("sum")
def choose_sigma__sum(valid, centres, sigmas=parzen.SIGMAS):
    sigma, mean = choose_sigma__max_of_pairs(valid, centres, sigmas)
    return sigma, mean * len(valid)


@wrong("stops_at_the_first_fall")
def choose_sigma__stops_when_it_falls(valid, centres, sigmas=parzen.SIGMAS):
    """As if they were sorted and had one hill."""
    best = None
    for s in sigmas:
        mean = float(log_p(valid, centres, s).mean())
        if best is not None and mean < best[1]:
            break
        best = s, mean
    return best


@wrong("median")
def choose_sigma__median(valid, centres, sigmas=parzen.SIGMAS):
    medians = {s: float(np.median(log_p(valid, centres, s))) for s in sigmas}
    sigma = max(medians, key=medians.get)
    return sigma, float(log_p(valid, centres, sigma).mean())


@wrong("starts_from_0")
def choose_sigma__from_zero(valid, centres, sigmas=parzen.SIGMAS):
    """The best so far begins at 0, which nats may be below."""
    sigma, best = list(sigmas)[0], 0.0
    for s in sigmas:
        mean = float(log_p(valid, centres, s).mean())
        if mean > best:
            sigma, best = s, mean
    return sigma, best


@wrong("on_the_test_set")
def of_table1__sigma_from_test(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, mean = parzen.choose_sigma(test, centres, sigmas)
    return sigma, mean, float(log_p(test, centres, sigma).std() / np.sqrt(len(test)))


@wrong("mean_of_valid")
def of_table1__mean_of_valid(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, mean = parzen.choose_sigma(valid, centres, sigmas)
    return sigma, mean, float(log_p(test, centres, sigma).std() / np.sqrt(len(test)))


@wrong("deviation")
def of_table1__spread_for_error(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    nats = log_p(test, centres, sigma)
    return sigma, nats.mean(), nats.std()


@wrong("divided_by_m")
def of_table1__divided_by_the_number(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    nats = log_p(test, centres, sigma)
    return sigma, nats.mean(), nats.std() / len(nats)


@wrong("root_of_valid")
def of_table1__root_of_valid(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    nats = log_p(test, centres, sigma)
    return sigma, nats.mean(), nats.std() / np.sqrt(len(valid))


@wrong("variance")
def of_table1__variance(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    nats = log_p(test, centres, sigma)
    return sigma, nats.mean(), nats.var() / np.sqrt(len(nats))


@wrong("own_sigmas")
def of_table1__default_sigmas(valid, test, centres, sigmas=parzen.SIGMAS):
    sigma, _ = parzen.choose_sigma(valid, centres)
    nats = log_p(test, centres, sigma)
    return sigma, nats.mean(), nats.std() / np.sqrt(len(nats))
