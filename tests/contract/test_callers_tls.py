"""Our own listener under TLS, met by curl and by openssl; and certificates that a proxy tells."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.app import gateway
from gateway.cli.application import app
from gateway.core.caller import Tier
from gateway.core.errors import Misconfigured, Unauthenticated
from gateway.settings import Tls
from gateway.tls import SUITES, RenewedTls, server_context
from tests.contract.api_stack import running
from tests.contract.caller_stack import door, identity, know, server_files
from tests.servers.gateway_process import install
from tests.servers.raw import talking
from tests.unit.work_site import eventually

READ = "/v1/submissions"
LOOPBACK, ELSEWHERE = "127.0.0.0/8", "192.0.2.0/24"
REFUSED = {
    "TLS 1.0": ("-tls1", "-cipher", "ALL@SECLEVEL=0"),
    "TLS 1.1": ("-tls1_1", "-cipher", "ALL@SECLEVEL=0"),
    "RSA key exchange": ("-tls1_2", "-cipher", "AES256-GCM-SHA384:AES128-GCM-SHA256@SECLEVEL=0"),
    "RSA key exchange with CBC": ("-tls1_2", "-cipher", "AES256-SHA256:AES128-SHA@SECLEVEL=0"),
    "CBC with SHA-2": ("-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256"),
    "CBC with SHA-1": ("-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA@SECLEVEL=0"),
    "finite-field key exchange": ("-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"),
    "no encryption": ("-tls1_2", "-cipher", "eNULL@SECLEVEL=0"),
    "no authentication": ("-tls1_2", "-cipher", "aNULL@SECLEVEL=0"),
}
TAKEN = {
    "TLS 1.3": ("-tls1_3",),
    "TLS 1.2 with AES-256-GCM": ("-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"),
    "TLS 1.2 with ChaCha20": ("-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"),
}
_CUT_OFF = (35, 52, 56)
"""What curl says of a failed handshake, of an empty answer and of a connection that was cut."""
LAX_REFUSES = {"no encryption", "no authentication", "finite-field key exchange"}
"""Python's own TLS never offers these without further files, however lax the context is."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return server_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        tier = Tier.CERTIFICATE
        await know(stack, ohio=identity("ohio").caller(tier), iowa=identity("iowa").caller(tier))
        yield stack


async def run(*command: str) -> tuple[int, str]:
    """A program's exit code and what it said on both outputs."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, said.decode(errors="replace")


async def shaken(context: ssl.SSLContext, offers) -> dict[str, bool]:
    """Name of an offer -> whether openssl came to an agreement with a server of this context."""

    async def hang_up(_reader, _writer):
        """Once they agree there is nothing to say."""

    found = {}
    async with talking(hang_up, context) as port:
        for name, options in offers.items():
            _, said = await run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options)
            found[name] = "Cipher is (NONE)" not in said and "Cipher is" in said
    return found


@pytest.mark.claim("F03", control="test_a_lax_listener_takes_what_ours_refuses")
async def test_openssl_agrees_with_our_listener_on_nothing_old(files, claim):
    found = await shaken(server_context(files, authorities=files.client_ca), REFUSED | TAKEN)
    assert {name for name, agreed in found.items() if agreed} == set(TAKEN)
    claim.measured(f"all {len(REFUSED)} old offers refused, all {len(TAKEN)} present ones taken")


async def test_a_lax_listener_takes_what_ours_refuses(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.set_ciphers("ALL@SECLEVEL=0")
    context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    found = await shaken(context, {name: how for name, how in REFUSED.items() if name not in LAX_REFUSES})
    assert all(found.values()), found


def test_only_suites_with_ephemeral_keys_and_authenticated_encryption_are_offered(files):
    context = server_context(files)
    for suite in context.get_ciphers():
        assert suite["aead"]
        assert suite["kea"] in ("kx-ecdhe", "kx-any")
    assert "ECDHE" in SUITES


async def shown_by(port):
    """The certificate that a new connection is shown, DER."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


def put(leaf, folder, *, key=True, certificate=True):
    """Certificate and key as somebody renews them: written aside, then moved into place."""
    for wanted, name, pems in (
        (certificate, "server.crt", leaf.cert_chain_pems[:1]),
        (key, "server.key", [leaf.private_key_pem]),
    ):
        if wanted:
            (folder / "aside").write_bytes(b"".join(one.bytes() for one in pems))
            (folder / "aside").replace(folder / name)


