"""hw08: other answers."""

import itertools
import math

import numpy as np

from . import right, wrong

# Right: schedules --------------------------------------------------------------------------------------


@right
def exponential_decay__logarithms(start, factor, minimum):
    return lambda t: max(minimum, math.exp(math.log(start) - t * math.log(factor)))


@right
def exponential_decay__negative_power(start, factor, minimum):
    def lr(t):
        value = start * math.pow(factor, -t)
        if value < minimum:
            return minimum
        return value

    return lr


class Decay:
    def __init__(self, start, factor, minimum):
        self.start, self.factor, self.minimum = start, factor, minimum

    def __call__(self, t):
        try:
            return max(self.start / self.factor**t, self.minimum)
        except OverflowError:
            return self.minimum


@right
def exponential_decay__an_object(start, factor, minimum):
    return Decay(start, factor, minimum)


@right
def linear_ramp__weights(start, end, over):
    def mu(epoch):
        share = np.clip(epoch / over, 0, 1) if over > 0 else 1.0
        return (1 - share) * start + share * end

    return mu


@right
def linear_ramp__slope(start, end, over):
    slope = 0 if over == 0 else (end - start) / over
    return lambda e: end if e > over or not over else start + slope * e


@right
def linear_ramp__list(start, end, over):
    table = list(np.linspace(start, end, over + 1)) if over else [end]
    return lambda epoch: table[min(epoch, over)]


# Wrong: schedules --------------------------------------------------------------------------------------


@wrong("off_by_one")
def exponential_decay__from_one(start, factor, minimum):
    return lambda t: max(minimum, start * factor ** -(t + 1))


@wrong("no_minimum")
def exponential_decay__no_floor(start, factor, minimum):
    return lambda t: start * factor**-t


@wrong("min_for_max")
def exponential_decay__min(start, factor, minimum):
    return lambda t: min(minimum, start * factor**-t)


@wrong("natural")
def exponential_decay__e(start, factor, minimum):
    return lambda t: max(minimum, start * math.exp(-factor * t))


@wrong("grows")
def exponential_decay__times(start, factor, minimum):
    return lambda t: max(minimum, start * min(factor, 1e9) ** min(t, 500))


@wrong("counts_calls")
def exponential_decay__own_clock(start, factor, minimum):
    counter = itertools.count()
    return lambda t: max(minimum, start * factor ** -next(counter))


@wrong("overflows")
def exponential_decay__divides(start, factor, minimum):
    return lambda t: max(start / factor**t, minimum)


@wrong("linear")
def exponential_decay__subtracts(start, factor, minimum):
    return lambda t: max(minimum, start / (1 + (factor - 1) * t))


@wrong()
def exponential_decay__of_the_minimum(start, factor, minimum):
    return lambda t: minimum + (start - minimum) * factor**-t


@wrong("off_by_one")
def linear_ramp__from_one(start, end, over):
    return lambda e: end if e >= over else start + (end - start) * (e + 1) / over


@wrong("goes_on")
def linear_ramp__no_end(start, end, over):
    return lambda e: start + (end - start) * e / over if over else end


@wrong("divides_by_zero")
def linear_ramp__never_zero(start, end, over):
    return lambda e: min(e / over, 1) * (end - start) + start


@wrong("short")
def linear_ramp__over_minus_one(start, end, over):
    return lambda e: end if e >= over - 1 else start + (end - start) * e / (over - 1)


@wrong("end_added")
def linear_ramp__adds_end(start, end, over):
    return lambda e: end if e >= over else start + end * e / over


@wrong("jumps")
def linear_ramp__floor(start, end, over):
    return lambda e: end if e >= over else start + (end - start) * (e // over)


@wrong("start_over_0")
def linear_ramp__start_where_none(start, end, over):
    return lambda e: start + (end - start) * (min(e, over) / over if over else 0)


@wrong()
def linear_ramp__squares(start, end, over):
    return lambda e: end if e >= over else start + (end - start) * (e / over) ** 2


# Right: the ball ---------------------------------------------------------------------------------------


class Ball:
    """What most of these have in common."""

    def __init__(self, parameters, learning_rate, momentum):
        self.parameters = parameters
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.v = [np.zeros_like(p.data) for p in parameters]

    def step(self, t, epoch):
        lr, mu = self.learning_rate(t), self.momentum(epoch)
        for i, p in enumerate(self.parameters):
            self.move(i, p, lr, mu)

    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] - lr * p.grad
        p.data += self.v[i]

    def state(self):
        return {"velocity": list(self.v)}


