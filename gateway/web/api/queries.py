"""Queries that a partner answers while the caller waits."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import Tampered, TooLarge, Unsupported
from gateway.core.model import FormatName, Partner
from gateway.core.ports.queries import QueryId
from gateway.web.api import bodies, protected
from gateway.web.api.attestation import weighed
from gateway.web.api.media import named
from gateway.web.api.operation import Call

FORMS = ("xml", "json")
ID_HEADER = "Gateway-Query"
"""Holds the request id: the partner gets the query under it, and the audit log has it."""


async def post_query(call: Call) -> web.Response:
    """The answer in the form of the query. Nothing is kept of either; see ``gateway.work.query``. Raises Tampered when
    the answer was cleared for another caller or to another query."""
    sender = await call.sender()
    if protected.is_protected(sender):
        form, body = await _opened(call, sender)
    else:
        form, body = _form(call, call.request.headers.get("Content-Type", "")), await _whole(call)
    answered = await call.parts.queries.ask(sender, form, body, QueryId(call.entity), weighed(call))
    if not answered.clearance.covers(call.entity, sender.key):
        raise Tampered("The answer is not cleared for this caller.", code="not-cleared")
    return web.Response(body=answered.body, headers={ID_HEADER: call.entity, "Content-Type": answered.media_type})


async def _opened(call: Call, sender: Partner) -> tuple[FormatName, bytes]:
    """What lies in the message, in the form that the message names, else ``?format=``. Raises TooLarge and
    MessageRefused."""
    opened = await protected.opened(call, sender, None)
    if len(opened.plain) > call.limits.json_bytes:
        raise TooLarge
    chosen = call.request.query.get("format", "")
    if opened.media_type is None and chosen in FORMS:
        return FormatName(chosen), opened.plain
    return _form(call, opened.media_type or ""), opened.plain


def _form(call: Call, media_type: str) -> FormatName:
    """Raises Unsupported unless the media type is that of XML or JSON."""
    found = [form for form in named(media_type, call.site.offers) if form in FORMS]
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
