"""What the HTML of furo and docutils lacks: names of parts, pictures that open; two scripts for all pages."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

MENDED = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    'class="caption" role="heading">': 'class="caption" role="heading" aria-level="2">',
    '<div id="search-results">': '<h1>Search</h1><div id="search-results">',
    '<th class="head"><p></p></th>': '<td class="head"></td>',
    '\n        <a href="#" class="back': '\n        <nav aria-label="Page top"><a href="#" class="back',
    "<span>Back to top</span>\n        </a>\n": "<span>Back to top</span>\n        </a></nav>\n",
}
FORMULA = re.compile(  # alone in the head of a column: readable as MathML, but not to every tool
    r'<th class="head"><p><span class="katex">'
    r"(?=(?:(?!</th>).)*?<annotation[^>]*>([^<]*)</annotation>(?:(?!</th>).)*</span></p></th>)"
)
NAMED = r'<th class="head"><span class="unseen">\1</span><p><span class="katex" aria-hidden="true">'
# A dl without a dt, for parameters on lines of their own
PARAMETERS = re.compile(r'<dl>\n((?:<dd><em class="sig-param">.*?</em>,</dd>\n)+)</dl>')
ORPHANS = re.compile(r"</li>\n(<ul>(?:(?!</?ul>).)*</ul>)", re.DOTALL)  # a list in a list, in no item
OPTION = re.compile(r'<span class="pre">(?=-[^<]{1,24}<)')  # not parted from its dashes
PICTURE = re.compile(
    r'(?<!\.png">)(<img\b[^>]*\bsrc="([^"]*_images/[^"]+\.png)"[^>]*>)'
)  # on a phone one wants to open it
WIDE = 800  # pixels: a figure above that has panels, whose words are too small in a phone's column


def setup(app: Any) -> dict[str, bool]:
    app.add_js_file("scroll.js", loading_method="defer")
    app.add_js_file("copy.js", loading_method="defer")
    app.connect("build-finished", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mend(app: Any, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = mended = page.read_text(encoding="utf-8")
        for before, after in MENDED.items():
            mended = mended.replace(before, after)
        mended = PICTURE.sub(partial(_picture, page), mended)
        mended = PARAMETERS.sub(_listed, mended)
        while ORPHANS.search(mended):
            mended = ORPHANS.sub(r"\1</li>", mended)
        mended = OPTION.sub('<span class="pre together">', mended)
        mended = FORMULA.sub(NAMED, mended)
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def _listed(parameters: re.Match) -> str:
    items = parameters[1].replace("<dd>", "<li>").replace("</dd>", "</li>")
    return f'<ul class="parameters">\n{items}</ul>'


def _picture(page: Path, found: re.Match) -> str:
    """A link to the picture.  One with panels says its width, and scrolls on a phone (site.css)."""
    image, source = found.groups()
    file = page.parent / source
    head = file.read_bytes()[:256] if file.is_file() else b""
    width = int.from_bytes(head[16:20])
    figure = b"pHYs" in head  # a grid of images has no resolution, and can be read at any size
    wide = f' wide" style="--width: {width}px' if figure and width > WIDE else ""
    return f'<a class="picture{wide}" href="{source}">{image}</a>'
