"""The profiles ``cms`` and ``cms-cbc``."""

from __future__ import annotations

from gateway.core.protection import Ends, Note, Opened
from keys.wire.cms_algorithms import LEGACY, MODERN
from keys.wire.cms_enveloped import CmsRecipient, FindOpener, decrypt, decrypt_cbc, encrypt, encrypt_cbc
from keys.wire.cms_signed import CmsSigner, FindVerifier, sign, verify

OVERHEAD = 32 * 1_024
"""Bytes of a message beside its payload, at most: a few certificates and recipients."""


def protect(plain: bytes, note: Note, to: CmsRecipient, by: CmsSigner) -> bytes:
    """Signed inside, encrypted and authenticated outside."""
    return encrypt(sign(plain, note, by), to)


def unprotect(message: bytes, ends: Ends, ours: FindOpener, theirs: FindVerifier) -> Opened:
    """Raises MessageRefused."""
    signed, opener = decrypt(message, ours)
    found = verify(signed, ends, theirs, MODERN)
    return Opened(found.content, (found.signer,), opener, found.id, found.at, found.media_type)


def protect_cbc(plain: bytes, note: Note, to: CmsRecipient, by: CmsSigner) -> bytes:
    """Encrypted inside, signed outside: nobody can change what the cipher alone would let them change."""
    return sign(encrypt_cbc(plain, to), note, by, legacy=True)


def unprotect_cbc(message: bytes, ends: Ends, ours: FindOpener, theirs: FindVerifier) -> Opened:
    """The signature first; without a good one nothing is decrypted. Raises MessageRefused."""
    found = verify(message, ends, theirs, LEGACY)
    plain, opener = decrypt_cbc(found.content, ours)
    return Opened(plain, (found.signer,), opener, found.id, found.at, found.media_type)
