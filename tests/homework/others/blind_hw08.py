"""hw08: more answers, written from the task's words alone."""

import math
from functools import partial

import numpy as np

from . import right, wrong

# Right -------------------------------------------------------------------------------------------------


@right
def exponential_decay__by_logarithms(start, factor, minimum):
    def at(t):
        return max(minimum, start * math.exp(-int(t) * math.log(factor)))

    return at


class Decay:
    def __init__(self, start, factor, minimum):
        self.start, self.factor, self.minimum = start, factor, minimum

    def __call__(self, t):
        try:
            return max(self.minimum, self.start / float(self.factor) ** int(t))
        except OverflowError:
            return self.minimum


@right
def exponential_decay__object(start, factor, minimum):
    return Decay(start, factor, minimum)


@right
def exponential_decay__numpy(start, factor, minimum):
    return lambda t: np.maximum(minimum, start * np.power(1 / factor, np.float64(t)))


def between(start, end, over, epoch):
    if epoch >= over:
        return end
    share = epoch / over
    return (1 - share) * start + share * end


@right
def linear_ramp__partial(start, end, over):
    return partial(between, start, end, over)


@right
def linear_ramp__interp(start, end, over):
    if over == 0:
        return lambda epoch: end
    return lambda epoch: float(np.interp(epoch, [0, over], [start, end]))


@right
class Momentum__new_arrays_in_data:
    def __init__(self, parameters, learning_rate, momentum):
        self.parameters, self.learning_rate, self.momentum = tuple(parameters), learning_rate, momentum
        self.velocity = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def step(self, t, epoch):
        lr, mu = float(self.learning_rate(t)), float(self.momentum(epoch))
        for p, v in zip(self.parameters, self.velocity, strict=True):
            v[...] = mu * v - lr * p.grad
            p.data = p.data + v

    def state(self):
        return dict(velocity=self.velocity)


@right
class Momentum__velocity_of_the_other_sign_is_not_kept:
    """Keeps v itself, moves by -(-v), and gives a new list of the same arrays."""

    def __init__(self, parameters, learning_rate, momentum):
        self.pairs = [(p, np.zeros_like(p.data)) for p in parameters]
        self.learning_rate, self.momentum = learning_rate, momentum

    def step(self, t, epoch):
        for p, v in self.pairs:
            v *= p.dtype.type(self.momentum(epoch))
            v -= p.dtype.type(self.learning_rate(t)) * p.grad
        for p, v in self.pairs:
            np.subtract(p.data, -v, out=p.data)

    def state(self):
        return {"velocity": [v for _, v in self.pairs]}


# Wrong -------------------------------------------------------------------------------------------------


@wrong("overflows")
def exponential_decay__overflows(start, factor, minimum):
    return lambda t: max(minimum, start / factor**t)


@wrong("counts_calls")
def exponential_decay__cumulative(start, factor, minimum):
    """Divides once more at every call, whatever t."""
    now = [start * factor]

    def at(t):
        now[0] /= factor
        return max(minimum, now[0])

    return at


@wrong("off_by_one")
def exponential_decay__one_step_ahead(start, factor, minimum):
    return lambda t: max(minimum, start * factor ** -(t + 1))


@wrong()
def exponential_decay__minimum_as_a_summand(start, factor, minimum):
    return lambda t: minimum + (start - minimum) * factor**-t


@wrong()
def exponential_decay__minimum_of_the_factor(start, factor, minimum):
    return lambda t: start * max(minimum, factor**-t)


@wrong("linear")
def exponential_decay__hyperbola(start, factor, minimum):
    return lambda t: max(minimum, start / (1 + (factor - 1) * t))


@wrong()
def exponential_decay__natural(start, factor, minimum):
    return lambda t: max(minimum, start * math.exp(-(factor - 1) * t))


@wrong("shared")
def exponential_decay__remembers_all(start, factor, minimum, cache={}):  # noqa: B006
    """Several are in use at once; they share what they remember."""

    def at(t):
        if t not in cache:
            cache[t] = max(minimum, start * factor**-t)
        return cache[t]

    return at


@wrong("goes_on")
def linear_ramp__goes_on(start, end, over):
    return lambda epoch: start + (end - start) * epoch / over if over else end


@wrong("only_upwards")
def linear_ramp__clips_by_max(start, end, over):
    """Right where it rises."""
    return lambda epoch: min(end, start + (end - start) * epoch / over) if over else end


