"""The course on one page, lessons/course.html, to be printed or searched: one chapter after another.

It is put together from the pages that were built. What a chapter calls #x is NN_name-x here, and a link from
chapter to chapter stays on the page; answers are unfolded, and nothing runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = """\
<!doctype html>
<html lang="en-gb">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>minigan: the course on one page</title>
{styles}
</head>
<body class="one-page" data-theme="light">
<main>
<h1>minigan: the course</h1>
<p>To be printed or searched. On <a href="README.html">pages of their own</a> their cells run.</p>
<ol class="chapters" start="0">
{contents}
</ol>
{chapters}
</main>
<script src="../_static/scroll.js"></script>
</body>
</html>
"""


def setup(app: Any) -> dict[str, bool]:
    app.connect("build-finished", _write, priority=900)  # from pages that are done
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        folder = Path(app.outdir, "lessons")
        (folder / "course.html").write_text(one_page(folder), encoding="utf-8")


def one_page(folder: Path) -> str:
    """The page made of all chapters in the folder, and of what stands at their end."""
    files = [*sorted(folder.glob("[0-9][0-9]_*.html")), folder / "the_paper.html"]
    pages = {file.name: file.read_text(encoding="utf-8") for file in files}
    chapters = {name: _chapter(name, text, pages) for name, text in pages.items()}
    first = next(iter(pages.values()))
    styles = re.findall(r'<link rel="stylesheet".*?/>|<style>.*?</style>', first, re.DOTALL)
    contents = [f'<li><a href="#{_stem(name)}">{_title(text)}</a></li>' for name, text in pages.items()]
    return PAGE.format(
        styles="\n".join(styles), contents="\n".join(contents), chapters="\n".join(chapters.values())
    )


def _chapter(name: str, text: str, pages: dict[str, str]) -> str:
    """An article of the page: headings a level down, names and links of its own."""
    inside = re.search(r"<article[^>]*>(.*)</article>", text, re.DOTALL)[1]
    inside = re.sub(r'<a class="headerlink".*?</a>', "", inside)
    inside = re.sub(r"<(/?)h([1-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", inside)
    inside = re.sub(r'\bid="([^"]*)"', rf'id="{_stem(name)}-\1"', inside)
    inside = re.sub(r"<details\b", "<details open", inside)
    inside = re.sub(r'href="([^"#:]*)(?:#([^"]*))?"', lambda m: _link(name, m, pages), inside)
    return f'<article id="{_stem(name)}">{inside}</article>'


def _link(name: str, link: re.Match, pages: dict[str, str]) -> str:
    page, place = link[1] or name, link[2]
    if page not in pages:
        return link[0]
    return f'href="#{_stem(page)}' + (f'-{place}"' if place else '"')


def _stem(name: str) -> str:
    return name.removesuffix(".html")


def _title(text: str) -> str:
    return re.search(r"<h1>(?:\d\d )?(.*?)<a", text)[1]
