"""A student's way through a homework, and what the commands refuse."""

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from minigan.homework.answers import known, proof
from minigan.homework.answers.diagnose import diagnose
from minigan.homework.cli import COMMANDS, main
from minigan.homework.judging.judge import digits, judge, judge_here
from minigan.homework.judging.kit import kit
from minigan.homework.student.progress import PATH
from minigan.homework.tasks import strip
from minigan.homework.tasks.spec import load


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(desk, text):
    (desk / "hw02").mkdir(exist_ok=True)
    (desk / "hw02" / "hw02.py").write_text(text)


def test_from_start_to_100(desk, hw02, capsys):
    mean = next(answer for answer in known.wrong(hw02) if answer.name == "mean")
    assert main(["start", "hw02"]) == 0
    assert (desk / "hw02" / "README.md").read_text() == hw02.task
    assert main(["check", "hw02"]) == 1
    assert "0 of 100" in capsys.readouterr().out
    write(desk, mean.file)
    assert main(["check", "hw02", "--seed", "5"]) == 1
    out = capsys.readouterr().out
    assert "30 of 100" in out and f"looks like: {mean.says}" in out and "seed 5" in out
    assert (
        "the smallest input found: unbroadcast(g, shape), where\n        g = [" in out and "shape (2,)" in out
    )
    assert main(["why", "hw02"]) == 0
    out = capsys.readouterr().out
    assert out.count("[fail]") + out.count("[blocked]") == len(mean.loses) and mean.says in out
    assert main(["why", "hw02", "kept"]) == 0
    assert "Nothing is wrong" in capsys.readouterr().out
    for number in (1, 2, 3, 3):
        assert main(["hint", "hw02"]) == 0
        assert capsys.readouterr().out.count("hint ") == number
    assert main(["solution", "hw02"]) == 2
    assert "after 100" in capsys.readouterr().err
    write(desk, known.right(hw02)[0].file)
    assert main(["check", "hw02"]) == 0
    assert "100 of 100" in capsys.readouterr().out
    assert main(["solution", "hw02"]) == 0
    out = capsys.readouterr().out
    assert "def unbroadcast" in out and "--- yours" in out
    assert main(["progress"]) == 0
    assert "hw02  best 100 of 100  3 checks, 3 hints" in capsys.readouterr().out
    assert main(["list"]) == 0
    assert "hw02  100 of 100" in capsys.readouterr().out


def test_start_never_overwrites_and_reset_keeps_the_old_file(desk, hw02, capsys):
    write(desk, "mine = 1\n")
    assert main(["start", "hw02"]) == 2
    assert "not overwritten" in capsys.readouterr().err
    assert main(["reset", "hw02"]) == 0
    assert main(["reset", "hw02"]) == 0
    assert (desk / "hw02" / "hw02-before-1.py").read_text() == "mine = 1\n"
    assert (desk / "hw02" / "hw02-before-2.py").read_text() == strip.stub(hw02)
    assert (desk / "hw02" / "hw02.py").read_text() == strip.stub(hw02)


def test_what_else_a_folder_holds_is_not_overwritten(desk, hw02, capsys):
    """README.md of a folder of one's own, or the task of another homework; what comes next names the file."""
    (desk / "README.md").write_text("mine")
    assert main(["start", "hw02", "--file", "my hw02.py"]) == 0
    assert (desk / "README.md").read_text() == "mine"
    assert (desk / "hw02-task.md").read_text() == hw02.task
    assert "check hw02 --file 'my hw02.py'" in capsys.readouterr().out
    assert main(["start", "hw02", "--file", "my hw02.py"]) == 2
    assert "`reset hw02 --file 'my hw02.py'` begins anew" in capsys.readouterr().err
    (desk / "README.md").write_text(hw02.task)
    assert main(["reset", "hw02", "--file", "my hw02.py"]) == 0
    assert "README.md  is the task" in capsys.readouterr().out


def test_a_folder_that_cannot_be_made_is_one_line(desk, capsys):
    (desk / "hw02").touch()
    assert main(["start", "hw02"]) == 2
    assert "--file: cannot write to hw02: " in capsys.readouterr().err


