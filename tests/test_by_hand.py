"""Two updates of the paper's MNIST game against formulas written out by hand, in float64, without the engine.

Everything below `Batch` is plain NumPy: both networks forward, every derivative as a matrix formula, and the
heavy ball.  Only random numbers come from minigan, from the streams and in the order that are documented:

    "order", epoch      the permutation of the training images
    "noise", t          z of every pass of update t, one after the other
    "dropout", t        the masks of every pass of D, layer by layer: in the alternating update on real images
                        and samples together, in the simultaneous one first on these and then on those; in
                        those of mixed.py the other way round
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pytest

from minigan import players, recipes
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.random import Streams

SEED = 3
FLOAT64 = Backend("numpy", "float64")
SMALL = {"batch": 20, "z": 7, "hidden": (12, 11), "units": (9, 8), "pieces": 3}


def images(n, seed=0):
    """Bytes as MNIST's: 784 pixels, some of which are 0 in every image."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, 784), np.uint8) * (rng.random(784) < 0.7).astype(np.uint8)
    prepare, restore = (lambda x: x / 255), (lambda y: y.reshape(-1, 28, 28))
    return Dataset(
        name="bytes",
        train=pixels,
        valid=pixels,
        test=pixels,
        shape=(28, 28),
        prepare=prepare,
        restore=restore,
    )


# The game by hand ------------------------------------------------------------------------------------


@dataclass
class Batch:
    """One pass of D: inputs of the layers after dropout, pieces before the max (m, pieces, units), logits."""

    inputs: list
    masks: list
    pieces: list
    logits: np.ndarray

    def rows(self, part):
        inputs, masks, pieces = ([a[part] for a in some] for some in (self.inputs, self.masks, self.pieces))
        return Batch(inputs, masks, pieces, self.logits[part])


