"""``gateway doctor``: everything that a gateway needs, looked at one by one."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from gateway.cli import local
from gateway.cli.deadlines import danger
from gateway.cli.exits import Exit
from gateway.cli.glass import unreviewed_glass
from gateway.cli.incidents import late
from gateway.cli.options import Json
from gateway.cli.out import facts, put
from gateway.cli.readings import unreviewed
from gateway.core.errors import GatewayError, Misconfigured, Tampered
from gateway.core.loopback import is_loopback

if TYPE_CHECKING:
    from gateway.core.ports.broker import Broker
    from gateway.foundation import Foundation
    from gateway.settings import Settings
    from gateway.settings.broker import BrokerSettings

PASSWORD = re.compile(r"(//[^:/@]*:|[?&]password=)(?:(?<=:).*(?=@)|(?<==)[^&]*)")
"""The password in an address: up to the last @, since it may hold slashes and @ as they are, or in the query."""


def doctor(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Look at everything this gateway needs and say what is wrong."""
    from gateway.telemetry import configure_logs  # noqa: PLC0415 - heavy, needed here only

    configure_logs(json=False, level=logging.WARNING)
    findings = asyncio.run(_examined(local.settings()))
    if json:
        put(findings)
    else:
        facts(findings)
    if any(value not in _CONTENT for value in findings.values()):
        raise typer.Exit(Exit.CONFIGURATION)


_LOOKED_AT = (
    "python",
    "libraries",
    "crypto",
    "computers",
    "transport",
    "catalog",
    "policy",
    "keys",
    "database",
    "schema",
    "log",
    "clock",
    "queues",
    "deadlines",
    "readings",
    "places",
    "incidents",
    "glass",
    "broker",
)


_SOON = timedelta(days=14)
"""So long before the end of our own certificate it is told."""
_UNSIGNED = "not signed"
"""Of policies that nobody has to sign: told, and not wrong."""
_CLEAR = "in the clear: set keys.passphrase or keys.credential"
"""Of a key file that its mode alone protects: told, and not wrong where the disk is encrypted."""
_CONTENT = {"ok", _UNSIGNED, _CLEAR}


def _crypto(settings: Settings) -> str:
    from gateway.fips import refuse_unfit, report  # noqa: PLC0415 - heavy, needed here only

    try:
        refuse_unfit(settings)
    except Misconfigured as error:
        return error.detail
    told = report(settings)
    idle = [one.version for one in told.modules if not one.active]
    if told.mode == "off" or not idle:
        return "ok"
    return f"approved algorithms only, by modules that are not validated: no FIPS provider in {', '.join(idle)}"


def _computers(settings: Settings) -> str:
    if settings.console.device_ca is not None or is_loopback(settings.console.host):
        return "ok"
    return "the console lets in whatever computer reaches it: set console.device_ca"


def _addresses(settings: Settings) -> dict[str, str]:
    """What is wrong with the URLs of database and broker, and with what is said of their TLS."""
    from gateway.broker.settings import RabbitSettings  # noqa: PLC0415 - heavy, needed here only
    from gateway.store.engine import parse_url  # noqa: PLC0415 - as above
    from gateway.store.transport import driver_tls  # noqa: PLC0415 - as above
    from gateway.transports import broker_transport, database_transport  # noqa: PLC0415 - as above

    found = {}
    try:
        address = parse_url(settings.db.url)
        if settings.db.is_server:
            driver_tls(address, database_transport(settings))
    except Misconfigured as error:
        found["database"] = error.detail
    try:
        if settings.broker.url is not None:
            RabbitSettings(settings.broker.url.get_secret_value(), broker_transport(settings)).secured()
    except Misconfigured as error:
        found["broker"] = error.detail
    return found


def _data(settings: Settings) -> dict[str, str]:
    """What is wrong with catalog and policies, each under its own name: nothing else can be looked at without them."""
    from gateway.policies import policies_in_force  # noqa: PLC0415 - heavy, needed here only
    from gateway.tools import speech  # noqa: PLC0415 - as above

    found = {}
    try:
        spoken = speech(drafts=settings.drafts)
        found["catalog"] = "ok"
        policies_in_force(settings, spoken)
    except Misconfigured as error:
        return found | {"policy" if found else "catalog": error.detail}
    return {}


def _transport(settings: Settings) -> str:
    from gateway.transports import in_the_clear  # noqa: PLC0415 - heavy, needed here only

    found = in_the_clear(settings)
    clear = [f"what is said crosses a network without TLS: {', '.join(found)}"] if found else []
    return "; ".join([*_own_certificate(settings), *clear]) or "ok"


