"""A file as it was read, with the lines of its keys."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError

from gateway.core.errors import Misconfigured
from gateway.core.nearest import near
from gateway.partner_files.agreement import AgreementTable
from gateway.partner_files.lines import line_index, line_of
from gateway.partner_files.partner import PartnerTable
from gateway.partner_files.tables import Table

_TOML_LINE = re.compile(r"at line (\d+)")


class FileTable(Table):
    partner: list[PartnerTable] = Field(default_factory=list)
    agreement: list[AgreementTable] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, for a person; line 1 is the first."""

    file: str
    line: int | None
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file whose every table is as it should be, taken alone."""

    name: str
    lines: Mapping[tuple[str | int, ...], int]
    file: FileTable

    def fault(self, place: Sequence[str | int], text: str) -> Fault:
        return Fault(self.name, line_of(self.lines, place), text)


def text_of(file: Path) -> str:
    """What a partner file says. Raises Misconfigured with the line that is not in UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Misconfigured(str(Fault(str(file), line, "not in UTF-8")), code="partner-file") from None


def parse(name: str, text: str, faults: list[Fault]) -> Parsed | None:
    """None when it cannot be read; what is wrong is added to ``faults``."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _TOML_LINE.search(str(error))
        faults.append(Fault(name, int(line.group(1)) if line else None, str(error)))
        return None
    lines = line_index(text)
    try:
        return Parsed(name, lines, FileTable.model_validate(document))
    except ValidationError as error:
        for detail in error.errors():
            place = tuple(detail["loc"])
            key = ".".join(str(part) for part in place)
            message = detail["msg"].removeprefix("Value error, ")
            if detail["type"] == "extra_forbidden":
                message = f"unknown key{meant(place)}"
            faults.append(Fault(name, line_of(lines, place), f"{key}: {message}"))
        return None


def meant(place: Sequence[str | int]) -> str:
    """What somebody may have meant who wrote this key: the most alike one that the table at this place has."""
    table: type[BaseModel] | None = FileTable
    for part in place[:-1]:
        if isinstance(part, str) and table is not None:
            field = table.model_fields.get(part)
            table = _table_in(field.annotation) if field else None
    found = near(str(place[-1]), table.model_fields)[:1] if table else ()
    return f"; did you mean {found[0]}?" if found else ""


def _table_in(annotation: object) -> type[BaseModel] | None:
    """The table that a field holds, alone, in a list or as one of several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table_in, get_args(annotation))), None)
