"""The text that is attested with each request to find a person: the site's, or the one that is shipped."""

from __future__ import annotations

import schemas
from gateway.core.attestation import Attestation
from gateway.core.errors import Misconfigured
from gateway.settings import AttestationSettings

LONGEST_TEXT = 64 * 2**10
"""Bytes of the file."""


def attestation_of(chosen: AttestationSettings) -> Attestation:
    """Raises Misconfigured when the file cannot be read, or is no text of an attestation."""
    if chosen.text is None:
        return schemas.attestation(chosen.penalty)
    try:
        with chosen.text.open("rb") as opened:
            return schemas.attestation(chosen.penalty, opened.read(LONGEST_TEXT), str(chosen.text))
    except OSError as error:
        raise Misconfigured(f"The attestation {chosen.text} cannot be read ({error.strerror}).") from None
