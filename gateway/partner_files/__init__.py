"""Partner files: TOML in, partners and agreements out. Unknown keys, bad values and missing references name the line.

A file holds any number of ``[[partner]]`` and ``[[agreement]]`` tables (docs/partners.md).
"""

from __future__ import annotations

from gateway.partner_files.file import text_of
from gateway.partner_files.known import Known
from gateway.partner_files.reading import Applied, read

__all__ = ["Applied", "Known", "read", "text_of"]
