"""Routes of queries that a partner answers while the caller waits."""

from __future__ import annotations

from gateway.core.attestation import HEADER
from gateway.web.api import queries
from gateway.web.api.operation import Answer, AnyBody, Operation, Route
from gateway.web.auth import Scope

QUERIES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/queries",
        queries.post_query,
        Operation(
            "postQuery",
            "Ask the partner that works a case; the answer, or that disclosure is prohibited, within its time limit.",
            "queries",
            Scope.QUERY,
            {
                200: Answer(
                    "The answer, in the form of the query; nothing of either is kept",
                    media_type="application/xml",
                    or_media_type="application/json",
                    headers=(queries.ID_HEADER,),
                )
            },
            (
                "unsupported-media-type",
                "content-digest-mismatch",
                "attestation-unfit",
                "format-not-allowed",
                "protection-required",
                "message-refused",
                "query-invalid",
                "query-refused",
                "query-timeout",
                "query-answer-unfit",
                "query-partner-down",
            ),
            body=AnyBody(only=queries.FORMS),
            headers={
                "Content-Digest": "RFC 9530; checked when it holds sha-256 or sha-512",
                HEADER: "Version of the text (getAttestation) that the caller attests with questions about parties",
            },
        ),
    ),
)
