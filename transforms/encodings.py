"""EBCDIC in and out, as tables of bytes. The engine itself knows ASCII only.

What ASCII cannot say becomes the byte 1A (substitute) and is reported as an unprintable character; the line ends of
EBCDIC (NEL 15, LF 25, CR 0D) become those of ASCII.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SUBSTITUTE, _NEW_LINE = 0x1A, 0x15


@dataclass(frozen=True, slots=True)
class Encoding:
    """Translation to ASCII and back, one byte each; None: the bytes are ASCII already."""

    take: bytes | None = None
    give: bytes | None = None

    def read(self, data: bytes) -> bytes:
        return data.translate(self.take) if self.take else data

    def write(self, data: bytes) -> bytes:
        return data.translate(self.give) if self.give else data


def _ebcdic(name: str) -> Encoding:
    characters = bytes(range(256)).decode(name)
    take = bytearray(ord(one) if one.isascii() else _SUBSTITUTE for one in characters)
    take[_NEW_LINE] = ord("\n")
    give = bytearray(chr(code).encode(name)[0] for code in range(128)) + bytearray([ord("?".encode(name))] * 128)
    return Encoding(bytes(take), bytes(give))


ENCODINGS: Mapping[str, Encoding] = {"ascii": Encoding(), "cp037": _ebcdic("cp037"), "cp1140": _ebcdic("cp1140")}
