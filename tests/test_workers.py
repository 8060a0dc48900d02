"""The run of several workers is the run of one: by threads over a stand-in for MPI, wherever there is no MPI
too, and by real processes under mpiexec below."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import play_together
import pytest
from mpi_of_threads import installed, together, with_threads

from minigan import algorithm1, checkpoint, players, recipes, run, shares, threads, training, workers
from minigan.backend import Backend, to_host
from minigan.errors import InputError, RunError
from minigan.nn import BatchNorm, LeakyReLU, Packed, Sequential
from minigan.random import Streams
from minigan.shares import Rows, SharedStreams, rows_of
from minigan.tensor import Tensor, backward
from minigan.workers import ALONE, MPIWorkers, Workers

ROOT = Path(__file__).resolve().parent.parent
UPDATES = 100
NAMES = list(play_together.GAMES)


def of_size(size, rank=0):
    """A worker whose others are not there."""
    found = Workers()
    found.rank, found.size = rank, size
    return found


# Who has which rows


@pytest.mark.parametrize(("m", "n", "pack"), [(50, 1, 1), (50, 3, 1), (7, 7, 1), (50, 4, 2), (12, 2, 3)])
def test_every_row_is_one_workers_and_packs_stay_together(m, n, pack):
    mine = [rows_of(m, of_size(n, rank), pack) for rank in range(n)]
    assert [row for r in mine for row in range(m)[r.slice]] == list(range(m))
    assert all(r.first % pack == r.count % pack == 0 and r.of == m for r in mine)
    assert max(r.count for r in mine) - min(r.count for r in mine) <= pack
    assert sum(r.weight for r in mine) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize(
    "draw",
    [
        lambda stream, rows: stream.uniform((rows, 3), -1, 1),
        lambda stream, rows: stream.normal((rows, 2, 2)),
        lambda stream, rows: stream.mask((rows, 5), 0.7),
        lambda stream, rows: stream.dropout(stream.uniform(rows), 0.5)[0],
    ],
    ids=["uniform", "normal", "mask", "dropout"],
)
def test_workers_draw_what_one_process_draws(backend, draw, runs):
    """Twice from each stream, so that where a draw goes on is right as well."""
    streams, m, n = Streams(5, backend), 10, 3
    whole = streams("noise", 7)
    expected = [to_host(draw(whole, runs * m)) for _ in range(2)]
    mine = [rows_of(m, of_size(n, rank)) for rank in range(n)]
    for_each = [SharedStreams(streams, {"noise": r})("noise", 7) for r in mine]
    for whole in expected:
        found = [
            to_host(draw(s, runs * r.count)).reshape(runs, r.count, *whole.shape[1:])
            for s, r in zip(for_each, mine, strict=True)
        ]
        assert np.array_equal(np.concatenate(found, axis=1).reshape(whole.shape), whole)


def test_what_has_no_share_is_drawn_whole(backend):
    streams = Streams(5, backend)
    shared = SharedStreams(streams, {"noise": Rows(1, 2, 6)})
    assert np.array_equal(to_host(shared("order").permutation(9)), to_host(streams("order").permutation(9)))
    with pytest.raises(ValueError, match="2 rows of 6 draws for so many or twice, not for 5"):
        shared("noise").uniform((5, 2))


# The sum of the shares


@pytest.mark.parametrize("n", [2, 3])
def test_batch_norm_over_all_workers_is_that_of_the_whole(n):
    """Forward, the gradient by what went in, and the running averages; the shares are uneven."""
    backend = Backend("numpy", "float64")
    rng = np.random.default_rng(1)
    x, c = rng.normal(size=(10, 4)), rng.normal(size=(10, 4))

    def whole_or_share(team):
        mine = rows_of(10, team)
        net, rows = BatchNorm(4, backend), Tensor(x[mine.slice])
        if team.size > 1:
            net.mean = partial(shares.mean, team, mine.weight)
        y = net(rows, Streams(1, backend)("dropout"))
        backward((y * Tensor(c[mine.slice])).sum() * (mine.weight / mine.count), wrt=[rows])
        return y.data, rows.grad, net.running_mean, net.running_var

    y, gradient, mean, var = whole_or_share(ALONE)
    found = with_threads(n, whole_or_share)
    assert np.allclose(np.concatenate([f[0] for f in found]), y, rtol=0, atol=1e-14)
    assert np.allclose(np.concatenate([f[1] for f in found]), gradient, rtol=0, atol=1e-15)
    for f in found:
        assert np.allclose(f[2], mean, atol=1e-15) and np.allclose(f[3], var, atol=1e-15)


def test_a_loss_that_is_weighted_keeps_its_value_and_weights_its_gradient():
    game = SimpleNamespace(discriminator_loss=lambda a: (a * a).sum(), generator_loss=lambda a: (a * 3).sum())
    shares.weigh(game, 0.25)
    for loss, value, gradient in (
        (game.discriminator_loss, 4.0, 1.0),
        (game.generator_loss, 6.0, 0.75),
        (lambda a: game.weighted((a * 5).sum()), 10.0, 1.25),
    ):
        a = Tensor(np.array([[2.0]]))
        found = loss(a)
        backward(found, wrt=[a])
        assert (found.data, a.grad) == (value, gradient)


def test_the_mean_over_all_workers_leaves_others_gradients_alone():
    """What is added to the mean gets the same upstream gradient, later, and not summed over the workers."""
    c = np.array([1.0, -2.0, 3.0, 5.0])

    def play(team):
        x, w = Tensor(np.full((2, 4), 1.0 + team.rank)), Tensor(np.zeros(4))
        older = w * 2
        y = shares.mean(team, 0.5, x, 0) + older
        backward((y * Tensor(c * (1 + team.rank))).sum(), wrt=[x, w])
        return y.data, x.grad, w.grad

    for rank, (y, of_x, of_w) in enumerate(with_threads(2, play)):
        assert y.tolist() == [1.5] * 4
        np.testing.assert_array_equal(of_w, c * 2 * (1 + rank))
        np.testing.assert_array_equal(of_x, [c * 1.5 / 2] * 2)


@pytest.mark.parametrize(
    ("name", "n", "least"), [("digits", 51, "0"), ("digits-packed", 26, "0"), ("keras-mlp", 26, "1")]
)
def test_too_few_rows_are_one_line(name, n, least):
    recipe = play_together.GAMES[name]
    with pytest.raises(
        InputError, match=f"50 rows leave {least} for one of {n} workers; expected .* --batch$"
    ):
        players.set_up(recipe, players.load_data(recipe), Backend("numpy"), 1, of_size(n))


def test_batch_norm_anywhere_in_a_net_is_found():
    inner = BatchNorm(2, Backend("numpy"))
    net = Packed(Sequential(LeakyReLU(0.1), Sequential(inner)), 2)
    assert [layer for layer in shares._layers(net) if isinstance(layer, BatchNorm)] == [inner]


# Alone


def test_alone_all_is_the_identity(capsys):
    v = np.arange(3.0)
    assert ALONE.sum(v) is v and v.tolist() == [0, 1, 2]
    assert ALONE.any(True, False) == (True, False)
    assert ALONE.first(lambda: 5) == ALONE.after_first(lambda: 5) == 5
    assert ALONE.end(2, "what is wrong") == 2 and capsys.readouterr().err == "error: what is wrong\n"
    game = players.set_up(recipes.find("digits"), run.data_of(config()), Backend("numpy"), 1)
    assert type(game.streams) is Streams and game.optimiser_G.theta.sum(v) is v


def config():
    return run.configure(recipes.find("digits"), 1, "numpy")


@pytest.mark.processes
def test_alone_nothing_is_imported():
    code = "import sys; from minigan import train; train.workers.find(); print('mpi4py' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.parametrize("rank", [0, 1])
def test_without_the_extra_the_first_process_says_it_once(rank, capsys, monkeypatch):
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", str(rank))
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert workers.end(2, "what is wrong") == 2
    assert capsys.readouterr().err == ("error: what is wrong\n" if rank == 0 else "")


@pytest.mark.parametrize(("size", "wanted", "used"), [(2, None, 1), (2, 2, 2), (1, None, "tried")])
def test_several_workers_compute_with_one_thread_unless_told(size, wanted, used, monkeypatch):
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    library = SimpleNamespace(lib_controllers=[0], limit=lambda limits: None)
    monkeypatch.setattr(threads, "_libraries", lambda: library)
    monkeypatch.setattr(threads, "cores", lambda: 4)
    monkeypatch.setattr(threads, "_fastest", lambda libraries, shapes: "tried" if shapes else 1)
    game = players.set_up(recipes.find("digits"), run.data_of(config()), Backend("numpy"), 1)
    played = SimpleNamespace(workers=of_size(size), backend=Backend("numpy"), config=config(), game=game)
    training.Training.use_threads(played, wanted)
    assert played.config.threads == used


def test_several_workers_need_no_library_that_counts_threads(monkeypatch):
    """As Apple's, which takes no number from a program, and was given none."""
    monkeypatch.setattr(threads, "_libraries", lambda: SimpleNamespace(lib_controllers=[]))
    nets = SimpleNamespace(G=None, D=None)
    played = SimpleNamespace(workers=of_size(2), backend=Backend("numpy"), config=config(), game=nets)
    training.Training.use_threads(played, None)
    assert played.config.threads is None


