"""python -m minigan.benchmark by several workers: that it times what it says, told by a clock of our own."""

import json
import time

import pytest
from mpi_of_threads import with_threads

from minigan import recipes, workers
from minigan.benchmark import __main__ as benchmark
from minigan.benchmark import together
from minigan.workers import Workers

TINY = recipes.find("digits").change(name="tiny", hidden=(6, 5), units=(4, 3), batch=20)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "tiny", TINY)
    monkeypatch.setattr(together, "WARM_UP", 1)


class Team(Workers):
    """Two workers: the other comes 3 s late, or 4 where they meet; a sum takes .5 s, and all else none."""

    size = 2

    def __init__(self):
        self.now, self.asked = 0.0, []

    def sum(self, vector):
        self.now += 0.5 if self.asked and self.asked[-1] == "met" else 3.5
        self.asked.append("sum")
        return vector

    def any(self, *flags):
        self.now += 4.0
        self.asked.append("met")
        return flags


def test_what_is_told_apart(monkeypatch):
    team = Team()
    monkeypatch.setattr(time, "perf_counter", lambda: team.now)
    result = together.measure(TINY, team, None, 2)
    times = {name: (row["least"], row["median"]) for name, row in result["times"].items()}
    assert times == {
        "update": (7e3, 7e3),
        "sum": (7e3, 7e3),
        "update apart": (9e3, 9e3),
        "waiting": (8e3, 8e3),
        "sum apart": (1e3, 1e3),
    }
    assert list(result["times"]["sum apart"].values())[2:] == pytest.approx([1 / 9, 1 / 9])
    assert list(result["times"]["sum"].values())[2:] == [1, 1]
    assert team.asked == ["sum", "sum", "met", "sum", "met", "sum"] * 3  # untimed, and two turns
    assert (result["workers"], result["batch"], result["repeats"]) == (2, 20, 2)


def test_two_workers_measure_and_one_speaks(monkeypatch, capsys):
    monkeypatch.setenv("PMI_SIZE", "2")

    def play(team, *options):
        monkeypatch.setattr(workers, "find", lambda: team)
        return benchmark.main(["--recipe", "tiny", "--repeats", "2", *options])

    class Silent(Team):
        rank = 1

    assert play(Silent()) == 0 and capsys.readouterr() == ("", "")
    assert play(Team()) == 0
    out = capsys.readouterr().out
    assert out.startswith("    mpiexec -n 2 python -m minigan.benchmark --recipe tiny --repeats 2\n")
    assert out.count("\n| ") == 6 and out.count(" 100.0 % | 100.0 % |") == 2
    assert "- tiny, simultaneous update, batch 20, float32" in out
    assert play(Team(), "--json", "--batch", "8") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["batch"] == 8 and result["times"].keys() == together.MEANING.keys()


@pytest.mark.parametrize("options", ["--sweep", "--neighbours", "--backend auto", "--cpu-time --threads 1"])
def test_what_several_do_not_measure_is_one_line(options, monkeypatch, capsys):
    monkeypatch.setattr(workers, "find", Team)
    assert benchmark.main(options.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "several workers only time" in err


def test_the_workers_play_the_game_they_always_play(monkeypatch):
    """Two threads over the stand-in for MPI: nobody waits for ever, and all times are of this world."""
    for result in with_threads(2, lambda team: together.measure(TINY, team, None, 2)):
        rows = {name: row["least"] for name, row in result["times"].items()}
        assert 0 < rows["sum"] < rows["update"] and 0 < rows["sum apart"] < rows["update apart"]
