"""Proof files: entries of a log, each with what proves that it is in the log (docs/audit-log.md, "Proof file")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from verifier.checkpoint import Head, Trust
from verifier.faults import NotProved, Unreadable
from verifier.note import unbase64
from verifier.tree import HASH_BYTES, leaf_hash, root_by_inclusion
from verifier.words import plain_words

TYPE = "gateway-audit-proof/1"
LONGEST_FILE = 16 * 2**20
"""Characters that are read at all."""
_MEMBERS = frozenset({"id", "at", "actor", "action", "object", "outcome", "details"})
_MOST_HASHES = 64
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what its leaf says, and whether it is proved."""

    number: int
    leaf: Mapping[str, str]
    """id, at, actor, action, object, outcome, and the commitment to the details."""
    details: Mapping[str, str | int] | None = None
    """None when the file does not open them, or they are not those of the leaf."""
    head: Head | None = None
    """The checkpoint that it was proved against."""
    fault: str | None = None
    """Why it is not proved; None: it is."""

    @property
    def words(self) -> str | None:
        return plain_words(self.leaf)


@dataclass(frozen=True, slots=True)
class Report:
    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        """There are entries, and every one is proved."""
        return bool(self.entries) and all(entry.fault is None for entry in self.entries)


@dataclass(frozen=True, slots=True)
class _Path:
    """A C2SP tlog-proof, parsed."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str


def check_proof(text: str, trust: Trust) -> Report:
    """Raises Unreadable when the text is no proof file; an entry that is not proved is a fault in the report."""
    return Report(tuple(checked_entry(one, trust) for one in entries_of(document_of(text, TYPE))))


def document_of(text: str, type_: str) -> Mapping[str, Any]:
    """The JSON document of one of our types. Raises Unreadable."""
    if len(text) > LONGEST_FILE:
        raise Unreadable("the file is too long")
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # lone surrogates are no text
    except (ValueError, RecursionError):
        raise Unreadable("the file is not JSON") from None
    if not isinstance(document, dict) or document.get("type") != type_:
        raise Unreadable(f"the file is not of the type {type_}")
    return document


def entries_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = document.get("entries")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unreadable("the file holds no entries")
    return entries


def checked_entry(given: Mapping[str, Any], trust: Trust) -> Entry:
    """One entry of a file: leaf, details with their salt, proof. Raises Unreadable."""
    leaf = given.get("leaf")
    if not isinstance(leaf, str) or not isinstance(given.get("proof"), str):
        raise Unreadable("an entry has no leaf or no proof")
    path, members = _path(given["proof"]), members_of(leaf)
    details, salt = _details(given.get("details")), _salt(given.get("salt"))
    if (details is None) != (salt is None):
        raise Unreadable("details come with their salt or not at all")
    entry = Entry(path.index, members)
    try:
        head = trust.open(path.checkpoint)
        proved = root_by_inclusion(leaf_hash(leaf.encode()), path.index, head.size, path.hashes) == head.root
    except NotProved as fault:
        return replace(entry, fault=str(fault))
    if not proved:
        return replace(entry, fault="the entry is not in the log at this number")
    if details is not None and salt is not None and commitment(details, salt) != members["details"]:
        return replace(entry, fault="the details are not those of the entry")
    return replace(entry, details=details, head=head)


def commitment(details: Mapping[str, Any], salt: bytes) -> str:
    """What a leaf holds of its details."""
    return sha256(salt + canonical(details)).hexdigest()


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 for text and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _path(text: str) -> _Path:
    """A C2SP tlog-proof; its ``extra`` line is authenticated by nothing and passed over."""
    head, empty, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not empty or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Unreadable("a proof does not begin or end as it must")
    rest = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    index = _INDEX.fullmatch(rest[0]) if rest else None
    hashes = tuple(unbase64(line) for line in rest[1:])
    if index is None or len(hashes) > _MOST_HASHES or any(len(value) != HASH_BYTES for value in hashes):
        raise Unreadable("the index or a hash of a proof is malformed")
    return _Path(int(index[1]), hashes, checkpoint)


def members_of(leaf: str) -> dict[str, str]:
    """The members of a leaf, which must be written canonically: one leaf has one reading. Raises Unreadable."""
    try:
        members = json.loads(leaf)
        known = isinstance(members, dict) and canonical(members) == leaf.encode() and members.get("v") == 1
    except (ValueError, TypeError, RecursionError):
        raise Unreadable("a leaf is not JSON") from None
    if not known or not all(isinstance(members.get(name), str) for name in _MEMBERS):
        raise Unreadable("a leaf is not an audit entry")
    return {name: members[name] for name in sorted(_MEMBERS)}


def _details(value: Any) -> dict[str, str | int] | None:  # noqa: ANN401 - whatever JSON holds; this function decides
    if value is not None and not (isinstance(value, dict) and all(isinstance(v, str | int) for v in value.values())):
        raise Unreadable("the details of an entry are malformed")
    return value


def _salt(value: Any) -> bytes | None:  # noqa: ANN401 - whatever JSON holds; this function decides
    try:
        return None if value is None else bytes.fromhex(value)
    except (ValueError, TypeError):
        raise Unreadable("the salt of an entry is malformed") from None
