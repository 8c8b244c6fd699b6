"""Partner files: TOML in, partners and agreements out. Unknown keys, bad values and missing references name the line.

A file holds any number of ``[[partner]]`` and ``[[agreement]]`` tables (docs/partners.md).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from gateway.core.caller import KEYS_ONLY, Tier
from gateway.core.errors import Misconfigured
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
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
from gateway.core.protection import PLAIN, Material
from gateway.core.routing import Directory
from gateway.partner_caller import CallerTable, taken_twice
from gateway.partner_protection import (
    KEPT_NOT_PLAIN,
    NOT_PLAIN,
    ProtectionTable,
    WantedKey,
    WireKeyTable,
    unprotected,
)
from gateway.partner_tables import BatchingTable, BreakerTable, ContactTable, Key, Locator, RetryTable, Table
from gateway.toml_lines import line_index, line_of

_TOML_LINE = re.compile(r"at line (\d+)")


class _Partner(Table):
    key: Key
    name: str = Field(min_length=1, max_length=200)
    role: Annotated[Role, BeforeValidator(Role)]
    program: str = Field(min_length=1, max_length=40)
    locators: list[Locator] = Field(min_length=1)
    endpoint: dict[str, str | int | bool]
    formats: dict[str, str] = Field(default_factory=dict)
    accepts: list[str] = Field(default_factory=list)
    file_order: dict[str, Annotated[Follow, BeforeValidator(Follow)]] = Field(default_factory=dict)
    batching: dict[str, BatchingTable] = Field(default_factory=dict)
    retry: RetryTable = Field(default_factory=RetryTable)
    breaker: BreakerTable = Field(default_factory=BreakerTable)
    ordering: Annotated[Ordering, BeforeValidator(Ordering)] = Ordering.NONE
    rate_per_second: float | None = Field(default=None, gt=0)
    concurrency: int = Field(default=8, ge=1, le=256)
    body_limit_mib: int = Field(default=256, ge=1, le=4_096)
    contacts: list[ContactTable] = Field(default_factory=list)
    queries: dict[str, str | int | bool] | None = None
    fti_ok_from: date | None = None
    fti_ok_until: date | None = None
    safeguards_approval_ref: str = Field(default="", max_length=80)
    locate_attested_until: date | None = None

    @model_validator(mode="after")
    def _whole_approval(self) -> _Partner:
        given = (self.fti_ok_from, self.fti_ok_until, self.safeguards_approval_ref or None)
        if any(given) and not all(given):
            raise ValueError("fti_ok_from, fti_ok_until and safeguards_approval_ref go together")
        if self.fti_ok_from and self.fti_ok_until and self.fti_ok_until < self.fti_ok_from:
            raise ValueError("fti_ok_until is before fti_ok_from")
        return self

    caller: CallerTable | None = None
    protection: ProtectionTable | None = None
    wire_keys: list[WireKeyTable] = Field(default_factory=list)

    @field_validator("endpoint")
    @classmethod
    def _adapter(cls, value: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
        if value.get("adapter") not in set(AdapterName):
            raise ValueError(f"adapter must be one of {', '.join(AdapterName)}")
        return value

    def value(self) -> Partner:
        options = {name: value for name, value in self.endpoint.items() if name != "adapter"}
        return Partner(
            key=PartnerKey(self.key),
            name=self.name,
            role=self.role,
            program=self.program,
            locators=frozenset(self.locators),
            endpoint=Endpoint(AdapterName(str(self.endpoint["adapter"])), options),
            formats={Kind(kind): FormatName(name) for kind, name in self.formats.items()},
            accepts=frozenset(FormatName(name) for name in self.accepts),
            file_order={FormatName(name): follow for name, follow in self.file_order.items()},
            batching={Kind(kind): batching.value() for kind, batching in self.batching.items()},
            retry=RetrySchedule(tuple(self.retry.waits), self.retry.jitter, self.retry.longest_retry_after),
            breaker=BreakerPolicy(self.breaker.failures, self.breaker.rest, self.breaker.longest_rest),
            ordering=self.ordering,
            rate_per_second=self.rate_per_second,
            concurrency=self.concurrency,
            body_limit=self.body_limit_mib * 2**20,
            contacts=tuple(Contact(c.name, c.email, c.purpose) for c in self.contacts),
            queries=None if self.queries is None else Endpoint(AdapterName.HTTPS, self.queries),
            tax_approval=TaxApproval(self.fti_ok_from, self.fti_ok_until, self.safeguards_approval_ref),
            locate_attested_until=self.locate_attested_until,
            caller=KEYS_ONLY if self.caller is None else self.caller.value(),
            protection=PLAIN if self.protection is None else self.protection.value(),
        )


class _Agreement(Table):
    key: Key
    mode: Annotated[AgreementMode, BeforeValidator(AgreementMode)] = AgreementMode.DIRECT
    senders: list[Key] = Field(min_length=1)
    recipient: Key
    kinds: list[str] = Field(min_length=1)
    legal_basis: str = Field(min_length=3)
    valid_from: date
    valid_until: date | None = None
    filter: dict[str, list[str]] = Field(default_factory=dict)
    purpose: str = ""
    requester: str = "agency"
    tier: Annotated[Tier, BeforeValidator(Tier)] = Tier.API_KEY
    plain: bool = False

    @model_validator(mode="after")
    def _dates(self) -> _Agreement:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        return self

    def value(self) -> Agreement:
        return Agreement(
            key=AgreementKey(self.key),
            mode=self.mode,
            senders=frozenset(PartnerKey(sender) for sender in self.senders),
            recipient=PartnerKey(self.recipient),
            kinds=frozenset(Kind(kind) for kind in self.kinds),
            legal_basis=self.legal_basis,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            filters={tag: frozenset(values) for tag, values in self.filter.items()},
            purpose=self.purpose,
            requester=self.requester,
            tier=self.tier,
            plain=self.plain,
        )


class _File(Table):
    partner: list[_Partner] = Field(default_factory=list)
    agreement: list[_Agreement] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What files may refer to, besides each other."""

    formats_written: Mapping[FormatName, frozenset[Kind]]
    formats_read: frozenset[FormatName]
    kinds: frozenset[Kind]
    tags: frozenset[str]
    purposes: frozenset[str]
    requesters: frozenset[str]
    check_endpoint: Callable[[Endpoint], None]
    """Raises Misconfigured naming the option."""
    check_queries: Callable[[Endpoint], None]
    """The same for where case status queries are answered."""
    read_key: Callable[[str], Material]
    """The public key of a PEM text. Raises Misconfigured."""
    file_orders: Mapping[FormatName, tuple[Follow, ...]] = field(default_factory=dict)
    """What can be asked of the order of a format's files; formats whose headers say nothing of it are not in it."""


