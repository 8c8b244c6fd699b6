"""Tables of what attackers write where an address, a name or a key is expected: nothing of it gets anywhere."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from yarl import URL

from adapters.folder import FolderAdapter
from adapters.https import HttpsAdapter
from gateway.core.errors import DeliveryFailed, GatewayError, Misconfigured
from gateway.core.model import AdapterName, Endpoint, Page
from gateway.foundation import SecretFolder
from gateway.web.limits import Limits
from tests.contract.api_stack import running
from tests.contract.name_server import Names
from tests.contract.test_adapter_contract import NOW, NamedSecrets, Receiver, parcel, partner, served
from tests.contract.test_adapter_https import to
from tests.servers.raw import talking
from tests.unit.test_adapter_options import PRIVATE_URLS

# --- addresses -------------------------------------------------------------------------------------------------------

PUBLIC = "93.184.216.34"
RESOLVED: Mapping[str, list[str]] = {
    "loopback": ["127.0.0.1"],
    "loopback elsewhere": ["127.9.9.9"],
    "any": ["0.0.0.0"],  # noqa: S104 - an answer of a name server
    "private": ["10.1.2.3"],
    "metadata": ["169.254.169.254"],
    "metadata by IPv6": ["fd00:ec2::254"],
    "loopback by IPv6": ["::1"],
    "mapped": ["::ffff:127.0.0.1"],
    "mapped metadata": ["::ffff:169.254.169.254"],
    "translated": ["64:ff9b::7f00:1"],
    "tunnelled": ["2002:7f00:1::"],
    "link": ["fe80::1"],
    "the second of two": [PUBLIC, "127.0.0.1"],
    "the first of two": ["127.0.0.1", PUBLIC],
}
"""What a name server answers for a partner's name."""
BESIDE = [
    "http://user@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@127.0.0.1:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
]


def endings(port):
    """Every address of the tables, on the port where something listens that must not be reached."""
    for url in PRIVATE_URLS:
        yield url, str(URL(url).with_scheme("http").with_port(port)) if _parses(url) else url, [PUBLIC]
    for url in BESIDE:
        yield url, url.format(port=port), [PUBLIC]
    for name, answers in RESOLVED.items():
        yield name, f"http://partner.example:{port}/", answers


def _parses(url):
    try:
        URL(url).with_port(1)
    except ValueError:
        return False
    return True


async def attempt(stack, url, answers, *, private):
    adapter = HttpsAdapter(NamedSecrets({}), lambda: NOW, lambda: Names(answers))
    stack.push_async_callback(adapter.close)
    options = {"url": url, "allow_private": private, "allow_http": True, "connect_timeout_seconds": 1}
    try:
        await adapter.hand_over(parcel(), partner(Endpoint(AdapterName.HTTPS, options)))
    except (DeliveryFailed, GatewayError) as failure:
        return failure.problem
    return None


@pytest.mark.claim("A38", control="test_control_without_the_guard_the_same_addresses_are_reached")
async def test_no_address_of_our_own_network_is_reached(claim):
    async with AsyncExitStack() as stack:
        receiver = Receiver()
        cases = list(endings(await served(stack, receiver.answer)))
        for name, url, answers in cases:
            problem = await attempt(stack, url, answers, private=False)
            assert problem in ("address-refused", "endpoint-option"), (name, problem)
        assert receiver.requests == []
    assert len(cases) >= 60
    claim.measured(f"addresses: 0 of {len(cases)} reached")


async def test_control_without_the_guard_the_same_addresses_are_reached():
    async with AsyncExitStack() as stack:
        receiver = Receiver()
        cases = [case for case in endings(await served(stack, receiver.answer)) if case[2][0] == "127.0.0.1"]
        for _, url, answers in cases:
            assert await attempt(stack, url, answers, private=True) is None
        assert len(receiver.requests) == len(cases) >= 2


async def test_a_name_is_looked_up_once_for_a_connection_and_that_address_is_used():
    """Pinned: between the look and the connection no second answer can come in."""
    async with AsyncExitStack() as stack:
        receiver = Receiver()
        port = await served(stack, receiver.answer)
        names = Names(["127.0.0.1"], ["192.0.2.1"])
        adapter = HttpsAdapter(NamedSecrets({}), lambda: NOW, lambda: names)
        stack.push_async_callback(adapter.close)
        await adapter.hand_over(parcel(), to(port, url=f"http://partner.example:{port}/"))
        assert names.answers == [["192.0.2.1"]]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_into_our_network_is_not_followed(status):
    async with AsyncExitStack() as stack:
        inside = Receiver()
        port = await served(stack, inside.answer)

        async def redirects(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 %d X\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % (status, port)
            )
            await writer.drain()

        outside = await stack.enter_async_context(talking(redirects))
        assert await attempt(stack, f"http://127.0.0.1:{outside}/", [PUBLIC], private=True) is not None
        assert inside.requests == []


# --- names of files --------------------------------------------------------------------------------------------------

