"""hw04: more answers, written from the task's words alone."""

import numpy as np

from minigan import ops
from minigan.gradcheck import GradientError
from minigan.tensor import Tensor, backward

from . import right, wrong


def by_entries(
    f, inputs, seed, h, tolerance, u_of=None, forward=False, entries=None, again=True, watch=True, floor=0.01
):  # fmt: skip
    """One entry after the other."""
    for a in inputs:
        if not isinstance(a, np.ndarray) or a.dtype != np.float64:
            raise TypeError("float64 arrays")
    tensors = [Tensor(a.copy()) for a in inputs]
    y = f(*tensors)
    before = y.data.copy()
    u = np.asarray(np.random.default_rng(seed).uniform(0.5, 1.5, y.shape) if u_of is None else u_of(y.data))
    try:
        backward(ops.sum(ops.mul(y, Tensor(u))), wrt=tensors)
    except (TypeError, ValueError) as refused:
        raise GradientError(str(refused)) from None
    if watch and not all(np.array_equal(t.data, a) for t, a in zip(tensors, inputs, strict=True)):
        raise GradientError("written to")
    if again and not np.array_equal(f(*[Tensor(a.copy()) for a in inputs]).data, before):
        raise GradientError("another result")

    def value(i, at, step):
        moved = [a.copy() for a in inputs]
        moved[i][at] += step
        return float((u * f(*map(Tensor, moved)).data).sum())

    worst = 0.0
    for i, (a, t) in enumerate(zip(inputs, tensors, strict=True)):
        for at in list(np.ndindex(a.shape))[:entries]:
            p = float(t.grad[at])
            q = (value(i, at, h) - value(i, at, 0 if forward else -h)) / (h if forward else 2 * h)
            error = abs(p - q) / max(abs(p), abs(q), floor)
            if not error <= tolerance:
                raise GradientError(f"input {i}: {p} is not {q}")
            worst = max(worst, error)
    return worst


# Right -------------------------------------------------------------------------------------------------


@right
def gradcheck__entries(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance)


@right
def gradcheck__normal_upstream(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    rng = np.random.default_rng([7, seed])
    return by_entries(f, inputs, seed, h, tolerance, u_of=lambda y: rng.standard_normal(y.shape))


@right
def gradcheck__signs(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    """u of both signs, none near 0."""
    rng = np.random.RandomState(seed)
    return by_entries(
        f,
        inputs,
        seed,
        h,
        tolerance,
        u_of=lambda y: rng.uniform(0.5, 2, y.shape) * rng.choice([-1, 1], y.shape),
    )


# Wrong -------------------------------------------------------------------------------------------------


@wrong("ones")
def gradcheck__ones(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance, u_of=np.ones_like)


@wrong("value_for_u")
def gradcheck__upstream_is_the_value(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance, u_of=lambda y: y.copy())


@wrong("forward_difference")
def gradcheck__forward_difference(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance, forward=True)


@wrong("one_entry")
def gradcheck__first_entry(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance, entries=1)


@wrong("first_input")
def gradcheck__first_input(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(lambda x: f(x, *map(Tensor, inputs[1:])), inputs[:1], seed, h, tolerance)


@wrong("called_once")
def gradcheck__called_once(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance, again=False)


@wrong("writing_passes")
def gradcheck__does_not_watch(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance, watch=False)


@wrong("accepts_everything")
def gradcheck__returns_nothing_to_raise(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, np.inf)


@wrong()
def gradcheck__absolute(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    """Where the slopes are large, rounding alone is above the tolerance."""
    return by_entries(f, inputs, seed, h, tolerance, floor=1e6)


@wrong("unseeded")
def gradcheck__seed_unused(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, None, h, tolerance)


@wrong("rejects_everything")
def gradcheck__own_h(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, 1e-12, tolerance)


@wrong("own_tolerance")
def gradcheck__loose(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, max(tolerance, 1e-2))


@wrong("returns_nothing")
def gradcheck__an_answer_of_yes(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    return by_entries(f, inputs, seed, h, tolerance) <= tolerance


@wrong("refusal_goes_on", "called_once")
def gradcheck__refusals_pass_on(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    """The ValueError of backward is no GradientError."""
    tensors = [Tensor(a.copy()) for a in inputs]
    y = f(*tensors)
    backward(ops.sum(y), wrt=tensors)
    return by_entries(f, inputs, seed, h, tolerance)
