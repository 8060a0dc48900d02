"""Random numbers: what defines them, that every library draws the same bits, and that they are random."""

import math
from statistics import NormalDist

import numpy as np
import pytest

import minigan.random
from minigan.backend import Backend, to_host
from minigan.errors import InputError
from minigan.homework.judging.strict_cupy import counting, no_sync, strict_backend
from minigan.random import Streams

both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


# What defines a stream -------------------------------------------------------------------------------


def philox(counter, key):
    """Philox4x64-10 on Python's integers."""
    (a, b, c, d), (seed, purpose), mask = counter, key, 2**64 - 1
    for _ in range(10):
        x, y = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = (y >> 64) ^ b ^ seed, y & mask, (x >> 64) ^ d ^ purpose, x & mask
        seed, purpose = (seed + 0x9E3779B97F4A7C15) & mask, (purpose + 0xBB67AE8584CAA73B) & mask
    return [a, b, c, d]


def words(stream, n):
    return to_host(stream._draw(minigan.random.WORDS, n))


def test_known_answers_of_philox():
    """From the file kat_vectors of its authors' library, Random123."""
    zeros = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert philox([0] * 4, [0] * 2) == zeros
    ones = [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0]
    assert philox([2**64 - 1] * 4, [2**64 - 1] * 2) == ones


@pytest.mark.parametrize(
    ("seed", "purpose", "step", "number"),
    [
        (1, "noise", 3, 0x6E6F697365),
        (0, "a", 0, 0x61),
        (2**64 - 1, "ABCDabcd", 2**64 - 1, 0x4142434461626364),
    ],
)
def test_a_stream_is_philox_of_seed_purpose_and_step(seed, purpose, step, number):
    blocks = [philox([i, 0, step, 0], [seed, number]) for i in (1, 2, 3)]
    halves = [half for block in blocks for x in block for half in (x & 0xFFFFFFFF, x >> 32)]
    assert words(Streams(seed, Backend())(purpose, step), 24).tolist() == halves


@both_dtypes
def test_pinned_values(dtype):
    """If these change, a seed no longer means the same run: users must be told."""

    def stream():
        return Streams(1, Backend(dtype=dtype))("noise", 3)

    uniform = [0.9749312996864319, 0.24836617708206177, 0.6423505544662476, 0.05928701162338257]
    normal = [-0.0023131135184323573, -0.8763444031513914, -0.511278120498674, 0.9236053068281668]
    assert stream().uniform(4).tolist() == uniform
    assert stream().normal(4).tolist() == np.array(normal, dtype).tolist()
    assert stream().mask(8, 0.8).tolist() == [0, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25]
    assert stream().permutation(8).tolist() == [1, 4, 2, 5, 0, 3, 7, 6]


@both_dtypes
def test_what_each_draw_makes_of_the_words(dtype):
    streams, real = Streams(7, Backend(dtype=dtype)), np.dtype(dtype).type
    w = words(streams("a"), 2000)
    u = (w >> 8).astype(np.float32) * np.float32(2**-24)
    np.testing.assert_array_equal(streams("a").uniform(2000), u.astype(dtype), strict=True)
    np.testing.assert_array_equal(
        streams("a").uniform(2000, -0.3, 0.5), u.astype(dtype) * real(0.8) + real(-0.3), strict=True
    )
    np.testing.assert_array_equal(
        streams("a").mask(2000, 0.3), np.where(u < np.float32(0.3), real(1 / 0.3), real(0)), strict=True
    )
    keys = w[0::2].astype(np.uint64) | w[1::2].astype(np.uint64) << np.uint64(32)
    order = streams("a").permutation(1000)
    np.testing.assert_array_equal(order, np.argsort(keys, kind="stable").astype(np.int64), strict=True)
    radius = np.sqrt(-2 * np.log((w[0::2] + 0.5) / 2**32))
    normal = radius * np.cos(2 * np.pi * (w[1::2] / 2**32 - 0.5))
    assert streams("a").normal(1000).dtype == dtype
    np.testing.assert_allclose(
        streams("a").normal(1000), normal, rtol=0, atol=1e-9 if dtype == "float64" else 3e-7
    )


