"""Known answers, right and wrong: declared, turned into a student's file, or asked in this process."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from minigan.homework import transport
from minigan.homework.sandbox import Raised
from minigan.homework.spec import Assignment
from minigan.homework.strip import replace_functions, solution


@dataclass(frozen=True)
class Answer:
    """A function that stands for `target`, the checks it loses, and what its author should hear."""

    function: Callable[..., Any]
    loses: frozenset[str] = frozenset()
    says: str = ""

    @property
    def target(self) -> str:
        return self.function.__name__.partition("__")[0]

    @property
    def name(self) -> str:
        return self.function.__name__.partition("__")[2]


def wrong(loses: str, says: str) -> Callable[[Callable[..., Any]], Answer]:
    """Declare `target__name` a wrong answer that loses these checks (names, one blank between)."""
    return lambda function: Answer(function, frozenset(loses.split()), says)


def right(function: Callable[..., Any]) -> Answer:
    """Declare `target__name` a right answer."""
    return Answer(function)


def mutants(assignment: Assignment) -> list[Answer]:
    return _answers(assignment.part("mutants"))


def wheats(assignment: Assignment) -> list[Answer]:
    return _answers(assignment.part("wheats"))


def as_file(assignment: Assignment, answer: Answer) -> str:
    """The solution with this answer in place of its target: what a student would hand in."""
    module = inspect.getmodule(answer.function)
    tree = ast.parse(inspect.getsource(module))
    future, rest, own = [], [], ""
    for node in tree.body:
        match node:
            case ast.ImportFrom(module="__future__"):
                future.append(ast.unparse(node))
            case ast.ImportFrom(module="minigan.homework.answers") | ast.Expr():
                pass
            case ast.FunctionDef(name=name) if name == answer.function.__name__:
                node.name, node.decorator_list = answer.target, []
                own = ast.unparse(node)
            case ast.FunctionDef(decorator_list=[_, *_]):
                pass
            case _:
                rest.append(ast.unparse(node))
    reference = replace_functions(solution(assignment), {answer.target: own})
    body = [line for line in reference.splitlines() if not line.startswith("from __future__")]
    return "\n".join([*future, *rest, *body]) + "\n"


class Known:
    """A known answer that can be asked as a judged process is, without a process: it is ours."""

    _one_at_a_time = threading.RLock()  # the answer is laid over minigan while it is asked

    def __init__(self, assignment: Assignment, answer: Answer | None = None) -> None:
        self.calls = assignment.part("calls")
        self.home = importlib.import_module(f"minigan.{assignment.module}")
        with self._one_at_a_time:  # or it might be another thread's answer that is read here
            self.standard = {name: getattr(self.home, name) for name in assignment.targets}
        self.laid_over = self.standard | ({answer.target: answer.function} if answer else {})
        self.after: Any = None

    def ask(self, call: str, *arguments: Any) -> Any:
        self.after = copy.deepcopy(list(arguments))
        with self._one_at_a_time:
            vars(self.home).update(self.laid_over)
            try:
                value = getattr(self.calls, call)(SimpleNamespace(**self.laid_over), *self.after)
            except Exception as error:
                raise Raised(transport.kind_of(error), str(error), None) from None
            finally:
                vars(self.home).update(self.standard)
        return transport.carried(value)


@cache
def _answers(module: ModuleType) -> list[Answer]:
    return [value for value in vars(module).values() if isinstance(value, Answer)]
