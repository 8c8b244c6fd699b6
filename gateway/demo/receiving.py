"""The chapters in which partners get what they are owed, and answers to what they ask."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from gateway.cli.client import Client
from gateway.core.errors import GatewayError
from gateway.core.model import DeliveryId, DeliveryState
from gateway.demo.narrator import Narrator
from gateway.demo.world import World, examples


async def subscribers(narrator: Narrator, world: World) -> None:
    narrator.say("Agencies get what they subscribed to, in their own formats.")
    await narrator.soon("the cash assistance agency has its cases (XML files)", lambda: bool(world.folder("ohio-tanf")))
    await narrator.soon("the Medicaid agency has its cases (JSON files)", lambda: bool(world.folder("ohio-medicaid")))
    await narrator.soon("the national directory has its W-4 file", lambda: bool(world.folder("ndnh")))
    await narrator.soon("Ohio has its employer's new hires", lambda: world.neighbours.count("ohio") > 0)


async def question(narrator: Narrator, world: World) -> None:
    narrator.say("A worker of Ohio asks Michigan about one case while the parent is on the telephone.")
    query, told = ((examples() / "queries" / f"financial-{name}.xml").read_bytes() for name in ("query", "answer"))

    async def asked(status: bytes) -> bytes:
        world.neighbours.status = status
        sent = {"Content-Type": "application/xml"}
        return (await asyncio.to_thread(world.clients["ohio"].send, "POST", "/v1/queries", query, sent)).body

    narrator.expect("the answer comes in the same call", b"<ResultCode>found<" in await asked(told))
    mark = b"<FamilyViolenceIndicator>Y</FamilyViolenceIndicator>"
    protected = await asked(told.replace(b"<NoncustodialParentName>", mark + b"<NoncustodialParentName>", 1))
    silent = b"<ResultCode>disclosure-prohibited<" in protected and b"NOBODY" not in protected
    narrator.expect("of a case with a protected person nothing is told", silent)


async def mailbox(narrator: Narrator, world: World) -> None:
    narrator.say("The tribe collects its mail.")
    client = world.clients["tribe-90830"]

    async def waiting() -> list[dict[str, Any]]:
        found = await asyncio.to_thread(client.get, "/v1/mailbox")
        parcels: list[dict[str, Any]] = found["rows"]
        return parcels

    parcels: list[dict[str, Any]] = []

    async def some() -> bool:
        parcels.extend(await waiting())
        return bool(parcels)

    await narrator.soon("there is a parcel in the tribe's mailbox", some)
    for parcel in parcels[:1]:
        fetched = await asyncio.to_thread(client.send, "GET", f"/v1/mailbox/{parcel['delivery']}")
        digest = hashlib.sha256(fetched.body).hexdigest()
        narrator.expect("the bytes are those of its digest", digest == parcel["digest"])
        word = {"delivery": parcel["delivery"], "digest": digest, "outcome": "accepted"}
        wrong = {**word, "digest": "0" * 64}
        narrator.expect("an acknowledgement of other bytes is refused", await _unacknowledged(client, wrong))
        await asyncio.to_thread(client.post, "/v1/acknowledgements", word)
        found = await world.process.base.stores.desk.get(DeliveryId(parcel["delivery"]))
        narrator.expect(
            "the tribe's acknowledgement settles it", bool(found and found.state is DeliveryState.DELIVERED)
        )


async def _unacknowledged(client: Client, word: dict[str, Any]) -> bool:
    try:
        await asyncio.to_thread(client.post, "/v1/acknowledgements", word)
    except GatewayError:
        return True
    return False
