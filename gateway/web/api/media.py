"""Media types of bodies: which formats are read under a Content-Type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.core.model import FormatName
from gateway.core.ports.formats import FormatInfo

_XML = ("application/xml", "text/xml")
"""Both mean the same (RFC 7303, section 4.1)."""
_READ_OVER = frozenset({"charset", "header"})
"""Parameters that tell no format apart: the engines check the bytes themselves."""

Parameters = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A format that is read, and the parameters that its media type must carry."""

    name: FormatName
    parameters: Parameters


def offers(formats: Iterable[FormatInfo]) -> Mapping[str, tuple[Offer, ...]]:
    """Media type without parameters -> the formats that are read under it."""
    found: dict[str, tuple[Offer, ...]] = {}
    for info in formats:
        if info.reads:
            kind, parameters = _split(info.media_type)
            for one in _XML if kind in _XML else (kind,):
                found[one] = (*found.get(one, ()), Offer(info.name, parameters))
    return found


def named(content_type: str, offered: Mapping[str, tuple[Offer, ...]]) -> tuple[FormatName, ...]:
    """The formats that a Content-Type can mean: equal parameters if there are such, else every format of the type.
    Empty: none."""
    kind, parameters = _split(content_type)
    candidates = offered.get(kind, ())
    exact = tuple(one for one in candidates if one.parameters == parameters)
    if not exact and parameters:
        return ()
    return tuple(one.name for one in exact or candidates)


def _split(text: str) -> tuple[str, Parameters]:
    kind, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest if part.strip())
    read = ((name.strip().lower(), value.strip().strip('"').lower()) for name, _, value in pairs)
    return kind.strip().lower(), frozenset(pair for pair in read if pair[0] not in _READ_OVER)
