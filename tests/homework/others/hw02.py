"""hw02: other answers."""

from functools import cache, partial, reduce

import numpy as np

from . import right, wrong


def fits(g, shape):
    """Refuse as the task says; most mistakes below are made elsewhere."""
    if len(shape) > g.ndim:
        raise ValueError("too many axes")
    for n, m in zip(shape[::-1], g.shape[::-1], strict=False):
        if n not in (1, m):
            raise ValueError("axes differ")


# Right -------------------------------------------------------------------------------------------------


@right
def unbroadcast__padded(g, shape, source=""):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    if len(padded) != g.ndim or any(n != m and n != 1 for n, m in zip(padded, g.shape, strict=True)):
        raise ValueError(f"{source}: {shape} -> {g.shape}")
    axes = tuple(i for i, n in enumerate(padded) if n == 1)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


@right
def unbroadcast__from_the_right(g, shape, source=""):
    if g.ndim < len(shape):
        raise ValueError(source)
    out = g
    for axis in range(-1, -g.ndim - 1, -1):
        n = shape[axis] if -axis <= len(shape) else 1
        if n != out.shape[axis]:
            if n != 1:
                raise ValueError(source)
            out = np.add.reduce(out, axis=axis, keepdims=True)
    return out.reshape(shape)


@right
def unbroadcast__recursive(g, shape, source=""):
    if g.ndim > len(shape):
        return unbroadcast__recursive(g.sum(0), shape, source)
    if g.ndim < len(shape):
        raise ValueError("more axes than g")
    for i, (n, m) in enumerate(zip(shape, g.shape, strict=True)):
        if n != m:
            if n != 1:
                raise ValueError("cannot")
            return unbroadcast__recursive(g.sum(i, keepdims=True), shape, source)
    return np.asarray(g)


@right
def unbroadcast__by_strides(g, shape, source=""):
    view = np.broadcast_to(np.empty(shape), g.shape)  # raises ValueError by itself
    axes = tuple(i for i, (s, m) in enumerate(zip(view.strides, g.shape, strict=True)) if s == 0 and m != 1)
    return np.asarray(g.sum(axis=axes)).reshape(shape)


@right
def unbroadcast__numpy_integers(g, shape, source=""):
    own = np.asarray(shape, dtype=np.int64)
    padded = np.concatenate([np.ones(max(g.ndim - own.size, 0), np.int64), own])
    if padded.size != g.ndim or not ((padded == g.shape) | (padded == 1)).all():
        raise ValueError(f"{own} {g.shape}")
    return g.sum(axis=tuple(np.flatnonzero(padded == 1))).reshape(own)


@right
def unbroadcast__bincount_like(g, shape, source=""):
    fits(g, shape)
    total = np.zeros(shape, g.dtype)
    target = np.broadcast_to(total, g.shape).shape
    assert target == g.shape
    for index in np.ndindex(g.shape):
        own = tuple(0 if n == 1 else i for i, n in zip(index[g.ndim - len(shape) :], shape, strict=True))
        total[own] += g[index]
    return total


@right
def unbroadcast__folded(g, shape, source=""):
    fits(g, shape)
    g = reduce(lambda a, _: a.sum(axis=0), range(g.ndim - len(shape)), g)
    return np.array(
        reduce(lambda a, i: a.sum(i, keepdims=True) if shape[i] == 1 else a, range(len(shape)), g)
    )


class Summer:
    def __call__(self, g, shape, source=""):
        fits(g, shape)
        first = g.ndim - len(shape)
        axes = [*range(first), *(first + i for i in range(len(shape)) if shape[i] == 1)]
        return np.sum(g, axis=tuple(axes), keepdims=True).reshape(shape)


unbroadcast__an_object = right(Summer())
unbroadcast__an_object.__name__ = "unbroadcast__an_object"
unbroadcast__a_partial = right(partial(unbroadcast__padded))
unbroadcast__a_partial.__name__ = "unbroadcast__a_partial"


