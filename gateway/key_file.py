"""The key file written anew, audited."""

from __future__ import annotations

import asyncio
from secrets import token_bytes

from gateway.clock import utc_now
from gateway.core.model import Actor
from gateway.foundation import foundation, stretch
from gateway.key_secrets import passphrase, token_address
from gateway.settings import Settings
from gateway.store.engine import Limits, open_database
from gateway.store.health import StoredHealth
from gateway.transports import database_transport
from keys.files import FILE_NAME, Converted, FileKeys


async def convert(settings: Settings, actor: Actor) -> Converted:
    """Stretch the passphrase as ``crypto.fips`` asks for. The database is asked first whether it would take the entry;
    should it fail just then, another run writes the file the same way once more, and its entry. Raises Misconfigured,
    and Unavailable."""
    await _ready(settings)
    chosen = settings.keys
    where = (chosen.directory, utc_now, token_bytes)
    keys = FileKeys(*where, passphrase(chosen), stretch(settings), token_address(chosen))
    done = await asyncio.to_thread(keys.convert)
    async with foundation(settings) as base:
        details: dict[str, str | int] = {"before": done.before, "after": done.after}
        await base.stores.audit.write([base.scribe.entry(actor, "key.converted", f"file:{FILE_NAME}", "ok", details)])
    return done


async def _ready(settings: Settings) -> None:
    """Before the file is touched: with an unfit one no foundation opens."""
    database = open_database(settings.db.url, Limits(pool_size=1), database_transport(settings))
    try:
        await StoredHealth(database).writes()
    finally:
        await database.dispose()
