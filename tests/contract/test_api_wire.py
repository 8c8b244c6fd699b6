"""The API on the wire: slow and broken clients, bytes that are no HTTP, defects of our own; nothing is echoed."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trustme
from aiohttp import web
from structlog.testing import capture_logs

from gateway.core.errors import GatewayError, Unavailable
from gateway.core.model import Page
from gateway.web.api.application import api_application
from gateway.web.edge import runner
from gateway.web.limits import Limits
from keys.states import KeyUse
from tests.contract.api_stack import running

SECRET = "900-55-1234"
QUICK = Limits(header_seconds=0.3, body_idle_seconds=0.3, lingering_seconds=0.2)


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


@pytest.fixture
async def hurried(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path, QUICK) as stack:
        yield stack


@asynccontextmanager
async def connected(stack):
    """A bare connection, closed to the end."""
    host, port = stack.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def exchange(stack, *pieces, pause=0.0):
    """Everything that the server says to these bytes until it closes (5 s at most)."""
    async with connected(stack) as (reader, writer):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            async with asyncio.timeout(5):
                return await reader.read()
        except ConnectionError:
            return b""


def head(stack, length, caller="ohio", key="k"):
    return (
        f"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.tokens[caller]}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def test_a_connection_whose_headers_never_end_is_closed(hurried):
    assert await exchange(hurried, b"GET /livez HTTP/1.1\r\nHost: x\r\n") == b""
    assert await exchange(hurried, b"GET / HTTP/1.1\r\n", *([b"X-Drip: 1\r\n"] * 10), pause=0.1) == b""


async def test_without_the_time_out_it_would_stay_open(stack):
    async with connected(stack) as (reader, writer):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(), 0.8)


async def test_a_second_request_on_a_connection_has_the_same_patience(hurried):
    async with connected(hurried) as (reader, writer):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.5)  # idle between requests is no offence
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(3):
            assert await reader.read() == b""


async def test_a_body_may_take_longer_than_headers_may(sqlite_url, tmp_path):
    limits = Limits(header_seconds=0.3, body_idle_seconds=5)
    async with running(sqlite_url, tmp_path, limits) as stack, connected(stack) as (reader, writer):
        writer.write(head(stack, 60))
        for _ in range(6):
            writer.write(b"123456789\n")
            await asyncio.sleep(0.1)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202")


async def test_a_body_that_pauses_too_long_is_given_up_and_leaves_nothing(hurried):
    answer = await exchange(hurried, head(hurried, 100), b"one\n")
    assert b" 408 " in answer.splitlines()[0]
    assert b'"code":"body-timeout"' in answer
    assert (await hurried.parts.submissions.list(None, Page())).rows == ()


@pytest.mark.parametrize(("slowest", "given_up"), [(1000, True), (1, False)])
async def test_a_body_that_drips_for_ever_is_given_up(sqlite_url, tmp_path, slowest, given_up):
    """The second case is the control: without a least rate the drip would go on."""
    limits = Limits(body_idle_seconds=0.4, slowest_body=slowest, lingering_seconds=1)
    async with running(sqlite_url, tmp_path, limits) as stack, connected(stack) as (reader, writer):
        writer.write(head(stack, 1000))
        answer = asyncio.create_task(reader.readuntil(b"\r\n"))
        for _ in range(80 if given_up else 8):  # a busy machine gives up late
            writer.write(b"x")
            if (await asyncio.wait([answer], timeout=0.1))[0]:
                break
        assert answer.done() == given_up
        assert not given_up or b" 408 " in answer.result()
        answer.cancel()


async def test_a_body_that_is_cut_off_leaves_nothing(stack):
    async with connected(stack) as (_, writer):
        writer.write(head(stack, 100) + b"one\ntwo\n")
        await writer.drain()
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.2)
    assert (await stack.parts.submissions.list(None, Page())).rows == ()
    assert (await stack.post(b"one\n", key="k")).status == 202


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + SECRET.encode() + b" NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header " + SECRET.encode() + b": 1\r\n\r\n",
        b"\x16\x03\x01" + SECRET.encode() + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + SECRET.encode(),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + SECRET.encode(),
        b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_http_get_a_problem_and_no_echo(stack, sent):
    with capture_logs() as lines:
        answer = await exchange(stack, sent)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert document["type"] in ("/problems/invalid-http", "/problems/bad-request")
    assert SECRET.encode() not in answer
    assert SECRET not in str(lines)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + SECRET.encode() * 2000, 431, "header-fields-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-" + SECRET.encode() * 2000 + b": 1", 431, "header-fields-too-large"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)), 431, "header-fields-too-large"),
        (b"GET /" + SECRET.encode() * 2000 + b" HTTP/1.1\r\nHost: x", 414, "target-too-long"),
    ],
)
async def test_a_head_that_is_too_long_is_told_which_part_of_it_is(stack, sent, status, code):
    with capture_logs() as lines:
        answer = await exchange(stack, sent + b"\r\n\r\n")
    assert answer.split()[1] == b"%d" % status
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == code
    assert SECRET.encode() not in answer
    assert SECRET not in str(lines)


def waiting(stack, length, token=None):
    """The head of a post whose body comes only after 100."""
    more = b"Expect: 100-continue\r\n\r\n"
    plain = head(stack, length).removesuffix(b"\r\n") + more
    return plain if token is None else re.sub(rb"Bearer [^\r]+", b"Bearer " + token.encode(), plain)


@pytest.mark.parametrize(
    ("caller", "length", "status"),
    [("stranger", 5, 401), ("reader", 5, 403), ("ohio", 10**9, 413)],
    ids=["key", "scope", "size"],
)
async def test_whoever_waits_with_its_body_is_told_at_once_that_nobody_wants_it(hurried, caller, length, status):
    token = hurried.tokens.get(caller, "gw_none")
    answer = await exchange(hurried, waiting(hurried, length, token))
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert b"connection: close" in answer.lower()


async def test_whoever_waits_with_its_body_is_told_to_go_on_once_it_is_let_in(stack):
    async with connected(stack) as (reader, writer):
        writer.write(waiting(stack, 8))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"one\ntwo\n")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202")


async def test_whoever_sends_its_body_without_waiting_is_not_told_to(stack):
    async with connected(stack) as (reader, writer):
        writer.write(waiting(stack, 8) + b"one\ntwo\n")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202")


async def test_every_answer_carries_its_request_id_and_the_safe_headers(stack):
    for caller, method, path in (
        ("ohio", "GET", "/v1/submissions"),
        (None, "GET", "/v1/submissions"),
        ("ohio", "GET", f"/{SECRET}"),
        ("ohio", "PUT", "/v1/submissions"),
        (None, "GET", "/docs"),
    ):
        answer = await stack.call(caller, method, path)
        uuid.UUID(answer.headers["X-Request-Id"])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert SECRET.encode() not in answer.body
        if answer.status >= 400:
            assert answer.json["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"


async def test_a_wrong_method_is_told_the_right_ones(stack):
    answer = await stack.call("ohio", "PUT", "/v1/submissions")
    assert (answer.status, answer.json["code"]) == (405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(",")) == {"GET", "POST"}


class Broken:
    """A store that fails as it was told to."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def list(self, *_args):
        raise self._error


