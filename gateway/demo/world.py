"""The world of the demonstration: a state directory of its own, keys, schema, partners, callers and logins."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.app import gateway
from gateway.callers import Account, add_operator, new_operator_key, new_partner_key
from gateway.cli.client import Client
from gateway.clock import utc_now
from gateway.core.errors import Misconfigured
from gateway.core.model import Actor, PartnerKey
from gateway.core.roles import Role
from gateway.demo.neighbours import Neighbours
from gateway.foundation import Foundation, foundation
from gateway.partner_files import read
from gateway.partner_store import apply, known
from gateway.settings import Settings, alone, load
from gateway.store.migrations import in_use, migrate
from gateway.transports import database_transport
from gateway.wiring import Gateway
from keys.files import FileKeys

DEMO = Actor("operator", "demo")
POSTERS = ("ohio", "michigan", "texas", "california", "tribe-90830", "acme", "globex")
LOGINS = tuple((role.value, role.value, "ohio" if role is Role.PARTNER_ADMIN else None) for role in Role)
"""Name, role, partner: one login of each role."""
SCOPES = frozenset({"submit", "read", "mailbox", "acknowledge", "query"})
FILES_PORT, DOWN_PORT = "127.0.0.1:18181", "127.0.0.1:18182"
EXCHANGE = "/var/lib/gateway/exchange"


@dataclass(frozen=True, slots=True)
class Wishes:
    once: bool = False
    database: str | None = None
    broker: str | None = None
    port: int = 8080


def examples() -> Path:
    """The example files: beside the package in a checkout, inside it when installed."""
    here = Path(__file__).parent
    inside = here / "examples"
    return inside if inside.is_dir() else here.parent.parent / "examples"


def settings(wishes: Wishes, home: Path) -> Settings:
    """Of the settings of this machine only how servers are reached and which algorithms are allowed: the head of
    another log, witnesses and time stamps are no business of a demonstration."""
    port, site = 0 if wishes.once else wishes.port, load()
    chosen: dict[str, Any] = {
        "crypto": site.crypto,
        "db": {
            "url": wishes.database or f"sqlite+aiosqlite:///{home / 'gateway.db'}",
            "ca": site.db.ca,
            "plain": site.db.plain,
        },
        "broker": {"url": wishes.broker, "ca": site.broker.ca, "plain": site.broker.plain},
        "keys": {"directory": home / "keys"},
        "secrets": home / "secrets",
        "api": {"port": 0, "sandbox": True},
        "console": {"port": port, "environment": "DEMO", "second_factor": False},
        "metrics": {"port": 0},
        "work": {"folder_root": home / "exchange", "processes": 1},
        "log_name": "gateway.example/demo",
    }
    return alone(**chosen)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the story plays with."""

    home: Path
    process: Gateway
    neighbours: Neighbours
    clients: Mapping[str, Client]
    operator: Client
    passwords: Mapping[str, str]

    def folder(self, partner: str) -> list[Path]:
        """What lies in a partner's folder, finished files only."""
        return sorted(path for path in (self.home / "exchange" / partner).glob("*") if not path.name.startswith("."))


async def prepare(chosen: Settings, home: Path) -> None:
    """Keys, folders, schema. Raises Misconfigured for a database that a gateway has used: its partners and the
    passwords of its accounts would be set anew, under other keys than it has."""
    if await in_use(chosen.db.url, database_transport(chosen)):
        raise Misconfigured("A gateway has used this database. Give the demonstration an empty one: CREATE DATABASE.")
    FileKeys.create(home / "keys", utc_now, secrets.token_bytes)
    for name in ("secrets", "exchange", "exchange/ohio-tanf", "exchange/ohio-medicaid", "exchange/ndnh"):
        (home / name).mkdir(mode=0o700, exist_ok=True)
    await migrate(chosen.db.url, transport=database_transport(chosen))


async def apply_partners(base: Foundation, home: Path, port: int, dead_port: int) -> int:
    """The example partner files, their endpoints turned to this demonstration's own ports and folders."""
    texts = {}
    for file in sorted((examples() / "partners").glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        text = text.replace(FILES_PORT, f"127.0.0.1:{port}").replace(DOWN_PORT, f"127.0.0.1:{dead_port}")
        texts[file.name] = text.replace(EXCHANGE, str(home / "exchange"))
    wanted = read(texts, await base.stores.partners.directory(), known(base.speech, base.settings.places.value()))
    return await apply(base, DEMO, wanted)


async def open_world(stack: AsyncExitStack, wishes: Wishes, home: Path, dead_port: int) -> World:
    """Build the world; ``stack`` takes it down again."""
    chosen = settings(wishes, home)
    await prepare(chosen, home)
    neighbours = Neighbours()
    stack.push_async_callback(neighbours.stop)
    port = await neighbours.start()
    passwords = {name: secrets.token_urlsafe(12) for name, _, _ in LOGINS}
    async with foundation(chosen) as base:
        await apply_partners(base, home, port, dead_port)
        tokens = {
            poster: await new_partner_key(base, DEMO, PartnerKey(poster), SCOPES, timedelta(days=1))
            for poster in POSTERS
        }
        operator_token = await new_operator_key(base, DEMO, "operator", timedelta(days=1))
        for name, role, partner in LOGINS:
            await add_operator(base, DEMO, Account(name, role, passwords[name], partner))
    process = await stack.enter_async_context(gateway(chosen))
    url = process.addresses["api"]
    return World(
        home=home,
        process=process,
        neighbours=neighbours,
        clients={poster: Client(url, token) for poster, token in tokens.items()},
        operator=Client(url, operator_token),
        passwords=passwords,
    )
