"""Right answers get 100, an empty one gets 0, and wrong ones lose what they are declared to lose.

Here known answers run in this process, so that all of them fit into a minute.  `selftest --full` runs each
as a file that was handed in, with 200 seeds, mechanical changes and the attacks; it writes the evidence.
"""

import re
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from strangers import STRANGERS

from minigan import ops
from minigan.homework import answers, mutate, proof, sandbox, spec, strip, transport
from minigan.homework.diagnose import diagnose
from minigan.homework.isolate import best_level
from minigan.homework.judge import check_with, judge, judge_here
from minigan.homework.kit import kit

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = spec.every()
MUTANTS = [(a, m) for a in ASSIGNMENTS for m in answers.mutants(a)]
WHEATS = [(a, w) for a in ASSIGNMENTS for w in answers.wheats(a)]


def name_of(value):
    return getattr(value, "id", None) or getattr(value, "name", "")


def marked_here(assignment, answer=None, seed=0):
    verdict, observed = judge_here(assignment, answers.Known(assignment, answer), seed)
    diagnose(assignment, verdict, observed)
    return verdict


def lost(verdict):
    return {outcome.name for outcome in verdict.outcomes if outcome.status != "pass"}


def test_points_total_100_and_every_check_is_written(assignment):
    assert assignment.total == 100
    assert all(callable(assignment.function_of(check)) for check in assignment.checks)


def test_handed_in_the_solution_gets_100_and_the_stub_0(assignment):
    level = best_level()
    with kit(assignment) as made:
        full, _ = judge(made, strip.solution(assignment).encode(), 0, level)
        empty, _ = judge(made, strip.stub(assignment).encode(), 0, level)
    assert full.score == 100, [o for o in full.outcomes if o.status != "pass"]
    assert full.seconds < 20  # 2 s where nothing else runs
    assert empty.score == 0
    assert {o.status for o in empty.outcomes} <= {"not_written", "blocked"}


@pytest.mark.parametrize("seed", range(1, 21))
def test_no_false_alarm(assignment, seed):
    assert marked_here(assignment, seed=seed).score == 100


@pytest.mark.parametrize(("assignment", "wheat"), WHEATS, ids=name_of)
def test_another_right_answer_gets_100(assignment, wheat):
    for seed in range(5):
        verdict = marked_here(assignment, wheat, seed)
        assert verdict.score == 100, [o for o in verdict.outcomes if o.status != "pass"]


@pytest.mark.parametrize(("assignment", "mutant"), MUTANTS, ids=name_of)
def test_a_wrong_answer_loses_what_is_declared_and_reads_its_own_message(assignment, mutant):
    for seed in (0, 1):
        verdict = marked_here(assignment, mutant, seed)
        assert lost(verdict) == mutant.loses
        assert verdict.likely == [mutant.says]


def test_there_are_enough_of_each(assignment):
    assert len(answers.mutants(assignment)) >= 6
    assert len(answers.wheats(assignment)) >= 2
    says = [mutant.says for mutant in answers.mutants(assignment)]
    assert len(set(says)) == len(says)


def test_every_check_is_lost_by_some_wrong_answer(assignment):
    taken = set().union(*(mutant.loses for mutant in answers.mutants(assignment)))
    assert taken == {check.name for check in assignment.checks}


@pytest.mark.parametrize(("homework", "stranger"), STRANGERS, ids=name_of)
def test_a_wrong_answer_nobody_declared_gets_no_diagnosis(homework, stranger):
    verdict = marked_here(spec.load(homework), stranger)
    assert verdict.score < 100
    assert verdict.likely == []


def test_what_the_student_reads_gives_nothing_away(assignment):
    for text in (strip.stub(assignment), assignment.task, *assignment.hints[:2]):
        assert strip.leaks(assignment, text) == []


def test_a_leak_would_be_found(assignment):
    assert strip.leaks(assignment, strip.solution(assignment))


def test_the_stub_keeps_signature_and_docstring(assignment):
    stub = strip.stub(assignment)
    for target in assignment.targets:
        signature = re.search(rf"^def {target}\(.*?\) -> .*?:$", assignment.source, re.MULTILINE | re.DOTALL)
        assert signature[0] in stub
    assert stub.count("raise NotImplementedError") == len(assignment.targets)


def test_mechanical_changes_are_changes(assignment):
    reference = strip.solution(assignment)
    changes = dict(mutate.mechanical(assignment))
    assert len(changes) >= 10
    assert reference not in changes.values()
    assert set(assignment.survivors) <= set(changes), "an explained survivor is no change any more"


def test_a_proof_that_does_not_hold_says_so(hw02):
    row = proof.Row("mean", 20, frozenset({"kept"}), frozenset(), ("this",), ("that",))
    broken = proof.Proof(hw02, 2, {"wrong answers": [row]}, ["gives away"], {"+ -> -": ""}, 1, [7])
    assert len(broken.broken()) == 4
    assert broken.text().count("DOES NOT HOLD") == 4


