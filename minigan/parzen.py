"""Gaussian Parzen windows: the log-likelihood of Table 1, by the protocol of the paper's authors.

A generator's samples s_1 ... s_n, each widened to a normal distribution, stand for p_g:

    log p(x) = log 1/n sum_i exp(-|x - s_i|^2 / 2 sigma^2) - d log(sigma sqrt(2 pi))       in nats

Mind what it measures (Theis et al. 2016): on MNIST 10,000 real images as centres score 241 and k-means
centroids more, and the number of centres is a part of the score.  Sigma is a part of it too: near its best
value sigma* the mean falls by about d (log sigma / sigma*)^2, so a coarse grid of sigmas loses nats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log, pi, sqrt

from minigan.backend import xp_of
from minigan.errors import InputError
from minigan.tensor import Array

ROWS, CENTRES = 1000, 500  # of one matrix product: 4 MB
PRODUCTS = [(ROWS, 784, CENTRES)]  # what is tried to see how many threads pay
KEPT = 10_000_000  # pairs whose distances are kept, where they serve several passes: 80 MB
SIGMAS = tuple(10 ** (i / 9 - 1) for i in range(10))  # logspace(-1, 0, 10), the authors' grid
STEPS, CLOSE = 100, 1e-4  # refining ends when log sigma moves by less


def log_likelihood(x: Array, centres: Array, sigma: float) -> Array:
    """log p for each row of x: (m,), in nats, float64.        x (m, d), centres (n, d)

    In chunks, so the memory beside the data does not grow with them: 100 MB for images of MNIST.
    InputError for sigma <= 0, no centres, shapes that do not fit, numbers that are not finite.
    """
    return log_likelihoods(x, centres, [sigma])[0]


def log_likelihoods(x: Array, centres: Array, sigmas: Sequence[float]) -> Array:
    """`log_likelihood` at each sigma: (sigmas, m).  All are made of the same squared distances.

    InputError for shapes that do not fit, no examples, numbers that are not finite, or an extreme sigma.
    """
    _check(x, centres, sigmas)
    return _log_p(_Pairs(x, centres), sigmas)


def choose_sigma(valid: Array, centres: Array, sigmas: Iterable[float] = SIGMAS) -> tuple[float, float]:
    """The sigma with the largest mean log-likelihood of the validation examples, and that mean in nats.

    The authors give the first 1,000 validation images and `SIGMAS`.  The sum in log p is at least its
    largest term and at most n times that, so the nearest centre alone tells log p to within log n.  A sigma
    that is behind another by more than this cannot be the best, and nothing else is computed for it.
    InputError where there is none to choose from, and as `log_likelihoods`.
    """
    sigmas = list(sigmas)
    if not sigmas:
        raise InputError("sigmas: expected one or more to choose from, got none")
    _check(valid, centres, sigmas)
    pairs = _Pairs(valid, centres, keep=True)
    nearest = pairs.mean_nearest()
    least = [-nearest / sigma**2 - pairs.d * log(sigma) for sigma in sigmas]
    enough = max(least) - log(pairs.n) - 1e-6  # the last for rounding
    sigmas = [sigma for sigma, of_nearest in zip(sigmas, least, strict=True) if of_nearest >= enough]
    means = _log_p(pairs, sigmas).mean(axis=1).tolist()
    best = max(means)
    return sigmas[means.index(best)], best


def refine_sigma(valid: Array, centres: Array, sigma: float) -> tuple[float, float]:
    """The best sigma on the hill where this one stands, and the mean log-likelihood of `valid` there.

    Where the mean is largest, sigma^2 d is the squared distance to the centres: its mean over the examples,
    each centre weighted by its share w_i in p(x).  Setting sigma^2 to that mean is one step of EM: the
    log-likelihood never falls, and next to the top three or four steps are enough.
    InputError where no sigma is best: every example is a centre, and the narrower the windows the better.
    """
    _check(valid, centres, [sigma])
    pairs = _Pairs(valid, centres, keep=True)
    for _ in range(STEPS):
        log_p = _log_p(pairs, [sigma])[0]
        squared = pairs.mean_weighted(sigma, log_p)
        if not squared > 1e-12 * float((pairs.x**2).sum(axis=1).mean()):
            raise InputError(
                "sigma: every example is itself a centre, so the smaller the better; none is best"
            )
        before, sigma = sigma, sqrt(squared / pairs.d)
        if abs(log(sigma / before)) < CLOSE:
            break
    return before, float(log_p.mean())


def of_table1(
    valid: Array, test: Array, centres: Array, sigmas: Iterable[float] = SIGMAS
) -> tuple[float, float, float]:
    """The sigma that `valid` chooses; the mean log-likelihood of `test` there, and its standard error: nats.

    A sigma that is chosen on the test examples flatters them.
    """
    sigma, _ = choose_sigma(valid, centres, sigmas)
    nats = log_likelihood(test, centres, sigma)
    return sigma, float(nats.mean()), float(nats.std()) / sqrt(len(test))


class _Pairs:
    """|x - s|^2 / 2 for every row of x and every centre, a tile at a time: (rows, (rows, centres)).

    keep: the tiles stay in memory, where they are not too many.
    """

    def __init__(self, x: Array, centres: Array, keep: bool = False) -> None:
        self.x, self.centres = x, centres
        (self.m, self.d), self.n = x.shape, len(centres)
        self._kept = list(self._tiles()) if keep and self.m * self.n <= KEPT else None

    def __iter__(self) -> Iterator[tuple[slice, Array]]:
        return iter(self._kept) if self._kept is not None else self._tiles()

    def _tiles(self) -> Iterator[tuple[slice, Array]]:
        """|x - s|^2 / 2 = [x, 1, |x|^2 / 2] . [-s, |s|^2 / 2, 1], one matrix product.

        In float64: divided by sigma^2, the numbers are near 10^4, and float32 would keep three decimals.
        """
        for i in range(0, self.m, ROWS):
            rows = slice(i, min(i + ROWS, self.m))
            a = _widened(self.x[rows])
            a[:, -2], a[:, -1] = 1, _squares(a[:, :-2]) / 2
            for j in range(0, self.n, CENTRES):
                b = _widened(self.centres[j : j + CENTRES])
                b[:, -2], b[:, -1] = _squares(b[:, :-2]) / 2, 1
                b[:, :-2] *= -1
                yield rows, a @ b.T

    def mean_nearest(self) -> float:
        """Half the squared distance to the nearest centre, mean over the rows."""
        xp = xp_of(self.x)
        nearest = xp.full(self.m, xp.inf)
        for rows, half in self:
            nearest[rows] = xp.minimum(nearest[rows], half.min(axis=1))
        return float(nearest.mean())

    def mean_weighted(self, sigma: float, log_p: Array) -> float:
        """The squared distance to the centres, each weighted by its share in p(x); mean over the rows."""
        total, log_sum = 0.0, log_p + _log_factor(self, sigma)
        for rows, half in self:
            weight = _exp(half / -(sigma**2) - log_sum[rows, None])
            total = total + (weight * half).sum()
        return 2 * float(total) / self.m


def _log_p(pairs: _Pairs, sigmas: Sequence[float]) -> Array:
    """log p at each sigma, (sigmas, m): the sums relative to the nearest centre so far, so none overflows."""
    xp = xp_of(pairs.x)
    nearest, totals = xp.full(pairs.m, xp.inf), xp.zeros((len(sigmas), pairs.m))
    for rows, half in pairs:
        before = nearest[rows]
        now = xp.minimum(before, half.min(axis=1))
        beyond = half - now[:, None]
        for total, sigma in zip(totals, sigmas, strict=True):
            total[rows] *= xp.exp((now - before) / sigma**2)
            total[rows] += _exp(beyond / -(sigma**2)).sum(axis=1)
        nearest[rows] = now
    log_p = xp.log(totals)
    for of_sigma, sigma in zip(log_p, sigmas, strict=True):
        of_sigma -= nearest / sigma**2 + _log_factor(pairs, sigma)
    return log_p


def _exp(a: Array) -> Array:
    """exp(a), in its place, but 1e-304 at least: numbers still smaller lack bits, and exp is slow there."""
    xp = xp_of(a)
    return xp.exp(xp.maximum(a, -700, out=a), out=a)


def _log_factor(pairs: _Pairs, sigma: float) -> float:
    """What the sum of a density's terms is divided by: log(n (sigma sqrt(2 pi))^d)"""
    return log(pairs.n) + pairs.d * log(sigma * sqrt(2 * pi))


def _widened(a: Array) -> Array:
    """[a, 0, 0] in float64: (n, d + 2)"""
    b = xp_of(a).zeros((len(a), a.shape[1] + 2))
    b[:, :-2] = a
    return b


def _squares(a: Array) -> Array:
    return xp_of(a).einsum("nd,nd->n", a, a)


def _check(x: Array, centres: Array, sigmas: Sequence[float]) -> None:
    for sigma in sigmas:
        if not 1e-100 < sigma < 1e100:  # its square is a number too
            raise InputError(f"sigma: expected a number above 0 that is not extreme, got {sigma}")
    if x.ndim != 2 or centres.ndim != 2 or x.shape[1] != centres.shape[1]:
        raise InputError(f"expected x (m, d) and centres (n, d), got {x.shape} and {centres.shape}")
    for name, a in (("x", x), ("centres", centres)):
        if not a.size:
            raise InputError(f"{name}: expected one example or more, got {a.shape}")
        if not xp_of(a).isfinite(a).all():
            raise InputError(f"{name}: some numbers are not finite")