def test_normal_is_accurate_for_extreme_words():
    ends = np.array([0, 1, 2**16, 2**30, 2**31 - 1, 2**31, 2**31 + 1, 3 * 2**30, 2**32 - 2, 2**32 - 1])
    first, second = (a.ravel() for a in np.meshgrid(ends, ends))
    got = minigan.random._box_muller(np.stack([first, second], axis=1).ravel().astype(np.uint32))
    minus_log = [-math.log1p(-(2**32 - w - 0.5) / 2**32) for w in first.tolist()]  # exact close to u = 1
    want = np.sqrt(np.multiply(2, minus_log)) * np.cos(2 * np.pi * (second / 2**32 - 0.5))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)
    assert abs(got).max() < 6.77


def test_a_draw_goes_on_where_the_last_one_ended():
    streams = Streams(3, Backend())
    whole = words(streams("a"), 100)
    stream = streams("a")
    stream.uniform((3, 3)), stream.mask(2, 0.5), stream.normal(5), stream.permutation(3), stream.uniform(())
    assert words(stream, 10).tolist() == whole[9 + 2 + 10 + 6 + 1 :][:10].tolist()


@pytest.mark.parametrize("shape", [(), 0, 5, (5,), (2, 0, 3), (2, 3)])
def test_shapes(shape):
    stream = Streams(1, Backend())("a")
    for x in (stream.uniform(shape), stream.normal(shape), stream.mask(shape, 0.5)):
        assert type(x) is np.ndarray and x.shape == np.empty(shape).shape and x.dtype == np.float32


def test_a_float64_net_sees_the_numbers_of_a_float32_net():
    f, d = (Streams(1, Backend(dtype=dtype)) for dtype in ("float32", "float64"))
    assert (f("a").uniform(1000) == d("a").uniform(1000)).all()
    assert ((f("a").mask(1000, 0.3) > 0) == (d("a").mask(1000, 0.3) > 0)).all()
    assert (f("a").normal(1000) == d("a").normal(1000).astype(np.float32)).all()


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", None])
def test_a_wrong_seed_is_an_input_error(seed):
    with pytest.raises(InputError, match=r"seed: expected an integer from 0 to 2\^64 - 1, got"):
        Streams(seed, Backend())


@pytest.mark.parametrize("purpose", ["", "ninechars", "two words", "x1", "größe"])
def test_a_wrong_purpose(purpose):
    with pytest.raises(ValueError, match="one to eight ASCII letters"):
        Streams(1, Backend())(purpose)


@pytest.mark.parametrize("step", [-1, 2**64])
def test_a_wrong_step(step):
    with pytest.raises(ValueError, match="step"):
        Streams(1, Backend())("a", step)


@pytest.mark.parametrize("keep", [0, -0.1, 1.1, math.nan])
def test_a_wrong_probability_of_keeping(keep):
    with pytest.raises(ValueError, match="keep"):
        Streams(1, Backend())("a").mask(3, keep)


