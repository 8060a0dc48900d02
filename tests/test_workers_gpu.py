"""Several workers on GPUs: by threads over the stand-ins for CuPy, NCCL and MPI, and NCCL itself on one GPU.

What no machine has run yet is several GPUs; docs/howto/workers.md says how to.
"""

import contextlib
import sys
from types import ModuleType

import nccl_of_threads
import numpy as np
import play_together
import pytest
from mpi_of_threads import together, with_threads

from minigan import players, recipes, run, train, training, workers
from minigan.backend import Backend, to_host
from minigan.errors import InputError, RunError
from minigan.homework.judging import strict_cupy
from minigan.homework.judging.strict_cupy import no_sync, strict_backend
from minigan.workers import ALONE, NCCLWorkers, Workers


@pytest.fixture
def gpus():
    """gpus(n): several workers have n GPUs between them."""
    with contextlib.ExitStack() as stack:
        yield lambda n, **how: stack.enter_context(nccl_of_threads.installed(n, **how))


def on_gpus(team, dtype="float64"):
    return team.on(strict_backend(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sum_of_vectors_on_gpus_is_in_place(dtype, gpus):
    gpus(3)
    vectors = np.random.default_rng(0).normal(size=(3, 50)).astype(dtype)

    def play(team):
        mine, team = strict_cupy.xp.asarray(vectors[team.rank]), on_gpus(team, dtype)
        return mine, team.sum(mine)

    found, group = together(3, play)
    assert all(given is summed for given, summed in found)
    for _, summed in found:
        np.testing.assert_array_equal(to_host(summed), vectors[0] + vectors[1] + vectors[2])
    assert group.calls[-1] == ("allReduce", 50 * np.dtype(dtype).itemsize)
    assert [name for name, _ in group.calls].count("allReduce") == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_share_is_worker_0s_array_on_all_gpus(dtype, gpus):
    gpus(3)

    def play(team):
        mine = strict_cupy.xp.full((2, 5), team.rank + 7.0, dtype)
        on_gpus(team, dtype).share(mine)
        return to_host(mine).tolist()

    assert with_threads(3, play) == [[[7.0] * 5] * 2] * 3


def test_what_is_on_the_host_goes_over_mpi(gpus):
    gpus(2)

    def play(team):
        team, theirs = on_gpus(team), np.full(3, team.rank + 1.0)
        summed, flags = team.sum(np.full(3, team.rank + 1.0)), team.any(team.rank == 1, False)
        team.share(theirs)
        return summed.tolist(), theirs.tolist(), flags, team.first(lambda: "worker 0")

    found, group = together(2, play)
    assert found == [([3.0] * 3, [1.0] * 3, (True, False), "worker 0")] * 2
    assert {name for name, _ in group.calls} == {"Bcast", "Allreduce", "NcclCommunicator"}


def test_what_has_gaps_is_refused(gpus):
    gpus(1)
    gappy = strict_cupy.xp.zeros((4, 4))[:, :2]
    with pytest.raises(AssertionError):
        with_threads(1, lambda team: on_gpus(team).sum(gappy))


def test_on_numpy_the_workers_stay_what_they_are():
    assert with_threads(2, lambda team: team.on(Backend("numpy")) is team) == [True, True]
    assert ALONE.on(Backend("numpy")) is ALONE is ALONE.on(strict_backend())


def refused(n, function):
    """The one line that all n workers raise, and its kind."""
    found, _ = together(n, function)
    assert len({(type(error), str(error)) for error in found}) == 1
    return type(found[0]), str(found[0])


@pytest.mark.parametrize("resume", [False, True])
def test_each_worker_asks_for_the_gpu_of_its_place(resume, tmp_path, monkeypatch, capsys):
    team, asked = Workers(), []
    team.place = 2
    monkeypatch.setattr(workers, "find", lambda: team)
    monkeypatch.setattr(train, "choose", lambda name, place: asked.append((name, place)) or Backend("no"))
    folder = run.create(str(tmp_path / "r"), run.configure(recipes.find("digits"), 1, "cupy"))
    assert train.main(["--resume", str(folder)] if resume else ["--backend", "cupy"]) == 2
    assert asked == [("cupy", 2)]


def test_workers_that_share_a_gpu_are_one_line(gpus):
    gpus(2)
    assert refused(3, on_gpus) == (
        InputError,
        "expected a GPU for each worker, as NCCL does, got 2 for 3; start fewer: mpiexec -n 2",
    )


def test_a_cupy_without_nccl_is_one_line(gpus, recwarn):
    gpus(2, available=False)
    assert refused(2, on_gpus) == (
        InputError,
        "several workers on GPUs need NCCL, which CuPy does not find; python -m pip install "
        "nvidia-nccl-cu12, which is for Linux alone, or start it without mpiexec",
    )
    assert not recwarn


def test_where_nccl_fails_it_is_one_line(gpus):
    gpus(2, fails=True)
    kind, line = refused(2, on_gpus)
    assert kind is RunError
    assert line == "NCCL does not join the workers: NCCL_ERROR_SYSTEM_ERROR: unhandled system error"


def test_one_worker_with_another_backend_is_one_line(gpus):
    gpus(2)
    kind, line = refused(2, lambda team: team.on(strict_backend() if team.rank == 0 else Backend()))
    assert kind is InputError and "worker 1 of 2 on " in line and "backend is numpy, not cupy" in line


def test_the_text_of_cupys_own_is_not_shown(gpus, recwarn, monkeypatch):
    """CuPy warns in several lines where it does not find the library."""
    gpus(1, available=False)

    class Cuda(ModuleType):
        def __getattr__(self, name):
            import warnings

            warnings.warn("nccl library could not be loaded.", stacklevel=1)
            return nccl_of_threads.nccl

    monkeypatch.setitem(sys.modules, "cupy.cuda", Cuda("cupy.cuda"))
    assert refused(1, on_gpus)[0] is InputError and not recwarn


# Whole games


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("name", ["digits", "keras-mlp-2-packed"])
def test_gpus_play_the_game_of_processes(name, n, gpus):
    """The same numbers as over MPI alone, with batch norm too; one sum a step of each player."""
    gpus(n)
    recipe, updates = play_together.GAMES[name], 3
    dataset = play_together.load_data(recipe)

    def played(team, backend):
        game = players.set_up(recipe, dataset, backend, 3, team.on(backend))
        for t in range(updates):
            team.any(False)  # all are here, and nobody waits for a GPU while worker 0 forbids it to all
            with no_sync() if team.rank == 0 else contextlib.nullcontext():
                team.any(False)
                players.update_of(recipe)(game, t)
                team.any(False)
            team.any(False)
        return {name: to_host(array).copy() for name, array in players.arrays(game).items()}

    found, group = together(n, lambda team: played(team, strict_backend("float64")))
    theirs = with_threads(n, lambda team: played(team, Backend("numpy", "float64")))[0]
    for arrays in found:
        for name, array in theirs.items():
            np.testing.assert_allclose(arrays[name], array, rtol=1e-9, atol=1e-12, err_msg=name)
            assert np.array_equal(arrays[name], found[0][name])
    vectors = [size for name, size in group.calls if name == "allReduce" and size > 4096]
    assert len(vectors) == updates * (recipe.k + 1) and len(set(vectors)) == 2
    assert all(size <= 16 for name, size in group.calls if name == "Allreduce")


def test_a_whole_run_on_gpus_is_resumed_by_other_ones(gpus, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_ctrl_c", lambda: contextlib.nullcontext(lambda: False))
    recipe = play_together.GAMES["digits"].change(epochs=1, samples_every=1)

    def play(team, epochs, resume):
        longer = recipe.change(epochs=epochs)
        played = training.Training(run.configure(longer, 1, "cupy"), strict_backend(), team)
        assert type(played.workers) is NCCLWorkers
        played.use_threads(None)
        played.resume(tmp_path / "r") if resume else played.start(str(tmp_path / "r"))
        assert played.play(lambda t, means: None)
        return {name: to_host(a).tobytes() for name, a in players.arrays(played.game).items()}

    gpus(3)
    for n, epochs in ((2, 1), (3, 2)):
        found = with_threads(n, lambda team, e=epochs: play(team, e, e > 1))
        assert all(arrays == found[0] for arrays in found)
    assert [record["epoch"] for record in run.read_log(tmp_path / "r")] == [1, 2]


# NCCL itself


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nccl_itself_with_the_one_gpu_that_is_here(dtype):
    """Of one worker alone: its sum is its own vector, and its array stays."""
    try:
        backend = Backend("cupy", dtype)
    except InputError as reason:
        pytest.skip(f"NCCL did not run: {str(reason).partition(';')[0]}")

    def play(team):
        team, vector = team.on(backend), backend.xp.arange(5, dtype=dtype)
        summed = team.sum(vector)
        team.share(vector)
        return summed is vector, to_host(vector).tolist()

    try:
        assert with_threads(1, play) == [(True, [0, 1, 2, 3, 4])]
    except InputError as reason:
        pytest.skip(f"NCCL did not run: {reason}")
