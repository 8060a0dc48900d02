"""Your turn: in each chapter the answer is accepted, and every known mistake refused by its name."""

import inspect
import sys
from pathlib import Path

import pytest

from lessons import notebooks
from lessons import turn as command
from lessons.form import Lesson, lessons_in
from minigan.errors import InputError
from minigan.homework import turn

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted(p.stem[2:] for p in Path(turn.__file__).parent.joinpath("turns").glob("ch*.py"))
WRONG = [(chapter, wrong) for chapter in CHAPTERS for wrong in turn.find(chapter).wrong]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_answer_is_right_and_the_stub_is_not_written_yet(chapter):
    ours = turn.find(chapter)
    assert turn.judged(ours, ours.answer) == ""
    assert all(what for what, _ in ours.seen(ours.answer)), "the answer raises"
    namespace = {}
    exec(ours.stub, namespace)
    assert turn.judged(ours, namespace[ours.answer.__name__]) == f"{ours.answer.__name__}: not written yet."
    assert len(ours.wrong) >= 2


@pytest.mark.parametrize(("chapter", "wrong"), WRONG, ids=[f"{c}-{w.__name__}" for c, w in WRONG])
def test_a_mistake_is_refused_by_its_name(chapter, wrong):
    ours = turn.find(chapter)
    complaint = turn.judged(ours, wrong)
    assert complaint.startswith(f"{ours.answer.__name__}: not yet. ")
    assert complaint.endswith("\n" + inspect.getdoc(wrong))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_asks_for_this_function_and_folds_its_answer(chapter):
    (path,) = [path for path in lessons_in(ROOT / "lessons") if path.name.startswith(chapter)]
    lesson, ours = Lesson(path), turn.find(chapter)
    (cell,) = [cell for cell in lesson.cells if "turn" in cell.code.options]
    assert cell.code.body.endswith(f'@your_turn("{chapter}")\n{ours.stub}')
    assert "not written yet" in cell.output.body
    answer = f"minigan/homework/turns/ch{chapter}.py"
    assert [q.symbol for q in lesson.quotations if q.source == answer] == [ours.answer.__name__]


def test_every_chapter_with_a_turn_has_its_file():
    asked = [p.name[:2] for p in lessons_in(ROOT / "lessons") if "\n```python turn\n" in p.read_text("utf-8")]
    assert asked == CHAPTERS


def test_the_chapter_goes_on_with_what_is_right(capsys):
    ours = turn.find("02")
    assert turn.your_turn("02")(ours.wrong[0]) is ours.answer
    said = capsys.readouterr().out
    assert "b.grad = 2: a.grad: expected 4, got 2." in said and "goes on with the answer below" in said

    def hand_out(node):
        for parent, pullback in node.edges:
            parent.grad = parent.grad + pullback(node.grad)

    assert turn.your_turn("02")(hand_out) is hand_out
    assert capsys.readouterr().out == "hand_out: right. The chapter goes on with yours.\n"


@pytest.mark.parametrize("chapter", ["03", "10"])
def test_the_cell_of_a_notebook_says_what_is_wrong(chapter, tmp_path, monkeypatch):
    reason = 'no jupytext and nbclient here: pip install "minigan[lessons]" to run the notebooks'
    for module in ("jupytext", "nbclient", "ipykernel"):
        pytest.importorskip(module, reason=reason)
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell

    (path,) = [path for path in lessons_in(ROOT / "lessons") if path.name.startswith(chapter)]
    book, ours = notebooks.notebook(Lesson(path)), turn.find(chapter)
    (stub,) = [i for i, cell in enumerate(book.cells) if f'@your_turn("{chapter}")' in cell.source]
    name = ours.answer.__name__
    for f in ours.wrong[0], ours.answer:
        written = inspect.getsource(f).replace(f"def {f.__name__}(", f"def {name}(")
        book.cells.insert(stub + 1, new_code_cell(f'@your_turn("{chapter}")\n{written}'))
    book.cells[stub + 3 :] = [new_code_cell(f"print(inspect.getsource({name}))")]
    book.cells.insert(0, new_code_cell("import inspect"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    stub, right, wrong, goes_on = ("".join(o.text for o in cell.outputs) for cell in book.cells[-4:])
    assert stub == f"{name}: not written yet. The chapter goes on with the answer below.\n"
    assert right == f"{name}: right. The chapter goes on with yours.\n"
    assert wrong.startswith(f"{name}: not yet. ") and inspect.getdoc(ours.wrong[0]) in wrong
    assert wrong.endswith(" The chapter goes on with the answer below.\n")
    assert goes_on.strip() == inspect.getsource(ours.answer).strip()


def test_an_unknown_mistake_gets_no_guess():
    ours = turn.find("09")
    complaint = turn.judged(ours, lambda p, v, g, lr, mu: (p + 17, v))
    assert (
        complaint
        == "step: not yet. from rest: the new p: 2 of 2 values are wrong; expected at [0] 0.7, got 18."
    )


def test_the_command_writes_the_file_then_looks_at_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command.main(["3"]) == 1
    path = tmp_path / "turn03.py"
    assert path.read_text("utf-8").endswith(turn.find("03").stub)
    assert command.main(["03"]) == 1
    assert capsys.readouterr().out.endswith("summed_axes: not written yet.\n")
    path.write_text(inspect.getsource(turn.find("03").wrong[0]).replace("only_added", "summed_axes"))
    assert command.main(["03"]) == 1
    assert "one of length 1 that was stretched" in capsys.readouterr().out
    path.write_text(inspect.getsource(turn.find("03").answer))
    assert command.main(["03"]) == 0
    assert capsys.readouterr().out == "summed_axes: right.\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def summed_axes(:", "turn03.py, line 1 does not load: SyntaxError"),
        ("1 / 0", "turn03.py does not load: ZeroDivisionError: division by zero"),
        ("\0", "does not load: SyntaxError"),
        ("x = 1", "turn03.py has no function summed_axes"),
    ],
)
def test_a_file_that_cannot_be_looked_at_is_an_error_in_a_line(text, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "turn03.py").write_text(text)
    assert command.main(["03"]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1 and "None" not in said


def test_a_function_that_ends_the_program_is_wrong():
    complaint = turn.judged(turn.find("03"), lambda shape, to: sys.exit(0))
    assert complaint == "summed_axes: not yet. It raised SystemExit: 0"


def test_a_chapter_without_a_turn_is_an_error_in_a_line(capsys):
    assert command.main(["99"]) == 2
    assert "expected a chapter that has a turn, such as 03, got '99'" in capsys.readouterr().err
    with pytest.raises(InputError):
        turn.find("..")


@pytest.mark.parametrize("raised, status", [(KeyboardInterrupt(), 130), (OSError(28, "No space left"), 1)])
def test_ctrl_c_and_a_full_disk_end_it_as_any_command(raised, status, tmp_path, monkeypatch, capsys):
    def write(*_):
        raise raised

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "write_atomically", write)
    assert command.main(["03"]) == status
    assert capsys.readouterr().err.count("\n") == (status == 1)
