"""reproduce successors: what came after, from several seeds; each room in little, and the table."""

from dataclasses import replace
from functools import cache, partial

import pytest

import minigan
from minigan.errors import RunError
from minigan.files import read_json
from minigan.reproduce import report, successors
from minigan.reproduce.__main__ import main
from minigan.reproduce.successors import ROOMS, Room, Row, as_text
from minigan.successors import fooling, moments, one_dimension, sequences, twice, two_lines
from minigan.successors.losses import least_squares


def silent(text):
    assert isinstance(text, str) and "\n" not in text


LITTLE: dict = {
    "two-lines": {"settings": two_lines.Settings(thetas=(0.5,), updates=2)},
    "one-dimension": {"settings": one_dimension.Settings(updates=8, every=2, points=50)},
    "twice": {"settings": twice.Settings(sizes=((2, 5, 1), (3, 4, 1)), points=4)},
    "moments": {"settings": moments.Settings(updates=1, batch=20, samples=60, splits=4)},
    "ring8": {"updates": 2},
    "fooling-digits": {"settings": fooling.Settings(data="digits", epochs=1)},
    "sequences": {"settings": sequences.Settings(updates=1, batch=5, units=4, unseen=10)},
}
AS = {  # it measures alike
    "grid25": "ring8",
    "grid25-packed": "ring8",
    "fooling": "fooling-digits",
    "sequences-long": "sequences",
}


@pytest.fixture(scope="module")
def little():
    """The numbers of a room in little; one without an entry above is played as it is, so that one notices."""
    return cache(lambda name: ROOMS[name].measure(1, silent, **LITTLE.get(name, {})))


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_measures_what_its_lines_show(name, little):
    numbers = little(AS.get(name, name))
    assert all(isinstance(x, int | float) for x in numbers.values())
    for row in ROOMS[name].rows:
        assert row.number in numbers and (row.control in numbers) == bool(row.beside)
        assert (row.number != row.control) and row.what


def test_what_is_kept_is_the_page_s_own_number(monkeypatch):
    def found(seed, settings, say):
        ends = {"first": 1.0, "exact": 0.5, "estimate": 0.4}
        return {"games": {name: {"summary": ends | {"exact": i + 1}} for i, name in enumerate("ab")}}

    monkeypatch.setattr(one_dimension, "measure", found)
    assert successors.line(1, silent) == {"a": 1, "b": 2, "a, estimate": 0.4, "b, estimate": 0.2}
    monkeypatch.setattr(two_lines, "measure", lambda *_: {"worst_w": 0.05, "worst_js": 0.01})
    assert successors.lines(1, silent) == {"W1": 0.05, "JSD": 0.01}
    errors = [("float32", 3e-8), ("float32", 1e-8), ("float64", 1e-16)]
    pages = {"errors": [{"dtype": dtype, "error": error} for dtype, error in errors]}
    monkeypatch.setattr(twice, "measure", lambda *_: pages)
    assert successors.gradients(1, silent) == {"float32": 3e-8, "float64": 1e-16}
    curves = {"reversed": [{"exact": 0.1}, {"exact": 0.9}], "as it stands": [{"exact": 0.2}]}
    monkeypatch.setattr(sequences, "measure", lambda *_: {"orders": curves})
    ends = successors.translated(1, silent, sequences.Settings())
    assert ends == {"reversed": 0.9, "as it stands": 0.2}


def test_least_squares_is_the_game_of_modes_with_two_other_losses(monkeypatch):
    played = []
    begin = successors.begin

    def watched(name, seed, backend):
        game, update, updates = begin(name, seed, backend)
        return game, lambda game, t: played.append((name, seed, t, game.discriminator_loss)), updates

    monkeypatch.setattr(successors, "begin", watched)
    numbers = successors.squares(3, silent, "ring8", updates=2)
    assert [loss is least_squares for *_, loss in played] == [True, True, False, False]
    assert [call[:3] for call in played] == 2 * [("ring8", 3, 0), ("ring8", 3, 1)]
    assert len(numbers) == 4  # untrained, both are one generator
    assert numbers["least squares, share"] == numbers["the paper's, share"]


# The command -----------------------------------------------------------------------------------------


@pytest.fixture
def rooms(monkeypatch):
    """Two rooms, the second a long one, and the seeds that were measured."""
    measured = []

    def measure(seed, say, size):
        say(f"size {size}")
        measured.append((size, seed))
        return {"ours": size * seed, "theirs": 10.0 * seed}

    row = Row("a number", "ours", "another", "theirs", most=0.3)
    short = Room(partial(measure, size=0.1), 2, (row,))
    long = Room(partial(measure, size=2.0), 3600, (replace(row, what="a large one", least=1, most=None),))
    monkeypatch.setattr(successors, "ROOMS", {"short": short, "long": long})
    return measured


