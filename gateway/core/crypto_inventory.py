"""Every algorithm that the gateway uses for protection: what for, how long its keys are, until when it may be used.

Deadlines are of the draft of NIST IR 8547 (transition to post-quantum standards): RSA and elliptic curves of 112 bits
of security deprecated after 2030, all of them disallowed after 2035; symmetric algorithms and digests of 256 bits have
none. They were not checked against a final text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CLASSIC = "2035 (NIST IR 8547 draft)"
NONE = "none known"


@dataclass(frozen=True, slots=True)
class Used:
    """One use of one algorithm."""

    what: str
    algorithm: str
    bits: int
    """Of the key."""
    use: str
    standard: str
    until: str = NONE

    def told(self) -> dict[str, str | int]:
        return {
            "what": self.what,
            "algorithm": self.algorithm,
            "bits": self.bits,
            "use": self.use,
            "standard": self.standard,
            "until": self.until,
        }


INVENTORY: Sequence[Used] = (
    Used("Bodies at rest", "AES-256-GCM", 256, "one data key a body", "FIPS 197, SP 800-38D"),
    Used("Data keys", "AES-256 Key Wrap", 256, "kek", "SP 800-38F, RFC 3394"),
    Used("Search by case", "HMAC-SHA-256", 256, "index", "FIPS 198-1"),
    Used("API keys at rest", "HMAC-SHA-256", 256, "token-pepper", "FIPS 198-1"),
    Used("Checkpoints of the audit log", "Ed25519", 256, "note-signing", "FIPS 186-5, RFC 8032", CLASSIC),
    Used("Receipts", "ECDSA P-256 with SHA-256", 256, "receipt-signing", "FIPS 186-5, RFC 7518", CLASSIC),
    Used("Access tokens", "ECDSA P-256 with SHA-256", 256, "token-signing", "FIPS 186-5, RFC 7518", CLASSIC),
    Used("Audit log, digests of bodies", "SHA-256", 0, "no key", "FIPS 180-4, RFC 9162"),
    Used("Key file under a passphrase", "Argon2id, AES-256-GCM", 256, "passphrase", "RFC 9106, SP 800-38D"),
    Used(
        "Key file under a passphrase, crypto.fips", "PBKDF2-HMAC-SHA-256, AES-256-GCM", 256, "passphrase", "SP 800-132"
    ),
    Used("Payloads, profile jose", "ECDH-ES+A256KW, A256GCM; ES256", 256, "partner", "RFC 7516, RFC 7518", CLASSIC),
    Used(
        "Payloads, profile cms", "ECDH or RSA-OAEP, AES-256-GCM; ECDSA or RSA-PSS", 256, "partner", "RFC 5083", CLASSIC
    ),
    Used("Payloads, profile cms-cbc", "AES-256-CBC in a signature", 256, "partner", "RFC 5652", CLASSIC),
    Used("Payloads, profile hpke-pq", "ML-KEM-1024 with P-384, AES-256-GCM", 256, "partner", "RFC 9180, FIPS 203"),
    Used("Signatures, profile hpke-pq", "ML-DSA-65 and ECDSA P-384", 384, "partner", "FIPS 204, FIPS 186-5"),
    Used("Passwords of operators", "Argon2id", 0, "password", "RFC 9106"),
    Used("Passwords of operators, crypto.fips", "PBKDF2-HMAC-SHA-256", 0, "password", "SP 800-132"),
    Used("Codes of operators", "HMAC-SHA-1", 160, "second factor", "RFC 6238"),
    Used("Passkeys of operators", "ECDSA P-256, Ed25519 or RSA", 0, "second factor", "WebAuthn", CLASSIC),
    Used(
        "Assertions and requests of partners",
        "ECDSA, Ed25519 or RSA-PSS",
        256,
        "partner",
        "RFC 7523, RFC 9421",
        CLASSIC,
    ),
    Used("Cosignatures of a witness", "Ed25519", 256, "witness", "RFC 8032", CLASSIC),
    Used("Cosignatures of a witness", "ML-DSA-44", 128, "witness", "FIPS 204"),
)
"""Which profile protects a partner's payloads stands in its partner file. TLS is not here: OpenSSL chooses from what
both ends offer."""
