"""evaluate.py: the numbers of runs whose samples are known, and what a user may type wrongly."""

import json
from dataclasses import replace

import numpy as np
import pytest

from minigan import data, evaluate, evaluation, parzen, players, recipes, run
from minigan.backend import Backend
from minigan.classifier import Classifier, Settings
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.ops import log_softmax
from minigan.players import generate
from minigan.random import Streams
from minigan.reproduce import milestones
from minigan.tensor import Tensor
from minigan.training import Training

FLOAT32 = Backend("numpy", "float32")
OWN_JUDGES = dict(evaluation.JUDGES)  # before a quicker one takes the place of one of them
SMALL = {"epochs": 1, "hidden": (8,), "units": (4,)}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """The user's cache, empty; and a classifier that learns in a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pooch.os_cache", lambda name: tmp_path_factory.getbasetemp() / "cache" / name)
        patch.setitem(evaluation.JUDGES, "digits", (Settings(units=(64,), scale=0.05, batch=20), 4))
        yield tmp_path_factory.getbasetemp() / "cache" / "minigan"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three runs of one epoch: digits, the same in [-1, 1], and points."""
    home = tmp_path_factory.mktemp("runs")
    for name, recipe in (
        ("digits", recipes.find("digits").change(**SMALL)),
        ("tanh", recipes.find("digits").change(**SMALL, output="tanh")),
        ("points", recipes.find("ring8").change(**SMALL, batch=5000)),
    ):
        training = Training(run.configure(recipe, 1, "numpy"), FLOAT32)
        training.start(str(home / name))
        training.play(lambda t, means: None)
    return home


# Samples that are known ------------------------------------------------------------------------------


def test_real_images_learned_by_heart_are_found_out():
    dataset = data.load("digits")
    train, valid = dataset.train[:150] / np.float32(16), dataset.valid / np.float32(16)
    by_heart, honest = evaluation.memorising(train, dataset), evaluation.memorising(valid, dataset)
    assert by_heart["samples"]["to_training"] == pytest.approx(0, abs=1e-6)
    assert by_heart["samples"]["nearer_to_training"] == 1
    assert honest["samples"] == honest["validation"] and 0.3 < honest["samples"]["nearer_to_training"] < 0.7
    assert honest["images"] == 150 and honest["samples"]["to_test"] > 0.5


def test_real_images_are_of_all_classes():
    dataset = data.load("digits")
    found = evaluation.of_classes(dataset.test / np.float32(16), dataset, FLOAT32, lambda text: None)
    np.testing.assert_allclose(found["shares"], 0.1, atol=0.04)
    assert found["score"] > 5 and found["entropy"] > 2.2 and found["classifier_epochs"] == 4
    assert 0.85 < found["classifier_accuracy"] <= 1


def test_the_protocol():
    dataset = data.load("digits")
    centres = dataset.train[:1200] / np.float32(16)
    found = evaluation.log_likelihood(centres, dataset, FLOAT32)
    valid, test = dataset.valid / np.float32(16), dataset.test / np.float32(16)
    sigma, of_valid = parzen.choose_sigma(valid, centres)
    nats = parzen.log_likelihood(test, centres, sigma)
    assert (found["sigma"], found["validation"]) == (sigma, pytest.approx(of_valid))
    assert found["mean"] == pytest.approx(nats.mean())
    assert found["standard_error"] == pytest.approx(nats.std() / np.sqrt(150))
    assert (found["centres"], found["test_images"]) == (1200, 150)
    assert found["sigmas"] == list(parzen.SIGMAS)
    refined = found["refined"]
    assert (refined["sigma"], refined["validation"]) == parzen.refine_sigma(valid, centres, sigma)
    nats = parzen.log_likelihood(test, centres, refined["sigma"])
    assert refined["mean"] == pytest.approx(nats.mean())
    assert refined["standard_error"] == pytest.approx(nats.std() / np.sqrt(150))


def test_a_grid_of_ones_own():
    dataset = data.load("digits")
    centres = dataset.train[:1200] / np.float32(16)
    ours, theirs = (
        evaluation.log_likelihood(centres, dataset, FLOAT32, sigmas=s) for s in [(0.3, 0.4), parzen.SIGMAS]
    )
    assert ours["sigma"] == 0.3 and ours["sigmas"] == [0.3, 0.4] and ours["mean"] < theirs["mean"]
    assert ours["refined"]["sigma"] == pytest.approx(theirs["refined"]["sigma"], rel=1e-4)