async def test_a_renewed_certificate_is_shown_as_soon_as_it_fits_its_key(tmp_path):
    old, new = (trustme.CA().issue_cert("127.0.0.1") for _ in range(2))
    put(old, tmp_path)
    tls = RenewedTls("api", Tls(certificate=tmp_path / "server.crt", key=tmp_path / "server.key"))
    first, second = (ssl.PEM_cert_to_DER_cert(one.cert_chain_pems[0].bytes().decode()) for one in (old, new))
    async with talking(silent, tls.context) as port:
        assert await shown_by(port) == first
        put(new, tmp_path, key=False)
        with capture_logs() as told:
            await tls.step()
            await tls.step()
        assert [(one["event"], one["name"]) for one in told] == [("tls.unfit", "api")]
        assert await shown_by(port) == first
        put(new, tmp_path, certificate=False)
        assert await shown_by(port) == first, "the control: nobody has looked"
        with capture_logs() as told:
            await tls.step()
        assert [one["event"] for one in told] == ["tls.renewed"]
        assert await shown_by(port) == second
        (tmp_path / "server.key").unlink()
        await tls.step()
        assert await shown_by(port) == second


async def silent(_reader, writer):
    writer.close()


async def test_authorities_written_anew_are_those_that_count(tmp_path):
    own, before, after = trustme.CA(), trustme.CA(), trustme.CA()
    put(own.issue_cert("127.0.0.1"), tmp_path)
    before.cert_pem.write_to_path(tmp_path / "ca.pem")
    files = Tls(certificate=tmp_path / "server.crt", key=tmp_path / "server.key", client_ca=tmp_path / "ca.pem")
    tls = RenewedTls("api", files, authorities=files.client_ca)
    known = []

    async def note(_reader, writer):
        known.append(bool(writer.get_extra_info("peercert")))
        writer.write(b"met")
        await writer.drain()
        writer.close()

    async def met(port, authority):
        """Whether somebody with a certificate of this authority gets an answer."""
        context = ssl.create_default_context()
        own.configure_trust(context)
        authority.issue_cert("ohio.example").configure_cert(context)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            found = await reader.read()
        except (OSError, ssl.SSLError):
            return False
        writer.close()
        return found == b"met"

    async with talking(note, tls.context) as port:
        assert [await met(port, one) for one in (before, after)] == [True, False]
        after.cert_pem.write_to_path(tmp_path / "ca.pem")
        await tls.step()
        assert [await met(port, one) for one in (before, after)] == [False, True]
    assert known == [True, True]


async def test_a_gateway_that_runs_shows_a_renewed_certificate(tmp_path, sqlite_url, monkeypatch):
    monkeypatch.setattr("gateway.listening.RENEWED_EVERY", timedelta(milliseconds=50))
    old, new = (trustme.CA().issue_cert("127.0.0.1") for _ in range(2))
    put(old, tmp_path)
    files = {"certificate": str(tmp_path / "server.crt"), "key": str(tmp_path / "server.key")}
    installed = await install(tmp_path / "home", sqlite_url, "", tls=files)
    async with gateway(installed.settings) as process:
        ports = [int(process.addresses[name].rpartition(":")[2]) for name in ("api", "console")]
        first = [await shown_by(port) for port in ports]
        put(new, tmp_path)

        async def renewed():
            return not set(first) & {await shown_by(port) for port in ports}

        await eventually(renewed)


async def test_curl_with_a_client_certificate_gets_a_token_and_uses_it(stack, files, tmp_path):
    assert shutil.which("curl")
    ohio = identity("ohio")
    pem = tmp_path / "ohio.pem"
    ohio.certificate.private_key_and_cert_chain_pem.write_to_path(pem)
    trust = ("--silent", "--show-error", "--cacert", str(files.client_ca))
    async with door(stack, files) as gate:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": gate.assertion(ohio),
        }
        data = [part for name, value in form.items() for part in ("--data-urlencode", f"{name}={value}")]
        _, said = await run("curl", *trust, "--cert", str(pem), *data, f"{gate.address}/oauth/token")
        shown = ("--header", f"Authorization: Bearer {json.loads(said)['access_token']}")
        status = ("--output", str(tmp_path / "answer"), "--write-out", "%{http_code}")
        listed = await run("curl", *trust, *status, "--cert", str(pem), *shown, gate.address + READ)
        without = await run("curl", *trust, *status, *shown, gate.address + READ)
    assert (listed, without) == ((0, "200"), (0, "401"))