def _own_certificate(settings: Settings) -> list[str]:
    """What is wrong with what our own listeners show, which nobody but their clients would see."""
    from gateway.clock import utc_now  # noqa: PLC0415 - needed here only
    from gateway.tls import server_context  # noqa: PLC0415 - as above
    from keys.certificates import facts_of_pem  # noqa: PLC0415 - cryptography, needed here only

    if settings.tls.certificate is None:
        return []
    try:
        for authorities in (settings.tls.client_ca, settings.console.device_ca):
            server_context(settings.tls, authorities=authorities, restricted=settings.crypto.restricted)
        shown = facts_of_pem(settings.tls.certificate.read_bytes())
    except Misconfigured as error:
        return [error.detail]
    now = utc_now()
    if now < shown.not_before:
        return [f"tls.certificate is not valid before {shown.not_before:%Y-%m-%d %H:%M} UTC"]
    if now >= shown.not_after:
        return [f"tls.certificate ended on {shown.not_after:%Y-%m-%d}: replace it"]
    if shown.not_after - now < _SOON:
        return [f"tls.certificate ends on {shown.not_after:%Y-%m-%d}: replace it"]
    return []


async def _broker(broker: Broker, settings: BrokerSettings) -> str:
    try:
        await broker.open()
        return "ok" if broker.connected else _away(settings)
    except Misconfigured as error:
        return error.detail
    finally:
        await broker.close()


async def _log(base: Foundation) -> str:
    try:
        await base.logbook.examine()
    except Tampered as alarm:
        return f"{alarm.detail} ({alarm.problem})"
    return "ok"


async def _deadlines(base: Foundation) -> str:
    late = [one for one in await danger(base) if one.stage != "open"]
    if not late:
        return "ok"
    return f"{len(late)} changes of a family violence indicator are not sent: see `gateway deadlines`"


async def _readings(base: Foundation) -> str:
    if not await unreviewed(base):
        return "ok"
    return "content was read and nobody has looked through it for a week: see `gateway readings list`"


async def _places(base: Foundation) -> str:
    places, partners = base.settings.places.value(), (await base.stores.partners.directory()).partners
    found = [f"{key}: {fault}" for key, partner in sorted(partners.items()) for fault in places.faults(partner)]
    return "; ".join(found) or "ok"


def _away(settings: BrokerSettings) -> str:
    where = masked(settings.url.get_secret_value()) if settings.url else "the memory broker"
    return f"{where} is not reachable; deliveries would wait in the store"


async def _examined(settings: Settings) -> dict[str, str]:
    from gateway.admitting import told_waits  # noqa: PLC0415 - heavy, needed here only
    from gateway.floors import refuse_old_libraries  # noqa: PLC0415 - as above
    from gateway.foundation import foundation  # noqa: PLC0415 - as above
    from gateway.store.migrations import NEWER, current, is_newer, newest  # noqa: PLC0415 - as above
    from gateway.transports import database_transport  # noqa: PLC0415 - as above
    from gateway.wiring import open_broker, references  # noqa: PLC0415 - heavy, needed here only

    found = dict.fromkeys(_LOOKED_AT, "not looked at")
    found["python"] = "ok"
    try:
        refuse_old_libraries()
    except Misconfigured as error:
        return found | {"libraries": error.detail}
    found["libraries"] = "ok"
    keys = _CLEAR if settings.keys.passphrase is None and settings.keys.credential is None else "ok"
    found |= {"crypto": _crypto(settings), "computers": _computers(settings)}
    if unfit := _addresses(settings):
        return found | unfit
    found["transport"] = _transport(settings)
    if unfit := _data(settings):
        return found | unfit
    try:
        async with foundation(settings) as base:
            found |= {"catalog": "ok", "policy": "ok" if base.policies.signed_by else _UNSIGNED, "keys": keys}
            found["broker"] = await _broker(open_broker(settings, base), settings.broker)
            await base.stores.health.ping()
            revision = await current(settings.db.url, database_transport(settings))
            fits = revision == newest()
            if fits:
                await base.stores.health.writes()
                await base.stores.health.room()
            other = NEWER if is_newer(revision) else "out of date: run `gateway db upgrade`"
            found |= {"database": "ok", "schema": "ok" if fits else other}
            if fits:
                found |= {
                    "log": await _log(base),
                    "clock": await references(base).examine(),
                    "queues": await told_waits(base),
                    "deadlines": await _deadlines(base),
                    "readings": await _readings(base),
                    "places": await _places(base),
                    "incidents": await late(base),
                    "glass": await unreviewed_glass(base),
                }
    except GatewayError as error:
        if isinstance(error, Misconfigured):
            found |= {"catalog": "ok", "policy": "ok", "keys": error.detail}
        else:
            found |= {"catalog": "ok", "keys": keys, "database": f"{masked(settings.db.url)}: {error.detail}"}
    if not os.access(settings.secrets, os.R_OK):
        found["secrets"] = f"{settings.secrets} is missing: run `gateway init`"
    return found


def masked(url: str) -> str:
    """The address without its password."""
    return PASSWORD.sub(r"\1**********", url)
