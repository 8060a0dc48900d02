"""python -m minigan.benchmark: that it measures what it says.  No test looks at how long anything takes."""

import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from itertools import count
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest

from minigan import data, kernels, ops, players, recipes, tensor, threads
from minigan.algorithm1 import UPDATES
from minigan.backend import Backend
from minigan.benchmark import __main__ as benchmark
from minigan.benchmark import document, instruments, measure, neighbours, parts, sweep
from minigan.benchmark.floor import floor, gflop, products
from minigan.benchmark.pytorch import torch_network, torch_step
from minigan.benchmark.report import report, tables
from minigan.benchmark.update import stepper, synthetic
from minigan.errors import InputError
from minigan.homework.judging import strict_cupy
from minigan.nn import Packed, Sequential

TINY = recipes.find("digits").change(
    name="tiny", update="alternating", batch=20, hidden=(12, 9), units=(7, 5)
)
RECIPES = {
    "alternating": TINY,
    "simultaneous": replace(TINY, update="simultaneous"),
    "k = 3": replace(TINY, k=3),
    "one layer": TINY.change(hidden=(6,), units=(4,)),
    "batch norm": recipes.find("keras-mlp").change(data="digits", batch=20, hidden=(6, 7, 8), units=(9, 5)),
    "points": replace(recipes.find("ring8"), batch=20),
}
PARTS = {
    "matrix products and biases",
    "activations",
    "maxout",
    "dropout masks",
    "noise",
    "minibatches",
    "parameter updates",
    "losses, other arithmetic",
    "engine and the rest",
}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """The recipe `tiny`, and fewer untimed turns."""
    monkeypatch.setitem(recipes.RECIPES, "tiny", TINY)
    monkeypatch.setattr(instruments, "WARM_UP", 1)


def players_of(recipe, backend=None):
    return players.set_up(recipe, players.load_data(recipe), backend or Backend(), seed=1)


