"""Routes of deliveries: what is owed, what is dead, and what operators do about it, one or many."""

from __future__ import annotations

from gateway.web.api import asked, deliveries, replays, told
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_STATE = ("not-found", "delivery-state", "reason-unfit")

DELIVERIES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/deliveries",
        deliveries.list_deliveries,
        Operation(
            "listDeliveries",
            "Deliveries, newest first; for a partner those to it, or, with another side named, those between both.",
            "deliveries",
            Scope.READ,
            {200: Answer("One page", told.Deliveries, headers=("Link",))},
            ("bad-cursor",),
            query=asked.DeliveriesQuery,
        ),
    ),
    Route(
        "GET",
        "/v1/deliveries/{id}",
        deliveries.get_delivery,
        Operation(
            "getDelivery",
            "One delivery with its attempts.",
            "deliveries",
            Scope.READ,
            {200: Answer("The delivery", told.DeliveryDetail)},
            ("not-found",),
        ),
    ),
    Route(
        "POST",
        "/v1/deliveries/{id}/retry",
        deliveries.retry_delivery,
        Operation(
            "retryDelivery",
            "Send a dead, held or withheld delivery on its way again.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The delivery", told.DeliveryTold)},
            _STATE,
            body=asked.Because,
        ),
    ),
    Route(
        "POST",
        "/v1/deliveries/{id}/withdraw",
        deliveries.withdraw_delivery,
        Operation(
            "withdrawDelivery",
            "Take back what has not been delivered.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The delivery", told.DeliveryTold)},
            _STATE,
            body=asked.Because,
        ),
    ),
    Route(
        "GET",
        "/v1/queues",
        deliveries.list_queues,
        Operation(
            "listQueues",
            "What is owed to each partner.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The queues", told.Queues)},
        ),
    ),
    Route(
        "GET",
        "/v1/dead-letters",
        deliveries.list_dead_letters,
        Operation(
            "listDeadLetters",
            "Dead letters by fault, cause, partner and kind, biggest group first.",
            "deliveries",
            Scope.OPERATE,
            {200: Answer("The groups", told.Groups)},
        ),
    ),
)

REPLAYS: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/replays/plan",
        replays.plan_replay,
        Operation(
            "planReplay",
            "Freeze a selection of deliveries; nothing happens before the plan's token is used.",
            "replays",
            Scope.OPERATE,
            {201: Answer("The plan", told.JobTold, headers=("Location",))},
            ("reason-unfit",),
            body=asked.ReplayPlan,
        ),
    ),
    Route(
        "POST",
        "/v1/replays",
        replays.start_replay,
        Operation(
            "startReplay",
            "Start a plan. A second start gives the same job.",
            "replays",
            Scope.OPERATE,
            {202: Answer("The job", told.JobTold, headers=("Location",))},
            ("not-found", "job-state", "approval-needed"),
            body=asked.ReplayStart,
        ),
    ),
    Route(
        "GET",
        "/v1/replays/{id}",
        replays.get_replay,
        Operation(
            "getReplay",
            "A job with its progress.",
            "replays",
            Scope.OPERATE,
            {200: Answer("The job", told.JobTold)},
            ("not-found",),
        ),
    ),
    Route(
        "DELETE",
        "/v1/replays/{id}",
        replays.cancel_replay,
        Operation(
            "cancelReplay",
            "Cancel a job; what it did stays done.",
            "replays",
            Scope.OPERATE,
            {200: Answer("The job", told.JobTold)},
            ("not-found", "job-state"),
        ),
    ),
)
