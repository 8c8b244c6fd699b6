"""Documentation that is made of the tables of the program: ``python -m gateway.docs`` writes it, a guard checks it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import schemas
from gateway.docs.endpoints import with_endpoints
from gateway.docs.formats import codes_page, format_page, formats_index
from gateway.docs.rules import rules_page
from gateway.web import problems

FOLDER = Path(__file__).parents[2] / "docs"


def pages(folder: Path = FOLDER) -> Mapping[str, str]:
    """Path below ``docs/`` -> text, of every generated page. ``folder`` holds the page that is written by hand but for
    one part."""
    catalog = schemas.load(drafts=True)
    made = {f"formats/{name}.md": format_page(catalog, name) for name in catalog.formats}
    partners = (folder / "partners.md").read_text(encoding="utf-8")
    return made | {
        "formats/README.md": formats_index(catalog),
        "formats/codes.md": codes_page(catalog),
        "rules.md": rules_page(catalog),
        "problems.md": problems.markdown(),
        "partners.md": with_endpoints(partners),
    }
