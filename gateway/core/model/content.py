"""A record as it is read and judged: its values, and the facts that decide where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from gateway.core.model.names import Kind
from gateway.core.outline import Outline, outline
from gateway.core.swift import swift


@swift
class Content:
    """One record in the canonical form: its kind and its leaf values by path, in document order.

    Personal data: never printed. Values are text exactly as in the XML document (dates ``2026-01-31``, money
    ``123.45``). An absent path is an absent element; an empty value is never kept.
    """

    kind: Kind
    fields: Mapping[str, str] = field(repr=False)
    _outline: Outline | None = field(default=None, init=False, repr=False, compare=False)
    plain: bool = field(default=False, init=False, repr=False, compare=False)
    """Whether its reader looked and found no character that XML writes otherwise (``& < >`` and line ends)."""

    @classmethod
    def outlined(cls, kind: Kind, fields: Mapping[str, str], outline: Outline, *, plain: bool) -> Content:
        """For a reader that knows what the others would have to find out."""
        made = cls(kind, fields)
        made._outline = outline  # type: ignore[misc] # frozen to others; this is one of its makers
        made.plain = plain  # type: ignore[misc] # as above
        return made

    def get(self, path: str) -> str | None:
        return self.fields.get(path)

    @property
    def outline(self) -> Outline:
        """Which fields are filled, in order; the same object for all contents with the same ones."""
        found = self._outline
        if found is None:
            found = outline(tuple(self.fields))
            self._outline = found  # type: ignore[misc] # what it would always say, remembered
        return found


@swift
class Facts:
    """What routing, rules and search need to know of a record. Personal or identifying members are not printed."""

    kind: Kind
    sender: str
    """The locator, FEIN or agency code that the record names as its sender."""
    recipient: str | None = None
    """The locator that the record is addressed to; None when the kind has no addressee (new hires), empty when the kind
    has one and the record does not name it."""
    transaction: str | None = None
    """Function, action and reason as ``LO1 R`` or ``ENF R ERALL``; None outside case transfers and locates."""
    serial: str | None = None
    """The sender's own serial number, unique for each sender; None when the format has none."""
    case_id: str | None = field(default=None, repr=False)
    other_case_id: str | None = field(default=None, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values that agreement filters may name (``case_type``, ``function``, ``state_of_hire``, ``medical`` ...)."""
    family_violence: bool = False
    nondisclosure: bool = False

    @property
    def function(self) -> str | None:
        return self.transaction[:3] if self.transaction else None
