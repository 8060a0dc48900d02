"""The lessons pass, and what runs them notices everything that can go stale."""

import json
import re
import shutil
from pathlib import Path

import pytest

from lessons import notebooks, run
from lessons.form import Lesson, lessons_in, quoted, same_output
from minigan.homework.tasks.spec import every

ROOT = Path(__file__).resolve().parent.parent
LESSONS = lessons_in(ROOT / "lessons")

GOOD = """\
# 07 A fixture

```python
from pathlib import Path

import numpy as np

x = np.arange(3.0) / 3
print("x", x)
```

```text
x [0.         0.33333333 0.66666667]
```

<!-- quote minigan/thing.py double -->
```python no-run
def double(x):
    return 2 * x
```

```python
from PIL import Image

picture = Image.new("L", (20, 10))
picture.putpixel((3, 3), 255)
picture.save(Path("lessons/img/07_dot.png"))
```

![A white dot](img/07_dot.png)

```python raises=ZeroDivisionError
print("before")
1 / 0
```

```text
before
ZeroDivisionError: division by zero
```

## Check yourself

What is $x + x$?

<details><summary>Answer</summary>

```python
print(x + x)
```

```text
[0.         0.66666667 1.33333333]
```

It doubles.

</details>

## Homework

None; see [the file](../minigan/thing.py).

## In the paper

Nowhere.

## What to remember

- Nothing.
"""


@pytest.fixture
def folder(tmp_path):
    """A small repository with one lesson that passes."""
    (tmp_path / "minigan").mkdir()
    (tmp_path / "minigan" / "thing.py").write_text("def double(x):\n    return 2 * x\n")
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "07_fixture.md").write_text(GOOD)
    assert run.main(["--figures"], folder) == 0
    return folder


def edit(folder, old, new):
    path = folder / "07_fixture.md"
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new))


def complaint(folder, capsys, *arguments):
    """What a run says of a folder that fails."""
    capsys.readouterr()
    assert run.main([*arguments], folder) == 1
    return capsys.readouterr().out


# The real ones


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson(path):
    faults, _ = run.check(path)
    assert not faults, "\n".join(f"{path.name}:{fault.line}: {fault}" for fault in faults)


