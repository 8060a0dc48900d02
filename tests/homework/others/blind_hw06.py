"""hw06: more answers, written from the task's words alone."""

from functools import partial

import numpy as np

from minigan import ops
from minigan.nn import Layer
from minigan.tensor import Tensor

from . import right, wrong


def refuse(keep):
    if not 0 < keep <= 1:
        raise ValueError("keep is a probability above 0")


# Right -------------------------------------------------------------------------------------------------


@right
def dropout__where(x, keep, rng):
    refuse(keep)
    a = x.data
    dropped = rng.uniform(a.shape) >= keep
    scale = a.dtype.type(1 / keep)
    zero = a.dtype.type(0)
    return Tensor(
        np.where(dropped, zero, a * scale), (x, lambda g: np.where(dropped, zero, g * scale).astype(a.dtype))
    )


@right
def dropout__the_other_tail(x, keep, rng):
    """u >= 1 - keep has the same probability."""
    refuse(keep)
    u = rng.uniform(x.shape)
    mask = np.zeros(x.shape, x.dtype)
    mask[u >= 1 - keep] = 1
    mask /= keep
    return Tensor(x.data * mask, (x, partial(np.multiply, mask)))


@right
def dropout__row_by_row(x, keep, rng):
    """In Python, number by number."""
    refuse(keep)
    u = np.asarray(rng.uniform(x.shape))
    mask = np.array([1 / keep if v < keep else 0.0 for v in u.ravel()], x.dtype).reshape(x.shape)

    def pullback(g):
        return (np.asarray(g) * mask).astype(x.dtype)

    return Tensor(np.asarray(x.data * mask), (x, pullback))


class Masked:
    def __init__(self, mask):
        self.mask = mask

    def __call__(self, g):
        return self.mask * g


@right
def dropout__object_and_all_kept_apart(x, keep, rng):
    if keep > 1 or keep <= 0:
        raise ValueError(f"no probability: {keep}")
    if keep == 1:
        return Tensor(x.data.copy(), (x, lambda g: g))
    masked = Masked(np.less(rng.uniform(x.shape), keep) / x.dtype.type(keep))
    return Tensor(masked(x.data), (x, masked))


@right
class Dropout__one_return(Layer):
    def __init__(self, keep):
        refuse(keep)
        self.keep = keep

    def __call__(self, x, rng):
        if rng is not None:
            x = ops.dropout(x, self.keep, rng)
        return x


@right
class Dropout__a_new_tensor_at_evaluation(Layer):
    def __init__(self, keep):
        refuse(keep)
        self.keep = keep

    def __call__(self, x, rng):
        if rng is None:
            return Tensor(x.data, (x, lambda g: g))
        return ops.dropout(x, self.keep, rng)


# Wrong -------------------------------------------------------------------------------------------------


@wrong("multiplied")
def dropout__multiplied_by_keep(x, keep, rng):
    refuse(keep)
    mask = (rng.uniform(x.shape) < keep) * x.dtype.type(keep)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("scaled_by_what_is_dropped")
def dropout__divided_by_what_is_dropped(x, keep, rng):
    refuse(keep)
    mask = (rng.uniform(x.shape) < keep) / x.dtype.type((1 - keep) or 1)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("gradient_not_scaled")
def dropout__gradient_not_scaled(x, keep, rng):
    refuse(keep)
    kept = rng.uniform(x.shape) < keep
    return Tensor(x.data * (kept / x.dtype.type(keep)), (x, lambda g: g * kept))


@wrong()
def dropout__scaled_by_what_was_kept(x, keep, rng):
    """By the share of units that happened to stay, not by keep."""
    refuse(keep)
    kept = rng.uniform(x.shape) < keep
    mask = (kept / max(kept.mean() if kept.size else 1, 1e-9)).astype(x.dtype)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("exactly_so_many")
def dropout__exact_count(x, keep, rng):
    """A fixed number of units stays, those with the smallest u."""
    refuse(keep)
    u = rng.uniform(x.shape)
    n = round(keep * u.size)
    mask = np.zeros(u.size, x.dtype)
    mask[np.argsort(u, axis=None)[:n]] = 1 / keep
    mask = mask.reshape(x.shape)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("one_for_each_unit")
def dropout__one_mask_for_all_examples(x, keep, rng):
    refuse(keep)
    u = rng.uniform(x.shape[1:] if x.data.ndim > 1 else x.shape)
    mask = (u < keep) / x.dtype.type(keep)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("mask_from_y")
