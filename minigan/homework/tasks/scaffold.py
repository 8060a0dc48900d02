"""`new`: the folder of a new assignment.  Until all is written its proof fails, and says what comes next."""

from __future__ import annotations

import re
from operator import methodcaller
from pathlib import Path

from minigan.errors import InputError
from minigan.files import write_atomically
from minigan.homework.tasks.spec import FOLDER, Assignment, located, read
from minigan.homework.tasks.strip import stripped, touched


def new(name: str, targets: list[str]) -> Path:
    """Make assignments/hwNN_name.  InputError where the name is no good or taken, or a target missing."""
    if not re.fullmatch(r"hw\d\d_[a-z][a-z0-9_]*", name):
        raise InputError(f"expected a name such as hw06_dropout, got {name!r}")
    if list(FOLDER.glob(f"{name[:4]}_*")):
        raise InputError(f"there is a {name[:4]} already")
    asked = Assignment(FOLDER / name, name[:4], "", "", "", targets, [], [])
    for module in touched(asked):
        stripped(asked, module)  # are the targets there?
    folder = FOLDER / name
    folder.mkdir()
    for file in FILES:
        content = _content(file, name[:4], targets).encode()
        write_atomically(folder / file, methodcaller("write", content))
    read(folder)
    return folder


def to_do(assignment: Assignment) -> list[str]:
    """Which files are still as `new` made them, in the order in which to write them."""
    return [
        f"{file} is still as `new` made it: {NEXT[file]}"
        for file in NEXT
        if (assignment.folder / file).read_text("utf-8") == _content(file, assignment.id, assignment.targets)
    ]


def _content(file: str, id: str, targets: list[str]) -> str:
    names = [located(target)[1].replace(".", "_") for target in targets]
    marks = {"@ID@": id, "@TARGETS@": ", ".join(f'"{target}"' for target in targets)}
    marks["@CALLS@"] = "\n\n".join(CALL.replace("@NAME@", name) for name in names)
    content = FILES[file]
    for mark, value in marks.items():
        content = content.replace(mark, value)
    return content


NEXT = {
    "README.md": "the task: why, what, and what exactly is to be written",
    "spec.toml": "the title, three hints, and the checks, whose points total 100",
    "calls.py": "how the targets are called, from plain arrays to plain arrays",
    "checks.py": "one function for each check; without an observation none passes, not even the reference",
    "right.py": "two other right answers or more",
    "wrong.txt": "twelve wrong answers or more, each a small change of a right one",
}
CALL = '''def @NAME@(target: Any, x: Any) -> Any:
    """@NAME@(x)"""
    return x
'''
FILES = {
    "__init__.py": '"""@ID@."""\n',
    "spec.toml": """title = "a title"
lesson = "which lesson"
paper = "which section of the paper"
targets = [@TARGETS@]
hints = ["what to think about", "which tool", "almost the line"]

[[checks]]
name = "first"
points = 100
says = "what is checked, in the student's words"
""",
    "README.md": "# @ID@\n\nWhy, what, and what exactly is to be written.\n",
    "calls.py": '''"""How the student's work is called.  Runs in the judged process."""

from __future__ import annotations

from typing import Any


@CALLS@''',
    "checks.py": '''"""What is checked.  The expected values are independent of any solution."""

from __future__ import annotations

from minigan.homework.judging.judge import Trial


def first(trial: Trial) -> None:
    """Without an observation nothing passes, not even the reference: `trial.ask`, then `trial.same`."""
''',
    "right.py": '''"""Right answers other than minigan's own, target__name; each must get 100."""
''',
    "wrong.txt": """Wrong answers that people give (homework/answers/known.py says how to read them).
""",
}
