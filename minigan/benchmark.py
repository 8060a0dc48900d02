"""python -m minigan.benchmark: how fast this machine plays one update, beside its bare matrix products."""

import cProfile
import json
import os
import platform
import subprocess
import sys
import time
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import count
from math import sqrt
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from minigan import data, game, nn, ops, optim, recipes, run, tensor
from minigan.algorithm1 import UPDATES, Game
from minigan.backend import Backend, choose
from minigan.cli import Parser, exit_status
from minigan.data.dataset import Dataset, scaling
from minigan.errors import InputError
from minigan.files import write_atomically
from minigan.nn import Layer, Sequential
from minigan.recipes import Recipe
from minigan.tensor import Array

try:
    import resource
except ImportError:  # Windows
    resource = None

EXAMPLES = """\
  python -m minigan.benchmark                                  half a minute, all cores
  python -m minigan.benchmark --threads 1 --compare torch      one core, and PyTorch beside it
  python -m minigan.benchmark --update simultaneous --batch 32 --json
  python -m minigan.benchmark --sweep                          a few minutes: batch, width, update rule
  python -m minigan.benchmark --backend cupy --recipe mnist    on a GPU"""

WARM_UP = 5  # untimed turns before the timed ones
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PICTURES = {"mnist": (50_000, (28, 28)), "cifar10": (40_000, (32, 32, 3))}  # those that would be downloaded
BATCHES, WIDTHS = (32, 100, 316, 1000), (0.5, 1, 2)

Play = Callable[[], object]  # plays one update, or one update's products
Turns = Callable[[Mapping[Any, Play]], dict[Any, np.ndarray]]  # `interleave` with its settings


