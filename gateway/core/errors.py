"""The error tree, by who must act.

    GatewayError
    ├── Refused             the sender must act: bad request, bad file, not allowed, conflict
    │   ├── Unauthenticated 401      ├── Forbidden 403        ├── NotFound 404
    │   ├── Conflict 409             ├── TooLarge 413         ├── Unsupported 415
    │   ├── Unprocessable 422        └── TooMany 429
    ├── DeliveryFailed      the partner must act
    │   ├── Transient       try again later (an outage, a 503, a full disk over there)
    │   └── Permanent       a person must act (refused content, wrong host key, 400)
    ├── Unavailable         we must act: store, broker or disk of ours; never counts as an attempt
    │   └── Overloaded      there is too much to do already: what is new has to wait
    ├── Misconfigured       the operator must act: settings, partner files, layouts
    └── Tampered            stop and page a person: a seal, a proof or a digest does not match

Every class carries a stable ``code`` (its page is ``docs/problems.md#<code>``) and the HTTP ``status`` to answer with.
Messages never carry data of a record: locations, names of fields and ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar


class GatewayError(Exception):
    """Root of everything that we raise on purpose."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.problem = code or self.code


class Refused(GatewayError):
    """The sender must act."""

    code = "bad-request"
    status = 400
    title = "The request is not understood"


class Unauthenticated(Refused):
    code = "unauthenticated"
    status = 401
    title = "The caller is not known"


class Forbidden(Refused):
    code = "forbidden"
    status = 403
    title = "The caller may not do this"


class NotFound(Refused):
    code = "not-found"
    status = 404
    title = "There is no such thing, or it is not yours"


class Conflict(Refused):
    code = "conflict"
    status = 409
    title = "The state of the thing does not allow this"


class TooLarge(Refused):
    code = "too-large"
    status = 413
    title = "The body is larger than allowed"


class Unsupported(Refused):
    code = "unsupported-media-type"
    status = 415
    title = "The media type or encoding is not accepted"


class Unprocessable(Refused):
    code = "unprocessable"
    status = 422
    title = "The request is well formed but cannot be carried out"


class Unreadable(Unprocessable):
    """A body of which no record can be read. ``findings`` say where and why (values of ``core.model.Finding``)."""

    code = "unreadable"
    title = "The file cannot be read"

    def __init__(self, detail: str = "", findings: Sequence[object] = ()) -> None:
        super().__init__(detail)
        self.findings = tuple(findings)


class TooMany(Refused):
    code = "too-many-requests"
    status = 429
    title = "Too many requests"


class DeliveryFailed(GatewayError):
    """The partner must act. ``answer`` is the partner's last answer, capped, without any body of ours."""

    code = "delivery-failed"
    status = 502
    title = "The partner did not take the delivery"

    def __init__(self, detail: str = "", *, code: str | None = None, answer: str = "") -> None:
        super().__init__(detail, code=code)
        self.answer = answer[:500]


class Transient(DeliveryFailed):
    """Worth another attempt. ``retry_after`` is the partner's own wish, not yet clamped."""

    code = "delivery-transient"

    def __init__(
        self, detail: str = "", *, code: str | None = None, answer: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(detail, code=code, answer=answer)
        self.retry_after = retry_after


class Permanent(DeliveryFailed):
    """No further attempt makes sense until a person acts."""

    code = "delivery-permanent"


class Unavailable(GatewayError):
    """We must act; the caller may try again after ``retry_after``."""

    code = "unavailable"
    status = 503
    title = "A part of the gateway is not available"

    def __init__(
        self, detail: str = "", *, code: str | None = None, retry_after: timedelta = timedelta(seconds=5)
    ) -> None:
        super().__init__(detail, code=code)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """There is more to do than can be done in time; nothing of the request was looked at."""

    code = "overloaded"
    title = "The gateway takes nothing new for now"


class Misconfigured(GatewayError):
    """The operator must act: a setting, a partner file or a layout is wrong. The detail names file and line."""

    code = "misconfigured"
    title = "The configuration is wrong"


class Tampered(GatewayError):
    """Bytes are not what we wrote: stop and page a person."""

    code = "tampered"
    title = "Stored bytes fail their check"
