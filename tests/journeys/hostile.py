"""Bad input: bodies with one thing wrong each."""

from __future__ import annotations

import json
import re

from tests.journeys import samples

GOOD = samples.csenet(1, samples.PATERNITY)
HEAD, W4_RECORD = samples.W4.splitlines()[:2]


def changed(start: int, new: bytes, line: bytes = GOOD) -> bytes:
    """The transaction with other bytes from ``start`` (0-based) on."""
    return line[:start] + new + line[start + len(new) :]


WRONG_LENGTH = GOOD[:-41] + b"\r"
UNKNOWN_TRIPLE = samples.csenet(1, samples.ENFORCEMENT).replace(b"ERALL", b"ERXXX", 1)
BLOCKS_DISAGREE = GOOD.replace(b"N11120002025", b"N11130002025", 1)
NON_ASCII = changed(300, b"\xc9")
SHORT_W4 = HEAD + b"\n" + W4_RECORD[:-2] + b"\n"
NO_HEADER = W4_RECORD + b"\n"
DOCTYPE = (samples.EXAMPLES / "hostile-doctype.xml").read_bytes()
DEEP_XML = b"<a>" * 10_000 + b"</a>" * 10_000
HUGE_XML = samples.XML.replace("12 Invented Street", "X" * 3_000_000, 1).encode()
BAD_UTF8 = samples.XML.replace("Invented", "\udcff").encode("utf-8", "surrogateescape")
DOUBLED = re.sub(r'("kind": "locate",)', r"\1\1", json.dumps(samples.locate(1))).encode()
DEEP_JSON = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