def test_the_evidence_is_of_these_answers():
    text = (ROOT / "docs" / "grader-evidence.md").read_text("utf-8")
    for assignment, mutant in MUTANTS:
        assert f"| {mutant.target}: {mutant.name} |" in text, (
            f"run selftest --full: {assignment.id} has changed"
        )
    assert "DOES NOT HOLD" not in text and "SURVIVES" not in text and " ! " not in text


class Babbler:
    """Answers every call with the same plain value, as a forged reply may."""

    def __init__(self, value, after):
        self.value, self.after = value, after

    def ask(self, call, *arguments):
        return self.value


def odd_values():
    array = np.zeros((2, 3))
    form = {"G": [array, array], "D": [array, array], "update": [1, 2, 3, 4]}
    step = ["step", "D", [], {}, [array, 3]]
    events = [
        ["step"],
        ["call"],
        [],
        3,
        step,
        ["minibatch", "x"],
        ["noise", [1], {}, None],
        ["call", 1, 2, 3],
        ["call", 1, 2, 3, 4],
        ["call", "G", "dropout", 0, []],
        ["minibatch", float("inf")],
        ["step", 5, 0, 0, [np.zeros((3, 1)), np.zeros(1)]],
    ]
    yield from (None, 1, "x", [], {}, array, [array, array], {"gradient": 1, "witness": None})
    yield from ({"gradient": array, "witness": array}, {"events": 3, **form}, {"events": [[]] * 1000, **form})
    yield from ({"events": [event], **form} for event in events)
    yield {"events": [], **form, "update": None}
    yield {"events": [], **form, "G": 3}


@pytest.mark.parametrize("value", list(odd_values()), ids=lambda value: str(value)[:50])
def test_no_answer_whatever_breaks_a_check(assignment, value):
    """A grader_error would stop the instructor; nobody may be able to cause one."""
    for check in assignment.checks:
        for after in (None, [], [1] * 6, "x"):
            outcome, _ = check_with(assignment, check, Babbler(value, after), 0)
            assert outcome.status in ("fail", "bad_reply"), outcome.message


def test_the_wording_of_a_refusal_does_not_hide_a_mistake():
    """hw02's answers have to raise a ValueError; each student words it otherwise."""

    def unbroadcast__mean_in_other_words(g, shape, source=""):
        added = g.ndim - len(shape)
        if added < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[added:], strict=True)):
            raise ValueError("these do not fit")
        axes = tuple(added + i for i, n in enumerate(shape) if n == 1)
        return g.mean(axis=(*range(added), *axes)).reshape(shape)

    verdict = marked_here(spec.load("hw02"), answers.Answer(unbroadcast__mean_in_other_words))
    assert len(verdict.likely) == 1 and "average" in verdict.likely[0]


TWINS = b"""
from minigan import ops

def affine(x, W, b):
    return ops._affine_but_for_b("affine", x, W, b)

def maxout(x, pieces):
    return ops.affine_maxout(x, x, x, pieces)
"""


def test_what_does_the_same_work_is_missing_from_the_kit_too():
    with kit(spec.load("hw05")) as made:
        verdict, _ = judge(made, TWINS, 0, best_level())
    assert verdict.score == 0
    assert "affine_maxout is missing in the kit of hw05" in verdict.outcomes[5].message


def test_a_value_error_may_be_a_kind_of_it():
    class ShapeError(ValueError):
        pass

    assert transport.kind_of(ShapeError()) == transport.kind_of(np.exceptions.AxisError(1, 1)) == "ValueError"
    assert transport.kind_of(np._core._exceptions._ArrayMemoryError((1,), np.dtype(float))) == "MemoryError"


def test_a_process_may_end_by_a_signal_without_a_name():
    child = SimpleNamespace(process=SimpleNamespace(wait=lambda timeout: -40))
    ended = sandbox.Child._how_it_ended(child)
    assert ended.status == "crash" and "signal 40" in str(ended)


def test_what_an_inner_function_is_called_does_not_hide_a_mistake():
    """minigan's complaint about a share of a wrong shape begins with the name of the pullback."""
    hw05 = spec.load("hw05")
    swapped = next(m for m in answers.mutants(hw05) if m.name == "W_swapped")
    source = answers.as_file(hw05, swapped)
    with kit(hw05) as made:
        verdict, observed = judge(made, source.encode(), 0, best_level())
    diagnose(hw05, verdict, observed)
    assert verdict.likely == [swapped.says]


def test_a_known_answer_is_not_taken_for_minigan_itself_by_another_thread(monkeypatch):
    """While one is asked it lies over minigan; whoever looks then has to wait."""
    hw05, genuine, asked = spec.load("hw05"), ops.affine, threading.Event()
    calls = hw05.part("calls")
    original = calls.affine

    def slow(target, *arguments):
        asked.set()
        time.sleep(0.3)
        return original(target, *arguments)

    monkeypatch.setattr(calls, "affine", slow)
    known = answers.Known(hw05, answers.mutants(hw05)[0])
    inputs = np.zeros((2, 3)), np.zeros((3, 4)), np.zeros(4)
    asking = threading.Thread(target=lambda: known.ask("affine", *inputs))
    asking.start()
    assert asked.wait(10)
    assert answers.Known(hw05).standard["affine"] is genuine
    asking.join()
    assert ops.affine is genuine
