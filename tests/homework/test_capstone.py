"""The capstone: every file of the student's laid over the library at once, and who is told what is missing.

Its whole proof, which plays dozens of games, is `python -m minigan.homework selftest capstone`.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from minigan.homework.answers import known, mark
from minigan.homework.assignments.capstone import checks
from minigan.homework.cli import main
from minigan.homework.judging import overlay
from minigan.homework.judging.isolate import best_level
from minigan.homework.judging.judge import Failed, Outcome, Trial, Verdict, judge
from minigan.homework.judging.kit import kit
from minigan.homework.marking.submissions import BadSubmission, Submission
from minigan.homework.tasks import spec, strip

CAPSTONE = spec.load("capstone")
IDS = [assignment.id for assignment in spec.every() if assignment.in_capstone]


@pytest.fixture(scope="module")
def short():
    """The kit, and the checks that play only twenty updates."""
    quick = [check for check in CAPSTONE.checks if check.name in ("runs", "measured")]
    with kit(CAPSTONE) as made:
        assert [part.assignment.id for part in made.parts] == IDS
        yield replace(made, assignment=replace(CAPSTONE, checks=quick), parts=())


def judged(short, files):
    verdict, _ = judge(short, json.dumps(files).encode(), 0, best_level())
    return {outcome.name: outcome for outcome in verdict.outcomes}


def test_it_consists_of_all_before_it():
    assert list(CAPSTONE.files) == IDS == [f"hw{i:02}" for i in range(1, 14)] and CAPSTONE.total == 100
    assert CAPSTONE.parts and not any(assignment.parts for assignment in spec.every())
    assert set(CAPSTONE.missing) == {target for part in CAPSTONE.parts for target in part.targets}


def test_right_files_play_and_stubs_do_not(short):
    right = judged(short, json.loads(strip.solution(CAPSTONE)))
    assert {outcome.status for outcome in right.values()} == {"pass"}, [o.message for o in right.values()]
    stub = judged(short, json.loads(strip.stub(CAPSTONE)))
    assert {outcome.status for outcome in stub.values()} == {"not_written"}


def test_other_right_files_play(short):
    for answer in known.right(CAPSTONE):
        outcomes = judged(short, json.loads(answer.file))
        assert {outcome.status for outcome in outcomes.values()} == {"pass"}, answer.name


def test_nothing_of_minigans_stands_in_for_a_file(short):
    """Each file is needed: without what it holds, the game or its measuring does not go on."""
    files = json.loads(strip.solution(CAPSTONE))
    for part in CAPSTONE.parts:
        outcomes = judged(short, files | {part.id: strip.stub(part)})
        assert "not_written" in {outcome.status for outcome in outcomes.values()}, part.id


def test_an_error_says_in_which_file_and_line(short):
    files = json.loads(strip.solution(CAPSTONE))
    files["hw09"] = files["hw09"].replace("    k = game.k\n", "    k = game.kk\n", 1)
    line = files["hw09"].splitlines().index("    k = game.kk") + 1
    assert f"(hw09.py, line {line})" in judged(short, files)["runs"].message


def test_a_syntax_error_says_so_once(short):
    files = json.loads(strip.solution(CAPSTONE)) | {"hw10": "x = 1\ny = (\n"}
    message = judged(short, files)["runs"].message
    assert message == "your code raised SyntaxError: '(' was never closed (hw10.py, line 2)"


def verdicts(**scores):
    return [Verdict(name, 0, 2, [] if score is None else _outcomes(score)) for name, score in scores.items()]


def _outcomes(score):
    held = Outcome("held", "", score, "pass")
    return [held, Outcome("one", "", 100 - score, "fail")] if score < 100 else [held]


def test_who_has_not_solved_a_file_is_told_which():
    first = CAPSTONE.checks[0]
    assert mark._solved(first, verdicts(hw02=100, hw05=100)).score == first.points
    outcome = mark._solved(first, verdicts(hw02=None, hw05=85, hw09=100))
    assert outcome.score == 0
    assert "hw02.py is missing" in outcome.message and "hw05.py has 85 of 100 (lost: one)" in outcome.message
    assert "hw09" not in outcome.message


def test_a_folder_of_files_is_one_submission(tmp_path):
    (tmp_path / "hw02").mkdir()
    (tmp_path / "hw02" / "hw02.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "hw05.py").write_text("y = 2\n")
    files = json.loads(Submission("s", tmp_path).source("capstone"))
    assert files == {"hw02": "x = '\udcff'\n", "hw05": "y = 2\n"}
    with pytest.raises(BadSubmission, match="a folder or a zip"):
        Submission("s", tmp_path / "hw05.py").source("capstone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSubmission, match="found none"):
        Submission("s", tmp_path / "empty").source("capstone")


def test_the_commands_for_one_file_say_that_it_has_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command in ("watch", "reset", "solution"):
        assert main([command, "capstone"]) == 2
        assert "no file of its own" in capsys.readouterr().err
    assert main(["similar", ".", "--hw", "capstone"]) == 2
    assert "no file of its own" in capsys.readouterr().err
    assert main(["check", "capstone"]) == 2
    assert "found none" in capsys.readouterr().err
    assert main(["start", "capstone"]) == 0
    assert CAPSTONE.task in capsys.readouterr().out
    assert main(["list"]) == 0
    assert "capstone" in capsys.readouterr().out


def test_a_name_is_replaced_wherever_it_is_held(monkeypatch):
    from minigan import algorithm1, gradcheck, tensor

    def other(*_):
        return 1

    old = tensor.backward
    try:
        overlay.replace(old, other, [])
        assert tensor.backward is algorithm1.backward is gradcheck.backward is other
    finally:
        overlay.replace(other, old, [])
    assert tensor.backward is algorithm1.backward is old
    old = tensor.Tensor.__mul__
    try:
        overlay.replace(old, other, [])
        assert tensor.Tensor(np.zeros(1)) * 2 == 1
    finally:
        overlay.replace(other, old, [])


class Player:
    """Answers with these samples, whatever is played."""

    after = None

    def __init__(self, samples):
        self.samples = samples

    def ask(self, call, updates, *_):
        return {"losses": np.ones((updates, 2)), "samples": self.samples, "finite": True}


def passes(samples):
    check = next(check for check in CAPSTONE.checks if check.name == "ring")
    trial = Trial(CAPSTONE, "ring", Player(samples), 0)
    try:
        CAPSTONE.function_of(check)(trial)
    except Failed:
        return False
    return True


def test_the_bound_is_between_the_ring_and_what_misses_it():
    rng = np.random.default_rng(0)

    def of(modes, std=checks.STD, n=checks.POINTS):
        return checks.MODES[rng.integers(0, modes, n)] + std * rng.standard_normal((n, 2))

    assert passes(of(8)) and passes(of(7)) and passes(of(8, 0.2))
    assert not passes(of(6)) and not passes(of(8, 0.6)) and not passes(np.full((checks.POINTS, 2), np.nan))
    assert not passes(of(8)[:9]) and not passes(None)
