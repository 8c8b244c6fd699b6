"""``gateway-verify``: the checks as a command. Exit codes: 0 holds, 2 wrong usage, 4 unreadable, 10 does not hold."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from verifier.checkpoint import Head, Trust
from verifier.consistency import check_consistency
from verifier.evidence import check_evidence
from verifier.export import check_log
from verifier.faults import NotProved, Unreadable
from verifier.proofs import LONGEST_FILE, Entry, check_proof
from verifier.receipt import check_receipt

OK, UNREADABLE, NOT_PROVED = 0, 4, 10
Outcome = tuple[bool, dict[str, Any], list[str]]
"""Whether it holds, the same as a document, and as lines for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one check; what it found goes to stdout, what went wrong to stderr."""
    asked = _parser().parse_args(arguments)
    try:
        ok, document, lines = asked.run(asked)
    except Unreadable as fault:
        return _ended(asked.json, UNREADABLE, str(fault))
    except NotProved as fault:
        return _ended(asked.json, NOT_PROVED, str(fault))
    print(json.dumps({"ok": ok, **document}, indent=2) if asked.json else "\n".join(lines))
    return OK if ok else NOT_PROVED


def _ended(as_json: bool, code: int, fault: str) -> int:  # noqa: FBT001 - both callers name it by position
    if as_json:
        print(json.dumps({"ok": False, "fault": fault}, indent=2))
    print(f"{'Not proved' if code == NOT_PROVED else 'Unreadable'}: {fault}.", file=sys.stderr)
    return code


def _trust(asked: argparse.Namespace) -> Trust:
    return Trust.of(*asked.key, witnesses=tuple(asked.witness), need=asked.need)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway-verify", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="CHECK")
    _command(commands, "proof", _proof, "a file of `gateway audit prove`, or of GET /v1/records/{id}/proof")
    _command(commands, "checkpoint", _checkpoint, "a checkpoint: who signed it and what it says")
    grown = _command(commands, "consistency", _consistency, "a file of `gateway audit consistency`")
    grown.add_argument("--old", type=Path, required=True, help="the checkpoint that you kept")
    log = _command(commands, "log", _log, "a file of `gateway audit export`, or a directory with a copy of /v1/log/")
    log.add_argument("--anchor", type=Path, action="append", default=[], help="a checkpoint that you kept")
    _command(commands, "evidence", _evidence, "a file of `gateway audit evidence`")
    receipt = commands.add_parser("receipt", help="a signed receipt of a submission")
    receipt.add_argument("file", type=Path, help="what is checked")
    receipt.add_argument("--keys", type=Path, required=True, help="the JWK set of the gateway, from a trusted place")
    receipt.add_argument("--json", action="store_true", help="one JSON document on stdout")
    receipt.set_defaults(run=_receipt)
    return parser


def _command(
    commands: Any,  # noqa: ANN401 - argparse gives its type no public name
    name: str,
    check: Callable[[argparse.Namespace, Trust], Outcome],
    about: str,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    command.add_argument("file", type=Path, help="what is checked")
    command.add_argument("--key", action="append", required=True, help="verify key of the log, from a trusted place")
    command.add_argument("--witness", action="append", default=[], help="verify key of a witness that you trust")
    command.add_argument("--need", type=int, help="how many of the witnesses must have cosigned; default: all")
    command.add_argument("--json", action="store_true", help="one JSON document on stdout")
    command.set_defaults(run=lambda asked: check(asked, _trust(asked)))
    return command


def _proof(asked: argparse.Namespace, trust: Trust) -> Outcome:
    report = check_proof(_read(asked.file), trust)
    return report.ok, {"entries": [_entry(entry) for entry in report.entries]}, _lines(report.entries)


def _evidence(asked: argparse.Namespace, trust: Trust) -> Outcome:
    found = check_evidence(_read(asked.file), trust)
    document = {
        "record": found.record,
        "objects": list(found.objects),
        "entries": [_entry(entry) for entry in found.entries],
    }
    word = "That the submission and the deliveries belong to the record is the gateway's word; the log proves the rest."
    nothing = [] if found.ok or any(e.fault for e in found.entries) else ["No entry is about the record itself."]
    return found.ok, document, [f"Record {found.record}", *_lines(found.entries), *nothing, word]


def _checkpoint(asked: argparse.Namespace, trust: Trust) -> Outcome:
    head = trust.open(_read(asked.file))
    return True, _head(head), [_told(head)]


def _consistency(asked: argparse.Namespace, trust: Trust) -> Outcome:
    growth = check_consistency(_read(asked.old), _read(asked.file), trust)
    document = {"old": _head(growth.old), "new": _head(growth.new)}
    return True, document, [f"The log grew from {growth.old.size} to {growth.new.size} entries; none was changed."]


def _receipt(asked: argparse.Namespace) -> Outcome:
    found = check_receipt(_read(asked.file), _read(asked.keys))
    word = "The signature holds, and the entry of the log that it names says the same."
    shown = "".join(char if char.isprintable() else "?" for char in found.words)
    return True, {"kid": found.kid, "claims": found.claims}, [shown, word]


def _log(asked: argparse.Namespace, trust: Trust) -> Outcome:
    log = check_log(asked.file, trust, [_read(anchor) for anchor in asked.anchor])
    document = {
        **_head(log.head),
        "from": log.first,
        "to": log.last,
        "tiles": log.tiles,
        "anchors": log.anchors,
    }
    compared = f"{log.tiles} tiles and {log.anchors} kept checkpoints agree with them."
    told = f"Entries {log.first} to {log.last} (not included) give the signed root; {compared}"
    return True, document, [_told(log.head), told]


def _read(file: Path) -> str:
    """Raises Unreadable."""
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST_FILE + 1).decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{file} is not text") from None
    except OSError as fault:
        raise Unreadable(f"{file}: {fault.strerror}") from None


def _head(head: Head) -> dict[str, Any]:
    return {"origin": head.origin, "size": head.size, "root": head.root.hex(), "witnesses": list(head.witnesses)}


def _told(head: Head) -> str:
    witnessed = f", cosigned by {', '.join(head.witnesses)}" if head.witnesses else ""
    return f"{head.origin}: {head.size} entries, root {head.root.hex()}{witnessed}"


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        **{name: value for name, value in entry.leaf.items() if name != "details"},
        "details": None if entry.details is None else dict(entry.details),
        "words": entry.words,
        "fault": entry.fault,
    }


def _lines(entries: Sequence[Entry]) -> list[str]:
    heads = dict.fromkeys(entry.head for entry in entries if entry.head is not None)
    return [*map(_told, heads), *(_line(entry) for entry in entries)]


def _line(entry: Entry) -> str:
    """What comes from a file is shown without control characters."""
    said = entry.words or ", ".join(entry.leaf[name] for name in ("at", "actor", "action", "object", "outcome"))
    opened = "" if entry.details is None else f" Details: {json.dumps(dict(entry.details), sort_keys=True)}"
    state = "proved" if entry.fault is None else f"NOT PROVED ({entry.fault})"
    shown = "".join(char if char.isprintable() else "?" for char in f"{said}{opened}")
    return f"entry {entry.number}, {state}: {shown}"
