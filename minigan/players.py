"""The two players of a recipe as they start, what training changes of them, and what G gives.

Some functions say what the paper's recipes do, and let another kind of recipe, or of G, register something
else: `load_data`, `rules`, `update_of`, `output_of`, `with_class` and `painter`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, singledispatch
from typing import NamedTuple

import numpy as np

from minigan import data, shares, threads
from minigan.algorithm1 import Game, Update
from minigan.backend import Backend, to_host
from minigan.data.minibatches import Minibatches
from minigan.errors import InputError, RunError
from minigan.game import GENERATOR_LOSSES, discriminator_loss
from minigan.nn import Layer
from minigan.ops import logistic
from minigan.paper import UPDATES
from minigan.random import Streams
from minigan.recipes import Recipe
from minigan.tensor import Array, Tensor
from minigan.workers import ALONE, Workers


@singledispatch
def load_data(recipe: Recipe) -> data.Dataset:
    """The data set of a recipe, with the values that its G gives."""
    return data.load(recipe.data, recipe.values)


def set_up(
    recipe: Recipe, dataset: data.Dataset, backend: Backend, seed: int, workers: Workers = ALONE
) -> Game:
    """The players as they start, and all they play with: of every minibatch, this worker's rows.

    InputError where the recipe does not fit the data set or the number of workers.
    """
    mine = shares.rows_of(recipe.batch, workers, recipe.pack)
    least = recipe.batch // recipe.pack // workers.size * recipe.pack
    if least == 0 or not recipe.networks.batch.holds(least):
        raise InputError(
            f"--batch: {recipe.batch} rows leave {least} for one of {workers.size} workers; expected "
            f"{recipe.networks.batch.expected} for each; start fewer, or give a larger --batch"
        )
    streams = Streams(seed, backend)
    G, D = recipe.generator(dataset, streams), recipe.discriminator(dataset, streams)
    game = Game(
        G=G,
        D=D,
        data=Minibatches(dataset.train, recipe.batch, streams, backend, dataset.prepare, mine.slice),
        prior=partial(recipe.noise, count=mine.count),
        streams=streams,
        optimiser_G=recipe.optimiser_of(G),
        optimiser_D=recipe.optimiser_of(D),
        generator_loss=GENERATOR_LOSSES[recipe.loss],
        discriminator_loss=partial(discriminator_loss, scale=recipe.d_loss_scale),
        k=recipe.k,
    )
    if workers.size == 1:
        return rules(recipe, game, dataset)
    shares.share(game, workers, mine)
    game = rules(recipe, game, dataset)
    shares.weigh(game, mine.weight)
    return game


@singledispatch
def rules(recipe: Recipe, game: Game, dataset: data.Dataset) -> Game:
    """The game as recipes of this kind play it, from the one that is set up as the paper has it."""
    return game


@singledispatch
def update_of(recipe: Recipe) -> Callable[[Game, int], Update]:
    """What one update of the game is."""
    return UPDATES[recipe.update]


class Output(NamedTuple):
    """What D says of examples, from its logits; and where it cannot tell, None if only differences count."""

    of: Callable[[Array], Array]
    undecided: float | None
    is_probability: bool


@singledispatch
def output_of(recipe: Recipe) -> Output:
    """What D's logits stand for: the probability of being real."""
    return Output(logistic, 0.5, True)


@singledispatch
def with_class(recipe: Recipe, z: Array, label: int) -> Array:
    """The noise z for samples of this class.  InputError where G is told none, or there is no such class."""
    raise InputError(f"--class: {recipe.name} is not told a class; a conditional run, as cgan-digits, is")


@singledispatch
def painter(G: Layer) -> Layer:
    """What gives the examples alone, where G hands on something besides for D."""
    return G


def arrays(game: Game) -> dict[str, Array]:
    """All that training changes, under names a person can read: G.linear1.W, D.velocity.maxout2.b."""
    found: dict[str, Array] = {}
    for player, net, optimiser in (("G", game.G, game.optimiser_G), ("D", game.D, game.optimiser_D)):
        parameters = net.named_parameters()
        found |= {f"{player}.{name}": p.data for name, p in parameters.items()}
        found |= {f"{player}.{name}": a for name, a in net.buffers().items()}
        for slot, arrays in optimiser.state().items():
            found |= {f"{player}.{slot}.{name}": a for name, a in zip(parameters, arrays, strict=True)}
    return found


def generate(G: Layer, z: Array, chunk: int = 1000) -> np.ndarray:
    """G(z) without dropout, (count, features) on the host; in chunks, so that the memory stays bounded.

    RunError where they are not finite.
    """
    G = painter(G)
    samples = np.concatenate(
        [to_host(G(Tensor(z[i : i + chunk]), None).data) for i in range(0, len(z), chunk)]
    )
    if not np.isfinite(samples).all():
        raise RunError("the generator gives numbers that are not finite: this run has failed")
    return samples


def use_threads(wanted: int | None, backend: Backend, batch: int, *nets: Layer) -> int | None:
    """Compute with `wanted` threads of the matrix library, or with as many as serve these networks best.

    Tried on their products with a minibatch; the number, or None where nobody counts (see threads.use).
    """
    if backend.name != "numpy":
        return None
    weights = [p.data.shape for net in nets for p in net.parameters() if p.data.ndim == 2]
    return threads.use(wanted, [(batch, inputs, units) for inputs, units in weights])
