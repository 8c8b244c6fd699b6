"""Wire protection put together: the desk of keys, the book in memory, what protects and what opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.core.ports.crew import Crew
from gateway.foundation import Foundation
from gateway.work.directory import DirectoryWatch
from gateway.work.messages import MessageDesk, PartnerKeyDesk
from gateway.work.protecting import ProtectingCrew
from gateway.work.query_wire import QueryEnvelopes
from gateway.work.wire_book import WireBook
from gateway.work.wire_desk import WireDesk
from keys.wire.protection import WireProtection


@dataclass(frozen=True, slots=True)
class WireParts:
    book: WireBook
    messages: MessageDesk
    partner_keys: PartnerKeyDesk
    crew: ProtectingCrew
    envelopes: QueryEnvelopes


def wire_desk(base: Foundation) -> WireDesk:
    return WireDesk(
        base.stores.wire_keys,
        WireProtection(),
        base.sealer,
        base.scribe,
        base.clock,
        base.random,
        base.settings.log_name,
    )


def wire_parts(base: Foundation, watch: DirectoryWatch, crew: Crew, observe: Callable[[str, str], None]) -> WireParts:
    """``crew`` composes what is protected. The book follows the directory from its first look on."""
    desk = wire_desk(base)
    book = WireBook(base.stores.wire_keys, base.sealer)
    watch.on_change.append(book.follow)
    protecting = ProtectingCrew(
        crew=crew,
        wire=desk.wire,
        book=book,
        payloads=base.stores.wire_payloads,
        sealer=base.sealer,
        directory=watch.current,
        clock=base.clock,
        name=desk.name,
    )
    messages = MessageDesk(desk.wire, book, desk, base.stores.audit, base.scribe, base.clock, observe)
    envelopes = QueryEnvelopes(desk.wire, book, base.clock, desk.name)
    return WireParts(book, messages, PartnerKeyDesk(desk, book), protecting, envelopes)
