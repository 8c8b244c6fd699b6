"""The contract of the port Adapter, over all four channels against real servers and directories."""

import asyncio
import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from adapters import ADAPTERS, Kit, check_options
from gateway.core.errors import Permanent, Transient, Unavailable
from gateway.core.model import AdapterName, DeliveryId, Digest, Endpoint, Kind, Partner, PartnerKey, Role
from gateway.core.ports.adapters import Adapter, Parcel
from gateway.core.ports.mailbox import MailboxItem
from tests.servers.raw import cut
from tests.servers.sshd import Sshd
from tests.unit.guarding import cleared

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class NamedSecrets:
    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = values

    def secret(self, name: str) -> bytes:
        return self._values[name]


class Turning:
    """A sealer for tests: turns the bytes around and writes the context before them."""

    def seal(self, label: str, context: str, plain: bytes) -> bytes:
        return f"{label}|{context}|".encode() + plain[::-1]

    def open(self, label: str, context: str, sealed: bytes) -> bytes:
        return sealed.removeprefix(f"{label}|{context}|".encode())[::-1]


class DictShelf:
    """A shelf in memory; a second parcel of the same delivery changes nothing."""

    def __init__(self) -> None:
        self.items: dict[DeliveryId, tuple[MailboxItem, bytes]] = {}

    async def place(  # the port's signature
        self,
        delivery: DeliveryId,
        partner: PartnerKey,
        name: str,
        media_type: str,
        digest: Digest,
        size: int,
        sealed: bytes,
        now: datetime,
    ) -> None:
        item = MailboxItem(delivery, partner, name, media_type, digest, size, now, None)
        self.items.setdefault(delivery, (item, sealed))


def parcel(body: bytes = b"<record>synthetic</record>", number: int = 1) -> Parcel:
    return Parcel(
        delivery=DeliveryId(f"01960000-0000-7000-8000-{number:012d}"),
        sender=PartnerKey("iowa"),
        kind=Kind("new-hire"),
        records=1,
        created_at=NOW,
        body=body,
        digest=Digest(hashlib.sha256(body).hexdigest()),
        media_type="application/xml",
        extension=".xml",
        clearance=cleared(f"01960000-0000-7000-8000-{number:012d}", PartnerKey("ohio")),
    )


def partner(endpoint: Endpoint) -> Partner:
    return Partner(
        key=PartnerKey("ohio"),
        name="Ohio",
        role=Role.STATE,
        program="IV-D",
        locators=frozenset({"39"}),
        endpoint=endpoint,
    )


def kit(secrets: Mapping[str, bytes] | None = None, mailbox: DictShelf | None = None, root: Path | None = None) -> Kit:
    return Kit(
        clock=lambda: NOW,
        random=os.urandom,
        secrets=NamedSecrets(secrets or {}),
        mailbox=mailbox or DictShelf(),
        sealer=Turning(),
        folder_root=root,
    )


@dataclass
class Receiver:
    """A partner's web server: keeps each delivery once, and checks what it is told about it."""

    deliveries: dict[str, bytes] = field(default_factory=dict)
    requests: list[web.BaseRequest] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        self.requests.append(request)
        self.deliveries[request.headers["Idempotency-Key"].strip('"')] = body
        return web.Response(text="taken")


async def served(stack: AsyncExitStack, handler: Callable, tls: ssl.SSLContext | None = None) -> int:
    """Serve on a free loopback port until the stack ends."""
    server = web.Server(handler)
    runner = web.ServerRunner(server, shutdown_timeout=0.2)
    await runner.setup()
    stack.push_async_callback(hang_up, server, runner)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    return int(runner.addresses[0][1])


async def hang_up(server: web.Server, runner: web.ServerRunner) -> None:
    """End it with its connections: TLS takes turns of the event loop to close them, and the loop ends with the test."""
    transports = [one.transport for one in server.connections]
    await runner.cleanup()
    await cut(*filter(None, transports))


