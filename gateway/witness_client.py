"""How a witness is reached."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.audit.cosignature import WitnessKey
from gateway.core.errors import Misconfigured, Transient
from gateway.cosigners import Cosigner
from gateway.posting import Poster
from gateway.settings import Audit

PATH = "add-checkpoint"
LONGEST_ANSWER = 16 * 1024
"""Bytes: a few signature lines of any assigned type."""


@dataclass(frozen=True, slots=True)
class WitnessReply:
    """Implements :class:`gateway.cosigners.Reply`."""

    status: int
    media_type: str
    body: bytes


class WitnessClient:
    """One witness at one address."""

    def __init__(self, url: str, connect_seconds: float, *, restricted: bool = False) -> None:
        """Raises Misconfigured when the URL names no host."""
        address = f"{url.rstrip('/')}/{PATH}"
        self._poster = Poster(
            address, "text/plain; charset=utf-8", LONGEST_ANSWER, connect_seconds, restricted=restricted
        )

    async def ask(self, text: str) -> WitnessReply:
        """Raises Transient when no answer comes."""
        try:
            answer = await self._poster.post(text.encode())
        except Transient:
            raise Transient("the witness cannot be reached", code="witness-unreachable") from None
        media_type = answer.fields.get("content-type", "").partition(";")[0].strip().lower()
        return WitnessReply(answer.status, media_type, answer.body)

    def close(self) -> None:
        self._poster.close()


def witnesses(audit: Audit, *, restricted: bool = False) -> tuple[Cosigner, ...]:
    """The witnesses of the settings. Raises Misconfigured when the two keys of a witness are not of one name."""
    found = []
    for one in audit.witnesses:
        client, key = WitnessClient(one.url, audit.witness_seconds, restricted=restricted), WitnessKey.parse(one.key)
        also = (WitnessKey.parse(one.post_quantum_key),) if one.post_quantum_key else ()
        if any(second.name != key.name or second.kind is key.kind for second in also):
            raise Misconfigured("The two keys of a witness have one name and two kinds.", code="witness-keys")
        found.append(Cosigner(key, client.ask, also, close=client.close))
    return tuple(found)
