"""Right answers get 100, an empty one gets 0, and wrong ones lose what they are declared to lose.

Here known answers run in this process, each with a seed or two, so that all of them fit into a few minutes.
`selftest --full` runs each as a file that was handed in, right ones with 200 seeds, mechanical changes and
the attacks; it writes the evidence.
"""

import ast
import os
import threading
import time
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from others import others

from minigan import ops
from minigan.errors import InputError, RunError
from minigan.homework.answers import known as answers
from minigan.homework.answers import mutate, proof
from minigan.homework.answers.diagnose import diagnose
from minigan.homework.judging import sandbox, transport
from minigan.homework.judging.isolate import best_level
from minigan.homework.judging.judge import check_with, judge, judge_at_once, judge_here
from minigan.homework.judging.kit import kit
from minigan.homework.tasks import spec, strip

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = spec.every()
WRONG = [(a, answer) for a in ASSIGNMENTS for answer in answers.wrong(a)]
RIGHT = [(a, answer) for a in ASSIGNMENTS for answer in answers.right(a)]
OTHERS = others()
OTHER_RIGHT = [other for other in OTHERS if other[2].is_right]
OTHER_WRONG = [other for other in OTHERS if not other[2].is_right]


def name_of(value):
    return getattr(value, "id", "") or getattr(value, "name", "") or getattr(value, "__name__", "")


def marked_here(assignment, answer=None, seed=0):
    """answer: a known one, or functions by name."""

    def make():
        return (
            answers.Known(assignment, answer)
            if isinstance(answer, dict)
            else answers.asked(assignment, answer)
        )

    with np.errstate(all="ignore"):
        verdict, facts = judge_here(assignment, make, seed)
    diagnose(assignment, verdict, facts)
    return verdict


def seed_of(name):
    """A seed of its own for each answer: together they are many."""
    return zlib.crc32(name.encode())


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


@pytest.mark.parametrize("seed", range(1, 6))
def test_no_false_alarm(assignment, seed):
    assert marked_here(assignment, seed=seed).score == 100


@pytest.mark.parametrize(("assignment", "answer"), RIGHT, ids=name_of)
def test_another_right_answer_gets_100(assignment, answer):
    for seed in (0, seed_of(answer.name)):
        verdict = marked_here(assignment, answer, seed)
        assert verdict.score == 100, [o for o in verdict.outcomes if o.status != "pass"]


@pytest.mark.parametrize(("assignment", "answer"), WRONG, ids=name_of)
def test_a_wrong_answer_loses_what_is_declared_and_reads_its_own_message(assignment, answer):
    verdict = marked_here(assignment, answer, 1)
    assert lost(verdict) == answer.loses
    assert verdict.likely == [answer.says]


def test_there_are_enough_of_each(assignment):
    assert len(answers.mistakes(assignment)) >= 12
    assert len(answers.right(assignment)) >= 2
    says = {(answer.target, answer.name): answer.says for answer in answers.wrong(assignment)}
    assert len(set(says.values())) >= len(says) - 5  # two targets may know the same mistake


def test_every_check_is_lost_by_some_wrong_answer(assignment):
    taken = set().union(*(answer.loses for answer in answers.wrong(assignment)))
    assert taken == {check.name for check in assignment.checks}


@pytest.mark.parametrize(("homework", "target", "answer"), OTHER_RIGHT, ids=name_of)
def test_a_right_answer_that_the_grader_does_not_know_gets_100(homework, target, answer):
    verdict = marked_here(spec.load(homework), {target: answer}, seed_of(answer.__name__))
    assert verdict.score == 100, [o for o in verdict.outcomes if o.status != "pass"]


@pytest.mark.parametrize(("homework", "target", "answer"), OTHER_WRONG, ids=name_of)
def test_a_wrong_answer_that_the_grader_does_not_know_gets_less_and_no_wrong_diagnosis(
    homework, target, answer
):
    assignment = spec.load(homework)
    verdict = marked_here(assignment, {target: answer}, 3)
    assert verdict.score < 100
    says = {known.says for known in answers.wrong(assignment) if known.name in answer.known_as}
    assert set(verdict.likely) <= says
    assert bool(verdict.likely) == answer.is_named


