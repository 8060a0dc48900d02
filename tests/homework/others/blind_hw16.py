"""hw16: answers, written from the task's words alone, before there were checks."""

import numpy as np

from minigan import ops
from minigan.nn import Layer
from minigan.successors.conditional import Conditional as Given
from minigan.tensor import Tensor

from . import right, wrong


def y_of(labels, classes, dtype=float):
    return np.eye(classes, dtype=dtype)[labels]


def refuse(x, labels, classes):
    if np.shape(labels) != (len(x),) or np.min(labels) < 0 or np.max(labels) >= classes:
        raise ValueError("labels")


# Right -------------------------------------------------------------------------------------------------


@right
def with_labels__row_by_row(x, labels, classes):
    if labels.shape != (len(x),):
        raise ValueError("as many labels as examples")
    out = np.zeros((len(x), x.shape[1] + classes), x.dtype)
    for i, (row, label) in enumerate(zip(x, labels, strict=True)):
        if int(label) not in range(classes):
            raise ValueError(f"no class {label}")
        out[i, : x.shape[1]] = row
        out[i, x.shape[1] + label] = 1
    return out


@right
def with_labels__by_comparing(x, labels, classes):
    refuse(x, labels, classes)
    return np.hstack([x, (labels[:, None] == np.arange(classes)[None]).astype(x.dtype)])


@right
def with_any_label__by_searching(z, classes, rng, scale=1.0):
    u = rng.uniform(len(z))
    labels = np.searchsorted(np.arange(1, classes) / classes, u, side="right")
    return np.column_stack([z, scale * y_of(labels, classes, z.dtype)])


@right
def with_any_label__place_by_place(z, classes, rng, scale=1.0):
    m, n = z.shape
    rows = np.zeros((m, n + classes), z.dtype)
    rows[:, :n] = z
    rows[np.arange(m), n + np.floor(rng.uniform((m, 1))[:, 0] * classes).astype(int)] = scale
    return rows


@right
def with_any_label__by_the_highest_score(z, classes, rng, scale=1.0):
    order = rng.uniform((7, classes))  # a few words of the stream that nobody needs
    scores = rng.uniform((len(z), classes)) + 0 * order[:1]
    y = (scores == scores.max(axis=1, keepdims=True)).astype(z.dtype)
    return np.concatenate([z, y * scale], axis=1)


@right
class Conditional__own_pullbacks(Given):
    def __call__(self, x, rng):
        c = self.classes
        if x.data.shape[1] <= c:
            raise ValueError("no z")
        of_net = self.net(x, rng)
        width = of_net.data.shape[1]
        rows = np.concatenate([of_net.data, x.data[:, -c:]], axis=1)

        def by_x(g):
            dx = np.zeros_like(x.data)
            dx[:, -c:] = g[:, width:]
            return dx

        return Tensor(rows, (of_net, lambda g: g[:, :width]), (x, by_x))


@right
class Conditional__other_way_of_joining(Layer):
    """Written anew, with a matrix that picks y out of x."""

    def __init__(self, net, classes):
        self.net = net
        self.classes = classes

    def __call__(self, x, rng):
        n = x.shape[-1] - self.classes
        if n < 1:
            raise ValueError(f"{x.shape}")
        pick = np.eye(x.shape[1], dtype=x.dtype)[:, n:]
        return ops.transpose(
            ops.concatenate([ops.transpose(self.net(x, rng)), ops.transpose(x @ Tensor(pick))])
        )

    def named_parameters(self):
        return self.net.named_parameters()

    def buffers(self):
        return self.net.buffers()


@right
def least_squares__own_pullback(a):
    m, rest = divmod(len(a.data), 2)
    if rest or m == 0:
        raise ValueError("expected two halves")
    off = a.data - (np.arange(2 * m) < m)[:, None].astype(a.dtype)
    return Tensor(np.asarray((off**2).sum() / (2 * m), a.dtype), (a, lambda g: g * off / m))


@right
def least_squares__multiplied_out(a):
    m = len(a.data) // 2
    if len(a.data) in (0, 2 * m + 1):
        raise ValueError("expected two halves")
    return ops.sum(a * a) * (1 / (2 * m)) - ops.sum(a[:m]) * (1 / m) + 0.5


@right
def to_one__by_the_norm(a_fake):
    off = 1 - a_fake
    return ops.sum(off * off) / (2 * len(a_fake.data))