@dataclass
class Channel:
    adapter: Adapter
    partner: Partner
    landed: Callable[[], Mapping[str, bytes]]
    """Final name -> bytes."""
    broken: Partner
    """The same partner where the channel fails."""
    fault: type[Exception]
    name: Callable[[Parcel], str] = lambda one: one.name
    final: bool = True


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


async def https_channel(stack: AsyncExitStack, request: pytest.FixtureRequest, tmp_path: Path) -> Channel:
    ca: trustme.CA = request.getfixturevalue("authority")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(tls)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    receiver = Receiver()
    port = await served(stack, receiver.answer, tls)
    options = {
        "url": f"https://localhost:{port}/in",
        "allow_private": True,
        "ca_file": str(tmp_path / "ca.pem"),
        "bearer_secret": "token",
    }
    there = partner(Endpoint(AdapterName.HTTPS, options))
    nowhere = partner(Endpoint(AdapterName.HTTPS, {**options, "url": "https://localhost:1/in"}))
    adapter = ADAPTERS[AdapterName.HTTPS].make(kit({"token": b"synthetic-token\n"}))
    return Channel(adapter, there, lambda: receiver.deliveries, nowhere, Transient, lambda one: one.delivery)


async def sftp_channel(_stack: AsyncExitStack, request: pytest.FixtureRequest, _tmp_path: Path) -> Channel:
    server: Sshd = request.getfixturevalue("sshd")
    directory = server.fresh_directory()
    options = sftp_options(server, directory)
    there = partner(Endpoint(AdapterName.SFTP, options))
    nowhere = partner(Endpoint(AdapterName.SFTP, {**options, "directory": f"{directory}/missing"}))
    adapter = ADAPTERS[AdapterName.SFTP].make(kit({"our-key": server.key}))
    return Channel(adapter, there, lambda: files_of(directory), nowhere, Permanent)


def sftp_options(server: Sshd, directory: Path) -> dict[str, str | int | bool]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "allow_private": True,
        "username": server.username,
        "directory": str(directory),
        "key_secret": "our-key",
        "host_key": server.host_key,
    }


async def folder_channel(_stack: AsyncExitStack, _request: pytest.FixtureRequest, tmp_path: Path) -> Channel:
    directory = tmp_path / "drop"
    directory.mkdir()
    there = partner(Endpoint(AdapterName.FOLDER, {"directory": str(directory)}))
    nowhere = partner(Endpoint(AdapterName.FOLDER, {"directory": str(tmp_path / "missing")}))
    adapter = ADAPTERS[AdapterName.FOLDER].make(kit(root=tmp_path))
    return Channel(adapter, there, lambda: files_of(directory), nowhere, Transient)


async def mailbox_channel(_stack: AsyncExitStack, _request: pytest.FixtureRequest, _tmp_path: Path) -> Channel:
    mailbox = DictShelf()
    there = partner(Endpoint(AdapterName.MAILBOX, {}))

    def landed() -> Mapping[str, bytes]:
        return {
            item.name: Turning().open("records", f"mailbox.sealed:{key}", sealed)
            for key, (item, sealed) in mailbox.items.items()
        }

    class FullShelf(DictShelf):
        async def place(self, *_args: object, **_named: object) -> None:
            raise Unavailable("the store is down")

    adapter = ADAPTERS[AdapterName.MAILBOX].make(kit(mailbox=mailbox))
    broken = ADAPTERS[AdapterName.MAILBOX].make(kit(mailbox=FullShelf()))
    elsewhere = replace(there, key=PartnerKey("iowa"))
    channel = Channel(adapter, there, landed, elsewhere, Unavailable, final=False)
    channel.adapter = _Switch({there.key: adapter, channel.broken.key: broken})
    return channel


