"""The run of several workers is the run of one: by threads here, by real processes under mpiexec below."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import play_together
import pytest

from minigan import players, recipes, run, shares, workers
from minigan.backend import Backend, to_host
from minigan.errors import InputError
from minigan.nn import BatchNorm, LeakyReLU, Packed, Sequential
from minigan.random import Streams
from minigan.shares import Rows, SharedStreams, rows_of
from minigan.tensor import Tensor, backward
from minigan.workers import ALONE, Workers

ROOT = Path(__file__).resolve().parent.parent
UPDATES = 100
NAMES = list(play_together.GAMES)


class Threads(Workers):
    """Worker `rank` of several that are threads of this process."""

    def __init__(self, rank, barrier, board):
        self.rank, self.size, self.barrier, self.board = rank, barrier.parties, barrier, board

    def sum(self, vector, weight):
        self.board[self.rank] = weight * vector
        self.barrier.wait(60)
        vector[...] = sum(self.board)
        self.barrier.wait(60)
        return vector


def with_threads(n, function):
    """What function(workers) gives each of n workers."""
    barrier, board, found, errors = threading.Barrier(n), [None] * n, [None] * n, []

    def work(rank):
        try:
            found[rank] = function(Threads(rank, barrier, board))
        except Exception as error:
            errors.append(error)
            barrier.abort()

    started = [threading.Thread(target=work, args=(rank,)) for rank in range(n)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert not errors, errors
    return found


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
        backward((y * Tensor(c[mine.slice])).sum() * (1 / mine.count), wrt=[rows])
        return y.data, rows.grad * mine.weight, net.running_mean, net.running_var

    y, gradient, mean, var = whole_or_share(ALONE)
    found = with_threads(n, whole_or_share)
    assert np.allclose(np.concatenate([f[0] for f in found]), y, rtol=0, atol=1e-14)
    assert np.allclose(np.concatenate([f[1] for f in found]), gradient, rtol=0, atol=1e-15)
    for f in found:
        assert np.allclose(f[2], mean, atol=1e-15) and np.allclose(f[3], var, atol=1e-15)


@pytest.fixture(scope="module")
def alone():
    """What each game ends with that one process plays, and what it began with."""
    return {name: (play_together.play(name, UPDATES, ALONE), beginning(name)) for name in NAMES}


def beginning(name):
    recipe = play_together.GAMES[name]
    dataset = players.load_data(recipe)
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
    assert ALONE.sum(v, 0.5) is v and v.tolist() == [0, 1, 2]
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
def together(mpiexec, tmp_path):
    """together(n, words ...): Popen of n workers in an empty folder; none is left at the end."""
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
def test_processes_play_the_games_of_one(n, together, tmp_path, alone):
    names = ("digits", "digits-alternating-2", "ring8", "keras-mlp", "keras-mlp-2-packed")
    assert finished(together(n, ROOT / "tests" / "play_together.py", ".", UPDATES, *names)) == (0, "", "")
    for name in names:
        with np.load(tmp_path / f"{name}.npz") as found:
            assert_the_same(name, dict(found), alone)
        hashes = {(tmp_path / f"{name}.{rank}").read_text() for rank in range(n)}
        assert len(hashes) == 1


@pytest.mark.processes
def test_the_same_number_of_workers_gives_the_same_bits(together, tmp_path):
    hashes = []
    for _ in range(2):
        played = finished(together(2, ROOT / "tests" / "play_together.py", ".", 20, "digits", "keras-mlp"))
        assert played == (0, "", "")
        hashes.append([(tmp_path / f"{name}.0").read_text() for name in ("digits", "keras-mlp")])
    assert hashes[0] == hashes[1]


@pytest.mark.processes
def test_a_run_by_two_goes_on_by_three_and_ends_as_that_of_one(together, tmp_path):
    """Interrupted once, and killed once: what is on the disk is that of worker 0 alone, and whole."""
    first = together(2, *TRAIN, "--epochs", 4000, "--out", "r", *SMALL)
    wait_for(tmp_path / "r" / "checkpoint.npz", first)
    first.send_signal(signal.SIGINT)
    status, out, err = finished(first)
    assert status == 130 and out.count("interrupted; saved at update") == 1, (out, err)
    t = int(out.split("saved at update ")[1].split(";")[0])

    second = together(3, *TRAIN, "--resume", "r", "--epochs", 4000, "--quiet")
    wait_for(tmp_path / "r" / "checkpoint.npz", second, newer=True)
    victim = worker_of(second, 1)
    os.kill(victim, signal.SIGKILL)
    assert finished(second)[0] != 0
    assert not Path("/proc", str(victim)).exists()

    last = json.loads((tmp_path / "r" / "log.jsonl").read_text().splitlines()[-1])
    assert last["update"] > t
    epochs = last["epoch"] + 2
    assert finished(together(2, *TRAIN, "--resume", "r", "--epochs", epochs, "--quiet")) == (0, "", "")
    assert finished(together(1, *TRAIN, "--out", "one", "--epochs", epochs, "--quiet", *SMALL)) == (0, "", "")
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
    ],
)
def test_bad_input_is_one_line_however_many_read_it(words, said, together, tmp_path):
    status, out, err = finished(together(2, *TRAIN, *words.split()))
    assert (status, out) == (2, "") and said.lower() in err.lower()
    assert err.startswith("error: ") and err.count("\n") == 1, err
    assert list(tmp_path.iterdir()) == []


PLANTED = """\
import sys
from minigan import algorithm1, run, train, workers
team = workers.find()
plain = algorithm1.UPDATES["simultaneous"]
def update(game, t):
    if t == 5 and team.rank == {rank}:
        raise {error}
    return plain(game, t)
if "{error}" == "VERSION" and team.rank == {rank}:
    run.minigan.__version__ = "0.0.1"
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
    ],
)
def test_where_one_worker_fails_it_says_so_and_none_is_left_waiting(rank, error, status, said, together):
    found, out, err = finished(together(2, "-c", PLANTED.format(rank=rank, error=error)))
    assert (found, out) == (status, "") and said in err, err
    assert err.startswith("error: ") and err.count("\n") == 1, err


@pytest.mark.processes
def test_a_mistake_of_ours_at_one_worker_ends_all(together):
    status, out, err = finished(together(2, "-c", PLANTED.format(rank=1, error="ZeroDivisionError('a bug')")))
    assert (status, out) == (1, "") and err.count("Traceback") == 1 and err.endswith("Error: a bug\n"), err