def test_six_of_ten_mistakes_are_named():
    """Of the answers that are kept apart from the known ones; the test above looks at each."""
    named = [answer.is_named for _, _, answer in OTHER_WRONG if "strange" not in answer.__module__]
    assert sum(named) >= 0.6 * len(named)


def test_there_are_enough_that_the_grader_does_not_know(assignment):
    own = [other for other in OTHERS if other[0] == assignment.id]
    assert sum(not answer.is_right for _, _, answer in own) >= 12
    assert sum(answer.is_right for _, _, answer in own) >= 5


def test_what_the_student_reads_gives_nothing_away(assignment):
    for text in (strip.stub(assignment), assignment.task, *assignment.hints[:2]):
        assert strip.leaks(assignment, text) == []


def test_a_leak_would_be_found(assignment):
    assert strip.leaks(assignment, strip.solution(assignment))


def test_the_stub_keeps_signature_and_docstring(assignment):
    own = replace(assignment, helpers=())
    stub, solution = (strip.targets_in(own, ast.parse(f(assignment))) for f in (strip.stub, strip.solution))
    assert stub and len(stub) == strip.stub(assignment).count("raise NotImplementedError")
    for empty, full in zip(stub, solution, strict=True):
        assert ast.unparse(empty.args) == ast.unparse(full.args)
        assert ast.get_docstring(empty) == ast.get_docstring(full)


def test_helpers_stand_in_the_solution_and_nowhere_else():
    hw12 = spec.load("hw12")
    assert "def _log_p" in strip.solution(hw12) and "_log_p" not in strip.stub(hw12)
    assert "_log_p is missing in the kit of hw12" in strip.stripped(hw12, "parzen")


def test_a_change_that_makes_no_Python_is_one_line(hw02):
    text = "=== unbroadcast: torn | kept\nwords\n--- minigan\n- return g.sum(\n+ return g sum(\n"
    with pytest.raises(InputError, match="unbroadcast: torn, minigan: the result is no Python"):
        list(answers._read(hw02, text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("=== unbroadcst: mean | kept\nw\n--- minigan\n- g.sum(\n+ g.mean(", "the targets are unbroadcast"),
        ("=== mean | kept\nw\n--- minigan\n- g.sum(\n+ g.mean(", "`target: name | checks`, got 'mean"),
        ("=== unbroadcast: mean | kepd\nw\n--- minigan\n- g.sum(\n+ g.mean(", "hw02 has no check kepd"),
        ("=== unbroadcast: mean | kept\nw\n--- minigam\n- g.sum(\n+ g.mean(", "no unbroadcast__minigam"),
        ("=== unbroadcast: mean | kept\nw\n--- minigan\n- g.summ(\n+ g.mean(", "expected 'g.summ(' once"),
        ("=== unbroadcast: mean | kept\nw\n--- minigan\n- g.sum(\n", "this changes nothing"),
        ("=== unbroadcast: mean | kept\nw\n--- minigan: g.summ( => g.mean(", "expected 'g.summ(' once"),
        ("=== unbroadcast: mean | kept\nw\n--- minigan: g.sum(", "this changes nothing"),
    ],
)
def test_a_wrong_answer_that_cannot_be_made_is_one_line(hw02, text, says):
    with pytest.raises(InputError) as raised:
        list(answers._read(hw02, text))
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_a_mistake_that_the_capstone_borrows_has_to_be_there():
    capstone = spec.load("capstone")
    with pytest.raises(InputError, match="hw09 has no mistake 'g_step: nothing'"):
        list(answers._read_together(capstone, "heading\nhw09 g_step: nothing | files\n"))


