"""The audit log as files for everybody (C2SP tlog-tiles): the checkpoint, tiles of hashes, bundles of entries."""

from __future__ import annotations

from aiohttp import web

from gateway.core.ports.stamps import Stamp
from gateway.web.api import answers, told
from gateway.web.api.operation import Call, absent

FOR_EVER = "public, max-age=31536000, immutable"
"""A tile of one width never changes."""
A_MOMENT = "public, max-age=2"
"""The log signs another checkpoint a second at most while there is work."""
_BINARY = "application/octet-stream"
TIMESTAMP = "application/timestamp-reply"
MOST_STAMPS = 400
"""More than a year of days."""
_LONGEST_SIZE = 18


async def checkpoint(call: Call) -> web.Response:
    note = await call.parts.log.checkpoint()
    if note is None:
        absent()
    return web.Response(text=note, headers={"Cache-Control": A_MOMENT})


async def tile(call: Call) -> web.Response:
    level, place = call.request.match_info["level"], call.request.match_info["place"]
    found = await call.parts.log.file(f"tile/{level}/{place}")
    if found is None:
        absent()
    return web.Response(body=found, content_type=_BINARY, headers={"Cache-Control": FOR_EVER})


async def entries(call: Call) -> web.Response:
    found = await call.parts.log.file(f"tile/entries/{call.request.match_info['place']}")
    if found is None:
        absent()
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    response = web.Response(body=found, content_type=_BINARY, headers=headers)
    if "gzip" in call.request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


async def timestamps(call: Call) -> web.Response:
    stamps = call.parts.log.stamps
    rows = () if stamps is None else await stamps.newest(MOST_STAMPS)
    document = told.Stamps(rows=[told.StampTold(size=one.size, at=one.at) for one in rows])
    return answers.told(document, headers={"Cache-Control": A_MOMENT})


async def stamped_checkpoint(call: Call) -> web.Response:
    """The note exactly as it was stamped."""
    return web.Response(text=(await _stamp(call)).note, headers={"Cache-Control": FOR_EVER})


async def token(call: Call) -> web.Response:
    found = await _stamp(call)
    return web.Response(body=found.token, content_type=TIMESTAMP, headers={"Cache-Control": FOR_EVER})


async def _stamp(call: Call) -> Stamp:
    stamps, size = call.parts.log.stamps, call.request.match_info["size"]
    sound = size.isascii() and size.isdigit() and len(size) <= _LONGEST_SIZE
    found = await stamps.get(int(size)) if stamps is not None and sound else None
    return absent() if found is None else found
