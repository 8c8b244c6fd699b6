"""Who an interchange is from and to: as its records say it, else as the delivery does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.core.model import Partner
from gateway.core.ports.formats import Cover
from transforms.x12_segments import Delimiters

_SIZES = {"ISA05": (2, 2), "ISA06": (1, 15), "ISA07": (2, 2), "ISA08": (1, 15), "ISA15": (1, 1)}
_GROUP_SIZES = {"GS02": (2, 15), "GS03": (2, 15)}
_MUTUALLY_DEFINED, _PRODUCTION = "ZZ", "P"


@dataclass(frozen=True, slots=True)
class Addressing:
    """``names``: element of ISA or GS -> path; ``fields``: what the first record says."""

    names: Mapping[str, str]
    fields: Mapping[str, str] = field(repr=False)
    cover: Cover

    def get(self, name: str) -> str:
        """The value of one element; empty when nobody says it."""
        return self.fields.get(self.names.get(name, "")) or self._default(name)

    def _default(self, name: str) -> str:
        match name:
            case "GS02":
                return _locator(self.cover.sender)
            case "GS03":
                return _locator(self.cover.recipient)
            case "ISA06" | "ISA08":
                return self.get("GS02" if name == "ISA06" else "GS03")
            case _:
                return _PRODUCTION if name == "ISA15" else _MUTUALLY_DEFINED

    def ids(self) -> tuple[str, str, str, str]:
        """ISA05 to ISA08."""
        return self.get("ISA05"), self.get("ISA06").ljust(15), self.get("ISA07"), self.get("ISA08").ljust(15)

    def faults(self, marks: Delimiters, *, grouped: bool) -> Iterator[str]:
        """The elements that cannot be written as they are."""
        for name, (least, most) in {**_SIZES, **(_GROUP_SIZES if grouped else {})}.items():
            value = self.get(name)
            odd = not (value.isascii() and value.isprintable()) or set(value) & set(marks.all)
            if odd or not least <= len(value) <= most:
                yield name


def _locator(partner: Partner) -> str:
    """The shortest of a partner's locators: its own number, not that of an office."""
    return min(partner.locators, key=lambda one: (len(one), one), default=partner.key)
