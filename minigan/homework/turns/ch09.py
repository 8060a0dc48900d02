"""Chapter 09: one step of the heavy ball."""

import numpy as np


def step(p, v, g, lr, mu):
    """The new p and the new v."""
    v = mu * v - lr * g
    return p + v, v


def old_velocity(p, v, g, lr, mu):
    """You move p by the old velocity; it moves by the new one."""
    return p + v, mu * v - lr * g


def uphill(p, v, g, lr, mu):
    """The sign of the gradient: the velocity grows against it."""
    v = mu * v + lr * g
    return p + v, v


def without_memory(p, v, g, lr, mu):
    """The velocity forgets: mu v is missing, and this is plain descent."""
    return p - lr * g, -lr * g


def rate_on_the_velocity(p, v, g, lr, mu):
    """v is the step itself here, with lr already in it; you keep v without lr, which is another ball."""
    v = mu * v - g
    return p + lr * v, v


def mean_of_gradients(p, v, g, lr, mu):
    """You weigh the gradient with 1 - mu, as Adam's mean does; here it is a sum."""
    v = mu * v - (1 - mu) * lr * g
    return p + v, v


def nesterov(p, v, g, lr, mu):
    """That is Nesterov's step, in the form that looks ahead by mu v; the heavy ball moves by v."""
    v = mu * v - lr * g
    return p + mu * v - lr * g, v


def other_order(p, v, g, lr, mu):
    """Both are right, in the other order: p first, then v."""
    v = mu * v - lr * g
    return v, p + v


def tried(f):
    p, v, g = np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([3.0, -8.0])
    for name, lr, mu in ("from rest", 0.1, 0.5), ("lr = 0.1, mu = 0.7", 0.1, 0.7), ("mu = 0", 0.01, 0.0):
        answer = f(p.copy(), 0 * v if name == "from rest" else v.copy(), g.copy(), lr, mu)
        yield f"{name}: how many answers", len(answer)
        for which, value in zip("pv", answer, strict=True):
            yield f"{name}: the new {which}", value
