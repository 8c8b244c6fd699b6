"""What may leave with the log: evidence on one record for one reader, and exports of entries for anybody."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.audit.evidence import Statement, write_evidence
from gateway.audit.export import Extent
from gateway.audit.proof import tiles_for_proof
from gateway.core.errors import NotFound, Refused, Tampered, Unavailable
from gateway.core.model import PartnerKey, Principal, RecordId
from gateway.core.ports.audit_log import Checkpoint
from gateway.core.ports.records import Records
from gateway.heads import Heads
from gateway.logbook import Logbook
from gateway.published import Publisher
from gateway.web.api.visibility import concerns, opened, sees_delivery, sees_record, sent

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an export: the same entries give the same bytes."""


@dataclass(frozen=True, slots=True)
class Evidence:
    logbook: Logbook
    records: Records

    async def bundle(self, record: RecordId, reader: PartnerKey | None) -> str:
        """The evidence bundle for a partner (None: an auditor, who may see all). Raises NotFound when the reader has
        nothing to do with the record, Unavailable while the log has not numbered anything of it."""
        caller = Principal("evidence", frozenset(), reader, None if reader else "auditor")
        found = await self.records.get(record)
        deliveries = await self.records.deliveries(record)
        if found is None or not sees_record(caller, found, deliveries):
            raise NotFound("There is no record with this id, or its reader has nothing to do with it.")
        about = f"record:{record}"
        objects = [about, *(f"delivery:{one.id}" for one in deliveries if sees_delivery(caller, one))]
        if sent(caller, found):
            objects.insert(1, f"submission:{found.submission}")
        statements = [
            Statement(number, entry, opened(caller, found, entry.action, entry.object))
            for one in objects
            for number, entry in await self.logbook.audit.about(one)
            if number is not None and (reader is None or concerns(entry.action, entry.details, objects))
        ]
        head = await self.logbook.covering([one.number for one in statements])
        if head is None or not any(one.entry.object == about for one in statements):
            raise Unavailable("The log has not numbered this record yet; try again in a second.")
        source = await self.logbook.tiles(sorted(tiles_for_proof([one.number for one in statements], head.size)))
        ordered = sorted(statements, key=lambda one: one.number)
        return write_evidence(record, objects, ordered, head, source)


@dataclass(frozen=True, slots=True)
class Export:
    logbook: Logbook

    async def write(self, out: Path, first: int, last: int | None, progress: Callable[[int], None]) -> Extent:
        """Write the entries from ``first`` to ``last`` (not included; None: the newest) into a new zip file, rounded
        out to whole bundles, with all tiles that lead to the checkpoint. Raises Refused, Tampered and Unavailable; a
        file that is there already stays as it is."""
        head = await self.logbook.newest(last or 0)
        if head is None:
            raise NotFound("The log has no checkpoint yet.")
        kept = await self.logbook.audit.first()
        first = first or kept
        try:
            extent = Extent.around(first, head.size if last is None else last, head.size)
        except ValueError:
            raise Refused(f"The log has entries {kept} to {head.size - 1}.", code="no-such-entries") from None
        if extent.first < kept:
            raise Refused(f"The log has entries {kept} to {head.size - 1}.", code="no-such-entries")
        unfinished = out.with_name(f"{out.name}.part")
        try:
            with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
                await self._fill(archive, extent, head, progress)
            unfinished.replace(out)
        except OSError as error:
            raise Unavailable(f"{out} cannot be written: {error.strerror}.", code="export-unwritable") from None
        finally:
            unfinished.unlink(missing_ok=True)
        return extent

    async def _fill(
        self, archive: zipfile.ZipFile, extent: Extent, head: Checkpoint, progress: Callable[[int], None]
    ) -> None:
        published = Publisher(self.logbook.audit, Heads(self.logbook.audit))
        _put(archive, "export.json", extent.about(self.logbook.signer.name))
        _put(archive, "checkpoint", head.note.encode())
        for place in (*extent.tiles(), *extent.bundles()):
            content = await published.file(place.path())
            if content is None:
                raise Tampered(f"the log lacks {place.path()}", code="tile-missing")
            _put(archive, place.path(), content)
            if place.entries:
                progress(place.first + place.width)


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)
