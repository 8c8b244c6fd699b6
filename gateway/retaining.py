"""Retention put together: the schedule, the stores, and what the disclosure policy says of a kind."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable

import schemas
from gateway.core.errors import Misconfigured
from gateway.core.model import Kind
from gateway.core.retention import Schedule
from gateway.core.routing import Directory
from gateway.foundation import Foundation
from gateway.settings import Settings
from gateway.store.pruning import StoredPruning
from gateway.tools import Speech
from gateway.work.retention import Eraser
from gateway.work.retention_desk import StaffedDesk

LONGEST_POLICY = 2**20
"""Bytes of a policy file."""


def schedule_of(settings: Settings, speech: Speech) -> Schedule:
    """The policy of the site, or the one that is shipped. Raises Misconfigured when it allows what the law does not."""
    file = settings.retention.policy
    if file is None:
        return schemas.schedule(speech.catalog)
    try:
        with file.open("rb") as opened:
            return schemas.schedule(speech.catalog, opened.read(LONGEST_POLICY))
    except OSError as error:
        raise Misconfigured(f"The retention policy {file} cannot be read ({error.strerror}).") from None


def eraser(base: Foundation) -> Eraser:
    stored, kinds = base.stores, base.speech.catalog.policy.kinds

    def labels(kind: Kind | None) -> frozenset[str]:
        found = kinds.get(kind) if kind is not None else None
        return found.labels if found else frozenset()

    return Eraser(
        schedule=schedule_of(base.settings, base.speech),
        labels=labels,
        retention=stored.retention,
        holds=stored.holds,
        accounting=stored.accounting,
        pruning=StoredPruning(stored.database),
        leases=stored.leases,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
    )


def retention_desk(base: Foundation, directory: Callable[[], Directory]) -> StaffedDesk:
    stored = base.stores
    return StaffedDesk(
        schedule=schedule_of(base.settings, base.speech),
        retention=stored.retention,
        kept=stored.holds,
        register_of=stored.extracts,
        records=stored.records,
        directory=directory,
        scribe=base.scribe,
        clock=base.clock,
        mint=base.mint,
    )


async def local_desk(base: Foundation) -> StaffedDesk:
    """For one command: with the partners as they are now."""
    directory = await base.stores.partners.directory()
    return retention_desk(base, lambda: directory)