@wrong("jumps")
def linear_ramp__whole_numbers(start, end, over):
    return lambda epoch: start + (end - start) * (min(epoch, over) // over) if over else end


@wrong("short")
def linear_ramp__one_too_early(start, end, over):
    return lambda epoch: end if epoch >= over - 1 else start + (end - start) * epoch / (over - 1)


@wrong("off_by_one")
def linear_ramp__from_one(start, end, over):
    return lambda epoch: start + (end - start) * min((epoch + 1) / over, 1) if over else end


@wrong("start_over_0")
def linear_ramp__start_where_over_is_zero(start, end, over):
    return lambda epoch: start + (end - start) * min(epoch / over, 1) if over else start


@wrong("start_over_0")
def linear_ramp__zero_over_at_epoch_zero(start, end, over):
    """start at epoch 0 always, with over = 0 too."""
    return lambda epoch: (
        start if epoch == 0 else end if epoch >= over else start + (end - start) * epoch / over
    )


class Base:
    def __init__(self, parameters, learning_rate, momentum):
        self.parameters, self.learning_rate, self.momentum = list(parameters), learning_rate, momentum
        self.velocity = [np.zeros_like(p.data) for p in self.parameters]

    def step(self, t, epoch):
        for p, v in zip(self.parameters, self.velocity, strict=True):
            v[...] = self.momentum(epoch) * v - self.learning_rate(t) * p.grad
            p.data += v

    def state(self):
        return {"velocity": self.velocity}


@wrong("old_velocity")
class Momentum__old_velocity_moves(Base):
    """p first, then v."""

    def step(self, t, epoch):
        for p, v in zip(self.parameters, self.velocity, strict=True):
            p.data += v
            v[...] = self.momentum(epoch) * v - self.learning_rate(t) * p.grad


@wrong("clears_the_gradient")
class Momentum__clears_the_gradient(Base):
    def step(self, t, epoch):
        super().step(t, epoch)
        for p in self.parameters:
            p.grad[...] = 0


@wrong("clears_the_gradient")
class Momentum__sets_grad_to_None(Base):
    def step(self, t, epoch):
        super().step(t, epoch)
        for p in self.parameters:
            p.grad = None


@wrong("scales_the_gradient")
class Momentum__scales_grad_in_place(Base):
    def step(self, t, epoch):
        for p, v in zip(self.parameters, self.velocity, strict=True):
            p.grad *= self.learning_rate(t)
            v *= self.momentum(epoch)
            v -= p.grad
            p.data += v


@wrong("state_is_a_copy")
class Momentum__velocity_replaced(Base):
    """state() before a step and after it gives different arrays; what is written into the old is lost."""

    def step(self, t, epoch):
        for i, p in enumerate(self.parameters):
            self.velocity[i] = self.momentum(epoch) * self.velocity[i] - self.learning_rate(t) * p.grad
            p.data = p.data + self.velocity[i]

    def state(self):
        return {"velocity": [v.copy() for v in self.velocity]}


@wrong("velocity_uphill")
class Momentum__keeps_minus_v(Base):
    """v = mu v + lr g and p = p - v: the same way, but state() has the other sign."""

    def step(self, t, epoch):
        for p, v in zip(self.parameters, self.velocity, strict=True):
            v[...] = self.momentum(epoch) * v + self.learning_rate(t) * p.grad
            p.data -= v


@wrong("decay_per_epoch")
class Momentum__schedules_swapped(Base):
    def step(self, t, epoch):
        for p, v in zip(self.parameters, self.velocity, strict=True):
            v[...] = self.momentum(t) * v - self.learning_rate(epoch) * p.grad
            p.data += v


@wrong("counts_itself")
class Momentum__own_count_of_steps(Base):
    """A run that is resumed begins with another t than 0."""

    count = 0

    def step(self, t, epoch):
        super().step(self.count, epoch)
        self.count += 1


@wrong("begins_anew_at_0")
class Momentum__first_step_without_momentum_at_zero(Base):
    """v = -lr g at t = 0, whatever v was written there."""

    def step(self, t, epoch):
        if t == 0:
            for v in self.velocity:
                v[...] = 0
        super().step(t, epoch)


@wrong()
class Momentum__one_velocity_per_shape(Base):
    def __init__(self, parameters, learning_rate, momentum):
        super().__init__(parameters, learning_rate, momentum)
        of = {v.shape: v for v in self.velocity}
        self.velocity = [of[v.shape] for v in self.velocity]


@wrong("float64")
class Momentum__float64_velocity(Base):
    def __init__(self, parameters, learning_rate, momentum):
        super().__init__(parameters, learning_rate, momentum)
        self.velocity = [np.zeros(p.shape) for p in self.parameters]


@wrong()
class Momentum__state_empty_before_the_first_step(Base):
    started = False

    def step(self, t, epoch):
        self.started = True
        super().step(t, epoch)

    def state(self):
        return {"velocity": self.velocity if self.started else []}


@wrong("one_minus_mu")
class Momentum__dampened(Base):
    def step(self, t, epoch):
        mu = self.momentum(epoch)
        for p, v in zip(self.parameters, self.velocity, strict=True):
            v[...] = mu * v - (1 - mu) * self.learning_rate(t) * p.grad
            p.data += v


@wrong("last_left_out")
class Momentum__last_parameter_forgotten(Base):
    def step(self, t, epoch):
        for p, v in list(zip(self.parameters, self.velocity, strict=True))[: max(len(self.velocity) - 1, 1)]:
            v[...] = self.momentum(epoch) * v - self.learning_rate(t) * p.grad
            p.data += v
