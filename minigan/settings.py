"""Settings: fields of a frozen dataclass that carry their help and their limit, and refuse the impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from minigan.errors import InputError
from minigan.files import is_number

MOST = 1_000_000  # of anything that is counted


class Limit(NamedTuple):
    """What a setting may be; of one that has several values, each."""

    holds: Callable[[Any], bool]
    expected: str


COUNT = Limit(lambda v: 1 <= v <= MOST, f"1 to {MOST:,}")
POSITIVE = Limit(lambda v: v > 0, "a number above 0")
KEEP = Limit(lambda v: 0 < v <= 1, "a probability of keeping, above 0 and at most 1")
MOMENTUM = Limit(lambda v: 0 <= v < 1, "a number from 0 to below 1")


def setting(default: Any, help: str, limit: Limit) -> Any:
    """A field with its default, its help and its limit."""
    return field(default=default, metadata={"help": help, "choices": None, "limit": limit})


def choice(default: Any, help: str, choices: Iterable[str]) -> Any:
    """A field that has one of a few names."""
    choices = tuple(choices)
    limit = Limit(choices.__contains__, f"one of {', '.join(choices)}")
    return field(default=default, metadata={"help": help, "choices": choices, "limit": limit})


@dataclass(frozen=True)
class Settings:
    """A dataclass whose fields are settings.  InputError, one line, for a value that a field cannot have."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(f.default, Settings):  # its own fields have been looked at
                continue
            if not _is_like(value, f.default):
                raise InputError(f"{flag(f.name)}: expected a value like {f.default!r}, got {value!r}")
            for v in value if isinstance(value, tuple) else (value,):
                if not isinstance(v, str) and not is_number(v):
                    raise InputError(f"{flag(f.name)}: expected a finite number, got {v}")
            if limit := f.metadata.get("limit"):
                self.require(f.name, limit)

    def require(self, name: str, limit: Limit) -> None:
        """InputError where a value of this field is beyond the limit."""
        value = getattr(self, name)
        values = value if isinstance(value, tuple) else (value,)
        wrong = [v for v in values if not limit.holds(v)]
        if wrong or not values:
            came = ",".join(map(repr, wrong)) or "nothing"
            raise InputError(f"{flag(name)}: expected {limit.expected}, got {came}")


def flag(name: str) -> str:
    """The option of the command line that sets the field of that name."""
    return "--" + name.replace("_", "-")


def _is_like(value: Any, default: Any) -> bool:
    """Of the same type; a whole number is a number too."""
    if isinstance(default, tuple):
        return isinstance(value, tuple) and all(type(v) is type(default[0]) for v in value)
    return type(value) is type(default) or (type(default) is float and type(value) is int)