def main(argv: list[str] | None = None) -> int:
    """Measure as the arguments say; returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    return exit_status(lambda: _benchmark(_parser().parse_args(argv), argv))


def _parser() -> Parser:
    parser = Parser("benchmark", "Time an update of Algorithm 1 beside its bare matrix products.", EXAMPLES)
    known = ", ".join(recipes.RECIPES)
    default = "mnist-alternating"
    parser.add_argument("--recipe", default=default, metavar="NAME", help=f"one of {known} ({default})")
    parser.add_argument("--update", choices=UPDATES, help="(default: the recipe's)")
    parser.add_argument("--batch", type=_positive, metavar="N", help="examples in a minibatch (the recipe's)")
    parser.add_backend()
    parser.add_argument("--threads", type=_positive, metavar="N", help="of the matrix library (all cores)")
    parser.add_argument("--repeats", type=_positive, default=50, metavar="N", help="timed updates (50)")
    parser.add_argument("--compare", choices=("torch",), help="time PyTorch as well, where it is installed")
    parser.add_argument("--sweep", action="store_true", help="also other batches, widths and update rules")
    parser.add_argument("--cpu-time", action="store_true", help="not wall time; only with --threads 1")
    parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the tables into this document too")
    parser.add_argument("--quiet", action="store_true", help="print nothing; with --write")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"expected a whole number of 1 or more, got {text!r}")
    return int(text)


def _benchmark(args: Namespace, argv: list[str]) -> int:
    recipe = recipes.find(args.recipe)
    recipe = recipe.change(batch=args.batch or recipe.batch, update=args.update or recipe.update)
    if args.cpu_time and (args.threads != 1 or args.backend != "numpy"):
        raise InputError("--cpu-time adds up the time of all threads; use it with --threads 1, on NumPy")
    if args.quiet and not args.write:
        raise InputError("--quiet leaves nothing to see; use it with --write")
    if args.compare and not find_spec(args.compare):
        raise InputError("--compare torch: PyTorch is not installed; pip install torch")
    if args.write:
        _page(args.write)
    if args.threads and any(os.environ.get(name) != str(args.threads) for name in THREADS):
        return _with_threads(args.threads, argv)
    result = {"command": _command(args), **measure(recipe, choose(args.backend), args)}
    if args.write:
        write(args.write, result["command"], tables(result))
    if not args.quiet:
        print(json.dumps(result) if args.json else report(result))
    return 0


def _with_threads(threads: int, argv: list[str]) -> int:
    """This command again in a process of its own: matrix libraries read their thread count as they start."""
    above = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (above, os.environ.get("PYTHONPATH"))))
    env = os.environ | dict.fromkeys(THREADS, str(threads)) | {"PYTHONPATH": path}
    return subprocess.run([sys.executable, "-m", "minigan.benchmark", *argv], env=env).returncode


def _command(args: Namespace) -> str:
    """The command that measures this again, however it was spelt."""
    words, parser = ["python -m minigan.benchmark"], _parser()
    for name, value in vars(args).items():
        if name not in ("json", "write", "quiet") and value != parser.get_default(name):
            words += ["--" + name.replace("_", "-"), *([] if value is True else [str(value)])]
    return " ".join(words)


# What is measured ------------------------------------------------------------------------------------


def measure(recipe: Recipe, backend: Backend, args: Namespace) -> dict[str, Any]:
    """All numbers of a report, as JSON has them; times are in ms unless their name says otherwise."""
    dataset = synthetic(recipe)
    players = run.set_up(recipe, dataset, backend, seed=1)
    step, needed = stepper(players, recipe.update), products(players, recipe.update)
    faults = memory(step, args.repeats)  # first, before there is anything but the players and their data
    contenders = {"products": floor(needed, recipe.batch, players), "step": step}
    if args.compare:
        contenders["torch"] = torch_step(recipe, dataset, players, args.threads or os.cpu_count())
    clock = time.process_time if args.cpu_time else time.perf_counter
    take_turns = partial(interleave, repeats=args.repeats, clock=clock, finish=backend.synchronize)
    times, work = summary(take_turns(contenders)), gflop(needed, recipe.batch)
    found = {
        "recipe": recipe.name,
        "update": recipe.update,
        "batch": recipe.batch,
        "k": recipe.k,
        "parameters": sum(p.data.size for net in (players.G, players.D) for p in net.parameters()),
        "data": f"{len(dataset.train):,} x {dataset.train.shape[1]} {dataset.name}",
        "threads": args.threads,
        "repeats": args.repeats,
        "clock": "processor time" if args.cpu_time else "wall time",
        "machine": machine(backend),
        "gflop": work,
        "gflop_per_second": 1000 * work / times["products"]["ms"],
        "times": times,
        "memory": faults,
    }
    if backend.xp is np:
        found["parts"], update = parts(step, args.repeats, clock), times["step"]["ms"]
    else:
        found["device"] = on_gpu(step, args.repeats, backend)
        update = found["device"]["running"]
    found["epoch_seconds"] = update * players.data.per_epoch / recipe.k / 1000
    if args.sweep:
        found["sweep"] = sweep(recipe, dataset, backend, take_turns)
    return found


def synthetic(recipe: Recipe) -> Dataset:
    """The recipe's data; noise of the same shape where they would be downloaded: its time is the same."""
    if recipe.data not in PICTURES:
        return run.load_data(recipe)
    n, shape = PICTURES[recipe.data]
    pixels = np.random.default_rng(1).integers(256, size=(n, np.prod(shape)), dtype=np.uint8)
    scales = scaling(255, shape, "symmetric" if recipe.output == "tanh" else "unit")
    return Dataset("synthetic bytes", pixels, pixels[:0], pixels[:0], None, None, None, shape, *scales)


def stepper(players: Game, update: str) -> Play:
    """Plays one update at each call."""
    numbers = count()
    return lambda: UPDATES[update](players, next(numbers))


