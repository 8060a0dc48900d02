"""The engine learns: the classifier of the Maxout article, on the digits; on MNIST it is a command."""

import json
from argparse import Namespace
from dataclasses import asdict, replace

import numpy as np
import pytest

from minigan import checkpoint, classifier, data
from minigan.backend import Backend, to_host
from minigan.classifier import JUDGES, SETTINGS, Classifier, limit_columns
from minigan.nn import Dropout
from minigan.ops import cross_entropy
from minigan.random import Streams
from minigan.reproduce import classifier as reproduce
from minigan.reproduce import report
from minigan.tensor import Tensor, backward

DIGITS = ["--data", "digits", "--quiet", "--out"]


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def test_without_labels_there_is_nothing_to_learn_and_no_error_to_count(digits):
    settings = SETTINGS["digits"]
    with pytest.raises(ValueError, match="has none"):
        Classifier(replace(digits, train_labels=None), settings, Backend(), seed=1)
    judge = Classifier(digits, settings, Backend(), seed=1)
    with pytest.raises(ValueError, match="has none"):
        judge.error(digits.test, None)


def test_it_reads_digits(digits):
    """95 % of those it never saw."""
    judge = Classifier(digits, SETTINGS["digits"], Backend(), seed=1)
    losses = [judge.train_epoch() for _ in range(30)]
    assert losses[0] > 2 and losses[-1] < 0.6
    unseen = np.concatenate([digits.valid, digits.test])
    labels = np.concatenate([digits.valid_labels, digits.test_labels])
    assert judge.error(unseen, labels) < 0.05
    assert judge.error(unseen, (labels + 1) % 10) > 0.95


def test_the_article_s_settings():
    """Two layers of 240 maxout units with 5 pieces, and 10 logits: section 5.1 and the authors' script."""
    mnist = replace(data.load("digits"), train=np.zeros((100, 784), np.uint8))
    net = Classifier(mnist, SETTINGS["mnist"], Backend(), seed=1).net
    shapes = [p.shape for p in net.parameters()]
    assert shapes == [(784, 1200), (1200,), (240, 1200), (1200,), (240, 10), (10,)]


def test_no_column_gets_longer_than_the_limit(backend):
    W = backend.asarray(np.array([[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]]))
    limited = Tensor(W.copy())
    limit_columns(limited, 2.0)
    expected = [[1.2, 0.3, 0.0], [1.6, 0.4, 0.0]]
    np.testing.assert_allclose(to_host(limited.data), expected, rtol=1e-12)


def test_training_keeps_to_the_limit(digits):
    settings = replace(SETTINGS["digits"], column_norm=0.2)
    judge = Classifier(digits, settings, Backend(), seed=1)
    judge.train_epoch()
    norms = [np.sqrt((p.data**2).sum(axis=0)).max() for p in judge.net.parameters() if p.data.ndim == 2]
    assert max(norms) <= 0.2 * (1 + 1e-6) and max(norms) > 0.19


def test_a_stopped_reproduction_goes_on_as_if_it_had_not_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce.figures, "save_errors", lambda *_: None)
    assert reproduce.main([*DIGITS, str(tmp_path / "whole"), "--epochs", "4"]) == 0
    train, calls = Classifier.train_epoch, []

    def stops(self):
        calls.append(None)
        if len(calls) in (3, 6):
            raise KeyboardInterrupt
        return train(self)

    monkeypatch.setattr(classifier.Classifier, "train_epoch", stops)
    command = [*DIGITS, str(tmp_path / "stopped"), "--epochs", "4"]
    assert [reproduce.main(command) for _ in range(3)] == [130, 130, 0]
    results = [json.loads((tmp_path / name / "classifier.json").read_text()) for name in ("whole", "stopped")]
    assert results[0] == results[1] and len(results[0]["split"]) == 4
    for part in ("split", "whole"):
        arrays = [checkpoint.load_newest(tmp_path / name / part)[0] for name in ("whole", "stopped")]
        assert all(np.array_equal(a, arrays[1][name]) for name, a in arrays[0].items())


def test_where_nothing_can_be_written_nothing_is_trained(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        Classifier, "train_epoch", lambda self: pytest.fail("an epoch was played for nothing")
    )
    (tmp_path / "file").write_text("")
    assert reproduce.main([*DIGITS, str(tmp_path / "file" / "out")]) == 2
    assert "--out: cannot write to" in capsys.readouterr().err


