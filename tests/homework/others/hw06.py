"""hw06: other answers."""

from functools import partial

import numpy as np

from minigan import ops
from minigan.nn import Layer
from minigan.tensor import Tensor

from . import right, wrong


def checked(keep):
    if not (keep > 0 and keep <= 1):
        raise ValueError(f"expected a probability, got {keep}")
    return keep


# Right -------------------------------------------------------------------------------------------------


@right
def dropout__kept_above(x, keep, rng):
    """Large numbers stay."""
    p = 1 - checked(keep)
    factor = np.where(rng.uniform(x.data.shape) >= p, 1 / keep, 0).astype(x.dtype)
    return Tensor(factor * x.data, (x, lambda g: factor * g))


@right
def dropout__flat(x, keep, rng):
    checked(keep)
    a = x.data
    chances = rng.uniform((a.size,))
    mask = np.zeros(a.size, a.dtype)
    mask[chances < keep] = 1 / keep
    mask = mask.reshape(a.shape)
    return Tensor(a * mask, (x, partial(np.multiply, mask)))


@right
def dropout__one_by_one(x, keep, rng):
    checked(keep)
    a = np.ascontiguousarray(x.data)
    draws = rng.uniform(x.data.shape)
    y = np.zeros(x.data.shape, x.dtype)
    for i in np.ndindex(x.data.shape):
        if draws[i] < keep:
            y[i] = a.reshape(x.data.shape)[i] / keep

    def back(g):
        share = np.zeros(x.data.shape, x.dtype)
        for i in np.ndindex(x.data.shape):
            if draws[i] < keep:
                share[i] = g[i] / keep
        return share

    return Tensor(y, (x, back))


@right
def dropout__kept_numbers(x, keep, rng):
    if keep == 1:
        return Tensor(x.data.copy(), (x, lambda g: g))
    checked(keep)
    kept = rng.uniform(x.shape) <= keep
    scale = x.dtype.type(1.0 / keep)
    return Tensor(np.multiply(x.data, kept) * scale, (x, lambda g: np.multiply(g, kept) * scale))


class Mask:
    def __init__(self, kept, keep):
        self.kept, self.keep = kept, keep

    def __call__(self, a):
        return (self.kept.astype(a.dtype) * a) / a.dtype.type(self.keep)


@right
def dropout__an_object(x, keep, rng):
    mask = Mask(np.less(rng.uniform(x.shape), checked(keep)), keep)
    return Tensor(mask(x.data), (x, mask))


@right
def dropout__by_floor(x, keep, rng):
    """Bernoulli numbers as the floor of u + keep."""
    checked(keep)
    ones = np.floor(rng.uniform(x.shape) + x.dtype.type(keep)).clip(0, 1)
    return Tensor(x.data / keep * ones, (x, lambda g: g / keep * ones))


class Dropout__both_modes(Layer):
    def __init__(self, keep):
        self.keep = keep

    def __call__(self, x, rng):
        training = rng is not None
        return ops.dropout(x, self.keep, rng) if training else x


class Dropout__early_return(Layer):
    def __init__(self, keep):
        self.keep = float(keep)

    def __call__(self, x, rng=None):
        if rng is None:
            return x
        if self.keep == 1.0:
            return x
        return ops.dropout(x, self.keep, rng=rng)


Dropout__both_modes, Dropout__early_return = right(Dropout__both_modes), right(Dropout__early_return)


# Wrong -------------------------------------------------------------------------------------------------


@wrong("not_scaled")
def dropout__plain_mask(x, keep, rng):
    checked(keep)
    mask = (rng.uniform(x.shape) < keep).astype(x.dtype)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("scaled_by_what_is_dropped")
def dropout__over_one_minus_keep(x, keep, rng):
    checked(keep)
    mask = (rng.uniform(x.shape) < keep).astype(x.dtype) / (1 - keep if keep < 1 else 1e-3)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("keep_is_drop")
