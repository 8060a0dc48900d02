"""python -m minigan.successors NAME, and the pages behind it: what each measures, on small settings."""

import json
import sys
from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch_by_hand
from numpy.testing import assert_allclose
from properties import host, tensors
from pytest import approx

from minigan import data, files, pictures, threads
from minigan.backend import Backend
from minigan.classifier import SETTINGS, Classifier
from minigan.ops import cross_entropy
from minigan.random import Streams
from minigan.successors import __main__ as command
from minigan.successors import fooling, moments, one_dimension, sequences, speed, two_lines
from minigan.successors import pictures as drawn
from minigan.successors.networks import adam, mlp
from minigan.tensor import Tensor, backward


def silent(text):
    assert isinstance(text, str) and "\n" not in text


# The command ------------------------------------------------------------------------------------------


def test_every_page_has_a_module_and_a_picture():
    assert command.PAGES.keys() == drawn.SAVE.keys()
    assert all(name in command.overview() for name in command.PAGES)


def test_a_page_writes_its_numbers_and_its_picture(tmp_path, capsys):
    assert command.main(["twice", "--seed", "3", "--out", str(tmp_path / "a")]) == 0
    assert command.main(["twice", "--seed", "3", "--out", str(tmp_path / "b"), "--quiet"]) == 0
    out = capsys.readouterr().out
    assert out.count("by masks differs") == 4 and out.rstrip().endswith("twice.png")
    written = [json.loads((tmp_path / name / "twice.json").read_text()) for name in "ab"]
    assert written[0]["found"] == written[1]["found"] and written[0]["settings"]["seed"] == 3
    assert written[0]["command"].startswith("python -m minigan.successors twice --seed 3")
    assert written[0]["found"]["worst"] < 1e-6 and written[0]["found"]["curve"]["error"] < 1e-6
    assert (tmp_path / "a" / "twice.png").read_bytes()[:4] == b"\x89PNG"


