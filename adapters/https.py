"""The channel ``https``: one POST a delivery.

The request carries the delivery's id as ``Idempotency-Key`` and ``Gateway-Delivery``, its bytes' SHA-256 as
``Content-Digest`` (RFC 9530), its kind and its number of records. Every attempt sends the same.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp.abc import AbstractResolver

from adapters.answers import failure, problem_code, retry_after, status_line, taken
from adapters.connections import REACH, Body, Connections, Route, bounded, check_url, route_to, token, translated
from adapters.kit import Kit
from adapters.options import Option, Options, Table, ours
from gateway.core.errors import Misconfigured, Transient
from gateway.core.ids import Clock
from gateway.core.model import Partner, PartnerKey
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
        self, secrets: Secrets, clock: Clock, resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver
    ) -> None:
        self._secrets, self._clock = secrets, clock
        self._connections = Connections(resolver)
        self._routes: dict[PartnerKey, Route] = {}

    @classmethod
    def of(cls, kit: Kit) -> HttpsAdapter:
        return cls(kit.secrets, kit.clock)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        try:
            route = await self._route(partner)
            headers = self._headers(parcel, route)
        except Misconfigured as error:
            raise ours(error) from error
        body = Body(parcel.body, parcel.media_type)
        try:
            return await self._post(route, headers, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise translated(error) from error

    async def close(self) -> None:
        await self._connections.close()

    async def _post(self, route: Route, headers: Mapping[str, str], body: Body) -> Handover:
        session = self._connections.session(allow_private=route.allow_private)
        async with session.post(
            route.url, data=body, headers=headers, timeout=route.timeout, ssl=route.tls, allow_redirects=False
        ) as response:
            received = await bounded(response, ANSWER_LIMIT)
            answer = status_line(response.status)
            if taken(response.status):
                if not body.sent:
                    raise Transient(
                        "the partner answered before it had the bytes", code="answered-early", answer=answer
                    )
                return Handover(answer=answer)
            code = problem_code(response.headers.get("Content-Type", ""), received)
            wait = retry_after(response.headers.get("Retry-After"), self._clock())
            raise failure(response.status, f"{answer} {code}".strip(), wait)

    def _headers(self, parcel: Parcel, route: Route) -> dict[str, str]:
        digest = base64.b64encode(bytes.fromhex(parcel.digest)).decode()
        headers = {
            "Idempotency-Key": f'"{parcel.delivery}"',
            "Gateway-Delivery": parcel.delivery,
            "Gateway-Kind": parcel.kind,
            "Gateway-Records": str(parcel.records),
            "Content-Digest": f"sha-256=:{digest}:",
        }
        if route.bearer_secret is not None:
            headers["Authorization"] = f"Bearer {token(self._secrets.secret(route.bearer_secret))}"
        return headers

    async def _route(self, partner: Partner) -> Route:
        route = self._routes.get(partner.key)
        if route is None or route.endpoint is not partner.endpoint:
            if route is None or route.endpoint != partner.endpoint:
                route = await route_to(partner.endpoint, OPTIONS)
            self._routes[partner.key] = route
        return route
