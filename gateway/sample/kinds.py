"""Which kinds of records a sample of a format can have, and from which maker or which tables they come."""

from __future__ import annotations

from random import Random

from gateway.core.catalog import Catalog
from gateway.core.file_order import FileOrder
from gateway.core.model import FormatName, Kind
from gateway.sample.contents import MAKERS, OF_FORMAT, Make
from gateway.sample.people import Chance
from gateway.sample.writers import SAMPLED_ALONE


def kinds_made(catalog: Catalog, name: FormatName) -> tuple[Kind, ...]:
    """The kinds of records that a sample of a format can have; none when no sample can be made."""
    info = catalog.formats[name]
    if not info.reads or not (info.writes or name in catalog.columns or name in SAMPLED_ALONE):
        return ()
    return tuple(kind for kind in info.kinds if _is_made(catalog, name, kind))


def _is_made(catalog: Catalog, name: FormatName, kind: Kind) -> bool:
    """A kind of which no maker knows is made from the tables of its files; where a format carries all kinds, as it is
    in another."""
    if kind in MAKERS or name in OF_FORMAT:
        return _writes(catalog, name, kind)
    if name in catalog.files:
        return True
    return _carries_all(catalog, name) and (
        other_form(catalog, kind) is not None or other_file(catalog, kind) is not None
    )


def _carries_all(catalog: Catalog, name: FormatName) -> bool:
    """Whether a format has no tables of its own: it carries canonical documents."""
    tables = (catalog.files, catalog.columns, catalog.sequences, catalog.x12, catalog.messages)
    return not any(name in table for table in tables)


def other_form(catalog: Catalog, kind: Kind) -> Make | None:
    """How another format has a kind made."""
    return next((make for name, make in OF_FORMAT.items() if kind in catalog.formats[name].kinds), None)


def other_file(catalog: Catalog, kind: Kind) -> FileOrder | None:
    """A file from whose tables a kind can be made."""
    return next((order for order in catalog.files.values() if order.kind == kind), None)


def _writes(catalog: Catalog, name: FormatName, kind: Kind) -> bool:
    """Whether a file of the format has a record for what is made of the kind."""
    order = catalog.files.get(name)
    return order is None or bool(order.of(_maker(name, kind)(Chance(Random(0)), 1)))  # noqa: S311 - a sample is no secret


def _maker(name: FormatName, kind: Kind) -> Make:
    return OF_FORMAT.get(name) or MAKERS[kind]
