"""TA1, 999 and 997 for what we read: a pure function from the interchanges of a file and their findings to the answers.

The gateway refuses a file as a whole when an envelope does not count up, its other interchanges too, and a record
alone when only it is at fault; the answers say just that. A set with a refused record beside accepted ones is ``E``
(accepted, with errors noted), one of which every record is refused is ``R``, and no answer accepts anything of a file
that was refused. The copy of a bad element that IK404 could carry is never written: it may be personal data.

Codes: those that the public maps and the reader of pyx12 agree on (secondary source).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gateway.core.model import Content, Finding, FormatName, Kind, RuleCode, Severity
from gateway.core.x12_set import TransactionSet
from transforms.x12_elements import is_short_day, is_time
from transforms.x12_outline import GroupOutline, Outline, SetOutline, outlines
from transforms.x12_segments import Cut, Delimiters

KIND = Kind("interchange-answer")
ANSWERS: Mapping[str, FormatName] = MappingProxyType({"00501": FormatName("x12-999"), "00401": FormatName("x12-997")})
"""Version of an interchange -> the format of its answers."""
ACCEPTED, WITH_ERRORS, IN_PART, REJECTED = "A", "E", "P", "R"
NO_ERROR, CONTENT_FAULT = "000", "024"

_NOTES = {
    ("X12-CONTROL-NUMBER", "IEA02"): "001",
    ("X12-COUNT", "IEA01"): "021",
    ("X12-TRAILER-MISSING", "IEA"): "023",
    ("FILE-REPEATED", "ISA13"): "025",
}
_GROUP_CODES = {
    ("X12-RELEASE", "GS01"): "1",
    ("X12-RELEASE", "GS08"): "2",
    ("X12-TRAILER-MISSING", "GE"): "3",
    ("X12-CONTROL-NUMBER", "GE02"): "4",
    ("X12-COUNT", "GE01"): "5",
    ("X12-ENVELOPE", "GS06"): "6",
}
_SET_CODES = {
    ("X12-RELEASE", "ST01"): "1",
    ("X12-TRAILER-MISSING", "SE"): "2",
    ("X12-CONTROL-NUMBER", "SE02"): "3",
    ("X12-COUNT", "SE01"): "4",
    ("X12-ENVELOPE", "ST01"): "6",
    ("X12-ENVELOPE", "ST02"): "7",
    ("X12-NUMBER-REPEATED", "ST02"): "23",
}
SEGMENTS_IN_ERROR, ELEMENTS_IN_ERROR = "5", "8"
_SEGMENT_CODES = {"X12-SEGMENT-ORDER": "2", "X12-SEGMENT-REQUIRED": "3", "X12-SEGMENT-REPEATED": "5"}
_ELEMENT_CODES = {"X12-REQUIRED": "1", "X12-CHARACTER": "6", "X12-CODE": "7", "X12-DATE": "8", "X12-TIME": "9"}
_ELEMENT_CODES |= {"X12-NUMBER": "6", "X12-POSTAL": "6"}
_TOO_SHORT, _TOO_LONG = "4", "5"
_FOUND = re.compile(r"expected (\d+).*found (\d+)", re.ASCII)
_ELEMENT = re.compile(r"([A-Z][A-Z0-9]{1,2})([0-9]{2})", re.ASCII)
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}", re.ASCII)
_ANSWERED_GROUPS = frozenset({"BE", "HB", "HC", "HI", "HN", "HP", "HR", "HS", "RA"})
_ANSWERED_SETS = frozenset({"270", "271", "276", "277", "278", "820", "834", "835", "837"})
_MARKS = frozenset(Delimiters().all)
_PRODUCTION = "P"
_USAGES = frozenset({"I", "T", _PRODUCTION})
_REQUESTED = "1"
_GROUP = "FunctionalGroup/FunctionalCode"
_TRAILER_MISSING = RuleCode("X12-TRAILER-MISSING")


def acknowledge(body: bytes, findings: Sequence[Finding], table: TransactionSet) -> tuple[Content, ...]:
    """The answers to a file: for each interchange a TA1 when its ISA14 asks for one, and one for each group.

    Each is a content of the format that :data:`ANSWERS` names, to be written under a control number of its own; their
    envelope is that of the interchange with sender and receiver exchanged. An acknowledgement is never acknowledged,
    and what has no readable ISA cannot be: no answers.
    """
    return tuple(one for answers in _by_interchange(body, findings, table) for one in answers)


def as_interchanges(body: bytes, findings: Sequence[Finding], table: TransactionSet) -> Iterator[tuple[Content, ...]]:
    """The same as they are written: a TA1 stands with the first group of its interchange, every further group is
    addressed by itself."""
    for answers in _by_interchange(body, findings, table):
        groups = next((place for place, one in enumerate(answers) if one.get(_GROUP)), len(answers))
        yield answers[: groups + 1]
        for one in answers[groups + 1 :]:
            yield (one,)


def _by_interchange(body: bytes, findings: Sequence[Finding], table: TransactionSet) -> Iterator[tuple[Content, ...]]:
    """The answers to each interchange that has some."""
    if table.kind == KIND:
        return
    blocking = tuple(one for one in findings if one.severity.blocks)
    refused = any(one.severity is Severity.FATAL for one in blocking)
    lines = frozenset(one.line for one in findings if one.line is not None)
    for found in outlines(body, table, lines):
        own = tuple(one for one in blocking if _is_about(found, one))
        answers = [_interchange(found, own, refused=refused)] if found.isa.get(14) == _REQUESTED else []
        groups = (group for group in found.groups if _can_be_answered(group.opening))
        answers += (Content(KIND, _group(found, group, own, refused=refused)) for group in groups)
        if told := tuple(one for one in answers if one is not None):
            yield told


def _is_about(found: Outline, finding: Finding) -> bool:
    """Whether a finding is about this interchange; an end that is missing is missed at the segment after it."""
    if finding.record is not None:
        return finding.record in found.records
    return finding.line is None or found.first <= finding.line <= found.last + (finding.rule == _TRAILER_MISSING)


def _can_be_answered(gs: Cut) -> bool:
    named = gs.get(1) in _ANSWERED_GROUPS and re.fullmatch("[0-9]{1,9}", gs.get(6), re.ASCII) is not None
    return named and _plain(gs.get(8), 1, 12) and all(_plain(gs.get(place), 2, 15) for place in (2, 3))


def _plain(text: str, least: int, most: int) -> bool:
    """Whether an answer can repeat the text; spaces at the end do not count."""
    sized = least <= len(text.rstrip(" ")) and len(text) <= most
    return sized and text.isascii() and text.isprintable() and not set(text) & _MARKS


def _around(isa: Cut) -> dict[str, str]:
    """The envelope of an answer: sender and receiver exchanged."""
    named = {
        "InterchangeSenderQualifierCode": isa.get(7),
        "InterchangeSenderID": isa.get(8).rstrip(" "),
        "InterchangeRecipientQualifierCode": isa.get(5),
        "InterchangeRecipientID": isa.get(6).rstrip(" "),
        "UsageCode": isa.get(15) if isa.get(15) in _USAGES else _PRODUCTION,
    }
    return {path: value for path, value in named.items() if value and _plain(value, 1, 15)}


# --- TA1 --------------------------------------------------------------------------------------------------------------


def _interchange(found: Outline, blocking: Iterable[Finding], *, refused: bool) -> Content | None:
    """None when the numbers that a TA1 repeats are not there."""
    isa = found.isa
    control, day, time = isa.get(13), isa.get(9), isa.get(10)
    if not (re.fullmatch("[0-9]{9}", control, re.ASCII) and is_short_day(day) and is_time(time)):
        return None
    own = [one for one in blocking if one.severity is Severity.FATAL and (one.field or "")[:3] in ("ISA", "IEA")]
    loose = refused and not found.groups
    note = next((_NOTES.get((one.rule, one.field or ""), CONTENT_FAULT) for one in own), NO_ERROR)
    century = "19" if day[:2] >= "70" else "20"
    fields = _around(isa) | {
        "Interchange/ControlNumber": control,
        "Interchange/InterchangeDate": f"{century}{day[:2]}-{day[2:4]}-{day[4:]}",
        "Interchange/InterchangeTime": f"{time[:2]}:{time[2:]}:00",
        "Interchange/AcknowledgementCode": REJECTED if own or loose else ACCEPTED,
        "Interchange/NoteCode": CONTENT_FAULT if loose and not own else note,
    }
    return Content(KIND, fields)


# --- 999 and 997 ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """One set: its result, its own code, and its faults."""

    result: str
    code: str
    faults: tuple[Finding, ...]


def _group(found: Outline, group: GroupOutline, blocking: Sequence[Finding], *, refused: bool) -> dict[str, str]:
    gs = group.opening
    judged = [(one, _judge(found, one, blocking, refused=refused)) for one in group.sets]
    accepted = sum(one.result != REJECTED for _, one in judged)
    own = [one for one in blocking if _lies(one, group.first, group.last, "GE")]
    code = next((c for one in own if (c := _GROUP_CODES.get((one.rule, one.field or "")))), "")
    fields = _around(found.isa) | {
        "SenderID": gs.get(3).rstrip(" "),
        "RecipientID": gs.get(2).rstrip(" "),
        _GROUP: gs.get(1),
        "FunctionalGroup/ControlNumber": gs.get(6),
        "FunctionalGroup/AcknowledgementCode": _group_result([one.result for _, one in judged], refused=refused),
        "FunctionalGroup/SetsIncluded": group.claimed or str(len(judged)),
        "FunctionalGroup/SetsReceived": str(len(judged)),
        "FunctionalGroup/SetsAccepted": str(accepted),
    }
    fields |= {"FunctionalGroup/SyntaxErrorCode": code} if code else {}
    fields |= {"FunctionalGroup/ReleaseCode": gs.get(8).rstrip(" ")} if _is_new(found) else {}
    named = [(one, how) for one, how in judged if _named(one)]
    for number, (one, how) in enumerate(named, 1):
        fields |= _set(found, one, how, f"TransactionSet[{number}]")
    return fields


def _is_new(found: Outline) -> bool:
    """Whether the answer is a 999; a 997 repeats no versions."""
    return ANSWERS.get(found.isa.get(12)) == "x12-999"


def _named(one: SetOutline) -> bool:
    return one.opening.get(1) in _ANSWERED_SETS and _plain(one.opening.get(2), 4, 9)


def _group_result(results: Sequence[str], *, refused: bool) -> str:
    if refused or (results and all(one == REJECTED for one in results)):
        return REJECTED
    if REJECTED in results:
        return IN_PART
    return WITH_ERRORS if WITH_ERRORS in results else ACCEPTED


def _judge(found: Outline, one: SetOutline, blocking: Iterable[Finding], *, refused: bool) -> _Judged:
    records = [ordinal for ordinal, line in found.records.items() if one.first <= line <= one.last]
    within = [f for f in blocking if _is_within(f, one, records)]
    faults = tuple(f for f in within if f.severity is not Severity.FATAL)
    own = next((c for f in within if (c := _SET_CODES.get((f.rule, f.field or "")))), "")
    code = own or (SEGMENTS_IN_ERROR if within else "")
    if refused or (records and {f.record for f in faults} >= set(records)):
        return _Judged(REJECTED, code, faults)
    return _Judged(WITH_ERRORS if within else ACCEPTED, code, faults)


def _is_within(finding: Finding, one: SetOutline, records: Iterable[int]) -> bool:
    if finding.record is not None:
        return finding.record in records
    return _lies(finding, one.first, one.last, "SE")


def _lies(finding: Finding, first: int, last: int, trailer: str) -> bool:
    """Whether a finding is about segments of these numbers; a trailer is missed at the segment after them."""
    missed = finding.rule == _TRAILER_MISSING and finding.field == trailer
    return finding.line is not None and first <= finding.line <= last + (1 if missed else 0)


def _set(found: Outline, one: SetOutline, how: _Judged, under: str) -> dict[str, str]:
    fields = {f"{under}/SetCode": one.opening.get(1), f"{under}/ControlNumber": one.opening.get(2).rstrip(" ")}
    if _is_new(found) and _plain(one.opening.get(3), 1, 35):
        fields[f"{under}/ConventionCode"] = one.opening.get(3).rstrip(" ")
    for number, (tag, position, faults) in enumerate(_segments(found, one, how.faults), 1):
        place = f"{under}/SegmentFault[{number}]"
        codes = [code for fault in faults if (code := _SEGMENT_CODES.get(fault.rule))]
        fields |= {f"{place}/SegmentCode": tag, f"{place}/SegmentPosition": str(position)}
        fields[f"{place}/SyntaxErrorCode"] = codes[0] if codes else ELEMENTS_IN_ERROR
        elements = [(match[2], code) for fault in faults if (match := _element(fault)) and (code := _code(fault))]
        for inner, (element, code) in enumerate(dict.fromkeys(elements), 1):
            fields[f"{place}/ElementFault[{inner}]/ElementPosition"] = str(int(element))
            fields[f"{place}/ElementFault[{inner}]/SyntaxErrorCode"] = code
    fields[f"{under}/AcknowledgementCode"] = how.result
    return fields | ({f"{under}/SyntaxErrorCode": how.code} if how.code else {})


def _segments(
    found: Outline, one: SetOutline, faults: Iterable[Finding]
) -> Iterator[tuple[str, int, tuple[Finding, ...]]]:
    """The segments at fault in the order of the set: tag, number in the set (ST is 1), what is wrong with it.

    A fault that names no segment is told by the code of the set alone. One of a segment that stands before the record
    is where the set has its first such segment; a segment that is missing, where the record begins.
    """
    placed: dict[tuple[int, bool, str], list[Finding]] = {}
    for fault in faults:
        match = _element(fault)
        tag = match[1] if match else fault.field or ""
        if fault.rule in _SEGMENT_CODES or _code(fault):
            if not _TAG.fullmatch(tag):
                continue
            missing = fault.rule == RuleCode("X12-SEGMENT-REQUIRED")
            start = found.records.get(fault.record or 0, one.first)
            known = fault.line is not None and (missing or found.tags.get(fault.line) == tag)
            line = (fault.line if known else None) or (start if missing else one.tags.get(tag, start))
            placed.setdefault((line, not missing, tag), []).append(fault)
    for (line, _, tag), own in sorted(placed.items(), key=lambda item: item[0]):
        yield tag, line - one.first + 1, tuple(dict.fromkeys(own))


def _element(fault: Finding) -> re.Match[str] | None:
    return _ELEMENT.fullmatch(fault.field or "") if fault.rule not in _SEGMENT_CODES else None


def _code(fault: Finding) -> str | None:
    if fault.rule == RuleCode("X12-LENGTH"):
        sizes = _FOUND.search(fault.note or "")
        return _TOO_SHORT if sizes and int(sizes[2]) < int(sizes[1]) else _TOO_LONG
    return _ELEMENT_CODES.get(fault.rule)
