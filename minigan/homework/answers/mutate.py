"""Mechanical wrong answers: one small change in the reference at a time, so that no check is for show."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator

from minigan.homework.tasks.spec import Assignment
from minigan.homework.tasks.strip import Piece, replace_pieces, solution, targets_in

SWAPS: dict[type, type] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def mechanical(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Pairs (what was changed, the file with that change); equal words are numbered."""
    reference, seen = solution(assignment), Counter[str]()
    for piece in ast.parse(reference).body:
        if not isinstance(piece, Piece):
            continue
        for number, _ in enumerate(_places_in(assignment, piece)):
            changed = copy.deepcopy(piece)
            function, place = list(_places_in(assignment, changed))[number]
            what = _change(place)
            if what:
                source = ast.unparse(ast.fix_missing_locations(changed))
                seen[what := f"{function}: {what}"] += 1
                again = f" ({seen[what]})" if seen[what] > 1 else ""
                yield what + again, replace_pieces(reference, {piece.name: source})


def _places_in(assignment: Assignment, piece: Piece) -> Iterator[tuple[str, tuple[ast.AST, str, int | None]]]:
    for function in targets_in(assignment, ast.Module([piece], [])):
        yield from ((function.name, place) for place in _places(function))


def _places(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str, int | None]]:
    """(parent, field, index) of every statement and expression of the body."""
    inside = [node for statement in function.body for node in ast.walk(statement)]
    for parent in [function, *inside]:
        for field, value in ast.iter_fields(parent):
            if parent is function and field != "body":
                continue
            if isinstance(value, list):
                yield from ((parent, field, i) for i, part in enumerate(value) if isinstance(part, ast.AST))
            elif isinstance(value, ast.expr | ast.operator | ast.boolop):
                yield parent, field, None


def _change(place: tuple[ast.AST, str, int | None]) -> str:
    """Change one place; what was done, empty where there is nothing to change."""
    parent, field, index = place
    node = getattr(parent, field) if index is None else getattr(parent, field)[index]
    before = ast.unparse(parent)
    new = _instead_of(node, field)
    if new is None:
        return ""
    if index is None:
        setattr(parent, field, new)
    elif isinstance(node, ast.keyword):
        del getattr(parent, field)[index]
    else:
        getattr(parent, field)[index] = new
    after = ast.unparse(parent)
    return _brief(before, after) if before != after else ""


def _instead_of(node: ast.AST, field: str) -> ast.AST | None:
    match node:
        case ast.Raise() | ast.Assign() | ast.AugAssign() | ast.For() | ast.If() | ast.Expr(value=ast.Call()):
            return ast.Pass()
        case ast.Constant(value=bool(value)):
            return ast.Constant(not value)
        case ast.Constant(value=int(value)):
            return ast.Constant(value + 1)
        case ast.keyword():
            return node
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case _ if field == "test" and isinstance(node, ast.expr):
            return ast.UnaryOp(ast.Not(), node)
    swapped = SWAPS.get(type(node))
    return swapped() if swapped else None


def _brief(before: str, after: str) -> str:
    """The first lines that differ."""
    pairs = zip(before.splitlines() + [""], after.splitlines() + [""], strict=False)
    old, new = next((pair for pair in pairs if pair[0] != pair[1]), (before, after))
    return f"`{old.strip()}` -> `{new.strip()}`"
