"""optim.py: where the parameters are after T steps, by closed formulas; schedules, by the paper's numbers."""

import inspect
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from properties import Draw, host, public, refuses, tensors

from minigan import optim
from minigan.optim import Adam, Momentum, Optimiser, Theta, exponential_decay, linear_ramp

# Optimisers: p after T steps is a sum over the gradients g_0, g_1, ... that came ----------------------


def momentum(p, gradients, rate, mu):
    """At step s, the gradient of step t <= s moves p by -lr_t g_t times the momenta of the steps between."""
    for t, g in enumerate(gradients):
        for s in range(t, len(gradients)):
            p = p - rate[t] * g * prod(mu[t + 1 : s + 1])
    return p


def adam(p, gradients, rate, beta1=0.9, beta2=0.999, eps=1e-7):
    """m' and v' are weighted means of the gradients so far and of their squares (Kingma and Ba 2015)."""
    for t, lr in enumerate(rate):
        first, second = (np.array([beta ** (t - i) for i in range(t + 1)]) for beta in (beta1, beta2))
        m = np.tensordot(first / first.sum(), gradients[: t + 1], 1)
        v = np.tensordot(second / second.sum(), np.square(gradients[: t + 1]), 1)
        p = p - lr * m / (np.sqrt(v) + eps)
    return p


CASES = {
    Momentum: (
        lambda ps, rate, mu, per_epoch: Momentum(ps, rate.__getitem__, lambda epoch: mu[epoch * per_epoch]),
        momentum,
    ),
    Adam: (
        lambda ps, rate, mu, per_epoch: Adam(ps, rate.__getitem__, beta1=0.6, beta2=0.95, eps=1e-3),
        lambda p, gradients, rate, mu: adam(p, gradients, rate, 0.6, 0.95, 1e-3),
    ),
}


def is_optimiser(value):
    return inspect.isclass(value) and hasattr(value, "step") and value is not Optimiser


