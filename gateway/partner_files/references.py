"""Faults inside one file: what it names and nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.core.errors import Misconfigured
from gateway.core.model import Endpoint, FormatName, PartnerKey
from gateway.partner_files.agreement import AgreementTable
from gateway.partner_files.file import Fault, Parsed
from gateway.partner_files.known import Known
from gateway.partner_files.partner import PartnerTable


def partner_faults(one: Parsed, known: Known) -> Iterable[Fault]:
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
        for fault in () if known.places is None else known.places.faults(whole):
            yield one.fault((*place, fault.table, "country"), str(fault))


def _posting_faults(one: Parsed, place: tuple[str | int, ...], partner: PartnerTable, known: Known) -> Iterable[Fault]:
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
    one: Parsed, place: tuple[str | int, ...], endpoint: Endpoint, check: Callable[[Endpoint], None]
) -> Iterable[Fault]:
    try:
        check(endpoint)
    except Misconfigured as error:
        option, _, why = error.detail.removeprefix("endpoint.").partition(":")
        yield one.fault((*place, option), f"{place[-1]}: {place[-1]}.{option}:{why}")


def agreement_faults(one: Parsed, known: Known, keys: set[PartnerKey] | set[str]) -> Iterable[Fault]:
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
        yield from _filter_faults(one, (*place, "filter"), agreement, known)


def _filter_faults(
    one: Parsed, place: tuple[str | int, ...], agreement: AgreementTable, known: Known
) -> Iterable[Fault]:
    for tag, values in agreement.filter.items():
        if tag not in known.tags:
            yield one.fault((*place, tag), f"filter.{tag}: records have no such tag")
        if (codes := known.tag_codes.get(tag)) is not None:
            for value in values:
                if value not in codes:
                    yield one.fault((*place, tag), f"filter.{tag}: there is no code {value}")


def _use_faults(one: Parsed, place: tuple[str | int, ...], agreement: AgreementTable, known: Known) -> Iterable[Fault]:
    """What it is for and on whose behalf, in the words of the disclosure policy."""
    if agreement.purpose and agreement.purpose not in known.purposes:
        yield one.fault((*place, "purpose"), f"purpose: one of {', '.join(sorted(known.purposes))}")
    if agreement.requester not in known.requesters:
        yield one.fault((*place, "requester"), f"requester: one of {', '.join(sorted(known.requesters))}")


def key_faults(one: Parsed, known: Known) -> Iterable[Fault]:
    for number, partner in enumerate(one.file.partner):
        for place, wanted in enumerate(partner.wire_keys):
            try:
                known.read_key(wanted.pem)
            except Misconfigured as error:
                yield one.fault(("partner", number, "wire_keys", place, "pem"), f"wire_keys: {error.detail}")
