"""hw17: answers, written from the task's words alone, before there were checks."""

import numpy as np

from minigan import ops
from minigan.nn import LeakyReLU, Linear
from minigan.successors.losses import Clipped as Given
from minigan.tensor import Tensor

from . import right, wrong

# Right -------------------------------------------------------------------------------------------------


@right
def w1__by_quantiles(x, y):
    """The area between the two distribution functions."""
    if x.shape != y.shape:
        raise ValueError("shapes")
    x, y = np.ravel(x), np.ravel(y)
    points = np.sort(np.concatenate([x, y]))
    below = [np.searchsorted(np.sort(a), points[:-1], side="right") / len(a) for a in (x, y)]
    return float((np.diff(points) * abs(below[0] - below[1])).sum())


@right
def w1__python_lists(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    pairs = zip(sorted(x.ravel().tolist()), sorted(y.ravel().tolist()), strict=True)
    return sum(abs(a - b) for a, b in pairs) / x.size


@right
def wasserstein__weights(a):
    m, odd = divmod(len(a.data), 2)
    if m == 0 or odd:
        raise ValueError("halves")
    signs = np.where(np.arange(2 * m) < m, -1 / m, 1 / m)[:, None].astype(a.dtype)
    return Tensor((signs * a.data).sum(), (a, lambda g: g * signs))


@right
def wasserstein__in_rows(a):
    if len(a.data) % 2 or not len(a.data):
        raise ValueError("halves")
    rows = ops.reshape(a, (2, -1))
    return ops.mean(rows[1] - rows[0])


@right
def upwards__sum(a_fake):
    return ops.sum(a_fake) * (-1 / len(a_fake.data))


@right
class Clipped__in_two_steps(Given):
    def step(self, t, epoch):
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            np.minimum(p.data, self.limit, out=p.data)
            np.maximum(p.data, -self.limit, out=p.data)


@right
class Clipped__by_masks(Given):
    def step(self, t, epoch):
        self.optimiser.step(t=t, epoch=epoch)
        for p in self.parameters:
            p.data[p.data > self.limit] = self.limit
            p.data[p.data < -self.limit] = -self.limit


def masks_of(D, x):
    h, masks = Tensor(x), []
    for layer in D.layers:
        if isinstance(layer, LeakyReLU):
            masks.append(np.where(h.data > 0, 1, layer.slope).astype(x.dtype))
        h = layer(h, None)
    return masks


@right
def input_gradient__forward_mode(D, x):
    """A column of weights for each unit, pushed forward: the derivatives of all units by x, (m, n, units)."""
    m, n = x.shape
    J, h = Tensor(np.tile(np.eye(n, dtype=x.dtype), (m, 1, 1))), Tensor(x)
    for layer in D.layers:
        if isinstance(layer, Linear):
            J = J @ layer.W
        else:
            J = J * Tensor(np.where(h.data > 0, 1, layer.slope).astype(x.dtype)[:, None])
        h = layer(h, None)
    return ops.reshape(J, (m, n))


@right
def input_gradient__backwards(D, x):
    masks, g = masks_of(D, x), None
    for layer in reversed(D.layers):
        if isinstance(layer, LeakyReLU):
            g = g * Tensor(masks.pop())
        elif g is None:
            g = Tensor(np.ones((len(x), 1), x.dtype)) @ ops.transpose(layer.W)
        else:
            g = g @ ops.transpose(layer.W)
    return g


@right
def gradient_penalty__relu_by_a_mask(D, x, one_sided=True):
    g = input_gradient__backwards(D, x)
    excess = (ops.sum(g * g, axis=1, keepdims=True) + 1e-12) ** 0.5 - 1
    if one_sided:
        excess = excess * Tensor((excess.data > 0).astype(x.dtype))
    return ops.sum(excess * excess) / len(x)


# Wrong -------------------------------------------------------------------------------------------------


@wrong("as_they_come")
def w1__as_they_come(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    return float(abs(x - y).mean())


@wrong("squares")
def w1__squares(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    return float(((np.sort(x, axis=0) - np.sort(y, axis=0)) ** 2).mean() ** 0.5)


@wrong("along_the_row")
def w1__last_axis(x, y):
    """np.sort sorts along the last axis, which has one number in a column."""
    if x.shape != y.shape:
        raise ValueError("shapes")
    return float(abs(np.sort(x) - np.sort(y)).mean())


@wrong("of_the_means")
def w1__means(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    return float(abs(x.mean() - y.mean()))


@wrong("in_all")
def w1__sum(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    return float(abs(np.sort(x.ravel()) - np.sort(y.ravel())).sum())


@wrong("in_place")
def w1__sorts_in_place(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    x.sort(axis=0)
    y.sort(axis=0)
    return float(abs(x - y).mean())


@wrong("stretched")
def w1__broadcasts(x, y):
    return float(abs(np.sort(x.ravel()) - np.sort(y.ravel())).mean())


@wrong("to_the_nearest")
def w1__to_the_nearest(x, y):
    if x.shape != y.shape:
        raise ValueError("shapes")
    return float(abs(x.ravel()[:, None] - y.ravel()).min(axis=1).mean())


def halves(a):
    m, odd = divmod(len(a.data), 2)
    if odd or not m:
        raise ValueError("halves")
    return a[:m], a[m:]


@wrong("sign")
def wasserstein__sign(a):
    real, fake = halves(a)
    return ops.mean(real) - ops.mean(fake)


@wrong("distance")
def wasserstein__absolute(a):
    real, fake = halves(a)
    d = ops.mean(fake) - ops.mean(real)
    return ops.relu(d) + ops.relu(-d)


@wrong("of_all")
def wasserstein__mean_of_all(a):
    real, fake = halves(a)
    return (ops.sum(fake) - ops.sum(real)) / len(a.data)


@wrong("odd_allowed")
def wasserstein__odd(a):
    m = len(a.data) // 2
    return ops.mean(a[m:]) - ops.mean(a[:m])


@wrong("logarithms")
def wasserstein__logs(a):
    real, fake = halves(a)
    return ops.mean(ops.softplus(fake)) + ops.mean(ops.softplus(-real))


@wrong("sign")
def upwards__sign(a_fake):
    return ops.mean(a_fake)


@wrong("sum")
def upwards__sum_of_all(a_fake):
    return -ops.sum(a_fake)


@wrong("keeps_the_axis")
def upwards__one_for_each(a_fake):
    return -ops.mean(a_fake, axis=0)


@wrong("new_array")
class Clipped__new_arrays(Given):
    def step(self, t, epoch):
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            p.data = np.clip(p.data, -self.limit, self.limit)


@wrong("clips_before")
class Clipped__before(Given):
    def step(self, t, epoch):
        for p in self.parameters:
            np.clip(p.data, -self.limit, self.limit, out=p.data)
        self.optimiser.step(t, epoch)


@wrong("gradients")
class Clipped__gradients(Given):
    def step(self, t, epoch):
        for p in self.parameters:
            np.clip(p.grad, -self.limit, self.limit, out=p.grad)
        self.optimiser.step(t, epoch)


@wrong("no_step")
class Clipped__no_step(Given):
    def step(self, t, epoch):
        for p in self.parameters:
            np.clip(p.data, -self.limit, self.limit, out=p.data)


@wrong("only_above")
class Clipped__only_above(Given):
    def step(self, t, epoch):
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            np.minimum(p.data, self.limit, out=p.data)


@wrong("thrown_away")
class Clipped__loses_the_clip(Given):
    def step(self, t, epoch):
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            np.clip(p.data, -self.limit, self.limit)


@wrong("fixed_limit")
class Clipped__fixed_limit(Given):
    def step(self, t, epoch):
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            np.clip(p.data, -0.01, 0.01, out=p.data)


@wrong("clock")
class Clipped__counts_itself(Given):
    def step(self, t, epoch):
        self.t = getattr(self, "t", -1) + 1
        self.optimiser.step(self.t, epoch)
        for p in self.parameters:
            np.clip(p.data, -self.limit, self.limit, out=p.data)


@wrong("scaled")
class Clipped__scaled(Given):
    """Not each number: the whole array is made smaller."""

    def step(self, t, epoch):
        self.optimiser.step(t, epoch)
        for p in self.parameters:
            p.data *= min(1.0, self.limit / max(abs(p.data).max(), 1e-30))


@wrong("no_masks")
def input_gradient__no_masks(D, x):
    g = Tensor(np.ones((len(x), 1), x.dtype))
    for layer in reversed(D.layers):
        if isinstance(layer, Linear):
            g = g @ ops.transpose(layer.W)
    return g


@wrong("relu_masks")
def input_gradient__relu_masks(D, x):
    g, h, came = Tensor(np.ones((len(x), 1), x.dtype)), Tensor(x), []
    for layer in D.layers:
        came.append(h.data)
        h = layer(h, None)
    for layer, a in zip(D.layers[::-1], came[::-1], strict=True):
        g = (
            g * Tensor((a > 0).astype(x.dtype))
            if isinstance(layer, LeakyReLU)
            else g @ ops.transpose(layer.W)
        )
    return g


@wrong("fixed_slope")
def input_gradient__fixed_slope(D, x):
    g, h, came = Tensor(np.ones((len(x), 1), x.dtype)), Tensor(x), []
    for layer in D.layers:
        came.append(h.data)
        h = layer(h, None)
    for layer, a in zip(D.layers[::-1], came[::-1], strict=True):
        if isinstance(layer, LeakyReLU):
            g = g * Tensor(np.where(a > 0, 1, 0.2).astype(x.dtype))
        else:
            g = g @ ops.transpose(layer.W)
    return g


@wrong("no_graph")
def input_gradient__by_backward(D, x):
    from minigan.tensor import backward

    at = Tensor(x)
    backward(ops.sum(D(at, None)), wrt=[at])
    return Tensor(at.grad)


@wrong("no_graph")
def input_gradient__weights_copied(D, x):
    masks, g = masks_of(D, x), Tensor(np.ones((len(x), 1), x.dtype))
    for layer in reversed(D.layers):
        is_bend = isinstance(layer, LeakyReLU)
        g = g * Tensor(masks.pop()) if is_bend else g @ Tensor(layer.W.data.T)
    return g


@wrong("other_layers_masks")
def input_gradient__masks_in_the_wrong_order(D, x):
    masks, g = masks_of(D, x), Tensor(np.ones((len(x), 1), x.dtype))
    for layer in reversed(D.layers):
        is_bend = isinstance(layer, LeakyReLU)
        g = g * Tensor(masks.pop(0)) if is_bend else g @ ops.transpose(layer.W)
    return g


@wrong("fixed_plan")
def input_gradient__only_three_layers(D, x):
    """As the formula stands in the task: three Linears with two LeakyReLUs between."""
    first, leaky1, second, leaky2, last = D.layers
    h1 = first(Tensor(x), None)
    h2 = second(leaky1(h1, None), None)
    M1 = Tensor(np.where(h1.data > 0, 1, leaky1.slope).astype(x.dtype))
    M2 = Tensor(np.where(h2.data > 0, 1, leaky2.slope).astype(x.dtype))
    return (ops.transpose(last.W) * M2) @ ops.transpose(second.W) * M1 @ ops.transpose(first.W)


@wrong("at_the_bend")
def input_gradient__kink_is_above(D, x):
    g, h, came = Tensor(np.ones((len(x), 1), x.dtype)), Tensor(x), []
    for layer in D.layers:
        came.append(h.data)
        h = layer(h, None)
    for layer, a in zip(D.layers[::-1], came[::-1], strict=True):
        if isinstance(layer, LeakyReLU):
            g = g * Tensor(np.where(a >= 0, 1, layer.slope).astype(x.dtype))
        else:
            g = g @ ops.transpose(layer.W)
    return g


@wrong("no_biases")
def input_gradient__bias_left_out(D, x):
    """The masks are those of a net without biases."""
    g, h, came = Tensor(np.ones((len(x), 1), x.dtype)), x, []
    for layer in D.layers:
        came.append(h)
        h = h @ layer.W.data if isinstance(layer, Linear) else np.where(h > 0, h, layer.slope * h)
    for layer, a in zip(D.layers[::-1], came[::-1], strict=True):
        if isinstance(layer, LeakyReLU):
            g = g * Tensor(np.where(a > 0, 1, layer.slope).astype(x.dtype))
        else:
            g = g @ ops.transpose(layer.W)
    return g


def lengths(D, x, eps=1e-12):
    g = input_gradient__backwards(D, x)
    return (ops.sum(g * g, axis=1) + eps) ** 0.5


@wrong("always_two_sided")
def gradient_penalty__always_two_sided(D, x, one_sided=True):
    return ops.mean((lengths(D, x) - 1) ** 2)


@wrong("always_one_sided")
def gradient_penalty__always_one_sided(D, x, one_sided=True):
    return ops.mean(ops.relu(lengths(D, x) - 1) ** 2)


@wrong("other_side")
def gradient_penalty__the_other_side(D, x, one_sided=True):
    excess = lengths(D, x) - 1
    return ops.mean((ops.relu(-excess) if one_sided else excess) ** 2)


@wrong("not_squared")
def gradient_penalty__not_squared(D, x, one_sided=True):
    excess = lengths(D, x) - 1
    return ops.mean(ops.relu(excess) if one_sided else ops.relu(excess) + ops.relu(-excess))


@wrong("squared_length")
def gradient_penalty__square_of_the_length(D, x, one_sided=True):
    g = input_gradient__backwards(D, x)
    excess = ops.sum(g * g, axis=1) - 1
    return ops.mean((ops.relu(excess) if one_sided else excess) ** 2)


@wrong("each_number")
def gradient_penalty__each_number(D, x, one_sided=True):
    g = input_gradient__backwards(D, x)
    excess = (g * g + 1e-12) ** 0.5 - 1
    return ops.mean((ops.relu(excess) if one_sided else excess) ** 2)


@wrong("bare_root")
def gradient_penalty__bare_root(D, x, one_sided=True):
    excess = lengths(D, x, 0) - 1
    return ops.mean((ops.relu(excess) if one_sided else excess) ** 2)


@wrong("sum")
def gradient_penalty__sum(D, x, one_sided=True):
    excess = lengths(D, x) - 1
    return ops.sum((ops.relu(excess) if one_sided else excess) ** 2)


@wrong("mean_first")
def gradient_penalty__mean_length(D, x, one_sided=True):
    excess = ops.mean(lengths(D, x)) - 1
    return (ops.relu(excess) if one_sided else excess) ** 2
