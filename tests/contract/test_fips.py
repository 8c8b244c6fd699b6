"""``crypto.fips``: a table of what is not approved, refused under the mode and taken without it."""

import asyncio
import json
import os
import sqlite3
import ssl
from contextlib import asynccontextmanager, closing
from functools import partial
from types import SimpleNamespace

import aiohttp
import asyncssh
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from adapters.approved import client_context
from adapters.sftp import SftpAdapter
from gateway.app import gateway
from gateway.callers import Account, add_operator
from gateway.cli.application import app as commands
from gateway.cli.client import Client
from gateway.clock import utc_now
from gateway.core.approved import TABLE, Place, approved, is_approved
from gateway.core.crypto_module import Module
from gateway.core.errors import DeliveryFailed, Misconfigured, Unavailable
from gateway.core.model import AdapterName, Endpoint
from gateway.core.protection import Algorithm, Profile
from gateway.fips import modules, refuse_unfit, report
from gateway.foundation import foundation
from gateway.partner_files import read
from gateway.partner_store import apply, known
from gateway.settings import Crypto, Keys, Settings, Tls
from gateway.tls import server_context
from gateway.web.console.passwords import Passwords, hash_password
from gateway.witness_site import Listener, serving
from keys.files import FileKeys
from keys.keyfile import Rounds, Stretch
from keys.public_key import _BY_SORT
from keys.wire import material
from tests.contract.test_adapter_contract import NamedSecrets, parcel, partner
from tests.journeys.partner_files import partner as partner_file
from tests.servers.gateway_process import TESTER, install
from tests.servers.ports import free_port
from tests.servers.raw import cut, talking

PASSWORD = "correct horse battery"
AUTHORITY = trustme.CA(key_type=trustme.KeyType.ECDSA)
CERTIFICATE = AUTHORITY.issue_cert("localhost", key_type=trustme.KeyType.ECDSA)
CHACHA_12 = "ECDHE-ECDSA-CHACHA20-POLY1305"
CHEAP = Stretch(iterations=1, lanes=1, memory_kib=128)
ACTIVE = (Module("everything", "a validated one", active=True),)
CLIENT_KEY, HOST_KEY = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
SHORT_KEY = asyncssh.generate_private_key("ssh-rsa", key_size=1024)


def settings(fips, **more):
    return Settings(crypto=Crypto(fips=fips), **more)


# --- TLS --------------------------------------------------------------------------------------------------------------


def shaken(server, client):
    """Whether the two contexts come to an agreement, in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    done = set()
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
                done.add(end)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
    return len(done) == len(ends)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fips")
    CERTIFICATE.private_key_and_cert_chain_pem.write_to_path(folder / "all.pem")
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    return Tls(certificate=folder / "all.pem", key=folder / "all.pem", client_ca=folder / "ca.pem")


def only(context, *, suite=None, group=None):
    """The context with nothing else to offer."""
    if suite:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suite)
    if group:
        context.set_ecdh_curve(group)
    return context


def knows(group):
    """Whether this Python can offer the group alone: Debian 12's 3.11.2 cannot, 3.11.7 can."""
    try:
        only(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), group=group)
    except ssl.SSLError:
        return False
    return True


WITH_PYTHON = [{"group": "X25519"}] if knows("X25519") else []


def caller(files, **limits):
    return only(ssl.create_default_context(cafile=files.client_ca), **limits)


def server(files, **limits):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate)
    return only(context, **limits)


def listens(**limits):
    async def taken(files, restricted):
        return shaken(server_context(files, restricted=restricted), caller(files, **limits))

    return taken


def calls(**limits):
    async def taken(files, restricted):
        return shaken(server(files, **limits), client_context(files.client_ca, restricted=restricted))

    return taken


async def openssl_is_served(files, restricted):
    """Whether our listener comes to an agreement with a client that knows X25519 alone."""

    async def hang_up(_reader, _writer):
        """Once they agree there is nothing to say."""

    async with (
        talking(hang_up, server_context(files, restricted=restricted)) as port,
        openssl("s_client", "-connect", f"127.0.0.1:{port}", "-groups", "X25519") as client,
    ):
        return await client.wait() == 0


async def talks_to_openssl(files, restricted):
    """Whether our client comes to an agreement with a server that knows X25519 alone."""
    port = free_port()
    pair = ("-cert", str(files.certificate), "-key", str(files.key))
    async with openssl("s_server", "-www", "-accept", f"127.0.0.1:{port}", *pair, "-groups", "X25519"):
        context = client_context(files.client_ca, restricted=restricted)
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
            except ConnectionRefusedError:  # it is not there yet
                await asyncio.sleep(0.05)
            except OSError:
                return False
            else:
                await cut(writer.transport)
                return True


