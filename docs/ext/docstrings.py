"""minigan's docstrings for docutils: plain text with aligned columns, in which formulas are typeset.

The formula in the first line stands on its own line, and below it what that line says of shapes or of its
source; one inside a sentence stays there (formulas.py knows them). A paragraph with columns stands as it was
typed, in lines that fit the page, and so does an indented one that is no formula; in any other, `name` is
code.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Container
from typing import Any

from formulas import NoFormula, formulas, tex

WIDTH = 86  # of a line in the narrowest block
COLUMN = re.compile(r"(?<=\S) {2,}(?<![.;:?!] {2})(?=\S)")
CASES = re.compile(r"(?:(\S+) = )?(.+?),? (?:where|for) (.+?), else ([^;,]+)([;,].*)?")


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_restructured_text(lines, _arguments(obj))


def _arguments(obj: Any) -> set[str]:
    """The names that the docstring of a function or class may use in a formula."""
    try:
        return set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):  # a module, or what has no signature
        return set()


def as_restructured_text(lines: list[str], names: Container[str] = ()) -> list[str]:
    """The same text for docutils.  names: of the arguments, which a formula may have."""
    found: list[str] = []
    for i, paragraph in enumerate(re.split(r"\n[ \t]*\n", "\n".join(lines).strip("\n"))):
        columns = COLUMN.split(paragraph)
        if not paragraph.strip():
            continue
        if paragraph.startswith(" "):
            found += _indented(paragraph, names)
        elif i == 0 and "\n" not in paragraph and len(columns) <= 2:
            found += _first(columns, names)
        elif len(columns) > 1 or re.search("^ ", paragraph, re.MULTILINE):
            found += _as_typed(paragraph)
        else:
            found += [_prose(" ".join(paragraph.splitlines()), names), ""]
    return found


def _first(columns: list[str], names: Container[str]) -> list[str]:
    """The first line, a formula or a sentence, and in a second column shapes or a source."""
    formula, said = _formula_and_rest(columns[0], names)
    found = _display([formula]) if formula else []
    if said:
        found += [_prose(said, names), ""]
    for column in columns[1:]:
        shapes = re.search(r"\w,? \([\w*].*[,)]", column) and not re.search(r"\d{4}", column)
        found += [f"``{column}``" if shapes else _prose(column, names), ""]
    return found


def _formula_and_rest(line: str, names: Container[str]) -> tuple[str | None, str]:
    cases = CASES.fullmatch(line)
    try:
        if cases:
            name, first, where, other, rest = (part and part.strip(" ,;") for part in cases.groups())
            first, where, other = (tex(part, names) for part in (first, where, other))
            made = (
                rf"\begin{{cases}} {first} & \text{{where }} {where} \\ {other} & \text{{else}} \end{{cases}}"
            )
            return (tex(name, names) + " = " if name else "") + made, rest or ""
        return tex(line, names), ""
    except NoFormula:
        (text, formula), *rest = formulas(line, names)
        if formula and (not rest or rest[0][0][0] in ",;:"):
            return formula, line[len(text) :].lstrip(",;: ")
        return None, line


def _indented(paragraph: str, names: Container[str]) -> list[str]:
    """Formulas, each with its source at the end of the line; as they were typed, where one does not parse."""
    found = []
    for line in paragraph.splitlines():
        line, _, source = line.strip().partition("   (")
        source = source.strip().removeprefix("paper, ").removesuffix(")")
        try:
            made = [
                tex(re.sub(" +", " ", part).rstrip(",."), names) for part in re.split(r" {4,}", line.strip())
            ]
        except NoFormula:
            return _as_typed(paragraph)
        if source:
            made[-1] += rf"\qquad\text{{({source})}}"
        found += made
    return _display(found)


def _display(formulas: list[str]) -> list[str]:
    return [".. math::", "", *(f"    {formula}\n" for formula in formulas), ""]


def _as_typed(paragraph: str) -> list[str]:
    lines = [part for line in paragraph.splitlines() for part in _fitting(line)]
    return [".. code-block:: none", "", *("    " + line for line in lines), ""]


def _fitting(line: str) -> list[str]:
    """The line, and what is over below its second column."""
    column = COLUMN.search(line)
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * (column.end() if column else 0))


def _prose(text: str, names: Container[str]) -> str:
    """Code as code, formulas as formulas, and signs escaped that mean something to docutils."""
    parts = re.split(r"`([^`]+)`", text)
    made = [_sentence(part, names) for part in parts[::2]]
    made[0] = re.sub(r"^([-+.:=])", r"\\\1", made[0])
    made[0] = re.sub(r"^(\w+)([.)] )", r"\1\\\2", made[0])
    code = [f"\\ ``{part}``\\ " for part in parts[1::2]]
    return "".join(made[i] + (code[i] if i < len(code) else "") for i in range(len(made)))


def _sentence(text: str, names: Container[str]) -> str:
    return "".join(
        f"\\ :math:`{formula}`\\ " if formula else _escaped(piece) for piece, formula in formulas(text, names)
    )


def _escaped(text: str) -> str:
    text = re.sub(r"([\\*_|`<>])", r"\\\1", text)
    return re.sub(r"\\\*(\w[\w ]*)\\\*", r"*\1*", text)  # *emphasis*