def test_where_every_validation_image_is_a_centre_the_rest_is_measured_all_the_same():
    dataset = data.load("digits")
    centres = dataset.train[:200] / np.float32(16)
    found = evaluation.log_likelihood(centres, replace(dataset, valid=dataset.train[:150]), FLOAT32)
    assert found["refined"] is None and "every example is itself a centre" in found["not_refined"]
    assert milestones.by("refined", found) == {}
    nats = parzen.log_likelihood(dataset.test / np.float32(16), centres, found["sigma"])
    assert found["sigma"] == parzen.SIGMAS[0] and found["mean"] == pytest.approx(nats.mean())
    near = evaluation.memorising(centres, dataset)
    run = {"run": "r", "recipe": "images", "epochs": 1, "samples": 200, "memorising": near}
    honest = {"log_likelihood": found | {"refined": found}, "memorising": near}
    honest["log_likelihood"].pop("not_refined")
    for mine, real in (({"log_likelihood": found}, honest), (honest, honest | {"log_likelihood": found})):
        text = evaluate.as_text(run | mine | {"references": {"real": real, "noise": honest}})
        row = next(line for line in text.splitlines() if "sigma refined" in line)
        assert row.count("none") == 1 and row.count("+-") == 2
        who = "this run" if mine["log_likelihood"] is found else "real"
        assert text.count(found["not_refined"]) == 1 and f"{who}, {found['not_refined']}" in text
        assert ("refined 0.1000;" in text) == (who == "real")


def test_points_from_the_mixture_itself():
    dataset = data.load("ring8")
    found = evaluation.of_points(dataset.test[:2500], dataset)
    assert (found["modes"], found["of"]) == (8, 8)
    assert found["high_quality"] == pytest.approx(found["ceiling"], abs=0.01)


# The classifier that is the judge --------------------------------------------------------------------


def test_the_judge_is_trained_once(cache):
    dataset, said = data.load("digits"), []
    first = evaluation.trained_classifier(dataset, FLOAT32, said.append)
    said.clear()
    second = evaluation.trained_classifier(dataset, FLOAT32, said.append)
    assert said == [] and second.epoch == 4
    for name, a in first.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], a)


def test_a_damaged_or_older_judge_is_trained_again(cache, monkeypatch):
    dataset, said = data.load("digits"), []
    evaluation.trained_classifier(dataset, FLOAT32, said.append)
    (cache / "classifier-digits.npz").write_bytes(b"PK\3\4 what is this?")
    said.clear()
    evaluation.trained_classifier(dataset, FLOAT32, said.append)
    assert said
    said.clear()
    monkeypatch.setattr(evaluation.minigan, "__version__", "another")
    evaluation.trained_classifier(dataset, FLOAT32, said.append)
    assert said


def test_a_cache_that_cannot_be_written_loses_nothing(cache, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "file" / name)
    said = []
    judge = evaluation.trained_classifier(data.load("digits"), FLOAT32, said.append)
    assert judge.epoch == 4 and "cannot be kept in" in said[-1]


# The command -----------------------------------------------------------------------------------------


def test_images_as_json(runs, capsys):
    command = [str(runs / "digits"), "--json", "--centres", "1000", "--quiet", "--sigmas", ".2,.3,.5"]
    assert evaluate.main(command) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == "" and found["epochs"] == 1 and found["samples"] == 1000
    assert np.isfinite(found["log_likelihood"]["mean"]) and found["log_likelihood"]["centres"] == 1000
    assert found["log_likelihood"]["sigma"] in (0.2, 0.3, 0.5) and found["log_likelihood"]["refined"]["sigma"]
    assert sum(found["classes"]["shares"]) == pytest.approx(1)
    assert {"memorising", "recipe", "data", "seed", "run"} <= found.keys()


def test_as_text_the_accuracy_stands_beside_every_number_of_the_classifier(runs, capsys):
    assert evaluate.main([str(runs / "digits"), "--centres", "1000"]) == 0
    out, err = capsys.readouterr()
    assert "classes: by a classifier with " in out and "% test accuracy after 4 epochs" in out
    assert "of 150 test images, Parzen window of 1000 samples" in out and "sigma" in err