@asynccontextmanager
async def openssl(*arguments):
    quiet = {"stdin": asyncio.subprocess.DEVNULL, "stdout": asyncio.subprocess.DEVNULL}
    process = await asyncio.create_subprocess_exec("openssl", *arguments, **quiet, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def offers_chacha_in_tls_13(files, restricted):
    context = server_context(files, restricted=restricted)
    new = context.maximum_version is not ssl.TLSVersion.TLSv1_2
    return new and any(not is_approved(Place.TLS_SUITE, one["name"]) for one in context.get_ciphers())


# --- SSH --------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def listening(host_key, **algorithms):
    served = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(
            CLIENT_KEY.export_public_key().decode() + SHORT_KEY.export_public_key().decode()
        ),
        sftp_factory=True,
        **algorithms,
    )
    try:
        yield served.get_port()
    finally:
        served.close()
        await served.wait_closed()


def uploads(host_key=HOST_KEY, client_key=CLIENT_KEY, pinned=None, **algorithms):
    """A delivery to a server that knows nothing else."""

    async def taken(files, restricted):
        secrets = NamedSecrets({"our-key": client_key.export_private_key()})
        adapter = SftpAdapter(secrets, os.urandom, restricted=restricted)
        folder = files.certificate.parent / "in"
        folder.mkdir(exist_ok=True)
        async with listening(host_key, **algorithms) as port:
            options = {
                "host": "127.0.0.1",
                "port": port,
                "username": "us",
                "directory": str(folder),
                "allow_private": True,
            }
            known = pinned or host_key.export_public_key().decode().strip()
            end = Endpoint(
                AdapterName.SFTP, {**options, "allow_private": True, "key_secret": "our-key", "host_key": known}
            )
            try:
                await adapter.hand_over(parcel(), partner(end))
            except (DeliveryFailed, Unavailable) as error:
                return error.problem not in ("ssh-negotiation", "not-approved")
            finally:
                await adapter.close()
        return True

    return taken


# --- passwords and keys -----------------------------------------------------------------------------------------------


def load_keys(folder, restricted):
    stretch = Rounds(rounds=1_000) if restricted else CHEAP
    return FileKeys.load(folder, PASSWORD, clock=utc_now, random=os.urandom, stretch=stretch)


async def old_password(_files, restricted):
    return await Passwords(restricted=restricted).match(hash_password(PASSWORD), PASSWORD)


async def key_file_under_argon2(files, restricted):
    folder = files.certificate.parent / "keys"
    if not folder.exists():
        FileKeys.create(folder, utc_now, os.urandom, PASSWORD, stretch=CHEAP)
    try:
        load_keys(folder, restricted)
    except Misconfigured as error:
        return error.problem != "not-approved"
    return True


TWELVE = {
    "our listener: ChaCha20-Poly1305 in TLS 1.2": listens(suite=CHACHA_12),
    "our listener: ChaCha20-Poly1305 in TLS 1.3": offers_chacha_in_tls_13,
    "our listener: X25519": openssl_is_served,
    "our client: ChaCha20-Poly1305": calls(suite=CHACHA_12),
    "our client: X25519": talks_to_openssl,
    "sftp: X25519": uploads(kex_algs=["curve25519-sha256"]),
    "sftp: ChaCha20-Poly1305": uploads(encryption_algs=["chacha20-poly1305@openssh.com"]),
    "sftp: HMAC-SHA-1": uploads(encryption_algs=["aes256-ctr"], mac_algs=["hmac-sha1"]),
    "sftp: a host key of RSA with 1024 bits": uploads(host_key=SHORT_KEY),
    "sftp: a key of ours of RSA with 1024 bits": uploads(client_key=SHORT_KEY),
    "operators: Argon2id": old_password,
    "key file: Argon2id": key_file_under_argon2,
}


@pytest.mark.claim("F02", control="test_without_the_mode_each_of_the_twelve_is_taken")
async def test_each_of_the_twelve_is_refused_under_the_mode(files, claim):
    taken = {name for name, try_it in TWELVE.items() if await try_it(files, restricted=True)}
    assert taken == set()
    claim.measured(f"0 of {len(TWELVE)} taken")


async def test_without_the_mode_each_of_the_twelve_is_taken(files):
    refused = {name for name, try_it in TWELVE.items() if not await try_it(files, restricted=False)}
    assert refused == set()


# --- the witness and the command line -----------------------------------------------------------------------------