async def test_the_command_line_gets_a_token_and_uses_it_with_its_certificate_only(stack, files, tmp_path, monkeypatch):
    ohio, own = identity("ohio"), tmp_path / "ohio.pem"
    ohio.certificate.private_key_and_cert_chain_pem.write_to_path(own)
    key = ohio.token_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "token.pem").write_bytes(key)
    stack.watch.now = datetime.now(UTC)
    async with door(stack, files) as gate:
        there = ("--url", gate.address, "--ca", str(files.client_ca))
        asked = ("token", "ohio", str(tmp_path / "token.pem"), "--audience", gate.url, *there)
        monkeypatch.setenv("GATEWAY_CERT", str(own))
        said = (await command(*asked, "--id", "token-1", "--json")).stdout
        told = json.loads(said[said.rindex("{") :])  # after what the server logs
        token = told["access_token"]
        stack.watch.forward(1)  # the endpoint of tokens has a rate
        unknown = await command(*asked, "--id", "token-9")
        listed = await command("mailbox", "list", "--key", token, *there)
        monkeypatch.setenv("GATEWAY_CERT", str(tmp_path / "token.pem"))
        unfit = await command("mailbox", "list", "--key", token, *there)
        monkeypatch.delenv("GATEWAY_CERT")
        without = await command("mailbox", "list", "--key", token, *there)
    assert told["token_type"] == "Bearer"
    assert (listed.exit_code, listed.exception) == (0, None)
    assert unknown.exception.problem == "invalid_client"
    assert isinstance(unfit.exception, Misconfigured)
    assert isinstance(without.exception, Unauthenticated)


async def command(*arguments):
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def test_a_certificate_of_another_authority_does_not_get_through_the_handshake(stack, files, tmp_path):
    stranger = tmp_path / "stranger.pem"
    leaf = trustme.CA().issue_cert("ohio.example")
    leaf.private_key_and_cert_chain_pem.write_to_path(stranger)
    async with door(stack, files) as gate:
        trust = ("--silent", "--show-error", "--cacert", str(files.client_ca))
        code, _ = await run("curl", *trust, "--cert", str(stranger), f"{gate.address}/livez")
        assert code in _CUT_OFF
        assert await run("curl", *trust, f"{gate.address}/livez") == (0, "ok\n")


def told(who):
    return {"Client-Cert": f":{base64.b64encode(who.der).decode()}:"}


async def test_a_proxy_of_ours_tells_the_certificate_and_nobody_else_can(stack):
    ohio, iowa = identity("ohio"), identity("iowa")
    async with (
        door(stack, proxies=(ip_network(LOOPBACK),)) as ours,
        door(stack, proxies=(ip_network(ELSEWHERE),)) as foreign,
        door(stack) as bare,
    ):
        granted = await ours.token(ohio, headers=told(ohio))
        assert granted.status == 200
        token = {"Authorization": f"Bearer {granted.json['access_token']}"}
        assert (await ours.ask("GET", READ, headers=token | told(ohio))).status == 200
        assert (await ours.ask("GET", READ, headers=token)).status == 401
        assert (await ours.ask("GET", READ, headers=token | told(iowa))).status == 401
        for gate in (foreign, bare):
            assert (await gate.token(ohio, headers=told(ohio))).status == 401
            assert (await gate.ask("GET", READ, headers=token | told(ohio))).status == 401
        for wrong in ("", "x", "::", ":!:", f"{told(ohio)['Client-Cert']}, x", base64.b64encode(ohio.der).decode()):
            assert (await ours.ask("GET", READ, headers=token | {"Client-Cert": wrong})).status == 401
        twice = [*token.items(), *told(ohio).items(), *told(ohio).items()]
        assert (await ours.ask("GET", READ, headers=twice)).status == 401
        assert (await ours.ask("GET", READ, headers=token | {"Client-Cert-Chain": "::"})).status == 401
    outcomes = {entry.outcome for entry in await stack.entries("access.refused")}
    assert outcomes == {"certificate-missing", "certificate-other", "proxy-unknown", "certificate-field"}


async def test_a_partner_that_names_its_networks_is_taken_from_there_only(stack):
    iowa = identity("iowa")
    key = {"Authorization": f"Bearer {stack.tokens['iowa']}"}
    for networks, status in (((LOOPBACK,), 200), ((ELSEWHERE,), 401), ((ELSEWHERE, LOOPBACK), 200)):
        await know(stack, iowa=iowa.caller(Tier.API_KEY, networks=networks))
        async with door(stack) as gate:
            assert (await gate.ask("GET", READ, headers=key)).status == status
    await know(stack, iowa=iowa.caller(Tier.API_KEY, networks=(ELSEWHERE,)))
    async with door(stack, proxies=(ip_network(LOOPBACK),)) as behind, door(stack) as bare:
        forwarded = key | {"X-Forwarded-For": "203.0.113.5, 192.0.2.7"}
        assert (await behind.ask("GET", READ, headers=forwarded)).status == 200
        assert (
            await behind.ask("GET", READ, headers=key | {"X-Forwarded-For": "192.0.2.7, 203.0.113.5"})
        ).status == 401
        assert (await bare.ask("GET", READ, headers=forwarded)).status == 401
