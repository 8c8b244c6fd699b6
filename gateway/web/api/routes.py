"""The route table: everything that the API answers, each line with its operation."""

from __future__ import annotations

from gateway.web.api import asked, deliveries, mailbox, public, records, replays, submissions, told
from gateway.web.api.operation import Answer, AnyBody, Operation, Route
from gateway.web.auth import Scope

_HTML = "text/html"
_TEXT = "text/plain"
_RATE = ("RateLimit-Policy", "RateLimit")
_KEY = {
    "Idempotency-Key*": "A fresh key for each body, 1 to 128 letters, digits and ._:-; a repeat gets the same receipt",
    "Content-Digest": "RFC 9530; checked when it holds sha-256",
}
_KEY_PROBLEMS = ("idempotency-key-missing", "idempotency-key-unfit", "idempotency-mismatch", "conflict")
_NONE_MATCH = {"If-None-Match": "The ETag that the caller has"}
_FILE = ("unprocessable", "empty-body", "unreadable", "format-unknown", "format-ambiguous", "format-not-allowed")
_STATE = ("not-found", "delivery-state", "reason-unfit")

_SUBMISSIONS = (
    Route(
        "POST",
        "/v1/submissions",
        submissions.post_submission,
        Operation(
            "postSubmission",
            "Submit a file of records. 202 means durable; up to 1,000 records are judged in the answer.",
            "submissions",
            Scope.SUBMIT,
            {
                202: Answer(
                    "Durable; the receipt",
                    told.Receipt,
                    headers=("Location", "Retry-After", "Idempotent-Replayed", *_RATE),
                )
            },
            (*_KEY_PROBLEMS, "content-digest-mismatch", *_FILE),
            body=AnyBody(),
            query=asked.BodyQuery,
            headers=_KEY,
        ),
    ),
    Route(
        "POST",
        "/v1/validations",
        submissions.post_validation,
        Operation(
            "postValidation",
            "Judge a file as a submission would be; nothing is kept.",
            "submissions",
            Scope.SUBMIT,
            {200: Answer("The verdict", told.VerdictTold)},
            _FILE,
            body=AnyBody(),
            query=asked.BodyQuery,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions",
        submissions.list_submissions,
        Operation(
            "listSubmissions",
            "The caller's submissions, newest first.",
            "submissions",
            Scope.READ,
            {200: Answer("One page", told.Submissions, headers=("Link",))},
            ("bad-cursor",),
            query=asked.PageQuery,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}",
        submissions.get_submission,
        Operation(
            "getSubmission",
            "State, counts, progress, and findings by rule with samples.",
            "submissions",
            Scope.READ,
            {
                200: Answer("The submission", told.SubmissionDetail, headers=("ETag", "Retry-After")),
                304: Answer("Nothing has changed", media_type=None, headers=("ETag", "Retry-After")),
            },
            ("not-found",),
            headers=_NONE_MATCH,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}/records",
        submissions.list_records,
        Operation(
            "listSubmissionRecords",
            "The records of a submission, in their order.",
            "submissions",
            Scope.READ,
            {200: Answer("One page", told.Records, headers=("Link",))},
            ("not-found", "bad-cursor"),
            query=asked.RecordsQuery,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{id}/findings",
        submissions.list_findings,
        Operation(
            "listSubmissionFindings",
            "The findings of a submission, in their order.",
            "submissions",
            Scope.READ,
            {200: Answer("One page", told.Findings, headers=("Link",))},
            ("not-found", "bad-cursor"),
            query=asked.FindingsQuery,
        ),
    ),
)

_RECORDS = (
    Route(
        "GET",
        "/v1/records/{id}",
        records.get_record,
        Operation(
            "getRecord",
            "What a record is and where it went; never its content.",
            "records",
            Scope.READ,
            {200: Answer("The record", told.RecordDetail)},
            ("not-found",),
        ),
    ),
    Route(
        "GET",
        "/v1/records/{id}/trace",
        records.get_trace,
        Operation(
            "getRecordTrace",
            "Every step with time, actor and attempt, oldest first.",
            "records",
            Scope.READ,
            {200: Answer("The steps", told.Trace)},
            ("not-found",),
        ),
    ),
    Route(
        "GET",
        "/v1/records/{id}/proof",
        records.get_proof,
        Operation(
            "getRecordProof",
            "The proof that the record's entry is in the audit log; checks offline.",
            "records",
            Scope.READ,
            {200: Answer("The proof file", media_type=_TEXT)},
            ("not-found", "proof-pending"),
        ),
    ),
)

_MAILBOX = (
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
            "Take a parcel: it is delivered and leaves the mailbox.",
            "mailbox",
            Scope.MAILBOX,
            {200: Answer("The delivery", told.DeliveryTold)},
            ("not-found", "delivery-state"),
        ),
    ),
    Route(
        "POST",
        "/v1/mailbox/{delivery}/refuse",
        mailbox.refuse_parcel,
        Operation(
            "refuseParcel",
            "Refuse a parcel: it becomes a dead letter with this reason.",
            "mailbox",
            Scope.MAILBOX,
            {200: Answer("The delivery", told.DeliveryTold)},
            _STATE,
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
            ("digest-mismatch", *_STATE),
            body=asked.Acknowledgement,
        ),
    ),
)