def test_mechanical_changes_are_changes(assignment):
    reference = strip.solution(assignment)
    changes = dict(mutate.mechanical(assignment))
    assert changes  # hw10's answers are two short lines, and hold one
    assert reference not in changes.values()
    assert set(assignment.survivors) <= set(changes), "an explained survivor is no change any more"


def test_a_proof_that_does_not_hold_says_so(hw02):
    row = proof.Row("mean", 20, frozenset({"kept"}), frozenset(), ("this",), ("that",))
    broken = proof.Proof(hw02, 2, {"wrong answers": [row]}, ["gives away"], {"+ -> -": ""}, 1, [7])
    assert len(broken.broken()) == 4
    assert broken.text().count("DOES NOT HOLD") == 4


def test_asked_in_one_process_an_answer_is_marked_until_a_check_is_lost(hw02, hw02_kit, level):
    """The capstone marks its files so, and the proof its mechanical changes."""
    right = judge_at_once(hw02_kit, strip.solution(hw02).encode(), 0, level)
    assert [outcome.status for outcome in right.outcomes] == ["pass"] * len(hw02.checks)
    assert right.score == 100
    averaged = next(answer for answer in answers.wrong(hw02) if answer.name == "mean")
    wrong = judge_at_once(hw02_kit, averaged.file.encode(), 0, level)
    assert wrong.score < 100 and wrong.outcomes[-1].status == "fail"
    assert wrong.outcomes[-1].name in averaged.loses
    for torn in (b"def unbroadcast(", b"import os\nos._exit(0)\n", b"x = 1\n"):
        verdict = judge_at_once(hw02_kit, torn, 0, level)
        assert verdict.score == 0 and [outcome.status for outcome in verdict.outcomes] == ["error"]


def test_right_answers_to_different_targets_share_a_file(assignment):
    alone, shared = answers.right(assignment), answers.right_together(assignment)
    most = max(sum(answer.target == target for answer in alone) for target in assignment.written)
    assert len(shared) == most <= len(alone)
    for answer in alone:
        assert sum(answers._piece(answer.file, answer.target) in file.file for file in shared) == 1


def test_the_evidence_is_of_these_answers():
    text = (ROOT / "docs" / "grader-evidence.md").read_text("utf-8")
    for assignment in ASSIGNMENTS:
        for mistake in answers.mistakes(assignment):
            assert f"| {mistake} " in text, f"run selftest --full: {assignment.id} has changed"
    assert "DOES NOT HOLD" not in text and "SURVIVES" not in text and " ! " not in text


class Babbler:
    """Answers every call with the same plain value, as a forged reply may."""

    def __init__(self, value, after):
        self.value, self.said, self.looked_at = value, after, False

    @property
    def after(self):
        self.looked_at = True
        return self.said

    def ask(self, call, *arguments):
        return self.value


def odd_values():
    array = np.zeros((2, 3))
    form = {"update": [1, 2, 3, 4], "changed": [], "after": [np.zeros(n) for n in ((2, 3), 3, (3, 1), 1)]}
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
        ["step", 5, 0, 0, [np.zeros((3, 1)), np.zeros(1)], []],
        ["step", "D", 0, 0, [np.zeros((3, 1)), np.zeros(1)], []],
        ["noise", "noise", 10**9, 10**9],
        ["minibatch", 10**9],
    ]
    yield from (None, 1, "x", [], {}, array, [array, array], {"gradient": 1, "witness": None})
    yield from ({"gradient": array, "witness": array}, {"played": 3}, {"played": [3, 4, 5]}, [array] * 6)
    updates = [{"events": 3, **form}, {"events": [[]] * 1000, **form}, {"events": [], **form, "update": None}]
    updates += [{"events": [], **form, "after": 3}, {"events": [], **form, "changed": [3]}]
    updates += [{"events": [event], **form} for event in events]
    yield from ({"played": [update] * count} for update in updates for count in (1, 3))


