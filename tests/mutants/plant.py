"""One trial: a mistake is planted in a module, and the module's tests run, in a process that just began."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import Any

from . import Mutant, files_of

TOO_LATE = "the right module was loaded before the mistake was made"
OPTIONS = ["-x", "-q", "--backends=numpy", "--hypothesis-profile=unshrunk", "-p", "no:cacheprovider"]
OPTIONS += ["-m", "not processes"]  # those see the right module
OPTIONS += ["--tb=no", "-p", "no:unraisableexception", "-p", "no:threadexception"]  # which take time
SECONDS = 20  # of this process, for one test; a loop without end is over then
MEMORY = 8 << 30


def run_tests(
    mutant: Mutant | None,
    modules: Iterable[str],
    order: dict[str, float],
    watched: list[str],
    answer: Connection,
) -> None:
    """Send what became of the tests of these modules, with this mistake in one of them.

    order: which tests come first, the smallest number first, and may spare us the others.
    watched: files; which of their lines each test reaches is sent as well.
    """
    try:
        _bound()
        sys.dont_write_bytecode = False  # the tests' own, compiled once and not for each mistake
        name = mutant.target.rpartition(".")[2] if mutant else ""
        witness = Reach(watched) if watched else Witness(name, order)
        if mutant:
            plant(mutant)
        import pytest  # not before: its plugins and ours may import minigan

        files = dict.fromkeys(str(path) for module in modules for path in files_of(module))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = pytest.main([*OPTIONS, *files], plugins=[witness])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            witness.broken = witness.broken or repr(status)
        answer.send(witness.seen())
    except Exception as error:
        answer.send({"broken": repr(error)})


def _bound() -> None:
    """A mistake may ask for time and memory without end: it ends here where the system can see to that."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    _begin_to_count()


def _begin_to_count() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # nobody listens to its signal: the process dies


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

    def __init__(self, name: str = "", order: dict[str, float] = MappingProxyType({})) -> None:
        self.name, self.order, self.seconds = _plain(name), order, {}
        self.tests = self.gradient_checks = 0
        self.rejected_by: str | None = None
        self.broken: str | None = None

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: (self.name not in _plain(item.name), self.order.get(item.nodeid, 0)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _begin_to_count()

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

    def seen(self) -> dict[str, Any]:
        found = ("seconds", "tests", "gradient_checks", "rejected_by", "broken")
        return {name: getattr(self, name) for name in found}


class Reach(Witness):
    """A Witness that also sees which lines of `files` each test reaches."""

    def __init__(self, files: list[str]) -> None:
        import coverage  # pytest-cov brings it

        super().__init__()
        self.files = files
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=files)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        super().pytest_runtest_logstart(nodeid)
        self.coverage.switch_context(nodeid)

    def seen(self) -> dict[str, Any]:
        self.coverage.stop()
        data = self.coverage.get_data()
        return super().seen() | {"reached": {file: data.contexts_by_lineno(file) for file in self.files}}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
