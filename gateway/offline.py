"""Judging and converting a file without server, database or keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gateway.core.errors import Unprocessable, Unreadable
from gateway.core.model import (
    AdapterName,
    Content,
    Endpoint,
    Finding,
    FormatName,
    Partner,
    PartnerKey,
    Role,
)
from gateway.core.ports.formats import Cover, Format, Frame, Heading, Reader
from gateway.core.receipt import Receipts, Tally, blocked
from gateway.core.rules import told
from gateway.foundation import utc_now
from gateway.tools import Speech, speech

PIECE = 2**20
STATE_DIGITS = 2
_NOBODY = Endpoint(AdapterName.MAILBOX)


def _format(spoken: Speech, name: str) -> Format:
    found = spoken.formats.get(FormatName(name))
    if found is None:
        raise Unprocessable(f"There is no format {name}; there are: {', '.join(sorted(spoken.formats))}.")
    return found


def _frames(file: Path, reader: Reader, read: Callable[[int], None]) -> Iterator[Frame]:
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield from reader.feed(piece)
            read(len(piece))
    yield from reader.finish()


def _judged(
    spoken: Speech, format_: Format, frame: Frame, heading: Heading, today: date
) -> tuple[Content | None, tuple[Finding, ...]]:
    decoded = format_.decode(frame, heading)
    if decoded.content is None:
        return None, decoded.findings
    facts = spoken.canonical.facts(decoded.content)
    schema = spoken.canonical.validate(spoken.canonical.write(decoded.content), frame.ordinal)
    judged = spoken.rules.judge(decoded.content, facts, format_.name, frame.ordinal, today)
    return decoded.content, told(decoded.findings, schema, judged)


def _described(spoken: Speech) -> Receipts:
    def describe(code: str) -> tuple[str, str]:
        rule = spoken.catalog.rule(code)
        return (rule.title, rule.fix) if rule else (code, "")

    return Receipts(describe)


def check(file: Path, format_name: str, read: Callable[[int], None]) -> dict[str, Any]:
    """Counts and findings grouped by rule. Memory does not grow with the file."""
    spoken = speech()
    format_ = _format(spoken, format_name)
    reader = format_.reader()
    tally = Tally()
    records = refused = 0
    today = utc_now().date()
    for frame in _frames(file, reader, read):
        content, findings = _judged(spoken, format_, frame, reader.heading, today)
        records += 1
        refused += content is None or blocked(findings)
        tally.add(findings)
    tally.add(reader.findings)
    written = _described(spoken)
    groups = [written.shown(group) for group in tally.groups()]
    return {"file": file.name, "format": format_name, "records": records, "refused": refused, "findings": groups}


def rewrite(file: Path, format_name: str, to: str) -> tuple[bytes | None, list[dict[str, Any]]]:
    """The file in another format, or None with the findings that stand against it."""
    spoken = speech()
    source, target = _format(spoken, format_name), _format(spoken, to)
    reader = source.reader()
    contents: list[Content] = []
    tally = Tally()
    faulty = False
    now = utc_now()
    for frame in _frames(file, reader, lambda _: None):
        content, findings = _judged(spoken, source, frame, reader.heading, now.date())
        tally.add(findings)
        faulty = faulty or content is None or blocked(findings)
        contents += [content] if content else []
    if not contents:
        raise Unreadable("No record of the file can be read.", tuple(reader.findings))
    encoded = target.encode(contents, _cover(spoken, contents[0], now))
    tally.add(encoded.findings)
    written = _described(spoken)
    shown = [written.shown(group) for group in tally.groups()]
    return (None if faulty or blocked(encoded.findings) else encoded.body), shown


def _cover(spoken: Speech, first: Content, now: datetime) -> Cover:
    """A cover in the name of the first record's sender: a state by its number, else an employer."""
    facts = spoken.canonical.facts(first)
    role = Role.STATE if len(facts.sender) != len("990000001") else Role.EMPLOYER
    locator = facts.sender[:STATE_DIGITS] if role is Role.STATE else facts.sender
    sender = Partner(PartnerKey("sender"), "", role, "", frozenset({locator}), _NOBODY)
    recipient = Partner(PartnerKey("recipient"), "", Role.STATE, "", frozenset({facts.recipient or ""}), _NOBODY)
    return Cover(sender, recipient, now, 1)
