"""algorithm1.py: who is asked for what, in which order, at which parameters; and who moves."""

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from properties import host, refuses

from minigan import algorithm1, game, nn, ops, players, recipes
from minigan.algorithm1 import Game, alternating, simultaneous
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.homework.judging.strict_cupy import counting, no_sync, strict_backend
from minigan.optim import Adam, Momentum
from minigan.random import Streams
from minigan.tensor import Tensor

# A game of one number each, G(z) = theta_g z and D(x) = theta_d x, that writes down what happens -------


@dataclass
class Spies:
    """Stands for every part of a Game.  `log` is in the words of the paper's box."""

    theta: dict = field(
        default_factory=lambda: {"G": Tensor(np.array([[0.5]])), "D": Tensor(np.array([[-2.0]]))}
    )
    log: list = field(default_factory=list)
    names: dict = field(default_factory=dict)  # of arrays, by id; they are kept, so that ids stay theirs
    steps: list = field(default_factory=list)
    per_epoch: int = 5

    def game(self, **rules):
        return Game(
            G=Player("G", self),
            D=Player("D", self),
            data=self,
            prior=self.prior,
            streams=self.streams,
            optimiser_G=Mover("G", self),
            optimiser_D=Mover("D", self),
            **rules,
        )

    def named(self, name, array):
        self.names[id(array)] = name, array
        return array

    def name_of(self, array):
        """Of two arrays one above the other: both names."""
        if id(array) in self.names:
            return self.names[id(array)][0]
        known = [entry for entry in self.names.values() if entry[1].shape == (3, 1)]
        (both,) = (
            f"{above}, {below}"
            for (above, a), (below, b) in product(known, known)
            if np.array_equal(np.concatenate([a, b]), array)
        )
        return both

    def streams(self, purpose, step=0):
        self.log.append(f"{purpose}{step} begins")
        return f"{purpose}{step}"

    def prior(self, stream):
        n = 1 + sum(line.startswith("z") for line in self.log)
        self.log.append(f"z{n} from {stream}")
        return self.named(f"z{n}", np.array([[n - 0.7], [0.3 * n], [-1.0]]))

    def minibatch(self, i):
        self.log.append(f"x{i}")
        return self.named(f"x{i}", np.array([[0.1 * i], [1.0], [i - 2.5]]))


@dataclass
class Player:
    name: str
    spies: Spies

    def __call__(self, x, rng):
        argument = self.spies.name_of(x.data)
        self.spies.log.append(f"{self.name}({argument}) with {rng}")
        y = x @ self.spies.theta[self.name]
        self.spies.named(f"{self.name}({argument})", y.data)
        return y

    def parameters(self):
        return [self.spies.theta[self.name]]


@dataclass
class Mover:
    name: str
    spies: Spies

    def step(self, t, epoch):
        self.spies.log.append(f"{self.name} moves: step {t}, epoch {epoch}")
        theta, theirs = self.spies.theta[self.name], self.spies.theta["D" if self.name == "G" else "G"]
        self.spies.steps.append((theta.grad.item(), theirs.grad))
        theta.data += 0.25


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def z(n):
    return np.array([n - 0.7, 0.3 * n, -1.0])


def x(i):
    return np.array([0.1 * i, 1.0, i - 2.5])


def slope_by_d(theta_g, theta_d, x, z, scale=0.5):
    """Of -scale [mean log D(x) + mean log(1 - D(G(z)))]."""
    return -scale * ((1 - sigmoid(theta_d * x)) * x - sigmoid(theta_d * theta_g * z) * theta_g * z).mean()


def slope_by_g(theta_g, theta_d, z):
    """Of -mean log D(G(z))."""
    return -((1 - sigmoid(theta_d * theta_g * z)) * theta_d * z).mean()


