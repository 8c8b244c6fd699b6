"""The line of queries, without the desk: whom it trusts, where it may go, and what it says of itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
import trustme
from aiohttp import web

from adapters.queries import HttpsLine
from gateway.core.disclosure import CASE_STATUS
from gateway.core.errors import Unavailable
from gateway.core.model import Digest, Partner
from gateway.core.ports.queries import Asked, QueryId
from gateway.core.query_errors import AnswerUnfit, PartnerDown
from tests.contract.query_stack import answering
from tests.contract.test_adapter_contract import NOW, NamedSecrets, served
from tests.contract.test_adapter_https import Names, read_request
from tests.servers.raw import talking
from tests.unit.guarding import cleared
from tests.unit.status_records import IOWA, OHIO, party

ASKED = Asked(QueryId("q-1"), OHIO, CASE_STATUS, b"<a/>", Digest("00" * 32), "application/xml", cleared("q-1", OHIO))


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as made:
        yield made


@pytest_asyncio.fixture
async def line() -> AsyncIterator[HttpsLine]:
    made = HttpsLine(NamedSecrets({"token": b"synthetic"}), lambda: NOW)
    yield made
    await made.close()


def to(port: int, **options: str | int | bool) -> Partner:
    return party(IOWA, "19", answering(port, **options))


async def answer(request: web.BaseRequest) -> web.Response:
    return web.Response(text=request.headers.get("Authorization", "none"))


async def test_a_partner_is_asked_under_tls_of_the_authority_that_its_file_names(
    stack: AsyncExitStack, line: HttpsLine, tmp_path: Path
) -> None:
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    port = await served(stack, answer, tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    named = {"url": f"https://localhost:{port}/", "bearer_secret": "token"}
    assert (await line.ask(ASKED, to(port, ca_file=str(tmp_path / "ca.pem"), **named))).body == b"Bearer synthetic"
    with pytest.raises(AnswerUnfit) as untrusted:
        await line.ask(ASKED, to(port, ca_file=str(tmp_path / "other.pem"), **named))
    assert (untrusted.value.problem, untrusted.value.reached) == ("tls-untrusted", False)


async def test_a_name_that_leads_into_our_own_network_is_not_followed(stack: AsyncExitStack) -> None:
    port = await served(stack, answer)
    line = HttpsLine(NamedSecrets({}), lambda: NOW, lambda: Names(["169.254.169.254"]))
    stack.push_async_callback(line.close)
    url = f"http://partner.example:{port}/"
    with pytest.raises(AnswerUnfit) as refused:
        await line.ask(ASKED, to(port, url=url, allow_private=False))
    assert refused.value.problem == "address-refused"
    inside = HttpsLine(NamedSecrets({}), lambda: NOW, lambda: Names(["127.0.0.1"]))
    stack.push_async_callback(inside.close)
    assert (await inside.ask(ASKED, to(port, url=url))).body == b"none"


@pytest.mark.parametrize(
    "rest",
    [
        b"Transfer-Encoding: chunked\r\n\r\n4\r\n<a/>\r\n0\r\nContent-Type: application/xml\r\n\r\n",
        b"Content-Length: 4\r\n\r\n<a/>HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["a trailer", "a second answer"],
)
async def test_what_comes_after_an_answer_says_nothing_of_it(line: HttpsLine, rest: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + rest)
        await writer.drain()

    async with talking(talk) as port:
        assert (await line.ask(ASKED, to(port))).media_type == "text/plain"


async def test_a_changed_address_counts_at_once(stack: AsyncExitStack, line: HttpsLine) -> None:
    with pytest.raises(PartnerDown):
        await line.ask(ASKED, to(1))
    assert (await line.ask(ASKED, to(await served(stack, answer)))).body == b"none"


async def test_a_wrong_setting_is_our_fault_and_its_words_stay_inside(line: HttpsLine) -> None:
    for wrong in (
        {"unheard_of": 1},
        {"ca_file": "/nowhere/ca.pem"},
        {"url": "http://127.0.0.1/", "allow_private": False},
    ):
        with pytest.raises(Unavailable) as caught:
            await line.ask(ASKED, to(1, **wrong))
        assert caught.value.problem == "endpoint-option"
        assert not any(str(value) in caught.value.detail for value in wrong.values() if isinstance(value, str))
    with pytest.raises(Unavailable):
        await line.ask(ASKED, party(IOWA, "19"))
