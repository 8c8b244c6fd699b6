"""What can be read and written: the list of formats."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from gateway.cli.options import Json
from gateway.cli.out import put, table

if TYPE_CHECKING:
    from gateway.core.catalog import Catalog
    from gateway.core.ports.formats import FormatInfo


MOST_LISTED = 4
"""Kinds of a format that are named in the table."""


def register(app: typer.Typer) -> None:
    app.command("formats")(formats)


def formats(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Every format with its kinds, direction, length, confidence and state, and what is not spoken, with the reason.

    Drafts need --drafts to be used.
    """
    import schemas  # noqa: PLC0415 - heavy, needed here only

    catalog = schemas.load(drafts=True)
    rows = [_row(catalog, info) for info in catalog.formats.values()]
    if json:
        put({"formats": rows, "not_spoken": [asdict(one) for one in catalog.unbuilt]})
        return
    columns = ("format", "kinds", "direction", "length", "confidence", "state", "missing")
    table("Formats", columns, ([_short(row[name]) or None for name in columns] for row in rows))
    print()
    table(
        "Not spoken", ("what", "why not", "instead"), ([o.title, o.reason, o.instead or None] for o in catalog.unbuilt)
    )


def _short(text: str) -> str:
    """A cell; a long list of kinds as their number, so that the table keeps to a screen."""
    listed = text.split(", ")
    return f"{len(listed)} kinds" if len(listed) > MOST_LISTED and " " not in "".join(listed) else text


def _row(catalog: Catalog, info: FormatInfo) -> dict[str, str]:
    ways = [*(["in"] if info.reads else []), *(["out"] if info.writes else [])]
    return {
        "format": info.name,
        "title": info.title,
        "kinds": ", ".join(info.kinds),
        "direction": " and ".join(ways),
        "length": _length(catalog, info),
        "confidence": info.confidence,
        "state": info.state,
        "missing": info.missing,
    }


def _length(catalog: Catalog, info: FormatInfo) -> str:
    """Bytes of a record, or how many columns it has; empty where a record has any length."""
    if info.name in catalog.files:
        return f"{catalog.files[info.name].length}"
    if info.name in catalog.columns:
        return f"{len(catalog.columns[info.name].columns)} columns"
    layouts = [catalog.layouts[name] for name in catalog.sequences.get(info.name, ())]
    if not layouts:
        return ""
    return f"{layouts[0].length}{' and blocks' if len(layouts) > 1 else ''}"
