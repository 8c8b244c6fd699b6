"""Proof files: entries of the log with all that a party outside needs to check them offline (docs/audit-log.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.audit.checkpoint import Head, open_checkpoint
from gateway.audit.note import VerifyKey
from gateway.audit.paths import inclusion_proof, inclusion_spans
from gateway.audit.proof_text import ProofText, parse_proof
from gateway.audit.tiles import TileId, TileSource, needed
from gateway.audit.tree import inclusion_holds, leaf_hash
from gateway.core.audit_entry import canonical_json, commitment, leaf
from gateway.core.errors import Refused, Tampered
from gateway.core.model import AuditEntry
from gateway.core.ports.audit_log import Checkpoint

TYPE = "gateway-audit-proof/1"
LONGEST_FILE = 16 * 2**20
"""Characters of a proof file that are read at all."""
_LEAF_WORDS = ("id", "at", "actor", "action", "object", "outcome", "details")


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """One entry of a proof file and what checking it gave. Everything but ``details`` is read from the leaf."""

    number: int
    at: str
    actor: str
    action: str
    object: str
    outcome: str
    details: Mapping[str, str | int] | None
    """None when the file does not open them; those that it opens match the leaf's commitment."""
    fault: str | None = None
    """Why the entry is not proved, in words; None: it is."""


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What a proof file says. ``ok`` only when it holds entries and every one of them is proved."""

    entries: tuple[ProvedEntry, ...]
    heads: tuple[Head, ...]
    """The checkpoints that the entries were proved against, without repeats."""

    @property
    def ok(self) -> bool:
        return bool(self.entries) and all(entry.fault is None for entry in self.entries)

    def about(self, obj: str) -> tuple[ProvedEntry, ...]:
        """The proved entries on one object (``record:<id>``)."""
        return tuple(entry for entry in self.entries if entry.object == obj and entry.fault is None)


def tiles_for_proof(numbers: Iterable[int], size: int) -> frozenset[TileId]:
    """The tiles that proofs of these entries in the tree of ``size`` entries need."""
    return frozenset(tile for number in numbers for tile in needed(inclusion_spans(number, size)))


def write_proof(
    entries: Sequence[tuple[int, AuditEntry]],
    checkpoint: Checkpoint,
    source: TileSource,
    opened: Callable[[AuditEntry], bool] = lambda _entry: True,
) -> str:
    """The proof file of numbered entries, all below the checkpoint's size. ``source`` gives the tiles of
    :func:`tiles_for_proof`; ``opened`` says whose details are told. Raises Tampered, and writes nothing, when the tiles
    do not lead to the checkpoint."""
    proved = [proved_entry(number, entry, checkpoint, source, opened=opened(entry)) for number, entry in entries]
    document = {"type": TYPE, "entries": proved}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def proved_entry(
    number: int, entry: AuditEntry, checkpoint: Checkpoint, source: TileSource, *, opened: bool = True
) -> dict[str, object]:
    """The members of one entry of a proof file; unless it is ``opened``, and when they were destroyed, the details stay
    closed. Raises Tampered."""
    opened = opened and entry.commitment is None
    hashes = inclusion_proof(number, checkpoint.size, source)
    body = leaf(entry)
    if not inclusion_holds(leaf_hash(body), number, checkpoint.size, checkpoint.root, hashes):
        raise Tampered(f"entry {number} is not the one in the log", code="proof-fails")
    return {
        "leaf": body.decode(),
        "details": dict(entry.details) if opened else None,
        "salt": entry.salt.hex() if opened else None,
        "proof": ProofText(number, hashes, checkpoint.note).text(),
    }


def check_proof(text: str, *verify_keys: str) -> ProofReport:
    """Check a proof file with nothing but the log's verify key (``name+hash+base64``; more than one after a rotation).

    Raises Refused (``bad-proof``) when the text is no proof file and Misconfigured when a key is malformed; an entry
    that is not proved is a fault in the report.
    """
    keys = [VerifyKey.parse(key) for key in verify_keys]
    checked = [_checked(item, keys) for item in _items(text)]
    heads = dict.fromkeys(head for _entry, head in checked if head is not None)
    return ProofReport(tuple(entry for entry, _head in checked), tuple(heads))


@dataclass(frozen=True, slots=True)
class _Item:
    leaf: str
    words: Mapping[str, str]
    details: Mapping[str, str | int] | None
    salt: bytes | None
    proof: ProofText


def _checked(item: _Item, keys: Sequence[VerifyKey]) -> tuple[ProvedEntry, Head | None]:
    head: Head | None = None
    fault: str | None = None
    try:
        head = open_checkpoint(item.proof.checkpoint, keys)
        fault = _fault(item, head)
    except Tampered as problem:
        fault = problem.detail
    opened = item.details if fault is None else None
    words = item.words
    entry = ProvedEntry(
        item.proof.index,
        words["at"],
        words["actor"],
        words["action"],
        words["object"],
        words["outcome"],
        opened,
        fault,
    )
    return entry, head


def _fault(item: _Item, head: Head) -> str | None:
    leaf_digest = leaf_hash(item.leaf.encode())
    if not inclusion_holds(leaf_digest, item.proof.index, head.size, head.root, item.proof.hashes):
        return "the entry is not in the log at this number"
    if item.details is not None and item.salt is not None:
        return None if commitment(item.details, item.salt) == item.words["details"] else "the details are not the ones"
    return None


def _items(text: str) -> list[_Item]:
    if len(text) > LONGEST_FILE:
        raise Refused("the proof file is too long", code="bad-proof")
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # lone surrogates would fail later, where nobody expects it
    except (ValueError, RecursionError):
        raise Refused("the proof file is not JSON", code="bad-proof") from None
    if not isinstance(document, dict) or document.get("type") != TYPE or not isinstance(document.get("entries"), list):
        raise Refused(f"the document is not of the type {TYPE}", code="bad-proof")
    return [_item(entry) for entry in document["entries"]]


def _item(entry: Any) -> _Item:  # noqa: ANN401  # whatever JSON holds; this function decides
    if not isinstance(entry, dict) or not isinstance(entry.get("leaf"), str) or not isinstance(entry.get("proof"), str):
        raise Refused("an entry has no leaf or no proof", code="bad-proof")
    details, salt = _details(entry.get("details")), _salt(entry.get("salt"))
    if (details is None) != (salt is None):
        raise Refused("details come with their salt or not at all", code="bad-proof")
    return _Item(entry["leaf"], _words(entry["leaf"]), details, salt, parse_proof(entry["proof"]))


def _words(body: str) -> dict[str, str]:
    """The members of a leaf. Its bytes must be the canonical form, so that one leaf has one reading."""
    try:
        members = json.loads(body)
        canonical = canonical_json(members) == body.encode()
    except (ValueError, TypeError, RecursionError):
        raise Refused("a leaf is not JSON", code="bad-proof") from None
    if not canonical or not isinstance(members, dict) or members.get("v") != 1:
        raise Refused("a leaf is not an audit entry", code="bad-proof")
    if not all(isinstance(members.get(word), str) for word in _LEAF_WORDS):
        raise Refused("a leaf is not an audit entry", code="bad-proof")
    return {word: members[word] for word in _LEAF_WORDS}


def _details(value: Any) -> dict[str, str | int] | None:  # noqa: ANN401  # whatever JSON holds; this function decides
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(item, str | int) for item in value.values()):
        raise Refused("the details of an entry are malformed", code="bad-proof")
    return value


def _salt(value: Any) -> bytes | None:  # noqa: ANN401  # whatever JSON holds; this function decides
    if value is None:
        return None
    try:
        return bytes.fromhex(value)
    except (ValueError, TypeError):
        raise Refused("the salt of an entry is malformed", code="bad-proof") from None
