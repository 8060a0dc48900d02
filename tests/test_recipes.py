"""recipes.py: the numbers of the paper's experiments, networks as they start, and what cannot be."""

import re
from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from minigan import algorithm1, data, files, ops, pictures, players, recipes, run
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.nn import Dropout, Maxout
from minigan.paper import OUTPUTS
from minigan.random import Streams
from minigan.recipes import RECIPES
from minigan.tensor import Tensor
from minigan.training import Training

FLOAT32 = Backend("numpy", "float32")
SETTINGS = {name: f.default for name, f in recipes.SETTINGS.items()}
PER_EPOCH = 500  # updates of MNIST: 50,000 images in minibatches of 100


def bytes_like(train, shape):
    train = np.asarray(train, np.uint8)
    return Dataset(
        name="bytes",
        train=train,
        valid=train,
        test=train,
        shape=shape,
        prepare=lambda x: x / 255,
        restore=lambda y: y.reshape(-1, *shape),
    )


def random_bytes(features, n=40, shape=None):
    pixels = np.random.default_rng(0).integers(0, 256, (n, features))
    return bytes_like(pixels, shape or (1, features))


def networks(recipe, dataset, seed=1, backend=FLOAT32):
    streams = Streams(seed, backend)
    return recipe.generator(dataset, streams), recipe.discriminator(dataset, streams)


def shapes(net):
    return [p.shape for p in net.parameters()]


def size(net):
    return sum(p.data.size for p in net.parameters())


@pytest.fixture(scope="module")
def mnist():
    """G and D as mnist has them, and the data they were made for: half of the pixels are always 0 or 255."""
    pixels = np.random.default_rng(0).integers(0, 256, (300, 784))
    pixels[:, :200], pixels[:, 200:400] = 0, 255
    dataset = bytes_like(pixels, (28, 28))
    return *networks(recipes.mnist, dataset), dataset


# The paper's MNIST experiment ------------------------------------------------------------------------


def test_parameter_counts(mnist):
    G, D, _ = mnist
    assert (size(G), size(D)) == (2_503_984, 1_231_441)
    assert shapes(G) == [(100, 1200), (1200,), (1200, 1200), (1200,), (1200, 784), (784,)]
    assert shapes(D) == [(784, 1200), (1200,), (240, 1200), (1200,), (240, 1), (1,)]
    assert list(D.named_parameters()) == [
        f"{name}.{p}" for name in ("maxout1", "maxout2", "linear3") for p in "Wb"
    ]


def test_initial_weights(mnist):
    """W ~ U(-scale, scale): the range is filled evenly and not left."""
    G, D, _ = mnist
    for net, scale in ((G, 0.05), (D, 0.005)):
        for W in (p.data for p in net.parameters() if p.data.ndim == 2):
            assert W.dtype == np.float32
            assert abs(W).max() <= np.float32(scale)
            if W.size > 10_000:
                assert abs(W).max() > 0.999 * scale
                assert abs(W.mean()) < 6 * W.std() / sqrt(W.size)
                assert W.std() == pytest.approx(scale / sqrt(3), rel=0.02)
    first, other = G.parameters()[0].data, D.parameters()[0].data
    together = np.corrcoef(first.ravel(), other.ravel()[: first.size])[0, 1]
    assert abs(together) < 0.02, "G and D start from the same random numbers"


def test_initial_biases(mnist):
    """Output: logit of the mean training pixel, clipped by 1e-7, rounded to float32.  All others: 0."""
    G, D, dataset = mnist
    *others, output = [p.data for p in D.parameters() + G.parameters() if p.data.ndim == 1]
    assert not any(b.any() for b in others)
    mean = dataset.train.astype(np.float64).mean(axis=0) / 255
    expected = [log(m / (1 - m)) for m in np.clip(mean, 1e-7, 1 - 1e-7)]
    np.testing.assert_allclose(output, expected, rtol=2**-23)
    assert output.dtype == np.float32
    assert output[0] == pytest.approx(-16.1180955) and output[300] == pytest.approx(16.1180955)


def test_a_generator_without_weights_gives_the_mean_image(mnist):
    """sigmoid(logit(mean)) = mean: where the output bias comes from."""
    _, _, dataset = mnist
    G, _ = networks(recipes.mnist.change(g_scale=1e-30, g_output_scale=1e-30), dataset)
    image = G(Tensor(np.ones((1, 100), np.float32)), None).data[0]
    np.testing.assert_allclose(image, dataset.train.mean(axis=0) / 255, atol=1e-6)