def dropout__drops_keep(x, keep, rng):
    checked(keep)
    mask = (rng.uniform(x.shape) > keep).astype(x.dtype) / keep
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("one_for_each_example")
def dropout__a_row_at_a_time(x, keep, rng):
    checked(keep)
    a = x.data
    chance = rng.uniform((a.shape[0],) + (1,) * (a.ndim - 1) if a.ndim else ())
    mask = np.broadcast_to((chance < keep).astype(a.dtype) / keep, a.shape)
    return Tensor(a * mask, (x, lambda g: g * mask))


@wrong("one_for_each_unit")
def dropout__a_column_at_a_time(x, keep, rng):
    checked(keep)
    a = x.data
    mask = (rng.uniform(a.shape[-1:]) < keep).astype(a.dtype) / keep
    return Tensor(a * mask, (x, lambda g: g * mask))


@wrong()
def dropout__all_or_nothing(x, keep, rng):
    checked(keep)
    mask = np.asarray(rng.uniform(()) < keep, x.dtype) / x.dtype.type(keep)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("fresh_mask")
def dropout__draws_in_the_pullback(x, keep, rng):
    checked(keep)

    def thinned(a):
        return a * (rng.uniform(a.shape) < keep).astype(a.dtype) / keep

    return Tensor(thinned(x.data), (x, thinned))


@wrong("mask_from_y")
def dropout__where_y(x, keep, rng):
    checked(keep)
    y = np.where(rng.uniform(x.shape) < keep, x.data / keep, 0).astype(x.dtype)
    return Tensor(y, (x, lambda g: np.where(y != 0, g / keep, 0).astype(g.dtype)))


@wrong("numpys_own")
def dropout__numpy_random(x, keep, rng):
    checked(keep)
    mask = (np.random.uniform(size=x.shape) < keep).astype(x.dtype) / keep
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("one_mask_for_all_calls")
def dropout__seeded(x, keep, rng):
    checked(keep)
    mask = (np.random.default_rng(2014).random(x.shape) < keep).astype(x.dtype) / keep
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("exactly_so_many")
def dropout__a_fixed_share(x, keep, rng):
    checked(keep)
    u = rng.uniform((x.data.size,))
    kept = np.zeros(x.data.size, bool)
    kept[np.argsort(u)[: round(keep * x.data.size)]] = True
    mask = kept.reshape(x.shape).astype(x.dtype) / keep
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("gradient_to_all")
def dropout__gradient_passes(x, keep, rng):
    checked(keep)
    mask = (rng.uniform(x.shape) < keep).astype(x.dtype) / keep
    return Tensor(x.data * mask, (x, lambda g: g))


@wrong("gradient_not_scaled")
def dropout__gradient_is_bare(x, keep, rng):
    checked(keep)
    kept = rng.uniform(x.shape) < keep
    return Tensor((x.data * kept / keep).astype(x.dtype), (x, lambda g: g * kept))


@wrong("refuses_nothing")
def dropout__any_keep(x, keep, rng):
    mask = (rng.uniform(x.shape) < keep).astype(x.dtype) / (keep or 1)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("float64")
def dropout__wide(x, keep, rng):
    checked(keep)
    mask = np.where(rng.uniform(x.shape) < keep, np.float64(1 / keep), 0.0)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("writes_into_x")
def dropout__in_place(x, keep, rng):
    checked(keep)
    mask = (rng.uniform(x.shape) < keep).astype(x.dtype) / keep
    x.data *= mask
    return Tensor(x.data, (x, lambda g: g * mask))


@wrong("scaled_at_evaluation")
class Dropout__as_first_published(Layer):
    def __init__(self, keep):
        self.keep = keep

    def __call__(self, x, rng):
        return x * self.keep if rng is None else ops.dropout(x, self.keep, rng)


@wrong("never_drops")
class Dropout__identity(Layer):
    def __init__(self, keep):
        self.keep = keep

    def __call__(self, x, rng):
        return x


@wrong("drops_keep")
class Dropout__passes_the_rate(Layer):
    def __init__(self, keep):
        self.keep = keep

    def __call__(self, x, rng):
        return x if rng is None else ops.dropout(x, 1 - self.keep, rng)


@wrong("always_a_half")
class Dropout__half_in_training(Layer):
    def __init__(self, keep):
        self.keep = keep

    def __call__(self, x, rng):
        return x if rng is None else ops.dropout(x, 0.5, rng)
