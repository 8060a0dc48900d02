"""theory.py: the definitions against closed forms, and the theorems against them."""

from math import e, log, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigan import theory
from minigan.backend import Backend
from minigan.random import Streams
from minigan.theory import Normals

ONE, TWO = Normals((0.0,), (1.0,)), Normals((-1.0, 2.0), (0.5, 0.8), (0.3, 0.7))
X, W = theory.gauss_legendre(-15, 15)


def atoms(seed, n=8):
    return np.random.default_rng(seed).dirichlet(np.ones(n))


def test_a_density_and_its_samples_agree():
    sample = TWO.sample(100_000, Streams(1, Backend("numpy", "float64"))("data"))
    assert sample.shape == (100_000, 1)
    shares, edges = np.histogram(sample, bins=24, range=(-3, 5))
    inside = [(W * TWO.density(X))[np.digitize(X, edges) == i].sum() for i in range(1, 25)]
    np.testing.assert_allclose(shares / len(sample), inside, atol=0.012)  # panels end beside the edges
    assert (W * TWO.density(X)).sum() == pytest.approx(1, abs=1e-13)


def test_gauss_legendre_is_exact_for_polynomials():
    x, w = theory.gauss_legendre(-1, 3, panels=2, order=3)
    assert (w * x**5).sum() == pytest.approx((3**6 - 1) / 6, rel=1e-13)
    assert (w * x**6).sum() != pytest.approx((3**7 + 1) / 7, rel=1e-6)
    assert len(x) == len(w) == 6 and len(X) == len(W) == 2000


def test_the_entropy_of_a_normal_distribution():
    found = theory.entropy(Normals((1.0,), (0.7,)).density, -12, 12)
    assert found == pytest.approx(log(0.7 * sqrt(2 * pi * e)), abs=1e-12)


def test_the_entropy_is_a_sum_over_20_001_points():
    asked = []
    theory.entropy(lambda x: asked.append(len(x)) or ONE.density(x), -12, 12)
    assert asked == [20_001]


def test_the_divergence_of_two_normal_distributions():
    p, q = Normals((0.5,), (0.8,)).density(X), Normals((-0.3,), (1.1,)).density(X)
    expected = log(1.1 / 0.8) + (0.8**2 + 0.8**2) / (2 * 1.1**2) - 0.5  # difference of the means: .8
    assert theory.kl(p, q, W) == pytest.approx(expected, abs=1e-10)
    assert theory.kl(p, p, W) == 0


def test_the_divergence_of_two_atoms():
    p, q = np.array([0.25, 0.75]), np.array([0.5, 0.5])
    assert theory.kl(p, q) == pytest.approx(0.25 * log(0.5) + 0.75 * log(1.5), abs=1e-15)


# Proposition 1 and Theorem 1 -------------------------------------------------------------------------


@given(seed=st.integers(0, 999))
def test_no_discriminator_is_better_than_the_optimum(seed):
    p, q = atoms(seed), atoms(seed + 1000)
    D = theory.optimal_discriminator(p, q)
    other = np.random.default_rng(seed).uniform(0.01, 0.99, len(p))
    assert theory.value(D, p, q) >= theory.value(other, p, q)
    nearby = np.clip(D + 0.01 * (other - 0.5), 1e-6, 1 - 1e-6)
    assert theory.value(D, p, q) > theory.value(nearby, p, q)
    assert theory.criterion(p, q) == pytest.approx(theory.value(D, p, q), abs=1e-12)


