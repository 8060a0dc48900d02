"""hw18: answers, written from the task's words alone, before there were checks."""

from itertools import product
from math import ceil, prod

import numpy as np

from minigan import ops
from minigan.successors import convolution
from minigan.successors.convolution import Windows as Given
from minigan.tensor import Tensor

from . import right, wrong

# Loops that anybody understands, with a place for each mistake -------------------------------------------


def corners(n, windows):
    return list(product(*(range(k) for k in Given(*windows).places(n))))


def rows_of(x, windows, places=None):
    m, *n, c = x.shape
    size, stride, pad = windows
    padded = np.pad(x, [(0, 0), *[(pad, pad)] * len(n), (0, 0)])
    rows = [
        padded[(e, *(slice(i * stride, i * stride + size) for i in at))].ravel()
        for e in range(m)
        for at in corners(n, windows)
    ]
    return np.array(rows, x.dtype).reshape(len(rows), size ** len(n) * c)


def put_back(rows, shape, windows, put=np.add):
    m, *n, c = shape
    size, stride, pad = windows
    padded, number = np.zeros((m, *(k + 2 * pad for k in n), c), rows.dtype), 0
    for e in range(m):
        for at in corners(n, windows):
            here = (e, *(slice(i * stride, i * stride + size) for i in at))
            padded[here] = put(padded[here], rows[number].reshape([size] * len(n) + [c]))
            number += 1
    return padded[(slice(None), *(slice(pad, pad + k) for k in n))]


def check(rows, shape, windows):
    m, *n, c = shape
    if rows.shape != (m * prod(Given(*windows).places(n)), windows[0] ** len(n) * c):
        raise ValueError("rows")


# Right -------------------------------------------------------------------------------------------------


@right
class Windows__counted(Given):
    def places(self, n):
        if self.size < 1 or self.stride < 1 or self.pad < 0:
            raise ValueError(str(self))
        found = tuple(len(range(0, k + 2 * self.pad - self.size + 1, self.stride)) for k in n)
        if 0 in found:
            raise ValueError(f"no window on {n}")
        return found

    def lengths(self, places):
        return tuple(self.size + self.stride * (k - 1) - 2 * self.pad for k in places)


@right
class Windows__by_ceil(Given):
    def places(self, n):
        if min(self.size, self.stride) <= 0 or self.pad < 0:
            raise ValueError(str(self))
        found = [ceil((k + 2 * self.pad - self.size + 1) / self.stride) for k in n]
        if any(k < 1 for k in found):
            raise ValueError(f"no window on {n}")
        return tuple(found)

    def lengths(self, places):
        return tuple(
            np.subtract(np.multiply(places, self.stride), self.stride - self.size + 2 * self.pad).tolist()
        )


@right
class Windows__a_list(Given):
    def places(self, n):
        return list(super().places(n))


@right
def patches__loops(x, windows):
    shape = x.data.shape
    return Tensor(rows_of(x.data, windows), (x, lambda g: put_back(g, shape, windows)))


@right
def patches__by_an_index(x, windows):
    """Each number of the rows is taken from a place of x, or from a 0 behind it."""
    numbered = np.arange(1, x.data.size + 1).reshape(x.data.shape)
    index = rows_of(numbered, windows)
    flat = np.concatenate([np.zeros(1, x.dtype), x.data.ravel()])

    def pullback(g):
        back = np.zeros_like(flat)
        np.add.at(back, index, g)
        return back[1:].reshape(x.data.shape)

    return Tensor(flat[index], (x, pullback))


@right
def overlap__loops(rows, shape, windows):
    check(rows.data, shape, windows)
    return Tensor(put_back(rows.data, shape, windows), (rows, lambda g: rows_of(g, windows)))


@right
def overlap__by_an_index(rows, shape, windows):
    check(rows.data, shape, windows)
    index = rows_of(np.arange(1, prod(shape) + 1).reshape(shape), windows)
    back = np.bincount(index.ravel(), rows.data.ravel(), prod(shape) + 1)[1:]
    back = back.reshape(shape).astype(rows.dtype)
    return Tensor(back, (rows, lambda g: np.append(0, g.ravel())[index].astype(g.dtype)))