def test_keep_and_pieces(mnist):
    _, D, _ = mnist
    assert [layer.keep for layer in D.layers if isinstance(layer, Dropout)] == [0.8, 0.5, 0.5]
    assert [layer.pieces for layer in D.layers if isinstance(layer, Maxout)] == [5, 5]
    kinds = [type(layer).__name__ for layer in D.layers]
    assert kinds == ["Dropout", "Maxout", "Dropout", "Maxout", "Dropout", "Linear"]


def test_noise_has_zero_mean_and_unit_variance():
    for prior, bound in (("uniform", sqrt(3)), ("gaussian", 7)):
        stream = Streams(1, FLOAT32)("noise")
        z = recipes.mnist.change(prior=prior).noise(stream, 1000)
        assert z.shape == (1000, 100) and z.dtype == np.float32
        assert abs(z).max() <= np.float32(bound)
        assert abs(z.mean()) < 0.02 and z.std() == pytest.approx(1, abs=0.01)
    assert abs(z).max() > 3  # the gaussian has tails


@pytest.mark.parametrize(
    "epoch, expected", [(0, 0.1), (50, 0.0905), (100, 0.0819), (250, 0.0607), (500, 0.0368)]
)
def test_learning_rate(epoch, expected):
    """v <- mu v - lr g with g = 1 and v = 0 shows the rate that is really used."""
    optimiser, p = optimiser_of(recipes.mnist)
    optimiser.step(epoch * PER_EPOCH, 0)
    assert round(float(-p.data[0]), 4) == expected
    assert round(optimiser.learning_rate(epoch * PER_EPOCH), 4) == expected


@pytest.mark.parametrize("epoch, expected", [(0, 0.5), (50, 0.5402), (100, 0.5803), (249, 0.7), (400, 0.7)])
def test_momentum(epoch, expected):
    optimiser, p = optimiser_of(recipes.mnist.change(lr_decay=1.0))
    optimiser.step(0, epoch)
    before = p.data.copy()
    p.grad[...] = 0
    optimiser.step(1, epoch)
    assert round(float((p.data - before)[0] / before[0]), 4) == expected


def test_the_learning_rate_has_a_floor():
    optimiser, _ = optimiser_of(recipes.mnist)
    assert optimiser.learning_rate(10**9) == 1e-6


def optimiser_of(recipe):
    """The recipe's optimiser for one parameter p = 0 with gradient 1."""

    class Net:
        p = Tensor(np.zeros(1))

        def parameters(self):
            return [self.p]

    Net.p.grad = np.ones(1)
    return recipe.optimiser_of(Net()), Net.p


def test_adam_takes_its_first_moment_from_momentum():
    optimiser, p = optimiser_of(recipes.mnist.change(optimiser="adam", momentum=0.8, lr=0.25, lr_decay=1.0))
    optimiser.step(0, 0)
    assert optimiser.beta1 == 0.8 and p.data[0] == pytest.approx(-0.25)


# The other recipes -----------------------------------------------------------------------------------

NAMES = [
    "digits",
    "mnist",
    "mnist-alternating",
    "cifar10",
    "gaussian1d",
    "ring8",
    "grid25",
    "keras-mlp",
    "images",
]

PAPER = {  # what recipe.md says of each, beyond the shapes below
    "digits": {
        "data": "digits",
        "update": "simultaneous",
        "d_loss_scale": 0.5,
        "batch": 50,
        "keep_input": 0.8,
        "keep_hidden": 0.5,
        "optimiser": "momentum",
    },
    "mnist": {
        "data": "mnist",
        "epochs": 250,
        "batch": 100,
        "update": "simultaneous",
        "loss": "non-saturating",
        "d_loss_scale": 0.5,
        "prior": "uniform",
        "z": 100,
    },
    "mnist-alternating": {"data": "mnist", "update": "alternating", "k": 1, "lr": 0.1, "batch": 100},
    "cifar10": {
        "data": "cifar10",
        "prior": "gaussian",
        "z": 100,
        "hidden": (8000, 8000),
        "activations": ("relu", "sigmoid"),
        "output": "linear",
        "g_scale": 0.05,
        "g_output_scale": 0.5,
        "units": (1600, 1600),
        "pieces": 5,
        "d_scale": 0.005,
        "lr": 0.025,
        "batch": 100,
    },
    "gaussian1d": {"data": "gaussian1d", "output": "linear"},
    "ring8": {"data": "ring8", "output": "linear"},
    "grid25": {"data": "grid25", "output": "linear"},
    "keras-mlp": {
        "data": "mnist",
        "update": "alternating",
        "z": 100,
        "hidden": (256, 512),
        "output": "tanh",
        "units": (512, 256),
        "optimiser": "adam",
        "lr": 1e-4,
        "lr_decay": 1.0,
        "keep_hidden": 0.7,
    },
}
FEATURES = {"digits": 64, "mnist": 784, "cifar10": 3072, "gaussian1d": 1, "ring8": 2, "grid25": 2}
FEATURES[recipes.find("images").data] = 48  # of a user's own


