"""The mapping of canonical elements to NIEM (``niem.toml``): a NIEM name, or why an element is our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from schemas.document import Document, parse

FILE = "niem.toml"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The NIEM element of a canonical element. ``note``: what differs besides the name."""

    name: str
    """With its prefix: ``nc:PersonGivenName``."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Niem:
    """Each canonical element stands in ``elements`` or in ``extensions``, never in both."""

    source: str
    version: str
    confidence: str
    namespaces: Mapping[str, str]
    elements: Mapping[str, Counterpart]
    extensions: Mapping[str, str]
    """Canonical element -> why NIEM's are not enough."""

    def covers(self, element: str) -> bool:
        return element in self.elements or element in self.extensions


def niem(content: bytes | None = None) -> Niem:
    """The mapping that is shipped, or that of a file. Raises Misconfigured for an unknown prefix, for an element that
    stands there twice and for a note on none."""
    file = parse(FILE, resources.files("schemas").joinpath(FILE).read_bytes() if content is None else content)
    namespaces = {key: str(value) for key, value in file.table("namespace").items()}
    notes = {key: str(value) for key, value in file.table("note").items()}
    elements = {
        key: Counterpart(_prefixed(file, str(value), namespaces), notes.pop(key, ""))
        for key, value in file.table("element").items()
    }
    if notes:
        raise file.fault(f"note on {min(notes)}, which has no NIEM name")
    extensions = _extensions(file, elements)
    found = Niem(file.text("source"), file.text("version"), file.text("confidence"), namespaces, elements, extensions)
    file.finish()
    return found


def _prefixed(file: Document, name: str, namespaces: Mapping[str, str]) -> str:
    prefix, colon, local = name.partition(":")
    if not colon or not local or prefix not in namespaces:
        raise file.fault(f"{name} has no prefix of the namespaces")
    return name


def _extensions(file: Document, elements: Mapping[str, Counterpart]) -> dict[str, str]:
    found: dict[str, str] = {}
    for _, group in file.table("extension").named():
        reason = group.text("reason")
        for name in group.texts("elements"):
            if name in elements or name in found:
                raise group.fault(f"{name} stands there twice")
            found[name] = reason
        group.finish()
    return found
