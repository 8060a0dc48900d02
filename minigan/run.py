"""A run folder: what a training was told to do, how it went, and where it can go on.

config.json      everything needed to repeat it: recipe, seed, backend, versions
log.jsonl        one line for each epoch
samples/         G's samples for the same noise as training goes on; samples.png is the latest
curves.png       losses and D's outputs against epochs
checkpoint.npz   parameters and optimisers' state; the one before it is kept until this one is whole
"""

from __future__ import annotations

import json
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

import minigan
from minigan import algorithm1, checkpoint, data, pictures, recipes, shell, threads
from minigan.algorithm1 import Game, Update
from minigan.backend import Backend, to_host, xp_of
from minigan.data.minibatches import Minibatches
from minigan.errors import InputError, RunError
from minigan.files import is_number, read_json, remove_leftovers, write_atomically, write_json
from minigan.game import GENERATOR_LOSSES, discriminator_loss
from minigan.lock import Lock
from minigan.nn import Layer, Packed
from minigan.ops import logistic
from minigan.random import Streams
from minigan.recipes import Recipe
from minigan.tensor import Array, Tensor

SHOW_SECONDS = 0.5  # between two looks at the device: the log waits for it, a step never does
SAVE_SECONDS = 5.0  # between two checkpoints, at least, at the end of an epoch
SAVE_SECONDS_WITHIN = 60.0  # the same within a long epoch
COLUMNS = ("d_loss", "g_loss", "d_real", "d_fake")
NO_VALUES = np.empty((0, len(COLUMNS)))
SAMPLES = 100


@dataclass(frozen=True)
class Config:
    """What decides every number of a run."""

    recipe: Recipe
    seed: int
    backend: str
    versions: dict[str, str]
    threads: int | None = None  # of the matrix library; None where nobody counted them
    pictures: str | None = None  # SHA-256 of a folder of the user's own

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
    """A new run folder: `out`, or the first free runs/<recipe>-1, -2, ...  Never one that holds a run."""
    if out is not None:
        folder = Path(out)
        if (folder / "config.json").exists() or (folder / "checkpoint.npz").exists():
            raise InputError(f"--out: {folder} holds a run; --resume {folder} continues it, or name another")
        is_new = _make(folder)
    else:
        number, is_new = 1, True
        while not _make(folder := Path("runs") / f"{config.recipe.name}-{number}"):
            number += 1
    try:
        write_json(folder / "config.json", asdict(config))
    except OSError as error:
        if is_new:
            folder.rmdir()
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
        known = recipes.find(settings["name"])
        if odd := settings.keys() ^ {f.name for f in fields(known)}:
            raise InputError(f"its recipe has too many settings or too few: {', '.join(sorted(odd))}")
        settings = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
        recipe, versions = replace(known, **settings), dict(stored["versions"])
        newer = stored.get("threads"), stored.get("pictures")  # runs of 0.2 have neither
        return Config(recipe, stored["seed"], stored["backend"], versions, *newer)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} does not describe a run: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


def set_up(recipe: Recipe, dataset: data.Dataset, backend: Backend, seed: int) -> Game:
    """The players as they start, and all they play with."""
    streams = Streams(seed, backend)
    G = recipe.generator(dataset, streams)
    D: Layer = recipe.discriminator(recipe.pack * dataset.train.shape[1], streams)
    D = D if recipe.pack == 1 else Packed(D, recipe.pack)
    return Game(
        G=G,
        D=D,
        data=Minibatches(dataset.train, recipe.batch, streams, backend, dataset.prepare),
        prior=partial(recipe.noise, count=recipe.batch),
        streams=streams,
        optimiser_G=recipe.optimiser_of(G),
        optimiser_D=recipe.optimiser_of(D),
        generator_loss=GENERATOR_LOSSES[recipe.loss],
        discriminator_loss=partial(discriminator_loss, scale=recipe.d_loss_scale),
        k=recipe.k,
    )


def load_generator(folder: Path, backend: Backend) -> tuple[Config, data.Dataset, Layer]:
    """A run's G as its newest whole checkpoint has it, and the data set it learned from."""
    config = read_config(folder)
    dataset = _data_of(config)
    game = set_up(config.recipe, dataset, backend, config.seed)
    _restore(game, folder)
    return config, dataset, game.G


