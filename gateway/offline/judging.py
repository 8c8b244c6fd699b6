"""Judging a file without server, database or keys: layout, schema and rules, and on wish as one partner sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from gateway.clock import utc_now
from gateway.core.acceptance import DUPLICATE_SERIAL
from gateway.core.errors import NotFound, Unprocessable
from gateway.core.model import Content, Facts, Finding, FormatName, Partner, Severity, SubmissionId
from gateway.core.nearest import unknown
from gateway.core.ports.formats import Format, FormatInfo, FormatState, Frame, Heading, Reader
from gateway.core.receipt import Grouped, Receipts, Tally, blocked
from gateway.core.routing import Directory
from gateway.core.rules import told
from gateway.core.serials import Serials
from gateway.core.succession import Line
from gateway.core.whole_file import WholeFile
from gateway.offline.recognise import HEAD, Recogniser
from gateway.tools import Speech, speech
from gateway.work.examine import sender_findings

PIECE = 2**20
SERIAL_FIELD = "Transaction-Serial-Number"
STATE_DIGITS, TRIBE_DIGITS = 2, 5
TRIBES = "90"
"""How the locators of tribes begin; the next three digits say which."""

Advance = Callable[[int], None]
"""Is told how many more bytes were read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One record with what is wrong with it. ``content`` None: it cannot be read at all."""

    frame: Frame
    content: Content | None
    facts: Facts | None
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        return self.content is None or blocked(self.findings)


@dataclass(frozen=True, slots=True)
class Explained:
    """Findings under one rule and field, with the words of the rule."""

    group: Grouped
    title: str
    fix: str
    source: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the validator says of one file: counts, and findings by rule; the worst first. No value of any record."""

    file: str
    info: FormatInfo
    records: int
    refused: int
    findings: tuple[Explained, ...]
    whole: bool = False
    """Whether the file would be refused as a whole, however good its records are."""

    @property
    def faulty(self) -> bool:
        """Whether the gateway would refuse the file or one of its records."""
        return bool(self.refused) or any(one.group.severity.blocks for one in self.findings)

    @property
    def reservation(self) -> str:
        """What must be said with every answer that a format made which is not complete."""
        return "" if self.info.state is FormatState.COMPLETE else f"{self.info.state}: {self.info.missing}"

    def document(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "file": self.file,
            "format": self.info.name,
            "confidence": self.info.confidence,
            "state": self.info.state,
            "missing": self.info.missing,
            "records": self.records,
            "refused": self.refused,
            "refused_as_a_whole": self.whole,
            "findings": findings_told(self.findings),
        }


def findings_told(findings: Sequence[Explained]) -> list[dict[str, object]]:
    """Findings for programs, each as in a receipt."""
    told_by = {one.group.rule: (one.title, one.fix, one.source) for one in findings}
    receipts = Receipts(told_by.__getitem__)
    return [receipts.shown(one.group) for one in findings]


