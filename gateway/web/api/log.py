"""The audit log as files for everybody (C2SP tlog-tiles): the checkpoint, tiles of hashes, bundles of entries."""

from __future__ import annotations

from aiohttp import web

from gateway.web.api.operation import Call, absent

FOR_EVER = "public, max-age=31536000, immutable"
"""A tile of one width never changes."""
A_MOMENT = "public, max-age=2"
"""The log signs another checkpoint a second at most while there is work."""
_BINARY = "application/octet-stream"


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