def test_a_verdict_is_shown_though_it_cannot_be_kept(desk, hw02, capsys):
    write(desk, strip.stub(hw02))
    PATH.parent.touch()  # a file, where its folder should be
    assert main(["check", "hw02"]) == 1
    out, err = capsys.readouterr()
    assert "hw02  Undo broadcasting: 0 of 100" in out and err == f"error: {PATH.parent}: File exists\n"


def test_watch_marks_again_at_every_save_until_100(desk, hw02, capsys):
    write(desk, strip.stub(hw02))
    done = []
    watching = threading.Thread(target=lambda: done.append(main(["watch", "hw02"])), daemon=True)
    watching.start()
    deadline = time.monotonic() + 60
    while not (desk / PATH).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    write(desk, strip.solution(hw02))
    watching.join(timeout=60)
    assert done == [0]
    out = capsys.readouterr().out
    assert out.index("hw02  Undo broadcasting: 0 of 100") < out.index("hw02  Undo broadcasting: 100 of 100")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["check", "hw77"], "there is no homework 'hw77', only hw01, hw02"),
        (["check", "hw02"], "start hw02"),
        (["why", "hw02"], "check hw02"),
        (["frobnicate"], "there is no command 'frobnicate'"),
        (["check"], "required"),
        (["check", "hw02", "--seed", "x"], "--seed"),
        (["report", "nowhere"], "--format json"),
        (["grade", "nowhere", "--hw", "hw02"], "--secret-file"),
        (["selftest", "hw02", "--jobs", "0"], "--jobs: expected a whole number from 1"),
        (["selftest", "hw02", "--write", "."], "--write: expected the name of a file, . is a folder"),
        (["new", "hw02_again", "--targets", "ops.relu"], "there is a hw02 already"),
        (["new", "Homework", "--targets", "ops.relu"], "hw06_dropout"),
        (["new", "hw77_x", "--targets", "nothing.relu"], "such as ops.relu"),
        (["new", "hw77_x", "--targets", "ops.nothing"], "minigan/ops.py has no nothing"),
        (
            ["new", "hw77_x", "--targets", "optim.Momentum.nothing"],
            "minigan/optim.py has no Momentum.nothing",
        ),
        (["check", "hw02", "--seed", "-1"], "expected a whole number from 0 to"),
        (["selftest", "hw02", "--jobs", "0"], "--jobs: expected a whole number from 1 to"),
        (
            ["similar", ".", "--hw", "hw02", "--least", "101"],
            "--least: expected a whole number from 0 to 100",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(desk, capsys, argv, says):
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1


def test_evidence_that_cannot_be_written_is_said_to_be_before_the_proof(desk, capsys, monkeypatch):
    monkeypatch.setattr(proof, "prove_all", lambda *_: pytest.fail("it began all the same"))
    (desk / "file").touch()
    assert main(["selftest", "hw02", "--write", str(desk / "file" / "evidence.md")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: --write: cannot write to ") and err.count("\n") == 1


def test_a_huge_file_is_refused(desk, capsys):
    write(desk, "#" * 300_000)
    assert main(["check", "hw02"]) == 2
    assert "at most" in capsys.readouterr().err


def test_a_damaged_progress_file_is_said_to_be(desk, capsys):
    (desk / ".minigan").mkdir()
    for content in ("{", "[]", '{"hw02": 3}', '{"hw02": {"best": "x"}}'):
        (desk / PATH).write_text(content)
        assert main(["progress"]) == 2
        assert "damaged" in capsys.readouterr().err


def test_progress_is_not_what_grades_are_made_of(desk, hw02, capsys):
    write(desk, strip.stub(hw02))
    (desk / ".minigan").mkdir()
    (desk / PATH).write_text(json.dumps({"hw02": {"best": 100, "tries": 1, "hints": 0, "last": None}}))
    assert main(["check", "hw02"]) == 1


def test_what_is_printed_names_no_folder_of_the_judge(hw02_kit, level):
    """Their names are other ones each time, and two gradings of one file must be equal."""
    source = b"import sys\nprint(__file__, [f for f in sys.path if 'kit' in f])"
    first, second = (judge(hw02_kit, source, 1, level)[0].output for _ in range(2))
    assert first == second and "/hw02.py" in first.replace("\\", "/")


def test_no_message_names_a_folder_of_the_judge(hw02_kit, level):
    verdict = judge(hw02_kit, b"from minigan.tensor import nothing", 1, level)[0]
    message = verdict.outcomes[0].message
    assert "cannot import name 'nothing'" in message and str(hw02_kit.scratch) not in message


def test_a_syntax_error_names_its_line_once(hw02_kit, level):
    message = judge(hw02_kit, b"x = 1\ndef unbroadcast(g, shape)\n", 0, level)[0].outcomes[0].message
    assert message == "your code raised SyntaxError: expected ':' (line 2 of hw02.py)"


def test_a_syntax_error_of_other_text_than_the_file_has_its_own_line(hw02_kit, level):
    source = b"def unbroadcast(g, shape):\n    pass\n    return eval('1 +')\n"
    message = judge(hw02_kit, source, 0, level)[0].outcomes[0].message
    assert message == "your code raised SyntaxError: invalid syntax (<string>, line 1) (line 3 of hw02.py)"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import torch", "No module named 'torch' (line 1 of hw02.py); only Python's own modules, NumPy and"),
        ("x = input('x? ')", "EOF when reading a line (line 1 of hw02.py)"),
        (
            "from .helper import f",
            "(line 1 of hw02.py); one file is marked, so write into it",
        ),
        ("x = 1\0", "save the file as UTF-8"),
        ("", "hw02.py defines no unbroadcast"),
    ],
)
def test_what_a_file_cannot_do_is_said(hw02_kit, level, source, says):
    outcome = judge(hw02_kit, source.encode(), 0, level)[0].outcomes[0]
    assert outcome.status == "error" and says in outcome.message
    assert ("your code" in outcome.message) == bool(source)


# What looks for the module of a class or function by its name, or needs the text of the file.
ODD = """from __future__ import annotations

import copy, enum, functools, inspect, pickle, sys, typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    import torch


@dataclass(order=True)
class Größe:
    alle: ClassVar[list[int]] = []
    n: int = 0
    achsen: list[int] = field(default_factory=list)


class Pair(NamedTuple):
    have: int
    want: int


class Kind(enum.Enum):
    KEPT = enum.auto()
    SUMMED = enum.auto()


@functools.singledispatch
def kind(pair: Pair) -> Kind:
    return Kind.SUMMED if pair.want == 1 != pair.have else Kind.KEPT


@kind.register
def _(pair: int) -> Kind:
    return Kind.SUMMED


def unbroadcast(g: torch.Tensor, shape, source="unbroadcast"):
    added = Größe(g.ndim - len(shape))
    pairs = [*range(added.n), *map(Pair, g.shape[added.n :], shape)] if added.n >= 0 else []
    if added.n < 0 or any(pair.want not in (1, pair.have) for pair in pairs[added.n :]):
        raise ValueError(f"{source}: {shape} is not broadcast to {g.shape}")
    axes = Größe(0, [i for i, pair in enumerate(pairs) if kind(pair) is Kind.SUMMED])
    return g.sum(axis=tuple(copy.deepcopy(axes).achsen)).reshape(shape)


assert typing.get_type_hints(Größe)["n"] is int and pickle.loads(pickle.dumps(Größe(3))) == Größe(3)
assert sys.modules[__name__].Pair is Pair
if __name__ == "__main__":
    raise SystemExit("this is no script here")
"""


def test_a_file_may_look_for_itself(hw02_kit, level):
    source = ODD + 'assert inspect.getsource(Pair).startswith("class Pair")\n'
    verdict, _ = judge(hw02_kit, source.encode(), 0, level)
    assert verdict.score == 100, verdict.outcomes[0].message


def test_a_known_answer_may_too():
    hw02 = load("hw02")
    answer = known.Answer("unbroadcast", "odd", "dataclass", ODD)
    verdict, _ = judge_here(hw02, lambda: known.asked(hw02, answer), 0)
    assert verdict.score == 100, verdict.outcomes[0].message


@pytest.mark.parametrize(
    "odd",
    [
        lambda text: ("\ufeff" + text.replace("\n", "\r\n")).encode(),
        lambda text: ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1"),
        lambda text: (text.replace("    ", "\t") + "x = [" + "1, " * 9999 + "]").encode(),
    ],
    ids=["windows", "latin-1", "tabs"],
)
def test_a_file_may_be_written_in_an_odd_way(hw02_kit, level, odd):
    verdict, _ = judge(hw02_kit, odd(ODD), 0, level)
    assert verdict.score == 100, verdict.outcomes[0].message


def test_what_a_file_lacks_costs_only_that(level):
    """Not the stub but nothing: a function of two was not written, or has another name."""
    hw10 = load("hw10")
    source = strip.solution(hw10).replace("def non_saturating", "def Non_Saturating")
    checks = [check for check in hw10.checks if check.name in ("minimax_values", "non_saturating_values")]
    with kit(replace(hw10, checks=checks)) as made:
        verdict, _ = judge(made, source.encode(), 0, level)
    assert [outcome.status for outcome in verdict.outcomes] == ["pass", "error"]
    assert verdict.outcomes[1].message == "hw10.py defines no non_saturating"


def test_the_first_mistake_named_is_that_of_the_check_that_is_shown():
    def optimal_discriminator(p, q):
        return p / (p + q)

    def kl(p, q, w=1.0):
        return np.sum(w * p * np.log(p / q))

    hw11 = load("hw11")
    with np.errstate(all="ignore"):
        written = {"optimal_discriminator": optimal_discriminator, "kl": kl}
        verdict, facts = judge_here(hw11, lambda: known.Known(hw11, written), 0)
    diagnose(hw11, verdict, facts)
    assert ["D* is 1/2" in verdict.likely[0], "0 log 0" in verdict.likely[1]] == [True, True]


def test_the_imports_of_a_stub_name_each_module_once():
    imports = [line for line in strip.stub(load("hw13")).splitlines() if line.startswith("from minigan")]
    homes = [line.split()[1] for line in imports]
    assert len(homes) >= 5 and len(set(homes)) == len(homes)


def test_numbers_are_shown_in_as_many_digits_as_tell_them_apart():
    assert digits(-1.820280001, -1.820280002) == ("-1.820280001", "-1.820280002")
    assert digits(1.0, 2.0) == ("1", "2")


def test_what_is_not_written_needs_no_explanation(desk, hw02, capsys):
    write(desk, strip.stub(hw02))
    assert main(["check", "hw02"]) == 1
    capsys.readouterr()
    assert main(["why", "hw02"]) == 0
    assert "not written" in capsys.readouterr().out


def test_a_mistake_that_is_not_known_is_none_that_I_know(desk, hw02, capsys):
    write(desk, strip.solution(hw02).replace("g.sum(", "1.5 * g.sum("))
    assert main(["check", "hw02"]) == 1
    assert "none of the mistakes that I know" in capsys.readouterr().out
    assert main(["why", "hw02"]) == 0
    assert "none that I know" in capsys.readouterr().out


def test_a_file_of_another_name_is_pointed_at(desk, capsys):
    (desk / "hw02").mkdir()
    (desk / "hw02" / "HW02.py").write_text("")
    assert main(["check", "hw02"]) == 2
    assert "hw02 has HW02.py" in capsys.readouterr().err


def test_a_student_is_shown_what_was_asked_and_not_what_is_behind_it():
    hw09 = load("hw09")
    wrong = next(answer for answer in known.wrong(hw09) if answer.name == "D_hears_t")
    verdict, _ = judge_here(hw09, lambda: known.asked(hw09, wrong), 0)
    given = next(outcome.given for outcome in verdict.outcomes if outcome.name == "clock")
    assert given.startswith("alternating(game, t)") and "\nk = " in given and "noise" not in given


def test_what_a_student_prints_is_shown_without_escapes(desk, hw02, capsys):
    write(
        desk, "print('\\x1b[31mhello')\n" + strip.stub(hw02).replace("from __future__ import annotations", "")
    )
    assert main(["check", "hw02"]) == 1
    out = capsys.readouterr().out
    assert "your code printed:" in out and "?[31mhello" in out and "\x1b" not in out


def test_doctor_says_what_each_level_does_not_stop(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert all(f"L{level}" in out for level in (1, 2, 3, 4)) and "does not stop" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "examples:" in capsys.readouterr().out
