"""The judge's end of a judged process: start it, ask it, and be rid of it whatever it does."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from minigan.homework.judging import transport
from minigan.homework.judging.kit import Kit

MOST_STRETCHED = 10
START_LIMIT = 60  # seconds until our own part of the child is up, on a loaded machine
TEXT_LIMIT = 2000  # characters of an exception's text
OUTPUT_LIMIT = 20_000  # characters of what the student prints
PYTHON = [sys.executable, "-I", "-S", "-B", "-u", "-c"]
BOOT = """import sys; sys.path.insert(0, sys.argv[1])
from minigan.homework.judging.worker import main; main(sys.argv[2:])"""
LAUNCH = BOOT.replace("main(sys.argv[2:])", "launch()").replace("import main", "import launch")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


class Raised(Exception):
    """The student's code raised: `kind` is the name of the exception's type, `line` where in the file."""

    given: Any = None  # the arguments of the call that raised it

    def __init__(self, kind: str, message: str, line: int | None) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message, self.line = kind, message, line


class Ended(Exception):
    """The child gave no usable answer: `status` is timeout, memory, crash, bad_reply or grader_error."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Budget:
    """Wall-clock seconds that one submission may use in all its processes together."""

    seconds: float


def stretched(seconds: float) -> float:
    """A time limit on this machine as busy as it is: who else computes here is not the student's fault."""
    if not hasattr(os, "getloadavg"):
        return seconds
    return seconds * min(max(os.getloadavg()[0] / (os.cpu_count() or 1), 1), MOST_STRETCHED)


@contextlib.contextmanager
def submission_folder(kit: Kit, source: bytes) -> Iterator[Path]:
    """A folder that holds the student's one file (of the capstone all), and nothing else of what came."""
    assignment = kit.assignment
    text = source.decode("utf-8", "surrogateescape")
    files = json.loads(text) if assignment.parts else {assignment.id: text}
    with tempfile.TemporaryDirectory(dir=kit.scratch, prefix="submission-") as folder:
        for name in assignment.files:
            Path(folder, f"{name}.py").write_bytes(files[name].encode("utf-8", "surrogateescape"))
        Path(folder, "empty").mkdir()
        yield Path(folder)


class Launcher:
    """A process that forks judged processes, so that NumPy is loaded once for all checks of a submission."""

    def __init__(self, kit: Kit) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [*PYTHON, LAUNCH, str(kit.folder)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd=kit.folder,
                start_new_session=True,
            )

    def __enter__(self) -> Launcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()

    def start(self, wanted: dict[str, Any]) -> Forked:
        """A judged process.  The one before has to have ended."""
        pairs = [os.pipe() for _ in range(3)]
        theirs = [pairs[0][0], pairs[1][1], pairs[2][1]]
        ours = [pairs[0][1], pairs[1][0], pairs[2][0]]
        try:
            socket.send_fds(self.socket, [json.dumps(wanted).encode()], theirs)
            return Forked(
                self.socket, *(os.fdopen(n, mode) for n, mode in zip(ours, ("wb", "rb", "rb"), strict=True))
            )
        except OSError:
            raise Ended("grader_error", "the process that starts the judged one has ended") from None
        finally:
            for descriptor in theirs:
                os.close(descriptor)


