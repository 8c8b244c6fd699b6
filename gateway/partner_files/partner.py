"""One ``[[partner]]`` table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from gateway.core.caller import KEYS_ONLY
from gateway.core.model import (
    AdapterName,
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
from gateway.core.places import COUNTRY
from gateway.core.protection import PLAIN
from gateway.partner_files.caller import CallerTable
from gateway.partner_files.protection import ProtectionTable, WireKeyTable
from gateway.partner_files.tables import BatchingTable, BreakerTable, ContactTable, Key, Locator, RetryTable, Table


class PartnerTable(Table):
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
    locate_attestation: Literal["none", "each"] = "none"
    caller: CallerTable | None = None
    protection: ProtectionTable | None = None
    wire_keys: list[WireKeyTable] = Field(default_factory=list)

    @model_validator(mode="after")
    def _whole_approval(self) -> PartnerTable:
        given = (self.fti_ok_from, self.fti_ok_until, self.safeguards_approval_ref or None)
        if any(given) and not all(given):
            raise ValueError("fti_ok_from, fti_ok_until and safeguards_approval_ref go together")
        if self.fti_ok_from and self.fti_ok_until and self.fti_ok_until < self.fti_ok_from:
            raise ValueError("fti_ok_until is before fti_ok_from")
        return self

    @field_validator("endpoint")
    @classmethod
    def _adapter(cls, value: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
        if value.get("adapter") not in set(AdapterName):
            raise ValueError(f"adapter must be one of {', '.join(AdapterName)}")
        return value

    @field_validator("endpoint", "queries")
    @classmethod
    def _country(cls, value: dict[str, str | int | bool] | None) -> dict[str, str | int | bool] | None:
        if value and "country" in value and not re.fullmatch(COUNTRY, str(value["country"])):
            raise ValueError("country is written in two capital letters (ISO 3166-1), like US")
        return value

    def value(self) -> Partner:
        return Partner(
            key=PartnerKey(self.key),
            name=self.name,
            role=self.role,
            program=self.program,
            locators=frozenset(self.locators),
            endpoint=_endpoint(AdapterName(str(self.endpoint["adapter"])), self.endpoint),
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
            queries=None if self.queries is None else _endpoint(AdapterName.HTTPS, self.queries),
            tax_approval=TaxApproval(self.fti_ok_from, self.fti_ok_until, self.safeguards_approval_ref),
            locate_attested_until=self.locate_attested_until,
            attests_each_locate=self.locate_attestation == "each",
            caller=KEYS_ONLY if self.caller is None else self.caller.value(),
            protection=PLAIN if self.protection is None else self.protection.value(),
        )


def _endpoint(adapter: AdapterName, given: Mapping[str, str | int | bool]) -> Endpoint:
    options = {name: value for name, value in given.items() if name not in ("adapter", "country")}
    return Endpoint(adapter, options, str(given.get("country", "")))
