"""Documentation that is made of the tables of the program: ``python -m gateway.docs`` writes it, a guard checks it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import schemas
from gateway.docs.access import access_page
from gateway.docs.causes import with_causes
from gateway.docs.disclosure import disclosure_page
from gateway.docs.endpoints import with_endpoints
from gateway.docs.formats import codes_page, format_page, formats_index, with_formats
from gateway.docs.layouts import layouts_page
from gateway.docs.niem import niem_page
from gateway.docs.rules import rules_page
from gateway.web import problems
from schemas.niem import niem

README = "../README.md"
FOLDER = Path(__file__).parents[2] / "docs"


def pages(folder: Path = FOLDER) -> Mapping[str, str]:
    """Path from ``docs/`` -> text, of every generated page. ``folder`` is ``docs/``: some pages are written by hand but
    for one part."""
    catalog = schemas.load(drafts=True)
    made = {f"formats/{name}.md": format_page(catalog, name) for name in catalog.formats}
    partners = (folder / "partners.md").read_text(encoding="utf-8")
    runbook = (folder / "runbook.md").read_text(encoding="utf-8")
    return made | {
        "formats/README.md": formats_index(catalog),
        "formats/layouts.md": layouts_page(catalog),
        "formats/codes.md": codes_page(catalog),
        "rules.md": rules_page(catalog),
        "disclosure.md": disclosure_page(catalog.policy),
        "niem.md": niem_page(catalog, niem()),
        "access.md": access_page(),
        "problems.md": problems.markdown(),
        "partners.md": with_endpoints(partners),
        "runbook.md": with_causes(runbook),
        README: with_formats((folder / README).read_text(encoding="utf-8")),
    }
