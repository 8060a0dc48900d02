"""Nothing of an update outlives it, without the help of the garbage collector; and chains may be long.

The collector is off in every test, so whatever is part of a reference cycle counts as still alive.
"""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from minigan import algorithm1, ops, players, recipes
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.random import Streams
from minigan.tensor import Tensor, backward

FLOAT32 = Backend("numpy", "float32")
CHAIN = 100_000


@pytest.fixture(autouse=True)
def collector_off():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def traced():
    """Bytes that Python and NumPy hold, counted from here on."""
    tracemalloc.start()
    yield held
    tracemalloc.stop()


def held():
    """With the lists emptied where Python keeps dead objects for reuse; this collects no cycle."""
    gc.freeze()
    gc.collect()
    gc.unfreeze()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture
def born(monkeypatch):
    """Weak references to every Tensor made from here on, and to its array."""
    tensors, arrays = [], []
    init = Tensor.__init__

    def recorded(self, *arguments):
        init(self, *arguments)
        tensors.append(weakref.ref(self))
        arrays.append(weakref.ref(self.data))

    monkeypatch.setattr(Tensor, "__init__", recorded)
    return tensors, arrays


def alive(references):
    return [ref() for ref in references if ref() is not None]


# An operation ----------------------------------------------------------------------------------------

OPERATIONS = {
    "add": lambda x, y: ops.add(x, y),
    "sub": lambda x, y: ops.sub(x, y),
    "mul": lambda x, y: ops.mul(x, y),
    "div": lambda x, y: ops.div(x, y),
    "neg": lambda x, y: ops.neg(x),
    "power": lambda x, y: ops.power(x, 3),
    "exp": lambda x, y: ops.exp(x),
    "log": lambda x, y: ops.log(x),
    "relu": lambda x, y: ops.relu(x),
    "leaky_relu": lambda x, y: ops.leaky_relu(x),
    "sigmoid": lambda x, y: ops.sigmoid(x),
    "tanh": lambda x, y: ops.tanh(x),
    "softplus": lambda x, y: ops.softplus(x),
    "matmul": lambda x, y: ops.matmul(x, y),
    "affine": lambda x, y: ops.affine(x, y, Tensor(np.zeros(4, np.float32))),
    "maxout": lambda x, y: ops.maxout(x, 2),
    "affine_identity": lambda x, y: ops.affine_identity(x, y, Tensor(np.zeros(4, np.float32))),
    "affine_relu": lambda x, y: ops.affine_relu(x, y, Tensor(np.zeros(4, np.float32))),
    "affine_sigmoid": lambda x, y: ops.affine_sigmoid(x, y, Tensor(np.zeros(4, np.float32))),
    "affine_tanh": lambda x, y: ops.affine_tanh(x, y, Tensor(np.zeros(4, np.float32))),
    "affine_maxout": lambda x, y: ops.affine_maxout(x, y, Tensor(np.zeros(4, np.float32)), 2),
    "logistic_loss": lambda x, y: ops.logistic_loss(x[:, :1], 2),
    "dropout": lambda x, y: ops.dropout(x, 0.5, Streams(1, FLOAT32)("dropout")),
    "sum": lambda x, y: ops.sum(x, axis=0),
    "mean": lambda x, y: ops.mean(x, axis=0),
    "max": lambda x, y: ops.max(x, axis=0),
    "reshape": lambda x, y: ops.reshape(x, (2, 8)),
    "transpose": lambda x, y: ops.transpose(x),
    "concatenate": lambda x, y: ops.concatenate([x, y]),
    "getitem": lambda x, y: x[1:],
    "log_softmax": lambda x, y: ops.log_softmax(x),
    "cross_entropy": lambda x, y: ops.cross_entropy(x, np.arange(4)),
}


def test_every_operation_is_listed():
    made_here = {f for f in vars(ops).values() if getattr(f, "__module__", "") == ops.__name__}
    names = {f.__name__ for f in made_here if f.__annotations__.get("return") == "Tensor"}
    assert {name for name in names if not name.startswith("_")} == OPERATIONS.keys()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("used", [False, True])
def test_no_result_holds_itself(used, name):
    """A pullback may keep arrays, but not the Tensor that it belongs to: that would be a cycle."""
    x, y = (Tensor(np.ones((4, 4), np.float32)) for _ in range(2))
    result = OPERATIONS[name](x, y)
    if used:
        backward(ops.sum(result), wrt=[x, y])
    last_sight = weakref.ref(result), weakref.ref(result.data)
    del result
    assert not alive(last_sight)


# A game ----------------------------------------------------------------------------------------------

GAMES = {
    "simultaneous": {},
    "alternating": {"update": "alternating", "k": 2},
    "adam": {"optimiser": "adam", "prior": "gaussian"},
    "batch norm": {"name": "keras-mlp"},
}


def game_of(kind):
    changes = {"name": "mnist"} | GAMES[kind]
    recipe = recipes.find(changes.pop("name")).change(batch=8, z=5, hidden=(16, 16), units=(8, 8), **changes)
    pixels = np.random.default_rng(0).integers(0, 256, (80, 30), np.uint8)  # ten minibatches an epoch
    dataset = Dataset(
        name="bytes", train=pixels, valid=pixels, test=pixels, prepare=lambda x: x / 255, restore=lambda y: y
    )
    return players.set_up(recipe, dataset, FLOAT32, seed=1), algorithm1.UPDATES[recipe.update]