def load_data(recipe: Recipe) -> data.Dataset:
    """The data set of a recipe, with the values that its G gives."""
    return data.load(recipe.data, recipe.values)


def _data_of(config: Config) -> data.Dataset:
    """The data set of a run.  InputError where they are a user's pictures, and others than they were."""
    dataset = load_data(config.recipe)
    if config.pictures not in (None, dataset.sha256):
        raise InputError(
            f"--data: the pictures in {config.recipe.data} are not those that the run began with; put those "
            "back, or train a new run"
        )
    return dataset


class Training:
    """The game of one config; `start` or `resume` says in which folder it is played."""

    def __init__(self, config: Config, backend: Backend) -> None:
        recipe, self.dataset, self.backend = config.recipe, _data_of(config), backend
        self.config = replace(config, pictures=self.dataset.sha256)
        self.game = set_up(recipe, self.dataset, backend, config.seed)
        self.z = Tensor(recipe.noise(self.game.streams("sample"), SAMPLES))
        self.stop = ceil(recipe.epochs * self.game.data.per_epoch / recipe.k)
        self.t = self.saved_t = 0
        self.lock: Lock | None = None
        self.seconds, self.values = 0.0, NO_VALUES  # the values: COLUMNS for each update of this epoch

    def use_threads(self, wanted: int | None) -> None:
        """As `use_threads` for both players; the number belongs to the run."""
        used = use_threads(wanted, self.backend, self.config.recipe.batch, self.game.G, self.game.D)
        self.config = replace(self.config, threads=used)

    def start(self, out: str | None) -> None:
        """In a new folder: `out`, or the first free one of runs/<recipe>-1, -2, ..."""
        self.folder = create(out, self.config)
        self.lock = Lock(self.folder)

    def resume(self, folder: Path) -> None:
        """Where the newest whole checkpoint of the folder is; at the beginning if there is none yet.

        InputError where another process plays this run.
        """
        self.folder, before = folder, _signature(folder)
        if (folder / "checkpoint.npz").exists() or (folder / "checkpoint.previous.npz").exists():
            saved, meta = _restore(self.game, folder)
            self.t = self.saved_t = meta["t"]
            self.seconds, self.values = meta["seconds"], saved["values"]
        if self.t < self.stop:
            self.lock = Lock(folder)  # not sooner: what cannot be resumed stays untouched
            if _signature(folder) != before:
                self.lock.release()
                raise InputError(f"{folder} was played by another process just now; try again")
            remove_leftovers(folder)
            _cut_log(folder, self.t)
            write_json(folder / "config.json", asdict(self.config))

    def how_to_resume(self) -> str:
        """The command, ready for a shell."""
        return shell.typed("train", ["--resume", self.folder.as_posix()])

    def epoch(self, t: int) -> int:
        """Passes over the data that are complete after t updates."""
        return t * self.config.recipe.k // self.game.data.per_epoch

    def play(self, show: Callable[[int, np.ndarray], None]) -> bool:
        """Train to the end; False where Ctrl-C ended it, after the update under way and a checkpoint.

        show(t, means): called about twice a second with the updates done and the means of COLUMNS since
        the last call.  RunError where a loss or a parameter is no longer finite, or the disk is full.
        From `start` or `resume` until here nobody else can play the run.
        """
        try:
            return self._play(show)
        finally:
            if self.lock:
                self.lock.release()

    def _play(self, show: Callable[[int, np.ndarray], None]) -> bool:
        update = algorithm1.UPDATES[self.config.recipe.update]
        updates = algorithm1.train(self.game, update, self.t, self.stop)
        pending: list[Update] = []
        began, shown, saved = time.monotonic() - self.seconds, time.monotonic(), time.monotonic()
        with _ctrl_c() as interrupted, _disk_errors(self), np.errstate(all="ignore"):  # _look sees it all
            for t, numbers in updates:
                pending.append(numbers)
                now = time.monotonic()
                ends_epoch = self.epoch(t + 1) > self.epoch(t)
                last = t + 1 == self.stop or interrupted()
                if now - shown < SHOW_SECONDS and not ends_epoch and not last:
                    continue
                self._look(pending, t)
                self.t, self.seconds, shown = t + 1, now - began, now
                means = self.values[-len(pending) :].mean(axis=0)
                pending.clear()
                if ends_epoch:
                    self._end_epoch()
                if last or now - saved >= (SAVE_SECONDS if ends_epoch else SAVE_SECONDS_WITHIN):
                    self._save()
                    saved = time.monotonic()
                show(self.t, means)  # last, since who reads our output may have gone
                if last:
                    break
            self._draw()
        return self.t >= self.stop

    def _look(self, pending: list[Update], t: int) -> None:
        """Fetch the numbers of the pending updates, the last of which is t; stop where one is not finite."""
        xp = xp_of(pending[0].a_real)
        d_loss, g_loss, a_real, a_fake = map(xp.stack, zip(*pending, strict=True))
        D_real, D_fake = logistic(a_real).mean(axis=(1, 2)), logistic(a_fake).mean(axis=(1, 2))
        values = to_host(xp.stack([d_loss, g_loss, D_real, D_fake], axis=1)).astype(np.float64)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            broken = [name for name, a in _arrays(self.game).items() if not np.isfinite(to_host(a)).all()]
            where = f", and now {broken[0]} is not finite either" if broken else ""
            self._not_finite(f"{COLUMNS[column]} is {values[row, column]}{where}", t - len(pending) + 1 + row)
        self.values = np.concatenate([self.values, values])

    def _not_finite(self, what: str, t: int) -> None:
        raise RunError(f"update {t}: {what}; {self._kept()}; try a smaller --lr")

    def _fetch(self) -> dict[str, np.ndarray]:
        """All that training changes, on the host, and finite."""
        arrays = {name: to_host(a) for name, a in _arrays(self.game).items()}
        for name, a in arrays.items():
            if not np.isfinite(a).all():
                self._not_finite(f"{name} is no longer finite", self.t - 1)
        return arrays

    def _end_epoch(self) -> None:
        recipe, opt, epoch = self.config.recipe, self.game.optimiser_D, self.epoch(self.t)
        means = dict(zip(COLUMNS, self.values.mean(axis=0), strict=True))
        record = {"epoch": epoch, "update": self.t} | means
        record["learning_rate"] = opt.learning_rate(self.t * recipe.k)
        record["momentum"] = opt.momentum(epoch)
        record["seconds"] = round(self.seconds, 3)
        with open(self.folder / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self.values = NO_VALUES
        if epoch % recipe.samples_every == 0 or self.t == self.stop:
            self._fetch()
            self._draw_samples(self.folder / "samples" / f"epoch-{epoch:04d}.png")

    def _save(self) -> None:
        meta = {"t": self.t, "seconds": self.seconds}
        checkpoint.save(self.folder / "checkpoint.npz", {**self._fetch(), "values": self.values}, meta)
        self.saved_t = self.t

    def _kept(self) -> str:
        if not self.saved_t:
            return "there is no checkpoint yet"
        return f"the checkpoint of update {self.saved_t} is kept"

    def _draw_samples(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        draw_samples(path, to_host(self.game.G(self.z, None).data), self.dataset)
        write_atomically(self.folder / "samples.png", lambda file: file.write(path.read_bytes()))

    def _draw(self) -> None:
        if log := read_log(self.folder):
            undecided = Tensor(np.zeros((2, 1)))  # logits of D = 1/2, on an example and a sample
            losses = self.game.discriminator_loss, self.game.generator_loss
            balances = [float(loss(undecided).data) for loss in losses]
            pictures.save_curves(self.folder / "curves.png", log, *balances)


def use_threads(wanted: int | None, backend: Backend, batch: int, *nets: Layer) -> int | None:
    """Compute with `wanted` threads of the matrix library, or with as many as serve these networks best.

    Tried on their products with a minibatch; the number, or None where nobody counts (see threads.use).
    """
    if backend.name != "numpy":
        return None
    weights = [p.data.shape for net in nets for p in net.parameters() if p.data.ndim == 2]
    return threads.use(wanted, [(batch, inputs, units) for inputs, units in weights])


def draw_samples(path: Path, samples: np.ndarray, dataset: data.Dataset, columns: int = 10) -> None:
    """Images as a grid; points over the points they should look like."""
    if dataset.shape is None:
        pictures.save_points(path, dataset.test[: 10 * len(samples)], samples)
    else:
        pictures.save_grid(path, dataset.restore(samples), columns)


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The whole records of log.jsonl; what a killed process left of a line is passed over, and odd lines."""
    path = folder / "log.jsonl"
    records = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        with suppress(ValueError, RecursionError):
            records.append(json.loads(line))
    return list(filter(_is_record, records))


def _is_record(r: Any) -> bool:
    """Whether it is what an epoch leaves, as far as anybody reads it."""
    names = ("epoch", "update")
    return (
        isinstance(r, dict)
        and all(is_number(r.get(name)) for name in (*names, *COLUMNS))
        and all(type(r[name]) is int and 0 <= r[name] < 2**63 for name in names)
    )


def _signature(folder: Path) -> list[tuple[int, int]]:
    """Another one whenever a checkpoint was saved."""
    found = (folder / name for name in ("checkpoint.npz", "checkpoint.previous.npz"))
    return [(path.stat().st_mtime_ns, path.stat().st_size) for path in found if path.exists()]


def _cut_log(folder: Path, t: int) -> None:
    """Forget what the log says of updates after the checkpoint: they will be played again."""
    lines = "".join(json.dumps(r) + "\n" for r in read_log(folder) if r["update"] <= t)
    write_atomically(folder / "log.jsonl", lambda file: file.write(lines.encode()))


def _arrays(game: Game) -> dict[str, Array]:
    """All that training changes, under names a person can read: G.linear1.W, D.velocity.maxout2.b."""
    found: dict[str, Array] = {}
    for player, net, optimiser in (("G", game.G, game.optimiser_G), ("D", game.D, game.optimiser_D)):
        parameters = net.named_parameters()
        found |= {f"{player}.{name}": p.data for name, p in parameters.items()}
        found |= {f"{player}.{name}": a for name, a in net.buffers().items()}
        for slot, arrays in optimiser.state().items():
            found |= {f"{player}.{slot}.{name}": a for name, a in zip(parameters, arrays, strict=True)}
    return found


def _restore(game: Game, folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Write the newest whole checkpoint of the folder into the players."""
    saved, meta, note = checkpoint.load_newest(folder / "checkpoint.npz")
    if note:
        print(note, file=sys.stderr)
    values = saved.get("values", np.empty(0))
    if values.shape[1:] != NO_VALUES.shape[1:] or values.dtype != NO_VALUES.dtype:
        raise InputError(f"{folder}: the checkpoint does not hold the numbers of the epoch under way")
    for name, kinds in (("t", (int,)), ("seconds", (int, float))):
        if type(meta.get(name)) not in kinds or not 0 <= meta[name] < 2**63:
            raise InputError(f"{folder}: the checkpoint does not say {name}, a number from 0")
    try:
        checkpoint.fill(_arrays(game), saved)
    except InputError as error:
        raise InputError(f"{folder}: {error}, as its config has it") from None
    return saved, meta


def _flat(config: Config) -> dict[str, Any]:
    """All that decides the numbers; Python's own version does not."""
    versions = {name: version for name, version in config.versions.items() if name != "python"}
    mine = {"seed": config.seed, "backend": config.backend, "threads": config.threads}
    return asdict(config.recipe) | mine | versions


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


@contextmanager
def _ctrl_c() -> Iterator[Callable[[], bool]]:
    """Within, the first Ctrl-C is only noted; a second one interrupts at once.

    A request to terminate counts as one, and so does a terminal that goes away, as a lost connection's;
    not under nohup, which means that this should not matter.
    """
    noted: list[int] = []

    def note(number: int, frame: Any) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: bool(noted)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _disk_errors(training: Training) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the terminal, not the disk
        raise
    except OSError as error:
        raise RunError(
            f"cannot write to {training.folder}: {error.strerror}; {training._kept()}; "
            f"mend that, then: {training.how_to_resume()}"
        ) from error