def test_alternating_is_the_papers_box_line_for_line():
    spies = Spies()
    alternating(spies.game(k=2), t=3)
    assert spies.log == [
        "noise3 begins",
        "dropout3 begins",
        # for k steps do: minibatches 3k and 3k + 1
        "z1 from noise3",
        "x6",
        "G(z1) with dropout3",
        "D(x6, G(z1)) with dropout3",
        "D moves: step 6, epoch 1",
        "z2 from noise3",
        "x7",
        "G(z2) with dropout3",
        "D(x7, G(z2)) with dropout3",
        "D moves: step 7, epoch 1",
        # end for
        "z3 from noise3",
        "G(z3) with dropout3",
        "D(G(z3)) with dropout3",
        "G moves: step 3, epoch 1",
    ]


def test_simultaneous_shares_noise_samples_and_masks():
    spies = Spies()
    simultaneous(spies.game(), t=11)
    assert spies.log == [
        "dropout11 begins",
        "noise11 begins",
        "z1 from noise11",
        "x11",
        "D(x11) with dropout11",
        "G(z1) with dropout11",
        "D(G(z1)) with dropout11",
        "D moves: step 11, epoch 2",
        "G moves: step 11, epoch 2",
    ]


def test_alternating_takes_each_gradient_where_the_players_then_stand():
    spies = Spies()
    update = alternating(spies.game(k=2), t=3)
    gradients, others = zip(*spies.steps, strict=True)
    assert_allclose(
        gradients,
        [slope_by_d(0.5, -2.0, x(6), z(1)), slope_by_d(0.5, -1.75, x(7), z(2)), slope_by_g(0.5, -1.5, z(3))],
    )
    assert others[:2] == (None, None)  # D's step asks for no gradient by theta_g,
    assert others[2].item() == gradients[1]  # and G's for none by theta_d
    assert_allclose(update.a_real[:, 0], -1.75 * x(7))
    assert_allclose(update.a_fake[:, 0], -1.75 * 0.5 * z(2))
    assert_allclose(
        update.d_loss, np.log((1 + np.exp(-update.a_real)) * (1 + np.exp(update.a_fake))).mean() / 2
    )
    assert_allclose(update.g_loss, np.log(1 + np.exp(1.5 * 0.5 * z(3))).mean())


def test_simultaneous_refuses_a_k_that_it_would_not_play(backend):
    with refuses(ValueError, "simultaneous: expected k = 1, got 2 ... alternating"):
        simultaneous(real_game(backend, k=2), 0)


def test_simultaneous_takes_both_gradients_at_the_old_parameters():
    spies = Spies()
    update = simultaneous(spies.game(), t=3)
    gradients, others = zip(*spies.steps, strict=True)
    assert others[0] is not None  # G's gradient is there before D moves
    assert_allclose(gradients, [slope_by_d(0.5, -2.0, x(3), z(1)), slope_by_g(0.5, -2.0, z(1))])
    assert_allclose(update.a_real[:, 0], -2.0 * x(3))
    assert_allclose(update.a_fake[:, 0], -2.0 * 0.5 * z(1))
    assert_allclose(
        update.d_loss, np.log((1 + np.exp(-update.a_real)) * (1 + np.exp(update.a_fake))).mean() / 2
    )
    assert_allclose(update.g_loss, np.log(1 + np.exp(-update.a_fake)).mean())


@pytest.mark.parametrize("update", [alternating, simultaneous])
def test_the_rules_of_the_game_are_followed(update):
    """The losses of both players are the game's."""
    spies, three = Spies(), partial(game.discriminator_loss, scale=3.0)
    update(spies.game(generator_loss=game.minimax, discriminator_loss=three), t=0)
    (by_d, _), (by_g, _) = spies.steps
    theta_d, noise = (-1.75, z(2)) if update is alternating else (-2.0, z(1))
    assert_allclose(by_d, slope_by_d(0.5, -2.0, x(0), z(1), scale=3.0))
    assert_allclose(by_g, -(sigmoid(theta_d * 0.5 * noise) * theta_d * noise).mean())


def halves(a):
    m = a.shape[0] // 2
    return a[:m], a[m:]


def least_squares_of_D(a):
    """Mao et al. 2017, Least Squares Generative Adversarial Networks: 1 for examples, 0 for samples."""
    real, fake = halves(a)
    return ops.mean((real - 1) ** 2) / 2 + ops.mean(fake**2) / 2


