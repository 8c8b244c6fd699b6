"""Why a caller is not who it says: one table of reasons, and the refusal that carries one.

Callers are answered alike, whatever the reason, but for reasons that lie in what they sent and tell nothing of what we
hold. Operators find the reason in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.core.errors import Unauthenticated
from gateway.core.model import Actor

UNKNOWN = Actor("caller", "unknown")
"""Whoever shows nothing that we know: what they claim to be is not recorded."""


class Reason(StrEnum):
    """Why; the outcome of the audit entry ``access.refused``."""

    UNKNOWN = "unauthenticated"
    AMBIGUOUS = "proof-ambiguous"
    PROXY = "proxy-unknown"
    CERTIFICATE_FIELD = "certificate-field"
    CERTIFICATE_MISSING = "certificate-missing"
    CERTIFICATE_UNKNOWN = "certificate-unknown"
    CERTIFICATE_DATES = "certificate-dates"
    CERTIFICATE_OTHER = "certificate-other"
    NETWORK = "network-unknown"
    TOKEN = "token-invalid"  # noqa: S105 - the name of a reason
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - the name of a reason
    ASSERTION = "assertion-invalid"
    ASSERTION_AUDIENCE = "assertion-audience"
    ASSERTION_TIMES = "assertion-times"
    ASSERTION_ID = "assertion-id"
    ASSERTION_REPLAYED = "assertion-replayed"
    SIGNATURE = "signature-invalid"
    SIGNATURE_COVERS = "signature-covers"
    SIGNATURE_TIMES = "signature-times"
    SIGNATURE_NONCE = "signature-nonce"
    SIGNATURE_REPLAYED = "signature-replayed"
    SIGNATURE_DIGEST = "signature-digest"
    KEY = "key-unknown"


TOLD: Mapping[Reason, str] = {
    Reason.AMBIGUOUS: "Send one proof: a bearer token or key, or a message signature.",
    Reason.CERTIFICATE_FIELD: "Send Client-Cert once, as RFC 9440 has it.",
    Reason.CERTIFICATE_MISSING: "Call with the client certificate that belongs to this proof.",
    Reason.TOKEN_EXPIRED: "The access token is over; get another one.",
    Reason.ASSERTION_AUDIENCE: "The assertion's aud is the URL of the token endpoint and nothing else.",
    Reason.ASSERTION_TIMES: "The assertion needs iat, and exp at most 300 seconds later; clocks may differ by 60.",
    Reason.ASSERTION_ID: "The assertion needs a jti of 16 to 128 characters.",
    Reason.ASSERTION_REPLAYED: "This assertion was used before.",
    Reason.SIGNATURE_COVERS: "The signature must cover every component that docs/callers.md names.",
    Reason.SIGNATURE_TIMES: "The signature needs created, and expires at most 300 seconds later, and Date as fresh.",
    Reason.SIGNATURE_NONCE: "The signature needs a nonce of 16 to 128 characters.",
    Reason.SIGNATURE_REPLAYED: "This signature was used before.",
    Reason.SIGNATURE_DIGEST: "Send Content-Digest with sha-256 or sha-512.",
}
"""Reasons that callers are told, in a sentence; the others are answered alike."""


class Unproven(Unauthenticated):
    """The caller is not who it says. ``who``: the partner when that much was proven, for the audit log."""

    def __init__(self, reason: Reason = Reason.UNKNOWN, who: Actor = UNKNOWN) -> None:
        super().__init__(TOLD.get(reason, ""))
        self.reason, self.who = reason, who