# Over a stand-in for MPI ----------------------------------------------------------------------------


def test_sum_is_in_place_and_has_the_same_bits_everywhere():
    vectors = np.random.default_rng(0).normal(size=(3, 50)).astype(np.float32)

    def play(team):
        mine = vectors[team.rank].copy()
        return mine, team.sum(mine)

    found, group = together(3, play)
    assert all(given is summed for given, summed in found)
    np.testing.assert_allclose(found[0][1], vectors.astype(np.float64).sum(axis=0), rtol=1e-5)
    assert found[0][1].tobytes() == found[1][1].tobytes() == found[2][1].tobytes()
    assert group.calls == [("Allreduce", 200)]


def test_share_is_worker_0s_array():
    found = with_threads(3, lambda team: (lambda a: (team.share(a), a))(np.full(4, team.rank + 7.0))[1])
    assert [a.tolist() for a in found] == [[7.0] * 4] * 3


@pytest.mark.parametrize("up", [(), (0,), (2,), (0, 1, 2)])
def test_any_is_for_each_flag_alone(up):
    found = with_threads(3, lambda team: team.any(team.rank in up, False, team.rank == 1))
    assert found == [(bool(up), False, True)] * 3
    assert all(type(flag) is bool for flag in found[0])


@pytest.mark.parametrize("value", [None, 5, "runs/digits-1", [1, "zwölf"], {"t": 0.1}])
def test_first_is_called_at_worker_0_and_goes_to_all(value):
    called = []
    assert with_threads(3, lambda team: team.first(lambda: called.append(team.rank) or value)) == [value] * 3
    assert called == [0]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(InputError("wrong"), InputError), (RunError("wrong"), RunError), (OSError("wrong"), RunError)],
)
@pytest.mark.parametrize("name", ["first", "after_first"])
def test_what_worker_0_raises_all_raise(name, error, kind):
    called = []

    def play(team):
        called.append(team.rank)
        raise error

    found, _ = together(3, lambda team: getattr(team, name)(lambda: play(team)))
    assert [(type(e), str(e)) for e in found] == [(kind, "wrong")] * 3 and called == [0]


