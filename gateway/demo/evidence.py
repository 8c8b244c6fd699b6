"""The chapter in which an auditor checks."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from gateway.audit.proof import check_proof
from gateway.core.errors import GatewayError
from gateway.demo import trust
from gateway.demo.narrator import Narrator
from gateway.demo.posting import Posted
from gateway.demo.world import World, examples


async def checked(narrator: Narrator, world: World, first: Posted) -> None:
    narrator.say("An auditor checks.")
    body = (examples() / first.file).read_bytes()
    narrator.expect(
        "the receipt names the digest of the file", first.receipt["body"]["sha256"] == hashlib.sha256(body).hexdigest()
    )
    await trust.receipt(narrator, world, first.receipt["submission"], body)
    record = first.receipt["records"][0]["id"]
    client = world.clients[first.sender]
    trace = await asyncio.to_thread(client.get, f"/v1/records/{record}/trace")
    steps = [step["action"] for step in trace["steps"]]
    narrator.expect(f"the trace of a record has {len(steps)} steps", "record.accepted" in steps)
    logbook = world.process.base.logbook
    proofs: list[str] = []

    async def proved() -> bool:
        text = await logbook.proof(record)
        proofs.extend([text] if text else [])
        return bool(proofs)

    await narrator.soon("the log has numbered the record", proved)
    report = check_proof(proofs[0], *(str(key) for key in logbook.verify_keys))
    narrator.expect("its proof holds offline, with the log's public key alone", report.ok)
    broken = proofs[0].replace("michigan", "missouri")
    narrator.expect("a proof with a changed word does not", not _holds(broken, logbook.verify_keys))
    whole = await logbook.verify()
    narrator.expect(f"the whole log of {whole.size} entries verifies", not whole.faults)
    narrator.expect("no partner got a delivery twice", not world.neighbours.repeats)


def _holds(text: str, keys: Any) -> bool:  # noqa: ANN401 - a tuple of verification keys
    try:
        return check_proof(text, *(str(key) for key in keys)).ok
    except GatewayError:
        return False