# The same bits from every library --------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize(
    ("seed", "purpose", "step"),
    [(0, "a", 0), (1, "noise", 3), (2**63 + 1, "dropout", 2**40), (2**64 - 1, "zzzzzzzz", 2**64 - 1)],
)
def test_the_same_bits_as_numpy(gpu, dtype, seed, purpose, step):
    ours = Streams(seed, gpu(dtype))(purpose, step)
    theirs = Streams(seed, Backend(dtype=dtype))(purpose, step)
    draws = [
        lambda s: s.uniform((3, 7), -(3**0.5), 3**0.5),
        lambda s: s.mask((10, 51), 0.8),
        lambda s: s.normal((5, 5)),
        lambda s: s.uniform(()),
        lambda s: s.permutation(300),
        lambda s: s.uniform(0),
        lambda s: s.mask(256, 1.0),
        lambda s: s.normal(1),
        lambda s: s.normal(100_000),
        lambda s: s.mask(1, 0.5),
        lambda s: s.permutation(1),
        lambda s: s.permutation(0),
        lambda s: s.uniform(1023, 0.1, 0.3),
        lambda s: s._draw(minigan.random.WORDS, 77),
        lambda s: s.dropout(s._xp.ones((7, 11), s.dtype), 0.3)[0],
        lambda s: s.dropout(s._xp.ones(3, s.dtype), 0.5)[1],
        lambda s: s.uniform(9),
    ]
    for draw in draws:
        got, want = draw(ours), draw(theirs)
        assert type(got) is ours._xp.ndarray
        np.testing.assert_array_equal(to_host(got), want, strict=True)


@both_dtypes
def test_a_mask_compares_in_float32(gpu, dtype):
    u = float(Streams(4, Backend())("mask").uniform(1)[0])
    for keep, kept in [(u, False), (math.nextafter(u, 1), False), (u + 2**-24, True), (u - 2**-24, False)]:
        for backend in (Backend(dtype=dtype), gpu(dtype)):
            assert (to_host(Streams(4, backend)("mask").mask(1, keep))[0] > 0) == kept


def test_a_number_as_large_as_the_probability_is_not_kept(gpu):
    """u = keep to the last bit of the word that u comes from, which one word in 256 has at 0."""
    step = next(t for t in range(10_000) if Streams(4, Backend())("mask", t)._words(1)[0] % 256 == 0)
    keep = float(Streams(4, Backend())("mask", step).uniform(1)[0])
    for backend in (Backend(), gpu("float32")):
        assert to_host(Streams(4, backend)("mask", step).mask(1, keep))[0] == 0


def test_one_launch_a_draw_no_wait_and_nothing_copied():
    stream = Streams(1, strict_backend())("a")
    with counting() as counts, no_sync():
        stream.uniform((3, 3), -1, 1), stream.mask(5, 0.5), stream.normal(7)
    assert (counts.launches, counts.bytes_copied) == (3, 0)


# That they are random: at six standard deviations, a right generator fails once in 500 million -------


def within_six_sigma(mean, expected, sigma, n):
    assert abs(mean - expected) < 6 * sigma / n**0.5


def test_uniform_has_the_moments_and_the_distribution():
    n = 300_000
    x = Streams(11, Backend(dtype="float64"))("uniform").uniform(n, -1, 3)
    assert x.min() >= -1 and x.max() < 3
    within_six_sigma(x.mean(), 1, 4 / 12**0.5, n)
    within_six_sigma(((x - 1) ** 2).mean(), 16 / 12, 16 / 180**0.5, n)
    within_six_sigma((x[1:] - 1) @ (x[:-1] - 1) / n, 0, 16 / 12, n)
    assert kolmogorov(x, lambda x: (x + 1) / 4) < 3.3


def test_normal_has_the_moments_the_distribution_and_the_tails():
    n = 1_000_000
    z = Streams(12, Backend(dtype="float64"))("normal").normal(n)
    for power, expected, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        within_six_sigma((z**power).mean(), expected, variance**0.5, n)
    within_six_sigma(z[1:] @ z[:-1] / n, 0, 1, n)
    assert kolmogorov(z[:100_000], np.vectorize(NormalDist().cdf)) < 3.3
    for bound in (1, 2, 3, 4):
        p = 1 - NormalDist().cdf(bound)
        for tail in (z > bound, z < -bound):
            within_six_sigma(tail.mean(), p, (p * (1 - p)) ** 0.5, n)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.8, 1.0])
