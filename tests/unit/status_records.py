"""Case status queries and answers as XML, and who exchanges them: Ohio asks, Iowa answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.core.disclosure import CASE_STATUS
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Endpoint,
    Partner,
    PartnerKey,
    Role,
)

OHIO, IOWA = PartnerKey("ohio"), PartnerKey("iowa")
CASE, OWN_CASE = "SYN500000001", "SYN000000001"
NAMESPACE = "urn:child-support-gateway:case-status:1"
QUESTION = {
    "QueryID": "OH-17",
    "ActionCode": "R",
    "SenderLocatorID": "39",
    "RecipientLocatorID": "19",
    "SenderCaseID": OWN_CASE,
    "RecipientCaseID": CASE,
    "DataRequestCode": "financial",
}
SWAPPED = {
    "ActionCode": "P",
    "SenderLocatorID": "19",
    "RecipientLocatorID": "39",
    "SenderCaseID": CASE,
    "RecipientCaseID": OWN_CASE,
}
TOLD = {
    "ResultCode": "found",
    "NoncustodialParentName": "<PersonSurName>CANARY</PersonSurName>",
    "Financial": "<TotalOwedAmount>1850.00</TotalOwedAmount>",
}


def question(**changes: str | None) -> str:
    """A query; None leaves an element out, a name that is new comes last."""
    fields: dict[str, str | None] = {**QUESTION, **changes}
    body = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value is not None)
    return f'<CaseStatus xmlns="{NAMESPACE}">{body}</CaseStatus>'


def answer(**changes: str | None) -> str:
    """The answer to it."""
    return question(**{**SWAPPED, **TOLD, **changes})


def party(key: PartnerKey, locator: str, queries: Endpoint | None = None, **more: object) -> Partner:
    made = Partner(
        key, key.title(), Role.STATE, "IV-D", frozenset({locator}), Endpoint(AdapterName.MAILBOX), queries=queries
    )
    return replace(made, **more)


def agreed(sender: PartnerKey, recipient: PartnerKey, until: date | None = None) -> Agreement:
    return Agreement(
        AgreementKey(f"{sender}-{recipient}"),
        AgreementMode.DIRECT,
        frozenset({sender}),
        recipient,
        frozenset({CASE_STATUS}),
        "45 CFR 303.7(b)(4)",
        date(2025, 1, 1),
        until,
    )


BOTH_WAYS = (agreed(OHIO, IOWA), agreed(IOWA, OHIO))
