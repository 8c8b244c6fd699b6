"""Who did what: an entry of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from gateway.core.model.names import EntryId
from gateway.core.swift import swift


@swift
class Actor:
    """Who did it: ``partner:ohio``, ``operator:pat``, ``gateway:dispatcher``."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Actor:
        """The actor that is written so."""
        kind, _, name = text.partition(":")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@swift
class AuditEntry:
    """One state change or refusal, written in the transaction of the change.

    The leaf of the Merkle log is ``core.audit_entry.leaf(entry)``. ``details`` are small facts without personal data
    (codes, counts, digests, ids); the leaf carries only their salted commitment.
    """

    id: EntryId
    at: datetime
    actor: Actor
    action: str
    """A word of ``core.audit_entry.ACTIONS``."""
    object: str
    """``record:<id>``, ``delivery:<id>``, ``submission:<id>``, ``partner:<key>`` ..."""
    outcome: str
    details: Mapping[str, str | int]
    salt: bytes = field(repr=False)
    commitment: str | None = None
    """What the leaf says of details that were destroyed with their salt; None: they are here."""