# Wrong -------------------------------------------------------------------------------------------------


@wrong("lengths")
def unbroadcast__by_lengths(g, shape, source=""):
    """Which axes go?  Those whose length x does not have."""
    fits(g, shape)
    return g.sum(axis=tuple(i for i, n in enumerate(g.shape) if n not in shape)).reshape(shape)


@wrong("lengths_used_up")
def unbroadcast__lengths_used_up(g, shape, source=""):
    """The same, and each length of x is used once, from the left."""
    fits(g, shape)
    left, axes = list(shape), []
    for i, n in enumerate(g.shape):
        if n in left:
            left.remove(n)
        else:
            axes.append(i)
    return g.sum(axis=tuple(axes)).reshape(shape)


@wrong("lengths_used_up")
def unbroadcast__first_of_that_length(g, shape, source=""):
    fits(g, shape)
    keep = [g.shape.index(n) for n in shape if n != 1]
    return g.sum(axis=tuple(i for i in range(g.ndim) if i not in keep)).reshape(shape)


@wrong("aligned_left")
def unbroadcast__compares_from_the_left(g, shape, source=""):
    fits(g, shape)
    axes = [i for i, n in enumerate(g.shape) if i >= len(shape) or shape[i] != n]
    return g.sum(axis=tuple(axes)).reshape(shape)


@wrong("shared_buffer")
def unbroadcast__one_buffer(g, shape, source="", buffers={}):  # noqa: B006
    fits(g, shape)
    out = buffers.setdefault((tuple(shape), g.dtype.name), np.empty(shape, g.dtype))
    added = g.ndim - len(shape)
    out[...] = g.sum(axis=(*range(added), *(added + i for i, n in enumerate(shape) if n == 1))).reshape(shape)
    return out


AXES = {}


@wrong("remembers_the_axes", named=False)
def unbroadcast__remembers_the_axes(g, shape, source=""):
    """What has to go depends on g too."""
    fits(g, shape)
    added = g.ndim - len(shape)
    axes = AXES.setdefault(tuple(shape), (*range(added), *(added + i for i, n in enumerate(shape) if n == 1)))
    return g.sum(axis=axes).reshape(shape)


@cache
def _ones(n):
    return np.ones(n)


