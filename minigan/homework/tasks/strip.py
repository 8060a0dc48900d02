"""Cut an assignment out of minigan's own source: the student's stub, and the files without its targets."""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Callable

from minigan.errors import InputError
from minigan.homework.tasks.spec import Assignment, located, source_of

HEADER = '''"""{id}: {title}.  The task is in README.md beside this file.

python -m minigan.homework check {id}    marks it;  hint {id}  helps;  watch {id}  marks it at every save.
"""
'''
Function = ast.FunctionDef
Piece = ast.FunctionDef | ast.ClassDef


def stub(assignment: Assignment) -> str:
    """What the student starts from: the imports the task needs, and its targets with empty bodies."""
    if assignment.parts:
        return together({part.id: stub(part) for part in assignment.parts})
    why = f"{assignment.id}: your turn"
    return _file(
        assignment, assignment.written, lambda module, piece: _without(assignment, module, piece, why)
    )


def solution(assignment: Assignment) -> str:
    """The same file as minigan itself has it."""
    if assignment.parts:
        return together({part.id: solution(part) for part in assignment.parts})
    return _file(assignment, assignment.solved, lambda module, piece: segment(source_of(module), piece))


def together(files: dict[str, str]) -> str:
    """The files of the capstone as one, which is what is graded: {"hw02": ..., ...} in JSON."""
    return json.dumps(files)


def stripped(assignment: Assignment, module: str) -> str:
    """minigan's file with the bodies of the targets, their twins and helpers gone: what the kit holds."""
    source = source_of(module)
    gone = _functions(module, assignment.missing)
    return _emptied(source, gone, lambda f: f"{f.name} is missing in the kit of {assignment.id}")


def touched(assignment: Assignment) -> list[str]:
    """The modules that hold what the kit lacks."""
    return sorted({located(name)[0] for name in assignment.missing})


def leaks(assignment: Assignment, text: str) -> list[str]:
    """Lines of the solution that stand in a text (short ones, such as `else:`, tell nothing)."""
    secret = set()
    for module in dict.fromkeys(assignment.solved.values()):
        for function in _functions(module, [*assignment.targets, *assignment.helpers]):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            for line in source_of(module).splitlines()[body[0].lineno - 1 : function.end_lineno]:
                code = _squeezed(line.partition("  #")[0])
                if len(code) > 12:
                    secret.add(code)
    squeezed = _squeezed(text)
    return sorted(code for code in secret if code in squeezed)


def replace_pieces(source: str, pieces: dict[str, str]) -> str:
    """A student's file with some of its functions or classes exchanged."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, Piece) and node.name in pieces:
            lines[_first_line(node) - 1 : node.end_lineno] = pieces[node.name].splitlines()
    return "\n".join(lines) + "\n"


def segment(source: str, piece: Piece) -> str:
    """A function or class as it stands in its file."""
    return "\n".join(source.splitlines()[_first_line(piece) - 1 : piece.end_lineno])


def targets_in(assignment: Assignment, tree: ast.Module) -> list[Function]:
    """The functions and methods of a file that the student was to write, and minigan's helpers."""
    return _named(tree, [located(name)[1] for name in [*assignment.targets, *assignment.helpers]])


def _file(assignment: Assignment, names: dict[str, str], text_of: Callable[[str, Piece], str]) -> str:
    """Header, imports, one function or class after the other.  names: these, and the module of each."""
    own = [(module, piece) for module in dict.fromkeys(names.values()) for piece in _pieces(names, module)]
    parts = [HEADER.format(id=assignment.id, title=assignment.title), _imports(assignment, own)]
    return "\n".join(parts) + "".join(f"\n\n{text_of(module, piece)}\n" for module, piece in own)


def _pieces(names: dict[str, str], module: str) -> list[Piece]:
    """The top level of minigan's file that holds these, in its order."""
    wanted = {name for name, home in names.items() if home == module}
    return [n for n in ast.parse(source_of(module)).body if isinstance(n, Piece) and n.name in wanted]


def _functions(module: str, names: list[str]) -> list[Function]:
    """The functions and methods that these targets are, in the order of minigan's file."""
    own = [name for home, name in map(located, names) if home == module]
    tree = ast.parse(source_of(module))
    if missing := [name for name in own if not _named(tree, [name])]:
        raise InputError(f"minigan/{module.replace('.', '/')}.py has no {', '.join(missing)}")
    return _named(tree, own)


def _named(tree: ast.Module, names: list[str]) -> list[Function]:
    found = []
    for node in tree.body:
        if isinstance(node, Function) and node.name in names:
            found.append(node)
        elif isinstance(node, ast.ClassDef):
            methods = [method for method in node.body if isinstance(method, Function)]
            found += [m for m in methods if {node.name, f"{node.name}.{m.name}"} & set(names)]
    return found


def _without(assignment: Assignment, module: str, piece: Piece, why: str) -> str:
    source = source_of(module)
    own = ast.parse(text := segment(source, piece))
    names = [name for home, name in map(located, assignment.targets) if home == module]
    return _emptied(text, _named(own, names), lambda _: why).rstrip("\n")


def _emptied(source: str, functions: list[Function], why: Callable[[Function], str]) -> str:
    """Signatures and docstrings as they are, the rest of each body one line."""
    lines = source.splitlines()
    for function in reversed(functions):
        first = function.body[0]
        end = first.end_lineno if ast.get_docstring(function) else first.lineno - 1
        blank = " " * first.col_offset + f'raise NotImplementedError("{why(function)}")'
        lines[end : function.end_lineno] = [blank]
    return "\n".join(lines) + "\n"


def _imports(assignment: Assignment, own: list[tuple[str, Piece]]) -> str:
    """NumPy, what minigan's files import for the targets, and what these use of the files themselves."""
    future, lines, named = [], [], dict[str, set[str]]()
    for module in dict.fromkeys(module for module, _ in own):
        pieces = [piece for home, piece in own if home == module]
        used = {n.id for piece in pieces for n in ast.walk(piece) if isinstance(n, ast.Name)}
        used -= {*assignment.solved, *dir(builtins)}
        here = set()
        for node in ast.parse(source_of(module)).body:
            match node:
                case ast.ImportFrom(module="__future__"):
                    future = [ast.unparse(node), ""]
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    for imported in names:
                        if (imported.asname or imported.name).partition(".")[0] not in used - {"np"}:
                            continue
                        if isinstance(node, ast.ImportFrom):
                            named.setdefault(f"{node.module}", set()).add(ast.unparse(imported))
                        else:
                            lines.append(f"import {ast.unparse(imported)}")
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if name in used:
                    here.add(name)
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    here |= {name} & used
        if here:
            named.setdefault(f"minigan.{module}", set()).update(here)
    lines += [f"from {home} import {', '.join(sorted(parts))}" for home, parts in named.items()]
    return "\n".join([*future, "import numpy as np\n", *sorted(set(lines))]) + "\n"


def _first_line(piece: Piece) -> int:
    return min([piece.lineno, *(decorator.lineno for decorator in piece.decorator_list)])


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
