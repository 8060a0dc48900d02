"""Your turn, at the command line: python -m lessons.turn 03

The first call writes turn03.py, with the function of that chapter to be written; the next ones say what is
wrong with it.  In the chapter's notebook the same happens in its own cell.  There are no marks.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import runpy
import sys
from pathlib import Path

from minigan.cli import exit_status
from minigan.errors import InputError
from minigan.files import write_atomically
from minigan.homework.turn import Function, Turn, find, judged


def main(argv: list[str] | None = None) -> int:
    """0 if the function is right, 1 if it is not or not yet; else as cli.exit_status."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons.turn",
        description="Check the function that a chapter asks its reader for.",
        allow_abbrev=False,
    )
    parser.add_argument("chapter", metavar="NN", help="the chapter's number, as 03")
    return exit_status(lambda: _checked(parser.parse_args(argv).chapter))


def _checked(chapter: str) -> int:
    turn = find(chapter.zfill(2))
    path = Path(f"turn{turn.chapter}.py")
    if not path.exists():
        write_atomically(path, lambda file: file.write(text_of(turn).encode()))
        print(f"wrote {path}: fill in {turn.answer.__name__}, and give the same command again")
        return 1
    complaint = judged(turn, _function(path, turn.answer.__name__))
    print(complaint or f"{turn.answer.__name__}: right.")
    return 1 if complaint else 0


def text_of(turn: Turn) -> str:
    """The file that a reader starts from: a line that says what it is, the imports, the stub."""
    source = inspect.getsource(turn.module)
    imports = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    used = {n.id for n in ast.walk(ast.parse(inspect.getsource(turn.answer))) if isinstance(n, ast.Name)}
    kept = [ast.unparse(n) for n in imports if used & {a.asname or a.name for a in n.names}]
    title = ast.get_docstring(ast.parse(source)) or ""
    return (
        "\n".join([f'"""{title}  It is checked by: python -m lessons.turn {turn.chapter}"""', "", *kept])
        + ("\n\n\n" if kept else "\n\n")
        + turn.stub
    )


def _function(path: Path, name: str) -> Function:
    """What the file calls `name`.  InputError where it does not load or has none."""
    try:
        found = runpy.run_path(str(path)).get(name)
    except (Exception, SystemExit) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise InputError(f"{path}{line} does not load: {type(error).__name__}: {error}") from None
    if not callable(found):
        raise InputError(f"{path} has no function {name}: remove the file to start anew")
    return found


if __name__ == "__main__":
    sys.exit(main())
