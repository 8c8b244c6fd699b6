"""Answers: documents as JSON, pages with their link to the next, versions that a caller may have already."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from gateway.core.model import Page
from gateway.web.api.asked import PageQuery
from gateway.web.api.operation import Call

_OK = 200
LARGE = 256 * 1024


def payload(body: bytes) -> bytes | io.BytesIO:
    """The bytes of an answer; large ones are written in pieces, so that they do not hold up the event loop."""
    return body if len(body) <= LARGE else io.BytesIO(body)


def told(document: BaseModel, *, status: int = _OK, headers: Mapping[str, str] | None = None) -> web.Response:
    """The document as JSON."""
    return web.Response(
        status=status,
        body=payload(document.model_dump_json().encode()),
        content_type="application/json",
        headers=dict(headers or {}),
    )


def page(query: PageQuery) -> Page:
    return Page(query.limit, query.cursor)


def listed(call: Call, document: BaseModel, following: str | None) -> web.Response:
    """One page of a list. ``following`` is the next cursor; its address is also told as Link (RFC 8288)."""
    headers = {}
    if following is not None:
        address = call.request.rel_url.update_query(cursor=following)
        headers["Link"] = f'<{address}>; rel="next"'
    return told(document, headers=headers)


def version_of(*facts: object) -> str:
    """A strong entity tag over the facts that a document is made of."""
    return '"' + hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()[:32] + '"'
