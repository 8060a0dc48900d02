"""A file or folder that one process alone has: the system keeps the lock, and forgets it with the process."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
from pathlib import Path
from typing import BinaryIO

from minigan.errors import InputError

FAR = 1 << 30  # Windows lets nobody read the bytes that are locked: not those that say who has the folder


class Lock:
    """The folder is ours until `release`, or until this process ends in whatever way.

    InputError, saying who has it, where another process does: folder/.lock holds that line. On a file system
    that knows no locks nothing is locked.  done: what is being done in the folder.
    """

    def __init__(self, folder: Path, done: str = "played") -> None:
        self.path = folder / ".lock"
        try:
            self._file = open(self.path, "a+b", buffering=0)  # noqa: SIM115 (it stays open)
        except OSError as error:
            raise InputError(
                f"cannot write to {folder}: {error.strerror}; a copy of it that is yours can be {done}"
            ) from None
        if take(self._file) is False or not self._is_there():
            self._file.seek(0)
            holder = self._file.read(200).decode(errors="replace").strip() or "another process"
            self._file.close()
            raise InputError(f"{folder} is being {done} by {holder}; wait until it is done, or stop it there")
        since = time.strftime("%Y-%m-%d %H:%M")
        with contextlib.suppress(OSError):  # on a full disk nobody is told who has it
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()} on {platform.node()}, since {since}".encode())

    def release(self) -> None:
        """Give the folder back; a second time changes nothing."""
        if self._file.closed:
            return
        if os.name == "nt":  # where no open file can be removed
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink()
        self._file.close()

    def _is_there(self) -> bool:
        """Whether it is still the folder's file that we locked: who had it may have removed it since."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self.path))
        except OSError:
            return False


def take(file: BinaryIO) -> bool | None:
    """Whether the file, just opened, is ours until it is closed; None where the system knows no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except (OSError, ImportError):  # as on some network file systems, or in a browser
        return None
    return True