@dataclass(frozen=True, slots=True)
class Fault:
    file: str
    line: int | None
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class Applied:
    partners: tuple[Partner, ...]
    agreements: tuple[Agreement, ...]
    wire_keys: tuple[WantedKey, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    name: str
    lines: Mapping[tuple[str | int, ...], int]
    file: _File

    def fault(self, place: Sequence[str | int], text: str) -> Fault:
        return Fault(self.name, line_of(self.lines, place), text)


def read(files: Mapping[str, str], present: Directory, known: Known) -> Applied:
    """Partners and agreements of all files (name -> text). Raises Misconfigured listing every fault with its line."""
    faults: list[Fault] = []
    parsed = [one for name, text in files.items() if (one := _parse(name, text, faults)) is not None]
    keys = set(present.partners) | {partner.key for one in parsed for partner in one.file.partner}
    for one in parsed:
        faults.extend(_partner_faults(one, known))
        faults.extend(_agreement_faults(one, known, keys))
        faults.extend(_protection_faults(one, known))
    faults.extend(_plain_faults(parsed, present))
    faults.extend(_repeated_keys(parsed))
    faults.extend(_shared_locators(parsed, present))
    faults.extend(_shared_proofs(parsed, present))
    if faults:
        faults.sort(key=lambda fault: (fault.file, fault.line or 0))
        raise Misconfigured("\n".join(str(fault) for fault in faults), code="partner-file")
    return Applied(
        tuple(partner.value() for one in parsed for partner in one.file.partner),
        tuple(agreement.value() for one in parsed for agreement in one.file.agreement),
        tuple(
            WantedKey(PartnerKey(partner.key), wanted.use, known.read_key(wanted.pem))
            for one in parsed
            for partner in one.file.partner
            for wanted in partner.wire_keys
        ),
    )


def _parse(name: str, text: str, faults: list[Fault]) -> _Read | None:
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _TOML_LINE.search(str(error))
        faults.append(Fault(name, int(line.group(1)) if line else None, str(error)))
        return None
    lines = line_index(text)
    try:
        return _Read(name, lines, _File.model_validate(document))
    except ValidationError as error:
        for detail in error.errors():
            place = tuple(detail["loc"])
            key = ".".join(str(part) for part in place)
            message = (
                "unknown key" if detail["type"] == "extra_forbidden" else detail["msg"].removeprefix("Value error, ")
            )
            faults.append(Fault(name, line_of(lines, place), f"{key}: {message}"))
        return None


def _partner_faults(one: _Read, known: Known) -> Iterable[Fault]:
    for number, partner in enumerate(one.file.partner):
        place: tuple[str | int, ...] = ("partner", number)
        for kind, name in partner.formats.items():
            if kind not in known.kinds:
                yield one.fault((*place, "formats", kind), f"formats.{kind}: no such kind")
            elif kind not in known.formats_written.get(FormatName(name), frozenset()):
                yield one.fault((*place, "formats", kind), f"formats.{kind}: {name} cannot write this kind")
        for kind in partner.batching:
            if kind not in known.kinds:
                yield one.fault((*place, "batching", kind), f"batching.{kind}: no such kind")
        yield from _posting_faults(one, place, partner, known)
        whole = partner.value()
        yield from _option_faults(one, (*place, "endpoint"), whole.endpoint, known.check_endpoint)
        if whole.queries is not None:
            yield from _option_faults(one, (*place, "queries"), whole.queries, known.check_queries)


def _posting_faults(one: _Read, place: tuple[str | int, ...], partner: _Partner, known: Known) -> Iterable[Fault]:
    """What it says of the files that it posts."""
    for name in partner.accepts:
        if name not in known.formats_read:
            yield one.fault((*place, "accepts"), f"accepts: {name} is not a format that can be read")
    for name, follow in partner.file_order.items():
        choices = known.file_orders.get(FormatName(name), ())
        if follow not in choices:
            why = f"one of {', '.join(choices)}" if choices else "its files say nothing of their order"
            yield one.fault((*place, "file_order", name), f"file_order.{name}: {why}")


def _option_faults(
    one: _Read, place: tuple[str | int, ...], endpoint: Endpoint, check: Callable[[Endpoint], None]
) -> Iterable[Fault]:
    try:
        check(endpoint)
    except Misconfigured as error:
        option, _, why = error.detail.removeprefix("endpoint.").partition(":")
        yield one.fault((*place, option), f"{place[-1]}: {place[-1]}.{option}:{why}")


def _agreement_faults(one: _Read, known: Known, keys: set[PartnerKey] | set[str]) -> Iterable[Fault]:
    for number, agreement in enumerate(one.file.agreement):
        place: tuple[str | int, ...] = ("agreement", number)
        for sender in agreement.senders:
            if sender not in keys:
                yield one.fault((*place, "senders"), f"senders: there is no partner {sender}")
        if agreement.recipient not in keys:
            yield one.fault((*place, "recipient"), f"recipient: there is no partner {agreement.recipient}")
        for kind in agreement.kinds:
            if kind not in known.kinds:
                yield one.fault((*place, "kinds"), f"kinds: there is no kind {kind}")
        yield from _use_faults(one, place, agreement, known)
        for tag in agreement.filter:
            if tag not in known.tags:
                yield one.fault((*place, "filter", tag), f"filter.{tag}: records have no such tag")


def _use_faults(one: _Read, place: tuple[str | int, ...], agreement: _Agreement, known: Known) -> Iterable[Fault]:
    """What it is for and on whose behalf, in the words of the disclosure policy."""
    if agreement.purpose and agreement.purpose not in known.purposes:
        yield one.fault((*place, "purpose"), f"purpose: one of {', '.join(sorted(known.purposes))}")
    if agreement.requester not in known.requesters:
        yield one.fault((*place, "requester"), f"requester: one of {', '.join(sorted(known.requesters))}")


def _protection_faults(one: _Read, known: Known) -> Iterable[Fault]:
    for number, partner in enumerate(one.file.partner):
        for place, wanted in enumerate(partner.wire_keys):
            try:
                known.read_key(wanted.pem)
            except Misconfigured as error:
                yield one.fault(("partner", number, "wire_keys", place, "pem"), f"wire_keys: {error.detail}")


def _plain_faults(parsed: Sequence[_Read], present: Directory) -> Iterable[Fault]:
    """Agreements that do not allow plain payloads, between partners of whom one has no protection."""
    applied = {PartnerKey(p.key): p.value() for one in parsed for p in one.file.partner}
    partners = {**present.partners, **applied}
    named = {a.key for one in parsed for a in one.file.agreement}
    for one in parsed:
        for number, agreement in enumerate(one.file.agreement):
            for partner in unprotected(agreement.value(), partners):
                yield one.fault(("agreement", number, "plain"), NOT_PLAIN.format(partner=partner))
        for number, known in enumerate(one.file.partner):
            for kept in (a for a in present.agreements if a.key not in named):
                if PartnerKey(known.key) in unprotected(kept, partners):
                    yield one.fault(("partner", number, "protection"), KEPT_NOT_PLAIN.format(agreement=kept.key))


def _repeated_keys(parsed: Sequence[_Read]) -> Iterable[Fault]:
    """Two tables for one partner or agreement: the order of files would decide which one counts."""
    seen: set[tuple[str, str]] = set()
    for one in parsed:
        named = {"partner": [p.key for p in one.file.partner], "agreement": [a.key for a in one.file.agreement]}
        for table, keys in named.items():
            for number, key in enumerate(keys):
                if (table, key) in seen:
                    yield one.fault((table, number, "key"), f"key: {key} is there twice")
                seen.add((table, key))


def _shared_locators(parsed: Sequence[_Read], present: Directory) -> Iterable[Fault]:
    """Two partners must not own one locator: routing would be a matter of chance."""
    new = {partner.key for one in parsed for partner in one.file.partner}
    owners = {
        locator: str(partner.key)
        for partner in present.partners.values()
        if partner.key not in new
        for locator in partner.locators
    }
    for one in parsed:
        for number, partner in enumerate(one.file.partner):
            for locator in partner.locators:
                owner = owners.setdefault(locator, partner.key)
                if owner != partner.key:
                    yield one.fault(("partner", number, "locators"), f"locators: {locator} belongs to {owner}")


def _shared_proofs(parsed: Sequence[_Read], present: Directory) -> Iterable[Fault]:
    """Two partners must not own one certificate or key."""
    places = {p.key: (one, number) for one in parsed for number, p in enumerate(one.file.partner)}
    callers = {str(p.key): p.caller for p in present.partners.values() if p.key not in places}
    callers |= {p.key: p.value().caller for one in parsed for p in one.file.partner}
    for partner, owner in taken_twice(callers).items():
        one, number = places[partner]
        yield one.fault(("partner", number, "caller"), f"caller: a certificate or key of it belongs to {owner}")
