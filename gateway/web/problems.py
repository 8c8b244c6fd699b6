"""Errors as RFC 9457 problem documents: one table of codes, and the mapping from our error tree and aiohttp's errors.

Nothing of the request is ever echoed; a defect answers 500 with the request id and nothing else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from aiohttp import web

from gateway.core import errors, query_errors
from gateway.core.amendment import Unfit
from gateway.core.errors import GatewayError, Refused, TooMany, Unprocessable
from gateway.core.model import Finding, RuleCode
from gateway.core.protection import REFUSALS
from gateway.core.receipt import Describe, sample

MEDIA_TYPE = "application/problem+json"
_MOST_FINDINGS = 100
_AGAIN = "Repeat the request, with the same key, after the seconds of Retry-After."


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: the page at ``/problems/<code>`` and the fixed members of its documents."""

    code: str
    status: int
    title: str
    remedy: str
    """What the caller does about it."""


_MESSAGES: Mapping[str, str] = {
    "message-refused": "Make the message as docs/wire.md says, with keys that are registered.",
    "message-misdirected": "Name yourself as the sender and the gateway as the recipient.",
    "message-stale": "Sign the message again, with a clock that is right.",
    "message-replayed": "Sign the Idempotency-Key of the request as the message's id.",
    "wire-key-unknown": "Register the key, or use one that is.",
    "wire-key-retired": "Use a newer key; `/v1/keys` lists them.",
    "wire-key-expired": "Use a newer key; `/v1/keys` lists them.",
    "wire-test-failed": "Ask for another test message and send the line that it carries.",
    "protection-required": "Protect the body as the partner file says; `Content-Type` names the profile's media type.",
}
"""What a partner does about a protected message that was refused."""


def _of(error: type[GatewayError], remedy: str) -> Problem:
    return Problem(error.code, error.status, error.title, remedy)


class SlowBody(Refused):
    """The body came too slowly."""

    code = "body-timeout"
    status = 408
    title = "The body came too slowly"


def _how_many(faults: int) -> str:
    return "A member or parameter is not valid." if faults == 1 else f"{faults} members or parameters are not valid."


class InvalidMembers(Unprocessable):
    """Members or parameters of the request are unknown, missing or wrong; ``faults`` says which, never their values."""

    code = "invalid-members"
    title = "Members of the request are not valid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(_how_many(len(faults)))
        self.faults = tuple(faults)


class RateExceeded(TooMany):
    """The caller's allowance is used up for now."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("The rate limit is used up.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong member: a JSON pointer (or the name of a query parameter) and what was expected."""

    pointer: str
    code: str
    expected: str