@right
def convolve__put_together(x, W, b, windows):
    m, *n, _ = x.shape
    rows = convolution.patches(x, windows)
    return ops.reshape(rows @ W + b, (m, *Given(*windows).places(n), len(b.data)))


@right
def convolve__own_pullbacks(x, W, b, windows):
    m, *n, _ = x.shape
    rows, shape = rows_of(x.data, windows), x.shape
    y = (rows @ W.data + b.data).reshape(m, *Given(*windows).places(n), len(b.data))
    flat = lambda g: g.reshape(-1, g.shape[-1])  # noqa: E731
    return Tensor(
        y,
        (x, lambda g: put_back(flat(g) @ W.data.T, shape, windows)),
        (W, lambda g: rows.T @ flat(g)),
        (b, lambda g: flat(g).sum(axis=0)),
    )


@right
def convolve_transposed__put_together(x, W, b, windows):
    m, *places, inputs = x.shape
    rows = ops.reshape(x, (-1, inputs)) @ ops.transpose(W)
    return convolution.overlap(rows, (m, *Given(*windows).lengths(places), len(b.data)), windows) + b


@right
def convolve_transposed__own_pullbacks(x, W, b, windows):
    m, *places, inputs = x.shape
    shape = (m, *Given(*windows).lengths(places), len(b.data))
    flat = x.data.reshape(-1, inputs)
    y = put_back(flat @ W.data.T, shape, windows) + b.data
    return Tensor(
        y,
        (x, lambda g: (rows_of(g, windows) @ W.data).reshape(x.shape)),
        (W, lambda g: rows_of(g, windows).T @ flat),
        (b, lambda g: g),
    )


# Wrong -------------------------------------------------------------------------------------------------


class Counting(Given):
    """places as they should be, but for `count`."""

    def places(self, n):
        super().places(n)
        return tuple(self.count(k + 2 * self.pad - self.size) for k in n)


@wrong("one_too_few")
class Windows__one_too_few(Counting):
    def count(self, end):
        return end // self.stride


@wrong("padded_once")
class Windows__padded_once(Counting):
    def count(self, end):
        return (end - self.pad) // self.stride + 1


