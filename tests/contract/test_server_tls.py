"""TLS to PostgreSQL and RabbitMQ, real ones: who they are is checked, and nothing crosses a network in the clear."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
import trustme
from sqlalchemy import text
from sqlalchemy.engine import make_url

from gateway.broker.settings import RabbitSettings
from gateway.core.approved import Place, is_approved
from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.loopback import is_loopback
from gateway.core.transport import CODE, NO_TLS, Transport
from gateway.settings import BrokerSettings, Crypto, Database, Settings
from gateway.store.copies import copy_out
from gateway.store.engine import open_database
from gateway.store.transport import hosts, program_environment
from gateway.transports import broker_transport, database_transport, in_the_clear
from tests.servers.rabbitmq import PASSWORD, USER
from tests.servers.raw import talking
from tests.servers.server_certificate import AUTHORITY

REMOTE = "postgresql+asyncpg://gateway@db.example/gateway"


@pytest.fixture(scope="module")
def roots(tmp_path_factory, postgres_cluster):
    """Files of authorities: the database server's own, and another one."""
    where = tmp_path_factory.mktemp("roots")
    trustme.CA(key_type=trustme.KeyType.ECDSA).cert_pem.write_to_path(where / "other.pem")
    (where / "none.pem").write_text("none")
    return SimpleNamespace(
        own=postgres_cluster.directory / AUTHORITY, other=where / "other.pem", none=where / "none.pem"
    )


def settings_of(url=None, ca=None, *, amqp=None, plain=False, fips=False):
    """Settings of a site that reaches both servers in one way."""
    told = {"ca": ca, "plain": plain}
    return Settings(
        db=Database(url=url or "sqlite+aiosqlite:///x.db", **told),
        broker=BrokerSettings(url=amqp, **told),
        crypto=Crypto(fips=fips),
    )


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