class _Switch:
    """Sends one partner to a broken store."""

    def __init__(self, adapters: Mapping[PartnerKey, Adapter]) -> None:
        self._adapters = adapters

    async def hand_over(self, one: Parcel, to: Partner) -> object:
        return await self._adapters[to.key].hand_over(one, to)

    async def close(self) -> None:
        for adapter in self._adapters.values():
            await adapter.close()


def files_of(directory: Path) -> dict[str, bytes]:
    """What a partner that reads the directory sees: hidden names are not for it."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if not path.name.startswith(".")}


def hidden_files(directory: Path) -> list[str]:
    """Names that we left behind."""
    return [path.name for path in directory.iterdir() if path.name.startswith(".")]


CHANNELS = {
    AdapterName.HTTPS: https_channel,
    AdapterName.SFTP: sftp_channel,
    AdapterName.FOLDER: folder_channel,
    AdapterName.MAILBOX: mailbox_channel,
}


@pytest_asyncio.fixture(params=list(AdapterName))
async def channel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Channel]:
    async with AsyncExitStack() as stack:
        made = await CHANNELS[request.param](stack, request, tmp_path)
        stack.push_async_callback(made.adapter.close)
        yield made


async def test_the_bytes_arrive_under_the_name_of_the_parcel(channel: Channel) -> None:
    one = parcel()
    check_options(channel.partner.endpoint)
    handover = await channel.adapter.hand_over(one, channel.partner)
    assert handover.final is channel.final
    assert channel.landed() == {channel.name(one): one.body}


async def test_a_repeat_has_the_same_effect_as_one(channel: Channel) -> None:
    one = parcel(os.urandom(100_000))
    for _ in range(3):
        await channel.adapter.hand_over(one, channel.partner)
    assert channel.landed() == {channel.name(one): one.body}


async def test_big_and_empty_bodies_arrive_whole(channel: Channel) -> None:
    big, empty = parcel(os.urandom(5_000_001), 1), parcel(b"", 2)
    await channel.adapter.hand_over(big, channel.partner)
    await channel.adapter.hand_over(empty, channel.partner)
    assert channel.landed() == {channel.name(big): big.body, channel.name(empty): b""}


async def test_many_deliveries_at_a_time_do_not_mix(channel: Channel) -> None:
    parcels = [parcel(f"body {n}".encode() * 100, n) for n in range(30)]
    await asyncio.gather(*(channel.adapter.hand_over(one, channel.partner) for one in parcels))
    assert channel.landed() == {channel.name(one): one.body for one in parcels}


async def test_a_failure_is_classified_and_leaves_nothing(channel: Channel) -> None:
    with pytest.raises(channel.fault) as failed:
        await channel.adapter.hand_over(parcel(), channel.broken)
    assert "synthetic" not in f"{failed.value} {getattr(failed.value, 'answer', '')}"
    assert channel.landed() == {}


async def test_after_a_failure_the_adapter_still_works(channel: Channel) -> None:
    with pytest.raises(channel.fault):
        await channel.adapter.hand_over(parcel(), channel.broken)
    await channel.adapter.hand_over(parcel(), channel.partner)
    assert len(channel.landed()) == 1


@pytest.mark.parametrize("after", [0.0, 0.002, 0.01, 0.03])
async def test_a_cancelled_attempt_leaves_nothing_half_written(channel: Channel, after: float) -> None:
    one = parcel(os.urandom(8_000_000))
    task = asyncio.create_task(channel.adapter.hand_over(one, channel.partner))
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert set(channel.landed().values()) <= {one.body}
    await channel.adapter.hand_over(one, channel.partner)
    assert channel.landed() == {channel.name(one): one.body}


async def test_closing_twice_and_working_after_it_is_harmless(channel: Channel) -> None:
    await channel.adapter.hand_over(parcel(), channel.partner)
    await channel.adapter.close()
    await channel.adapter.close()
    await channel.adapter.hand_over(parcel(), channel.partner)
