"""The story of the demonstration, chapter by chapter; every chapter checks what it says."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import socket
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.audit.proof import check_proof
from gateway.cli.client import Answer, Client
from gateway.core.errors import GatewayError
from gateway.core.model import DeliveryId, DeliveryState, Page, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.demo import trust
from gateway.demo.narrator import Narrator
from gateway.demo.trickle import trickle
from gateway.demo.world import LOGINS, Wishes, World, examples, open_world
from gateway.telemetry import configure_logs

QUIET = 50
"""Log level of the demonstration: its own sentences are enough."""


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


async def tell(wishes: Wishes) -> bool:
    """Run the demonstration; True when every expectation held."""
    configure_logs(json=False, level=QUIET)
    narrator = Narrator()
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as folder:
        async with AsyncExitStack() as stack:
            world = await open_world(stack, wishes, Path(folder), _closed_port())
            _introduce(narrator, world)
            await _chapters(narrator, world)
            held = narrator.verdict()
            if not wishes.once:
                await _stay(narrator, world)
    return held


def _closed_port() -> int:
    """A port on which nobody listens: the partner that stays down."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _introduce(narrator: Narrator, world: World) -> None:
    narrator.say("The gateway runs, with synthetic partners and people who never existed.")
    narrator.say(f"  console  {world.process.addresses['console']}")
    narrator.say(f"  api      {world.process.addresses['api']}/docs")
    for name, role, _ in LOGINS:
        narrator.say(f"  login    {name} / {world.passwords[name]} ({role})")


async def _chapters(narrator: Narrator, world: World) -> None:
    world.neighbours.answers |= {"michigan": 503, "texas": 422}
    posted = await _posting(narrator, world)
    await _faults(narrator, world)
    await _repeats(narrator, world, posted["ohio-to-michigan.csenet"])
    await _recovery(narrator, world)
    await _repair(narrator, world)
    await _staying_down(narrator, world)
    await _protection(narrator, world)
    await _subscribers(narrator, world)
    await _mailbox(narrator, world)
    await _question(narrator, world)
    await trust.withheld(narrator, world)
    await _evidence(narrator, world, posted["ohio-to-michigan.csenet"])


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


async def _posting(narrator: Narrator, world: World) -> dict[str, Posted]:
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


async def _faults(narrator: Narrator, world: World) -> None:
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


async def _repeats(narrator: Narrator, world: World, first: Posted) -> None:
    narrator.say("A sender that is not sure posts again.")
    body = (examples() / first.file).read_bytes()
    again = await _post(world.clients[first.sender], first.format, body)
    narrator.expect("the same file gets the same receipt, byte for byte", again.body == first.raw)
    key = hashlib.sha256(body).hexdigest()
    other = await _refused(world.clients[first.sender], first.format, body + b"\n", key)
    narrator.expect("the same key with other bytes is refused", other)


async def _recovery(narrator: Narrator, world: World) -> None:
    narrator.say("Michigan's system is out of order; its deliveries wait and are tried again.")
    await narrator.soon("Michigan has turned deliveries away", lambda: world.neighbours.tries["michigan"] > 0)
    world.neighbours.answers.pop("michigan")
    await narrator.soon("Michigan is back and has what it was owed", lambda: world.neighbours.count("michigan") > 0)
    await narrator.soon("nothing is pending for Michigan", lambda: _nothing_pending(world, "michigan"))


async def _nothing_pending(world: World, partner: str) -> bool:
    queues = {queue.partner: queue for queue in await world.process.base.stores.desk.queues()}
    queue = queues.get(PartnerKey(partner))
    return queue is None or queue.pending + queue.claimed + queue.gathering == 0


async def _dead(world: World, partner: str) -> list[DeliveryId]:
    query = DeliveryQuery(partner=PartnerKey(partner), state=DeliveryState.DEAD)
    return [delivery.id for delivery in (await world.process.base.stores.desk.list(query, Page(100))).rows]


async def _has_dead(world: World, partner: str) -> bool:
    return bool(await _dead(world, partner))


async def _repair(narrator: Narrator, world: World) -> None:
    narrator.say("Texas refuses what it gets; an operator repairs it.")
    await narrator.soon("Texas has a dead letter", lambda: _has_dead(world, "texas"))
    before = world.neighbours.count("texas")
    world.neighbours.answers.pop("texas")
    plan = await asyncio.to_thread(
        world.operator.post,
        "/v1/replays/plan",
        {"state": "dead", "partner": "texas", "action": "retry", "reason": "Texas has mended its intake"},
    )
    await asyncio.to_thread(world.operator.post, "/v1/replays", {"token": plan["id"]})
    await narrator.soon(
        f"after a retry of {plan['total']} dead letters Texas has them",
        lambda: world.neighbours.count("texas") >= before + plan["total"] > before,
    )


async def _staying_down(narrator: Narrator, world: World) -> None:
    narrator.say("California stays down.")
    await narrator.soon(
        "California's deliveries end as dead letters, none is lost", lambda: _has_dead(world, "california")
    )


async def _protection(narrator: Narrator, world: World) -> None:
    narrator.say("One of Michigan's cases has the family violence indicator; Ohio's format has no place for it.")
    await narrator.soon("it is not sent without the mark: an operator has to decide", lambda: _has_dead(world, "ohio"))


async def _subscribers(narrator: Narrator, world: World) -> None:
    narrator.say("Agencies get what they subscribed to, in their own formats.")
    await narrator.soon("the cash assistance agency has its cases (XML files)", lambda: bool(world.folder("ohio-tanf")))
    await narrator.soon("the Medicaid agency has its cases (JSON files)", lambda: bool(world.folder("ohio-medicaid")))
    await narrator.soon("the national directory has its W-4 file", lambda: bool(world.folder("ndnh")))
    await narrator.soon("Ohio has its employer's new hires", lambda: world.neighbours.count("ohio") > 0)


async def _question(narrator: Narrator, world: World) -> None:
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


async def _mailbox(narrator: Narrator, world: World) -> None:
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


async def _evidence(narrator: Narrator, world: World, first: Posted) -> None:
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


async def _stay(narrator: Narrator, world: World) -> None:
    """A trickle of traffic until somebody stops it."""
    narrator.say("")
    narrator.say(f"A little traffic goes on. Open {world.process.addresses['console']} and look around; Ctrl-C ends.")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    traffic = asyncio.create_task(trickle(world, stop))
    await stop.wait()
    traffic.cancel()
    await asyncio.gather(traffic, return_exceptions=True)
    narrator.say("Stopped.")