def test_after_first_each_finds_its_own_once_worker_0_has_it():
    called = []

    def find(team):
        time.sleep(0.05 * (team.rank == 0))
        called.append(team.rank)
        return object()

    found = with_threads(3, lambda team: team.after_first(lambda: find(team)))
    assert called[0] == 0 and sorted(called) == [0, 1, 2] and len(set(map(id, found))) == 3


@pytest.mark.parametrize(("odd", "named"), [((1,), 1), ((2,), 2), ((1, 2), 1)])
def test_other_facts_than_worker_0s_are_one_line_everywhere(odd, named):
    facts = {"minigan": "1", "lr": 0.1, "hidden": (16, 16)}
    found, _ = together(
        3, lambda team: team.agree(facts | ({"minigan": "2", "lr": 0.2} if team.rank in odd else {}))
    )
    lines = {str(e) for e in found if type(e) is InputError}
    assert len(lines) == 1 and all(type(e) is InputError for e in found)
    assert f"worker {named} of 3 on " in lines.copy().pop()
    assert lines.pop().endswith(
        "is not as worker 0: minigan is 2, not 1; lr is 0.2, not 0.1; "
        "give all workers the same minigan, libraries and data"
    )
    assert with_threads(3, lambda team: team.agree(facts)) == [None] * 3