def interleave(
    contenders: Mapping[Any, Play], repeats: int, clock: Callable[[], float], finish: Play
) -> dict[Any, np.ndarray]:
    """Seconds of a call, (repeats,).  Taking turns, all suffer alike when the machine is busy.

    In its turn each plays twice and is timed once, when caches and threads are its own again: idle threads
    of a matrix library go on waiting for work at full speed for a while, on a core that others need.
    """
    seconds = {name: np.empty(repeats) for name in contenders}
    for turn in range(-WARM_UP, repeats):
        for name, play in contenders.items():
            play()
            finish()
            began = clock()
            play()
            finish()
            if turn >= 0:
                seconds[name][turn] = clock() - began
    return seconds


def summary(seconds: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Medians and quartiles of the times, and of their ratios to the first contender's in the same turn."""
    first, ours = next(iter(seconds.values())), seconds["step"]
    table = {}
    for name, taken in seconds.items():
        table[name] = _quartiles("ms", 1000 * taken) | _quartiles("ratio", taken / first)
        if name not in ("products", "step"):
            table[name] |= _quartiles("step_ratio", ours / taken)
    return table


def _quartiles(name: str, values: np.ndarray) -> dict[str, Any]:
    low, median, high = np.percentile(values, (25, 50, 75)).tolist()
    return {name: median, f"{name}_quartiles": [low, high]}


def memory(step: Play, repeats: int) -> dict[str, float | None]:
    """Page faults in an update after warm-up, and the peak of the process so far; None where unknown."""
    for _ in range(WARM_UP):
        step()
    if resource is None:
        return {"page_faults": None, "peak_mib": None}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(repeats):
        step()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    mib = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return {"page_faults": (usage.ru_minflt - before) / repeats, "peak_mib": usage.ru_maxrss / mib}


def on_gpu(step: Play, repeats: int, backend: Backend) -> dict[str, float]:
    """What an update costs the host and the GPU, in ms, as MEANING says."""
    event, queue, device = backend.xp.cuda.Event, [], []
    for _ in range(repeats):
        start, end = event(), event()
        backend.synchronize()
        start.record()
        began = time.perf_counter()
        step()
        queue.append(time.perf_counter() - began)
        end.record()
        end.synchronize()
        device.append(backend.xp.cuda.get_elapsed_time(start, end))
    began = time.perf_counter()
    for _ in range(repeats):
        step()
    backend.synchronize()
    running = (time.perf_counter() - began) / repeats
    return {
        "queue": 1000 * float(np.median(queue)),
        "device": float(np.median(device)),
        "running": 1000 * running,
    }


MEANING = {
    "queue": "queue: the host asks for an update",
    "device": "device: the GPU plays it, from start to end",
    "running": "running: one among others, nobody waits",
}


def sweep(recipe: Recipe, dataset: Dataset, backend: Backend, take_turns: Turns) -> dict[str, Any]:
    """The cost against the batch and the width of the networks, and of either update rule.

    relative: the time per example, per GFLOP and of an update, over that of `reference`.
    """

    def side_by_side(variants: Mapping[str, Recipe], reference: str, per: str = "") -> dict[str, Any]:
        contenders, rows = {}, {}
        for name, variant in variants.items():
            players = run.set_up(variant, dataset, backend, seed=1)
            needed = products(players, variant.update)
            rows[name] = {"batch": variant.batch, "gflop": gflop(needed, variant.batch)}
            contenders[name, "products"] = floor(needed, variant.batch, players)
            contenders[name, "step"] = stepper(players, variant.update)
        taken = take_turns(contenders)
        for name, row in rows.items():
            row |= summary({who: taken[name, who] for who in ("products", "step")})["step"]
        unit = {name: row["ms"] / row.get(per, 1) for name, row in rows.items()}
        return {name: row | {"relative": unit[name] / unit[reference]} for name, row in rows.items()}

    def scaled(by: float) -> Recipe:
        widths = {name: getattr(recipe, name) for name in ("hidden", "units")}
        return replace(recipe, **{name: tuple(max(1, int(n * by)) for n in w) for name, w in widths.items()})

    batch = side_by_side({str(m): replace(recipe, batch=m) for m in BATCHES}, "100", per="batch")
    found = {"batch": batch, "linear": line(BATCHES, [row["ms"] for row in batch.values()])}
    found["width"] = side_by_side({f"{by:g}": scaled(by) for by in WIDTHS}, "1", per="gflop")
    if recipe.k == 1:
        rules = {name: replace(recipe, update=name) for name in UPDATES}
        found["update"] = side_by_side(rules, "alternating")
    return found


def line(batches: Sequence[int], ms: Sequence[float]) -> dict[str, float]:
    """ms = fixed + each * batch with the smallest relative errors; `deviation` is the largest of these."""
    m, t = np.array(batches, float), np.array(ms)
    each, fixed = np.polyfit(m, t, 1, w=1 / t)
    return {"fixed": fixed, "each": each, "deviation": float(abs((fixed + each * m) / t - 1).max())}


def machine(backend: Backend) -> dict[str, Any]:
    """What the numbers belong to."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    found = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name')} {blas.get('version')}",
    }
    if backend.xp is not np:
        name = backend.xp.cuda.runtime.getDeviceProperties(0)["name"]
        found |= {"gpu": name.decode(), "cupy": backend.xp.__version__}
    return found


def _processor() -> str:
    """The processor's name, where the system tells it."""
    if sys.platform == "darwin":
        ask = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(ask, capture_output=True, text=True).stdout.strip()
    known = Path("/proc/cpuinfo")
    lines = known.read_text("utf-8").splitlines() if known.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


# The floor: the matrix products of an update, and nothing else ---------------------------------------

Product = tuple[str, Array]  # which product a layer's weights take part in, and these: x W, g W' or x' g


def products(players: Game, update: str) -> list[Product]:
    """The products that an update needs, in its order, from the shapes of the weights."""
    G = [p.data for p in players.G.parameters() if p.data.ndim == 2]  # W (inputs, outputs) of each layer
    D = [p.data for p in players.D.parameters() if p.data.ndim == 2]

    def forward(net: list[Array]) -> list[Product]:
        return [("x W", W) for W in net]

    def by_weights(net: list[Array]) -> list[Product]:
        both = [(kind, W) for W in reversed(net) for kind in ("g W'", "x' g")]
        return both[:-2] + both[-1:]  # nobody asks for the gradient by the first layer's inputs

    learn_D = forward(D) + forward(G) + forward(D) + 2 * by_weights(D)
    learn_G = [("g W'", W) for W in reversed(D)] + by_weights(G)
    if update == "simultaneous":
        return learn_D + learn_G
    return players.k * learn_D + forward(G) + forward(D) + learn_G


def gflop(needed: list[Product], m: int) -> float:
    """Each of the three products of a layer multiplies and adds m * inputs * outputs times."""
    return sum(2 * m * W.size for _, W in needed) / 1e9


def floor(needed: list[Product], m: int, players: Game) -> Play:
    """Computes the products at each call, into arrays that are there already."""
    rng, xp, jobs, arrays = players.streams("sample"), players.streams.backend.xp, [], {}
    for kind, W in needed:
        if id(W) not in arrays:
            arrays[id(W)] = [rng.uniform((m, n), -1, 1) for n in W.shape]
        x, g = arrays[id(W)]
        a, b = {"x W": (x, W), "g W'": (g, W.T), "x' g": (x.T, g)}[kind]
        jobs.append((a, b, xp.empty((a.shape[0], b.shape[1]), W.dtype)))

    def compute() -> None:
        for a, b, c in jobs:
            xp.matmul(a, b, out=c)

    return compute


# The parts of a step ---------------------------------------------------------------------------------

PARTS: dict[str, tuple[Any, ...]] = {  # functions, and modules for all of theirs; the first that fits counts
    "matrix products and biases": (ops.affine, ops.matmul, tensor.unbroadcast),  # the last: of the biases
    "activations": (ops.relu, ops.leaky_relu, ops.sigmoid, ops.tanh),
    "maxout": (ops.maxout,),
    "dropout masks": (ops.dropout,),
    "noise": (Recipe.noise,),
    "minibatches": (data.Minibatches.minibatch,),
    "parameter updates": (optim.Momentum.step, optim.Adam.step),
    "losses, other arithmetic": (game, ops),  # the latter as in batch norm
}
REST = "engine and the rest"


def parts(step: Play, repeats: int, clock: Callable[[], float]) -> dict[str, dict[str, float]]:
    """Time and calls in an update of each part, under the profiler; they add up to the profiled update."""
    profile = cProfile.Profile(clock)
    for _ in range(repeats):
        profile.runcall(step)
    return {
        part: {"ms": 1000 * seconds / repeats, "calls": calls // repeats}
        for part, (seconds, calls) in attribute(profile.getstats()).items()
    }


def attribute(entries: Sequence[Any]) -> dict[str, tuple[float, int]]:
    """Seconds and calls of each part; what is in none is the engine's.

    entries: the profiler's, each with the functions it called.  A call from a part's function is its caller's
    work and not counted again, nor is one from a built-in (any, sorted), whose code is but a name.
    """
    part_of = {}
    for part, members in PARTS.items():
        for code in _codes(members):
            part_of.setdefault(code, part)
    seconds, calls = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0)
    for caller in entries:
        if isinstance(caller.code, CodeType) and caller.code not in part_of:
            for called in caller.calls or ():
                if part := part_of.get(called.code):
                    seconds[part] += called.totaltime
                    calls[part] += called.callcount
    rest = sum(entry.inlinetime for entry in entries) - sum(seconds.values())
    return {part: (seconds[part], calls[part]) for part in PARTS if calls[part]} | {REST: (rest, 0)}


def _codes(members: Sequence[Any]) -> Iterator[CodeType]:
    """The code of these functions, and of those inside them: an operation's pullbacks are its own."""
    for member in members:
        if isinstance(member, ModuleType):
            own = [f for f in vars(member).values() if getattr(f, "__module__", "") == member.__name__]
            yield from _codes([f for f in own if isinstance(f, FunctionType)])
            continue
        codes = [member.__code__]
        for code in codes:
            yield code
            codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]