def test_without_a_name_it_says_what_there_is(capsys):
    assert command.main([]) == command.main(["--help"]) == 0
    assert capsys.readouterr().out.count("two-lines") == 2


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["two-circles"], "there is no command 'two-circles', only two-lines"),
        (["twice", "--seed", "-1"], "--seed: expected a whole number from 0"),
        (["twice", "--seed", str(2**64)], "--seed: expected a whole number from 0"),
        (["twice", "--seed", "one"], "--seed"),
        (["twice", "--data", "mnist"], "--data"),
        (["twice", "--out", ""], "--out"),
        (["twice", "--out", __file__], "--out: cannot write to"),
        (["fooling", "--epochs", "0"], "--epochs: expected a whole number from 1 to 1,000,000, got '0'"),
        (["fooling", "--epochs", "1000001"], "--epochs: expected a whole number from 1 to 1,000,000"),
        (["fooling", "--data", "ring8"], "--data"),
    ],
)
def test_bad_input_is_one_line(argv, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command.main(argv) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1) and message in err


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_measured(
    capsys, tmp_path, monkeypatch
):
    def refuse(dir):
        assert dir == tmp_path
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(fooling, "measure", lambda *_: pytest.fail("measured"))
    assert command.main(["fooling", "--out", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1) and f"--out: cannot write to {tmp_path}: Permission" in err


def test_numbers_of_other_settings_are_not_lost(tmp_path, monkeypatch, capsys):
    measured = []
    monkeypatch.setattr(two_lines, "measure", lambda seed, *_: measured.append(seed) or {"of": seed})
    monkeypatch.setitem(drawn.SAVE, "two-lines", lambda path, found: path.write_bytes(b""))
    line = ["two-lines", "--quiet", "--out", str(tmp_path), "--seed"]
    assert [command.main([*line, seed]) for seed in "113"] == [0, 0, 2]
    assert "two-lines.json has numbers of other settings; name another" in capsys.readouterr().err
    path = tmp_path / "two-lines.json"
    assert measured == [1, 1] and json.loads(path.read_text())["found"] == {"of": 1}
    for odd in ("[]", "{}", "what"):
        path.write_text(odd)
        assert command.main([*line, "1"]) == 2 and path.read_text() == odd


@pytest.mark.parametrize(("options", "wanted"), [([], None), (["--threads", "1"], 1)])
def test_a_page_computes_with_one_thread_unless_told_otherwise(options, wanted, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(threads, "use", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(two_lines, "measure", lambda *arguments: asked.append("measured") or {})
    monkeypatch.setitem(drawn.SAVE, "two-lines", lambda path, found: None)
    assert command.main(["two-lines", "--out", str(tmp_path), *options]) == 0
    assert asked == [(wanted, []), "measured"]


def test_a_page_hands_its_options_on(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(fooling, "measure", lambda seed, settings, say: asked.append((seed, settings)) or {})
    monkeypatch.setitem(drawn.SAVE, "fooling", lambda path, found: path.write_bytes(b""))
    assert (
        command.main(["fooling", "--data", "digits", "--epochs", "3", "--seed", "5", "--out", str(tmp_path)])
        == 0
    )
    assert asked == [(5, fooling.Settings(data="digits", epochs=3))]


# Networks --------------------------------------------------------------------------------------------


def test_networks(backend):
    x = np.random.default_rng(0).standard_normal((5, 2))
    for slope in (0.0, 0.2):
        net = mlp([2, 4, 3, 1], Streams(0, backend)("init"), slope)
        W1, b1, W2, b2, W3, b3 = (host(p.data) for p in net.parameters())
        h = x @ W1 + b1
        h = np.where(h > 0, h, slope * h) @ W2 + b2
        y = np.where(h > 0, h, slope * h) @ W3 + b3
        assert_allclose(host(net(tensors(backend, [x])[0], None).data), y, rtol=1e-12)
    optimiser = adam(net, 0.1, 0.3, decay=2.0)
    assert (optimiser.learning_rate(0), optimiser.learning_rate(2), optimiser.beta1) == (0.1, 0.025, 0.3)
    assert optimiser.learning_rate(1000) == pytest.approx(1e-4)


# Two lines --------------------------------------------------------------------------------------------


def test_the_distance_is_seen_and_the_divergence_is_flat():
    found = two_lines.measure(
        1, two_lines.Settings(thetas=(-0.5, 1.0), updates=250, batch=40, units=32), silent
    )
    for row in found["rows"]:
        assert row["w"] == pytest.approx(abs(row["theta"]) + row["theta"] ** 2 / 20, abs=0.1)
        assert row["js"] == pytest.approx(log(2), abs=0.1) and row["js"] <= log(2)
        assert row["w_slope"] == pytest.approx(np.sign(row["theta"]), abs=0.2)
        assert abs(row["js_slope"]) < 0.3
    assert found["worst_w"] == max(abs(row["w"] - abs(row["theta"])) for row in found["rows"])
    assert found["worst_js"] == max(abs(row["js"] - log(2)) for row in found["rows"])


def test_the_lines():
    points = two_lines._line(Streams(0, Backend())("data"), 0.25, 1000)
    assert (points[:, 0] == 0.25).all() and points.dtype == np.float32
    assert points[:, 1].min() < 0.01 and points[:, 1].max() > 0.99


# One dimension ----------------------------------------------------------------------------------------


def test_three_modes_on_a_line():
    x = one_dimension.sample(Streams(0, Backend())("data"), 6000)
    assert x.shape == (6000, 1) and x.dtype == np.float32
    for mode in (-2, 0, 2):
        near = x[abs(x - mode) < 1]
        assert len(near) == pytest.approx(2000, rel=0.1)
        assert (near.mean(), near.std()) == pytest.approx((mode, 0.1), abs=0.01)


def test_w1_is_of_as_many_points_on_either_side():
    assert one_dimension.w1(np.array([2.0, 0.0]), np.array([1.0, 3.0])) == 1.0
    with pytest.raises(ValueError, match=r"shapes \(4,\) and \(1,\); expected the same"):
        one_dimension.w1(np.zeros(4), np.zeros(1))


def test_the_distance_goes_down_and_is_the_one_between_sorted_points(monkeypatch):
    monkeypatch.setattr(one_dimension, "GAMES", ("one-sided penalty",))
    settings = one_dimension.Settings(
        updates=50, units=16, batch=50, learning_rate_G=3e-3, every=5, points=300
    )
    found = one_dimension.measure(0, settings, silent)
    track = found["games"]["one-sided penalty"]
    assert track["update"] == list(range(5, 51, 5)) and 0.01 < found["floor"] < 0.3
    real = np.sort(one_dimension.sample(Streams(0, Backend())("test"), 300)[:, 0])
    assert track["exact"][-1] == pytest.approx(abs(real - np.sort(track["samples"])).mean(), rel=1e-5)
    last = track["summary"]
    assert last["exact"] < track["exact"][0] == last["first"]
    assert [last[name] for name in ("exact", "estimate")] == pytest.approx(
        [np.mean(track[name][8:]) for name in ("exact", "estimate")]
    )


def test_the_games_differ_in_what_their_names_say():
    streams, settings = Streams(0, Backend()), one_dimension.Settings(clip=0.01)
    games = {name: one_dimension._game(name, streams, settings) for name in one_dimension.GAMES}
    assert [update.keywords for name, (_, update) in games.items() if "penalty" in name] == [
        {"scale": 10.0, "one_sided": True},
        {"scale": 10.0, "one_sided": False},
    ]
    for name in ("clipping", "GAN"):
        game, update = games[name]
        update(game, 0)
        largest = max(abs(p.data).max() for p in game.D.parameters())
        assert (largest <= 0.01) == (name == "clipping") and game.k == 5
    assert np.array_equal(games["GAN"][0].G.parameters()[0].data.shape, (1, 64))


# Moments ----------------------------------------------------------------------------------------------


def test_two_moments_by_hand(backend):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 3)), rng.standard_normal((4, 3)) + 1
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum()
    expected += ((np.cov(x.T, bias=True) - np.cov(y.T, bias=True)) ** 2).sum()
    loss = moments.two_moments(*tensors(backend, [x, y]))
    assert float(host(loss.data)) == pytest.approx(expected, rel=1e-12)


def test_the_discrepancy_by_hand(backend):
    rng = np.random.default_rng(0)
    x, y, sigmas = rng.standard_normal((6, 3)), rng.standard_normal((4, 3)) + 1, (0.5, 2.0)

    def k(a, b):
        pairs = [np.exp(-((p - q) ** 2).sum() / (2 * s * s)) for p in a for q in b for s in sigmas]
        return np.sum(pairs) / (len(a) * len(b))

    loss = moments.mmd2(*tensors(backend, [x, y]), sigmas)
    assert float(host(loss.data)) == pytest.approx(k(x, x) - 2 * k(x, y) + k(y, y), rel=1e-12)
    same = moments.mmd2(*tensors(backend, [x, x]), sigmas)
    assert float(host(same.data)) == pytest.approx(0, abs=1e-12)


def test_the_two_sample_test():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((60, 2)), rng.standard_normal((60, 2))
    p = [moments.p_value(x, other, (1.0,), 100, Streams(0, Backend())("splits")) for other in (y, y + 1, x)]
    assert p[0] > 0.1 and p[1] == 0 and p[2] == 1
    two, others = np.zeros((2, 1)), np.ones((2, 1))  # two of the six splits are this one
    p_of_ties = moments.p_value(two, others, (1.0,), 200, Streams(0, Backend())("splits"))
    assert p_of_ties == pytest.approx(1 / 3, abs=0.1)


def test_both_losses_are_measured_beside_the_data():
    settings = moments.Settings(updates=40, batch=100, units=32, samples=600, splits=20)
    found = moments.measure(0, settings, silent)
    two, all_of_them = (found["losses"][name] for name in moments.LOSSES)
    assert two["p"] == 0 and found["p_of_data"] > 0.01 and found["modes"] == 8
    assert two["samples"] != all_of_them["samples"] and len(two["samples"]) == len(found["real"]) == 500
    with pytest.raises(ValueError, match="expected a mixture, got digits"):
        moments.measure(0, replace(settings, data="digits"), silent)


# Fooling ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classifier():
    made = Classifier(data.load("digits"), SETTINGS["digits"], Backend(), 1)
    for _ in range(15):
        made.train_epoch()
    return made


def test_the_step_is_eps_in_every_pixel_and_raises_the_loss(classifier):
    dataset = classifier.dataset
    x, labels = dataset.prepare(dataset.test.astype("f")), dataset.test_labels
    moved = fooling.adversarial(classifier.net, x, labels, 0.1)
    step = moved - x
    assert moved.dtype == np.float32 and set(np.unique(np.round(abs(step), 5))) <= {0, np.float32(0.1)}
    losses = [
        float(cross_entropy(classifier.net(Tensor(a), None), labels).data) for a in (x, moved, x - step)
    ]
    assert losses[2] < losses[0] < losses[1] / 2


def test_errors_are_counted_with_their_confidence(classifier):
    dataset = classifier.dataset
    x, labels = dataset.prepare(dataset.test.astype("f")), dataset.test_labels
    error, confidence = fooling.judged(classifier.net, x, labels, chunk=100)
    logits = classifier.net(Tensor(x), None).data
    wrong = logits.argmax(axis=1) != labels
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert error == pytest.approx(classifier.error(dataset.test, labels))
    assert confidence == pytest.approx(p.max(axis=1)[wrong].mean(), rel=1e-5) and wrong.sum() > 0
    moved = fooling.all_adversarial(classifier.net, x, labels, 0.2, chunk=100)
    parts = [fooling.adversarial(classifier.net, x[i], labels[i], 0.2) for i in (slice(100), slice(100, 150))]
    assert np.array_equal(moved, np.concatenate(parts))
    assert fooling.judged(classifier.net, moved, labels, chunk=len(x))[0] > 0.5


def test_without_eps_it_is_the_classifier_s_own_training():
    settings = replace(SETTINGS["digits"], column_norm=0.2)  # which columns reach at once
    pair = [Classifier(data.load("digits"), settings, Backend(), 2) for _ in range(2)]
    for _ in range(2):
        losses = fooling.train_epoch(pair[0], 0.0), pair[1].train_epoch()
        assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for p, q in zip(pair[0].net.parameters(), pair[1].net.parameters(), strict=True):
        assert np.array_equal(p.data, q.data)
    assert pair[0].epoch == 2


def test_half_of_the_loss_is_at_the_moved_examples():
    made = Classifier(data.load("digits"), SETTINGS["digits"], Backend(), 2)
    other = Classifier(data.load("digits"), SETTINGS["digits"], Backend(), 2)
    other.batches.per_epoch = made.batches.per_epoch = 1
    x, labels = other.batches.minibatch(0), other.labels[other.batches.rows(0)]
    moved = fooling.adversarial(other.net, x, labels, 0.3)
    rng = other.streams("dropout", 0)
    losses = [cross_entropy(other.net(Tensor(a), rng), labels) for a in (x, moved)]
    loss = (losses[0] + losses[1]) * 0.5
    backward(loss, wrt=other.net.parameters())
    assert fooling.train_epoch(made, 0.3) == pytest.approx(float(loss.data), rel=1e-6)
    for p, q in zip(made.net.parameters(), other.net.parameters(), strict=True):
        assert_allclose(p.grad, q.grad, atol=1e-7)


def test_smaller_steps_stay_within_eps_and_fool_more(classifier):
    dataset = classifier.dataset
    x, labels = dataset.prepare(dataset.test.astype("f")), dataset.test_labels
    one, two, ten = (fooling.step_by_step(classifier.net, x, labels, 0.1, steps) for steps in (1, 2, 10))
    by_hand = x
    for _ in range(2):
        by_hand = fooling.adversarial(classifier.net, by_hand, labels, 0.125).clip(x - 0.1, x + 0.1)
    assert np.array_equal(two, by_hand)
    assert 0.0999 < abs(ten - x).max() < 0.10001 and (abs(ten - x) < 0.09).any()
    losses = [float(cross_entropy(classifier.net(Tensor(a), None), labels).data) for a in (one, ten)]
    assert losses[1] > 1.01 * losses[0]


def test_training_on_adversarial_examples_helps():
    found = fooling.measure(1, fooling.Settings("digits", epochs=10, eps=0.15), silent)
    plain, trained = (found["nets"][name] for name in fooling.NETS)
    assert trained["other"] < trained["error"] < trained["steps"] and plain["other"] < plain["error"]
    assert plain["error"] > 0.5 and trained["error"] < 0.8 * plain["error"] and trained["clean"] < 0.15
    assert np.shape(found["real"]) == np.shape(plain["images"]) == (10, 8, 8)


# Sequences --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "words", "mots"),
    [
        (0, "zero", "zéro"),
        (17, "seventeen", "dix sept"),
        (21, "twenty one", "vingt et un"),
        (60, "sixty", "soixante"),
        (71, "seventy one", "soixante et onze"),
        (77, "seventy seven", "soixante dix sept"),
        (80, "eighty", "quatre vingts"),
        (81, "eighty one", "quatre vingt un"),
        (91, "ninety one", "quatre vingt onze"),
        (100, "one hundred", "cent"),
        (201, "two hundred one", "deux cent un"),
        (300, "three hundred", "trois cents"),
        (1000, "one thousand", "mille"),
        (1999, "one thousand nine hundred ninety nine", "mille neuf cent quatre vingt dix neuf"),
        (2080, "two thousand eighty", "deux mille quatre vingts"),
        (9200, "nine thousand two hundred", "neuf mille deux cents"),
    ],
)
def test_numbers_in_words(n, words, mots):
    assert (" ".join(sequences.english(n)), " ".join(sequences.french(n))) == (words, mots)


def test_sentences_as_numbers():
    x, y, source, target = sequences.sentences()
    assert (
        len(x) == len(y) == 10_000
        and len({tuple(row) for row in x}) == len({tuple(row) for row in y}) == 10_000
    )
    for n in (0, 81, 9999):
        assert [source[i] for i in x[n] if i] == sequences.english(n)
        ends = list(y[n]).index(1)
        assert y[n, 0] == 0 and [target[i] for i in y[n, 1:ends]] == sequences.french(n)
        assert (y[n, ends:] == 1).all() and (x[n, : -len(sequences.english(n))] == 0).all()
    turned = sequences.backwards(x)
    assert [source[i] for i in turned[81] if i] == ["one", "eighty"] and turned[81, 0] == 0
    assert np.array_equal(sequences.backwards(turned), x)


def test_an_lstm_by_hand(backend):
    lstm = sequences.LSTM(2, 3, Streams(0, backend)("init"))
    rng = np.random.default_rng(0)
    lstm.linear.b.data += backend.asarray(rng.standard_normal(12))
    x, h, c = (rng.standard_normal((4, n)) for n in (2, 3, 3))
    a = np.hstack([x, h]) @ host(lstm.linear.W.data) + host(lstm.linear.b.data)
    i, f, o = (1 / (1 + np.exp(-a[:, 3 * k : 3 * k + 3])) for k in range(3))
    new = f * c + i * np.tanh(a[:, 9:])
    found = lstm.step(*tensors(backend, [x, h, c]))
    assert_allclose(host(found[1].data), new, rtol=1e-12)
    assert_allclose(host(found[0].data), o * np.tanh(new), rtol=1e-12)
    assert abs(host(lstm.linear.W.data)).max() <= 0.08


def test_what_is_said_is_what_the_loss_heard(backend):
    """The likeliest words, and the loss of these, step by step."""
    net = sequences.Translator(4, 5, 8, Streams(2, backend)("init"))
    for p in net.parameters():
        p.data *= 20
    x = backend.asarray(np.array([[0, 1, 2], [3, 2, 1]]))
    said = host(net.say(x, 4))
    assert len(np.unique(said[1])) == 3  # it depends on what was heard last
    (h, c), heard, total = net.read(x), np.zeros(2, int), 0.0
    for t in range(4):
        word = Tensor(backend.asarray(np.eye(5)[heard]))
        h, c = net.speaker.step(word, h, c)
        logits = host(net.words(h, None).data)
        assert np.array_equal(said[:, t], logits.argmax(axis=1))
        heard = said[:, t]
        total -= (logits[[0, 1], heard] - np.log(np.exp(logits).sum(axis=1))).mean() / 4
    y = backend.asarray(np.hstack([np.zeros((2, 1), int), said]))
    assert float(host(net.loss(x, y).data)) == pytest.approx(total, rel=1e-10)
    first, _ = net.read(x[:, :2])
    assert abs(host(first.data) - host(net.read(x)[0].data)).max() > 1e-3
    assert len(net.parameters()) == 6


def test_gradients_are_made_shorter_but_not_longer(backend):
    for longest, factor in ((2.5, 0.5), (10.0, 1.0)):
        p, q = tensors(backend, [np.zeros(1), np.zeros((1, 1))])
        p.grad, q.grad = (t.data for t in tensors(backend, [np.array([3.0]), np.array([[4.0]])]))
        sequences.clip_norm([p, q], longest)
        assert [host(p.grad)[0], host(q.grad)[0, 0]] == pytest.approx([3 * factor, 4 * factor])


def test_a_translator_learns():
    settings = sequences.Settings(updates=30, batch=50, units=24, learning_rate=1e-2, unseen=100, every=15)
    found = sequences.measure(0, settings, silent)
    assert list(found["orders"]) == list(sequences.ORDERS) and len(found["examples"]) == 5
    for curve in found["orders"].values():
        assert [row["update"] for row in curve] == [15, 30]
        assert curve[1]["loss"] < curve[0]["loss"] < 2.5 and 0 <= curve[1]["exact"] <= 1
    assert found["orders"]["reversed"] != found["orders"]["as it stands"]
    for words, _, mots in found["examples"]:
        assert words.split() in map(sequences.english, range(10_000)) and mots


# Speed ------------------------------------------------------------------------------------------------


LAYERS = ((False, 6, 3, 5), (True, 3, 5, 2))


@pytest.fixture(params=["by hand", "PyTorch"])
def torch(request, monkeypatch):
    if request.param == "by hand":
        monkeypatch.setitem(sys.modules, "torch", torch_by_hand.torch)
        return torch_by_hand.torch
    return pytest.importorskip("torch", reason="NOT TESTED beside PyTorch: pip install torch")


@pytest.mark.parametrize("layer", LAYERS)
def test_both_contenders_compute_the_same(layer, torch):
    contenders = speed.contenders(layer, 4, 0)
    for _ in range(2):  # each time anew
        ours, theirs = (play() for play in contenders)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b.numpy(), rtol=1e-4, atol=1e-5)


