"""The figures that one can move: a chapter that has one gets its script, and each a field for a guess.

They are drawn by the reader's browser (docs/static/figures), below a picture or a cell that says the same.
"""

from __future__ import annotations

import re
from typing import Any

FIGURES = {
    "01": "game",
    "02": "walks",
    "03": "broadcast",
    "05": "step",
    "08": "pull",
    "09": "ball",
    "12": "parzen",
}
CHAPTER = re.compile(r"lessons/(\d\d)_")


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add(app: Any, pagename: str, templatename: str, context: dict, doctree: Any) -> None:
    chapter = CHAPTER.match(pagename)
    if chapter:
        scripts = ["guess", *([FIGURES[chapter[1]]] if chapter[1] in FIGURES else [])]
        for name in scripts:
            app.add_js_file(f"figures/{name}.js", type="module")