@right
class Momentum__common(Ball):
    pass


@right
class Momentum__replaces_arrays(Ball):
    def move(self, i, p, lr, mu):
        self.v[i] = mu * self.v[i] - lr * p.grad
        p.data = p.data + self.v[i]


@right
class Momentum__velocity_first(Ball):
    def step(self, t, epoch):
        for p, v in zip(self.parameters, self.v, strict=True):
            np.multiply(v, self.momentum(epoch), out=v)
            np.subtract(v, self.learning_rate(t) * p.grad, out=v)
        for p, v in zip(self.parameters, self.v, strict=True):
            np.add(p.data, v, out=p.data)


@right
class Momentum__one_vector:
    def __init__(self, parameters, learning_rate, momentum):
        self.ps = tuple(parameters)
        self.learning_rate, self.momentum = learning_rate, momentum
        self.ends = np.cumsum([p.data.size for p in self.ps])
        self.all = np.zeros(int(self.ends[-1]), self.ps[0].dtype)

    def parts(self):
        starts = [0, *self.ends[:-1]]
        return [self.all[a:b].reshape(p.shape) for p, a, b in zip(self.ps, starts, self.ends, strict=True)]

    def step(self, t, epoch):
        g = np.concatenate([p.grad.ravel() for p in self.ps])
        self.all *= self.momentum(epoch)
        self.all -= self.learning_rate(t) * g
        for p, v in zip(self.ps, self.parts(), strict=True):
            p.data += v

    def state(self):
        return {"velocity": self.parts()}


@right
class Momentum__on_first_use:
    """Makes the zeros when they are asked for."""

    def __init__(self, parameters, learning_rate, momentum):
        self.parameters, self.learning_rate, self.momentum = parameters, learning_rate, momentum
        self.velocity_of = {}

    def v(self, p):
        if id(p) not in self.velocity_of:
            self.velocity_of[id(p)] = p.data * 0
        return self.velocity_of[id(p)]

    def step(self, t, epoch):
        for p in self.parameters:
            v = self.v(p)
            v[...] = v * self.momentum(epoch) - p.grad * self.learning_rate(t)
            p.data[...] = p.data + v

    def state(self):
        return {"velocity": [self.v(p) for p in self.parameters]}


# Wrong: the ball ---------------------------------------------------------------------------------------


@wrong("one_minus_mu")
class Momentum__moving_average(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] - (1 - mu) * lr * p.grad
        p.data += self.v[i]


@wrong("lr_outside")
class Momentum__as_in_pytorch(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] + p.grad
        p.data -= lr * self.v[i]


@wrong("nesterov")
class Momentum__nesterov(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] - lr * p.grad
        p.data += mu * self.v[i] - lr * p.grad


@wrong("velocity_uphill")
class Momentum__subtracts_v(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] + lr * p.grad
        p.data -= self.v[i]


@wrong("ascends")
class Momentum__uphill(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] + lr * p.grad
        p.data += self.v[i]


@wrong("old_velocity")
class Momentum__p_before_v(Ball):
    def move(self, i, p, lr, mu):
        p.data += self.v[i]
        self.v[i][...] = mu * self.v[i] - lr * p.grad