def test_the_table_of_lessons_names_each_that_exists():
    table = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in LESSONS if f"]({path.name})" not in table] == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_table_and_the_chapter_name_the_same_homework(path):
    table = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    (last,) = re.findall(rf"^\| {path.stem[:2]} \|.*\|([^|]*)\|$", table, re.MULTILINE)
    section = path.read_text(encoding="utf-8").partition("\n## Homework\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"hw\d\d|capstone", section))
    assert named == set(re.findall(r"hw\d\d|capstone", last))
    assert named or section.strip().startswith("None for this chapter.")
    assert (
        all(f"python -m minigan.homework start {name}" in section for name in named) or path.stem[:2] == "07"
    )


def test_the_page_about_own_images_runs_as_it_stands():
    page = Lesson(ROOT / "docs" / "howto" / "own-images.md")
    assert run.output_faults(page, run.execute(page)) == []


# What makes a lesson fail


def test_a_good_lesson_passes_and_nothing_is_rewritten(folder, capsys):
    capsys.readouterr()
    assert run.main(["07", "--write", "--quotes", "--figures"], folder) == 0
    assert "1 of 1 lessons pass" in capsys.readouterr().out
    assert (folder / "07_fixture.md").read_text() == GOOD


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("0.66666667]\n```\n\n<!--", "0.66766667]\n```\n\n<!--", "the output differs"),
        ("```text\nx [0.", "```text\ny [0.", "the output differs"),
        ("```text\nx [0.         0.33333333 0.66666667]\n```\n", "", "the output differs"),
        ("before\nZero", "Zero", "the output differs"),
        ("raises=ZeroDivisionError", "raises=KeyError", "expected KeyError, got ZeroDivisionError"),
        ("1 / 0", "1 / 1", "expected ZeroDivisionError, got nothing"),
        ("print(x + x)", "print(x + y)", "NameError: name 'y' is not defined"),
        ("print(x + x)", "raise SystemExit", "SystemExit"),
        ("print(x + x)", "import os; os._exit(3)", "ended with status 3"),
        ("print(x + x)", "print(x +", "SyntaxError"),
        ("return 2 * x", "return x + x", "the quotation is stale"),
        ("thing.py double -->", "thing.py triple -->", "triple, which is not in minigan/thing.py"),
        ("thing.py double", "other.py double", "minigan/other.py, which does not exist"),
        ("double -->\n", "double -->\n\n", "expected a ```python no-run fence"),
        ("double -->", "double lines=all -->", "expected <!-- quote"),
        ("img/07_dot.png)\n", "img/07_spot.png)\n", "img/07_spot.png does not exist"),
        ("(20, 10)", "(40, 10)", "img/07_dot.png: kept (20, 10), made (40, 10)"),
        ("255)\npicture", "0)\npicture", "made None"),
        ("![A white dot]", "![]", "no alternative text"),
        ("![A white dot](img/07_dot.png)", "", "saves img/07_dot.png, which this lesson does not show"),
        ("../minigan/thing.py", "../minigan/gone.py", "../minigan/gone.py does not exist"),
        ("## Homework", "## Exercise", "expected as last sections"),
        ("## Homework", "#### Homework", "level 4 below one of level 2"),
        ("# 07", "# 08", "expected the first heading"),
        ("- Nothing.\n", "- Nothing.\n" * 300, "a lesson has at most 300"),
        ("```python\nprint(x + x)", "```python rtl=1\nprint(x + x)", "unknown: rtl"),
        ("It doubles.\n", "```text\n", "is never closed"),
        ("```python\nprint(x + x)", " ```python\nprint(x + x)", "must begin its line"),
        ("print(x + x)", "print(x + x)" + " " * 77, "89 columns; code and output have at most 88"),
        ("```python\nprint(x + x)", "```python turn\nprint(x + x)", "a turn is one cell, and below it"),
    ],
)
def test_a_fault_is_found_and_named(folder, capsys, old, new, expected):
    edit(folder, old, new)
    said = complaint(folder, capsys)
    assert expected in said
    assert "0 of 1 lessons pass" in said


def test_a_symbol_that_minigan_renames_is_missed(folder, capsys):
    (folder.parent / "minigan" / "thing.py").write_text("def twice(x):\n    return 2 * x\n")
    assert "renamed?" in complaint(folder, capsys, "--quotes")


def test_a_missing_figure_and_one_that_nobody_shows(folder, capsys):
    figure = folder / "img" / "07_dot.png"
    shutil.copy(figure, folder / "img" / "07_old.png")
    assert "img/07_old.png is shown nowhere" in complaint(folder, capsys)
    figure.unlink()
    assert "img/07_dot.png does not exist" in complaint(folder, capsys)


def test_a_traceback_names_the_line_of_the_lesson(folder, capsys):
    edit(folder, "print(x + x)", "print(x + y)")
    line = (folder / "07_fixture.md").read_text().splitlines().index("print(x + y)") + 1
    said = complaint(folder, capsys)
    assert f'07_fixture.md", line {line}, in <module>' in said
    assert f"07_fixture.md:{line - 1}: this cell raises" in said


def test_a_lesson_that_takes_too_long_is_stopped(folder, capsys, monkeypatch):
    monkeypatch.setattr(run, "PATIENCE", 4)
    edit(folder, "print(x + x)", "import time; time.sleep(60)")
    assert "stopped after 4 seconds" in complaint(folder, capsys)


def test_processor_time_is_limited(folder, capsys, monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 0.01)
    assert "s of processor time; a lesson has 0.01" in complaint(folder, capsys)


