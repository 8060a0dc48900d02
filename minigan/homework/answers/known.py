"""Known answers, right and wrong, each as the file that a student would hand in; or asked in this process.

right.py holds right answers, `unbroadcast__by_einsum`.  wrong.txt changes one of them, or minigan's own:

    === unbroadcast: mean | added_axes stretched_axes          target: name | the checks it loses
    you average; the shares of the uses add up                  what its author should hear
    --- minigan: g.sum( => g.mean(                              in minigan's own answer, this part, which
        .reshape(shape) => .reshape(*shape)                     stands there once, becomes that; and another
    --- by_einsum                                               the same mistake in another answer, where it
    - .reshape(shape).copy()                                    takes several lines: those that go
    + .reshape(shape)                                           and those that come
    + / g.size

Checks that need one which is lost are lost too, and are not listed.
"""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.util
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.abc import InspectLoader
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

from minigan.errors import InputError
from minigan.homework.judging import transport
from minigan.homework.judging.sandbox import Raised
from minigan.homework.tasks.spec import Assignment, read, source_of
from minigan.homework.tasks.strip import Piece, replace_pieces, segment, solution, together

_read_before: dict[Path, list[Answer]] = {}
FORMS = {"first_of_each": 0, "last_of_each": -1}
OWN = "minigan"  # the form of minigan's own answer
# A known answer is laid over minigan while it is asked; and ast.parse of Python 3.11 fails in two threads.
_one_at_a_time = threading.RLock()


@dataclass(frozen=True)
class Answer:
    """A file that stands for one target otherwise: the checks it loses, and what its author should hear."""

    target: str
    name: str
    form: str
    file: str
    loses: frozenset[str] = frozenset()
    says: str = ""

    @cached_property
    def loader(self) -> InspectLoader:
        return _Text(self.file)

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """What the file defines when it is loaded anew, with minigan itself as it is.

        As a student's file it stands in sys.modules, where a dataclass, pickle and others look for it.
        """
        spec = importlib.util.spec_from_loader(f"{self.target}__{self.name}__{self.form}", self.loader)
        assert spec
        module = importlib.util.module_from_spec(spec)
        with _one_at_a_time:
            sys.modules[spec.name] = module
            self.loader.exec_module(module)
        return vars(module)


def right(assignment: Assignment) -> list[Answer]:
    """The answers of right.py; of the capstone, the first of each file and the last of each."""
    if assignment.parts:
        return [Answer(assignment.id, name, OWN, _of_parts(assignment, {}, i)) for name, i in FORMS.items()]
    labels = _right_pieces(assignment.folder.name)
    parted = ((label, *label.partition("__")) for label in labels)
    return [Answer(target, name, OWN, _file(assignment, label)) for label, target, _, name in parted]


def right_together(assignment: Assignment) -> list[Answer]:
    """The same in fewer files: answers to different targets share one."""
    files: list[dict[str, str]] = []
    for label in _right_pieces(assignment.folder.name):
        target = label.partition("__")[0]
        free = next((labels for labels in files if target not in labels), None)
        if free is None:
            files.append(free := {})
        free[target] = label
    return [
        Answer(" ".join(labels), f"file {number}", OWN, _file(assignment, *labels.values()))
        for number, labels in enumerate(files)
    ]


def wrong(assignment: Assignment) -> list[Answer]:
    """The answers of wrong.txt, one for each form of each mistake."""
    path = assignment.folder / "wrong.txt"
    assignment = read(assignment.folder)  # with all its checks, even where only some are asked
    if assignment.parts:
        return list(_read_together(assignment, path.read_text("utf-8")))
    with _one_at_a_time:
        if path not in _read_before:
            text = path.read_text("utf-8") if path.exists() else ""
            _read_before[path] = list(_read(assignment, text))
    return _read_before[path]


def mistakes(assignment: Assignment) -> list[str]:
    """The names of the mistakes that are known, each once."""
    return list(dict.fromkeys(f"{answer.target}: {answer.name}" for answer in wrong(assignment)))


class Known:
    """A known answer that can be asked as a judged process is, without a process: it is ours."""

    def __init__(
        self, assignment: Assignment, functions: dict[str, Callable[..., Any]] | None = None
    ) -> None:
        self.calls = assignment.part("calls")
        self.homes = {name: importlib.import_module(f"minigan.{m}") for name, m in assignment.written.items()}
        with _one_at_a_time:  # or it might be another thread's answer that is read here
            self.standard = {name: getattr(home, name) for name, home in self.homes.items()}
        self.laid_over = {name: (functions or {}).get(name, own) for name, own in self.standard.items()}
        self.after: Any = None

    def ask(self, call: str, *arguments: Any) -> Any:
        self.after = copy.deepcopy(list(arguments))
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._lay(self.laid_over)
            try:
                value = getattr(self.calls, call)(SimpleNamespace(**self.laid_over), *self.after)
            except Exception as error:
                raise Raised(transport.kind_of(error), str(error), None) from None
            finally:
                self._lay(self.standard)
        return transport.carried(value)

    def _lay(self, functions: dict[str, Callable[..., Any]]) -> None:
        for name, home in self.homes.items():
            setattr(home, name, functions[name])


def asked(assignment: Assignment, answer: Answer | None = None) -> Known:
    """An answer, or minigan's own, loaded anew: it remembers nothing."""
    return Known(assignment, answer.functions if answer else None)


class _Text(InspectLoader):
    """Imports a module from its text."""

    def __init__(self, text: str) -> None:
        self.text, self.code = text, self.source_to_code(text)

    def get_source(self, _: str) -> str:
        return self.text

    def get_code(self, _: str) -> CodeType:
        return self.code


