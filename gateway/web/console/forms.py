"""What a browser sends, as text: whatever cannot be read as that is refused before anything looks at it."""

from __future__ import annotations

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.core.errors import Refused

_UNREADABLE = (ValueError, LookupError, RuntimeError, HttpProcessingError, web.RequestPayloadError)
"""What aiohttp raises of bytes that are no UTF-8, a charset or an encoding that there is not, parts without a name."""


async def posted(request: web.Request) -> tuple[tuple[str, str], ...]:
    """The fields of the form, in page order; none of what is not posted. Raises Refused for a form that cannot be read,
    and for a NUL in it or in the address: PostgreSQL keeps no text with one and would say so in the middle of the work.
    """
    try:
        form = await request.post() if request.method == "POST" else {}
    except _UNREADABLE:
        raise Refused("The form cannot be read.") from None
    boxes = tuple((key, value) for key, value in form.items() if isinstance(value, str))
    address = (*request.match_info.values(), *request.query.values())
    if any("\0" in text for text in (*address, *(text for box in boxes for text in box))):
        raise Refused("A NUL character is no text.")
    return boxes