def test_beside_each_number_stands_what_real_images_and_noise_score(runs, capsys):
    """A reader who has never seen a log-likelihood sees where this one lies."""
    arguments = [str(runs / "digits"), "--centres", "2000", "--quiet"]
    assert evaluate.main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    real, noise = found["references"]["real"], found["references"]["noise"]
    assert real["log_likelihood"]["centres"] == 1500 and noise["log_likelihood"]["centres"] == 2000
    assert real["log_likelihood"]["mean"] > 25 > -25 > noise["log_likelihood"]["mean"]
    assert real["memorising"]["samples"] == found["memorising"]["validation"]
    assert real["memorising"]["samples"]["to_test"] < 2 < noise["memorising"]["samples"]["to_test"]
    assert real["classes"]["score"] > 5 > noise["classes"]["score"]
    assert evaluate.main(arguments) == 0
    out = capsys.readouterr().out
    rows = {line[:36].strip(): line[36:].split() for line in out.splitlines()}
    assert len(rows["with sigma refined"]) == 9 and "refined 0." in out
    assert rows["log-likelihood, nats"][::3] == [
        f"{x['log_likelihood']['mean']:.1f}" for x in (found, real, noise)
    ]
    assert rows["score, 1 to 10"] == [f"{x['classes']['score']:.2f}" for x in (found, real, noise)]


def test_noise_is_uniform_where_pixels_are(runs, monkeypatch):
    measured = []
    monkeypatch.setattr(evaluation, "of_images", lambda centres, *_, **__: measured.append(centres) or {})
    evaluation.of_run(runs / "digits", FLOAT32, centres=1000)
    _, _, noise = measured
    assert noise.min() >= 0 and noise.max() <= 1
    assert abs(noise.mean() - 1 / 2) < 0.01 and abs(noise.std() - 12**-0.5) < 0.01


def test_both_sigmas_are_said_on_the_way(runs):
    said = []
    found = evaluation.of_run(runs / "digits", FLOAT32, centres=1000, say=said.append)["log_likelihood"]
    sigmas = f"sigma {found['sigma']:.3f}, refined {found['refined']['sigma']:.3f}, 150 test images"
    assert any(sigmas in line for line in said)


def test_the_noise_is_of_seed_0_unless_another_is_asked_for():
    assert evaluate._parser().parse_args(["runs/digits-1"]).seed == 0


def test_points_beside_the_mixture_and_noise(runs):
    found = evaluation.of_run(runs / "points", FLOAT32)
    real, noise = found["references"]["real"], found["references"]["noise"]
    assert real["modes"] == 8 and real["high_quality"] == pytest.approx(real["ceiling"], abs=0.01)
    assert noise["high_quality"] < 0.02


def test_a_run_in_minus_one_to_one_is_measured_in_zero_to_one(runs):
    found = evaluation.of_run(runs / "tanh", FLOAT32, centres=1000)
    _, dataset, G = run.load_generator(runs / "tanh", FLOAT32)
    z = run.read_config(runs / "tanh").recipe.noise(Streams(0, FLOAT32)("sample"), 1000)
    samples = (players.generate(G, z) + 1) / 2
    assert samples.min() >= 0
    expected = evaluation.memorising(samples, data.load("digits"))["samples"]
    assert found["memorising"]["samples"] == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(found["log_likelihood"]["mean"])


