"""hw04: other answers."""

import numpy as np

from minigan import ops
from minigan.gradcheck import GradientError
from minigan.tensor import Tensor, backward

from . import right, wrong


class Parts:
    """A gradient check whose parts a mistake may exchange."""

    def upstream(self, rng, shape):
        return rng.standard_normal(shape)

    def prepared(self, inputs):
        if any(a.dtype != "float64" for a in inputs):
            raise TypeError("float64, please")
        return [Tensor(np.array(a)) for a in inputs]

    def claimed(self, y, u, tensors):
        try:
            backward(ops.sum(ops.mul(y, Tensor(u))), tensors)
        except (ValueError, TypeError) as e:
            raise GradientError(f"{type(e).__name__}: {e}") from None

    def unchanged(self, tensors, inputs):
        for t, a in zip(tensors, inputs, strict=True):
            if t.data.tobytes() != np.ascontiguousarray(a).tobytes():
                raise GradientError("written to")

    def steady(self, f, inputs, y):
        if not np.array_equal(f(*[Tensor(np.array(a)) for a in inputs]).data, y):
            raise GradientError("another result")

    def moves(self, rng, inputs):
        """Pairs (input, direction)."""
        for i, a in enumerate(inputs):
            for _ in range(2):
                yield i, rng.standard_normal(a.shape)

    def difference(self, f, u, inputs, i, v, h):
        def at(t):
            return np.sum(u * f(*[Tensor(a + t * v if j == i else a + 0) for j, a in enumerate(inputs)]).data)

        return (at(h) - at(-h)) / (2 * h)

    def error(self, p, q):
        return abs(p - q) / max(abs(p), abs(q), 0.01)

    def too_large(self, error, tolerance):
        return not (error <= tolerance)

    def __call__(self, f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
        rng = np.random.default_rng([7, seed])
        tensors = self.prepared(inputs)
        y = f(*tensors)
        value = y.data.copy()
        u = self.upstream(rng, value.shape)
        self.claimed(y, u, tensors)
        self.unchanged(tensors, inputs)
        self.steady(f, inputs, value)
        worst = 0.0
        for i, v in self.moves(rng, inputs):
            p, q = np.sum(tensors[i].grad * v), self.difference(f, u, inputs, i, v, h)
            error = float(self.error(p, q))
            if self.too_large(error, tolerance):
                raise GradientError(f"input {i}: {p} is not {q}")
            worst = max(worst, error)
        return worst


def answer(name, **parts):
    """gradcheck__name, with these methods instead."""
    check = type(name, (Parts,), parts)()

    def gradcheck(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
        return check(f, *inputs, seed=seed, h=h, tolerance=tolerance)

    gradcheck.__name__ = f"gradcheck__{name}"
    return gradcheck


def units(self, rng, inputs):
    """Entry by entry."""
    for i, a in enumerate(inputs):
        for k in range(a.size):
            yield i, np.eye(1, a.size, k).reshape(a.shape)


def signs(self, rng, inputs):
    for i, a in enumerate(inputs):
        yield i, rng.choice([-1.0, 1.0], a.shape) * rng.uniform(0.5, 2, a.shape)


# Right -------------------------------------------------------------------------------------------------

two_directions = right(answer("two_directions"))
entries = right(answer("entries", moves=units))
random_signs = right(answer("random_signs", moves=signs))
uniform_upstream = right(
    answer("uniform_upstream", upstream=lambda self, rng, shape: rng.uniform(1, 2, shape), moves=units)
)
integers_upstream = right(
    answer(
        "integers_upstream",
        upstream=lambda self, rng, shape: (
            rng.permutation(np.prod(shape, dtype=int) * 3)[: int(np.prod(shape))].reshape(shape) + 2.0
        ),
    )
)


def four_points(self, f, u, inputs, i, v, h):
    def at(t):
        return np.sum(u * f(*[Tensor(a + t * v if j == i else a.copy()) for j, a in enumerate(inputs)]).data)

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


higher_order = right(answer("higher_order", difference=four_points, moves=units))


@right
def gradcheck__all_at_once(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    """The Jacobian by differences, an entry of the inputs for each row, then one product with u."""
    if {str(a.dtype) for a in inputs} - {"float64"}:
        raise TypeError("gradcheck wants float64")
    originals = [a.copy() for a in inputs]
    tensors = [Tensor(a.copy()) for a in inputs]
    y = f(*tensors)
    first = np.copy(y.data)
    u = np.random.RandomState(seed).normal(size=first.shape)
    try:
        backward(ops.sum(y * Tensor(np.asarray(u))), wrt=tensors)
    except (ValueError, TypeError) as problem:
        raise GradientError(problem) from problem
    if any(not np.array_equal(t.data, a) for t, a in zip(tensors, originals, strict=True)):
        raise GradientError("inputs have changed")
    if not np.array_equal(first, f(*map(Tensor, [a.copy() for a in originals])).data):
        raise GradientError("f is not a function")
    errors = [0.0]
    for i, a in enumerate(originals):
        for k in range(a.size):
            rows = []
            for sign in (1, -1):
                moved = [b.copy() for b in originals]
                moved[i].reshape(-1)[k] += sign * h
                rows.append(f(*map(Tensor, moved)).data)
            q = float(np.vdot(u, (rows[0] - rows[1]) / (2 * h)))
            p = float(tensors[i].grad.reshape(-1)[k])
            errors.append(abs(p - q) / np.max([abs(p), abs(q), 0.01]))
    if any(np.isnan(errors)) or max(errors) > tolerance:
        raise GradientError(f"errors up to {max(errors)}")
    return max(errors)


@right
def gradcheck__returns_numpy(f, *inputs, **options):
    """An array of no axes is a number, too."""
    return np.asarray(two_directions(f, *inputs, **options))


# Wrong -------------------------------------------------------------------------------------------------

ones_for_u = wrong("ones")(answer("ones_for_u", upstream=lambda self, rng, shape: np.ones(shape)))
one_random_number = wrong("one_number_for_u")(
    answer(
        "one_random_number", upstream=lambda self, rng, shape: np.full(shape, rng.uniform(1, 2)), moves=units
    )
)


def first_only(self, rng, inputs):
    yield 0, rng.standard_normal(inputs[0].shape)


looks_at_the_first = wrong("first_input")(answer("looks_at_the_first", moves=first_only))


def last_only(self, rng, inputs):
    yield len(inputs) - 1, rng.standard_normal(inputs[-1].shape)


looks_at_the_last = wrong("last_input")(answer("looks_at_the_last", moves=last_only))


def corner(self, rng, inputs):
    for i, a in enumerate(inputs):
        if a.size:
            yield i, np.eye(1, a.size).reshape(a.shape)


the_corner_only = wrong("one_entry")(answer("the_corner_only", moves=corner))


def same_for_all(self, rng, inputs):
    for i, a in enumerate(inputs):
        yield i, np.ones(a.shape)


moves_all_alike = wrong()(answer("moves_all_alike", moves=same_for_all))


def one_sided(self, f, u, inputs, i, v, h):
    ahead = [Tensor(a + h * v if j == i else a.copy()) for j, a in enumerate(inputs)]
    here = [Tensor(a.copy()) for a in inputs]
    return (np.sum(u * f(*ahead).data) - np.sum(u * f(*here).data)) / h


ahead_only = wrong("forward_difference")(answer("ahead_only", difference=one_sided, moves=units))
much_too_small = wrong("rejects_everything")(
    answer(
        "much_too_small",
        difference=lambda self, f, u, x, i, v, h: Parts.difference(self, f, u, x, i, v, 1e-13),
    )
)
not_halved = wrong("rejects_everything")(
    answer("not_halved", difference=lambda self, *rest: 2 * Parts.difference(self, *rest))
)
its_own_h = wrong("own_h")(
    answer("its_own_h", difference=lambda self, f, u, x, i, v, h: Parts.difference(self, f, u, x, i, v, 1e-6))
)
nothing_is_nan = wrong("nan_passes")(answer("nothing_is_nan", too_large=lambda self, error, tol: error > tol))
allclose = wrong("own_tolerance")(
    answer("allclose", too_large=lambda self, error, tol: not error < 1e-5 * 0.9)
)
difference_itself = wrong("own_tolerance")(answer("difference_itself", error=lambda self, p, q: abs(p - q)))
says_nothing = wrong("accepts_everything")(answer("says_nothing", too_large=lambda self, error, tol: False))


def unguarded(self, y, u, tensors):
    backward(ops.sum(ops.mul(y, Tensor(u))), tensors)


lets_backward_speak = wrong("refusal_goes_on")(answer("lets_backward_speak", claimed=unguarded))
whoever_writes = wrong("writing_passes")(
    answer("whoever_writes", unchanged=lambda self, tensors, inputs: None)
)
calls_once = wrong("called_once")(answer("calls_once", steady=lambda self, f, inputs, y: None))
any_float = wrong("any_dtype")(
    answer("any_float", prepared=lambda self, inputs: [Tensor(np.array(a)) for a in inputs])
)


@wrong("returns_nothing")
def gradcheck__without_a_word(f, *inputs, **options):
    two_directions(f, *inputs, **options)


@wrong("returns_zero")
def gradcheck__true(f, *inputs, **options):
    return 0.0 * two_directions(f, *inputs, **options)


@wrong("unseeded")
def gradcheck__new_draws(f, *inputs, seed=0, h=1e-6, tolerance=1e-6):
    seed = int(np.random.default_rng().integers(2**31))
    return two_directions(f, *inputs, seed=seed, h=h, tolerance=tolerance)


@wrong("accepts_everything")
def gradcheck__false(f, *inputs, **options):
    try:
        return two_directions(f, *inputs, **options)
    except GradientError:
        return 1.0