def test_where_there_is_nothing_the_optimum_is_one_half():
    D = theory.optimal_discriminator(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert D.tolist() == [0.5, 1.0, 0.0]


def test_theorem_1_by_quadrature():
    def mean(x):
        return (ONE.density(x) + TWO.density(x)) / 2

    entropies = [theory.entropy(density, -15, 15) for density in (mean, ONE.density, TWO.density)]
    jsd = entropies[0] - (entropies[1] + entropies[2]) / 2
    p, q = ONE.density(X), TWO.density(X)
    assert jsd == pytest.approx(theory.jsd(p, q, W), abs=1e-8) and jsd > 0.1
    assert theory.criterion(p, q, W) == pytest.approx(-log(4) + 2 * jsd, abs=1e-8)


def test_the_ends_of_the_criterion():
    p = atoms(0)
    assert theory.criterion(p, p) == pytest.approx(-log(4), abs=1e-15)
    apart = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert theory.criterion(*apart) == 0 and theory.jsd(*apart) == pytest.approx(log(2))


# Proposition 2 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.3, 1.0])
@given(seed=st.integers(0, 999))
def test_p_g_reaches_p_data(rate, seed):
    p, q, before = atoms(seed), atoms(seed + 1000), np.inf
    for _ in range(120):
        now = theory.criterion(p, q)
        assert now <= before + 1e-14
        before, q = now, theory.improve(q, theory.optimal_discriminator(p, q), rate)
        assert q.sum() == pytest.approx(1) and (q > 0).all()
    assert theory.jsd(p, q) < 1e-6


def test_a_step_of_rate_1_is_the_mean_of_both():
    p, q = atoms(1), atoms(2)
    np.testing.assert_allclose(theory.improve(q, theory.optimal_discriminator(p, q)), (p + q) / 2, rtol=1e-12)


def test_a_step_follows_the_gradient():
    """d V / d q = log(1 - D): a small step changes q by -rate q (log(1 - D) - its mean under q)."""
    p, q, rate = atoms(1), atoms(2), 1e-6
    D = theory.optimal_discriminator(p, q)
    gradient = np.log(1 - D)
    expected = -q * (gradient - (q * gradient).sum())
    np.testing.assert_allclose((theory.improve(q, D, rate) - q) / rate, expected, atol=1e-5)


def test_a_discriminator_that_is_sure_does_not_break_it():
    q = theory.improve(np.array([0.5, 0.5]), np.array([1.0, 0.0]), 1.0)
    assert np.isfinite(q).all() and q[0] == pytest.approx(1)


# By hand ---------------------------------------------------------------------------------------------


def test_the_value_of_a_game_on_two_atoms():
    D, p, q, w = np.array([0.8, 0.3]), np.array([0.6, 0.4]), np.array([0.1, 0.9]), np.array([2.0, 0.5])
    terms = [0.6 * log(0.8) + 0.1 * log(0.2), 0.4 * log(0.3) + 0.9 * log(0.7)]
    assert theory.value(D, p, q) == pytest.approx(sum(terms), abs=1e-14)
    assert theory.value(D, p, q, w) == pytest.approx(2 * terms[0] + terms[1] / 2, abs=1e-14)


def test_a_discriminator_that_is_sure_and_wrong_is_worth_minus_infinity():
    with np.errstate(divide="ignore"):
        assert theory.value(np.array([0.0, 0.5]), np.array([0.5, 0.5]), np.array([0.5, 0.5])) == -np.inf


def test_a_sample_is_its_mean_and_std_times_the_streams_normal():
    first, again = (Streams(1, Backend("numpy", "float64"))("data") for _ in range(2))
    again.uniform((5,))  # of which kind each is
    expected = 3 + 2 * again.normal((5, 1))
    assert Normals((3.0,), (2.0,)).sample(5, first).tolist() == expected.tolist()


def test_samples_of_three_kinds_have_their_shares():
    """Of shares that neither rise nor fall, by hand: mean and standard deviation of each kind too."""
    kinds = Normals((-10.0, 0.0, 10.0), (0.5, 1.0, 1.4), (0.5, 0.2, 0.3))
    x = kinds.sample(20_000, Streams(1, Backend("numpy", "float64"))("data"))[:, 0]
    for mean, std, share in zip(*kinds, strict=True):
        of_it = x[abs(x - mean) < 5]
        assert len(of_it) / len(x) == pytest.approx(share, abs=0.015)
        assert of_it.mean() == pytest.approx(mean, abs=0.1) and of_it.std() == pytest.approx(std, rel=0.05)