async def spoken(url, transport):
    """Version and suite of the connection's TLS as the server knows them; None: in the clear."""
    database = open_database(url, transport=transport)
    try:
        async with database.glance() as connection:
            row = (
                await connection.execute(text("SELECT version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
            ).one()
            return row.version and (row.version, row.cipher)
    finally:
        await database.dispose()


@pytest.mark.claim("F02", control="test_control_without_authorities_named_this_machine_is_reached_in_the_clear")
@pytest.mark.parametrize("fips", [False, True])
async def test_postgresql_is_reached_under_tls_by_whom_its_authority_vouches_for(postgres_url, roots, fips, claim):
    version, suite = await spoken(postgres_url, database_transport(settings_of(postgres_url, roots.own, fips=fips)))
    assert version in ("TLSv1.2", "TLSv1.3")
    assert is_approved(Place.TLS_SUITE, suite) or not fips
    claim.measured(f"{version}, {suite}")


async def test_control_without_authorities_named_this_machine_is_reached_in_the_clear(postgres_url):
    assert await spoken(postgres_url, database_transport(settings_of(postgres_url))) is None


async def test_a_database_that_its_authority_or_its_name_does_not_vouch_for_is_not_talked_to(postgres_url, roots):
    with pytest.raises(Unavailable, match="not trusted"):
        await spoken(postgres_url, database_transport(settings_of(postgres_url, roots.other)))
    elsewhere = postgres_url.replace("127.0.0.1", "localhost")
    with pytest.raises(Unavailable, match=r"not trusted.*localhost"):
        await spoken(elsewhere, database_transport(settings_of(elsewhere, roots.own)))


@asynccontextmanager
async def without_tls():
    """A server that refuses TLS, and what it was told."""
    told = []

    async def answer(reader, writer):
        told.append(await reader.read(8))
        writer.write(b"N")
        told.append(await reader.read(1_000))

    async with talking(answer) as port:
        yield f"postgresql+asyncpg://someone:secret@127.0.0.1:{port}/gateway", told


async def test_a_database_that_refuses_tls_is_told_nothing_more(roots):
    async with without_tls() as (url, told):
        with pytest.raises(Unavailable, match="has none"):
            await spoken(url, database_transport(settings_of(url, roots.own)))
        assert b"".join(told) == bytes.fromhex("0000000804d2162f"), "the question for TLS and no more"


async def test_control_in_the_clear_the_same_server_is_told_who_we_are():
    async with without_tls() as (url, told):
        with pytest.raises(Unavailable):
            await spoken(url, NO_TLS)
        assert b"someone" in b"".join(told)


@pytest.mark.parametrize(
    "url",
    [
        REMOTE,
        "postgresql+asyncpg://gateway@127.0.0.1,10.0.0.7/gateway",
        "postgresql+asyncpg://gateway@/gateway?host=127.0.0.1:5432&host=db.example:5432",
        "postgresql+asyncpg://gateway@/gateway",
    ],
)
async def test_a_database_beyond_this_machine_is_not_reached_in_the_clear_unless_a_setting_says_so(url):
    with pytest.raises(Misconfigured) as refusal:
        open_database(url)
    assert refusal.value.problem == CODE
    await open_database(url, transport=database_transport(settings_of(url))).dispose()  # under TLS
    chosen = settings_of(url, plain=True)
    await open_database(url, transport=database_transport(chosen)).dispose()  # the control
    assert in_the_clear(chosen) == ["db.plain"]
    assert in_the_clear(settings_of(url)) == []


@pytest.mark.parametrize("word", ["sslmode=disable", "ssl=prefer", "direct_tls=false"])
def test_a_url_cannot_switch_the_check_off(word):
    with pytest.raises(Misconfigured, match=r"db\.ca"):
        open_database(f"{REMOTE}?{word}", transport=Transport(ssl.create_default_context))


async def test_back_ups_are_read_under_tls_too(postgres_url, roots, tmp_path):
    transport = database_transport(settings_of(postgres_url, roots.own))
    await copy_out(postgres_url, tmp_path / "copy", transport)
    assert (tmp_path / "copy").stat().st_size
    told = program_environment(make_url(postgres_url), transport)
    assert (told["PGSSLMODE"], told["PGSSLROOTCERT"]) == ("verify-full", str(roots.own))
    assert program_environment(make_url(postgres_url), NO_TLS) == {"PGSSLMODE": "disable"}
    other = database_transport(settings_of(postgres_url, roots.other))
    with pytest.raises(Unavailable):
        await copy_out(postgres_url, tmp_path / "other", other)


# --- RabbitMQ ---------------------------------------------------------------------------------------------------------


def test_a_broker_beyond_this_machine_is_not_reached_in_the_clear_unless_a_setting_says_so():
    url = f"amqp://{USER}:{PASSWORD}@broker.example/gateway"
    for transport in (NO_TLS, broker_transport(settings_of(amqp=url))):
        with pytest.raises(Misconfigured) as refusal:
            RabbitSettings(url, transport).secured()
        assert refusal.value.problem == CODE
    chosen = settings_of(amqp=url, plain=True)
    assert RabbitSettings(url, broker_transport(chosen)).secured() is None  # the control
    assert in_the_clear(chosen) == ["broker.plain"]


@pytest.mark.parametrize(
    "url",
    ["amqps://broker.example/x?no_verify_ssl=1", "amqps://broker.example/x?cafile=/tmp/x", "http://broker.example"],
)
def test_a_brokers_url_cannot_switch_the_check_off(url):
    with pytest.raises(Misconfigured):
        RabbitSettings(url, broker_transport(settings_of(amqp=url))).secured()


# --- both -------------------------------------------------------------------------------------------------------------


def offered(transport):
    """Every suite of a context; what of TLS 1.3 cannot be taken out counts only where it may be spoken."""
    context = transport.demanded()
    newest = context.maximum_version is not ssl.TLSVersion.TLSv1_2
    return {one["name"] for one in context.get_ciphers() if newest or one["protocol"] != "TLSv1.3"}


@pytest.mark.parametrize("made", [database_transport, broker_transport])
def test_under_the_mode_approved_suites_are_offered_and_nothing_else(made, roots):
    assert all(is_approved(Place.TLS_SUITE, name) for name in offered(made(settings_of(None, roots.own, fips=True))))
    lax = offered(made(settings_of(None, roots.own)))
    assert not all(is_approved(Place.TLS_SUITE, name) for name in lax), "the control"


def test_files_that_hold_no_authority_and_settings_that_contradict_themselves_are_refused(roots, tmp_path):
    for ca in (roots.none, tmp_path / "missing.pem"):
        with pytest.raises(Misconfigured, match=r"db\.ca"):
            database_transport(settings_of(None, ca)).demanded()
        with pytest.raises(Misconfigured, match=r"broker\.ca"):
            broker_transport(settings_of(None, ca)).demanded()
    with pytest.raises(ValueError, match="contradict"):
        settings_of(None, roots.own, plain=True)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
    ]
    + [(name, False) for name in ("", "localhost.example", "0.0.0.0", "10.0.0.1", "127.0.0.1.example", "::")],  # noqa: S104 - a host that is not this machine's own
)
def test_which_hosts_are_this_machine(host, here):
    assert is_loopback(host) is here


def test_hosts_are_found_wherever_a_url_may_name_them():
    found = hosts(make_url("postgresql+asyncpg://u@a:1/x?host=b:2,c&host=/run/postgresql&host=[::1]:5"))
    assert found == ("a", "b", "c", "localhost", "[::1]")
