"""What takes the place of a content key that does not unwrap.

Whoever opens goes on with it to the end, where the tag or the padding does not fit: that a key did not unwrap takes as
long as that the content did not open, and nobody who times answers is told which (RFC 7516, section 11.5; RFC 3218,
section 2.3.2).
"""

from __future__ import annotations

import os


def stand_in(size: int) -> bytes:
    """A key of ``size`` bytes that nothing was encrypted with."""
    return os.urandom(size)