@pytest.fixture
def fails(monkeypatch, capsys):
    """fails(n, statuses): what each worker's `end` gives, what was aborted, and the lines that were said."""
    silenced = []
    system = SimpleNamespace(dup2=lambda *a: silenced.append(a), open=lambda *a: 9, devnull="", O_WRONLY=1)
    monkeypatch.setattr(workers, "os", system)
    monkeypatch.setattr(workers, "TOGETHER_SECONDS", 30.0)

    def end(team, status):
        time.sleep(0.1 * team.rank)
        return team.end(status, f"wrong {team.rank}")

    def fails(n, statuses):
        found, group = together(n, lambda team: end(team, statuses[team.rank]))
        assert silenced == [(9, 2)] * len(group.aborted)
        return found, group.aborted, capsys.readouterr().err.splitlines()

    return fails


def test_where_all_fail_worker_0_says_it(fails):
    assert fails(3, [2, 2, 2]) == ([2, 2, 2], [], ["error: wrong 0"])


def test_where_all_are_done_nobody_waits_or_speaks(fails):
    assert fails(3, [0, 0, 0]) == ([0, 0, 0], [], [])


@pytest.mark.parametrize("rank", [0, 2])
def test_who_fails_alone_says_so_and_ends_all(rank, fails, monkeypatch):
    monkeypatch.setattr(workers, "TOGETHER_SECONDS", 0.2)
    found, aborted, lines = fails(3, [1 if r == rank else 0 for r in range(3)])
    assert aborted == [(rank, 1)] and len(lines) == 1
    assert isinstance(found[rank], SystemExit) and found[rank].code == 1
    assert lines[0].startswith(f"error: worker 2 of 3 on {workers.socket.gethostname()}: " * (rank > 0))
    assert lines[0].endswith(f"wrong {rank}") and ("worker" in lines[0]) == (rank > 0)


def test_a_mistake_of_ours_is_shown_and_ends_all(fails, capsys):
    error = ZeroDivisionError("a bug")
    found, group = together(2, lambda team: team._give_up(ZeroDivisionError, error, None))
    assert sorted(group.aborted) == [(0, 1), (1, 1)] and all(isinstance(e, SystemExit) for e in found)
    assert capsys.readouterr().err == "ZeroDivisionError: a bug\n" * 2


def test_such_mistakes_are_heard_of():
    def play(team):
        return sys.excepthook.__self__ is team

    with installed():
        assert together(1, play)[0] == [True]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (0, 1)),
        ({"PMI_SIZE": "3", "PMI_RANK": "2"}, (2, 3)),
        ({"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1"}, (1, 4)),
        ({"PMI_SIZE": "1", "PMI_RANK": "0"}, (0, 1)),
        ({"PMI_SIZE": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, (1, 2)),
        ({"PMI_SIZE": "2"}, (0, 2)),
        ({"PMI_SIZE": "many", "PMI_RANK": "2"}, (0, 1)),
        ({"PMI_SIZE": "", "PMI_RANK": ""}, (0, 1)),
    ],
)
def test_how_many_a_launcher_started(variables, expected, monkeypatch):
    for name in (*workers.LAUNCHERS, *workers.LAUNCHERS.values()):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert workers.started() == expected
    if expected[1] == 1:
        assert workers.find() is ALONE


def test_who_was_started_meets_once(monkeypatch):
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setattr(workers, "MPIWorkers", lambda size: ["of", size])
    workers._meet.cache_clear()
    assert workers.find() == ["of", 2] and workers.find() is workers.find()
    workers._meet.cache_clear()


def test_another_mpi_than_the_launchers_is_one_line():
    found, _ = together(1, lambda team: MPIWorkers(3))
    assert type(found[0]) is InputError
    assert str(found[0]).startswith(
        "mpiexec started 3 processes, of which mpi4py's MPI sees 1; use the mpiexec"
    )


