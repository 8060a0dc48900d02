"""The judged process: it confines itself, loads the student's file, and answers calls with plain arrays.

It runs inside the kit, where minigan lacks the homework's targets.  It decides nothing: what it sends is
taken for a claim, which the judge compares with values that never come here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any, BinaryIO, NoReturn

import numpy.fft  # with numpy.linalg and numpy.random: all shared libraries, before reading is restricted
import numpy.linalg
import numpy.random  # noqa: F401

from minigan.homework.judging import isolate, overlay, transport

TEXT_LIMIT = 2000
REQUEST_LIMIT = 1 << 16


def launch() -> None:
    """Fork a judged process for each request, with the three pipes that come with it (Linux).

    Python, NumPy and minigan are loaded once, and nothing that a student wrote ever runs in this process.
    """
    isolate.die_with_parent()
    importlib.import_module("minigan.homework.calls")
    with socket.socket(fileno=os.dup(0)) as judge:
        while True:
            request, pipes, _, _ = socket.recv_fds(judge, REQUEST_LIMIT, 3)
            if not request:
                return
            child = os.fork()
            if child == 0:
                _serve(json.loads(request), pipes)
            for pipe in pipes:
                os.close(pipe)
            judge.sendall(child.to_bytes(4, "little"))
            _, status = os.waitpid(child, 0)
            judge.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))


def _serve(wanted: dict[str, Any], pipes: list[int]) -> NoReturn:
    """What a process that was just forked does until its end."""
    try:
        os.setsid()
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
        os.closerange(3, 64)
        os.chdir(wanted["cwd"])
        serve(wanted)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def main(argv: list[str]) -> None:
    """A judged process that was started by itself.  argv: what the judge wants, as JSON."""
    serve(json.loads(argv[0]))


def serve(wanted: dict[str, Any]) -> None:
    """Answer calls until the judge closes the pipe."""
    isolate.die_with_parent()
    isolate.enter_namespaces(wanted["level"])
    isolate.limit_resources(wanted["memory_mb"], wanted["seconds"])
    calls = importlib.import_module("minigan.homework.calls")
    requests, replies = _private_pipes()
    readable = [*wanted["readable"], *isolate.python_paths()]
    isolate.confine(wanted["level"], readable, wanted["landlock"])
    transport.send(replies, {"ready": wanted["level"]})

    target = None
    while True:
        try:
            number, name, arguments = transport.receive(requests)
        except EOFError:
            return
        try:
            if name == "load":
                target, value = _load(wanted), None
            else:
                value = getattr(calls, name)(target, *arguments)
            reply = {"value": value, "after": arguments}
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: the student's, and no pass
            kind = transport.kind_of(error)
            file, line = _place(error, wanted)
            message = _message(error, wanted)
            if len(wanted["files"]) > 1:
                message, line = message + (f" ({file}, line {line})" if file else ""), None
            reply = {"raised": kind, "message": message, "line": line}
        try:
            transport.send(replies, {"number": number, **reply})
        except transport.TransportError as error:
            transport.send(replies, {"number": number, "unsendable": str(error)})


def _load(wanted: dict[str, Any]) -> ModuleType:
    """The student's file as a module, its targets laid over the kit's; of the capstone's files, the last."""
    for homework, written in wanted["written"].items():
        spec = importlib.util.spec_from_file_location(homework, wanted["files"][homework])
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[homework] = module
        spec.loader.exec_module(module)
        if not any(callable(getattr(module, name, None)) for name in written):
            raise NameError(f"{homework}.py defines no {' and no '.join(written)}")
        for name, home in written.items():
            if not callable(getattr(module, name, None)):
                setattr(module, name, _undefined(f"{homework}.py defines no {name}"))
            new, place = getattr(module, name), importlib.import_module(f"minigan.{home}")
            if len(wanted["written"]) > 1:
                overlay.replace(getattr(place, name), new, wanted["written"])
            setattr(place, name, new)
    return module


def _undefined(message: str) -> Callable[..., NoReturn]:
    """Stands for what the file lacks, so that what it holds is judged all the same."""

    def absent(*_: object, **__: object) -> NoReturn:
        raise NameError(message)

    return absent


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two ends for frames.  What the student prints goes to standard error, read as text; for `input()`
    there is nothing.
    """
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _message(error: BaseException, wanted: dict[str, Any]) -> str:
    """Its text; of a syntax error in a file of the student's without the line, which is told beside it."""
    try:
        own = isinstance(error, SyntaxError) and error.filename in wanted["files"].values()
        text = getattr(error, "msg", "") if own else error
        return str(text)[:TEXT_LIMIT]
    except Exception:
        return ""


def _place(error: BaseException, wanted: dict[str, Any]) -> tuple[str, int | None]:
    """The student's file and the line in it where it happened; nothing where it was in none."""
    names = {path: f"{homework}.py" for homework, path in wanted["files"].items()}
    if isinstance(error, SyntaxError) and error.filename in names:
        return names[error.filename], error.lineno
    place: tuple[str, int | None] = ("", None)
    trace = error.__traceback__
    while trace:
        if (path := trace.tb_frame.f_code.co_filename) in names:
            place = names[path], trace.tb_lineno
        trace = trace.tb_next
    return place