def test_mask_has_mean_one(keep):
    n = 300_000
    mask = Streams(13, Backend())("mask").mask((n // 100, 100), keep)
    assert set(np.unique(mask)) <= {0, np.float32(1 / keep)}
    within_six_sigma(mask.mean(dtype=float), 1, max(1 / keep - 1, 1e-9) ** 0.5, n)


def test_every_permutation_is_equally_likely():
    streams, n = Streams(14, Backend()), 24_000
    codes = [tuple(streams("order", step).permutation(4).tolist()) for step in range(n)]
    counts = np.unique(codes, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    chi_square = ((counts - n / 24) ** 2 / (n / 24)).sum()
    assert chi_square < 23 + 6 * 46**0.5


def test_purposes_steps_and_seeds_are_independent():
    n, backend = 100_000, Backend(dtype="float64")
    streams = Streams(15, backend)
    draws = [
        *(streams(purpose) for purpose in ("noise", "noisf", "esion", "dropout", "a", "aa")),
        *(streams("noise", step) for step in (1, 2, 2**32, 2**63)),
        *(Streams(seed, backend)("noise") for seed in (14, 16, 15 + 2**32, 15 + 2**63)),
    ]
    x = np.stack([stream.uniform(n) for stream in draws]) * 12**0.5 - 3**0.5
    correlations = (x @ x.T / n)[np.triu_indices(len(draws), 1)]
    assert abs(correlations).max() < 6 / n**0.5


def test_the_first_numbers_of_the_steps_are_random_too():
    streams, n = Streams(16, Backend(dtype="float64")), 20_000
    x = np.array([streams("noise", step).uniform(2) for step in range(n)])
    assert kolmogorov(x[:, 0], lambda x: x) < 3.3
    within_six_sigma(((x[1:, 0] - 0.5) * (x[:-1, 0] - 0.5)).mean(), 0, 1 / 12, n)
    within_six_sigma(((x[:, 0] - 0.5) * (x[:, 1] - 0.5)).mean(), 0, 1 / 12, n)


def kolmogorov(x, cdf):
    """sqrt(n) max |empirical - expected distribution|; above 3.3 once in a thousand million."""
    n = len(x)
    expected = cdf(np.sort(x))
    return n**0.5 * max(abs(expected - np.arange(n) / n).max(), abs(expected - np.arange(1, n + 1) / n).max())


# What is kept, to the last bit ------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("low", [0.5, 0.25, 0.125, 0.0])
def test_mask_and_dropout_keep_where_u_is_below_keep_in_float32(gpu, dtype, low):
    """float32 has 24 bits from the first 1 on, and u has 24 after the point: below 1/2 keep is finer."""
    high = 2 * low or 0.125
    draws = ((t, float(Streams(4, Backend())("mask", t).uniform(1)[0])) for t in range(10_000))
    t, u = next((t, u) for t, u in draws if low < u < high)
    finer = 2**-25 if low < 0.5 else 2**-24
    for keep, kept in [(u, False), (u + 2**-40, False), (u + finer, True), (u - 2**-24, False)]:
        for backend in (Backend(dtype=dtype), gpu(dtype)):
            x = backend.asarray(np.ones(1, dtype))
            for result in (
                Streams(4, backend)("mask", t).mask(1, keep),
                *Streams(4, backend)("mask", t).dropout(x, keep),
            ):
                assert (to_host(result)[0] > 0) == kept, (u, keep)


@both_dtypes
def test_dropout_hides_nothing(gpu, dtype):
    """NaN and infinity stay, or become NaN where the mask is 0: 0 inf is no number."""
    for backend in (Backend(dtype=dtype), gpu(dtype)):
        x = backend.asarray(np.repeat([np.nan, np.inf, -np.inf], 40).astype(dtype))
        with np.errstate(invalid="ignore"):
            y, mask = map(to_host, Streams(1, backend)("dropout").dropout(x, 0.5))
        assert 0 < (mask > 0).sum() < 120 and not np.isfinite(y).any()
        assert (np.isnan(y[40:]) == (mask[40:] == 0)).all() and np.isnan(y[:40]).all()