@pytest.mark.parametrize("module", [None, SimpleNamespace()], ids=["no mpi4py", "no MPI"])
def test_without_the_extra_is_one_line(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", module)
    with pytest.raises(InputError, match="mpiexec started 2 processes, and without mpi4py .*minigan.mpi"):
        MPIWorkers(2)


def test_an_update_asks_for_one_sum_a_step_and_alone_for_nothing():
    """Calls are counted, not time: of these two files alone, and of MPI by several."""
    ours, seen = {workers.__file__, shares.__file__}, []

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename in ours:
            seen.append(frame.f_code.co_name)

    def played(name, team, watch=False):
        recipe = play_together.GAMES[name]
        game = players.set_up(recipe, players.load_data(recipe), Backend(), 3, team)
        calls = getattr(team, "comm", SimpleNamespace(group=SimpleNamespace(calls=[]))).group.calls
        calls.clear()
        sys.setprofile(note if watch else None)
        algorithm1.UPDATES[recipe.update](game, 0)
        sys.setprofile(None)
        return [("Allreduce", o.theta._grad.nbytes) for o in (game.optimiser_D, game.optimiser_G)], calls

    played("digits-alternating-2", ALONE, watch=True)
    assert seen == []
    for name, k in (("digits", 1), ("digits-alternating-2", 2)):
        (of_d, of_g), calls = with_threads(2, lambda team, name=name: played(name, team, team.rank == 0))[0]
        assert calls == [of_d] * k + [of_g]
    assert "sum" in seen


# Whole games ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone():
    """What each game ends with that one process plays, and what it began with."""
    return {name: (play_together.play(name, UPDATES, ALONE), beginning(name)) for name in NAMES}


def beginning(name):
    recipe = play_together.GAMES[name]
    dataset = play_together.load_data(recipe)
    return players.arrays(players.set_up(recipe, dataset, Backend("numpy", "float64"), 3))


def vectors(arrays):
    """G's theta, D's velocity, ...: all arrays of a player and kind as one vector, by player and kind."""
    found = {}
    for name, array in arrays.items():
        player, slot = name.split(".")[:2]
        kind = slot if slot in ("velocity", "m", "v") else "running" if "running" in name else "theta"
        found.setdefault((player, kind), []).append(array.ravel())
    return {key: np.concatenate(parts) for key, parts in found.items()}


def assert_the_same(name, found, alone):
    """|theta_n - theta_1| / |theta_1| at most 1e-15, with batch norm 1e-12; and something was learned."""
    whole, began = alone[name]
    assert found.keys() == whole.keys()
    most = 1e-12 if "keras" in name else 1e-15
    ours, theirs, start = vectors(found), vectors(whole), vectors(began)
    for key, vector in theirs.items():
        apart = np.linalg.norm(ours[key] - vector) / np.linalg.norm(vector)
        assert apart <= (most if key[1] == "theta" else 1e-12), (key, apart)
        assert np.linalg.norm(vector - start[key]) > 1e-5 * np.linalg.norm(vector), key


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_threads_play_the_game_of_one(name, n, alone):
    found = with_threads(n, lambda team: play_together.play(name, UPDATES, team))
    assert_the_same(name, found[0], alone)
    for other in found[1:]:
        assert all(np.array_equal(other[key], found[0][key]) for key in other)


def test_a_whole_run_by_three_is_that_of_one(tmp_path, monkeypatch):
    """Log, checkpoint and pictures; begun by three, gone on with by two; one folder, and one who writes."""
    monkeypatch.setattr(training, "_ctrl_c", lambda: contextlib.nullcontext(lambda: False))
    small = dict(hidden=(16, 16), units=(8, 8), samples_every=1, pack=2)  # of 25 packs 8, 8 and 9

    def play(team, out, epochs, resume=False):
        recipe = recipes.find("digits").change(epochs=epochs, **small)
        played = training.Training(run.configure(recipe, 1, "numpy"), Backend("numpy"), team)
        if resume:
            played.resume(tmp_path / out)
        else:
            played.start(str(tmp_path / out))
        assert (played.lock is not None) == (team.rank == 0)
        assert played.play(lambda t, means: None)
        return played.t, played.folder.name

    assert play(ALONE, "one", 3) == (90, "one")
    assert with_threads(3, lambda team: play(team, "three", 2)) == [(60, "three")] * 3
    assert with_threads(2, lambda team: play(team, "three", 3, resume=True)) == [(90, "three")] * 2
    ours, theirs = (run.read_log(tmp_path / name) for name in ("three", "one"))
    assert [r["update"] for r in ours] == [30, 60, 90]
    for r, expected in zip(ours, theirs, strict=True):
        assert [r[c] for c in run.COLUMNS] == pytest.approx([expected[c] for c in run.COLUMNS], rel=1e-5)
    ours, theirs = (checkpoint.load_newest(tmp_path / name)[0] for name in ("three", "one"))
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-4, atol=1e-6)
    there, alone = ({p.name for p in (tmp_path / name).rglob("*")} for name in ("three", "one"))
    assert there - alone == {"checkpoint.previous.npz"} and not alone - there


