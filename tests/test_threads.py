"""How many threads the matrix library gets: what was asked for, the environment's, a trial's."""

import json
import os
import subprocess
import sys

import pytest
from threadpoolctl import ThreadpoolController

from minigan import threads
from minigan.errors import InputError

SHAPES = [(4, 4, 4)]


def now():
    return {library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers}


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    """A machine of four cores, whatever this one has, and the library afterwards as it was before."""
    if not now():
        pytest.skip("NOT TESTED: NumPy's matrix library takes no number of threads from a program")
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads, "cores", lambda: 4)
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        yield


def taking(monkeypatch, seconds):
    """A trial with n threads takes seconds[n]."""
    monkeypatch.setattr(threads, "_play", lambda products, at_least: at_least and seconds[max(now())])


@pytest.mark.parametrize(("seconds", "best"), [
    ({1: 1.0, 2: 1.0, 4: 1.0}, 1),
    ({1: 1.0, 2: 0.95, 4: 0.9}, 1),  # more threads gain nothing to speak of
    ({1: 1.0, 2: 0.6, 4: 0.55}, 2),
    ({1: 1.0, 2: 0.6, 4: 0.35}, 4),
    ({1: 1.0, 2: 70.0, 4: 0.5}, 4),
    ({1: 1.0, 2: 70.0, 4: 90.0}, 1),  # beside another busy program
])  # fmt: skip
def test_the_fewest_that_are_nearly_as_fast(seconds, best, monkeypatch):
    taking(monkeypatch, seconds)
    assert threads.use(None, SHAPES) == best
    assert now() == {best}


def test_no_single_round_decides(monkeypatch):
    """As where another program wakes up for a moment: two threads are the best in the last round alone."""
    rounds = {1: [1.0, 1.0, 1.0], 2: [9.0, 9.0, 0.1], 4: [9.0, 9.0, 9.0]}
    monkeypatch.setattr(threads, "_play", lambda _, at_least: at_least and rounds[max(now())].pop(0))
    assert threads.use(None, SHAPES) == 1


@pytest.mark.parametrize(("cores", "tried"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_what_is_tried(cores, tried, monkeypatch):
    seen = []
    monkeypatch.setattr(threads, "cores", lambda: cores)
    monkeypatch.setattr(threads, "_play", lambda products, at_least: seen.append(max(now())) or 1.0)
    threads.use(None, SHAPES)
    assert sorted(set(seen)) == (tried if cores > 1 else [])


def test_no_product_worth_a_trial_is_one_thread(monkeypatch):
    monkeypatch.setattr(threads, "_play", lambda *_: pytest.fail("a trial"))
    assert threads.use(None, []) == 1 and now() == {1}


def test_what_is_asked_for_is_not_tried(monkeypatch):
    monkeypatch.setattr(threads, "_play", lambda *_: pytest.fail("a trial"))
    assert threads.use(2, SHAPES) == 2 and now() == {2}


@pytest.mark.parametrize("name", threads.VARIABLES)
def test_the_environment_is_not_tried(name, monkeypatch):
    """The library has read it, so its own number is what the user wants; --threads outweighs it."""
    monkeypatch.setattr(threads, "_play", lambda *_: pytest.fail("a trial"))
    monkeypatch.setenv(name, "1")
    assert threads.use(None, SHAPES) == threads.from_environment() == 1
    assert threads.use(3, SHAPES) == 3 and now() == {3}


def test_without_a_word_from_the_environment(monkeypatch):
    monkeypatch.setenv(threads.VARIABLES[0], "")
    assert threads.from_environment() is None


@pytest.mark.parametrize("wanted", [0, -1, 5])
def test_a_number_that_cannot_be_had(wanted):
    with pytest.raises(InputError, match=f"--threads: expected 1 to 4, .* got {wanted}"):
        threads.use(wanted, SHAPES)


def test_a_library_that_takes_no_number(monkeypatch):
    nothing = ThreadpoolController().select(user_api="none of these")
    monkeypatch.setattr(threads, "_libraries", lambda: nothing)
    assert threads.use(None, SHAPES) is None
    with pytest.raises(InputError, match="leave it out, or set VECLIB_MAXIMUM_THREADS=2"):
        threads.use(2, SHAPES)


def test_a_trial_computes_each_product():
    products = [threads._product(2, 3, 4), threads._product(5, 6, 7)]
    for _, _, out in products:
        out[:] = -1
    assert threads._play(products, 0.0) > 0
    assert [out.shape for _, _, out in products] == [(2, 4), (5, 7)]
    assert (products[0][2] == 3).all() and (products[1][2] == 6).all()


# In a run ---------------------------------------------------------------------------------------------


SMALL = ["--quiet", "--epochs", "1", "--hidden", "8", "--units", "4", "--batch", "500"]


def command(*arguments, **environment):
    """A command in a process of its own, whose environment says nothing of threads but this."""
    env = {name: value for name, value in os.environ.items() if name not in threads.VARIABLES} | environment
    return subprocess.run([sys.executable, "-m", *arguments], env=env, capture_output=True, text=True)


@pytest.mark.parametrize(("options", "environment"), [
    (["--threads", "1"], {}),
    ([], {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}),
])  # fmt: skip
def test_the_number_belongs_to_the_run(options, environment, tmp_path):
    run = str(tmp_path / "run")
    done = command("minigan.train", *SMALL, "--out", run, *options, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "run/config.json").read_text())["threads"] == 1
    again = command("minigan.train", "--quiet", "--resume", run, "--epochs", "2", "--threads", "2")
    assert again.returncode == 2 and "threads is 1, not 2; --force continues it anyway" in again.stderr
    assert command("minigan.train", "--quiet", "--resume", run, "--epochs", "2").returncode == 0


def test_a_run_that_nobody_counted_goes_on(tmp_path):
    """One of version 0.2, apart from the version: its config says nothing of threads."""
    run, config = str(tmp_path / "run"), tmp_path / "run/config.json"
    command("minigan.train", *SMALL, "--out", run, "--threads", "1")
    stored = json.loads(config.read_text())
    del stored["threads"], stored["pictures"]
    config.write_text(json.dumps(stored))
    done = command("minigan.train", "--quiet", "--resume", run, "--epochs", "2", "--threads", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(config.read_text())["threads"] == 1