def test_the_epochs_are_chosen_on_the_validation_set_alone(tmp_path, monkeypatch):
    """Then it is trained on training and validation examples together, for as long."""
    sizes, errors = [], iter([0.3, 0.9, 0.2, 0.1, 0.4, 0.0, 0.5, 0.6, 0.5, 0.7])  # validation, test, ...
    train = Classifier.train_epoch
    monkeypatch.setattr(reproduce.figures, "save_errors", lambda *_: None)
    monkeypatch.setattr(Classifier, "error", lambda self, x, labels: next(errors))
    monkeypatch.setattr(
        Classifier, "train_epoch", lambda self: (sizes.append(len(self.dataset.train)), train(self))[1]
    )
    assert reproduce.main([*DIGITS, str(tmp_path), "--epochs", "3"]) == 0
    assert sizes == [1500] * 3 + [1647] * 2
    assert json.loads((tmp_path / "classifier.json").read_text())["test_error"] == 0.7


def test_each_error_is_of_its_own_images_and_labels(tmp_path, monkeypatch, digits):
    def of(images, labels):
        return float(images.sum() / 7 + labels.sum())

    monkeypatch.setattr(reproduce.figures, "save_errors", lambda *_: None)
    monkeypatch.setattr(Classifier, "train_epoch", lambda self: 0.5)
    monkeypatch.setattr(Classifier, "error", lambda self, images, labels: of(images, labels))
    assert reproduce.main([*DIGITS, str(tmp_path), "--epochs", "1"]) == 0
    found = json.loads((tmp_path / "classifier.json").read_text())
    valid, test = of(digits.valid, digits.valid_labels), of(digits.test, digits.test_labels)
    for (record,) in (found["split"], found["whole"]):
        assert (record["valid_error"], record["test_error"]) == (valid, test) and valid != test