_TABLE: tuple[Problem, ...] = (
    _of(Refused, "Read the detail, mend the request and send it again."),
    _of(
        errors.Unauthenticated,
        "Send an API key, an access token or a message signature that is in force: docs/callers.md.",
    ),
    _of(errors.Forbidden, "Ask the operator for a key with the scope that the operation names."),
    Problem(
        "proof-too-weak", 403, "The proof is too weak for these data", "Call with the proof that the detail names."
    ),
    Problem("format-not-allowed", 403, "The caller may not post this format", "Ask the operator to allow the format."),
    Problem(
        "withheld",
        403,
        "The disclosure guard keeps it back",
        "Nothing may be told now; the record or delivery says why, and what would have to change.",
    ),
    _of(errors.NotFound, "Check the id. What belongs to somebody else does not exist for you."),
    Problem("method-not-allowed", 405, "The method is not allowed here", "Use one of the methods of the Allow header."),
    Problem("body-timeout", 408, SlowBody.title, "Send the body without long pauses, or in smaller files."),
    _of(errors.Conflict, "Look at the present state of the thing and decide anew."),
    Problem("submission-state", 409, "The submission is not held", "Look at the submission; nothing has to be done."),
    Problem("delivery-state", 409, "The delivery's state does not allow this", "Look at the delivery and decide anew."),
    Problem("job-state", 409, "The job's state does not allow this", "Look at the job; plan another one if need be."),
    Problem(
        "approval-needed", 409, "A second person must agree first", "Ask for an approval; another person gives it."
    ),
    Problem("record-erased", 409, "The record was erased", "Nothing of it is left that a hold could keep."),
    Problem(
        "override-record", 409, "What the order is about is not there any more", "Ask the court anew: it was erased."
    ),
    Problem("override-person", 422, "The person of the order is not clear", "Say the number of the protected person."),
    Problem(
        "override-recipient",
        422,
        "Who gets what a court ordered is not clear",
        "Name the partner that asked: nobody else gets the answer.",
    ),
    Problem(
        "override-query",
        409,
        "An order cannot be about a query",
        "Ask for it by a record: what is answered while the caller waits is not kept.",
    ),
    Problem("override-terms", 422, "The order cannot be used", "Give the court's id and days as the order has them."),
    Problem("approval-state", 409, "There is nothing to decide any more", "Look at the request; ask anew if need be."),
    Problem("approval-own", 403, "Whoever asked cannot decide", "Ask another person with the role."),
    Problem("glass-own", 403, "Nobody reviews what they did themselves", "Ask another security officer."),
    Problem("glass-role", 403, "The role may not review this", "Ask a security officer who has an account."),
    Problem("glass-state", 409, "The use is not in a state for this", "Look at it; a use is reviewed once it is over."),
    Problem("approval-role", 403, "The role does not allow this", "Ask somebody with one of the roles of the detail."),
    Problem(
        "amend-changed",
        409,
        "The delivery is not what it was when the amendment was asked for",
        "Look at the delivery; ask anew if it still needs amending.",
    ),
    Problem("not-ended", 409, "Not everything of the submission has ended", "Ask again later, or look at its records."),
    Problem("proof-pending", 409, "The log has not numbered this entry yet", "Ask again in a second or two."),
    _of(errors.TooLarge, "Send smaller files; the cap is agreed with each partner."),
    Problem("compression-ratio", 413, "The body expands too far", "Send the body uncompressed."),
    _of(errors.Unsupported, "Name the format with Content-Type or `?format=`, and send the body uncompressed."),
    Problem("format-unknown", 415, "The format is not known", "Name one of the formats of the reference."),
    Problem("format-ambiguous", 415, "Several formats have this media type", "Name the format with `?format=`."),
    Problem("encoding-refused", 415, "Content-Encoding is not accepted", "Send the body uncompressed."),
    _of(Unprocessable, "Read the detail and mend what it names."),
    Problem("empty-body", 422, "There is no record in the body", "Send at least one record."),
    _of(errors.Unreadable, "Mend what `findings` name; the rules say how."),
    _of(InvalidMembers, "Mend the members that `errors` names by JSON pointer."),
    Problem(
        "idempotency-mismatch",
        422,
        "The idempotency key was used with other bytes",
        "Use a fresh key for another body; repeat a body with its own key only.",
    ),
    Problem(
        "digest-mismatch",
        422,
        "The digest does not match",
        "Compare the bytes as they came, before anything is decrypted, with what was sent.",
    ),
    Problem("digest-missing", 422, "The digest is missing", "Send the SHA-256 of the bytes as you received them."),
    Problem(
        "digest-replayed", 422, "The digest is that of another delivery", "Send each digest with its own delivery."
    ),
    Problem("content-digest-mismatch", 422, "The body is not the one of its Content-Digest", "Send the body again."),
    *(Problem(code, 422, REFUSALS[code].rstrip("."), remedy) for code, remedy in _MESSAGES.items()),
    Problem("wire-key-stage", 409, "The stage of the key does not allow this", "Look at the key's stage first."),
    Problem("amend-fixed", 422, "An element is fixed", "Withdraw the delivery; the sender sends the record anew."),
    _of(Unfit, "Mend what `findings` name; the rules say how."),
    Problem("amend-nothing", 422, "Nothing would change", "Name elements with values that they do not have yet."),
    Problem("amend-path", 422, "An element is named wrongly", "Use canonical paths, each once, numbered without gaps."),
    Problem("amend-value", 422, "A value is too long", "Use at most 500 characters."),
    Problem("reason-unfit", 422, "The reason cannot be kept", "Give 1 to 200 characters without names or numbers."),
    _of(errors.TooMany, "Wait for the seconds of Retry-After."),
    Problem("too-many-at-once", 429, "Too many submissions are under way", "Wait for answers before you send more."),
    Problem("idempotency-key-missing", 400, "The Idempotency-Key is missing", "Send a fresh key with each submission."),
    Problem("idempotency-key-unfit", 400, "The Idempotency-Key is not usable", "Use 1 to 128 letters, digits and ._:-"),
    Problem(
        "attestation-unfit", 400, "The attestation is not usable", "Name the version that /about/attestation tells."
    ),
    Problem("body-cut-off", 400, "The body ended too early", "Send the whole body again with the same key."),
    Problem("bad-cursor", 400, "The cursor is not one that this list gave", "Start again from the first page."),
    Problem("bad-page", 400, "The page size is not possible", "Ask for 1 to 500 rows."),
    Problem("invalid-http", 400, "The request is not valid HTTP", "Send HTTP/1.1 as RFC 9112 has it."),
    Problem("target-too-long", 414, "The address is too long", "Ask with fewer or shorter parameters."),
    Problem(
        "header-fields-too-large", 431, "The header fields are too large", "Send at most 64, each of 8 KiB at most."
    ),
    Problem("invalid-json", 400, "The body is not valid JSON", "Send RFC 8259 JSON in UTF-8, without doubled members."),
    _of(GatewayError, "Tell the operator the request id; the submission may be repeated with the same key."),
    _of(errors.Unavailable, _AGAIN),
    _of(errors.Overloaded, _AGAIN),
    Problem("store-unavailable", 503, "The database is not available", _AGAIN),
    Problem("shutting-down", 503, "This process is stopping", _AGAIN),
    Problem("token-unavailable", 503, "The token that keeps the keys does not answer", _AGAIN),
    Problem("key-unavailable", 503, "A key that sealed the body is not at hand", _AGAIN),
    _of(errors.Misconfigured, "Tell the operator the request id."),
    _of(errors.Tampered, "Tell the operator the request id at once."),
    Problem(
        "not-cleared", 500, "The answer is not cleared for this caller", "Tell the operator the request id at once."
    ),
    _of(
        query_errors.QueryRefused,
        "Give the attestation, if the detail asks for one; else ask the operator for the agreements, both ways, that"
        " such a query needs.",
    ),
    _of(query_errors.QueryInvalid, "Mend what `findings` name; the rules say how."),
    _of(query_errors.AnswerUnfit, "Tell the operator the request id; asking again seldom helps."),
    _of(query_errors.PartnerDown, "Ask again after the seconds of Retry-After."),
    _of(query_errors.PartnerSilent, "Ask again later; the gateway does not."),
    _of(errors.DeliveryFailed, "Wait; the gateway tries again, and the operator sees it."),
)
PROBLEMS: Mapping[str, Problem] = {problem.code: problem for problem in _TABLE}
"""Code -> problem. Codes that are not here answer under the type of their class and keep their name in ``code``."""

