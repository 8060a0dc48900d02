"""`new`: the folder of a new assignment.  Its own proof fails until every part is written."""

from __future__ import annotations

import re
from pathlib import Path

from minigan.errors import InputError
from minigan.files import write_atomically
from minigan.homework.tasks.spec import FOLDER, PACKAGE


def new(name: str, module: str, targets: list[str]) -> Path:
    """Make assignments/hwNN_name.  InputError where the name is no good, or there is one already."""
    if not re.fullmatch(r"hw\d\d_[a-z][a-z0-9_]*", name):
        raise InputError(f"expected a name such as hw06_dropout, got {name!r}")
    if list(FOLDER.glob(f"{name[:4]}_*")):
        raise InputError(f"there is a {name[:4]} already")
    if not Path(PACKAGE, *module.split(".")).with_suffix(".py").exists():
        raise InputError(f"minigan has no file {module}.py")
    folder = FOLDER / name
    folder.mkdir()
    for file, text in FILES.items():
        content = text
        for mark, value in {"@ID@": name[:4], "@MODULE@": module, "@TARGET@": targets[0]}.items():
            content = content.replace(mark, value)
        content = content.replace("@TARGETS@", ", ".join(f'"{target}"' for target in targets))
        write_atomically(folder / file, lambda out, content=content: out.write(content.encode()))
    return folder


FILES = {
    "__init__.py": '"""@ID@."""\n',
    "spec.toml": """title = "a title"
lesson = "which lesson"
paper = "which section of the paper"
module = "@MODULE@"
targets = [@TARGETS@]
hints = ["what to think about", "which tool", "almost the line"]

[[checks]]
name = "first"
points = 100
says = "what is checked, in the student's words"
""",
    "README.md": "# @ID@\n\nWhy, what, and what exactly is to be written.\n",
    "calls.py": '''"""How the student's functions are called.  Runs in the judged process."""

from __future__ import annotations

from typing import Any


def @TARGET@(target: Any, x: Any) -> Any:
    return target.@TARGET@(x)
''',
    "checks.py": '''"""What is checked.  The expected values are independent of any solution."""

from __future__ import annotations

from minigan.homework.judging.judge import Trial


def first(trial: Trial) -> None:
    """Without an observation nothing passes, not even the reference: `trial.ask`, then `trial.same`."""
''',
    "mutants.py": '''"""Wrong answers that people give, six or more: @TARGET@__name, under @wrong(...)."""
''',
    "wheats.py": '''"""Right answers other than minigan's own, two or more: @TARGET@__name, under @right."""
''',
}
