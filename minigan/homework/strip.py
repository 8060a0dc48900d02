"""Cut an assignment out of minigan's own source: the student's stub, and the file without its targets."""

from __future__ import annotations

import ast
import builtins
import re

from minigan.homework.spec import Assignment

HEADER = '''"""{id}: {title}.  The task is in README.md beside this file.

python -m minigan.homework check {id}    marks it;  hint {id}  helps;  watch {id}  marks it at every save.
"""
'''


def stub(assignment: Assignment) -> str:
    """What the student starts from: the imports the task needs, and its functions with empty bodies."""
    return with_functions(
        assignment, [_blanked(assignment, f, f"{assignment.id}: your turn") for f in _targets(assignment)]
    )


def solution(assignment: Assignment) -> str:
    """The same file as minigan itself has it."""
    return with_functions(assignment, [_segment(assignment.source, f) for f in _targets(assignment)])


def with_functions(assignment: Assignment, functions: list[str]) -> str:
    """A student's file with these functions: header, imports, one function after the other."""
    parts = [HEADER.format(id=assignment.id, title=assignment.title), _imports(assignment)]
    return "\n".join(parts) + "".join(f"\n\n{function}\n" for function in functions)


def stripped(assignment: Assignment) -> str:
    """minigan's file with the bodies of the targets and of their twins gone: what the kit holds."""
    lines = assignment.source.splitlines()
    for function in reversed(_functions(assignment, [*assignment.targets, *assignment.twins])):
        blank = _blanked(assignment, function, f"{function.name} is missing in the kit of {assignment.id}")
        lines[_first_line(function) - 1 : function.end_lineno] = blank.splitlines()
    return "\n".join(lines) + "\n"


def leaks(assignment: Assignment, text: str) -> list[str]:
    """Lines of the solution that stand in a text (short ones, such as `else:`, tell nothing)."""
    secret = set()
    for function in _targets(assignment):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        for line in assignment.source.splitlines()[body[0].lineno - 1 : function.end_lineno]:
            code = _squeezed(line.partition("  #")[0])
            if len(code) > 12:
                secret.add(code)
    squeezed = _squeezed(text)
    return sorted(code for code in secret if code in squeezed)


def replace_functions(source: str, functions: dict[str, str]) -> str:
    """A student's file with some of its functions exchanged."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            lines[_first_line(node) - 1 : node.end_lineno] = functions[node.name].splitlines()
    return "\n".join(lines) + "\n"


def _targets(assignment: Assignment) -> list[ast.FunctionDef]:
    return _functions(assignment, assignment.targets)


def _functions(assignment: Assignment, names: list[str]) -> list[ast.FunctionDef]:
    """These functions in the order of minigan's file."""
    nodes = ast.parse(assignment.source).body
    return [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name in names]


def _blanked(assignment: Assignment, function: ast.FunctionDef, why: str) -> str:
    """Signature and docstring as they are, the rest one line."""
    lines = assignment.source.splitlines()
    first_statement = function.body[0]
    end = first_statement.end_lineno if ast.get_docstring(function) else first_statement.lineno - 1
    kept = lines[_first_line(function) - 1 : end]
    return "\n".join([*kept, f'    raise NotImplementedError("{why}")'])


def _imports(assignment: Assignment) -> str:
    """NumPy, the imports of minigan's file that its targets use, and what they use of that file itself."""
    tree = ast.parse(assignment.source)
    used = {n.id for f in _targets(assignment) for n in ast.walk(f) if isinstance(n, ast.Name)}
    used -= set(assignment.targets)
    future, lines, own = [], ["import numpy as np\n"], set()
    for node in tree.body:
        match node:
            case ast.ImportFrom(module="__future__"):
                future = [ast.unparse(node), ""]
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if wanted := [n for n in names if (n.asname or n.name).partition(".")[0] in used - {"np"}]:
                    node.names = wanted
                    lines.append(ast.unparse(node))
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if name in used:
                own.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                own |= {name} & used
    own = {name for name in own if not hasattr(builtins, name)}
    if own:
        lines.append(f"from minigan.{assignment.module} import {', '.join(sorted(own))}")
    return "\n".join([*future, lines[0], *sorted(lines[1:])]) + "\n"


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _segment(source: str, function: ast.FunctionDef) -> str:
    return "\n".join(source.splitlines()[_first_line(function) - 1 : function.end_lineno])


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