def test_the_median_of_the_turns_counts_and_the_first_two_do_not(torch, monkeypatch):
    threads_there, said = [], []
    monkeypatch.setattr(torch, "set_num_threads", threads_there.append)
    turns = [(9, 1), (9, 1), (0.002, 0.001), (0.003, 0.002), (0.004, 0.004)]
    clock = iter([seconds for turn in [*turns, *((b, a) for a, b in turns)] for seconds in turn])
    monkeypatch.setattr(speed, "_seconds", lambda play: next(clock))
    found = speed.measure(0, speed.Settings(LAYERS, batch=2, turns=5), said.append)
    assert (found["torch"], threads_there, found["worst"]) == (torch.__version__, [1], 1.5)
    names = ["6 x 6 x 3 to 5", "transposed 3 x 3 x 5 to 2"]
    for row, name, ms, other, ratio in zip(found["layers"], names, (3, 2), (2, 3), (1.5, 2 / 3), strict=True):
        assert row == {"layer": name, "ms": approx(ms), "torch_ms": approx(other), "ratio": approx(ratio)}
    assert [text.split()[-2] for text in said] == ["1.50", "0.67"] and said[1].startswith(names[1])


def test_a_turn_is_warmed_up_and_timed_alone(monkeypatch):
    now = iter([10.0, 13.0])
    played = []
    monkeypatch.setattr(speed.time, "process_time", lambda: (played.append("clock"), next(now))[1])
    assert speed._seconds(lambda: played.append("play")) == 3
    assert played == ["play", "clock", "play", "clock"]