# Wrong -------------------------------------------------------------------------------------------------


@wrong("number_itself")
def with_labels__label_as_a_number(x, labels, classes):
    refuse(x, labels, classes)
    return np.concatenate([x, labels[:, None].astype(x.dtype)], axis=1)


@wrong("in_front")
def with_labels__y_first(x, labels, classes):
    refuse(x, labels, classes)
    return np.concatenate([y_of(labels, classes, x.dtype), x], axis=1)


@wrong("float64")
def with_labels__float64(x, labels, classes):
    refuse(x, labels, classes)
    return np.concatenate([x, np.eye(classes)[labels]], axis=1)


@wrong("negative_labels")
def with_labels__wraps_around(x, labels, classes):
    if len(labels) != len(x):
        raise ValueError("labels")
    if (labels >= classes).any():
        raise ValueError("labels")
    return np.concatenate([x, y_of(labels, classes, x.dtype)], axis=1)


@wrong("index_error")
def with_labels__index_error(x, labels, classes):
    return np.concatenate([x, y_of(labels, classes, x.dtype)], axis=1)


@wrong("one_class_too_many")
def with_labels__one_too_many(x, labels, classes):
    if labels.shape != (len(x),) or (labels < 0).any() or (labels > classes).any():
        raise ValueError("labels")
    return np.concatenate([x, (labels[:, None] == np.arange(classes)).astype(x.dtype)], axis=1)


@wrong("as_many_as_occur")
def with_labels__as_many_as_there_are(x, labels, classes):
    refuse(x, labels, classes)
    return np.concatenate([x, y_of(labels, labels.max() + 1, x.dtype)], axis=1)


@wrong("from_one")
def with_labels__from_one(x, labels, classes):
    refuse(x, labels, classes)
    return np.concatenate([x, y_of(labels - 1, classes, x.dtype)], axis=1)


def beside(z, labels, classes, scale):
    return np.concatenate([z, scale * y_of(labels, classes, z.dtype)], axis=1)


@wrong("one_label_for_all")
def with_any_label__one_label_for_all(z, classes, rng, scale=1.0):
    label = int(rng.uniform(1)[0] * classes)
    return np.concatenate([z, np.tile(scale * y_of(label, classes, z.dtype), (len(z), 1))], axis=1)


KEPT = {}


@wrong("begins_anew")
def with_any_label__drawn_once(z, classes, rng, scale=1.0):
    size = len(z), classes
    if size not in KEPT:
        KEPT[size] = (rng.uniform(len(z)) * classes).astype(int)
    return beside(z, KEPT[size], classes, scale)


@wrong("in_turn")
def with_any_label__in_turn(z, classes, rng, scale=1.0):
    return beside(z, np.arange(len(z)) % classes, classes, scale)


@wrong("own_numbers")
def with_any_label__numpys_numbers(z, classes, rng, scale=1.0):
    return beside(z, np.random.randint(classes, size=len(z)), classes, scale)  # noqa: NPY002


@wrong("rounded")
def with_any_label__rounded(z, classes, rng, scale=1.0):
    return beside(z, (rng.uniform(len(z)) * (classes - 1)).round().astype(int), classes, scale)


@wrong("never_the_last")
def with_any_label__never_the_last(z, classes, rng, scale=1.0):
    return beside(z, (rng.uniform(len(z)) * (classes - 1)).astype(int), classes, scale)


@wrong("no_label")
def with_any_label__shares(z, classes, rng, scale=1.0):
    """y is uniform numbers that add up to 1, not a label."""
    u = rng.uniform((len(z), classes))
    return np.concatenate([z, scale * (u / u.sum(axis=1, keepdims=True)).astype(z.dtype)], axis=1)


@wrong("other_dtype")
def with_any_label__float64(z, classes, rng, scale=1.0):
    return np.concatenate([z, scale * np.eye(classes)[(rng.uniform(len(z)) * classes).astype(int)]], axis=1)


@wrong("blind")
class Conditional__net_sees_z_alone(Given):
    def __call__(self, x, rng):
        n = x.shape[1] - self.classes
        if n < 1:
            raise ValueError("no z")
        z = x[:, :n]
        padded = ops.concatenate([z, Tensor(np.zeros((len(x.data), self.classes), x.dtype))], axis=1)
        return ops.concatenate([self.net(padded, rng), x[:, n:]], axis=1)


