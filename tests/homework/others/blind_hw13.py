"""hw13: more answers, written from the task's words alone."""

import numpy as np

from minigan import ops
from minigan.backend import to_host, xp_of
from minigan.nn import Layer
from minigan.tensor import Tensor

from . import right, wrong

# Right -------------------------------------------------------------------------------------------------


@right
def leaky_relu__factor(x, slope=0.2):
    a = x.data
    low = a.dtype.type(slope)
    factor = xp_of(a).where(a > 0, a.dtype.type(1), low)
    return Tensor(a * factor, (x, lambda g: g * factor))


@right
def leaky_relu__by_products(x, slope=0.2):
    a = x.data
    up = (a > 0).astype(a.dtype)
    factor = up + float(slope) * (1 - up)
    return Tensor(factor * a, (x, lambda g: factor * g))


class Named(Layer):
    def __call__(self, x, rng):
        return self.f(x, self.W, self.b)

    def named_parameters(self):
        return {"W": self.W, "b": self.b}


@right
class Linear__zeros_like(Named):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        if scale is None:
            scale = (6 / (inputs + outputs)) ** 0.5
        w = rng.uniform((inputs, outputs), low=-scale, high=scale)
        self.W, self.b, self.f = Tensor(w), Tensor(xp_of(w).zeros((outputs,), dtype=rng.dtype)), f


class Averages(Layer):
    def __init__(self, features, backend, momentum=0.9, eps=1e-5):
        xp, self.momentum, self.eps = backend.xp, momentum, eps
        self.gamma = Tensor(xp.ones(features, dtype=backend.dtype))
        self.beta = Tensor(xp.zeros(features, dtype=backend.dtype))
        self.running_mean = xp.zeros(features, dtype=backend.dtype)
        self.running_var = xp.ones(features, dtype=backend.dtype)

    def normal(self, x, mu, var):
        return (x - mu) / (var + self.eps) ** 0.5 * self.gamma + self.beta

    def batch(self, x):
        mu = ops.mean(x, 0)
        return mu, ops.mean((x - mu) * (x - mu), 0)

    def move(self, mu, var):
        self.running_mean += (1 - self.momentum) * (mu.data - self.running_mean)
        self.running_var += (1 - self.momentum) * (var.data - self.running_var)

    def __call__(self, x, rng):
        if rng is None:
            return self.normal(x, Tensor(self.running_mean), Tensor(self.running_var))
        mu, var = self.batch(x)
        self.move(mu, var)
        return self.normal(x, mu, var)

    def named_parameters(self):
        return {"gamma": self.gamma, "beta": self.beta}

    def buffers(self):
        return {"running_mean": self.running_mean, "running_var": self.running_var}


@right
class BatchNorm__as_given(Averages):
    pass


@right
class BatchNorm__into_the_buffers(Averages):
    def move(self, mu, var):
        for running, now in ((self.running_mean, mu), (self.running_var, var)):
            running[...] = self.momentum * running + (1 - self.momentum) * now.data


# Wrong -------------------------------------------------------------------------------------------------


@wrong("float64")
def leaky_relu__numpy_where(x, slope=0.2):
    factor = np.where(x.data > 0, 1.0, slope)
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("float64")
def leaky_relu__float64_factor(x, slope=0.2):
    xp = xp_of(x.data)
    factor = xp.where(x.data > 0, xp.ones(x.shape), slope * xp.ones(x.shape))
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("copied_back")
def leaky_relu__over_the_host(x, slope=0.2):
    xp = xp_of(x.data)
    factor = xp.asarray(np.where(to_host(x.data) > 0, 1.0, slope).astype(x.dtype))
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("one_at_0")
def leaky_relu__slope_one_at_zero(x, slope=0.2):
    xp, a = xp_of(x.data), x.data
    return Tensor(xp.where(a > 0, a, slope * a), (x, lambda g: xp.where(a >= 0, g, slope * g)))


@wrong()
def leaky_relu__default_slope(x, slope=0.2):
    xp, a = xp_of(x.data), x.data
    return Tensor(xp.where(a > 0, a, slope * a), (x, lambda g: xp.where(a > 0, g, 0.2 * g)))


