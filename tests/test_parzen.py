"""parzen.py: the log-likelihood against its definition, against published numbers, and what is refused."""

import tracemalloc
from math import log, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import parzen
from minigan.backend import to_host
from minigan.errors import InputError


def by_definition(x, centres, sigma):
    """The formula, centre by centre, in float64 and with the differences themselves."""
    x, centres = x.astype(np.float64), centres.astype(np.float64)
    n, d = centres.shape
    exponents = np.array([[-((row - s) ** 2).sum() / (2 * sigma**2) for s in centres] for row in x])
    largest = exponents.max(axis=1)
    total = np.exp(exponents - largest[:, None]).sum(axis=1)
    return largest + np.log(total) - log(n) - d * log(sigma * sqrt(2 * pi))


def images(n, d=784, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).random((n, d)).astype(dtype)


@given(
    m=st.integers(1, 6),
    n=st.integers(1, 9),
    d=st.integers(1, 5),
    sigma=st.sampled_from([0.01, 0.3, 1.0, 20.0]),
    seed=st.integers(0, 99),
)
def test_it_is_the_definition(m, n, d, sigma, seed):
    x, centres = images(m, d, seed), images(n, d, seed + 100)
    np.testing.assert_allclose(
        parzen.log_likelihood(x, centres, sigma), by_definition(x, centres, sigma), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_in_784_dimensions_at_sigma_a_tenth(backend, dtype):
    x, centres = images(5, dtype=dtype), images(40, seed=1, dtype=dtype)
    found = parzen.log_likelihood(backend.asarray(x), backend.asarray(centres), 0.1)
    assert isinstance(found, backend.xp.ndarray) and found.dtype == np.float64
    np.testing.assert_allclose(to_host(found), by_definition(x, centres, 0.1), rtol=0, atol=1e-6)


def test_one_centre_is_the_normal_distribution():
    x, centre, sigma = np.array([[3.0, 4.0]]), np.zeros((1, 2)), 2.0
    expected = -25 / 8 - 2 * log(2 * sqrt(2 * pi))
    assert parzen.log_likelihood(x, centre, sigma)[0] == pytest.approx(expected, abs=1e-12)


def test_it_is_a_density():
    x = np.linspace(-8, 9, 4001)[:, None]
    density = np.exp(parzen.log_likelihood(x, np.array([[0.0], [0.5], [2.0]]), 0.7))
    assert density.sum() * (x[1, 0] - x[0, 0]) == pytest.approx(1, abs=1e-9)


def test_chunks_change_nothing(monkeypatch):
    x, centres = images(23, 6), images(31, 6, seed=1)
    centres[20:] += 5  # the largest term comes late for some rows, early for others
    x[10:] += 5
    whole = parzen.log_likelihood(x, centres, 0.05)
    monkeypatch.setattr(parzen, "ROWS", 7)
    monkeypatch.setattr(parzen, "CENTRES", 4)
    chunked = parzen.log_likelihood(x, centres, 0.05)
    np.testing.assert_allclose(chunked, whole, rtol=1e-12)
    np.testing.assert_allclose(whole, by_definition(x, centres, 0.05), rtol=1e-9)


def test_far_away_it_is_finite():
    found = parzen.log_likelihood(np.full((1, 784), 50.0), np.zeros((3, 784)), 0.01)
    assert np.isfinite(found).all() and found[0] < -1e9


def test_all_sigmas_are_measured_as_each_alone(backend):
    x, centres = backend.asarray(images(7, 20)), backend.asarray(images(9, 20, seed=1))
    sigmas = [0.02, 0.3, 5.0]
    found = parzen.log_likelihoods(x, centres, sigmas)
    assert isinstance(found, backend.xp.ndarray) and found.shape == (3, 7)
    for of_sigma, sigma in zip(found, sigmas, strict=True):
        alone = by_definition(to_host(x), to_host(centres), sigma)
        np.testing.assert_allclose(to_host(of_sigma), alone, rtol=1e-9)


def test_inputs_are_left_as_they_were():
    x, centres = images(4, 3), images(5, 3, seed=1)
    copies = x.copy(), centres.copy()
    parzen.log_likelihood(x, centres, 0.1)
    parzen.refine_sigma(x, centres, parzen.choose_sigma(x, centres)[0])
    assert (x == copies[0]).all() and (centres == copies[1]).all()


@pytest.mark.parametrize(
    ("m", "n"), [(5000, 2400), (1000, 10_000)], ids=["96 MB of pairs", "80 MB of pairs, which are kept"]
)
def test_the_memory_is_bounded(m, n, monkeypatch):
    monkeypatch.setattr(parzen, "STEPS", 1)
    x, centres = images(m, 8), images(n, 8, seed=1)
    tracemalloc.start()
    try:
        parzen.log_likelihoods(x, centres, [1.0, 2.0])
        once = tracemalloc.get_traced_memory()[1]
        parzen.refine_sigma(x, centres, parzen.choose_sigma(x, centres, [0.3, 1.0])[0])
        several_times = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert once < 40e6 and several_times < 110e6


# Sigma -----------------------------------------------------------------------------------------------


def test_the_authors_grid():
    np.testing.assert_allclose(parzen.SIGMAS, np.logspace(-1, 0, 10), rtol=1e-12)


def test_sigma_is_the_best_of_those_given(backend):
    rng = np.random.default_rng(0)
    valid, centres = rng.normal(0, 0.3, (200, 1)), np.zeros((1, 1))
    valid, centres = backend.asarray(valid), backend.asarray(centres)
    sigma, mean = parzen.choose_sigma(valid, centres, [1.0, 0.3, 0.1])
    assert sigma == 0.3
    assert mean == pytest.approx(float(parzen.log_likelihood(valid, centres, 0.3).mean()), abs=1e-12)


@given(
    m=st.integers(1, 6),
    n=st.integers(1, 40),
    d=st.integers(1, 6),
    kept=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_sigma_that_was_passed_over_was_not_the_best(m, n, d, kept, seed):
    x, centres = images(m, d, seed), images(n, d, seed + 100)
    sigmas = np.random.default_rng(seed).uniform(0.01, 2, 50).tolist()
    means = [by_definition(x, centres, sigma).mean() for sigma in sigmas]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parzen, "KEPT", 10**6 if kept else 0)
        sigma, best = parzen.choose_sigma(x, centres, sigmas)
    assert sigma == sigmas[int(np.argmax(means))] and best == pytest.approx(max(means), abs=1e-8)


@pytest.mark.parametrize(("most", "passes"), [(5999, 2), (6000, 1)])
def test_distances_that_are_kept_are_computed_once(monkeypatch, most, passes):
    """Two passes over 20 x 300 pairs, where no more than `most` are kept."""
    begun, tiles = [], parzen._Pairs._tiles
    monkeypatch.setattr(parzen._Pairs, "_tiles", lambda pairs: begun.append(pairs) or tiles(pairs))
    monkeypatch.setattr(parzen, "KEPT", most)
    parzen.choose_sigma(images(20), images(300, seed=1), [0.1, 0.2])
    assert len(begun) == passes
    begun.clear()
    parzen.refine_sigma(images(20), images(300, seed=1), 0.2)
    assert (len(begun) == 1) == (passes == 1)
    begun.clear()
    parzen.log_likelihood(images(20), images(300, seed=1), 0.2)
    assert len(begun) == 1 and begun[0]._kept is None  # one pass needs none


def test_few_of_many_sigmas_are_measured(monkeypatch):
    measured = []
    log_p = parzen._log_p
    monkeypatch.setattr(
        parzen, "_log_p", lambda pairs, sigmas: measured.extend(sigmas) or log_p(pairs, sigmas)
    )
    sigma, _ = parzen.choose_sigma(images(20), images(300, seed=1), np.logspace(-1, 0, 100).tolist())
    assert sigma in measured and len(measured) < 12


@pytest.mark.parametrize("start", [0.05, 0.3, 4.0])
def test_refined_it_is_the_best_of_all(backend, start):
    valid, centres = backend.asarray(images(20)), backend.asarray(images(30, seed=1))
    sigma, best = parzen.refine_sigma(valid, centres, start)
    around = [sigma * np.exp(u) for u in (-0.01, -0.001, 0, 0.001, 0.01)]
    means = to_host(parzen.log_likelihoods(valid, centres, around).mean(axis=1))
    assert means.argmax() == 2 and means[2] == pytest.approx(best, abs=1e-9)


def test_of_one_centre_the_best_sigma_is_the_standard_deviation():
    valid, centre = np.random.default_rng(0).normal(0, 0.3, (200, 4)), np.zeros((1, 4))
    sigma, _ = parzen.refine_sigma(valid, centre, 1.0)
    assert sigma == pytest.approx(np.sqrt((valid**2).mean()), rel=1e-12)


def test_in_many_dimensions_the_loss_is_the_parabola():
    rng = np.random.default_rng(0)
    centres = 5 * rng.random((50, 784))  # far apart, so that the nearest has the whole sum
    valid = centres[:40] + rng.normal(0, 0.2, (40, 784))
    sigma, best = parzen.refine_sigma(valid, centres, 0.3)
    u = 0.05
    loss = best - parzen.log_likelihoods(valid, centres, [sigma * np.exp(-u), sigma * np.exp(u)]).mean(axis=1)
    assert loss.mean() == pytest.approx(784 * u**2, rel=0.01)  # of a cubic term, half each way


@pytest.mark.parametrize("scale", [1, -1, 1e4])
def test_where_every_example_is_a_centre_no_sigma_is_best(scale):
    with pytest.raises(InputError, match="every example is itself a centre"):
        parzen.refine_sigma(scale * images(3), scale * images(5), 0.1)


def test_small_numbers_have_a_small_sigma():
    sigma = parzen.refine_sigma(images(20), images(30, seed=1), 0.3)[0]
    assert parzen.refine_sigma(1e-5 * images(20), 1e-5 * images(30, seed=1), 3e-6)[0] == pytest.approx(
        1e-5 * sigma, rel=1e-6
    )


# Bad input -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0, -0.1, 1e-200, float("nan"), float("inf")])
def test_an_impossible_sigma(sigma):
    with pytest.raises(InputError, match="sigma: expected a number above 0"):
        parzen.log_likelihood(images(2), images(2), sigma)


@pytest.mark.parametrize(
    ("x", "centres", "message"),
    [
        (np.zeros((0, 3)), np.zeros((2, 3)), "x: expected one example or more"),
        (np.zeros((2, 3)), np.zeros((0, 3)), "centres: expected one example or more"),
        (np.zeros((2, 3)), np.zeros((2, 4)), r"\(2, 3\) and \(2, 4\)"),
        (np.zeros(3), np.zeros((2, 3)), r"\(3,\) and \(2, 3\)"),
        (np.full((2, 3), np.nan), np.zeros((2, 3)), "x: some numbers are not finite"),
        (np.zeros((2, 3)), np.full((2, 3), np.inf), "centres: some numbers are not finite"),
    ],
)
def test_what_cannot_be_measured(x, centres, message):
    with pytest.raises(InputError, match=message):
        parzen.log_likelihood(x, centres, 0.1)


def test_no_sigma_to_choose_from():
    with pytest.raises(InputError, match="sigmas: expected one or more"):
        parzen.choose_sigma(images(2), images(2), [])


# On the real MNIST: what any implementation of the protocol must find ---------------------------------


@pytest.mark.parametrize(
    ("centres", "expected", "chosen"), [("images", 241.2, 0.1668), ("mean", -59.1, 0.2783)]
)
def test_the_calibration(mnist, centres, expected, chosen):
    train, valid, test = (part / np.float32(255) for part in (mnist.train, mnist.valid[:1000], mnist.test))
    centres = train[:10_000] if centres == "images" else train.mean(axis=0, keepdims=True)
    sigma, _ = parzen.choose_sigma(valid, centres, parzen.SIGMAS[1:6])
    assert sigma == pytest.approx(chosen, abs=1e-4)
    assert parzen.log_likelihood(test, centres, sigma).mean() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("count", "best", "grid"), [(1000, 111.6, 110.7), (4000, 194.1, 183.1)])
