"""The training of a run: Algorithm 1 played in a run folder, with its log, pictures and checkpoints."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from minigan import algorithm1, checkpoint, pictures, run, shares, shell
from minigan.algorithm1 import Update
from minigan.backend import Backend, to_host, xp_of
from minigan.errors import InputError, RunError
from minigan.files import write_atomically, write_json
from minigan.lock import Lock
from minigan.players import arrays, generate, output_of, set_up, update_of, use_threads
from minigan.run import COLUMNS, NO_VALUES, Config
from minigan.tensor import Tensor
from minigan.workers import ALONE, Workers

SHOW_SECONDS = 0.5  # between two looks at the device: the log waits for it, a step never does
SAVE_SECONDS = 5.0  # between two checkpoints, at least, at the end of an epoch
SAVE_SECONDS_WITHIN = 60.0  # the same within a long epoch
SAMPLES = 100


class Training:
    """The game of one config; `start` or `resume` says in which folder it is played.

    Of several workers each has a Training; what depends on the clock is worker 0's to decide, and only
    worker 0 writes.
    """

    def __init__(self, config: Config, backend: Backend, workers: Workers = ALONE) -> None:
        workers = workers.on(backend)
        self.workers, self.writes, self.backend = workers, workers.rank == 0, backend
        recipe, self.dataset = config.recipe, workers.after_first(lambda: run.data_of(config))
        self.config = replace(config, pictures=self.dataset.sha256)
        workers.agree(run.decisive(self.config, self.dataset) if workers.size > 1 else {})
        self.game = set_up(recipe, self.dataset, backend, config.seed, workers)
        self.output = output_of(recipe)
        self.z = recipe.noise(self.game.streams("sample"), SAMPLES)
        self.stop = ceil(recipe.epochs * self.game.data.per_epoch / recipe.k)
        self.t = self.saved_t = 0
        self.lock: Lock | None = None
        self.seconds, self.values = 0.0, NO_VALUES  # the values: COLUMNS for each update of this epoch

    def use_threads(self, wanted: int | None) -> None:
        """As `players.use_threads` for both players; the number belongs to the run.

        Several workers try none out: each has one, unless it is told otherwise.
        """
        to_try = () if self.workers.size > 1 else (self.game.G, self.game.D)
        used = use_threads(wanted, self.backend, self.config.recipe.batch, *to_try)
        self.config = replace(self.config, threads=used)

    def start(self, out: str | None) -> None:
        """In a new folder: `out`, or the first free one of runs/<recipe>-1, -2, ..."""
        self.folder = Path(self.workers.first(lambda: str(run.create(out, self.config))))
        if self.writes:
            self.lock = Lock(self.folder)

    def resume(self, folder: Path) -> None:
        """Where the newest whole checkpoint of the folder is; at the beginning if there is none yet.

        InputError where another process plays this run.
        """
        self.folder = folder
        self.t = self.saved_t = self.workers.first(self._restore)
        for array in arrays(self.game).values():
            self.workers.share(array)

    def _restore(self) -> int:
        """As `resume`, at one worker; the updates that are behind it."""
        t, folder, before = 0, self.folder, run.signature(self.folder)
        if before:
            saved, meta = run.restore(self.game, folder)
            if lost := saved.keys() - arrays(self.game).keys() - {"values"}:
                raise InputError(
                    f"{folder}: its checkpoint also has {min(lost)}, which would be lost; go on with the "
                    "command that began the run, as reproduce table1 --averages"
                )
            t, self.seconds, self.values = meta["t"], meta["seconds"], saved["values"]
        if t < self.stop:
            self.lock = Lock(folder)  # not sooner: what cannot be resumed stays untouched
            if run.signature(folder) != before:
                self.lock.release()
                raise InputError(f"{folder} was played by another process just now; try again")
            run.cut_log(folder, t)
            write_json(folder / "config.json", self.config.as_json())
        return t

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
        if self.writes and not self.lock:  # it is complete: what a process left that was killed at its end
            with suppress(InputError):
                Lock(self.folder).release()
        try:
            return self._play(show)
        finally:
            if self.lock:
                self.lock.release()

    def _play(self, show: Callable[[int, np.ndarray], None]) -> bool:
        update = update_of(self.config.recipe)
        updates = algorithm1.train(self.game, update, self.t, self.stop)
        pending: list[Update] = []
        began, shown, saved = time.monotonic() - self.seconds, time.monotonic(), time.monotonic()
        with _ctrl_c() as interrupted, _disk_errors(self), np.errstate(all="ignore"):  # _look sees it all
            for t, numbers in updates:
                pending.append(numbers)
                now = time.monotonic()
                ends_epoch = self.epoch(t + 1) > self.epoch(t)
                is_late, stops = self.workers.any(self.writes and now - shown >= SHOW_SECONDS, interrupted())
                last = t + 1 == self.stop or stops
                if not (is_late or ends_epoch or last):
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
        D_real, D_fake = (self.output.of(a).mean(axis=(1, 2)) for a in (a_real, a_fake))
        values = to_host(xp.stack([d_loss, g_loss, D_real, D_fake], axis=1)).astype(np.float64)
        recipe = self.config.recipe
        values = self.workers.sum(values * shares.rows_of(recipe.batch, self.workers, recipe.pack).weight)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            broken = [name for name, a in arrays(self.game).items() if not np.isfinite(to_host(a)).all()]
            where = f", and now {broken[0]} is not finite either" if broken else ""
            self._not_finite(f"{COLUMNS[column]} is {values[row, column]}{where}", t - len(pending) + 1 + row)
        self.values = np.concatenate([self.values, values])

    def _not_finite(self, what: str, t: int) -> NoReturn:
        raise RunError(f"update {t}: {what}; {self._kept()}; try a smaller --lr")

    def _fetch(self) -> dict[str, np.ndarray]:
        """All that training changes, on the host, and finite."""
        found = {name: to_host(a) for name, a in arrays(self.game).items()}
        for name, a in found.items():
            if not np.isfinite(a).all():
                self._not_finite(f"{name} is no longer finite", self.t - 1)
        return found

    def _end_epoch(self) -> None:
        values, self.values = self.values, NO_VALUES
        if not self.writes:
            return
        recipe, opt, epoch = self.config.recipe, self.game.optimiser_D, self.epoch(self.t)
        means = dict(zip(COLUMNS, values.mean(axis=0), strict=True))
        record = {"epoch": epoch, "update": self.t} | means
        record["learning_rate"] = opt.learning_rate(self.t * recipe.k)
        record["momentum"] = opt.momentum(epoch)
        record["seconds"] = round(self.seconds, 3)
        with open(self.folder / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if epoch % recipe.samples_every == 0 or self.t == self.stop:
            self._fetch()
            self._draw_samples(self.folder / "samples" / f"epoch-{epoch:04d}.png")

    def _save(self) -> None:
        if not self.writes:
            return
        meta = {"t": self.t, "seconds": self.seconds}
        checkpoint.save(self.folder / checkpoint.NAME, {**self._fetch(), "values": self.values}, meta)
        self.saved_t = self.t

    def _kept(self) -> str:
        if not self.saved_t:
            return "there is no checkpoint yet"
        return f"the checkpoint of update {self.saved_t} is kept"

    def _draw_samples(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        pictures.save_samples(path, generate(self.game.G, self.z), self.dataset)
        write_atomically(self.folder / "samples.png", lambda file: file.write(path.read_bytes()))

    def _draw(self) -> None:
        if self.writes and (log := run.read_log(self.folder)):
            undecided = Tensor(np.zeros((2, 1)))  # logits of a D that cannot tell, on an example and a sample
            losses = self.game.discriminator_loss, self.game.generator_loss
            of_D, of_G = (float(loss(undecided).data) for loss in losses)
            _, level, is_probability = self.output
            pictures.save_curves(self.folder / "curves.png", log, of_D, of_G, level, is_probability)


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
