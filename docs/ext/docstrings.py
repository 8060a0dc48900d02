"""minigan's docstrings are plain text with aligned columns, not reStructuredText; they are shown as they are.

A paragraph that is indented or has columns stands as it was typed; in any other, `name` is code.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_restructured_text(lines)


def as_restructured_text(lines: list[str]) -> list[str]:
    """The same text for docutils."""
    found: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n", "\n".join(lines).strip("\n")):
        if re.search(r"^ |\S {2,}(?<![.;:?!] {2})\S", paragraph, re.MULTILINE):
            found += ["::", "", *("    " + line for line in paragraph.splitlines()), ""]
        elif paragraph.strip():
            found += [*map(_prose, paragraph.splitlines()), ""]
    return found


def _prose(line: str) -> str:
    """Code as code, and every sign that docutils would read as more than itself escaped."""
    parts = re.split(r"`([^`]+)`", line)
    text = [re.sub(r"([\\*_|`<>])", r"\\\1", part) for part in parts[::2]]
    text = [re.sub(r"\\\*(\w[\w ]*)\\\*", r"*\1*", part) for part in text]  # *emphasis*
    text[0] = re.sub(r"^([-+.:=])", r"\\\1", text[0])
    text[0] = re.sub(r"^(\w+)([.)] )", r"\1\\\2", text[0])
    code = [f"\\ ``{part}``\\ " for part in parts[1::2]]
    return "".join(text[i] + (code[i] if i < len(code) else "") for i in range(len(text)))