_DELIVERIES = (
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
            "Send a dead or held delivery on its way again.",
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

_REPLAYS = (
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
            ("not-found", "job-state"),
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

_PUBLIC = (
    Route(
        "GET",
        "/v1/rules",
        public.page,
        Operation(
            "listRules",
            "Every rule that findings can name.",
            "rules",
            Scope.PUBLIC,
            {200: Answer("The rules", told.Rules)},
        ),
    ),
    Route(
        "GET",
        "/v1/rules/{code}",
        public.get_rule,
        Operation(
            "getRule",
            "One rule: what it asks and how to mend a record.",
            "rules",
            Scope.PUBLIC,
            {200: Answer("The rule", told.RulePage)},
            ("not-found",),
        ),
    ),
    Route(
        "GET",
        "/problems/{code}",
        public.problem,
        Operation(
            "getProblem",
            "The page of one problem.",
            "reference",
            Scope.PUBLIC,
            {200: Answer("The page", media_type=_HTML)},
            ("not-found",),
        ),
    ),
    Route(
        "GET",
        "/openapi.json",
        public.page,
        Operation(
            "getOpenapi",
            "This description.",
            "reference",
            Scope.PUBLIC,
            {200: Answer("OpenAPI 3.1", media_type="application/json")},
        ),
    ),
    Route(
        "GET",
        "/docs",
        public.page,
        Operation(
            "getReference",
            "The reference for people.",
            "reference",
            Scope.PUBLIC,
            {200: Answer("The page", media_type=_HTML)},
        ),
    ),
    Route(
        "GET",
        "/docs/reference.css",
        public.page,
        Operation(
            "getReferenceStyle",
            "The style sheet of the reference.",
            "reference",
            Scope.PUBLIC,
            {200: Answer("The style sheet", media_type="text/css")},
        ),
    ),
    Route(
        "GET",
        "/livez",
        public.livez,
        Operation("livez", "The process is alive.", "health", Scope.PUBLIC, {200: Answer("It is", media_type=_TEXT)}),
    ),
    Route(
        "GET",
        "/readyz",
        public.readyz,
        Operation(
            "readyz",
            "The process can do its work.",
            "health",
            Scope.PUBLIC,
            {200: Answer("It can", told.Ready), 503: Answer("It cannot", told.Ready)},
            query=asked.ReadyQuery,
        ),
    ),
    Route(
        "GET",
        "/version",
        public.version,
        Operation(
            "version", "The running version.", "health", Scope.PUBLIC, {200: Answer("The version", told.Version)}
        ),
    ),
)

ROUTES: tuple[Route, ...] = (*_SUBMISSIONS, *_RECORDS, *_MAILBOX, *_DELIVERIES, *_REPLAYS, *_PUBLIC)
"""Order matters only where a fixed path and a pattern meet: the fixed one first."""
