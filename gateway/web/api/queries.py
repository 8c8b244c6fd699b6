"""Queries that a partner answers while the caller waits."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import TooLarge, Unsupported
from gateway.core.model import FormatName
from gateway.core.ports.queries import QueryId
from gateway.web.api import bodies, protected
from gateway.web.api.media import named
from gateway.web.api.operation import Call

FORMS = ("xml", "json")
ID_HEADER = "Gateway-Query"
"""Holds the request id: the partner gets the query under it, and the audit log has it."""


async def post_query(call: Call) -> web.Response:
    """The answer in the form of the query. Nothing is kept of either; see ``gateway.work.query``."""
    sender = await call.sender()
    protected.refuse_plain(sender)
    form = _form(call)
    body = await _whole(call)
    answered = await call.parts.queries.ask(sender, form, body, QueryId(call.entity))
    return web.Response(body=answered.body, content_type=answered.media_type, headers={ID_HEADER: call.entity})


def _form(call: Call) -> FormatName:
    """Raises Unsupported unless the Content-Type is that of XML or JSON."""
    found = [form for form in named(call.request.headers.get("Content-Type", ""), call.site.offers) if form in FORMS]
    if not found:
        raise Unsupported("Send application/xml or application/json.")
    return found[0]


async def _whole(call: Call) -> bytes:
    """A query is small: its cap is that of request documents. Raises TooLarge, or for a body that is not the one of
    its Content-Digest."""
    limit, body, digest = call.limits.json_bytes, bytearray(), bodies.ContentDigest(call.request)
    if (call.request.content_length or 0) > limit:
        raise TooLarge
    async for piece in bodies.pieces(call.request, call.limits):
        digest.feed(piece)
        body += piece
        if len(body) > limit:
            raise TooLarge
    digest.check()
    return bytes(body)