# PyTorch ---------------------------------------------------------------------------------------------


def torch_step(recipe: Recipe, dataset: Dataset, players: Game, threads: int) -> Play:
    """The same update in PyTorch, eager, as its users write it, without gradients that nobody uses."""
    import torch

    device = "cpu" if players.streams.backend.xp is np else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--compare torch: this PyTorch finds no GPU; see pytorch.org for one that does")
    torch.set_num_threads(threads)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    G, D = (torch_network(net).to(device) for net in (players.G, players.D))
    theta_g, theta_d = list(G.parameters()), list(D.parameters())
    if recipe.optimiser == "adam":
        optimiser = partial(torch.optim.Adam, lr=recipe.lr, betas=(recipe.momentum, 0.999))
    else:
        optimiser = partial(torch.optim.SGD, lr=recipe.lr, momentum=recipe.momentum)
    optimiser_G, optimiser_D = optimiser(theta_g), optimiser(theta_d)
    x, m = torch.tensor(dataset.train, device=device), recipe.batch
    real, fake = torch.ones(m, 1, device=device), torch.zeros(m, 1, device=device)
    epochs = (torch.randperm(len(x), device=device).split(m) for _ in count())
    rows = (part for epoch in epochs for part in epoch if len(part) == m)

    def noise() -> Any:
        if recipe.prior == "uniform":
            return torch.empty(m, recipe.z, device=device).uniform_(-sqrt(3), sqrt(3))
        return torch.randn(m, recipe.z, device=device)

    def loss_of_D(a_fake: Any) -> Any:
        a_real = D(dataset.prepare(x[next(rows)].float()))
        return recipe.d_loss_scale * (bce(a_real, real) + bce(a_fake, fake))

    def loss_of_G(a_fake: Any) -> Any:
        return bce(a_fake, real) if recipe.loss == "non-saturating" else -bce(a_fake, fake)

    def alternating() -> None:
        for _ in range(recipe.k):
            with torch.no_grad():
                samples = G(noise())
            optimiser_D.zero_grad()
            loss_of_D(D(samples)).backward(inputs=theta_d)
            optimiser_D.step()
        optimiser_G.zero_grad()
        loss_of_G(D(G(noise()))).backward(inputs=theta_g)
        optimiser_G.step()

    def simultaneous() -> None:
        a_fake = D(G(noise()))
        optimiser_D.zero_grad()
        optimiser_G.zero_grad()
        loss_of_D(a_fake).backward(inputs=theta_d, retain_graph=True)
        loss_of_G(a_fake).backward(inputs=theta_g)
        optimiser_D.step()
        optimiser_G.step()

    return {"alternating": alternating, "simultaneous": simultaneous}[recipe.update]


