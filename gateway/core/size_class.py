"""Size classes: what is as long as its content would tell by its length what it says (V03)."""

from __future__ import annotations

SIZE_CLASS = 8 * 2**10
"""Answers are filled up with line ends to a multiple of so many bytes: most fill one, and so does a prohibited one."""


def filled(body: bytes) -> bytes:
    """The body with line ends behind it, which neither XML nor JSON minds."""
    return body + b"\n" * (-len(body) % SIZE_CLASS)
