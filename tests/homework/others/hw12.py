"""hw12: other answers."""

import math
from math import lgamma, log, pi, sqrt

import numpy as np

from minigan import parzen

from . import right, wrong

# Right -------------------------------------------------------------------------------------------------


@right
def log_likelihood__loops(x, centres, sigma):
    out = []
    for row in x.astype(float):
        logs = []
        for s in centres.astype(float):
            logs.append(
                -math.fsum((row - s) ** 2) / 2 / sigma / sigma - len(s) * (log(sigma) + 0.5 * log(2 * pi))
            )
        out.append(max(logs) + log(sum(math.exp(a - max(logs)) for a in logs) / len(logs)))
    return np.array(out)


@right
def log_likelihood__scaled_first(x, centres, sigma):
    x, s = x / np.float64(sigma), centres / np.float64(sigma)
    u = -0.5 * np.stack([((x - c) ** 2).sum(-1) for c in s], axis=-1)
    return np.logaddexp.reduce(u, axis=-1) - log(len(s)) - x.shape[-1] * log(sqrt(2 * pi) * sigma)


@right
def log_likelihood__running_maximum(x, centres, sigma):
    top, total = np.full(len(x), -np.inf), np.zeros(len(x))
    for c in centres.astype(np.float64):
        a = -((x - c) ** 2).sum(axis=1) / (2 * sigma**2)
        now = np.maximum(top, a)
        total = total * np.exp(top - now) + np.exp(a - now)
        top = now
    return top + np.log(total / len(centres)) - x.shape[1] * np.log(np.sqrt(2 * np.pi) * sigma)


@right
def log_likelihood__in_pieces(x, centres, sigma):
    norm = -len(centres[0]) * np.log(sigma * np.sqrt(2 * np.pi)) - np.log(len(centres))
    out = np.full(len(x), -np.inf)
    for i in range(0, len(centres), 64):
        part = centres[i : i + 64].astype(np.float64)
        a = -((x.astype(np.float64)[:, None] - part[None]) ** 2).sum(-1) / (2.0 * sigma * sigma) + norm
        out = np.logaddexp(out, np.logaddexp.reduce(a, axis=1))
    return out


@right
def choose_sigma__max_of_pairs(valid, centres, sigmas):
    pairs = [(float(parzen.log_likelihood(valid, centres, s).mean()), s) for s in sigmas]
    mean, sigma = max(pairs)
    return sigma, mean


@right
def choose_sigma__a_dict(valid, centres, sigmas):
    means = {s: np.mean(parzen.log_likelihood(valid, centres, s)) for s in sorted(sigmas, reverse=True)}
    best = sorted(means, key=means.get)[-1]
    return np.float64(best), means[best]


@right
def of_table1__numpy_numbers(valid, test, centres, sigmas):
    sigma = parzen.choose_sigma(valid, centres, sigmas)[0]
    nats = parzen.log_likelihood(test, centres, sigma)
    return np.array([sigma, nats.mean(), nats.std() / np.sqrt(nats.size)])


@right
def of_table1__by_hand(valid, test, centres, sigmas):
    means = [sum(parzen.log_likelihood(valid, centres, s)) / len(valid) for s in sigmas]
    sigma = sigmas[means.index(max(means))]
    nats = parzen.log_likelihood(test, centres, sigma)
    mean = sum(nats) / len(nats)
    return sigma, mean, sqrt(sum((nats - mean) ** 2) / (len(nats) - 1) / len(nats))


# Wrong -------------------------------------------------------------------------------------------------


def log_windows(x, centres, sigma):
    d = ((x[:, None, :].astype(float) - centres[None].astype(float)) ** 2).sum(-1)
    return -d / (2 * sigma**2) - centres.shape[1] * log(sigma * sqrt(2 * pi))


def logsumexp(a):
    top = a.max(axis=1, keepdims=True)
    return (top + np.log(np.exp(a - top).sum(axis=1, keepdims=True)))[:, 0]


@wrong("sum_for_mean")
def log_likelihood__logsumexp(x, centres, sigma):
    return logsumexp(log_windows(x, centres, sigma))


@wrong("exp_before_max")
def log_likelihood__as_the_formula_reads(x, centres, sigma):
    return np.log(np.exp(log_windows(x, centres, sigma)).mean(axis=1))


@wrong("exp_before_max")
def log_likelihood__scipy_would(x, centres, sigma):
    p = np.zeros(len(x))
    for s in centres:
        r = np.linalg.norm(x - s.astype(float), axis=1) / sigma
        p += np.exp(-r * r / 2)
    return np.log(p / len(centres)) - len(centres[0]) * log(sigma * sqrt(2 * pi))


@wrong("tiny_added")
def log_likelihood__with_an_epsilon(x, centres, sigma):
    p = np.exp(log_windows(x, centres, sigma)).mean(axis=1)
    return np.log(p + 1e-300)


@wrong("one_dimension_factor")
def log_likelihood__a_line(x, centres, sigma):
    d = ((x[:, None, :].astype(float) - centres[None]) ** 2).sum(-1)
    return logsumexp(-d / (2 * sigma**2)) - log(len(centres)) - log(sigma * sqrt(2 * pi))


@wrong("no_factor")
def log_likelihood__unnormalised(x, centres, sigma):
    d = ((x[:, None, :].astype(float) - centres[None]) ** 2).sum(-1)
    return logsumexp(-d / (2 * sigma**2)) - log(len(centres))


