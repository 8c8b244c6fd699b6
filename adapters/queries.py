"""The line of synchronous queries: one POST to the partner's query address, and its whole answer within the time.

The request carries the query's id as ``Gateway-Query``, its kind, and its bytes' SHA-256 as ``Content-Digest`` (RFC
9530). It is sent once: whoever asked asks again. Addresses, certificates and redirects are treated as in the channel
``https``.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver

from adapters.answers import TRANSIENT, retry_after, status_line
from adapters.connections import REACH, Body, Connections, Route, bounded, check_url, route_to, token, translated
from adapters.options import Option, Table
from gateway.core.errors import DeliveryFailed, Misconfigured, Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Endpoint, Partner, PartnerKey
from gateway.core.ports.adapters import Secrets
from gateway.core.ports.queries import Asked, Reply
from gateway.core.query_errors import AnswerUnfit, PartnerDown, PartnerSilent

ANSWER_LIMIT = 256 * 1024
"""Bytes. The largest answer of the schema (90 payments, 90 disbursements, 40 persons) has a quarter of it."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
"""What the caller is told to wait when the partner does not say, and at most."""

QUERY_OPTIONS: Table = {
    "url": Option(str, "where to POST case status queries"),
    "timeout_seconds": Option(int, "for the whole exchange; then the caller is told so", default=10, most=60),
    **REACH,
}

_UNTRUSTED = frozenset({"address-refused", "tls-untrusted"})
_BROKEN = frozenset({"closed-early", "http-broken"})


def check_queries(endpoint: Endpoint) -> None:
    """Raises Misconfigured naming the key, as ``adapters.check_options`` does for deliveries."""
    check_url(endpoint.options, QUERY_OPTIONS)


class HttpsLine:
    """The port ``QueryLine`` over HTTP."""

    def __init__(
        self, secrets: Secrets, clock: Clock, resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver
    ) -> None:
        self._secrets, self._clock = secrets, clock
        self._connections = Connections(resolver)
        self._routes: dict[PartnerKey, Route] = {}

    async def ask(self, asked: Asked, partner: Partner) -> Reply:
        try:
            route = await self._route(partner)
            headers = self._headers(asked, route)
        except Misconfigured as error:  # Its words are for the operator, and this caller is another partner.
            raise Unavailable("The line to the partner is not set up.", code=error.problem) from error
        try:
            async with asyncio.timeout(route.timeout.total):
                return await self._post(route, headers, asked)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise _meaning(translated(error)) from error

    async def close(self) -> None:
        await self._connections.close()

    async def _post(self, route: Route, headers: Mapping[str, str], asked: Asked) -> Reply:
        session = self._connections.session(allow_private=route.allow_private)
        async with session.post(
            route.url,
            data=Body(asked.body, asked.media_type),
            headers=headers,
            timeout=route.timeout,
            ssl=route.tls,
            allow_redirects=False,
        ) as response:
            if response.status != HTTPStatus.OK:
                raise self._refusal(response)
            if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
                raise AnswerUnfit("the answer is packed", code="answer-packed")
            if (response.content_length or 0) > ANSWER_LIMIT:
                raise _too_large(response)
            body = await bounded(response, ANSWER_LIMIT + 1)
            if len(body) > ANSWER_LIMIT:
                raise _too_large(response)
            return Reply(body, response.headers.get("Content-Type", ""))

    def _refusal(self, response: aiohttp.ClientResponse) -> DeliveryFailed:
        """The error for a status that is not 200; nobody reads its body."""
        response.close()
        status, line = response.status, status_line(response.status)
        if status in TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = retry_after(response.headers.get("Retry-After"), self._clock())
            again = min(wait or SHORTEST_WAIT, LONGEST_WAIT)
            return PartnerDown("the partner cannot answer now", code=f"http-{status}", answer=line, retry_after=again)
        return AnswerUnfit("the partner does not answer the query", code=f"http-{status}", answer=line)

    def _headers(self, asked: Asked, route: Route) -> dict[str, str]:
        digest = base64.b64encode(bytes.fromhex(asked.digest)).decode()
        headers = {
            "Accept": "application/xml, application/json",
            "Gateway-Query": asked.id,
            "Gateway-Kind": asked.kind,
            "Content-Digest": f"sha-256=:{digest}:",
        }
        if route.bearer_secret is not None:
            headers["Authorization"] = f"Bearer {token(self._secrets.secret(route.bearer_secret))}"
        return headers

    async def _route(self, partner: Partner) -> Route:
        if partner.queries is None:
            raise Misconfigured("the partner answers no queries", code="endpoint-option")
        route = self._routes.get(partner.key)
        if route is None or route.endpoint != partner.queries:
            route = self._routes[partner.key] = await route_to(partner.queries, QUERY_OPTIONS)
        return route


def _too_large(response: aiohttp.ClientResponse) -> AnswerUnfit:
    response.close()
    return AnswerUnfit(f"the answer has more than {ANSWER_LIMIT} bytes", code="answer-too-large")


def _meaning(error: DeliveryFailed) -> DeliveryFailed:
    """What a failed connection means for a query; the code stays."""
    if error.problem == "http-timeout":
        return PartnerSilent()
    if error.problem in _UNTRUSTED | _BROKEN:
        return AnswerUnfit(error.detail, code=error.problem, reached=False)
    return PartnerDown(error.detail, code=error.problem)