def least_squares_of_G(a):
    return ops.mean((a - 1) ** 2) / 2


def wasserstein_of_D(a):
    """Arjovsky et al. 2017, Wasserstein GAN: without the bound on D's weights."""
    real, fake = halves(a)
    return ops.mean(fake) - ops.mean(real)


def wasserstein_of_G(a):
    return -ops.mean(a)


OTHER_LOSSES = {  # the losses; their slopes by the logits of D's examples and samples, and of G's samples
    "least squares": (least_squares_of_D, least_squares_of_G, lambda a: a - 1, lambda a: a, lambda a: a - 1),
    "Wasserstein": (
        wasserstein_of_D,
        wasserstein_of_G,
        lambda a: 0 * a - 1,
        lambda a: 0 * a + 1,
        lambda a: 0 * a - 1,
    ),
}


@pytest.mark.parametrize("update", [alternating, simultaneous])
@pytest.mark.parametrize("losses", OTHER_LOSSES.values(), ids=OTHER_LOSSES.keys())
def test_other_losses_are_two_functions(losses, update):
    of_D, of_G, by_real, by_fake, by_G = losses
    spies = Spies()
    numbers = update(spies.game(discriminator_loss=of_D, generator_loss=of_G), t=3)
    (by_d, _), (by_g, _) = spies.steps
    samples, (theta_d, noise) = 0.5 * z(1), (-1.75, z(2)) if update is alternating else (-2.0, z(1))
    assert_allclose(by_d, (by_real(-2 * x(3)) * x(3) + by_fake(-2 * samples) * samples).mean())
    assert_allclose(by_g, (by_G(theta_d * 0.5 * noise) * theta_d * noise).mean())
    logits = Tensor(np.concatenate([numbers.a_real, numbers.a_fake]))
    assert numbers.d_loss == of_D(logits).data
    assert numbers.g_loss == of_G(Tensor(theta_d * 0.5 * noise[:, None])).data


@pytest.mark.parametrize("update", [alternating, simultaneous])
@pytest.mark.parametrize("losses", OTHER_LOSSES.values(), ids=OTHER_LOSSES.keys())
def test_other_losses_play_on(backend, losses, update):
    """Both players move in each of some updates, and all stays finite."""
    other = real_game(backend, discriminator_loss=losses[0], generator_loss=losses[1])
    last = state(other.G), state(other.D)
    for _, numbers in algorithm1.train(other, update, 0, 5):
        now = state(other.G), state(other.D)
        assert last[0] != now[0] and last[1] != now[1]
        assert all(np.isfinite(host(a)).all() for a in (*numbers, *(p.data for p in parameters(other))))
        last = now


@pytest.mark.parametrize("update", [alternating, simultaneous])
def test_a_packed_D_gives_half_of_its_logits_to_the_examples(backend, update):
    """It judges pairs: four examples are two logits, four samples two more."""
    game = real_game(backend)
    net = nn.Linear(6, 1, game.streams("init", 1))
    packed = replace(
        game, D=nn.Packed(net, 2), optimiser_D=Momentum(net.parameters(), lambda t: 0, lambda e: 0)
    )
    numbers = update(packed, 0)
    assert numbers.a_real.shape == numbers.a_fake.shape == (2, 1)
    assert_allclose(host(numbers.a_real), host(packed.D(Tensor(game.data.minibatch(0)), None).data))


class Descent:
    """Gradient descent that keeps D's weights within a bound, as the Wasserstein game wants it."""

    def __init__(self, parameters):
        self.parameters = parameters

    def step(self, t, epoch):
        for p in self.parameters:
            p.data[...] = (p.data - 0.5 * p.grad).clip(-0.1, 0.1)

    def state(self):
        return {}

    def learning_rate(self, t):
        return 0.5

    def momentum(self, epoch):
        return 0.0