def test_without_pytorch_it_says_how_to_get_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert command.main(["convolution", "--out", str(tmp_path)]) == 2
    assert "python -m pip install torch" in capsys.readouterr().err


def test_ten_layers_are_measured():
    assert len(set(speed.LAYERS)) == 10 and sum(layer[0] for layer in speed.LAYERS) == 5


# Pictures ---------------------------------------------------------------------------------------------

FOUND = {
    "two-lines": {"rows": [{"theta": t, "js": 0.6, "w": abs(t)} for t in (-1, 1)]},
    "one-dimension": {
        "floor": 0.1,
        "games": {"GAN": {"update": [1, 2], "exact": [1, 2], "estimate": [-1, 1], "samples": [0.0, 1.0]}},
    },
    "moments": {"real": [[0, 1], [1, 0]], "losses": {"MMD": {"samples": [[0, 0.5]]}}},
    "fooling": {"real": np.zeros((3, 2, 2)), "nets": {"plain": {"images": np.ones((3, 2, 2))}}},
    "cycle": {"games": {name: {"images": np.zeros((3, 6, 2, 2))} for name in "ab"}},
    "stack": {
        "right": {"first stage": 0.5, "second stage": 0.625},
        "first stage": np.zeros((3, 2, 4, 4)),
        "second stage": np.ones((3, 2, 4, 4)),
    },
    "sequences": {"orders": {"reversed": [{"update": 1, "exact": 0.5}]}},
    "twice": {"curve": {name: [0, 1] for name in ("x", "y", "first", "second", "differences")}},
    "convolution": {"layers": [{"layer": "a", "ratio": 1.2}]},
}


