"""The channel https against partners that misbehave, and against hosts that deliveries must not reach."""

import asyncio
import base64
import gzip
import hashlib
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from adapters import connections
from adapters.exchange import Connection
from adapters.https import HttpsAdapter
from gateway.core.errors import DeliveryFailed, Permanent, Transient, Unavailable
from gateway.core.model import AdapterName, Endpoint, Partner
from tests.contract.name_server import Names
from tests.contract.test_adapter_contract import NOW, NamedSecrets, Receiver, parcel, partner, served
from tests.servers.raw import talking

SECRET = "900-12-3456"
"""What a partner must never see come back from us: an SSN of a never-issued range."""


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as made:
        yield made


@pytest_asyncio.fixture
async def adapter() -> AsyncIterator[HttpsAdapter]:
    made = HttpsAdapter(NamedSecrets({"token": b"synthetic"}), lambda: NOW)
    yield made
    await made.close()


def to(port: int, **options: str | int | bool) -> Partner:
    found = {"url": f"http://127.0.0.1:{port}/in", "allow_http": True, "allow_private": True, **options}
    return partner(Endpoint(AdapterName.HTTPS, found))


async def read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


async def refused(adapter: HttpsAdapter, target: Partner, body: bytes = b"synthetic") -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await adapter.hand_over(parcel(body), target)
    assert SECRET not in f"{failed.value} {failed.value.answer} {failed.value!r}"
    return failed.value


# --- what is told ----------------------------------------------------------------------------------------------------


async def test_the_request_tells_id_kind_count_and_digest(stack: AsyncExitStack, adapter: HttpsAdapter) -> None:
    receiver, one = Receiver(), parcel(b"body")
    await adapter.hand_over(one, to(await served(stack, receiver.answer), bearer_secret="token"))
    headers = receiver.requests[0].headers
    digest = base64.b64encode(hashlib.sha256(b"body").digest()).decode()
    assert headers["Idempotency-Key"] == f'"{one.delivery}"'
    assert headers["Gateway-Delivery"] == one.delivery
    assert headers["Gateway-Kind"] == "new-hire"
    assert headers["Gateway-Records"] == "1"
    assert headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert headers["Content-Type"] == "application/xml"
    assert headers["Content-Length"] == "4"
    assert headers["Authorization"] == "Bearer synthetic"


async def test_one_connection_serves_many_deliveries(stack: AsyncExitStack, adapter: HttpsAdapter) -> None:
    receiver = Receiver()
    target = to(await served(stack, receiver.answer))
    for number in range(5):
        await adapter.hand_over(parcel(number=number), target)
    assert (
        len({request.transport.get_extra_info("peername") for request in receiver.requests if request.transport}) == 1
    )


# --- what a partner may answer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_2xx_is_taken(stack: AsyncExitStack, adapter: HttpsAdapter, status: int) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await request.content.read()
        return web.Response(status=status)

    handover = await adapter.hand_over(parcel(), to(await served(stack, answer)))
    assert handover.answer.startswith(f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_a_passing_trouble_is_transient(stack: AsyncExitStack, adapter: HttpsAdapter, status: int) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await request.content.read()
        return web.Response(status=status, headers={"Retry-After": "7"}, text=SECRET, reason=SECRET)

    failure = await refused(adapter, to(await served(stack, answer)))
    assert isinstance(failure, Transient)
    assert failure.problem == f"http-{status}"
    assert failure.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 415, 418, 422, 451])
