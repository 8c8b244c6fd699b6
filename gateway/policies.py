"""The policies in force: read, checked against the signatures that the site asks for, and told to the audit log."""

from __future__ import annotations

from pathlib import Path

import schemas
from gateway.audit.note import LONGEST_NOTE, VerifyKey
from gateway.audit.policy_note import policy_text, signers_of
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Misconfigured, Tampered
from gateway.core.model import Actor
from gateway.core.policies import NOBODY, Editions, Policies
from gateway.core.ports.audit_log import AuditLog
from gateway.core.retention import Schedule
from gateway.settings import PolicySettings, Settings
from gateway.tools import Speech

_ACTOR = Actor("gateway", "policies")
LONGEST_POLICY = 2**20
"""Bytes of a policy file."""
NOT_SIGNED = "policy-not-signed"


def read_policies(settings: Settings, speech: Speech) -> Policies:
    """The policies as they are, whoever signed them. Raises Misconfigured when one allows what the law does not."""
    return Policies(speech.catalog.policy, _schedule(settings.retention.policy, speech))


def policies_in_force(settings: Settings, speech: Speech) -> Policies:
    """The policies with those who signed them. Raises Misconfigured (``policy-not-signed``) when fewer of
    ``policy.signers`` signed exactly these than have to; without signers nobody has to."""
    found, chosen = read_policies(settings, speech), settings.policy
    if chosen.signature is None:
        return found
    signed_by = signers_in(chosen.signature, found.editions, signer_keys(chosen))
    if len(signed_by) < chosen.threshold:
        least = f"{len(signed_by)} of at least {chosen.threshold} signers signed"
        raise Misconfigured(f"{_named(found.editions)}: {least} ({chosen.signature}).", code=NOT_SIGNED)
    return Policies(found.disclosure, found.retention, signed_by)


def signer_keys(chosen: PolicySettings) -> tuple[VerifyKey, ...]:
    """Raises Misconfigured for what is no verify key, and for one that stands there twice: one person would count as
    two."""
    keys = tuple(VerifyKey.parse(text) for text in chosen.signers)
    if len({key.public_key for key in keys}) < len(keys) or len({key.name for key in keys}) < len(keys):
        raise Misconfigured("policy.signers names a key or a name twice.", code="bad-verify-key")
    return keys


def signers_in(file: Path, editions: Editions, keys: tuple[VerifyKey, ...]) -> tuple[str, ...]:
    """Names of the keys that signed these policies. Raises Misconfigured (``policy-not-signed``) when the file is
    missing, is no note, is about other policies, or a signature in it is wrong."""
    try:
        return signers_of(read_note(file), policy_text(editions), keys)
    except Tampered as fault:
        raise Misconfigured(f"{_named(editions)}: {file}: {fault.detail}.", code=NOT_SIGNED) from None


def read_note(file: Path) -> str:
    """Raises Misconfigured (``policy-not-signed``)."""
    try:
        with file.open("rb") as opened:
            return opened.read(4 * LONGEST_NOTE).decode()
    except OSError as error:
        raise Misconfigured(f"The signature {file} cannot be read ({error.strerror}).", code=NOT_SIGNED) from None
    except ValueError:
        raise Misconfigured(f"The signature {file} is not a text.", code=NOT_SIGNED) from None


def _named(editions: Editions) -> str:
    told = " and ".join(f"{name} {one.version}" for name, one in editions.items())
    return f"The policies {told} are not signed as policy.signers asks"


def _schedule(file: Path | None, speech: Speech) -> Schedule:
    """The policy of the site, or the one that is shipped."""
    if file is None:
        return schemas.schedule(speech.catalog)
    try:
        with file.open("rb") as opened:
            return schemas.schedule(speech.catalog, opened.read(LONGEST_POLICY), str(file))
    except OSError as error:
        raise Misconfigured(f"The retention policy {file} cannot be read ({error.strerror}).") from None


async def note_policies(log: AuditLog, scribe: Scribe, editions: Editions, signers: str) -> None:
    """Write ``policy.changed`` for each policy that is another one than the log says, or that others signed: with the
    digests of both, and the names of the keys."""
    for name, (version, digest) in editions.items():
        before, by = await _last(log, name)
        if (before, by) != (digest, signers):
            details = {"version": version, "sha256": digest, "before": before, "signed_by": signers}
            entry = scribe.entry(_ACTOR, "policy.changed", f"policy:{name}", details=details)
            await log.write([entry])


async def _last(log: AuditLog, name: str) -> tuple[str, str]:
    """Digest and signers that the log told of last."""
    known = [entry for _, entry in await log.about(f"policy:{name}")]
    if not known:
        return "none", NOBODY
    return str(known[-1].details["sha256"]), str(known[-1].details.get("signed_by", NOBODY))
