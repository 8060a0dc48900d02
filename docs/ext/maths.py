"""Formulas as HTML while the site is built, so that a page needs no program and no other host: KaTeX, in V8.

KaTeX and its style sheet are in docs/static/katex, of one version. A formula that KaTeX does not understand
is a warning, and so ends the build.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging

KATEX = Path(__file__).resolve().parent.parent / "static" / "katex" / "katex.min.js"
RENDER = """\
function render(formula, display) {
  try {
    return {html: katex.renderToString(formula, {displayMode: display, strict: "error"})};
  } catch (error) {
    return {error: String(error.message || error)};
  }
}
"""
SHORT = 20  # signs of a formula that may well stay on one line
MARK = re.compile(r"’s|-\w+|[.,;:!?)]+")
logger = logging.getLogger(__name__)


class Katex:
    """KaTeX in an engine of its own, started with the first formula."""

    def __init__(self) -> None:
        self._engine: MiniRacer | None = None
        self._made: dict[tuple[str, bool], str] = {}

    def html(self, formula: str, display: bool) -> str:
        """ValueError with KaTeX's words if it does not understand the formula."""
        if (formula, display) not in self._made:
            if self._engine is None:
                self._engine = MiniRacer()
                self._engine.eval(KATEX.read_text(encoding="utf-8"))
                self._engine.eval(RENDER)
            arguments = f"{json.dumps(formula)}, {json.dumps(display)}"
            answer = json.loads(self._engine.eval(f"JSON.stringify(render({arguments}))"))
            if "error" in answer:
                raise ValueError(answer["error"])
            self._made[formula, display] = answer["html"]
        return self._made[formula, display]

    def close(self) -> None:
        """Without it the interpreter does not end."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


katex = Katex()


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("katex", (_inline, None), (_display, None))
    app.connect("doctree-resolved", _join)
    app.connect("build-finished", lambda app, error: katex.close())
    app.add_css_file("katex/katex.min.css")
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def _join(app: Sphinx, document: nodes.document, name: str) -> None:
    """A short formula takes along what follows it: a browser would begin a line with a full stop."""
    for node in list(document.findall(nodes.math)):
        after = node.next_node(descend=False, siblings=True)
        mark = MARK.match(after.astext()) if isinstance(after, nodes.Text) else None
        if mark and len(node.astext()) < SHORT:
            node["mark"] = mark[0]
            node.parent.replace(after, nodes.Text(after.astext()[mark.end() :]))


def _inline(translator: nodes.NodeVisitor, node: nodes.Element) -> None:
    html = _formula(node, display=False)
    if "mark" in node:
        html = f'<span class="together">{html}{node["mark"]}</span>'
    translator.body.append(html)
    raise nodes.SkipNode


def _display(translator: nodes.NodeVisitor, node: nodes.Element) -> None:
    translator.body.append(f'<div class="formula">{_formula(node, display=True)}</div>\n')
    raise nodes.SkipNode


def _formula(node: nodes.Element, display: bool) -> str:
    try:
        return katex.html(node.astext(), display)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return ""