@wrong("rounded_up")
class Windows__rounded_up(Counting):
    def count(self, end):
        return -(-end // self.stride) + 1


@wrong("no_stride")
class Windows__no_stride(Counting):
    def count(self, end):
        return end + 1


@wrong("as_floats")
class Windows__as_floats(Counting):
    def count(self, end):
        return end / self.stride + 1


@wrong("refuses_nothing")
class Windows__refuses_nothing(Given):
    def places(self, n):
        return tuple((k + 2 * self.pad - self.size) // self.stride + 1 for k in n)


@wrong("padded_lengths")
class Windows__lengths_keep_the_padding(Given):
    def lengths(self, places):
        return tuple((k - 1) * self.stride + self.size for k in places)


@wrong("side_by_side")
class Windows__lengths_side_by_side(Given):
    def lengths(self, places):
        return tuple(k * self.stride - 2 * self.pad for k in places)


@wrong("padding_added")
class Windows__lengths_add_the_padding(Given):
    def lengths(self, places):
        return tuple((k - 1) * self.stride + self.size + 2 * self.pad for k in places)


@wrong("channels_first")
def patches__channels_first(x, windows):
    m, *n, c = x.shape
    d, size = len(n), windows[0]

    def turned(rows):
        return np.moveaxis(rows.reshape(-1, size**d, c), 2, 1).reshape(rows.shape)

    def back(g):
        return put_back(np.moveaxis(g.reshape(-1, c, size**d), 2, 1).reshape(g.shape), x.shape, windows)

    return Tensor(turned(rows_of(x.data, windows)), (x, back))


@wrong("places_before_examples")
def patches__places_before_examples(x, windows):
    m = len(x.data)

    def order(rows):
        return rows.reshape(m, -1, rows.shape[1]).swapaxes(0, 1).reshape(rows.shape)

    def back(g):
        return put_back(g.reshape(-1, m, g.shape[1]).swapaxes(0, 1).reshape(g.shape), x.shape, windows)

    return Tensor(order(rows_of(x.data, windows)), (x, back))


@wrong("only_lines")
def patches__only_lines(x, windows):
    m, n, c = x.shape
    return Tensor(rows_of(x.data, windows), (x, lambda g: put_back(g, x.shape, windows)))


@wrong("padded_otherwise")
def patches__padded_with_the_edge(x, windows):
    size, stride, pad = windows
    padded = np.pad(x.data, [(0, 0), *[(pad, pad)] * (x.data.ndim - 2), (0, 0)], mode="edge")
    return Tensor(rows_of(padded, (size, stride, 0)), (x, lambda g: put_back(g, x.shape, windows)))


@wrong("written_over")
def patches__writes_over(x, windows):
    return Tensor(
        rows_of(x.data, windows), (x, lambda g: put_back(g, x.shape, windows, put=lambda old, new: new))
    )


@wrong("averaged_back")
def patches__averages_back(x, windows):
    def back(g):
        counts = put_back(np.ones_like(g), x.shape, windows)
        return put_back(g, x.shape, windows) / np.maximum(counts, 1)

    return Tensor(rows_of(x.data, windows), (x, back))


@wrong("mirrored")
def patches__mirrored(x, windows):
    """A convolution in the sense of mathematics: each window turned round."""
    return Tensor(rows_of(x.data, windows)[:, ::-1], (x, lambda g: put_back(g[:, ::-1], x.shape, windows)))


@wrong("shifted_back")
def patches__gradient_by_shifted(x, windows):
    def back(g):
        return np.roll(put_back(g, x.shape, windows), 1, axis=1)

    return Tensor(rows_of(x.data, windows), (x, back))


@wrong("into_x")
def patches__view_of_x(x, windows):
    """A window as long as the line is x itself, and is written to by the next one who pads."""
    rows = rows_of(x.data, windows)
    x.data[...] = 0
    return Tensor(rows, (x, lambda g: put_back(g, x.shape, windows)))


@wrong("written_over")
def overlap__written_over(rows, shape, windows):
    check(rows.data, shape, windows)
    y = put_back(rows.data, shape, windows, put=lambda old, new: new)
    return Tensor(y, (rows, lambda g: rows_of(g, windows)))


@wrong("averaged")
def overlap__averaged(rows, shape, windows):
    check(rows.data, shape, windows)
    counts = np.maximum(put_back(np.ones_like(rows.data), shape, windows), 1)
    y = put_back(rows.data, shape, windows) / counts
    return Tensor(y, (rows, lambda g: rows_of(g / counts, windows)))


@wrong("any_rows")
def overlap__accepts_anything(rows, shape, windows):
    m, *n, c = shape
    wanted = m * prod(Given(*windows).places(n)), windows[0] ** len(n) * c
    fitted = np.resize(rows.data, wanted)
    y = put_back(fitted, shape, windows)
    return Tensor(y, (rows, lambda g: np.resize(rows_of(g, windows), rows.shape)))


@wrong("no_edge")
def overlap__no_gradient(rows, shape, windows):
    check(rows.data, shape, windows)
    return Tensor(put_back(rows.data, shape, windows))


@wrong("gradient_unpadded")
def overlap__gradient_without_pad(rows, shape, windows):
    check(rows.data, shape, windows)
    size, stride, pad = windows

    def back(g):
        found = rows_of(np.pad(g, [(0, 0), *[(0, 2 * pad)] * (g.ndim - 2), (0, 0)]), (size, stride, 0))
        return found

    return Tensor(put_back(rows.data, shape, windows), (rows, back))


@wrong("padding_kept")
def overlap__keeps_the_padding(rows, shape, windows):
    check(rows.data, shape, windows)
    m, *n, c = shape
    size, stride, pad = windows
    y = put_back(rows.data, (m, *(k + 2 * pad for k in n), c), (size, stride, 0))
    return Tensor(y, (rows, lambda g: rows_of(g, (size, stride, 0))))


@wrong("no_bias")
def convolve__no_bias(x, W, b, windows):
    m, *n, _ = x.shape
    y = ops.reshape(convolution.patches(x, windows) @ W, (m, *Given(*windows).places(n), len(b.data)))
    return y + b * 0


@wrong("left_as_rows")
def convolve__left_flat(x, W, b, windows):
    return ops.affine(convolution.patches(x, windows), W, b)


@wrong("b_averaged")
def convolve__bias_averaged(x, W, b, windows):
    m, *n, _ = x.shape
    rows, shape = rows_of(x.data, windows), x.shape
    y = (rows @ W.data + b.data).reshape(m, *Given(*windows).places(n), len(b.data))
    flat = lambda g: g.reshape(-1, g.shape[-1])  # noqa: E731
    return Tensor(
        y,
        (x, lambda g: put_back(flat(g) @ W.data.T, shape, windows)),
        (W, lambda g: rows.T @ flat(g)),
        (b, lambda g: flat(g).mean(axis=0)),
    )


@wrong("W_averaged")
def convolve__W_of_one_example(x, W, b, windows):
    m, *n, _ = x.shape
    rows, shape = rows_of(x.data, windows), x.shape
    y = (rows @ W.data + b.data).reshape(m, *Given(*windows).places(n), len(b.data))
    flat = lambda g: g.reshape(-1, g.shape[-1])  # noqa: E731
    return Tensor(
        y,
        (x, lambda g: put_back(flat(g) @ W.data.T, shape, windows)),
        (W, lambda g: rows.T @ flat(g) / m),
        (b, lambda g: flat(g).sum(axis=0)),
    )


@wrong("channels_first")
def convolve__channels_before_places(x, W, b, windows):
    m, *n, _ = x.shape
    y = ops.affine(convolution.patches(x, windows), W, b)
    return ops.reshape(y, (m, len(b.data), *Given(*windows).places(n)))


@wrong("not_transposed")
def convolve_transposed__no_transpose(x, W, b, windows):
    m, *places, inputs = x.shape
    rows = ops.reshape(x, (-1, inputs)) @ ops.reshape(W, W.shape[::-1])
    return convolution.overlap(rows, (m, *Given(*windows).lengths(places), len(b.data)), windows) + b


@wrong("b_in_every_window")
def convolve_transposed__bias_in_every_window(x, W, b, windows):
    m, *places, inputs = x.shape
    rows = ops.reshape(x, (-1, inputs)) @ ops.transpose(W)
    size = windows[0] ** len(places)
    spread = Tensor(np.tile(np.eye(len(b.data), dtype=x.dtype), (1, size)))
    rows = rows + ops.reshape(b, (1, -1)) @ spread
    return convolution.overlap(rows, (m, *Given(*windows).lengths(places), len(b.data)), windows)


@wrong("stride_times_places")
def convolve_transposed__same_lengths_as_places_times_stride(x, W, b, windows):
    m, *places, inputs = x.shape
    rows = ops.reshape(x, (-1, inputs)) @ ops.transpose(W)
    shape = (m, *(k * windows[1] for k in places), len(b.data))
    return convolution.overlap(rows, shape, windows) + b


@wrong("no_bias")
def convolve_transposed__forgets_b(x, W, b, windows):
    m, *places, inputs = x.shape
    rows = ops.reshape(x, (-1, inputs)) @ ops.transpose(W)
    return convolution.overlap(rows, (m, *Given(*windows).lengths(places), len(b.data)), windows)


@wrong("a_convolution")
def convolve_transposed__a_convolution(x, W, b, windows):
    return convolution.convolve(x, W, b, windows)
