"""All numbers of a report, and the machine that they belong to."""

import os
import platform
import subprocess
import sys
import time
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minigan.backend import Backend
from minigan.benchmark.floor import floor, gflop, products
from minigan.benchmark.gpu import on_gpu
from minigan.benchmark.instruments import interleave, memory, summary
from minigan.benchmark.parts import parts
from minigan.benchmark.pytorch import torch_step
from minigan.benchmark.sweep import sweep
from minigan.benchmark.update import stepper, synthetic
from minigan.players import set_up
from minigan.recipes import Recipe
from minigan.threads import cores

BLAS_SETTINGS = ("MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # choose its kernels


def measure(recipe: Recipe, backend: Backend, args: Namespace) -> dict[str, Any]:
    """All numbers of a report, as JSON has them; times are in ms unless their name says otherwise."""
    dataset = synthetic(recipe)
    players = set_up(recipe, dataset, backend, seed=1)
    step, needed = stepper(players, recipe.update), products(players, recipe.update)
    faults = memory(step, args.repeats)  # first, before there is anything but the players and their data
    contenders = {"products": floor(needed, recipe.batch, players), "step": step}
    if args.compare:
        contenders["torch"] = torch_step(recipe, dataset, players, args.threads or cores())
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


def machine(backend: Backend) -> dict[str, Any]:
    """What the numbers belong to."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name in BLAS_SETTINGS]
    found = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": ", ".join([f"{blas.get('name')} {blas.get('version')}", *settings]),
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
