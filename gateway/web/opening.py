"""Operators open content: the entry of each opening, and whether it named somebody of their own name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.glass import GLASS, Use
from gateway.core.model import Actor, Content, RecordId
from gateway.core.own_name import open_surname, own_name
from gateway.core.ports.accounts import Operators
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.keys import Sealer
from gateway.core.reading_review import OWN_NAME, OwnName
from gateway.web.parts import Parts

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opening:
    """What was opened, and why. ``shown``: paths whose values were shown; the rest were shapes."""

    record: RecordId
    contents: tuple[Content, ...]
    reason: str
    elements: int
    shown: Sequence[str] = ()
    under: Use | None = None
    """The broken glass that allows it, where the role does not."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Writes each opening down, before anything of it is shown."""

    operators: Operators
    sealer: Sealer
    audit: AuditLog
    scribe: Scribe

    async def note(self, actor: Actor, opening: Opening) -> None:
        """The entry says whether somebody of the operator's name is in the record; never which name."""
        details: dict[str, str | int] = {
            "reason": opening.reason,
            "elements": opening.elements,
            "shown": " ".join(opening.shown),
            OWN_NAME: await self._own_name(actor, opening.contents),
        }
        entry, outcome, use = self.scribe.entry, "shown" if opening.shown else "masked", opening.under
        if use is not None:
            details[GLASS] = use.id
        told = [entry(actor, "record.read", f"record:{opening.record}", outcome, details)]
        if use is not None:
            told.append(entry(actor, "glass.opened", f"{GLASS}:{use.id}", outcome, {"record": opening.record}))
            log.warning("glass.opened", id=use.id, name=opening.record)
        await self.audit.write(told)

    async def _own_name(self, actor: Actor, contents: tuple[Content, ...]) -> OwnName:
        account = await self.operators.find(actor.name)
        sealed = account.sealed_surname if account else None
        return own_name(contents, open_surname(self.sealer, actor.name, sealed))


def openings(parts: Parts) -> Openings:
    return Openings(parts.operators, parts.sealer, parts.audit, parts.scribe)