_BY_STATUS: Mapping[int, str] = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "body-timeout",
    413: "too-large",
    415: "unsupported-media-type",
    422: "unprocessable",
    429: "too-many-requests",
}


def by_code(rule: RuleCode) -> tuple[str, str, str]:
    """For answers without findings: nothing is there to be described."""
    return rule, "", ""


def _explained(finding: Finding, describe: Describe) -> dict[str, object]:
    """A finding with the words of its rule: whoever cannot read a file has nothing else to go by."""
    title, fix, source = describe(finding.rule)
    told = {"rule": finding.rule, "severity": finding.severity, "field": finding.field, **sample(finding)}
    return {**told, "title": title, "fix": fix, "source": source, "help": f"/v1/rules/{finding.rule}"}


@dataclass(frozen=True, slots=True)
class Instance:
    """One occurrence: what is answered and with which headers."""

    problem: Problem
    detail: str
    code: str
    faults: tuple[Fault, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Why a file could not be read: places and rules, never values."""
    headers: Mapping[str, str] = field(default_factory=dict)

    CHALLENGE: ClassVar[str] = 'Bearer realm="gateway"'

    def document(self, entity: str | None, describe: Describe = by_code) -> dict[str, object]:
        """The members of the document; ``entity`` is the request id (None: there was no request to speak of)."""
        document: dict[str, object] = {
            "type": f"/problems/{self.problem.code}",
            "title": self.problem.title,
            "status": self.problem.status,
            "detail": self.detail,
            "code": self.code,
        }
        if entity is not None:
            document["instance"] = f"urn:uuid:{entity}"
        if self.faults:
            document["errors"] = [{"pointer": f.pointer, "code": f.code, "expected": f.expected} for f in self.faults]
        if self.findings:
            shown = self.findings[:_MOST_FINDINGS]
            document["findings"] = [_explained(one, describe) for one in shown]
        return document

    def response(self, entity: str | None, describe: Describe = by_code) -> web.Response:
        body = json.dumps(self.document(entity, describe), separators=(",", ":")).encode()
        return web.Response(status=self.problem.status, body=body, content_type=MEDIA_TYPE, headers=dict(self.headers))


def of_error(error: GatewayError) -> Instance:
    """The problem of one of our errors. Errors that are our own doing keep their detail for the log."""
    problem = PROBLEMS.get(error.problem) or PROBLEMS.get(error.code) or PROBLEMS["internal"]
    if problem.status != error.status and problem.code != error.problem:
        problem = Problem(problem.code, error.status, problem.title, problem.remedy)
    told = isinstance(error, Refused) or problem.status == errors.Unavailable.status
    headers = {}
    retry_after = getattr(error, "retry_after", None)
    if isinstance(retry_after, timedelta):
        headers["Retry-After"] = str(max(1, math.ceil(retry_after.total_seconds())))
    if problem.status == errors.Unauthenticated.status:
        headers["WWW-Authenticate"] = Instance.CHALLENGE
    faults = error.faults if isinstance(error, InvalidMembers) else ()
    found = error.findings if isinstance(error, errors.Unreadable) else ()
    findings = tuple(one for one in found if isinstance(one, Finding))
    return Instance(problem, error.detail if told else problem.title, error.problem, faults, findings, headers)


def of_http(error: web.HTTPException) -> Instance:
    """The problem of an error of aiohttp; its text is dropped, since it may quote the request."""
    code = _BY_STATUS.get(error.status, "bad-request" if error.status < errors.GatewayError.status else "internal")
    known = PROBLEMS[code]
    problem = Problem(code, error.status, known.title, known.remedy)
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Instance(problem, known.title, code, headers=headers)


def of_parse_error(code: str = "invalid-http") -> Instance:
    """The problem of bytes that are not HTTP, or too many of them."""
    problem = PROBLEMS[code]
    return Instance(problem, problem.title, problem.code)


def of_defect() -> Instance:
    """The problem of an exception that nobody expected."""
    problem = PROBLEMS["internal"]
    return Instance(problem, problem.title, problem.code)


def markdown() -> str:
    """``docs/problems.md``."""
    head = (
        "# Problems\n\n"
        "Errors are answered as `application/problem+json` (RFC 9457). `type` is the address of the row below on the\n"
        "gateway itself, `instance` is the request id, `code` is the exact cause (usually the one of the type).\n"
        "This table is generated from `gateway/web/problems.py`.\n\n"
        "| code | status | title | what to do |\n|---|---|---|---|\n"
    )
    rows = sorted(_TABLE, key=lambda p: (p.status, p.code))
    return head + "".join(f'| <a id="{p.code}"></a>`{p.code}` | {p.status} | {p.title} | {p.remedy} |\n' for p in rows)