@wrong("maximum")
def leaky_relu__larger_of_both(x, slope=0.2):
    """Right for slopes up to 1."""
    xp, a = xp_of(x.data), x.data
    return Tensor(xp.maximum(a, slope * a), (x, lambda g: xp.where(a > 0, g, slope * g)))


@wrong("noise_from_numpy")
class Linear__numpys_numbers(Named):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = (6 / (inputs + outputs)) ** 0.5 if scale is None else scale
        w = np.random.default_rng(0).uniform(-scale, scale, (inputs, outputs)).astype(rng.dtype)
        self.W, self.b, self.f = Tensor(w), Tensor(np.zeros(outputs, rng.dtype)), f


@wrong("numpy_inside")
class Linear__bias_of_numpy(Named):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = (6 / (inputs + outputs)) ** 0.5 if scale is None else scale
        self.W = Tensor(rng.uniform((inputs, outputs), -scale, scale))
        self.b, self.f = Tensor(np.zeros(outputs, rng.dtype)), f


@wrong("only_positive")
class Linear__from_zero(Named):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = (6 / (inputs + outputs)) ** 0.5 if scale is None else scale
        w = rng.uniform((inputs, outputs)) * scale
        self.W, self.b, self.f = Tensor(w), Tensor(xp_of(w).zeros(outputs, rng.dtype)), f


@wrong("ignores_scale")
class Linear__scale_or_default(Named):
    """scale = 0 is taken for none."""

    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = scale or (6 / (inputs + outputs)) ** 0.5
        w = rng.uniform((inputs, outputs), -scale, scale)
        self.W, self.b, self.f = Tensor(w), Tensor(xp_of(w).zeros(outputs, rng.dtype)), f


@wrong()
class BatchNorm__number_by_number(Averages):
    def move(self, mu, var):
        for j in range(len(self.running_mean)):
            self.running_mean[j] += (1 - self.momentum) * (float(mu.data[j]) - float(self.running_mean[j]))
            self.running_var[j] += (1 - self.momentum) * (float(var.data[j]) - float(self.running_var[j]))


@wrong("averages_the_other_way")
class BatchNorm__momentum_turned_round(Averages):
    def move(self, mu, var):
        self.running_mean += self.momentum * (mu.data - self.running_mean)
        self.running_var += self.momentum * (var.data - self.running_var)


@wrong("unbiased_variance")
class BatchNorm__unbiased_running_variance(Averages):
    """As PyTorch keeps it: m - 1."""

    def __call__(self, x, rng):
        if rng is not None:
            mu, var = self.batch(x)
            m = len(x.data)
            self.move(mu, Tensor(var.data * (m / max(m - 1, 1))))
            return self.normal(x, mu, var)
        return super().__call__(x, rng)


@wrong("no_gradient_through_mean")
class BatchNorm__constants_of_the_batch(Averages):
    """No gradient through mean and variance."""

    def batch(self, x):
        mu, var = super().batch(x)
        return Tensor(mu.data), Tensor(var.data)


@wrong()
class BatchNorm__eps_outside_the_root(Averages):
    def normal(self, x, mu, var):
        return (x - mu) / (var**0.5 + self.eps) * self.gamma + self.beta


@wrong()
class BatchNorm__new_buffers(Averages):
    """buffers() of before are no longer those that are used: rounding in float64 aside, values are right."""

    def __call__(self, x, rng):
        if rng is None:
            self.running_mean = self.running_mean * 0.5 + self.running_mean * 0.5
            self.move(Tensor(self.running_mean), Tensor(0.5 * self.running_var))
        return super().__call__(x, rng)


@wrong("batch_at_evaluation")
class BatchNorm__batch_at_evaluation(Averages):
    def __call__(self, x, rng):
        return self.normal(x, *self.batch(x)) if rng is None else super().__call__(x, rng)


@wrong("float64")
class BatchNorm__in_the_dtype_of_numpy(Averages):
    def __init__(self, features, backend, momentum=0.9, eps=1e-5):
        super().__init__(features, backend, momentum, eps)
        self.running_mean, self.running_var = backend.xp.zeros(features), backend.xp.ones(features)