def test_what_the_grid_hides_of_real_images(mnist, count, best, grid):
    valid, centres = mnist.valid[:1000] / np.float32(255), mnist.train[:count] / np.float32(255)
    sigma, by_grid = parzen.choose_sigma(valid, centres)
    assert by_grid == pytest.approx(grid, abs=0.05)
    assert parzen.refine_sigma(valid, centres, sigma)[1] == pytest.approx(best, abs=0.05)


def test_real_images_by_definition(mnist):
    x, centres = mnist.test[:10] / np.float32(255), mnist.train[:2000] / np.float32(255)
    np.testing.assert_allclose(
        parzen.log_likelihood(x, centres, 0.1), by_definition(x, centres, 0.1), rtol=0, atol=1e-6
    )


def test_table_1_chooses_sigma_without_the_test_examples(backend):
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((6, 3))
    near, far = (centres[rng.integers(0, 6, 20)] + r * rng.standard_normal((20, 3)) for r in (0.05, 0.8))
    sigmas = (0.05, 0.2, 0.8)
    arrays = [backend.asarray(a) for a in (near, far, centres)]
    sigma, mean, error = parzen.of_table1(*arrays, sigmas)
    nats = by_definition(far, centres, 0.05)
    assert sigma == 0.05 and parzen.choose_sigma(far, centres, sigmas)[0] == 0.8
    assert (mean, error) == (pytest.approx(nats.mean()), pytest.approx(nats.std() / sqrt(20)))
