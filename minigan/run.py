"""A run folder: what a training was told to do, how it went, and where it can go on.

config.json      everything needed to repeat it: recipe, seed, backend, versions
log.jsonl        one line for each epoch
samples/         G's samples for the same noise as training goes on; samples.png is the latest
curves.png       losses and D's outputs against epochs
checkpoint.npz   parameters and optimisers' state; the one before it is kept until this one is whole
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import minigan
from minigan import checkpoint, recipes, threads
from minigan.algorithm1 import Game
from minigan.backend import Backend
from minigan.data import Dataset
from minigan.errors import InputError
from minigan.files import is_number, read_json, write_atomically, write_json
from minigan.nn import Layer
from minigan.players import arrays, load_data, set_up
from minigan.recipes import Recipe

COLUMNS = ("d_loss", "g_loss", "d_real", "d_fake")
NO_VALUES = np.empty((0, len(COLUMNS)))


@dataclass(frozen=True)
class Config:
    """What decides every number of a run."""

    recipe: Recipe
    seed: int
    backend: str
    versions: dict[str, str]
    threads: int | None = None  # of the matrix library; None where nobody counted them
    pictures: str | None = None  # SHA-256 of a folder of the user's own

    def as_json(self) -> dict[str, Any]:
        """What config.json holds."""
        return vars(self) | {"recipe": self.recipe.settings()}

    def differences(self, other: Config) -> list[str]:
        """What another run would do otherwise, one phrase each.  More epochs are the same run, longer."""
        mine, theirs = _flat(self), _flat(other)
        return [
            f"{name} is {mine.get(name)}, not {theirs.get(name)}"
            for name in mine | theirs
            if mine.get(name) != theirs.get(name) and name != "epochs"
        ]


def configure(recipe: Recipe, seed: int, backend: str, threads: int | None = None) -> Config:
    """The config of a run that begins here and now."""
    versions = {"minigan": minigan.__version__, "numpy": np.__version__, "python": platform.python_version()}
    return Config(recipe, seed, backend, versions, threads)


def configure_again(stored: Config, recipe: Recipe, seed: int, backend: str, wanted: int | None) -> Config:
    """The config with which a stored run goes on; its own number of threads where nobody wants another."""
    wanted = wanted or threads.from_environment() or stored.threads
    return configure(recipe, seed, backend, wanted if stored.threads else None)


def create(out: str | None, config: Config) -> Path:
    """A new run folder: `out`, or the first free runs/<recipe>-1, -2, ...  Never one that holds a run.

    InputError where it holds a run or cannot be made.
    """
    if out is not None:
        folder = Path(out)
        if (folder / "config.json").exists() or (folder / checkpoint.NAME).exists():
            raise _holds_a_run(folder)
        is_new = _make(folder)
    else:
        number, is_new = 1, True
        while not _make(folder := Path("runs") / f"{config.recipe.name}-{number}"):
            number += 1
    path = folder / "config.json"
    try:
        path.touch(exist_ok=False)  # of two that begin here at the same moment, one
        write_json(path, config.as_json())
    except FileExistsError:
        raise _holds_a_run(folder) from None
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if is_new:
            folder.rmdir()
        if not isinstance(error, OSError):
            raise
        raise InputError(f"--out: cannot write to {folder}: {error.strerror}; name another folder") from None
    return folder


def read_config(folder: Path) -> Config:
    """The config of a run folder.  InputError, one line, where there is none or it cannot be understood."""
    if not folder.is_dir():
        came = "a file" if folder.exists() else "nothing"
        raise InputError(f"{folder}: expected a run folder (as runs/digits-1), there is {came}")
    path = folder / "config.json"
    if not path.is_file():
        raise InputError(f"{folder} is no run folder: it has no config.json")
    try:
        stored = read_json(path)
        settings: dict[str, Any] = {"pack": 1} | dict(stored["recipe"])  # runs of 0.2 have none
        recipe, versions = recipes.find(settings["name"]), dict(stored["versions"])
        known = recipe.settings()
        for name in recipes.SETTINGS.keys() - known.keys():
            settings.pop(name, None)  # up to 0.3 each had all, also what decided nothing
        if odd := settings.keys() ^ known.keys():
            raise InputError(f"its recipe has too many settings or too few: {', '.join(sorted(odd))}")
        recipe = recipe.with_values(
            {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
        )
        threads, pictures = stored.get("threads"), stored.get("pictures")  # runs of 0.2 have neither
        if threads is not None and type(threads) is not int:
            raise InputError(f"threads: expected a whole number, got {threads!r:.40}")
        return Config(recipe, stored["seed"], stored["backend"], versions, threads, pictures)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} does not describe a run: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


def load_generator(folder: Path, backend: Backend) -> tuple[Config, Dataset, Layer]:
    """A run's G as its newest whole checkpoint has it, and the data set it learned from."""
    config = read_config(folder)
    dataset = data_of(config)
    game = set_up(config.recipe, dataset, backend, config.seed)
    restore(game, folder)
    return config, dataset, game.G


