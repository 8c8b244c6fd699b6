"""The packed numbers of a record: bytes among text. The rest of the engine sees blanks where they stand.

A file that has one must travel as bytes, not as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.catalog import LayoutField, Need, Picture
from transforms.layout import FIX_REQUIRED, FIX_VALUE, Fault, codec_of
from transforms.picture_amounts import read_packed, write_packed


@dataclass(frozen=True, slots=True)
class PackedFields:
    """The packed numbers of a layout, each with its path or key."""

    fields: tuple[LayoutField, ...]

    def read(self, body: str, into: dict[str, str], faults: list[Fault]) -> str:
        """Put the numbers of a record into ``into``; the record with blanks in their places."""
        for field in self.fields:
            at, end = field.start - 1, field.start - 1 + field.length
            text, path = body[at:end], field.path or ""
            body = f"{body[:at]}{' ' * field.length}{body[end:]}"
            value = read_packed(text)
            if value is not None:
                into[path] = value
            elif text.strip(" "):
                faults.append(Fault(field, codec_of(field).fault, path))
            elif field.required is Need.REQUIRED:
                faults.append(Fault(field, FIX_REQUIRED, path))
        return body

    def write(self, text: str, values: Mapping[str, str], faults: list[Fault]) -> str:
        """A written record with the numbers in their places, which are blank where there is none or it does not fit."""
        for field in self.fields:
            value = values.get(field.path or "")
            packed = None if value is None else write_packed(value, field.length)
            if packed is not None:
                text = f"{text[: field.start - 1]}{packed}{text[field.start - 1 + field.length :]}"
            elif value is not None:
                faults.append(Fault(field, FIX_VALUE, field.path))
        return text


def parted(fields: Sequence[LayoutField]) -> PackedFields | None:
    """The packed numbers among the fields; None where there are none, as in nearly all layouts."""
    found = tuple(field for field in fields if field.picture is Picture.PACKED)
    return PackedFields(found) if found else None