async def witness_takes(files, *, restricted, **limits):
    """Whether a witness's listener comes to an agreement with a client of these limits."""
    witness = SimpleNamespace(add_checkpoint=None, key="a", post_quantum_key="b")  # nobody gets as far as to ask it
    async with serving(witness, Listener("127.0.0.1", 0, files.certificate, files.key, restricted)) as address:
        port = int(address.rpartition(":")[2])
        try:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=caller(files, **limits), server_hostname="localhost"
            )
        except OSError:
            return False
        await cut(writer.transport)
        return True


async def command_line_talks(files, **limits):
    """Whether the command line's client comes to an agreement with a server of these limits."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()

    async with talking(answer, server(files, **limits)) as port:
        client = Client.without_key(f"https://localhost:{port}", files.client_ca)
        try:
            return (await asyncio.to_thread(client.send, "GET", "/livez")).body == b"ok"
        except Unavailable:
            return False


@pytest.mark.parametrize("restricted", [True, False])
async def test_a_witness_and_the_command_line_go_by_the_mode_too(files, monkeypatch, restricted):
    """Without the mode it is the control."""
    monkeypatch.setenv("GATEWAY__CRYPTO__FIPS", str(restricted).lower())
    for limits in ({"suite": CHACHA_12}, *WITH_PYTHON):
        assert await witness_takes(files, restricted=restricted, **limits) is not restricted
        assert await command_line_talks(files, **limits) is not restricted
    assert await witness_takes(files, restricted=restricted)
    assert await command_line_talks(files, group="prime256v1")


async def test_what_is_approved_goes_on_under_the_mode(files):
    assert shaken(server_context(files, restricted=True), client_context(files.client_ca, restricted=True))
    assert shaken(server_context(files, restricted=True), caller(files))
    assert await uploads()(files, restricted=True)
    assert await uploads(pinned=HOST_KEY.get_fingerprint("sha256"))(files, restricted=True)
    assert not await uploads(host_key=SHORT_KEY, pinned=SHORT_KEY.get_fingerprint("sha256"))(files, restricted=True)
    stored = hash_password(PASSWORD, restricted=True)
    assert await Passwords(restricted=True).match(stored, PASSWORD)
    assert await Passwords().match(stored, PASSWORD), "the account is good when the mode is left again"
    assert not await Passwords(restricted=True).match(stored, PASSWORD + "!")


@pytest.mark.parametrize("restricted", [True, False])
async def test_some_doors_are_shut_with_the_mode_and_without(files, restricted):
    assert not await listens(suite="AES256-GCM-SHA384:@SECLEVEL=0")(files, restricted)
    short = rsa.generate_private_key(65_537, 1024)  # noqa: S505 - it is to be refused
    for public in (x25519.X25519PrivateKey.generate(), short):
        pem = public.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        with pytest.raises(Misconfigured) as refusal:
            material.read(pem)
        assert refusal.value.problem == "wire-key-unfit"


def test_everything_that_the_gateway_knows_to_take_is_judged():
    assert {one.value for one in Profile} == set(approved(Place.PAYLOAD))
    assert {one.value for one in Algorithm} == set(approved(Place.KEY))
    assert {one.jws for one in _BY_SORT.values()} <= set(approved(Place.SIGNATURE))
    assert all(bool(one.instead) is not one.approved and one.source for one in TABLE)
    assert not is_approved(Place.TLS_SUITE, "one that nobody has heard of")


# --- start ------------------------------------------------------------------------------------------------------------


async def test_an_unfit_key_file_does_not_start_until_it_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keys = Keys(directory=tmp_path / "keys", passphrase=PASSWORD)
    before = FileKeys.create(keys.directory, utc_now, os.urandom, PASSWORD, stretch=CHEAP)
    with pytest.raises(Misconfigured, match="gateway keys convert") as refusal:
        async with foundation(settings(fips=True, keys=keys)):
            pass
    assert refusal.value.problem == "not-approved"
    FileKeys(keys.directory, utc_now, os.urandom, PASSWORD, Rounds(rounds=1_000)).convert()
    assert load_keys(keys.directory, restricted=True).ring == before.ring
    assert load_keys(keys.directory, restricted=False).ring == before.ring


def converting(tmp_path, monkeypatch, **variables):
    """A key file under Argon2id, and commands on it as an operator types them."""
    monkeypatch.chdir(tmp_path)
    FileKeys.create(tmp_path / "keys", utc_now, os.urandom, PASSWORD, stretch=CHEAP)
    told = {"KEYS__DIRECTORY": tmp_path / "keys", "KEYS__PASSPHRASE": PASSWORD, "CRYPTO__FIPS": "true", **variables}
    for name, value in told.items():
        monkeypatch.setenv(f"GATEWAY__{name}", str(value))
    return partial(CliRunner().invoke, commands)


def test_gateway_keys_convert_writes_the_file_anew_and_an_entry_of_the_log(tmp_path, monkeypatch, sqlite_url):
    run = converting(tmp_path, monkeypatch, DB__URL=sqlite_url)
    assert run(["keys", "list"]).exception.problem == "not-approved", "the control: not converted"
    done = run(["keys", "convert"])
    assert (done.exit_code, "argon2id before, pbkdf2-sha256 now" in done.stderr) == (0, True)
    with closing(sqlite3.connect(sqlite_url.partition("///")[2])) as connection:
        [(action, about, told)] = connection.execute("SELECT action, object, details FROM audit_entries").fetchall()
    assert (action, about) == ("key.converted", "file:keyring.json")
    assert json.loads(told) == {"before": "argon2id", "after": "pbkdf2-sha256"}


def test_without_a_database_that_takes_the_entry_the_key_file_stays_as_it_is(tmp_path, monkeypatch):
    run = converting(tmp_path, monkeypatch, DB__URL=f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    before = (tmp_path / "keys" / "keyring.json").read_bytes()
    assert "gateway db upgrade" in run(["keys", "convert"]).exception.detail
    assert (tmp_path / "keys" / "keyring.json").read_bytes() == before


def test_required_starts_only_on_active_modules():
    with pytest.raises(Misconfigured) as refusal:
        refuse_unfit(settings(fips="required"), [*ACTIVE, Module("TLS", "OpenSSL of a wheel", active=False)])
    assert (refusal.value.problem, "OpenSSL of a wheel" in refusal.value.detail) == ("fips-module", True)
    refuse_unfit(settings(fips="required"), ACTIVE)
    refuse_unfit(settings(fips=True), [Module("TLS", "OpenSSL of a wheel", active=False)])


def test_validated_is_said_only_of_active_modules_with_a_certificate():
    named = Settings(crypto=Crypto(fips=True, certificate="4282"))
    assert report(named, ACTIVE).validated
    assert not report(settings(fips=True), ACTIVE).validated
    assert not report(named, [*ACTIVE, Module("TLS", "a wheel", active=False)]).validated
    assert len(modules()) == len({one.use for one in modules()}) > 1


async def starts(installed, **crypto):
    """What the gateway says of its modules once it runs."""
    chosen = installed.settings.model_copy(update={"crypto": Crypto(**crypto)})
    async with (
        gateway(chosen) as process,
        aiohttp.ClientSession(process.addresses["api"]) as session,
        session.get("/about/crypto") as answer,
    ):
        return await answer.json()


async def test_a_gateway_starts_only_with_fit_partners_and_accounts_and_says_what_it_runs_on(tmp_path, sqlite_url):
    host_key = SHORT_KEY.export_public_key().decode().strip()
    sftp = f'adapter = "sftp"\nhost = "partner.example"\nusername = "us"\nkey_secret = "ours"\nhost_key = "{host_key}"'
    installed = await install(tmp_path, sqlite_url, partner_file("michigan", sftp))
    async with foundation(installed.settings) as base:
        await add_operator(base, TESTER, Account("pat", "viewer", PASSWORD))
    with pytest.raises(Misconfigured) as refusal:
        await starts(installed, fips=True)
    assert refusal.value.problem == "not-approved"
    assert "partner michigan, endpoint.host_key: RSA of less than 2048 bits" in refusal.value.detail
    assert "operator pat: argon2id" in refusal.value.detail
    assert (await starts(installed))["fips"] == "off", "without the mode it starts with both"

    restricted = installed.settings.model_copy(update={"crypto": Crypto(fips=True)})
    async with foundation(restricted) as base:
        await add_operator(base, TESTER, Account("pat", "viewer", PASSWORD))
        directory = await base.stores.partners.directory()
        with pytest.raises(Misconfigured, match="RSA of less than 2048 bits"):
            await apply(base, TESTER, read({"p.toml": partner_file("michigan", sftp)}, directory, known(base.speech)))
        fit = partner_file("michigan", sftp.replace(host_key, HOST_KEY.export_public_key().decode().strip()))
        wanted = read({"p.toml": fit}, directory, known(base.speech))
        await apply(base, TESTER, wanted)
    said = await starts(installed, fips=True, certificate="4282")
    assert (said["fips"], said["certificate"]) == ("on", "4282")
    assert said["validated"] == all(one.active for one in modules())
    assert {one["version"] for one in said["modules"]} == {one.version for one in modules()}