@wrong("mean_of_logs")
def log_likelihood__averages_logs(x, centres, sigma):
    return log_windows(x, centres, sigma).mean(axis=1)


@wrong("nearest_only")
def log_likelihood__nearest(x, centres, sigma):
    return log_windows(x, centres, sigma).max(axis=1) - log(len(centres))


@wrong("forgets_the_2")
def log_likelihood__a_heat_kernel(x, centres, sigma):
    a = log_windows(x, centres, sigma)
    norm = centres.shape[1] * log(sigma * sqrt(2 * pi))
    return logsumexp(2 * (a + norm) - norm) - log(len(centres))


@wrong("one_maximum_for_all")
def log_likelihood__global_shift(x, centres, sigma):
    a = log_windows(x, centres, sigma)
    return np.log(np.exp(a - a.max()).mean(axis=1)) + a.max()


@wrong()
def log_likelihood__a_ball(x, centres, sigma):
    """The volume of a ball in the place of the normal distribution's factor."""
    d = centres.shape[1]
    a = log_windows(x, centres, sigma) + d * log(sigma * sqrt(2 * pi))
    return logsumexp(a) - log(len(centres)) - (d / 2 * log(pi) - lgamma(d / 2 + 1) + d * log(sigma))


@wrong("float32")
def log_likelihood__keeps_the_dtype(x, centres, sigma):
    return logsumexp(log_windows(x, centres, sigma) - log(len(centres))).astype(x.dtype)


@wrong("writes_into_centres", "float32")
def log_likelihood__scales_in_place(x, centres, sigma):
    x /= sigma
    centres /= sigma
    a = -((x[:, None].astype(float) - centres) ** 2).sum(-1) / 2
    return logsumexp(a) - log(len(centres)) - centres.shape[1] * log(sigma * sqrt(2 * pi))


@wrong("stops_at_the_first_fall")
def choose_sigma__climbs(valid, centres, sigmas):
    best = sigmas[0], parzen.log_likelihood(valid, centres, sigmas[0]).mean()
    for sigma in sigmas[1:]:
        mean = parzen.log_likelihood(valid, centres, sigma).mean()
        if mean <= best[1]:
            break
        best = sigma, mean
    return best


@wrong("swapped")
def choose_sigma__mean_first(valid, centres, sigmas):
    return max((parzen.log_likelihood(valid, centres, s).mean(), s) for s in sigmas)


@wrong("float32")
def log_likelihood__product_in_float32(x, centres, sigma):
    squared = (x * x).sum(1)[:, None] + (centres * centres).sum(1) - 2 * x @ centres.T
    a = -squared.astype(float) / (2 * sigma**2)
    return np.logaddexp.reduce(a, axis=1) - log(len(centres) * (sigma * sqrt(2 * pi)) ** x.shape[1])


@wrong("float32")
def log_likelihood__all_in_float32(x, centres, sigma):
    x, centres = x.astype(np.float32), centres.astype(np.float32)
    logs = np.zeros(len(x))
    for j in range(len(x)):
        a = -(((x[j] - centres) / np.float32(sigma)) ** 2).sum(1) / 2
        logs[j] = a.max() + np.log(np.exp(a - a.max()).mean())
    return logs - x.shape[1] * log(sigma * sqrt(2 * pi))


@wrong("loss")
def choose_sigma__a_loss(valid, centres, sigmas):
    loss, sigma = min((-parzen.log_likelihood(valid, centres, s).mean(), s) for s in sigmas)
    return sigma, loss


@wrong("starts_from_0")
def choose_sigma__above_zero(valid, centres, sigmas):
    best, chosen = 0.0, sigmas[0]
    for s in sigmas:
        mean = parzen.log_likelihood(valid, centres, s).mean()
        if mean > best:
            best, chosen = mean, s
    return chosen, best


@wrong()
def choose_sigma__between(valid, centres, sigmas):
    """A finer sigma than the list has."""
    sigma, _ = parzen.refine_sigma(valid, centres, parzen.choose_sigma(valid, centres, sigmas)[0])
    return sigma, parzen.log_likelihood(valid, centres, sigma).mean()


@wrong("on_the_test_set")
def of_table1__best_on_test(valid, test, centres, sigmas):
    sigma, mean = parzen.choose_sigma(test, centres, sigmas)
    nats = parzen.log_likelihood(test, centres, sigma)
    return sigma, mean, nats.std() / sqrt(len(test))


@wrong("mean_of_valid")
def of_table1__of_valid(valid, test, centres, sigmas):
    sigma, mean = parzen.choose_sigma(valid, centres, sigmas)
    return sigma, mean, parzen.log_likelihood(test, centres, sigma).std() / sqrt(len(test))


@wrong("deviation")
def of_table1__std(valid, test, centres, sigmas):
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    nats = parzen.log_likelihood(test, centres, sigma)
    return sigma, nats.mean(), nats.std()


@wrong("divided_by_m")
def of_table1__std_over_m(valid, test, centres, sigmas):
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    nats = parzen.log_likelihood(test, centres, sigma)
    return sigma, nats.mean(), nats.std() / len(test)


@wrong()
def of_table1__of_both_errors(valid, test, centres, sigmas):
    """The error of all examples together."""
    sigma, _ = parzen.choose_sigma(valid, centres, sigmas)
    of_test, of_valid = (parzen.log_likelihood(x, centres, sigma) for x in (test, valid))
    both = np.concatenate([of_test, of_valid])
    return sigma, of_test.mean(), both.std() / sqrt(len(both))