@pytest.mark.parametrize("name", drawn.SAVE)
def test_every_picture_is_drawn_from_what_was_found(name, tmp_path, monkeypatch):
    shown = {}
    monkeypatch.setattr(drawn, "save_figure", lambda path, figure: shown.update(figure=figure))
    monkeypatch.setattr(
        drawn, "save_grid", lambda path, images, columns: shown.update(grid=(images, columns))
    )
    drawn.SAVE[name](tmp_path / "x.png", FOUND[name])
    if name == "fooling":
        images, columns = shown["grid"]
        assert images.shape == (6, 2, 2) and columns == 3 and images[3:].all() and not images[:3].any()
    else:
        axes = shown["figure"].axes
        assert all(ax.get_xlabel() for ax in axes)
        if name in ("cycle", "stack"):
            return
        assert sum(len(ax.lines) + len(ax.patches) for ax in axes) >= len(axes)


def test_grids_of_images_are_labelled(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(drawn, "save_figure", lambda path, figure: shown.append(figure))
    for name in ("cycle", "stack"):
        drawn.SAVE[name](tmp_path / "x.png", FOUND[name])
    games, stages = ([(ax, ax.images[0].get_array()) for ax in figure.axes] for figure in shown)
    assert [ax.get_xlabel() for ax, _ in games] == ["a", "b"]
    assert not any(line.get_visible() for line in games[0][0].get_ygridlines())
    assert [tick.get_text() for tick in games[0][0].get_yticklabels()] == ["a", "G(a)", "F(G(a))"]
    assert games[0][0].images[0].get_extent() == [0, 5, 3, 0] and games[0][1].shape[1] > games[0][1].shape[0]
    assert [ax.get_xlabel() for ax, _ in stages] == [
        "first stage: 50.0 % right",
        "second stage: 62.5 % right",
    ]
    assert stages[0][1].max() < 100 and stages[1][1].max() == 255


def test_the_lines_of_a_picture_are_the_numbers(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(drawn, "save_figure", lambda path, figure: shown.append(figure))
    for name in ("two-lines", "sequences", "twice", "one-dimension"):
        drawn.SAVE[name]("x", FOUND[name])
    lines = [{line.get_label(): line.get_ydata() for line in figure.axes[0].lines} for figure in shown]
    assert list(lines[0]["W1, by D"]) == [1, 1] and list(lines[0]["JSD, by D"]) == [0.6, 0.6]
    assert max(lines[0]["JSD, exact"]) == log(2) and max(lines[0]["W1, exact"]) == 1
    assert list(lines[1]["reversed"]) == [50] and list(lines[2]["y''"]) == [0, 1]
    assert list(lines[3]["exact W1"]) == [1, 2] and list(lines[3]["D's estimate"]) == [-1, 1]
    assert pictures.save_figure is not drawn.save_figure
