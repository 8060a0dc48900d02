"""How far a training is: a bar with what matters on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from minigan.training import Training  # slow to import


class Progress:
    """What `Training.play` shows its numbers to, within a `with`; quiet: nothing is shown."""

    LINE_SECONDS = 5.0

    def __init__(self, training: Training, quiet: bool) -> None:
        self.training, self.quiet, self.bar = training, quiet, None
        self.began, self.first, self.printed = time.monotonic(), training.t, time.monotonic()

    def __enter__(self) -> Progress:
        if not self.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(
                total=max(self.training.stop, self.first),
                initial=self.first,
                unit=" updates",
                dynamic_ncols=True,
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, t: int, means: np.ndarray) -> None:
        d_loss, g_loss, d_real, d_fake = means
        numbers = f"d_loss {d_loss:.3f}  g_loss {g_loss:.3f}  D(x) {d_real:.2f}  D(G(z)) {d_fake:.2f}"
        if self.bar is not None:
            self.bar.set_postfix_str(numbers, refresh=False)
            self.bar.update(t - self.bar.n)
            return
        now = time.monotonic()
        if self.quiet or (now - self.printed < self.LINE_SECONDS and t < self.training.stop):
            return
        self.printed = now
        speed = (t - self.first) / max(now - self.began, 1e-9)
        epoch, left = self.training.epoch(t), (self.training.stop - t) / speed
        print(f"epoch {epoch:4d}  {numbers}  {speed:.0f} updates/s  {left:.0f} s left", flush=True)
