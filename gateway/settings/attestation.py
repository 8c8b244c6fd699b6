"""What is attested with each request to find a person."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gateway.settings.part import Part


class AttestationSettings(Part):
    text: Path | None = None
    """A text of the site; none: the one that is shipped."""
    penalty: str = Field(default="$1,000", pattern=r"^[^\x00-\x1f\x7f{}]{1,40}$")
    """The fine for each act of misuse, as the text tells it: 42 USC 653(l)(2), and 45 CFR 102.3 for what it is now."""
