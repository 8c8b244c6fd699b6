"""Routes that need no key: rules, problems, reference, health."""

from __future__ import annotations

from gateway.web.api import asked, public, told
from gateway.web.api.operation import Answer, Operation, Route
from gateway.web.auth import Scope

_HTML = "text/html"
_TEXT = "text/plain"

PUBLIC: tuple[Route, ...] = (
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
