"""Writes the generated documentation."""

from __future__ import annotations

from gateway.docs import FOLDER, pages

for name, text in pages().items():
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
