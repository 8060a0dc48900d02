"""A run far from D = 1/2, compared column by column with a game that is played here, update by update.

Three steps of D for one of G, seed 2, batch norm, both losses as in the paper's box, interrupted and resumed.
At D = 1/2 many columns of a log agree within any tolerance; here no two do, nor one column at two epochs.
"""

import functools
import itertools
import json
import signal
import time

import numpy as np
import pytest
from PIL import Image

from minigan import algorithm1, checkpoint, data, paper, pictures, recipes, run, train, training
from minigan.algorithm1 import Game
from minigan.backend import Backend
from minigan.data import Minibatches
from minigan.game import discriminator_loss, minimax
from minigan.random import Streams
from minigan.tensor import Tensor

EPOCHS, K, BATCH, PER_EPOCH = 5, 3, 93, 16  # 93 examples are 16 minibatches, of which 3 do not leave 0
ENDS = [6, 11, 16, 22, 27]  # updates after which an epoch is complete: 18, 33, 48, 66 and 81 minibatches
INTERRUPTED = 13  # two updates into epoch 3
RECIPE = recipes.find("keras-mlp").change(
    data="digits",
    epochs=EPOCHS,
    k=K,
    batch=BATCH,
    z=5,
    hidden=(16, 12),
    units=(24, 8),
    loss="minimax",
    d_loss_scale=1.0,
    lr=0.004,
    lr_decay=1.01,
    samples_every=2,
)


@pytest.fixture(scope="module")
def game():
    """The players as they start, put together without run.py."""
    backend, dataset = Backend("numpy", "float32"), data.load("digits", "symmetric")
    streams = Streams(2, backend)
    G, D = RECIPE.generator(dataset, streams), RECIPE.discriminator(dataset, streams)
    return Game(
        G=G,
        D=D,
        data=Minibatches(dataset.train, BATCH, streams, backend, dataset.prepare),
        prior=lambda stream: RECIPE.noise(stream, BATCH),
        streams=streams,
        optimiser_G=RECIPE.optimiser_of(G),
        optimiser_D=RECIPE.optimiser_of(D),
        generator_loss=minimax,
        discriminator_loss=lambda a: discriminator_loss(a, 1.0),
        k=K,
    )


@pytest.fixture(scope="module")
def played(game):
    """What each update showed, the pictures by their names, and the arrays at last."""
    shown, frames = [], {}
    z = Tensor(RECIPE.noise(Streams(2, Backend())("sample"), 100))
    for t in range(ENDS[-1]):
        d_loss, g_loss, a_real, a_fake = (x.astype(float) for x in algorithm1.alternating(game, t))
        shown.append([d_loss, g_loss, D_of(a_real), D_of(a_fake)])
        if t + 1 in (ENDS[1], ENDS[3], ENDS[4]):
            values = (game.G(z, None).data.reshape(100, 8, 8) + 1) / 2
            frames[f"epoch-{ENDS.index(t + 1) + 1:04d}.png"] = pictures.tile(values.clip(0, 1), 10)
    arrays = {}
    for player, net, adam in (("G", game.G, game.optimiser_G), ("D", game.D, game.optimiser_D)):
        names = net.named_parameters()
        arrays |= {f"{player}.{name}": p.data for name, p in names.items()}
        arrays |= {f"{player}.m.{name}": a for name, a in zip(names, adam.m, strict=True)}
        arrays |= {f"{player}.v.{name}": a for name, a in zip(names, adam.v, strict=True)}
    for i, layer in ((2, 1), (4, 4)):
        norm = game.G.layers[layer]
        arrays[f"G.batchnorm{i}.running_mean"] = norm.running_mean
        arrays[f"G.batchnorm{i}.running_var"] = norm.running_var
    return np.array(shown), frames, arrays


def D_of(logits):
    return (1 / (1 + np.exp(-logits))).mean()


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """left(): the folder; what both parts showed; checkpoint and log where it was interrupted; the curves.

    A test plays it, so that a run that cannot be played fails a test.

    Every look at the clock is a second later than the one before.
    """
    return functools.cache(lambda: played_and_resumed(tmp_path_factory.mktemp("far") / "run of seed 2"))


