"""Partners and agreements as canonical JSON text: equal values give equal text, so a change is a difference of text.

Durations are whole microseconds, sets are sorted lists, dates are ISO 8601. ``version`` and ``paused`` are not part of
a document: the store keeps them beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from gateway.core.audit_entry import canonical_json
from gateway.core.caller import KEYS_ONLY, Tier
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Batching,
    BatchMode,
    BreakerPolicy,
    Contact,
    Endpoint,
    Follow,
    FormatName,
    Kind,
    Ordering,
    Partner,
    PartnerKey,
    RetrySchedule,
    Role,
    TaxApproval,
)
from gateway.core.protection import PLAIN, Profile, Protection
from gateway.store.caller_documents import decode_caller, encode_caller

_TICK = timedelta(microseconds=1)
_AGENCY = "agency"
"""The requester of an agreement that names none."""


def encode_partner(partner: Partner) -> str:
    """The document of a partner, without its version and without whether it is paused."""
    return _text(
        {
            "key": partner.key,
            "name": partner.name,
            "role": partner.role.value,
            "program": partner.program,
            "locators": sorted(partner.locators),
            "endpoint": _endpoint(partner.endpoint),
            "formats": dict(partner.formats),
            "accepts": sorted(partner.accepts),
            "batching": {kind: _batching(b) for kind, b in partner.batching.items()},
            "retry": _retry(partner.retry),
            "breaker": _breaker(partner.breaker),
            "ordering": partner.ordering.value,
            "rate_per_second": None if partner.rate_per_second is None else float(partner.rate_per_second),
            "concurrency": partner.concurrency,
            "body_limit": partner.body_limit,
            "contacts": [{"name": c.name, "email": c.email, "purpose": c.purpose} for c in partner.contacts],
            # Left out where there is none, so that documents from before it are still equal to the present ones.
            **(
                {"file_order": {name: one.value for name, one in partner.file_order.items()}}
                if partner.file_order
                else {}
            ),
            **({} if partner.queries is None else {"queries": _endpoint(partner.queries)}),
            **_approvals(partner),
            **({} if partner.caller == KEYS_ONLY else {"caller": encode_caller(partner.caller)}),
            **_protection(partner.protection),
        }
    )


def decode_partner(document: str, version: int, *, paused: bool) -> Partner:
    """The partner of a document that :func:`encode_partner` wrote."""
    doc: Mapping[str, Any] = json.loads(document)
    return Partner(
        key=PartnerKey(doc["key"]),
        name=doc["name"],
        role=Role(doc["role"]),
        program=doc["program"],
        locators=frozenset(doc["locators"]),
        endpoint=_read_endpoint(doc["endpoint"]),
        formats={Kind(kind): FormatName(name) for kind, name in doc["formats"].items()},
        accepts=frozenset(FormatName(name) for name in doc["accepts"]),
        file_order={FormatName(name): Follow(one) for name, one in doc.get("file_order", {}).items()},
        batching={Kind(kind): _read_batching(b) for kind, b in doc["batching"].items()},
        retry=_read_retry(doc["retry"]),
        breaker=_read_breaker(doc["breaker"]),
        ordering=Ordering(doc["ordering"]),
        rate_per_second=doc["rate_per_second"],
        concurrency=doc["concurrency"],
        body_limit=doc["body_limit"],
        contacts=tuple(Contact(c["name"], c["email"], c["purpose"]) for c in doc["contacts"]),
        queries=_read_endpoint(doc["queries"]) if "queries" in doc else None,
        tax_approval=_read_approval(doc.get("tax_approval")),
        locate_attested_until=_read_day(doc.get("locate_attested_until")),
        attests_each_locate=doc.get("attests_each_locate", False),
        caller=decode_caller(doc["caller"]) if "caller" in doc else KEYS_ONLY,
        protection=_read_protection(doc.get("protection")),
        paused=paused,
        version=version,
    )


def encode_agreement(agreement: Agreement) -> str:
    """The document of an agreement, without its version."""
    until = agreement.valid_until
    return _text(
        {
            "key": agreement.key,
            "mode": agreement.mode.value,
            "senders": sorted(agreement.senders),
            "recipient": agreement.recipient,
            "kinds": sorted(agreement.kinds),
            "legal_basis": agreement.legal_basis,
            "valid_from": agreement.valid_from.isoformat(),
            "valid_until": None if until is None else until.isoformat(),
            "filters": {tag: sorted(values) for tag, values in agreement.filters.items()},
            **({"purpose": agreement.purpose} if agreement.purpose else {}),
            **({} if agreement.requester == _AGENCY else {"requester": agreement.requester}),
            **({} if agreement.tier is Tier.API_KEY else {"tier": agreement.tier.value}),
            **({} if agreement.plain else {"plain": False}),
        }
    )


def decode_agreement(document: str, version: int) -> Agreement:
    """The agreement of a document that :func:`encode_agreement` wrote."""
    doc: Mapping[str, Any] = json.loads(document)
    until = doc["valid_until"]
    return Agreement(
        key=AgreementKey(doc["key"]),
        mode=AgreementMode(doc["mode"]),
        senders=frozenset(PartnerKey(key) for key in doc["senders"]),
        recipient=PartnerKey(doc["recipient"]),
        kinds=frozenset(Kind(kind) for kind in doc["kinds"]),
        legal_basis=doc["legal_basis"],
        valid_from=date.fromisoformat(doc["valid_from"]),
        valid_until=None if until is None else date.fromisoformat(until),
        filters={tag: frozenset(values) for tag, values in doc["filters"].items()},
        purpose=doc.get("purpose", ""),
        requester=doc.get("requester", _AGENCY),
        tier=Tier(doc.get("tier", Tier.API_KEY)),
        plain=doc.get("plain", True),
        version=version,
    )


def _approvals(partner: Partner) -> Mapping[str, object]:
    """Left out where there are none, like ``queries``."""
    approval, until = partner.tax_approval, partner.locate_attested_until
    given = (approval.since, approval.until)
    days = [None if day is None else day.isoformat() for day in given]
    return {
        **({} if approval == TaxApproval() else {"tax_approval": [*days, approval.reference]}),
        **({} if until is None else {"locate_attested_until": until.isoformat()}),
        **({"attests_each_locate": True} if partner.attests_each_locate else {}),
    }


def _protection(protection: Protection) -> Mapping[str, object]:
    """Left out where there is none, like ``queries``."""
    if protection == PLAIN:
        return {}
    return {"protection": {"profile": protection.profile.value, "limit": protection.limit}}


def _read_protection(doc: Mapping[str, Any] | None) -> Protection:
    return PLAIN if doc is None else Protection(Profile(doc["profile"]), doc["limit"])


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _read_approval(doc: Sequence[str | None] | None) -> TaxApproval:
    if doc is None:
        return TaxApproval()
    since, until, reference = doc
    return TaxApproval(_read_day(since), _read_day(until), reference or "")


def _text(document: Mapping[str, object]) -> str:
    return canonical_json(document).decode()


def _ticks(durations: Iterable[timedelta]) -> list[int]:
    return [duration // _TICK for duration in durations]


def _endpoint(endpoint: Endpoint) -> Mapping[str, object]:
    country = {"country": endpoint.country} if endpoint.country else {}
    return {"adapter": endpoint.adapter.value, "options": dict(endpoint.options), **country}


def _read_endpoint(doc: Mapping[str, Any]) -> Endpoint:
    return Endpoint(AdapterName(doc["adapter"]), doc["options"], doc.get("country", ""))


def _batching(batching: Batching) -> Mapping[str, object]:
    return {
        "mode": batching.mode.value,
        "count": batching.count,
        "age": batching.age // _TICK,
        "cron": batching.cron,
        "timezone": batching.timezone,
        "working_days": batching.working_days,
        "limit": batching.limit,
    }


def _read_batching(doc: Mapping[str, Any]) -> Batching:
    return Batching(
        mode=BatchMode(doc["mode"]),
        count=doc["count"],
        age=doc["age"] * _TICK,
        cron=doc["cron"],
        timezone=doc["timezone"],
        working_days=doc["working_days"],
        limit=doc["limit"],
    )


def _retry(retry: RetrySchedule) -> Mapping[str, object]:
    return {
        "waits": _ticks(retry.waits),
        "jitter": float(retry.jitter),
        "longest_retry_after": retry.longest_retry_after // _TICK,
    }


def _read_retry(doc: Mapping[str, Any]) -> RetrySchedule:
    return RetrySchedule(
        waits=tuple(wait * _TICK for wait in doc["waits"]),
        jitter=doc["jitter"],
        longest_retry_after=doc["longest_retry_after"] * _TICK,
    )


def _breaker(policy: BreakerPolicy) -> Mapping[str, object]:
    return {
        "failures": policy.failures,
        "rest": policy.rest // _TICK,
        "longest_rest": policy.longest_rest // _TICK,
    }


def _read_breaker(doc: Mapping[str, Any]) -> BreakerPolicy:
    return BreakerPolicy(doc["failures"], doc["rest"] * _TICK, doc["longest_rest"] * _TICK)
