"""How a synchronous query ends without an answer, by who must act.

Forbidden    -> QueryRefused 403   no agreement, not this program, or the partner answers no queries
Unreadable   -> QueryInvalid 422   not one valid case status query of the caller; with findings
DeliveryFailed
├── PartnerSilent 504              no answer within the time limit
├── PartnerDown 503                not reached, or not asked because it would not answer now
└── AnswerUnfit 502                an answer came, and it is not one to this query
"""

from __future__ import annotations

from datetime import timedelta

from gateway.core.errors import DeliveryFailed, Forbidden, Unreadable


class QueryRefused(Forbidden):
    """The query may not be asked; ``problem`` says why."""

    code = "query-refused"
    title = "The query may not be asked"


class QueryInvalid(Unreadable):
    """The body is not one valid query."""

    code = "query-invalid"
    title = "The query is not valid"


class PartnerSilent(DeliveryFailed):
    """No answer came in time. What the partner has done with the query is not known; to ask again does no harm."""

    code = "query-timeout"
    status = 504
    title = "The partner did not answer in time"


class PartnerDown(DeliveryFailed):
    """The partner cannot be asked now; ask again after ``retry_after``."""

    code = "query-partner-down"
    status = 503
    title = "The partner cannot be asked now"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        answer: str = "",
        retry_after: timedelta = timedelta(seconds=5),
    ) -> None:
        super().__init__(detail, code=code, answer=answer)
        self.retry_after = retry_after


class AnswerUnfit(DeliveryFailed):
    """The partner's answer cannot be used. ``reached`` False: it broke off or its sender is not trusted, so that it
    says nothing about the partner's being there."""

    code = "query-answer-unfit"
    title = "The partner gave no answer that can be used"

    def __init__(self, detail: str = "", *, code: str | None = None, answer: str = "", reached: bool = True) -> None:
        super().__init__(detail, code=code, answer=answer)
        self.reached = reached
