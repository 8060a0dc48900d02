"""What serves the pages that run, without a browser: cells, pictures without matplotlib, Pyodide's files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docs import run_live
from docs.ext import pyodide_files
from docs.live import blank, cells
from lessons.form import Lesson, lessons_in
from minigan import pictures
from minigan.optim import Adam, Momentum

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def told():
    return []


@pytest.fixture
def page(told, tmp_path, monkeypatch):
    """The cells of a page, in an empty folder; what it changes in this process is put back."""
    monkeypatch.chdir(tmp_path)
    for optimiser in (Momentum, Adam):
        monkeypatch.setattr(optimiser, "step", optimiser.step)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return cells.Cells(lambda kind, value: told.append((kind, value)))


def test_a_cell_stands_on_those_before_it_until_they_are_forgotten(page):
    page.run(1, "python", "x = 3\n", "")
    assert page.run(2, "python", "print(x)\n", "3\n")["agrees"]
    page.forget()
    assert "NameError" in page.run(2, "python", "print(x)\n", "3\n")["trace"]


@pytest.mark.parametrize(
    ("info", "shown", "agrees"),
    [
        ("python", "1.0001\n", True),
        ("python", "1.01\n", False),
        ("python rtol=0.1", "1.05\n", True),
        ("python", "", False),
    ],
)
def test_the_output_is_compared_by_the_lessons_rule(page, info, shown, agrees):
    assert page.run(1, info, "print(1.0)\n", shown)["agrees"] is agrees


def test_the_lines_that_differ_are_told(page):
    reply = page.run(1, "python", "print('a'); print('b'); print('c')\n", "a\nx\n")
    assert reply["lines"] == [True, False, False]


def test_an_exception_that_the_lesson_shows_is_no_error(page):
    reply = page.run(1, "python raises=ZeroDivisionError", "1 / 0\n", "ZeroDivisionError: division by zero\n")
    assert reply["agrees"] and reply["trace"] is None


def test_another_one_is_named_with_its_cell_and_line(page):
    trace = page.run(5, "python", "x = 1\nx / 0\n", "")["trace"]
    assert 'File "cell 5", line 2' in trace and "x / 0" in trace and "worker.py" not in trace


def test_standard_error_is_kept_apart_from_what_is_printed(page, told):
    reply = page.run(1, "python", "import sys\nprint(1)\nprint('small', file=sys.stderr)\n", "1\n")
    assert reply["printed"] == "1\n" and reply["agrees"] and reply["warned"] == "small\n"
    assert told == [("printed", "1\n"), ("printed", "small\n")]


def test_what_is_printed_is_told_as_it_comes(page, told):
    page.run(1, "python", "print('a', 1)\nprint('b', end='')\n", "")
    assert told == [("printed", "a 1\n")]


def test_of_a_flood_of_output_the_rest_is_counted(page, told):
    reply = page.run(1, "python", "for _ in range(50_000): print('a')\n", "a\n")
    assert reply["printed"].startswith("a\na\n") and not reply["agrees"]
    assert reply["printed"].endswith("\n[80,000 more characters are not shown]\n")
    assert sum(len(text) for _, text in told) == cells.MOST


def test_a_long_message_keeps_its_two_ends(page):
    trace = page.run(1, "python", "raise ValueError(90_000 * 'a' + 'the end')\n", "")["trace"]
    assert trace.startswith("Traceback") and trace.endswith("the end\n")
    assert len(trace) < cells.MOST + 10


def test_what_asks_for_input_is_told_that_nobody_answers(page):
    trace = page.run(1, "python", "name = input('Who? ')\n", "")["trace"]
    assert "EOFError: nobody answers input() in a page: write the value into the cell" in trace


def test_a_cell_that_goes_to_another_folder_keeps_its_pictures(page):
    code = "import os\nos.mkdir('other')\nos.chdir('other')\n"
    assert page.run(1, "python", code, "")["agrees"]
    page.forget()
    write = "open('lessons/img/a.png', 'wb').write(b'1')\n"
    assert page.run(1, "python", write, "")["pictures"] == [("a.png", b"1")]


def test_steps_of_an_optimiser_are_counted(page):
    code = (
        "import numpy as np\nfrom minigan import Tensor\nfrom minigan.optim import Momentum\n"
        "p = Tensor(np.ones(3)); p.grad = np.ones(3)\n"
        "player = Momentum([p], lambda t: 1.0, lambda epoch: 0.0)\n"
        "for t in range(7): player.step(t, 0)\n"
    )
    assert page.run(1, "python", code, "")["trace"] is None
    assert page.steps == 7


def test_a_picture_is_handed_over_once_and_again_when_it_changes(page):
    write = "open('lessons/img/a.png', 'wb').write(b'{}')\n"
    assert page.run(1, "python", write.format("1"), "")["pictures"] == [("a.png", b"1")]
    assert page.run(2, "python", "pass\n", "")["pictures"] == []
    assert page.run(1, "python", write.format("2"), "")["pictures"] == [("a.png", b"2")]


TURN = """from minigan.homework.turn import your_turn

@your_turn("03")
def summed_axes(shape, to):
    {}
