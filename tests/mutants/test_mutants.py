"""Every wrong answer can be made in the code as it is now, and there are three for whatever learns."""

import inspect
import json
import subprocess
import sys
from collections import Counter

import pytest
from properties import operations, public

from minigan import game, nn, ops, optim

from . import HERE, MODULES, MUTANTS, PACKAGE, Mutant, files_of, path_of
from .__main__ import DOCUMENT, is_rejected, trial, verdict
from .mechanical import RESULTS, Change, order, report

TARGETS = [
    "tensor.backward",
    "tensor.unbroadcast",
    "random.Streams",
    "random.Stream",
    "algorithm1.alternating",
    "algorithm1.d_step",
    "algorithm1.g_step",
    "algorithm1.simultaneous",
    *(f"ops.{name}" for name in operations(ops)),
    *(f"nn.{name}" for name in public(nn, inspect.isclass) if name != "Layer"),
    *(f"game.{name}" for name in operations(game)),
    *(f"optim.{name}" for name in public(optim, callable) if name != "Optimiser"),
]


@pytest.mark.parametrize("target", TARGETS)
def test_there_are_three_wrong_answers(target):
    assert Counter(mutant.target for mutant in MUTANTS)[target] >= 3


@pytest.mark.parametrize("module", sorted({mutant.module for mutant in MUTANTS}))
def test_each_mistake_can_be_made(module):
    right = compile(path_of(module).read_text("utf-8"), "right", "exec", optimize=2)
    for mutant in MUTANTS:
        if mutant.module == module:
            wrong = compile(mutant.source(), f"{mutant.target}: {mutant.mistake}", "exec", optimize=2)
            assert wrong != right, mutant


def test_each_is_in_the_file_of_its_module_and_no_file_is_forgotten():
    stems = [path.stem for path in HERE.glob("*.txt")]
    assert {stem for stem in stems if path_of(stem).exists()} == set(MODULES)
    for module in MODULES:
        titles = [p.partition(":")[0] for p in (HERE / f"{module}.txt").read_text("utf-8").split("\n\n")]
        assert {title.partition(".")[0] for title in titles} == {module}


def test_there_are_fifteen_for_whatever_is_outside_the_core():
    counts = Counter(mutant.target.partition(".")[0] for mutant in MUTANTS)
    outside = [
        "workers",
        "shares",
        "run",
        "train",
        "sample",
        "training",
        "evaluation",
        "classifier",
        "pictures",
        "data",
        "modes",
        "theory",
        "parzen",
        "reproduce",
        "successors",
    ]
    assert all(counts[module] >= 15 for module in outside)
    assert sum("on a GPU" in mutant.mistake for mutant in MUTANTS) >= 30


@pytest.mark.parametrize(
    ("target", "module", "files"),
    [
        ("ops.mul", "ops", ["test_ops.py"]),
        ("random", "random", ["test_random.py"]),
        ("data.load", "data", ["test_data_sets.py"]),
        ("data.idx.read", "data.idx", ["test_data_idx.py"]),
        ("data.cifar10.restore", "data.cifar10", ["test_data_sets.py"]),
        ("sample._lines", "sample", ["test_sample.py", "test_commands.py"]),
    ],
)
def test_the_module_of_a_target_and_its_tests(target, module, files):
    mutant = Mutant(target, "", "", "")
    assert mutant.module == module and [path.name for path in files_of(module)] == files


def test_there_are_many_and_no_two_are_the_same():
    assert len({(mutant.target, mutant.mistake) for mutant in MUTANTS}) == len(MUTANTS) >= 90
    assert len({mutant.source() for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("old", ["nowhere", "g"])
def test_a_mistake_without_its_place_is_an_error(old):
    with pytest.raises(ValueError, match=r"ops.mul: .* times"):
        Mutant("ops.mul", "", old, "").source()


def test_a_planted_mistake_is_in_the_module_that_is_imported():
    program = """
import numpy
from tests.mutants import Mutant
from tests.mutants.plant import plant
plant(Mutant("ops.mul", "adds", "a * b", "a + b"))
from minigan import Tensor, ops
print((Tensor(numpy.ones(1)) * 5).data)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert done.stdout.strip() == "[6.]", done.stderr


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({"rejected_by": "test_ops.py::test", "broken": None}, "test_ops.py::test"),
        ({"rejected_by": None, "broken": None}, "NONE"),
        ({"rejected_by": "test_ops.py::test", "broken": "collection"}, "ERROR collection"),
        ({"broken": "ValueError"}, "ERROR ValueError"),
    ],
)
def test_only_a_test_that_fails_rejects(result, says):
    assert verdict(result) == says
    assert is_rejected(result) == says.startswith("test_ops")


# A part of both commands ------------------------------------------------------------------------------


def test_some_wrong_answers_are_rejected_and_right_ones_are_not(monkeypatch):
    """Each of three in a process of its own, as `python -m tests.mutants` tries all of them."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    right = trial(None, ["theory"])
    assert verdict(right) == "NONE" and right["tests"] == len(right["seconds"]) > 10
    for mutant in [mutant for mutant in MUTANTS if mutant.module == "theory"][:2]:
        assert is_rejected(trial(mutant, (), right["seconds"])), mutant


MACHINE_MADE = [  # of those in theory.py, so that they can be made again without the machine
    ("where=total > 0", "where=total >= 0"),
    ("_x_log_y(q, 1 - D)", "_x_log_y(q, 2 - D)"),
    ('side="right"', 'side=not "right"'),
    ("np.linspace(low, high, panels + 1)", "np.linspace(low, high, panels - 1)"),
    ("** -rate", "** +rate"),
]


@pytest.fixture(scope="module")
def theory():
    """What its tests say of theory.py as it is."""
    path = path_of("theory")
    seen = trial(None, ["theory"], watched=[str(path)])
    return {"seconds": seen["seconds"], "reached": seen["reached"][str(path)]}


@pytest.mark.parametrize(("before", "after"), MACHINE_MADE)
def test_some_mechanical_changes_are_noticed(theory, before, after):
    code = path_of("theory").read_text("utf-8")
    [line] = [i for i, line in enumerate(code.splitlines(), 1) if before in line]
    change = Change("theory", code.replace(before, after), before, after, line)
    assert is_rejected(trial(change, ["theory"], order(change, theory)))


def test_the_tests_that_reach_a_change_come_first(theory):
    code = path_of("theory").read_text("utf-8")
    line = code.splitlines().index("    return moved / moved.sum()") + 1
    places = order(Change("theory", code, "", "", line), theory)
    first = sorted(places, key=places.get)[:4]
    assert len(places) > 10 and all("step" in test or "sure" in test or "reaches" in test for test in first)


def test_what_was_counted_is_what_the_document_says():
    results = json.loads(RESULTS.read_text("utf-8"))
    text, noticed, unexplained = report(results)
    assert text in DOCUMENT.read_text("utf-8")
    assert noticed >= 0.95 and not unexplained
