"""A stored audit log that really grew: entries numbered, tiles kept and checkpoints signed by the integrator itself."""

from __future__ import annotations

from gateway.audit.note import VerifyKey
from gateway.clock import utc_now
from gateway.logbook import Logbook
from gateway.store.audit import StoredAuditLog
from gateway.work.integrator import Integrator
from tests.vectors.audit.sample import new_signer, some_entries


def logbook_of(database, signer=None):
    signer = signer or new_signer()
    return Logbook(StoredAuditLog(database), signer, lambda: (signer.public_key,))


async def grow(logbook, *counts):
    """Let the log grow by these many entries, one checkpoint each; returns the key that verifies it."""
    seen = []
    integrator = Integrator(logbook.audit, logbook.grow, logbook.restore, utc_now, seen.append, logbook.remember)
    while await integrator.step():
        pass
    for count in counts:
        await logbook.audit.write(some_entries(count))
        while await integrator.step():
            pass
    return VerifyKey.of(logbook.signer)
