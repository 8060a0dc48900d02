"""Answers written from the task alone, apart from those that the grader knows: right ones get 100, wrong ones less.

`wrong(name)` says which of the known mistakes it is, as the tutor should; `wrong()` that it is none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def right(function: Callable[..., Any]) -> Callable[..., Any]:
    function.is_right, function.known_as = True, ""
    return function


def wrong(known_as: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        function.is_right, function.known_as = False, known_as
        return function

    return declare