def _read(assignment: Assignment, text: str) -> Iterator[Answer]:
    for entry in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        head, *forms = re.split(r"^--- ", entry, flags=re.MULTILINE)
        title, says = head.split("\n", 1)
        label, _, loses = (part.strip() for part in title.partition("|"))
        target, _, name = label.partition(": ")
        if target not in assignment.solved or not name:
            raise InputError(
                f"wrong.txt: expected `target: name | checks`, got {title!r}; the targets are "
                f"{', '.join(assignment.solved)}"
            )
        if unknown := sorted({*loses.split()} - {check.name for check in assignment.checks}):
            raise InputError(f"wrong.txt, {label}: {assignment.id} has no check {', '.join(unknown)}")
        for form in forms:
            base, change = re.findall(r"(\w*):? *(.*)", form, re.DOTALL)[0]
            file = _file(assignment, OWN if base == OWN else f"{target}__{base}")
            file = replace_pieces(file, {target: _changed(_piece(file, target), change, f"{label}, {base}")})
            try:
                ast.parse(file)
            except SyntaxError as error:
                raise InputError(f"wrong.txt, {label}, {base}: the result is no Python: {error}") from None
            every_loss = assignment.with_blocked(loses.split())
            yield Answer(target, name, base, file, every_loss, " ".join(says.split()))


def _read_together(assignment: Assignment, text: str) -> Iterator[Answer]:
    """The capstone's lines, `hw09 g_step: G_ascends | files ring`: that mistake in that file alone."""
    of = {part.id: part for part in assignment.parts}
    for line in text.splitlines()[1:]:
        label, _, loses = line.partition(" | ")
        homework, _, name = label.partition(" ")
        if homework in of:
            known = next((a for a in wrong(of[homework]) if f"{a.target}: {a.name}" == name), None)
            if known is None:
                raise InputError(f"capstone/wrong.txt: {homework} has no mistake {name!r}")
            file, says = _of_parts(assignment, {homework: known.file}), f"{homework}: {known.says}"
            yield Answer(homework, name, OWN, file, assignment.with_blocked(loses.split()), says)


def _of_parts(assignment: Assignment, files: dict[str, str], form: int | None = None) -> str:
    """These files, and of all other homework minigan's own, or a right answer of another form."""

    def other(part: Assignment) -> str:
        answers = [] if form is None else right(part)[form:]
        return answers[0].file if answers else solution(part)

    return together({part.id: files.get(part.id) or other(part) for part in assignment.parts})


def _changed(code: str, change: str, label: str) -> str:
    """Each old text stands in the code once, and becomes the new one.

    Indentation does not matter in the first, and counts from the first line in the second.
    """
    original = code
    for old, new in _changes(change):
        found = list(re.finditer(r"\n\s*".join(re.escape(line.strip()) for line in old), code))
        if len(found) != 1:
            raise InputError(f"wrong.txt, {label}: expected {' '.join(old)!r} once in the answer")
        before, after = code[: found[0].start()], code[found[0].end() :]
        own = _indent(before.rpartition("\n")[2] + "x") - _indent(new[0])
        lines = [" " * max(own + _indent(line), 0) + line.strip() for line in new]
        code = before + "\n".join([lines[0].strip(), *lines[1:]]) + after
    if code == original:
        form = "`old => new`, or `- ` lines, then the `+ ` lines for them"
        raise InputError(f"wrong.txt, {label}: this changes nothing; {form}")
    return code


def _changes(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The old lines and the new: `old => new`, or a run of `- ` lines and the run of `+ ` lines after it."""
    change = re.compile(r"((?:^-.*\n?)+)((?:^\+.*\n?)+)|^(.*?) =>(?: (.*))?$", re.MULTILINE)
    for olds, news, old, new in change.findall(text):
        if old:
            yield [old.strip()], [new]
        else:
            yield [line[2:] for line in olds.splitlines()], [line[2:] for line in news.splitlines()]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _file(assignment: Assignment, *labels: str) -> str:
    """minigan's own answer as a file, with these answers of right.py in it and what they import and call."""
    if labels == (OWN,):
        return solution(assignment)
    pieces, text = _right_pieces(assignment.folder.name), source_of(_right(assignment.folder.name))
    if missing := [label for label in labels if label not in pieces]:
        raise InputError(f"{assignment.folder.name}/right.py has no {', '.join(missing)}")
    other = [node for node in ast.parse(text).body[1:] if getattr(node, "name", "") not in pieces]
    future = [segment(text, n) if isinstance(n, Piece) else ast.unparse(n) for n in other]
    targets = {label: label.partition("__")[0] for label in labels}
    answers = {target: pieces[label].replace(label, target) for label, target in targets.items()}
    rest = replace_pieces(solution(assignment), answers).splitlines()
    return "\n".join([*future, *(line for line in rest if not line.startswith("from __future__"))]) + "\n"


@cache
def _right_pieces(folder: str) -> dict[str, str]:
    """The answers of right.py, target__name, as text."""
    text = source_of(_right(folder))
    return {
        node.name: segment(text, node)
        for node in ast.parse(text).body
        if isinstance(node, Piece) and "__" in node.name.strip("_")
    }


def _right(folder: str) -> str:
    return f"homework.assignments.{folder}.right"


def _piece(file: str, name: str) -> str:
    return next(segment(file, n) for n in ast.parse(file).body if isinstance(n, Piece) and n.name == name)