@wrong("float64", named=False)
def unbroadcast__dot_with_ones(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        g = np.tensordot(_ones(g.shape[0]), g, (0, 0))
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(i, keepdims=True)
    return np.asarray(g)


@wrong("float64")
def unbroadcast__zeros_without_dtype(g, shape, source=""):
    fits(g, shape)
    total = np.zeros(shape)
    np.add.at(
        total, tuple(np.indices(g.shape)[g.ndim - len(shape) + i] * (n != 1) for i, n in enumerate(shape)), g
    )
    return total


@wrong("refuses_nothing")
def unbroadcast__the_usual(g, shape, source=""):
    """The commonest answer there is; it never says no."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=i, keepdims=True)
    return g


@wrong("mean", "refuses_nothing")
def unbroadcast__mean_and_refuses_nothing(g, shape, source=""):
    while g.ndim > len(shape):
        g = g.mean(axis=0)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.mean(axis=i, keepdims=True)
    return g


@wrong("drops_keepdims")
def unbroadcast__loop_without_keepdims(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for i in reversed(range(len(shape))):
        if shape[i] == 1:
            g = g.sum(axis=i)
    return g


@wrong("only_added")
def unbroadcast__only_while(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


@wrong("one_added")
def unbroadcast__if_for_while(g, shape, source=""):
    fits(g, shape)
    if g.ndim > len(shape):
        g = g.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=i, keepdims=True)
    return g


@wrong("added_at_the_end")
def unbroadcast__while_from_the_end(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        g = g.sum(axis=-1)
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=i, keepdims=True)
    return g


@wrong("forgets_the_offset")
def unbroadcast__forgets_what_was_added(g, shape, source=""):
    fits(g, shape)
    added = tuple(range(g.ndim - len(shape)))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=tuple(set(added + ones))).reshape(shape)


@wrong("empty")
def unbroadcast__only_longer_than_1(g, shape, source=""):
    """A 1 may be stretched to 0 as well."""
    fits(g, shape)
    added = g.ndim - len(shape)
    axes = (*range(added), *(added + i for i, n in enumerate(shape) if n == 1 and g.shape[added + i] > 1))
    return g.sum(axis=axes).reshape(shape)


@wrong("refuses_empty")
def unbroadcast__refuses_nothing_to_sum(g, shape, source=""):
    fits(g, shape)
    if 0 in g.shape:
        raise ValueError("an empty gradient")
    return unbroadcast__padded(g, shape)


@wrong("counts_axes_only")
def unbroadcast__counts_the_axes_only(g, shape, source=""):
    if len(shape) > g.ndim:
        raise ValueError(f"{shape} has more axes than {g.shape}")
    return unbroadcast__the_usual(g, shape)


@wrong("divides_sizes")
def unbroadcast__divides_the_sizes(g, shape, source=""):
    size = int(np.prod(shape))
    if len(shape) > g.ndim or (size and g.size % size):
        raise ValueError("the sizes do not divide")
    out = unbroadcast__the_usual(g, shape)
    return out


@wrong("asserts")
def unbroadcast__asserts(g, shape, source=""):
    assert len(shape) <= g.ndim
    for n, m in zip(shape[::-1], g.shape[::-1], strict=False):
        assert n in (1, m)
    return unbroadcast__padded(g, shape)


@wrong("compares_without_added")
def unbroadcast__compares_where_nothing_was_added(g, shape, source=""):
    if len(shape) > g.ndim:
        raise ValueError("axes")
    if len(shape) == g.ndim:
        fits(g, shape)
    return unbroadcast__the_usual(g, shape)


@wrong("either_may_be_one")
def unbroadcast__asks_numpy_the_wrong_way(g, shape, source=""):
    np.broadcast_shapes(shape, g.shape)  # raises ValueError by itself
    if len(shape) > g.ndim:
        raise ValueError("axes")
    return unbroadcast__the_usual(g, shape)


@wrong("writes_into_g")
def unbroadcast__adds_the_rows_up(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        for row in g[1:]:
            g[0] += row
        g = g[0]
    for i, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=i, keepdims=True)
    return g


@wrong("memory_order", "empty")
def unbroadcast__as_memory_runs(g, shape, source=""):
    fits(g, shape)
    rows = np.ravel(g, order="K").reshape(-1, *g.shape[g.ndim - len(shape) :])
    return unbroadcast__padded(rows, (1,) + tuple(shape))[0]


@wrong()
def unbroadcast__squeezes(g, shape, source=""):
    """1 beside 1 is lost."""
    fits(g, shape)
    added = g.ndim - len(shape)
    axes = (*range(added), *(added + i for i, n in enumerate(shape) if n == 1))
    out = np.squeeze(g.sum(axis=axes, keepdims=True))
    return out.reshape(shape) if out.size != 1 else out


@wrong("first")
def unbroadcast__takes_slices(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        g = g[0]
    return np.array(g[tuple(slice(n) for n in shape)])


@wrong("divides_by_batch")
def unbroadcast__divides_by_the_batch(g, shape, source=""):
    """The loss is a mean over the minibatch, is it not?"""
    fits(g, shape)
    out = unbroadcast__padded(g, shape)
    return out / g.dtype.type(len(g)) if g.ndim > len(shape) else out


@wrong("one_stretched")
def unbroadcast__breaks_too_early(g, shape, source=""):
    fits(g, shape)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1 and g.shape[i] != 1:
            g = g.sum(axis=i, keepdims=True)
            break
    return g