def test_it_goes_on_where_it_was_stopped(rooms, tmp_path, capsys):
    command = ["successors", "--out", str(tmp_path)]
    assert main([*command, "--seeds", "2"]) == 0
    assert rooms == [(0.1, 1), (0.1, 2)]
    assert "2 measurements, about 4 s" in capsys.readouterr().out
    assert main([*command, "--long"]) == 0
    assert rooms[2:] == [(0.1, 3), (2.0, 1), (2.0, 2), (2.0, 3)]
    out = capsys.readouterr().out
    assert "4 measurements, about 3.0 h" in out and "size 2.0" in out
    assert main([*command, "--long", "--quiet"]) == 0
    quiet = capsys.readouterr().out
    assert len(rooms) == 6 and "size" not in quiet and out.endswith(quiet)
    table = (tmp_path / "successors.md").read_text()
    assert "| a number | at most 0.3 | 0.2 | 0.1, 0.3 | another | 20 |" in table
    assert "| a large one | at least 1 | 4 | 2, 6 | another | 20 |" in table
    found = read_json(tmp_path / "successors.json")["found"]
    assert found["long, seed 2"] == {"ours": 4.0, "theirs": 20.0}


def test_a_room_that_fails_leaves_what_was_measured(rooms, tmp_path, monkeypatch):
    def stopped(seed, say):
        raise KeyboardInterrupt

    rooms_now = successors.ROOMS | {"long": replace(successors.ROOMS["long"], measure=stopped)}
    monkeypatch.setattr(successors, "ROOMS", rooms_now)
    assert main(["successors", "--out", str(tmp_path), "--long", "--seeds", "1"]) == 130
    assert list(read_json(tmp_path / "successors.json")["found"]) == ["short, seed 1"]


def test_a_room_that_cannot_be_measured_is_named_and_the_others_are_in_the_table(
    rooms, tmp_path, monkeypatch, capsys
):
    def offline(seed, say):
        rooms.append(("offline", seed))
        raise RunError("mnist is not on this machine")

    without = {"fooling": replace(successors.ROOMS["short"], measure=offline)} | successors.ROOMS
    monkeypatch.setattr(successors, "ROOMS", without)
    command = ["successors", "--out", str(tmp_path), "--long", "--seeds", "2"]
    assert main(command) == 1
    assert rooms == [("offline", 1), (0.1, 1), (0.1, 2), (2.0, 1), (2.0, 2)]
    out, err = capsys.readouterr()
    assert err == "error: fooling is not measured: mnist is not on this machine\n"
    table = (tmp_path / "successors.md").read_text()
    assert table in out and "| a number |" in table and "| a large one |" in table
    assert main(command) == 1 and rooms[5:] == [("offline", 1)]


def test_numbers_of_another_version_are_not_gone_on_with(rooms, tmp_path, monkeypatch, capsys):
    command = ["successors", "--out", str(tmp_path), "--seeds", "1"]
    assert main(command) == 0 and main([*command, "--long"]) == 0
    capsys.readouterr()
    monkeypatch.setitem(report.VERSIONS, "minigan", "7.7")
    assert main([*command, "--seeds", "2"]) == 2
    said = capsys.readouterr().err
    assert f"minigan is {minigan.__version__}, not 7.7; name another folder" in said
    assert len(rooms) == 2


def test_a_room_by_its_name_is_measured_however_long(rooms, tmp_path, capsys):
    arguments = ["--rooms", "long", "long", "--seeds", "1", "--out", str(tmp_path)]
    assert main(["successors", *arguments]) == 0
    out = capsys.readouterr().out
    assert rooms == [(2.0, 1)] and "a number" not in out and "1 measurements, about 60 min" in out


SEEDS = "expected a whole number from 1 to 1,000,000"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0"], f"argument --seeds: {SEEDS}, got '0' (--help lists the options)"),
        (["--seeds", str(10**12)], f"argument --seeds: {SEEDS}, got '{10**12}' (--help lists the options)"),
        (["--rooms", "short", "shrot"], "--rooms: there is no shrot, only short, long"),
    ],
)
def test_bad_input_is_one_line(rooms, arguments, message, tmp_path, capsys):
    assert main(["successors", "--out", str(tmp_path), *arguments]) == 2
    assert capsys.readouterr().err == f"error: {message}\n" and rooms == []


# The table -------------------------------------------------------------------------------------------


def test_what_was_asked_and_missed_is_said():
    row = Row("a share", "x", least=0.95, form=".1%")
    assert row.asked == "at least 95.0 %" and row.holds(0.95) and not row.holds(0.94)
    both = Row("a ratio", "x", least=0.8, most=1.2)
    assert both.asked == "at least 0.8, at most 1.2" and not both.holds(1.3) and not both.holds(0.7)
    assert both.holds(0.8) and both.holds(1.2)
    assert Row("a number", "x").asked == "" and Row("a number", "x").holds(9)


def test_a_mean_that_misses_is_marked_and_a_room_half_done_is_left_out(rooms):
    found = {"short, seed 1": {"ours": 1.0, "theirs": 2.0}, "short, seed 2": {"ours": 2.0, "theirs": 4.0}}
    found |= {"long, seed 1": {"ours": 2.0, "theirs": 4.0}}
    lines = as_text(found, [1, 2]).splitlines()
    assert lines[0].startswith("| | asked | mean of 2 |")
    assert lines[2:] == ["| a number | at most 0.3: missed | 1.5 | 1, 2 | another | 3 |"]
