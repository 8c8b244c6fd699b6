"""Ports of amendments: what dead deliveries carry in place of a record, where it lies and who makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.core.amendment import Amendment, Body, Change
from gateway.core.four_eyes import Request, Terms
from gateway.core.model import AuditEntry, Claimed, Content, DeliveryId, Digest, Finding, FormatName, RecordId
from gateway.core.ports.approvals import Spent


class Amendments(Protocol):
    """The store's side."""

    async def body(self, delivery: DeliveryId, record: RecordId) -> Body | None:
        """What the delivery carries of the record now, sealed; None when it carries nothing of it."""
        ...

    async def get(self, amendment: str) -> Amendment | None: ...

    async def of_delivery(self, delivery: DeliveryId) -> tuple[Amendment, ...]:
        """Those that were used, oldest first, without their bodies."""
        ...

    async def ask(self, amendment: Amendment, request: Request, entry: AuditEntry) -> None:
        """Keep what shall be carried, and the request for the second word, whose id is its own."""
        ...

    async def use(self, amendment: Amendment, spent: Spent, entries: Sequence[AuditEntry]) -> bool:
        """Spend the permission, put the content in the place of the record, and send the delivery on its way again,
        attempts counted from zero and its digest forgotten: all of it or nothing. False unless the permission is good,
        the delivery is dead, and it carries of the record what was amended."""
        ...

    async def forget(self) -> int:
        """Delete what waited for a word that did not come in its time. Returns how many."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """How many are ``waiting`` (for a word, or to be sent) and were ``sent``."""
        ...


class Cargoes(Protocol):
    """What deliveries carry, whole."""

    async def whole(self, delivery: DeliveryId, most: int) -> Claimed | None:
        """The delivery with its sealed records as a dispatcher would get them, in whatever state it is. None when there
        is none, or it has more than ``most`` records, or nothing of one is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """How a delivery would be written for its partner with amended content in it."""

    format: FormatName
    findings: tuple[Finding, ...]
    """What the format cannot carry; one that blocks: it cannot be written at all."""

    @property
    def writable(self) -> bool:
        return not any(one.severity.blocks for one in self.findings)


class Rehearsals(Protocol):
    async def tried(self, delivery: DeliveryId, record: RecordId, amendment: str, sealed: bytes) -> Tried | None:
        """The delivery written with the sealed amendment in place of the record; nothing is kept of it. None for one
        that has too many records to be written for a look."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """Amended content that was judged, ready to be asked for."""

    body: Body
    fields: tuple[str, ...]
    before: Content = field(repr=False)
    after: Content = field(repr=False)
    digest: Digest
    document: bytes = field(repr=False)
    findings: tuple[Finding, ...]
    """What the rules say of it that does not block."""
    terms: Terms
    tried: Tried | None = None
    """In the partner's own format; None when it was not tried."""


class Mending(Protocol):
    """The computing: content is opened, changed, judged and sealed. Who may do what is not asked here."""

    def fixed(self, content: Content, path: str) -> bool:
        """Whether nobody may amend the element."""
        ...

    async def opened(self, delivery: DeliveryId, record: RecordId) -> Content:
        """What the delivery carries of the record now. Raises NotFound when it carries nothing of it, or nothing is
        kept."""
        ...

    async def draft(self, delivery: DeliveryId, record: RecordId, changes: Sequence[Change]) -> Draft:
        """The amended content, judged by the rules that held when the record was taken. Raises as :meth:`opened`,
        Unprocessable (``amend-...``) and :class:`gateway.core.amendment.Unfit`."""
        ...

    def sealed(self, amendment: str, draft: Draft) -> bytes:
        """The amended document, as sensitive as the record."""
        ...

    async def tried(self, amendment: Amendment) -> Tried | None:
        """How it would be written for the partner; None when nothing of it is kept, or it is not tried."""
        ...

    async def reopened(self, amendment: Amendment) -> tuple[Content, Content, Terms]:
        """The content that was amended, the amended content, and the terms that fit it. Raises Conflict
        (``amend-changed``) when nothing of it is kept."""
        ...


@dataclass(frozen=True, slots=True)
class AmendmentDesk:
    """Where amendments lie and who makes them, as one value."""

    store: Amendments
    mending: Mending