def test_each_lesson_has_a_process_and_a_folder_of_its_own(folder, capsys):
    other = GOOD.replace("# 07", "# 08").replace("07_dot", "08_dot").replace("x = np.arange(3.0) / 3", "x")
    (folder / "08_other.md").write_text(other)
    assert "NameError: name 'x' is not defined" in complaint(folder, capsys, "--figures")
    assert sorted(p.name for p in folder.iterdir()) == ["07_fixture.md", "08_other.md", "img"]


def test_a_lesson_that_does_not_exist_is_an_error_of_the_command(folder, capsys):
    with pytest.raises(SystemExit) as stop:
        run.main(["12"], folder)
    assert stop.value.code == 2
    assert "no lesson is called 12; there are 07_fixture" in capsys.readouterr().err


# What is mended on request


def test_write_renews_what_differs_and_only_that(folder):
    edit(folder, "x [0.         0.33333333 0.66666667]", "x [0.5 0.33333333 0.66666667]")
    edit(folder, "```text\n[0.         0.66666667 1.33333333]\n```\n\n", "")
    edit(folder, "before\nZero", "after\nZero")
    assert run.main(["--write"], folder) == 0
    assert (folder / "07_fixture.md").read_text() == GOOD


def test_write_leaves_a_cell_that_raises_alone(folder, capsys):
    edit(folder, "print(x + x)", "print(x + y)")
    before = (folder / "07_fixture.md").read_text()
    complaint(folder, capsys, "--write")
    assert (folder / "07_fixture.md").read_text() == before


def test_quotes_follow_the_source(folder):
    source = '@cache\ndef double(x):\n    """2 x"""\n\n    return x + x\n'
    (folder.parent / "minigan" / "thing.py").write_text(source)
    assert run.main(["--quotes"], folder) == 0
    assert f"```python no-run\n{source}```" in (folder / "07_fixture.md").read_text()
    edit(folder, "double -->", "double lines=docstring-off -->")
    assert run.main(["--quotes"], folder) == 0
    assert (
        "```python no-run\n@cache\ndef double(x):\n    return x + x\n```"
        in (folder / "07_fixture.md").read_text()
    )


# Parts


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("a 1.000\n", "a 1.0005\n", True),
        ("a 1.000\n", "a 1.002\n", False),
        ("a 1000", "a 1001", False),
        ("(3, 4)", "(3, 5)", False),
        ("1e-9", "1.0004e-9", True),
        ("1e-9", "2e-9", False),
        ("[ 0.5]", "[0.5]", True),
        ("nan -inf", "nan -inf", True),
        ("nan", "0.0", False),
        ("inf", "-inf", False),
        ("1.0 2.0", "1.0", False),
        ("a\nb", "a b", False),
        ("a b", "ab", False),
        ("1.5", "-1.5", False),
        ("a  \n", "a", True),
    ],
)
def test_same_output(shown, printed, equal):
    assert same_output(shown, printed) is equal


def test_a_cell_may_ask_for_another_tolerance():
    assert same_output("100 1.0", "101 1.02", rtol=0.05)
    assert not same_output("100 1.0", "101 1.2", rtol=0.05)
    assert same_output("0.0", "1e-7", rtol=1e-3, atol=1e-6)


def test_quoted_takes_methods_classes_and_constants():
    text = (
        'LIMIT: int = 3\n\n\nclass A:\n    """An A."""\n\n    n = 1\n\n    def f(self):\n        return 2\n'
    )
    assert quoted(text, "LIMIT") == "LIMIT: int = 3\n"
    assert quoted(text, "A.f") == "def f(self):\n    return 2\n"
    assert (
        quoted(text, "A", docstrings=False) == "class A:\n    n = 1\n\n    def f(self):\n        return 2\n"
    )
    with pytest.raises(KeyError):
        quoted(text, "A.g")


def test_quoted_leaves_checks_out():
    check = "    if x < 0:\n        raise ValueError(\n            x\n        )\n"
    rest = "    if x:\n        x = 1\n    return x\n"
    assert quoted(f"def f(x):\n{check}{rest}", "f", checks=False) == f"def f(x):\n{rest}"


