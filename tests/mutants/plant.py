"""Run a module's tests with one mistake planted in it:  python -m tests.mutants.plant NUMBER

Prints one line of JSON: what became of the tests.  Without a number nothing is planted, and all tests run.
"""

import json
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any

from . import MODULES, MUTANTS, Mutant

TESTS = Path(__file__).resolve().parents[1]


def plant(mutant: Mutant) -> None:
    """Whoever imports the mutant's module from now on gets the wrong one."""
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
    """A plugin of pytest that sees what becomes of each test."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.rejected_by: str | None = None
        self.broken: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and report.when == "call":
            self.rejected_by = self.rejected_by or report.nodeid.removeprefix("tests/")
        elif report.failed:
            self.broken = f"{report.when} of {report.nodeid}"
        elif report.when == "call" and report.passed:
            self.passed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.broken = f"collection of {report.nodeid}"


def main(number: str | None = None) -> dict[str, Any]:
    import pytest  # after the mistake is planted: its plugins may import minigan

    modules = MODULES
    if number is not None:
        mutant = MUTANTS[int(number)]
        plant(mutant)
        modules = (mutant.module,)
    files = [str(TESTS / f"test_{module}.py") for module in modules]
    witness = Witness()
    options = ["-x", "-q", "--backends=numpy", "--hypothesis-profile=unshrunk", "-p", "no:cacheprovider"]
    status = pytest.main([*options, *files], plugins=[witness])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        witness.broken = witness.broken or f"pytest: {status!r}"
    return {
        "rejected_by": witness.rejected_by,
        "broken": witness.broken,
        "tests": len(witness.passed),
        "gradient_checks": sum("-gradient-" in test for test in witness.passed),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
