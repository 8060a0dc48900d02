"""hw13: other answers."""

import math

import numpy as np

from minigan import ops
from minigan.backend import to_host, xp_of
from minigan.nn import Layer
from minigan.nn import Linear as OwnLinear
from minigan.tensor import Tensor

from . import right, wrong

# Right -------------------------------------------------------------------------------------------------


@right
def leaky_relu__two_halves(x, slope=0.2):
    a = x.data
    xp = xp_of(a)
    return Tensor(
        xp.maximum(a, 0) + slope * xp.minimum(a, 0),
        (x, lambda g: g * (a > 0) + slope * (g * (a <= 0))),
    )


@right
def leaky_relu__library_of_g(x, slope=0.2):
    a = x.data

    def back(g):
        return xp_of(g, a).where(a > 0, g, g * slope)

    y = a.copy()
    y *= xp_of(a).where(a > 0, 1, slope).astype(a.dtype)
    return Tensor(y, (x, back))


@wrong()
def leaky_relu__as_relus(x, slope=0.2):
    """By operations that are there already; at 0, where both relus are flat, so is this."""
    return ops.relu(x) - slope * ops.relu(-x)


class Linears(Layer):
    f = staticmethod(ops.affine_identity)

    def __call__(self, x, rng):
        return self.f(x, self.W, self.b)

    def named_parameters(self):
        return {"W": self.W, "b": self.b}


@right
class Linear__zeros_like(Linears):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = math.sqrt(6.0 / (inputs + outputs)) if scale is None else scale
        W = rng.uniform((inputs, outputs), low=-scale, high=scale)
        self.W, self.b, self.f = Tensor(W), Tensor(xp_of(W).zeros_like(W[0])), f


@right
class Linear__flat_draw(Linears):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        if scale is None:
            scale = (6 / (inputs + outputs)) ** 0.5
        u = rng.uniform(inputs * outputs).reshape(outputs, inputs).T
        self.W = Tensor((u - 0.5) * (2 * scale))
        self.b = Tensor(self.W.data.sum(axis=0) * 0)
        self.f = f


class Norms(Layer):
    def named_parameters(self):
        return {"gamma": self.gamma, "beta": self.beta}

    def buffers(self):
        return {"running_mean": self.running_mean, "running_var": self.running_var}

    def __init__(self, features, backend, momentum=0.9, eps=1e-5):
        make = backend.xp
        self.gamma = Tensor(make.full(features, 1.0, backend.dtype))
        self.beta = Tensor(make.zeros((features,), backend.dtype))
        self.running_mean = make.zeros((features,), backend.dtype)
        self.running_var = make.full(features, 1.0, backend.dtype)
        self.momentum, self.eps = momentum, eps

    def normed(self, centred, var):
        return centred * (var + self.eps) ** -0.5 * self.gamma + self.beta

    def move(self, mean, var):
        self.running_mean += (1 - self.momentum) * (mean - self.running_mean)
        self.running_var += (1 - self.momentum) * (var - self.running_var)


@right
class BatchNorm__toward_the_batch(Norms):
    def __call__(self, x, rng):
        if rng is None:
            return self.normed(x - Tensor(self.running_mean), Tensor(self.running_var))
        mu = x.mean(axis=0)
        c = x - mu
        var = (c * c).mean(axis=0)
        self.move(mu.data, var.data)
        return self.normed(c, var)


@right
class BatchNorm__means_from_arrays(Norms):
    """The averages from the arrays, the gradient through the operations."""

    def __call__(self, x, rng):
        if rng is None:
            return self.normed(x - Tensor(self.running_mean), Tensor(self.running_var))
        self.move(x.data.mean(axis=0), x.data.var(axis=0))
        c = x - ops.mean(x, 0, keepdims=True)
        return self.normed(c, ops.mean(c**2, 0, keepdims=True))


@right
class BatchNorm__by_sums(Norms):
    def __call__(self, x, rng):
        if rng is None:
            scale = self.gamma / (Tensor(self.running_var) + self.eps) ** 0.5
            return x * scale + (self.beta - Tensor(self.running_mean) * scale)
        m = x.shape[0]
        mu = ops.sum(x, axis=0) / m
        var = ops.sum((x - mu) ** 2, axis=0) / m
        for name, batch in (("running_mean", mu), ("running_var", var)):
            old = getattr(self, name)
            setattr(self, name, old * self.momentum + batch.data * (1 - self.momentum))
        return self.gamma * ((x - mu) / (var + self.eps) ** 0.5) + self.beta


# Wrong -------------------------------------------------------------------------------------------------


@wrong("numpy_inside")
def leaky_relu__as_it_was(x, slope=0.2):
    factor = np.where(x.data > 0, x.dtype.type(1), x.dtype.type(slope))
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("numpy_inside")
def leaky_relu__numpy_in_the_pullback(x, slope=0.2):
    a = x.data
    y = xp_of(a).where(a > 0, a, slope * a)
    return Tensor(y, (x, lambda g: g * np.where(a > 0, 1, slope).astype(a.dtype)))


@wrong("copied_back")
def leaky_relu__by_way_of_the_host(x, slope=0.2):
    xp, a = xp_of(x.data), to_host(x.data)
    factor = xp.asarray(np.where(a > 0, 1, slope).astype(a.dtype))
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("asks_whether_any")
def leaky_relu__in_a_hurry(x, slope=0.2):
    a = x.data
    if bool((a > 0).all()):
        return Tensor(a.copy(), (x, lambda g: g))
    xp = xp_of(a)
    return Tensor(xp.where(a > 0, a, slope * a), (x, lambda g: xp.where(a > 0, g, slope * g)))