def test_there_are_these_recipes():
    assert sorted(RECIPES) == sorted(NAMES)
    assert all(recipe.name == name and recipe.data in FEATURES for name, recipe in RECIPES.items())


@pytest.mark.parametrize("name", PAPER)
def test_settings(name):
    settings = recipes.find(name).settings()
    assert {setting: settings.get(setting) for setting in PAPER[name]} == PAPER[name]


def test_mnist_alternating_differs_in_the_rule_alone():
    assert recipes.find("mnist-alternating").change(name="mnist", update="simultaneous") == recipes.mnist


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("keras-mlp", "images")])
def test_shapes(name):
    """Maxout and dropout D, G of affine layers; narrow ones where the recipe's take long to make."""
    recipe = recipes.find(name)
    if name == "cifar10":
        recipe = recipe.change(hidden=(12, 12), units=(6, 6))
    features = FEATURES[recipe.data]
    G, D = networks(recipe, random_bytes(features))
    assert shapes(G) == affine_shapes(recipe.z, *recipe.networks.hidden, features)
    wide = [recipe.networks.pieces * n for n in recipe.networks.units]
    expected = [
        s for i, o in zip((features, *recipe.networks.units), (*wide, 1), strict=True) for s in ((i, o), (o,))
    ]
    assert shapes(D) == expected
    keeps = [recipe.networks.keep_input] + [recipe.networks.keep_hidden] * len(recipe.networks.units)
    assert [layer.keep for layer in D.layers if isinstance(layer, Dropout)] == keeps


def test_shapes_of_the_tutorials_mlp():
    G, D = networks(recipes.find("keras-mlp"), random_bytes(784))
    names = [type(layer).__name__ for layer in G.layers]
    assert names == ["Linear", "BatchNorm", "LeakyReLU"] * 2 + ["Linear"]
    assert G.layers[-1].f is ops.affine_tanh
    assert [s for s in shapes(G) if len(s) == 2] == [(100, 256), (256, 512), (512, 784)]
    assert shapes(D) == affine_shapes(784, 512, 256, 1)
    assert [type(layer).__name__ for layer in D.layers] == ["Linear", "LeakyReLU", "Dropout"] * 2 + ["Linear"]
    assert [layer.keep for layer in D.layers if isinstance(layer, Dropout)] == [0.7, 0.7]
    assert (D.layers[1].slope, G.layers[2].slope) == (0.2, 0.2)


def affine_shapes(*widths):
    return [s for i, o in zip(widths, widths[1:], strict=False) for s in ((i, o), (o,))]


def test_cifar10_activations_and_scales():
    recipe = recipes.find("cifar10").change(hidden=(40, 40), units=(6, 6))
    G, _ = networks(recipe, random_bytes(3072, shape=(32, 32, 3)))
    assert [layer.f for layer in G.layers] == [ops.affine_relu, ops.affine_sigmoid, ops.affine_identity]
    largest = [abs(p.data).max() for p in G.parameters()]
    np.testing.assert_allclose(largest, [0.05, 0, 0.05, 0, 0.5, 0], rtol=0.01)