async def test_a_refusal_is_permanent_and_its_body_is_not_kept(
    stack: AsyncExitStack, adapter: HttpsAdapter, status: int
) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await request.content.read()
        text = f'{{"type":"https://x/{SECRET}","code":"bad-record","detail":"{SECRET}"}}'
        return web.Response(status=status, text=text, content_type="application/problem+json")

    failure = await refused(adapter, to(await served(stack, answer)))
    assert isinstance(failure, Permanent)
    assert failure.answer.endswith("bad-record")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_never_followed(
    stack: AsyncExitStack, adapter: HttpsAdapter, status: int
) -> None:
    elsewhere = Receiver()
    port = await served(stack, elsewhere.answer)

    async def answer(request: web.BaseRequest) -> web.Response:
        await request.content.read()
        return web.Response(status=status, headers={"Location": f"http://127.0.0.1:{port}/"})

    failure = await refused(adapter, to(await served(stack, answer)))
    assert isinstance(failure, Permanent)
    assert failure.problem == "http-redirect"
    assert elsewhere.requests == []


# --- partners that misbehave -----------------------------------------------------------------------------------------


async def test_a_200_that_closes_early_is_transient(adapter: HttpsAdapter) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        await writer.drain()

    async with talking(talk) as port:
        failure = await refused(adapter, to(port))
    assert (type(failure), failure.problem) == (Transient, "closed-early")


async def test_a_200_before_the_body_was_taken_is_transient(adapter: HttpsAdapter) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)

    async with talking(talk) as port:
        failure = await refused(adapter, to(port), bytes(20_000_000))
    assert isinstance(failure, Transient)
    assert failure.problem in ("answered-early", "closed-early")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