@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), GatewayError(SECRET)])
async def test_a_defect_of_ours_tells_the_request_id_and_nothing_else(sqlite_url, tmp_path, error):
    async with running(sqlite_url, tmp_path, change=lambda parts: replace(parts, submissions=Broken(error))) as stack:
        with capture_logs() as lines:
            answer = await stack.call("ohio", "GET", "/v1/submissions")
        assert (answer.status, answer.json["code"]) == (500, "internal")
        assert answer.json["detail"] == answer.json["title"]
        assert SECRET not in answer.body.decode() + str(lines)
        (line,) = [one for one in lines if one["event"].startswith("request.")]
        assert line["request"] == answer.headers["X-Request-Id"]


async def test_a_store_that_is_away_is_503_with_retry_after(sqlite_url, tmp_path):
    broken = Broken(Unavailable("The store does not answer.", code="store-unavailable"))
    async with running(sqlite_url, tmp_path, change=lambda parts: replace(parts, submissions=broken)) as stack:
        answer = await stack.call("ohio", "GET", "/v1/submissions")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert (answer.json["type"], answer.json["code"]) == ("/problems/store-unavailable", "store-unavailable")


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        (b'{"token":1,"token":2}', "application/json", 400, "invalid-json"),
        (b"{", "application/json", 400, "invalid-json"),
        (b'{"token":NaN}', "application/json", 400, "invalid-json"),
        (b'{"token":"\xff"}', "application/json", 400, "invalid-json"),
        (b"[" * 20_000, "application/json", 400, "invalid-json"),
        (b"1" * 6_000, "application/json", 400, "invalid-json"),
        (b" " * 70_000, "application/json", 413, "too-large"),
        (b"[]", "application/json", 422, "invalid-members"),
        (b'{"token":"' + SECRET.encode() + b'"}', "application/json", 422, "invalid-members"),
        (b'{"' + SECRET.encode() + b'":1}', "application/json", 422, "invalid-members"),
        (b"token=1", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
    ],
)
async def test_a_document_that_is_not_what_it_should_be_is_refused_without_echo(stack, body, media_type, status, code):
    answer = await stack.call("pat", "POST", "/v1/replays", data=body, Content_Type=media_type)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert SECRET not in answer.body.decode()