def test_points_as_text(runs, capsys):
    assert evaluate.main([str(runs / "points"), "--quiet"]) == 0
    out, _ = capsys.readouterr()
    assert "of 8" in out and "of which 98.89% are so near" in out and "2500 samples" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "expected a run folder"),
        ([], "required: RUN"),
        (["{digits}", "--centres", "999"], "--centres: expected 1000 to 1,000,000"),
        (["{digits}", "--centres", "many"], "invalid int value"),
        (["{digits}", "--centres", "9" * 30], "--centres: expected 1000 to 1,000,000"),
        (["{digits}", "--seed", "-1"], "seed: expected an integer from 0"),
        (["{digits}", "--sigmas", ""], "argument --sigmas: expected numbers from 0.001 to 1000"),
        (["{digits}", "--sigmas", ".1,-1"], "argument --sigmas: expected numbers from 0.001 to 1000"),
        (["{digits}", "--sigmas", ".1,nan"], "argument --sigmas: expected numbers from 0.001 to 1000"),
        (["{digits}", "--sigmas", "1e-200"], "argument --sigmas: expected numbers from 0.001 to 1000"),
    ],
)
def test_bad_input_is_one_line(runs, capsys, arguments, message):
    arguments = [text.format(digits=runs / "digits") for text in arguments]
    assert evaluate.main([*arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err


def test_without_test_images_there_is_nothing_to_measure():
    none = np.zeros((0, 4), np.uint8)
    dataset = Dataset("mine", none, none, none, shape=(2, 2))
    with pytest.raises(InputError, match="mine has no test or no validation images"):
        evaluation.log_likelihood(np.zeros((5, 4), np.float32), dataset, FLOAT32)


def test_samples_that_are_not_finite_are_refused():
    dataset = data.load("digits")
    with pytest.raises(InputError, match="centres: some numbers are not finite"):
        evaluation.log_likelihood(np.full((5, 64), np.nan, np.float32), dataset, FLOAT32)


# The protocol's numbers ------------------------------------------------------------------------------


def test_the_constants():
    """The paper's authors: 10,000 samples, sigma from 1,000 validation images.  VEEGAN and PacGAN: 2,500."""
    assert (evaluation.CENTRES, evaluation.SIGMA_IMAGES, evaluation.POINTS) == (10_000, 1_000, 2_500)
    ours = Settings(divide_input=True, momentum_epochs=250)
    assert evaluation.JUDGES["mnist"] == (ours, 12)
    assert OWN_JUDGES["digits"] == (replace(ours, scale=0.05), 60)


@pytest.fixture(scope="module")
def many():
    """More validation images than the protocol takes, of two kinds: the first thousand are brighter."""
    rng = np.random.default_rng(0)
    train, test = (rng.integers(0, 256, (n, 6), np.uint8) for n in (3000, 400))
    valid = np.concatenate([rng.integers(100, 256, (1000, 6)), rng.integers(0, 50, (500, 6))]).astype(
        np.uint8
    )
    return Dataset("many", train, valid, test, shape=(2, 3), prepare=lambda x: x / np.float32(255))


def test_sigma_is_of_the_first_thousand_validation_images(many, monkeypatch):
    """Both times; and measured on the test images, with what is left of the sigmas by chance here."""

    def of(sigma):
        return lambda x, s, *_: (sigma, float(parzen.log_likelihood(x, s, sigma).mean()))

    monkeypatch.setattr(parzen, "choose_sigma", of(0.3))
    monkeypatch.setattr(parzen, "refine_sigma", of(0.4))
    samples = np.random.default_rng(1).random((1100, 6), np.float32)
    found = evaluation.log_likelihood(samples, many, FLOAT32)
    for sigma, numbers in ((0.3, found), (0.4, found["refined"])):
        nats = parzen.log_likelihood(many.test / np.float32(255), samples, sigma)
        of_valid = parzen.log_likelihood(many.valid[:1000] / np.float32(255), samples, sigma).mean()
        assert numbers["sigma"] == sigma and numbers["validation"] == pytest.approx(of_valid, rel=1e-9)
        assert numbers["mean"] == pytest.approx(nats.mean(), rel=1e-9)
        assert numbers["standard_error"] == pytest.approx(nats.std() / 20, rel=1e-9)
        assert abs(nats.mean() - of_valid) > 0.03
    assert (found["centres"], found["test_images"]) == (1100, 400)


def test_memorising_compares_equally_many(many):
    """By all distances at once: 400 training images against 400 test images, 1,000 samples, 1,000 others."""
    samples = np.random.default_rng(1).random((1100, 6), np.float32)
    found = evaluation.memorising(samples, many)
    train, test = many.train[:400] / 255, many.test / 255
    for name, x in (("samples", samples[:1000]), ("validation", many.valid[:1000] / 255)):
        of_train, of_test = (np.linalg.norm(x[:, None] - y, axis=2).min(axis=1) for y in (train, test))
        assert found[name]["count"] == 1000 and found["images"] == 400
        assert found[name]["to_training"] == pytest.approx(of_train.mean(), abs=1e-5)
        assert found[name]["to_test"] == pytest.approx(of_test.mean(), abs=1e-5)
        assert found[name]["nearer_to_training"] == pytest.approx((of_train < of_test).mean(), abs=2e-3)
    assert abs(of_train.mean() - of_test.mean()) > 1e-4


def test_all_samples_are_judged_and_the_accuracy_is_of_the_test_images(cache):
    dataset = data.load("digits")
    judge = evaluation.trained_classifier(dataset, FLOAT32, lambda text: None)
    images = np.concatenate([dataset.train[dataset.train_labels == digit][:101] for digit in range(10)])
    images = np.concatenate([images, images[:1]])  # 1,011 in order
    found = evaluation.of_classes(images / np.float32(16), dataset, FLOAT32, lambda text: None)
    answers = judge.classify(images)
    assert found["shares"] == pytest.approx((np.bincount(answers, minlength=10) / 1011).tolist())
    parts = [(dataset.test, dataset.test_labels), (dataset.train, dataset.train_labels)]
    parts.append((dataset.valid, dataset.valid_labels))
    right = [(judge.classify(x) == labels).mean() for x, labels in parts]
    assert found["classifier_accuracy"] == pytest.approx(right[0]) and right[0] not in right[1:]
    assert found["classifier_epochs"] == judge.epoch == 4
    logits = log_softmax(judge.net(Tensor(images / np.float32(16)), None)).data.astype(float)
    p = np.exp(logits)
    assert found["score"] == pytest.approx(np.exp((p * (logits - np.log(p.mean(0)))).sum(1).mean()), rel=1e-4)


def test_the_judge_learns_for_all_its_epochs(cache):
    dataset = data.load("digits")
    settings, epochs = evaluation.JUDGES["digits"]
    fresh = Classifier(dataset, settings, FLOAT32, seed=0)
    for _ in range(epochs):
        fresh.train_epoch()
    kept = evaluation.trained_classifier(dataset, FLOAT32, lambda text: None)
    for name, a in fresh.arrays().items():
        np.testing.assert_array_equal(kept.arrays()[name], a)


# What a run says of itself ---------------------------------------------------------------------------


def test_the_samples_are_of_the_seed_and_of_the_number(runs, monkeypatch):
    """Whatever is measured is measured on G of this noise; points by their own number."""
    seen = []
    monkeypatch.setattr(evaluation, "of_points", lambda samples, dataset: seen.append(samples) or {})
    for seed in (0, 7):
        found = evaluation.of_run(runs / "points", FLOAT32, seed=seed, centres=1000)
        assert (found["seed"], found["samples"], found["epochs"]) == (seed, 2500, 1)
        config, _, G = run.load_generator(runs / "points", FLOAT32)
        z = config.recipe.noise(Streams(seed, FLOAT32)("sample"), 2500)
        np.testing.assert_array_equal(seen[-1], generate(G, z))


def test_the_epochs_are_those_of_the_last_line(tmp_path):
    """Where k steps of D pass over an epoch, or a line is lost, there are fewer lines than epochs."""
    record = dict.fromkeys(run.COLUMNS, 0.5)
    lines = (json.dumps(record | {"epoch": epoch, "update": 10 * epoch}) for epoch in (2, 3, 6))
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    assert run.epochs_of(tmp_path) == 6
    assert run.epochs_of(tmp_path / "nothing") == 0


def test_on_a_line_the_ceiling_is_that_of_a_line():
    dataset = data.load("gaussian1d")
    found = evaluation.of_points(dataset.test[:2500], dataset)
    assert found["ceiling"] == pytest.approx(0.9973, abs=1e-4)
    ring = data.load("ring8")
    found = evaluation.of_points(np.repeat(ring.modes[:3], 2, axis=0), ring)
    assert (found["modes"], found["of"], found["counts"]) == (3, 8, [2, 2, 2, 0, 0, 0, 0, 0])


def test_each_number_of_the_text_is_its_own():
    """Three columns, of which no two numbers are the same."""

    def numbers(n):
        near = {"to_training": n + 0.25, "to_test": n + 0.5, "nearer_to_training": n / 8, "count": 7}
        classes = {"shares": [n / 16, 1 - n / 16], "entropy": n / 32, "score": 1 + n / 64}
        nats = {"mean": 100.0 * n, "standard_error": n / 10, "test_images": 9, "centres": 5 * n, "sigma": 0.2}
        return {
            "log_likelihood": nats | {"refined": nats | {"mean": 100.0 * n + 50, "sigma": 0.1}},
            "memorising": {"images": 9, "samples": near},
            "classes": classes | {"classifier_accuracy": 0.9, "classifier_epochs": 4},
        }

    found = numbers(1) | {"run": "r", "recipe": "digits", "epochs": 3, "samples": 10}
    text = evaluate.as_text(found | {"references": {"real": numbers(2), "noise": numbers(3)}})
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "r: digits, epoch 3, 10 samples" and lines[2] == "this run real noise"
    assert lines[3:12] == [
        "log-likelihood, nats 100.0 +- 0.1 200.0 +- 0.2 300.0 +- 0.3",
        "with sigma refined 150.0 +- 0.1 250.0 +- 0.2 350.0 +- 0.3",
        "distance to the nearest training image 1.25 2.25 3.25",
        "distance to the nearest test image 1.50 2.50 3.50",
        "nearer to training images 12.5% 25.0% 37.5%",
        "entropy of the classes, at most 0.693 0.031 0.062 0.094",
        "score, 1 to 2 1.02 1.03 1.05",
        "class 0 6.2% 12.5% 18.8%",
        "class 1 93.8% 87.5% 81.2%",
    ]
    assert "Parzen window of 5 samples, sigma 0.200" in text and "real: of 10 training images" in text
    assert "90.00% test accuracy after 4 epochs" in text