"""


@pytest.mark.parametrize(
    ("body", "verdict", "says"),
    [
        ("return tuple(i for i, n in enumerate(to) if i < len(to) - len(shape) or shape[i - len(to)] < n)",
         "right", "goes on with yours"),
        ("return tuple(range(len(to) - len(shape)))", "not yet", "one of length 1 that was stretched"),
        ("return 1 / 0", "not yet", "ZeroDivisionError"),
        ("...", "not written", "not written yet"),
    ],
)  # fmt: skip
def test_what_the_reader_wrote_is_judged(page, body, verdict, says):
    shown = "summed_axes: not written yet. The chapter goes on with the answer below.\n"
    reply = page.run(1, "python turn", TURN.format(body), shown)
    assert reply["turn"] == verdict and says in reply["printed"] and reply["trace"] is None
    goes_on_with = vars(page.main)["summed_axes"].__module__
    assert goes_on_with == ("__main__" if verdict == "right" else "minigan.homework.turns.ch03")


def test_what_is_no_turn_has_no_verdict(page):
    assert page.run(1, "python", "print(1)\n", "1\n")["turn"] is None
    assert page.run(2, "python turn", TURN.format("("), "")["turn"] is None


@pytest.mark.parametrize("path", lessons_in(ROOT / "lessons"), ids=lambda path: path.stem)
def test_a_cell_that_is_to_be_written_is_known_by_its_check(path):
    for cell in Lesson(path).cells:
        assert bool(cells.TURN.search(cell.code.body)) is ("turn" in cell.code.options)


# Without matplotlib


@pytest.fixture
def without_matplotlib(monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    blank.stand_in()


def test_what_cells_draw_with_is_blank(without_matplotlib, tmp_path):
    figure, (left, right) = pictures.panels(2, 11, 4)
    (line,) = left.plot([1], [2], label="a")
    right.set_title(line.get_color()[0].upper())
    pictures.save_figure(tmp_path / "a.png", figure)
    assert (tmp_path / "a.png").read_bytes() == b""


def test_a_blank_figure_has_the_axes_that_a_cell_goes_through(without_matplotlib, page):
    code = (
        "from matplotlib.figure import Figure\nfrom minigan import pictures\n"
        "figure = Figure(figsize=(9, 7))\nprint(figure.subplots(2, 3).shape, figure.subplots(1, 2).shape)\n"
        "for axes, name in zip(figure.subplots(2, 2).flat, 'abcd'):\n    axes.set(title=name)\n"
        "    print(name)\n"
        "figure.axes[0].legend()\nfigure.subplots().plot([1])\n"
        "pictures.save_figure('lessons/img/a.png', figure)\n"
    )
    reply = page.run(1, "python", code, "(2, 3) (2,)\na\nb\nc\nd\n")
    assert reply["trace"] is None and reply["agrees"] and reply["pictures"] == []


@pytest.mark.parametrize("path", lessons_in(ROOT / "lessons"), ids=lambda path: path.stem)
def test_a_cell_that_draws_with_matplotlib_asks_for_it(path):
    for cell in Lesson(path).cells:
        draws = "panels(" in cell.code.body or "matplotlib" in cell.code.body
        assert ("matplotlib" in cells.needs(cell.code.body)) is draws


def test_what_a_page_imports_at_once_is_there_without_matplotlib():
    code = "import sys; import docs.live.cells, docs.live.line, docs.live.digits; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"matplotlib", "PIL", "pooch", "tqdm", "threadpoolctl", "multiprocessing", "fcntl"}


# Pyodide's files


@pytest.fixture
def distribution(tmp_path):
    """A folder like Pyodide's, whose matplotlib stands on a file that is missing."""
    for name in pyodide_files.CORE:
        (tmp_path / name).write_text(name)
    packages = {
        "numpy": {"depends": [], "file_name": "numpy.whl"},
        "pillow": {"depends": ["zlib"], "file_name": "pillow.whl"},
        "zlib": {"depends": [], "file_name": "zlib.zip"},
        "matplotlib": {"depends": ["fonts", "numpy"], "file_name": "matplotlib.whl"},
        "fonts": {"depends": [], "file_name": "fonts.whl"},
        "scipy": {"depends": [], "file_name": "scipy.whl"},
    }
    (tmp_path / "pyodide-lock.json").write_text(json.dumps({"packages": packages}))
    for name in ("numpy.whl", "pillow.whl", "zlib.zip", "matplotlib.whl", "scipy.whl"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_only_what_the_pages_load_is_copied(distribution, tmp_path):
    target = tmp_path / "site" / "pyodide"
    assert pyodide_files.copy(distribution, target) == ["matplotlib"]
    expected = {*pyodide_files.CORE, "numpy.whl", "pillow.whl", "zlib.zip"}
    assert {file.name for file in target.iterdir()} == expected


def test_a_folder_without_pyodide_is_refused_with_the_way_out(distribution, tmp_path):
    (distribution / "pyodide.mjs").unlink()
    with pytest.raises(FileNotFoundError, match="has no pyodide.mjs; leave it unset"):
        pyodide_files.copy(distribution, tmp_path / "site")


# The command


def test_a_chapter_that_is_not_there_is_an_error_in_a_line(tmp_path, capsys):
    assert run_live.main([str(tmp_path), "04", "99", "--firefox"]) == 2
    assert capsys.readouterr().err == "error: expected chapters such as 04, got 99\n"
