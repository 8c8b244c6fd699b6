"""The part of a partner file that says how the partner proves itself: ``[partner.caller]`` (docs/callers.md)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from ipaddress import ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from gateway.core.caller import Caller, ClientCertificate, ClientKey, Purpose, Tier
from gateway.core.errors import Misconfigured
from gateway.partner_files.tables import KeyName, Table, Thumbprint
from gateway.web.auth import PARTNER_SCOPES
from keys.public_key import check

AT_ONCE = 2
"""Certificates, and keys of one purpose: one in use and one to change over to."""


class CertificateTable(Table):
    thumbprint: Thumbprint
    valid_until: date


class KeyTable(Table):
    id: KeyName
    purpose: Annotated[Purpose, BeforeValidator(Purpose)]
    public_key: str = Field(max_length=4096)
    valid_until: date

    @field_validator("public_key")
    @classmethod
    def _strong(cls, value: str) -> str:
        try:
            check(value)
        except Misconfigured as error:
            raise ValueError(error.detail) from None
        return value


class CallerTable(Table):
    """``[partner.caller]`` with its ``[[partner.caller.certificate]]`` and ``[[partner.caller.key]]`` tables."""

    tier: Annotated[Tier, BeforeValidator(Tier)]
    networks: list[str] = Field(default_factory=list, max_length=64)
    scopes: list[str] = Field(default=sorted(PARTNER_SCOPES), min_length=1)
    certificate: list[CertificateTable] = Field(default_factory=list, max_length=AT_ONCE)
    key: list[KeyTable] = Field(default_factory=list, max_length=AT_ONCE * len(Purpose))

    @field_validator("networks")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            try:
                ip_network(text)
            except ValueError as error:
                raise ValueError("write networks like 192.0.2.0/24 or 2001:db8::/48") from error
        return value

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: list[str]) -> list[str]:
        if not set(value) <= PARTNER_SCOPES:
            raise ValueError(f"scopes are {', '.join(sorted(PARTNER_SCOPES))}")
        return value

    @model_validator(mode="after")
    def _enough(self) -> CallerTable:
        purposes = Counter(one.purpose for one in self.key)
        if any(count > AT_ONCE for count in purposes.values()):
            raise ValueError(f"at most {AT_ONCE} keys of one purpose: one in use and one to change over to")
        if len({one.id for one in self.key}) < len(self.key):
            raise ValueError("two keys have one id")
        if len({one.public_key for one in self.key}) < len(self.key):
            raise ValueError("one key is there twice; a key has one purpose")
        if self.tier is Tier.CERTIFICATE and not self.certificate:
            raise ValueError("tier = 'certificate' needs a [[partner.caller.certificate]]")
        needed = _NEEDS.get(self.tier)
        if needed is not None and needed not in purposes:
            raise ValueError(f"tier = '{self.tier}' needs a [[partner.caller.key]] with purpose = '{needed}'")
        return self

    def value(self) -> Caller:
        return Caller(
            tier=self.tier,
            networks=tuple(self.networks),
            scopes=frozenset(self.scopes),
            certificates=tuple(ClientCertificate(one.thumbprint, one.valid_until) for one in self.certificate),
            keys=tuple(ClientKey(one.id, one.purpose, one.public_key, one.valid_until) for one in self.key),
        )


_NEEDS = {Tier.CERTIFICATE: Purpose.TOKEN, Tier.SIGNATURE: Purpose.SIGNATURE, Tier.TOKEN: Purpose.TOKEN}


def taken_twice(callers: dict[str, Caller]) -> dict[str, str]:
    """Partner -> the other partner that has one of its certificates or keys: whose call would it be?"""
    owners: dict[str, str] = {}
    clashes: dict[str, str] = {}
    for partner, caller in callers.items():
        for proof in (*(one.thumbprint for one in caller.certificates), *(one.public_key for one in caller.keys)):
            owner = owners.setdefault(proof, partner)
            if owner != partner:
                clashes[partner] = owner
    return clashes
