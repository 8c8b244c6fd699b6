"""Callers that sign each message (RFC 9421)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import web

from gateway.core.caller import ClientKey, Purpose, Tier
from gateway.core.ids import Clock
from gateway.core.message_signature import Request, fault, kept_until
from gateway.core.model import Actor, PartnerKey, Principal
from gateway.core.ports.callers import FindKey, Proofs
from gateway.core.routing import Directory
from gateway.core.unproven import Reason, Unproven
from gateway.web.api.bodies import ContentDigest

FIELD = "Signature-Input"


class SignatureDoor:
    """Knows callers by the signature on their message; each nonce lets one message in, whatever process gets it.

    The body has not come yet: what the signature covers is its digest, and ``bodies.pieces`` compares the two before
    anybody gets the end of the body.
    """

    def __init__(self, proofs: Proofs, clock: Clock) -> None:
        self._credentials, self._nonces, self._clock = proofs.credentials, proofs.nonces, clock

    async def identify(self, request: web.Request, url: str, directory: Directory) -> Principal:
        """Raises Unproven, and Unavailable when the nonce cannot be remembered."""
        now = self._clock()
        asked = described(request, url)
        said, key = self._credentials.signature(asked, keys_of(directory, Purpose.SIGNATURE, now))
        partner = PartnerKey(asked.values("x-partner")[0])
        who = Actor("partner", partner)
        wrong = fault(said, asked, _date(asked), now)
        if wrong is None and asked.has_body and not ContentDigest(request).known:
            wrong = Reason.SIGNATURE_DIGEST
        if wrong is not None:
            raise Unproven(wrong, who)
        if not await self._nonces.spend(f"signature:{partner}", said.nonce, kept_until(said)):
            raise Unproven(Reason.SIGNATURE_REPLAYED, who)
        return Principal(key.id, directory.partners[partner].caller.scopes, partner, tier=Tier.SIGNATURE)


def described(request: web.Request, url: str) -> Request:
    """The request as its signature describes it; ``url`` is our own address, whatever Host says."""
    target = request.raw_path
    if not target.startswith("/"):
        raise Unproven(Reason.SIGNATURE)
    fields = tuple((name.lower(), value) for name, value in request.headers.items())
    return Request(request.method, url + target, fields, has_body=request.body_exists)


def keys_of(directory: Directory, purpose: Purpose, now: datetime) -> FindKey:
    """Finds keys of partners that count today."""
    today = now.astimezone(UTC).date()

    def find(partner: str, key_id: str) -> ClientKey | None:
        known = directory.partners.get(PartnerKey(partner))
        return None if known is None else known.caller.key(key_id, purpose, today)

    return find


def _date(asked: Request) -> datetime | None:
    values = asked.values("date")
    try:
        found = parsedate_to_datetime(values[0]) if len(values) == 1 else None
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else found
