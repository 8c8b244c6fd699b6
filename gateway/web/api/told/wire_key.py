"""What answers about wire keys look like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.core.protection import Algorithm, Stage, Use
from gateway.web.api.told.answer import Told


class WireKeyTold(Told):
    owner: Annotated[str, Field(description="The gateway's name, or the partner's key name")]
    id: Annotated[str, Field(description="SHA-256 of the public key, base64url")]
    use: Use
    algorithm: Algorithm
    stage: Stage
    added_at: datetime
    expires_at: datetime | None
    pem: Annotated[str, Field(description="Certificate, or public key")]


class WireKeysTold(Told):
    gateway: Annotated[str, Field(description="The gateway's name in messages: `aud` of yours, `iss` of ours")]
    keys: list[WireKeyTold]
