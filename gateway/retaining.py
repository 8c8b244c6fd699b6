"""Retention put together: the schedule, the stores, and what the disclosure policy says of a kind."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable

from gateway.core.model import Kind
from gateway.core.routing import Directory
from gateway.foundation import Foundation
from gateway.store.pruning import StoredPruning
from gateway.work.retention import Eraser
from gateway.work.retention_desk import StaffedDesk


def eraser(base: Foundation) -> Eraser:
    stored, kinds = base.stores, base.speech.catalog.policy.kinds

    def labels(kind: Kind | None) -> frozenset[str]:
        found = kinds.get(kind) if kind is not None else None
        return found.labels if found else frozenset()

    return Eraser(
        schedule=base.policies.retention,
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
        schedule=base.policies.retention,
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