def data_of(config: Config) -> Dataset:
    """The data set of a run.  InputError where they are a user's pictures, and others than they were."""
    dataset = load_data(config.recipe)
    if config.pictures not in (None, dataset.sha256):
        raise InputError(
            f"--data: the pictures in {config.recipe.data} are not those that the run began with; put those "
            "back, or train a new run"
        )
    return dataset


def decisive(config: Config, dataset: Dataset) -> dict[str, Any]:
    """All that decides the numbers of a run, its pictures by their SHA-256."""
    sha256 = dataset.sha256 or hashlib.sha256(np.ascontiguousarray(dataset.train).data).hexdigest()
    return _flat(config) | {"SHA-256 of the training data": sha256}


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The whole records of log.jsonl; what a killed process left of a line is passed over, and odd lines."""
    path = folder / "log.jsonl"
    records = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        with suppress(ValueError, RecursionError):
            records.append(json.loads(line))
    return list(filter(_is_record, records))


def epochs_of(folder: Path) -> int:
    """How many epochs its G has behind it, by its log: a killed process logged more than it saved."""
    log = read_log(folder)
    with suppress(InputError):
        t = checkpoint.load_newest(folder)[1].get("t")
        log = [r for r in log if r["update"] <= t] if type(t) is int else log
    return log[-1]["epoch"] if log else 0


def _is_record(r: Any) -> bool:
    """Whether it is what an epoch leaves, as far as anybody reads it."""
    names = ("epoch", "update")
    return (
        isinstance(r, dict)
        and all(is_number(r.get(name)) for name in (*names, *COLUMNS))
        and all(type(r[name]) is int and 0 <= r[name] < 2**63 for name in names)
    )


def signature(folder: Path) -> list[tuple[int, int]]:
    """Another one whenever a checkpoint was saved; empty where there is none yet."""
    found = filter(Path.exists, checkpoint.both(folder))
    return [(path.stat().st_mtime_ns, path.stat().st_size) for path in found]


def cut_log(folder: Path, t: int) -> None:
    """Forget what the log says of updates after the checkpoint: they will be played again."""
    lines = "".join(json.dumps(r) + "\n" for r in read_log(folder) if r["update"] <= t)
    write_atomically(folder / "log.jsonl", lambda file: file.write(lines.encode()))


def restore(game: Game, folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Write the newest whole checkpoint of the folder into the players.

    InputError where the checkpoint is not of this game.
    """
    saved, meta, note = checkpoint.load_newest(folder)
    if note:
        print(note, file=sys.stderr)
    values = saved.get("values", np.empty(0))
    if values.shape[1:] != NO_VALUES.shape[1:] or values.dtype != NO_VALUES.dtype:
        raise InputError(f"{folder}: the checkpoint does not hold the numbers of the epoch under way")
    for name, kinds in (("t", (int,)), ("seconds", (int, float))):
        if type(meta.get(name)) not in kinds or not 0 <= meta[name] < 2**63:
            raise InputError(f"{folder}: the checkpoint does not say {name}, a number from 0")
    try:
        checkpoint.fill(arrays(game), saved)
    except InputError as error:
        raise InputError(f"{folder}: {error}, as its config has it") from None
    return saved, meta


def _flat(config: Config) -> dict[str, Any]:
    """All that decides the numbers; Python's own version does not."""
    versions = {name: version for name, version in config.versions.items() if name != "python"}
    mine = {"seed": config.seed, "backend": config.backend, "threads": config.threads}
    return config.recipe.settings() | mine | versions


def _holds_a_run(folder: Path) -> InputError:
    return InputError(f"--out: {folder} holds a run; --resume {folder} continues it, or name another")


def _make(folder: Path) -> bool:
    """Make the folder; False where something has its name."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir()
            return True
        return False
    except OSError as error:
        raise InputError(f"--out: cannot make {folder}: {error.strerror}; name another folder") from None
