"""A sample log laid out as an export: what ``gateway audit export`` puts into its zip file, here as a directory."""

from __future__ import annotations

from gateway.audit.export import Extent
from gateway.audit.published import bundle
from gateway.core.audit_entry import leaf


def files_of(log, first=0, last=None):
    """Path -> bytes of an export of these entries."""
    size = log.last.size
    extent = Extent.around(first, size if last is None else last, size)
    files = {"export.json": extent.about(log.key.name), "checkpoint": log.last.note.encode()}
    for place in extent.tiles():
        files[place.path()] = log.tile(place.tile.level, place.tile.index)[: 32 * place.width]
    for place in extent.bundles():
        rows = log.rows[place.first : place.first + place.width]
        files[place.path()] = bundle([leaf(entry) for _number, entry, _digest in rows])
    return files


def laid_out(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
