"""The line of synchronous queries: one POST to the partner's query address, and its whole answer within the time.

The request carries the query's id as ``Gateway-Query``, its kind, and its bytes' SHA-256 as ``Content-Digest`` (RFC
9530). It is sent once: whoever asked asks again. Addresses, certificates and redirects are treated as in the channel
``https``.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from http import HTTPStatus

from adapters.answers import TRANSIENT, retry_after, status_line
from adapters.exchange import Answer
from adapters.options import Option, Table
from adapters.reach import DEFAULT_RESOLVER, NewResolver
from adapters.routes import FAILURES, REACH, Routes, check_url, translated
from gateway.core.errors import DeliveryFailed, Misconfigured, Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Endpoint, Partner
from gateway.core.ports.adapters import Secrets
from gateway.core.ports.queries import Asked, Reply
from gateway.core.query_errors import AnswerUnfit, PartnerDown, PartnerSilent

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
        self, secrets: Secrets, clock: Clock, resolver: NewResolver = DEFAULT_RESOLVER, *, restricted: bool = False
    ) -> None:
        self._clock = clock
        self._routes = Routes(QUERY_OPTIONS, secrets, resolver, restricted=restricted)

    async def ask(self, asked: Asked, partner: Partner) -> Reply:
        try:
            route = await self._routes.to(partner.key, _endpoint(partner))
            fields = _fields(asked) | self._routes.authorization(route)
        except Misconfigured as error:  # Its words are for the operator, and this caller is another partner.
            raise Unavailable("The line to the partner is not set up.", code=error.problem) from error
        try:
            answer = await route.post(fields, asked.body, asked.limit)
        except FAILURES as error:
            raise _meaning(translated(error)) from error
        return self._judged(answer, asked.limit)

    async def close(self) -> None:
        self._routes.close()

    def _judged(self, answer: Answer, limit: int) -> Reply:
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer)
        if answer.header("Content-Encoding", "identity").strip().lower() != "identity":
            raise AnswerUnfit("the answer is packed", code="answer-packed")
        if not answer.whole:
            raise AnswerUnfit(f"the answer has more than {limit} bytes", code="answer-too-large")
        return Reply(answer.body, answer.header("Content-Type"))

    def _refusal(self, answer: Answer) -> DeliveryFailed:
        """The error for a status that is not 200; nobody reads its body."""
        status, line = answer.status, status_line(answer.status)
        if status in TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = retry_after(answer.header("Retry-After"), self._clock())
            again = min(wait or SHORTEST_WAIT, LONGEST_WAIT)
            return PartnerDown("the partner cannot answer now", code=f"http-{status}", answer=line, retry_after=again)
        return AnswerUnfit("the partner does not answer the query", code=f"http-{status}", answer=line)


def _endpoint(partner: Partner) -> Endpoint:
    if partner.queries is None:
        raise Misconfigured("the partner answers no queries", code="endpoint-option")
    return partner.queries


def _fields(asked: Asked) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(asked.digest)).decode()
    return {
        "Accept": asked.accept,
        "Gateway-Query": asked.id,
        "Gateway-Kind": asked.kind,
        "Content-Digest": f"sha-256=:{digest}:",
        "Content-Type": asked.media_type,
    }


def _meaning(error: DeliveryFailed) -> DeliveryFailed:
    """What a failed connection means for a query; the code stays."""
    if error.problem == "http-timeout":
        return PartnerSilent()
    if error.problem in _UNTRUSTED | _BROKEN:
        return AnswerUnfit(error.detail, code=error.problem, reached=False)
    return PartnerDown(error.detail, code=error.problem)