class Forked:
    """What a Launcher has started, in the form of a Popen."""

    def __init__(self, launcher: socket.socket, stdin: IO[Any], stdout: IO[Any], stderr: IO[Any]) -> None:
        self.launcher, self.stdin, self.stdout, self.stderr = launcher, stdin, stdout, stderr
        self.status: int | None = None
        try:
            self.pid = self._number(START_LIMIT)
        except subprocess.TimeoutExpired:
            raise Ended("grader_error", "the judged process did not start") from None

    def wait(self, timeout: float | None = None) -> int:
        if self.status is None:
            self.status = self._number(timeout)
        return self.status

    def kill(self) -> None:
        """The whole session of it; it may be too young to have one."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.001)
        if self.status is None:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(OSError):
                    kill(self.pid, signal.SIGKILL)

    def _number(self, timeout: float | None) -> int:
        self.launcher.settimeout(timeout)
        try:
            data = self.launcher.recv(4, socket.MSG_WAITALL)
        except TimeoutError:
            raise subprocess.TimeoutExpired("the judged process", timeout or 0) from None
        if len(data) != 4:
            raise Ended("grader_error", "the process that starts the judged one has ended")
        return int.from_bytes(data, "little", signed=True)


@contextlib.contextmanager
def launcher(kit: Kit) -> Iterator[Launcher | None]:
    """Where forking is safe, which is on Linux; elsewhere each judged process starts by itself."""
    if kit.launcher or sys.platform != "linux":
        yield kit.launcher
        return
    with Launcher(kit) as started:
        yield started


class Child:
    """One judged process.  A context manager: when it is left, the whole process group is dead."""

    def __init__(
        self, kit: Kit, folder: Path, level: int, budget: Budget, launcher: Launcher | None = None
    ) -> None:
        assignment = kit.assignment
        self.budget, self.output, self.asked = budget, "", 0
        self.after: Any = None  # the arguments of the last call as that call left them
        wanted = {
            "written": assignment.files,
            "files": {name: str(folder / f"{name}.py") for name in assignment.files},
            "level": level,
            "landlock": kit.landlock,
            "memory_mb": assignment.memory_mb,
            "seconds": math.ceil(budget.seconds) + 5,  # the wall clock comes first, and says so
            "readable": [*kit.readable, str(folder)],
            "cwd": str(folder / "empty"),
        }
        started: Any = launcher.start(wanted) if launcher else _started(kit, wanted)
        self.process = started  # a Popen, or what has its form
        if os.name == "posix":  # a child that never reads must not keep the judge waiting in a write
            os.set_blocking(self.process.stdin.fileno(), False)
        self.replies: queue.Queue[Any] = queue.Queue(maxsize=2)
        self.threads = [
            threading.Thread(target=t, daemon=True) for t in (self._read_replies, self._read_output)
        ]
        for thread in self.threads:
            thread.start()

    def __enter__(self) -> Child:
        try:
            ready = self._next_reply(START_LIMIT)
            if not isinstance(ready, dict) or "ready" not in ready:
                raise Ended("crash", "its first words are not ours")
        except Ended as error:
            self.close()
            last = (self.output.strip().splitlines() or [str(error)])[-1]
            raise Ended("grader_error", f"the judged process did not start: {last}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, call: str, *arguments: Any) -> Any:
        """What the student's code answers.  Raises Raised or Ended."""
        self.asked, self.after = self.asked + 1, None
        began = time.monotonic()
        with contextlib.suppress(OSError):  # it has ended, or does not read: the missing reply says which
            transport.send(self.process.stdin, [self.asked, call, list(arguments)])
        try:
            reply = self._next_reply(self.budget.seconds)
        finally:
            self.budget.seconds -= time.monotonic() - began
        if not isinstance(reply, dict) or reply.get("number") != self.asked:
            raise Ended("bad_reply", "an answer came that nobody asked for")
        if "unsendable" in reply:
            raise Ended(
                "bad_reply", f"expected plain numbers and arrays, got {str(reply['unsendable'])[:200]}"
            )
        if "raised" in reply:
            kind, message, line = (reply.get(key) for key in ("raised", "message", "line"))
            if kind == "MemoryError":
                raise Ended("memory", "it asked for more memory than the limit")
            raise Raised(str(kind)[:100], str(message)[:TEXT_LIMIT], line if isinstance(line, int) else None)
        if "value" not in reply:
            raise Ended("bad_reply", "an answer without a value")
        self.after = reply.get("after")
        return reply["value"]

    def close(self) -> None:
        """Kill the group, and wait until nothing of it is left."""
        self._kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        deadline = time.monotonic() + 2
        while any(thread.is_alive() for thread in self.threads) and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                self.replies.get(timeout=0.01)
        if not any(thread.is_alive() for thread in self.threads):
            self.process.stdout.close()
            self.process.stderr.close()

    def _kill(self) -> None:
        if isinstance(self.process, Forked):
            self.process.kill()
            return
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    def _next_reply(self, seconds: float) -> Any:
        try:
            reply = self.replies.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            raise Ended("timeout", "the time limit was reached: is there a loop that does not end?") from None
        if reply is EOFError:
            raise self._how_it_ended()
        if isinstance(reply, transport.TransportError):
            raise Ended("bad_reply", f"the answer cannot be read: {reply}")
        return reply

    def _how_it_ended(self) -> Ended:
        try:
            code = self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return Ended("crash", "the process closed its pipe before it answered")
        if hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
            return Ended("timeout", "the processor time limit was reached")
        if code < 0:
            name = next((s.name for s in signal.Signals if s == -code), f"signal {-code}")
            return Ended("crash", f"the process was ended by {name} before it answered")
        return Ended("crash", f"the process ended with exit status {code} before it answered")

    def _read_replies(self) -> None:
        while True:
            try:
                self.replies.put(transport.receive(self.process.stdout))
            except transport.TransportError as error:
                self.replies.put(error)
                return
            except (EOFError, OSError, ValueError):
                self.replies.put(EOFError)
                return

    def _read_output(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := self.process.stderr.read1(65536):
                if len(self.output) < OUTPUT_LIMIT:
                    self.output += data.decode(errors="replace")[: OUTPUT_LIMIT - len(self.output)]


def _started(kit: Kit, wanted: dict[str, Any]) -> subprocess.Popen:
    """A judged process that is started by itself."""
    return subprocess.Popen(
        [*PYTHON, BOOT, str(kit.folder), json.dumps(wanted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT | ({"SYSTEMROOT": os.environ["SYSTEMROOT"]} if os.name == "nt" else {}),
        cwd=wanted["cwd"],
        start_new_session=True,
    )
