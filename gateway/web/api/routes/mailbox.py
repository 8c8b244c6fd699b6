"""Routes of partners that pull, and of every partner's word on a delivery."""

from __future__ import annotations

from gateway.web.api import asked, mailbox, told
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_DIGEST = ("digest-missing", "digest-mismatch", "digest-replayed")
_STATE = ("not-found", "delivery-state", "reason-unfit")

MAILBOX: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/mailbox",
        mailbox.list_parcels,
        Operation(
            "listMailbox",
            "Lease parcels, oldest first; what is leased is shown to nobody else until the lease ends.",
            "mailbox",
            Scope.MAILBOX,
            {200: Answer("The leased parcels", told.MailboxTold)},
            query=asked.MailboxQuery,
        ),
    ),
    Route(
        "GET",
        "/v1/mailbox/{delivery}",
        mailbox.get_parcel,
        Operation(
            "getParcel",
            "The bytes of a parcel, in the caller's own format.",
            "mailbox",
            Scope.MAILBOX,
            {200: Answer("The bytes", media_type="*/*", headers=("Content-Digest", "Gateway-Delivery"))},
            ("not-found",),
        ),
    ),
    Route(
        "POST",
        "/v1/mailbox/{delivery}/acknowledge",
        mailbox.acknowledge_parcel,
        Operation(
            "acknowledgeParcel",
            "Take a parcel, with the digest of its bytes: it is delivered and leaves the mailbox.",
            "mailbox",
            Scope.MAILBOX,
            {200: Answer("The delivery", told.DeliveryTold)},
            (*_DIGEST, "not-found", "delivery-state"),
            body=asked.Taking,
        ),
    ),
    Route(
        "POST",
        "/v1/mailbox/{delivery}/refuse",
        mailbox.refuse_parcel,
        Operation(
            "refuseParcel",
            "Refuse a parcel, read or unread: it becomes a dead letter with this reason.",
            "mailbox",
            Scope.MAILBOX,
            {200: Answer("The delivery", told.DeliveryTold)},
            ("digest-mismatch", "digest-replayed", *_STATE),
            body=asked.Refusing,
        ),
    ),
    Route(
        "POST",
        "/v1/acknowledgements",
        mailbox.post_acknowledgement,
        Operation(
            "postAcknowledgement",
            "A partner's word on any delivery to it; the digest must be that of the bytes that were sent.",
            "mailbox",
            Scope.ACKNOWLEDGE,
            {200: Answer("The delivery", told.DeliveryTold)},
            (*_DIGEST, *_STATE),
            body=asked.Acknowledgement,
        ),
    ),
)