@wrong("no_momentum")
class Momentum__plain_descent(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = -lr * p.grad
        p.data += self.v[i]


@wrong("mu_on_all")
class Momentum__mu_on_both(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * (self.v[i] - lr * p.grad)
        p.data += self.v[i]


@wrong("decay_per_epoch")
class Momentum__lr_of_epoch(Ball):
    def step(self, t, epoch):
        super().step(epoch, epoch)


@wrong("momentum_per_step")
class Momentum__mu_of_t(Ball):
    def step(self, t, epoch):
        super().step(t, t)


@wrong("next_rate")
class Momentum__t_from_one(Ball):
    def step(self, t, epoch):
        super().step(t + 1, epoch)


@wrong("counts_itself")
class Momentum__own_count(Ball):
    t = -1

    def step(self, t, epoch):
        self.t += 1
        super().step(self.t, epoch)


@wrong("asked_once")
class Momentum__numbers_from_the_start(Ball):
    def __init__(self, parameters, learning_rate, momentum):
        lr, mu = learning_rate(0), momentum(0)
        super().__init__(parameters, lambda t: lr, lambda epoch: mu)


@wrong()
class Momentum__swapped_schedules(Ball):
    def __init__(self, parameters, learning_rate, momentum):
        super().__init__(parameters, momentum, learning_rate)


@wrong("state_is_a_copy")
class Momentum__copies(Ball):
    def state(self):
        return {"velocity": [v.copy() for v in self.v]}


@wrong("state_in_another_order")
class Momentum__newest_first(Ball):
    def state(self):
        return {"velocity": self.v[::-1]}


@wrong("shared_velocity")
class Momentum__class_attribute(Ball):
    kept = {}

    def __init__(self, parameters, learning_rate, momentum):
        super().__init__(parameters, learning_rate, momentum)
        key = tuple(p.shape for p in parameters)
        self.v = self.kept.setdefault(key, self.v)


@wrong("one_velocity", named=False)
class Momentum__one_for_all(Ball):
    def move(self, i, p, lr, mu):
        self.v[0] = mu * self.v[0] - lr * p.grad
        p.data = p.data + self.v[0]


@wrong("clears_the_gradient")
class Momentum__zero_grad(Ball):
    def step(self, t, epoch):
        super().step(t, epoch)
        for p in self.parameters:
            p.grad[:] = 0


@wrong("scales_the_gradient")
class Momentum__scales_in_place(Ball):
    def move(self, i, p, lr, mu):
        p.grad *= lr
        self.v[i][...] = mu * self.v[i] - p.grad
        p.data += self.v[i]


@wrong("float64")
class Momentum__zeros_of_shape(Ball):
    def __init__(self, parameters, learning_rate, momentum):
        super().__init__(parameters, learning_rate, momentum)
        self.v = [np.zeros(p.shape) for p in parameters]


@wrong("not_kept")
class Momentum__private_schedules(Ball):
    def __init__(self, parameters, learning_rate, momentum):
        super().__init__(parameters, learning_rate, momentum)
        self._lr, self._mu = learning_rate, momentum
        del self.learning_rate, self.momentum

    def step(self, t, epoch):
        for i, p in enumerate(self.parameters):
            self.move(i, p, self._lr(t), self._mu(epoch))


@wrong("begins_with_g")
class Momentum__starts_with_the_gradient(Ball):
    """The first velocity is what the first gradient gives, twice."""

    fresh = True

    def step(self, t, epoch):
        if self.fresh:
            for p, v in zip(self.parameters, self.v, strict=True):
                v -= self.learning_rate(t) * p.grad
        self.fresh = False
        super().step(t, epoch)


# Mistakes that the grader does not know ----------------------------------------------------------------


@wrong()
def exponential_decay__root(start, factor, minimum):
    return lambda t: max(minimum, start * factor ** (-t / 2))


@wrong()
def linear_ramp__steps_of_two(start, end, over):
    return lambda e: end if e >= over else start + (end - start) * (e - e % 2) / over


@wrong()
class Momentum__weight_decay(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] - lr * (p.grad + 0.01 * p.data)
        p.data += self.v[i]


@wrong()
class Momentum__clips(Ball):
    def move(self, i, p, lr, mu):
        self.v[i][...] = mu * self.v[i] - lr * np.clip(p.grad, -1, 1)
        p.data += self.v[i]


@wrong()
class Momentum__rests_at_new_epochs(Ball):
    last = 0

    def step(self, t, epoch):
        if epoch != self.last:
            for v in self.v:
                v[...] = 0
        self.last = epoch
        super().step(t, epoch)