def test_an_optimiser_may_be_anybodys(backend):
    game = real_game(backend)
    game = replace(game, optimiser_D=Descent(game.D.parameters()))
    for _ in algorithm1.train(game, alternating, 0, 3):
        assert all(abs(host(p.data)).max() <= 0.1 for p in game.D.parameters())
    assert any(abs(host(p.data)).max() == 0.1 for p in game.D.parameters())


@pytest.mark.parametrize("t", range(4))
@pytest.mark.parametrize("k", [1, 2, 3])
def test_minibatches_steps_and_epochs_are_counted_from_zero(t, k):
    """Update t uses the k minibatches from t k on; its epoch is the one in which it begins."""
    spies = Spies(per_epoch=4)
    alternating(spies.game(k=k), t)
    assert [line for line in spies.log if line.startswith("x")] == [f"x{t * k + j}" for j in range(k)]
    assert [line for line in spies.log if "moves" in line] == [
        *(f"D moves: step {t * k + j}, epoch {t * k // 4}" for j in range(k)),
        f"G moves: step {t}, epoch {t * k // 4}",
    ]


# Real networks ---------------------------------------------------------------------------------------


def real_game(backend, optimiser=Momentum, **rules):
    """Every kind of layer, small; 3 features, minibatches of 4."""
    streams = Streams(0, backend)
    rng = streams("init")
    G = nn.Sequential(
        nn.Linear(2, 5, rng), nn.BatchNorm(5, backend), nn.LeakyReLU(),
        nn.Linear(5, 4, rng, f=ops.affine_relu), nn.Linear(4, 4, rng, f=ops.affine_tanh),
        nn.Linear(4, 3, rng, f=ops.affine_sigmoid),
    )  # fmt: skip
    D = nn.Sequential(
        nn.Dropout(0.8), nn.Maxout(3, 4, 2, rng), nn.Dropout(0.5), nn.Linear(4, 4, rng), nn.LeakyReLU(),
        nn.Linear(4, 1, rng),
    )  # fmt: skip
    schedules = [lambda t: 0.1] + [lambda epoch: 0.5] * (optimiser is Momentum)
    return Game(
        G=G,
        D=D,
        data=Numbers(streams),
        prior=lambda stream: stream.normal((4, 2)),
        streams=streams,
        optimiser_G=optimiser(G.parameters(), *schedules),
        optimiser_D=optimiser(D.parameters(), *schedules),
        **rules,
    )


@dataclass
class Numbers:
    streams: Streams
    per_epoch: int = 2

    def minibatch(self, i):
        return self.streams("order", i).uniform((4, 3))


def parameters(game):
    return [*game.G.parameters(), *game.D.parameters()]


def state(net):
    return [host(p.data).tobytes() for p in net.parameters()]


class Watched:
    """An optimiser; `seen` gets the parameters of both players before and after each step."""

    def __init__(self, optimiser, game, seen):
        self.optimiser, self.game, self.seen = optimiser, game, seen

    def step(self, t, epoch):
        before = state(self.game.G), state(self.game.D)
        self.optimiser.step(t, epoch)
        self.seen.append((before, (state(self.game.G), state(self.game.D))))


@pytest.mark.parametrize(
    ("update", "k", "order"), [(alternating, 2, "DDG"), (alternating, 1, "DG"), (simultaneous, 1, "DG")]
)
def test_only_the_player_whose_step_it_is_moves(backend, update, k, order):
    game, seen = real_game(backend, k=k), []
    game.optimiser_G, game.optimiser_D = (
        Watched(o, game, seen) for o in (game.optimiser_G, game.optimiser_D)
    )
    last = state(game.G), state(game.D)
    update(game, 0)
    assert len(seen) == len(order)
    for player, (before, after) in zip(order, seen, strict=True):
        assert before == last  # between the steps nobody moves
        moved = [{p != q for p, q in zip(*states, strict=True)} for states in zip(before, after, strict=True)]
        assert moved == ([{True}, {False}] if player == "G" else [{False}, {True}])
        last = after


