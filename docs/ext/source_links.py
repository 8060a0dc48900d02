"""Links that mean the repository lead to what stands for it here.

A file of minigan is its page of highlighted source, the README is the first page, and so is the site's root.
"""

from __future__ import annotations

import os.path
import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

FIRST = """\
<!doctype html>
<html lang="en-gb">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url=docs/index.html">
<title>minigan</title>
</head>
<body><h1>minigan</h1><p><a href="docs/index.html">The site of minigan</a></p></body>
</html>
"""


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _readme)
    app.connect("doctree-read", _to_source, priority=100)  # before Sphinx collects downloads
    app.connect("build-finished", _first_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _readme(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = re.sub(r"\]\((\.\./)README\.md(#[\w-]*)?\)", r"](\1docs/index.md)", source[0])


def _to_source(app: Sphinx, doctree: nodes.document) -> None:
    page = app.env.current_document.docname
    documented = re.findall(
        r"automodule:: (\S+)", Path(app.srcdir, "docs", "api.md").read_text(encoding="utf-8")
    )
    for node in list(doctree.findall(download_reference)):
        file = os.path.normpath(
            os.path.join(os.path.dirname(page), node["reftarget"].split("#")[0].lstrip("/"))
        )
        module = Path(file).with_suffix("").as_posix().removesuffix("/__init__")
        if file.endswith(".py") and module.replace("/", ".") in documented:
            uri = relative_uri(app.builder.get_target_uri(page), f"_modules/{module}.html")
            node.replace_self(nodes.reference("", "", *node.children, refuri=uri, internal=True))


def _first_page(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        Path(app.outdir, "index.html").write_text(FIRST, encoding="utf-8")
