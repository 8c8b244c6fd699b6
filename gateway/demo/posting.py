"""The chapters in which files are posted: good ones, faulty ones, and one twice."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

from gateway.cli.client import Answer, Client
from gateway.core.errors import GatewayError
from gateway.demo.narrator import Narrator
from gateway.demo.world import World, examples


@dataclass(frozen=True, slots=True)
class Posted:
    """One example file, as it was posted and answered."""

    file: str
    sender: str
    format: str
    receipt: dict[str, Any]
    raw: bytes

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.receipt["counts"]
        return counts


async def _post(client: Client, format_: str, body: bytes, key: str | None = None) -> Answer:
    used = key or hashlib.sha256(body).hexdigest()
    headers = {"Idempotency-Key": f'"{used}"'}
    return await asyncio.to_thread(client.send, "POST", f"/v1/submissions?format={format_}", body, headers)


GOOD: tuple[tuple[str, str, str], ...] = (
    ("ohio-to-michigan.csenet", "ohio", "csenet"),
    ("ohio-new-hires.w4", "ohio", "w4"),
    ("acme-new-hires-nc.csv", "acme", "newhire-csv-nc"),
    ("michigan-case-transfer.xml", "michigan", "xml"),
    ("tribe-locate-request.json", "tribe-90830", "json"),
    ("ohio-to-neighbours.csenet", "ohio", "csenet"),
)
FAULTY: tuple[tuple[str, str, str], ...] = (
    ("faulty.csenet", "ohio", "csenet"),
    ("faulty.w4", "ohio", "w4"),
    ("acme-faulty.csv", "acme", "newhire-csv-nc"),
)


async def good_files(narrator: Narrator, world: World) -> dict[str, Posted]:
    narrator.say("States, a tribe and an employer post their files.")
    posted = {}
    for file, sender, format_ in GOOD:
        body = (examples() / file).read_bytes()
        answer = await _post(world.clients[sender], format_, body)
        one = Posted(file, sender, format_, answer.json(), answer.body)
        posted[file] = one
        counts = one.counts
        narrator.expect(
            f"{sender} posts {file}: {counts['accepted']} of {counts['records']} records accepted",
            answer.status == 202 and counts["accepted"] == counts["records"] > 0,  # noqa: PLR2004 - the HTTP status
        )
    return posted


async def faulty_files(narrator: Narrator, world: World) -> None:
    narrator.say("Files with faults get clear answers; good records in them go on.")
    for file, sender, format_ in FAULTY:
        answer = await _post(world.clients[sender], format_, (examples() / file).read_bytes())
        receipt = answer.json()
        rules = ", ".join(finding["code"] for finding in receipt["findings"][:4])
        narrator.expect(f"{file}: {receipt['counts']['refused']} refused ({rules})", receipt["counts"]["refused"] > 0)
    hostile = (examples() / "hostile-doctype.xml").read_bytes()
    narrator.expect("an XML file with a DOCTYPE is refused", await _refused(world.clients["ohio"], "xml", hostile))
    narrator.expect("an empty body is refused", await _refused(world.clients["ohio"], "xml", b""))


async def _refused(client: Client, format_: str, body: bytes, key: str | None = None) -> bool:
    try:
        await _post(client, format_, body, key)
    except GatewayError:
        return True
    return False


async def repeats(narrator: Narrator, world: World, first: Posted) -> None:
    narrator.say("A sender that is not sure posts again.")
    body = (examples() / first.file).read_bytes()
    again = await _post(world.clients[first.sender], first.format, body)
    narrator.expect("the same file gets the same receipt, byte for byte", again.body == first.raw)
    key = hashlib.sha256(body).hexdigest()
    other = await _refused(world.clients[first.sender], first.format, body + b"\n", key)
    narrator.expect("the same key with other bytes is refused", other)
