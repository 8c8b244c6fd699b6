"""Signed receipts of a submission, and the keys that anybody checks them with."""

from __future__ import annotations

import json

from aiohttp import web

from gateway.core.model import SubmissionId
from gateway.core.ports.receipts import SignedReceipt
from gateway.web.api.operation import Call, absent
from gateway.web.api.visibility import sees_submission

JOSE = "application/jose"
KEY_SET = "application/jwk-set+json"
_A_WHILE = "public, max-age=300"
"""Keys are published before they sign, except the first one of all."""


async def accepted(call: Call) -> web.Response:
    return _signed(call, await call.parts.receipts.accepted(await _visible(call)))


async def final(call: Call) -> web.Response:
    return _signed(call, await call.parts.receipts.final(await _visible(call)))


def _signed(call: Call, receipt: SignedReceipt) -> web.Response:
    """The bytes never change, so their entity tag is that of the kind."""
    etag = f'"{receipt.kind.value}-{receipt.submission}"'
    if call.not_modified(etag):
        return web.Response(status=304, headers={"ETag": etag})
    name = f'attachment; filename="{receipt.submission}.{receipt.kind.value}.jws"'
    headers = {"Content-Type": JOSE, "Content-Disposition": name, "ETag": etag}
    return web.Response(body=receipt.jws.encode(), headers=headers)


async def keys(call: Call) -> web.Response:
    found = await call.parts.receipts.keys()
    document = json.dumps({"keys": [json.loads(jwk) for jwk in found.values()]})
    return web.Response(body=document.encode(), headers={"Content-Type": KEY_SET, "Cache-Control": _A_WHILE})


async def _visible(call: Call) -> SubmissionId:
    found = await call.parts.submissions.get(SubmissionId(call.id()))
    return found.id if found is not None and sees_submission(call.caller, found) else absent()