def torch_network(net: Sequential) -> Any:
    """The same layers in PyTorch; how they start does not matter here."""
    import torch

    class Maxout(torch.nn.Module):
        def __init__(self, pieces: int) -> None:
            super().__init__()
            self.pieces = pieces

        def forward(self, x: Any) -> Any:
            return x.view(len(x), self.pieces, -1).amax(1)

    def modules(layer: Layer) -> list[Any]:
        match layer:
            case nn.Linear(W=W):
                linear = torch.nn.Linear(*W.shape)
                return [linear, Maxout(layer.pieces)] if isinstance(layer, nn.Maxout) else [linear]
            case nn.Dropout(keep=keep):
                return [torch.nn.Dropout(1 - keep)] if keep < 1 else []
            case nn.LeakyReLU(slope=slope):
                return [torch.nn.LeakyReLU(slope)]
            case nn.BatchNorm(gamma=gamma):
                return [torch.nn.BatchNorm1d(*gamma.shape)]
        return [getattr(torch.nn, type(layer).__name__)()]  # ReLU, Sigmoid, Tanh

    return torch.nn.Sequential(*(module for layer in net.layers for module in modules(layer)))


# The report ------------------------------------------------------------------------------------------


def report(result: Mapping[str, Any]) -> str:
    """The tables, and three lines on how to read them."""
    ratio, speed = result["times"]["step"]["ratio"], result["gflop_per_second"]
    bound = "activations, masks and parameter updates use one core"
    if "device" in result:
        bound = "where queueing takes as long as playing, launches decide"
    return f"""{tables(result)}

Ratio: 1.00 would be an update that does nothing but its matrix products; this one takes {ratio:.2f} of that.
Bound: no update is faster than its products, here {speed:.0f} GFLOP/s; {bound}.
Noise: other programs change times more than ratios; where quartiles lie far apart, take more --repeats."""


