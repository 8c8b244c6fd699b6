"""Only computers of the agency's get to the console: real certificates, real TLS, and what a proxy tells."""

from __future__ import annotations

import base64
import hashlib
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from ipaddress import ip_network

import aiohttp
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.console_setup import asking
from gateway.core.errors import Conflict, Misconfigured
from gateway.core.model import Actor
from gateway.core.ports.accounts import Session
from gateway.core.ports.devices import Device, Lost
from gateway.settings import Console, Tls
from gateway.tls import server_context
from gateway.web.console.devices import NOTHING, Asking
from tests.contract.console_site import PASSWORD, log_in, running, token

EC = trustme.KeyType.ECDSA
LOOPBACK, ELSEWHERE = ip_network("127.0.0.0/8"), ip_network("192.0.2.0/24")
SETUP = Actor("operator", "setup")


@dataclass(frozen=True)
class Computer:
    """A computer with a certificate, or without."""

    leaf: trustme.LeafCert | None
    context: ssl.SSLContext

    @property
    def der(self) -> bytes:
        assert self.leaf is not None
        return x509.load_pem_x509_certificate(self.leaf.cert_chain_pems[0].bytes()).public_bytes(Encoding.DER)

    @property
    def thumbprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def told(self):
        """The field in which a proxy tells the certificate (RFC 9440)."""
        return {"Client-Cert": f":{base64.b64encode(self.der).decode()}:"}


@cache
def authority(name):
    return trustme.CA(key_type=EC, organization_name=name)


@cache
def computer(name, issuer="agency"):
    """``name`` None: one that shows nothing."""
    context = ssl.create_default_context()
    authority("servers").configure_trust(context)
    leaf = None if name is None else authority(issuer).issue_cert(f"{name}.agency.example", key_type=EC)
    if leaf is not None:
        leaf.configure_cert(context)
    return Computer(leaf, context)


