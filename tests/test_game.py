"""game.py: the value of the game and the players' losses, as functions of D = sigmoid(a) and at any logit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import (
    EXTREME,
    Cases,
    Example,
    every_property_of,
    exact_sigmoid,
    exact_softplus,
    gradient_for,
    host,
    public,
    refuses,
    tensors,
)

from minigan import game
from minigan.ops import concatenate

CASES = Cases()


def D(a):
    """And 1 - D(a) = D(-a), which is precise where D(a) is near 1."""
    return 1 / (1 + np.exp(-a))


def logits(draw):
    """One column of logits; real and fake minibatches may be of different sizes."""
    return draw.normal((*draw.sizes(1), 1)) * draw.one_of(1, 4)


def of_both(draw):
    """Logits of m examples and then of m samples."""
    return draw.normal((2 * draw.sizes(1)[0], 1)) * draw.one_of(1, 4)


@CASES.of(game.value)
def value(draw):
    return Example(
        [logits(draw), logits(draw)],
        game.value,
        lambda real, fake: np.log(D(real)).mean() + np.log(D(-fake)).mean(),
    )


@CASES.of(game.discriminator_loss)
def discriminator_loss(draw):
    scale = draw.one_of(0.5, 1, 2.0)
    return Example(
        [of_both(draw)],
        lambda a: game.discriminator_loss(a, scale),
        lambda a: -scale * (np.log(D(a[: len(a) // 2])).mean() + np.log(D(-a[len(a) // 2 :])).mean()),
    )


@CASES.of(game.discriminator_loss)
def discriminator_loss_by_default(draw):
    return Example(
        [of_both(draw)],
        game.discriminator_loss,
        lambda a: -(np.log(D(a[: len(a) // 2])).mean() + np.log(D(-a[len(a) // 2 :])).mean()) / 2,
    )


@CASES.of(game.minimax)
def minimax(draw):
    return Example([logits(draw)], game.minimax, lambda fake: np.log(D(-fake)).mean())


@CASES.of(game.non_saturating)
def non_saturating(draw):
    return Example([logits(draw)], game.non_saturating, lambda fake: -np.log(D(fake)).mean())


test_loss = every_property_of(CASES)


def test_every_loss_has_a_gradient_check():
    assert CASES.missing(public(game)) == []


@pytest.mark.parametrize(
    ("loss", "factor", "side", "constant"),
    [
        (lambda a, zero: game.value(a, zero), -1, -1, -np.log(2)),
        (lambda a, zero: game.value(zero, a), -1, 1, -np.log(2)),
        (lambda a, zero: game.discriminator_loss(concatenate([a, zero])), 0.5, -1, np.log(2) / 2),
        (lambda a, zero: game.discriminator_loss(concatenate([zero, a]), 1.0), 1, 1, np.log(2)),
        (lambda a, zero: game.minimax(a), -1, 1, 0),
        (lambda a, zero: game.non_saturating(a), 1, -1, 0),
    ],
    ids=["value by real", "value by fake", "d_loss by real", "d_loss by fake", "minimax", "non-saturating"],
)
@pytest.mark.parametrize("logit", EXTREME)
@pytest.mark.filterwarnings("error")
def test_extreme_logits_in_float32(backend, loss, factor, side, constant, logit):
    """Finite, and with a slope of full precision: each loss is factor * softplus(side * a) + constant."""
    a, zero = tensors(backend, [np.array([[logit]]), np.zeros((1, 1))], "float32")
    value, slope = (
        factor * exact_softplus(side * logit) + constant,
        factor * side * exact_sigmoid(side * logit),
    )
    assert_allclose(host(loss(a, zero).data), value, rtol=2e-6, atol=1e-37)
    assert_allclose(gradient_for(lambda a: loss(a, zero), a, np.array(3.0)), 3 * slope, rtol=2e-6, atol=1e-37)


def test_at_D_one_half_the_value_is_minus_log_4(backend):
    zeros = tensors(backend, [np.zeros((3, 1)), np.zeros((2, 1))])
    assert_allclose(host(game.value(*zeros).data), -np.log(4))


def test_saturation(backend):
    """Where D is sure that samples are fakes, log(1 - D) is flat and -log D is steep (paper, section 3)."""
    (a,) = tensors(backend, [np.array([[-20.0]])])
    assert gradient_for(game.minimax, a, np.array(1.0)) == pytest.approx(-2.06e-9, rel=1e-2)
    assert gradient_for(game.non_saturating, a, np.array(1.0)) == pytest.approx(-1, rel=1e-6)


def test_losses_go_by_the_names_that_users_type():
    losses = dict(game.GENERATOR_LOSSES)
    assert losses == {"non-saturating": game.non_saturating, "minimax": game.minimax}


def test_logits_that_are_not_of_two_halves_are_refused(backend):
    a, b = tensors(backend, [np.zeros((3, 1)), np.zeros((2, 1))])
    with refuses(ValueError, "discriminator_loss: got 3 logits; expected m of examples, m of samples"):
        game.discriminator_loss(a)
    with refuses(TypeError, "logistic_loss: expected a Python number, got Tensor"):
        game.discriminator_loss(b, b)


@pytest.mark.parametrize(
    "loss", [game.minimax, game.non_saturating, game.discriminator_loss, lambda a: game.value(a, a)]
)
def test_an_empty_minibatch_is_refused(backend, loss):
    with refuses(ValueError, "(0, 1)"):
        loss(*tensors(backend, [np.zeros((0, 1))]))
