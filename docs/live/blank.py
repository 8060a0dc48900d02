"""What stands in for a figure where matplotlib cannot be had: it takes every call and draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigan import pictures


class Blank:
    """Whatever is asked of it is a Blank again."""

    def __getattr__(self, name: str) -> Blank:
        if name.startswith("__"):
            raise AttributeError(name)
        return Blank()

    def __call__(self, *arguments: Any, **settings: Any) -> Blank:
        return Blank()

    def __getitem__(self, key: Any) -> Blank:
        return Blank()

    def __iter__(self) -> Iterator[Blank]:
        return iter([Blank()])


def panels(count: int, width: float, height: float) -> tuple[Blank, list[Blank]]:
    return Blank(), [Blank() for _ in range(count)]


def save_figure(path: str, figure: Blank) -> None:
    pass


def stand_in() -> None:
    pictures.panels, pictures.save_figure = panels, save_figure
