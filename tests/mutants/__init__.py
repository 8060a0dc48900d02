"""Wrong answers as data: mistakes that one could make in minigan, each of which a test must reject.

    python -m tests.mutants        makes each mistake in turn, runs the tests, writes docs/verification.md

The file of a module (ops.txt for minigan/ops.py, data.txt for all in minigan/data) has a paragraph for each
mistake:

    ops.mul: x's own value in x's gradient        in the definition of ops.mul
    - g * b                                       this, which stands there exactly once,
    + g * a                                       became this
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
PACKAGE = HERE.parents[1] / "minigan"
CORE = ("kernels", "tensor", "ops", "gradcheck", "nn", "game", "random", "optim", "algorithm1")
MEASURES = ("parzen", "theory", "modes", "data", "classifier", "pictures")
PLUMBING = (
    "workers",
    "shares",
    "threads",
    "lock",
    "files",
    "shell",
    "players",
    "run",
    "training",
    "progress",
)
RECIPES = ("settings", "mixed", "paper", "keras_mlp", "recipes")
MODULES = (*CORE, *MEASURES, *RECIPES, *PLUMBING, "train", "sample", "evaluation", "evaluate", "reproduce")
MODULES += ("successors", "benchmark")
TESTED_IN = {  # where it is not, or not only, in test_<module>.py
    "data": ("data_sets",),
    "data.__main__": ("data_cli",),
    "evaluation": ("evaluate",),
    "mixed": ("by_hand",),
    "keras_mlp": ("recipes", "whole_run"),
    "nn": ("nn", "modes"),
    "paper": ("recipes",),
    "players": ("run_parts", "sample", "recipes", "golden", "whole_run"),
    "pictures": ("pictures", "drawings", "successors_recipes"),
    "progress": ("train", "whole_run"),
    "reproduce": ("reproduce_numbers", "reproduce_parts", "reproduce", "classifier"),
    "settings": ("recipes",),
    "reproduce.figures": ("pictures", "drawings"),
    "run": ("run_parts", "whole_run", "odd_files", "run", "commands"),
    "sample": ("sample", "commands"),
    "shares": ("workers",),
    "successors": ("successors_golden", "successors_pages"),
    "successors.conditional": ("successors_conditional", "successors_recipes"),
    "successors.dcgan": ("successors_recipes",),
    "successors.pictures": ("successors_pages", "drawings"),
    "successors.recipes": ("successors_recipes", "successors_growing"),
    "successors.solids": ("successors_recipes",),
    "successors.twice": ("successors_penalty", "successors_golden"),
    "train": ("train", "whole_run", "commands", "run"),
    "workers": ("workers_gpu", "workers"),
    "training": ("run_parts", "whole_run", "odd_files", "run", "commands"),
}


def path_of(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def files_of(module: str) -> list[Path]:
    """The files that hold the tests of a module."""
    own = module.replace(".", "_")
    at_least = (own,) if (TESTS / f"test_{own}.py").exists() else TESTED_IN[module.partition(".")[0]]
    return [TESTS / f"test_{name}.py" for name in TESTED_IN.get(module, at_least)]


@cache
def _read_module(module: str) -> tuple[list[str], ast.Module]:
    text = path_of(module).read_text("utf-8")
    return text.splitlines(keepends=True), ast.parse(text)


@dataclass(frozen=True)
class Mutant:
    """A mistake in `target`: a definition of a module (with its decorators), or ("game") all of it."""

    target: str
    mistake: str
    old: str
    new: str

    @property
    def module(self) -> str:
        first, *second = self.target.split(".")[:2]
        both = ".".join([first, *second])
        return both if path_of(both).exists() else first

    def source(self) -> str:
        """The text of the module with the mistake in it.  ValueError where the mistake cannot be made."""
        lines, node = _read_module(self.module)
        first, last = 0, len(lines)
        for name in self.target.removeprefix(self.module).split(".")[1:]:
            (node,) = (child for child in node.body if getattr(child, "name", None) == name)
            first, last = min(x.lineno for x in (node, *node.decorator_list)) - 1, node.end_lineno
        definition = "".join(lines[first:last])
        if definition.count(self.old) != 1:
            raise ValueError(f"{self.target}: {self.old!r} stands there {definition.count(self.old)} times")
        return "".join(lines[:first]) + definition.replace(self.old, self.new) + "".join(lines[last:])


def _read(paragraph: str) -> Mutant:
    title, *lines = paragraph.splitlines()
    target, _, mistake = title.partition(": ")
    old, new = ("\n".join(line[2:] for line in lines if line[:2] == sign) for sign in ("- ", "+ "))
    return Mutant(target, mistake, old, new)


MUTANTS = [
    _read(paragraph)
    for module in MODULES
    for paragraph in (HERE / f"{module}.txt").read_text("utf-8").strip().split("\n\n")
]
