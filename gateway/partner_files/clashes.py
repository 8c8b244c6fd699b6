"""Faults between tables of all files, and with the partners that are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.core.model import PartnerKey
from gateway.core.routing import Directory
from gateway.partner_files.caller import taken_twice
from gateway.partner_files.file import Fault, Parsed
from gateway.partner_files.protection import KEPT_NOT_PLAIN, NOT_PLAIN, unprotected


def bare_agreements(parsed: Sequence[Parsed], present: Directory) -> Iterable[Fault]:
    """Agreements that do not allow plain payloads, between partners of whom one has no protection."""
    applied = {PartnerKey(p.key): p.value() for one in parsed for p in one.file.partner}
    partners = {**present.partners, **applied}
    named = {a.key for one in parsed for a in one.file.agreement}
    for one in parsed:
        for number, agreement in enumerate(one.file.agreement):
            for partner in unprotected(agreement.value(), partners):
                yield one.fault(("agreement", number, "plain"), NOT_PLAIN.format(partner=partner))
        for number, partner_table in enumerate(one.file.partner):
            for kept in (a for a in present.agreements if a.key not in named):
                if PartnerKey(partner_table.key) in unprotected(kept, partners):
                    yield one.fault(("partner", number, "protection"), KEPT_NOT_PLAIN.format(agreement=kept.key))


def repeated_keys(parsed: Sequence[Parsed]) -> Iterable[Fault]:
    """Two tables for one partner or agreement: the order of files would decide which one counts."""
    seen: set[tuple[str, str]] = set()
    for one in parsed:
        named = {"partner": [p.key for p in one.file.partner], "agreement": [a.key for a in one.file.agreement]}
        for table, keys in named.items():
            for number, key in enumerate(keys):
                if (table, key) in seen:
                    yield one.fault((table, number, "key"), f"key: {key} is there twice")
                seen.add((table, key))


def shared_locators(parsed: Sequence[Parsed], present: Directory) -> Iterable[Fault]:
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


def shared_proofs(parsed: Sequence[Parsed], present: Directory) -> Iterable[Fault]:
    """Two partners must not own one certificate or key."""
    places = {p.key: (one, number) for one in parsed for number, p in enumerate(one.file.partner)}
    callers = {str(p.key): p.caller for p in present.partners.values() if p.key not in places}
    callers |= {p.key: p.value().caller for one in parsed for p in one.file.partner}
    for partner, owner in taken_twice(callers).items():
        one, number = places[partner]
        yield one.fault(("partner", number, "caller"), f"caller: a certificate or key of it belongs to {owner}")
