"""The channel ``https``: one POST a delivery.

The request carries the delivery's id as ``Gateway-Delivery``, that with its edition as ``Idempotency-Key``, its bytes'
SHA-256 as ``Content-Digest`` (RFC 9530), its kind and its number of records. Every attempt sends the same; what two
people amended is sent under a key of its own, so that nobody drops it as known.
"""

from __future__ import annotations

import base64

from adapters.answers import failure, problem_code, retry_after, status_line, taken
from adapters.exchange import Answer
from adapters.kit import Kit
from adapters.options import Option, Options, Table, ours
from adapters.reach import DEFAULT_RESOLVER, NewResolver
from adapters.routes import FAILURES, REACH, Routes, check_url, translated
from gateway.core.errors import Misconfigured, Transient
from gateway.core.ids import Clock
from gateway.core.model import Partner
from gateway.core.ports.adapters import Handover, Parcel, Secrets

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read; a 2xx with a longer body is still taken."""

OPTIONS: Table = {
    "url": Option(str, "where to POST"),
    "timeout_seconds": Option(int, "for the whole exchange", default=30, most=3_600),
    **REACH,
}


def check(options: Options) -> None:
    """The URL against ``allow_http`` and ``allow_private``. Raises Misconfigured naming the key."""
    check_url(options, OPTIONS)


class HttpsAdapter:
    """The port ``Adapter`` over HTTP."""

    def __init__(
        self, secrets: Secrets, clock: Clock, resolver: NewResolver = DEFAULT_RESOLVER, *, restricted: bool = False
    ) -> None:
        self._clock = clock
        self._routes = Routes(OPTIONS, secrets, resolver, restricted=restricted)

    @classmethod
    def of(cls, kit: Kit) -> HttpsAdapter:
        return cls(kit.secrets, kit.clock, restricted=kit.restricted)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        try:
            route = await self._routes.to(partner.key, partner.endpoint)
            fields = _fields(parcel) | self._routes.authorization(route)
        except Misconfigured as error:
            raise ours(error) from error
        try:
            answer = await route.post(fields, parcel.body, ANSWER_LIMIT)
        except FAILURES as error:
            raise translated(error) from error
        return self._judged(answer)

    async def close(self) -> None:
        self._routes.close()

    def _judged(self, answer: Answer) -> Handover:
        told = status_line(answer.status)
        if taken(answer.status):
            if answer.early:
                raise Transient("the partner answered before it had the bytes", code="answered-early", answer=told)
            return Handover(answer=told)
        code = problem_code(answer.header("Content-Type"), answer.body)
        wait = retry_after(answer.header("Retry-After"), self._clock())
        raise failure(answer.status, f"{told} {code}".strip(), wait)


def _fields(parcel: Parcel) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(parcel.digest)).decode()
    return {
        "Accept": "*/*",
        "Idempotency-Key": f'"{parcel.known_as}"',
        "Gateway-Delivery": parcel.delivery,
        "Gateway-Edition": str(parcel.edition),
        "Gateway-Kind": parcel.kind,
        "Gateway-Records": str(parcel.records),
        "Content-Digest": f"sha-256=:{digest}:",
        "Content-Type": parcel.media_type,
    }
