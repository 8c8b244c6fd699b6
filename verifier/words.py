"""What an entry of the log says, in plain words made here: words that come with a file are not signed by anybody."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "submission.received": "a submission is durable and waits to be judged",
    "submission.judged": "a submission is judged to the end",
    "submission.refused": "a submission was turned away as a whole",
    "record.accepted": "a record is valid, sealed and routed",
    "record.refused": "a record has blocking findings",
    "record.parked": "a valid record has no agreement that lets it leave",
    "record.withheld": "the disclosure guard keeps a record back",
    "record.rerouted": "a parked record found its way after a change of agreements",
    "record.read": "a person or a partner read a record's content",
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
    "notice.lifted": "a partner took back a notice of danger that its record had placed",
    "deadline.near": "what has to be sent by a day is not sent yet, and the day is near",
    "deadline.missed": "a day by which something had to be sent has passed",
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
    "key.rewrapped": "data keys were wrapped anew by the active keys",
    "key.reindexed": "blind indexes were made anew under the active key",
    "key.destroyed": "a key that nothing was wrapped by came to its end",
    "operator.added": "an operator account was made or changed",
    "operator.login": "an operator logged in",
    "operator.logout": "an operator logged out",
    "operator.enrolled": "a second factor of an operator was added or taken away",
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
    "job.planned": "a bulk action was planned over a frozen selection",
    "job.started": "a bulk action was started",
    "job.ended": "a bulk action ended",
    "acknowledgement.refused": "a partner's word on a delivery does not fit what was sent",
    "receipt.signed": "a receipt of a submission was signed; it is given out in the same bytes ever after",
    "query.asked": "a query is about to leave to the partner that works the case",
    "query.answered": "the caller is told the answer to its query",
    "query.refused": "a query may not be asked, or is not one",
    "query.failed": "a query ends without an answer",
}
"""Action -> what it says, as docs/audit-log.md has it."""


def plain_words(leaf: Mapping[str, str]) -> str | None:
    """One sentence on the members of a leaf; None for an action that this version does not know."""
    meaning = MEANINGS.get(leaf["action"])
    if meaning is None:
        return None
    outcome = "" if leaf["outcome"] == "ok" else f" Outcome: {leaf['outcome']}."
    return f"{leaf['at']}, by {leaf['actor']}, on {leaf['object']}: {meaning}.{outcome}"