def tables(result: Mapping[str, Any]) -> str:
    """What was measured, and on what, in Markdown."""
    machine, threads = result["machine"], result["threads"]
    gpu = f"{machine['gpu']}, CuPy {machine['cupy']}; " if "gpu" in machine else ""
    threads = f"{threads} thread{'s' * (threads > 1)}" if threads else "as many threads as NumPy chooses"
    heading = f"""\
    {result["command"]}

- {result["recipe"]}, {result["update"]} update, k = {result["k"]}, batch {result["batch"]}, float32,
  {result["parameters"]:,} parameters: {result["gflop"]:.2f} GFLOP of matrix products an update
- data: {result["data"]}, nothing downloaded
- {gpu}{machine["processor"]}, {machine["cores"]} cores, {threads}
- Python {machine["python"]}, NumPy {machine["numpy"]}, {machine["blas"]}"""
    return "\n\n".join([heading, *_sections(result), *_sweep_sections(result.get("sweep", {}))])


def _sections(result: Mapping[str, Any]) -> Iterator[str]:
    times = result["times"].items()
    rows = [(name, t["ms"], t["ms_quartiles"], t["ratio"], t["ratio_quartiles"]) for name, t in times]
    for name, t in times:
        if "step_ratio" in t:
            rows.append((f"step / {name}", "", "", t["step_ratio"], t["step_ratio_quartiles"]))
    yield _table(
        (f"{result['repeats']} turns, {result['clock']}", "ms", "quartiles", "ratio", "quartiles"), rows
    )
    if "device" in result:
        yield _table(("on the GPU", "ms"), [(MEANING[name], ms) for name, ms in result["device"].items()])
        yield "No table of parts: the host's clock cannot tell them while the GPU works behind it."
    else:
        total = sum(part["ms"] for part in result["parts"].values())
        rows = [(name, p["calls"] or "", p["ms"], p["ms"] / total) for name, p in result["parts"].items()]
        head = ("parts of the step, profiled", "calls", "ms", "of the profiled step")
        yield _table(head, [*rows, ("the profiled step", "", total, 1.0)])
    memory = "Page faults and peak memory are not known on this system."
    if (peak := result["memory"]["peak_mib"]) is not None:
        faults = f"{result['memory']['page_faults']:.0f} page faults an update after warm-up"
        memory = f"{faults}; peak memory {peak:.0f} MiB, with Python and the data."
    yield f"{memory} An epoch takes {result['epoch_seconds']:.1f} s."


