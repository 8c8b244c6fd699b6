"""A TOML file read with care: every value is asked for by name and type, every key must be known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TypeVar

import tomli

from gateway.core.errors import Misconfigured

T = TypeVar("T")

SHIPPED = "schemas/"
"""Where the tables lie that come with the gateway."""


class Document:
    """A table of a TOML file and where it stands. Raises Misconfigured for a missing, wrong or unknown key."""

    def __init__(self, file: str, place: str, table: dict[str, object], folder: str = SHIPPED) -> None:
        self.file = file
        self._folder = folder
        self.place = place
        self._table = table
        self._asked: set[str] = set()

    def fault(self, what: str) -> Misconfigured:
        return Misconfigured(f"{self._folder}{self.file}: {self.place + ': ' if self.place else ''}{what}")

    def text(self, key: str, default: str | None = None) -> str:
        return self._typed(key, str, default)

    def number(self, key: str, default: int | None = None) -> int:
        return self._typed(key, int, default)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        return self._typed(key, bool, default)

    def day(self, key: str) -> date | None:
        return self._typed(key, date, None) if key in self._table else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text alone; empty when the key is absent."""
        value = self._value(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self.fault(f"{key} must be a list of texts")
        return tuple(values)

    def has(self, key: str) -> bool:
        """Whether an optional key is there."""
        return key in self._table

    def table(self, key: str) -> Document:
        """A sub-table; an empty one when the key is absent."""
        value = self._value(key, {})
        if not isinstance(value, dict):
            raise self.fault(f"{key} must be a table")
        return Document(self.file, f"{self.place}.{key}".lstrip("."), value, self._folder)

    def tables(self, key: str) -> list[Document]:
        """A list of tables; each is named by its own ``name`` or ``code``, else by its number."""
        value = self._value(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fault(f"{key} must be a list of tables")
        place = f"{self.place}.{key}".lstrip(".")
        return [
            Document(self.file, f"{place} {one.get('name', one.get('code', number))}", one, self._folder)
            for number, one in enumerate(value, 1)
        ]

    def named(self) -> Iterator[tuple[str, Document]]:
        """Every sub-table with its key."""
        for key in self._table:
            yield key, self.table(key)

    def items(self) -> Iterator[tuple[str, object]]:
        """Every key with its value as TOML read it."""
        for key, value in self._table.items():
            self._asked.add(key)
            yield key, value

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        unknown = sorted(set(self._table) - self._asked)
        if unknown:
            raise self.fault(f"unknown key {unknown[0]}")

    def _value(self, key: str, default: object) -> object:
        self._asked.add(key)
        return self._table.get(key, default)

    def _typed(self, key: str, kind: type[T], default: T | None) -> T:
        value = self._value(key, default)
        if value is None:
            raise self.fault(f"{key} is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fault(f"{key} must be of type {kind.__name__}")
        return value


def parse(file: str, content: bytes, folder: str = SHIPPED) -> Document:
    """The document of a file, said to be below ``folder``. Raises Misconfigured when it is not TOML."""
    try:  # tomli is compiled: a third of the time of Python's own, for 1.2 MB at every start
        return Document(file, "", tomli.loads(content.decode()), folder)
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{folder}{file}: {error}") from error
