"""Lessons that run in the page: marks the cells of a lesson, and hands the page what runs them.

_static/live/ gets minigan as a wheel and, in live.zip, the Python that serves a page: docs/live and the
lessons' own rules for running a cell and comparing what it prints. Where Python itself comes from is the
setting `pyodide` (pyodide_files.py). Without JavaScript the page is as it was.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pyodide_files
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from lessons.form import Lesson, lessons_in

ROOT = Path(__file__).resolve().parent.parent.parent
SERVING = ("docs/live/*.py", "lessons/__init__.py", "lessons/form.py", "lessons/worker.py")
PACKAGED = ("pyproject.toml", "README.md", "LICENSE")  # and the folder minigan
PLAY = "docs/play"
logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("pyodide", "", "html", types=[str])
    app.connect("builder-inited", _write)
    app.connect("doctree-read", _mark)
    app.connect("html-page-context", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Sphinx) -> None:
    """What the pages load at the first press."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "live")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    wheel(folder)
    with ZipFile(folder / "live.zip", "w", ZIP_DEFLATED) as archive:
        for file in sorted(file for pattern in SERVING for file in ROOT.glob(pattern)):
            archive.write(file, file.relative_to(ROOT).as_posix())
    if app.config.pyodide:
        try:
            left_out = pyodide_files.copy(Path(app.config.pyodide), Path(app.outdir, "_static", "pyodide"))
        except FileNotFoundError as error:
            raise ExtensionError(str(error)) from None
        if left_out:
            logger.info("PYODIDE_DIR has no %s: what needs it will say so in the page", ", ".join(left_out))


def wheel(folder: Path) -> None:
    """Make minigan's wheel in `folder`, from a copy, so that nothing is left beside the source."""
    with tempfile.TemporaryDirectory() as name:
        source, made = Path(name, "source"), Path(name, "made")
        shutil.copytree(ROOT / "minigan", source / "minigan", ignore=shutil.ignore_patterns("__pycache__"))
        for file in PACKAGED:
            shutil.copyfile(ROOT / file, source / file)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(made), str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ExtensionError(f"minigan's wheel could not be built:\n{done.stdout}{done.stderr}")
        (file,) = made.glob("*.whl")
        shutil.copyfile(file, folder / file.name)


def _lesson(app: Sphinx, page: str) -> Lesson | None:
    path = Path(app.srcdir, page + ".md")
    return Lesson(path) if path in lessons_in(Path(app.srcdir, "lessons")) else None


def _mark(app: Sphinx, doctree: nodes.document) -> None:
    """The classes live-cell and live-shown, for a cell and for what the lesson says it prints."""
    page = app.env.current_document.docname
    lesson = _lesson(app, page)
    if lesson is None:
        return
    blocks = list(doctree.findall(nodes.literal_block))
    if [block.astext().rstrip() for block in blocks] != [fence.body.rstrip() for fence in lesson.fences]:
        raise ExtensionError(f"{page}: the blocks of the page are not the fences of the lesson")
    block_of = dict(zip(lesson.fences, blocks, strict=True))
    for cell in lesson.cells:
        block_of[cell.code]["classes"].append("live-cell")
        if cell.output:
            block_of[cell.output]["classes"].append("live-shown")


def _add(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    lesson = _lesson(app, page)
    if lesson is None and page != PLAY:
        return
    static = "../" * page.count("/") + "_static/"
    (made,) = Path(app.outdir, "_static", "live").glob("*.whl")
    told = {
        "pyodide": static + "pyodide/" if app.config.pyodide else pyodide_files.PUBLIC,
        "wheel": f"{static}live/{made.name}",
        "serving": static + "live/live.zip",
        "cells": [cell.code.info for cell in lesson.cells] if lesson else [],
    }
    app.add_js_file(None, body=f"window.live = {json.dumps(told)};")
    app.add_js_file("live/lesson.js" if lesson else "live/play.js", type="module")
    app.add_css_file("live/live.css")