def _sweep_sections(found: Mapping[str, Any]) -> Iterator[str]:
    for kind, what in (("batch", "an example"), ("width", "a GFLOP"), ("update", "an update")):
        if kind in found:
            head = (kind, "GFLOP", "ms", "ratio", "quartiles", f"time {what}, relative")
            keys = ("gflop", "ms", "ratio", "ratio_quartiles", "relative")
            yield _table(head, [(name, *(row[key] for key in keys)) for name, row in found[kind].items()])
        if kind == "batch" and found:
            fixed, each, deviation = found["linear"].values()
            yield f"That is {fixed:.1f} ms + {each:.3f} ms an example, within {100 * deviation:.0f} %."


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table with columns straight enough for a terminal."""
    texts = [head, *([_cell(value) for value in row] for row in rows)]
    first, *others = (max(map(len, column)) for column in zip(*texts, strict=True))
    lines = [[row[0].ljust(first), *map(str.rjust, row[1:], others)] for row in texts]
    lines.insert(1, ["-" * first, *("-" * (width - 1) + ":" for width in others)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    """A number to three digits or three decimals; quartiles as a range."""
    if isinstance(value, list):
        return " - ".join(map(_cell, value))
    if isinstance(value, float):
        return f"{value:.{sum(value < top for top in (1, 10, 100))}f}"
    return str(value)


def write(path: Path, command: str, text: str) -> None:
    """Put the tables of that command between its two marks in a document, or at the end; all else stays."""
    page, begins, ends = _page(path), f"<!-- {command} -->\n", f"<!-- end of {command} -->\n"
    before, found, rest = page.partition(begins)
    _, closed, after = rest.partition(ends)
    if found and not closed:
        raise InputError(f"--write: {path} has the line {begins.strip()} but not {ends.strip()}; mend that")
    if page and not found:
        before += "\n"
    write_atomically(path, lambda file: file.write(f"{before}{begins}\n{text}\n\n{ends}{after}".encode()))


def _page(path: Path) -> str:
    """What the document holds so far; InputError where it could not be written."""
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--write: expected the name of a document in a folder that exists, got {path}")
    try:
        return path.read_text("utf-8") if path.exists() else ""
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"--write: cannot read {path} as text: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
