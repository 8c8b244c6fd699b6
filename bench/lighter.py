"""The gateway's command line with one safeguard switched to doing nothing, to see what that safeguard costs.

``python -m bench.lighter sealing|audit serve ...``. It exists here alone: the product has no such switch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.core.audit_entry import Scribe
from gateway.core.model import Actor, AuditEntry, Settlement
from gateway.store import at_once, deliveries, rows, settling
from gateway.store.insertion import Insertion
from keys import sealing
from keys.envelope import NONCE_BYTES, TAG_BYTES, WRAPPED_BYTES, header, parse
from keys.sealing import EnvelopeSealer


def sealing_does_nothing() -> None:
    """Bodies lie in the clear, in an envelope of the same size, so that the store has as much to carry."""
    heads: dict[str, bytes] = {}
    rest, tag = bytes(WRAPPED_BYTES + NONCE_BYTES), bytes(TAG_BYTES)

    def seal(_self: EnvelopeSealer, label: str, _context: str, plain: bytes) -> bytes:
        if label not in heads:
            heads[label] = header(f"kek:{label}:2026-01:1")
        return b"".join((heads[label], rest, plain, tag))

    def unseal(_self: EnvelopeSealer, label: str, _context: str, sealed: bytes) -> bytes:
        return sealed[parse(label, sealed).body + NONCE_BYTES : -TAG_BYTES]

    _put(sealing.EnvelopeSealer, "seal", seal)
    _put(sealing.EnvelopeSealer, "open", unseal)


def audit_does_nothing() -> None:
    """No entry is made, written or numbered on the way of a record; what else writes entries still does."""
    made: list[AuditEntry] = []
    entry, add, write, fits, settle = (
        Scribe.entry,
        at_once._Statement.add,  # noqa: SLF001 - the place that is switched off
        Insertion.write,
        settling.fits,
        settling.settle_at_once,
    )

    def one_for_all(self: Scribe, *_about: object, **_more: object) -> AuditEntry:
        if not made:
            made.append(entry(self, Actor("gateway", "bench"), "record.accepted", "record:none"))
        return made[0]

    def add_others(
        self: Any,  # noqa: ANN401 - as above
        insertion: Insertion,
        some: Sequence[Any],
        name: str = "",
        *,
        in_turn: bool = False,
    ) -> None:
        if insertion is not rows.ENTRIES:
            add(self, insertion, some, name, in_turn=in_turn)

    async def write_others(self: Insertion, connection: Any, some: Any) -> None:  # noqa: ANN401 - passed on
        if self is not rows.ENTRIES:
            await write(self, connection, some)

    async def settle_untold(connection: Any, settlements: Sequence[Settlement], _entries: object) -> Any:  # noqa: ANN401 - passed on
        return await settle(connection, settlements, ())

    _put(Scribe, "entry", one_for_all)
    _put(at_once._Statement, "add", add_others)  # noqa: SLF001 - as above
    _put(at_once, "entry_row", lambda _entry: None)
    _put(Insertion, "write", write_others)
    _put(deliveries, "fits", lambda settlements, _entries: fits(settlements, ()))
    _put(deliveries, "settle_at_once", settle_untold)


def _put(owner: object, name: str, value: object) -> None:
    """Raises AttributeError when there is nothing of that name to be replaced."""
    getattr(owner, name)
    setattr(owner, name, value)


PARTS: Mapping[str, Callable[[], None]] = {"sealing": sealing_does_nothing, "audit": audit_does_nothing}


def main() -> None:
    part = sys.argv.pop(1)
    PARTS[part]()
    print(f"bench: {part} does nothing (process {os.getpid()})", file=sys.stderr)
    from gateway.cli import main as command_line  # noqa: PLC0415 - after the switch

    command_line()


if __name__ == "__main__":
    main()
