"""What a signed receipt says. Two a submission: *accepted*, on what was taken, and *final*, on what became of it.

Claims have the names of JSON Web Tokens (RFC 7519) where these have one; docs/receipts.md tells all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.audit_entry import leaf, timestamp
from gateway.core.batching import window_after
from gateway.core.errors import Tampered
from gateway.core.model import AuditEntry, Batching, BatchMode, Kind, PartnerKey, Submission, SubmissionState

VERSION = 1
TAKEN = ("submission.received", "submission.judged")
"""Actions of the entry that tells that a submission was taken; the first of them counts."""


class ReceiptKind(StrEnum):
    ACCEPTED = "accepted"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Owed:
    """Records of one kind that go to one recipient."""

    partner: PartnerKey
    kind: Kind
    since: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A submission that was taken, with the entry of the log that says so."""

    submission: Submission
    entry: AuditEntry
    number: int | None
    """Its place in the log; None: not numbered yet."""
    owed: tuple[Owed, ...] = ()
    """By partner and kind; nothing for a body that was too big to judge at once."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many records of a submission ended how with one recipient."""

    partner: PartnerKey
    delivered: int = 0
    refused: int = 0
    """They cannot be used there for what they say: mostly the recipient's own word."""
    withdrawn: int = 0
    """An operator gave them up."""
    withheld: int = 0
    """The disclosure guard took them out of their delivery when it was about to leave."""
    amended: int = 0
    """Of those delivered: what went out is not word for word what was sent, two people amended it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a submission ended: a record that goes to several recipients counts with each of them."""

    at: datetime
    records: int
    refused: int
    """Refused here, with findings; they went nowhere."""
    withheld: int
    """The disclosure guard kept them back; they went nowhere."""
    shares: tuple[Share, ...]
    """By partner, sorted."""
    erased: int = 0
    """They found nobody to go to until retention erased them."""


@dataclass(frozen=True, slots=True)
class Due:
    """Records of one kind leave for one recipient by then, unless its end is down."""

    partner: PartnerKey
    kind: Kind
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the log stood when the receipt was signed: whoever keeps it can show later that the log was rewritten."""

    origin: str
    size: int
    root: str
    """Base64, as in its checkpoint."""


def leaves_by(batching: Batching, owed_at: datetime) -> datetime:
    """When records that are owed since then become a delivery at the latest."""
    if batching.mode is BatchMode.WINDOW:
        return window_after(batching, owed_at)
    return owed_at + (batching.age if batching.mode is BatchMode.COUNT else timedelta())


def accepted(begun: Begun, due: Sequence[Due], seen: Seen, at: datetime) -> bytes:
    """The claims of an accepted receipt. Counts are those of the answer to the post. Of a body that was too big to
    judge at once neither counts nor due dates are known: both are null, whatever answers before said (noughts). Raises
    Tampered as :func:`agree` does."""
    answer = json.loads(begun.submission.receipt)
    judged = answer["state"] == SubmissionState.JUDGED
    dates = [{"partner": one.partner, "kind": one.kind, "at": timestamp(one.at)} for one in due]
    return _encoded(
        {
            **_start(begun, ReceiptKind.ACCEPTED, seen, at),
            "state": answer["state"],
            "counts": answer["counts"] if judged else None,
            "answer": {"sha256": hashlib.sha256(begun.submission.receipt).hexdigest()},
            "due": dates if judged else None,
        }
    )


def final(begun: Begun, ended: Ended, seen: Seen, at: datetime) -> bytes:
    """The claims of a final receipt. Raises Tampered as :func:`agree` does."""
    return _encoded(
        {
            **_start(begun, ReceiptKind.FINAL, seen, at),
            "ended_at": timestamp(ended.at),
            "counts": _counts(ended),
            "recipients": [
                {
                    "partner": one.partner,
                    "delivered": one.delivered,
                    "refused": one.refused,
                    "withdrawn": one.withdrawn,
                    "withheld": one.withheld,
                    "amended": one.amended,
                }
                for one in ended.shares
            ],
        }
    )


def _counts(ended: Ended) -> dict[str, int]:
    """``erased`` stands there only where there are some: few receipts have it, and earlier ones knew no such count."""
    told = {"records": ended.records, "refused": ended.refused, "withheld": ended.withheld}
    return {**told, "erased": ended.erased} if ended.erased else told


def agree(begun: Begun) -> None:
    """Raises Tampered (``receipt-contradicts``) when the log says other than the stored submission: what somebody
    changed since the answer left must not be signed."""
    told = _body(begun.submission)
    if {name: begun.entry.details.get(name) for name in told} != told:
        raise Tampered(f"submission {begun.submission.id} is not what the log says of it", code="receipt-contradicts")


def _body(submission: Submission) -> dict[str, str | int]:
    return {"sha256": submission.body_digest, "bytes": submission.body_size}


def _start(begun: Begun, kind: ReceiptKind, seen: Seen, at: datetime) -> dict[str, object]:
    """What both kinds say. Raises Tampered as :func:`agree` does."""
    agree(begun)
    submission, entry = begun.submission, begun.entry
    return {
        "iss": seen.origin,
        "sub": submission.id,
        "iat": int(at.timestamp()),
        "v": VERSION,
        "receipt": kind.value,
        "sender": submission.sender,
        "format": submission.format,
        "body": _body(submission),
        "received_at": timestamp(submission.received_at),
        "log": {
            "entry": entry.id,
            "number": begun.number,
            "leaf": leaf(entry).decode(),
            "details": dict(entry.details),
            "salt": entry.salt.hex(),
            "size": seen.size,
            "root": seen.root,
        },
    }


def _encoded(claims: Mapping[str, object]) -> bytes:
    return json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
