"""The segments around transaction sets: what their elements may be, and how they are written.

Positions, sizes and codes: table ``x12_envelope_and_acks`` of the public map of 999 (005010X231A1), secondary source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from transforms.x12_elements import is_day, is_short_day, is_time
from transforms.x12_segments import Cut

ENVELOPE = frozenset({"ISA", "IEA", "GS", "GE", "ST", "SE", "TA1"})

_TEXT = r"[ -~]"
_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "ISA": (
        "0[0-6]", f"{_TEXT}{{10}}", "0[01]", f"{_TEXT}{{10}}", f"{_TEXT}{{2}}", f"{_TEXT}{{15}}", f"{_TEXT}{{2}}",
        f"{_TEXT}{{15}}", "[0-9]{6}", "[0-9]{4}", f"{_TEXT}", "[0-9]{5}", "[0-9]{9}", "[01]", "[IPT]", f"{_TEXT}",
    ),
    "GS": (
        "[A-Z]{2}", f"{_TEXT}{{2,15}}", f"{_TEXT}{{2,15}}", "[0-9]{8}", "[0-9]{4,8}", "[0-9]{1,9}", "X",
        f"{_TEXT}{{1,12}}",
    ),
    "ST": ("[0-9]{3}", f"{_TEXT}{{4,9}}", f"{_TEXT}{{0,35}}"),
    "SE": ("[0-9]{1,10}", f"{_TEXT}{{4,9}}"),
    "GE": ("[0-9]{1,6}", "[0-9]{1,9}"),
    "IEA": ("[0-9]{1,5}", "[0-9]{9}"),
    "TA1": ("[0-9]{9}", "[0-9]{6}", "[0-9]{4}", "[AER]", "[0-9]{3}"),
}  # fmt: skip
_COMPILED = {tag: tuple(re.compile(one, re.ASCII) for one in patterns) for tag, patterns in _PATTERNS.items()}
_DAYS = {
    "ISA09": is_short_day,
    "ISA10": is_time,
    "GS04": is_day,
    "GS05": is_time,
    "TA102": is_short_day,
    "TA103": is_time,
}


def faults_of(cut: Cut) -> Iterator[tuple[str, str]]:
    """The elements of an envelope segment that are not as they must be, each with what is wrong."""
    patterns = _COMPILED[cut.tag]
    for number, pattern in enumerate(patterns, 1):
        name, value = f"{cut.tag}{number:02d}", cut.get(number)
        if not pattern.fullmatch(value):
            yield name, "size or characters are wrong"
        elif name in _DAYS and not _DAYS[name](value):
            yield name, "no such day or time"
    if len(cut.parts) > len(patterns) + 1:
        yield f"{cut.tag}{len(patterns) + 1:02d}", "one element too many"