def dropout__mask_found_from_value(x, keep, rng):
    """Where y is 0 nothing passes, though x itself may have been 0."""
    refuse(keep)
    y = x.data * ((rng.uniform(x.shape) < keep) / x.dtype.type(keep))
    return Tensor(y, (x, lambda g: g * (y != 0) / x.dtype.type(keep)))


@wrong("mask_from_y")
def dropout__mask_by_ratio(x, keep, rng):
    """The pullback divides y by x."""
    refuse(keep)
    a = x.data
    y = a * ((rng.uniform(x.shape) < keep) / x.dtype.type(keep))
    return Tensor(y, (x, lambda g: g * np.nan_to_num(y / a)))


@wrong("one_mask_for_all_calls")
def dropout__numpy_draws(x, keep, rng):
    refuse(keep)
    mask = (np.random.default_rng(0).random(x.shape) < keep) / x.dtype.type(keep)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("refuses_nothing")
def dropout__zero_is_allowed(x, keep, rng):
    if not 0 <= keep <= 1:
        raise ValueError("keep")
    mask = (rng.uniform(x.shape) < keep) / x.dtype.type(keep or 1)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("refuses_nothing")
def dropout__percent_above_one(x, keep, rng):
    """keep = 2 is taken for 2 percent."""
    if keep > 1:
        keep = keep / 100
    refuse(keep)
    mask = (rng.uniform(x.shape) < keep) / x.dtype.type(keep)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("writes_into_x")
def dropout__mask_in_x(x, keep, rng):
    """x.data *= mask."""
    refuse(keep)
    mask = (rng.uniform(x.shape) < keep) / x.dtype.type(keep)
    x.data *= mask
    return Tensor(x.data.copy(), (x, lambda g: g * mask))


@wrong("float64")
def dropout__float64_mask(x, keep, rng):
    refuse(keep)
    mask = np.where(rng.uniform(x.shape) < keep, 1 / keep, 0.0)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong("fresh_mask")
def dropout__draws_twice(x, keep, rng):
    """Twice from the stream: the mask that stays is the second."""
    refuse(keep)
    y = x.data * ((rng.uniform(x.shape) < keep) / x.dtype.type(keep))
    mask = (rng.uniform(x.shape) < keep) / x.dtype.type(keep)
    return Tensor(y, (x, lambda g: g * mask))


@wrong()
def dropout__mask_used_up(x, keep, rng):
    refuse(keep)
    masks = [(rng.uniform(x.shape) < keep) / x.dtype.type(keep)]
    return Tensor(x.data * masks[0], (x, lambda g: g * masks.pop()))


@wrong()
def dropout__ignores_rounding_at_one(x, keep, rng):
    """u > keep drops; at keep = 1 that is right, and so is the probability; the scale is 1/(keep + eps)."""
    refuse(keep)
    mask = (rng.uniform(x.shape) <= keep) / x.dtype.type(keep + 1e-3)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


@wrong()
def dropout__two_dimensions_only(x, keep, rng):
    refuse(keep)
    m, n = x.shape
    mask = (rng.uniform((m, n)) < keep) / x.dtype.type(keep)
    return Tensor(x.data * mask, (x, lambda g: g * mask))


class Kept(Layer):
    def __init__(self, keep):
        refuse(keep)
        self.keep = keep


@wrong("scaled_at_evaluation")
class Dropout__keep_once_more_at_evaluation(Kept):
    def __call__(self, x, rng):
        return x * self.keep if rng is None else ops.dropout(x, self.keep, rng)


@wrong("drops_keep")
class Dropout__drops_what_it_should_keep(Kept):
    def __call__(self, x, rng):
        return x if rng is None or self.keep == 1 else ops.dropout(x, 1 - self.keep, rng)


@wrong("modes_swapped")
class Dropout__modes_swapped(Kept):
    def __call__(self, x, rng):
        return x if rng is not None else ops.dropout(x, self.keep, np.random.default_rng())


@wrong("always_a_half")
class Dropout__half_always(Kept):
    def __call__(self, x, rng):
        return x if rng is None else ops.dropout(x, 0.5, rng)


@wrong("mask_kept")
class Dropout__remembers_the_first_mask(Kept):
    def __call__(self, x, rng):
        if rng is None:
            return x
        if getattr(self, "shape", None) != x.shape:
            self.mask = ops.dropout(Tensor(np.ones_like(x.data)), self.keep, rng).data
            self.shape = x.shape
        return x * Tensor(self.mask)


@wrong("no_edge")
class Dropout__no_graph_at_evaluation(Kept):
    """A constant: D's gradient ends here."""

    def __call__(self, x, rng):
        return Tensor(x.data.copy()) if rng is None else ops.dropout(x, self.keep, rng)