@pytest.mark.parametrize("update", algorithm1.UPDATES.values())
@pytest.mark.parametrize("optimiser", [Momentum, Adam])
def test_float32_stays_float32(backend, update, optimiser):
    """Through both networks, both losses, both gradients and both optimisers' states."""
    game = real_game(Backend(backend.name, "float32", backend.xp), optimiser)
    for t in range(3):
        numbers = update(game, t)
    arrays = [*numbers, *(p.data for p in parameters(game)), *(p.grad for p in parameters(game))]
    for arrays_of_state in (*game.optimiser_G.state().values(), *game.optimiser_D.state().values()):
        arrays += arrays_of_state
    arrays += game.G.buffers().values()
    assert {(a.dtype.name, type(a)) for a in arrays} == {("float32", backend.xp.ndarray)}
    assert all(np.isfinite(host(a)).all() for a in arrays)


@pytest.mark.parametrize("update", algorithm1.UPDATES.values())
def test_numbers_do_not_depend_on_the_library(backend, update):
    """NumPy's own run is the measure of the others."""
    plain, other = real_game(Backend("numpy", "float64")), real_game(backend)
    for t in range(3):
        for a, b in zip(update(plain, t), update(other, t), strict=True):
            assert_allclose(host(b), a, rtol=1e-9)
    for p, q in zip(parameters(plain), parameters(other), strict=True):
        assert_allclose(host(q.data), p.data, rtol=1e-9, atol=1e-12)


def test_the_papers_game_begins_in_ignorance(mnist):
    """On the real MNIST, in float32: D(x) = 1/2 nearly everywhere, so both losses are log 2."""
    paper = players.set_up(recipes.find("mnist"), mnist, Backend(), seed=0)
    numbers = simultaneous(paper, 0)
    assert numbers.a_real.shape == numbers.a_fake.shape == (100, 1)
    assert {a.dtype.name for a in (*numbers, *(p.data for p in parameters(paper)))} == {"float32"}
    assert (float(numbers.d_loss), float(numbers.g_loss)) == pytest.approx((np.log(2), np.log(2)), rel=0.01)


# train -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("update", algorithm1.UPDATES.values())
def test_a_game_that_is_interrupted_goes_on_as_if_it_had_not_been(backend, update):
    whole, parts = real_game(backend), real_game(backend)
    assert [t for t, _ in algorithm1.train(whole, update, 0, 5)] == [0, 1, 2, 3, 4]
    assert [t for t, _ in algorithm1.train(parts, update, 0, 2)] == [0, 1]
    assert [t for t, _ in algorithm1.train(parts, update, 2, 5)] == [2, 3, 4]
    assert (state(whole.G), state(whole.D)) == (state(parts.G), state(parts.D))


def test_train_plays_an_update_when_asked_for_it():
    played = []
    updates = algorithm1.train("game", lambda game, t: played.append((game, t)) or f"update {t}", 3, 6)
    assert played == []
    assert next(updates) == (3, "update 3")
    assert played == [("game", 3)]
    assert list(updates) == [(4, "update 4"), (5, "update 5")]
    assert list(algorithm1.train("game", print, 6, 6)) == []


def test_updates_go_by_the_names_that_users_type():
    assert dict(algorithm1.UPDATES) == {"alternating": alternating, "simultaneous": simultaneous}


@pytest.mark.parametrize(("name", "most"), [("mnist-alternating", 74), ("mnist", 85)])
def test_an_update_on_a_gpu_is_few_launches_no_wait_and_no_copy(name, most):
    """The paper's layers, narrow: a launch is a launch."""
    recipe = recipes.find(name).change(batch=10, hidden=(12, 12), units=(5, 5))
    pixels = np.random.default_rng(0).integers(0, 256, (100, 784), np.uint8)
    dataset = Dataset("bytes", pixels, pixels, pixels, shape=(28, 28), prepare=lambda x: x / 255)
    played, update = (
        players.set_up(recipe, dataset, strict_backend(), seed=1),
        algorithm1.UPDATES[recipe.update],
    )
    update(played, 0)
    with counting() as counts, no_sync():
        update(played, 1)
    assert (counts.launches <= most, counts.bytes_copied) == (True, 0), counts