def test_what_it_says_epoch_by_epoch(tmp_path, monkeypatch, capsys):
    """The second part begins with an epoch that is done."""
    now, errors = 100.0, iter([0.25, 0.5, 0.125, 0.5, 0.0625, 0.5])

    def train_epoch(self):
        nonlocal now
        now += 7.0
        self.epoch += 1
        return 0.75

    monkeypatch.setattr(reproduce.time, "monotonic", lambda: now)
    monkeypatch.setattr(Classifier, "train_epoch", train_epoch)
    monkeypatch.setattr(Classifier, "error", lambda self, images, labels: next(errors))
    made = reproduce._parser().parse_args([*DIGITS, "unused"])
    args, digits = Namespace(**vars(made) | {"quiet": False}), data.load("digits")
    reproduce._train(args, digits, 1, tmp_path)
    curve = reproduce._train(args, digits, 3, tmp_path)
    assert [record["epoch"] for record in curve] == [1, 2, 3]
    assert capsys.readouterr().out.splitlines() == [
        "epoch   1  loss 0.7500  validation 25.00 %  test 50.00 %  0 s left",
        "epoch   2  loss 0.7500  validation 12.50 %  test 50.00 %  7 s left",
        "epoch   3  loss 0.7500  validation 6.25 %  test 50.00 %  0 s left",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--epochs", "0"],
        ["--epochs", "1000001"],
        ["--data", "cifar10"],
        ["--seed", "-1"],
        ["--out", ""],
        ["figure9"],
    ],
)
def test_bad_input_is_one_line(arguments, tmp_path, capsys):
    assert reproduce.main([*DIGITS, str(tmp_path / "out"), *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_the_validation_images_come_with_their_own_labels(digits):
    whole = reproduce._with_validation(digits)
    for of, training, validation in (
        (whole.train, digits.train, digits.valid),
        (whole.train_labels, digits.train_labels, digits.valid_labels),
    ):
        np.testing.assert_array_equal(of, np.concatenate([training, validation]))
    assert (digits.valid_labels != digits.train_labels[: len(digits.valid_labels)]).any()


def test_another_reproduction_is_not_overwritten(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reproduce.figures, "save_errors", lambda *_: None)
    assert reproduce.main([*DIGITS, str(tmp_path), "--epochs", "1"]) == 0
    assert reproduce.main([*DIGITS, str(tmp_path), "--epochs", "1", "--seed", "2"]) == 2
    assert "another reproduction" in capsys.readouterr().err
    monkeypatch.setitem(report.VERSIONS, "minigan", "7.7")
    assert reproduce.main([*DIGITS, str(tmp_path), "--epochs", "2"]) == 2
    assert "another reproduction" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_seen_before_the_first_epoch(tmp_path, capsys, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("minigan.files.tempfile.TemporaryFile", refuse)
    monkeypatch.setattr(Classifier, "train_epoch", lambda self: pytest.fail("it began all the same"))
    assert reproduce.main([*DIGITS, str(tmp_path)]) == 2
    assert f"--out: cannot write to {tmp_path}: Permission denied" in capsys.readouterr().err


# The article, number by number -----------------------------------------------------------------------


def test_the_constants_are_the_authors():
    """pylearn2, papers/maxout/mnist_pi.yaml; `max_col_norm`, `irange`, `include_probs`, the schedules."""
    article = {
        "units": (240, 240), "pieces": 5, "scale": 0.005, "column_norm": 1.9365,
        "keep_input": 0.8, "keep_hidden": 0.5, "batch": 100,
        "divide_input": False, "lr": 0.1, "lr_decay": 1.000004, "lr_min": 1e-6,
        "momentum": 0.5, "momentum_end": 0.7, "momentum_epochs": 249,
    }  # fmt: skip
    assert asdict(SETTINGS["mnist"]) == article
    ours = article | {"divide_input": True, "momentum_epochs": 250}
    assert asdict(SETTINGS["digits"]) == ours | {"units": (100, 100), "scale": 0.05, "batch": 50}
    judges = {name: (asdict(settings), epochs) for name, (settings, epochs) in JUDGES.items()}
    assert judges == {"mnist": (ours, 12), "digits": (ours | {"scale": 0.05}, 60)}


def test_the_articles_input_is_not_divided(digits):
    """A pixel is what it was or 0 in training; with `divide_input` what is kept is divided by .8."""
    x, streams = Tensor(np.full((300, 64), 0.5)), Streams(1, Backend(dtype="float64"))
    for divide, kept in ((False, 0.5), (True, 0.625)):
        settings = replace(SETTINGS["digits"], divide_input=divide)
        first, *others = Classifier(digits, settings, Backend(dtype="float64"), seed=1).net.layers
        assert [type(layer) for layer in others if isinstance(layer, Dropout)] == [Dropout, Dropout]
        seen = first(x, streams("dropout", 1)).data
        np.testing.assert_allclose(np.unique(seen), [0, kept])
        assert abs((seen > 0).mean() - 0.8) < 0.02
        np.testing.assert_array_equal(first(x, None).data, x.data)


def test_two_epochs_by_hand(digits):
    """The same numbers as from a loop that is written here, with every rule of the article in its place."""
    settings = replace(
        SETTINGS["digits"], units=(6, 4), pieces=2, batch=300, column_norm=0.3, momentum_epochs=3
    )
    judge = Classifier(digits, settings, Backend(dtype="float64"), seed=3)
    streams, batches = judge.streams, judge.batches
    other = Classifier(digits, settings, Backend(dtype="float64"), seed=3)
    keep = [layer.keep for layer in judge.net.layers if isinstance(layer, Dropout)]
    assert keep == [0.8, 0.5, 0.5]
    parameters = other.net.parameters()
    assert all(abs(p.data).max() <= 0.05 for p in parameters) and abs(parameters[-2].data).max() > 0.04
    velocity = [np.zeros_like(p.data) for p in parameters]
    for epoch in range(2):
        losses = []
        for i in range(5 * epoch, 5 * epoch + 5):
            x, labels = Tensor(batches.minibatch(i)), digits.train_labels[batches.rows(i)]
            logits = other.net(x, streams("dropout", i))
            loss = cross_entropy(logits, labels)
            backward(loss, wrt=parameters)
            losses.append(
                -np.log(np.exp(logits.data) / np.exp(logits.data).sum(1, keepdims=True))[
                    range(300), labels
                ].mean()
            )
            for p, v in zip(parameters, velocity, strict=True):
                v *= 0.5 + 0.2 * epoch / 3
                v -= 0.1 / 1.000004**i * p.grad
                p.data += v
                if p.data.ndim == 2:
                    p.data *= np.minimum(1, 0.3 / np.maximum(np.linalg.norm(p.data, axis=0), 1e-7))
        assert judge.train_epoch() == pytest.approx(np.mean(losses), rel=1e-9)
    assert judge.epoch == 2
    for p, q in zip(judge.net.parameters(), parameters, strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-9, atol=1e-12)
    kept = judge.arrays()
    for name, v in zip(judge.net.named_parameters(), velocity, strict=True):
        np.testing.assert_allclose(kept[f"velocity.{name}"], v, rtol=1e-9, atol=1e-12)
    pixels, last = digits.test / 16, parameters[-1].data
    np.testing.assert_array_equal(
        judge.classify(digits.test, chunk=149), other.net(Tensor(pixels), None).data.argmax(1)
    )
    assert last.shape == (10,)
