"""Routes of signed receipts and of the keys that check them."""

from __future__ import annotations

from gateway.web.api import receipts
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_SAME = {"If-None-Match": "The ETag that the caller has"}
_UNCHANGED = Answer("The caller has it", media_type=None, headers=("ETag",))

RECEIPTS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/submissions/{id}/receipts/accepted",
        receipts.accepted,
        Operation(
            "getAcceptedReceipt",
            "The signed receipt of what was taken: a compact JWS (ES256), the same bytes for ever.",
            "receipts",
            Scope.READ,
            {200: Answer("The receipt", media_type=receipts.JOSE, headers=("ETag",)), 304: _UNCHANGED},
            ("not-found",),
            headers=_SAME,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}/receipts/final",
        receipts.final,
        Operation(
            "getFinalReceipt",
            "The signed receipt of what became of it, once every delivery has ended.",
            "receipts",
            Scope.READ,
            {200: Answer("The receipt", media_type=receipts.JOSE, headers=("ETag",)), 304: _UNCHANGED},
            ("not-found", "not-ended"),
            headers=_SAME,
        ),
    ),
    Route(
        "GET",
        "/.well-known/jwks.json",
        receipts.keys,
        Operation(
            "getReceiptKeys",
            "Every key that signed a receipt here, and the next one (RFC 7517): old ones stay, for old receipts.",
            "receipts",
            Scope.PUBLIC,
            {200: Answer("The keys", media_type=receipts.KEY_SET, headers=("Cache-Control",))},
            rated=True,
        ),
    ),
)
