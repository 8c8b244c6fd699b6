"""Which policies are in force, for the audit log: a change of what may leave, or of how long is kept, has its entry."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Actor
from gateway.foundation import Foundation
from gateway.retaining import schedule_of

_ACTOR = Actor("gateway", "policies")
InForce = Mapping[str, tuple[str, str]]
"""Name of a policy -> its version, and the SHA-256 of its files in hex."""


def in_force(base: Foundation) -> InForce:
    disclosure, retention = base.speech.catalog.policy, schedule_of(base.settings, base.speech)
    return {
        "disclosure": (disclosure.version, disclosure.digest),
        "retention": (retention.version, retention.digest),
    }


async def note_policies(base: Foundation, policies: InForce) -> None:
    """Write ``policy.changed`` for each policy that is another one than the log says, with the digests of both."""
    for name, (version, digest) in policies.items():
        known = [entry for _, entry in await base.stores.audit.about(f"policy:{name}")]
        before = str(known[-1].details["sha256"]) if known else "none"
        if before != digest:
            details = {"version": version, "sha256": digest, "before": before}
            entry = base.scribe.entry(_ACTOR, "policy.changed", f"policy:{name}", details=details)
            await base.stores.audit.write([entry])