@pytest.mark.parametrize("optimiser", CASES, ids=lambda optimiser: optimiser.__name__)
@given(data=st.data())
def test_optimiser(backend, optimiser, data):
    """T steps of per_epoch each, with gradients, learning rates and momenta that differ from step to step."""
    make, formula = CASES[optimiser]
    draw = Draw(data)
    shapes, (steps, per_epoch) = [draw.shape() for _ in range(3)], draw.sizes(2)
    start = [draw.normal(shape) for shape in shapes]
    gradients = [draw.normal((steps, *shape)) for shape in shapes]
    rate = draw.positive(steps).tolist()
    mu = np.repeat(draw.rng.uniform(0, 1, steps), per_epoch)[:steps].tolist()
    ps = tensors(backend, start)
    stepper = make(ps, rate, mu, per_epoch)
    arrays = [p.data for p in ps]
    for t in range(steps):
        for p, g in zip(ps, gradients, strict=True):
            p.grad = backend.asarray(g[t])
        stepper.step(t, t // per_epoch)
        assert all(np.array_equal(host(p.grad), g[t]) for p, g in zip(ps, gradients, strict=True))
    for p, array, p0, g in zip(ps, arrays, start, gradients, strict=True):
        assert_allclose(host(p.data), formula(p0, g, rate, mu), rtol=1e-12, atol=1e-12)
        assert p.data is array  # moved where it is: others hold on to this array


def test_every_optimiser_is_tested():
    assert public(optim, is_optimiser).keys() == {optimiser.__name__ for optimiser in CASES}


def test_both_say_their_learning_rate_and_momentum(backend):
    """As a log wants to know them."""
    (p,) = tensors(backend, [np.ones(3)])
    for optimiser in (
        Momentum([p], lambda t: 0.1 / (t + 1), lambda epoch: 0.5 + epoch / 10),
        Adam([p], lambda t: 0.1 / (t + 1), beta1=0.7),
    ):
        assert (optimiser.learning_rate(1), optimiser.momentum(2)) == (0.05, 0.7)


def test_adam_has_the_defaults_of_the_later_tutorials(backend):
    (p,) = tensors(backend, [np.ones(3)])
    optimiser, gradients = Adam([p], lambda t: 0.1), np.array([[1.0, 1e-7, -2.0], [0.5, 0.0, 1.0]])
    for t, g in enumerate(gradients):
        p.grad = backend.asarray(g)
        optimiser.step(t, 0)
    assert_allclose(host(p.data), adam(np.ones(3), gradients, [0.1, 0.1]))


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda ps: Momentum(ps, lambda t: 0.1, lambda epoch: 0.5), ["velocity"]),
        (lambda ps: Adam(ps, lambda t: 0.1), ["m", "v"]),
    ],
    ids=["Momentum", "Adam"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_state_is_what_a_checkpoint_needs(backend, make, names, dtype):
    """Zeros at first, one array for each parameter, in its dtype; when written back, the run goes on."""
    a, b, other = tensors(backend, [np.ones(3), np.ones(3), np.ones(3)], dtype)
    optimiser, second = make(iter([a, b])), make([other])
    state = optimiser.state()
    assert list(state) == names and optimiser.parameters == [a, b]
    assert all(np.array_equal(host(array), np.zeros(3)) for arrays in state.values() for array in arrays)
    a.grad, b.grad, other.grad = (backend.asarray(np.full(3, n, dtype)) for n in (1, 2, 3))
    optimiser.step(0, 0)
    second.step(0, 0)
    for name in names:
        of_a, of_b = state[name]
        assert optimiser.state()[name][0] is of_a
        assert (of_a.dtype, of_b.dtype, a.data.dtype) == (dtype,) * 3
        assert len({float(host(array)[0]) for array in (of_a, of_b, second.state()[name][0])}) == 3

    resumed = make(tensors(backend, [host(a.data), host(b.data)], dtype))
    for name in names:
        for mine, stored in zip(resumed.state()[name], state[name], strict=True):
            mine[...] = stored
    for p, q in zip(resumed.parameters, optimiser.parameters, strict=True):
        p.grad = q.grad
    resumed.step(1, 0)
    optimiser.step(1, 0)
    for p, q in zip(resumed.parameters, optimiser.parameters, strict=True):
        assert np.array_equal(host(p.data), host(q.data))


def test_every_parameter_has_a_place_of_its_own(backend):
    """They begin at multiples of 64 numbers, none reaches into the next, and there is no room wasted."""
    starts = [np.arange(float(n)) + 1000 * n for n in (1, 64, 65, 130, 300)]
    ps = tensors(backend, starts)
    theta = Theta(ps)
    for p, before in zip(ps, starts, strict=True):
        assert np.array_equal(host(p.data), before)
    _, vector = theta.zeros()
    assert vector.shape == (64 + 64 + 128 + 192 + 320,)
    joined = host(theta._data)
    assert [int(np.flatnonzero(joined == before[0])[0]) for before in starts] == [0, 64, 128, 256, 448]


def test_a_step_without_a_gradient_says_what_is_missing(backend):
    (p,) = tensors(backend, [np.ones(3)])
    with refuses(ValueError, "Tensor(3,) float64 has no gradient ... backward(loss, wrt=...)"):
        Momentum([p], lambda t: 0.1, lambda epoch: 0.5).step(0, 0)


# Schedules -------------------------------------------------------------------------------------------

SCHEDULES = {
    # the paper's learning rate: t counts updates, 500 in an epoch of MNIST
    exponential_decay: [
        ((0.1, 1.000004, 1e-6), {0: 0.1, 25_000: 0.0905, 50_000: 0.0819, 125_000: 0.0607, 250_000: 0.0368}),
        ((0.1, 1.000004, 1e-6), {1: 0.1 / 1.000004, 10_000_000: 1e-6, 10**9: 1e-6}),
        ((8.0, 2.0, 0.9), {0: 8, 1: 4, 2: 2, 3: 1, 4: 0.9, 5: 0.9}),
        ((0.3, 1.0, 0.0), {0: 0.3, 1: 0.3, 1000: 0.3}),
    ],
    # the paper's momentum: over epochs
    linear_ramp: [
        ((0.5, 0.7, 249), {0: 0.5, 1: 0.5 + 0.2 / 249, 83: 0.5 + 0.2 / 3, 249: 0.7, 250: 0.7, 999: 0.7}),
        ((1.0, 0.0, 4), {0: 1, 1: 0.75, 2: 0.5, 3: 0.25, 4: 0, 5: 0}),
        ((0.5, 0.7, 0), {0: 0.7, 1: 0.7}),
        ((0.5, 0.7, 1), {0: 0.5, 1: 0.7, 2: 0.7}),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "arguments", "values"),
    [(schedule, *example) for schedule, examples in SCHEDULES.items() for example in examples],
)
def test_schedule(schedule, arguments, values):
    f = schedule(*arguments)
    assert {t: f(t) for t in values} == pytest.approx(values, rel=1e-3 if 25_000 in values else 1e-9)
    assert {type(f(t)) for t in values} == {float}  # a numpy.float64 would make a float32 net float64


def test_every_schedule_is_tested():
    assert public(optim).keys() == {schedule.__name__ for schedule in SCHEDULES}


# Replaced ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [make for make, _ in CASES.values()], ids=[cls.__name__ for cls in CASES])
def test_an_array_that_is_replaced_between_two_steps_counts(backend, make):
    """Both p.data and p.grad, as in `p.data = a`: the next step goes on from there, and later ones too."""
    starts = [np.arange(3.0), np.arange(4.0).reshape(2, 2)]
    new, gradients = np.full((2, 2), 50.0), [np.ones((2, 2)), np.full((2, 2), -3.0), np.full((2, 2), 2.0)]
    ps, qs = tensors(backend, starts), tensors(backend, [starts[0], new])
    mine, other = (make(tensor, [0.1, 0.2, 0.3], [0.5] * 3, 1) for tensor in (ps, qs))
    for t, g in enumerate(gradients):
        if t == 1:
            ps[1].data = backend.asarray(host(qs[1].data).copy())
        ps[1].grad, qs[1].grad = backend.asarray(g.copy()), backend.asarray(g.copy())
        ps[0].grad, qs[0].grad = (backend.asarray(np.ones(3)) for _ in range(2))
        mine.step(t, 0)
        other.step(t, 0)
    for p, q in zip(ps, qs, strict=True):
        assert np.array_equal(host(p.data), host(q.data))
    assert host(ps[1].data).min() > 40
