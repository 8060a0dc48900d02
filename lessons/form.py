"""The form of a lesson: Markdown whose cells run, print what it shows, and quote minigan's source.

```` ```python ````             a cell; all cells of a lesson run in order, in one process of their own
```` ```text ````               after a cell: what it prints
```` ```python raises=E ````    a cell that must raise E; its output ends with the line `E: message`
```` ```python rtol=.. ````     this cell's relative tolerance (1e-3, integers exact); atol=.. absolute
```` ```python turn ````        the reader's turn: it ends with a stub; the answer is folded below it
```` ```python no-run ````      shown, not run

`<!-- quote minigan/tensor.py backward -->` on the line before a `python no-run` fence says whose source
the fence shows: a function, a class, `Class.method` or a constant; `lines=docstring-off` drops docstrings,
`lines=checks-off` also every `if` that only raises.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, zip_longest
from math import isfinite, isnan
from pathlib import Path
from textwrap import dedent

MOST_LINES = 300
MOST_COLUMNS = 88  # of code and output: a page of the site shows 89
ANSWERS = "minigan/homework/turns/"
LAST_SECTIONS = ["Check yourself", "Homework", "In the paper", "What to remember"]
RTOL = 1e-3

_OPENING = re.compile(r"(`{3,}|~{3,})([^`]*)")
_INDENTED = re.compile(r"\s+(```|~~~)")
_QUOTE = re.compile(r"<!--\s*quote\s+(\S+)\s+(\S+?)(?:\s+lines=(docstring-off|checks-off))?\s*-->")
_HEADING = re.compile(r"(#+)\s+(.+?)\s*#*$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*([^)\s]+)[^)]*\)")
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(\s*([^)\s#]*)(#[^)\s]*)?[^)]*\)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\b(?:nan|inf)\b|(?<!\w)-inf\b")


class Fault(Exception):
    """What is wrong with a lesson, and on which of its lines (from 1)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Fence:
    """A block of code: lines[start] opens it, lines[end - 1] closes it."""

    start: int
    end: int
    info: str
    body: str

    @property
    def language(self) -> str:
        return (self.info.split() or [""])[0]

    @cached_property
    def options(self) -> dict[str, str]:
        return {k: v for k, _, v in (word.partition("=") for word in self.info.split()[1:])}


@dataclass(frozen=True)
class Cell:
    """Code that runs, and the fence that shows what it prints, if it prints."""

    code: Fence
    output: Fence | None

    @property
    def raises(self) -> str | None:
        return self.code.options.get("raises")

    def agrees(self, printed: str) -> bool:
        """Is `printed` what the lesson shows, up to the tolerance of this cell?"""
        shown = self.output.body if self.output else ""
        options = self.code.options
        if not {"rtol", "atol"} & options.keys():
            return same_output(shown, printed)
        return same_output(shown, printed, float(options.get("rtol", RTOL)), float(options.get("atol", 0)))


@dataclass(frozen=True)
class Quotation:
    """A fence that shows the source of `symbol` in the file `source`, a path from the repository's root."""

    fence: Fence
    source: str
    symbol: str
    left_out: str | None  # "docstring-off", "checks-off" or nothing

    def current(self, root: Path) -> str:
        """What the fence must show.  Fault if there is no such file or symbol."""
        try:
            text = (root / self.source).read_text(encoding="utf-8")
            checks = self.left_out != "checks-off"
            return quoted(text, self.symbol, docstrings=self.left_out is None, checks=checks)
        except FileNotFoundError:
            raise Fault(self.fence.start, f"quotes {self.source}, which does not exist") from None
        except KeyError:
            raise Fault(
                self.fence.start, f"quotes {self.symbol}, which is not in {self.source}: renamed?"
            ) from None


