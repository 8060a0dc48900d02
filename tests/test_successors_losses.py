"""successors/losses.py: each loss is its formula; which way it pushes; and weights that are clipped."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import Cases, Example, every_property_of, gradient_for, host, operations, refuses, tensors
from strict_cupy import no_sync, strict_backend

from minigan.optim import Momentum
from minigan.successors import losses
from minigan.successors.losses import LOSSES, Clipped
from minigan.tensor import Tensor

CASES = Cases()


def of_both(draw):
    """Logits of m examples and then of m samples, none near 1 or -1."""
    return 0.03 + draw.apart((2 * draw.sizes(1)[0], 1))


def halves(a):
    return a[: len(a) // 2], a[len(a) // 2 :]


def case(loss):
    def register(formula):
        def example(draw):
            return Example([of_both(draw)], loss, lambda a: formula(*halves(a)))

        example.__name__ = loss.__name__
        return CASES.of(loss)(example)

    return register


@case(losses.least_squares)
def least_squares(real, fake):
    return 0.5 * np.mean((real - 1) ** 2) + 0.5 * np.mean(fake**2)


@case(losses.wasserstein)
def wasserstein(real, fake):
    return fake.mean() - real.mean()


@case(losses.hinge)
def hinge(real, fake):
    return np.where(real < 1, 1 - real, 0).mean() + np.where(fake > -1, 1 + fake, 0).mean()


@CASES.of(losses.loss_sensitive)
def loss_sensitive(draw):
    a, margin, scale = of_both(draw), draw.one_of(0.51, 1, 2.01), draw.one_of(1.0, 10.0)

    def formula(a):
        cost_real, cost_fake = -a[: len(a) // 2], -a[len(a) // 2 :]
        return cost_real.mean() + scale * np.clip(margin + cost_real - cost_fake, 0, None).mean()

    return Example([a], lambda a: losses.loss_sensitive(a, margin, scale), formula)


@CASES.of(losses.to_one)
def to_one(draw):
    return Example([of_both(draw)], losses.to_one, lambda a: 0.5 * ((a - 1) ** 2).mean())


@CASES.of(losses.upwards)
def upwards(draw):
    return Example([of_both(draw)], losses.upwards, lambda a: -a.sum() / len(a))


test_loss = every_property_of(CASES)


def test_every_loss_has_a_gradient_check():
    assert CASES.missing(operations(losses)) == []


def test_losses_go_in_pairs_under_the_names_that_users_type():
    assert dict(LOSSES) == {
        "least-squares": (losses.least_squares, losses.to_one),
        "wasserstein": (losses.wasserstein, losses.upwards),
        "hinge": (losses.hinge, losses.upwards),
        "loss-sensitive": (losses.loss_sensitive, losses.upwards),
    }


@pytest.mark.parametrize("name", LOSSES)
def test_D_goes_up_on_examples_and_down_on_samples_and_G_up(backend, name):
    d_loss, g_loss = LOSSES[name]
    (a,) = tensors(backend, [np.array([[0.3], [0.3]])])
    real, fake = gradient_for(d_loss, a, np.array(1.0))[:, 0]
    (up,) = gradient_for(g_loss, Tensor(a.data[1:]), np.array(1.0))[:, 0]
    assert real < 0 < fake and up < 0


def test_by_default_a_sample_is_to_cost_one_more_than_its_example(backend):
    (a,) = tensors(backend, [np.array([[0.5], [2.0], [-0.75], [0.75]])])
    assert float(host(losses.loss_sensitive(a).data)) == pytest.approx(-1.25 + (0 + 0) / 2)
    (a,) = tensors(backend, [np.array([[0.5], [2.0], [0.25], [1.5]])])
    assert float(host(losses.loss_sensitive(a).data)) == pytest.approx(-1.25 + (0.75 + 0.5) / 2)


def test_a_margin_for_each_example(backend):
    a, margin = tensors(backend, [np.array([[0.0], [0.0], [0.0], [0.0]]), np.array([[1.0], [3.0]])])
    assert float(host(losses.loss_sensitive(a, margin.data, 10.0).data)) == pytest.approx(20)


@pytest.mark.parametrize("m", [0, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_logits_that_are_not_of_two_halves_are_refused(backend, name, m):
    with refuses(ValueError, f"got {m} logits; expected m of examples, m of samples"):
        LOSSES[name][0](*tensors(backend, [np.zeros((m, 1))]))


def test_weights_are_clipped_after_each_step(backend):
    (p,) = tensors(backend, [np.array([0.5, -0.5, 0.005])])
    (p.grad,) = (x.data for x in tensors(backend, [np.array([1.0, -1.0, 0.002])]))
    inner = Momentum([p], lambda t: 0.1 * (t + 1), lambda epoch: 0.5 + epoch)
    clipped = Clipped(inner, [p])
    clipped.step(0, 0)
    assert_allclose(host(p.data), [0.01, -0.01, 0.0048], rtol=1e-12)
    assert (clipped.learning_rate(1), clipped.momentum(1)) == (0.2, 1.5)
    assert clipped.state()["velocity"] is inner.velocity
    p.grad[...] = 0
    Clipped(inner, [p], 0.002).step(1, 0)
    assert abs(host(p.data)).max() == 0.002


def test_the_optimiser_is_told_where_it_is():
    class Told(list):
        def step(self, t, epoch):
            self.append((t, epoch))

    told = Told()
    Clipped(told, []).step(7, 3)
    assert told == [(7, 3)]


def test_clipping_does_not_wait_for_a_gpu():
    backend = strict_backend()
    p = Tensor(backend.asarray(np.ones(3, np.float32)))
    p.grad = backend.xp.ones_like(p.data)
    clipped = Clipped(Momentum([p], lambda t: 0.1, lambda epoch: 0.5), [p], 0.25)
    with no_sync():
        clipped.step(0, 0)
    assert p.dtype == np.float32 and (host(p.data) == 0.25).all()
