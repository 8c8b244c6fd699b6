"""The signed note over policies (C2SP signed-note): the text says which version of each and its SHA-256.

gateway policies v1
disclosure 2026-11-29.3 sha256:<64 hex digits>
retention 2026-11-28 sha256:<64 hex digits>
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.audit.note import VerifyKey, note_parts, sign_note, signature_parts
from gateway.core.errors import Misconfigured, Tampered
from gateway.core.policies import Editions
from gateway.core.ports.keys import Signer

_FIRST_LINE = "gateway policies v1"
"""What an officer's key signs begins with it, so that its signature is never one over anything else."""


def policy_text(editions: Editions) -> str:
    """The text of the note. Raises Misconfigured for a version that would not stay one word of its line."""
    lines = [_FIRST_LINE]
    for name, (version, digest) in sorted(editions.items()):
        if not version or not version.isprintable() or " " in version:
            raise Misconfigured(f"The version of the {name} policy has to be one word.", code="policy-version")
        lines.append(f"{name} {version} sha256:{digest}")
    return "\n".join(lines) + "\n"


def add_signature(note: str, text: str, signer: Signer) -> str:
    """The note with the signer's line. Signatures over another text are dropped with it; the signer's own line of
    before is replaced. Raises Tampered when ``note`` (empty: none yet) is malformed."""
    signed = sign_note(text, signer)
    if not note:
        return signed
    earlier, lines = note_parts(note)
    key = VerifyKey.of(signer)
    if earlier != text:
        return signed
    others = [line for line in lines if signature_parts(line)[:2] != (key.name, key.key_id)]
    own = note_parts(signed)[1]
    return f"{text}\n" + "".join(f"{line}\n" for line in (*others, *own))


def signers_of(note: str, text: str, keys: Sequence[VerifyKey]) -> tuple[str, ...]:
    """Names of the ``keys`` that signed ``text``, in their order. Lines of other keys are passed over. Raises Tampered
    when the note is malformed, is over another text, or a line of one of the keys is wrong."""
    signed, lines = note_parts(note)
    if signed != text:
        raise Tampered("the note is about other policies", code="other-policy")
    known = {(key.name, key.key_id): key for key in keys}
    found: set[VerifyKey] = set()
    for line in lines:
        name, key_id, signature = signature_parts(line)
        key = known.get((name, key_id))
        if key is not None and not key.verifies(text.encode(), signature):
            raise Tampered(f"the signature of {key.name} is wrong", code="bad-signature")
        found |= {key} if key else set()
    return tuple(key.name for key in keys if key in found)
