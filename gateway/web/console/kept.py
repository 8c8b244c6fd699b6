"""What a page gives to the browser and gets back, sealed for the session that it was told to: who sees the page or the
address that carries it learns nothing, and it opens for nobody else."""

from __future__ import annotations

import base64
import json
from typing import Any

from gateway.core.errors import Refused, Tampered
from gateway.web.console.visit import Visit

_LABEL = "records"


def kept(visit: Visit, purpose: str, value: object) -> str:
    """The value, one that JSON holds, as text. It opens for the same purpose only."""
    plain = json.dumps(value).encode()
    return base64.b64encode(visit.parts.sealer.seal(_LABEL, _context(visit, purpose), plain)).decode()


def given_back(visit: Visit, purpose: str, text: str, refusal: str) -> Any:  # noqa: ANN401 - whatever was kept
    """The value. Raises Refused (``csrf``) with the words ``refusal`` for what was not kept for this session."""
    try:
        sealed = base64.b64decode(text, validate=True)
        return json.loads(visit.parts.sealer.open(_LABEL, _context(visit, purpose), sealed))
    except (ValueError, Tampered):  # ValueError: no base64
        raise Refused(refusal, code="csrf") from None


def _context(visit: Visit, purpose: str) -> str:
    session = visit.session
    return f"{purpose}:{session.token_digest.hex() if session else ''}"
