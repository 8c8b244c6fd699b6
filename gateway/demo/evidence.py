"""The chapter in which an auditor checks."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gateway.comparing import compare
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
    keys = [str(key) for key in logbook.verify_keys]
    narrator.expect(
        "its proof holds offline: gateway-verify, a program that shares nothing with the gateway, has the log's public "
        "key alone",
        await _holds(proofs[0], keys),
    )
    broken = proofs[0].replace("michigan", "missouri")
    narrator.expect("a proof with a changed word does not", not await _holds(broken, keys))
    whole = await logbook.verify()
    narrator.expect(f"the whole log of {whole.size} entries verifies", not whole.faults)
    stores = world.process.base.stores
    compared = await compare(stores.standings, stores.audit)
    narrator.expect(
        f"the states of {compared.rows} submissions, records and deliveries are those of their entries",
        not compared.contradictions,
    )
    narrator.expect("no partner got a delivery twice", not world.neighbours.repeats)


async def _holds(proof: str, keys: Sequence[str]) -> bool:
    """Whether ``gateway-verify`` says so, in a process of its own in an empty folder, without settings or database."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proof"
        file.write_text(proof)
        command = [sys.executable, "-m", "verifier", "proof", str(file)]
        command += [word for key in keys for word in ("--key", key)]
        checking = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env={}, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        return await checking.wait() == 0
