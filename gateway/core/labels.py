"""Under which label bytes are sealed: one domain of keys for each kind of data that must be separable.

Source: IRS Publication 1075, section 2.B (federal tax information is kept apart or can be told apart): its own label
has its own keys, and destroying those leaves all else readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from gateway.core.catalog import Catalog
from gateway.core.errors import Tampered
from gateway.core.model import Facts, FormatName, RecordId
from gateway.core.ports.keys import Sealer
from gateway.core.routing import FEDERAL_TAX


class Label(StrEnum):
    """Labels of the keys that seal, from the least to the most sensitive."""

    RECORDS = "records"
    FEDERAL_TAX = "federal-tax"


def label_of(facts: Facts) -> Label:
    """The label that the record's sensitivity asks for."""
    return Label.FEDERAL_TAX if FEDERAL_TAX in facts.tags else Label.RECORDS


def tax_formats(catalog: Catalog) -> frozenset[FormatName]:
    """Formats that may bring federal tax data, as far as their kinds know such data."""
    tax = {kind for kind, info in catalog.kinds.items() if FEDERAL_TAX in info.facts.flags}
    return frozenset(name for name, info in catalog.formats.items() if not tax.isdisjoint(info.kinds))


def strictest(labels: Iterable[Label]) -> Label:
    """The label of what is made out of several records; the ordinary one when there is none."""
    return max(labels, key=_ORDER.index, default=Label.RECORDS)


_ORDER = tuple(Label)
_NAMED = {label.value: label for label in Label}


def record_context(record: RecordId) -> str:
    """What a sealed record is bound to."""
    return f"records.sealed:{record}"


def amendment_context(amendment: str) -> str:
    """What the amended content of a record is bound to: it can never be passed off as the record itself."""
    return f"amendments.sealed:{amendment}"


def named_label(sealer: Sealer, sealed: bytes) -> Label:
    """The label that sealed bytes name; opening them proves it. Raises Tampered when it is none of ours."""
    try:
        return _NAMED[sealer.label(sealed)]
    except KeyError:
        raise Tampered("the sealed bytes name a label that seals nothing here", code="seal-broken") from None


def open_labelled(sealer: Sealer, context: str, sealed: bytes) -> bytes:
    """Opens bytes of whichever label: the body is bound to the label that it was sealed under. Raises as ``open``."""
    return sealer.open(named_label(sealer, sealed), context, sealed)


def open_record(sealer: Sealer, record: RecordId, sealed: bytes) -> bytes:
    """The canonical document of a sealed record. Raises as ``open``."""
    return open_labelled(sealer, record_context(record), sealed)


def open_carried(sealer: Sealer, record: RecordId, sealed: bytes, amendment: str | None) -> bytes:
    """The canonical document that a delivery carries: of the record, or of the amendment in its place."""
    context = record_context(record) if amendment is None else amendment_context(amendment)
    return open_labelled(sealer, context, sealed)
