"""What an audit entry is and the bytes of its leaf in the Merkle log (docs/audit-log.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from json.encoder import encode_basestring as _quoted

from gateway.core.ids import Clock, Mint, Random
from gateway.core.model import Actor, AuditEntry, EntryId

SALT_BYTES = 16

ACTIONS: Mapping[str, str] = {
    "submission.received": "a submission is durable and waits to be judged",
    "submission.judged": "a submission is judged to the end",
    "submission.refused": "a submission was turned away as a whole",
    "submission.held": "the gateway failed at judging a submission again and again, and put it aside",
    "submission.retried": "a submission that was put aside is to be judged again",
    "record.accepted": "a record is valid, sealed and routed",
    "record.refused": "a record has blocking findings",
    "record.parked": "a valid record has no agreement that lets it leave",
    "record.withheld": "the disclosure guard keeps a record back",
    "record.rerouted": "a parked record found its way after a change of agreements",
    "record.read": "a person or a partner read a record's content",
    "glass.broken": "an operator took the right to read content in an emergency, which somebody else has to review",
    "glass.opened": "content was read by the right that an operator took in an emergency",
    "glass.ended": "an operator's right to read content in an emergency came to its end",
    "glass.reviewed": "a security officer looked through what was opened in an emergency, and said what it was",
    "reads.reviewed": "somebody looked through who had read records' content",
    "case.searched": "an operator looked for the records of a case",
    "record.amended": "two people agreed on what a dead delivery carries instead; the record itself stays as it was",
    "delivery.created": "records were gathered into a delivery",
    "delivery.attempted": "an attempt failed and another is due",
    "delivery.delivered": "the partner took the delivery",
    "delivery.placed": "the delivery lies in the partner's mailbox",
    "delivery.dead": "the delivery needs a person",
    "delivery.held": "the delivery is kept back on purpose",
    "delivery.withheld": "the disclosure guard keeps a delivery back that was about to leave",
    "delivery.split": "records that may not leave were taken out of a delivery; the others go on under its id",
    "delivery.retried": "a person sent a dead, held or withheld delivery on its way again",
    "delivery.withdrawn": "a person withdrew a delivery",
    "delivery.acknowledged": "the partner said that it has the delivery",
    "delivery.rejected": "the partner said that it cannot use the delivery",
    "acknowledgement.refused": "a partner's word on a delivery does not fit what was sent",
    "receipt.signed": "a receipt of a submission was signed; it is given out in the same bytes ever after",
    "query.asked": "a query is about to leave to the partner that works the case",
    "query.answered": "the caller is told the answer to its query",
    "query.refused": "a query may not be asked, or is not one",
    "query.failed": "a query ends without an answer",
    "notice.lifted": "a partner took back a notice of danger that its record had placed",
    "deadline.near": "what has to be sent by a day is not sent yet, and the day is near",
    "deadline.missed": "a day by which something had to be sent has passed",
    "incident.opened": "an incident was discovered, and those who have a right to it have to be told",
    "incident.told": "somebody who has to be told of an incident was told",
    "incident.closed": "an incident was closed; nobody has to be told of it any more",
    "override.entered": "an order of a court, agreed on by two people, may let one answer about a protected person go",
    "override.used": "an order of a court was used up: one record of this delivery leaves by it",
    "override.undelivered": "the delivery that used up an order of a court came to nothing: the court does not have it",
    "record.released": "a record that was kept back because of danger goes on its way by an order of a court",
    "delivery.released": "a delivery that was kept back because of danger goes on its way by an order of a court",
    "policy.changed": "a process began with another policy than the one before, or with one that others signed",
    "partner.applied": "a partner or agreement was set or changed",
    "partner.paused": "deliveries to a partner wait",
    "partner.resumed": "deliveries to a partner go on",
    "partner.restarted": "the next file of a series of a partner's may have any day",
    "record.erased": "a record was erased: its data key is destroyed, and all that was derived from it",
    "retention.begun": "an erasing run began",
    "retention.ended": "an erasing run ended; its certificate tells what was disposed of",
    "hold.set": "nothing that the hold covers may be erased",
    "hold.released": "a hold was lifted",
    "backup.made": "a copy of the database was made",
    "audit.pruned": "entries whose time was over were deleted; their hashes stay",
    "extract.made": "a copy left the gateway's store and has to be erased by a day",
    "extract.erased": "somebody confirmed that a copy is erased",
    "key.created": "a key was made",
    "key.prepared": "a key was made that will follow the active one",
    "key.rotated": "another key became the active one",
    "key.expiring": "a key comes to the end of its time",
    "key.converted": "the key file was written anew, its passphrase stretched otherwise",
    "key.rewrapped": "data keys were wrapped anew by the active keys",
    "key.reindexed": "blind indexes were made anew under the active key",
    "key.destroyed": "a key that nothing was wrapped by came to its end",
    "operator.added": "an operator account was made or changed",
    "operator.login": "an operator logged in",
    "operator.logout": "an operator logged out",
    "operator.enrolled": "a second factor of an operator was added or taken away",
    "operator.device": "an operator account was bound to a computer, or is no longer",
    "device.lost": "a computer was reported lost: nobody gets in from it",
    "device.found": "a lost computer is there again",
    "operator.refused": "a login failed",
    "approval.asked": "somebody asked for a second person's word",
    "approval.given": "the second person agreed",
    "approval.refused": "the second person said no",
    "approval.used": "what two people had agreed on was begun",
    "access.refused": "a caller was turned away",
    "token.granted": "a partner proved itself and was given an access token",
    "apikey.added": "an API key was made",
    "apikey.revoked": "an API key was revoked",
    "wirekey.added": "a wire key was registered; it is not used before it is confirmed",
    "wirekey.tested": "a proof of possession was asked for",
    "wirekey.confirmed": "the holder of a wire key proved it, or a key of the gateway came into use",
    "wirekey.retired": "messages under a wire key are refused from now on",
    "message.refused": "a protected message did not open, or was not signed by its sender",
    "admission.closed": "a process takes no new submissions: there is too much to do",
    "admission.opened": "a process takes submissions again",
    "clock.skewed": "the clock of a process is wrong by more than it may be",
    "clock.right": "the clock of a process agrees again with what it is compared with",
    "job.planned": "a bulk action was planned over a frozen selection",
    "job.started": "a bulk action was started",
    "job.ended": "a bulk action ended",
}
"""Every action that an entry may name, and what it says; guarded by a test against the code."""


_TO_MICROSECONDS = len("2026-01-31T00:00:00.000000")
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Recorded(Mapping[str, str | int]):
    """Details as they were written: the text, which most readers only hash, and its members for those who look."""

    __slots__ = ("_members", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        """Canonical JSON of an object of texts and integers."""
        self._members: Mapping[str, str | int] | None = None

    @property
    def members(self) -> Mapping[str, str | int]:
        if self._members is None:
            self._members = json.loads(self.text)
        return self._members

    def __getitem__(self, name: str) -> str | int:
        return self.members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"Recorded({self.text!r})"


def canonical_json(value: Mapping[str, object]) -> bytes:
    """RFC 8785 for the values that we use: text, integers and nested objects of them, keys sorted."""
    if type(value) is Recorded:
        return value.text.encode()
    members = []
    for key in sorted(value):
        one = value[key]
        if type(one) is str:
            members.append(f"{_quoted(key)}:{_quoted(one)}")
        elif type(one) is int:
            members.append(f"{_quoted(key)}:{one}")
        else:
            return _CANONICAL.encode(value).encode()
    return f"{{{','.join(members)}}}".encode()


def commitment(details: Mapping[str, str | int], salt: bytes) -> str:
    """Salted SHA-256 over the canonical details: shows later what was recorded, reveals nothing now."""
    return hashlib.sha256(salt + canonical_json(details)).hexdigest()


def timestamp(at: datetime) -> str:
    """RFC 3339 UTC with microseconds."""
    return f"{at.isoformat('T', 'microseconds')[:_TO_MICROSECONDS]}Z"


def leaf(entry: AuditEntry) -> bytes:
    """The leaf bytes: canonical JSON of who did what to which object when, and a salted commitment to the details.

    Put together here, members in their order: an encoder takes several times as long, and every entry has a leaf.
    """
    text = (
        f'{{"action":{_quoted(entry.action)},"actor":{_quoted(str(entry.actor))},"at":"{timestamp(entry.at)}",'
        f'"details":"{entry.commitment or commitment(entry.details, entry.salt)}","id":{_quoted(entry.id)},'
        f'"object":{_quoted(entry.object)},"outcome":{_quoted(entry.outcome)},"v":1}}'
    )
    return text.encode()


class Scribe:
    """Makes entries: holds the clock, the mint and the randomness so that callers name only what happened."""

    def __init__(self, clock: Clock, mint: Mint, random: Random) -> None:
        self._clock, self._mint, self._random = clock, mint, random

    def now(self) -> datetime:
        """The time that the next entry would carry."""
        return self._clock()

    def entry(
        self, actor: Actor, action: str, obj: str, outcome: str = "ok", details: Mapping[str, str | int] | None = None
    ) -> AuditEntry:
        """A new entry for now. ``action`` must be one of :data:`ACTIONS`."""
        if action not in ACTIONS:
            raise KeyError(action)
        return AuditEntry(
            EntryId(self._mint()),
            self._clock(),
            actor,
            action,
            obj,
            outcome,
            dict(details or {}),
            self._random(SALT_BYTES),
        )