@pytest.mark.parametrize("value", list(odd_values()), ids=lambda value: str(value)[:50])
def test_no_answer_whatever_breaks_a_check(assignment, value):
    """A grader_error would stop the instructor; nobody may be able to cause one."""
    for check in assignment.checks:
        for after in (None, [], [1] * 6, "x"):
            babbler = Babbler(value, after)
            outcome, _ = check_with(assignment, check, babbler, 0)
            assert outcome.status in ("fail", "bad_reply"), outcome.message
            if not babbler.looked_at:
                break


def test_the_wording_of_a_refusal_does_not_hide_a_mistake():
    """hw02's answers have to raise a ValueError; each student words it otherwise."""

    def unbroadcast__mean_in_other_words(g, shape, source=""):
        added = g.ndim - len(shape)
        if added < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[added:], strict=True)):
            raise ValueError("these do not fit")
        axes = tuple(added + i for i, n in enumerate(shape) if n == 1)
        return g.mean(axis=(*range(added), *axes)).reshape(shape)

    verdict = marked_here(spec.load("hw02"), {"unbroadcast": unbroadcast__mean_in_other_words})
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
    of = {outcome.name: outcome for outcome in verdict.outcomes}
    assert "affine_maxout is missing in the kit of hw05" in of["maxout_values"].message


def test_a_value_error_may_be_a_kind_of_it():
    class ShapeError(ValueError):
        pass

    assert transport.kind_of(ShapeError()) == transport.kind_of(np.exceptions.AxisError(1, 1)) == "ValueError"
    assert transport.kind_of(np._core._exceptions._ArrayMemoryError((1,), np.dtype(float))) == "MemoryError"


def test_a_process_may_end_by_a_signal_without_a_name():
    child = SimpleNamespace(process=SimpleNamespace(wait=lambda timeout: -40))
    ended = sandbox.Child._how_it_ended(child)
    assert ended.status == "crash" and "signal 40" in str(ended)


@pytest.mark.parametrize(("load", "limit"), [(0.5, 10), (4.0, 10), (12.0, 30), (500.0, 100)])
def test_on_a_busy_machine_the_time_limit_is_longer(monkeypatch, load, limit):
    """Who shares the processor with the grader is not the student's fault."""
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0, 0), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert sandbox.stretched(10) == limit


def test_the_wall_clock_comes_before_the_limit_of_processor_time(hw02, monkeypatch):
    """Else an endless loop is a timeout on a quiet machine, and a process that was killed on a busy one."""
    monkeypatch.setattr(sandbox, "_started", lambda kit, wanted: 1 / 0 if wanted["seconds"] > 77 else None)
    with kit(hw02) as made, pytest.raises(ZeroDivisionError):
        sandbox.Child(made, Path("."), 1, sandbox.Budget(77.0))


def test_why_the_grader_does_not_work_is_said(hw02, monkeypatch):
    """Not only which checks the reference lost, which on a very busy machine may be all."""
    slow = replace(hw02, seconds=0)
    with pytest.raises(RunError, match="the reference loses kept: .* time"):
        proof.must_work(slow, best_level())


def test_what_an_inner_function_is_called_does_not_hide_a_mistake():
    """minigan's complaint about a share of a wrong shape begins with the name of the pullback."""
    hw05 = spec.load("hw05")
    swapped = next(answer for answer in answers.wrong(hw05) if answer.name == "W_swapped")
    with kit(hw05) as made:
        verdict, facts = judge(made, swapped.file.encode(), 0, best_level())
    diagnose(hw05, verdict, facts)
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
    known = answers.Known(hw05, answers.wrong(hw05)[0].functions)
    inputs = np.zeros((2, 3)), np.zeros((3, 4)), np.zeros(4), "by rows"
    asking = threading.Thread(target=lambda: known.ask("affine", *inputs))
    asking.start()
    assert asked.wait(10)
    assert answers.Known(hw05).standard["affine"] is genuine
    asking.join()
    assert ops.affine is genuine
