"""Access tokens: given for an assertion (OAuth 2 client credentials, RFC 6749 4.4 and RFC 7523), and read again.

A token is read once; what it says is remembered until it is over. Certificate, key, partner and its scopes are looked
at with every call: when one of them goes, the token goes, or what it may do.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.core import assertion
from gateway.core.caller import Purpose, Tier
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor, Partner, PartnerKey, Principal
from gateway.core.ports.callers import AccessToken, CertificateFacts, Proofs
from gateway.core.routing import Directory
from gateway.core.unproven import Reason, Unproven
from gateway.web.access import TOKEN_PATH, Access
from gateway.web.signed import keys_of

_MOST_CACHED = 4096


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who asks for a token, proven."""

    partner: Partner
    key: str
    thumbprint: str | None

    @property
    def tier(self) -> Tier:
        return Tier.TOKEN if self.thumbprint is None else Tier.CERTIFICATE

    @property
    def principal(self) -> Principal:
        return Principal(self.key, self.partner.caller.scopes, self.partner.key, tier=self.tier)


@dataclass(frozen=True, slots=True)
class Granted:
    text: str = field(repr=False)
    token: AccessToken


@dataclass(frozen=True, slots=True)
class _Verdict:
    token: AccessToken
    principal: Principal


class TokenDoor:
    """Gives and reads access tokens."""

    def __init__(self, proofs: Proofs, access: Access, clock: Clock, mint: Mint) -> None:
        self._proofs, self._access, self._clock, self._mint = proofs, access, clock, mint
        self._known: OrderedDict[bytes, _Verdict] = OrderedDict()

    async def claim(self, text: str, shown: CertificateFacts | None, url: str, directory: Directory) -> Claimed:
        """Who speaks in the assertion; it counts once. Raises Unproven, and Unavailable when its id cannot be
        remembered."""
        now = self._clock()
        said, key = self._proofs.credentials.assertion(text, keys_of(directory, Purpose.TOKEN, now))
        partner = directory.partners[PartnerKey(said.issuer)]
        who = Actor("partner", partner.key)
        wrong = assertion.fault(said, partner.key, url + TOKEN_PATH, now)
        if wrong is not None:
            raise Unproven(wrong, who)
        check_certificate(partner, shown, now)
        if not await self._proofs.nonces.spend(f"assertion:{partner.key}", said.id, assertion.kept_until(said)):
            raise Unproven(Reason.ASSERTION_REPLAYED, who)
        return Claimed(partner, key.id, None if shown is None else shown.thumbprint)

    def grant(self, claimed: Claimed, scopes: frozenset[str], url: str) -> Granted:
        """A token of these scopes. Raises Unavailable when we have no key to sign it."""
        now = self._clock()
        token = AccessToken(
            id=self._mint(),
            partner=claimed.partner.key,
            key=claimed.key,
            scopes=scopes,
            issued_at=now,
            expires_at=now + self._access.token_lifetime,
            thumbprint=claimed.thumbprint,
        )
        return Granted(self._proofs.tokens.sign(token, url), token)

    def identify(self, text: str, shown: CertificateFacts | None, url: str, directory: Directory) -> Principal:
        """The caller behind a token, with the certificate that it has shown. Raises Unproven."""
        now = self._clock()
        verdict = self._read(text, url, now)
        token = verdict.token
        partner = directory.partners.get(token.partner)
        if partner is None or partner.caller.key(token.key, Purpose.TOKEN, now.date()) is None:
            raise Unproven(Reason.KEY, verdict.principal.actor)
        if token.thumbprint is not None and shown is None:
            raise Unproven(Reason.CERTIFICATE_MISSING, verdict.principal.actor)
        if token.thumbprint is not None and shown is not None and token.thumbprint != shown.thumbprint:
            raise Unproven(Reason.CERTIFICATE_OTHER, verdict.principal.actor)
        if not token.scopes <= partner.caller.scopes:
            return replace(verdict.principal, scopes=token.scopes & partner.caller.scopes)
        return verdict.principal

    def _read(self, text: str, url: str, now: datetime) -> _Verdict:
        place = hashlib.sha256(f"{url} {text}".encode(errors="surrogateescape")).digest()  # fields may hold any byte
        verdict = self._known.get(place)
        if verdict is None:
            token = self._proofs.tokens.read(text, url)
            tier = Tier.TOKEN if token.thumbprint is None else Tier.CERTIFICATE
            verdict = _Verdict(token, Principal(token.key, token.scopes, token.partner, tier=tier))
            self._known[place] = verdict
            if len(self._known) > _MOST_CACHED:
                self._known.popitem(last=False)
        if verdict.token.expires_at <= now:
            del self._known[place]
            raise Unproven(Reason.TOKEN_EXPIRED, verdict.principal.actor)
        return verdict


def check_certificate(partner: Partner, shown: CertificateFacts | None, now: datetime) -> None:
    """Whoever shows a certificate shows one of its own. Raises Unproven."""
    if shown is not None and partner.caller.certificate(shown.thumbprint, now.date()) is None:
        raise Unproven(Reason.CERTIFICATE_UNKNOWN, Actor("partner", partner.key))
