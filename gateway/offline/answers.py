"""The acknowledgements that an X12 file would get: judged here, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.core.errors import Unprocessable, Unreadable
from gateway.core.model import AdapterName, Endpoint, Finding, FormatName, Partner, PartnerKey, Role
from gateway.core.ports.formats import Cover
from gateway.offline.judging import Advance, Validator, known_format
from transforms.x12_answers import ANSWERS, as_interchanges

_NOBODY = Partner(PartnerKey("nobody"), "", Role.AGENCY, "", frozenset(), Endpoint(AdapterName.MAILBOX))


@dataclass(frozen=True, slots=True)
class Numbering:
    """The control number of the first answer, which counts up, and when they are made."""

    first: int
    at: datetime


def answers(validator: Validator, file: Path, name: FormatName, numbering: Numbering, read: Advance) -> Iterator[bytes]:
    """One interchange after the other: for each of the file TA1 with the answer to its first group, then one for each
    further group.

    Raises Unprocessable for a format that is not answered so, Unreadable for a file of which no ISA can be read."""
    table = validator.spoken.catalog.x12.get(name)
    target = ANSWERS.get(table.interchange) if table else None
    if table is None or target is None:
        raise Unprocessable(f"Files of format {name} are not acknowledged with X12.")
    format_ = known_format(validator.spoken, name)
    reader = format_.reader()
    found: list[Finding] = []
    for judged in validator.judged(file, format_, reader, read):
        found += (one for one in judged.findings if one.severity.blocks)
    place = -1
    for place, contents in enumerate(as_interchanges(file.read_bytes(), (*found, *reader.findings), table)):
        encoded = validator.spoken.formats[target].encode(
            contents, Cover(_NOBODY, _NOBODY, numbering.at, numbering.first + place)
        )
        if any(one.severity.blocks for one in encoded.findings):
            raise Unprocessable(f"{file.name}: its envelope holds what no acknowledgement can repeat.")
        yield encoded.body
    if place < 0:
        raise Unreadable(f"{file.name}: nothing that could be acknowledged.")
