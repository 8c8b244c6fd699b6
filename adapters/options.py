"""The keys of a partner's ``[endpoint]``: what each adapter understands, and the check of what a partner file says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.errors import Misconfigured, Unavailable

Value = str | int | bool
Options = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Option:
    """One key. ``default`` None: it must be given, unless ``optional``. ``least`` and ``most`` bound whole numbers."""

    type: type[str | int | bool]
    meaning: str
    default: Value | None = None
    optional: bool = False
    least: int = 1
    most: int = 86_400


Table = Mapping[str, Option]
CrossCheck = Callable[[Options], None]
"""Checks values together. Raises Misconfigured naming a key."""


def wrong(key: str, why: str) -> Misconfigured:
    """The error for a bad option; never repeats the value."""
    return Misconfigured(f"endpoint.{key}: {why}", code="endpoint-option")


def complete(options: Options, table: Table) -> dict[str, Value]:
    """The options with defaults filled in. Raises Misconfigured that names the first wrong key."""
    for key in options:
        if key not in table:
            raise wrong(key, f"is not an option of this adapter, which knows {', '.join(sorted(table))}")
    found: dict[str, Value] = {}
    for key, option in table.items():
        value = options.get(key, option.default)
        if value is None:
            if not option.optional:
                raise wrong(key, "is required")
            continue
        found[key] = _checked(key, option, value)
    return found


def _checked(key: str, option: Option, value: Value) -> Value:
    # bool is a kind of int to Python, not to a partner file.
    if type(value) is not option.type:
        raise wrong(key, f"must be {_WORDS[option.type]}")
    if isinstance(value, str) and (not value or not value.isprintable()):
        raise wrong(key, "must not be empty or hold control characters")
    if type(value) is int and not option.least <= value <= option.most:
        raise wrong(key, f"must be between {option.least} and {option.most}")
    return value


_WORDS: Mapping[type, str] = {str: "text", int: "a whole number", bool: "true or false"}


def ours(error: Misconfigured) -> Unavailable:
    """What a wrong setting means during a delivery: a fault on our side that is not counted as an attempt."""
    return Unavailable(error.detail, code=error.problem)