# Over MPI -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def mpiexec():
    """The command, of the MPI that mpi4py finds."""
    try:
        import mpi4py  # noqa: F401  starts no MPI yet
    except ImportError:
        pytest.skip("NOT TESTED with several processes: python -m pip install 'minigan[mpi]'")
    found = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")
    if found is None:
        pytest.skip("NOT TESTED with several processes: mpi4py is here, and no mpiexec")
    return found


@pytest.fixture
def start(mpiexec, tmp_path):
    """start(n, words ...): Popen of n workers in an empty folder; none is left at the end."""
    begun = []

    def begin(n, *words):
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PMI_", "OMPI_"))}
        env |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        command = [mpiexec, "-n", str(n), sys.executable, *map(str, words)]
        pipe = subprocess.PIPE
        begun.append(subprocess.Popen(command, cwd=tmp_path, env=env, stdout=pipe, stderr=pipe, text=True))
        return begun[-1]

    yield begin
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


TRAIN = ("-m", "minigan.train")
SMALL = ("--hidden", "16,16", "--units", "8,8", "--threads", "1")


def finished(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


@pytest.mark.processes
@pytest.mark.parametrize("n", [1, 2, 3])
def test_processes_play_the_games_of_one(n, start, tmp_path, alone):
    names = ("digits", "digits-alternating-2", "ring8", "keras-mlp", "keras-mlp-2-packed")
    assert finished(start(n, ROOT / "tests" / "play_together.py", ".", UPDATES, *names)) == (0, "", "")
    for name in names:
        with np.load(tmp_path / f"{name}.npz") as found:
            assert_the_same(name, dict(found), alone)
        hashes = {(tmp_path / f"{name}.{rank}").read_text() for rank in range(n)}
        assert len(hashes) == 1


@pytest.mark.processes
def test_the_same_number_of_workers_gives_the_same_bits(start, tmp_path):
    hashes = []
    for _ in range(2):
        played = finished(start(2, ROOT / "tests" / "play_together.py", ".", 20, "digits", "keras-mlp"))
        assert played == (0, "", "")
        hashes.append([(tmp_path / f"{name}.0").read_text() for name in ("digits", "keras-mlp")])
    assert hashes[0] == hashes[1]


@pytest.mark.processes
def test_two_processes_time_what_their_sums_take_and_one_speaks(start):
    words = ("-m", "minigan.benchmark", "--recipe", "digits", "--repeats", 2, "--json")
    status, out, err = finished(start(2, *words))
    assert (status, err, out.count("\n")) == (0, "", 1)
    result = json.loads(out)
    assert result["workers"] == 2 and result["command"].startswith("mpiexec -n 2 python -m minigan")
    assert 0 < result["times"]["sum"]["least"] < result["times"]["update"]["least"]


@pytest.mark.processes
def test_a_run_by_two_goes_on_by_three_and_ends_as_that_of_one(start, tmp_path):
    """Interrupted once, and killed once: what is on the disk is that of worker 0 alone, and whole."""
    first = start(2, *TRAIN, "--epochs", 4000, "--out", "r", *SMALL)
    wait_for(tmp_path / "r" / "checkpoint.npz", first)
    first.send_signal(signal.SIGINT)
    status, out, err = finished(first)
    assert status == 130 and out.count("interrupted; saved at update") == 1, (out, err)
    t = int(out.split("saved at update ")[1].split(";")[0])

    second = start(3, *TRAIN, "--resume", "r", "--epochs", 4000, "--quiet")
    wait_for(tmp_path / "r" / "checkpoint.npz", second, newer=True)
    victim = worker_of(second, 1)
    os.kill(victim, signal.SIGKILL)
    assert finished(second)[0] != 0
    assert not Path("/proc", str(victim)).exists()

    last = json.loads((tmp_path / "r" / "log.jsonl").read_text().splitlines()[-1])
    assert last["update"] > t
    epochs = last["epoch"] + 2
    assert finished(start(2, *TRAIN, "--resume", "r", "--epochs", epochs, "--quiet")) == (0, "", "")
    assert finished(start(1, *TRAIN, "--out", "one", "--epochs", epochs, "--quiet", *SMALL)) == (0, "", "")
    ours, theirs = (run.read_log(tmp_path / name) for name in ("r", "one"))
    assert [r["epoch"] for r in ours] == [r["epoch"] for r in theirs] == list(range(1, epochs + 1))
    for name in run.COLUMNS:
        assert ours[9][name] == pytest.approx(theirs[9][name], rel=1e-4)


def wait_for(path, process, newer=False):
    """Until the file is there; with newer, until it is another one."""
    old, late = path.stat().st_mtime_ns if newer else 0, time.monotonic() + 120
    while not path.exists() or path.stat().st_mtime_ns <= old:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < late, f"no {path} for two minutes"
        time.sleep(0.1)


def worker_of(process, rank):
    """The process number of a worker, where Linux tells."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            variables = (folder / "environ").read_bytes().split(b"\0")
            cwd = (folder / "cwd").resolve()
        except OSError:
            continue
        if b"minigan.train" in words and b"PMI_RANK=%d" % rank in variables and cwd == process_cwd(process):
            return int(folder.name)
    pytest.skip("NOT TESTED: only Linux says which process is which worker")


def process_cwd(process):
    return Path(f"/proc/{process.pid}/cwd").resolve()


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--recipe nope", "--recipe: expected one of"),
        ("--lr nan", "--lr: expected a finite number"),
        ("--no-such-option", "unrecognized arguments"),
        ("--batch 1", "--batch: 1 rows leave 0 for one of 2 workers"),
        ("--resume nowhere", "expected a run folder"),
        ("--backend cupy", "cupy"),
        ("--epochs 0", "--epochs: expected 1 to"),
        ("--seed -1", "seed: expected an integer from 0"),
        ("--threads 0", "--threads"),
        ("--batch many", "invalid whole number value"),
        ("--data nowhere", "expected a folder of pictures"),
        ("--resume r --out r", "give one of them"),
        ("--out /dev/null/r", "--out: cannot make"),
    ],
)
def test_bad_input_is_one_line_however_many_read_it(words, said, start, tmp_path):
    status, out, err = finished(start(2, *TRAIN, *words.split()))
    assert (status, out) == (2, "") and said.lower() in err.lower()
    assert err.startswith("error: ") and err.count("\n") == 1, err
    assert list(tmp_path.iterdir()) == []


PLANTED = """\
import dataclasses, sys
from minigan import algorithm1, run, train, workers
team = workers.find()
plain = algorithm1.UPDATES["simultaneous"]
def update(game, t):
    if t == 5 and team.rank == {rank}:
        raise {error}
    return plain(game, t)
if "{error}" == "VERSION" and team.rank == {rank}:
    run.minigan.__version__ = "0.0.1"
elif "{error}" == "DATA" and team.rank == {rank}:
    load = run.load_data
    run.load_data = lambda recipe: (d := load(recipe)) and dataclasses.replace(d, train=d.train[::-1])
else:
    algorithm1.UPDATES["simultaneous"] = update
sys.exit(train.main(["--epochs", "2", "--out", "r", "--quiet"]))
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("rank", "error", "status", "said"),
    [
        (1, "MemoryError('no more')", 1, "error: worker 1 of 2 on "),
        (0, "OSError(28, 'No space left')", 1, "error: cannot write to r: No space left"),
        (1, "VERSION", 2, "is not as worker 0: minigan is 0.0.1, not "),
        (1, "DATA", 2, "is not as worker 0: SHA-256 of the training data is "),
    ],
)
def test_where_one_worker_fails_it_says_so_and_none_is_left_waiting(rank, error, status, said, start):
    found, out, err = finished(start(2, "-c", PLANTED.format(rank=rank, error=error)))
    assert (found, out) == (status, "") and said in err, err
    assert err.startswith("error: ") and err.count("\n") == 1, err


@pytest.mark.processes
def test_a_mistake_of_ours_at_one_worker_ends_all(start):
    status, out, err = finished(start(2, "-c", PLANTED.format(rank=1, error="ZeroDivisionError('a bug')")))
    assert (status, out) == (1, "") and err.count("Traceback") == 1 and err.endswith("Error: a bug\n"), err