def measured(capsys, *options):
    """The JSON object that the command prints, and nothing else."""
    assert benchmark.main(["--recipe", "tiny", "--repeats", "2", "--json", *options]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and err == ""
    return json.loads(out)


# The products ----------------------------------------------------------------------------------------


@pytest.fixture
def multiplied(monkeypatch):
    """The shapes of all matrix products that the stand-in for CuPy computes, in their order."""
    found, matmul = [], strict_cupy.matmul

    def noted(a, b, out=None):
        found.append((*a.shape, b.shape[1]))
        assert a.shape[1] == b.shape[0]
        return matmul(a, b, out=out)

    monkeypatch.setattr(strict_cupy.xp, "matmul", noted)
    monkeypatch.setattr(strict_cupy.ndarray, "__matmul__", noted)
    return found


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_floor_has_exactly_the_products_of_the_update(recipe, multiplied):
    players = players_of(recipe, strict_cupy.strict_backend())
    needed = products(players, recipe.update)
    step, compute = stepper(players, recipe.update), floor(needed, recipe.batch, players)
    step()
    of_the_update = multiplied.copy()
    multiplied.clear()
    compute()
    assert multiplied == of_the_update
    flops = sum(2 * prod(shape) for shape in of_the_update)
    assert gflop(needed, recipe.batch) == pytest.approx(flops / 1e9)


@pytest.mark.parametrize(("update", "found"), [("alternating", 3.566784), ("simultaneous", 2.820816)])
def test_the_paper_s_mnist_update_has_so_many(update, found):
    """By hand, weights times (2 * batch) for each product: G has 2,500,800 and D 1,229,040; of these 120,000
    and 940,800 are in the first layer."""
    recipe = recipes.find("mnist").change(update=update)
    game = players.set_up(recipe, synthetic(recipe), Backend(), seed=1)
    assert gflop(products(game, update), 100) == pytest.approx(found)


def test_the_floor_computes_into_arrays_that_are_there(monkeypatch):
    players = players_of(TINY)
    needed = products(players, "alternating")
    compute = floor(needed, 20, players)
    results, matmul = [], np.matmul
    monkeypatch.setattr(np, "matmul", lambda a, b, out: results.append(id(matmul(a, b, out=out))))
    compute()
    first = results.copy()
    results.clear()
    compute()
    assert results == first and len(set(first)) == len(needed)


# Taking turns ----------------------------------------------------------------------------------------


def test_contenders_take_turns_and_the_first_turns_do_not_count():
    log = []
    contenders = {name: lambda name=name: log.append(name) for name in "ab"}
    ticks = count()
    seconds = instruments.interleave(contenders, 3, lambda: next(ticks), lambda: log.append("finish"))
    assert log == ["a", "finish", "a", "finish", "b", "finish", "b", "finish"] * (instruments.WARM_UP + 3)
    assert {name: taken.tolist() for name, taken in seconds.items()} == {"a": [1, 1, 1], "b": [1, 1, 1]}


def test_a_ratio_is_of_the_same_turn():
    """The machine is ten times slower in the second of three turns: no ratio may be of two turns."""
    products, step = np.array([1.0, 10.0, 3.0]), np.array([2.0, 11.0, 3.0])
    table = instruments.summary({"products": products, "step": step, "torch": 2 * products})
    assert table["step"]["ratio"] == pytest.approx(1.1)
    assert table["step"]["ratio_quartiles"] == pytest.approx([1.05, 1.55])
    assert table["step"]["ms"] == 3000 and table["step"]["ms_quartiles"] == [2500, 7000]
    assert table["torch"]["ratio"] == 2 and table["torch"]["step_ratio"] == pytest.approx(0.55)
    assert "step_ratio" not in table["step"]


def test_updates_are_played_one_after_the_other(monkeypatch):
    played = []
    monkeypatch.setitem(UPDATES, "alternating", lambda players, t: played.append(t))
    step = stepper(None, "alternating")
    for _ in range(3):
        step()
    assert played == [0, 1, 2]


def test_a_line_is_told_from_a_curve():
    line = sweep.line((32, 100, 316), [7 + 0.25 * m for m in (32, 100, 316)])
    assert list(line.values()) == pytest.approx([7, 0.25, 0])
    assert sweep.line((32, 100, 316), [m**2 for m in (32, 100, 316)])["deviation"] > 0.15
    bent = sweep.line((1, 10, 100), [2, 11, 80])["deviation"]
    assert bent == pytest.approx(0.1185, abs=1e-4)  # 0.47 where the absolute errors are the smallest


# The parts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_parts_add_up_to_the_profiled_update(recipe):
    """By a clock that ticks once whenever it is read, so that every call and return takes one second."""
    step = stepper(players_of(recipe), recipe.update)
    step()
    ticks = count()
    found = parts.parts(step, 4, lambda: float(next(ticks)))
    milliseconds = sum(part["ms"] for part in found.values())
    assert milliseconds * 4 / 1000 == pytest.approx(next(ticks), rel=0.02)
    assert min(part["ms"] for part in found.values()) > 0
    assert found.keys() <= PARTS


def test_each_call_is_counted_once_and_in_its_part():
    step = stepper(players_of(TINY), "alternating")
    calls = {name: part["calls"] for name, part in parts.parts(step, 3, count().__next__).items()}
    assert calls.keys() == PARTS
    assert calls["activations"] == calls["maxout"] == 0  # within the products, and told from them
    assert calls["dropout masks"] == 2 * 3 + 2 + 3  # D's inputs need none while D learns
    assert (calls["noise"], calls["minibatches"], calls["parameter updates"]) == (2, 1, 2)
    assert calls["losses, other arithmetic"] >= 2 and calls["engine and the rest"] == 0


@pytest.mark.parametrize("kernel", kernels.KERNELS.values(), ids=kernels.KERNELS)
def test_every_kernel_has_a_part(kernel):
    assert kernel.function.__code__ in parts._codes([m for part in parts.PARTS.values() for m in part])


def test_a_function_called_by_a_part_is_counted_with_its_caller():
    affine, unbroadcast = ops.affine.__code__, tensor.unbroadcast.__code__
    *_, pullback = (c for c in parts._codes([ops.affine]) if c.co_name == "<lambda>")
    relu, outside = ops.relu.__code__, stepper.__code__

    def entry(code, inlinetime, **calls):
        names = {"affine": affine, "unbroadcast": unbroadcast, "pullback": pullback, "relu": relu}
        called = [SimpleNamespace(code=names[name], totaltime=t, callcount=1) for name, t in calls.items()]
        return SimpleNamespace(code=code, inlinetime=inlinetime, calls=called or None)

    entries = [
        entry(outside, 1.0, affine=9.0, relu=2.0),
        entry(affine, 3.0, unbroadcast=4.0, relu=2.0),
        entry(unbroadcast, 4.0),
        entry("<built-in method builtins.any>", 0.5, pullback=8.0),
        entry(relu, 4.0),
    ]
    found = parts.attribute(entries)
    assert found.pop("matrix products and biases") == (9.0, 1)
    assert found.pop("activations") == (2.0, 1)
    assert found == {"engine and the rest": (1.5, 0)}


# What is printed -------------------------------------------------------------------------------------


def test_json_holds_every_number_of_the_report(capsys):
    result = measured(capsys, "--sweep")
    assert result["command"] == "python -m minigan.benchmark --recipe tiny --repeats 2 --sweep"
    assert (result["recipe"], result["update"], result["batch"], result["k"]) == (
        "tiny",
        "alternating",
        20,
        1,
    )
    assert (result["threads"], result["repeats"], result["clock"]) == (None, 2, "wall time")
    assert {"processor", "cores", "python", "numpy", "blas"} == result["machine"].keys()
    assert result["machine"]["numpy"] == np.__version__ and all(result["machine"].values())
    assert result["times"].keys() == {"products", "step"} and result["times"]["products"]["ratio"] == 1
    assert result["gflop"] > 0 and result["gflop_per_second"] > 0 and result["epoch_seconds"] > 0
    assert result["parts"].keys() == PARTS
    memory = result["memory"]
    assert memory.keys() == {"page_faults", "peak_mib"}
    assert memory["peak_mib"] is None or 20 < memory["peak_mib"] < 20_000  # not KiB, not bytes
    sweep = result["sweep"]
    assert list(sweep["batch"]) == ["32", "100", "316", "1000"] and sweep["batch"]["100"]["relative"] == 1
    assert list(sweep["width"]) == ["0.5", "1", "2"] and sweep["width"]["1"]["gflop"] == result["gflop"]
    assert sweep["update"]["simultaneous"]["gflop"] < sweep["update"]["alternating"]["gflop"]
    assert sweep["width"]["0.5"]["gflop"] < result["gflop"] < sweep["width"]["2"]["gflop"]
    assert sweep["batch"]["32"]["gflop"] == pytest.approx(1.6 * result["gflop"])
    for kind, per in (("batch", "batch"), ("width", "gflop")):
        (name, row), reference = next(iter(sweep[kind].items())), list(sweep[kind].values())[1]
        cost, unit = row["ms"] / row[per], reference["ms"] / reference[per]
        assert row["relative"] == pytest.approx(cost / unit), name
    assert sweep["linear"].keys() == {"fixed", "each", "deviation"}


def test_the_report_shows_it_and_explains_itself(capsys):
    assert benchmark.main(["--recipe", "tiny", "--repeats", "2", "--sweep"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and max(map(len, out.splitlines())) <= 120
    explanation = out.rstrip("\n").rpartition("\n\n")[2].splitlines()
    assert [line.partition(":")[0] for line in explanation] == ["Ratio", "Bound", "Noise"]
    for text in (
        *PARTS,
        "| products ",
        "| step ",
        "GFLOP",
        "page faults",
        "peak memory",
        "| 1000 ",
        "simultaneous",
    ):
        assert text in out
    for table in re.findall(r"(?:^\|.*\n)+", out, re.MULTILINE):
        assert len({len(line) for line in table.splitlines()}) == 1


def test_the_report_names_what_chooses_the_kernels_of_the_products(capsys, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    result = measured(capsys)
    assert "OPENBLAS_CORETYPE=Haswell" in result["machine"]["blas"]
    assert f"{result['gflop_per_second']:.0f} GFLOP/s\n" in tables(result)
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    assert "CORETYPE" not in measured(capsys)["machine"]["blas"]


def test_options_reach_the_measurement(capsys):
    result = measured(capsys, "--update", "simultaneous", "--batch", "30")
    assert (result["update"], result["batch"]) == ("simultaneous", 30)


def test_pytorch_has_the_cores_that_the_process_may_use(monkeypatch, capsys):
    """Not all of the machine's, as where a launcher has bound it to some."""
    had = []

    def torch_step(recipe, dataset, players, threads):
        had.append(threads)
        return lambda: None

    monkeypatch.setattr(measure, "cores", lambda: 3)
    monkeypatch.setattr(measure, "torch_step", torch_step)
    monkeypatch.setattr(benchmark, "find_spec", lambda name: True)
    assert measured(capsys, "--compare", "torch")["times"]["torch"]["ms"] > 0 and had == [3]


def test_page_faults_are_those_of_one_update_after_warm_up(monkeypatch):
    usage = SimpleNamespace(ru_minflt=1000, ru_maxrss=300 * 1024)

    def step():
        usage.ru_minflt += 7

    monkeypatch.setattr(
        instruments, "resource", SimpleNamespace(getrusage=lambda _: Namespace(**vars(usage)), RUSAGE_SELF=0)
    )
    monkeypatch.setattr(sys, "platform", "linux")
    assert instruments.memory(step, 10) == {"page_faults": 7, "peak_mib": 300}
    monkeypatch.setattr(sys, "platform", "darwin")
    usage.ru_maxrss *= 1024
    assert instruments.memory(step, 10)["peak_mib"] == 300


def test_without_the_counters_of_unix_the_report_says_so(capsys, monkeypatch):
    monkeypatch.setattr(instruments, "resource", None)
    assert measured(capsys)["memory"] == {"page_faults": None, "peak_mib": None}
    assert benchmark.main(["--recipe", "tiny", "--repeats", "1"]) == 0
    assert "not known on this system" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "shape"), [("mnist", (50_000, 784)), ("cifar10", (40_000, 3072))])
def test_nothing_is_downloaded(name, shape, monkeypatch):
    monkeypatch.setattr(data, "load", lambda *_: pytest.fail("the data set was asked for"))
    dataset = synthetic(recipes.find(name))
    assert dataset.train.shape == shape and dataset.train.dtype == np.uint8
    assert synthetic(recipes.find(name), most=7).train.shape == (7, shape[1])
    prepared = dataset.prepare(dataset.train[:100].astype(np.float32))
    assert prepared.min() == 0 and prepared.max() == 1 and prepared.dtype == np.float32


# On a GPU --------------------------------------------------------------------------------------------


def test_on_a_gpu_it_tells_asking_from_playing(monkeypatch, capsys):
    """On the stand-in, with events that count."""
    numbers, backend = count(), strict_cupy.strict_backend()
    event = SimpleNamespace(record=lambda: next(numbers), synchronize=lambda: None)
    runtime = SimpleNamespace(getDeviceProperties=lambda _: {"name": b"a GPU"})
    for name, value in {
        "Event": lambda: event,
        "get_elapsed_time": lambda start, end: 0.5,
        "runtime": runtime,
    }.items():
        monkeypatch.setattr(strict_cupy.xp.cuda, name, value, raising=False)
    monkeypatch.setattr(strict_cupy.xp, "__version__", "14", raising=False)
    monkeypatch.setattr(benchmark, "choose", lambda _: backend)
    result = measured(capsys, "--backend", "cupy")
    assert result["device"].keys() == {"queue", "device", "running"} and result["device"]["device"] == 0.5
    assert result["machine"]["gpu"] == "a GPU" and "parts" not in result
    assert result["epoch_seconds"] == pytest.approx(result["device"]["running"] * (1500 // 20) / 1000)
    assert next(numbers) == 4  # two events for each of two updates
    text = report(result)
    assert "No table of parts" in text and "a GPU, CuPy 14" in text


# Threads ---------------------------------------------------------------------------------------------


def test_threads(monkeypatch, capsys):
    used = []
    monkeypatch.setattr(threads, "use", lambda wanted, shapes: used.append(wanted))
    assert measured(capsys, "--threads", "2")["threads"] == 2
    assert measured(capsys)["threads"] is None
    assert used == [2]


def test_beside_neighbours(monkeypatch, capsys):
    """In the shortest of times: each recipe alone and beside others, the choice among what was measured."""
    started, ended = [], []

    class Process:
        def __init__(self, command, **options):
            started.append(options)

        def kill(self):
            ended.append("kill")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            ended.append("wait")

    monkeypatch.setattr(neighbours.subprocess, "Popen", Process)
    monkeypatch.setattr(neighbours, "RECIPES", ("ring8",))
    monkeypatch.setattr(neighbours, "SECONDS", 1e-3)
    monkeypatch.setattr(threads, "cores", lambda: 2)
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(neighbours, "use_threads", lambda *_: 2)
    found = measured(capsys, "--neighbours")["neighbours"]
    assert [row["neighbours"] for row in found] == [0, 2] and found[0]["ms"].keys() == {"1", "2"}
    assert started == [{"stdin": subprocess.PIPE, "stderr": subprocess.DEVNULL}] * 2  # Ctrl-C reaches it too
    assert ended == ["kill", "wait"] * 2
    table = neighbours.table([{"recipe": "mnist", "neighbours": 2, "ms": {1: 10.0, 2: 20.0}, "chosen": 2}])
    assert table.splitlines()[-1] == "| mnist | 2 | 10 | 20 | 2 | 2.00 |"
    monkeypatch.setenv(threads.VARIABLES[0], "1")
    assert benchmark.main(["--neighbours"]) == 2
    assert "--neighbours: nothing is left to choose; unset OPENBLAS_NUM_THREADS" in capsys.readouterr().err


@pytest.mark.processes
def test_a_busy_neighbour_ends_with_who_started_it():
    with subprocess.Popen([sys.executable, "-c", neighbours.BUSY], stdin=subprocess.PIPE) as busy:
        with pytest.raises(subprocess.TimeoutExpired):
            busy.wait(0.2)
        busy.stdin.close()  # as the system does where the other is killed
        try:
            assert busy.wait(30) == 0
        finally:
            busy.kill()


# What is typed wrongly -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--recipe mnits", "mnist"),
        ("--recipe wgan-gp", "--recipe: the products of wgan-gp are not counted"),
        ("--recipe dcgan-digits --batch 20", "--recipe: the products of dcgan-digits are not counted"),
        ("--recipe tiny --batch 0", "--batch"),
        ("--recipe tiny --batch ten", "'ten'"),
        ("--recipe tiny --batch 2000", "1500"),
        ("--recipe tiny --threads 0", "--threads"),
        ("--recipe tiny --repeats -1", "--repeats"),
        ("--recipe tiny --repeats 1000001", "--repeats: expected a whole number from 1 to 1,000,000"),
        ("--recipe tiny --update sideways", "simultaneous"),
        ("--recipe tiny --compare jax", "torch"),
        ("--recipe tiny --compare torch", "pip install torch"),
        ("--recipe tiny --threads 1 --compare torch", "pip install torch"),
        ("--recipe tiny --cpu-time", "--threads 1"),
        ("--recipe tiny --cpu-time --threads 2", "--threads 1"),
        ("--recipe tiny --backend cupy", "CuPy"),
        ("--recipe tiny --quiet", "--write"),
        ("--recipe tiny --write .", "--write"),
        ("--recipe tiny --write no/such/folder/a.md", "--write"),
        ("--recipe tiny --write picture.md", "--write"),
        ("--recip tiny", "--help"),
        ("tiny", "--help"),
    ],
)
def test_bad_input_is_one_line(line, says, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.md").write_bytes(b"\x89PNG")
    for library in ("torch", "cupy"):
        monkeypatch.setitem(sys.modules, library, None)  # as where it is not installed
    assert benchmark.main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1 and says in err
    assert os.listdir(tmp_path) == ["picture.md"]


# The document ----------------------------------------------------------------------------------------


def test_the_document_keeps_its_prose(tmp_path, capsys):
    page = tmp_path / "speed.md"
    page.write_text("# Speed\n\nBefore.\n", "utf-8")
    assert benchmark.main(["--recipe", "tiny", "--repeats", "2", "--write", str(page), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    first = page.read_text("utf-8")
    command = "python -m minigan.benchmark --recipe tiny --repeats 2"
    assert first.startswith(f"# Speed\n\nBefore.\n\n<!-- {command} -->\n\n    {command}\n")
    assert str(tmp_path) not in first and "Noise:" not in first and "| step " in first

    page.write_text(first + "\nAfter: schön.\n", "utf-8")
    document.write(page, command, "other numbers")
    block = f"<!-- {command} -->\n\nother numbers\n\n<!-- end of {command} -->\n"
    assert page.read_text("utf-8") == f"# Speed\n\nBefore.\n\n{block}\nAfter: schön.\n"
    longer = f"{command} --sweep"  # begins with the same words, and is another
    document.write(page, longer, "a sweep")
    document.write(page, command, "third numbers")
    assert Counter(re.findall("other|third|sweep\n|schön", page.read_text("utf-8"))) == {
        "third": 1,
        "sweep\n": 1,
        "schön": 1,
    }


def test_a_new_document_is_made(tmp_path):
    document.write(tmp_path / "new.md", "command", "text")
    assert (tmp_path / "new.md").read_text("utf-8") == "<!-- command -->\n\ntext\n\n<!-- end of command -->\n"


def test_a_document_that_cannot_be_written_is_seen_before_anything_is_measured(tmp_path, monkeypatch, capsys):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("minigan.files.tempfile.TemporaryFile", refuse)
    monkeypatch.setattr("minigan.benchmark.measure.measure", lambda *_: pytest.fail("it began all the same"))
    assert benchmark.main(["--write", str(tmp_path / "a.md")]) == 2
    said = f"error: --write: cannot write to {tmp_path}: Permission denied; name another folder\n"
    assert capsys.readouterr().err == said


def test_a_document_keeps_its_line_ends(tmp_path):
    page = tmp_path / "page.md"
    page.write_bytes(b"# Title\r\n\r\nProse.\r\n")
    for text in ("one\ntwo", "three\nfour"):
        document.write(page, "command", text)
    content = page.read_bytes()
    assert content.startswith(b"# Title\r\n") and b"three\r\nfour" in content and b"one" not in content
    assert content.count(b"\n") == content.count(b"\r\n")


def test_a_document_without_the_second_mark_is_not_touched(tmp_path, capsys):
    page = tmp_path / "speed.md"
    page.write_text("<!-- command -->\nmine\n", "utf-8")
    with pytest.raises(InputError, match="end of command"):
        document.write(page, "command", "text")
    assert page.read_text("utf-8") == "<!-- command -->\nmine\n"


# PyTorch ---------------------------------------------------------------------------------------------


def test_a_network_that_pytorch_has_no_layer_for_is_named(monkeypatch):
    modules = SimpleNamespace(Module=object, Sequential=object, ReLU=object, Sigmoid=object, Tanh=object)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(nn=modules))
    with pytest.raises(TypeError, match="does what Packed does"):
        torch_network(Packed(Sequential(), 2))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_pytorch_plays_the_same_update(recipe):
    torch = pytest.importorskip("torch", reason="NOT TESTED against PyTorch: it is not installed")
    players, optimisers = players_of(recipe), []
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("SGD", "Adam"):
            original = getattr(torch.optim, kind)

            def made(parameters, original=original, **options):
                optimisers.append((parameters, original(parameters, **options)))
                return optimisers[-1][1]

            patch.setattr(torch.optim, kind, made)
        step = torch_step(recipe, players.load_data(recipe), players, threads=1)
    for (theirs, _), net in zip(optimisers, (players.G, players.D), strict=True):
        shapes = [tuple(p.shape)[::-1] for p in theirs]
        assert Counter(shapes) == Counter(p.shape for p in net.parameters())
    before = [[p.detach().clone() for p in theirs] for theirs, _ in optimisers]
    step()
    for (theirs, optimiser), old in zip(optimisers, before, strict=True):
        assert all(not torch.equal(p, q) for p, q in zip(theirs, old, strict=True) if p.ndim == 2)
        assert {p.dtype for p in theirs} == {torch.float32}
        steps = {int(s["step"]) for s in optimiser.state.values() if "step" in s}
        assert steps <= {1, recipe.k}