def played_and_resumed(folder):
    seen, seconds = [], itertools.count()
    play = algorithm1.UPDATES["alternating"]

    def interrupting(game, t):
        if t == INTERRUPTED and "resumed" not in seen:
            signal.raise_signal(signal.SIGINT)
        return play(game, t)

    class Progress(train.Progress):
        def __call__(self, t, means):
            seen.append((t, means))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(paper.UPDATES, "alternating", interrupting)
        patch.setattr(time, "monotonic", lambda: float(next(seconds)))
        patch.setattr(train, "Progress", Progress)
        curves = []
        patch.setattr(pictures, "save_curves", lambda *arguments: curves.append(arguments))
        played = training.Training(run.configure(RECIPE, 2, "numpy"), Backend())
        played.start(str(folder))
        assert not played.play(lambda t, means: seen.append((t, means)))
        kept = checkpoint.load(folder / "checkpoint.npz")
        log = (folder / "log.jsonl").read_text()
        assert len(seen) == INTERRUPTED + 1
        seen.append("resumed")
        patch.setitem(paper.UPDATES, "alternating", play)
        patch.setattr(training, "SHOW_SECONDS", 2.5)  # of several updates at once, too
        assert train.main(["--resume", str(folder)]) == 0
    return folder, seen, kept, log, curves


def log_of(left):
    return [json.loads(line) for line in (left()[0] / "log.jsonl").read_text().splitlines()]


def test_it_is_far_from_one_half(played):
    """So that no column, and no epoch, could be taken for another: they differ by hundreds of tolerances."""
    epochs = [rows.mean(axis=0) for rows in np.split(played[0], ENDS[:-1])]
    for numbers in epochs:
        assert min(abs(a - b) for a, b in itertools.combinations(numbers, 2)) > 0.03, numbers
        assert abs(numbers[2] - 0.5) > 0.03 < abs(numbers[3] - 0.5)
    for column in np.transpose(epochs):
        assert min(abs(a - b) for a, b in itertools.combinations(column, 2)) > 3e-4, column


def test_the_log_column_by_column(played, left):
    (shown, _, _), log = played, log_of(left)
    assert [record["epoch"] for record in log] == [1, 2, 3, 4, 5]
    assert [record["update"] for record in log] == ENDS
    for record, rows in zip(log, np.split(shown, ENDS[:-1]), strict=True):
        means = [record[name] for name in ("d_loss", "g_loss", "d_real", "d_fake")]
        np.testing.assert_allclose(means, rows.mean(axis=0), rtol=1e-6)
        assert record["learning_rate"] == pytest.approx(0.004 / 1.01 ** (K * record["update"]), rel=1e-12)
        assert record["momentum"] == 0.9  # Adam's beta1
    seconds = [record["seconds"] for record in log]
    assert all(a + 5 <= b for a, b in itertools.pairwise(seconds)), seconds


def test_what_is_shown_on_the_way(played, left):
    """The means of the updates since the last time, whatever was logged in between."""
    shown, before = played[0], 0
    seen = [one for one in left()[1] if one != "resumed"]
    assert [t for t, _ in seen[: INTERRUPTED + 1]] == list(range(1, INTERRUPTED + 2))
    assert {b - a for (a, _), (b, _) in itertools.pairwise(seen)} >= {1, 2}
    for t, means in seen:
        np.testing.assert_allclose(means, shown[before:t].mean(axis=0), rtol=1e-6)
        before = t
    assert before == ENDS[-1]


def test_where_it_was_interrupted(played, left):
    """The checkpoint holds the updates of the epoch under way, the log the epochs before it."""
    _, _, (arrays, meta), log, _ = left()
    assert meta["t"] == INTERRUPTED + 1
    np.testing.assert_allclose(arrays["values"], played[0][ENDS[1] : INTERRUPTED + 1], rtol=1e-6)
    assert [json.loads(line) for line in log.splitlines()] == log_of(left)[:2]


def test_the_pictures(played, left):
    folder, frames = left()[0], played[1]
    assert sorted(path.name for path in (folder / "samples").iterdir()) == sorted(frames)
    for name, expected in frames.items():
        found = np.asarray(Image.open(folder / "samples" / name)).astype(int)
        assert abs(found - expected).max() <= 1, name
    assert (folder / "samples.png").read_bytes() == (folder / "samples" / max(frames)).read_bytes()
    first, *others = frames.values()
    assert all((abs(first.astype(int) - other) > 10).mean() > 0.01 for other in others)


def test_the_state(played, left):
    """Bit for bit, and nothing more."""
    arrays, meta = checkpoint.load(left()[0] / "checkpoint.npz")
    assert meta["t"] == ENDS[-1] and arrays.pop("values").shape == (0, 4)
    assert arrays.keys() == played[2].keys()
    for name, expected in played[2].items():
        np.testing.assert_array_equal(arrays[name], expected, err_msg=name, strict=True)


def test_the_curves(left):
    """Drawn at the interruption too; the balances are those of the loss and of the factor on it."""
    folder, *_, curves = left()
    (_, first, *balances), (path, whole, *_) = curves
    assert (first, whole, path) == (log_of(left)[:2], log_of(left), folder / "curves.png")
    assert balances == pytest.approx([2 * np.log(2), -np.log(2), 0.5, True])