class Lesson:
    """A lesson as text; reading it never runs it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = path.read_text(encoding="utf-8").splitlines()

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def fences(self) -> list[Fence]:
        """All of them, in order.  Fault where one is never closed or does not begin its line."""
        found, i = [], 0
        while i < len(self.lines):
            if _INDENTED.match(self.lines[i]):
                raise Fault(i + 1, "a fence must begin its line")
            opening = _OPENING.fullmatch(self.lines[i])
            if not opening:
                i += 1
                continue
            mark, closing = opening[1], re.compile(rf"{opening[1][0]}{{{len(opening[1])},}}\s*")
            end = next((j for j in range(i + 1, len(self.lines)) if closing.fullmatch(self.lines[j])), None)
            if end is None:
                raise Fault(i + 1, f"this {mark} is never closed")
            body = "".join(line + "\n" for line in self.lines[i + 1 : end])
            found.append(Fence(i, end + 1, opening[2].strip(), body))
            i = end + 1
        return found

    @cached_property
    def cells(self) -> list[Cell]:
        found = []
        for fence, following in zip_longest(self.fences, self.fences[1:]):
            if fence.language == "python" and "no-run" not in fence.options:
                near = following is not None and not any(
                    s.strip() for s in self.lines[fence.end : following.start]
                )
                found.append(Cell(fence, following if near and following.info == "text" else None))
        return found

    @cached_property
    def quotations(self) -> list[Quotation]:
        """Fault where a marker has no `python no-run` fence on its next line."""
        fences, found = {fence.start: fence for fence in self.fences}, []
        for i, line in self.prose:
            if not line.startswith("<!-- quote"):
                continue
            marker, fence = _QUOTE.fullmatch(line.strip()), fences.get(i + 1)
            if not marker:
                raise Fault(
                    i + 1,
                    "expected <!-- quote path/of/file.py symbol --> or ... symbol lines=docstring-off -->, "
                    "or lines=checks-off",
                )
            if fence is None or fence.language != "python" or "no-run" not in fence.options:
                raise Fault(i + 1, "expected a ```python no-run fence on the line after this marker")
            found.append(Quotation(fence, marker[1], marker[2], marker[3]))
        return found

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """The lines outside of fences, with their index."""
        inside = {i for fence in self.fences for i in range(fence.start, fence.end)}
        return [(i, line) for i, line in enumerate(self.lines) if i not in inside]

    @cached_property
    def images(self) -> list[tuple[int, str, str]]:
        """(line, alternative text, path from the lesson's folder)"""
        return [(line, m[1], m[2]) for line, m in self._found(_IMAGE)]

    @cached_property
    def folded(self) -> set[int]:
        """The indices of the lines inside <details>."""
        inside, depth = set(), 0
        for i, line in self.prose:
            depth += line.count("<details") - line.count("</details>")
            if depth:
                inside.add(i)
        return {
            i
            for i in range(len(self.lines))
            if max((j for j, _ in self.prose if j <= i), default=0) in inside
        }

    def faults(self) -> list[Fault]:
        """What is wrong with the form, without running anything."""
        return [*self._options(), *self._columns(), *self._turn(), *self._sections(), *self._links()]

    def _options(self) -> list[Fault]:
        found = []
        for fence in self.fences:
            if fence.language == "python":
                known = {"no-run", "raises", "rtol", "atol", "turn"}
                found += [Fault(fence.start + 1, f"unknown: {w}") for w in fence.options if w not in known]
        return found + [
            Fault(
                cell.code.start + 1, "a cell that raises must be followed by a ```text fence with the message"
            )
            for cell in self.cells
            if cell.raises and not cell.output
        ]

    def _columns(self) -> list[Fault]:
        return [
            Fault(i + 1, f"{len(self.lines[i])} columns; code and output have at most {MOST_COLUMNS}")
            for fence in self.fences
            for i in range(fence.start + 1, fence.end)
            if len(self.lines[i]) > MOST_COLUMNS
        ]

    def _turn(self) -> list[Fault]:
        turns = [fence.start for fence in self.fences if "turn" in fence.options]
        answers = [q.fence.start for q in self.quotations if q.source.startswith(ANSWERS)]
        folded = [line for line in answers if line in self.folded]
        if len(turns) == len(answers) == len(folded) <= 1 and turns <= folded:
            return []
        return [
            Fault(
                (turns or answers)[0] + 1,
                f"a turn is one cell, and below it, folded, one quotation of {ANSWERS}",
            )
        ]

    def _sections(self) -> list[Fault]:
        found = []
        if len(self.lines) > MOST_LINES:
            found.append(
                Fault(len(self.lines), f"{len(self.lines)} lines; a lesson has at most {MOST_LINES}")
            )
        headings = [(i + 1, len(m[1]), m[2]) for i, line in self.prose if (m := _HEADING.match(line))]
        number = self.name[:2]
        if not headings or headings[0][1] != 1 or not headings[0][2].startswith(number):
            found.append(Fault(1, f"expected the first heading to be '# {number} Title'"))
        for (_, above, _), (line, level, text) in pairwise(headings):
            if level == 1 or level > above + 1:
                found.append(
                    Fault(line, f"the heading '{text}' has level {level} below one of level {above}")
                )
        if [text for _, level, text in headings if level == 2][-4:] != LAST_SECTIONS:
            found.append(Fault(len(self.lines), "expected as last sections: " + ", ".join(LAST_SECTIONS)))
        return found

    def _links(self) -> list[Fault]:
        found = []
        for line, alternative, path in self.images:
            if not alternative.strip():
                found.append(Fault(line, f"{path} has no alternative text"))
            if not (self.path.parent / path).is_file():
                found.append(Fault(line, f"{path} does not exist; --figures makes what the cells save"))
        for line, m in self._found(_LINK):
            local = m[1] and not re.match(r"\w+:", m[1])
            if local and not (self.path.parent / m[1]).exists():
                found.append(Fault(line, f"{m[1]} does not exist"))
        return found

    def _found(self, pattern: re.Pattern[str]) -> list[tuple[int, re.Match[str]]]:
        """Matches in the prose, which may go over the end of a line, with the line they begin on."""
        prose = dict(self.prose)
        text = "\n".join(prose.get(i, "") for i in range(len(self.lines)))
        return [(text.count("\n", 0, m.start()) + 1, m) for m in pattern.finditer(text)]


def lessons_in(folder: Path) -> list[Path]:
    """The files NN_name.md, in reading order."""
    return sorted(folder.glob("[0-9][0-9]_*.md"))


def same_output(shown: str, printed: str, rtol: float | None = None, atol: float = 0.0) -> bool:
    """Equal but for blanks beside numbers and the numbers' last digits.

    |shown - printed| <= atol + rtol |shown|; without an rtol it is 1e-3, and integers must be equal.
    """
    texts, numbers = zip(_split(shown), _split(printed), strict=True)
    if texts[0] != texts[1]:
        return False
    for a, b in zip(*numbers, strict=True):
        exact = rtol is None and all(re.fullmatch(r"[-+]?\d+", n) for n in (a, b))
        x, y = float(a), float(b)
        tolerance = 0.0 if exact or not isfinite(x) else atol + (RTOL if rtol is None else rtol) * abs(x)
        if not (x == y or abs(x - y) <= tolerance or (isnan(x) and isnan(y))):
            return False
    return True


def _split(text: str) -> tuple[list[str], list[str]]:
    """The text between the numbers, and the numbers."""
    text = "\n".join(line.rstrip() for line in text.rstrip().splitlines())
    parts = [re.sub(r"[ \t]+", " ", part).strip(" ") for part in _NUMBER.split(text)]
    return parts, _NUMBER.findall(text)


def quoted(text: str, symbol: str, docstrings: bool = True, checks: bool = True) -> str:
    """The source of `symbol` in the Python file `text`.  KeyError if it has no such symbol."""
    inside = ast.parse(text).body
    for name in symbol.split("."):
        found = [child for child in inside if name in _names(child)]
        if not found:
            raise KeyError(symbol)
        node = found[0]
        inside = getattr(node, "body", [])
    lines = text.splitlines()
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    left_out = set() if docstrings else set(_docstring_lines(node, lines))
    left_out |= set() if checks else set(_check_lines(node))
    kept = [lines[i - 1] for i in range(first, _end(node) + 1) if i not in left_out]
    return dedent("\n".join(kept)) + "\n"


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _docstring_lines(node: ast.AST, lines: list[str]) -> list[int]:
    """The lines of every docstring in node, with the blank line after one."""
    found: list[int] = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(inner) is not None:
            string = inner.body[0]
            end = _end(string)
            end += end < len(lines) and not lines[end].strip()
            found += range(string.lineno, end + 1)
    return found


def _check_lines(node: ast.AST) -> list[int]:
    """The lines of every `if` that does nothing but raise."""
    return [
        line
        for inner in ast.walk(node)
        if isinstance(inner, ast.If)
        and not inner.orelse
        and all(isinstance(statement, ast.Raise) for statement in inner.body)
        for line in range(inner.lineno, _end(inner) + 1)
    ]


def _end(node: ast.stmt) -> int:
    """Its last line, which `ast.parse` always knows."""
    return node.end_lineno or node.lineno
