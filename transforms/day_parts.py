"""A day whose year, month and day stand in three fields of a record, apart from each other.

The fields are read and written under keys of their own; this puts them together to the day at their path, and takes it
apart again. All three are blank when there is no day; a part that is not known is written in nines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.catalog import LayoutField, Picture
from gateway.core.model import RuleCode
from transforms.layout import FIX_VALUE, Fault
from transforms.partial_days import PartialDay, parsed
from transforms.pictures import UNKNOWN

FIX_DAY_PARTS = RuleCode("FIX-DAY-PARTS")
PARTS = (Picture.DAY_YEAR, Picture.DAY_MONTH, Picture.DAY_DAY)


def part_key(field: LayoutField) -> str:
    """Under which key the values of a record give one part of the day at the field's path."""
    return f"{field.path}#{field.picture}"


@dataclass(frozen=True, slots=True)
class DayParts:
    """One such day. ``fields``: year, month and day, with the path of the day."""

    path: str
    fields: tuple[LayoutField, ...]

    def join(self, into: dict[str, str], faults: list[Fault]) -> None:
        """Replace the parts by the day. Nothing is said of a day one of whose parts is at fault already."""
        parts = [into.pop(part_key(field), "") for field in self.fields]
        names = {field.name for field in self.fields}
        if not any(parts) or any(fault.field.name in names for fault in faults):
            return
        if not all(parts):
            blank = self.fields[parts.index("")]
            faults.append(Fault(blank, FIX_DAY_PARTS, self.path, note="blank where other parts of the day are filled"))
            return
        day = PartialDay(*(None if part.startswith(UNKNOWN) else part for part in parts))
        if day.possible:
            into[self.path] = str(day)
        else:
            faults.append(Fault(self.fields[-1], FIX_DAY_PARTS, self.path, note="no day of the calendar"))

    def split(self, values: Mapping[str, str], faults: list[Fault]) -> Mapping[str, str]:
        """The values with the parts of the day added."""
        text = values.get(self.path)
        if text is None:
            return values
        if parsed(text) is None:
            faults.append(Fault(self.fields[0], FIX_VALUE, self.path))
            return values
        return {**values, **dict(zip(map(part_key, self.fields), text.split("-"), strict=True))}


def days_of(fields: Sequence[LayoutField]) -> Iterator[DayParts]:
    """The days that are spread over the fields of a layout."""
    found: dict[str, dict[Picture, LayoutField]] = {}
    for field in fields:
        if field.picture in PARTS and field.path:
            found.setdefault(field.path, {})[field.picture] = field
    for path, parts in found.items():
        yield DayParts(path, tuple(parts[part] for part in PARTS))
