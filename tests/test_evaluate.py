"""evaluate.py: the numbers of runs whose samples are known, and what a user may type wrongly."""

import json

import numpy as np
import pytest

from minigan import data, evaluate, parzen, recipes, run
from minigan.backend import Backend
from minigan.classifier import Settings
from minigan.data import Dataset
from minigan.errors import InputError

FLOAT32 = Backend("numpy", "float32")
SMALL = {"epochs": 1, "hidden": (8,), "units": (4,)}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """The user's cache, empty; and a classifier that learns in a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pooch.os_cache", lambda name: tmp_path_factory.getbasetemp() / "cache" / name)
        patch.setitem(evaluate.JUDGES, "digits", (Settings(units=(64,), scale=0.05, batch=20), 4))
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
        training = run.Training(run.configure(recipe, 1, "numpy"), FLOAT32)
        training.start(str(home / name))
        training.play(lambda t, means: None)
    return home


# Samples that are known ------------------------------------------------------------------------------


def test_real_images_learned_by_heart_are_found_out():
    dataset = data.load("digits")
    train, valid = dataset.train[:150] / np.float32(16), dataset.valid / np.float32(16)
    by_heart, honest = evaluate.memorising(train, dataset), evaluate.memorising(valid, dataset)
    assert by_heart["samples"]["to_training"] == pytest.approx(0, abs=1e-6)
    assert by_heart["samples"]["nearer_to_training"] == 1
    assert honest["samples"] == honest["validation"] and 0.3 < honest["samples"]["nearer_to_training"] < 0.7
    assert honest["images"] == 150 and honest["samples"]["to_test"] > 0.5


def test_real_images_are_of_all_classes():
    dataset = data.load("digits")
    found = evaluate.of_classes(dataset.test / np.float32(16), dataset, FLOAT32, lambda text: None)
    np.testing.assert_allclose(found["shares"], 0.1, atol=0.04)
    assert found["score"] > 5 and found["entropy"] > 2.2 and found["classifier_epochs"] == 4
    assert 0.85 < found["classifier_accuracy"] <= 1


def test_the_protocol():
    dataset = data.load("digits")
    centres = dataset.train[:1200] / np.float32(16)
    found = evaluate.log_likelihood(centres, dataset, FLOAT32)
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
        evaluate.log_likelihood(centres, dataset, FLOAT32, sigmas=s) for s in [(0.3, 0.4), parzen.SIGMAS]
    )
    assert ours["sigma"] == 0.3 and ours["sigmas"] == [0.3, 0.4] and ours["mean"] < theirs["mean"]
    assert ours["refined"]["sigma"] == pytest.approx(theirs["refined"]["sigma"], rel=1e-4)


def test_points_from_the_mixture_itself():
    dataset = data.load("ring8")
    found = evaluate.of_points(dataset.test[:2500], dataset)
    assert (found["modes"], found["of"]) == (8, 8)
    assert found["high_quality"] == pytest.approx(found["ceiling"], abs=0.01)


# The classifier that is the judge --------------------------------------------------------------------


def test_the_judge_is_trained_once(cache):
    dataset, said = data.load("digits"), []
    first = evaluate.trained_classifier(dataset, FLOAT32, said.append)
    said.clear()
    second = evaluate.trained_classifier(dataset, FLOAT32, said.append)
    assert said == [] and second.epoch == 4
    for name, a in first.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], a)


def test_a_damaged_or_older_judge_is_trained_again(cache, monkeypatch):
    dataset, said = data.load("digits"), []
    evaluate.trained_classifier(dataset, FLOAT32, said.append)
    (cache / "classifier-digits.npz").write_bytes(b"PK\3\4 what is this?")
    said.clear()
    evaluate.trained_classifier(dataset, FLOAT32, said.append)
    assert said
    said.clear()
    monkeypatch.setattr(evaluate.minigan, "__version__", "another")
    evaluate.trained_classifier(dataset, FLOAT32, said.append)
    assert said


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


def test_points_beside_the_mixture_and_noise(runs):
    found = evaluate.evaluate(runs / "points", FLOAT32)
    real, noise = found["references"]["real"], found["references"]["noise"]
    assert real["modes"] == 8 and real["high_quality"] == pytest.approx(real["ceiling"], abs=0.01)
    assert noise["high_quality"] < 0.02


def test_a_run_in_minus_one_to_one_is_measured_in_zero_to_one(runs):
    found = evaluate.evaluate(runs / "tanh", FLOAT32, centres=1000)
    assert found["memorising"]["samples"]["to_training"] < 3.5  # in [-1, 1] it would be twice that
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
        (["{digits}", "--centres", "999"], "--centres: expected 1000 or more"),
        (["{digits}", "--centres", "many"], "invalid int value"),
        (["{digits}", "--seed", "-1"], "seed: expected an integer from 0"),
        (["{digits}", "--sigmas", ""], "--sigmas: expected numbers from .001 to 1000"),
        (["{digits}", "--sigmas", ".1,-1"], "--sigmas: expected numbers from .001 to 1000"),
        (["{digits}", "--sigmas", ".1,nan"], "--sigmas: expected numbers from .001 to 1000"),
        (["{digits}", "--sigmas", "1e-200"], "--sigmas: expected numbers from .001 to 1000"),
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
        evaluate.log_likelihood(np.zeros((5, 4), np.float32), dataset, FLOAT32)


def test_samples_that_are_not_finite_are_refused():
    dataset = data.load("digits")
    with pytest.raises(InputError, match="centres: some numbers are not finite"):
        evaluate.log_likelihood(np.full((5, 64), np.nan, np.float32), dataset, FLOAT32)