@wrong("nothing_handed_on")
class Conditional__no_labels_after(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        return self.net(x, rng)


@wrong("y_in_front")
class Conditional__y_before(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        return ops.concatenate([x[:, x.shape[1] - self.classes :], self.net(x, rng)], axis=1)


@wrong("first_columns")
class Conditional__first_columns(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        return ops.concatenate([self.net(x, rng), x[:, : self.classes]], axis=1)


@wrong("net_cut_off")
class Conditional__cut_off(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        made = self.net(Tensor(x.data), rng)
        return ops.concatenate([made, x[:, x.shape[1] - self.classes :]], axis=1)


@wrong("y_cut_off")
class Conditional__y_is_a_constant(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        y = Tensor(x.data[:, -self.classes :])
        return ops.concatenate([self.net(x, rng), y], axis=1)


@wrong("evaluates")
class Conditional__evaluates(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        return ops.concatenate([self.net(x, None), x[:, x.shape[1] - self.classes :]], axis=1)


@wrong("no_z_allowed")
class Conditional__allows_no_z(Given):
    def __call__(self, x, rng):
        if x.shape[1] < self.classes:
            raise ValueError("no y")
        return ops.concatenate([self.net(x, rng), x[:, x.shape[1] - self.classes :]], axis=1)


@wrong("all_of_x")
class Conditional__all_of_x(Given):
    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        return ops.concatenate([self.net(x, rng), x], axis=1)


@wrong("no_edges")
class Conditional__no_array_behind(Given):
    """Values are right, and no gradient comes through."""

    def __call__(self, x, rng):
        if x.shape[1] <= self.classes:
            raise ValueError("no z")
        return Tensor(np.concatenate([self.net(x, rng).data, x.data[:, -self.classes :]], axis=1))


def halves(a):
    m, rest = divmod(len(a.data), 2)
    if rest or not m:
        raise ValueError("expected two halves")
    return a[:m], a[m:]


@wrong("swapped")
def least_squares__swapped(a):
    real, fake = halves(a)
    return (ops.mean(real**2) + ops.mean((fake - 1) ** 2)) / 2


@wrong("not_halved")
def least_squares__no_half(a):
    real, fake = halves(a)
    return ops.mean((real - 1) ** 2) + ops.mean(fake**2)


@wrong("mean_of_all")
def least_squares__mean_of_all(a):
    real, fake = halves(a)
    return (ops.sum((real - 1) ** 2) + ops.sum(fake**2)) / (2 * len(a.data))


@wrong("of_probabilities")
def least_squares__of_probabilities(a):
    real, fake = halves(ops.sigmoid(a))
    return (ops.mean((real - 1) ** 2) + ops.mean(fake**2)) / 2


@wrong("by_turns")
def least_squares__alternating_rows(a):
    halves(a)
    one = Tensor((np.arange(len(a.data)) % 2 == 0).astype(a.dtype)[:, None])
    return ops.mean((a - one) ** 2)


@wrong("odd_allowed")
def least_squares__odd(a):
    m = len(a.data) // 2
    return (ops.mean((a[:m] - 1) ** 2) + ops.mean(a[m:] ** 2)) / 2


@wrong("minus_one")
def least_squares__minus_one(a):
    real, fake = halves(a)
    return (ops.mean((real - 1) ** 2) + ops.mean((fake + 1) ** 2)) / 2


@wrong("slope_halved")
def least_squares__half_the_slope(a):
    m = len(halves(a)[0].data)
    off = a.data - (np.arange(2 * m) < m)[:, None].astype(a.dtype)
    return Tensor(np.asarray((off**2).sum() / (2 * m), a.dtype), (a, lambda g: g * off / (2 * m)))


@wrong("to_zero")
def to_one__to_zero(a_fake):
    return ops.mean(a_fake**2) / 2


@wrong("sum")
def to_one__sum(a_fake):
    return ops.sum((a_fake - 1) ** 2) / 2


@wrong("not_halved")
def to_one__no_half(a_fake):
    return ops.mean((a_fake - 1) ** 2)


@wrong("of_the_mean")
def to_one__square_of_the_mean(a_fake):
    return (ops.mean(a_fake) - 1) ** 2 / 2


@wrong("ascends")
def to_one__ascends(a_fake):
    return -ops.mean((a_fake - 1) ** 2) / 2


@wrong()
def to_one__absolute(a_fake):
    off = a_fake - 1
    return ops.mean(ops.relu(off) + ops.relu(-off)) / 2
