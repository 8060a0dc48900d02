"""Make a Jupyter notebook of each lesson: python -m lessons.notebooks [FOLDER]

jupytext reads the Markdown. What it cannot know is added here: outputs stand under their cells, pictures are
inside the file, quotations stay text, folded answers stay folded. A notebook runs wherever minigan is
installed, in any folder; the figures it saves go to lessons/img beside it.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
from pathlib import Path
from typing import Any

from lessons.form import Cell, Lesson, lessons_in
from minigan.cli import exit_status
from minigan.errors import InputError

HERE = Path(__file__).resolve().parent
DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>|</details>")
MEDIA = {".png": "image/png", ".svg": "image/svg+xml"}
FIRST_CELL = """\
# The cells below save their figures here.
from pathlib import Path

Path("lessons/img").mkdir(parents=True, exist_ok=True)
"""


def main(argv: list[str] | None = None, folder: Path = HERE) -> int:
    """Write the notebooks; 0."""
    parser = argparse.ArgumentParser(prog="python -m lessons.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument(
        "out", nargs="?", default="build/notebooks", type=Path, help="(default: build/notebooks)"
    )
    out = parser.parse_args(argv).out
    try:
        import jupytext  # noqa: F401 (asked for before anything is written)
        import nbformat
    except ModuleNotFoundError as error:
        raise InputError(f"the notebooks need {error.name}; python -m pip install '.[lessons]'") from None
    out.mkdir(parents=True, exist_ok=True)
    paths = lessons_in(folder)
    for path in paths:
        nbformat.write(notebook(Lesson(path)), out / f"{path.stem}.ipynb")
    print(f"{len(paths)} notebooks in {out}")
    return 0


def notebook(lesson: Lesson) -> Any:
    """The lesson as an nbformat notebook, valid, with the outputs that the lesson shows."""
    import jupytext
    from nbformat import validate
    from nbformat.v4 import new_code_cell

    notebook = jupytext.reads("\n".join(_for_jupytext(lesson)) + "\n", fmt="md")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, written in zip(code, lesson.cells, strict=True):
        _complete(cell, written, folded=written.code.start in lesson.folded)
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
    _fold_answers(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            _bring_pictures(cell, lesson.path.parent)
            cell.source = _links_that_work(cell.source, lesson.path.parent)
    if "lessons/img" in lesson.path.read_text(encoding="utf-8"):
        notebook.cells.insert(1, new_code_cell(FIRST_CELL.rstrip()))
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # in place of a random one, so that the same lesson gives the same file
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    validate(notebook)
    return notebook


def _for_jupytext(lesson: Lesson) -> list[str]:
    """The lesson without its outputs and markers; what does not run is marked as jupytext wants it."""
    lines: list[str | None] = list(lesson.lines)
    for fence in lesson.fences:
        if fence.language == "python":
            lines[fence.start] = "```python .noeval" if "no-run" in fence.options else "```python"
    for cell in lesson.cells:
        if cell.output:
            lines[cell.output.start : cell.output.end] = [None] * (cell.output.end - cell.output.start)
    for quotation in lesson.quotations:
        lines[quotation.fence.start - 1] = f"`{quotation.source}`:\n"
    return [line for line in lines if line is not None]


def _complete(cell: Any, written: Cell, folded: bool) -> None:
    """Metadata and output of a code cell."""
    from nbformat.v4 import new_output

    cell.metadata = {}
    if written.raises:
        cell.metadata["tags"] = ["raises-exception"]
    if folded:
        cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    if written.output and written.raises:
        name, _, message = written.output.body.rstrip().splitlines()[-1].partition(": ")
        trace = written.output.body.rstrip().splitlines()
        cell.outputs = [new_output("error", ename=name, evalue=message, traceback=trace)]
    elif written.output:
        cell.outputs = [new_output("stream", name="stdout", text=written.output.body)]


def _fold_answers(cells: list[Any]) -> None:
    """A <details> cannot reach over several cells: fold each Markdown cell of an answer by itself."""
    summary = ""
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        begins_inside = summary
        for m in DETAILS.finditer(cell.source):
            summary = m[1] or ""
        source = (
            f"<details><summary>{begins_inside}</summary>\n\n{cell.source}" if begins_inside else cell.source
        )
        source = source + ("\n\n</details>" if summary else "")
        source = re.sub(r"\A<details><summary>[^<]*</summary>\s*</details>\s*", "", source)
        cell.source = re.sub(
            r"<details>\s*<summary>([^<]*)</summary>\s*</details>\Z", r"\1 (folded):", source
        )


def _bring_pictures(cell: Any, folder: Path) -> None:
    """Pictures as attachments, so that the notebook is one file."""
    for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", cell.source):
        picture = folder / target
        if picture.suffix in MEDIA and picture.is_file():
            content = base64.b64encode(picture.read_bytes()).decode()
            cell.setdefault("attachments", {})[picture.name] = {MEDIA[picture.suffix]: content}
            cell.source = cell.source.replace(f"]({target})", f"](attachment:{picture.name})")


def _links_that_work(source: str, folder: Path) -> str:
    """Another lesson is its notebook; of any other file of the repository only the name is left."""

    def new(m: re.Match[str]) -> str:
        text, target = m[1], m[2].partition("#")[0]
        if re.match(r"\w+:|#|$", m[2]):
            return m[0]
        if (folder / target) in lessons_in(folder):
            return f"[{text}]({Path(target).stem}.ipynb)"
        return text

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]*)\)", new, source)


if __name__ == "__main__":
    sys.exit(exit_status(main))
