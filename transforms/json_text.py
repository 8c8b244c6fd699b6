"""JSON as the formats read it: numbers stay text, members that come twice are seen, and no text makes it raise."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Decoded, Frame


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written; its digits are looked at by nobody who does not ask."""

    text: str


class Doubled(dict[str, object]):
    """An object that named a member more than once."""


class _Constant(ValueError):
    """NaN or an infinity."""


MEMBERS = 50_000
"""Members and items of one record: far above every real one, as many as a record of XML may have elements."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)

_FAULTS: tuple[tuple[type[Exception], str, str], ...] = (
    (UnicodeDecodeError, "JSON-ENCODING", "the record is not valid UTF-8"),
    (_Constant, "JSON-CONSTANT", "NaN and Infinity are not JSON"),
    (ValueError, "JSON-MALFORMED", "the record is not well-formed JSON"),
    (RecursionError, "JSON-DEPTH", "the record is nested too deeply"),
)
"""What the parser raises -> rule and note; the first that fits counts."""


def parsed(frame: Frame) -> dict[str, object] | Decoded:
    """The object that a record is, or what is wrong with it: ``JSON-SIZE``, ``JSON-ENCODING``, ``JSON-CONSTANT``,
    ``JSON-MALFORMED``, ``JSON-DEPTH`` or ``JSON-SHAPE``."""
    if frame.body.count(b",") > MEMBERS and _STRING.sub(b"", frame.body).count(b",") > MEMBERS:
        return unreadable(frame, "JSON-SIZE", f"more than {MEMBERS} members and items")
    try:
        found = _DECODER.decode(frame.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return next(unreadable(frame, *fault) for known, *fault in _FAULTS if isinstance(error, known))
    return found if isinstance(found, dict) else unreadable(frame, "JSON-SHAPE", "a record is an object")


def unreadable(frame: Frame, rule: str, note: str) -> Decoded:
    """A record of which nothing can be used."""
    return Decoded(None, (Finding(RuleCode(rule), Severity.ERROR, frame.ordinal, line=frame.line, note=note),))


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Doubled(members)


def _constant(_text: str) -> object:
    raise _Constant


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=_constant)
