"""Where the fetched front-end packages lie; a version in the path lets browsers keep them."""

from __future__ import annotations

from pathlib import Path

VENDOR = Path(__file__).parent / "static" / "vendor"
HTMX = "htmx-4.0.1"
USWDS = "uswds-3.14.0"