class ByHand:
    """The same game: the parameters are lists [W1, b1, W2, b2, W3, b3], and v the velocities."""

    def __init__(self, game, recipe, pixels):
        self.recipe, self.pixels = recipe, pixels
        self.G = [p.data.copy() for p in game.G.parameters()]
        self.D = [p.data.copy() for p in game.D.parameters()]
        self.v_G, self.v_D = ([np.zeros_like(p) for p in theta] for theta in (self.G, self.D))
        self.streams = Streams(SEED, FLOAT64)
        self.per_epoch = len(pixels) // recipe.batch

    def alternating(self, t):
        k, epoch = self.recipe.k, t * self.recipe.k // self.per_epoch
        noise, dropout = self.streams("noise", t), self.streams("dropout", t)
        for i in range(k * t, k * t + k):
            samples = self.generate(self.draw_z(noise))[-1]
            both = self.discriminate(np.concatenate([self.minibatch(i), samples]), dropout)
            real, fake = both.rows(slice(len(samples))), both.rows(slice(len(samples), None))
            self.move(self.D, self.v_D, self.gradient_of_D(real, fake), i, epoch)
        layers = self.generate(self.draw_z(noise))
        last = self.discriminate(layers[-1], dropout)
        self.move(self.G, self.v_G, self.gradient_of_G(layers, last), t, epoch)
        return real, fake, last

    def simultaneous(self, t):
        dropout = self.streams("dropout", t)
        layers = self.generate(self.draw_z(self.streams("noise", t)))
        real = self.discriminate(self.minibatch(t), dropout)
        fake = self.discriminate(layers[-1], dropout)
        of_D, of_G = self.gradient_of_D(real, fake), self.gradient_of_G(layers, fake)
        self.move(self.D, self.v_D, of_D, t, t // self.per_epoch)
        self.move(self.G, self.v_G, of_G, t, t // self.per_epoch)
        return real, fake, fake

    def simultaneous_fresh(self, t):
        noise, dropout = self.streams("noise", t), self.streams("dropout", t)
        fake = self.discriminate(self.generate(self.draw_z(noise))[-1], dropout)
        real = self.discriminate(self.minibatch(t), dropout)
        layers = self.generate(self.draw_z(noise))
        last = self.discriminate(layers[-1], dropout)
        of_D, of_G = self.gradient_of_D(real, fake), self.gradient_of_G(layers, last)
        self.move(self.D, self.v_D, of_D, t, t // self.per_epoch)
        self.move(self.G, self.v_G, of_G, t, t // self.per_epoch)
        return real, fake, last

    def alternating_shared(self, t):
        dropout = self.streams("dropout", t)
        layers = self.generate(self.draw_z(self.streams("noise", t)))
        fake = self.discriminate(layers[-1], dropout)
        real = self.discriminate(self.minibatch(t), dropout)
        self.move(self.D, self.v_D, self.gradient_of_D(real, fake), t, t // self.per_epoch)
        last = self.discriminate(layers[-1], self.streams("dropout", t))
        assert all((a == b).all() for a, b in zip(last.masks, fake.masks, strict=True))
        self.move(self.G, self.v_G, self.gradient_of_G(layers, last), t, t // self.per_epoch)
        return real, fake, last

    # what comes from the streams

    def draw_z(self, noise):
        return noise.uniform((self.recipe.batch, self.recipe.z), -sqrt(3), sqrt(3))

    def minibatch(self, i):
        m, (epoch, place) = self.recipe.batch, divmod(i, self.per_epoch)
        order = self.streams("order", epoch).permutation(len(self.pixels))
        return self.pixels[order[place * m : place * m + m]] / 255.0

    # forward

    def generate(self, z):
        """z, both hidden layers max(0, h W + b), and the images 1 / (1 + e^-(h W + b))"""
        W1, b1, W2, b2, W3, b3 = self.G
        h1 = np.maximum(0, z @ W1 + b1)
        h2 = np.maximum(0, h1 @ W2 + b2)
        return z, h1, h2, 1 / (1 + np.exp(-(h2 @ W3 + b3)))

    def discriminate(self, x, dropout):
        inputs, masks, pieces = [], [], []
        for layer, keep in enumerate((0.8, 0.5, 0.5)):
            W, b = self.D[2 * layer : 2 * layer + 2]
            masks.append(dropout.mask(x.shape, keep))
            inputs.append(x * masks[-1])
            a = inputs[-1] @ W + b
            if layer < 2:
                pieces.append(a.reshape(len(x), self.recipe.networks.pieces, -1))
                x = pieces[-1].max(axis=1)
        return Batch(inputs, masks, pieces, a)

    # losses

    def loss_of_D(self, real, fake):
        log_D, log_not_D = -np.log(1 + np.exp(-real.logits)), -np.log(1 + np.exp(fake.logits))
        return -self.recipe.d_loss_scale * (log_D.mean() + log_not_D.mean())

    def loss_of_G(self, fake):
        saturating = self.recipe.loss == "minimax"
        return (
            -np.log(1 + np.exp(fake.logits)).mean() if saturating else np.log(1 + np.exp(-fake.logits)).mean()
        )

    # backward

    def gradient_of_D(self, real, fake):
        """d/da of s [mean log(1 + e^-a_real) + mean log(1 + e^a_fake)]"""
        s, m = self.recipe.d_loss_scale, self.recipe.batch
        of_real, _ = self.through_D(real, -s / m / (1 + np.exp(real.logits)))
        of_fake, _ = self.through_D(fake, s / m / (1 + np.exp(-fake.logits)))
        return [one + other for one, other in zip(of_real, of_fake, strict=True)]

    def gradient_of_G(self, layers, fake):
        """Of mean log(1 + e^-a), or of -mean log(1 + e^a), through D and its masks."""
        a, m = fake.logits, self.recipe.batch
        sign = {"non-saturating": 1, "minimax": -1}[self.recipe.loss]
        _, delta = self.through_D(fake, -1 / m / (1 + np.exp(sign * a)))
        z, h1, h2, x = layers
        _, _, W2, _, W3, _ = self.G
        delta3 = delta * x * (1 - x)
        delta2 = (delta3 @ W3.T) * (h2 > 0)
        delta1 = (delta2 @ W2.T) * (h1 > 0)
        gradient = []
        for h, d in ((z, delta1), (h1, delta2), (h2, delta3)):
            gradient += [h.T @ d, d.sum(axis=0)]
        return gradient

    def through_D(self, batch, delta):
        """The gradients by D's parameters and by its input x, from those by its logits."""
        gradients = []
        for layer in (2, 1, 0):
            gradients = [batch.inputs[layer].T @ delta, delta.sum(axis=0), *gradients]
            by_x = (delta @ self.D[2 * layer].T) * batch.masks[layer]
            if layer:
                a = batch.pieces[layer - 1]
                winner = np.arange(a.shape[1])[:, None] == a.argmax(axis=1)[:, None, :]
                delta = (winner * by_x[:, None, :]).reshape(len(a), -1)
        return gradients, by_x

    def move(self, theta, velocity, gradient, t, epoch):
        """v <- mu v - lr g; p <- p + v with the schedules of the released code"""
        lr = max(1e-6, 0.1 / 1.000004**t)
        mu = 0.5 + 0.2 * min(epoch / 249, 1)
        for i, g in enumerate(gradient):
            velocity[i] = mu * velocity[i] - lr * g
            theta[i] = theta[i] + velocity[i]


# The comparison --------------------------------------------------------------------------------------


def assert_same_game(recipe, updates=2):
    dataset = images(recipe.batch * 2 + 5)  # two minibatches an epoch, so that k = 2 reaches another epoch
    game = players.set_up(recipe, dataset, FLOAT64, SEED)
    by_hand = ByHand(game, recipe, dataset.train)
    for t in range(updates):
        numbers = players.update_of(recipe)(game, t)
        real, fake, last = getattr(by_hand, recipe.update.replace("-", "_"))(t)
        assert_close(numbers.a_real, real.logits, "logits of examples")
        assert_close(numbers.a_fake, fake.logits, "logits of samples")
        assert_close(numbers.d_loss, by_hand.loss_of_D(real, fake), "D's loss")
        assert_close(numbers.g_loss, by_hand.loss_of_G(last), "G's loss")
    for player, net, optimiser, theta, velocity in (
        ("G", game.G, game.optimiser_G, by_hand.G, by_hand.v_G),
        ("D", game.D, game.optimiser_D, by_hand.D, by_hand.v_D),
    ):
        assert len(theta) == 6
        for i, name in enumerate(net.named_parameters()):
            assert_close(net.parameters()[i].data, theta[i], f"{player}.{name}")
            assert_close(optimiser.velocity[i], velocity[i], f"{player}.velocity.{name}")


def assert_close(found, expected, name):
    scale = abs(expected).max()
    assert found.dtype == np.float64 and found.shape == expected.shape
    assert scale > 0, f"{name} did not move: nothing is compared"
    assert abs(found - expected).max() <= 1e-10 * scale, name


@pytest.mark.parametrize("d_loss_scale", [0.5, 1.0])
@pytest.mark.parametrize("loss", ["non-saturating", "minimax"])
@pytest.mark.parametrize(
    "update, k",
    [
        ("simultaneous", 1),
        ("alternating", 1),
        ("alternating", 2),
        ("simultaneous-fresh", 1),
        ("alternating-shared", 1),
    ],
)
def test_every_rule_and_loss(update, k, loss, d_loss_scale):
    recipe = recipes.mnist.change(update=update, k=k, loss=loss, d_loss_scale=d_loss_scale, **SMALL)
    assert_same_game(recipe, updates=3)


@pytest.mark.parametrize("name", ["mnist", "mnist-alternating"])
def test_the_papers_networks_in_full_width(name):
    recipe = recipes.find(name).change(batch=10)
    assert (recipe.networks.hidden, recipe.networks.units, recipe.networks.pieces) == (
        (1200, 1200),
        (240, 240),
        5,
    )
    assert_same_game(recipe)


def test_the_comparison_notices_a_difference():
    """A formula that is wrong by one part in a million would not pass."""
    right = np.ones(3)
    with pytest.raises(AssertionError, match="name"):
        assert_close(right * (1 + 1e-6), right, "name")