def test_a_thousand_updates_do_not_grow(traced):
    """Not an object and not a number more.  The bytes of all: less than the smallest object an update."""
    game, update = game_of("simultaneous")
    sizes = []
    for t in range(1000):
        update(game, t)
        if t + 1 in (100, 1000):
            sizes.append((len(gc.get_objects()), bytes_of_arrays(), traced()))
    objects, arrays, everything = np.diff(sizes, axis=0)[0]
    assert objects < 10
    assert arrays < 100
    assert everything < 900 * 40


def bytes_of_arrays():
    """What NumPy holds for the numbers in arrays."""
    domain = tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([domain]).traces)


@pytest.mark.parametrize("kind", GAMES)
def test_nothing_of_an_update_is_alive_after_it(kind, born):
    game, update = game_of(kind)
    update(game, 0)  # makes the gradients, which are kept
    tensors, arrays = born
    tensors.clear(), arrays.clear()
    tracked = len(gc.get_objects())

    numbers = update(game, 1)
    assert len(tensors) > 25
    assert not alive(tensors)
    returned = {id(a if a.base is None else a.base) for a in numbers}  # the logits may be parts of one array
    assert {id(a) for a in alive(arrays)} == returned  # nothing but these

    del numbers
    assert not alive(arrays)
    assert len(gc.get_objects()) - tracked < 3 * len(tensors), "something else is kept for each operation"


def test_gradients_are_written_into_the_same_arrays():
    game, update = game_of("simultaneous")
    parameters = game.G.parameters() + game.D.parameters()
    update(game, 0)
    before = [(id(p.data), id(p.grad)) for p in parameters]
    update(game, 1)
    assert [(id(p.data), id(p.grad)) for p in parameters] == before


def test_masks_and_samples_are_not_kept(traced):
    """One more update of a game with large minibatches adds less than any one of its arrays."""
    game, update = game_of("simultaneous")
    game.prior = lambda stream: stream.uniform((8, 5)).repeat(1000, axis=0)
    game.data.minibatch = lambda i: np.ones((8000, 30), np.float32)
    update(game, 0)
    before = traced()
    numbers = update(game, 1)
    assert traced() - before < sum(a.nbytes for a in numbers) + 10_000
    assert all(a.base is None for a in numbers), "a small view keeps a large array alive"


# Long chains -----------------------------------------------------------------------------------------


def chain(x, length):
    """x + 1 + 1 + ..."""
    y = x
    for _ in range(length):
        y = y + 1
    return y


def test_backward_through_a_long_chain():
    x = Tensor(np.zeros((), np.float32))
    y = chain(x, CHAIN)
    assert y.data == CHAIN
    backward(y, wrt=[x])
    assert x.grad == 1


def test_backward_through_a_long_chain_of_sums():
    """Each link uses the one before it twice, as a residual block does: y <- y + y / n."""
    n = CHAIN // 2
    x = Tensor(np.ones((), np.float64))
    y = x
    for _ in range(n):
        y = y + y * (1 / n)
    backward(y, wrt=[x])
    assert x.grad == pytest.approx((1 + 1 / n) ** n, rel=1e-9)


@pytest.mark.parametrize("keep_graph", [False, True])
def test_a_long_chain_that_was_used_is_dropped(keep_graph, born):
    x = Tensor(np.zeros((), np.float32))
    y = chain(x, CHAIN)
    backward(y, wrt=[x], keep_graph=keep_graph)
    if not keep_graph:
        assert len(alive(born[0])) == 2, "the graph outlives backward()"
    del y
    assert alive(born[0]) == [x]


def test_a_long_chain_that_was_never_used_is_dropped(born):
    """Thousands of tensors that hold each other die one after the other, without a deep recursion."""
    x = Tensor(np.zeros((), np.float32))
    y = chain(x, CHAIN)
    assert len(alive(born[0])) == CHAIN + 1
    del y
    assert alive(born[0]) == [x]


# What is alive while backward() runs -----------------------------------------------------------------

BIG, LINKS = 250_000, 40  # numbers in an array, operations in a chain
MEGABYTE = 1_000_000  # bytes of such an array


def test_arrays_die_as_the_graph_is_used(traced):
    """40 operations of a megabyte: 40 are alive before, half of them in the middle, none at the end."""
    x = Tensor(np.ones(BIG, np.float32))
    seen = []

    def look(y):
        def pullback(g):
            seen.append(traced())
            return g

        return Tensor(y.data, (y, pullback))

    y = x
    for i in range(LINKS):
        y = ops.tanh(y)  # keeps its result for the way back
        if i in (9, 29):
            y = look(y)
    y = ops.sum(y)
    before = traced()
    tracemalloc.reset_peak()
    backward(y, wrt=[x])
    peak, after = tracemalloc.get_traced_memory()[1], traced()

    late, early = seen  # at link 29, then at link 9
    assert before > LINKS * MEGABYTE
    assert peak - before < 5 * MEGABYTE, "gradients pile up"
    assert late - early > 17 * MEGABYTE, "what was used stays alive until the end"
    assert after < 2.1 * MEGABYTE, "more than x and its gradient is left"


def test_gradients_that_nobody_asked_for_cost_no_memory(traced):
    """G's step through D: the gradients of D's large weights are not even made."""
    x = Tensor(np.ones((1, 500), np.float32))
    weights = [Tensor(np.zeros((500, 500), np.float32)) for _ in range(10)]
    y = x
    for W in weights:
        y = y @ W
    loss = ops.sum(y)
    before = traced()
    tracemalloc.reset_peak()
    backward(loss, wrt=[x])
    assert tracemalloc.get_traced_memory()[1] - before < 100_000
    assert all(W.grad is None for W in weights)