@wrong("by_index", "one_at_0")
def leaky_relu__masks(x, slope=0.2):
    factor = xp_of(x.data).ones_like(x.data)
    factor[(x.data < 0).nonzero()] = slope
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("maximum")
def leaky_relu__max(x, slope=0.2):
    a = x.data
    xp = xp_of(a)
    return Tensor(xp.maximum(a, slope * a), (x, lambda g: xp.where(a > slope * a, g, slope * g)))


@wrong("float64")
def leaky_relu__no_dtype(x, slope=0.2):
    xp = xp_of(x.data)
    factor = xp.ones(x.shape) * slope
    factor = xp.where(x.data > 0, 1.0, factor)
    return Tensor(x.data * factor, (x, lambda g: g * factor))


@wrong("noise_from_numpy")
class Linear__numpys_noise(Linears):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = (6 / (inputs + outputs)) ** 0.5 if scale is None else scale
        W = np.random.default_rng(0).uniform(-scale, scale, (inputs, outputs)).astype(rng.dtype)
        self.W, self.b, self.f = Tensor(W), Tensor(np.zeros(outputs, rng.dtype)), f


@wrong("noise_never_again")
class Linear__other_noise_each_time(Linears):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        scale = (6 / (inputs + outputs)) ** 0.5 if scale is None else scale
        W = np.random.uniform(-scale, scale, (inputs, outputs)).astype(rng.dtype)
        self.W, self.b, self.f = Tensor(W), Tensor(np.zeros(outputs, rng.dtype)), f


@wrong("numpy_inside")
class Linear__numpys_zeros(OwnLinear):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        super().__init__(inputs, outputs, rng, scale, f)
        self.b = Tensor(np.zeros(outputs, rng.dtype))


@wrong("through_numpy")
class Linear__there_and_back(OwnLinear):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        super().__init__(inputs, outputs, rng, scale, f)
        host = to_host(self.W.data)
        self.W = Tensor(xp_of(self.W.data).asarray(np.ascontiguousarray(host)))


@wrong("ignores_scale")
class Linear__zero_is_none(OwnLinear):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        super().__init__(inputs, outputs, rng, scale or None, f)


@wrong("bias_copied")
class Linear__bias_sent(OwnLinear):
    def __init__(self, inputs, outputs, rng, scale=None, f=ops.affine_identity):
        super().__init__(inputs, outputs, rng, scale, f)
        self.b = Tensor(xp_of(self.W.data).asarray(np.zeros(outputs), rng.dtype))


@wrong("averages_of_numpy")
class BatchNorm__averages_on_the_host(BatchNorm__toward_the_batch):
    def __init__(self, features, backend, momentum=0.9, eps=1e-5):
        super().__init__(features, backend, momentum, eps)
        self.running_mean = np.zeros(features, backend.dtype)
        self.running_var = np.ones(features, backend.dtype)

    def move(self, mean, var):
        super().move(to_host(mean), to_host(var))


@wrong("float_every_step")
class BatchNorm__number_by_number(BatchNorm__toward_the_batch):
    def move(self, mean, var):
        keep = self.momentum
        for j in range(len(mean)):
            self.running_mean[j] = keep * self.running_mean[j] + (1 - keep) * float(mean[j])
            self.running_var[j] = keep * self.running_var[j] + (1 - keep) * float(var[j])


@wrong("copied_back")
class BatchNorm__moved_on_the_host(BatchNorm__toward_the_batch):
    def move(self, mean, var):
        xp, keep = xp_of(mean), self.momentum
        self.running_mean = xp.asarray(keep * to_host(self.running_mean) + (1 - keep) * to_host(mean))
        self.running_var = xp.asarray(keep * to_host(self.running_var) + (1 - keep) * to_host(var))


@wrong("made_by_numpy")
class BatchNorm__sent_over(BatchNorm__toward_the_batch):
    def __init__(self, features, backend, momentum=0.9, eps=1e-5):
        super().__init__(features, backend, momentum, eps)
        self.gamma = Tensor(backend.asarray(np.ones(features), backend.dtype))
        self.running_var = backend.asarray(np.ones(features, backend.dtype))


@wrong("asks_the_variance")
class BatchNorm__careful(BatchNorm__toward_the_batch):
    def normed(self, centred, var):
        if bool((var.data < 0).any()):
            raise ValueError("a negative variance")
        return super().normed(centred, var)


@wrong("unbiased_variance")
class BatchNorm__unbiased(BatchNorm__toward_the_batch):
    def __call__(self, x, rng):
        self.n = x.shape[0]
        return super().__call__(x, rng)

    def move(self, mean, var):
        super().move(mean, var * (self.n / (self.n - 1)))


@wrong("no_gradient_through_mean")
class BatchNorm__constants(Norms):
    def __call__(self, x, rng):
        if rng is None:
            return self.normed(x - Tensor(self.running_mean), Tensor(self.running_var))
        mean, var = x.data.mean(axis=0), x.data.var(axis=0)
        self.move(mean, var)
        return self.normed(x - Tensor(mean), Tensor(var))


@wrong("float64")
class BatchNorm__no_dtype(BatchNorm__toward_the_batch):
    def __init__(self, features, backend, momentum=0.9, eps=1e-5):
        super().__init__(features, backend, momentum, eps)
        self.running_mean = backend.xp.zeros(features)
        self.running_var = backend.xp.ones(features)


@wrong()
class BatchNorm__eps_outside(BatchNorm__toward_the_batch):
    """eps beside the deviation in the place of the variance."""

    def normed(self, centred, var):
        return centred / (var**0.5 + self.eps) * self.gamma + self.beta