MARK = b"must never be read"
NAMES = [
    "../outside", "../../outside", "..", ".", "./../outside", "a/../../outside", "..\\outside", "..\\..\\outside",
    "%2e%2e/outside", "%2e%2e%2foutside", "..%2foutside", "..%5coutside", "%252e%252e%252foutside", "..%c0%afoutside",
    "..%00/outside", "outside%00.txt", "outside\0", "..\0/outside", "/outside", "//outside", "///outside",
    "C:\\outside",
    "\\\\host\\outside", "file:///outside", "....//outside", "..;/outside", ".../outside", "~/outside", "~root/outside",
    "$HOME/outside", "`id`", "$(id)", "|id", "-rf", "outside\r\nX: 1", "\u202eoutside", "\uff0e\uff0e/outside",
    "a" * 255,
    "a" * 5_000, "\udcff", "con", "outside ", ".outside", "*",
]  # fmt: skip


def laid_out(folder):
    """A folder with something beside it that must not be reached from inside."""
    inside = folder / "a" / "inside"
    inside.mkdir(parents=True)
    for place in (folder, folder / "a"):
        (place / "outside").write_bytes(MARK)
    (inside / "token").write_bytes(b"inside")
    return inside


def secret(inside, name):
    try:
        return SecretFolder(inside).secret(name)
    except Misconfigured:
        return None


@pytest.mark.claim("A38", control="test_control_a_name_that_is_joined_without_a_look_gets_outside")
async def test_no_name_leads_out_of_its_folder(sqlite_url, tmp_path, claim):
    inside = laid_out(tmp_path / "files")
    adapter = FolderAdapter(os.urandom, inside)
    before = sorted(tmp_path.rglob("*"))
    async with running(sqlite_url, tmp_path / "api") as stack:
        for name in NAMES:
            assert secret(inside, name) is None, name
            target = partner(Endpoint(AdapterName.FOLDER, {"directory": f"{inside}/{name}"}))
            if name.strip("./"):
                with pytest.raises(GatewayError):
                    await adapter.hand_over(parcel(), target)
            quoted = URL.build(path=f"/v1/log/{name}".replace("\udcff", "?")).raw_path
            answer = await stack.call(None, "GET", quoted)
            assert answer.status in (400, 404), name
            assert MARK not in answer.body, name
    written = [path for path in tmp_path.rglob("*") if path.parent == inside or "files" in path.parts]
    assert [path for path in written if path not in before] == []
    assert len(NAMES) >= 40
    claim.measured(f"names of files: 0 of {len(NAMES)} get outside")


def test_control_a_name_that_is_joined_without_a_look_gets_outside(tmp_path):
    inside = laid_out(tmp_path)
    read = [name for name in NAMES if _joined(inside, name) == MARK]
    assert {"../outside", "a/../../outside"} & set(read)


def _joined(inside, name):
    try:
        return Path(os.path.normpath(f"{inside}/{name}")).read_bytes()
    except (OSError, ValueError):
        return None


# --- repeats ---------------------------------------------------------------------------------------------------------


AT_ONCE = 20
"""Submissions whose commits are shared."""
HOW = ("again", "at once", "other bytes", "quoted", "another format", "cut off", "another caller")


async def repeat(stack, how, lines, number):
    """One submission of so many lines, repeated in some way: whether the answers are as they should be."""
    key, body = f"key-{number}", f"line {number}\n".encode() * lines
    first = await stack.post(body, key=key)
    assert first.status == 202
    caller = "iowa" if how == "another caller" else "ohio"
    sent = body + b"x" if how == "other bytes" else body[:-1] if how == "cut off" else body
    spelled = f'"{key}"' if how == "quoted" else key
    media = {"Content_Type": "text/csv; header=present"} if how == "another format" else {}
    times = 4 if how == "at once" else 1
    answers = await asyncio.gather(
        *(stack.post(sent, key=spelled, caller=caller, path=_path(how), **media) for _ in range(times))
    )
    if how in ("other bytes", "cut off"):
        return all((one.status, one.json["code"]) == (422, "idempotency-mismatch") for one in answers)
    if how == "another caller":
        return answers[0].status == 202 and answers[0].body != first.body
    return all(one.status == 202 and one.body == first.body for one in answers)


def _path(how):
    return "/v1/submissions?format=csv-a" if how == "another format" else "/v1/submissions"


@pytest.mark.claim("A38", control="test_control_under_fresh_keys_repeats_are_new_submissions")
async def test_no_repeat_is_taken_twice(sqlite_url, tmp_path, claim):
    dice, number = claim.dice(), claim.size(push=120, night=5_000)
    async with running(sqlite_url, tmp_path, Limits(rate_per_second=None)) as stack:  # its clock stands still
        for start in range(0, number, AT_ONCE):
            drawn = ((dice.choice(HOW), dice.randint(1, 3), n) for n in range(start, min(start + AT_ONCE, number)))
            assert all(await asyncio.gather(*(repeat(stack, *case) for case in drawn)))
        assert await submissions(stack, "ohio") == number
    claim.measured(f"repeats: 0 of {number} taken twice")


async def submissions(stack, caller):
    seen, page = 0, Page(limit=500)
    while True:
        found = await stack.parts.submissions.list(caller, page)
        seen += len(found.rows)
        if found.next is None:
            return seen
        page = Page(limit=500, cursor=found.next)


async def test_control_under_fresh_keys_repeats_are_new_submissions(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        for number in range(2):
            assert (await stack.post(b"line\n", key=f"fresh-{number}")).status == 202
        assert await submissions(stack, "ohio") == 2
