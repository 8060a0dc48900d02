"""Mark a file again each time it is saved."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

SETTLE = 0.2  # an editor writes a file in several steps


def watch(path: Path, mark: Callable[[], bool], poll: float = 0.5) -> None:
    """Call `mark` now and after every change of the file, until it returns True."""
    seen = None
    while True:
        now = _signature(path)
        if now is not None and now != seen:
            time.sleep(SETTLE)
            seen = _signature(path)
            if mark():
                return
            print(f"\nwaiting for {path} to be saved; Ctrl-C ends\n", flush=True)
        time.sleep(poll)


def _signature(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None  # some editors replace the file: it will be back
    return status.st_mtime_ns, status.st_size