async def test_half_an_answer_is_transient(adapter: HttpsAdapter, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async with talking(talk) as port:
        assert isinstance(await refused(adapter, to(port)), Transient)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/9.9 OK\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n"]
)
async def test_an_answer_that_is_no_http_is_transient(adapter: HttpsAdapter, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async with talking(talk) as port:
        assert isinstance(await refused(adapter, to(port)), Transient)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nto the end of the connection",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    ],
)
async def test_other_ways_to_say_yes_are_taken(adapter: HttpsAdapter, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in answer:  # however it is cut
            writer.write(bytes((byte,)))
            await writer.drain()

    async with talking(talk) as port:
        assert (await adapter.hand_over(parcel(), to(port))).answer.startswith("HTTP 20")


async def test_a_partner_that_changes_the_protocol_is_transient_and_leaves_no_traceback(
    adapter: HttpsAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: synthetic\r\nConnection: Upgrade\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with talking(talk) as port:
        failure = await refused(adapter, to(port))
    assert (type(failure), failure.problem) == (Transient, "http-broken")
    assert caplog.records == []


@pytest.mark.parametrize("blanks", [b"", b" ", b" \t "])
async def test_a_wish_to_wait_counts_whatever_blanks_follow_it(adapter: HttpsAdapter, blanks: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 3600" + blanks + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with talking(talk) as port:
        failure = await refused(adapter, to(port))
    assert isinstance(failure, Transient)
    assert failure.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("head", [b"X: " + b"y" * 1_000_000, b"X: y\r\n" * 200_000])
async def test_an_answer_that_never_comes_to_its_body_is_transient(adapter: HttpsAdapter, head: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        await writer.drain()
        await reader.read()

    async with talking(talk) as port:
        failure = await refused(adapter, to(port))
    assert (type(failure), failure.problem) == (Transient, "http-broken")


@pytest.mark.parametrize(
    "rest", [b"0\r\nX: " + b"y" * 1_000_000, b"0\r\n" + b"X: y\r\n" * 200_000, b"3;" + b"x" * 1_000_000]
)
async def test_an_answer_that_never_ends_after_its_body_is_not_held(adapter: HttpsAdapter, rest: bytes) -> None:
    """Trailers without end filled the memory until the time for the delivery was over."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + rest)
        await writer.drain()
        await reader.read()

    async with talking(talk) as port:
        failure = await refused(adapter, to(port))
    assert (type(failure), failure.problem) == (Transient, "http-broken")


async def test_what_nobody_asked_for_is_not_the_answer_to_the_next_delivery(adapter: HttpsAdapter) -> None:
    """A second answer sent along with the first would be taken for that of the delivery that follows."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_request(reader)
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        writer.write(answer if connections > 1 else answer + answer)
        await writer.drain()
        await reader.read()

    async with talking(talk) as port:
        for number in range(2):
            await adapter.hand_over(parcel(number=number), to(port))
    assert connections == 2


async def test_a_connection_that_the_partner_closed_is_replaced(adapter: HttpsAdapter) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with talking(talk) as port:
        for number in range(3):
            await adapter.hand_over(parcel(number=number), to(port))
            await asyncio.sleep(0.05)


async def test_a_connection_stays_no_longer_than_servers_keep_it(
    stack: AsyncExitStack, adapter: HttpsAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEEPALIVE_SECONDS", 0.1)
    receiver = Receiver()
    target = to(await served(stack, receiver.answer))
    for number in range(2):
        await adapter.hand_over(parcel(number=number), target)
        await asyncio.sleep(0.3)
    peers = {request.transport.get_extra_info("peername") for request in receiver.requests if request.transport}
    assert len(receiver.requests) == 2
    assert len(peers) <= 1  # the first one's transport is gone


async def test_a_partner_that_hangs_up_at_once_is_transient(adapter: HttpsAdapter) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with talking(talk) as port:
        assert isinstance(await refused(adapter, to(port)), Transient)


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow"])
async def test_a_partner_that_answers_slowly_runs_into_the_time_out(adapter: HttpsAdapter, beginning: bytes) -> None:
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(beginning)
        await writer.drain()
        await over.wait()

    async with talking(talk) as port:
        started = time.monotonic()
        failure = await refused(adapter, to(port, timeout_seconds=1))
        assert time.monotonic() - started < 2.5
        over.set()
    assert (type(failure), failure.problem) == (Transient, "http-timeout")


@pytest.mark.parametrize(("status", "taken"), [(200, True), (503, False)])
async def test_a_huge_answer_is_not_read_to_its_end(adapter: HttpsAdapter, status: int, taken: bool) -> None:  # noqa: FBT001 - a column of the table
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await read_request(reader)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 10000000000\r\n\r\n".encode())
        try:
            while written < 500_000_000:
                writer.write(bytes(100_000))
                written += 100_000
                await writer.drain()
        except ConnectionError:
            pass

    async with talking(talk) as port:
        if taken:
            await adapter.hand_over(parcel(), to(port))
        else:
            assert isinstance(await refused(adapter, to(port)), Transient)
    assert written < 50_000_000


async def test_a_packed_answer_is_not_unpacked(stack: AsyncExitStack, adapter: HttpsAdapter) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await request.content.read()
        assert request.headers["Accept-Encoding"] == "identity"
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/problem+json"}
        return web.Response(status=422, body=gzip.compress(b'{"code":"' + b"a" * 50 + b'"}'), headers=headers)

    assert (await refused(adapter, to(await served(stack, answer)))).answer == "HTTP 422 Unprocessable Entity"


# --- TLS -------------------------------------------------------------------------------------------------------------


async def test_an_untrusted_certificate_is_permanent(
    stack: AsyncExitStack, adapter: HttpsAdapter, tmp_path: Path
) -> None:
    authority = trustme.CA()
    receiver, tls = Receiver(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    port = await served(stack, receiver.answer, tls)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for url, ca_file in (
        (f"https://localhost:{port}/", "other.pem"),
        (f"https://127.0.0.1:{port}/", "ca.pem"),  # trusted, but for another name
    ):
        failure = await refused(adapter, to(port, url=url, ca_file=str(tmp_path / ca_file)))
        assert (type(failure), failure.problem) == (Permanent, "tls-untrusted")
    assert receiver.requests == []


async def test_what_is_called_off_just_when_tls_came_about_leaves_the_next_attempt_alone(
    stack: AsyncExitStack, adapter: HttpsAdapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next connection gets the file descriptor of the one that was given up."""
    authority = trustme.CA()
    receiver, tls = Receiver(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    port = await served(stack, receiver.answer, tls)
    target = to(port, url=f"https://localhost:{port}/", ca_file=str(tmp_path / "ca.pem"))
    attempt = asyncio.create_task(adapter.hand_over(parcel(), target))
    came_about = Connection.connection_made

    def called_off(connection: Connection, transport: asyncio.BaseTransport) -> None:
        came_about(connection, transport)
        attempt.cancel()

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "connection_made", called_off)
        with pytest.raises(asyncio.CancelledError):
            await attempt
    await adapter.hand_over(parcel(), target)
    assert len(receiver.requests) == 1


async def test_a_partner_that_does_not_speak_tls_is_transient(stack: AsyncExitStack, adapter: HttpsAdapter) -> None:
    port = await served(stack, Receiver().answer)
    assert isinstance(await refused(adapter, to(port, url=f"https://127.0.0.1:{port}/")), Transient)


# --- where it may go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fd00:ec2::254"],
        ["93.184.216.34", "127.0.0.1"],
    ],
)
async def test_a_name_with_a_private_address_is_refused(stack: AsyncExitStack, answers: list[str]) -> None:
    receiver = Receiver()
    port = await served(stack, receiver.answer)
    adapter = HttpsAdapter(NamedSecrets({}), lambda: NOW, lambda: Names(answers))
    stack.push_async_callback(adapter.close)
    target = to(port, url=f"http://partner.example:{port}/", allow_private=False)
    failure = await refused(adapter, target)
    assert (type(failure), failure.problem) == (Permanent, "address-refused")
    assert receiver.requests == []


async def test_a_private_address_is_reached_when_it_is_allowed(stack: AsyncExitStack) -> None:
    """The control of the test above: the same name server, the guard off."""
    receiver = Receiver()
    port = await served(stack, receiver.answer)
    adapter = HttpsAdapter(NamedSecrets({}), lambda: NOW, lambda: Names(["127.0.0.1"]))
    stack.push_async_callback(adapter.close)
    await adapter.hand_over(parcel(), to(port, url=f"http://partner.example:{port}/"))
    assert len(receiver.requests) == 1


async def test_a_second_look_up_with_another_answer_is_refused_as_well(stack: AsyncExitStack) -> None:
    """DNS rebinding: public at first, ours later. The first one fails because nobody is there."""
    receiver = Receiver()
    port = await served(stack, receiver.answer)
    names = Names(["192.0.0.9"], ["127.0.0.1"])
    adapter = HttpsAdapter(NamedSecrets({}), lambda: NOW, lambda: names)
    stack.push_async_callback(adapter.close)
    url = f"http://partner.example:{port}/"
    for _ in range(2):
        failure = await refused(adapter, to(port, url=url, allow_private=False, connect_timeout_seconds=1))
    assert failure.problem == "address-refused"
    assert receiver.requests == []


# --- our own faults --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"url": "http://127.0.0.1/", "allow_private": False},
        {"bearer_secret": "not-ascii"},
        {"ca_file": "/nowhere/ca.pem"},
        {"unheard_of": 1},
    ],
)
async def test_a_wrong_setting_is_our_fault_and_not_an_attempt(options: dict[str, str | int | bool]) -> None:
    adapter = HttpsAdapter(NamedSecrets({"not-ascii": b"\xff"}), lambda: NOW)
    with pytest.raises(Unavailable):
        await adapter.hand_over(parcel(), to(1, **options))
    await adapter.close()


async def test_a_changed_endpoint_takes_effect_at_once(stack: AsyncExitStack, adapter: HttpsAdapter) -> None:
    old, new = Receiver(), Receiver()
    await adapter.hand_over(parcel(), to(await served(stack, old.answer)))
    await adapter.hand_over(parcel(), to(await served(stack, new.answer)))
    assert (len(old.requests), len(new.requests)) == (1, 1)
