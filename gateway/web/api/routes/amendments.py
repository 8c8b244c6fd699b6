"""Routes of amendments: what a dead delivery carries in place of a record, for operators alone."""

from __future__ import annotations

from gateway.web.api import amendments, asked, told
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_AMENDED = ("amend-fixed", "amend-invalid", "amend-nothing", "amend-path", "amend-value")

AMENDMENTS: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/deliveries/{id}/records/{record}/elements",
        amendments.list_elements,
        Operation(
            "listElements",
            "The elements of a record in a dead delivery: paths and what the values are like. An entry of the log.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The elements", told.Elements)},
            ("not-found", "delivery-state", "approval-role", "reason-unfit"),
            body=asked.Because,
        ),
    ),
    Route(
        "POST",
        "/v1/deliveries/{id}/amendments",
        amendments.ask_amendment,
        Operation(
            "askAmendment",
            "Ask a second person to let the delivery carry other values of a record; the record itself stays.",
            "deliveries",
            Scope.OPERATE,
            {201: Answer("The request, open or opened before", told.AmendmentTold, headers=("Location",))},
            ("not-found", "delivery-state", "approval-role", "reason-unfit", *_AMENDED),
            body=asked.Amending,
        ),
    ),
    Route(
        "GET",
        "/v1/amendments/{id}",
        amendments.get_amendment,
        Operation(
            "getAmendment",
            "An amendment with the state of its second word; never a value.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The amendment", told.AmendmentTold)},
            ("not-found",),
        ),
    ),
    Route(
        "POST",
        "/v1/amendments/{id}/send",
        amendments.send_amendment,
        Operation(
            "sendAmendment",
            "Send the delivery with what two people agreed on.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The delivery", told.DeliveryTold)},
            ("not-found", "delivery-state", "approval-role", "approval-needed", "amend-changed"),
        ),
    ),
)