class Validator:
    """Judges files one after the other. ``day`` is the day on which the rules are asked; ``sender`` None: nobody's."""

    def __init__(self, spoken: Speech, day: date, sender: Partner | None = None) -> None:
        self.spoken = spoken
        self._day = day
        self._sender = sender
        self._successions = spoken.catalog.order_of_files

    @cached_property
    def recogniser(self) -> Recogniser:
        return Recogniser(self.spoken.catalog, self.spoken.formats)

    def format_of(self, file: Path, told_name: str | None) -> FormatName:
        """The format that was told, else what the content says. Unprocessable when it is unknown or not sure."""
        if told_name is None:
            with file.open("rb") as opened:
                return self.recogniser.one(opened.read(HEAD), file.name)
        return known_format(self.spoken, told_name).name

    def others(self, file: Path, name: FormatName) -> tuple[FormatName, ...]:
        """The formats that the content says, where this is none of them: somebody told the wrong one."""
        with file.open("rb") as opened:
            found = self.recogniser.fits(opened.read(HEAD))
        return () if name in found else found

    def check(self, file: Path, name: FormatName, read: Advance, line: Line | None = None) -> Checked:
        """Counts and findings grouped by rule. Memory does not grow with the file.

        ``line``: the files before it that would be taken; it becomes one of them. None: it comes alone."""
        format_ = self._readable(file, name)
        reader = format_.reader()
        tally = Tally()
        records = refused = 0
        for judged in self.judged(file, format_, reader, read):
            records += 1
            refused += judged.refused
            tally.add(judged.findings)
        tally.add(reader.findings)
        whole = WholeFile.of(self.spoken.catalog).refused_by(reader.findings) is not None
        if line is not None and records > refused and not whole:
            late = self._out_of_turn(line, name, reader)
            tally.add(late)
            whole = bool(late)
        info = self.spoken.catalog.formats[name]
        told = tuple(explained(self.spoken, one) for one in tally.groups())
        return Checked(file.name, info, records, refused, told, whole)

    def _out_of_turn(self, line: Line, name: FormatName, reader: Reader) -> tuple[Finding, ...]:
        """Whether the file could come behind those before it."""
        turn = self._successions.turn(self._sender, name, reader.headers, SubmissionId(""))
        if turn is None:
            return ()
        if late := line.refusal(turn):
            return late
        line.take(turn)
        return ()

    def judged(self, file: Path, format_: Format, reader: Reader, read: Advance) -> Iterator[Judged]:
        """Every record of a file; one that would be taken but for its serial number is refused for that."""
        serials: dict[str, Serials] = {}
        for frame in frames(file, reader, read):
            judged = self.judge(format_, frame, reader.heading)
            if not judged.refused and judged.facts is not None and _repeats(judged.facts, serials):
                again = Finding(DUPLICATE_SERIAL, Severity.FATAL, frame.ordinal, SERIAL_FIELD, line=frame.line)
                judged = replace(judged, findings=(*judged.findings, again))
            yield judged

    def judge(self, format_: Format, frame: Frame, heading: Heading) -> Judged:
        decoded = format_.decode(frame, heading)
        if decoded.content is None:
            return Judged(frame, None, None, decoded.findings)
        canonical = self.spoken.canonical
        facts = canonical.facts(decoded.content)
        schema = canonical.confirm(decoded.content, canonical.write(decoded.content), frame.ordinal)
        rules = self.spoken.rules.judge(decoded.content, facts, format_.name, frame.ordinal, self._day)
        findings = told(decoded.findings, schema, rules)
        if self._sender is not None:
            findings += sender_findings(facts, self._sender, frame.ordinal)
        if findings and frame.line is not None:
            findings = tuple(f if f.line is not None else replace(f, line=frame.line) for f in findings)
        return Judged(frame, decoded.content, facts, findings)

    def _readable(self, file: Path, name: FormatName) -> Format:
        """The format, when it can be read and the sender may post it."""
        if not self.spoken.catalog.formats[name].reads:
            raise Unprocessable(f"{file.name}: format {name} is written only.")
        if self._sender is not None:
            if self._sender.accepts and name not in self._sender.accepts:
                raise Unprocessable(f"{file.name}: partner {self._sender.key} may not post {name}.")
            if file.stat().st_size > self._sender.body_limit:
                raise Unprocessable(f"{file.name}: longer than the {self._sender.body_limit} bytes that it may post.")
        return self.spoken.formats[name]


def _repeats(facts: Facts, serials: dict[str, Serials]) -> bool:
    """Whether the sender, whichever of its offices wrote, has used the serial number before."""
    if not facts.serial:
        return False
    owner = facts.sender[: TRIBE_DIGITS if facts.sender.startswith(TRIBES) else STATE_DIGITS]
    return serials.setdefault(owner, Serials()).again(facts.serial)


def validator(sender: Path | None = None, key: str | None = None, *, drafts: bool = False) -> Validator:
    """A validator of today, on wish as the partner of a partner file (``key``, where the file has several), and with
    the formats whose facts nobody official has confirmed."""
    spoken = speech(drafts=drafts)
    return Validator(spoken, utc_now().date(), partner_of(spoken, sender, key) if sender else None)


def partner_of(spoken: Speech, file: Path, key: str | None) -> Partner:
    """The only partner of a partner file, or the one with that key. Misconfigured for a faulty file."""
    from gateway.partner_files import read, text_of  # noqa: PLC0415 - heavy, needed here only
    from gateway.partner_store import known  # noqa: PLC0415 - as above

    found = read({file.name: text_of(file)}, Directory((), ()), known(spoken, places=None)).partners
    chosen = [one for one in found if key in (None, one.key)]
    if len(chosen) != 1:
        names = ", ".join(one.key for one in found)
        raise NotFound(f"{file.name} holds the partners {names}; name one of them: --as {file.name}:KEY")
    return chosen[0]


def known_format(spoken: Speech, name: str) -> Format:
    """Raises Unprocessable for a format that does not exist, naming those that are most like it."""
    found = spoken.formats.get(FormatName(name))
    if found is None and name in spoken.catalog.withheld:
        why = spoken.catalog.withheld[FormatName(name)].missing
        raise Unprocessable(f"The format {name} is a draft, which needs --drafts: {why}.")
    if found is None:
        raise Unprocessable(unknown("format", name, spoken.formats, "`gateway formats`"))
    return found


def frames(file: Path, reader: Reader, read: Advance) -> Iterator[Frame]:
    """The records of a file, piece by piece."""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield from reader.feed(piece)
            read(len(piece))
    yield from reader.finish()


def explained(spoken: Speech, group: Grouped) -> Explained:
    rule = spoken.catalog.rule(group.rule)
    return Explained(group, rule.title, rule.fix, rule.source) if rule else Explained(group, group.rule, "", "")
