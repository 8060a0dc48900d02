"""Who resembles whom: renaming hides nothing, and what everybody was given does not count."""

import pytest

from minigan.homework.answers import known
from minigan.homework.cli import main
from minigan.homework.marking.similar import OWN, fingerprint, similar
from minigan.homework.marking.submissions import collect
from minigan.homework.tasks import strip


@pytest.fixture
def class_of_five(tmp_path, hw02):
    loop, sums = (answer.file for answer in known.right(hw02)[:2])
    renamed = (
        loop.replace("axis, n", "place, size").replace("[axis]", "[place]").replace("axis=axis", "axis=place")
    )
    files = {
        "ann": loop,
        "bob": renamed.replace("n ==", "size ==").replace("n !=", "size !=") + "\n# mine\n",
        "cem": sums,
        "dan": strip.solution(hw02),
        "eve": "def unbroadcast(:\n  'no Python",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def test_a_renamed_copy_is_found_and_another_answer_is_not(class_of_five, hw02):
    pairs = similar(hw02, collect(class_of_five), 0.8)
    assert pairs == [(1.0, "ann", "bob"), (1.0, OWN, "dan")]


def test_what_everybody_was_given_does_not_count(hw02):
    stub = strip.stub(hw02).encode()
    assert fingerprint(stub) and not fingerprint(stub) - fingerprint(stub)
    assert fingerprint(b"x = 1\n") == fingerprint(b"y = 2  # another\n")


def test_the_command_prints_pairs_for_a_person_to_look_at(class_of_five, capsys):
    assert main(["similar", str(class_of_five), "--hw", "hw02", "--least", "80"]) == 0
    out = capsys.readouterr().out
    assert "100 %  minigan's own answer and dan" in out and "ann and bob" in out and "cem" not in out
    assert main(["similar", str(class_of_five), "--hw", "hw02", "--least", "x"]) == 2
