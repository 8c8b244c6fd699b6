"""Wire keys for partners: what is registered of theirs and of ours, and the proof that a new one is theirs."""

from __future__ import annotations

from aiohttp import web

from gateway.core.protection import GATEWAY, Stage, WireKey
from gateway.web.api import answers, asked
from gateway.web.api.operation import Call
from gateway.web.api.told import WireKeysTold, WireKeyTold


async def list_keys(call: Call) -> web.Response:
    """Ours that may be used, and all of the caller's."""
    desk = call.parts.partner_keys
    ours = [key for key in await desk.list(GATEWAY) if key.stage is not Stage.RETIRED]
    caller = call.caller.partner
    own = () if caller is None else await desk.list(caller)
    name = call.parts.gateway_name
    return answers.told(
        WireKeysTold(
            gateway=name,
            keys=[_told(call, name, key) for key in ours] + [_told(call, key.owner, key) for key in own],
        )
    )


def _told(call: Call, owner: str, key: WireKey) -> WireKeyTold:
    return WireKeyTold(
        owner=owner,
        id=key.id,
        use=key.use,
        algorithm=key.algorithm,
        stage=key.stage,
        added_at=key.added_at,
        expires_at=key.material.expires_at,
        pem=call.parts.partner_keys.text(key),
    )


async def test_key(call: Call) -> web.Response:
    made = await call.parts.partner_keys.test(call.caller.actor, await call.sender(), call.request.match_info["id"])
    headers = {"Content-Type": made.media_type, "Content-Disposition": f'attachment; filename="test{made.extension}"'}
    return web.Response(body=made.body, headers=headers)


async def confirm_key(call: Call) -> web.Response:
    said = await call.document(asked.Proving)
    await call.parts.partner_keys.confirm(call.caller.actor, call.partner, call.request.match_info["id"], said.proof)
    return await list_keys(call)