NOBODY = computer(None)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The console's settings and the listener's certificate, in files as a site has them."""
    where = tmp_path_factory.mktemp("devices")
    own = authority("servers").issue_cert("127.0.0.1", key_type=EC)
    own.private_key_pem.write_to_path(where / "key.pem")
    own.cert_chain_pems[0].write_to_path(where / "certificate.pem")
    authority("agency").cert_pem.write_to_path(where / "devices.pem")
    return Console(device_ca=where / "devices.pem"), Tls(certificate=where / "certificate.pem", key=where / "key.pem")


@pytest.fixture
async def site(sqlite_url, files):
    """A console that asks, and an account that may log in."""
    chosen, tls = files
    context = server_context(tls, authorities=chosen.device_ca)
    async with running(sqlite_url, asking=asking(chosen), context=context, secure=True) as site:
        await site.operator("pat")
        yield site


@pytest.fixture
async def lax(sqlite_url, files):
    """The same console with the safeguard off."""
    _, tls = files
    async with running(sqlite_url, asking=asking(Console()), context=server_context(tls), secure=True) as site:
        await site.operator("pat")
        yield site


@asynccontextmanager
async def browser(site, which, cookies=None):
    connector = aiohttp.TCPConnector(ssl=which.context)
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies(cookies or {})
    async with aiohttp.ClientSession(site.url, connector=connector, cookie_jar=jar) as client:
        yield client


async def said(client, path="/", **options):
    """Status and words of a page."""
    answer = await client.get(path, allow_redirects=False, **options)
    return answer.status, await answer.text()


async def entries(site, action="operator."):
    found = await site.parts.audit.unsequenced(100)
    return [(e.action, e.outcome, e.details.get("device")) for e in found if e.action.startswith(action)][1:]


def stolen(client):
    return {one.key: one.value for one in client.cookie_jar}


async def outsiders_see(site):
    """What a computer without a certificate, and one of another authority, get of the login page and of a right
    password."""
    async with browser(site, NOBODY) as client:
        status, page = await said(client, "/login")
        form = {"name": "pat", "password": PASSWORD, "csrf": "a" * 64}
        cookies = {"__Host-gw-login": "a" * 64}
        posted = await client.post("/login", data=form, cookies=cookies, allow_redirects=False)
    try:
        async with browser(site, computer("stranger", "others")) as client:
            other = (await said(client, "/login"))[0]
    except aiohttp.ClientError:
        other = None
    return status, "device-missing" in page, posted.status, other


@pytest.mark.claim("O04", control="test_without_the_setting_every_computer_gets_in")
async def test_a_computer_that_is_not_the_agencys_gets_in_nowhere_and_is_told_what_to_do(site, claim):
    async with browser(site, NOBODY) as client:
        for path in ("/", "/login", "/records", "/login/provider", "/login/provider/back?code=a&state=b"):
            status, page = await said(client, path)
            assert (status, "device-missing" in page, "Use such a computer" in page) == (403, True, True), path
            assert 'name="password"' not in page
        style = page.split('rel="stylesheet" href="', 1)[1].split('"', 1)[0]
        assert (await said(client, style))[0] == 200, "the page says it in the console's own clothes"
    assert await outsiders_see(site) == (403, True, 403, None)
    assert await entries(site) == [("operator.refused", "device-missing", None)]
    claim.measured("no page but the one that says what to do; a right password is not looked at")


async def test_without_the_setting_every_computer_gets_in(lax):
    assert await outsiders_see(lax) == (200, False, 303, 200)
    assert ("operator.login", "ok", None) in await entries(lax)


async def test_a_computer_of_the_agencys_gets_in_and_the_entry_of_the_login_names_it(site):
    laptop = computer("laptop")
    async with browser(site, laptop) as client:
        assert (await log_in(client, "pat", "wrong password")).status == 401
        assert (await log_in(client, "pat")).status == 303
        assert laptop.thumbprint in (await said(client, "/account"))[1]
    assert await entries(site) == [
        ("operator.refused", "refused", laptop.thumbprint),
        ("operator.login", "ok", laptop.thumbprint),
    ]


async def taken_elsewhere(site, thief):
    """What a cookie opens on another computer, and afterwards on its own."""
    async with browser(site, computer("laptop")) as client:
        assert (await log_in(client, "pat")).status == 303
        assert (await said(client))[0] == 200
        async with browser(site, thief, stolen(client)) as other:
            there = await said(other)
        return there, (await said(client))[0]


@pytest.mark.parametrize(("thief", "why"), [(computer("desktop"), "device-other"), (NOBODY, "device-missing")])
async def test_a_session_ends_when_another_computer_shows_its_cookie(site, thief, why):
    (status, page), back = await taken_elsewhere(site, thief)
    assert (status, why in page, back) == (403, True, 303)
    assert ("operator.logout", why, None) in await entries(site)


async def test_without_the_setting_a_stolen_cookie_is_good_anywhere(lax):
    """The control."""
    (status, _), back = await taken_elsewhere(lax, computer("desktop"))
    assert (status, back) == (200, 200)


async def bind(site, which, name="pat"):
    entry = site.parts.scribe.entry(SETUP, "operator.device", f"operator:{name}", "bound")
    return await site.parts.devices.add(Device(name, which.thumbprint, "laptop 17", site.clock()), entry)


async def test_a_bound_account_is_refused_on_other_computers_before_its_password_is_looked_at(site):
    laptop, desktop = computer("laptop"), computer("desktop")
    async with browser(site, desktop) as elsewhere, browser(site, laptop) as own:
        assert (await log_in(elsewhere, "pat")).status == 303, "the control: not bound yet"
        assert (await log_in(own, "pat")).status == 303
        assert await bind(site, laptop) == 1
        assert ((await said(elsewhere))[0], (await said(own))[0]) == (303, 200), "the login elsewhere has ended"
        for password in (PASSWORD, "wrong password"):
            answer = await log_in(elsewhere, "pat", password)
            assert (answer.status, "device-unbound" in await answer.text()) == (403, True)
        assert "laptop 17" in (await said(own, "/account"))[1]
        entry = site.parts.scribe.entry(SETUP, "operator.device", "operator:pat", "unbound")
        assert await site.parts.devices.remove("pat", laptop.thumbprint, entry) == 1
        assert await site.parts.devices.remove("pat", laptop.thumbprint, entry) is None
        assert (await said(own))[0] == 303
        assert (await log_in(elsewhere, "pat")).status == 303, "bound to none: any of the agency's will do"
    refused = [one for one in await entries(site) if one[0] == "operator.refused"]
    assert refused == [("operator.refused", "device-unbound", desktop.thumbprint)] * 2


async def test_from_a_lost_computer_nobody_gets_in_and_its_logins_end(site):
    laptop, desktop = computer("laptop"), computer("desktop")
    await site.operator("ann")
    entry = partial(site.parts.scribe.entry, SETUP, "device.lost", f"device:{laptop.thumbprint}")
    async with browser(site, laptop) as away, browser(site, laptop) as fresh, browser(site, desktop) as other:
        assert (await log_in(away, "pat")).status == (await log_in(other, "pat")).status == 303, "the control"
        lost = Lost(laptop.thumbprint, "left in a train", site.clock())
        assert await site.parts.devices.lose(lost, entry()) == 1
        assert ((await said(away))[0], (await said(other))[0]) == (303, 200)
        for name in ("pat", "ann"):
            answer = await log_in(fresh, name)
            assert (answer.status, "device-lost" in await answer.text()) == (403, True)
        with pytest.raises(Conflict):
            await site.parts.devices.lose(lost, entry())
        assert [one.reason for one in await site.parts.devices.lost()] == ["left in a train"]
        assert await site.parts.devices.recover(laptop.thumbprint, entry())
        assert not await site.parts.devices.recover(laptop.thumbprint, entry())
        assert (await log_in(fresh, "ann")).status == 303


async def test_a_session_that_is_opened_while_its_computer_is_lost_or_its_account_bound_elsewhere_opens_nothing(site):
    """As if a login had begun the moment before."""
    laptop, desktop = computer("laptop"), computer("desktop")
    entry = partial(site.parts.scribe.entry, SETUP, "operator.login", "operator:pat")
    now = site.clock()
    for number, (which, opens) in enumerate([(desktop, True), (laptop, False), (NOTHING, False)]):
        if number == 1:
            await site.parts.devices.lose(Lost(laptop.thumbprint, "left in a train", now), entry())
        if number == 2:
            await bind(site, desktop)
        digest = bytes([number]) * 32
        shown = which.thumbprint
        await site.parts.operators.open_session(Session(digest, "pat", "csrf", now, now, now, shown), entry())
        found = await site.parts.operators.session(digest, now, now, now)
        assert (found is not None, await site.parts.operators.lives(digest)) == (opens, opens), number


async def test_guessing_at_bound_accounts_locks_and_nobody_is_bound_twice(site):
    await bind(site, computer("laptop"))
    with pytest.raises(Conflict):
        await bind(site, computer("laptop"))
    async with browser(site, computer("desktop")) as client:
        assert [(await log_in(client, "pat")).status for _ in range(4)] == [403, 403, 403, 429]


async def test_an_admin_sees_which_accounts_are_bound_to_what(site):
    await site.operator("ann", "admin")
    await bind(site, computer("laptop"))
    async with browser(site, computer("laptop")) as client:
        await log_in(client, "ann")
        page = (await said(client, "/accounts"))[1]
        assert (page.count("laptop 17"), "any of the agency" in page) == (1, True)
        csrf = await token(client)
        assert (await client.post("/logout", data={"csrf": csrf}, allow_redirects=False)).status == 303


async def through(site, which, **more):
    async with aiohttp.ClientSession(site.url) as client:
        status, page = await said(client, "/login", headers=which.told() | more)
    return status, next((code for code in ("device-missing", "device-certificate") if code in page), None)


async def test_a_proxy_of_ours_tells_the_certificate_and_nobody_else_can(sqlite_url, files):
    read = asking(files[0]).read
    async with running(sqlite_url, asking=Asking(read, (LOOPBACK,))) as site:
        assert await through(site, computer("laptop")) == (200, None)
        assert await through(site, computer("stranger", "others")) == (403, "device-certificate")
        async with aiohttp.ClientSession(site.url) as client:
            assert "device-missing" in (await said(client, "/login"))[1]
    async with running(sqlite_url, asking=Asking(read, (ELSEWHERE,))) as site:
        assert await through(site, computer("laptop")) == (403, "device-certificate")
    async with running(sqlite_url, asking=Asking(None, (LOOPBACK,))) as site:
        assert await through(site, computer("stranger", "others")) == (200, None), "the control: nobody asks"


@pytest.mark.claim("F08", control="test_without_networks_people_come_from_anywhere")
async def test_from_other_networks_nobody_gets_to_the_console(sqlite_url, claim):
    assert await comes_from(sqlite_url, "192.0.2.7", networks=(ELSEWHERE,)) == (200, False)
    for address in ("198.51.100.7", "127.0.0.1", "no address", "::ffff:198.51.100.7"):
        assert await comes_from(sqlite_url, address, networks=(ELSEWHERE,)) == (403, True), address
    assert await comes_from(sqlite_url, "192.0.2.7", proxies=(), networks=(ELSEWHERE,)) == (403, True), (
        "no proxy of ours"
    )
    claim.measured("0 of 5 addresses outside let in")


async def test_without_networks_people_come_from_anywhere(sqlite_url):
    assert await comes_from(sqlite_url, "198.51.100.7") == (200, False)


async def comes_from(url, address, proxies=(LOOPBACK,), networks=()):
    """The login page as somebody at this address gets it through the proxy: its status, and whether it says why."""
    settings = Console(proxies=[str(one) for one in proxies], networks=[str(one) for one in networks])
    async with running(url, asking=asking(settings)) as site, aiohttp.ClientSession(site.url) as client:
        status, page = await said(client, "/login", headers={"X-Forwarded-For": address})
    return status, "device-network" in page


async def test_failed_logins_behind_a_proxy_count_for_the_address_that_it_tells(sqlite_url):
    async with running(sqlite_url, asking=Asking(None, (LOOPBACK,)), bad_attempts_of_address=1) as site:
        await site.operator("pat")
        async with aiohttp.ClientSession(site.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            client.headers["X-Forwarded-For"] = "192.0.2.7"
            assert [(await log_in(client, f"guess-{n}", "wrong")).status for n in range(2)] == [401, 429]
            client.headers["X-Forwarded-For"] = "192.0.2.8"
            assert (await log_in(client, "pat")).status == 303


def issued(key=None, uses=ExtendedKeyUsageOID.CLIENT_AUTH):
    """A certificate by the agency's authority that trustme would not make."""
    ca = authority("agency")
    signer = load_pem_private_key(ca.private_key_pem.bytes(), None)
    name = x509.load_pem_x509_certificate(ca.cert_pem.bytes()).subject
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(name, name, key or signer.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([uses]), critical=False)
        .sign(signer, hashes.SHA256())
    )


def test_only_a_certificate_for_clients_by_an_authority_of_the_file_is_read(files, tmp_path):
    read = asking(files[0]).read
    assert read is not None
    assert read(computer("laptop").der).thumbprint == computer("laptop").thumbprint
    assert read(issued().public_bytes(Encoding.DER)), "the control: made as the unfit ones are"
    below = authority("agency").create_child_ca()
    leaf = below.issue_cert("laptop.agency.example")
    fit = x509.load_pem_x509_certificate(authority("agency").cert_pem.bytes())
    short = rsa.generate_private_key(65_537, 1024)  # noqa: S505 - it is to be refused
    unfit = [x509.load_pem_x509_certificate(one.bytes()) for one in (leaf.cert_chain_pems[0], below.cert_pem)]
    for shown in (fit, *unfit, issued(short.public_key()), issued(uses=ExtendedKeyUsageOID.SERVER_AUTH)):
        der = shown.public_bytes(Encoding.DER)
        with pytest.raises(Exception, match="not known"):
            read(der)
    (tmp_path / "nothing.pem").write_text("nothing")
    for path in ("nothing.pem", "missing.pem"):
        with pytest.raises(Misconfigured, match="device_ca"):
            asking(Console(device_ca=tmp_path / path))