@pytest.mark.parametrize("rule", algorithm1.UPDATES)
@pytest.mark.parametrize("name", NAMES)
def test_two_updates_are_finite(name, rule):
    recipe = recipes.find(name)
    narrow = {"hidden": (12,) * len(recipe.networks.hidden), "units": (6,) * len(recipe.networks.units)}
    recipe = recipe.change(batch=10, update=rule, **narrow)
    dataset = random_bytes(FEATURES[recipe.data])
    game = players.set_up(recipe, dataset, FLOAT32, seed=1)
    before = [p.data.copy() for p in game.G.parameters() + game.D.parameters()]
    updates = [algorithm1.UPDATES[recipe.update](game, t) for t in range(2)]
    for numbers in updates:
        assert all(np.isfinite(a).all() and a.dtype == np.float32 for a in numbers)
    after = [p.data for p in game.G.parameters() + game.D.parameters()]
    assert all(np.isfinite(a).all() and (a != b).any() for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("output, low", [("sigmoid", 0), ("tanh", -1)])
@pytest.mark.parametrize("name", ["digits", "keras-mlp"])
def test_the_data_lie_where_G_reaches(name, output, low):
    """[0, 1] under a sigmoid, [-1, 1] under tanh; a recipe that has no such output refuses it."""
    try:
        recipe = recipes.find(name).change(output=output, data="digits")
    except InputError as error:
        assert "--output" in str(error)
        return
    dataset = players.load_data(recipe)
    x = dataset.prepare(dataset.train.astype(np.float32))
    assert (x.min(), x.max()) == (low, 1)
    G, _ = networks(recipe, dataset)
    assert G.layers[-1].f is OUTPUTS[output]


# Impossible values -----------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
NOT_FINITE = (NAN, INF, -INF)
IMPOSSIBLE = {
    "epochs": (0, -3),
    "batch": (0, -3),
    "update": ("both",),
    "k": (0, -3, 2),  # mnist's update is simultaneous
    "loss": ("saturating",),
    "d_loss_scale": (0.0, -0.5, *NOT_FINITE),
    "z": (0, -3),
    "prior": ("normal",),
    "hidden": ((), (16, 0), (-1,)),
    "activations": ((), ("relu", "gelu")),
    "output": ("relu",),
    "g_scale": (0.0, -0.1, *NOT_FINITE),
    "g_output_scale": (0.0, -0.1, *NOT_FINITE),
    "bias_clip": (0.0, -0.1, 0.5, *NOT_FINITE),
    "units": ((), (16, 0), (-1,)),
    "pack": (0, -2, 3),  # mnist's batch is 100
    "pieces": (0, -3),
    "d_scale": (0.0, -0.1, *NOT_FINITE),
    "keep_input": (0.0, -0.1, 1.01, *NOT_FINITE),
    "keep_hidden": (0.0, -0.1, 1.01, *NOT_FINITE),
    "optimiser": ("sgd",),
    "lr": (0.0, -0.1, *NOT_FINITE),
    "lr_decay": (0.99, *NOT_FINITE),
    "lr_min": (-0.1, *NOT_FINITE),
    "momentum": (-0.1, 1.0, *NOT_FINITE),
    "momentum_end": (-0.1, 1.0, *NOT_FINITE),
    "momentum_epochs": (-3,),
    "samples_every": (0, -3),
}


@pytest.mark.parametrize("name, value", [(name, value) for name in IMPOSSIBLE for value in IMPOSSIBLE[name]])
def test_impossible_values(name, value):
    """One line: the option, what was expected, what came."""
    with pytest.raises(InputError) as raised:
        recipes.mnist.change(**{name: value})
    expected, came = re.fullmatch(r"--([a-z-]+): expected .+, got (.+)", str(raised.value)).groups()
    assert expected == name.replace("_", "-")
    parts = value if isinstance(value, tuple) else (value,)
    assert came in (",".join(map(str, parts)) or "nothing", repr(parts[-1:][0]) if parts else None)


def test_every_setting_has_impossible_values():
    assert sorted(IMPOSSIBLE) == sorted(SETTINGS)


@pytest.mark.parametrize("name, changes, option", [
    ("mnist", {"activations": ("relu",) * 3}, "--activations: expected at most 2"),
    ("mnist", {"optimiser": "adam", "momentum_end": 0.8}, "--momentum-end has no effect"),
    ("mnist", {"output": "linear", "bias_clip": 0.1}, "--bias-clip has no effect"),
    ("keras-mlp", {"pieces": 3}, "--pieces has no effect"),
    ("keras-mlp", {"batch": 1}, "--batch: expected 2 or more, since batch norm needs a variance"),
    ("mnist", {"hidden": ("12", "12")}, "--hidden: expected a value like"),
    ("mnist-alternating", {"k": 2, "update": "simultaneous"}, "--k: expected 1 with the simultaneous"),
])  # fmt: skip
def test_settings_that_do_not_go_together(name, changes, option):
    with pytest.raises(InputError, match=f"^{option}"):
        recipes.find(name).change(**changes)


def test_a_million_is_the_most():
    assert recipes.mnist.change(epochs=1_000_000).epochs == 1_000_000
    with pytest.raises(InputError, match="--epochs: expected 1 to 1,000,000, got 1000001"):
        recipes.mnist.change(epochs=1_000_001)


def test_a_whole_number_is_a_number_too():
    assert recipes.mnist.change(lr=1).lr == 1


def test_only_a_sigmoid_begins_with_the_mean_image():
    for output in ("tanh", "linear"):
        G, _ = networks(recipes.mnist.change(hidden=(4, 4), output=output), random_bytes(6))
        assert not G.parameters()[-1].data.any()


@pytest.mark.parametrize(
    "name, hint", [("mnits", "did you mean mnist?"), ("digit", "did you mean digits?"), ("xyz", "'xyz'")]
)
def test_unknown_recipe(name, hint):
    with pytest.raises(InputError) as raised:
        recipes.find(name)
    message = str(raised.value)
    assert message.startswith("--recipe: expected one of digits, mnist, ") and hint in message


@pytest.mark.parametrize("output", OUTPUTS)
def test_any_output_for_cifar10_works_or_is_refused(output):
    """Its values have no bounds, so a bounded output may be refused, but in one line."""
    recipe = recipes.find("cifar10").change(hidden=(4, 4), units=(4, 4), output=output)
    dataset = replace(random_bytes(3072, shape=(32, 32, 3)), prepare=data.cifar10.contrast_normalise)
    try:
        G, _ = networks(recipe, dataset)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(G(Tensor(np.ones((2, 100), np.float32)), None).data).all()


# Every setting does something ------------------------------------------------------------------------

FAST = {  # three updates an epoch, and a learning rate that falls fast enough to be felt
    "epochs": 3,
    "batch": 500,
    "update": "alternating",
    "z": 5,
    "hidden": (6, 6),
    "units": (6, 6),
    "lr": 0.1,
    "lr_decay": 1.2,
    "lr_min": 0.04,
    "samples_every": 1,
}
BASE = FAST | {"pieces": 2, "momentum_epochs": 4}
CHANGES = {
    "epochs": 2,
    "batch": 400,
    "update": "simultaneous",
    "k": 2,
    "loss": "minimax",
    "d_loss_scale": 1.0,
    "z": 4,
    "prior": "gaussian",
    "hidden": (6, 7),
    "activations": ("relu", "tanh"),
    "output": "tanh",
    "g_scale": 0.06,
    "g_output_scale": 0.06,
    "bias_clip": 1e-2,
    "units": (6, 7),
    "pack": 2,
    "pieces": 3,
    "d_scale": 0.006,
    "keep_input": 0.9,
    "keep_hidden": 0.6,
    "optimiser": "adam",
    "lr": 0.11,
    "lr_decay": 1.1,
    "lr_min": 0.05,
    "momentum": 0.4,
    "momentum_end": 0.9,
    "momentum_epochs": 2,
    "samples_every": 2,
}


def outcome(folder, recipe):
    """What a run leaves: all its arrays, and which pictures."""
    training = Training(run.configure(recipe, 1, "numpy"), FLOAT32)
    training.start(folder)
    training.play(lambda t, means: None)
    arrays = {name: (a.shape, a.tobytes()) for name, a in players.arrays(training.game).items()}
    return arrays, sorted(path.name for path in (folder / "samples").iterdir())


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures are only named, and nothing waits for the disk: that takes longer than these runs."""
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(pictures, "save_samples", lambda path, *_: path.touch())
    monkeypatch.setattr(pictures, "save_curves", lambda *_: None)


def without_effect(folder, base, settings):
    """Those settings whose change leaves the run as it is; one that is refused says so itself."""
    expected, idle = outcome(folder / "base", base), []
    for name in settings:
        try:
            changed = base.change(**{name: CHANGES[name]})
        except InputError as error:
            assert f"--{name.replace('_', '-')}" in str(error)
        else:
            if outcome(folder / name, changed) == expected:
                idle.append(name)
    return idle


def test_every_setting_changes_the_run(tmp_path, undrawn):
    assert sorted(CHANGES) == sorted(SETTINGS)
    base = recipes.find("digits").change(**BASE)
    assert outcome(tmp_path / "one", base) == outcome(tmp_path / "same", base)
    for name, value in CHANGES.items():
        base.change(**{name: value})  # none is refused
    assert not without_effect(tmp_path, base, CHANGES)


@pytest.mark.parametrize("name, changes", [
    ("digits", {"optimiser": "adam"}),
    ("keras-mlp", {"data": "digits"}),
])  # fmt: skip
def test_no_setting_is_passed_over_in_silence(name, changes, tmp_path, undrawn):
    """One that a recipe has no use for is refused, so that nobody believes to have changed something."""
    base = recipes.find(name).change(**FAST | changes)
    doubtful = [s for s in CHANGES if s not in FAST and base.settings().get(s) != CHANGES[s]]
    assert not without_effect(tmp_path, base, doubtful)