def test_an_svg_is_seen_and_an_empty_one_is_not():
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="20pt" height="10pt">'
    assert run.figure_size(f'{head}<path d="M0 0"/><path d="M1 1"/></svg>'.encode()) == (20, 10)
    assert run.figure_size(f"{head}<g/></svg>".encode()) is None
    assert run.figure_size(b'<svg width="auto" height="10"><path/><path/></svg>') is None


# The notebooks


def the_notebook(folder):
    pytest.importorskip(
        "jupytext", reason='no jupytext here: pip install "minigan[lessons]" to test the notebooks'
    )
    return notebooks.notebook(Lesson(folder / "07_fixture.md"))


def test_a_notebook_has_outputs_pictures_quotations_and_folded_answers(folder):
    cells = the_notebook(folder).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell.source.splitlines()[-1] for cell in code] == [
        'Path("lessons/img").mkdir(parents=True, exist_ok=True)',
        'print("x", x)',
        'picture.save(Path("lessons/img/07_dot.png"))',
        "1 / 0",
        "print(x + x)",
    ]
    assert code[1].outputs[0].text == "x [0.         0.33333333 0.66666667]\n"
    assert code[3].metadata["tags"] == ["raises-exception"]
    assert code[4].metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "def double(x)" in text and "minigan/thing.py" in text and "<!--" not in text
    assert "attachment:07_dot.png" in text and "](../minigan" not in text and "```text" not in text
    for cell in cells:
        assert cell.source.count("<details") == cell.source.count("</details>")


def test_notebooks_are_files_that_do_not_change(folder, tmp_path):
    pytest.importorskip(
        "jupytext", reason='no jupytext here: pip install "minigan[lessons]" to test the notebooks'
    )
    notebooks.main([str(tmp_path / "out")], folder)
    first = (tmp_path / "out" / "07_fixture.ipynb").read_bytes()
    notebooks.main([str(tmp_path / "out")], folder)
    assert (tmp_path / "out" / "07_fixture.ipynb").read_bytes() == first
    assert json.loads(first)["nbformat"] == 4


@pytest.mark.parametrize("name", ["fixture", *(path.stem for path in LESSONS[1:3])])
def test_a_notebook_runs_in_an_empty_folder(name, folder, tmp_path, monkeypatch):
    reason = 'no jupytext and nbclient here: pip install "minigan[lessons]" to run the notebooks'
    for module in ("jupytext", "nbclient", "ipykernel"):
        pytest.importorskip(module, reason=reason)
    from nbclient import NotebookClient

    lesson = folder / "07_fixture.md" if name == "fixture" else ROOT / "lessons" / f"{name}.md"
    book = notebooks.notebook(Lesson(lesson))
    shown = [[o.text for o in cell.get("outputs", []) if o.output_type == "stream"] for cell in book.cells]
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(work)}}).execute()
    for cell, texts in zip(book.cells, shown, strict=True):
        printed = [
            o.text for o in cell.get("outputs", []) if o.output_type == "stream" and o.name == "stdout"
        ]
        if texts and "tags" not in cell.metadata:
            assert same_output("".join(texts), "".join(printed))


# The site


def test_the_reference_names_every_file_that_is_meant_to_be_read():
    named = re.findall(
        r"automodule:: minigan\.?([\w.]*)", (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    )
    files = (ROOT / "minigan").rglob("*.py")
    modules = [
        ".".join(f.relative_to(ROOT / "minigan").with_suffix("").parts)
        for f in files
        if "homework" not in f.parts
        and (f.parent.name not in ("benchmark", "reproduce") or f.stem == "__init__")
    ]
    left_out = {"__init__", "__main__", "data.__main__", "data.make_digits", "successors.__main__"}
    assert sorted(named) == sorted(m.removesuffix(".__init__") for m in modules if m not in left_out)


def test_the_homework_of_a_lesson_exists():
    named = {hw for path in LESSONS for hw in re.findall(r"homework start (\w+)", path.read_text("utf-8"))}
    assert named == {assignment.id for assignment in every()} | {"capstone"}
