"""From ``schemas/disclosure/attestation.toml``, or a file of the site, to the text that is attested."""

from __future__ import annotations

import hashlib
import re

from gateway.core.attestation import Attestation
from schemas.document import SHIPPED, parse

FILE = "disclosure/attestation.toml"
DIGEST_LETTERS = 8
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}")
_PENALTY = "{penalty}"


def read_attestation(content: bytes, penalty: str, file: str = FILE) -> Attestation:
    """Raises Misconfigured for a version that cannot stand in a header field, and for a text that does not tell the
    penalty."""
    document = parse(file, content, SHIPPED if file == FILE else "")
    version, text = document.text("version"), document.text("text").strip()
    document.text("source")
    document.finish()
    if not _VERSION.fullmatch(version):
        raise document.fault("version has 1 to 30 letters, digits and hyphens")
    if _PENALTY not in text:
        raise document.fault("text has to tell the {penalty}")
    told = text.replace(_PENALTY, penalty)
    digest = hashlib.sha256(told.encode()).hexdigest()
    return Attestation(f"{version}.{digest[:DIGEST_LETTERS]}", told)