async def test_liveness_asks_nobody_and_readiness_asks_all(sqlite_url, tmp_path):
    async def away():
        raise Unavailable("No.", code="broker-down")

    async def defect():
        raise RuntimeError(SECRET)

    async def hangs():
        await asyncio.sleep(60)

    async def well():
        pass

    checks = {"broker": away, "keys": defect, "disk": hangs, "store": well}
    async with running(sqlite_url, tmp_path, change=lambda parts: replace(parts, checks=checks)) as stack:
        assert (await stack.call(None, "GET", "/livez")).body == b"ok\n"
        with capture_logs():
            answer = await stack.call(None, "GET", "/readyz?verbose")
        assert answer.status == 503
        expected = {"broker": "broker-down", "keys": "internal", "disk": "timeout", "store": "ok", "admission": "ok"}
        assert answer.json == {"ready": False, "checks": expected}


async def test_a_ready_gateway_says_so(stack):
    answer = await stack.call(None, "GET", "/readyz")
    assert (answer.status, answer.json) == (200, {"ready": True, "checks": {}})
    assert (await stack.call(None, "HEAD", "/livez")).status == 200
    assert (await stack.call(None, "GET", "/version")).json == {"version": "1.2.3"}


async def test_rules_and_problems_have_pages(stack):
    assert (await stack.call(None, "GET", "/v1/rules/T-BAD")).json["fix"] == "Write a good line."
    assert [row["code"] for row in (await stack.call(None, "GET", "/v1/rules")).json["rows"]] == ["T-BAD"]
    assert (await stack.call(None, "GET", "/v1/rules/T-NONE")).status == 404
    page = await stack.call(None, "GET", "/problems/idempotency-mismatch")
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"fresh key" in page.body
    assert (await stack.call(None, "GET", f"/problems/{SECRET}")).status == 404


async def test_the_reference_loads_nothing_from_elsewhere(stack):
    page = (await stack.call(None, "GET", "/docs")).body.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert (await stack.call(None, "GET", "/docs/reference.css")).headers["Content-Type"].startswith("text/css")


async def test_the_openapi_document_is_served(stack):
    document = (await stack.call(None, "GET", "/openapi.json")).json
    assert document["openapi"] == "3.1.1"
    assert "/v1/submissions/{id}" in document["paths"]


async def test_over_tls_browsers_are_told_to_stay_there(stack):
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    served = runner(api_application(stack.parts), Limits(), shutdown_seconds=1)
    await served.setup()
    try:
        await web.TCPSite(served, "127.0.0.1", 0, ssl_context=server).start()
        address = f"https://localhost:{served.addresses[0][1]}/livez"
        async with stack.session.get(address, ssl=client) as response:
            assert response.headers["Strict-Transport-Security"] == "max-age=63072000"
        assert "Strict-Transport-Security" not in (await stack.call(None, "GET", "/livez")).headers
    finally:
        await served.cleanup()


async def test_the_algorithms_in_use_are_told_to_everybody_with_their_deadlines(stack):
    answer = await stack.call(None, "GET", "/about/crypto")
    uses = {row["use"] for row in answer.json["rows"]}
    assert uses >= {use.value for use in KeyUse}, "every use of a key has its algorithm"
    assert {row["until"] for row in answer.json["rows"] if "ECDSA P-256" in row["algorithm"]} == {
        "2035 (NIST IR 8547 draft)"
    }
