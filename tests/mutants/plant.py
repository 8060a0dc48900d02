"""One trial: a mistake is planted in a module, and the module's tests run, in a process that just began."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from multiprocessing.connection import Connection
from typing import Any

from . import Mutant, files_of

TOO_LATE = "the right module was loaded before the mistake was made"
OPTIONS = ["-x", "-q", "--backends=numpy", "--hypothesis-profile=unshrunk", "-p", "no:cacheprovider"]
OPTIONS += ["-m", "not processes"]  # those see the right module


def run_tests(
    mutant: Mutant | None, modules: Iterable[str], seconds: dict[str, float], answer: Connection
) -> None:
    """Send what became of the tests of these modules, with this mistake in one of them.

    seconds: how long tests take; those that take less come first, and may spare us the others.
    """
    try:
        witness = Witness(mutant.target.rpartition(".")[2] if mutant else "", seconds)
        if mutant:
            plant(mutant)
        import pytest  # not before: its plugins and ours may import minigan

        files = dict.fromkeys(str(path) for module in modules for path in files_of(module))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = pytest.main([*OPTIONS, *files], plugins=[witness])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            witness.broken = witness.broken or repr(status)
        answer.send(vars(witness))
    except Exception as error:
        answer.send({"broken": repr(error)})


def plant(mutant: Mutant) -> None:
    """Whoever imports the mutant's module from now on gets the wrong one."""
    if f"minigan.{mutant.module}" in sys.modules:
        raise RuntimeError(TOO_LATE)
    source = mutant.source()

    class Wrong(SourceFileLoader):
        def get_code(self, name: str) -> Any:
            return compile(source, self.path, "exec")

    class Finder(MetaPathFinder):
        def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
            if name != f"minigan.{mutant.module}":
                return None
            spec = PathFinder.find_spec(name, path)
            spec.loader = Wrong(name, spec.origin)
            return spec

    sys.meta_path.insert(0, Finder())


class Witness:
    """A plugin of pytest: puts the tests that speak of `name` first, and sees what becomes of each."""

    def __init__(self, name: str, seconds: dict[str, float]) -> None:
        self.name, self.order, self.seconds = _plain(name), seconds, {}
        self.tests = self.gradient_checks = 0
        self.rejected_by: str | None = None
        self.broken: str | None = None

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: (self.name not in _plain(item.name), self.order.get(item.nodeid, 0)))

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.passed and report.when == "call":
            self.tests += 1
            self.gradient_checks += "-gradient-" in report.nodeid
        elif report.failed and report.when != "setup":  # a fixture too may look at what became of things
            self.rejected_by = self.rejected_by or os.path.basename(report.nodeid)
        elif report.failed:
            self.broken = f"{report.when} of {report.nodeid}"

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.broken = f"collection of {report.nodeid}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
