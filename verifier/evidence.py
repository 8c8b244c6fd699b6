"""Evidence bundles: all that a log says about one record, for somebody who has nothing but the file and the keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from verifier.checkpoint import Trust
from verifier.faults import Unreadable
from verifier.proofs import Entry, checked_entry, document_of, entries_of

TYPE = "gateway-evidence/1"


@dataclass(frozen=True, slots=True)
class Evidence:
    record: str
    objects: tuple[str, ...]
    """The record, and what the gateway says belongs to it (its submission, its deliveries). That they do is its word:
    the log proves what happened to each of them."""
    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        """Every entry is proved, and at least one is about the record itself."""
        about = any(entry.leaf["object"] == f"record:{self.record}" for entry in self.entries)
        return about and all(entry.fault is None for entry in self.entries)


def check_evidence(text: str, trust: Trust) -> Evidence:
    """Raises Unreadable when the text is no bundle; an entry that is not proved is a fault in it."""
    document = document_of(text, TYPE)
    record, objects = document.get("record"), document.get("objects")
    named = isinstance(objects, list) and all(isinstance(one, str) for one in objects)
    if not isinstance(record, str) or not named or objects is None:
        raise Unreadable("the bundle does not say which record it is about")
    entries = tuple(_entry(one, objects, trust) for one in entries_of(document))
    return Evidence(record, tuple(objects), entries)


def _entry(given: dict[str, Any] | Any, objects: list[str], trust: Trust) -> Entry:  # noqa: ANN401 - whatever JSON holds
    """Besides its proof: it is about one of the objects, and the words beside it are the ones that its leaf gives."""
    entry = checked_entry(given, trust)
    if entry.fault is None and entry.leaf["object"] not in objects:
        return replace(entry, fault="the entry is about something else")
    if entry.fault is None and entry.words is not None and given.get("says") != entry.words:
        return replace(entry, fault="the words beside the entry are not what it says")
    return entry
